"""Workbooks (.xlsx, .xlsm) to orders: one sheet, every row of it, each cell as the text that it shows or stands for."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, iterparse  # the archive was searched for entities before

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS

from ivigcheck.columns import Column, spelling
from ivigcheck.errors import InputError
from ivigcheck.intake.archive import check_archive
from ivigcheck.intake.cells import Cell, cell_text
from ivigcheck.intake.choose import choose_sheet, header_texts
from ivigcheck.intake.files import Content, count_notices, read_content
from ivigcheck.intake.headers import HeaderMap, match_headers
from ivigcheck.intake.sheet import ITEM_TAG, Damaged, Sheet, damaged, whole_text
from ivigcheck.intake.table import BadCell, Table

_PROGRESS_EVERY: Final = 10_000


def read_excel(
    path: Path,
    columns: Sequence[Column],
    *,
    sheet: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Table:
    """The orders of one sheet of a workbook.

    sheet: its name; without it, the one visible sheet that has the needed columns. progress: called with the number of
    orders read so far.
    Raises InputError where the workbook cannot be trusted, or which sheet is meant is open.
    """
    content = read_content(path)
    check_archive(content).close()
    with _sheets(content) as sheets:
        chosen, notices = choose_sheet(sheets, columns, sheet, content.name)
        return _read_sheet(content, chosen, columns, notices, progress)


class _Reader(ExcelReader):
    """openpyxl's reader, but for the table of shared texts, read here without keeping its tree."""

    def read_strings(self) -> None:
        package: Any = self.package
        part = package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as stream:
            table: Element | None = None
            for event, element in iterparse(stream, events=("start", "end")):
                table = element if table is None else table
                if event == "end" and element.tag == ITEM_TAG:
                    self.shared_strings.append(whole_text(element).replace("x005F_", ""))  # as openpyxl unescapes
                    table.clear()


@contextmanager
def _sheets(content: Content) -> Iterator[list[Sheet]]:
    """The worksheets of a workbook, as long as it is open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's warnings quote cells, and stderr goes to a log
        try:
            reader = _Reader(io.BytesIO(content.data), read_only=True, data_only=True, keep_links=False)
            reader.read()
            sheets = _worksheets(reader, content.name)
        except Exception as error:
            # Broad on purpose: openpyxl raises whatever its parsers happen to raise on a damaged or hostile file.
            raise damaged(content.name, error) from None
        with closing(reader.archive):
            yield sheets


def _worksheets(reader: ExcelReader, name: str) -> list[Sheet]:
    book = reader.wb
    listed = {str(entry.name) for entry in reader.parser.sheets if entry.id}
    if listed != set(book.sheetnames):  # openpyxl passes over a sheet whose part is not in the archive
        raise Damaged("a sheet that it lists is not in it")
    return [Sheet(name, book, source) for source in book.worksheets if isinstance(source, ReadOnlyWorksheet)]


def _read_sheet(
    content: Content,
    sheet: Sheet,
    columns: Sequence[Column],
    notices: list[str],
    progress: Callable[[int], None] | None,
) -> Table:
    where = sheet.where
    rows = sheet.rows()
    number, cells = next(rows, (0, []))
    headers = header_texts(cells)
    mapping = match_headers(headers, columns, where=where)
    reader = _RowReader(sheet, mapping, columns, headers, where)
    for number, cells in rows:
        reader.take(number, cells)
        if progress and len(reader.rows) % _PROGRESS_EVERY == 0:
            progress(len(reader.rows))
    blank = number - 1 - len(reader.rows)
    return Table(
        file=content.name,
        sheet=sheet.title,
        sha256=content.sha256,
        rows=tuple(reader.rows),
        cells=reader.cells,
        headers=mapping.written,
        header_units=mapping.units,
        bad_cells=reader.bad,
        malformed=reader.malformed,
        ignored=mapping.ignored,
        blank_rows=blank,
        notices=(
            *notices,
            *_layout_notices(sheet, mapping.width),
            *count_notices(len(reader.rows), blank),
        ),
    )


class _RowReader:
    """The orders of a sheet as they are collected. Every row with content becomes one."""

    def __init__(
        self, sheet: Sheet, mapping: HeaderMap, columns: Sequence[Column], headers: list[str], where: str
    ) -> None:
        self.rows: list[int] = []
        self.cells: dict[str, list[str]] = {name: [] for name in mapping.positions}
        self.bad: dict[int, tuple[BadCell, ...]] = {}
        self.malformed: dict[int, str] = {}
        by_name = {column.name: column for column in columns}
        self._columns = {position + 1: by_name[name] for name, position in mapping.positions.items()}
        self._no_header = {position + 1 for position in mapping.blank}
        self._width = mapping.width
        self._header = {at: spelling(text) for at, text in enumerate(headers, start=1) if spelling(text)}
        self._sheet = sheet
        self._where = where
        self._formats: dict[int, str] = {}

    def take(self, number: int, cells: list[Cell]) -> None:
        """One row with content. Raises InputError for a value under no header."""
        index = len(self.rows)
        self.rows.append(number)
        bad: list[BadCell] = []
        texts: dict[str, str] = {}
        repeats = self._repeats_header(cells)
        for cell in cells:
            if cell.column > self._width or cell.column in self._no_header:
                raise self._stray(cell)
            column = self._columns.get(cell.column)
            if column is None or repeats:
                continue
            said = cell_text(cell, self._format(cell), column)
            texts[column.name] = said.text
            if said.bad:
                bad.append(BadCell(column.name, said.bad))
        for name, values in self.cells.items():
            values.append(texts.get(name, ""))
        if bad:
            self.bad[index] = tuple(bad)
        if repeats:
            self.malformed[index] = "repeats the header."

    def _repeats_header(self, cells: list[Cell]) -> bool:
        first = cells[0]
        if not isinstance(first.value, str) or spelling(first.value) != self._header.get(first.column):
            return False
        return {cell.column: spelling(str(cell.value)) for cell in cells} == self._header

    def _format(self, cell: Cell) -> str:
        if cell.kind != "n":
            return ""
        if cell.style not in self._formats:
            self._formats[cell.style] = self._sheet.number_format(cell.style)
        return self._formats[cell.style]

    def _stray(self, cell: Cell) -> InputError:
        return InputError(
            f"{self._where}: cell {cell.coordinate} has a value under no header. "
            "Give its column a header, or clear the cell."
        )


def _layout_notices(sheet: Sheet, width: int) -> list[str]:
    """What the sheet does not show, or shows as one, and was read all the same."""
    notices = []
    if sheet.hidden_rows:
        count = len(sheet.hidden_rows)
        rows = "1 hidden row was" if count == 1 else f"{count} hidden rows were"
        notices.append(f"{rows} read all the same (first: row {sheet.hidden_rows[0]}).")
    hidden = [get_column_letter(at) for at in range(1, width + 1) if any(a <= at <= b for a, b in sheet.hidden_columns)]
    if hidden:
        notices.append(f"hidden columns were read all the same: {', '.join(hidden)}.")
    if sheet.merged:
        notices.append("has merged cells; only the first cell of each holds its value, the others are blank.")
    if sheet.filtered:
        notices.append("has an active filter; the rows that it hides were read all the same.")
    return notices
