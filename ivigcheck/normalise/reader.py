"""Reads columns of cells by distinct spelling, and keeps what was wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import Final, TypeVar

import numpy as np

from ivigcheck.columns import COLUMNS, UNIT_COLUMN, Column
from ivigcheck.normalise.cells import Cells
from ivigcheck.normalise.spellings import read_answer, read_date
from ivigcheck.orders import NO_DAY, UNKNOWN, Answers
from ivigcheck.show import visible
from ivigcheck.texts import Texts, combined
from ivigcheck.units import Floats, Mask, Unit, find_unit, read_number, read_quantity
from ivigcheck.written import Codes, Conflict, Problems, Trouble, Written

V = TypeVar("V")

COLUMN: Final = {column.name: column for column in COLUMNS}
_NO_NUMBER: Final = float("nan")


class Reader:
    """Reads columns of one set of cells and keeps what was wrong with them."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.problems: dict[str, Problems] = {}
        self.written: dict[str, Written] = {}
        self.conflicts: list[Conflict] = []

    def note(
        self, column: str, trouble: Sequence[Trouble], reasons: Sequence[str], codes: Codes, *, review_only: bool
    ) -> None:
        """Records what is wrong with a column: by distinct spelling, spread over the rows by ``codes``."""
        kind = np.asarray(trouble, np.uint8)[codes] if any(trouble) else np.zeros(self.cells.n, np.uint8)
        reason, texts = codes.copy(), list(reasons)
        for i, why in self.cells.bad.get(column, {}).items():
            kind[i], reason[i] = Trouble.UNREADABLE, len(texts)
            texts.append(why)
        kind[~self.usable] = Trouble.NONE
        self.problems[column] = Problems(kind, reason, tuple(texts), np.full(self.cells.n, not review_only))

    @cached_property
    def usable(self) -> Mask:
        """(n,) whether the row can be used at all."""
        usable = np.ones(self.cells.n, bool)
        usable[list(self.cells.malformed)] = False
        return usable

    def blank(self, name: str) -> Mask:
        """(n,) whether the cell holds nothing at all: no text, and no value that could not be read."""
        blank = self.cells.column(name).blank.copy()
        blank[list(self.cells.bad.get(name, {}))] = False
        return blank

    def silent(self, name: str) -> Mask:
        """(n,) whether a quantity's cell says nothing: blank, or a spelling of "not available"."""
        silent = np.isnan(self.written[name].value) & (self.problems[name].trouble == Trouble.NONE)
        for conflict in self.conflicts:
            if conflict.column == name:
                silent = silent & ~conflict.rows
        return np.asarray(silent, bool)

    def missing(self, name: str, rows: Mask) -> None:
        """Notes that a needed value is missing."""
        self.add(name, rows, Trouble.MISSING, "is missing")

    def conflict(self, name: str, why: Mapping[int, str]) -> None:
        """Notes values that cannot both be right: index of the order -> a sentence with both."""
        rows = np.zeros(self.cells.n, bool)
        rows[list(why)] = True
        rows &= self.usable
        if rows.any():
            self.conflicts.append(Conflict(name, rows, why))

    def add(self, column: str, rows: Mask, trouble: Trouble, reason: str) -> None:
        """Adds one reason for some rows of a column, where nothing else is wrong with them."""
        old = self.problems[column]
        rows = rows & self.usable & (old.trouble == Trouble.NONE)
        if rows.any():
            kind = np.where(rows, trouble, old.trouble).astype(np.uint8)
            where = np.where(rows, len(old.reasons), old.reason)
            self.problems[column] = Problems(kind, where, (*old.reasons, reason), old.unchecked)

    def severity(self, column: str, unchecked: Mask) -> None:
        """Sets which rows a problem of the column leaves unchecked; in the others it is for review."""
        old = self.problems[column]
        self.problems[column] = Problems(old.trouble, old.reason, old.reasons, unchecked)

    def spellings(self, column: Column, read: Callable[[str], tuple[V, Trouble, str]]) -> tuple[list[V], Codes]:
        """Reads a column of text by ``read``, which gives value, trouble and reason for each distinct spelling."""
        texts = self.cells.column(column.name)
        results, codes = [read(text) for text in texts.distinct], texts.codes
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
        return np.asarray(values or [_NO_NUMBER], float)[codes]

    def answers(self, column: Column) -> Answers:
        """YES, NO or UNKNOWN; UNKNOWN with the reason for a text that is no answer."""

        def read(text: str) -> tuple[int, Trouble, str]:
            answer = read_answer(text)
            if answer is None:
                return UNKNOWN, Trouble.UNREADABLE, "is no answer: yes, no or unknown"
            return answer, Trouble.NONE, ""

        values, codes = self.spellings(column, read)
        return np.asarray(values or [UNKNOWN], np.int8)[codes]

    def choices(self, column: Column) -> Codes:
        """(n,) position of the cell's meaning among the column's distinct meanings, -1 where it has none."""
        meanings = list(dict.fromkeys(meaning for _, meaning in column.choices))
        spellings = dict(column.choices)

        def read(text: str) -> tuple[int, Trouble, str]:
            if not text:
                return -1, Trouble.NONE, ""
            if text.casefold() not in spellings:
                return -1, Trouble.UNREADABLE, f"is none of {', '.join(meanings)}"
            return meanings.index(spellings[text.casefold()]), Trouble.NONE, ""

        values, codes = self.spellings(column, read)
        return np.asarray(values or [-1], np.int64)[codes]

    def past_dates(self, column: Column, as_of: date, *, ahead: int = 0) -> tuple[list[date | None], Codes]:
        """Days that cannot lie in the future: each distinct one, and (n,) positions in them.

        ahead: how many days after as_of a date may still lie.
        """

        def read(text: str) -> tuple[date | None, Trouble, str]:
            day = read_date(text)
            if isinstance(day, str):
                return None, Trouble.UNREADABLE, day
            if day is not None and (day - as_of).days > ahead:
                return None, Trouble.IMPLAUSIBLE, f"is in the future, seen from {as_of.isoformat()}"
            return day, Trouble.NONE, ""

        return self.spellings(column, read)

    def days(self, column: Column, as_of: date, *, ahead: int = 0) -> Codes:
        """(n,) days as ordinals, NO_DAY where there is none or it lies in the future."""
        found, codes = self.past_dates(column, as_of, ahead=ahead)
        ordinals = [day.toordinal() if day else NO_DAY for day in found]
        return np.asarray(ordinals or [NO_DAY], np.int64)[codes]

    def quantities(self, column: Column) -> Written:
        """Quantities as written, each with the unit of its cell, its unit column or its header.

        A cell whose unit differs from the one that its column states has no value, and is kept as a conflict.
        """
        name = column.name
        texts = self.cells.column(name)
        headers = self.cells.header_unit.get(name) or Texts.repeated("", self.cells.n)
        stated = Texts.repeated("", self.cells.n)
        for unit_column in UNIT_COLUMN.get(name, ()):
            stated = stated.or_else(self.cells.column(unit_column))
        units: dict[Unit, int] = {}

        def read(text: int, header: int, beside: int) -> tuple[float, int, Trouble, str, str]:
            value, unit, trouble, why, conflict = _read_with_unit(
                column, texts.distinct[text], headers.distinct[header], stated.distinct[beside]
            )
            return value, units.setdefault(unit, len(units)) if unit else -1, trouble, why, conflict

        written, codes = combined(texts.codes, headers.codes, stated.codes)
        results = [read(*key) for key in written]
        troubles = [trouble for _, _, trouble, _, _ in results]
        self.note(name, troubles, [why for *_, why, _ in results], codes, review_only=column.review_only)
        conflicts = [conflict for *_, conflict in results]
        if any(conflicts):
            clashing = np.array([bool(conflict) for conflict in conflicts])[codes]
            self.conflict(name, {i: conflicts[codes[i]] for i in positions(clashing)})
        value = np.array([result[0] for result in results] or [_NO_NUMBER])
        unit = np.array([result[1] for result in results] or [-1])
        self.written[name] = Written(value[codes], unit[codes], tuple(units))
        return self.written[name]


@lru_cache(maxsize=50_000)  # a large run comes in parts, which have most of their spellings in common
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
            f'has the unit "{visible(stated[:40])}" beside it, which is not known here',
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


def in_form(written: Written) -> Floats:
    """(n,) values in their unit's form: kg, mg/mL, hours …; NaN where none."""
    factors = np.array([unit.factor for unit in written.units] + [_NO_NUMBER])
    return np.asarray(written.value * factors[written.unit], float)


def positions(rows: Mask) -> list[int]:
    """The indices at which a mask is true."""
    return [int(i) for i in np.flatnonzero(rows)]
