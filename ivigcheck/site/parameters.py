"""The clinical parameters that a site may set: how each is written, what is possible, and which way is tighter.

No clinical number stands here: what is compared is the built-in policy and the labels; the bounds below only say what
can be no value at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_type_hints

from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.model import DosingWeight
from ivigcheck.show import number
from ivigcheck.site.problems import kind_of, quoted
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds, read_quantity

Value = float | tuple[float, ...] | str
"""A parameter's value: a number in the unit of its kind, several, or a word."""

BY_INDICATION: Final = "by_indication"
_MINUTES_PER_HOUR: Final = 60
_DAY: Final = 24 * _MINUTES_PER_HOUR  # minutes
_CENTURY: Final = 36525  # days


@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """How a value is written. words: what to write; unit: of ``read``'s number.

    read: gives the value, or raises ValueError with what is wrong with the one written.
    """

    words: str
    unit: str
    read: Callable[[Any], Value]


def _quantity(quantity: str, form: str, times: float = 1) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if not isinstance(value, str):
            raise ValueError(f"{quoted(value)} is {kind_of(value)}, and has no unit")
        reading = read_quantity(value, quantity)
        if reading.unit is None:
            raise ValueError(f"{quoted(value)} {reading.reason or 'says nothing'}")
        if reading.unit.form != form:
            raise ValueError(f"{quoted(value)} is in {reading.unit.name}, and not in {form}")
        return reading.value * reading.unit.factor * times

    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{quoted(value)} is {kind_of(value)}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"{quoted(value)} is no finite number")
    return found


def _whole(value: Any) -> float:
    found = _number(value)
    if not found.is_integer():
        raise ValueError(f"{quoted(value)} is no whole number")
    return found


def _rising(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{quoted(value)} is not two numbers")
    first, second = map(_number, value)
    if not first < second:
        raise ValueError(f"{number(first)} to {number(second)} does not rise")
    return first, second


def _one_of(field: str) -> Kind:
    words = get_args(get_type_hints(DosingWeight)[field])
    listed = ", ".join(f'"{word}"' for word in words)

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"{quoted(value)} is none of {listed}")
        return str(value)

    return Kind(f"one of {listed}", "", read)


RATE: Final = Kind('a rate per kg with its unit, such as "2 mg/kg/min"', "mg/kg/min", _quantity("rate", "mg/kg/min"))
PUMP_RATE: Final = Kind(
    'a pump rate with its unit, such as "0.1 mL/h"', "mL/h", _quantity("rate", "mL/min", _MINUTES_PER_HOUR)
)
MINUTES: Final = Kind('minutes with their unit, such as "20 min"', "min", _quantity("minutes", "min"))
DOSE: Final = Kind('a dose per kg with its unit, such as "1 g/kg"', "g/kg", _quantity("dose", "g/kg"))
NUMBER: Final = Kind("a number without quotes and unit", "", _number)
WHOLE: Final = Kind("a whole number without quotes", "", _whole)
RISING: Final = Kind("two numbers, the first below the second, such as [20, 40]", "", _rising)


@dataclass(frozen=True, eq=False, repr=False)
class Bounds:
    """What can be a value at all. ranging_as: a plausible range of the knowledge within which it must lie too."""

    low: float = 0
    high: float = math.inf
    low_exclusive: bool = False
    ranging_as: Literal["", "age", "weight", "height", "dose"] = ""

    def broken(self, value: float, knowledge: Knowledge, unit: str) -> str:
        """What a value must be that it is not, such as ``must be over 0 mg/kg/min``; "" where it is possible."""
        low, high = self.low, self.high
        if self.ranging_as:
            plausible = getattr(knowledge.policy.entry.plausible, self.ranging_as)
            low, high = max(low, plausible.low), min(high, plausible.high)
        too_low = value <= low if self.low_exclusive else value < low
        if not too_low and not exceeds(value, high):
            return ""
        unit = f" {unit}" if unit else ""
        at_most = f" and at most {number(high)}{unit}" if math.isfinite(high) else ""
        return f"must be {'over' if self.low_exclusive else 'at least'} {number(low)}{unit}{at_most}"


_POSITIVE: Final = Bounds(low_exclusive=True)
_FRACTION: Final = Bounds(high=1, low_exclusive=True)
_DAYS: Final = Bounds(high=_CENTURY)
_SOME_MINUTES: Final = Bounds(high=_DAY, low_exclusive=True)
_ANY_MINUTES: Final = Bounds(high=_DAY)
_AGE: Final = Bounds(ranging_as="age")
_WEIGHT: Final = Bounds(ranging_as="weight")
_HEIGHT: Final = Bounds(ranging_as="height")

