"""Text cells of all inputs as one set of columns."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ivigcheck.intake.table import Table
from ivigcheck.written import Codes, Place

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, eq=False, repr=False)
class Cells:
    """The cells of all inputs, one after the other. n orders.

    text: column -> (n,) texts; header_unit: column -> (n,) the unit that the order's header states, "" where none.
    bad: column (or a header that is none of ours) -> index of the order -> why the cell cannot be read.
    """

    n: int
    place: list[Place]
    text: dict[str, list[str]]
    header_unit: dict[str, list[str]]
    bad: dict[str, dict[int, str]]
    malformed: dict[int, str]

    def column(self, name: str) -> list[str]:
        return self.text.get(name) or [""] * self.n


def gather(tables: Sequence[Table], *, identified: bool = True) -> Cells:
    """The tables' rows in one set of columns; a column that only some inputs have is blank in the others."""
    n = sum(len(table.rows) for table in tables)
    cells = Cells(n, [], {}, {}, {}, {})
    for name in {name: None for table in tables for name in table.cells}:
        cells.text[name] = [text for table in tables for text in table.cells.get(name) or [""] * len(table.rows)]
    for name in {name: None for table in tables for name in table.header_units}:
        cells.header_unit[name] = [
            unit for table in tables for unit in [table.header_units.get(name, "")] * len(table.rows)
        ]
    offset = 0
    for table in tables:
        cells.place.extend(
            Place(table.file, table.sheet, row, table.headers) if identified else Place() for row in table.rows
        )
        cells.malformed.update({offset + i: why for i, why in table.malformed.items()})
        for i, bad_cells in table.bad_cells.items():
            for bad in bad_cells:
                cells.bad.setdefault(bad.column, {})[offset + i] = bad.reason
        offset += len(table.rows)
    return cells


def by_spelling(keys: Sequence[K], read: Callable[[K], V]) -> tuple[list[V], Codes]:
    """Reads each distinct key once. Returns what was read, and (n,) positions in it."""
    position = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    codes = np.fromiter(map(position.__getitem__, keys), np.int64, len(keys))
    return [read(key) for key in position], codes
