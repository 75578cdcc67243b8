"""Options that several commands share."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from ivigcheck.errors import UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.normalise.spellings import read_date
from ivigcheck.show import visible
from ivigcheck.site.clock import today


class FailOn(StrEnum):
    """From which status on an order makes the exit code 1."""

    STOP = "stop"
    REVIEW = "review"
    NEVER = "never"


class Form(StrEnum):
    """How a command prints its result."""

    TEXT = "text"
    JSON = "json"


AsOf = Annotated[
    str,
    typer.Option("--as-of", metavar="DATE", help="The day that ages and intervals are reckoned from. Default: today."),
]
FailOnOption = Annotated[
    FailOn, typer.Option("--fail-on", help="The status from which on an order makes the exit code 1.")
]
PolicyOption = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The site policy in force. Default: $IVIGCHECK_POLICY, or policy.toml in the user's configuration folder; "
        '"built-in" for none.',
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 instead of 1 and 4; other codes stand.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing when the exit code is 0, else the summary line.")
]


def as_of_day(text: str, knowledge: Knowledge) -> date:
    """The day that --as-of names, or today by the site's clocks. Raises UsageError where it names none."""
    return named_day(text) if text else today(knowledge)


def named_day(text: str, option: str = "--as-of") -> date:
    """The day that an option names. Raises UsageError where it names none."""
    day = read_date(text)
    if not isinstance(day, date):
        raise UsageError(f'{option} "{visible(text[:40])}" is no ISO date: write it as 2026-11-22.')
    return day
