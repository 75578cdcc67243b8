"""Workbooks of reports, and a reader of their parts that knows nothing of the library that wrote them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from ivigcheck.delta import Acknowledgement, Delta, Ending, Over, Seen, Stood, compare
from ivigcheck.intake.table import Table
from ivigcheck.pipeline import Checked, check_files, check_tables
from ivigcheck.report import Rendering

AS_OF, STARTED = date(2026, 11, 22), datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "sample_orders"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
VML, EXCEL = "{urn:schemas-microsoft-com:vml}", "{urn:schemas-microsoft-com:office:excel}"
SEED = (
    *("hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion"),
    *("cardiovascular_risk", "diabetes", "renal_insufficiency"),
)
CALM = {
    "order_id": "RX-1",
    "patient_id": "0012",
    "indication": "CIDP",
    "weight": "80 kg",
    "age_years": "55",
    "start_rate": "0.5 mg/kg/min",
    "max_rate": "380 mL/h",
    "product": "Gamunex-C",
    **dict.fromkeys(SEED, "no"),
}
HOSTILE_TEXTS = (
    *("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "＝1+1"),
    *("#N/A", "#REF!", "http://x.example", "0010", "1E5", "<script>alert(1)</script>", "a & b", "</t></is></c>"),
    *("A [/b] B", "two  spaces", "\x1b[2J\x07", "a\u202eb", "\ud800x", "x\ufffe", "_x003D_1", "line\nbreak", " led"),
    *("</sheetData>", "Findings!A1", "'Worklist'!B2", "&L&A", "x" * 40_000),
)
"""H-43, H-45: O-01 to O-20."""


def checked(*orders: Mapping[str, str], malformed: Mapping[int, str] | None = None) -> Checked:
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "") for order in orders] for name in names}
    rows = tuple(range(2, len(orders) + 2))
    table = Table("orders.xlsx", "IVIG", "c0ffee", rows, cells, malformed=malformed or {}, notices=("a notice",))
    return check_tables([table], AS_OF)


def rendered(name: str) -> Rendering:
    """The reports that the tests read, by name."""
    match name:
        case "empty":
            return Rendering(checked(), STARTED)
        case "one":
            return Rendering(checked(CALM), STARTED)
        case "hostile":
            orders = [
                {**CALM, "order_id": said, "patient_id": said, "product": said, "max_rate": "9 mg/kg/min"}
                for said in HOSTILE_TEXTS
            ]
            return Rendering(checked(*orders), STARTED)
        case "night":
            return night()
    return Rendering(check_files([SAMPLES / name], AS_OF), STARTED)


def night() -> Rendering:
    """An unattended run's: findings that are new, stood before or are settled, and some that are over."""
    rendering = Rendering(check_files([SAMPLES / "messy_batch.csv"], AS_OF), STARTED)
    found = [each for some in rendering.seen.values() for each in some if each.severity != "info"]
    still, settled, back = found[0], found[1], found[2]
    gone = Seen("feed0000feed0000", "gone", "b", "=gone", "00099", "IVG101", "max_rate", "stop")
    odd = Seen("feed0000feed0001", "odd", "b", "ODD", "", "IVG999", "", "review")
    taken = Acknowledgement(7, settled.fingerprint, "AB", "accepted", "=1+1 by telephone", "2026-12-24", "2026-11-20")
    delta = compare(
        found,
        {},
        (),
        {
            still.fingerprint: Stood(still, "2026-11-19", False, "2026-11-21"),
            settled.fingerprint: Stood(settled, "2026-11-19", True, "2026-11-21"),
            back.fingerprint: Stood(back, "2026-11-18", True, "2026-11-21"),
        },
        {settled.fingerprint: taken},
        (),
        day="2026-11-22",
        is_gone=lambda _: True,
        since_run="20261121T030000Z-abcdef",
    )
    over = [Over(gone, "2026-11-01", Ending.GONE), Over(odd, "2026-11-02", Ending.CORRECTED)]
    with_over = Delta(delta.since_run, delta.marks, over, (), 2, 1)
    return rendering.compared(with_over, "20261122T030000Z-123456", ["a word before all else"])


