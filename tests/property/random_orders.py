"""Random orders for the property tests: seeded, and without any help from the package.

Most orders are plausible, many pass, and the others miss by little: rates stand at the limits of their own order, one
part in a million or one pump step beside them, in any unit that can be written; so do doses at the ends of the ranges
that apply, weights at the ends of the body-mass index, and days at the ends of windows. Limits and ranges come from
the recalculation, which reads the half-written order. Numbers have at most 12 significant digits.
"""

from __future__ import annotations

import decimal
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from recalculation import (
    BODY_MASS_INDEX,
    CONTRAINDICATIONS,
    OTHER_QUESTIONS,
    QUESTIONS,
    DoseRange,
    Expected,
    label_rows,
    product_rows,
    ranges_of,
    recalculate,
    table,
)

AS_OF = date(2026, 11, 22)

POUND = Fraction("0.45359237")
SIGNIFICANT_DIGITS = 12
PART_IN_A_MILLION = Fraction(1, 10**6)

TWO_STRENGTHS = {"Octagam": (5, 10), "Gammagard S/D": (5, 10), "Flebogamma DIF": (5, 10), "Gammaplex": (5, 10)}
ONE_STRENGTH = (
    *("Gamunex-C", "Gammaked", "Privigen", "Gammagard Liquid", "Gammagard Liquid ERC", "Bivigam", "Panzyga", "Asceniv"),
    *("Yimmugo", "Alyglo", "Qivigy"),
)
RECONSTITUTED = "Carimune NF"
RATES_KNOWN = tuple(sorted({row.product for row in label_rows() if row.maximum is not None}))
UNKNOWN_PRODUCTS = (
    *("Privigenn", "Octogam 10%", "IVIG 10%", "immune globulin human", "Cuvitru", "Gamunex-C Panzyga", "albumin 5%"),
    *("Privigen 10% 5%", "house brand"),
    # No codes: ten digits without hyphens, segments of other lengths, products of nobody, more than a code.
    *(
        "4420643601",
        "0944270003",
        "44206-436-1",
        "0944-270-03",
        "044206-436",
        "4420-0436-01",
        "442060436",
        "12345-678-90",
    ),
    *("68982-841", "NDC", "NDC 9999-9999-99", "44206-0436-001", "44206436", "44206-436-01 20 g", "NDC Privigen"),
)
TWO_STRENGTH_CODE = ("0944", "2658")

LABELLED_USES = ("PI", "ITP", "CIDP", "MMN", "DM", "CLL", "KD")
OTHER_USES = (
    *("GBS", "MG", "SID", "AIHA", "SPS", "LEMS", "PM", "HDN", "FNAIT", "TSS"),
    *("autoimmune encephalitis", "transplant rejection"),
)
CODES = {
    "PI": ("D80.0", "D83.9", "D84.9", "D82.0", "d81.9", "D839"),
    "ITP": ("D69.3", "d69.3", "D693"),
    "CIDP": ("G61.81", "G6181"),
    "MMN": ("G61.82",),
    "DM": ("M33.90", "M33.10"),
    "GBS": ("G61.0",),
    "KD": ("M30.3",),
    "CLL": ("C91.10", "C91.1"),
    "MG": ("G70.00",),
}
UNKNOWN_INDICATIONS = ("migraine", "XYZ", "E11.9", "D81.810", "I12.9", "G61.8", "R52", "fatigue")

DIAGNOSES_OF_TROUBLE = (
    # Longer and shorter prefixes that mean something else, or nothing.
    *(
        "I25.2",
        "I25.10",
        "I25",
        "I252",
        "I12.9",
        "I13.0",
        "I82.890",
        "I82.891",
        "I82.89",
        "I82.210",
        "I82.211",
        "I82.21",
    ),
    *(
        "I82",
        "I82.90",
        "I82.91",
        "I82.A11",
        "I82.A21",
        "I82.401",
        "I82.501",
        "I63.9",
        "i21.3",
        "I26.99",
        "E78.5",
        "E78",
    ),
    *(
        "E78.3",
        "E78.49",
        "E11.9",
        "e1165",
        "E12",
        "D68.51",
        "D68.4",
        "D75.821",
        "Z79.3",
        "Z79.890",
        "Z79.89",
        "Z86.711",
    ),
    *(
        "Z86.73",
        "Z86.7",
        "C90.00",
        "C88.0",
        "D47.2",
        "D45",
        "N18.6",
        "N19",
        "E86.0",
        "A41.9",
        "R65.20",
        "R65.1",
        "E72.59",
    ),
    *("E74.12", "E74.1", "Z74.01", "I69.354", "Z94.0", "Z99.2", "F17.210", "I67.6", "I67.2", "I67.9"),
)
DIAGNOSES_OF_NO_RISK = (
    "D80.0",
    "D83.9",
    "D81.810",
    "G61.81",
    "D69.3",
    "M33.90",
    "C91.10",
    "Z23",
    "R52",
    "J45.909",
    "C7A.00",
)
NO_DIAGNOSES = (
    *(
        "diabetes",
        "I10, E11.9",
        "I10 E11.9",
        "E1",
        "1E1",
        "E11.",
        "E11..9",
        "I828.90",
        "E11.12345",
        "E1112345",
        "EE1",
        "-",
    ),
    *("I10 (hypertension)", "401.9", "E11.9.", "?", "#N/A", "0"),
)
NOTHING = ("NA", "N/A", "None", "nan", "na", "")

