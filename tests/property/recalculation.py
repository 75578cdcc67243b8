"""The verdicts on one order, worked out a second time: one order, plain Python, exact fractions.

This is the oracle of the property tests. It shares no line with the package, reads the second copy of the label,
product and diagnosis tables (`tests/tables`), and knows the built-in policy only. In its scope are the rules of
`IN_SCOPE`, which judge one order by itself: no history, no site policy, units in the cell. What the orders of one
patient say together is in `patient_recalculation`.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Generic, Literal, TypeVar

TABLES = Path(__file__).resolve().parents[1] / "tables"

IN_SCOPE = frozenset(
    f"IVG{number}"
    for number in (
        *(101, 102, 103, 104, 105, 106, 107, 109, 113, 114),
        *(201, 202, 203, 204, 205, 206, 207, 208, 209, 301, 302, 303, 403, 501, 502),
        *(901, 902, 903, 904, 906, 907, 908, 909, 911),
    )
)

STOP, UNCHECKED, REVIEW, INFO = "stop", "unchecked", "review", "info"

# The built-in policy: rates in mg/kg/min, the other figures in the unit of their names.
CEILING = Fraction(8)
REVIEW_RATE = Fraction("3.3")
START_RATES = {"PI": Fraction(1), "ITP": Fraction(1), "CIDP": Fraction(2)}
OTHER_START_RATE = Fraction(1)
RECENT_THROMBOSIS_DAYS = 180
OVER_65_FROM_YEARS = 66
RESTART_AFTER_DAYS = 56
RECHALLENGE_WAIT_MINUTES = Fraction(15)
HIGH_DOSE_G_PER_KG = Fraction(1)
DOSES_DISAGREE_FROM = Fraction(1, 10)
USUAL_COURSES_G_PER_KG = {"ITP": Fraction(2), "GBS": Fraction(2), "KD": Fraction(2), "MMN": Fraction(2)}
BODY_MASS_INDEX = (Fraction(12), Fraction(50))

# Plausible ranges: outside them a value is not used.
WEIGHT_RANGE_KG = (Fraction("0.3"), Fraction(350))
HEIGHT_RANGE_CM = (Fraction(20), Fraction(250))
OLDEST_YEARS = 120
RATE_BELOW = Fraction(1000)
DOSE_AT_MOST_G_PER_KG = Fraction(10)
RECONSTITUTED_RANGE_MG_PER_ML = (Fraction(30), Fraction(120))

TOLERANCE = Fraction(1, 10**9)
JUST_BELOW, JUST_ABOVE = 1 - TOLERANCE, 1 + TOLERANCE

THROMBOTIC = ("hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis")
SOFT_MAX_SEEDS = ("cardiovascular_risk", "diabetes", "renal_insufficiency")
SEEDS = (*THROMBOTIC, "volume_depletion", *SOFT_MAX_SEEDS)
THROMBOSIS_FACTORS = (
    *("thrombosis_history", "immobilization", "estrogen_use", "central_venous_catheter", "hyperviscosity"),
)
RENAL_FACTORS = ("sepsis", "paraproteinemia", "nephrotoxic_drugs")
CONTRAINDICATIONS = (
    *("iga_deficiency_with_antibodies", "prior_anaphylaxis", "hyperprolinemia", "fructose_intolerance", "corn_allergy"),
)
OTHER_QUESTIONS = (*THROMBOSIS_FACTORS, *RENAL_FACTORS, *CONTRAINDICATIONS)
QUESTIONS = (*SEEDS, *OTHER_QUESTIONS)

INDICATIONS = (
    *("PI", "ITP", "CIDP", "MMN", "DM", "GBS", "KD", "CLL", "MG", "SID", "AIHA", "SPS", "LEMS", "PM", "HDN", "FNAIT"),
    *("TSS", "autoimmune encephalitis", "transplant rejection"),
)
PHASES = ("loading", "maintenance", "first", "subsequent")
SEXES = ("f", "m", "female", "male")
YES = frozenset({"y", "yes", "true", "1"})
NO = frozenset({"n", "no", "false", "0"})
UNKNOWN = frozenset({"", "unknown", "?", "na", "n/a"})
MISSING_NUMBERS = frozenset({"", "na", "n/a", "none", "nan"})

REVIEW_COLUMNS = frozenset(
    {
        *("height_cm", "sex", "pregnant", "ordered_at", "first_infusion", "last_ivig_date", "last_product", "phase"),
        *("dose", "dose_total", "infusion_hours", *QUESTIONS),
    }
)

Finding = tuple[str, str, str]
Answer = Literal["yes", "no", "unknown"]
T = TypeVar("T")


@dataclass(frozen=True)
class Expected:
    """What a report must say of one order, as far as the rules of `IN_SCOPE` go.

    Rates and limits in mg/kg/min or, where the name says so, mL/h; None where not to be had. The names are those of
    the report. `findings` holds (code, severity, column), the column for IVG901, 902, 903 and 908 alone. `status` is
    that of these findings: a rule out of scope can make the order's own status worse.
    """

    status: str
    at_risk: tuple[str, ...]
    undocumented: tuple[str, ...]
    not_assessed: tuple[str, ...]
    start_mg_per_kg_min: Fraction | None
    soft_max_mg_per_kg_min: Fraction | None
    hard_max_mg_per_kg_min: Fraction | None
    soft_max_exclusive: bool
    hard_max_exclusive: bool
    start_mL_per_h: Fraction | None
    soft_max_mL_per_h: Fraction | None
    hard_max_mL_per_h: Fraction | None
    governed_by_start: str
    governed_by_soft_max: str
    governed_by_hard_max: str
    start_rate_mg_per_kg_min: Fraction | None
    max_rate_mg_per_kg_min: Fraction | None
    findings: tuple[Finding, ...]


# Comparisons: exact, with a relative tolerance.


def over(value: Fraction, limit: Fraction, *, exclusive: bool = False) -> bool:
    """Whether a value breaks a limit: equal within 1e-9 is not over, but breaks an exclusive limit."""
    if exclusive:
        return value >= limit * JUST_BELOW
    return value > limit * JUST_ABOVE


def same(one: Fraction, other: Fraction) -> bool:
    """Whether two values are equal within 1e-9 of the greater."""
    return one == other or abs(one - other) <= TOLERANCE * max(abs(one), abs(other))


def within(value: Fraction, bounds: tuple[Fraction, Fraction]) -> bool:
    """Whether a value lies in a range, its ends included."""
    return not over(value, bounds[1]) and value >= bounds[0] * JUST_BELOW


# Cells: what stands in them, each with its state.


@dataclass(frozen=True)
class Reading(Generic[T]):
    """One cell: blank, unreadable, implausible (no value is used), or read."""

    state: Literal["blank", "unreadable", "implausible", "read"]
    value: T | None = None


@dataclass
class Desk:
    """One order on the desk: its cells, the day, and the findings so far."""

    order: Mapping[str, str]
    as_of: date
    findings: set[Finding] = field(default_factory=set)

    def text(self, column: str) -> str:
        """The cell without surrounding space; a column that is missing is blank."""
        return self.order.get(column, "").replace("\u00a0", " ").strip()

    def find(self, code: str, severity: str, column: str = "") -> None:
        """Note a finding."""
        self.findings.add((code, severity, column))

    def find_if(self, fires: bool, code: str, severity: str) -> None:
        """Note a finding of the whole order where the rule fires."""
        if fires:
            self.find(code, severity)

    def settle(self, column: str, reading: Reading[T], *, severity: str | None = None) -> T | None:
        """The value of a cell, after noting that it is unreadable (IVG902) or implausible (IVG903)."""
        gravity = severity or (REVIEW if column in REVIEW_COLUMNS else UNCHECKED)
        if reading.state == "unreadable":
            self.find("IVG902", gravity, column)
        elif reading.state == "implausible":
            self.find("IVG903", gravity, column)
        return reading.value if reading.state == "read" else None


@dataclass(frozen=True)
class RateUnit:
    """What one unit of a rate is: mg or mL a minute, of the whole patient or of each kg."""

    per_minute: Fraction
    by_volume: bool
    per_kg: bool


@dataclass(frozen=True)
class DoseUnit:
    """What one unit of a dose is: grams, of the whole patient or of each kg."""

    grams: Fraction
    per_kg: bool


ONE = Fraction(1)
POUND = Fraction("0.45359237")
MINUTES = {"min": ONE, "minute": ONE, "h": Fraction(60), "hr": Fraction(60), "hour": Fraction(60)}
MILLIGRAMS = {"mg": ONE, "mcg": Fraction(1, 1000), "g": Fraction(1000)}

WEIGHT_UNITS = {"kg": ONE, "Kg": ONE, "KG": ONE, "kgs": ONE, "lb": POUND, "lbs": POUND, "LB": POUND, "LBS": POUND}
HOUR_UNITS = {"": ONE, "h": ONE, "hr": ONE, "hour": ONE}
MINUTE_UNITS = {"": ONE, "min": ONE, "minute": ONE}
HEIGHT_UNITS = {"": ONE, "cm": ONE}
PLAIN = {"": ONE}
DOSE_UNITS = {
    "g": DoseUnit(ONE, False),
    "mg": DoseUnit(Fraction(1, 1000), False),
    "g/kg": DoseUnit(ONE, True),
    "mg/kg": DoseUnit(Fraction(1, 1000), True),
    "G/KG": DoseUnit(ONE, True),
    "MG/KG": DoseUnit(Fraction(1, 1000), True),
}
TOTAL_DOSE_UNITS = {"": ONE, "g": ONE, "mg": Fraction(1, 1000)}


def concentration_units() -> dict[str, Fraction]:
    """Spellings of concentrations, in mg/mL: percent is grams in 100 mL."""
    units = {"%": Fraction(10)}
    for volume in ("mL", "ml", "ML"):
        for spelling, factor in ((f"mg/{volume}", 1), (f"g/{volume}", 1000), (f"g/100 {volume}", 10)):
            units[spelling] = units[spelling.upper()] = Fraction(factor)
    return units


def rate_units() -> dict[str, RateUnit]:
    """Spellings of rates: mass or volume, per kg or not, per minute or hour; all capitals too."""
    units: dict[str, RateUnit] = {}

    def add(spelling: str, unit: RateUnit) -> None:
        units[spelling] = units[spelling.upper()] = unit

    for time, minutes in MINUTES.items():
        for mass, milligrams in MILLIGRAMS.items():
            add(f"{mass}/kg/{time}", RateUnit(milligrams / minutes, False, True))
            if mass != "mcg":
                add(f"{mass}/{time}", RateUnit(milligrams / minutes, False, False))
        for volume in ("mL", "ml", "ML"):
            add(f"{volume}/kg/{time}", RateUnit(1 / minutes, True, True))
            add(f"{volume}/{time}", RateUnit(1 / minutes, True, False))
    return units


CONCENTRATION_UNITS = concentration_units()
RATE_UNITS = rate_units()
CODE = re.compile("[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}")
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(.*)")
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?")


def read_quantity(text: str, units: Mapping[str, T]) -> Reading[tuple[Fraction, T]]:
    """A number and its unit from a closed list: digits, at most one point between digits, no sign, no exponent."""
    if text.lower() in MISSING_NUMBERS:
        return Reading("blank")
    match = QUANTITY.fullmatch(text)
    unit = re.sub(r" */ *", "/", match[2]) if match else ""
    if match is None or unit not in units:
        return Reading("unreadable")
    return Reading("read", (Fraction(match[1]), units[unit]))


def read_amount(text: str, units: Mapping[str, Fraction]) -> Reading[Fraction]:
    """A number in the first unit of the list, whatever unit it was written in."""
    reading = read_quantity(text, units)
    if reading.value is None:
        return Reading(reading.state)
    number, factor = reading.value
    return Reading("read", number * factor)


def plausible(reading: Reading[Fraction], fits: bool) -> Reading[Fraction]:
    """The same reading, or implausible where it was read and does not fit."""
    return Reading("implausible") if reading.state == "read" and not fits else reading


def read_ranged(text: str, units: Mapping[str, Fraction], bounds: tuple[Fraction, Fraction]) -> Reading[Fraction]:
    """An amount within its plausible range."""
    reading = read_amount(text, units)
    return plausible(reading, reading.value is not None and within(reading.value, bounds))


def read_positive(text: str, units: Mapping[str, Fraction]) -> Reading[Fraction]:
    """An amount above nothing."""
    reading = read_amount(text, units)
    return plausible(reading, reading.value is not None and reading.value > 0)


def read_date(text: str, as_of: date) -> Reading[date]:
    """An ISO date, with or without a time; a date in the future is implausible."""
    if not text:
        return Reading("blank")
    match = DATE.fullmatch(text)
    if match is None or int(match[4] or 0) > 23 or int(match[5] or 0) > 59 or int(match[6] or 0) > 59:
        return Reading("unreadable")
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return Reading("unreadable")
    return Reading("implausible") if day > as_of else Reading("read", day)


def read_answer(text: str) -> Reading[Answer]:
    """A yes or a no in any of its spellings; what says that nobody knows is blank."""
    word = text.lower()
    if word in UNKNOWN:
        return Reading("blank")
    if word in YES:
        return Reading("read", "yes")
    return Reading("read", "no") if word in NO else Reading("unreadable")


def read_word(text: str, words: Iterable[str]) -> Reading[str]:
    """One word of a closed list, in any case."""
    if not text:
        return Reading("blank")
    return Reading("read", text.lower()) if text.lower() in words else Reading("unreadable")


# The tables.


@dataclass(frozen=True)
class LabelRow:
    """The labelled rates of one product for one indication and phase, in mg/kg/min; None where the label is silent."""

    product: str
    indication: str
    phase: str
    start: Fraction | None
    maximum: Fraction | None
    at_risk: Fraction | None
    at_risk_exclusive: bool
    dose: DoseRange | None


@dataclass(frozen=True)
class DoseRange:
    """A dose in g/kg that a label or usage states: of one infusion, of a course, of a cycle or of a month."""

    least: Fraction
    most: Fraction
    basis: str
    repeated_after_days: int = 0

    def contains(self, dose: Fraction, rounding: Fraction = Fraction(0)) -> bool:
        """Whether the dose of one infusion fits: within a range of one infusion; else any part of the whole, or all.

        rounding: what rounding to whole vials may add or take away, in g/kg; at most a tenth of a bound.
        """
        least = self.least - min(rounding, self.least / 10) if self.basis == "per_infusion" else Fraction(0)
        return within(dose, (least, self.most + min(rounding, self.most / 10)))


@dataclass(frozen=True)
class Brand:
    """A product name without its strength: the products of that name by strength, in mg/mL."""

    name: str
    by_strength: Mapping[Fraction, str]

    @property
    def products(self) -> tuple[str, ...]:
        """Its products; one that is reconstituted has no strength of its own."""
        return tuple(self.by_strength.values()) or (self.name,)

    def product_of(self, strength: Fraction) -> str | None:
        """The product of this brand that has the strength."""
        return next((product for own, product in self.by_strength.items() if same(own, strength)), None)


def table(name: str) -> list[dict[str, str]]:
    """The rows of one table."""
    with (TABLES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def product_rows() -> dict[str, dict[str, str]]:
    """The products by name."""
    return {row["product"]: row for row in table("products.csv")}


@cache
def brands() -> dict[str, Brand]:
    """The brands by folded name."""
    strengths: dict[str, dict[Fraction, str]] = {}
    for product, row in product_rows().items():
        of_brand = strengths.setdefault(re.sub(r" [0-9]+%$", "", product), {})
        if row["concentration_mg_per_mL"]:
            of_brand[Fraction(row["concentration_mg_per_mL"])] = product
    return {fold(name): Brand(name, of_brand) for name, of_brand in strengths.items()}


@cache
def label_rows() -> tuple[LabelRow, ...]:
    """Every labelled row."""
    return tuple(label_row(row) for row in table("labels.csv"))


def label_row(row: Mapping[str, str]) -> LabelRow:
    """One labelled row, its rates converted at the product's own concentration."""
    own = product_rows()[row["product"]]["concentration_mg_per_mL"]
    concentration = Fraction(own) if own else None

    def rate(column: str) -> Fraction | None:
        reading = read_quantity(row[column], RATE_UNITS)
        return rate_per_kg(*reading.value, None, concentration) if reading.value else None

    bound = row["at_risk_bound"] == "exclusive"
    least, most, basis = (row[f"dose_{part}"] for part in ("min_g_per_kg", "max_g_per_kg", "basis"))
    weeks = re.search(r"every (\d)", row["dose_text"]) if basis == "per_infusion" else None
    dose = DoseRange(Fraction(least), Fraction(most), basis, 7 * int(weeks[1]) if weeks else 0) if basis else None
    names = (row["product"], row["indication"], row["phase"])
    return LabelRow(*names, rate("start_rate"), rate("max_rate"), rate("at_risk_max_rate"), bound, dose)