NAMES = ("empty", "one", "hostile", "night", "clean_batch.csv", "messy_batch.csv", "every_rule.xlsx")


class Book:
    """A workbook's parts."""

    def __init__(self, name: str) -> None:
        rendering = rendered(name)
        self.report: dict[str, Any] = json.loads(rendering.json())
        self.content = rendering.xlsx()
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            assert archive.testzip() is None
            self.parts = {each: archive.read(each) for each in archive.namelist()}
        self.trees = {
            each: ElementTree.fromstring(part)
            for each, part in self.parts.items()
            if each.endswith((".xml", ".rels", ".vml"))
        }
        tree = self.trees["xl/workbook.xml"]
        targets = self.related("xl/workbook.xml")
        self.sheets = {
            sheet.get("name"): Page(self, targets[sheet.get(f"{RELATION}id")])
            for sheet in tree.iter(f"{MAIN}sheet")
        }  # fmt: skip
        names = list(self.sheets)
        self.defined = {
            (each.get("name"), names[int(each.get("localSheetId", -1))]): each.text
            for each in tree.iter(f"{MAIN}definedName")
        }

    def related(self, part: str) -> dict[str, str]:
        """Relation -> the part that it leads to, all of them inside."""
        path = PurePosixPath(part)
        rels = self.trees.get(str(path.parent / "_rels" / f"{path.name}.rels"))
        found = {}
        for each in [] if rels is None else rels:
            assert each.get("TargetMode", "Internal") == "Internal"
            target = each.get("Target")
            found[each.get("Id")] = target[1:] if target.startswith("/") else str(path.parent / target)
            assert found[each.get("Id")] in self.parts
        return found


class Page:
    """A sheet: cell -> what it says, a text with Excel's escapes undone or a number."""

    def __init__(self, book: Book, part: str) -> None:
        self.tree = book.trees[part]
        self.related = book.related(part)
        self.cells: dict[str, str | float] = {}
        for cell in self.tree.iter(f"{MAIN}c"):
            assert cell.find(f"{MAIN}f") is None
            if cell.get("t") == "inlineStr":
                text = "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
                self.cells[cell.get("r")] = decoded(text)
            elif (value := cell.find(f"{MAIN}v")) is not None:
                assert cell.get("t", "n") == "n"
                self.cells[cell.get("r")] = float(value.text)
        self.last_row = max((int(row.get("r")) for row in self.tree.iter(f"{MAIN}row")), default=0)

    def of_kind(self, kind: str) -> list[str]:
        return [part for part in self.related.values() if kind in part]

    def rows(self, heads: int = 1) -> list[dict[str, Any]]:
        """Each row below the heads' row: head -> what its cell says, None where it says nothing."""
        titles = {column_of(cell): said for cell, said in self.cells.items() if row_of(cell) == heads}
        return [
            {title: self.cells.get(f"{column}{k}") for column, title in titles.items()}
            for k in range(heads + 1, self.last_row + 1)
        ]


def decoded(text: str) -> str:
    """A text as Excel reads it: _x0041_ is an A."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def row_of(cell: str) -> int:
    return int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def column_of(cell: str) -> str:
    return cell.rstrip("0123456789")


def number_of(column: str) -> int:
    total = 0
    for letter in column:
        total = 26 * total + ord(letter) - ord("A") + 1
    return total


def corners(reference: str) -> tuple[str, int, str, int]:
    """First column and row, last column and row of A1:B2, $A$1:$B$2 or A1."""
    first, _, last = reference.replace("$", "").partition(":")
    last = last or first
    return column_of(first), row_of(first), column_of(last), row_of(last)


def cells_in(reference: str) -> Iterator[str]:
    """The cells of one column."""
    column, first, last_column, last = corners(reference)
    assert column == last_column
    return (f"{column}{k}" for k in range(first, last + 1))


@cache
def book(name: str) -> Book:
    return Book(name)
