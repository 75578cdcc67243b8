"""Text cells of all inputs as one set of columns, and the reading of a column by distinct spelling."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ivigcheck.columns import UNIT_COLUMN, Column
from ivigcheck.intake.table import Table
from ivigcheck.orders import Codes, Place, Problems, Trouble, Written
from ivigcheck.units import Floats, Mask, Unit, find_unit, read_number, read_quantity

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_NO_NUMBER = float("nan")


@dataclass(frozen=True)
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
    position: dict[K, int] = {}
    codes = np.fromiter((position.setdefault(key, len(position)) for key in keys), np.int64, len(keys))
    return [read(key) for key in position], codes


class Reader:
    """Reads columns of one set of cells and keeps what was wrong with them."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.problems: dict[str, Problems] = {}
        self.unit_conflicts: dict[str, dict[int, str]] = {}

    def note(
        self, column: str, trouble: Sequence[Trouble], reasons: Sequence[str], codes: Codes, *, review_only: bool
    ) -> None:
        """Records what is wrong with a column: by distinct spelling, spread over the rows by ``codes``."""
        kind = np.asarray(trouble, np.uint8)[codes] if len(trouble) else np.zeros(self.cells.n, np.uint8)
        reason, texts = codes.copy(), list(reasons)
        for i, why in self.cells.bad.get(column, {}).items():
            kind[i], reason[i] = Trouble.UNREADABLE, len(texts)
            texts.append(why)
        kind[~self.usable] = Trouble.NONE
        self.problems[column] = Problems(kind, reason, tuple(texts), np.full(self.cells.n, not review_only))

    @property
    def usable(self) -> Mask:
        usable = np.ones(self.cells.n, bool)
        usable[list(self.cells.malformed)] = False
        return usable

    def add(self, column: str, rows: Mask, trouble: Trouble, reason: str, *, replace: bool = False) -> None:
        """Adds one reason for some rows of a column, where nothing else is wrong with them (or instead of it)."""
        old = self.problems[column]
        rows = rows & self.usable & ((old.trouble == Trouble.NONE) | replace)
        if rows.any():
            kind = np.where(rows, trouble, old.trouble).astype(np.uint8)
            where = np.where(rows, len(old.reasons), old.reason)
            self.problems[column] = Problems(kind, where, (*old.reasons, reason), old.unchecked)

    def spellings(self, column: Column, read: Callable[[str], tuple[V, Trouble, str]]) -> tuple[list[V], Codes]:
        """Reads a column of text by ``read``, which gives value, trouble and reason for each distinct spelling."""
        results, codes = by_spelling(self.cells.column(column.name), read)
        troubles = [trouble for _, trouble, _ in results]
        self.note(column.name, troubles, [why for *_, why in results], codes, review_only=column.review_only)
        return [value for value, *_ in results], codes

    def numbers(self, column: Column, low: float, high: float) -> Floats:
        """Bare numbers within [low, high]; NaN elsewhere, with the reason."""

        def read(text: str) -> tuple[float, Trouble, str]:
            reading = read_number(text)
            if reading.missing:
                return _NO_NUMBER, Trouble.NONE, ""
            if reading.reason:
                return _NO_NUMBER, Trouble.UNREADABLE, reading.reason
            if not low <= reading.value <= high:
                return _NO_NUMBER, Trouble.IMPLAUSIBLE, f"is outside {low:g} to {high:g}"
            return reading.value, Trouble.NONE, ""

        values, codes = self.spellings(column, read)
        return np.asarray(values, float)[codes] if values else np.full(self.cells.n, np.nan)

    def quantities(self, column: Column) -> Written:
        """Quantities as written, each with the unit of its cell, its unit column or its header.

        A cell whose unit differs from the one that its column states has no value, and is kept as a conflict.
        """
        name = column.name
        texts = self.cells.column(name)
        headers = self.cells.header_unit.get(name) or [""] * self.cells.n
        stated = [""] * self.cells.n
        for unit_column in UNIT_COLUMN.get(name, ()):
            stated = [nearer or text for nearer, text in zip(stated, self.cells.column(unit_column), strict=True)]
        units: dict[Unit, int] = {}

        def read(key: tuple[str, str, str]) -> tuple[float, int, Trouble, str, str]:
            value, unit, trouble, why, conflict = _read_with_unit(column, *key)
            return value, units.setdefault(unit, len(units)) if unit else -1, trouble, why, conflict

        results, codes = by_spelling(list(zip(texts, headers, stated, strict=True)), read)
        troubles = [trouble for _, _, trouble, _, _ in results]
        self.note(name, troubles, [why for *_, why, _ in results], codes, review_only=column.review_only)
        conflicts = [conflict for *_, conflict in results]
        if any(conflicts):
            self.unit_conflicts[name] = {i: conflicts[c] for i, c in enumerate(codes) if conflicts[c]}
        value = np.array([result[0] for result in results] or [_NO_NUMBER])
        unit = np.array([result[1] for result in results] or [-1])
        if not len(codes):
            value, unit = value[:0], unit[:0]
            return Written(value, unit, tuple(units))
        return Written(value[codes], unit[codes], tuple(units))


def _read_with_unit(
    column: Column, text: str, header: str, stated: str
) -> tuple[float, Unit | None, Trouble, str, str]:
    """One cell with the units that its header and its unit column state: value, unit, trouble, reason, conflict."""
    quantity = column.quantity
    from_header = find_unit(header or column.bare_unit, quantity)
    from_column = find_unit(stated, quantity) if stated else None
    reading = read_quantity(text, quantity, from_header or from_column)
    if reading.missing:
        return _NO_NUMBER, None, Trouble.NONE, "", ""
    if stated and from_column is None:
        return (
            _NO_NUMBER,
            None,
            Trouble.UNREADABLE,
            f'has the unit "{stated[:40]}" beside it, which is not known here',
            "",
        )
    if reading.reason:
        return _NO_NUMBER, None, Trouble.UNREADABLE, reading.reason, ""
    said = {"the cell": reading.unit, "the header": from_header if header else None, "the unit column": from_column}
    units = {place: unit.name for place, unit in said.items() if unit}
    if len(set(units.values())) > 1:
        disagree = ", ".join(f"{place} says {unit}" for place, unit in units.items())
        return _NO_NUMBER, None, Trouble.NONE, "", f"{column.name} has two units: {disagree}"
    return reading.value, reading.unit, Trouble.NONE, "", ""
