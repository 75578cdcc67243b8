"""What a sheet of the workbook is made of: texts, numbers, and how the page is to be seen and printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ivigcheck.report.xlsx_charts import Chart
from ivigcheck.show import CUT_MARK, visible

MOST_ROWS: Final = 1_048_576
"""Rows that a sheet of Excel's has, its header among them."""
MOST_LINKS: Final = 65_530
"""Links that a sheet of Excel's takes."""
LONGEST_TEXT: Final = 32_767
"""UTF-16 code units that a cell of Excel's takes."""


class Text(NamedTuple):
    """A text cell: one line, or several. Nothing in it is taken for a formula, an error, a link or a number.

    link: the cell of this workbook that it leads to, as in "Findings!B7"; never anything that was read from a file.
    """

    text: str | tuple[str, ...]
    style: str = "text"
    link: str = ""


class Number(NamedTuple):
    """A number cell, unrounded, shown with so many decimals (None: as many as it takes).

    before: what is shown before it, one of BEFORE: "< " before a limit that must not be reached.
    """

    value: float
    decimals: int | None = None
    before: str = ""


Cell = Text | Number | None


@dataclass(frozen=True)
class Sheet:
    """One sheet. The first row is frozen, and repeated on every printed page.

    columns: headers, each with its width in characters. rows: below the header; read once. n_rows: how many they are.
    header: style of its cells. frozen: columns that stay in view, and are repeated on every printed page.
    filter_from: the row in which the filter's arrows stand. pages_wide: how many pages the columns are printed on; 0:
    as many as it takes for letters that can be read.
    table: name of the Excel table that begins in that row, heads: of its columns, where they are not the sheet's.
    notes: what is said of a column while the pointer is on its header. words: columns of words that have a colour.
    bars: columns with a bar in each cell, with the number that fills it. breaks: rows after which a new page begins.
    """

    title: str
    columns: Sequence[tuple[str, float]]
    rows: Iterable[Sequence[Cell]]
    n_rows: int
    header: str = "header"
    frozen: int = 0
    filter_from: int = 1
    pages_wide: int = 1
    table: str = ""
    heads: Sequence[str] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()
    bars: Mapping[str, float] = field(default_factory=dict)
    charts: Sequence[Chart] = ()
    breaks: Sequence[int] = ()

    @property
    def last_row(self) -> int:
        """The last row of the sheet; a table has at least one row below its heads, be it empty."""
        return max(self.n_rows + 1, self.filter_from + 1 if self.table else 1)


# Excel reads _x0041_ in a cell as "A": the underscore of a text that happens to look so is written as _x005F_.
_LOOKS_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def seen(text: str | tuple[str, ...]) -> str:
    """Text as it is written for Excel: invisible characters as escapes, cut and marked where Excel takes no more."""
    written = visible(text) if isinstance(text, str) else "\n".join(map(visible, text))
    if "_x" in written:
        written = _LOOKS_ESCAPED.sub("_x005F_", written)
    if 2 * len(written) <= LONGEST_TEXT:
        return written
    units = written.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return written
    return units[: 2 * (LONGEST_TEXT - len(CUT_MARK))].decode("utf-16-le", errors="ignore") + CUT_MARK


_LOOKED_AT: Final = 2_000
_PER_LETTER: Final = 1.2


def id_width(ids: Sequence[str | None], narrowest: float, widest: float = 26.0) -> float:
    """How wide a column of numbers of orders is, so that the usual ones stand on one line."""
    longest = max((len(each or "") for each in ids[:_LOOKED_AT]), default=0)
    return min(widest, max(narrowest, longest * _PER_LETTER + 1))


def text_cell(said: str | tuple[str, ...] | None, style: str = "text") -> Cell:
    """A cell of text; an empty one where nothing is said."""
    return Text(said, style) if said else None
