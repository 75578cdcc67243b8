"""A patient's orders of one run, held against each other (IVG401, IVG402, IVG404)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from ivigcheck.company import WEEKEND, Keys, Patients
from ivigcheck.doses import PER_INFUSION, counted_days, rounding, timed_ranges
from ivigcheck.knowledge import DoseRange
from ivigcheck.limits import Limits
from ivigcheck.orders import NO_DAY, Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import inputs, quote
from ivigcheck.show import against, number
from ivigcheck.units import RELATIVE_TOLERANCE, Floats, Mask, exceeds
from ivigcheck.written import Codes

_NAMED = 3  # of a patient's other orders
_SUMMED = 10  # doses that an arithmetic writes out


@dataclass(frozen=True, eq=False, repr=False)
class _Patient:
    """One patient's usable rows, and what follows from them: worked out once, however many there are."""

    orders: Orders
    rows: Codes

    @cached_property
    def days(self) -> Codes:
        """(k,) each row's day; that of the check where it has none."""
        days = self.orders.ordered_day[self.rows]
        return np.where(days == NO_DAY, self.orders.as_of.toordinal(), days)

    @cached_property
    def by_day(self) -> dict[int, list[int]]:
        """Day -> its rows; rows without a day are left out."""
        found: dict[int, list[int]] = {}
        for k in self.rows[self.orders.ordered_day[self.rows] != NO_DAY].tolist():
            found.setdefault(int(self.orders.ordered_day[k]), []).append(k)
        return found

    @cached_property
    def ids_by_day(self) -> dict[int, Counter[str]]:
        """Day -> how often each order id stands on it."""
        return {day: Counter(self.orders.cell("order_id", k) for k in rows) for day, rows in self.by_day.items()}

    @cached_property
    def dosed(self) -> Codes:
        """The rows whose day and dose are known, by day; of rows of one order id and day the largest dose counts."""
        orders = self.orders
        most: dict[tuple[str | int, int], int] = {}
        for day in sorted(self.by_day):
            for k in self.by_day[day]:
                if not np.isnan(orders.dose_g_per_kg[k]):
                    key = (orders.cell("order_id", k) or k, day)
                    if key not in most or orders.dose_g_per_kg[k] > orders.dose_g_per_kg[most[key]]:
                        most[key] = k
        return np.array(list(most.values()), np.int64)

    @cached_property
    def dosed_days(self) -> Codes:
        return self.orders.ordered_day[self.dosed]

    @cached_property
    def begun(self) -> Codes:
        """For each dosed row the first day of the course that it belongs to: the days within the longest course, and a
        weekend in it, count as one, from the first."""
        length = self.orders.knowledge.course_days + WEEKEND
        begun: list[int] = []
        for day in self.dosed_days.tolist():
            begun.append(begun[-1] if begun and day < begun[-1] + length else day)
        return np.array(begun, np.int64)

    @cached_property
    def periods(self) -> list[list[DoseRange]]:
        """For each dosed row the doses that apply to it, or where none does to the last before it."""
        found: list[list[DoseRange]] = []
        for k in self.dosed.tolist():
            found.append(_periods(self.orders, k) or (found[-1] if found else []))
        return found

    @cached_property
    def rounding(self) -> Floats:
        """For each dosed row by how much rounding to whole vials may have moved its dose, in g/kg."""
        return rounding(self.orders, self.orders.dose_in_grams, self.dosed)


def _patient(orders: Orders, i: int) -> _Patient:
    """One order's patient."""
    name = orders.cell("patient_id", i)
    found = orders.memo.get(name)
    if not isinstance(found, _Patient):
        found = orders.memo[name] = _Patient(orders, orders.of_one_patient.of(i))
    return found


def _all_patients(orders: Orders) -> Patients:
    """The patients of more than one row."""
    found = orders.memo.get(Patients)
    if not isinstance(found, Patients):
        ids = [orders.texts(name).codes.astype(np.uint64) + np.uint64(1) for name in ("patient_id", "order_id")]
        found = orders.memo[Patients] = Patients(Keys.of(orders, *ids), orders.knowledge)
    return found


