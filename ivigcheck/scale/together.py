"""Which orders of a run must be seen together, though they stand in different parts of it.

The orders are dealt into lots, by patient and by order id: whatever must be seen together is in one lot, and lots can
be looked at one at a time, or each on another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from ivigcheck.company import Patients
from ivigcheck.knowledge import Knowledge
from ivigcheck.orders import NO_DAY
from ivigcheck.scale.survey import Surveyed

By = Literal["patient", "order"]
KINDS: Final[tuple[By, ...]] = ("patient", "order")

Positions = npt.NDArray[np.int64]
PART_BITS: Final = 32
"""Of a position, the bits that tell a row within its part; those above tell the part."""


def position(part: int, rows: npt.NDArray[Any]) -> Positions:
    """A number for each row of a part, in the order of the run."""
    return (part << PART_BITS) + rows.astype(np.int64)


@dataclass(frozen=True, eq=False, repr=False)
class Lot:
    """The orders of one lot. at: (n,) their positions in the run."""

    at: Positions
    orders: Surveyed


@dataclass(frozen=True, eq=False, repr=False)
class Groups:
    """Orders that must be seen together: (k,) their positions, from 0 which group each is in, sorted by it, and where
    each stands (see `Surveyed`)."""

    at: Positions
    group: Positions
    row: npt.NDArray[np.uint32]
    begin: npt.NDArray[np.uint32]


def deal(orders: Surveyed, part: int, lot: int, lots: int, by: By) -> Lot:
    """A part's orders of one lot."""
    ids = orders.keys.patient if by == "patient" else orders.keys.order
    mine = np.flatnonzero((ids > 0) & (ids % np.uint64(lots) == lot))
    return Lot(position(part, mine), orders.rows(mine))


def group(pieces: Sequence[Lot], by: By, knowledge: Knowledge) -> Groups:
    """The groups of one lot, all parts' pieces of it given in order."""
    at = np.concatenate([piece.at for piece in pieces])
    orders = Surveyed.joined([piece.orders for piece in pieces])
    rows = _of_patients(orders, knowledge) if by == "patient" else _of_repeated_ids(orders)
    ids = (orders.keys.patient if by == "patient" else orders.keys.order)[rows]
    order = np.lexsort((at[rows], ids))
    rows, ids = rows[order], ids[order]
    new = np.zeros(len(ids), np.int64)
    new[1:] = ids[1:] != ids[:-1]
    return Groups(at[rows], np.cumsum(new), orders.row[rows], orders.begin[rows])


def _of_patients(orders: Surveyed, knowledge: Knowledge) -> Positions:
    patients = Patients(orders.keys, knowledge)
    return patients.rows[patients.of_a_day() | patients.of_much() | patients.of_two_weights()]


def _of_repeated_ids(orders: Surveyed) -> Positions:
    """The rows of order ids that stand in several, with another content, or twice for one day."""
    rows = np.lexsort((orders.keys.day, orders.keys.order))
    ids, day, content = orders.keys.order[rows], orders.keys.day[rows], orders.content[rows]
    again = ids[1:] == ids[:-1]
    doubtful = again & ((content[1:] != content[:-1]) | (day[1:] == day[:-1]) | (day[1:] == NO_DAY))
    return rows[np.isin(ids, ids[1:][doubtful])]


_NONE: Final = Groups(*(np.zeros(0, np.int64),) * 2, *(np.zeros(0, np.uint32),) * 2)


class Company:
    """The groups of all lots."""

    def __init__(self, groups: Sequence[Groups]) -> None:
        groups = groups or [_NONE]
        offsets = np.cumsum([0, *(int(each.group.max(initial=-1)) + 1 for each in groups)])
        self._group = np.concatenate([each.group + first for each, first in zip(groups, offsets, strict=False)])
        self._at = np.concatenate([each.at for each in groups])
        self._row = np.concatenate([each.row for each in groups])
        self._begin = np.concatenate([each.begin for each in groups])
        self._starts = np.searchsorted(self._group, np.arange(offsets[-1] + 1))
        self._by_place = np.argsort(self._at, kind="stable")

    def of(self, part: int) -> Groups:
        """The orders of other parts that must be seen with some of this part, in order, each once."""
        sorted_at = self._at[self._by_place]
        inside = slice(*np.searchsorted(sorted_at, position(part, np.array([0, 1 << PART_BITS]))))
        groups = np.unique(self._group[self._by_place[inside]])
        found = [np.arange(self._starts[k], self._starts[k + 1]) for k in groups.tolist()]
        rows = np.concatenate(found) if found else np.zeros(0, np.int64)
        _, once = np.unique(self._at[rows], return_index=True)
        rows = rows[once]
        rows = rows[self._at[rows] >> PART_BITS != part]
        return Groups(self._at[rows], self._group[rows], self._row[rows], self._begin[rows])
