"""What every reader gives: text cells with their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BadCell:
    """A cell that has no text to read: an error value, a date where a number belongs …

    column: canonical column name, or the header as written where the column is not one of ours.
    reason: completes the sentence "<column> …" and never quotes the cell.
    """

    column: str
    reason: str


@dataclass(frozen=True)
class Table:
    """The orders of one CSV file or of one sheet, as text. n is the number of orders: every row that is not empty.

    file: the input's name without its folder. sha256: of the whole file.
    rows: (n,) where each order begins, as the user sees it (CSV: line number, Excel: row number), from 1.
    cells: canonical column name -> (n,) texts, stripped of surrounding white space, "" for blank; only columns the
    input has.
    headers: canonical column name -> its header as written. header_units: -> the unit that its header states.
    bad_cells: index of the order -> its unreadable cells (whose text in ``cells`` is "").
    malformed: index of the order -> why its row cannot be used (completes "The row …"); its cells are all "".
    ignored: headers that are no column of ours, as written. blank_rows: how many empty rows were passed over.
    notices: what a reader of the report should know about this input, once; never a patient's data.
    """

    file: str
    sheet: str | None
    sha256: str
    rows: tuple[int, ...]
    cells: Mapping[str, Sequence[str]]
    headers: dict[str, str] = field(default_factory=dict)
    header_units: dict[str, str] = field(default_factory=dict)
    bad_cells: dict[int, tuple[BadCell, ...]] = field(default_factory=dict)
    malformed: dict[int, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    blank_rows: int = 0
    notices: tuple[str, ...] = ()
