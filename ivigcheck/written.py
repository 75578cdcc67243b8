"""What the cells of orders say as written, where each order stands, and what is wrong with a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from ivigcheck.units import Floats, Mask, Unit

Codes = npt.NDArray[np.int64]


class Trouble(IntEnum):
    """Why a cell gave no value that can be used."""

    NONE = 0
    MISSING = 1
    UNREADABLE = 2
    IMPLAUSIBLE = 3


@dataclass(frozen=True, eq=False, repr=False)
class Problems:
    """What is wrong with one column's cells.

    trouble: (n,) Trouble. reason: (n,) positions in ``reasons``, each completing "<column> …".
    unchecked: (n,) bool, whether it leaves the order unchecked (else it is for review).
    """

    trouble: npt.NDArray[np.uint8]
    reason: Codes
    reasons: tuple[str, ...]
    unchecked: Mask

    def why(self, i: int) -> str:
        return str(self.reasons[self.reason[i]])


@dataclass(frozen=True, eq=False, repr=False)
class Conflict:
    """Two values of one order that cannot both be right. why: index of the order -> a sentence with both."""

    column: str
    rows: Mask
    why: Mapping[int, str]


@dataclass(frozen=True, eq=False, repr=False)
class Written:
    """A quantity as written, before any conversion: value (n,), unit (n,) position in ``units``, -1 where none."""

    value: Floats
    unit: Codes
    units: tuple[Unit, ...]

    def unit_at(self, i: int) -> Unit | None:
        return self.units[self.unit[i]] if self.unit[i] >= 0 else None


@dataclass(frozen=True, eq=False, repr=False)
class Place:
    """Where an order stands in its input: file, sheet and row as the user sees them; all None for a single order.

    headers: canonical column -> the header over it, as written.
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = (self.file, f'sheet "{self.sheet}"' if self.sheet else None, f"row {self.row}" if self.row else None)
        return ", ".join(part for part in parts if part)
