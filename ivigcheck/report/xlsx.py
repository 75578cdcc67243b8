"""The report as an Excel workbook: a summary, the worklist, every finding, what was not read, and every value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from ivigcheck.report.csv_report import csv_fields
from ivigcheck.report.xlsx_file import Cell, Number, Sheet, Text, render_sheets, text_cell
from ivigcheck.report.xlsx_news import news_sheets
from ivigcheck.report.xlsx_schedule import schedule_sheet
from ivigcheck.report.xlsx_summary import summary_sheet
from ivigcheck.show import cut, number, visible
from ivigcheck.units import RELATIVE_TOLERANCE

Order = Mapping[str, Any]
Finding = Mapping[str, Any]

_NOT_READ: Final = frozenset({"IVG901", "IVG902", "IVG903", "IVG908", "IVG910"})
_QUOTED: Final = 60
_FEWEST_DIGITS, _LIMIT_DIGITS, _MOST_DIGITS = 4, 6, 17


def render_xlsx(report: Mapping[str, Any], schedules: Sequence[tuple[Order, Mapping[str, Any]]] = ()) -> bytes:
    """The .xlsx file of a report. schedules: of the orders that may be given, in the report's order.

    Raises OutputError where there are more orders or findings than a sheet of Excel's has rows, or no space for it.
    """
    orders: Sequence[Order] = report["orders"]
    findings = [(order, finding) for order in orders for finding in order["findings"]]
    sheets = (
        summary_sheet(report, findings),
        *news_sheets(report),
        Sheet(
            "Worklist",
            [(_TITLES[n], width) for n, width in _WORKLIST],
            map(_worklist_row, orders),
            len(orders),
            frozen=3,
        ),
        Sheet("Findings", _FINDINGS, (_finding_row(*pair) for pair in findings), len(findings), frozen=2),
        _not_read(report, findings),
        schedule_sheet(schedules),
        _values(orders),
    )
    tool, run, policy, knowledge = report["tool"], report["run"], report["policy"], report["knowledge"]
    versions = f"policy {policy['version']}, knowledge {knowledge['version']}"
    footer = f"{tool['name']} {tool['version']}, as of {run['as_of']}, {versions}"
    made = datetime.fromisoformat(run["started"])
    return render_sheets(sheets, title="Check of IVIG orders", made=made, footer=visible(footer))


def _words(names: Sequence[str]) -> Cell:
    return text_cell(", ".join(name.replace("_", " ") for name in names))


def _place(order: Order) -> tuple[Cell, Cell, Cell]:
    source = order["source"]
    return text_cell(source["file"]), text_cell(source["sheet"]), Number(source["row"])


# Worklist

_LIMITS: Final = ("start_mg_per_kg_min", "soft_max_mg_per_kg_min", "hard_max_mg_per_kg_min")
_RATES: Final = ("start_rate_mg_per_kg_min", "max_rate_mg_per_kg_min", *_LIMITS)
_MEASURES: Final = ("weight_kg", "dosing_weight_kg", "start_mL_per_h", "soft_max_mL_per_h", "hard_max_mL_per_h")
# The CSV report's names with their widths, and what it has no room for: the findings.
_WORKLIST: Final = (
    ("status", 11.0),
    ("order_id", 14.0),
    ("patient_id", 14.0),
    ("indication", 10.0),
    ("product", 15.0),
    *((name, 9.0) for name in (*_MEASURES[:2], *_RATES, *_MEASURES[2:])),
    ("hard_max", 25.0),
    ("at_risk", 15.0),
    ("undocumented", 15.0),
    ("codes", 8.0),
    ("findings", 64.0),
    ("file", 14.0),
    ("sheet", 8.0),
    ("row", 6.0),
)

_TITLES: Final = {
    "status": "Status",
    "order_id": "Order",
    "patient_id": "Patient",
    "indication": "Indication",
    "product": "Product",
    "weight_kg": "Weight, kg",
    "dosing_weight_kg": "Dosing weight, kg",
    "start_rate_mg_per_kg_min": "Ordered start, mg/kg/min",
    "max_rate_mg_per_kg_min": "Ordered max, mg/kg/min",
    "start_mg_per_kg_min": "Start limit, mg/kg/min",
    "soft_max_mg_per_kg_min": "Soft max, mg/kg/min",
    "hard_max_mg_per_kg_min": "Hard max, mg/kg/min",
    "start_mL_per_h": "Start limit, mL/h",
    "soft_max_mL_per_h": "Soft max, mL/h",
    "hard_max_mL_per_h": "Hard max, mL/h",
    "hard_max": "Hard max governed by",
    "at_risk": "At risk",
    "undocumented": "Not documented",
    "codes": "Rules",
    "findings": "What was found",
    "file": "File",
    "sheet": "Sheet",
    "row": "Row",
}


def _worklist_row(order: Order) -> Sequence[Cell]:
    fields, findings = csv_fields(order), order["findings"]
    told = (f"{f['code']} {f['severity'].upper()}: {f['message']}" for f in findings if f["severity"] != "info")
    cells = {
        "status": Text(order["status"], order["status"]),
        "order_id": text_cell(order["order_id"], "strong"),
        **{name: text_cell(fields[name] or _as_written(order, name)) for name in ("indication", "product")},
        **{name: _measure(fields[name]) for name in _MEASURES},
        **dict(zip(_RATES, _rates(order, fields), strict=True)),
        **{name: _words(order[name]) for name in ("at_risk", "undocumented")},
        "codes": text_cell("; ".join(dict.fromkeys(f["code"] for f in findings))),
        "findings": text_cell(tuple(told)),
    }
    return [cells[name] if name in cells else _value(fields[name]) for name, _ in _WORKLIST]


def _as_written(order: Order, column: str) -> str:
    """What stands in a cell that was not recognised, as far as a finding quotes it."""
    for finding in order["findings"]:
        if text := finding["inputs"].get(column):
            return f'"{visible(cut(text, _QUOTED))}" (as written)'
    return ""


@lru_cache(maxsize=100_000)
def _shown(value: float, digits: int) -> tuple[float, int]:
    """A number as so many significant digits show it, and how many decimals that takes."""
    text = number(value, digits)
    return float(text), len(text.partition(".")[2])


def _measure(value: float | None) -> Cell:
    return None if value is None else Number(value, _shown(value, _LIMIT_DIGITS)[1])


def _rates(order: Order, fields: Mapping[str, Any]) -> Iterator[Cell]:
    """Ordered start and maximum, and the three limits, with so many digits that what they show is true."""
    start, highest, start_limit, soft, hard = (fields[name] for name in _RATES)
    beside = ((start, start_limit), (start, soft), (start, hard), (start, highest), (highest, soft), (highest, hard))
    digits = _digits([(a, b) for a, b in beside if a is not None and b is not None])
    limits = order["limits"]
    exclusive = (False, False, False, limits["soft_max_exclusive"], limits["hard_max_exclusive"])
    for name, below in zip(_RATES, exclusive, strict=True):
        value = fields[name]
        yield None if value is None else Number(value, _shown(value, digits)[1], below)


def _digits(pairs: Sequence[tuple[float, float]]) -> int:
    """The fewest significant digits with which each pair shows which of the two is greater, or that they are equal.

    Equal is what the comparison of rates and limits takes for equal.
    """
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        if all(_order(a, b) == _order(_shown(a, digits)[0], _shown(b, digits)[0]) for a, b in pairs):
            return digits
    return _MOST_DIGITS


def _order(a: float, b: float) -> int:
    return 0 if abs(a - b) <= RELATIVE_TOLERANCE * abs(b) else 1 if a > b else -1


# Findings

_FINDINGS: Final = (
    ("Status of the order", 12.0),
    ("Order", 14.0),
    ("Patient", 14.0),
    ("Code", 8.5),
    ("Rule", 25.0),
    ("Severity", 12.0),
    ("Message", 60.0),
    ("Inputs", 30.0),
    ("Arithmetic", 40.0),
    ("Source", 40.0),
    ("File", 16.0),
    ("Sheet", 10.0),
    ("Row", 7.0),
    ("Fingerprint", 19.0),
)


def _finding_row(order: Order, finding: Finding) -> Sequence[Cell]:
    severity = finding["severity"].upper()
    return (
        Text(order["status"]),
        text_cell(order["order_id"]),
        text_cell(order["patient_id"]),
        Text(finding["code"]),
        Text(finding["name"]),
        Text(severity, severity),
        Text(finding["message"]),
        text_cell("; ".join(f"{column}: {text}" for column, text in finding["inputs"].items())),
        text_cell(finding["arithmetic"]),
        text_cell(finding["source"]),
        *_place(order),
        text_cell(finding["fingerprint"]),
    )


# Not read

_NOT_READ_COLUMNS: Final = (
    ("What", 11.0),
    ("Severity", 12.0),
    ("Order", 14.0),
    ("Patient", 14.0),
    ("Column", 20.0),
    ("Message", 90.0),
    ("File", 22.0),
    ("Sheet", 12.0),
    ("Row", 7.0),
)


def _not_read(report: Mapping[str, Any], findings: Sequence[tuple[Order, Finding]]) -> Sheet:
    """What was not read or not used: cells and rows, then what was said of the run as a whole."""
    rows: list[Sequence[Cell]] = []
    for order, finding in findings:
        if finding["code"] in _NOT_READ:
            severity = finding["severity"].upper()
            rows.append(
                (
                    Text(finding["code"]),
                    Text(severity, severity),
                    text_cell(order["order_id"]),
                    text_cell(order["patient_id"]),
                    text_cell(finding["column"]),
                    Text(finding["message"]),
                    *_place(order),
                )
            )
    rows += [(Text("Notice"), None, None, None, None, text_cell(notice)) for notice in report["notices"]]
    return Sheet("Not read", _NOT_READ_COLUMNS, rows, len(rows), frozen=1)


# Values

_KEYS: Final = ("order_id", "file", "sheet", "row")
_VALUE_WIDTHS: Final = {"not_assessed": 60.0, "start": 40.0, "soft_max": 40.0, "row": 7.0}


def _values(orders: Sequence[Order]) -> Sheet:
    """Every fact of every order that the worklist has no column for, under the CSV report's name."""
    shown = {name for name, _ in _WORKLIST}
    names = (*_KEYS, *(name for name in (csv_fields(orders[0]) if orders else ()) if name not in shown))
    columns = [(name, _VALUE_WIDTHS.get(name, max(15.0, len(name) * 1.05))) for name in names]
    rows = (_value_row(order, names) for order in orders)
    return Sheet("Values", columns, rows, len(orders), frozen=len(_KEYS), pages_wide=2)


def _value_row(order: Order, names: Sequence[str]) -> Sequence[Cell]:
    fields = csv_fields(order) | {"not_assessed": ", ".join(order["not_assessed"])}
    return [_value(fields[name]) for name in names]


def _value(value: str | float | None) -> Cell:
    if isinstance(value, bool):
        return Text("true" if value else "false")
    return Number(value) if isinstance(value, (int, float)) else text_cell(value)