@cache
def rows_of_code(code: str) -> tuple[dict[str, str], ...]:
    """The rows of a diagnosis code without its point: all that have the longest prefix of it."""
    prefixes = [row for row in table("icd10cm.csv") if code.startswith(row["code"].replace(".", ""))]
    longest = max((len(row["code"].replace(".", "")) for row in prefixes), default=0)
    return tuple(row for row in prefixes if len(row["code"].replace(".", "")) == longest)


@cache
def indication_of_code(code: str) -> str | None:
    """The indication of a diagnosis code, if its rows name one."""
    if not CODE.fullmatch(code):
        return None
    return next((row["means"] for row in rows_of_code(code) if row["kind"] == "indication"), None)


@cache
def indication_of(text: str) -> str | None:
    """The indication of an abbreviation in any case, or of a diagnosis code with or without its point."""
    by_name = next((name for name in INDICATIONS if name.lower() == text.lower()), None)
    return by_name or indication_of_code(re.sub(r"^(.{3})\.", r"\1", text.upper()))


# Product texts.

STRENGTH = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(%|mg */ *ml)")
PACK = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(g|ml)(?![a-z/])")
PRODUCT_WORDS = frozenset({"iv", "ivpb", "inj", "soln", "solution", "vial", "infusion", "human", "ivig", "igiv"})


