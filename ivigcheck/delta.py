"""What is new since last time: the findings of a run against those that stood before it, and what people settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What a finding is to somebody who read the last report; in the order of the report's sections."""

    NEW = "new"
    CHANGED = "changed"
    REOPENED = "reopened"
    STILL_OPEN = "still_open"
    ACKNOWLEDGED = "acknowledged"


class Ending(StrEnum):
    """Why a finding that stood is there no more; the report's last section, "resolved"."""

    CORRECTED = "corrected"  # the order was changed
    CLEARED = "cleared"  # the order is as it was: a rule, a policy, the history or the day made the difference
    GONE = "gone"  # the order is not among those that were checked


SUPERSEDED: Final = "superseded"
"""What is kept of a finding whose place another one of the same order and rule has taken."""

_GRAVE: Final = ("stop", "unchecked")

READ_FIRST: Final = (State.NEW, State.CHANGED, State.REOPENED)
"""What a report begins with: what somebody has not read yet, or must read again."""


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """A finding as it is kept.

    fingerprint: of all that made it; subject: of its order, rule and column alone; basis: of what its order says.
    severity: in small letters.
    """

    fingerprint: str
    subject: str
    basis: str
    order_id: str
    patient_id: str
    code: str
    column: str
    severity: str

    @property
    def order(self) -> tuple[str, str]:
        return self.patient_id, self.order_id


@dataclass(frozen=True, slots=True, repr=False)
class Stood:
    """A finding that stood after the last run.

    since: ISO day since when; acknowledged: whether it was then; seen_on: ISO day of the last run that found it.
    """

    seen: Seen
    since: str
    acknowledged: bool
    seen_on: str


@dataclass(frozen=True, slots=True, repr=False)
class Acknowledgement:
    """That somebody has settled a finding, until a day (ISO, that day included). entry: its number in the history."""

    entry: int
    fingerprint: str
    by: str
    reason: str
    text: str
    until: str
    on: str


@dataclass(frozen=True, slots=True, repr=False)
class Mark:
    """What a finding of this run is. since: ISO day; acknowledgement: where it is acknowledged."""

    state: State
    since: str
    acknowledgement: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Over:
    """A finding that stood, and does not now."""

    seen: Seen
    since: str
    ending: Ending


@dataclass(frozen=True, eq=False, repr=False)
class Delta:
    """A run against what stood before it.

    marks: fingerprint -> what it is; over: what stood and is there no more, as it stood. changes: what is to be kept,
    each finding with a state, an ending or SUPERSEDED. not_seen: how many stand on, because their orders were in no
    file of this run or could not be checked; grave_unseen: how many of these, and of those that are gone, were a STOP
    or not checked. since_run: the run that it was compared with, "" for none.
    """

    since_run: str
    marks: Mapping[str, Mark]
    over: Sequence[Over]
    changes: Sequence[tuple[Seen, str]]
    not_seen: int
    grave_unseen: int

    def counts(self, found: Iterable[Seen]) -> dict[str, int]:
        """How many of the findings of a run's rows are in each section, in the sections' order; how many are over, and
        how many were not seen."""
        states = Counter(self.marks[seen.fingerprint].state for seen in found)
        return {
            **{state.value: states[state] for state in State},
            "resolved": len(self.over),
            "not_seen": self.not_seen,
        }


def compare(
    found: Iterable[Seen],
    bases: Mapping[tuple[str, str], Collection[str]],
    unchecked: Collection[tuple[str, str]],
    stood: Mapping[str, Stood],
    acknowledgements: Mapping[str, Acknowledgement],
    known: Collection[str],
    *,
    day: str,
    is_gone: Callable[[Stood], bool],
    since_run: str = "",
) -> Delta:
    """The findings of a run against what stood before it.

    found: this run's. bases: patient and order -> what its rows say of themselves. unchecked: those of them that could
    not be checked: nothing of theirs is over. stood: fingerprint -> what stood.
    acknowledgements: fingerprint -> the one that holds on ``day`` (ISO), of findings found or stood. known: subjects
    that ever stood. is_gone: whether a finding is over whose order is not there.
    """
    now = {seen.fingerprint: seen for seen in found}
    stood_of: dict[str, list[Stood]] = defaultdict(list)
    for each in stood.values():
        stood_of[each.seen.subject].append(each)
    marks = {
        fingerprint: _mark(seen, stood.get(fingerprint), stood_of[seen.subject], acknowledgements, known, day)
        for fingerprint, seen in now.items()
    }
    changes: list[tuple[Seen, str]] = []
    for fingerprint, mark in marks.items():
        before = stood.get(fingerprint)
        settled = mark.state is State.ACKNOWLEDGED
        if before is None or settled != before.acknowledged:
            changes.append((now[fingerprint], mark.state.value))
    over, not_seen, grave_unseen = [], 0, 0
    # What took the place of something that stood; of an order with several days one may go and another one stay.
    taking = Counter(seen.subject for fingerprint, seen in now.items() if fingerprint not in stood)
    for fingerprint, each in stood.items():
        if fingerprint in now:
            continue
        if taking[each.seen.subject]:
            taking[each.seen.subject] -= 1
            changes.append((each.seen, SUPERSEDED))
            continue
        ending = None if each.seen.order in unchecked else _ending(each, bases, is_gone)
        if ending in (None, Ending.GONE):
            grave_unseen += each.seen.severity in _GRAVE
        if ending is None:
            not_seen += 1
            continue
        over.append(Over(each.seen, each.since, ending))
        changes.append((each.seen, ending.value))
    return Delta(since_run, marks, over, changes, not_seen, grave_unseen)


def _mark(
    seen: Seen,
    before: Stood | None,
    same_subject: Sequence[Stood],
    acknowledgements: Mapping[str, Acknowledgement],
    known: Collection[str],
    day: str,
) -> Mark:
    since = min((each.since for each in same_subject), default=day)
    acknowledgement = acknowledgements.get(seen.fingerprint)
    if acknowledgement:
        return Mark(State.ACKNOWLEDGED, since, acknowledgement)
    if before:
        return Mark(State.REOPENED if before.acknowledged else State.STILL_OPEN, since)
    if same_subject:
        settled = any(each.acknowledged or each.seen.fingerprint in acknowledgements for each in same_subject)
        return Mark(State.REOPENED if settled else State.CHANGED, since)
    return Mark(State.REOPENED if seen.subject in known else State.NEW, since)


def _ending(
    stood: Stood, bases: Mapping[tuple[str, str], Collection[str]], is_gone: Callable[[Stood], bool]
) -> Ending | None:
    """Why a finding is over; None where its order was not looked at, so that nothing is known."""
    now = bases.get(stood.seen.order)
    if now is None:
        return Ending.GONE if is_gone(stood) else None
    return Ending.CLEARED if stood.seen.basis in now else Ending.CORRECTED
