"""Parquet files to orders: each value as the text that a CSV file of the same orders would hold.

Every record of the file is a row, counted from 1. Types are taken for what they are: a date in a column of numbers is
not its serial number, and a floating-point number is no id.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ivigcheck.columns import Column
from ivigcheck.errors import InputError
from ivigcheck.intake.files import count_notices, read_content, shown, shown_name
from ivigcheck.intake.headers import HeaderMap, match_headers
from ivigcheck.intake.table import BadCell, Table
from ivigcheck.texts import Texts

_MOST_ROWS: Final = 2_000_000
"""Records of a row group, which is read at once."""
_LONGEST: Final = 32_767
"""Characters of a text, as in a workbook."""
_MOST_FOR_A_BYTE: Final = 10
"""Records for each byte of a file: of more nothing can be said that tells one from another."""
_BELONGS: Final = {"quantity": "a number", "number": "a number", "date": "a date", "answer": "yes or no"}


@dataclass(frozen=True, eq=False, repr=False)
class ParquetLayout:
    """What a Parquet file holds. name: for reports. columns: ours, by name; groups: records of each row group."""

    path: Path
    name: str
    columns: dict[str, Column]
    header: tuple[str, ...]
    mapping: HeaderMap
    groups: tuple[int, ...]

    @property
    def ours(self) -> tuple[str, ...]:
        """The names, in the file, of the columns that are ours."""
        return tuple(self.header[position] for position in self.mapping.positions.values())

    @property
    def head(self) -> Table:
        """The table without its rows."""
        return Table(
            file=self.name,
            sheet=None,
            sha256="",
            rows=(),
            cells=dict.fromkeys(self.mapping.positions, ()),
            headers=self.mapping.written,
            header_units=self.mapping.units,
            ignored=self.mapping.ignored,
        )


def lay_out_parquet(path: Path, columns: Sequence[Column], source: Any = None) -> ParquetLayout:
    """What a Parquet file holds. source: its bytes, where they were read. Raises InputError."""
    name = shown_name(path)
    size = path.stat().st_size
    with _opened(source or path, name) as file:
        header = tuple(file.schema_arrow.names)
        groups = tuple(file.metadata.row_group(k).num_rows for k in range(file.metadata.num_row_groups))
        mapping = match_headers(header, columns, where=name)
        if mapping.blank:
            raise InputError(f"{name}: column {mapping.blank[0] + 1} has no name. Name it, or leave it out.")
        for position in mapping.positions.values():
            _require_kind(file.schema_arrow.field(position), name)
    if sum(groups) > _MOST_FOR_A_BYTE * max(size, 1 << 16):
        raise InputError(
            f"{name}: is of {size:,} bytes and says that it holds {sum(groups):,} records. Export it again."
        )
    if max(groups, default=0) > _MOST_ROWS:
        raise InputError(
            f"{name}: has a row group of {max(groups):,} records; write row groups of fewer, and run again."
        )
    return ParquetLayout(path, name, {each.name: each for each in columns}, header, mapping, groups)


def read_parquet(path: Path, columns: Sequence[Column], *, progress: Callable[[int], None] | None = None) -> Table:
    """The orders of a Parquet file. progress: called with the number of orders read so far. Raises InputError."""
    content = read_content(path)
    layout = lay_out_parquet(path, columns, io.BytesIO(content.data))
    tables = []
    for k, records in enumerate(layout.groups):
        found = _group(io.BytesIO(content.data), layout.name, layout.header, layout.ours, k)
        tables.append(_orders(layout, k, found, np.arange(records)))
        if progress:
            progress(sum(len(table.rows) for table in tables))
    table = joined(tables) if tables else layout.head
    blank = sum(layout.groups) - len(table.rows)
    notices = tuple(count_notices(len(table.rows), blank))
    return replace(table, sha256=content.sha256, blank_rows=blank, notices=notices)


def joined(tables: Sequence[Table]) -> Table:
    """The rows of several tables of one file, one after the other."""
    offsets = np.cumsum([0, *(len(table.rows) for table in tables)]).tolist()
    return replace(
        tables[0],
        rows=tuple(row for table in tables for row in table.rows),
        cells={name: Texts.joined([Texts.of(table.cells[name]) for table in tables]) for name in tables[0].cells},
        bad_cells={
            first + i: bad for first, table in zip(offsets, tables, strict=False) for i, bad in table.bad_cells.items()
        },
    )


def read_group(layout: ParquetLayout, group: int, records: Sequence[int]) -> Table:
    """The orders among some records of one row group, counted from its first. Raises InputError."""
    status = layout.path.stat()
    mark = status.st_size, status.st_mtime_ns
    found = _kept_group(layout.path, mark, layout.name, layout.header, layout.ours, group)
    return _orders(layout, group, found, np.asarray(records, np.int64))


_Records = tuple[Any, npt.NDArray[np.bool_]]
"""The values of our columns, and (n,) whether a record is empty."""


@lru_cache(maxsize=1)  # parts of one row group are read one after the other
def _kept_group(
    path: Path, mark: tuple[int, int], name: str, header: tuple[str, ...], ours: tuple[str, ...], group: int
) -> _Records:
    """mark: tells the file from another one of its name."""
    return _group(path, name, header, ours, group)


def _group(source: Any, name: str, header: Sequence[str], ours: Sequence[str], group: int) -> _Records:
    """One row group."""
    with _opened(source, name) as file:
        read = _read(file, group, ours, name)
        empty = np.ones(read.num_rows, bool)
        for column in read.columns:
            empty &= column.is_null().to_numpy()
        others = [each for each in header if each not in ours]
        if empty.any() and others:  # whether a record is empty depends on the columns that are not ours too
            for column in _read(file, group, others, name).columns:
                empty &= column.is_null().to_numpy()
    return read, empty


def _orders(layout: ParquetLayout, group: int, found: _Records, records: npt.NDArray[np.int64]) -> Table:
    """The orders among some records of a row group."""
    read, empty = found
    if read.num_rows != layout.groups[group]:
        raise InputError(f"{layout.name}: changed while reading. Nothing of it was used.")
    kept = records[~empty[records]]
    cells: dict[str, Texts] = {}
    bad: dict[int, tuple[BadCell, ...]] = {}
    for name, column in zip(layout.mapping.positions, read.columns, strict=True):
        try:
            cells[name], why = _cells(column.take(pa.array(kept)), layout.columns[name])
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise InputError(
                f'{layout.name}: the column "{shown(layout.mapping.written[name])}" has a value that cannot be read '
                f"({type(error).__name__}): a day after the year 9999, a time zone that is none, or damaged text."
            ) from None
        for i, reason in why.items():
            bad[i] = (*bad.get(i, ()), BadCell(name, reason))
    first = sum(layout.groups[:group]) + 1
    return replace(layout.head, rows=tuple((kept + first).tolist()), cells=cells, bad_cells=dict(sorted(bad.items())))


def _opened(source: Any, name: str) -> Any:
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        texts = [each.name for each in file.schema_arrow if pa.types.is_string(each.type)]
        if hasattr(source, "seek"):
            source.seek(0)
        # Texts as distinct ones with codes: a small file may hold one long text a million times.
        return pq.ParquetFile(source, page_checksum_verification=True, read_dictionary=texts)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _read(file: Any, group: int, names: Sequence[str], name: str) -> Any:
    try:
        return file.read_row_group(group, columns=list(names))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> InputError:
    return InputError(f"{name}: is no whole Parquet file ({type(error).__name__}). Export it again; nothing was used.")


def _require_kind(field: Any, name: str) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_null,
             pa.types.is_boolean, pa.types.is_date, pa.types.is_timestamp, pa.types.is_decimal)  # fmt: skip
    if not any(test(kind) for test in tests):
        raise InputError(
            f'{name}: the column "{shown(field.name)}" is of type {shown(str(kind))}, which is not read. Write it as '
            "text, a number, a date or true and false."
        )


def _cells(column: Any, ours: Column) -> tuple[Texts, dict[int, str]]:
    """A column's cells, and by row why one cannot be read."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_null(array.type):
        return Texts.repeated("", len(array)), {}
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    values = coded.dictionary.to_pylist()
    if pa.types.is_floating(coded.dictionary.type) and coded.dictionary.type != pa.float64():
        # Of few digits: 0.1 is 0.1, and not the nearest number with more digits.
        values = [float(str(value)) for value in coded.dictionary.to_numpy(zero_copy_only=False)]
    indices = coded.indices.cast(pa.int64()).fill_null(len(values))
    codes: npt.NDArray[np.int64] = indices.to_numpy(zero_copy_only=False)
    said = [_said(value, ours) for value in [*values, None]]
    texts = Texts.of([text for text, _ in said])
    unread = np.array([bool(why) for _, why in said], bool)[codes]
    return texts.rows(codes), {int(i): said[codes[i]][1] for i in np.flatnonzero(unread)}


def _said(value: Any, column: Column) -> tuple[str, str]:
    """What a value says: its text, or why it has none (completes "<column> …")."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "", ""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return "", f"holds a text of more than {_LONGEST:,} characters."
        if any(ch < " " and ch not in "\t\r\n" for ch in value):
            return "", "holds a control character: write the value without it."
        return value.strip(), ""
    if isinstance(value, bool):
        return ("yes" if value else "no", "") if column.kind == "answer" else _misplaced("a true/false value", column)
    if isinstance(value, date):
        return (_iso(value), "") if column.kind == "date" else _misplaced("a date", column)
    if column.kind == "date":
        return _misplaced("a number", column)
    if column.kind == "id" and (not isinstance(value, int) or value < 0):
        return "", "holds a number that is no whole one from 0: store it as text."
    if isinstance(value, float) and not math.isfinite(value):
        return "", "holds a number that is not finite: write the value."
    text = format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text, ""


def _misplaced(what: str, column: Column) -> tuple[str, str]:
    return "", f"holds {what} where {_BELONGS.get(column.kind, 'a text')} belongs."


def _iso(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None and (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0):
        return value.date().isoformat()
    return value.isoformat(timespec="seconds" if not value.microsecond else "milliseconds")