Tighter = Literal["lower", "higher", ""]
"""Which of two values is tighter; "" where neither is."""


@dataclass(frozen=True, eq=False, repr=False)
class Parameter:
    """One value of the policy: ``key`` in the table ``table`` (of a table by indication, each of its values)."""

    table: str
    key: str
    kind: Kind
    tighter: Tighter
    bounds: Bounds = Bounds()

    def name(self, indication: str = "") -> str:
        """How deviations and reports name it: ceiling, start_rate.CIDP, titration.step_minutes."""
        return self.table if self.key == "value" else f"{self.table}.{indication or self.key}"

    def direction(self, built_in: Value, site: Value) -> str:
        """tighter, looser or other; "" where both are the same."""
        if isinstance(built_in, float) and isinstance(site, float):
            if math.isclose(built_in, site, rel_tol=RELATIVE_TOLERANCE):
                return ""
            if self.tighter:
                return "tighter" if (site < built_in) == (self.tighter == "lower") else "looser"
        return "" if built_in == site else "other"


PARAMETERS: Final = (
    Parameter("ceiling", "value", RATE, "lower", _POSITIVE),
    Parameter("at_risk_ceiling", "value", RATE, "lower", _POSITIVE),
    Parameter("review_rate", "value", RATE, "lower", _POSITIVE),
    Parameter("start_rate", BY_INDICATION, RATE, "lower", _POSITIVE),
    Parameter("start_rate", "other", RATE, "lower", _POSITIVE),
    Parameter("at_risk_over_age", "value", NUMBER, "lower", _AGE),
    Parameter("recent_thrombosis_days", "value", NUMBER, "higher", _DAYS),
    Parameter("rechallenge_fraction", "value", NUMBER, "lower", _FRACTION),
    Parameter("rechallenge_wait", "value", MINUTES, "higher", _ANY_MINUTES),
    Parameter("severe_reaction_from_grade", "value", WHOLE, "lower", Bounds(low=1, high=4)),
    Parameter("high_dose", "value", DOSE, "lower", Bounds(low_exclusive=True, ranging_as="dose")),
    Parameter("dose_disagreement", "value", NUMBER, "lower", _FRACTION),
    Parameter("restart_after_days", "value", NUMBER, "lower", _DAYS),
    Parameter("weights_disagree", "value", NUMBER, "lower", _FRACTION),
    Parameter("weights_within_days", "value", NUMBER, "higher", _DAYS),
    Parameter("body_mass_index", "low", NUMBER, "higher", _POSITIVE),
    Parameter("body_mass_index", "high", NUMBER, "lower", _POSITIVE),
    Parameter("order_days_ahead", "value", NUMBER, "lower", _DAYS),
    Parameter("pump_increment", "value", PUMP_RATE, "", Bounds(high=10, low_exclusive=True)),
    Parameter("titration", "start_minutes", NUMBER, "higher", _SOME_MINUTES),
    Parameter("titration", "step_minutes", NUMBER, "higher", _SOME_MINUTES),
    Parameter("titration", "step_factor", NUMBER, "lower", Bounds(low=1, high=10, low_exclusive=True)),
    Parameter("close_watch_minutes", "value", NUMBER, "higher", _ANY_MINUTES),
    Parameter("vital_signs", "after_start_minutes", NUMBER, "", _SOME_MINUTES),
    Parameter("vital_signs", "after_end_minutes", RISING, "", _ANY_MINUTES),
    Parameter("dosing_weight", "method", _one_of("method"), ""),
    Parameter("dosing_weight", "factor", NUMBER, "", Bounds(high=1)),
    Parameter("dosing_weight", "trigger", _one_of("trigger"), ""),
    Parameter("dosing_weight", "bmi_over", NUMBER, "", _POSITIVE),
    Parameter("dosing_weight", "percent_of_ideal_over", NUMBER, "", _POSITIVE),
    Parameter("dosing_weight", "base_male_kg", NUMBER, "", _WEIGHT),
    Parameter("dosing_weight", "base_female_kg", NUMBER, "", _WEIGHT),
    Parameter("dosing_weight", "base_height_cm", NUMBER, "", _HEIGHT),
    Parameter("dosing_weight", "per_inch_kg", NUMBER, "", _POSITIVE),
    Parameter("dosing_weight", "min_age_years", NUMBER, "", _AGE),
    Parameter("dosing_weight", "min_height_cm", NUMBER, "", _HEIGHT),
)
"""Every value of the policy but its name and the plausible ranges, in the order in which pages show them."""

TABLES: Final = tuple(dict.fromkeys(parameter.table for parameter in PARAMETERS))
