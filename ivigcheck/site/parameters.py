"""The clinical parameters that a site may set: how each is written, what is possible, and which way is tighter.

No clinical number stands here: what is compared is the built-in policy and the labels; the bounds below only say what
can be no value at all, or is so near to nothing that pages and schedules would be rows of zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_type_hints

from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.model import DosingWeight
from ivigcheck.settings_file.problems import described, plain, quoted
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds, read_quantity

Value = float | tuple[float, ...] | str
"""A parameter's value: a number in the unit of its kind, several, or a word."""

BY_INDICATION: Final = "by_indication"
_MINUTES_PER_HOUR: Final = 60
_DAY: Final = 24 * _MINUTES_PER_HOUR  # minutes
_CENTURY: Final = 36525  # days
_LEAST: Final = 0.001
"""Of what must be over 0, in its unit: a value below it is a slip, and is shown as little but zeros."""


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
            raise ValueError(f"{described(value)}, and has no unit")
        reading = read_quantity(value, quantity)
        if reading.unit is None:
            raise ValueError(f"{quoted(value)} {reading.reason or 'says nothing'}")
        if reading.unit.form != form:
            raise ValueError(f"{quoted(value)} is in {reading.unit.name}, and not in {form}")
        return reading.value * reading.unit.factor * times

    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(described(value))
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
        raise ValueError("is not two numbers" if isinstance(value, list) else f"{quoted(value)} is not two numbers")
    first, second = map(_number, value)
    if not first < second:
        raise ValueError(f"{plain(first)} to {plain(second)} does not rise")
    return first, second


def _one_of(field: str) -> Kind:
    words = get_args(get_type_hints(DosingWeight)[field])
    listed = ", ".join(f'"{word}"' for word in words)

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"{quoted(value) if isinstance(value, str) else described(value)} is none of {listed}")
        return str(value)

    return Kind(f"one of {listed}", "", read)


RATE: Final = Kind('a rate per kg with its unit, such as "2 mg/kg/min"', "mg/kg/min", _quantity("rate", "mg/kg/min"))
PUMP_RATE: Final = Kind(
    'a pump rate with its unit, such as "0.1 mL/h"', "mL/h", _quantity("rate", "mL/min", _MINUTES_PER_HOUR)
)
MINUTES: Final = Kind('minutes with their unit, such as "20 min"', "min", _quantity("minutes", "min"))
DOSE: Final = Kind('a dose per kg with its unit, such as "1 g/kg"', "g/kg", _quantity("dose", "g/kg"))
NUMBER: Final = Kind("a number without quotes and unit", "", _number)
YEARS: Final = Kind("years without quotes and unit", "years", _number)
DAYS: Final = Kind("a whole number of days, without quotes and unit", "days", _whole)
BARE_MINUTES: Final = Kind("minutes without quotes and unit", "min", _number)
KILOGRAMS: Final = Kind("kg without quotes and unit", "kg", _number)
CENTIMETRES: Final = Kind("cm without quotes and unit", "cm", _number)
WHOLE: Final = Kind("a whole number without quotes", "", _whole)
RISING: Final = Kind("two numbers of minutes, the first below the second, such as [20, 40]", "min", _rising)


@dataclass(frozen=True, eq=False, repr=False)
class Bounds:
    """What can be a value at all. ranging_as: a plausible range of the knowledge within which it must lie too."""

    low: float = 0
    high: float = math.inf
    ranging_as: Literal["", "age", "weight", "height", "dose"] = ""

    def broken(self, value: float, knowledge: Knowledge, unit: str) -> str:
        """What a value must be that it is not, such as ``at least 1 min and at most 1440 min``; "" where it is
        possible."""
        low, high = self.low, self.high
        if self.ranging_as:
            plausible = getattr(knowledge.policy.entry.plausible, self.ranging_as)
            low, high = max(low, plausible.low), min(high, plausible.high)
        too_low = exceeds(float(low), value) or 0 < value < _LEAST * (1 - RELATIVE_TOLERANCE)
        if not too_low and not exceeds(value, float(high)):
            return ""
        unit = f" {unit}" if unit else ""
        at_most = f" and at most {plain(high)}{unit}" if math.isfinite(high) else ""
        nothing = f"0, or at least {plain(_LEAST)}{unit}" if low == 0 < value < _LEAST else ""
        return f"{nothing or f'at least {plain(low)}{unit}'}{at_most}"


_SOME: Final = Bounds(low=_LEAST)
_SHARE: Final = Bounds(low=_LEAST, high=1)
_INDEX: Final = Bounds(low=1, high=1000)  # kg/m² or per cent
_DAYS: Final = Bounds(high=_CENTURY)
_MINUTES: Final = Bounds(low=1, high=_DAY)
_ANY_MINUTES: Final = Bounds(high=_DAY)
_AGE: Final = Bounds(ranging_as="age")
_WEIGHT: Final = Bounds(ranging_as="weight")
_HEIGHT: Final = Bounds(ranging_as="height")