YES = ("Y", "y", "yes", "Yes", "YES", "true", "TRUE", "True", "1")
NO = ("N", "n", "no", "No", "NO", "false", "FALSE", "False", "0")
NOT_KNOWN = ("", "", "unknown", "Unknown", "UNKNOWN", "?", "NA", "N/A", "n/a")
UNREADABLE_ANSWERS = ("maybe", "2", "-", "yes?", "positive", "nope")

TIMES = {"min": ("min", "minute"), "h": ("h", "hr", "hour")}
MINUTES = {"min": Fraction(1), "h": Fraction(60)}
MILLIGRAMS = {"mcg": Fraction(1, 1000), "mg": Fraction(1), "g": Fraction(1000)}
VOLUMES = ("mL", "ml", "ML")

UNREADABLE_NUMBERS = ("abc", "#DIV/0!", "-5", "1e3", "TRUE", "3-Jan", "8.0.0", ".5", "5.", "~10", "1/2")
WRONG_CELLS: dict[str, tuple[str, ...]] = {
    "order_id": (" ",),
    "patient_id": (" ",),
    "indication": ("", *UNKNOWN_INDICATIONS),
    "weight": ("NA", "80", "70,5 kg", "800 kg", "0 kg", "0.2 kg", "350.1 kg", "1000 lb", "12 stone", "-80 kg"),
    "dosing_weight": ("NA", "75", "70,5 kg", "400 kg", "0 lb", "12 stone"),
    "age_years": ("N/A", "121", "150", "seventy", "71 years", "-1"),
    "birth_date": ("2026-11-23", "1850-01-01", "1905-11-22", "02/03/1955", "1955-02-30", "May", "18264", "55-03-02"),
    "max_rate": (
        *("NA", "nan", "240", "380 mL/hrs", "8 Mg/kg/min", "8,0 mg/kg/min", "1,200 mL/h", "0 mL/h", "0 mg/kg/min"),
        *("1000 mg/kg/min", "1000000 mcg/kg/min", "5000 mg/kg/min", "60000 mg/kg/h", "8 mg/kg", "8 mg/kg/m", "8 kg"),
    ),
    "start_rate": (
        *("NA", "None", "30", "30 mL/hrs", "1 Mg/kg/min", "0,5 mg/kg/min", "0 mL/h", "0.0 mg/kg/min"),
        *("1000 mg/kg/min", "2500 mg/kg/min", "1 mg/kg min", "1 mg/kg*min"),
    ),
    "product": ("", *UNKNOWN_PRODUCTS),
    "concentration": ("NA", "10", "0.1", "0%", "0 mg/mL", "ten percent", "10 mg", "10,0%", "100 mg/L"),
    "dose": ("NA", "1", "0 g", "0 g/kg", "11 g/kg", "10.00001 g/kg", "1 g/m2", "1,500 mg/kg", "5000 g"),
    "dose_total": ("NA", "0", "0 g", "9000", "1 g/kg", "80,5"),
    "infusion_hours": ("NA", "0", "0 h", "4:30", "four", "4 d"),
    "height_cm": ("NA", "10", "300", "0", "70 in", "5 ft 10 in", "1.75 m"),
    "sex": ("X", "woman", "1"),
    "pregnant": ("maybe", "2", "trimester 2", "NA", "?"),
    "diagnoses": ("NA", "none", ";", " ; ;", *NO_DIAGNOSES, "E11.9;diabetes", "I63.9; stroke ;I10", "D45;;x"),
    "ordered_at": ("2026-11-23", "2026-13-01", "11/22/2026", "today", "2026-11-22T25:00"),
    "first_infusion": ("maybe", "2", "first"),
    "last_ivig_date": ("2027-01-01", "2026-02-30", "yesterday", "10/01/2026"),
    "last_product": (
        "Privigenn",
        "house brand",
        "Octagam",
        "Octagam 7%",
        "Privigen 5%",
        "0944-2658-03",
        "4420643601",
        "NA",
    ),
    "phase": ("load", "induction", "3"),
    "last_thrombosis_date": ("2026-11-23", "2025-02-29", "last year", "01/02/2026"),
    "reaction_grade": ("NA", "5", "7", "2.5", "II", "mild"),
    "reaction_rate": ("NA", "120", "0 mL/h", "1000 mg/kg/min", "100 mL/hrs", "fast"),
    "minutes_since_resolved": ("NA", "a while", "-5", "15 m", "0:20"),
    "reaction_resolved": ("partly", "2"),
}
WITHOUT_JUNK = frozenset({"order_id", "patient_id", "product", "indication", "sex", "phase", "first_infusion"})
NEEDED = frozenset({"order_id", "patient_id", "indication", "weight", "max_rate", "age_years", "birth_date"})
COLUMNS = (*WRONG_CELLS, *QUESTIONS)


