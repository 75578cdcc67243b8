"""What the history knows of the patients, beside what their orders say."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ivigcheck.normalise.reader import Reader
from ivigcheck.orders import NO, NO_DAY, YES
from ivigcheck.past import Past, Recall, SameInfusion
from ivigcheck.units import Floats, Mask
from ivigcheck.written import Codes, Trouble


@dataclass(frozen=True, eq=False, repr=False)
class Remembered:
    """By index of an order what the history knows of its patient, of this very infusion, and of the day before it.

    n: number of orders. own_day: (n,) ordinal of the infusion, the day of the check where the order names none.
    """

    n: int
    own_day: Codes
    past: dict[int, Past]
    same: dict[int, SameInfusion]
    day_before: dict[int, SameInfusion]

    def mask(self, says: Callable[[Past], bool]) -> Mask:
        """(n,) whether the patient's past says so."""
        found = np.zeros(self.n, bool)
        found[[i for i, past in self.past.items() if says(past)]] = True
        return found

    @property
    def grade(self) -> Floats:
        """(n,) grade of the worst reaction on record, NaN where there is none."""
        grades = np.full(self.n, np.nan)
        for i, past in self.past.items():
            grades[i] = max((each.grade for each in past.reactions), default=np.nan)
        return grades

    def same_infusion(self, value: Callable[[SameInfusion], float]) -> Floats:
        """(n,) a fact about this infusion, NaN where nothing is on record of it."""
        values = np.full(self.n, np.nan)
        for i, same in self.same.items():
            values[i] = value(same)
        return values

    def resolution(self, stated: Codes, minutes: Floats, own: Mask) -> tuple[Codes, Floats]:
        """(n,) each: whether the symptoms have gone and for how many minutes: the order's word, else the record's.

        own: (n,) the order has a reaction of its own, which may be a later one: then the record says nothing of it.
        """
        stated, minutes = stated.copy(), minutes.copy()
        for i, same in self.same.items():
            if same.resolved and not own[i] and np.isnan(minutes[i]) and stated[i] != NO:
                stated[i], minutes[i] = YES, same.minutes_since_resolved
        return stated, minutes

    def last_infusion(self, stated: Codes) -> Codes:
        """(n,) ordinal of the last infusion before this: the order's word, else the last one on record."""
        days = stated.copy()
        for i, past in self.past.items():
            last = past.last_infusion(int(self.own_day[i]))
            if days[i] == NO_DAY and last:
                days[i] = last.last_day
        return days

    def rate_open(self) -> Mask:
        """(n,) whether a reaction in this infusion is on record without its rate."""
        return np.asarray(self.same_infusion(lambda same: not same.rates_known) == 1, bool)

    def last_products(self, stated: Codes) -> dict[int, str]:
        """Index of an order -> product of the last infusion on record; stated: (n,) its day by the order, which may
        name a later infusion of which the record knows nothing."""
        last = {i: past.last_infusion(int(self.own_day[i])) for i, past in self.past.items()}
        return {i: each.product for i, each in last.items() if each and stated[i] <= each.last_day}


def remember(reader: Reader, recall: Recall | None, own_day: Codes) -> Remembered:
    """Asks the history of every patient whose id can be read, each once.

    recall: None where there is no history. Ids are compared exactly as written, without spaces around them.
    """
    n = reader.cells.n
    if recall is None:
        return Remembered(n, own_day, {}, {}, {})
    readable = reader.usable & (reader.problems["patient_id"].trouble == Trouble.NONE)
    ids = reader.cells.column("patient_id")
    distinct = list(dict.fromkeys(itertools.compress(ids, readable)))
    known = {text: past for text, past in zip(distinct, recall(distinct), strict=True) if past is not None}
    if not known:
        return Remembered(n, own_day, {}, {}, {})
    pasts = {i: known[text] for i, text in enumerate(ids) if text in known and readable[i]}
    same = {i: past.same_infusion(int(own_day[i])) for i, past in pasts.items()}
    before = {i: past.day_before(int(own_day[i])) for i, past in pasts.items()}
    return Remembered(n, own_day, pasts, _known(same), _known(before))


def _known(found: dict[int, SameInfusion | None]) -> dict[int, SameInfusion]:
    return {i: each for i, each in found.items() if each is not None}