def fold(text: str) -> str:
    """Letters and digits in lower case."""
    return "".join(re.findall("[a-z0-9]+", text.lower()))


NDC = re.compile("(?:NDC[ :]*)?([0-9]+(?:-[0-9]+)*)", re.IGNORECASE)
NDC_FORMS = frozenset({(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2), (4, 4), (5, 3), (5, 4)})


@cache
def products_of_ndc(text: str) -> tuple[str, ...]:
    """The products of a National Drug Code: one, two where a code serves two strengths, none where it is not one.

    Labeler and product segment decide, filled up to 5-4 with zeros; without hyphens only eleven digits are a code.
    """
    match = NDC.fullmatch(text)
    parts = match[1].split("-") if match else []
    if len(parts) == 1 and len(parts[0]) == 11:
        parts = [parts[0][:5], parts[0][5:9], parts[0][9:]]
    if tuple(len(part) for part in parts) not in NDC_FORMS:
        return ()
    code = filled_up(parts)
    rows = product_rows().items()
    return tuple(name for name, row in rows if code in map(filled_up, ndc_segments(row["ndc_product_codes"])))


def ndc_segments(codes: str) -> list[list[str]]:
    """The segments of each product code in a list."""
    return [code.split("-") for code in codes.split(";") if code]


def filled_up(parts: Sequence[str]) -> tuple[str, str]:
    """Labeler and product segment at their full length."""
    return parts[0].zfill(5), parts[1].zfill(4)


def brand_of(product: str) -> Brand:
    """The brand of a product."""
    return next(brand for brand in brands().values() if product in brand.products)