@dataclass
class Draft:
    """An order being written, with the figures its cells stand for; `trouble` is the chance of anything unusual."""

    rng: random.Random
    trouble: float
    cells: dict[str, str] = field(default_factory=dict)
    weight_kg: Fraction = Fraction(70)
    mg_per_ml: Fraction = Fraction(100)

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self.rng.random() < probability

    def odd(self, probability: float) -> bool:
        """True with a probability that grows with the order's trouble; never in a calm order."""
        return self.chance(probability * self.trouble)

    def pick(self, values: Sequence[str]) -> str:
        """One of some texts."""
        return self.rng.choice(values)


def number_text(value: Fraction) -> str:
    """A number in plain digits, at most 12 of them significant."""
    context = decimal.Context(prec=SIGNIFICANT_DIGITS)
    text = format(context.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(draft: Draft, value: Fraction, unit: str) -> str:
    """A number and a unit, with or without a space between."""
    return number_text(value) + draft.pick((" ", " ", "")) + unit


def some_between(draft: Draft, low: float, high: float, places: int = 0) -> Fraction:
    """A number of a few places between two."""
    scale = 10**places
    return Fraction(draft.rng.randint(round(low * scale), round(high * scale)), scale)


def spaced(draft: Draft, unit: str) -> str:
    """A unit, now and then with spaces around its slashes, or all in capitals."""
    if draft.chance(0.08):
        return unit.replace("/", " / ")
    return unit.upper() if draft.chance(0.08) and "/" in unit else unit


# Patient.


def write_ids(draft: Draft) -> None:
    """Ids that hardly ever meet, some with leading zeros."""
    draft.cells["order_id"] = f"O{draft.rng.randrange(10**12):012d}"
    draft.cells["patient_id"] = f"{draft.rng.randrange(10**12):014d}"


def write_age(draft: Draft) -> int:
    """Age or birth date or both; old patients, infants and birthdays about the sixty-sixth when there is trouble."""
    years = draft.rng.randint(18, 64)
    if draft.odd(0.45):
        years = draft.rng.choice((0, 1, 2, 3, 65, 66, 66, 67, 68, 80, 95, 120))
    days = draft.rng.choice((0, 0, 1, -1, 2, 100, 300)) if draft.odd(0.5) else draft.rng.randint(1, 360)
    birthday = AS_OF.replace(year=AS_OF.year - years)
    born = min(birthday - timedelta(days=days), AS_OF)
    years = AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day))
    form = draft.rng.choice(("age", "age", "birth", "birth", "both"))
    if form != "birth":
        off = draft.rng.choice((-1, 1, 2, -2, 10)) if form == "both" and draft.odd(0.4) else 0
        draft.cells["age_years"] = str(max(years + off, 0)) + (".5" if draft.odd(0.05) and years < 120 else "")
    if form != "age":
        draft.cells["birth_date"] = born.isoformat() + ("T08:30" if draft.chance(0.05) else "")
    return years


def write_weights(draft: Draft, years: int) -> None:
    """Weight in kg or lb, now and then with a dosing weight, height and sex; the lesser weight is reckoned on."""
    low, high = (3, 14) if years < 3 else (40, 130)
    kilograms = some_between(draft, low, high, draft.rng.choice((0, 0, 1)))
    if draft.odd(0.03):
        kilograms = draft.rng.choice((Fraction("0.3"), Fraction("0.5"), Fraction(350), Fraction("2.75")))
    draft.cells["weight"], draft.weight_kg = weight_text(draft, kilograms)
    if draft.chance(0.15):
        share = Fraction(draft.rng.randint(70, 97), 100)
        if draft.odd(0.3):
            share = draft.rng.choice((Fraction(1), Fraction("1.000001"), Fraction("1.05"), Fraction("2.2")))
        draft.cells["dosing_weight"], dosing = weight_text(draft, kilograms * share)
        draft.weight_kg = min(draft.weight_kg, dosing)
    if draft.chance(0.4):
        draft.cells["height_cm"] = height_text(draft, kilograms)
        draft.cells["sex"] = draft.pick(("F", "M", "f", "m", "female", "Male"))
    if draft.odd(0.08):
        write_suspicious_weight(draft)
    if draft.chance(0.2):
        draft.cells["pregnant"] = draft.pick(YES + NO + NOT_KNOWN)


