"""One worksheet's rows, streamed from its XML: openpyxl reads the cells, this module sees that none is lost.

openpyxl's own row iterator believes the sheet's dimension record, passes over rows that are out of order, and cannot
tell a formula without a stored result from an empty cell unless it reads the sheet twice. So the rows are walked here,
once, and only the parsing of a cell is openpyxl's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element, iterparse  # the archive was searched for entities before

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.cell.text import Text
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import (
    CELL_TAG,
    DATA_TAG,
    FORMULA_TAG,
    INLINE_STRING,
    ROW_TAG,
    VALUE_TAG,
    WorkSheetParser,
)
from openpyxl.xml.constants import SHEET_MAIN_NS

from ivigcheck.errors import InputError
from ivigcheck.intake.cells import UNSTORED, Cell
from ivigcheck.intake.files import shown

_LAST_ROW: Final = 1_048_576
_LAST_COLUMN: Final = 16_384
_MOST_ROW_TAGS: Final = 200_000
_TRUE: Final = ("1", "true")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_INDEX = re.compile(r"[0-9]{1,9}")
_READABLE: Final = {"n": _NUMBER, "s": _INDEX, "b": re.compile("[01]")}
ITEM_TAG: Final = f"{{{SHEET_MAIN_NS}}}si"
_TEXT: Final = f"{{{SHEET_MAIN_NS}}}t"
_RUN: Final = f"{{{SHEET_MAIN_NS}}}r"
_TEXT_PARTS: Final = frozenset({_TEXT, _RUN, *(f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("rPr", "rPh", "phoneticPr"))})
_EXTENSIONS: Final = f"{{{SHEET_MAIN_NS}}}extLst"
_PARTS: Final = frozenset({FORMULA_TAG, VALUE_TAG, INLINE_STRING, _EXTENSIONS})
_COLUMN: Final = f"{{{SHEET_MAIN_NS}}}col"
_MERGED: Final = f"{{{SHEET_MAIN_NS}}}mergeCell"
_FILTERED: Final = f"{{{SHEET_MAIN_NS}}}filterColumn"


class Damaged(Exception):
    """The sheet's XML is not what a spreadsheet program writes."""