def _patients(orders: Orders, of_interest: Callable[[Patients], Mask]) -> Iterator[_Patient]:
    """Each patient of whose several rows a rule may have something to say."""
    found = _all_patients(orders)
    seen = np.zeros(orders.n, bool)
    for i in found.rows[of_interest(found)].tolist():
        if not seen[i]:
            patient = _patient(orders, i)
            seen[patient.rows] = True
            yield patient


def _named(orders: Orders, rows: Iterator[int], count: int) -> str:
    """Where other orders of the patient stand, the first few by name."""
    first = itertools.islice(rows, _NAMED)
    named = [f"order {quote(orders.cell('order_id', k))} ({orders.place[k]})" for k in first]
    more = count - len(named)
    return f"{'; '.join(named)} and {more} more" if more > 0 else "; ".join(named)


@rule("IVG401", "same-patient-same-day", Severity.REVIEW, source="the run's inputs", flags=(), passes=({},))
def same_patient_same_day(orders: Orders, limits: Limits) -> Mask:
    """The patient has another order for the same day.

    Why it matters: an order that was written anew and not stopped is given twice.
    What to do: find out which order stands. Days are those of `ordered_at`, of all files of the run.
    """
    marked = np.zeros(orders.n, bool)
    for patient in _patients(orders, Patients.of_a_day):
        for day, ids in patient.ids_by_day.items():
            if len(ids) > 1:  # rows of one order id are repeats, of which IVG905 speaks
                marked[patient.by_day[day]] = True
    return marked


@same_patient_same_day.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    patient, own, day = _patient(orders, i), orders.cell("order_id", i), int(orders.ordered_day[i])
    others = (k for k in patient.by_day[day] if orders.cell("order_id", k) != own)
    count = len(patient.by_day[day]) - patient.ids_by_day[day][own]
    return Detail(
        f"the patient has another order for the same day: {_named(orders, others, count)}",
        inputs(orders, i, "patient_id", "ordered_at"),
        "",
        "the run's inputs",
    )


@rule(
    "IVG402",
    "cumulative-dose",
    Severity.REVIEW,
    source="the product's label, or usual doses",
    flags=(),
    passes=({},),
)
def cumulative_dose(orders: Orders, limits: Limits) -> Mask:
    """The patient's orders come to more than the dose that applies within its own period.

    Why it matters: each order may be right by itself, and the course given twice.
    What to do: check which orders belong together. The doses of all the patient's orders of the run are added up, per
    kg: over the days of a course; over a cycle, a month, or the time after which an infusion is repeated. There, the
    days of a course (and a weekend in it) count from its first. Where several doses apply, the largest of them must be
    exceeded, by more than rounding to whole vials. An order for which no source states a dose is added to the one
    before it. Orders without a day are not added up.
    """
    marked = np.zeros(orders.n, bool)
    everyone = _all_patients(orders)
    for i in everyone.rows[everyone.too_much].tolist():
        marked[i] = _over(orders, _patient(orders, i), i) is not None
    return marked


def _over(orders: Orders, patient: _Patient, i: int) -> tuple[DoseRange, int, Codes] | None:
    """The largest dose that applies, the days in which it is exceeded, and the orders that exceed it; None where none
    is."""
    day = orders.ordered_day[i]
    if day == NO_DAY or np.isnan(orders.dose_g_per_kg[i]):
        return None
    until = int(np.searchsorted(patient.dosed_days, day, "right"))
    periods = _periods(orders, i) or patient.periods[until - 1]
    if not periods:
        return None
    largest = max(periods, key=lambda each: each.high)
    for days in sorted({counted_days(orders.knowledge, each) for each in periods}):
        within_a_course = days <= orders.knowledge.course_days
        of_row = patient.dosed_days if within_a_course else patient.begun
        last = day if within_a_course else of_row[until - 1]
        within = slice(int(np.searchsorted(of_row, last - days, "right")), until)
        counted, most = patient.dosed[within], orders.knowledge.policy.dose_rounding * largest.high
        rounded = min(float(patient.rounding[within].sum()), most)
        if len(counted) > 1 and exceeds(float(orders.dose_g_per_kg[counted].sum()), largest.high + rounded):
            return largest, days, counted
    return None