Tighter = Literal["lower", "higher", ""]
"""Which of two values is tighter; "" where neither is."""


@dataclass(frozen=True, eq=False, repr=False)
class Parameter:
    """One value of the policy: ``key`` in the table ``table`` (of a table by indication, each of its values).

    needs_reason: any change of it does, not only a looser value.
    """

    table: str
    key: str
    kind: Kind
    tighter: Tighter
    bounds: Bounds = Bounds()
    needs_reason: bool = False

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
    Parameter("ceiling", "value", RATE, "lower", _SOME),
    Parameter("at_risk_ceiling", "value", RATE, "lower", _SOME),
    Parameter("review_rate", "value", RATE, "lower", _SOME),
    Parameter("start_rate", BY_INDICATION, RATE, "lower", _SOME),
    Parameter("start_rate", "other", RATE, "lower", _SOME),
    Parameter("at_risk_over_age", "value", YEARS, "lower", _AGE),
    Parameter("recent_thrombosis_days", "value", DAYS, "higher", _DAYS),
    Parameter("rechallenge_fraction", "value", NUMBER, "lower", Bounds(low=0.01, high=1)),
    Parameter("rechallenge_wait", "value", MINUTES, "higher", _ANY_MINUTES),
    Parameter("severe_reaction_from_grade", "value", WHOLE, "lower", Bounds(low=1, high=4)),
    Parameter("high_dose", "value", DOSE, "lower", Bounds(low=_LEAST, ranging_as="dose")),
    Parameter("dose_disagreement", "value", NUMBER, "lower", _SHARE),
    Parameter("dose_rounding", "value", NUMBER, "lower", _SHARE),
    Parameter("restart_after_days", "value", DAYS, "lower", _DAYS),
    Parameter("early_repeat_days", "value", DAYS, "lower", _DAYS),
    Parameter("weights_disagree", "value", NUMBER, "lower", _SHARE),
    Parameter("weights_within_days", "value", DAYS, "higher", _DAYS),
    # A narrower window flags more as read, and clears more in the other unit: neither way is tighter.
    Parameter("body_mass_index", "low", NUMBER, "", _INDEX, needs_reason=True),
    Parameter("body_mass_index", "high", NUMBER, "", _INDEX, needs_reason=True),
    Parameter("order_days_ahead", "value", DAYS, "lower", _DAYS),
    Parameter("acknowledgement_days", "value", DAYS, "lower", Bounds(low=1, high=_CENTURY)),
    Parameter("pump_increment", "value", PUMP_RATE, "", Bounds(low=_LEAST, high=10)),
    Parameter("titration", "start_minutes", BARE_MINUTES, "higher", _MINUTES),
    Parameter("titration", "step_minutes", BARE_MINUTES, "higher", _MINUTES),
    Parameter("titration", "step_factor", NUMBER, "lower", Bounds(low=1.05, high=10)),
    Parameter("close_watch_minutes", "value", BARE_MINUTES, "higher", _ANY_MINUTES),
    Parameter("vital_signs", "after_start_minutes", BARE_MINUTES, "lower", _MINUTES),
    Parameter("vital_signs", "after_end_minutes", RISING, "", _ANY_MINUTES),
    Parameter("dosing_weight", "method", _one_of("method"), ""),
    Parameter("dosing_weight", "factor", NUMBER, "", Bounds(high=1)),
    Parameter("dosing_weight", "trigger", _one_of("trigger"), ""),
    Parameter("dosing_weight", "bmi_over", NUMBER, "", _INDEX),
    Parameter("dosing_weight", "percent_of_ideal_over", NUMBER, "", _INDEX),
    Parameter("dosing_weight", "base_male_kg", KILOGRAMS, "", _WEIGHT),
    Parameter("dosing_weight", "base_female_kg", KILOGRAMS, "", _WEIGHT),
    Parameter("dosing_weight", "base_height_cm", CENTIMETRES, "", _HEIGHT),
    Parameter("dosing_weight", "per_inch_kg", KILOGRAMS, "", Bounds(low=_LEAST, high=100)),
    Parameter("dosing_weight", "min_age_years", YEARS, "", _AGE),
    Parameter("dosing_weight", "min_height_cm", CENTIMETRES, "", _HEIGHT),
)
"""Every value of the policy but its name and the plausible ranges, in the order in which pages show them."""

TABLES: Final = tuple(dict.fromkeys(parameter.table for parameter in PARAMETERS))
