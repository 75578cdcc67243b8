"""Units, numbers and comparisons: the only importer of pint.

A registry of this field alone, in which the drug's mass and the body's mass are different dimensions: ``8 mg/min``
cannot become ``8 mg/kg/min``, and mL meets mg only through a concentration. Text from a file or an option is looked
up in a closed table of spellings; it never reaches pint's parser.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import floor, isfinite
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt


@contextlib.contextmanager
def _without(*packages: str) -> Iterator[None]:
    """Packages not loaded yet cannot be imported meanwhile."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the import system says it is not there
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


# Where these are installed pint imports them, to work with their arrays, which takes longer than to check an order.
with _without("dask", "scipy", "babel", "uncertainties"):
    import pint

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RELATIVE_TOLERANCE: Final = 1e-9
"""Values this close, relative to the limit, are equal: far above binary rounding, far below any pump's step."""

CM_PER_INCH: Final = 2.54  # exact, by the international inch

_REGISTRY: Final[Any] = pint.UnitRegistry(None, on_redefinition="raise")
for _definition in (
    "gram = [drug_mass] = g",
    "milligram = 1e-3 gram = mg",
    "microgram = 1e-6 gram = mcg",
    "kilogram_body = [body_mass] = kg_bw",
    "pound_body = 0.45359237 kilogram_body = lb_bw",
    "millilitre = [volume] = mL",
    "hundred_millilitre = 100 millilitre = dL",
    "minute = [time] = min",
    "hour = 60 minute = h",
    "day = 24 hour = d",
    "centimetre = [length] = cm",
):
    _REGISTRY.define(_definition)


@dataclass(frozen=True, eq=False, repr=False)
class Unit:
    """One accepted unit.

    name: its preferred spelling. quantity: what it measures (``rate``, ``body_mass`` …).
    form: the unit to which ``factor`` converts it, which tells what else a conversion needs
    (``mg/kg/min`` nothing, ``mL/kg/min`` the concentration, ``mg/min`` the weight, ``mL/min`` both).
    expression: the program's own words for it, the only text that pint is ever given; read when first needed.
    """

    name: str
    quantity: str
    form: str
    expression: str

    @cached_property
    def factor(self) -> float:
        return float(_REGISTRY.Quantity(1.0, _REGISTRY.Unit(self.expression)).to(_FORMS[self.form]).magnitude)


_RATE_PARTS: Final = {"mg": "milligram", "mcg": "microgram", "g": "gram", "mL": "millilitre", "kg": "kilogram_body"}
_TIME_PARTS: Final = {"min": "minute", "h": "hour"}
_SPELLINGS: Final = {"h": ("h", "hr", "hour"), "min": ("min", "minute"), "mL": ("mL", "ml", "ML")}
_FORMS: Final = {
    "mg/kg/min": "milligram/kilogram_body/minute",
    "mL/kg/min": "millilitre/kilogram_body/minute",
    "mL/min": "millilitre/minute",
    "mg/min": "milligram/minute",
    "kg": "kilogram_body",
    "g": "gram",
    "g/kg": "gram/kilogram_body",
    "mg/mL": "milligram/millilitre",
    "h": "hour",
    "min": "minute",
    "cm": "centimetre",
}


def _spellings(name: str) -> set[str]:
    """Every accepted spelling of a unit made of parts: each part's own spellings, and all in capitals."""
    parts = [_SPELLINGS.get(part, (part,)) for part in name.split("/")]
    written = {"/".join(choice) for choice in itertools.product(*parts)}
    return written | {spelling.upper() for spelling in written}


