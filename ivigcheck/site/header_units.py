"""What unit a site's own header names in its text, and whether the policy file says the same of it.

A header that is mapped is taken whole, whatever words it has: ``Wt (lb)`` mapped as kilograms would make every rate per
kg less than half of what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ivigcheck.columns import Column
from ivigcheck.intake.headers import WORD, is_like_a_unit
from ivigcheck.settings_file.problems import quoted
from ivigcheck.units import UNITS, Unit, accepted

_SPELLINGS: Final = {
    "g": "g|gs|gm|gms|gram|grams|gramme|grammes",
    "mg": "mg|mgs|mgm|mgms|milligram|milligrams|milligramme|milligrammes",
    "mcg": "mcg|mcgs|\u03bcg|microgram|micrograms|microgramme|microgrammes",
    "kg": "kg|kgs|kgm|kgms|kilogram|kilograms|kilogramme|kilogrammes|kilo|kilos",
    "ml": "ml|mls|cc|ccs|millilitre|millilitres|milliliter|milliliters",
    "h": "h|hr|hrs|hour|hours",
    "min": "min|mins|minute|minutes",
    "lb": "lb|lbs|pound|pounds",
    "%": "%|percent|pct",
    "cm": "cm|cms|centimetre|centimetres|centimeter|centimeters",
}
"""Of the parts that units are made of: the words of headers that mean them, without regard to case."""

_TIME: Final = r"h|hrs?|hours?|mins?|minutes?"
_OTHER_TIME: Final = r"secs?|seconds?|days?|wks?|weeks?"
_ONLY: Final = {
    "length": re.compile(r"in|inch|inches|ft|foot|feet|m|[cm]ms?|(?:centi|milli)?met(?:re|er)s?"),
    "body_mass": re.compile(r"(?:k?gs?|k?gms?|(?:kilo)?gram(?:me)?s?|kilos?|lbs?|pounds?|stones?|oz|ounces?)+"),
    "hours": re.compile(rf"(?:{_TIME}|{_OTHER_TIME})+"),
    "minutes": re.compile(rf"(?:{_TIME}|{_OTHER_TIME})+"),
}
"""Of quantities that have plain units: the words of headers that are such a unit, and no others ("H&P weight (kg)")."""

_PER_OTHER_TIME: Final = re.compile(rf"d|{_OTHER_TIME}")
_OTHER_AGE: Final = re.compile(r"mos?|mths?|months?|wks?|weeks?|days")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[md]L|[A-Z](?<![md]L))")  # WtLb is Wt Lb, and RatemLh is Rate mLh
_SPAN: Final = re.compile(
    rf"(?<![\w/.])(?<!per )(?<!per_)[0-9]+(?:\.[0-9]+)?[\s\-]*(?:{_TIME})(?![^\W_])", re.IGNORECASE
)
"""``first 30 min``: of a rate or a dose that is how long or when, and no unit."""

_GAP: Final = re.compile(r"[\s_]+")
_BRACKET: Final = re.compile(r"[\s_]+[(\[]")


def contradiction(header: str, stated: str, column: Column) -> tuple[str, str] | None:
    """What is wrong with a header whose text names a unit, and the fix; None where the policy file says the same.

    stated: the unit that the file states for it, in its preferred spelling, or "".
    """
    if column.name == "age_years" and any(_OTHER_AGE.fullmatch(word) for word in WORD.findall(header.casefold())):
        return f"{quoted(header)} is not in years", "map a header of years, or of birth dates as birth_date"
    if column.kind != "quantity":
        return None
    words = unit_words(header, column.quantity)
    if not words:
        return None
    said = "".join(words)
    known = {unit.name: unit for unit in UNITS[column.quantity].values()}
    spelled = [unit for unit in known.values() if _spells(said, unit)]
    named = f"{quoted(header)} names {spelled[0].name if spelled else quoted(' '.join(words))}"
    written = f'write {{ header = {quoted(header)}, unit = "{spelled[0].name if spelled else ""}" }}'
    unit = known.get(stated or column.bare_unit)
    if unit is None:
        if len({each.name for each in known.values() for word in words if _spells(word, each)}) > 1:
            return None  # "Weight (kg or lb)": each cell has to say which
        possible = [each.name for each in known.values() if _is_part(said, [each])]
        what = f"{named}, and no unit is stated for its numbers"
        if spelled or not possible:
            return what, written if spelled else f"map a header of numbers in {accepted(column.quantity)}"
        return what, f"write {{ header = {quoted(header)}, unit = … }} with one of {', '.join(possible)}"
    same = [each for each in known.values() if each.expression == unit.expression]
    if any(each in same for each in spelled) or (not spelled and _is_part(said, same)):
        return None
    what = f"{named}, and its numbers would be read in {unit.name}"
    return what, written if spelled else f"map a header of numbers in {unit.name}"


def unit_words(header: str, quantity: str) -> list[str]:
    """The words of a header that are units, or parts of one, without ``per``."""
    text = _HUMP.sub(" ", header)
    if quantity not in _ONLY:
        text = _SPAN.sub(" ", text)
    text = text.casefold()
    found = list(WORD.finditer(text))
    is_unit = [_is_unit(text, found, k, quantity) for k in range(len(found))]
    words = []
    for k, match in enumerate(found):
        word = match.group()
        counted = is_unit[k]
        if word.isnumeric():  # 100 is of the unit in g/100 mL, and 2 is not in "Weight 2 (kg)"
            counted = 0 < k < len(found) - 1 and is_unit[k + 1] and (is_unit[k - 1] or found[k - 1].group() == "per")
        if counted:
            words.append(word if word == "percent" else word.removeprefix("per"))
    return words


def _is_unit(text: str, found: list[re.Match[str]], k: int, quantity: str) -> bool:
    word = found[k].group()
    if word == "in" and quantity == "length" and k + 1 < len(found):
        # A preposition where words go on: "Height in cm", and not "Height (in), measured".
        gap = text[found[k].end() : found[k + 1].start()]
        following = _ONLY["length"].fullmatch(found[k + 1].group()) and _BRACKET.fullmatch(gap)
        return not (_GAP.fullmatch(gap) or following)
    if quantity == "rate" and k and _PER_OTHER_TIME.fullmatch(word):  # mL/day, and not "Rate of day 2"
        before = found[k - 1].group()
        return before == "per" or is_like_a_unit(before)
    only = _ONLY.get(quantity)
    return bool(only.fullmatch(word)) if only else is_like_a_unit(word)


def _parts(unit: Unit) -> list[str]:
    """A unit's parts as patterns: of ``mL/h`` those of mL and of h."""
    return [_SPELLINGS.get(part, part) for part in WORD.findall(unit.name.casefold())]


def _spells(said: str, unit: Unit) -> bool:
    """Whether words, run together, are the whole unit."""
    return bool(re.fullmatch("(?:per)?".join(f"(?:{part})" for part in _parts(unit)), said))


def _is_part(said: str, units: Iterable[Unit]) -> bool:
    """Whether words, run together, are nothing but parts of these units: ``Rate per hour`` of mL/h."""
    parts = "|".join(part for unit in units for part in _parts(unit))
    return bool(re.fullmatch(f"(?:(?:per)?(?:{parts}))+", said))
