"""Text cells of all inputs as one set of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from ivigcheck.intake.table import Table
from ivigcheck.texts import Texts
from ivigcheck.written import Place


class Places(Sequence[Place]):
    """Where each order stands: the tables one after the other."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._ends = np.cumsum([len(table.rows) for table in tables])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @overload
    def __getitem__(self, at: int) -> Place: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Place]: ...
    def __getitem__(self, at: int | slice) -> Place | Sequence[Place]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        which = int(np.searchsorted(self._ends, at, "right"))
        if not 0 <= at < len(self):
            raise IndexError(at)
        table = self._tables[which]
        row = table.rows[at - int(self._ends[which])]  # counted from the table's end
        return Place(table.file, table.sheet, int(row), table.headers)

    def __iter__(self) -> Iterator[Place]:
        return (Place(table.file, table.sheet, int(row), table.headers) for table in self._tables for row in table.rows)


@dataclass(frozen=True, eq=False, repr=False)
class Cells:
    """The cells of all inputs, one after the other. n orders.

    text: column -> (n,) texts; header_unit: column -> (n,) the unit that the order's header states, "" where none.
    bad: column (or a header that is none of ours) -> index of the order -> why the cell cannot be read.
    """

    n: int
    place: Sequence[Place]
    text: dict[str, Texts]
    header_unit: dict[str, Texts]
    bad: dict[str, dict[int, str]]
    malformed: dict[int, str]

    def column(self, name: str) -> Texts:
        return self.text.get(name) or Texts.repeated("", self.n)


def gather(tables: Sequence[Table], *, identified: bool = True) -> Cells:
    """The tables' rows in one set of columns; a column that only some inputs have is blank in the others."""
    n = sum(len(table.rows) for table in tables)
    cells = Cells(n, Places(tables) if identified else [Place()] * n, {}, {}, {}, {})
    for name in {name: None for table in tables for name in table.cells}:
        cells.text[name] = Texts.joined(
            [
                Texts.of(table.cells[name]) if name in table.cells else Texts.repeated("", len(table.rows))
                for table in tables
            ]
        )
    for name in {name: None for table in tables for name in table.header_units}:
        cells.header_unit[name] = Texts.joined(
            [Texts.repeated(table.header_units.get(name, ""), len(table.rows)) for table in tables]
        )
    offset = 0
    for table in tables:
        cells.malformed.update({offset + i: why for i, why in table.malformed.items()})
        for i, bad_cells in table.bad_cells.items():
            for bad in bad_cells:
                cells.bad.setdefault(bad.column, {})[offset + i] = bad.reason
        offset += len(table.rows)
    return cells
