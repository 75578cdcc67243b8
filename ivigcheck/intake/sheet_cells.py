"""The cells of a worksheet's row elements: openpyxl casts what they hold, this module sees that it may be cast."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils.datetime import from_excel
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import CELL_TAG, FORMULA_TAG, INLINE_STRING, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from ivigcheck.errors import InputError
from ivigcheck.intake.cells import UNSTORED, Cell
from ivigcheck.intake.sheet_stream import Damaged
from ivigcheck.intake.sheet_strings import whole_text

INDEX: Final = re.compile(r"[0-9]{1,9}")
"""Of a row, a style or a shared text."""

LAST_COLUMN: Final = 16_384
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_READABLE: Final = {"n": _NUMBER, "s": INDEX, "b": re.compile("[01]")}
_EXTENSIONS: Final = f"{{{SHEET_MAIN_NS}}}extLst"
_PARTS: Final = frozenset({FORMULA_TAG, VALUE_TAG, INLINE_STRING, _EXTENSIONS})
MOST_UNUSUAL: Final = 750_000
"""Cells of a sheet that must be taken to pieces one by one: as many as are read in seconds."""


class CellParser:
    """Cell elements to cells, of one sheet from its first row to its last."""

    def __init__(self, where: str, book: Workbook, source: ReadOnlyWorksheet) -> None:
        own: Any = source  # openpyxl has no public way to these
        owner: Any = book
        self.shared: Sequence[str] = own._shared_strings
        self.parsed = 0
        self._where = where
        self._source = source
        self._formats: dict[int, str] = {}
        self._parser: Any = WorkSheetParser(
            io.BytesIO(),  # it is handed elements
            own._shared_strings,
            data_only=True,
            epoch=owner.epoch,  # 1900 or 1904
            date_formats=owner._date_formats,
            timedelta_formats=owner._timedelta_formats,
        )

    def row(self, number: int, row: Element) -> list[Cell]:
        """The row's cells that have content. Raises InputError where one is not whole, or they are out of order."""
        cells = []
        last = 0
        for element in row:
            cell = self.cell(element, number, last)
            if cell is not None:
                last = cell.column
                if not cell.blank:
                    cells.append(cell)
        return cells

    def cell(self, element: Element, number: int, last: int) -> Cell | None:
        """An element of a row, as a cell; None for what Excel may add beside the cells.

        last: the column of the cell before. Raises InputError where it is not whole, or does not come after that one.
        """
        self.parsed += 1
        try:
            if self.parsed > MOST_UNUSUAL:
                raise Damaged(
                    f"it has more than {MOST_UNUSUAL:,} cells that hold no plain value: errors, formulas without a "
                    "stored result, texts in several fonts"
                )
            return self._cell(element, number, last)
        except Exception as error:
            # Broad on purpose: openpyxl raises whatever its casts happen to raise on a damaged or hostile sheet.
            raise damaged(self._where, error) from None

    def number(self, raw: str, style: int, row: int, column: int) -> Cell | None:
        """The cell that holds a number, or the date that it stands for; None where it must be read as an element.

        raw: as it is stored. style: of the cell.
        """
        if not _NUMBER.fullmatch(raw):
            return None
        parser = self._parser
        try:
            value = float(raw) if "." in raw or "e" in raw or "E" in raw else int(raw)  # as openpyxl casts it
            if style not in parser.date_formats:
                return Cell(row, column, value, "n", style)
            moment = from_excel(value, parser.epoch, timedelta=style in parser.timedelta_formats)
        except (OverflowError, ValueError):
            return None
        return Cell(row, column, moment, "d", style)

    def number_format(self, cell: Cell) -> str:
        """The number format of a cell that holds a number, "" for any other.

        Raises InputError for a style that the workbook does not define.
        """
        if cell.kind != "n":
            return ""
        if cell.style not in self._formats:
            try:
                styled = ReadOnlyCell(self._source, 1, 1, None, "n", cell.style)
                self._formats[cell.style] = str(styled.number_format)
            except (IndexError, AttributeError, KeyError) as error:
                raise damaged(self._where, error) from None
        return self._formats[cell.style]

    def _cell(self, element: Element, number: int, last: int) -> Cell | None:
        if element.tag != CELL_TAG:
            if element.tag == _EXTENSIONS:
                return None
            raise Damaged(f"something that is no cell stands in row {number}")
        _require_sound(element, number)
        inline = element.find(INLINE_STRING)
        if inline is not None:  # put aside: openpyxl would take it to pieces, slowly
            element.remove(inline)
        self._parser.row_counter, self._parser.col_counter = number, last
        parsed: dict[str, Any] = self._parser.parse_cell(element)
        if inline is not None:
            element.append(inline)  # the row may be read again
        if parsed["row"] != number or not last < parsed["column"] <= LAST_COLUMN:
            raise Damaged(f"the cells of row {number} are out of order")
        value, kind = parsed["value"], parsed["data_type"]
        if kind == "inlineStr":
            value, kind = whole_text(inline) if inline is not None else None, "s"
        if element.find(FORMULA_TAG) is not None and _no_result(element):
            kind = UNSTORED
        return Cell(number, parsed["column"], value, kind, int(parsed["style_id"]))


def _no_result(element: Element) -> bool:
    """Whether a formula's cell has no result. An empty one is a result only of a formula that gives a text."""
    result = element.findtext(VALUE_TAG)
    return result is None or (not result and element.get("t") != "str")


def _require_sound(element: Element, number: int) -> None:
    """openpyxl passes over what it does not expect in a cell, and its casts take more than Excel writes: ``1_0`` as 10,
    an index of -1 as the last text."""
    kind = element.get("t", "n")
    tags = set()
    for part in element:
        if part.tag not in _PARTS or part.tag in tags or (part.tag == VALUE_TAG and len(part)):
            raise Damaged(f"a cell of row {number} holds something unknown, or something twice")
        tags.add(part.tag)
    value = element.findtext(VALUE_TAG)
    if (value and kind == "inlineStr") or (kind != "inlineStr" and INLINE_STRING in tags):
        raise Damaged(f"a cell of row {number} holds what does not go with its kind")
    style = element.get("s", "0")
    if not INDEX.fullmatch(style):
        raise Damaged(f"a cell of row {number} has no readable style")
    if not value:
        return
    expected = _READABLE.get(kind)
    if expected and not expected.fullmatch(value):
        raise Damaged(f"a cell of row {number} is not readable")


def damaged(where: str, error: Exception) -> InputError:
    """The message for a workbook that cannot be read; only our own reasons are quoted, never a library's, which may
    quote a cell."""
    reason = str(error) if isinstance(error, Damaged) else type(error).__name__
    return InputError(
        f"{where}: is damaged or not written by a spreadsheet program ({reason}). Open it, save it again as .xlsx, or "
        "export it as .csv. Nothing of it was used."
    )
