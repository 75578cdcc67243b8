"""Everything of a workbook's sheet but its cells: how it is seen on the screen, and how it is printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ivigcheck.report.xlsx_cells import Cell, Sheet, Text, seen
from ivigcheck.report.xlsx_charts import drawn
from ivigcheck.report.xlsx_looks import COLOURS

_MARGINS: Final = {"left": 0.4, "right": 0.4, "top": 0.4, "bottom": 0.7, "header": 0.2, "footer": 0.3}
_A4: Final = "9"
_A4_INCHES: Final = 11.69  # on its side
_WIDTHS_PER_INCH: Final = 12.8  # in print, where a digit is a little wider than on the screen
_SPARE: Final = 0.96  # of a page's width: printers differ
_SMALLEST: Final = 66  # percent of a letter's size in print
_NOTE_WIDTH, _NOTE_CHARACTERS, _NOTE_LINE = 300, 44, 17
_TABLE_STYLE: Final = "TableStyleLight1"  # stripes of grey: the only colours are those of the words
_BAR: Final = "9DB7E0"


def prepare(page: Any, sheet: Sheet, footer: str) -> None:
    """A page of openpyxl's, with all of a sheet but its rows; footer: on the left of every printed page."""
    from openpyxl.utils import get_column_letter

    for k, (_, width) in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(k)].width = width
    page.freeze_panes = f"{get_column_letter(sheet.frozen + 1)}2"
    cells = f"A{sheet.filter_from}:{get_column_letter(len(sheet.columns))}{sheet.last_row}"
    if sheet.table:
        page.tables.add(_table(sheet, cells))  # page.add_table warns of columns that are missing, and they are not
    else:
        page.auto_filter.ref = cells
    _print(page, sheet, footer)
    _formats(page, sheet)
    for chart in sheet.charts:
        page.add_chart(drawn(chart, sheet.title, [width for _, width in sheet.columns]))


def _table(sheet: Sheet, cells: str) -> Any:
    """An Excel table. Its columns must be named as its heads are, and no two alike, or Excel repairs the file."""
    from openpyxl.worksheet.filters import AutoFilter
    from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo

    heads = sheet.heads or [title for title, _ in sheet.columns]
    columns = [TableColumn(id=k, name=seen(head)) for k, head in enumerate(heads, start=1)]
    style = TableStyleInfo(name=_TABLE_STYLE, showRowStripes=True)
    return Table(
        displayName=sheet.table,
        ref=cells,
        tableColumns=columns,
        autoFilter=AutoFilter(ref=cells),
        tableStyleInfo=style,
    )


def note(said: str) -> Any:
    """A note for a cell, as high as its text."""
    from openpyxl.comments import Comment

    lines = sum(math.ceil(len(line) / _NOTE_CHARACTERS) for line in said.split("\n")) + 1
    return Comment(seen(said), "ivigcheck", height=lines * _NOTE_LINE, width=_NOTE_WIDTH)


def link_cells(page: Any, row: int, cells: Iterable[tuple[str, Cell]]) -> None:
    """Makes known which cells of a row lead to another place in the workbook; cells: each with its column's letter."""
    from openpyxl.worksheet.hyperlink import Hyperlink

    for letter, cell in cells:
        if isinstance(cell, Text) and cell.link:
            page._hyperlinks.append(Hyperlink(ref=f"{letter}{row}", location=cell.link))


def _formats(page: Any, sheet: Sheet) -> None:
    """Colours of the words, and bars, on exactly the rows below the heads."""
    from openpyxl.formatting import rule
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    if not sheet.n_rows:
        return
    made: Any = rule
    titles = [title for title, _ in sheet.columns]

    def rows(title: str) -> str:
        letter = get_column_letter(titles.index(title) + 1)
        return f"{letter}2:{letter}{sheet.last_row}"

    for title in sheet.words:
        for word, (letters, background) in COLOURS.items():
            font, fill = Font(color=letters, bold=True), PatternFill("solid", bgColor=background)
            said = made.CellIsRule(operator="equal", formula=[f'"{word}"'], font=font, fill=fill)
            page.conditional_formatting.add(rows(title), said)
    for title, full in sheet.bars.items():
        ends = {"start_type": "num", "start_value": 0, "end_type": "num", "end_value": full}
        bar = made.DataBarRule(**ends, color=_BAR, minLength=0, maxLength=100)
        page.conditional_formatting.add(rows(title), bar)


def _print(page: Any, sheet: Sheet, footer: str) -> None:
    """A4 on its side, heads and frozen columns on every page; pages broken where a reader would break them."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.pagebreak import Break

    page.print_title_rows = "1:1"
    page.print_options.gridLines = True
    setup = page.page_setup
    setup.orientation, setup.pageOrder, setup.paperSize = "landscape", "overThenDown", _A4
    if sheet.table:
        page.print_area = f"A1:{get_column_letter(len(sheet.columns))}{sheet.last_row}"
    if sheet.pages_wide:
        setup.fitToWidth, setup.fitToHeight = sheet.pages_wide, 0
        page.sheet_properties.pageSetUpPr.fitToPage = True
        pages = sheet.pages_wide
    else:  # Excel heeds breaks only where it need not fit
        setup.scale, breaks = columns_on_pages([width for _, width in sheet.columns], sheet.frozen)
        for column in breaks:
            page.col_breaks.append(Break(id=column, max=1_048_575))
        for row in sheet.breaks:
            page.row_breaks.append(Break(id=row))
        pages = len(breaks) + 1
    if pages > 1 and sheet.frozen:
        page.print_title_cols = f"A:{get_column_letter(sheet.frozen)}"
    for side, inches in _MARGINS.items():
        setattr(page.page_margins, side, inches)
    page.oddFooter.left.text = footer
    page.oddFooter.center.text = "&A"
    page.oddFooter.right.text = "Page &P of &N"


def columns_on_pages(widths: Sequence[float], frozen: int) -> tuple[int, list[int]]:
    """At which percent of their size the columns are printed, and after which of them, from 1, a page ends.

    On as few pages as letters that can be read allow, and these about equally full. The frozen columns are repeated.
    """
    inches = _A4_INCHES - _MARGINS["left"] - _MARGINS["right"]
    page = inches * _WIDTHS_PER_INCH * _SPARE
    repeated = sum(widths[:frozen])
    widest = page * 100 / _SMALLEST
    fewest = len(_ends(widths, frozen, max(widest, repeated + max(widths))))
    narrow, wide = repeated + max(widths), max(widest, repeated + max(widths))
    while wide - narrow > 1:  # the narrowest page on which they still take no more pages
        middle = (narrow + wide) / 2
        narrow, wide = (narrow, middle) if len(_ends(widths, frozen, middle)) <= fewest else (middle, wide)
    ends = _ends(widths, frozen, wide)
    return max(10, min(100, int(100 * page / wide))), ends[:-1]


def _ends(widths: Sequence[float], frozen: int, page: float) -> list[int]:
    """After which columns the pages of such a width end; the last is the last column's."""
    ends, full = [], 0.0
    for k, width in enumerate(widths):
        if k > frozen and full + width > page:
            ends.append(k)
            full = sum(widths[:frozen])
        full += width
    return [*ends, len(widths)]
