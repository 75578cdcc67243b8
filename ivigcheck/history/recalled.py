"""Entries of the history as what checks use of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from ivigcheck.errors import HistoryError
from ivigcheck.history.entries import Entry
from ivigcheck.history.store import History
from ivigcheck.past import Memory, Past, PastEvent, PastReaction

_FOR_GOOD: Final = "discontinue_permanently"
_SESSION_OVER: Final = ("discontinue_session", _FOR_GOOD)


_WHOLLY_CHECKED: Final = 10_000
"""Up to so many entries all of them are checked before any is used, which takes a twentieth of a second. In a larger
history those that are used are checked, and their number and the last: the rest is for ``ivigcheck history verify``."""


def memory_of(history: History) -> Memory:
    """An open history as one run uses it. Raises HistoryError where it is not whole."""
    head = history.head()
    if head.entries <= _WHOLLY_CHECKED:
        history.require_whole()
    return Memory(recalling(history), head.entries, head.hash)


def recalling(history: History) -> Callable[[Sequence[str]], list[Past | None]]:
    """A function that asks this history of patients, by their ids: None for one of whom it knows nothing."""

    def recall(patient_ids: Sequence[str]) -> list[Past | None]:
        known = history.of_patients(patient_ids)
        near = history.near(patient_ids)
        return [
            _past(each, known.get(each, ()), near.get(each, ())) if each in known or each in near else None
            for each in patient_ids
        ]

    return recall


def _past(patient_id: str, entries: Iterable[Entry], near: Iterable[Entry]) -> Past:
    entries = tuple(entries)
    confirmed = tuple(_event(entry) for entry in entries if entry.kind == "confirmed_thrombosis")
    return Past(
        patient_id=patient_id,
        confirmed=confirmed,
        reactions=tuple(_reaction(entry) for entry in entries if entry.kind == "reaction"),
        near=tuple((entry.patient_id, entry.number) for entry in near),
    )


def _day(entry: Entry, text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError as error:
        raise _unreadable(entry) from error


def _event(entry: Entry) -> PastEvent:
    return PastEvent(entry.number, _day(entry, entry.event_day), entry.recorded_by)


def _reaction(entry: Entry) -> PastReaction:
    facts = entry.facts
    try:
        minutes, rate = facts["minutes_since_resolved"], facts["rate_mg_per_kg_min"]
        return PastReaction(
            entry=entry.number,
            first_day=_day(entry, facts["first_day"]),
            last_day=_day(entry, entry.event_day),
            grade=int(facts["grade"]),
            rate=math.nan if rate is None else float(rate),
            resolved=facts["resolved"] is True,
            minutes_since_resolved=math.nan if minutes is None else float(minutes),
            session_over=facts["disposition"] in _SESSION_OVER,
            for_good=facts["disposition"] == _FOR_GOOD,
            product=str(facts["product"]),
            recorded_by=entry.recorded_by,
            onset=_moment(facts["onset"]),
            observed_at=_moment(facts["observed_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(entry) from error


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _unreadable(entry: Entry) -> HistoryError:
    return HistoryError(
        f"Entry {entry.number} of the history lacks what a {entry.kind} needs: it was not recorded by this program. "
        "No order is passed without it."
    )