@dataclass
class Sheet:
    """A worksheet and, once its rows have been walked to the end, what a reader should know about it.

    file: the workbook's name, for messages. hidden_rows: rows with content that the sheet does not show.
    hidden_columns: (first, last) ranges from 1.
    """

    file: str
    book: Workbook
    source: ReadOnlyWorksheet
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: int = 0
    filtered: bool = False

    @property
    def title(self) -> str:
        return str(self.source.title)

    @property
    def where(self) -> str:
        return f'{self.file}, sheet "{shown(self.title)}"'

    @property
    def visible(self) -> bool:
        return self.source.sheet_state == "visible"

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Each row that has content, with its number and its cells that have content, both in order.

        Raises InputError where the sheet is not whole.
        """
        self.hidden_rows, self.hidden_columns, self.merged, self.filtered = [], [], 0, False
        try:
            yield from self._walk()
        except Exception as error:
            # Broad on purpose: openpyxl raises whatever its casts happen to raise on a damaged or hostile sheet.
            raise damaged(self.where, error) from None

    def number_format(self, style: int) -> str:
        """The number format of a cell style. Raises InputError for a style that the workbook does not define."""
        try:
            return str(ReadOnlyCell(self.source, 1, 1, None, "n", style).number_format)
        except (IndexError, AttributeError, KeyError) as error:
            raise damaged(self.where, error) from None

    def _walk(self) -> Iterator[tuple[int, list[Cell]]]:
        source: Any = self.source  # openpyxl has no public way to a sheet's XML
        with source._get_source() as stream:
            parser = self._parser(stream, source._shared_strings)
            last = 0
            for element in self._row_elements(stream):
                last = _row_number(element, last)
                cells = _cells(element, parser, last)
                if cells:
                    if element.get("hidden") in _TRUE:
                        self.hidden_rows.append(last)
                    yield last, cells

    def _parser(self, stream: Any, shared: Any) -> WorkSheetParser:
        book: Any = self.book
        return WorkSheetParser(
            stream,
            shared,
            data_only=True,
            epoch=book.epoch,  # 1900 or 1904
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )

    def _row_elements(self, stream: Any) -> Iterator[Element]:
        """The row elements; everything else is noted and let go, so that memory does not grow with the file."""
        parents: list[Element] = []
        row: Element | None = None
        tags = 0
        for event, element in iterparse(stream, events=("start", "end")):
            if row is not None:
                tags += 1
                if tags > _MOST_ROW_TAGS:
                    raise Damaged("a row has more cells than Excel allows")
                if element is row:
                    yield row
                    row = None
                    parents[-1].clear()
            elif event == "start":
                if not parents and not element.tag.startswith(f"{{{SHEET_MAIN_NS}}}"):
                    raise Damaged("it is no worksheet of the usual kind (Strict Open XML?)")
                if element.tag == ROW_TAG:
                    if not parents or parents[-1].tag != DATA_TAG:
                        raise Damaged("a row stands outside the sheet's data")
                    row, tags = element, 0
                elif parents and parents[-1].tag == DATA_TAG:
                    raise Damaged("something that is no row stands among its rows")
                else:
                    self._note(element)
                    parents.append(element)
            else:
                parents.pop()
                if parents:
                    parents[-1].clear()

    def _note(self, element: Element) -> None:
        if element.tag == _COLUMN and element.get("hidden") in _TRUE:
            self.hidden_columns.append((int(element.get("min", "0")), int(element.get("max", "0"))))
        self.merged += element.tag == _MERGED
        self.filtered = self.filtered or element.tag == _FILTERED


def _row_number(element: Element, last: int) -> int:
    stated = element.get("r")
    number = last + 1 if stated is None else int(stated) if _INDEX.fullmatch(stated) else 0
    if not last < number <= _LAST_ROW:
        raise Damaged(f"its rows are out of order after row {last}")
    return number


def _cells(row: Element, parser: WorkSheetParser, number: int) -> list[Cell]:
    """The row's cells that have content."""
    parser.row_counter, parser.col_counter = number, 0
    cells = []
    last = 0
    for element in row:
        if element.tag != CELL_TAG:
            if element.tag == _EXTENSIONS:
                continue
            raise Damaged(f"something that is no cell stands in row {number}")
        _require_sound(element, number)
        inline = element.find(INLINE_STRING)
        if inline is not None:  # put aside: openpyxl would take it to pieces, slowly
            element.remove(inline)
        parsed: dict[str, Any] = parser.parse_cell(element)
        if parsed["row"] != number or not last < parsed["column"] <= _LAST_COLUMN:
            raise Damaged(f"the cells of row {number} are out of order")
        last = parsed["column"]
        value, kind = parsed["value"], parsed["data_type"]
        if kind == "inlineStr":
            value, kind = whole_text(inline) if inline is not None else None, "s"
        if element.find(FORMULA_TAG) is not None and _no_result(element):
            kind = UNSTORED
        cell = Cell(number, last, value, kind, int(parsed["style_id"]))
        if not cell.blank:
            cells.append(cell)
    return cells


def _no_result(element: Element) -> bool:
    """Whether a formula's cell has no result. An empty one is a result only of a formula that gives a text."""
    result = element.findtext(VALUE_TAG)
    return result is None or (not result and element.get("t") != "str")


def whole_text(element: Element) -> str:
    """The text of a shared or inline string: in one piece, as nearly all are, or in pieces of several fonts."""
    if len(element) == 1 and element[0].tag == _TEXT and not len(element[0]):
        return element[0].text or ""
    for holder in (element, *element.iterfind(_RUN)):
        texts = holder.findall(_TEXT)
        if len(texts) > 1 or any(map(len, texts)) or not _TEXT_PARTS.issuperset(part.tag for part in holder):
            raise Damaged("a text is not readable")
    pieces: Any = Text
    return str(pieces.from_tree(element).content)


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
    if not _INDEX.fullmatch(style):
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