def _build() -> dict[str, dict[str, Unit]]:
    table: dict[str, dict[str, Unit]] = {}

    def add(quantity: str, name: str, expression: str, form: str, spellings: set[str]) -> None:
        unit = Unit(name, quantity, form, expression)
        known = table.setdefault(quantity, {})
        for spelling in {name} | spellings:
            known[spelling] = unit

    def add_rate(name: str, form: str) -> None:
        expression = "/".join((_RATE_PARTS | _TIME_PARTS)[part] for part in name.split("/"))
        add("rate", name, expression, form, _spellings(name))

    for time in _TIME_PARTS:
        for mass in ("mg", "mcg", "g"):
            add_rate(f"{mass}/kg/{time}", "mg/kg/min")
        add_rate(f"mL/kg/{time}", "mL/kg/min")
        add_rate(f"mL/{time}", "mL/min")
        for mass in ("mg", "g"):
            add_rate(f"{mass}/{time}", "mg/min")
    add("body_mass", "kg", "kilogram_body", "kg", {"Kg", "KG", "kgs"})
    add("body_mass", "lb", "pound_body", "kg", {"lbs", "LB", "LBS"})
    for mass, expression in (("g", "gram"), ("mg", "milligram")):
        add("dose", mass, expression, "g", {mass.upper()})
        add("dose", f"{mass}/kg", f"{expression}/kilogram_body", "g/kg", {f"{mass}/kg".upper()})
        add("concentration", f"{mass}/mL", f"{expression}/millilitre", "mg/mL", _spellings(f"{mass}/mL"))
    per_100 = {f"{g}/100{space}{mL}" for g in "gG" for space in ("", " ") for mL in ("mL", "ml", "ML")}
    add("concentration", "g/100 mL", "gram/hundred_millilitre", "mg/mL", per_100)
    add("concentration", "%", "gram/hundred_millilitre", "mg/mL", set())
    add("drug_mass", "g", "gram", "g", {"G"})
    add("drug_mass", "mg", "milligram", "g", {"MG"})
    add("hours", "h", "hour", "h", {"H", "hr", "HR", "hour", "HOUR"})
    add("minutes", "min", "minute", "min", {"MIN", "minute", "MINUTE"})
    add("length", "cm", "centimetre", "cm", {"CM"})
    return table


UNITS: Final = _build()
"""quantity -> spelling -> unit: everything that is accepted, and nothing else is."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_AROUND_SLASH = re.compile(r" *\/ *")
_LONGEST = 40  # no number or unit that means anything is longer; longer text is not searched for hints
_MOST_CHARACTERS: Final = 24  # of a number: a double has 17 digits, and nothing reckoned from this overflows
NOT_AVAILABLE: Final = frozenset({"", "na", "n/a", "none", "nan"})
"""Spellings that leave a number or a date open, in any case."""


@dataclass(frozen=True, eq=False, repr=False)
class Reading:
    """What one piece of text says: a value in ``unit`` (as written, unconverted), or the reason it says nothing.

    missing: the cell leaves the value open. value is NaN unless the text was read.
    """

    value: float = float("nan")
    unit: Unit | None = None
    missing: bool = False
    reason: str = ""


def accepted(quantity: str) -> str:
    """The preferred spellings of a quantity's units, for a message."""
    names = dict.fromkeys(unit.name for unit in UNITS[quantity].values())
    return ", ".join(names)


def find_unit(text: str, quantity: str) -> Unit | None:
    """The unit that ``text`` spells, or None. Case matters: ``Mg`` is not ``mg``."""
    if len(text) > _LONGEST:
        return None
    return UNITS[quantity].get(_AROUND_SLASH.sub("/", text.replace("\u00a0", " ").strip(" ")))


def _why_no_number(text: str) -> str:
    if "," in text[:_LONGEST]:
        return "has a comma: write a decimal point, and no thousands separator"
    if re.match(r"[-+\u2212]", text):
        return "has a sign: write the number alone"
    if re.match(r"[0-9.]+[eE][-+]?[0-9]", text):
        return "is written with an exponent: write the digits out"
    if re.match(r"\.[0-9]|[0-9]+\.(?![0-9])", text):
        return "has a point without a digit on both sides: write 0.5 or 5.0"
    if not text.isascii() and any(ch.isnumeric() and not ch.isascii() for ch in text[:_LONGEST]):
        return "has digits other than 0-9"
    return "is not a number"


def _loosely(text: str) -> str:
    """A unit's spelling without case, punctuation and plurals: for hints alone, never for reading."""
    parts = re.findall(r"[a-z0-9%]+", text.casefold())
    return "".join(part.removesuffix("s") for part in parts)


def _unusual(spelling: str) -> tuple[int, str]:
    """Sorts the field's own spelling first: mL before ml, and both before capitals."""
    return sum(ch.isupper() for ch in spelling.replace("mL", "")) + spelling.count("ml"), spelling


def _why_no_unit(text: str, quantity: str) -> str:
    """Names the accepted spelling only where the letters agree: drops (gtt/min) are not nearly grams."""
    hint = ""
    if len(text) <= _LONGEST:
        loose = _loosely(text)
        near = [spelling for spelling in UNITS[quantity] if loose and _loosely(spelling) == loose]
        hint = f". Nearest: {min(near, key=_unusual)}" if near else ""
    return f"has a unit not known here. Accepted: {accepted(quantity)}{hint}"


