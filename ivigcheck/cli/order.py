"""``ivigcheck order``: one order from options."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from ivigcheck.cli.consult import NoHistoryOption, PatientOption, consulting_for_one
from ivigcheck.cli.history_option import HistoryOption
from ivigcheck.cli.options import AsOf, ExitZero, FailOn, FailOnOption, Form, PolicyOption, Quiet, as_of_day
from ivigcheck.cli.order_options import Cells, takes_an_order
from ivigcheck.cli.terminal import captured, emit
from ivigcheck.errors import Exit
from ivigcheck.knowledge import Knowledge
from ivigcheck.pipeline import check_order
from ivigcheck.report import Rendering, counts, summary
from ivigcheck.report.verdict import exit_code
from ivigcheck.site import knowledge_in_force


@takes_an_order
def order(
    cells: Callable[[Knowledge], Cells],
    form: Annotated[Form, typer.Option("--format", help="How to print the verdict.")] = Form.TEXT,
    patient: PatientOption = None,
    history: HistoryOption = None,
    no_history: NoHistoryOption = False,
    policy: PolicyOption = None,
    as_of: AsOf = "",
    fail_on: FailOnOption = FailOn.STOP,
    exit_zero: ExitZero = False,
    quiet: Quiet = False,
) -> int:
    """Check one order, given as options. Ids are not asked for, but for that of --patient.

    A value that is missing or cannot be read is a finding, as in a file. A risk question that is not named is
    undocumented, which is not the same as no: say --screened when the patient was asked all of them.

    \b
    Examples:
      ivigcheck order --indication ITP --weight "82 kg" --age 71 \\
          --product "Privigen 10%" --start-rate "0.5 mg/kg/min" \\
          --max-rate "380 mL/h" --risk diabetes
      ivigcheck order --indication PI --weight "180 lb" --birth-date 1990-03-02 \\
          --product "Gamunex-C" --max-rate "4 mL/kg/h" --screened --format json
      echo "$MRN" | ivigcheck order --patient - --indication PI --weight "82 kg" \\
          --age 40 --product "Gamunex-C" --max-rate "300 mL/h" --screened

    The exit codes are those of batch.
    """
    knowledge = knowledge_in_force(policy)
    day = as_of_day(as_of, knowledge)
    order_cells = cells(knowledge)
    with consulting_for_one(patient, history, knowledge, without=no_history) as memory:
        checked = check_order(order_cells, day, knowledge=knowledge, memory=memory)
    tally = counts(checked)
    code = exit_code(tally, fail_on, exit_zero=exit_zero)
    if quiet:
        if code != Exit.OK:
            emit(f"{summary(tally, day.isoformat())}\n")
        return code
    rendering = Rendering(checked, datetime.now(UTC))
    if form is Form.JSON:
        emit(rendering.scheduled().json())
    else:
        from ivigcheck.report.rate_bar import DRAWN
        from ivigcheck.report.text_report import print_order

        with captured() as screen:
            print_order(screen, rendering.report, plain=not can_print("".join(DRAWN)))
    return code


def can_print(text: str) -> bool:
    """Whether the encoding of standard output has every character of a text."""
    try:
        text.encode(sys.stdout.encoding if sys.stdout is not None else "ascii")
    except (UnicodeEncodeError, LookupError, TypeError):
        return False
    return True
