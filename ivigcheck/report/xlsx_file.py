"""Sheets of texts and numbers as an .xlsx file: the only writer of Excel cells."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ivigcheck.disk import aside
from ivigcheck.errors import OutputError
from ivigcheck.show import CUT_MARK, visible

if TYPE_CHECKING:
    from openpyxl import Workbook

MOST_ROWS: Final = 1_048_576
"""Rows that a sheet of Excel's has, its header among them."""
LONGEST_TEXT: Final = 32_767
"""UTF-16 code units that a cell of Excel's takes."""
_MOST_DECIMALS: Final = 12
_MARGINS: Final = {"left": 0.4, "right": 0.4, "top": 0.4, "bottom": 0.7, "header": 0.2, "footer": 0.3}
_CHARACTERS_PER_WIDTH: Final = 1.2  # of 10-point letters, on average and on the safe side
_LINE_POINTS, _MOST_POINTS = 13.2, 409.0
_SPACE_AFTER: Final = "_)"  # in a number format: as wide as a bracket
_LONGEST_TITLE: Final = 31

# word -> (letters, background): the word says it, the colour repeats it
_COLOURS: Final = {
    "STOP": ("FFFFFF", "B00020"),
    "UNCHECKED": ("000000", "F4B183"),
    "REVIEW": ("000000", "FFF2CC"),
    "PASS": ("000000", "E2EFDA"),
    "INFO": ("000000", "EDEDED"),
}


class Text(NamedTuple):
    """A text cell: one line, or several. Nothing in it is taken for a formula, an error, a link or a number."""

    text: str | tuple[str, ...]
    style: str = "text"


class Number(NamedTuple):
    """A number cell, unrounded, shown with so many decimals (None: as many as it takes).

    below: a limit that must not be reached, shown with "<" before it.
    """

    value: float
    decimals: int | None = None
    below: bool = False


Cell = Text | Number | None


@dataclass(frozen=True)
class Sheet:
    """One sheet. The first row is frozen, and repeated on every printed page.

    columns: headers, each with its width in characters. rows: below the header; read once. n_rows: how many they are.
    header: style of its cells. frozen: columns that stay in view. filter_from: the row in which the filter's arrows
    stand. pages_wide: how many pages the columns are printed on; the frozen ones are repeated on each.
    """

    title: str
    columns: Sequence[tuple[str, float]]
    rows: Iterable[Sequence[Cell]]
    n_rows: int
    header: str = "header"
    frozen: int = 0
    filter_from: int = 1
    pages_wide: int = 1


# Excel reads _x0041_ in a cell as "A": the underscore of a text that happens to look so is written as _x005F_.
_LOOKS_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def seen(text: str | tuple[str, ...]) -> str:
    """Text as it is written for Excel: invisible characters as escapes, cut and marked where Excel takes no more."""
    lines = (text,) if isinstance(text, str) else text
    written = _LOOKS_ESCAPED.sub("_x005F_", "\n".join(map(visible, lines)))
    if 2 * len(written) <= LONGEST_TEXT:
        return written
    units = written.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return written
    return units[: 2 * (LONGEST_TEXT - len(CUT_MARK))].decode("utf-16-le", errors="ignore") + CUT_MARK


def number_format(decimals: int | None, below: bool) -> str:
    """Exactly so many decimals, so that a number has no trailing zero; an exclusive limit has "<" before it."""
    shown = "General" if decimals is None else "0." + "0" * decimals if decimals else "0"
    before = '"< "' if below else ""
    return f"{before}{shown}{_SPACE_AFTER}"


Looks = Mapping[Any, Any]
"""An openpyxl cell for each style of text, and for each (decimals, below) of a number."""


def _looks(page: Any) -> Looks:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    def look(alignment: Alignment, *, colour: tuple[str, str] | None = None, size: int = 10, **given: Any) -> Any:
        cell: Any = WriteOnlyCell(page)
        letters, background = colour or ("000000", None)
        cell.font = Font(name="Calibri", size=size, bold=given.pop("bold", colour is not None), color=letters)
        if background:
            cell.fill = PatternFill("solid", fgColor=background)
        cell.alignment = alignment
        for name, value in given.items():
            setattr(cell, name, value)
        return cell

    # quotePrefix: what is a text stays one when somebody edits the cell.
    text = partial(look, Alignment(vertical="top", wrap_text=True), quotePrefix=True)
    header = partial(look, Alignment(vertical="center", wrap_text=True), quotePrefix=True)
    right = Alignment(horizontal="right", vertical="top", shrink_to_fit=True)
    kinds = itertools.product((None, *range(_MOST_DECIMALS + 1)), (False, True))
    return {
        "text": text(),
        "strong": text(bold=True),
        "title": look(Alignment(vertical="center"), size=14, bold=True, quotePrefix=True),
        "header": header(colour=("000000", "D9E1F2"), border=Border(bottom=Side("thin", color="7F7F7F"))),
        **{word: text(colour=colour) for word, colour in _COLOURS.items()},
        **{kind: look(right, number_format=number_format(*kind)) for kind in kinds},
    }


