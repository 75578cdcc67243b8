"""A column of text in which each distinct text is kept once: most cells of a batch repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


class Texts(Sequence[str]):
    """n texts. distinct: the texts, each once; codes: (n,) positions in them.

    A text may stand in ``distinct`` and in no row. To whoever only looks at rows this is a list of texts.
    """

    def __init__(self, distinct: Sequence[str], codes: Positions) -> None:
        self.distinct = distinct
        self.codes = codes

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """The same texts, each distinct one kept once."""
        if isinstance(texts, Texts):
            return texts
        position: dict[str, int] = {}
        codes = np.fromiter((position.setdefault(text, len(position)) for text in texts), np.int64, len(texts))
        return cls(tuple(position), codes)

    @classmethod
    def repeated(cls, text: str, n: int) -> Texts:
        """One text, n times."""
        return cls((text,), np.zeros(n, np.int64))

    @classmethod
    def joined(cls, columns: Sequence[Texts]) -> Texts:
        """Several columns, one below the other."""
        if len(columns) == 1:
            return columns[0]
        position: dict[str, int] = {}
        codes = []
        for each in columns:
            new = [position.setdefault(text, len(position)) for text in each.distinct]
            codes.append(np.array(new, np.int64)[each.codes])
        return cls(tuple(position), np.concatenate(codes) if codes else np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Texts: ...
    def __getitem__(self, at: int | slice) -> str | Texts:
        if isinstance(at, slice):
            return self.rows(at)
        return self.distinct[self._listed[at]]

    def __iter__(self) -> Iterator[str]:
        distinct = self.distinct
        return (distinct[code] for code in self._listed)

    @cached_property
    def _listed(self) -> list[int]:
        """The codes as a list, which gives up single ones several times faster than an array."""
        listed: list[int] = self.codes.tolist()
        return listed

    def rows(self, at: slice | Positions) -> Texts:
        """Some of the rows, in the order asked for."""
        return Texts(self.distinct, self.codes[at])

    def each(self, says: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """(n,) what is asked of each text; asked once for each distinct one."""
        return np.array([says(text) for text in self.distinct] or [False], bool)[self.codes]

    @cached_property
    def blank(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the text is empty."""
        return self.each(lambda text: not text)

    def or_else(self, other: Texts) -> Texts:
        """The texts, and where they are blank the other column's. A text may then be distinct twice."""
        if not self.blank.any():
            return self
        if self.blank.all():
            return other
        codes = np.where(self.blank, other.codes + len(self.distinct), self.codes)
        return Texts((*self.distinct, *other.distinct), codes)


def combined(*columns: Positions) -> tuple[list[tuple[int, ...]], Positions]:
    """The distinct rows of several columns of whole numbers (each (n,)), and (n,) which of them stands in each row."""
    varying = [k for k, column in enumerate(columns) if len(column) and (column != column[0]).any()]
    if not varying:
        return ([tuple(int(column[0]) for column in columns)] if len(columns[0]) else []), np.zeros(
            len(columns[0]), np.int64
        )
    which = np.zeros(len(columns[0]), np.int64)
    size = 1
    for k in varying:
        low = int(columns[k].min())
        width = int(columns[k].max()) - low + 1
        if size * width > 1 << 62:
            kept, which = np.unique(which, return_inverse=True)
            which, size = which.reshape(-1).astype(np.int64), len(kept)
        which = which * width + (columns[k] - low)
        size *= width
    first, which = _ranked(which, size)
    return list(zip(*(column[first].tolist() for column in columns), strict=True)), which


_DIRECT = 1 << 20


def _ranked(keys: Positions, size: int) -> tuple[Positions, Positions]:
    """Where each distinct key (from 0, below size) stands first, and (n,) the rank of each key among them."""
    if size > max(_DIRECT, 4 * len(keys)):
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        return first, which.reshape(-1).astype(np.int64)
    first = np.full(size, -1, np.int64)  # a table of all keys is faster than sorting them, where it is not too large
    first[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
    present = first >= 0
    rank = np.cumsum(present) - 1
    return first[present], rank[keys]


class Alike:
    """Rows that have the same text, of those that count."""

    def __init__(self, texts: Texts, counted: npt.NDArray[np.bool_]) -> None:
        self._codes = texts.codes
        self.counted = counted
        rows = np.flatnonzero(counted)
        order = np.argsort(texts.codes[rows], kind="stable")
        self._rows = rows[order]
        many = np.bincount(texts.codes[rows], minlength=len(texts.distinct))
        self._ends = np.cumsum(many)
        self._many = many

    def of(self, i: int) -> Positions:
        """The rows with the same text as row i, itself among them, in order; row i alone where it does not count."""
        if not self.counted[i]:
            return np.array([i], np.int64)
        code = self._codes[i]
        return self._rows[self._ends[code] - self._many[code] : self._ends[code]]

    @property
    def several(self) -> Positions:
        """The codes of texts that stand in more than one row."""
        return np.flatnonzero(self._many > 1)

    @cached_property
    def in_company(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the row counts, and another has the same text."""
        return np.asarray(self.counted & (self._many[self._codes] > 1), bool) if len(self._many) else self.counted

    def groups(self) -> Iterator[Positions]:
        """The rows of each text that stands in more than one."""
        for code in self.several.tolist():
            yield self._rows[self._ends[code] - self._many[code] : self._ends[code]]
