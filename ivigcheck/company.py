"""Which orders need others of the run beside them: those of a patient, or of an order id, of which rules that hold
rows against each other may have something to say.

It is asked of a few numbers of each order, so that of a run too large to hold only these need be kept. The answer may
name an order too many, never one too few; the rules themselves then look closely.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ivigcheck.columns import PHASES
from ivigcheck.doses import counted_days, rounding, timed_ranges
from ivigcheck.knowledge import Knowledge
from ivigcheck.orders import NO_DAY, Orders
from ivigcheck.units import RELATIVE_TOLERANCE, Mask

Ids = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]
_SLACK = 1e-5
"""By how much weights in single precision may be off, and more."""
_JUST_OVER = 1 + RELATIVE_TOLERANCE / 2
"""Sums that come to the very dose that applies are usual; whatever is over it by the tolerance is over this too."""
WEEKEND = 2
"""Days of a weekend, which may lie within a course."""


@dataclass(frozen=True, eq=False, repr=False)
class Keys:
    """What is kept of n orders: (n,) each.

    patient: a number for the patient's id, 0 where the order has none that can be used. order: one for the order id, 0
    for a blank one. day: ordinal, NO_DAY where not known. dose: g/kg, weight: kg, NaN where not known. rounding: g/kg
    by which rounding to whole vials may have moved the dose. kind: the same for orders to which the same doses apply.
    """

    patient: Ids
    order: Ids
    day: npt.NDArray[np.int32]
    dose: npt.NDArray[np.float64]
    rounding: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float32]
    kind: npt.NDArray[np.int32]

    @classmethod
    def of(cls, orders: Orders, patient: Ids, order: Ids) -> Keys:
        """The keys of typed orders. patient, order: (n,) numbers for their ids."""
        return cls(
            np.where(orders.of_one_patient.counted, patient, 0).astype(np.uint64),
            np.where(orders.texts("order_id").blank | ~orders.usable, 0, order).astype(np.uint64),
            orders.ordered_day.astype(np.int32),
            orders.dose_g_per_kg,
            rounding(orders, orders.dose_in_grams, slice(None)),
            orders.weight_kg.astype(np.float32),
            _kinds(orders),
        )

    def rows(self, at: Any) -> Keys:
        """The keys of some of the orders."""
        return Keys(*(getattr(self, each.name)[at] for each in fields(self)))

    @classmethod
    def joined(cls, parts: list[Keys]) -> Keys:
        """The keys of several parts of a run, one after the other."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


def _kinds(orders: Orders) -> npt.NDArray[np.int32]:
    """Product, indication and phase as one number; each may be -1, not known."""
    indications, phases = len(orders.knowledge.indications) + 1, len(PHASES) + 1
    kind = ((orders.product + 1) * indications + orders.indication + 1) * phases + orders.phase + 1
    return np.asarray(kind, np.int32)


def _of_kind(kind: int, knowledge: Knowledge) -> tuple[int, int, int]:
    """Product, indication and phase of a kind."""
    rest, phase = divmod(kind, len(PHASES) + 1)
    product, indication = divmod(rest, len(knowledge.indications) + 1)
    return product - 1, indication - 1, phase - 1


