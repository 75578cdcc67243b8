"""What the history knows of a patient, as checks use it: facts, each with the entry that it rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, eq=False, repr=False)
class PastEvent:
    """A confirmed thrombotic event on IVIG. entry: its number in the history; day: ordinal, of the event."""

    entry: int
    day: int
    recorded_by: str

    def __str__(self) -> str:
        return f"history entry {self.entry}: confirmed thrombotic event on {self.date}, by {self.recorded_by}"

    @property
    def date(self) -> str:
        """Its day in ISO form."""
        return _iso(self.day)


@dataclass(frozen=True, eq=False, repr=False)
class PastReaction:
    """A recorded reaction.

    first_day, last_day: ordinals, of the infusion's start and of the onset, as far as known. rate: mg/kg/min at the
    reaction, NaN where not known. resolved: whether the symptoms were recorded as fully gone, and for how many minutes
    (NaN where not known). session_over: discontinued for that session; for_good: and for every later one.
    onset, observed_at: None where not known; with their zone where it was.
    """

    entry: int
    first_day: int
    last_day: int
    grade: int
    rate: float
    resolved: bool
    minutes_since_resolved: float
    session_over: bool
    for_good: bool
    product: str
    recorded_by: str
    onset: datetime | None = None
    observed_at: datetime | None = None

    def __str__(self) -> str:
        what = f"reaction of grade {self.grade} on {self.date}"
        return f"history entry {self.entry}: {what}, by {self.recorded_by}"

    @property
    def date(self) -> str:
        """Its day in ISO form."""
        return _iso(self.last_day)


def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _last_word(reactions: Sequence[PastReaction]) -> tuple[bool, float]:
    """Whether the symptoms have gone, and for how long: what was observed last, whenever it was recorded.

    Where it is not known which was observed last, the worst of all.
    """
    moments = [each.observed_at for each in reactions]
    if len(reactions) == 1 or _comparable(moments):
        last = max(reactions, key=lambda each: (each.observed_at or datetime.min, each.entry))
        return last.resolved, last.minutes_since_resolved
    minutes = [each.minutes_since_resolved for each in reactions]
    shortest = math.nan if any(map(math.isnan, minutes)) else min(minutes)
    return all(each.resolved for each in reactions), shortest


def _comparable(moments: Sequence[datetime | None]) -> bool:
    """Whether all are known, and by one kind of clock."""
    zoned = {moment.tzinfo is not None for moment in moments if moment}
    return None not in moments and len(zoned) == 1


@dataclass(frozen=True, eq=False, repr=False)
class SameInfusion:
    """What reactions in one infusion come to for its rechallenge: the worst grade, the lowest rate (mg/kg/min, NaN
    where none is known) and whether every rate is known, the last word on their resolution, and the entries."""

    grade: float
    rate: float
    rates_known: bool
    resolved: bool
    minutes_since_resolved: float
    session_over: bool
    entries: tuple[int, ...]

    @classmethod
    def of(cls, reactions: Sequence[PastReaction]) -> SameInfusion | None:
        """What these come to together; None of none."""
        if not reactions:
            return None
        rates = [each.rate for each in reactions if not math.isnan(each.rate)]
        resolved, minutes = _last_word(reactions)
        return cls(
            grade=max(each.grade for each in reactions),
            rate=min(rates, default=math.nan),
            rates_known=len(rates) == len(reactions),
            resolved=resolved,
            minutes_since_resolved=minutes,
            session_over=any(each.session_over for each in reactions),
            entries=tuple(each.entry for each in reactions),
        )

    def __str__(self) -> str:
        return f"history {'entry' if len(self.entries) == 1 else 'entries'} {' and '.join(map(str, self.entries))}"


@dataclass(frozen=True, eq=False, repr=False)
class Past:
    """One patient's past, in the order of recording. near: other ids that differ only in case, leading zeros or
    punctuation and have a confirmed event, each with its entry. patient_id: under which the history was asked."""

    patient_id: str = ""
    confirmed: tuple[PastEvent, ...] = ()
    reactions: tuple[PastReaction, ...] = ()
    near: tuple[tuple[str, int], ...] = ()

    @property
    def worst(self) -> PastReaction | None:
        """The gravest reaction: one that ended IVIG for good before others, then by grade; of equal ones the last."""
        return max(self.reactions, key=lambda each: (each.for_good, each.grade, each.entry), default=None)

    def last_infusion(self, before: int) -> PastReaction | None:
        """The last infusion before a day (ordinal) that is known: one in which a reaction was recorded."""
        earlier = [each for each in self.reactions if each.last_day < before]
        return max(earlier, key=lambda each: (each.last_day, each.entry), default=None)

    def lines(self) -> tuple[str, ...]:
        """Everything that is known, an entry a line."""
        near = (
            f"history entry {entry}: confirmed thrombotic event of the patient id {other}" for other, entry in self.near
        )
        return (*map(str, self.confirmed), *map(str, self.reactions), *near)

    def forbidden(self, severe_from_grade: float) -> str:
        """Why the patient is to have no further infusion; "" where nothing says so."""
        if self.confirmed:
            return f"a confirmed thrombotic event is on record (history entry {self.confirmed[-1].entry})"
        worst = self.worst
        if worst and (worst.for_good or worst.grade >= severe_from_grade):
            after = f"an earlier reaction of grade {worst.grade}"
            return f"IVIG was discontinued for good after {after} (history entry {worst.entry})"
        return ""

    def same_infusion(self, first: int, last: int | None = None) -> SameInfusion | None:
        """What was recorded of an infusion of that day, or of those days (ordinals); None where nothing was.

        An infusion runs past midnight: what was not recorded as resolved holds through the next day too.
        """
        last = first if last is None else last
        on_day = [each for each in self.reactions if each.first_day <= last and first <= each.last_day]
        before = [each for each in self.reactions if each.last_day == first - 1]
        if before and not _last_word(before)[0]:
            on_day = [*before, *on_day]
        return SameInfusion.of(on_day)

    def day_before(self, day: int) -> SameInfusion | None:
        """What was recorded as resolved the day before: of an infusion that may still go on, or of another one."""
        before = [each for each in self.reactions if each.last_day == day - 1]
        return SameInfusion.of(before) if before and _last_word(before)[0] else None


Recall = Callable[[Sequence[str]], Sequence[Past | None]]
"""Asks the history: patients' ids -> what it knows of each, None where nothing."""


@dataclass(frozen=True, eq=False, repr=False)
class Memory:
    """The history as one run uses it. entries, head: how far it has come, and the hash of its last entry.

    why_not: why it was not asked, as a report says it; then it knows nothing.
    """

    recall: Recall
    entries: int | None = None
    head: str = ""
    why_not: str = ""

    @classmethod
    def none(cls, why_not: str) -> Memory:
        """No history, and why."""
        return cls(lambda patient_ids: [None] * len(patient_ids), why_not=why_not)
