"""What a report says of all orders, column by column: text is made once for each distinct value.

A column holds n values of plain data. Its value for one order stands in the order's facts; as text it stands in the
reports that are written by columns (`ivigcheck.report.bulk`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from ivigcheck.texts import Texts
from ivigcheck.units import Floats
from ivigcheck.written import Codes


@dataclass(frozen=True, eq=False)
class Told:
    """Values of which many orders have the same. said: the distinct ones; codes: (n,) positions in them, of which -1 is
    the last."""

    said: Sequence[Any]
    codes: Codes

    @cached_property
    def listed(self) -> list[Any]:
        said = self.said
        return [said[code] for code in self.codes.tolist()]

    def form(self, form: Callable[[Any], Any]) -> Told:
        """The same column with each value in another form."""
        return Told([form(value) for value in self.said], self.codes)

    def rows(self, at: slice) -> Told:
        return Told(self.said, self.codes[at])

    @classmethod
    def one(cls, value: Any, n: int) -> Told:
        """One value for all orders."""
        return cls((value,), np.zeros(n, np.int64))

    @classmethod
    def some(cls, usual: Any, others: Mapping[int, Any], n: int) -> Told:
        """One value for all orders but some. others: index of an order -> its own value."""
        codes = np.zeros(n, np.int64)
        codes[list(others)] = np.arange(1, len(others) + 1)
        return cls((usual, *others.values()), codes)


@dataclass(frozen=True, eq=False)
class Numbers:
    """(n,) float; NaN, what is not known, is null."""

    values: Floats

    @cached_property
    def listed(self) -> list[float | None]:
        return [None if math.isnan(value) else value for value in self.values.tolist()]

    def rows(self, at: slice) -> Numbers:
        return Numbers(self.values[at])


@dataclass(frozen=True, eq=False)
class Whole:
    """(n,) whole numbers, each known."""

    values: npt.NDArray[np.int64]

    @cached_property
    def listed(self) -> list[int]:
        listed: list[int] = self.values.tolist()
        return listed

    def rows(self, at: slice) -> Whole:
        return Whole(self.values[at])


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of several columns of the input: for each of n orders those that are not blank, by their column's
    name."""

    cells: Mapping[str, Texts]
    n: int

    @cached_property
    def listed(self) -> Sequence[Mapping[str, str]]:
        return _Lazily(self)

    def rows(self, at: slice) -> Cells:
        return Cells({name: texts[at] for name, texts in self.cells.items()}, len(range(*at.indices(self.n))))


class _Lazily(Sequence[Mapping[str, str]]):
    """The cells of an order when they are asked for."""

    def __init__(self, column: Cells) -> None:
        self._cells = list(column.cells.items())
        self._n = column.n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, at: Any) -> Any:
        if at >= self._n:
            raise IndexError(at)
        return {name: text for name, texts in self._cells if (text := texts[at])}


Column = Told | Numbers | Whole | Cells
Tree = Mapping[str, Union[Column, "Tree"]]
"""The columns under the names of an order's facts."""


def rows_of(tree: Tree, at: slice) -> dict[str, Any]:
    """The same columns, of some of the orders."""
    return {name: rows_of(each, at) if isinstance(each, Mapping) else each.rows(at) for name, each in tree.items()}


class Picker:
    """Gives what a tree of columns says of one order."""

    def __init__(self, tree: Tree) -> None:
        self._leaves = [(name, each.listed) for name, each in tree.items() if not isinstance(each, Mapping)]
        self._branches = [(name, Picker(each)) for name, each in tree.items() if isinstance(each, Mapping)]
        self._order = list(tree)

    def of(self, i: int) -> dict[str, Any]:
        found = {name: listed[i] for name, listed in self._leaves}
        if not self._branches:
            return found
        found.update({name: branch.of(i) for name, branch in self._branches})
        return {name: found[name] for name in self._order}
