"""The report as an Excel workbook: a summary, the worklist, every finding, what was not read, and every value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ivigcheck.report.xlsx_cells import MOST_LINKS, Cell, Number, Sheet, Text, id_width, text_cell
from ivigcheck.report.xlsx_file import render_sheets
from ivigcheck.report.xlsx_news import news_sheets
from ivigcheck.report.xlsx_orders import as_written_sheet, values_sheet
from ivigcheck.report.xlsx_schedule import schedule_sheet
from ivigcheck.report.xlsx_summary import summary_sheet
from ivigcheck.report.xlsx_worklist import worklist_cell, worklist_sheet
from ivigcheck.show import visible

Order = Mapping[str, Any]
Finding = Mapping[str, Any]

_NOT_READ: Final = frozenset({"IVG901", "IVG902", "IVG903", "IVG908", "IVG910"})


def render_xlsx(report: Mapping[str, Any], schedules: Sequence[tuple[Order, Mapping[str, Any]]] = ()) -> bytes:
    """The .xlsx file of a report. schedules: of the orders that may be given, in the report's order.

    Raises OutputError where there are more orders or findings than a sheet of Excel's has rows, or no space for it.
    """
    orders: Sequence[Order] = report["orders"]
    sheets = (
        summary_sheet(report),
        *news_sheets(report),
        worklist_sheet(orders, _first_findings(orders)),
        _findings(orders),
        _not_read(report),
        schedule_sheet(schedules),
        as_written_sheet(orders),
        values_sheet(orders),
    )
    tool, run, policy, knowledge = report["tool"], report["run"], report["policy"], report["knowledge"]
    versions = f"policy {policy['version']}, knowledge {knowledge['version']}"
    footer = f"{tool['name']} {tool['version']}, as of {run['as_of']}, {versions}"
    made = datetime.fromisoformat(run["started"])
    return render_sheets(sheets, title="Check of IVIG orders", made=made, footer=visible(footer))


# Findings

FINDINGS: Final = "Findings"
_COLUMNS: Final = (
    ("Status of the order", 12.0),
    ("Order", 15.0),
    ("Patient", 14.0),
    ("Code", 9.0),
    ("Rule", 25.0),
    ("Severity", 12.0),
    ("Message", 60.0),
    ("Column", 16.0),
    ("Inputs", 32.0),
    ("Arithmetic", 40.0),
    ("Source", 42.0),
    ("File", 16.0),
    ("Sheet", 9.0),
    ("Row", 7.0),
    ("Fingerprint", 19.0),
)
_NOTES: Final = {
    "Status of the order": "The gravest of its findings.",
    "Order": "Underlined, it leads back to the order on the sheet Worklist, as long as that sheet has not been sorted.",
    "Code": "ivigcheck rules CODE explains the rule.",
    "Severity": "STOP: do not infuse as ordered. UNCHECKED: could not be checked. REVIEW: needs a pharmacist's "
    "judgement. INFO: to know.",
    "Column": "The column of the order file that the finding is about, where it is about one.",
    "Inputs": "What was used, as it stands in the file.",
    "Arithmetic": "The reckoning, to be done again by hand.",
    "Source": "Where the limit, or the rule, comes from.",
    "Fingerprint": "Names this finding from one run to the next, and is what ivigcheck ack takes.",
}


def _first_findings(orders: Sequence[Order]) -> list[str]:
    """For each order the cell that holds its first finding's order, or the first finding's code where it has no id."""
    cells, row, links = [], 2, 0
    for order in orders:
        leads = bool(order["findings"]) and links < MOST_LINKS
        cells.append(f"{FINDINGS}!{'B' if order['order_id'] else 'D'}{row}" if leads else "")
        row, links = row + len(order["findings"]), links + leads
    return cells


def _findings(orders: Sequence[Order]) -> Sheet:
    """One row a finding; as many of them as Excel takes lead back to the worklist."""
    n_rows = sum(len(order["findings"]) for order in orders)
    order_width = id_width([order["order_id"] for order in orders], dict(_COLUMNS)["Order"])
    pairs = ((k, order, finding) for k, order in enumerate(orders) for finding in order["findings"])
    rows = (_finding_row(k, order, finding, back=n < MOST_LINKS) for n, (k, order, finding) in enumerate(pairs))
    return Sheet(
        FINDINGS,
        [(title, order_width if title == "Order" else width) for title, width in _COLUMNS],
        rows,
        n_rows,
        frozen=2,
        pages_wide=0,
        table="Findings",
        notes=_NOTES,
        words=("Status of the order", "Severity"),
    )


def _finding_row(k: int, order: Order, finding: Finding, *, back: bool) -> Sequence[Cell]:
    link = ("link", worklist_cell(k)) if back else ("strong",)
    order_id = order["order_id"]
    return (
        Text(order["status"], "strong"),
        Text(order_id, *link) if order_id else None,
        text_cell(order["patient_id"]),
        Text(finding["code"], *(("text",) if order_id else link)),
        Text(finding["name"]),
        Text(finding["severity"].upper(), "strong"),
        Text(finding["message"]),
        text_cell(finding["column"]),
        text_cell("; ".join([f"{column}: {text}" for column, text in finding["inputs"].items()])),
        text_cell(finding["arithmetic"]),
        text_cell(finding["source"]),
        *_place(order),
        text_cell(finding["fingerprint"]),
    )


def _place(order: Order) -> tuple[Cell, Cell, Cell]:
    source = order["source"]
    row = None if source["row"] is None else Number(source["row"])
    return text_cell(source["file"]), text_cell(source["sheet"]), row


# Not read

_NOT_READ_COLUMNS: Final = (
    ("What", 11.0),
    ("Severity", 13.0),
    ("Order", 15.0),
    ("Patient", 14.0),
    ("Column", 20.0),
    ("Message", 72.0),
    ("File", 18.0),
    ("Sheet", 9.0),
    ("Row", 7.0),
)


def _not_read(report: Mapping[str, Any]) -> Sheet:
    """What was not read or not used: cells and rows, then what was said of the run as a whole."""
    rows: list[Sequence[Cell]] = [
        (
            Text(finding["code"]),
            Text(finding["severity"].upper(), "strong"),
            text_cell(order["order_id"]),
            text_cell(order["patient_id"]),
            text_cell(finding["column"]),
            Text(finding["message"]),
            *_place(order),
        )
        for order in report["orders"]
        for finding in order["findings"]
        if finding["code"] in _NOT_READ
    ]
    rows += [(Text("Notice"), None, None, None, None, text_cell(notice)) for notice in report["notices"]]
    return Sheet(
        "Not read",
        _NOT_READ_COLUMNS,
        rows,
        len(rows),
        frozen=1,
        pages_wide=0,
        table="NotRead",
        words=("Severity",),
    )
