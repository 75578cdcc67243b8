"""Sheets of texts and numbers as an .xlsx file: the only writer of Excel cells."""

from __future__ import annotations

import contextlib
import copy
import io
import itertools
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ivigcheck.disk import aside
from ivigcheck.errors import OutputError
from ivigcheck.report.xlsx_cells import MOST_ROWS, Cell, Sheet, Text, seen
from ivigcheck.report.xlsx_looks import Looks, decimals_shown, looks_of
from ivigcheck.report.xlsx_page import link_cells, note, prepare
from ivigcheck.show import number

if TYPE_CHECKING:
    from openpyxl import Workbook

_CHARACTERS_PER_WIDTH: Final = 1.2  # of 10-point letters, on average and on the safe side
_LINE_POINTS, _MOST_POINTS = 13.2, 409.0
_LONGEST_TITLE: Final = 31


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
    made = made.astimezone(UTC).replace(tzinfo=None) if made.tzinfo else made
    whole = io.BytesIO()
    with _workbook() as book:
        book.properties.title, book.properties.creator = title, "ivigcheck"
        book.properties.created = made
        for sheet in sheets:
            page = book.create_sheet(sheet.title[:_LONGEST_TITLE])
            prepare(page, sheet, footer.replace("&", "&&"))
            _write(page, sheet, looks_of(page))
        book.save(whole)
    return whole.getvalue()


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


def _write(page: Any, sheet: Sheet, looks: Looks) -> None:
    """Each row, the heads first, as high as its texts are."""
    from openpyxl.utils import get_column_letter

    letters = [get_column_letter(k) for k in range(1, len(sheet.columns) + 1)]
    fits = [int(width * _CHARACTERS_PER_WIDTH) for _, width in sheet.columns]
    heads = [Text(title, sheet.header) for title, _ in sheet.columns]
    for k, cells in enumerate(itertools.chain([heads], sheet.rows), start=1):
        more = 1 if k == 1 else 0  # bold, large, or with the filter's arrow in it
        texts = [(cell, fit) for cell, fit in zip(cells, fits, strict=False) if isinstance(cell, Text)]
        lines = max((_lines(cell.text, fit) + more for cell, fit in texts), default=1)
        page.row_dimensions[k].height = min(_MOST_POINTS, round(1 + lines * _LINE_POINTS, 1))
        link_cells(page, k, zip(letters, cells, strict=False))
        page.append(_filled(cells, looks) if k > 1 else _heads(page, sheet, looks))
        del page.row_dimensions[k]  # written


def _heads(page: Any, sheet: Sheet, looks: Looks) -> list[Any]:
    """The first row: each head with its note, where it has one."""
    row = []
    for title, _ in sheet.columns:
        cell = copy.copy(_as_text(Text(title, sheet.header), looks))
        if title in sheet.notes:
            cell.comment = note(sheet.notes[title])
        row.append(cell)
    return row


def _filled(cells: Iterable[Cell], looks: Looks) -> Iterator[Any]:
    """A row for openpyxl, which writes each cell before it asks for the next: so one cell of each look is enough."""
    for cell in cells:
        if isinstance(cell, Text):
            yield _as_text(cell, looks)
        elif cell is None:
            yield None
        elif not math.isfinite(cell.value):
            yield _as_text(Text(number(cell.value)), looks)
        else:
            look = looks[decimals_shown(cell.decimals), cell.before]
            look.value = repr(cell.value)  # of a float, openpyxl would write 16 digits, which can be one too few
            look.data_type = "n"
            yield look


def _as_text(cell: Text, looks: Looks) -> Any:
    """The look's cell with a text: never a formula, an error or a number, whatever it looks like."""
    look = looks[cell.style]
    look.value = seen(cell.text)
    look.data_type = "s" if look.value else "n"  # openpyxl would guess
    return look


@lru_cache(maxsize=20_000)  # a report repeats most of its texts
def _lines(text: str | tuple[str, ...], fit: int) -> int:
    """How many lines of so many characters a wrapped text takes, rather too many than too few.

    Excel would reckon a row's height itself; LibreOffice and previewers do not, and would hide all but the first line.
    """
    if not isinstance(text, str):
        return sum(_lines(line, fit) for line in text)
    left, begin, lines = len(text), 0, 1
    while left - begin > fit:
        space = text.rfind(" ", begin, begin + fit + 1)
        begin = space + 1 if space > begin else begin + fit
        lines += 1
    return lines
