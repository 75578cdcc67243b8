"""The workbook's sheet of schedules: one row for each step of every order that may be given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ivigcheck.report.xlsx_cells import MOST_ROWS, Cell, Number, Sheet, Text, text_cell
from ivigcheck.show import number

Facts = Mapping[str, Any]

_COLUMNS: Final = (
    ("Order", 14.0),
    ("Patient", 14.0),
    ("Status of the order", 12.0),
    ("Product", 18.0),
    ("Weight, kg", 9.0),
    ("Weight by", 22.0),
    ("Dose, g", 9.0),
    ("Step", 6.0),
    ("Minutes from start", 10.0),
    ("Minutes", 9.0),
    ("mL/h", 9.0),
    ("mg/kg/min", 11.0),
    ("mL", 9.0),
    ("Total mL", 10.0),
    ("Total g", 10.0),
    ("Ends after, min", 9.0),
    ("Rules", 10.0),
    ("Note", 36.0),
    ("Vials", 24.0),
    ("Waste, g", 8.0),
    ("How the rate is raised", 50.0),
)
_FROZEN: Final = 2
_NOTES: Final = {
    "Order": "The programme of every order that may be given, one row a step; a STOP or unchecked order has none.",
    "Weight by": "Which weight the rates are reckoned on, and why.",
    "Minutes from start": "When the step begins.",
    "Minutes": "How long the step lasts.",
    "Total mL": "Given by the end of the step.",
    "Total g": "Given by the end of the step.",
    "Ends after, min": "How long the whole infusion lasts.",
    "Waste, g": "What is left of the vials.",
}
_DIGITS: Final = 4  # of a rate as it is shown; the cell holds all of it


def schedule_sheet(schedules: Sequence[tuple[Facts, Facts]]) -> Sheet:
    """The sheet. schedules: each order's facts with those of its schedule; a STOP or unchecked order has none."""
    n_rows = sum(len(plan["steps"]) for _, plan in schedules)
    if n_rows >= MOST_ROWS:  # the verdicts are worth a workbook without it
        said = f"NOT WRITTEN: it would take {n_rows} rows, and Excel takes {MOST_ROWS - 1}. Check fewer orders at once."
        return _sheet([[text_cell(said)]], 1)
    return _sheet(_rows(schedules), n_rows)


def _sheet(rows: Iterable[Sequence[Cell]], n_rows: int) -> Sheet:
    return Sheet(
        "Schedules",
        _COLUMNS,
        rows,
        n_rows,
        frozen=_FROZEN,
        pages_wide=0,
        table="Schedules",
        notes=_NOTES,
        words=("Status of the order",),
    )


def _rows(schedules: Sequence[tuple[Facts, Facts]]) -> Iterator[Sequence[Cell]]:
    for order, plan in schedules:
        head = (
            text_cell(order["order_id"], "strong"),
            text_cell(order["patient_id"]),
            Text(order["status"], "strong"),
            text_cell(order["ordered"]["product"]),
            _number(plan["weight_kg"]),
            text_cell(plan["weight_basis"]),
            _number(plan["dose_g"]),
        )
        vials = " + ".join(f"{each['count']} × {each['grams']:g} g" for each in plan["vials"] or ())
        waste = None if plan["waste_g"] is None else _number(plan["waste_g"])
        for k, step in enumerate(plan["steps"], start=1):
            first = k == 1
            yield (
                *head,
                Number(k),
                _number(step["at"]),
                _number(step["minutes"]),
                _number(step["mL_per_h"]),
                _rate(step["mg_per_kg_min"]),
                _number(step["mL"]),
                _number(step["cumulative_mL"]),
                _number(step["cumulative_g"]),
                _number(plan["total_minutes"]) if first else None,
                text_cell("; ".join(dict.fromkeys(f["code"] for f in order["findings"]))) if first else None,
                text_cell("; ".join(plan["notes"])) if first else None,
                text_cell(vials) if first else None,
                waste if first else None,
                text_cell(plan["step_rule"]) if first else None,
            )


def _rate(mg_per_kg_min: float) -> Number:
    return Number(mg_per_kg_min, len(number(mg_per_kg_min, _DIGITS).partition(".")[2]))


def _number(value: float) -> Number:
    return Number(round(value, 3))
