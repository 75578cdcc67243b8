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
    with _opened(source or path, name) as file:
        header = tuple(file.schema_arrow.names)
        groups = tuple(file.metadata.row_group(k).num_rows for k in range(file.metadata.num_row_groups))
        mapping = match_headers(header, columns, where=name)
        if mapping.blank:
            raise InputError(f"{name}: column {mapping.blank[0] + 1} has no name. Name it, or leave it out.")
        for position in mapping.positions.values():
            _require_kind(file.schema_arrow.field(position), name)
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
    for k in range(len(layout.groups)):
        tables.append(read_group(layout, k, io.BytesIO(content.data)))
        if progress:
            progress(sum(len(table.rows) for table in tables))
    rows = [row for table in tables for row in table.rows]
    blank = sum(layout.groups) - len(rows)
    offsets = np.cumsum([0, *(len(table.rows) for table in tables)]).tolist()
    return replace(
        layout.head,
        sha256=content.sha256,
        rows=tuple(rows),
        cells={
            name: Texts.joined([Texts.of(table.cells[name]) for table in tables]) if tables else ()
            for name in layout.mapping.positions
        },
        bad_cells={
            first + i: bad for first, table in zip(offsets, tables, strict=False) for i, bad in table.bad_cells.items()
        },
        blank_rows=blank,
        notices=tuple(count_notices(len(rows), blank)),
    )


def read_group(layout: ParquetLayout, group: int, source: Any = None, at: Sequence[int] | None = None) -> Table:
    """The orders of one row group. at: only these of its records. Raises InputError."""
    mapping = layout.mapping
    with _opened(source or layout.path, layout.name) as file:
        ours = [layout.header[position] for position in mapping.positions.values()]
        read = _read(file, group, ours, layout.name)
        if read.num_rows != layout.groups[group]:
            raise InputError(f"{layout.name}: changed while reading. Nothing of it was used.")
        empty = np.ones(read.num_rows, bool)
        for column in read.columns:
            empty &= column.is_null().to_numpy()
        if empty.any():  # whether a record is empty depends on the columns that are not ours too
            others = [name for name in layout.header if name not in ours]
            for column in _read(file, group, others, layout.name).columns if others else ():
                empty &= column.is_null().to_numpy()
    kept = np.flatnonzero(~empty) if at is None else np.asarray(at, np.int64)
    cells: dict[str, Texts] = {}
    bad: dict[int, tuple[BadCell, ...]] = {}
    for name, column in zip(mapping.positions, read.columns, strict=True):
        cells[name], why = _cells(column.take(pa.array(kept)), layout.columns[name])
        for i, reason in why.items():
            bad[i] = (*bad.get(i, ()), BadCell(name, reason))
    first = sum(layout.groups[:group]) + 1
    return replace(layout.head, rows=tuple((kept + first).tolist()), cells=cells, bad_cells=bad)


def _opened(source: Any, name: str) -> Any:
    try:
        return pq.ParquetFile(source)
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
    codes: npt.NDArray[np.int64] = coded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(np.int64)
    said = [_said(value, ours) for value in [*values, None]]
    texts = Texts.of([text for text, _ in said])
    unread = np.array([bool(why) for _, why in said], bool)[codes]
    return texts.rows(codes), {int(i): said[codes[i]][1] for i in np.flatnonzero(unread)}


def _said(value: Any, column: Column) -> tuple[str, str]:
    """What a value says: its text, or why it has none (completes "<column> …")."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "", ""
    if isinstance(value, str):
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
