"""The columns of an order sheet to fill in: each with its header, what its cells may say, and an example of it.

The example is an order that the check finds nothing wrong with. What is clinical of it comes from the knowledge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ivigcheck.columns import ONE_OF, Column
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.pipeline import Checked, check_tables, order_columns
from ivigcheck.report.notices import EXAMPLE_ORDER
from ivigcheck.show import number
from ivigcheck.units import RELATIVE_TOLERANCE, Unit, accepted, find_unit

NOTES, LISTS = "Notes", "Lists"
"""The sheets to which a column's words point."""
LONGEST_PROMPT: Final = 255
"""What Excel takes; it calls a workbook with a longer one damaged."""

_NO: Final = "no"
_ANSWERS: Final = ("yes", _NO, "unknown")
_ACCEPTED: Final = {
    "id": "text, kept exactly: 00123 is not 123",
    "indication": f"a code of the sheet {LISTS}, a full name, a usual synonym or an ICD-10-CM code",
    "product": f"a product of the sheet {LISTS}, or its brand alone where that has one strength",
    "number": "a bare number",
    "date": "a date, year first: 1955-03-02",
    "answer": "yes, no or unknown (Y, N, true, false, 1 and 0 are read too)",
}

# The invented patient, and what a cell may look like.
_INVENTED: Final = {"order_id": EXAMPLE_ORDER, "patient_id": "TEST-1", "age_years": "40", "sex": "F"}
_INVENTED_AMOUNTS: Final = {"kg": 80.0, "h": 4.0, "min": 60.0, "cm": 170.0}
_ANY_NUMBER: Final = "1"
_USUAL_UNITS: Final = {"body_mass": "kg", "rate": "mg/kg/min", "concentration": "mg/mL", "dose": "g/kg"}
_OTHER_UNITS: Final = {"max_rate": "mL/h"}  # so that the example shows both ways of stating a rate
_SHOWN_DIGITS: Final = 3


@dataclass(frozen=True)
class Field:
    """One column of the sheet of orders.

    header: its text, which the intake reads back as this column. unit: the one that a bare number is in, "" where a
    cell states its own. example: its cell in the example row, "" for none. hint: what a cell may look like.
    needed: in words, "" where it is not; asked: whether it is a question that is asked of every order.
    options: what its drop-down offers, none for no drop-down.
    """

    column: Column
    header: str
    unit: str
    example: str
    hint: str
    needed: str
    asked: bool
    options: tuple[str, ...]

    @property
    def accepted(self) -> str:
        """What a cell may say; empty where the column's meaning says it all."""
        column = self.column
        if column.kind == "quantity":
            units = accepted(column.quantity)
            if not self.unit:
                return f"a number with its unit: {units}"
            others = f", or with its unit: {units}" if self.unit == column.bare_unit else ""
            return f"a bare number, in {self.unit}{others}"
        if column.kind == "choice":
            return "one of " + ", ".join(self.options)
        return _ACCEPTED.get(column.kind, "")

    @property
    def prompt(self) -> str:
        """What is shown while a cell is selected; what is accepted is left to the notes where there is no room."""
        needed = f"{self.needed[:1].upper()}{self.needed[1:]}." if self.needed else ""
        example = f"Example: {self.hint}" if self.hint else ""
        said = f"Write {self.accepted}." if self.accepted else ""
        whole = " ".join(part for part in (self.column.meaning, needed, said, example) if part)
        short = " ".join(part for part in (self.column.meaning, needed, example, f"See the sheet {NOTES}.") if part)
        return cut_for_excel(whole if len(whole) <= LONGEST_PROMPT else short, LONGEST_PROMPT)


def cut_for_excel(text: str, length: int) -> str:
    """Text of at most so many UTF-16 code units, which is how Excel counts."""
    if len(text.encode("utf-16-le")) <= 2 * length:
        return text
    return text.encode("utf-16-le")[: 2 * (length - 1)].decode("utf-16-le", errors="ignore") + "…"


def template_fields(knowledge: Knowledge) -> list[Field]:
    """The columns of the sheet of orders, in the table's order; those that only state others' units are left out."""
    columns = [column for column in order_columns(knowledge) if column.kind != "unit"]
    heads = {column.name: _head(column, knowledge) for column in columns}
    example = _example(knowledge, {name: unit for name, (_, unit) in heads.items() if unit})
    asked = {question.name for question in knowledge.questions if question.seed}
    fields = []
    for column in columns:
        header, stated = heads[column.name]
        unit = stated or column.bare_unit
        cell = _without(unit, example.cells.get(column.name, ""))
        fields.append(
            Field(
                column=column,
                header=header,
                unit=unit,
                example=cell,
                hint=_without(unit, _hint(column, example)),
                needed="asked of every order" if column.name in asked else _needed(column, heads),
                asked=column.name in asked,
                options=_options(column, knowledge),
            )
        )
    return fields


def _head(column: Column, knowledge: Knowledge) -> tuple[str, str]:
    """A column's header and the unit that it states: the site's first one, or else the column's own name."""
    own = knowledge.policy.site.headers.get(column.name)
    if not own:
        return column.name, ""
    header, unit = own[0]
    return " ".join(header.split()), unit  # a header over two lines is read as one over one line


def _needed(column: Column, heads: Mapping[str, tuple[str, str]]) -> str:
    for group in ONE_OF:
        if column.name in group:
            return "one of these is needed: " + ", ".join(heads[name][0] for name in group)
    return "needed" if column.needed else ""