def height_text(draft: Draft, kilograms: Fraction) -> str:
    """A height: in a calm order one that suits the weight, else any, some at the ends of what is plausible."""
    height = draft.rng.randint(150, 195)
    if draft.odd(0.3):
        height = draft.rng.randint(40, 230)
    elif not Fraction(14) < kilograms / Fraction(height, 100) ** 2 < Fraction(45):
        height = max(round((float(kilograms) / 25) ** 0.5 * 100), 20)
    text = draft.pick(("20", "250", "19.9", "250.1")) if draft.odd(0.1) else str(height)
    return text + draft.pick(("", "", "", " cm"))


def write_suspicious_weight(draft: Draft) -> None:
    """A weight that, as written or read in the other unit, is about an end of the body-mass index of its height."""
    height = draft.rng.choice((40, 50, 100, 120, 150, 160, 170, 180))
    kilograms = beside(draft, draft.rng.choice(BODY_MASS_INDEX)) * Fraction(height, 100) ** 2
    pounds, other = draft.chance(0.5), draft.chance(0.5)
    number = Fraction(number_text(kilograms / POUND if pounds != other else kilograms))
    unit = draft.pick(("lb", "lbs", "LBS") if pounds else ("kg", "Kg"))
    draft.weight_kg = number * (POUND if pounds else 1)
    draft.cells |= {"height_cm": str(height), "weight": quantity(draft, number, unit)}
    draft.cells.pop("dosing_weight", None)


def weight_text(draft: Draft, kilograms: Fraction) -> tuple[str, Fraction]:
    """A weight in one of its units, and what it is in kg as written."""
    pounds = draft.chance(0.25)
    number = Fraction(round(kilograms / POUND, 1)) if pounds else Fraction(number_text(kilograms))
    unit = draft.pick(("lb", "lbs", "LB", "LBS") if pounds else ("kg", "kg", "kg", "Kg", "KG", "kgs"))
    return quantity(draft, number, unit), number * (POUND if pounds else 1)


# Risks.


def write_answers(draft: Draft) -> None:
    """Every seed question answered in a calm order; else some yes, some unknown, some unreadable, some missing."""
    risky, gaps = draft.odd(0.5), draft.odd(0.35)
    for question in QUESTIONS:
        answer = draft.pick(NO)
        if question in OTHER_QUESTIONS and draft.chance(0.4):
            answer = draft.pick(NOT_KNOWN)
        if gaps and draft.chance(0.25):
            answer = draft.pick(NOT_KNOWN)
        if risky and draft.chance(0.12 if question not in CONTRAINDICATIONS else 0.06):
            answer = draft.pick(YES)
        if draft.odd(0.01):
            answer = draft.pick(UNREADABLE_ANSWERS)
        draft.cells[question] = answer


def write_diagnoses(draft: Draft) -> None:
    """Diagnosis codes in any case, with or without their point; in a calm order none that answers a question."""
    if not draft.chance(0.35):
        return
    parts = list(draft.rng.choices(DIAGNOSES_OF_NO_RISK, k=draft.rng.randint(0, 3)))
    if draft.odd(0.5):
        parts += [risky_code(draft) for _ in range(draft.rng.randint(1, 3))]
    if draft.odd(0.04):
        parts.append(draft.pick(NO_DIAGNOSES))
    if draft.chance(0.15):
        parts.append(draft.pick(NOTHING))
    draft.rng.shuffle(parts)
    parts = [part.lower() if draft.chance(0.1) else part for part in parts]
    draft.cells["diagnoses"] = draft.pick(("; ", ";", ";", " ;")).join(parts) + draft.pick(("", "", "", ";"))


def risky_code(draft: Draft) -> str:
    """A code about one row of the table, or one of the chosen traps: whole, lengthened, or cut short."""
    code = draft.pick(DIAGNOSES_OF_TROUBLE)
    if draft.chance(0.5):
        code = draft.pick([row["code"] for row in table("icd10cm.csv")])
        code += draft.pick(("", "", "0", "1", "9", "A")) if "." in code else draft.pick(("", "", ".0", ".9", ".11"))
        code = code[:-1].rstrip(".") if draft.chance(0.1) and len(code) > 3 else code
    return code.replace(".", "") if draft.chance(0.2) else code


def write_thrombosis(draft: Draft) -> None:
    """A last thrombosis about the end of the window of 180 days, or far from it."""
    if not draft.odd(0.1 if "diagnoses" not in draft.cells else 0.3):
        return
    days = draft.rng.choice((179, 180, 181, 182, 0, 30, 400, 3000))
    draft.cells["last_thrombosis_date"] = (AS_OF - timedelta(days=days)).isoformat()
    for question in ("thrombosis_history", "recent_thrombosis"):
        if draft.chance(0.4):
            draft.cells[question] = draft.pick(NOT_KNOWN + YES)


