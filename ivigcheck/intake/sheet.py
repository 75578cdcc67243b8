"""One worksheet's rows, streamed from its XML: openpyxl reads the cells, this package sees that none is lost.

openpyxl's own row iterator believes the sheet's dimension record, passes over rows that are out of order, and cannot
tell a formula without a stored result from an empty cell unless it reads the sheet twice. So the rows are walked here,
once, and only the casting of a cell is openpyxl's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element

from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from ivigcheck.intake.cells import Cell
from ivigcheck.intake.files import shown
from ivigcheck.intake.sheet_cells import INDEX, CellParser, damaged
from ivigcheck.intake.sheet_stream import TRUE, Damaged, Layout, row_elements

_LAST_ROW: Final = 1_048_576


@dataclass
class Sheet:
    """A worksheet and, once its rows have been walked to the end, what a reader should know about it.

    file: the workbook's name, for messages. hidden_rows: rows with content that the sheet does not show.
    """

    file: str
    book: Workbook
    source: ReadOnlyWorksheet
    hidden_rows: list[int] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)

    @property
    def title(self) -> str:
        return str(self.source.title)

    @property
    def where(self) -> str:
        return f'{self.file}, sheet "{shown(self.title)}"'

    @property
    def visible(self) -> bool:
        return self.source.sheet_state == "visible"

    def parser(self) -> CellParser:
        """A parser for the cells of one walk over the rows."""
        return CellParser(self.where, self.book, self.source)

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Each row that has content, with its number and its cells that have content, both in order.

        Raises InputError where the sheet is not whole.
        """
        parser = self.parser()
        for number, row in self.elements():
            cells = parser.row(number, row)
            if cells:
                self.note_content(number, row)
                yield number, cells

    def elements(self) -> Iterator[tuple[int, Element]]:
        """Each row, with its number, in order, to be read before the next is asked for.

        Raises InputError where the sheet is not whole; whether its cells are is not looked at.
        """
        self.hidden_rows, self.layout = [], Layout()
        source: Any = self.source  # openpyxl has no public way to a sheet's XML
        last = 0
        try:
            with source._get_source() as stream:
                for row in row_elements(stream, self.layout):
                    last = _row_number(row, last)
                    yield last, row
        except Exception as error:
            # Broad on purpose: whatever the parsers happen to raise on a damaged or hostile sheet.
            raise damaged(self.where, error) from None

    def note_content(self, number: int, row: Element) -> None:
        """Takes down that a row has content."""
        if row.get("hidden") in TRUE:
            self.hidden_rows.append(number)


def _row_number(element: Element, last: int) -> int:
    stated = element.get("r")
    number = last + 1 if stated is None else int(stated) if INDEX.fullmatch(stated) else 0
    if not last < number <= _LAST_ROW:
        raise Damaged(f"its rows are out of order after row {last}")
    return number