@cache
def named_product(text: str) -> tuple[Brand | None, Fraction | None]:
    """The one brand that a product text names, and the strength in it, in mg/mL: by name or by National Drug Code.

    Besides the name there may be one strength, one pack size and words of a closed list; anything else, and the text
    is not recognised. A code of two strengths names none.
    """
    by_code = products_of_ndc(text)
    if by_code:
        brand = brand_of(by_code[0])
        return (brand, strength_of(by_code[0])) if len(by_code) == 1 else (None, None)
    rest = text.lower()
    strengths, rest = STRENGTH.findall(rest), STRENGTH.sub(" ", rest)
    packs, rest = PACK.findall(rest), PACK.sub(" ", rest)
    found = {brand.name: brand for brand in brands().values() if names_only(re.findall("[a-z0-9]+", rest), brand)}
    if len(found) != 1 or len(strengths) > 1 or len(packs) > 1:
        return None, None
    strength = Fraction(strengths[0][0]) * (10 if strengths[0][1] == "%" else 1) if strengths else None
    return next(iter(found.values())), strength


def strength_of(product: str) -> Fraction | None:
    """The product's own strength in mg/mL."""
    own = product_rows()[product]["concentration_mg_per_mL"]
    return Fraction(own) if own else None


def names_only(words: Sequence[str], brand: Brand) -> bool:
    """Whether the words are the brand's name, once, among words of the closed list."""
    name = fold(brand.name)
    spans = ((first, last) for first in range(len(words)) for last in range(first + 1, len(words) + 1))
    return any("".join(words[i:j]) == name and all_known((*words[:i], "|", *words[j:])) for i, j in spans)


def all_known(words: Sequence[str]) -> bool:
    """Whether every word is of the closed list; `immune globulin` is one of them, in two words."""
    rest = " ".join(words).replace("immune globulin", "").replace("|", "").split()
    return all(word in PRODUCT_WORDS for word in rest)


@dataclass(frozen=True)
class Product:
    """What is known of the product of an order.

    `name` is the product where one is known; a brand of two strengths can be open: `brand` without `name`. `conflict`:
    a strength or concentration says otherwise.
    """

    brand: Brand | None = None
    name: str | None = None
    mg_per_ml: Fraction | None = None
    conflict: bool = False

    @property
    def stabilizer(self) -> str | None:
        """The stabilizer, where known: of an open brand, what its products share."""
        names = (self.name,) if self.name else self.brand.products if self.brand else ()
        found = {product_rows()[name]["stabilizer"] for name in names} or {"unknown"}
        shared = found.pop()
        return None if found or shared == "unknown" else shared

    @property
    def brand_name(self) -> str:
        """The brand's name, empty where not known."""
        return self.brand.name if self.brand else ""


def choose_product(brand: Brand, strength: Fraction | None, column: Fraction | None) -> Product:
    """The product of a brand, by the strength in its text or the concentration beside it.

    All values that conflict are kept, and the greatest concentration is judged.
    """
    written = [value for value in (strength, column) if value is not None]
    disagree = len(written) == 2 and not same(*written)
    if not brand.by_strength:
        misfit = any(not within(value, RECONSTITUTED_RANGE_MG_PER_ML) for value in written)
        return Product(brand, brand.name, max(written, default=None), disagree or misfit)
    if len(brand.by_strength) == 1:
        ((own, name),) = brand.by_strength.items()
        return Product(brand, name, max([own, *written]), any(not same(own, value) for value in written))
    if not written:
        return Product(brand)
    chosen = brand.product_of(written[0])
    judged = written if chosen else [*brand.by_strength, *written]
    return Product(brand, chosen, max(judged), disagree or chosen is None)


def read_product(desk: Desk, by_volume: bool) -> Product:
    """The product and the concentration of the order, with what is missing, unreadable or in conflict.

    The concentration is needed when a rate is by volume and no product gives it: then alone its faults leave the
    order unchecked.
    """
    brand, strength = named_product(desk.text("product"))
    given = strength is not None or (brand is not None and len(brand.by_strength) == 1)
    needed = by_volume and not given
    cell = read_positive(desk.text("concentration"), CONCENTRATION_UNITS)
    if needed and cell.state == "blank":
        desk.find("IVG901", UNCHECKED, "concentration")
    column = desk.settle("concentration", cell, severity=UNCHECKED if needed else REVIEW)
    by_code = products_of_ndc(desk.text("product"))
    if len(by_code) > 1 and column is not None:
        brand = brand_of(by_code[0])
    if brand is None:
        desk.find("IVG907", UNCHECKED if desk.text("product") else REVIEW)
        return Product(mg_per_ml=column)
    product = choose_product(brand, strength, column)
    if product.conflict:
        desk.find("IVG908", UNCHECKED, "concentration")
    elif product.name is None:
        desk.find("IVG907", REVIEW)
    return product


# The patient.


def read_weight(desk: Desk) -> Fraction | None:
    """The weight in kg that rates are reckoned on, after comparing the body weight with the height.

    The dosing weight where given, else the weight; of a dosing weight over the weight, the lesser. A dosing weight
    that cannot be used leaves the weight unknown.
    """
    weight = read_ranged(desk.text("weight"), WEIGHT_UNITS, WEIGHT_RANGE_KG)
    dosing = read_ranged(desk.text("dosing_weight"), WEIGHT_UNITS, WEIGHT_RANGE_KG)
    if weight.state == "blank":
        desk.find("IVG901", UNCHECKED, "weight")
    desk.settle("weight", weight)
    desk.settle("dosing_weight", dosing)
    height = desk.settle("height_cm", read_ranged(desk.text("height_cm"), HEIGHT_UNITS, HEIGHT_RANGE_CM))
    if weight.value is not None and height is not None:
        desk.find_if(other_unit_fits(desk, height), "IVG909", REVIEW)
    if dosing.state == "blank":
        return weight.value
    if dosing.value is None or weight.value is None:
        return dosing.value
    if over(dosing.value, weight.value):
        desk.find("IVG908", UNCHECKED, "dosing_weight")
    return min(dosing.value, weight.value)


def other_unit_fits(desk: Desk, height_cm: Fraction) -> bool:
    """Whether the weight is impossible for the height as written, and possible with the same number in the other unit."""
    number, unit = read_quantity(desk.text("weight"), WEIGHT_UNITS).value or (ONE, ONE)
    other = POUND if unit == ONE else ONE
    written, otherwise = (number * factor / (height_cm / 100) ** 2 for factor in (unit, other))
    return not within(written, BODY_MASS_INDEX) and within(otherwise, BODY_MASS_INDEX)


