"""What is kept of each order of a run while its parts are gone: a few numbers, by which those are found that must be
seen together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ivigcheck.company import Ids, Keys
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.normalise import normalise
from ivigcheck.scale.parts import Part
from ivigcheck.texts import Texts

_LONGEST: Final = 48  # characters of a text that is numbered as a row of characters
_DAY_COLUMN: Final = "ordered_at"
_PLACES: Final = np.random.Generator(np.random.PCG64(20261124)).integers(1, 1 << 63, _LONGEST, np.uint64) * 2 + 1
"""One odd number for each place of a text: texts that differ in one place never get one number, others by chance."""


@dataclass(frozen=True, eq=False, repr=False)
class Surveyed:
    """What is kept of n orders: (n,) each.

    keys: see `Keys`; order 0 where the row has no id that counts. content: a number for the cells but for the day.
    row, begin: the order's place as the user sees it, and where it begins in its input, both counted from the part's.
    """

    keys: Keys
    content: Ids
    row: npt.NDArray[np.uint32]
    begin: npt.NDArray[np.uint32]

    @property
    def n(self) -> int:
        return len(self.row)

    def rows(self, at: Any) -> Surveyed:
        """The same of some of the orders."""
        rest = [each.name for each in fields(self) if each.name != "keys"]
        return Surveyed(self.keys.rows(at), *(getattr(self, name)[at] for name in rest))

    @classmethod
    def joined(cls, parts: Sequence[Surveyed]) -> Surveyed:
        """The same of several parts, one after the other."""
        rest = [each.name for each in fields(cls) if each.name != "keys"]
        keys = Keys.joined([part.keys for part in parts])
        return cls(keys, *(np.concatenate([getattr(part, name) for part in parts]) for name in rest))


@dataclass(frozen=True)
class Outline:
    """What a part comes to. orders: how many, and how many of them are malformed; begin: where in the input it begins;
    lines: how many it has; surplus, data_rows: see `Rows`."""

    orders: int
    malformed: int
    begin: int
    lines: int
    surplus: int
    data_rows: int


def survey(part: Part, knowledge: Knowledge, as_of: date) -> tuple[Outline, Surveyed]:
    """Looks at one part. Raises NotPlain."""
    rows = part.read()
    table = rows.table
    with np.errstate(all="ignore"):
        orders = normalise([table], knowledge, as_of)
    ids = orders.texts("order_id")
    order = np.where(orders.usable & ~ids.blank, numbers(ids), 0).astype(np.uint64)
    keys = Keys.of(orders, numbers(orders.texts("patient_id")), order)
    row = np.asarray(table.rows, np.int64).astype(np.uint32)
    begin = int(rows.begins[0]) if orders.n else 0
    surveyed = Surveyed(keys, _contents(table, orders.n), row, (rows.begins - begin).astype(np.uint32))
    return Outline(orders.n, len(table.malformed), begin, rows.lines, rows.surplus, rows.data_rows), surveyed


def numbers(texts: Texts) -> Ids:
    """(n,) a number for each text, the same in every process; 0 for a blank one. Two texts have one number only by
    chance (1 in 10^13 and less), which costs a look at orders that have nothing to do with each other."""
    distinct = texts.distinct
    if not len(distinct):
        return np.zeros(0, np.uint64)
    # Text by text: the same one stands in other parts, among others.
    long = [k for k, text in enumerate(distinct) if len(text) > _LONGEST]
    short = ["" if len(text) > _LONGEST else text for text in distinct] if long else distinct
    width = max(map(len, short)) or 1
    letters = np.array(short, f"U{width}").view(np.uint32).reshape(len(short), width)
    made = _mixed((letters.astype(np.uint64) * _PLACES[:width]).sum(axis=1, dtype=np.uint64))
    made[long] = [_digest(distinct[k]) for k in long]
    return np.asarray(made[texts.codes], np.uint64)


def _digest(text: str) -> int:
    said = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(said, "little") if text else 0


def _mixed(values: Ids) -> Ids:
    """Every bit of a number depends on every other; 0 stays 0."""
    values = (values ^ (values >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), np.uint64)


def _contents(table: Table, n: int) -> Ids:
    """(n,) a number for each row's cells with the units of their headers, and what is wrong with them, but for the
    day."""
    total = np.zeros(n, np.uint64)
    for name, cells in table.cells.items():
        if name != _DAY_COLUMN:
            own = numbers(Texts.of([name]))[0]
            unit = numbers(Texts.of([table.header_units.get(name, "")]))[0]
            said = numbers(Texts.of(cells))
            total += _mixed(said + unit * (said > 0) + (said > 0) * own)
    wrong = {i: ";".join(f"{bad.column}: {bad.reason}" for bad in cells) for i, cells in table.bad_cells.items()}
    total[list(wrong)] += numbers(Texts.of(list(wrong.values())))
    return total
