"""Inputs as parts that are read one at a time, and orders that stand beside a part's own.

Everything here can be sent to another process: it names files and places in them, or holds a small table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ivigcheck.intake.blocks import Rows, lines_at, read_block
from ivigcheck.intake.parquet_file import ParquetLayout, joined, read_group
from ivigcheck.intake.plain import Block, Layout, Offsets, bytes_of
from ivigcheck.intake.table import Table


class Part(Protocol):
    """Some of an input's rows, in order."""

    def read(self) -> Rows:
        """The orders of the part."""

    def beside(self, begins: Offsets, rows: Sequence[int]) -> Table:
        """Some orders of the part's input, by where they begin. rows: their places as the user sees them."""

    @property
    def line(self) -> int:
        """What is added to a row's place in the part to give its place in the input."""

    def after(self, lines: int) -> Part:
        """The same part, knowing how many lines of the input's data stand before it."""

    def of_file(self, sha256: str) -> Part:
        """The same part, knowing the digest of the whole input, by which a row is told that has nothing else."""


@dataclass(frozen=True, repr=False)
class CsvPart:
    """A block of a plain delimited file."""

    layout: Layout
    block: Block

    def read(self) -> Rows:
        """The orders of the block. Raises NotPlain where the strict reader must read the file."""
        return read_block(self.layout, self.block, bytes_of(self.layout, self.block))

    def beside(self, begins: Offsets, rows: Sequence[int]) -> Table:
        return lines_at(self.layout, begins, rows)

    @property
    def line(self) -> int:
        return self.block.first_line

    def after(self, lines: int) -> CsvPart:
        return replace(self, block=replace(self.block, first_line=self.layout.first_line + lines))

    def of_file(self, sha256: str) -> CsvPart:
        return replace(self, layout=replace(self.layout, sha256=sha256))


@dataclass(frozen=True, eq=False, repr=False)
class TablePart:
    """Some rows of a table that is held: what the strict reader has read. offset: of its first row in the table."""

    table: Table
    first: int
    last: int

    def read(self) -> Rows:
        begins = np.arange(self.first, self.last)
        return Rows(some_rows(self.table, begins), begins, 0, self.last - self.first, 0, 0)

    def beside(self, begins: Offsets, rows: Sequence[int]) -> Table:
        return some_rows(self.table, begins)

    @property
    def line(self) -> int:
        return 0  # its rows know their places

    def after(self, lines: int) -> TablePart:
        return self

    def of_file(self, sha256: str) -> TablePart:
        return self


@dataclass(frozen=True, eq=False, repr=False)
class ParquetPart:
    """Some records of a row group of a Parquet file, from the first to before the last."""

    layout: ParquetLayout
    group: int
    first: int
    last: int

    def read(self) -> Rows:
        table = read_group(self.layout, self.group, range(self.first, self.last))
        begins = np.array(table.rows, np.int64) - 1
        n = len(table.rows)
        return Rows(table, begins, 0, n, self.last - self.first - n, 0)

    def beside(self, begins: Offsets, rows: Sequence[int]) -> Table:
        ends = np.cumsum(self.layout.groups)
        group = np.searchsorted(ends, begins, "right")
        tables = []
        for k in np.unique(group).tolist():
            of_group = begins[group == k] - (int(ends[k]) - self.layout.groups[k])
            tables.append(read_group(self.layout, k, of_group.tolist()))
        return joined(tables)

    @property
    def line(self) -> int:
        return 0  # its rows know their places

    def after(self, lines: int) -> ParquetPart:
        return self

    def of_file(self, sha256: str) -> ParquetPart:
        return self


def some_rows(table: Table, at: Offsets) -> Table:
    """Some rows of a table, in that order."""
    new = {int(old): i for i, old in enumerate(at)}
    return replace(
        table,
        rows=tuple(table.rows[i] for i in at.tolist()),
        cells={name: [texts[i] for i in at.tolist()] for name, texts in table.cells.items()},
        bad_cells={new[i]: bad for i, bad in table.bad_cells.items() if i in new},
        malformed={new[i]: why for i, why in table.malformed.items() if i in new},
    )