def write_course(draft: Draft) -> None:
    """Times, phase, and what was given last."""
    today = AS_OF
    if draft.chance(0.5):
        days = draft.rng.choice((-1, 1, 30, 60, 200)) if draft.odd(0.15) else draft.rng.randint(0, 3)
        ordered = AS_OF - timedelta(days=days)
        draft.cells["ordered_at"] = ordered.isoformat() + draft.pick(("", "T07:15", " 16:40", "T10:00:30"))
        today = ordered if draft.chance(0.7) else AS_OF
    if draft.chance(0.3):
        draft.cells["first_infusion"] = draft.pick(YES if draft.odd(0.3) else NO + NOT_KNOWN)
    if draft.chance(0.3):
        days = draft.rng.choice((55, 56, 56, 57, 57, 58, 200)) if draft.odd(0.5) else draft.rng.choice((7, 21, 28, 42))
        draft.cells["last_ivig_date"] = (today - timedelta(days=days)).isoformat() + draft.pick(("", "", "T23:59"))
    if draft.chance(0.4):
        phase = draft.pick(("loading", "maintenance", "first", "subsequent"))
        draft.cells["phase"] = draft.pick((phase, phase.upper(), phase.title()))


# Indication and product.


def write_indication(draft: Draft, indication: str) -> None:
    """An indication by abbreviation in any case, or by code."""
    if draft.odd(0.05):
        draft.cells["indication"] = draft.pick(UNKNOWN_INDICATIONS)
    elif indication in CODES and draft.chance(0.25):
        draft.cells["indication"] = draft.pick(CODES[indication])
    else:
        draft.cells["indication"] = draft.pick((indication, indication, indication.lower(), indication.title()))


def choose_use(draft: Draft) -> tuple[str, Fraction | None, str]:
    """A brand, a strength in percent and an indication: in a calm order on the label, with labelled rates."""
    if draft.odd(0.35):
        brand = draft.pick((*ONE_STRENGTH, *TWO_STRENGTHS, RECONSTITUTED))
        strength = Fraction(draft.rng.choice(TWO_STRENGTHS.get(brand, (10,))))
        indication = draft.pick((*LABELLED_USES, *LABELLED_USES, *OTHER_USES))
    else:
        product = draft.pick(RATES_KNOWN)
        brand, _, percent = product.rpartition(" ") if product.endswith("%") else (product, "", "")
        strength = Fraction(percent.rstrip("%")) if percent else Fraction(10)
        indication = draft.pick([row.indication for row in label_rows() if row.product == product])
    if brand == RECONSTITUTED:
        strength = Fraction(draft.rng.choice((3, 6, 6, 9, 12)))
    return brand, strength, indication


def brand_text(draft: Draft, brand: str) -> str:
    """A brand in any case and punctuation."""
    text = draft.pick((brand, brand, brand, brand.upper(), brand.lower()))
    if draft.chance(0.15):
        text = text.replace("-", draft.pick((" ", ""))).replace("/", draft.pick(("", "-")))
    return text.replace(" ", "  ") if draft.chance(0.05) else text


def dressed(draft: Draft, text: str) -> str:
    """A product text with a pack size or words that say nothing more."""
    if draft.chance(0.15):
        text += draft.pick((" 20 g", " 10g", " 200 mL", ", 5 g vial", " (40 g)"))
    if draft.chance(0.2):
        text += draft.pick(
            (" IV", " IVPB", " inj", " soln", " solution", " infusion", " IGIV", " (immune globulin human)")
        )
    return draft.pick(("IVIG ", "IVIG: ", " ", "immune globulin, ")) + text if draft.chance(0.1) else text


def write_product(draft: Draft, brand: str, percent: Fraction) -> None:
    """Product and concentration: right, wrong, open, or not there; sets the concentration that is judged."""
    text_percent, column_percent = strengths_written(draft, brand, percent)
    text = brand_text(draft, brand)
    if text_percent is not None:
        strength = number_text(text_percent)
        forms = (f" {strength}%", f" {strength}%", f" {strength} %", f"{strength}%", f" ({strength}%)")
        text += draft.pick((*forms, f" {number_text(text_percent * 10)} mg/mL"))
    draft.cells["product"] = dressed(draft, text)
    if column_percent is not None:
        draft.cells["concentration"] = concentration_text(draft, column_percent * 10)
    own = [] if brand in TWO_STRENGTHS or brand == RECONSTITUTED else [percent]
    written = [value for value in (text_percent, column_percent, *own) if value is not None]
    draft.mg_per_ml = max(written, default=percent) * 10
    if draft.chance(0.15):
        write_code(draft, brand, percent)
    if draft.odd(0.1):
        draft.cells["product"] = draft.pick(("", "", *UNKNOWN_PRODUCTS))