def _options(column: Column, knowledge: Knowledge) -> tuple[str, ...]:
    if column.kind == "answer":
        return _ANSWERS
    if column.kind == "indication":
        return tuple(indication.code for indication in knowledge.indications)
    if column.kind == "product":
        return tuple(product.name for product in knowledge.products)
    return tuple(dict.fromkeys(meaning for _, meaning in column.choices))


def _without(unit: str, text: str) -> str:
    """A cell without the unit that its header or its column's name states."""
    return text.removesuffix(f" {unit}") if unit else text


# The example


@dataclass(frozen=True)
class _Example:
    """An order that the check finds nothing wrong with: column -> its cell, each quantity with its unit.

    amounts: form of a unit -> an amount in it, for the hints. units: column -> the unit that its header states.
    """

    cells: Mapping[str, str]
    amounts: Mapping[str, float]
    units: Mapping[str, str]


def _example(knowledge: Knowledge, units: Mapping[str, str]) -> _Example:
    """The first labelled use of a product, of those that the site stocks, at whose own limits nothing is found.

    Where something is found with every one, which only a site's policy can bring about, that with the fewest findings.
    """
    candidates = [
        {
            **_INVENTED,
            **{question.name: _NO for question in knowledge.questions},
            "indication": indication,
            "product": product,
            "weight": _quantity("weight", "body_mass", _INVENTED_AMOUNTS, units),
            "height_cm": _quantity("height_cm", "length", _INVENTED_AMOUNTS, units),
        }
        for product, indication in _labelled_uses(knowledge)
    ]
    doses = _infusion_doses(knowledge)
    checked = _check(candidates, knowledge)
    orders, limits = checked.orders, checked.limits
    amounts = []
    for i, cells in enumerate(candidates):
        weight, concentration = float(orders.rate_weight_kg[i]), float(orders.concentration[i])
        dose = doses.get((cells["product"], cells["indication"]), math.nan)
        start, most = (
            _amounts(float(rate[i]), weight, concentration, dose) for rate in (limits.start, limits.soft_max)
        )
        cells["start_rate"] = _quantity("start_rate", "rate", start, units)
        cells["max_rate"] = _quantity("max_rate", "rate", most, units)
        if not math.isnan(dose):
            cells["dose"] = _quantity("dose", "dose", start, units)
        amounts.append(start)
    findings = _check(candidates, knowledge).findings
    best = min(range(len(candidates)), key=lambda i: len(findings.codes(i)))
    return _Example(candidates[best], amounts[best], units)


def _labelled_uses(knowledge: Knowledge) -> list[tuple[str, str]]:
    """Product and indication of every label; of products whose concentration depends on nothing else."""
    stocked = knowledge.policy.site.products_in_use or range(len(knowledge.products))
    products = [product for i, product in enumerate(knowledge.products) if i in stocked]
    known = [product for product in products if not math.isnan(product.concentration)] or list(knowledge.products)
    return list(dict.fromkeys((product.name, row.indication) for product in known for row in product.labels))


def _infusion_doses(knowledge: Knowledge) -> dict[tuple[str, str], float]:
    """(product, indication) -> the greatest dose of one infusion that the label names, in g/kg."""
    return {
        (product.name, row.indication): row.dose.high
        for product in knowledge.products
        for row in product.labels
        if row.dose and row.dose.basis == "infusion" and not row.phase
    }


def _check(orders: Sequence[Mapping[str, str]], knowledge: Knowledge) -> Checked:
    """Checks the orders as rows of one file, under ids that differ. Nothing in them is dated: any day will do."""
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "") for order in orders] for name in names}
    cells["order_id"] = [str(i) for i in range(len(orders))]
    table = Table("", None, "", tuple(range(len(orders))), cells)
    return check_tables([table], date.fromisoformat(knowledge.date), knowledge=knowledge)


def _amounts(rate: float, weight: float, concentration: float, dose: float) -> dict[str, float]:
    """What a rate in mg/kg/min and a dose in g/kg are in every form that a unit has; NaN where that is not known."""
    return {
        **_INVENTED_AMOUNTS,
        "mg/mL": concentration,
        "mg/kg/min": rate,
        "mg/min": rate * weight,
        "mL/kg/min": rate / concentration,
        "mL/min": rate * weight / concentration,
        "g/kg": dose,
        "g": dose * weight,
    }


def _quantity(name: str, quantity: str, amounts: Mapping[str, float], units: Mapping[str, str]) -> str:
    """A cell of a quantity's column with its unit: the one that the header states, or a usual one. "" for NaN."""
    preferred = (
        units.get(name) or _OTHER_UNITS.get(name) or _USUAL_UNITS.get(quantity) or accepted(quantity).split(", ")[0]
    )
    unit = find_unit(preferred, quantity)
    amount = amounts.get(unit.form, math.nan) if unit else math.nan
    return "" if unit is None or math.isnan(amount) else f"{_rounded_down(amount, unit)} {unit.name}"


def _rounded_down(amount: float, unit: Unit) -> str:
    """An amount in the unit, to a few digits, and never more than it is: it may be a limit."""
    value = amount / unit.factor
    step = 10.0 ** (math.floor(math.log10(value)) + 1 - _SHOWN_DIGITS)
    return number(math.floor(value / step * (1 + RELATIVE_TOLERANCE)) * step)


def _hint(column: Column, example: _Example) -> str:
    """What a cell may look like; of an answer or a choice nothing, for it would suggest one."""
    if column.name in example.cells and column.kind not in ("answer", "choice"):
        return example.cells[column.name]
    if column.kind == "quantity":
        return _quantity(column.name, column.quantity, example.amounts, example.units)
    return {"product": example.cells["product"], "number": _ANY_NUMBER}.get(column.kind, "")
