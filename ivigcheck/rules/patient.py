"""A patient's orders of one run, held against each other (IVG401, IVG402, IVG404)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from ivigcheck.doses import PER_INFUSION, ranges_of
from ivigcheck.knowledge import DoseRange
from ivigcheck.limits import Limits
from ivigcheck.orders import NO_DAY, Codes, Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import inputs, quote
from ivigcheck.show import against, number
from ivigcheck.units import RELATIVE_TOLERANCE, Mask, exceeds

_NAMED = 3  # of a patient's other orders
_SUMMED = 10  # doses that an arithmetic writes out


def _patients(orders: Orders) -> Iterator[Codes]:
    """The rows of each patient who has more than one."""
    return (np.array(rows) for rows in orders.rows_of_patient.values() if len(rows) > 1)


def _rows(orders: Orders, i: int) -> Codes:
    """All rows of one order's patient."""
    return np.array(orders.rows_of_patient[orders.cell("patient_id", i)])


def _named(orders: Orders, rows: Codes, i: int) -> str:
    """Where other orders of the patient stand, the first few by name."""
    other = [k for k in rows[: _NAMED + 1].tolist() if k != i][:_NAMED]
    more = len(rows) - int(i in rows) - len(other)
    named = "; ".join(f"order {quote(orders.cell('order_id', k))} ({orders.place[k]})" for k in other)
    return f"{named} and {more} more" if more else named


@rule("IVG401", "same-patient-same-day", Severity.REVIEW, source="the run's inputs", flags=(), passes=({},))
def same_patient_same_day(orders: Orders, limits: Limits) -> Mask:
    """The patient has another order for the same day.

    Why it matters: an order that was written anew and not stopped is given twice.
    What to do: find out which order stands. Days are those of `ordered_at`, of all files of the run.
    """
    marked = np.zeros(orders.n, bool)
    for rows in _patients(orders):
        for day in np.unique(orders.ordered_day[rows]).tolist():
            same = rows[orders.ordered_day[rows] == day]
            if day != NO_DAY and len({orders.cell("order_id", k) for k in same.tolist()}) > 1:
                marked[same] = True
    return marked


@same_patient_same_day.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    rows = _rows(orders, i)
    own = orders.cell("order_id", i)  # rows of one order id are repeats, of which IVG905 speaks
    same = rows[orders.ordered_day[rows] == orders.ordered_day[i]]
    others = np.array([k for k in same.tolist() if orders.cell("order_id", k) != own])
    return Detail(
        f"the patient has another order for the same day: {_named(orders, others, i)}",
        inputs(orders, i, "patient_id", "ordered_at"),
        "",
        "the run's inputs",
    )


@rule(
    "IVG402", "cumulative-dose", Severity.REVIEW, source="the product's label, or usual doses", flags=(), passes=({},)
)
def cumulative_dose(orders: Orders, limits: Limits) -> Mask:
    """The patient's orders come to more than a whole course within the course's own period.

    Why it matters: each order may be right by itself, and the course given twice.
    What to do: check which orders belong to the course. The doses of all the patient's orders of the run are added up,
    per kg, from this order's day back over the days of a course, a cycle or a month; the finding stands only where they
    exceed each of those that apply.
    """
    marked = np.zeros(orders.n, bool)
    for rows in _patients(orders):
        counted = _counted(orders, rows)
        if len(counted) > 1:
            marked[rows] = [_over_course(orders, counted, k) is not None for k in rows.tolist()]
    return marked


def _counted(orders: Orders, rows: Codes) -> Codes:
    """A patient's rows whose day and dose are known, by day; rows of one order id and day count once."""
    known = rows[(orders.ordered_day[rows] != NO_DAY) & ~np.isnan(orders.dose_g_per_kg[rows])]
    first: dict[tuple[str | int, int], int] = {}
    for k in known.tolist():
        first.setdefault((orders.cell("order_id", k) or k, int(orders.ordered_day[k])), k)
    once = np.array(sorted(first.values()), np.int64)
    return once[np.argsort(orders.ordered_day[once], kind="stable")]


def _over_course(orders: Orders, counted: Codes, i: int) -> tuple[DoseRange, Codes] | None:
    """The largest course that applies and the orders that exceed it together; None where one course is not exceeded."""
    ranges = ranges_of(orders, i)
    day, days = orders.ordered_day[i], orders.ordered_day[counted]
    if day == NO_DAY or np.isnan(orders.dose_g_per_kg[i]) or any(each.basis == PER_INFUSION for each in ranges):
        return None
    over = None
    for course in sorted(ranges, key=lambda each: each.high):
        first, end = np.searchsorted(days, day - (course.days or 1), "right"), np.searchsorted(days, day, "right")
        within = counted[first:end]
        if len(within) < 2 or not exceeds(float(orders.dose_g_per_kg[within].sum()), course.high):
            return None
        over = course, within
    return over


@cumulative_dose.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    over = _over_course(orders, _counted(orders, _rows(orders, i)), i)
    if over is None:
        raise LookupError("no course is exceeded here")
    course, counted = over
    doses = orders.dose_g_per_kg[counted]
    total = against(float(doses.sum()), course.high)
    summed = " + ".join(number(dose) for dose in doses[:_SUMMED].tolist()) + (" + …" if len(doses) > _SUMMED else "")
    days = [date.fromordinal(int(orders.ordered_day[k])).isoformat() for k in (counted[0], counted[-1])]
    return Detail(
        f"{len(counted)} orders of this patient from {days[0]} to {days[1]} come to {total} g/kg, over "
        f"{number(course.high)} g/kg per {course.basis} ({course.days} days): {_named(orders, counted, i)}",
        inputs(orders, i, "patient_id", "ordered_at", "dose", "dose_total"),
        f"{summed} = {total} g/kg > {number(course.high)} g/kg",
        course.cite,
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
    for rows in _patients(orders):
        weights = orders.weight_kg[rows]
        if exceeds(np.nanmax(weights, initial=0.0), np.nanmin(weights, initial=np.inf)):
            marked[rows] = [len(_disagreeing(orders, rows, k)) > 0 for k in rows.tolist()]
    return marked


def _disagreeing(orders: Orders, rows: Codes, i: int) -> Codes:
    """The patient's other orders, near enough in time, whose weight disagrees with this one's."""
    policy, own, others = orders.knowledge.policy, orders.weight_kg[i], orders.weight_kg[rows]
    days = np.where(orders.ordered_day == NO_DAY, orders.as_of.toordinal(), orders.ordered_day)
    near = np.abs(days[rows] - days[i]) <= policy.weights_within_days
    least = policy.weights_disagree * np.fmin(own, others) * (1 - RELATIVE_TOLERANCE)
    found: Codes = rows[near & (np.abs(own - others) >= least) & (others != own)]
    return found


@weights_disagree.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    rows = _disagreeing(orders, _rows(orders, i), i)
    policy, own = orders.knowledge.policy, float(orders.weight_kg[i])
    other = max(orders.weight_kg[rows].tolist(), key=lambda weight: abs(weight - own))
    smaller = min(own, other)
    share = number(abs(own - other) / smaller)
    return Detail(
        f"this order says {number(own)} kg, and another of the patient within "
        f"{number(policy.weights_within_days)} days says {number(other)} kg: {_named(orders, rows, i)}",
        inputs(orders, i, "patient_id", "weight", "ordered_at"),
        f"|{number(own)} − {number(other)}| ÷ {number(smaller)} = {share} ≥ {number(policy.weights_disagree)}",
        f"{orders.knowledge.cite_policy('weights_disagree')}; {orders.knowledge.cite_policy('weights_within_days')}",
    )
