"""Opening the history for commands that ask it: what is missing, locked or corrupt stops them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivigcheck.cli.history_option import history_path
from ivigcheck.errors import HistoryError, UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory

if TYPE_CHECKING:
    from ivigcheck.history import History  # imported where there is one: an order without need not wait for it

NoHistoryOption = Annotated[
    bool, typer.Option("--no-history", help="Do not ask the history of the patients; the report says so.")
]
PatientOption = Annotated[
    str | None,
    typer.Option("--patient", metavar="-", help="-: read the patient's id from standard input; ask the history."),
]


@contextlib.contextmanager
def consulting(option: str | None, knowledge: Knowledge, *, without: bool = False) -> Iterator[Memory]:
    """The history of a run, open as long as the block.

    option: what --history names. A history that nobody named and that is not there is none; one that was named, or that
    the site's policy requires, must be there. Raises HistoryError where it is not, is locked or is damaged, and
    UsageError where it is to be left out though the policy requires it.
    """
    required = knowledge.policy.site.require_history
    if without:
        if required:
            raise UsageError(f"--no-history: {knowledge.policy.name} requires that the history is asked. Leave it out.")
        yield Memory.none("left out by --no-history")
        return
    history = _opened(option, required=required)
    if history is None:
        yield Memory.none("there is none yet; it begins with the first reaction or thrombosis that is recorded")
        return
    from ivigcheck.history.recalled import memory_of

    with history:
        yield memory_of(history)


def place_to_record(option: str | None, knowledge: Knowledge) -> Path:
    """The history to record in. The user's own begins with its first entry; any other must be there, for one that is
    only away would be begun anew, and miss all that it holds. Raises HistoryError where it is not."""
    from ivigcheck.history import History

    place = history_path(option)
    if place.named or knowledge.policy.site.require_history:
        History.reading(place.path).close()
    return place.path


def _opened(option: str | None, *, required: bool) -> History | None:
    """The history, where there is one, or must be one."""
    from ivigcheck.history import History, HistoryMissing

    try:
        place = history_path(option)
    except HistoryError:  # this user can have none of their own
        if required:
            raise
        return None
    try:
        return History.reading(place.path)
    except HistoryMissing:
        if place.named or required:
            raise
        return None


@contextlib.contextmanager
def consulting_for_one(
    patient: str | None, option: str | None, knowledge: Knowledge, *, without: bool = False
) -> Iterator[Memory]:
    """The same for one order, which has no ids. patient: ``-`` reads the id from standard input, None is nobody.

    Raises UsageError too where nobody is named though the policy requires the history.
    """
    if patient is None:
        if knowledge.policy.site.require_history:
            raise UsageError(
                f"{knowledge.policy.name} requires that the history is asked: name the patient, --patient -"
            )
        yield Memory.none("no patient was named (--patient -)")
        return
    from ivigcheck.cli.patient_id import read_patient_id

    patient_id = read_patient_id(patient)
    with consulting(option, knowledge, without=without) as memory:
        known = memory.recall([patient_id])
        yield Memory(lambda _: known, memory.entries, memory.head, memory.why_not)
