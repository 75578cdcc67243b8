"""The steps of an infusion, from an order that was checked: never above what governs it, nor above what it orders."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, isnan, lcm
from typing import Final

from ivigcheck.doses import ranges_of
from ivigcheck.errors import AccountingError
from ivigcheck.limits import Limits, WHOLE_FROM_mL_PER_H
from ivigcheck.orders import Orders
from ivigcheck.rules import Findings
from ivigcheck.rules.wording import weight_reason
from ivigcheck.schedule.remarks import Refusal, notes_of, refused
from ivigcheck.schedule.titration import Titration, titration_of
from ivigcheck.schedule.vials import Suggestion, Vials, suggest, vials_for
from ivigcheck.show import number
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds, whole_steps

_MINUTES_PER_HOUR: Final = 60
_MINUTES_PER_DAY: Final = 24 * 60
_MOST_STEPS: Final = 500
_DIGITS: Final = 12  # of a dose: what binary rounding adds beyond them means nothing
_MOST_DAYS: Final = 7  # a dose that takes longer is a slip of the pen


@dataclass(frozen=True)
class Step:
    """One rate of the pump. start: minutes from the start of the infusion. cumulative: at the end of the step."""

    start: float
    minutes: float
    mL_per_h: float
    mg_per_kg_min: float
    mL: float
    cumulative_mL: float
    cumulative_g: float


@dataclass(frozen=True)
class VitalSigns:
    """When vital signs are due, in minutes from the start, and why; until: the end of a span, as after the end."""

    minute: float
    why: str
    until: float | None = None


@dataclass(frozen=True)
class Schedule:
    """An order's pump programme. weight_basis: which weight, and why. rule, rule_source: how the rate is raised.

    vials: None where the product's sizes are not known; suggestion: None where the dose is whole vials, or none fits.
    notes: what the reader should know.
    """

    weight_kg: float
    weight_basis: str
    dose_g: float
    concentration: float
    volume_mL: float
    pump_increment_mL_per_h: float
    steps: tuple[Step, ...]
    rule: str
    rule_source: str
    close_watch_minutes: float
    vital_signs: tuple[VitalSigns, ...]
    vials: Vials | None
    suggestion: Suggestion | None
    notes: tuple[str, ...]

    @property
    def total_minutes(self) -> float:
        return self.steps[-1].start + self.steps[-1].minutes

    @property
    def waste_g(self) -> float | None:
        return max(0.0, self.vials.grams - self.dose_g) if self.vials else None


def schedule_of(
    orders: Orders, limits: Limits, findings: Findings, i: int, *, pump_increment_mL_per_h: float | None = None
) -> Schedule | Refusal:
    """The pump programme of one order, or why it has none.

    pump_increment_mL_per_h: what the rates are rounded down to; the policy's where None. From 100 mL/h on steps are at
    least 1 mL/h.
    Raises AccountingError where a step would break a limit: nothing of it may be printed.
    """
    why = refused(orders, findings, i)
    if why:
        return Refusal(why)
    increment = pump_increment_mL_per_h or orders.knowledge.policy.pump_increment_mL_per_h
    titration = titration_of(orders, i)
    weight, concentration = float(orders.rate_weight_kg[i]), float(orders.concentration[i])
    dose_g = _dose_g(orders, i)
    steps = _steps(orders, limits, i, titration, increment, dose_g)
    if isinstance(steps, Refusal):
        return steps
    _verify(orders, limits, i, steps)
    (product,) = orders.possible_products(i)
    return Schedule(
        weight_kg=weight,
        weight_basis=weight_reason(orders, i),
        dose_g=dose_g,
        concentration=concentration,
        volume_mL=dose_g * 1000 / concentration,
        pump_increment_mL_per_h=increment,
        steps=tuple(steps),
        rule=titration.text,
        rule_source=titration.source,
        close_watch_minutes=orders.knowledge.policy.close_watch_minutes,
        vital_signs=_vital_signs(orders, steps),
        vials=vials_for(product, dose_g),
        suggestion=suggest(product, dose_g, weight, ranges_of(orders, i), orders.knowledge.policy),
        notes=notes_of(orders, limits, i, steps[-1].start + steps[-1].minutes),
    )


def _dose_g(orders: Orders, i: int) -> float:
    """The grams of this infusion: the total dose where the order gives it, else the dose on the weight."""
    total = float(orders.dose_total_g[i])
    grams = float(orders.dose_stated_g[i]) if isnan(total) else total
    return float(f"{grams:.{_DIGITS}g}")


@dataclass(frozen=True)
class _Bound:
    """A rate in mg/kg/min that a step may not exceed, or where exclusive not even reach."""

    rate: float
    exclusive: bool = False

    def within(self, other: _Bound) -> _Bound:
        """The stricter of two."""
        if abs(self.rate - other.rate) <= RELATIVE_TOLERANCE * abs(other.rate):
            return self if self.exclusive else other
        return self if self.rate < other.rate else other


def _bounds(orders: Orders, limits: Limits, i: int) -> tuple[_Bound, _Bound]:
    """What the first step may not exceed, and what no step may."""
    top = _Bound(float(limits.soft_max[i]), bool(limits.soft_max_exclusive[i])).within(
        _Bound(float(orders.max_rate[i]))
    )
    first = top.within(_Bound(float(limits.start[i])))
    ordered = float(orders.start_rate[i])
    return (first if isnan(ordered) else first.within(_Bound(ordered))), top


class Pump:
    """What a pump can be set to: multiples of its increment, from 100 mL/h on the least that is 1 mL/h or more."""

    def __init__(self, increment_mL_per_h: float) -> None:
        self.increment = Fraction(str(increment_mL_per_h))  # as it is written: 0.1 is a tenth
        self._coarse = ceil(1 / self.increment)
        self._coarse_from = ceil(WHOLE_FROM_mL_PER_H / self.increment)
        self._fine_to = floor(WHOLE_FROM_mL_PER_H / self.increment)
        self._coarse_mL_per_h, self._fine_mL_per_h = float(self._coarse * self.increment), float(self.increment)

    def within(self, limit_mL_per_h: float, *, exclusive: bool = False) -> int:
        """A limit rounded down to what the pump takes, in increments; where exclusive, to the greatest rate below it.

        A limit that is a rate of the pump but for binary rounding is that rate.
        """
        rate = int(whole_steps(limit_mL_per_h, self._coarse_mL_per_h, exclusive)) * self._coarse
        if rate >= self._coarse_from:
            return rate
        return min(int(whole_steps(limit_mL_per_h, self._fine_mL_per_h, exclusive)), self._fine_to)


_pump: Final = lru_cache(maxsize=10)(Pump)


@dataclass(frozen=True)
class _Grid:
    """Units so small that every time, rate and volume of an infusion is a whole number of them: all sums are exact.

    Times are in ticks, rates in increments of the pump, volumes in drops. per_minute: ticks. per_mL, per_g: drops.
    dose: drops. flow: drops in a tick for each increment.
    """

    per_minute: int
    per_mL: int
    per_g: int
    dose: int
    flow: int

    @classmethod
    def of(cls, titration: Titration, pump: Pump, dose_g: float, concentration: float) -> _Grid:
        # Each number is exactly a numerator over a denominator; a drop is small enough for all of them.
        per_minute = lcm(*(each.as_integer_ratio()[1] for each in (titration.first_minutes, titration.step_minutes)))
        dose, dose_parts = dose_g.as_integer_ratio()
        mg, mg_parts = concentration.as_integer_ratio()
        increment, increment_parts = pump.increment.as_integer_ratio()
        parts = dose_parts * increment_parts * _MINUTES_PER_HOUR * per_minute
        return cls(
            per_minute=per_minute,
            per_mL=parts * mg,
            per_g=parts * mg_parts * 1000,
            dose=dose * (parts // dose_parts) * mg_parts * 1000,
            flow=increment * dose_parts * mg,
        )

    def ticks(self, minutes: float) -> int:
        """One of the titration's times."""
        count, parts = minutes.as_integer_ratio()
        return count * (self.per_minute // parts)


@dataclass
class _Run:
    """A rate while it lasts. start: in ticks; rate: in increments; drops: what it gives."""

    start: int
    rate: int
    drops: int


def _steps(
    orders: Orders, limits: Limits, i: int, titration: Titration, increment: float, dose_g: float
) -> list[Step] | Refusal:
    weight, concentration = float(orders.rate_weight_kg[i]), float(orders.concentration[i])
    per_h = weight * _MINUTES_PER_HOUR / concentration  # mL/h for each mg/kg/min
    pump = _pump(increment)
    grid = _Grid.of(titration, pump, dose_g, concentration)
    bound, top = _bounds(orders, limits, i)
    hours = float(orders.infusion_hours[i])
    ordered = 0 if isnan(hours) else Fraction(hours) * _MINUTES_PER_HOUR * grid.per_minute  # in ticks
    most = _MOST_DAYS * _MINUTES_PER_DAY * grid.per_minute
    given = clock = 0
    kept, further = grid.ticks(titration.first_minutes), grid.ticks(titration.step_minutes)
    runs: list[_Run] = []
    while given < grid.dose:
        left = grid.dose - given
        last = abs(bound.rate - top.rate) <= RELATIVE_TOLERANCE * top.rate
        if clock < ordered:
            # What is left, in mg/kg/min over what is left of the ordered hours: the infusion takes no less than these.
            even = Fraction(left * 1000 * grid.per_minute, grid.per_g) / Fraction(weight) / (ordered - clock)
            if even <= Fraction(bound.rate):
                bound, last = _Bound(float(even)), True
        rate = pump.within(bound.rate * per_h, exclusive=bound.exclusive)
        if rate <= 0:
            return Refusal(
                f"a pump that takes steps of {number(increment)} mL/h cannot run it slowly enough: "
                f"{'below ' if bound.exclusive else ''}{number(bound.rate * per_h)} mL/h"
            )
        flow = rate * grid.flow
        whole = last or left <= flow * (kept + grid.per_minute)  # not raised for a last minute
        drops = left if whole else flow * kept
        if runs and runs[-1].rate == rate:
            runs[-1].drops += drops
        else:
            runs.append(_Run(clock, rate, drops))
        if len(runs) > _MOST_STEPS or drops > flow * (most - clock):
            return Refusal(f"it would take more than {_MOST_STEPS} steps or {_MOST_DAYS} days")
        given += drops
        clock += kept
        bound = _Bound(titration.after(bound.rate)).within(top)
        kept = further
    return _told(runs, grid, pump, concentration, weight)


def _told(runs: list[_Run], grid: _Grid, pump: Pump, concentration: float, weight: float) -> list[Step]:
    """The steps as they are read: each quotient of whole numbers is the double nearest to its exact value."""
    steps, given = [], 0
    increment, increment_parts = pump.increment.as_integer_ratio()
    for run in runs:
        given += run.drops
        rate = run.rate * increment / increment_parts
        steps.append(
            Step(
                start=run.start / grid.per_minute,
                minutes=run.drops / (run.rate * grid.flow * grid.per_minute),
                mL_per_h=rate,
                mg_per_kg_min=rate * concentration / _MINUTES_PER_HOUR / weight,
                mL=run.drops / grid.per_mL,
                cumulative_mL=given / grid.per_mL,
                cumulative_g=given / grid.per_g,
            )
        )
    return steps


def _verify(orders: Orders, limits: Limits, i: int, steps: list[Step]) -> None:
    """Holds every step, as the pump will run it, against what governs the order: the arithmetic is not believed."""
    soft, exclusive = float(limits.soft_max[i]), bool(limits.soft_max_exclusive[i])
    first = steps[0].mg_per_kg_min
    broken = exceeds(first, float(limits.start[i])) or exceeds(first, float(orders.start_rate[i]))
    for step in steps:
        broken |= exceeds(step.mg_per_kg_min, soft, exclusive) or exceeds(step.mg_per_kg_min, float(orders.max_rate[i]))
    volume = _dose_g(orders, i) * 1000 / float(orders.concentration[i])
    if broken or not abs(steps[-1].cumulative_mL - volume) <= RELATIVE_TOLERANCE * volume:
        raise AccountingError("a step would break a limit, or the volumes do not add up: no schedule is printed")


def _vital_signs(orders: Orders, steps: list[Step]) -> tuple[VitalSigns, ...]:
    policy = orders.knowledge.policy.entry.vital_signs
    end = steps[-1].start + steps[-1].minutes
    due = {0.0: "before the start"}
    if policy.after_start_minutes < end:
        due[policy.after_start_minutes] = f"{number(policy.after_start_minutes)} min after the start"
    for step in steps[1:]:
        due[step.start] = "before the rate is raised"
    signs = [VitalSigns(minute, due[minute]) for minute in sorted(due)]
    low, high = policy.after_end_minutes
    return (
        *signs,
        VitalSigns(end, "at the end"),
        VitalSigns(end + low, f"{number(low)} to {number(high)} min after the end", end + high),
    )
