"""The workbook's sheet of what is new since last time, in an unattended run's report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ivigcheck.report.delta_facts import ENDINGS, SECTIONS, acknowledged_text, section_of
from ivigcheck.report.model import place
from ivigcheck.report.xlsx_file import Cell, Sheet, Text, text_cell

_COLUMNS: Final = (
    ("Section", 14.0),
    ("Severity", 12.0),
    ("Order", 14.0),
    ("Patient", 14.0),
    ("Code", 8.5),
    ("Since", 11.0),
    ("Message", 56.0),
    ("What was decided, or why it is over", 30.0),
    ("Fingerprint", 18.0),
    ("Place", 20.0),
)


def news_sheets(report: Mapping[str, Any]) -> list[Sheet]:
    """One sheet in a report that was compared with an earlier run, none in any other."""
    if "delta" not in report:
        return []
    rows = list(_rows(report))
    return [Sheet("New and open", _COLUMNS, rows, len(rows), frozen=4)]


def _rows(report: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for section, title in SECTIONS.items():
        for order, findings in section_of(report, section):
            for finding in findings:
                mark = finding["delta"]
                yield (
                    *_beginning(title, order, finding, mark["since"]),
                    Text(finding["message"]),
                    text_cell(acknowledged_text(mark) if mark["acknowledged"] else ""),
                    text_cell(finding["fingerprint"]),
                    text_cell(place(order["source"])),
                )
    for over in report["delta"]["resolved"]:
        yield (
            *_beginning(SECTIONS["resolved"], over, over, over["since"]),
            None,
            Text(ENDINGS[over["ending"]]),
            text_cell(over["fingerprint"]),
        )


def _beginning(
    title: str, order: Mapping[str, Any], finding: Mapping[str, Any], since: str
) -> tuple[Cell, Cell, Cell, Cell, Cell, Cell]:
    severity = finding["severity"].upper()
    ids = (text_cell(order["order_id"]), text_cell(order["patient_id"]))
    return Text(title), Text(severity, severity), *ids, Text(finding["code"]), Text(since)
