"""What the history holds: entries that are only ever added, each chained to the one before it by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ivigcheck.errors import UsageError
from ivigcheck.show import visible

KINDS: Final = ("reaction", "confirmed_thrombosis", "discontinuation", "withdrawal", "acknowledgement", "run")
"""What an entry may be. A further kind is a further version of the schema: an older program must not pass it over."""

RUN: Final = "run"
"""The kind of entry that is of no patient: an unattended run."""

GENESIS: Final = "0" * 64
"""What stands for the hash before the first entry."""

BEFORE: Final = -1
"""As ``about`` of a new entry: the entry before it in the same call."""

LONGEST_ID: Final = 200
_LONGEST_INITIALS: Final = 10
_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def initials_problem(initials: str) -> str:
    """Why these cannot be the initials of who records; "" where they can."""
    known = all(ch.isalpha() or (ch.isascii() and ch.isdigit()) or ch in ".-" for ch in initials)
    if 1 <= len(initials) <= _LONGEST_INITIALS and known:
        return ""
    return f"The initials of who records are 1 to {_LONGEST_INITIALS} letters, digits, points or hyphens."


@dataclass(frozen=True, eq=False, repr=False)
class NewEntry:
    """What is to be recorded. Raises UsageError where it cannot be.

    patient_id: "" for a run alone. event_day: ISO; "" for a withdrawal alone. facts: plain JSON data, without any name.
    about: the entry that a withdrawal withdraws, or that another kind rests on; `BEFORE` for the one before it.
    """

    kind: str
    patient_id: str
    event_day: str
    recorded_by: str
    facts: Mapping[str, Any]
    about: int | None = None

    def __post_init__(self) -> None:
        withdraws = self.kind == "withdrawal"
        if self.kind not in KINDS or (withdraws and self.about is None):
            raise ValueError("no such entry")  # of the program's own making: no user can name a kind
        problem = patient_id_problem(self.patient_id)
        if self.kind == RUN:
            problem = ""
        if problem:
            raise UsageError(f"The patient's id {problem}: nothing was recorded.")
        if not (withdraws and self.event_day == "") and not _is_day(self.event_day):
            raise UsageError("The day of the event is no ISO date: write it as 2026-11-22.")
        problem = initials_problem(self.recorded_by)
        if problem:
            raise UsageError(problem)


@dataclass(frozen=True, eq=False, repr=False)
class Entry:
    """An entry as it was recorded. recorded_at: UTC, to the second."""

    number: int
    kind: str
    patient_id: str
    event_day: str
    recorded_at: str
    recorded_by: str
    about: int | None
    facts: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Head:
    """How far a history has come. hash: of the last entry, `GENESIS` where there is none."""

    entries: int
    hash: str


def patient_id_problem(text: str) -> str:
    """Why a text cannot be kept as a patient's id, which it does not quote; empty where it can."""
    stripped = text.strip()
    if not stripped:
        return "is blank"
    if len(stripped) > LONGEST_ID:
        return f"is longer than {LONGEST_ID} characters"
    return "" if visible(stripped) == stripped else "has a character that cannot be seen"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def facts_text(facts: Mapping[str, Any]) -> str:
    """Facts as the one JSON text that stands for them."""
    return _canonical(dict(facts))


def digest(previous: str, fields: tuple[int | str | None, ...], facts: str) -> str:
    """The hash of an entry: SHA-256 over the JSON list of the hash before it, its fields and its facts.

    fields: number, kind, patient_id, event_day, recorded_at, recorded_by, about. facts: as their text, which is hashed
    as it stands: a text that says the same otherwise is an alteration too.
    """
    return hashlib.sha256(f"{_canonical([previous, *fields])[:-1]},{facts}]".encode()).hexdigest()


def withdrawals(entries: Iterable[Entry]) -> dict[int, int]:
    """Which entries are withdrawn, each with the number of its withdrawal."""
    return {each.about: each.number for each in entries if each.kind == "withdrawal" and each.about is not None}


def effective(entries: Iterable[Entry]) -> list[Entry]:
    """Those of a patient's entries that hold: not withdrawn, nor a discontinuation that rests on a withdrawn one."""
    all_of_them = list(entries)
    gone = withdrawals(all_of_them)
    return [
        each
        for each in all_of_them
        if each.kind != "withdrawal"
        and each.number not in gone
        and not (each.kind == "discontinuation" and each.about in gone)
    ]
