"""``ivigcheck order``: one order from options."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from ivigcheck.cli.options import AsOf, ExitZero, FailOn, FailOnOption, Quiet, as_of_day, exit_code
from ivigcheck.cli.terminal import captured, emit
from ivigcheck.columns import COLUMNS
from ivigcheck.errors import Exit, UsageError
from ivigcheck.knowledge import built_in
from ivigcheck.pipeline import check_order
from ivigcheck.report import Rendering, counts, summary
from ivigcheck.show import visible

_MEANING: Final = {column.name: column.meaning for column in COLUMNS}


class Format(StrEnum):
    """How the verdict is printed."""

    TEXT = "text"
    JSON = "json"


def _option(column: str, *names: str, metavar: str = "TEXT") -> typer.models.OptionInfo:
    declared = names or (f"--{column.replace('_', '-')}",)
    option: typer.models.OptionInfo = typer.Option(*declared, metavar=metavar, help=_MEANING[column])
    return option


def order(
    indication: Annotated[str, _option("indication")] = "",
    weight: Annotated[str, _option("weight", metavar='"82 kg"')] = "",
    dosing_weight: Annotated[str, _option("dosing_weight", metavar='"70 kg"')] = "",
    age_years: Annotated[str, _option("age_years", "--age", "--age-years", metavar="YEARS")] = "",
    birth_date: Annotated[str, _option("birth_date", metavar="DATE")] = "",
    product: Annotated[str, _option("product")] = "",
    concentration: Annotated[str, _option("concentration", metavar='"10%"')] = "",
    start_rate: Annotated[str, _option("start_rate", metavar='"0.5 mg/kg/min"')] = "",
    max_rate: Annotated[str, _option("max_rate", metavar='"380 mL/h"')] = "",
    dose: Annotated[str, _option("dose", metavar='"1 g/kg"')] = "",
    dose_total: Annotated[str, _option("dose_total", metavar='"80 g"')] = "",
    infusion_hours: Annotated[str, _option("infusion_hours", metavar="HOURS")] = "",
    height_cm: Annotated[str, _option("height_cm", metavar="CM")] = "",
    sex: Annotated[str, _option("sex", metavar="F|M")] = "",
    ordered_at: Annotated[str, _option("ordered_at", metavar="DATE")] = "",
    first_infusion: Annotated[str, _option("first_infusion", metavar="YES|NO")] = "",
    last_ivig_date: Annotated[str, _option("last_ivig_date", metavar="DATE")] = "",
    last_product: Annotated[str, _option("last_product")] = "",
    phase: Annotated[str, _option("phase", metavar="PHASE")] = "",
    last_thrombosis_date: Annotated[str, _option("last_thrombosis_date", metavar="DATE")] = "",
    reaction_grade: Annotated[str, _option("reaction_grade", metavar="0-4")] = "",
    reaction_rate: Annotated[str, _option("reaction_rate", metavar='"3 mg/kg/min"')] = "",
    minutes_since_resolved: Annotated[str, _option("minutes_since_resolved", metavar="MINUTES")] = "",
    reaction_resolved: Annotated[str, _option("reaction_resolved", metavar="YES|NO")] = "",
    risk: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A risk question answered yes, such as diabetes. May be repeated."),
    ] = None,
    no_risk: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A risk question answered no. May be repeated.")
    ] = None,
    screened: Annotated[bool, typer.Option("--screened", help="Every risk question not named is answered no.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print the verdict.")] = Format.TEXT,
    as_of: AsOf = "",
    fail_on: FailOnOption = FailOn.STOP,
    exit_zero: ExitZero = False,
    quiet: Quiet = False,
) -> int:
    """Check one order, given as options. Ids are not asked for.

    A value that is missing or cannot be read is a finding, as in a file. A risk question that is not named is
    undocumented, which is not the same as no: say --screened when the patient was asked all of them.

    \b
    Examples:
      ivigcheck order --indication ITP --weight "82 kg" --age 71 --product "Privigen 10%"
          --start-rate "0.5 mg/kg/min" --max-rate "380 mL/h" --risk diabetes
      ivigcheck order --indication PI --weight "180 lb" --birth-date 1990-03-02
          --product "Gamunex-C" --max-rate "4 mL/kg/h" --screened --format json

    The exit codes are those of batch.
    """
    cells = {name: value for name, value in locals().items() if name in _MEANING and value}
    day = as_of_day(as_of)
    # Bytes of the command line that are no text would break a report; they are shown as escapes.
    texts = {name: visible(text) if not text.isprintable() else text for name, text in cells.items()}
    checked = check_order({**texts, **_answers(risk or [], no_risk or [], screened=screened)}, day)
    tally = counts(checked)
    code = exit_code(tally, fail_on, exit_zero=exit_zero)
    rendering = Rendering(checked, datetime.now(UTC))
    if quiet:
        if code != Exit.OK:
            emit(f"{summary(tally, day.isoformat())}\n")
    elif form is Format.JSON:
        emit(rendering.json())
    else:
        from ivigcheck.report.text_report import print_order

        with captured() as screen:
            print_order(screen, rendering.report)
    return code


def _answers(present: list[str], absent: list[str], *, screened: bool) -> dict[str, str]:
    """The answers to the risk questions. Raises UsageError for a name that is no question, or two answers to one."""
    names = [question.name for question in built_in().questions]
    present, absent = ([name.strip().replace("-", "_") for name in given] for given in (present, absent))
    for name in (*present, *absent):
        if name not in names:
            raise UsageError(f'"{visible(name[:40])}" is no risk question. Known: {", ".join(names)}.')
    both = sorted(set(present) & set(absent))
    if both:
        raise UsageError(f"{', '.join(both)}: answered yes by --risk and no by --no-risk. Leave one out.")
    answers = dict.fromkeys(names, "no") if screened else dict.fromkeys(absent, "no")
    return answers | dict.fromkeys(present, "yes")