def completed_years(born: date, as_of: date) -> int:
    """The age in completed years; who was born on 29 February has the birthday on 1 March in other years."""
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def read_age(desk: Desk) -> int | None:
    """The age in completed years: of age and birth date the older, in conflict when more than one year apart."""
    years = read_ranged(desk.text("age_years"), PLAIN, (Fraction(0), Fraction(OLDEST_YEARS)))
    born = read_date(desk.text("birth_date"), desk.as_of)
    if born.value is not None and completed_years(born.value, desk.as_of) > OLDEST_YEARS:
        born = Reading("implausible")
    if years.state == born.state == "blank":
        desk.find("IVG901", UNCHECKED, "age_years")
    desk.settle("age_years", years)
    desk.settle("birth_date", born)
    ages = [] if years.value is None else [math.floor(years.value)]
    ages += [] if born.value is None else [completed_years(born.value, desk.as_of)]
    if ages and max(ages) - min(ages) > 1:
        desk.find("IVG908", UNCHECKED, "age_years")
    return max(ages, default=None)


DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")


def read_diagnoses(desk: Desk) -> set[str]:
    """The questions that the diagnosis codes answer yes; text that is no code is unreadable, the others still answer."""
    text = desk.text("diagnoses").upper()
    parts = [part.strip() for part in text.split(";") if part.strip()] if text.lower() not in MISSING_NUMBERS else []
    codes = [part for part in parts if DIAGNOSIS.fullmatch(part)]
    if len(codes) < len(parts):
        desk.find("IVG902", UNCHECKED, "diagnoses")
    rows = [row for code in codes for row in rows_of_code(code.replace(".", ""))]
    return {row["means"] for row in rows if row["kind"] == "risk"}


def read_answers(desk: Desk) -> dict[str, Answer]:
    """The answers to the risk questions; an unreadable one counts as unknown; codes and a date answer too.

    A date of the last thrombosis answers history yes; recent yes within the window, else no where it is blank. An
    acute code is recent, or history where the date lies outside the window. The riskier of two answers counts, and a
    no that a code or the date contradicts is IVG911.
    """
    answers: dict[str, Answer] = {}
    for question in QUESTIONS:
        answers[question] = desk.settle(question, read_answer(desk.text(question))) or "unknown"
    said = read_diagnoses(desk)
    day = desk.settle("last_thrombosis_date", read_date(desk.text("last_thrombosis_date"), desk.as_of))
    outside = day is not None and (desk.as_of - day).days > RECENT_THROMBOSIS_DAYS
    if outside and "recent_thrombosis" in said:
        said = said - {"recent_thrombosis"} | {"thrombosis_history"}
    if day is not None:
        said |= {"thrombosis_history"} if outside else {"thrombosis_history", "recent_thrombosis"}
    desk.find_if(any(answers[question] == "no" for question in said), "IVG911", REVIEW)
    if outside and not desk.text("recent_thrombosis"):
        answers["recent_thrombosis"] = "no"
    return answers | dict.fromkeys(said, "yes")


def risk_factors(answers: Mapping[str, Answer], age: int | None) -> tuple[str, ...]:
    """The factors that put the patient at risk: every question but the contraindications, and an age over 65."""
    seeds = [question for question in SEEDS if answers[question] == "yes"]
    old = ["age_over_65"] if over_65(age) else []
    others = [question for question in (*THROMBOSIS_FACTORS, *RENAL_FACTORS) if answers[question] == "yes"]
    return (*seeds, *old, *others)


def over_65(age: int | None) -> bool:
    """Whether the age is known to be over 65: 66 completed years or more."""
    return age is not None and age >= OVER_65_FROM_YEARS


# Rates and doses.


def rate_per_kg(
    number: Fraction, unit: RateUnit, weight_kg: Fraction | None, mg_per_ml: Fraction | None
) -> Fraction | None:
    """A rate in mg/kg/min: volume through the concentration, the whole patient's through the weight."""
    rate = number * unit.per_minute
    if unit.by_volume:
        if mg_per_ml is None:
            return None
        rate *= mg_per_ml
    if not unit.per_kg:
        if weight_kg is None:
            return None
        rate /= weight_kg
    return rate


@dataclass(frozen=True)
class Rate:
    """A rate of the order: its state, and its value in mg/kg/min where it can be had and is plausible."""

    state: str
    value: Fraction | None = None
    too_great: bool = False


def read_rate(desk: Desk, column: str, weight_kg: Fraction | None, mg_per_ml: Fraction | None) -> Rate:
    """One rate; nothing, or 1000 mg/kg/min and more, is implausible."""
    reading = read_quantity(desk.text(column), RATE_UNITS)
    if reading.value is None:
        desk.settle(column, reading)
        return Rate(reading.state)
    value = rate_per_kg(*reading.value, weight_kg, mg_per_ml)
    too_great = value is not None and over(value, RATE_BELOW, exclusive=True)
    if reading.value[0] == 0 or too_great:
        desk.find("IVG903", UNCHECKED, column)
        return Rate("implausible", None, too_great)
    return Rate("read", value)


def rate_by_volume(desk: Desk) -> bool:
    """Whether any readable rate of the order is by volume."""
    readings = [read_quantity(desk.text(column), RATE_UNITS).value for column in RATE_COLUMNS]
    return any(value is not None and value[1].by_volume for value in readings)


RATE_COLUMNS = ("max_rate", "start_rate", "reaction_rate")


def vial_rounding(product: Product, weight_kg: Fraction | None, in_grams: bool) -> Fraction:
    """What rounding to whole vials may move a dose in grams: half the smallest vial of a known product, in g/kg."""
    if not in_grams or weight_kg is None or product.name is None:
        return Fraction(0)
    sizes = product_rows()[product.name]["vial_sizes_g"]
    return min(Fraction(size) for size in sizes.split(";")) / 2 / weight_kg if sizes else Fraction(0)


def read_doses(desk: Desk, weight_kg: Fraction | None) -> list[tuple[Fraction, bool]]:
    """The doses of this infusion in g/kg that `dose` and `dose_total` give, which may disagree, the greater first; each
    with whether it is written in grams. Where the two agree, the dose says it, not its total.
    """
    dose = read_quantity(desk.text("dose"), DOSE_UNITS)
    total = read_amount(desk.text("dose_total"), TOTAL_DOSE_UNITS)
    doses: list[Dose] = []
    in_grams: list[bool] = []
    if dose.value is None:
        desk.settle("dose", dose)
    else:
        number, unit = dose.value
        doses.append(settle_dose(desk, "dose", number * unit.grams, unit.per_kg, weight_kg))
        in_grams.append(not unit.per_kg)
    if total.value is None:
        desk.settle("dose_total", total)
    else:
        doses.append(settle_dose(desk, "dose_total", total.value, False, weight_kg))
        in_grams.append(True)
    desk.find_if(disagree(*(each.grams for each in doses)), "IVG302", REVIEW)
    known = [(each.per_kg, grams) for each, grams in zip(doses, in_grams, strict=True) if each.per_kg is not None]
    if len(known) == 2 and same(known[0][0], known[1][0]):
        return known[:1]
    return sorted(known, reverse=True)


