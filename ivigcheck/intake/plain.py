"""Delimited text that is plainly laid out, and its blocks: UTF-8, lines that each are a row, quotes that open and close
a field within its line.

Such a file can be read in pieces, by columns (`ivigcheck.intake.blocks`). Any other is left whole to the strict reader
(`ivigcheck.intake.csv_file`), which gives the same cells and problems for what is plain, and decides about the rest.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ivigcheck.columns import Column
from ivigcheck.errors import InputError
from ivigcheck.intake.csv_file import choose_delimiter
from ivigcheck.intake.csv_text import MOJIBAKE
from ivigcheck.intake.files import kind_of, shown_name
from ivigcheck.intake.headers import HeaderMap, match_headers
from ivigcheck.intake.table import Table

BLOCK: Final = 1 << 19
"""Bytes of a block, more or less: it ends with a line."""
LONGEST_LINE: Final = 100_000
LINE_END, _RETURN, QUOTE = b"\n", b"\r", b'"'
_ORDINARY: Final = bytes(code for code in range(256) if code >= 0x20 or code in b"\t\r\n")
_BOM: Final = b"\xef\xbb\xbf"
_DAMAGED: Final = tuple(sign.encode() for sign in ("\u00c2", "\u00c3", "\u00e2\u20ac", "\ufffd"))
"""Without any of these a text is not mis-encoded; to look for them is fast."""
_MARK: Final = _BOM.decode()  # at the beginning of a block it would be passed over

Offsets = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class NotPlain(Exception):
    """The strict reader must read this file."""


@dataclass(frozen=True, repr=False)
class Layout:
    """How a plain file is laid out. name: for reports. header: its texts; mapping: what they mean.

    begins: the byte at which its data begin; first_line: the line on which they do. blank_rows: before the header.
    sha256: of the whole file, where it was asked for.
    """

    path: Path
    name: str
    delimiter: str
    header: tuple[str, ...]
    mapping: HeaderMap
    begins: int
    first_line: int
    blank_rows: int
    sha256: str = ""

    @property
    def head(self) -> Table:
        """The table without its rows."""
        return Table(
            file=self.name,
            sheet=None,
            sha256=self.sha256,
            rows=(),
            cells={name: [] for name in self.mapping.positions},
            headers=self.mapping.written,
            header_units=self.mapping.units,
            ignored=self.mapping.ignored,
        )


@dataclass(frozen=True, repr=False)
class Block:
    """A piece of a file: its bytes from begin to end, and the line on which it begins."""

    begin: int
    end: int
    first_line: int


def lay_out(path: Path, columns: Sequence[Column]) -> Layout:
    """How a plain file is laid out. Raises NotPlain."""
    name = shown_name(path)
    with path.open("rb") as file:
        start = file.read(BLOCK)
    if kind_of(start):
        raise NotPlain
    bom = len(_BOM) if start.startswith(_BOM) else 0
    at = bom
    for blank, text in enumerate(io.BytesIO(start[bom:])):
        if not text.endswith(LINE_END) or len(text) > LONGEST_LINE:
            raise NotPlain
        at += len(text)
        require_plain(text, ",")
        if text.strip():
            return _with_header(path, name, text.decode(), columns, Block(at, at, blank + 2), blank)
    raise NotPlain


def _with_header(
    path: Path, name: str, text: str, columns: Sequence[Column], place: Block, blank_before: int
) -> Layout:
    try:
        delimiter = choose_delimiter(text, columns, name, tabs_first=path.suffix.casefold() == ".tsv")
        require_plain(text.encode(), delimiter)
        (header,) = csv.reader([text], delimiter=delimiter, strict=True)
        mapping = match_headers(header, columns, where=name)
    except (InputError, csv.Error, ValueError):
        raise NotPlain from None
    if len(header) < 2:
        raise NotPlain
    return Layout(path, name, delimiter, tuple(header), mapping, place.begin, place.first_line, blank_before)


def cut(layout: Layout, size: int = BLOCK) -> Iterator[Block]:
    """The blocks of a file, found without reading it; their lines are counted from their own beginning.

    Raises NotPlain for a line without an end in sight.
    """
    with layout.path.open("rb") as file:
        total = file.seek(0, os.SEEK_END)
        begin = layout.begins
        while begin < total:
            end = min(begin + size, total)
            file.seek(end)
            rest = file.readline(LONGEST_LINE)
            if len(rest) == LONGEST_LINE:
                raise NotPlain
            end += len(rest)
            yield Block(begin, end, 0)
            begin = end


def bytes_of(layout: Layout, block: Block) -> bytes:
    """The bytes of one block."""
    with layout.path.open("rb") as file:
        file.seek(block.begin)
        return file.read(block.end - block.begin)


def line_at(handle: int, begin: int) -> bytes:
    """The line that begins at a byte of an open file, with its end."""
    text = os.pread(handle, 1 << 12, begin)
    while LINE_END not in text and (more := os.pread(handle, 1 << 16, begin + len(text))):
        text += more
    return text.partition(LINE_END)[0] + LINE_END


def require_plain(data: bytes, delimiter: str) -> None:
    """Raises NotPlain for bytes that are not plain text, and quotes that are not plainly a field's."""
    if data.translate(None, _ORDINARY) or data.count(_RETURN) != data.count(b"\r\n"):
        raise NotPlain
    if not data.isascii():
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise NotPlain from None
        if _MARK in text or (any(sign in data for sign in _DAMAGED) and MOJIBAKE.search(text)):
            raise NotPlain
    if QUOTE in data:
        _require_plain_quotes(np.frombuffer(data, np.uint8), ord(delimiter))


def _require_plain_quotes(data: Bytes, delimiter: int) -> None:
    """Each pair of quotes is a field, from its first character to its last, within a line."""
    at = np.flatnonzero(data == QUOTE[0])
    if len(at) % 2:
        raise NotPlain
    opens, closes = at[::2], at[1::2]
    before = np.where(opens > 0, data[np.maximum(opens - 1, 0)], LINE_END[0])
    after = np.where(closes < len(data) - 1, data[np.minimum(closes + 1, len(data) - 1)], LINE_END[0])
    ends = (delimiter, LINE_END[0])
    if not (np.isin(before, ends).all() and np.isin(after, (*ends, _RETURN[0])).all()):
        raise NotPlain
    line_ends = np.flatnonzero(data == LINE_END[0])
    if (np.searchsorted(at, line_ends) % 2).any():
        raise NotPlain