def strengths_written(draft: Draft, brand: str, percent: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """The strength in the product text and in the concentration column, in percent."""
    text_percent: Fraction | None = percent if draft.chance(0.6) else None
    column_percent: Fraction | None = percent if draft.chance(0.5) else None
    has_own = brand in ONE_STRENGTH
    if text_percent is None and column_percent is None and not has_own and not draft.odd(0.4):
        column_percent = percent
    if text_percent is not None and draft.odd(0.06):
        text_percent = Fraction(draft.rng.choice((5, 10, 7, 20)))
    if column_percent is not None and draft.odd(0.08):
        column_percent = draft.rng.choice((Fraction(5), Fraction(10), Fraction("2.5"), Fraction(15), Fraction("7.5")))
    return text_percent, column_percent


def code_text(draft: Draft, segments: tuple[str, str]) -> str:
    """A National Drug Code in one of its forms, from its segments in any length."""
    labeler, product = segments[0].lstrip("0"), segments[1].lstrip("0")
    package = f"{draft.rng.randint(1, 99):02d}"
    five, four = labeler.zfill(5), product.zfill(4)
    forms = [f"{five}-{four}-{package}", f"{five}-{four}-{draft.rng.randint(0, 9)}", f"{five}-{four}"]
    forms.append(five + four + package)
    if len(product) <= 3:
        forms += [f"{five}-{product.zfill(3)}-{package}", f"{five}-{product.zfill(3)}"]
    if len(labeler) <= 4:
        forms += [f"{labeler.zfill(4)}-{four}-{package}", f"{labeler.zfill(4)}-{four}"]
    return draft.pick(("", "", "", "NDC ", "ndc ", "NDC", "NDC: ")) + draft.pick(forms)


def write_code(draft: Draft, brand: str, percent: Fraction) -> None:
    """A National Drug Code of the product in place of its name; one code has two strengths, and needs another column."""
    products = [name for name in product_rows() if name in (brand, f"{brand} {number_text(percent)}%")]
    codes = product_rows()[products[0]]["ndc_product_codes"].split(";") if products else []
    if not codes or not codes[0]:
        return
    labeler, product = draft.pick(codes).split("-")
    draft.cells["product"] = code_text(draft, (labeler, product))
    if (labeler, product) == TWO_STRENGTH_CODE and "concentration" not in draft.cells and not draft.odd(0.5):
        draft.cells["concentration"] = concentration_text(draft, percent * 10)


def concentration_text(draft: Draft, mg_per_ml: Fraction) -> str:
    """A concentration in one of its units."""
    volume = draft.pick(VOLUMES)
    forms = {
        "%": Fraction(10),
        f"mg/{volume}": Fraction(1),
        f"g/{volume}": Fraction(1000),
        f"g/100 {volume}": Fraction(10),
    }
    unit = draft.pick(("%", "%", *forms))
    return quantity(draft, mg_per_ml / forms[unit], unit if "100" in unit else spaced(draft, unit))


# Rates.


def rate_forms(draft: Draft) -> dict[str, Fraction]:
    """Every form of a rate with the mg/kg/min that one unit of it is in this order, in some spelling."""
    forms: dict[str, Fraction] = {}
    for time, minutes in MINUTES.items():
        word, volume = draft.pick(TIMES[time]), draft.pick(VOLUMES)
        for mass, milligrams in MILLIGRAMS.items():
            forms[f"{mass}/kg/{word}"] = milligrams / minutes
            if mass != "mcg":
                forms[f"{mass}/{word}"] = milligrams / minutes / draft.weight_kg
        forms[f"{volume}/kg/{word}"] = draft.mg_per_ml / minutes
        forms[f"{volume}/{word}"] = draft.mg_per_ml / minutes / draft.weight_kg
    return forms


def rate_text(draft: Draft, rate: Fraction) -> str:
    """A rate in mg/kg/min, written in any unit; mg/kg/min and mL/h most often."""
    forms = rate_forms(draft)
    usual = [unit for unit in forms if unit.startswith("mg/kg/m") or unit.lower() in ("ml/h", "ml/hr", "ml/hour")]
    unit = draft.pick(usual if draft.chance(0.5) else list(forms))
    return quantity(draft, rate / forms[unit], spaced(draft, unit))


def beside(draft: Draft, limit: Fraction) -> Fraction:
    """A rate at a limit, or a millionth or a part in a hundred million beside it, or twice as much."""
    steps = (Fraction(0), Fraction(0), PART_IN_A_MILLION, -PART_IN_A_MILLION, Fraction(1, 10**8), Fraction(-1, 10**8))
    return limit * (1 + draft.rng.choice((*steps, Fraction(1, 20), Fraction(-1, 20), Fraction(1))))


def pump_text(draft: Draft, steps_from: Fraction) -> str:
    """A limit in mL/h, as the pump takes it, or one step beside it."""
    step = Fraction(1, 10) if steps_from < 100 else Fraction(1)
    rate = max(steps_from + step * draft.rng.choice((-1, 0, 0, 1)), Fraction(1, 10))
    return quantity(draft, rate, draft.pick(("mL/h", "mL/hr", "ml/h", "ML/HR")))


def rounded(value: Fraction) -> Fraction:
    """A rate that somebody would write: two places, and not nothing."""
    return max(Fraction(round(value, 2)), Fraction("0.01"))


def write_rates(draft: Draft) -> None:
    """Maximum and start: below the order's own limits when it is calm, about them else."""
    so_far = recalculate(draft.cells, AS_OF)
    draft.cells["max_rate"] = maximum_text(draft, so_far)
    if draft.chance(0.85):
        draft.cells["start_rate"] = start_text(draft, so_far)


def maximum_text(draft: Draft, so_far: Expected) -> str:
    """A maximum rate: a share of the soft maximum, at a limit, or beside one."""
    soft, hard = so_far.soft_max_mg_per_kg_min, so_far.hard_max_mg_per_kg_min
    assert soft is not None and hard is not None
    if not draft.odd(0.7):
        top = soft * (1 - PART_IN_A_MILLION) if so_far.soft_max_exclusive else soft
        return rate_text(draft, top if draft.chance(0.4) else min(rounded(top * some_between(draft, 0.5, 1, 2)), top))
    pump = draft.rng.choice((so_far.hard_max_mL_per_h, so_far.soft_max_mL_per_h))
    if pump is not None and draft.chance(0.25):
        return pump_text(draft, pump)
    targets = (soft, soft, hard, hard, hard, Fraction(8), Fraction("3.3"), *labelled_rates(draft))
    return rate_text(draft, beside(draft, draft.rng.choice(targets)))


def labelled_rates(draft: Draft) -> tuple[Fraction, ...]:
    """Two labelled rates of whatever product."""
    rates = [rate for row in label_rows() for rate in (row.maximum, row.at_risk) if rate is not None]
    return tuple(draft.rng.choices(rates, k=2))


def start_text(draft: Draft, so_far: Expected) -> str:
    """A start rate: at its limit or below it in a calm order, else beside it, or above the maximum."""
    limit, soft = so_far.start_mg_per_kg_min, so_far.soft_max_mg_per_kg_min
    assert limit is not None and soft is not None
    if not draft.odd(0.5):
        return rate_text(
            draft, limit if draft.chance(0.5) else min(rounded(limit * some_between(draft, 0.3, 1, 1)), limit)
        )
    if so_far.start_mL_per_h is not None and draft.chance(0.2):
        return pump_text(draft, so_far.start_mL_per_h)
    return rate_text(draft, beside(draft, draft.rng.choice((limit, limit, limit, soft, Fraction(2), Fraction("0.5")))))


def write_reaction(draft: Draft) -> None:
    """An earlier reaction, mostly whole and waited out, sometimes not."""
    if draft.odd(0.02):
        draft.cells["reaction_resolved"] = draft.pick(YES + NO)
    if draft.odd(0.02):
        draft.cells["reaction_grade"] = "0"
    if not draft.odd(0.15):
        return
    draft.cells["reaction_grade"] = draft.pick(("1", "1", "2", "2", "2", "3", "4", "0"))
    draft.cells["reaction_rate"] = rate_text(draft, some_between(draft, 0.5, 9, 1))
    minutes = draft.pick(("15", "15", "20", "45", "60", "14.9999", "14", "15.0", "0"))
    draft.cells["minutes_since_resolved"] = minutes + draft.pick(("", "", " min"))
    draft.cells["reaction_resolved"] = draft.pick(YES if draft.chance(0.75) else NO + NOT_KNOWN)
    for column in ("reaction_grade", "reaction_rate", "minutes_since_resolved"):
        if draft.chance(0.08):
            del draft.cells[column]


# Doses.


def write_dose(draft: Draft) -> None:
    """A dose per kg or in grams, and hours in which it runs: well within the hard maximum, or about it."""
    if not draft.chance(0.7):
        return
    per_kg = dose_per_kg(draft, ranges_of(draft.cells, AS_OF))
    write_dose_cells(draft, per_kg)
    if draft.chance(0.7):
        draft.cells["infusion_hours"] = number_text(hours_for(draft, per_kg)) + draft.pick(("", "", " h", "h", " hr"))


def dose_per_kg(draft: Draft, ranges: tuple[DoseRange, ...]) -> Fraction:
    """A dose in a range that applies, in a calm order; else at an end of one, a whole, a part, or any of the usual."""
    if draft.odd(0.02):
        return draft.rng.choice((Fraction(10), Fraction("10.0001"), Fraction("9.9999"), Fraction(15)))
    if draft.odd(0.5) or not ranges:
        return draft.rng.choice(
            (*map(Fraction, ("0.3", "0.4", "0.5", "0.6", "0.8", "1", "1", "2", "0.999999", "1.000001")),)
        )
    one = draft.rng.choice(ranges)
    if draft.odd(0.6):
        return max(beside(draft, draft.rng.choice((one.least, one.most, one.most))), Fraction("0.001"))
    if one.basis == "per_infusion":
        return one.least + (one.most - one.least) * draft.rng.choice((Fraction(0), Fraction(1, 2), Fraction(1)))
    return one.most / draft.rng.choice((1, 2, 2, 4, 5))


def write_dose_cells(draft: Draft, per_kg: Fraction) -> None:
    """The dose in one of its units, or as the grams of this infusion, or both."""
    unit, factor = draft.rng.choice(
        (
            *(("g/kg", Fraction(1)), ("g/kg", Fraction(1)), ("mg/kg", Fraction(1, 1000))),
            *(("g", 1 / draft.weight_kg), ("mg", 1 / draft.weight_kg / 1000)),
        )
    )
    form = draft.pick(("dose", "dose", "dose", "total", "both"))
    if form != "total":
        draft.cells["dose"] = quantity(draft, per_kg / factor, spaced(draft, unit))
    if form != "dose":
        share = Fraction(1)
        if draft.odd(0.5):
            tenths = (
                "0.9",
                "1.1",
                "0.9",
                "1.1",
                "0.899999",
                "0.900001",
                "1.100001",
                "1.099999",
                "1.10000001",
                "0.89999999",
            )
            share = Fraction(draft.pick((*tenths, "1.05", "2", "0.5")))
        grams, unit = per_kg * share * draft.weight_kg, draft.pick(("", " g", "g", " g", " mg"))
        draft.cells["dose_total"] = number_text(grams * 1000 if unit == " mg" else grams) + unit


def hours_for(draft: Draft, per_kg: Fraction) -> Fraction:
    """Hours in which a dose runs: at a good deal less than the hard maximum, or beside it."""
    hard = recalculate(draft.cells, AS_OF).hard_max_mg_per_kg_min
    assert hard is not None
    shortest = per_kg * 1000 / (60 * hard)
    if draft.odd(0.4):
        return beside(draft, shortest)
    return Fraction(round(shortest * some_between(draft, 1.2, 3, 1), 1)) + Fraction(1, 10)


# The whole.


def spoil(draft: Draft, share: float) -> None:
    """Replace some of the cells, present or not, by nothing or by what cannot be used."""
    for column in COLUMNS:
        if not draft.chance(share if column in draft.cells else share / 3):
            continue
        if draft.chance(0.3):
            draft.cells[column] = draft.pick(("", " "))
        elif column in QUESTIONS:
            draft.cells[column] = draft.pick(UNREADABLE_ANSWERS + NOT_KNOWN)
        elif column in WITHOUT_JUNK or draft.chance(0.7):
            draft.cells[column] = draft.pick(WRONG_CELLS[column])
        else:
            draft.cells[column] = draft.pick(UNREADABLE_NUMBERS)


def drop_columns(draft: Draft) -> None:
    """Leave out whole columns that an order can do without."""
    for column in [name for name in draft.cells if name not in NEEDED and draft.chance(0.08)]:
        del draft.cells[column]


def write_last_product(draft: Draft, brand: str, percent: Fraction) -> None:
    """The product of last time: the same, or another; by name with or without its strength, or by code."""
    if not draft.chance(0.3):
        return
    name, strength = brand, f" {number_text(percent)}%" if draft.chance(0.5) else ""
    if draft.odd(0.3):
        name, strength = draft.pick((*ONE_STRENGTH, RECONSTITUTED)), ""
    elif brand in TWO_STRENGTHS and draft.odd(0.5):
        strength = draft.pick(("", " 5%", " 10%"))
    draft.cells["last_product"] = brand_text(draft, name) + strength
    if draft.odd(0.15):
        codes = [code for row in product_rows().values() for code in row["ndc_product_codes"].split(";") if code]
        labeler, product = draft.pick(codes).split("-")
        draft.cells["last_product"] = code_text(draft, (labeler, product))


def pad(draft: Draft) -> None:
    """Space about some cells, a no-break space among them."""
    column = draft.pick(list(draft.cells))
    if draft.chance(0.2) and column not in ("order_id", "patient_id") and draft.cells[column]:
        draft.cells[column] = draft.pick((" ", "")) + draft.cells[column] + draft.pick((" ", "\u00a0"))


MOODS: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.4, 0.0), (1.0, 0.0), (0.7, 0.1))
"""Kinds of order: the chance of trouble, and the share of cells that are spoilt."""


def random_order(rng: random.Random) -> dict[str, str]:
    """One order: its cells by column. The same generator in the same state gives the same order."""
    trouble, spoilt = rng.choices(MOODS, weights=(22, 30, 32, 16))[0]
    draft = Draft(rng, trouble)
    brand, percent, indication = choose_use(draft)
    assert percent is not None
    write_ids(draft)
    write_weights(draft, write_age(draft))
    write_indication(draft, indication)
    write_product(draft, brand, percent)
    steps: tuple[Callable[[Draft], None], ...] = (write_answers, write_diagnoses, write_thrombosis, write_course)
    for step in (*steps, write_reaction, write_rates, write_dose):
        step(draft)
    write_last_product(draft, brand, percent)
    if spoilt:
        spoil(draft, spoilt)
    if draft.odd(0.3):
        drop_columns(draft)
    pad(draft)
    return draft.cells