def _filled(cells: Iterable[Cell], looks: Looks) -> Iterator[Any]:
    """A row for openpyxl, which writes each cell before it asks for the next: so one cell of each look is enough."""
    for cell in cells:
        if cell is None:
            yield None
        elif isinstance(cell, Text):
            look = looks[cell.style]
            look.value = seen(cell.text)
            look.data_type = "s" if look.value else "n"  # no formula, no error: openpyxl would guess
            yield look
        else:
            decimals = cell.decimals if cell.decimals is not None and cell.decimals <= _MOST_DECIMALS else None
            look = looks[decimals, cell.below]
            look.value = repr(cell.value)  # of a float, openpyxl would write 16 digits, which can be one too few
            look.data_type = "n"
            yield look


@lru_cache(maxsize=20_000)
def _lines(text: str | tuple[str, ...], width: float) -> int:
    """How many lines a wrapped text takes, rather too many than too few.

    Excel would reckon a row's height itself; LibreOffice and previewers do not, and would hide all but the first line.
    """
    fit = int(width * _CHARACTERS_PER_WIDTH)
    lines = (text,) if isinstance(text, str) else text
    return sum(len(textwrap.wrap(line, fit)) if len(line) > fit else 1 for line in lines)


def _points(cells: Sequence[Cell], sheet: Sheet) -> float:
    """Height of a row."""
    texts = (
        (cell.text, width) for cell, (_, width) in zip(cells, sheet.columns, strict=False) if isinstance(cell, Text)
    )
    lines = max((_lines(text, width) for text, width in texts), default=1)
    return min(_MOST_POINTS, 1 + lines * _LINE_POINTS)


def _prepare(page: Any, sheet: Sheet, footer: str) -> None:
    """Everything of a sheet but its rows."""
    from openpyxl.utils import get_column_letter

    for k, (_, width) in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(k)].width = width
    page.freeze_panes = f"{get_column_letter(sheet.frozen + 1)}2"
    last_column = get_column_letter(len(sheet.columns))
    page.auto_filter.ref = f"A{sheet.filter_from}:{last_column}{sheet.n_rows + 1}"
    page.print_title_rows = "1:1"
    page.print_options.gridLines = True
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = sheet.pages_wide, 0
    if sheet.pages_wide > 1:
        page.print_title_cols = f"A:{get_column_letter(sheet.frozen)}"
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for side, inches in _MARGINS.items():
        setattr(page.page_margins, side, inches)
    page.oddFooter.left.text = footer
    page.oddFooter.center.text = "&A"
    page.oddFooter.right.text = "Page &P of &N"


def _write_rows(page: Any, sheet: Sheet, looks: Looks) -> None:
    header = [Text(title, sheet.header) for title, _ in sheet.columns]
    for k, cells in enumerate(itertools.chain([header], sheet.rows), start=1):
        more = _LINE_POINTS if k == 1 else 0  # bold, large, or with the filter's arrow in it
        page.row_dimensions[k].height = round(_points(cells, sheet) + more, 1)
        page.append(_filled(cells, looks))
        del page.row_dimensions[k]  # written


@contextlib.contextmanager
def _workbook() -> Iterator[Workbook]:
    """A workbook whose rows are in temporary files (mode 0600) until it is saved, and nowhere when the block ends.

    They lie in a folder of their own, so that what a killed run leaves of them is found by the next.
    """
    from openpyxl import Workbook

    usual = tempfile.tempdir
    book = Workbook(write_only=True)
    try:
        with aside(Path(tempfile.gettempdir())) as folder:
            tempfile.tempdir = str(folder)
            try:
                yield book
            finally:  # openpyxl removes them when it saves the book: after an error, some are left, and open
                pages: Any = book.worksheets
                for page in pages:
                    writer = page._writer
                    if writer is not None and Path(writer.out).exists():
                        with contextlib.suppress(Exception):
                            page.close()
                        writer.cleanup()
    except OSError as error:
        raise OutputError(f"the workbook's temporary files could not be written: {error.strerror or error}.") from error
    finally:
        tempfile.tempdir = usual


def render_sheets(sheets: Sequence[Sheet], *, title: str, made: datetime, footer: str) -> bytes:
    """The .xlsx file.

    Raises OutputError where a sheet would have more rows than Excel takes, or a temporary file cannot be written.
    """
    for sheet in sheets:
        if sheet.n_rows >= MOST_ROWS:
            raise OutputError(
                f'the sheet "{sheet.title}" would have {sheet.n_rows} rows, and Excel takes {MOST_ROWS - 1}: '
                "write a .csv or .json report, or check fewer orders at once."
            )
    whole = io.BytesIO()
    with _workbook() as book:
        book.properties.title, book.properties.creator = title, "ivigcheck"
        book.properties.created = made.astimezone(UTC).replace(tzinfo=None) if made.tzinfo else made
        for sheet in sheets:
            page = book.create_sheet(sheet.title[:_LONGEST_TITLE])
            _prepare(page, sheet, footer.replace("&", "&&"))
            _write_rows(page, sheet, _looks(page))
        book.save(whole)
    return whole.getvalue()


def text_cell(said: str | tuple[str, ...] | None, style: str = "text") -> Cell:
    """A cell of text; an empty one where nothing is said."""
    return Text(said, style) if said else None
