"""Workbooks (.xlsx, .xlsm) to orders: one sheet, every row of it, each cell as the text that it shows or stands for."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element
from zipfile import ZipFile, ZipInfo

from openpyxl.packaging import relationship
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS

from ivigcheck.columns import Column
from ivigcheck.intake.archive import MOST_PART_TAGS, check_archive
from ivigcheck.intake.cells import Cell
from ivigcheck.intake.choose import choose_sheet, header_texts
from ivigcheck.intake.files import Content, count_notices, read_content
from ivigcheck.intake.headers import match_headers
from ivigcheck.intake.sheet import Sheet
from ivigcheck.intake.sheet_cells import CellParser, damaged
from ivigcheck.intake.sheet_orders import RowReader
from ivigcheck.intake.sheet_stream import Damaged
from ivigcheck.intake.sheet_strings import shared_texts
from ivigcheck.intake.table import Table

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


class _Parts(ZipFile):
    """A workbook's archive, of which no part is parsed as a whole that is too large for it, whatever its name."""

    def read(self, name: str | ZipInfo, pwd: bytes | None = None) -> bytes:
        data = super().read(name, pwd)
        if data.count(b"<") > MOST_PART_TAGS:
            raise Damaged("a part that is no sheet is as large as one")
        return data


class _Source(ReadOnlyWorksheet):
    """openpyxl's worksheet, but for its dimension record, for which it may read the sheet to its end."""

    def _get_size(self) -> None:
        pass


class _Reader(ExcelReader):
    """openpyxl's reader, but for the table of shared texts, read here without keeping its tree, and the worksheets,
    of which nothing is read yet."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        self.archive = _Parts(io.BytesIO(data))

    def read_strings(self) -> None:
        package: Any = self.package
        part = package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as stream:
            self.shared_strings.extend(shared_texts(stream))

    def read_chartsheet(self, sheet: Any, rel: Any) -> None:
        self.archive.read(rel.target)  # refuses what is too large; openpyxl reads it another way
        super().read_chartsheet(sheet, rel)

    def read_worksheets(self) -> None:
        book: Any = self.wb
        packaging: Any = relationship
        for sheet, rel in self.parser.find_sheets():
            if rel.target not in self.valid_files:
                continue
            if "chartsheet" in rel.Type:
                self.read_chartsheet(sheet, rel)
                continue
            relations = packaging.get_rels_path(rel.target)
            if relations in self.valid_files:
                packaging.get_dependents(self.archive, relations)  # only to find damage
            source: Any = _Source(book, sheet.name, rel.target, self.shared_strings)
            source.sheet_state = sheet.state
            book._sheets.append(source)


@contextmanager
def _sheets(content: Content) -> Iterator[list[Sheet]]:
    """The worksheets of a workbook, as long as it is open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's warnings quote cells, and stderr goes to a log
        try:
            reader = _Reader(content.data)
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
    parser = sheet.parser()
    rows = sheet.elements()
    number, header = _header(sheet, parser, rows)
    headers = header_texts(header)
    mapping = match_headers(headers, columns, where=where)
    reader = RowReader(parser, mapping, columns, headers, where)
    for at, row in rows:
        if not reader.take(at, row):
            continue
        number = at
        sheet.note_content(at, row)
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


def _header(sheet: Sheet, parser: CellParser, rows: Iterator[tuple[int, Element]]) -> tuple[int, list[Cell]]:
    """The first row that has content: its number and cells."""
    for number, row in rows:
        cells = parser.row(number, row)
        if cells:
            sheet.note_content(number, row)
            return number, cells
    return 0, []


def _layout_notices(sheet: Sheet, width: int) -> list[str]:
    """What the sheet does not show, or shows as one, and was read all the same."""
    notices = []
    if sheet.hidden_rows:
        count = len(sheet.hidden_rows)
        rows = "1 hidden row was" if count == 1 else f"{count} hidden rows were"
        notices.append(f"{rows} read all the same (first: row {sheet.hidden_rows[0]}).")
    ranges = sheet.layout.hidden_columns
    hidden = [get_column_letter(at) for at in range(1, width + 1) if any(a <= at <= b for a, b in ranges)]
    if hidden:
        notices.append(f"hidden columns were read all the same: {', '.join(hidden)}.")
    if sheet.layout.merged:
        notices.append("has merged cells; only the first cell of each holds its value, the others are blank.")
    if sheet.layout.filtered:
        notices.append("has an active filter; the rows that it hides were read all the same.")
    return notices
