"""The workbook's sheet of what is new since last time, in an unattended run's report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ivigcheck.report.delta_facts import ENDINGS, MEANINGS, SECTIONS, acknowledged_text, section_of
from ivigcheck.report.model import place
from ivigcheck.report.xlsx_cells import Cell, Sheet, Text, text_cell

_COLUMNS: Final = (
    ("Section", 11.5),
    ("Severity", 12.0),
    ("Order", 13.5),
    ("Patient", 12.5),
    ("Code", 8.5),
    ("Rule", 20.0),
    ("Column", 12.0),
    ("Since", 11.0),
    ("Message", 46.0),
    ("What was decided, or why it is over", 22.0),
    ("Fingerprint", 17.5),
    ("Place", 15.0),
)
_NOTES: Final = {
    "Section": ". ".join(f"{title}: {MEANINGS[name]}" for name, title in SECTIONS.items()) + ".",
    "Since": "The day of the run that first had the finding.",
    "Fingerprint": "Names this finding from one run to the next, and is what ivigcheck ack takes.",
}


def news_sheets(report: Mapping[str, Any]) -> list[Sheet]:
    """One sheet in a report that was compared with an earlier run, none in any other."""
    if "delta" not in report:
        return []
    rows = list(_rows(report))
    return [
        Sheet(
            "New and open",
            _COLUMNS,
            rows,
            len(rows),
            frozen=4,
            pages_wide=0,
            table="NewAndOpen",
            notes=_NOTES,
            words=("Severity",),
        )
    ]


def _rows(report: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for section, title in SECTIONS.items():
        for order, findings in section_of(report, section):
            for finding in findings:
                mark = finding["delta"]
                yield (
                    *_beginning(title, order, finding, mark["since"]),
                    Text(finding["message"]),
                    text_cell(_decided(mark) if mark["acknowledged"] else ""),
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


def _decided(mark: Mapping[str, Any]) -> str:
    return f"{acknowledged_text(mark)} (entry {mark['acknowledged']['entry']})"


def _beginning(title: str, order: Mapping[str, Any], finding: Mapping[str, Any], since: str) -> tuple[Cell, ...]:
    severity = finding["severity"].upper()
    ids = (text_cell(order["order_id"]), text_cell(order["patient_id"]))
    rule = (Text(finding["code"]), text_cell(finding["name"]), text_cell(finding["column"]))
    return Text(title), Text(severity, "strong"), *ids, *rule, Text(since)
