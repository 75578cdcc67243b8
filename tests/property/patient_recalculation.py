"""What several orders of one patient say together, worked out a second time: IVG401, IVG402 and IVG404.

Like `recalculation`, on which it builds, it shares no line with the package. Every order is compared with every other:
no sorting, no windows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from recalculation import (
    JUST_BELOW,
    WEIGHT_RANGE_KG,
    WEIGHT_UNITS,
    Desk,
    DoseRange,
    indication_of,
    over,
    ranges_of,
    read_date,
    read_doses,
    read_product,
    read_ranged,
    read_weight,
    vial_rounding,
)

CODES = ("IVG401", "IVG402", "IVG404")

COURSE_DAYS = 5
MONTH_DAYS = 28
REPEATED_EARLY_DAYS = 5
CYCLE_DAYS = {"DM": 28, "CIDP": 21}
WEIGHTS_WITHIN_DAYS = 30
WEIGHTS_DIFFER_FROM = Fraction(1, 10)


@dataclass(frozen=True)
class Row:
    """One order of a patient, as far as these rules look at it; None where a value cannot be used."""

    place: int
    patient: str
    order: str
    day: date | None
    day_or_today: date
    weight_kg: Fraction | None
    dose: Fraction | None
    indication: str | None
    ranges: tuple[DoseRange, ...]
    rounding: Fraction


def read_row(place: int, order: Mapping[str, str], as_of: date) -> Row:
    """One row. The dose is in g/kg on the weight that rates go by; the weight is that of the body."""
    desk = Desk(order, as_of)
    day = read_date(desk.text("ordered_at"), as_of).value
    weight = read_weight(desk)
    dose, in_grams = next(iter(read_doses(desk, weight)), (None, False))
    return Row(
        place=place,
        patient=desk.text("patient_id"),
        order=desk.text("order_id"),
        day=day,
        day_or_today=day or as_of,
        weight_kg=read_ranged(desk.text("weight"), WEIGHT_UNITS, WEIGHT_RANGE_KG).value,
        dose=dose,
        indication=indication_of(desk.text("indication")),
        ranges=ranges_of(order, as_of),
        rounding=vial_rounding(read_product(Desk(order, as_of), False), weight, in_grams),
    )


def patient_findings(orders: Sequence[Mapping[str, str]], as_of: date) -> dict[str, set[int]]:
    """The rows, numbered from 0, on which each rule fires."""
    rows = [read_row(place, order, as_of) for place, order in enumerate(orders)]
    patients: dict[str, list[Row]] = {}
    for row in rows:
        patients.setdefault(row.patient, []).append(row)
    found: dict[str, set[int]] = {code: set() for code in CODES}
    for row in rows:
        of_patient = patients[row.patient] if row.patient else []
        others = [other for other in of_patient if other is not row]
        if any(same_day(row, other) for other in others):
            found["IVG401"].add(row.place)
        if too_much(row, of_patient):
            found["IVG402"].add(row.place)
        if any(weights_disagree(row, other) for other in others):
            found["IVG404"].add(row.place)
    return found


def same_day(one: Row, other: Row) -> bool:
    """Whether two rows are two orders for one known day."""
    return one.day is not None and one.day == other.day and one.order != other.order


def weights_disagree(one: Row, other: Row) -> bool:
    """Whether two weights within 30 days differ by a tenth or more of the smaller."""
    if one.weight_kg is None or other.weight_kg is None:
        return False
    if abs((one.day_or_today - other.day_or_today).days) > WEIGHTS_WITHIN_DAYS:
        return False
    smaller = min(one.weight_kg, other.weight_kg)
    return abs(one.weight_kg - other.weight_kg) >= smaller * WEIGHTS_DIFFER_FROM * JUST_BELOW


def too_much(row: Row, of_patient: Sequence[Row]) -> bool:
    """Whether the doses up to this one exceed the largest range that applies to it, within any of their periods.

    Where none applies to it, those of the last order before it, by day and then by place, to which one does.
    """
    if row.day is None or row.dose is None:
        return False
    governing = row if row.ranges else last_with_ranges(row, of_patient)
    if governing is None:
        return False
    most = max(each.most for each in governing.ranges)
    periods = {period_days(governing.indication, each) for each in governing.ranges}
    return any(exceeds(row, days, most, of_patient) for days in periods)


def last_with_ranges(row: Row, of_patient: Sequence[Row]) -> Row | None:
    """The last order up to a row's day to which a range applies, of those that count."""
    counted = [each for each in counting(of_patient) if row.day and each.day and each.day <= row.day and each.ranges]
    return counted[-1] if counted else None


def counting(of_patient: Sequence[Row]) -> list[Row]:
    """The orders that count, by day: of rows of one order and one day the first that has the largest dose."""
    largest: dict[tuple[str, date], Row] = {}
    for each in sorted(of_patient, key=lambda each: each.place):
        if each.day is None or each.dose is None:
            continue
        before = largest.get((each.order, each.day))
        if before is None or before.dose is None or each.dose > before.dose:
            largest[(each.order, each.day)] = each
    return sorted(largest.values(), key=lambda each: each.day or date.min)


def exceeds(row: Row, days: int, most: Fraction, of_patient: Sequence[Row]) -> bool:
    """Whether two or more doses up to the row's own day, within so many days, together are more than a dose.

    Within the days of a course each day counts as itself; in a longer period, as the first day of its course. Rounding
    to whole vials may add to each, and to all of them a tenth of the dose.
    """
    dosed = [other for other in of_patient if other.day is not None and other.dose is not None]
    counted: list[Row] = []
    for other in counting(of_patient):
        assert row.day and other.day
        if days <= COURSE_DAYS:
            apart = (row.day - other.day).days
        else:
            apart = (first_day_of_course(row.day, dosed) - first_day_of_course(other.day, dosed)).days
        if other.day <= row.day and apart < days:
            counted.append(other)
    rounding = min(sum((each.rounding for each in counted), Fraction(0)), most / 10)
    total = sum((each.dose for each in counted if each.dose is not None), Fraction(0))
    return len(counted) >= 2 and over(total, most + rounding)


def first_day_of_course(day: date, dosed: Sequence[Row]) -> date:
    """A patient's days, from the first on, fall into courses of five days and a weekend; the next day begins a new
    one.
    """
    begun = None
    for each in sorted({other.day for other in dosed if other.day}):
        if begun is None or (each - begun).days >= COURSE_DAYS + 2:
            begun = each
        if each == day:
            return begun
    raise LookupError(day)


def period_days(indication: str | None, each: DoseRange) -> int:
    """The days of a course, of a month, of the indication's cycle, or after which an infusion is repeated."""
    if each.basis == "per_infusion":
        return each.repeated_after_days - REPEATED_EARLY_DAYS
    if each.basis == "per_course":
        return COURSE_DAYS
    return MONTH_DAYS if each.basis == "per_month" else CYCLE_DAYS[indication or ""]