@dataclass(frozen=True)
class Dose:
    """A dose in g/kg and in grams, each where it can be had."""

    per_kg: Fraction | None = None
    grams: Fraction | None = None


def settle_dose(desk: Desk, column: str, amount: Fraction, is_per_kg: bool, kilograms: Fraction | None) -> Dose:
    """A dose where it is plausible: above nothing and, where g/kg is known, at most 10 g/kg."""
    if is_per_kg:
        dose = Dose(amount, None if kilograms is None else amount * kilograms)
    else:
        dose = Dose(None if kilograms is None else amount / kilograms, amount)
    if amount == 0 or (dose.per_kg is not None and over(dose.per_kg, DOSE_AT_MOST_G_PER_KG)):
        desk.find("IVG903", REVIEW, column)
        return Dose()
    return dose


def disagree(dose: Fraction | None = None, total: Fraction | None = None) -> bool:
    """Whether the total is more than a tenth of the dose away from it, both in grams."""
    return dose is not None and total is not None and over(abs(total - dose), dose * DOSES_DISAGREE_FROM)


def dose_ranges(product: Product, indication: str | None, phase: str | None) -> tuple[DoseRange, ...]:
    """The doses that apply: the label's for the indication and phase; where the product or its label's dose is not
    known, those of every product; and the usual courses.
    """
    stated = [row for row in label_rows() if row.indication == indication and row.dose is not None]
    own = [row for row in stated if row.product == product.name]
    rows = in_phase(own or stated, phase)
    usual = USUAL_COURSES_G_PER_KG.get(indication or "")
    ranges = [row.dose for row in rows if row.dose is not None]
    return (*ranges, *([DoseRange(Fraction(0), usual, "per_course")] if usual else []))


def ranges_of(order: Mapping[str, str], as_of: date) -> tuple[DoseRange, ...]:
    """The doses that apply to an order, from its cells alone."""
    desk = Desk(order, as_of)
    phase = read_word(desk.text("phase"), PHASES).value
    return dose_ranges(read_product(desk, False), read_indication(desk), phase)


def in_phase(rows: Sequence[LabelRow], phase: str | None) -> Sequence[LabelRow]:
    """The rows of a phase, with those that name none; all rows where there are neither."""
    return [row for row in rows if phase and row.phase in ("", phase)] or rows


# An earlier reaction.


@dataclass(frozen=True)
class Reaction:
    """An earlier reaction in this infusion: whether the order is a rechallenge, the grade, half the rate, the wait."""

    rechallenge: bool
    grade: int | None
    half_rate: Fraction | None
    settled: bool


def read_grade(text: str) -> Reading[int]:
    """A grade: a whole number, implausible above 4."""
    reading = read_amount(text, PLAIN)
    if reading.value is None:
        return Reading(reading.state)
    if reading.value.denominator != 1:
        return Reading("unreadable")
    return Reading("implausible") if reading.value > 4 else Reading("read", int(reading.value))


def read_reaction(desk: Desk, weight_kg: Fraction | None, mg_per_ml: Fraction | None) -> Reaction:
    """An earlier reaction: a grade of 1 to 4, a rate or minutes make the order a rechallenge.

    A rechallenge needs grade and rate. It is settled when the symptoms have resolved, for 15 minutes or more.
    """
    grade_cell = read_grade(desk.text("reaction_grade"))
    minutes_cell = read_amount(desk.text("minutes_since_resolved"), MINUTE_UNITS)
    rate = read_rate(desk, "reaction_rate", weight_kg, mg_per_ml)
    grade = desk.settle("reaction_grade", grade_cell)
    minutes = desk.settle("minutes_since_resolved", minutes_cell)
    resolved = desk.settle("reaction_resolved", read_answer(desk.text("reaction_resolved")))
    rechallenge = bool(grade) or rate.state == "read" or minutes is not None
    for column, state in (("reaction_grade", grade_cell.state), ("reaction_rate", rate.state)):
        if rechallenge and state == "blank":
            desk.find("IVG901", UNCHECKED, column)
    waited = minutes is not None and minutes >= RECHALLENGE_WAIT_MINUTES * JUST_BELOW
    half = None if rate.value is None else rate.value / 2
    return Reaction(rechallenge, grade, half, resolved == "yes" and waited)


# Limits.


@dataclass(frozen=True)
class Limit:
    """A limit in mg/kg/min, whether a rate equal to it breaks it, and what governs it."""

    rate: Fraction
    exclusive: bool
    family: str


@dataclass(frozen=True)
class Figures:
    """What the label says for this order, None where it is silent or the product is not known."""

    start: Fraction | None = None
    maximum: Fraction | None = None
    at_risk: Limit | None = None
    on_label: bool = True
    unknown: bool = False


def governing(limits: Iterable[Limit | None]) -> Limit:
    """The least of the limits; of equal ones an exclusive one governs, then the label, the rechallenge, the policy."""
    present = [limit for limit in limits if limit is not None]
    least = min(limit.rate for limit in present)
    families = ("label", "rechallenge", "policy")
    equal = [limit for limit in present if same(limit.rate, least)]
    first = min(equal, key=lambda limit: (not limit.exclusive, families.index(limit.family)))
    return Limit(least, first.exclusive, first.family)


def inclusive(rate: Fraction | None, family: str) -> Limit | None:
    """An inclusive limit, or none where there is no figure."""
    return None if rate is None else Limit(rate, False, family)


@cache
def label_figures(product: str | None, indication: str | None, phase: str | None) -> Figures:
    """The label's figures: the strictest of the rows that apply, figure by figure.

    They are those of the indication, of the order's phase where one row has it; else, off the label or with the
    indication unknown, all rows of the product.
    """
    if product is None:
        return Figures()
    own = [row for row in label_rows() if row.product == product]
    labelled = [row for row in own if row.indication == indication]
    rows = of_phase(labelled, phase) or own
    start = min((row.start for row in rows if row.start is not None), default=None)
    maximum = min((row.maximum for row in rows if row.maximum is not None), default=None)
    at_risk = [Limit(row.at_risk, row.at_risk_exclusive, "label") for row in rows if row.at_risk is not None]
    unknown = start is None or maximum is None
    return Figures(start, maximum, governing(at_risk) if at_risk else None, bool(labelled), unknown)


def of_phase(rows: Sequence[LabelRow], phase: str | None) -> Sequence[LabelRow]:
    """The rows of a phase, with those that name none; all rows where no row has the phase."""
    if not any(row.phase == phase for row in rows):
        return rows
    return [row for row in rows if row.phase in ("", phase)]


