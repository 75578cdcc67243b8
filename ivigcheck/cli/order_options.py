"""The options that describe one order: one for each column that is no id, made from the column table."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from ivigcheck.columns import COLUMNS
from ivigcheck.errors import UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.show import visible

Cells = dict[str, str]
"""An order's cells, as a file would hold them: column -> text."""

_NAMES: Final = {"age_years": ("--age", "--age-years")}
_SHOWN: Final = {
    "weight": '"82 kg"',
    "dosing_weight": '"70 kg"',
    "age_years": "YEARS",
    "concentration": '"10%"',
    "start_rate": '"0.5 mg/kg/min"',
    "max_rate": '"380 mL/h"',
    "reaction_rate": '"3 mg/kg/min"',
    "dose": '"1 g/kg"',
    "dose_total": '"80 g"',
    "infusion_hours": "HOURS",
    "height_cm": "CM",
    "minutes_since_resolved": "MINUTES",
    "reaction_grade": "0-4",
    "diagnoses": '"E11.9;N18.3"',
}
_BY_KIND: Final = {"date": "DATE", "answer": "YES|NO"}
_COLUMNS: Final = tuple(column for column in COLUMNS if column.kind not in ("id", "unit"))


def _parameters() -> list[inspect.Parameter]:
    """A keyword parameter for each column, and those for the risk questions."""

    def parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
        )

    made = []
    for column in _COLUMNS:
        names = _NAMES.get(column.name, (f"--{column.name.replace('_', '-')}",))
        choices = "|".join(dict.fromkeys(meaning for _, meaning in column.choices))
        metavar = _SHOWN.get(column.name) or choices or _BY_KIND.get(column.kind, "TEXT")
        made.append(parameter(column.name, str, typer.Option(*names, metavar=metavar, help=column.meaning), ""))
    present = typer.Option(metavar="NAME", help="A risk question answered yes, such as diabetes. May be repeated.")
    absent = typer.Option(metavar="NAME", help="A risk question answered no. May be repeated.")
    screened = typer.Option("--screened", help="Every risk question not named is answered no.")
    return [
        *made,
        parameter("risk", list[str] | None, present, None),
        parameter("no_risk", list[str] | None, absent, None),
        parameter("screened", bool, screened, False),
    ]


def takes_an_order(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose first parameter, ``cells``, is filled from the options of an order.

    It is called with a function in its place: given the knowledge in force, that gives the order's `Cells`, and raises
    UsageError for a name that is no risk question, or two answers to one.
    """
    own = [each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "cells"]
    options = _parameters()

    @functools.wraps(command)
    def wrapped(**given: Any) -> int:
        answers = {name: given.pop(name) for name in ("risk", "no_risk", "screened")}
        written = {column.name: text for column in _COLUMNS if (text := given.pop(column.name))}
        # Bytes of the command line that are no text would break a report; they are shown as escapes.
        texts = {name: visible(text) for name, text in written.items()}

        def cells(knowledge: Knowledge) -> Cells:
            said = _answers(knowledge, answers["risk"] or [], answers["no_risk"] or [], screened=answers["screened"])
            return {**texts, **said}

        return command(cells, **given)

    parameters = [*options, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own)]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    return wrapped


def _answers(knowledge: Knowledge, present: list[str], absent: list[str], *, screened: bool) -> Cells:
    names = [question.name for question in knowledge.questions]
    present, absent = ([name.strip().replace("-", "_") for name in given] for given in (present, absent))
    for name in (*present, *absent):
        if name not in names:
            raise UsageError(f'"{visible(name[:40])}" is no risk question. Known: {", ".join(names)}.')
    both = sorted(set(present) & set(absent))
    if both:
        raise UsageError(f"{', '.join(both)}: answered yes by --risk and no by --no-risk. Leave one out.")
    answers = dict.fromkeys(names, "no") if screened else dict.fromkeys(absent, "no")
    return answers | dict.fromkeys(present, "yes")
