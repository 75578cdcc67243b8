"""How single cells are read: dates, answers, indications, products. One call for each distinct spelling.

Nothing is read by nearness: a spelling is in a closed table, or it is not read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from ivigcheck.knowledge import Knowledge, fold
from ivigcheck.orders import NO, UNKNOWN, YES
from ivigcheck.units import NOT_AVAILABLE, converted

_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_ANSWERS: Final = {
    **dict.fromkeys(("y", "yes", "true", "1"), YES),
    **dict.fromkeys(("n", "no", "false", "0"), NO),
    **dict.fromkeys(("", "unknown", "?", "na", "n/a"), UNKNOWN),
}
_CODE: Final = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_STRENGTH: Final = re.compile(
    r"(?<![0-9.])[0-9]+(?:\.[0-9]+)?\s*(?:%|mg\s*/\s*ml\b|g\s*/\s*ml\b|g\s*/\s*100\s*ml\b)",
)
_RATIO: Final = re.compile(r"(?<![0-9.])([0-9]+(?:\.[0-9]+)?)\s*g\s*/\s*([0-9]+(?:\.[0-9]+)?)\s*ml\b")
_PACK: Final = re.compile(r"(?<![0-9.])[0-9]+(?:\.[0-9]+)?\s*(?:g|mg|ml)\b")
_NDC: Final = re.compile(r"(?:ndc[\s:#]*)?(?:([0-9]{4,5})-([0-9]{3,4})(?:-([0-9]{1,2}))?|([0-9]{5})([0-9]{4})[0-9]{2})")
_NDC_SEGMENTS: Final = frozenset({(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2), (4, 4, 0), (5, 3, 0), (5, 4, 0)})
"""Digits of labeler, product and package; of a product's own code, of the first two."""
_WORDS: Final = frozenset({"iv", "ivpb", "inj", "soln", "solution", "vial", "infusion", "human", "ivig", "igiv"})
_LONGEST: Final = 200


def read_date(text: str) -> date | str | None:
    """An ISO date, or the day of an ISO date and time; None for a blank, a reason for anything else."""
    if text.casefold() in NOT_AVAILABLE:
        return None
    match = _ISO.fullmatch(text)
    if match is None:
        return "is no ISO date: write it as 1955-03-02"
    year, month, day, *clock = (int(part) if part else 0 for part in match.groups())
    if any(value >= bound for value, bound in zip(clock, (24, 60, 60), strict=True)):
        return "has a time that no clock shows"
    try:
        return date(year, month, day)
    except ValueError:
        return "is a day that no calendar has"


def completed_years(born: date, on: date) -> int:
    """Completed years of age. Born on 29 February: the birthday of other years is 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def read_answer(text: str) -> int | None:
    """YES, NO or UNKNOWN, or None where the text is no answer."""
    return _ANSWERS.get(text.casefold())


def id_problem(text: str) -> str:
    """Why an identifier cannot be kept as it is; empty where it can.

    Full-width digits and the like look like another patient's number and are not equal to it.
    """
    if text.isascii() or not any(ch.isnumeric() and not ch.isascii() for ch in text):
        return ""
    return "has digits other than 0-9"


def _has_other_letters(text: str) -> bool:
    """Whether a text has letters or digits that comparing names would drop: "не CIDP" is not "CIDP"."""
    decomposed = unicodedata.normalize("NFKD", text)
    return any(ch.isalnum() and not ch.isascii() for ch in decomposed)


def read_indication(text: str, knowledge: Knowledge) -> int:
    """Position of the indication, -1 where the text names none."""
    if len(text) > _LONGEST or _has_other_letters(text):
        return -1
    found = knowledge.indication_spellings.get(fold(text))
    if found is not None:
        return found
    if _CODE.fullmatch(text.upper()):
        for row in knowledge.icd_rows(text):
            if row.kind == "indication":
                return knowledge.indication_spellings[fold(row.means)]
    return -1


@dataclass(frozen=True, eq=False, repr=False)
class ProductText:
    """What a product's text says. products: positions of the brand's products, empty where not recognised.

    strengths: the concentrations that the text states, mg/mL. code: it is a National Drug Code.
    """

    products: tuple[int, ...] = ()
    strengths: tuple[float, ...] = ()
    code: bool = False


@lru_cache(maxsize=1)
def _units_of_strength() -> dict[str, float]:
    """What one of each spelling of a strength is in mg/mL, from the units' own table."""
    spellings = {"%": "1 %", "mg/ml": "1 mg/mL", "g/ml": "1 g/mL", "g/100ml": "1 g/100 mL"}
    return {spelling: converted(one, "concentration") for spelling, one in spellings.items()}


def _read_ndc(text: str, knowledge: Knowledge) -> tuple[int, ...]:
    """The products of a National Drug Code; ten digits without hyphens could be split in three ways, and are none."""
    match = _NDC.fullmatch(text.casefold().strip())
    if match is None:
        return ()
    labeler, made, package, whole_labeler, whole_made = match.groups()
    if labeler and (len(labeler), len(made), len(package or "")) not in _NDC_SEGMENTS:
        return ()
    return knowledge.ndc.get(f"{labeler or whole_labeler:0>5}-{made or whole_made:0>4}", ())


def read_product(text: str, knowledge: Knowledge) -> ProductText:
    """One product name and, at most, a strength, a pack size and words of the closed list; or a National Drug Code."""
    if len(text) > _LONGEST:
        return ProductText()
    if coded := _read_ndc(text, knowledge):
        return ProductText(coded, code=True)
    rest = re.sub(r"[®™©]", " ", text).casefold()
    if any(ch.isalnum() and not ch.isascii() for ch in rest):
        return ProductText()
    one = _units_of_strength()
    strengths: list[float] = []

    def take_strength(match: re.Match[str]) -> str:
        number, unit = re.fullmatch(r"([0-9.]+)(.*)", re.sub(r"\s", "", match.group())).groups()  # type: ignore[union-attr]
        strengths.append(float(number) * one[unit])
        return " "

    def take_ratio(match: re.Match[str]) -> str:
        grams, volume = float(match.group(1)), float(match.group(2))
        strengths.append(grams * one["g/ml"] / volume if volume else 0.0)
        return " "

    rest = _STRENGTH.sub(take_strength, rest)
    stated = len(strengths)
    rest = _RATIO.sub(take_ratio, rest)
    rest, packs = _PACK.subn(" ", rest)
    if stated > 1 or len(strengths) - stated + packs > 1:
        return ProductText()
    words = re.sub(r"\bimmune globulin\b", " ", " ".join(re.findall(r"[0-9a-z.%]+", rest))).split()
    name = "".join(word.strip(".") for word in words if word not in _WORDS)
    products = knowledge.brands.get(name, ())
    return ProductText(products, tuple(strengths)) if products else ProductText()