@dataclass(frozen=True)
class Limits:
    """The three limits of an order."""

    start: Limit
    soft: Limit
    hard: Limit


def reckon_limits(
    indication: str | None, figures: Figures, half_rate: Fraction | None, at_risk: bool, undocumented: Sequence[str]
) -> Limits:
    """The start limit, the hard maximum and the soft maximum.

    Start: the least of the policy's rate for the indication, the label's, and half the rate at the reaction. Hard
    maximum: the least of the ceiling of 8, the label's maximum, half the rate at the reaction and, at risk, 8
    exclusive and the label's own limit for such patients. Soft maximum: the hard one, and no more than 3.3 at risk or
    where cardiovascular risk, diabetes or renal insufficiency is undocumented.
    """
    half = inclusive(half_rate, "rechallenge")
    policy_start = inclusive(START_RATES.get(indication or "", OTHER_START_RATE), "policy")
    start = governing([policy_start, inclusive(figures.start, "label"), half])
    hard = [inclusive(CEILING, "policy"), inclusive(figures.maximum, "label"), half]
    if at_risk:
        hard += [Limit(CEILING, True, "policy"), figures.at_risk]
    lowered = at_risk or any(question in undocumented for question in SOFT_MAX_SEEDS)
    review = inclusive(REVIEW_RATE, "policy") if lowered else None
    return Limits(start, governing([governing(hard), review]), governing(hard))


def pump_rate(limit: Limit, weight_kg: Fraction | None, mg_per_ml: Fraction | None) -> Fraction | None:
    """A limit in mL/h, rounded down to what a pump takes: 0.1 below 100, 1 from there.

    For an exclusive limit the greatest step below it.
    """
    if weight_kg is None or mg_per_ml is None:
        return None
    rate = limit.rate * 60 * weight_kg / mg_per_ml
    if not limit.exclusive:
        least_over = rate * JUST_ABOVE
        return Fraction(math.floor(least_over)) if least_over >= 100 else Fraction(math.floor(least_over * 10), 10)
    below = rate * JUST_BELOW
    return Fraction(math.ceil(below) - 1) if below > 100 else Fraction(math.ceil(below * 10) - 1, 10)


# Rules.


@dataclass(frozen=True)
class Case:
    """One order as the rules see it."""

    desk: Desk
    answers: Mapping[str, Answer]
    age: int | None
    at_risk: tuple[str, ...]
    product: Product
    figures: Figures
    limits: Limits
    start: Rate
    maximum: Rate
    reaction: Reaction
    dose: Fraction | None
    phase: str | None
    ranges: tuple[DoseRange, ...]
    doses: list[tuple[Fraction, Fraction]]  # each with what rounding to vials may move it

    @property
    def ordered(self) -> list[Fraction]:
        """The ordered rates that are known."""
        return [rate.value for rate in (self.start, self.maximum) if rate.value is not None]

    def any_over(self, limit: Limit | None) -> bool:
        """Whether any ordered rate breaks a limit."""
        return limit is not None and any(over(rate, limit.rate, exclusive=limit.exclusive) for rate in self.ordered)

    def yes(self, *questions: str) -> bool:
        """Whether any of the questions is answered yes."""
        return any(self.answers[question] == "yes" for question in questions)


def judge_rates(case: Case) -> None:
    """IVG101 to 104: the ordered rates against ceiling, label, at-risk limits and soft maximum."""
    find_if = case.desk.find_if
    too_great = case.start.too_great or case.maximum.too_great
    find_if(too_great or case.any_over(inclusive(CEILING, "policy")), "IVG101", STOP)
    find_if(case.any_over(inclusive(case.figures.maximum, "label")), "IVG102", STOP)
    if not case.at_risk:
        return
    find_if(case.any_over(Limit(CEILING, True, "policy")) or case.any_over(case.figures.at_risk), "IVG103", STOP)
    find_if(case.any_over(case.limits.soft) and not case.any_over(case.limits.hard), "IVG104", REVIEW)


def judge_start(case: Case) -> None:
    """IVG105, 106, 109 and 403: the start rate; on a restart IVG403 stands in place of IVG105."""
    start, maximum = case.start.value, case.maximum.value
    case.desk.find_if(case.start.state == "blank", "IVG109", INFO)
    if start is None:
        return
    case.desk.find_if(maximum is not None and over(start, maximum), "IVG106", REVIEW)
    case.desk.find_if(over(start, case.limits.start.rate), "IVG403" if restarts(case) else "IVG105", REVIEW)


def restarts(case: Case) -> bool:
    """Whether the patient starts anew: a first infusion, more than 8 weeks since the last, or another product."""
    desk = case.desk
    first = read_answer(desk.text("first_infusion")).value == "yes" or case.phase == "first"
    last = read_date(desk.text("last_ivig_date"), desk.as_of).value
    today = read_date(desk.text("ordered_at"), desk.as_of).value or desk.as_of
    long_ago = last is not None and (today - last).days > RESTART_AFTER_DAYS
    return first or long_ago or another_product(case.product, last_product(desk.text("last_product")))


def last_product(text: str) -> Product:
    """The product of the last infusion, by its text alone; a strength that the brand does not have is not used."""
    brand, strength = named_product(text)
    return choose_product(brand, strength, None) if brand else Product()


def another_product(one: Product, other: Product) -> bool:
    """Whether two products are known to differ: another brand, or another strength of one brand."""
    if one.brand is None or other.brand is None:
        return False
    if one.brand_name != other.brand_name:
        return True
    return one.name is not None and other.name is not None and one.name != other.name


def judge_dose(case: Case) -> None:
    """IVG107, 301 and 303: the mean rate that dose and hours imply, a dose that no range contains, and a high dose in a
    patient at risk of stroke.
    """
    hours = case.desk.settle("infusion_hours", read_positive(case.desk.text("infusion_hours"), HOUR_UNITS))
    if case.dose is None:
        return
    if hours is not None:
        mean, hard = case.dose * 1000 / (hours * 60), case.limits.hard
        case.desk.find_if(over(mean, hard.rate, exclusive=hard.exclusive), "IVG107", STOP)
    outside = any(not any(each.contains(dose, rounding) for each in case.ranges) for dose, rounding in case.doses)
    case.desk.find_if(bool(case.ranges) and outside, "IVG301", REVIEW)
    factor = over_65(case.age) or case.yes(*THROMBOTIC, "cardiovascular_risk", *THROMBOSIS_FACTORS)
    case.desk.find_if(factor and over(case.dose, HIGH_DOSE_G_PER_KG, exclusive=True), "IVG303", REVIEW)