class Patients:
    """The orders of patients who have more than one, by patient and day."""

    def __init__(self, keys: Keys, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        candidates = np.flatnonzero(keys.patient)
        order = np.lexsort((keys.day[candidates], keys.patient[candidates]))
        rows = candidates[order]
        patient = keys.patient[rows]
        again = np.zeros(len(rows), bool)
        again[1:] = patient[1:] == patient[:-1]
        several = again.copy()
        several[:-1] |= again[1:]
        self.rows: Positions = rows[several]
        """Positions in the keys, sorted by patient, then by day."""
        self._keys = keys.rows(self.rows)
        self._starts = np.flatnonzero(~again[several])

    @cached_property
    def _group(self) -> Positions:
        """(k,) which patient, from 0."""
        first = np.zeros(len(self.rows), np.int64)
        first[self._starts[1:]] = 1
        return np.cumsum(first)

    def _of_all(self, found: Positions) -> Mask:
        """(k,) all orders of the patients of some."""
        patients = np.zeros(len(self._starts), bool)
        patients[self._group[found]] = True
        return patients[self._group]

    def of_a_day(self) -> Mask:
        """(k,) orders of patients who have two orders for one day."""
        keys, group = self._keys, self._group
        beside = (group[1:] == group[:-1]) & (keys.day[1:] == keys.day[:-1]) & (keys.day[1:] != NO_DAY)
        beside &= keys.order[1:] != keys.order[:-1]
        return self._of_all(np.flatnonzero(beside))

    def of_two_weights(self) -> Mask:
        """(k,) orders of patients whose weights are so far apart that they may disagree."""
        if not len(self.rows):
            return np.zeros(0, bool)
        weight = self._keys.weight
        high = np.maximum.reduceat(np.nan_to_num(weight, nan=-np.inf), self._starts)
        low = np.minimum.reduceat(np.nan_to_num(weight, nan=np.inf), self._starts)
        apart = self._knowledge.policy.weights_disagree * (1 - _SLACK)
        with np.errstate(invalid="ignore"):
            return ((high > low) & (high - low >= apart * low - _SLACK * high))[self._group]

    def of_much(self) -> Mask:
        """(k,) orders of patients whose doses may come to more than the one that applies within its own time."""
        return self._of_all(np.flatnonzero(self.too_much))

    @cached_property
    def too_much(self) -> Mask:
        """(k,) the very orders with which they may."""
        dosed, left_out = self._dosed()
        if not len(dosed):
            return np.zeros(len(self.rows), bool)
        much = _Doses(self._keys.rows(dosed), self._group[dosed], self._knowledge).too_much()
        found = self._of_all(left_out)  # of these the rule is asked, whatever their own dose is
        found[dosed[much]] = True
        return found

    def _dosed(self) -> tuple[Positions, Positions]:
        """The orders whose day and dose are known, but for those left out: of one order id and day, all but the one
        with the largest dose."""
        keys, group = self._keys, self._group
        at = np.flatnonzero((keys.day != NO_DAY) & ~np.isnan(keys.dose))
        order = at[np.lexsort((-keys.dose[at], keys.order[at], keys.day[at], group[at]))]
        again = np.zeros(len(order), bool)
        again[1:] = (group[order[1:]] == group[order[:-1]]) & (keys.day[order[1:]] == keys.day[order[:-1]])
        again[1:] &= (keys.order[order[1:]] == keys.order[order[:-1]]) & (keys.order[order[1:]] > 0)
        return np.sort(order[~again]), order[again]


class _Doses:
    """Doses of patients, by patient and day, added up within the times of the doses that apply to them.

    The rule that decides (IVG402) looks at one patient at a time; here all are looked at at once, and roughly.
    """

    def __init__(self, keys: Keys, group: Positions, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._kind = keys.kind
        self._group = group
        days = keys.day.astype(np.int64)
        self._periods = {
            int(kind): timed_ranges(knowledge, *_of_kind(kind, knowledge)) for kind in np.unique(keys.kind)
        }
        longest = max((each.days or 0 for periods in self._periods.values() for each in periods), default=0)
        # One line of days for all patients, so far apart that no time reaches from one to the next.
        self._apart = int(np.ptp(days)) + longest + knowledge.course_days + WEEKEND + 1
        self._line = group * self._apart + (days - days.min())
        self._until = np.searchsorted(self._line, self._line, "right")
        self._summed = np.concatenate([[0.0], np.cumsum(keys.dose, dtype=np.float64)])
        self._rounded = np.concatenate([[0.0], np.cumsum(keys.rounding, dtype=np.float64)])

    def too_much(self) -> Mask:
        """(k,) orders with which the doses may come to more than applies."""
        found = np.zeros(len(self._line), bool)
        kinds = self._kinds_that_apply()
        begun = self._begun()
        for kind, periods in self._periods.items():
            rows = np.flatnonzero(kinds == kind)
            if not periods or not len(rows):
                continue
            high = max(each.high for each in periods)
            for days in {counted_days(self._knowledge, each) for each in periods}:
                in_course = days <= self._knowledge.course_days
                line = self._line if in_course else begun
                last = self._line[rows] if in_course else begun[self._until[rows] - 1]
                first, until = np.searchsorted(line, last - days, "right"), self._until[rows]
                rounded = np.fmin(
                    self._rounded[until] - self._rounded[first], self._knowledge.policy.dose_rounding * high
                )
                over = self._summed[until] - self._summed[first] > (high + rounded) * _JUST_OVER
                found[rows[over & (until - first > 1)]] = True
        return found

    def _kinds_that_apply(self) -> Positions:
        """Each order's own kind, or where no dose with a time applies to it that of the last order before; -1 where
        there is none."""
        timed = np.array([bool(self._periods[kind]) for kind in self._kind.tolist()], bool)
        last = np.maximum.accumulate(np.where(timed, np.arange(len(timed)), -1))
        before = last[self._until - 1]
        mine = (before >= 0) & (self._group[before] == self._group)
        return np.where(timed, self._kind, np.where(mine, self._kind[before], -1)).astype(np.int64)

    def _begun(self) -> Positions:
        """For each order the day, on the line, on which its course began: what lies within the days of the longest
        course, and of a weekend in it, is one."""
        length = self._knowledge.course_days + WEEKEND
        begins = np.zeros(len(self._line), bool)
        at = np.flatnonzero(np.diff(self._group, prepend=-1))
        ends = np.append(at[1:], len(self._line))
        while len(at):  # one course of each patient at a time
            begins[at] = True
            at = np.searchsorted(self._line, self._line[at] + length, "left")
            more = at < ends
            at, ends = at[more], ends[more]
        begun: Positions = self._line[np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))]
        return begun
