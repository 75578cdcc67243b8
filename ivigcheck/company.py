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

from ivigcheck.doses import by_ranges
from ivigcheck.knowledge import Knowledge
from ivigcheck.orders import NO_DAY, Orders
from ivigcheck.units import Mask

Ids = npt.NDArray[np.uint64]
_SLACK = 1e-5
"""By how much single precision and summing may be off, and more."""
WEEKEND = 2
"""Days of a weekend, which may lie within a course."""


@dataclass(frozen=True, eq=False, repr=False)
class Keys:
    """What is kept of n orders: (n,) each.

    patient: a number for the patient's id, 0 where the order has none that can be used. order: one for the order id.
    day: ordinal, NO_DAY where not known. dose: g/kg, weight: kg, NaN where not known. most: the largest dose in g/kg
    that applies within some time, infinite where none does.
    """

    patient: Ids
    order: Ids
    day: npt.NDArray[np.int32]
    dose: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]
    most: npt.NDArray[np.float32]

    @classmethod
    def of(cls, orders: Orders, patient: Ids, order: Ids) -> Keys:
        """The keys of typed orders. patient, order: (n,) numbers for their ids."""
        return cls(
            np.where(orders.of_one_patient.counted, patient, 0).astype(np.uint64),
            order,
            orders.ordered_day.astype(np.int32),
            orders.dose_g_per_kg.astype(np.float32),
            orders.weight_kg.astype(np.float32),
            _largest_doses(orders).astype(np.float32),
        )

    def rows(self, at: Any) -> Keys:
        """The keys of some of the orders."""
        return Keys(*(getattr(self, each.name)[at] for each in fields(self)))

    @classmethod
    def joined(cls, parts: list[Keys]) -> Keys:
        """The keys of several parts of a run, one after the other."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


def _largest_doses(orders: Orders) -> npt.NDArray[np.float64]:
    largest = np.full(orders.n, np.inf)
    for ranges, which in by_ranges(orders):
        timed = [each.high for each in ranges if each.days]
        if timed:
            largest[which] = max(timed)
    return largest


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
        self.rows = rows[several]
        """Positions in the keys, sorted by patient, then by day."""
        self._keys = keys.rows(self.rows)
        self._starts = np.flatnonzero(~again[several])

    @cached_property
    def _group(self) -> npt.NDArray[np.int64]:
        """(k,) which patient, from 0."""
        first = np.zeros(len(self.rows), np.int64)
        first[self._starts[1:]] = 1
        return np.cumsum(first)

    def _spread(self, of_group: Mask) -> Mask:
        return of_group[self._group] if len(self.rows) else np.zeros(0, bool)

    def of_a_day(self) -> Mask:
        """(k,) orders of patients who have two orders for one day."""
        if not len(self.rows):
            return np.zeros(0, bool)
        keys, group = self._keys, self._group
        beside = (group[1:] == group[:-1]) & (keys.day[1:] == keys.day[:-1]) & (keys.day[1:] != NO_DAY)
        beside &= keys.order[1:] != keys.order[:-1]
        found = np.zeros(len(self._starts), bool)
        found[group[1:][beside]] = True
        return self._spread(found)

    def of_much(self) -> Mask:
        """(k,) orders of patients whose doses within the longest time that any dose applies to may be too much."""
        if not len(self.rows):
            return np.zeros(0, bool)
        keys, group = self._keys, self._group
        dosed = (keys.day != NO_DAY) & ~np.isnan(keys.dose)
        least = np.minimum.reduceat(np.where(dosed, keys.most, np.inf), self._starts)
        at = np.flatnonzero(dosed)
        # One line of days for all patients, so far apart that no time reaches from one to the next.
        longest = self._longest
        days = keys.day[at].astype(np.int64)
        line = group[at] * (int(days.max(initial=0)) + longest + 1) + days
        begins = np.searchsorted(line, line - longest, "left")
        summed = np.concatenate([[0.0], np.cumsum(keys.dose[at], dtype=np.float64)])
        within = summed[1:] - summed[begins]
        several = np.arange(len(at)) > begins
        found = np.zeros(len(self._starts), bool)
        found[group[at][several & (within > least[group[at]] * (1 - _SLACK))]] = True
        return self._spread(found)

    @property
    def _longest(self) -> int:
        """Days over which doses may be added up, counted from the beginning of a course."""
        knowledge = self._knowledge
        labels = [row.dose for product in knowledge.products for row in product.labels if row.dose]
        usual = [each for doses in knowledge.usual_doses.values() for each in doses]
        longest = max((each.days or 0 for each in (*labels, *usual)), default=0)
        return int(longest + knowledge.course_days + WEEKEND)

    def of_two_weights(self) -> Mask:
        """(k,) orders of patients whose weights are so far apart that they may disagree."""
        if not len(self.rows):
            return np.zeros(0, bool)
        weight = self._keys.weight
        high = np.maximum.reduceat(np.nan_to_num(weight, nan=-np.inf), self._starts)
        low = np.minimum.reduceat(np.nan_to_num(weight, nan=np.inf), self._starts)
        apart = self._knowledge.policy.weights_disagree * (1 - _SLACK)
        with np.errstate(invalid="ignore"):
            return self._spread((high > low) & (high - low >= apart * low - _SLACK * high))