def judge_label(case: Case, indication: str | None) -> None:
    """IVG113, 114 and 209: what the product's label does not say, and its maltose."""
    if case.product.name is not None:
        case.desk.find_if(case.figures.unknown, "IVG113", REVIEW)
        case.desk.find_if(indication is not None and not case.figures.on_label, "IVG114", INFO)
    case.desk.find_if(case.product.stabilizer == "maltose", "IVG209", INFO)


STOPPED_BY_YES = {
    "IVG201": "hypercoagulable_state",
    "IVG202": "recent_thrombosis",
    "IVG203": "ivig_thrombosis",
    "IVG204": "volume_depletion",
    "IVG206": "iga_deficiency_with_antibodies",
    "IVG207": "prior_anaphylaxis",
}


def judge_contraindications(case: Case) -> None:
    """IVG201 to 208: what forbids the infusion."""
    for code, question in STOPPED_BY_YES.items():
        case.desk.find_if(case.yes(question), code, STOP)
    case.desk.find_if(case.reaction.grade in (3, 4), "IVG205", STOP)
    if forbidden_excipient(case):
        case.desk.find("IVG208", STOP)
    elif doubtful_excipient(case):
        case.desk.find("IVG208", REVIEW)


def forbidden_excipient(case: Case) -> bool:
    """Proline, sorbitol or maize in a patient who must not have it, or Flebogamma DIF under 2 years."""
    stabilizer, brand = case.product.stabilizer, case.product.brand_name
    return (
        (case.yes("hyperprolinemia") and stabilizer == "proline")
        or (case.yes("fructose_intolerance") and stabilizer == "sorbitol")
        or (case.yes("corn_allergy") and brand == "Octagam")
        or (case.age is not None and case.age < 2 and brand == "Flebogamma DIF")
    )


def doubtful_excipient(case: Case) -> bool:
    """One of the three excipient questions is yes, and the stabilizer (for maize: the brand) is not known."""
    stabilizer_matters = case.yes("hyperprolinemia", "fructose_intolerance")
    no_brand = case.product.brand is None
    return (stabilizer_matters and case.product.stabilizer is None) or (case.yes("corn_allergy") and no_brand)


def judge_rechallenge(case: Case) -> None:
    """IVG501 and 502: over half the rate at the reaction, or begun again too soon."""
    case.desk.find_if(case.any_over(inclusive(case.reaction.half_rate, "rechallenge")), "IVG501", STOP)
    case.desk.find_if(case.reaction.rechallenge and not case.reaction.settled, "IVG502", STOP)


def read_indication(desk: Desk) -> str | None:
    """The indication, needed; a text that names none is IVG906."""
    text = desk.text("indication")
    indication = indication_of(text) if text else None
    if not text:
        desk.find("IVG901", UNCHECKED, "indication")
    desk.find_if(bool(text) and indication is None, "IVG906", REVIEW)
    return indication


def read_asides(desk: Desk) -> None:
    """The columns that only have to be readable and plausible, and the ids, which only have to be there."""
    for column in ("order_id", "patient_id"):
        if not desk.text(column):
            desk.find("IVG901", UNCHECKED, column)
    desk.settle("sex", read_word(desk.text("sex"), SEXES))
    for column in ("first_infusion", "pregnant"):
        desk.settle(column, read_answer(desk.text(column)))
    for column in ("ordered_at", "last_ivig_date"):
        desk.settle(column, read_date(desk.text(column), desk.as_of))
    text = desk.text("last_product")
    if text and named_product(text)[0] is None:
        desk.find("IVG902", REVIEW, "last_product")


def worst(findings: Iterable[Finding]) -> str:
    """The status of an order: its worst finding, PASS where there is none or only info."""
    severities = {severity for _, severity, _ in findings}
    return next((severity.upper() for severity in (STOP, UNCHECKED, REVIEW) if severity in severities), "PASS")


def recalculate(order: Mapping[str, str], as_of: date) -> Expected:
    """The verdict on one order, from its cells, on a day."""
    desk = Desk(order, as_of)
    read_asides(desk)
    indication = read_indication(desk)
    weight, age, answers = read_weight(desk), read_age(desk), read_answers(desk)
    product = read_product(desk, rate_by_volume(desk))
    phase = desk.settle("phase", read_word(desk.text("phase"), PHASES))
    start, maximum = (read_rate(desk, name, weight, product.mg_per_ml) for name in ("start_rate", "max_rate"))
    reaction = read_reaction(desk, weight, product.mg_per_ml)
    undocumented = tuple(question for question in SEEDS if answers[question] == "unknown")
    at_risk, figures = risk_factors(answers, age), label_figures(product.name, indication, phase)
    limits = reckon_limits(indication, figures, reaction.half_rate, bool(at_risk), undocumented)
    doses = [(dose, vial_rounding(product, weight, in_grams)) for dose, in_grams in read_doses(desk, weight)]
    dose = doses[0][0] if doses else None
    ranges = dose_ranges(product, indication, phase)
    case = Case(
        desk, answers, age, at_risk, product, figures, limits, start, maximum, reaction, dose, phase, ranges, doses
    )
    judge(case, indication, undocumented)
    return Expected(
        status=worst(desk.findings),
        at_risk=at_risk,
        undocumented=undocumented,
        not_assessed=tuple(question for question in OTHER_QUESTIONS if answers[question] == "unknown"),
        start_mg_per_kg_min=limits.start.rate,
        soft_max_mg_per_kg_min=limits.soft.rate,
        hard_max_mg_per_kg_min=limits.hard.rate,
        soft_max_exclusive=limits.soft.exclusive,
        hard_max_exclusive=limits.hard.exclusive,
        start_mL_per_h=pump_rate(limits.start, weight, product.mg_per_ml),
        soft_max_mL_per_h=pump_rate(limits.soft, weight, product.mg_per_ml),
        hard_max_mL_per_h=pump_rate(limits.hard, weight, product.mg_per_ml),
        governed_by_start=limits.start.family,
        governed_by_soft_max=limits.soft.family,
        governed_by_hard_max=limits.hard.family,
        start_rate_mg_per_kg_min=start.value,
        max_rate_mg_per_kg_min=maximum.value,
        findings=tuple(sorted(desk.findings)),
    )


def judge(case: Case, indication: str | None, undocumented: Sequence[str]) -> None:
    """Every rule on one order."""
    if case.maximum.state == "blank":
        case.desk.find("IVG901", UNCHECKED, "max_rate")
    judge_rates(case)
    judge_start(case)
    judge_dose(case)
    judge_label(case, indication)
    judge_contraindications(case)
    judge_rechallenge(case)
    case.desk.find_if(bool(undocumented), "IVG904", REVIEW)