@lru_cache(maxsize=10_000)
def read_quantity(text: str, quantity: str, default: Unit | None = None, *, needs_unit: bool = True) -> Reading:
    """A number with its unit, in this program's own closed grammar.

    default: the unit that the header or a unit column names, for a cell without one.
    Digits, and at most one point with digits on both sides; no sign, exponent or separator.
    """
    text = text.replace("\u00a0", " ").strip()
    if text.casefold() in NOT_AVAILABLE:
        return Reading(missing=True)
    number = _NUMBER.match(text)
    rest = text[number.end() :].strip(" ") if number else ""
    if number is None or (rest and (rest[0] in ".,+-0123456789" or re.match(r"[eE][-+]?[0-9]", rest))):
        return Reading(reason=_why_no_number(text))
    if len(number.group()) > _MOST_CHARACTERS:
        return Reading(reason="has more digits than any value of an order")
    value = float(number.group())
    if not rest:
        if default is None and needs_unit:
            return Reading(reason=f"has no unit. Accepted: {accepted(quantity)}")
        return Reading(value, default)
    unit = find_unit(rest, quantity)
    if unit is None:
        return Reading(reason=_why_no_unit(rest, quantity))
    return Reading(value, unit)


@lru_cache(maxsize=10_000)
def read_number(text: str) -> Reading:
    """A bare number, without a unit."""
    text = text.replace("\u00a0", " ").strip()
    if text.casefold() in NOT_AVAILABLE:
        return Reading(missing=True)
    if not _NUMBER.fullmatch(text):
        return Reading(reason=_why_no_number(text))
    if len(text) > _MOST_CHARACTERS:
        return Reading(reason="has more digits than any value of an order")
    return Reading(float(text))


def quantity_of(text: str, quantity: str) -> tuple[float, Unit]:
    """A quantity that the knowledge files state. Raises ValueError with the reason where it cannot be read."""
    reading = read_quantity(text, quantity)
    if reading.unit is None:
        raise ValueError(f'"{text}" {reading.reason or "says nothing"}')
    return reading.value, reading.unit


def converted(text: str, quantity: str) -> float:
    """A stated quantity in its unit's form (``8 mg/kg/min`` -> 8.0, ``10%`` -> 100.0 mg/mL)."""
    value, unit = quantity_of(text, quantity)
    return value * unit.factor


@overload
def exceeds(value: float, limit: float, exclusive: bool = False) -> bool: ...
@overload
def exceeds(value: npt.ArrayLike, limit: npt.ArrayLike, exclusive: npt.ArrayLike = False) -> Mask: ...
def exceeds(value: Any, limit: Any, exclusive: Any = False) -> Any:
    """Whether each value breaks its limit.

    value, limit: (n,) float in one unit, or two floats; exclusive: (n,) bool, a limit that must not even be reached.
    Equal within the relative tolerance is not over an inclusive limit, and breaks an exclusive one.
    Returns (n,) bool (one for two floats), False where either is NaN: ask first whether there is a value.
    """
    single = isinstance(value, float) and isinstance(limit, float)
    if not single:
        value, limit = np.asarray(value, float), np.asarray(limit, float)
    over = value > limit * (1 + RELATIVE_TOLERANCE)
    reached = value >= limit * (1 - RELATIVE_TOLERANCE)
    if single:
        return bool(reached if exclusive else over)
    return np.asarray(np.where(exclusive, reached, over), bool)


@overload
def whole_steps(limit: float, step: float, exclusive: bool = False) -> float: ...
@overload
def whole_steps(limit: npt.ArrayLike, step: float, exclusive: npt.ArrayLike = False) -> Floats: ...
def whole_steps(limit: Any, step: float, exclusive: Any = False) -> Any:
    """How many whole steps lie within a limit, or where it is exclusive below it: 27 of 1 in 27 − 1e-15, and in 27.9.

    limit: (n,) float in the unit of ``step``, or one float; exclusive: (n,) bool. Returns (n,) float (one for one
    float), NaN for NaN.
    """
    if isinstance(limit, float) and isfinite(limit):
        many = limit / step
        whole = round(many)  # halves to even, as in an array
        return float(whole - exclusive if abs(many - whole) <= RELATIVE_TOLERANCE * abs(many) else floor(many))
    steps = np.asarray(limit, float) / step
    nearest = np.round(steps)
    is_whole = np.abs(steps - nearest) <= RELATIVE_TOLERANCE * np.abs(steps)
    return np.asarray(np.where(is_whole, nearest - np.asarray(exclusive, float), np.floor(steps)), float)


def same(a: npt.ArrayLike, b: npt.ArrayLike) -> Mask:
    """Whether two arrays agree within the relative tolerance; False where either is NaN."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return np.asarray(np.abs(a - b) <= RELATIVE_TOLERANCE * np.maximum(np.abs(a), np.abs(b)), bool)
