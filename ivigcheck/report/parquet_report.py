"""The report as Parquet: one record an order, in the order of the input, for analysis of many orders.

The leaf names are those of the CSV report; lists are lists, pairs are maps, numbers are numbers, and the findings stand
beside them whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ivigcheck.report.columns import Cells, Column, Numbers, Tree, Whole
from ivigcheck.report.csv_report import csv_leaves
from ivigcheck.report.json_text import encoded

_ROWS: Final = 16_384
"""Orders of a row group, however they come: the same orders give the same bytes."""

_TEXT, _LIST, _MAP = pa.string(), pa.list_(pa.string()), pa.map_(pa.string(), pa.string())
_FINDING: Final = pa.struct(
    [
        *((name, _TEXT) for name in ("code", "name", "severity", "column", "message")),
        ("inputs", _MAP),
        *((name, _TEXT) for name in ("arithmetic", "source", "fingerprint")),
    ]
)
_TYPES: Final = {
    **dict.fromkeys(("at_risk", "undocumented", "not_assessed", "history", "codes", "fingerprints"), _LIST),
    **dict.fromkeys(("answers", "answered_by_code", "written"), _MAP),
    **dict.fromkeys(
        ("soft_max_exclusive", "hard_max_exclusive", "reaction_resolved", "knowledge_signed_off"), pa.bool_()
    ),
    "findings": pa.list_(_FINDING),
}
"""Types of columns that are neither text nor numbers."""


def parquet_table(tree: Tree, run: Mapping[str, Any]) -> pa.Table:
    """The orders' facts as an Arrow table. run: what is the same for all, by what they were checked."""
    columns = dict(_columns(tree))
    n = len(next(iter(columns.values())))
    fixed = {name: pa.repeat(pa.scalar(value, _TYPES.get(name, _TEXT)), n) for name, value in run.items()}
    return pa.table({**columns, **fixed})


def _columns(tree: Tree) -> Iterator[tuple[str, pa.Array]]:
    for name, leaf, _ in csv_leaves(tree):
        if name in ("codes", "fingerprints"):
            key = name.removesuffix("s")
            leaf = leaf.form(lambda findings, key=key: [finding[key] for finding in findings])
        yield name, _array(name, leaf)
    yield "findings", _array("findings", tree["findings"])  # type: ignore[arg-type]


def _array(name: str, column: Column) -> pa.Array:
    if isinstance(column, Numbers):
        return pa.array(column.values, pa.float64(), mask=np.isnan(column.values))
    if isinstance(column, Whole):
        return pa.array(column.values, pa.int64())
    if isinstance(column, Cells):
        return pa.array([list(cells.items()) for cells in column.listed], _MAP)
    kind = _TYPES.get(name, _TEXT)
    said = [_plain(value) for value in column.said]
    codes = np.where(column.codes < 0, len(said) - 1, column.codes)
    return pa.array(said, kind).take(pa.array(codes))


def _plain(value: Any) -> Any:
    """A value as Arrow takes it: a map is a list of its pairs."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return [_finding(each) if isinstance(each, Mapping) else each for each in value]
    return value


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {**finding, "inputs": list(finding["inputs"].items())}


class ParquetFile:
    """A Parquet report that is written bit by bit. about: by what the orders were checked, for its metadata."""

    def __init__(self, file: BinaryIO, about: Mapping[str, Any]) -> None:
        self._file = file
        self._about = {b"ivigcheck": encoded(about)}
        self._writer: Any = None
        self._waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        """Adds orders."""
        if self._writer is None:
            schema = table.schema.with_metadata(self._about)
            self._writer = pq.ParquetWriter(self._file, schema, compression="zstd")
        self._waiting.append(table)
        if sum(each.num_rows for each in self._waiting) >= _ROWS:
            self._flush(_ROWS)

    def close(self) -> None:
        """Writes what is left, and the end of the file."""
        self._flush(1)
        if self._writer is not None:
            self._writer.close()

    def abandon(self) -> None:
        """Nothing more is to be written, not even the end of the file, as the writer else tries to when it goes."""
        if self._writer is not None:
            self._writer.is_open = False

    def _flush(self, least: int) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        while table.num_rows >= least:
            rows = table.slice(0, _ROWS).combine_chunks().replace_schema_metadata(self._about)
            self._writer.write_table(rows, row_group_size=_ROWS)
            table = table.slice(_ROWS)
        self._waiting = [table] if table.num_rows else []