def _periods(orders: Orders, i: int) -> list[DoseRange]:
    """The doses that apply to an order, as far as a source says within what time."""
    return timed_ranges(orders.knowledge, int(orders.product[i]), int(orders.indication[i]), int(orders.phase[i]))


@cumulative_dose.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    over = _over(orders, _patient(orders, i), i)
    if over is None:
        raise LookupError("no dose is exceeded here")
    largest, days, counted = over
    doses = orders.dose_g_per_kg[counted]
    total = against(float(doses.sum()), largest.high)
    summed = " + ".join(number(dose) for dose in doses[:_SUMMED].tolist()) + (" + …" if len(doses) > _SUMMED else "")
    first, last = (date.fromordinal(int(orders.ordered_day[k])).isoformat() for k in (counted[0], counted[-1]))
    when = f"on {first}" if first == last else f"from {first} to {last}"
    what = "infusion" if largest.basis == PER_INFUSION else largest.basis
    others = (k for k in counted.tolist() if k != i)
    return Detail(
        f"{len(counted)} orders of this patient {when} come to {total} g/kg within {days} days, over "
        f"{number(largest.high)} g/kg per {what}: {_named(orders, others, len(counted) - int(i in counted))}",
        inputs(orders, i, "patient_id", "ordered_at", "dose", "dose_total"),
        f"{summed} = {total} g/kg > {number(largest.high)} g/kg",
        largest.cite,
    )


@rule(
    "IVG404",
    "weights-disagree",
    Severity.REVIEW,
    source="weights_disagree, or weights_within_days",
    flags=(),
    passes=({},),
)
def weights_disagree(orders: Orders, limits: Limits) -> Mask:
    """The patient's orders of one month have weights that disagree.

    Why it matters: one of them is old, of another patient, or in the other unit; rates and doses rest on it.
    What to do: weigh, and correct the order. Weights are compared across all files of the run; an order without a day
    counts as one of the day of the check.
    """
    marked = np.zeros(orders.n, bool)
    for patient in _patients(orders, Patients.of_two_weights):
        weights = orders.weight_kg[patient.rows]
        if exceeds(np.nanmax(weights, initial=0.0), np.nanmin(weights, initial=np.inf)):
            marked[patient.rows] = [len(_disagreeing(orders, patient, k)) > 0 for k in patient.rows.tolist()]
    return marked


def _disagreeing(orders: Orders, patient: _Patient, i: int) -> Codes:
    """The patient's other orders, near enough in time, whose weight disagrees with this one's."""
    policy, own, others = orders.knowledge.policy, orders.weight_kg[i], orders.weight_kg[patient.rows]
    day = orders.as_of.toordinal() if orders.ordered_day[i] == NO_DAY else orders.ordered_day[i]
    near = np.abs(patient.days - day) <= policy.weights_within_days
    least = policy.weights_disagree * np.fmin(own, others) * (1 - RELATIVE_TOLERANCE)
    found: Codes = patient.rows[near & (np.abs(own - others) >= least) & (others != own)]
    return found


@weights_disagree.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    rows = _disagreeing(orders, _patient(orders, i), i)
    policy, own = orders.knowledge.policy, float(orders.weight_kg[i])
    others = orders.weight_kg[rows]
    other = float(others[np.argmax(np.abs(others - own))])
    smaller = min(own, other)
    share = number(abs(own - other) / smaller)
    undated = "" if orders.cell("ordered_at", i) else " (an order without a day counts as of the day of the check)"
    return Detail(
        f"this order says {number(own)} kg, and another of the patient within "
        f"{number(policy.weights_within_days)} days says {number(other)} kg{undated}: "
        f"{_named(orders, iter(rows.tolist()), len(rows))}",
        inputs(orders, i, "patient_id", "weight", "ordered_at"),
        f"|{number(own)} − {number(other)}| ÷ {number(smaller)} = {share} ≥ {number(policy.weights_disagree)}",
        f"{orders.knowledge.cite_policy('weights_disagree')}; {orders.knowledge.cite_policy('weights_within_days')}",
    )
