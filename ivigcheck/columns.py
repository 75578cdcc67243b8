"""The order columns, once: name, kind, unit, meaning, header spellings, needed or not.

The columns of the risk questions are made from the knowledge's questions (`question_column`), so that a new
question is one entry there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal["id", "indication", "product", "quantity", "number", "date", "choice", "answer", "unit", "codes"]


@dataclass(frozen=True, eq=False, repr=False)
class Column:
    """One canonical column.

    quantity: which table of units a ``quantity`` or ``unit`` cell is read by.
    bare_unit: the unit that the column's own name states, so that its cells may be bare numbers.
    headers: further header spellings; case, spaces, underscores and punctuation do not matter.
    header_units: header spellings that state a unit (``weight_kg``), with that unit.
    choices: what a ``choice`` cell may say, in any case, and what it then means.
    review_only: a cell that cannot be used is for review; elsewhere it leaves the order unchecked.
    """

    name: str
    kind: Kind
    meaning: str
    headers: tuple[str, ...] = ()
    quantity: str = ""
    bare_unit: str = ""
    header_units: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    needed: bool = False
    review_only: bool = False


_YES_NO: Final = "yes or no"

COLUMNS: Final[tuple[Column, ...]] = (
    Column("order_id", "id", "The order's number, kept exactly as written.", needed=True,
           headers=("order", "order number", "order no", "order nr", "order num", "rx number", "rx no", "prescription number")),
    Column("patient_id", "id", "The patient's number, kept exactly as written.", needed=True,
           headers=("mrn", "patient number", "patient no", "medical record number", "pat id")),
    Column("indication", "indication", "Abbreviation, full name, usual synonym or ICD-10-CM code.", needed=True,
           headers=("dx", "diagnosis", "dx code", "diagnosis code", "icd-10 code", "primary diagnosis", "indication for use", "ivig indication", "reason for use")),
    Column("weight", "quantity", "Body weight with its unit.", quantity="body_mass", needed=True,
           headers=("wt", "body weight", "patient weight", "pt weight", "pt wt", "actual weight", "actual body weight"),
           header_units=(("weight_kg", "kg"), ("weight_lb", "lb"), ("weight_lbs", "lb"), ("wt_kg", "kg"), ("wt_lb", "lb"))),
    Column("weight_unit", "unit", "The unit of weight cells that have none.", quantity="body_mass",
           headers=("wt unit", "weight units", "weight uom")),
    Column("dosing_weight", "quantity", "The weight that rates per kg are reckoned on, where it is not the body weight.",
           quantity="body_mass", headers=("dosing wt", "dose weight", "dosing body weight"),
           header_units=(("dosing_weight_kg", "kg"), ("dosing_weight_lb", "lb"))),
    Column("dosing_weight_unit", "unit", "The unit of dosing weight cells that have none.", quantity="body_mass",
           headers=("dosing weight uom",)),
    Column("age_years", "number", "Age in years.", headers=("age", "age in years", "age yrs", "patient age")),
    Column("birth_date", "date", "Date of birth, ISO (1955-03-02).",
           headers=("dob", "date of birth", "birthdate", "birth day")),
    Column("max_rate", "quantity", "The highest infusion rate ordered, with its unit.", quantity="rate", needed=True,
           headers=("maximum rate", "rate max", "max infusion rate", "maximum infusion rate", "ordered max rate",
                    "ordered maximum rate", "final rate", "highest rate")),
    Column("max_rate_unit", "unit", "The unit of maximum rate cells that have none.", quantity="rate",
           headers=("maximum rate unit", "max rate uom", "max rate units")),
    Column("start_rate", "quantity", "The infusion rate ordered to begin with, with its unit.", quantity="rate",
           headers=("initial rate", "starting rate", "rate start", "start infusion rate", "initial infusion rate",
                    "ordered start rate", "beginning rate", "init rate", "starting infusion rate", "infusion start rate", "rate initial", "first rate")),
    Column("start_rate_unit", "unit", "The unit of start rate cells that have none.", quantity="rate",
           headers=("initial rate unit", "starting rate unit", "start rate uom", "start rate units")),
    Column("rate_unit", "unit", "The unit of any rate that has none in its cell, header or own unit column.",
           quantity="rate", headers=("rate units", "rate uom", "unit of rate")),
    Column("product", "product", "Brand, with or without strength, or National Drug Code.",
           headers=("drug", "brand", "brand name", "medication", "ivig product", "product name", "drug name")),
    Column("concentration", "quantity", "Concentration of the product, with its unit.", quantity="concentration",
           headers=("conc", "strength", "product concentration", "concentrate")),
    Column("concentration_unit", "unit", "The unit of concentration cells that have none.", quantity="concentration",
           headers=("conc unit", "strength unit", "concentration uom")),
    Column("dose", "quantity", "The dose of this infusion, with its unit.", quantity="dose", review_only=True,
           headers=("dose ordered", "ordered dose", "infusion dose")),
    Column("dose_unit", "unit", "The unit of dose cells that have none.", quantity="dose", headers=("dose units", "dose uom")),
    Column("dose_total", "quantity", "Grams of this infusion, beside a dose per kg.", quantity="drug_mass", bare_unit="g",
           review_only=True, headers=("total dose", "dose total g", "total grams", "total dose g", "total g"),
           header_units=(("dose_total_g", "g"), ("total_dose_g", "g"), ("total_dose_grams", "g"), ("dose_g_total", "g"))),
    Column("infusion_hours", "quantity", "Hours over which the dose runs.", quantity="hours", bare_unit="h", review_only=True,
           headers=("infuse over", "infusion time", "infusion duration", "run time", "total infusion time", "infusion time hours", "duration hours", "infusion duration hours", "infuse over hours"),
           header_units=(("infusion_time_h", "h"), ("duration_h", "h"), ("infusion_h", "h"))),
    Column("height_cm", "quantity", "Height in cm.", quantity="length", bare_unit="cm", review_only=True,
           headers=("ht cm",), header_units=(("patient_height_cm", "cm"),)),
    Column("sex", "choice", "F or M.", review_only=True, headers=("gender",),
           choices=(("f", "F"), ("m", "M"), ("female", "F"), ("male", "M"))),
    Column("pregnant", "answer", "Is the patient pregnant, so that no weight is adjusted? " + _YES_NO, review_only=True,
           headers=("pregnancy",)),
    Column("ordered_at", "date", "The day, or day and time, of this infusion, ISO.", review_only=True,
           headers=("order date", "ordered", "ordered on", "order time", "order datetime", "date ordered")),
    Column("first_infusion", "answer", "Is this the patient's first IVIG infusion? " + _YES_NO, review_only=True,
           headers=("ivig naive", "first ivig")),
    Column("last_ivig_date", "date", "Day of the last IVIG infusion before this, ISO.", review_only=True,
           headers=("last ivig", "last infusion date", "last admin date", "last administration date", "last dose date", "date of last ivig", "previous ivig date")),
    Column("last_product", "product", "Product of the last infusion before this.", review_only=True,
           headers=("previous product", "last brand", "previous brand", "last ivig product")),
    Column("phase", "choice", "loading, maintenance, first or subsequent.", review_only=True,
           headers=("treatment phase", "therapy phase"),
           choices=(("loading", "loading"), ("maintenance", "maintenance"), ("first", "first"), ("subsequent", "subsequent"))),
    Column("last_thrombosis_date", "date", "Day of the last thrombotic event, ISO.",
           headers=("date of last thrombosis", "thrombosis date", "last thrombosis", "last thrombotic event date")),
    Column("diagnoses", "codes", "ICD-10-CM codes, separated by semicolons: each answers its risk question yes.",
           headers=("diagnosis codes", "dx codes", "icd-10 codes", "icd-10-cm codes", "icd codes", "diagnosis list", "problem list codes")),
    Column("reaction_grade", "number", "Grade, 0 to 4, of an earlier reaction in this infusion.", headers=("grade of reaction",)),
    Column("reaction_rate", "quantity", "The rate at which that reaction came, with its unit.", quantity="rate",
           headers=("rate at reaction", "rate at time of reaction")),
    Column("reaction_rate_unit", "unit", "The unit of reaction rate cells that have none.", quantity="rate",
           headers=("rate at reaction unit", "reaction rate uom")),
    Column("minutes_since_resolved", "quantity", "Minutes since that reaction's symptoms had fully gone.", quantity="minutes",
           bare_unit="min", headers=("minutes since resolution", "min since resolved")),
    Column("reaction_resolved", "answer", "Have that reaction's symptoms fully gone? " + _YES_NO,
           headers=("symptoms resolved", "reaction fully resolved")),
)  # fmt: skip


def _choices(name: str) -> tuple[str, ...]:
    """What a cell of a column of choices may mean, in the order of the codes."""
    (column,) = (each for each in COLUMNS if each.name == name)
    return tuple(dict.fromkeys(meaning for _, meaning in column.choices))


PHASES: Final = _choices("phase")
"""The phases of a treatment, in the order of their codes."""
SEXES: Final = _choices("sex")
"""In the order of their codes."""

UNIT_COLUMN: Final = {
    "weight": ("weight_unit",),
    "dosing_weight": ("dosing_weight_unit",),
    "max_rate": ("max_rate_unit", "rate_unit"),
    "start_rate": ("start_rate_unit", "rate_unit"),
    "reaction_rate": ("reaction_rate_unit", "rate_unit"),
    "concentration": ("concentration_unit",),
    "dose": ("dose_unit",),
}
"""Where a cell without a unit looks for one, nearest first."""

ONE_OF: Final = (("age_years", "birth_date"),)
"""Needed columns of which one is enough."""


def question_column(name: str, title: str, headers: tuple[str, ...]) -> Column:
    """The column of a risk question."""
    return Column(name, "answer", f"{title}: {_YES_NO}; blank is undocumented.", headers=headers, review_only=True)


def spelling(text: str) -> str:
    """A header as it is compared: its letters and digits, without regard to case."""
    return "".join(ch for ch in text.casefold() if ch.isalnum())


def with_headers(columns: Sequence[Column], own: Mapping[str, Sequence[tuple[str, str]]]) -> tuple[Column, ...]:
    """The columns with a site's own headers (column -> each header with the unit that it states, or ""): these count,
    and are taken from every other column that would answer to them."""
    if not own:
        return tuple(columns)
    taken = {spelling(header): name for name, headers in own.items() for header, _ in headers}

    def left(column: Column, text: str) -> bool:
        return taken.get(spelling(text), column.name) == column.name

    return tuple(
        replace(
            column,
            headers=(
                *(text for text in column.headers if left(column, text)),
                *(header for header, unit in own.get(column.name, ()) if not unit),
            ),
            header_units=(
                *((text, unit) for text, unit in column.header_units if left(column, text)),
                *((header, unit) for header, unit in own.get(column.name, ()) if unit),
            ),
        )
        for column in columns
    )
