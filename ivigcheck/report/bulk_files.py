"""The reports that are written by columns and bit by bit: what a part of a run adds to each, and the file around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

from ivigcheck.report.bulk import csv_header, csv_lines, json_lines
from ivigcheck.report.columns import Tree
from ivigcheck.report.parquet_report import ParquetFile, parquet_table


class Writer(Protocol):
    """A report that is being written."""

    def write(self, part: Any) -> Any:
        """Adds what `BulkFormat.part` made of some orders."""

    def close(self) -> None:
        """Writes what is still to be written."""

    def abandon(self) -> None:
        """The report will not be published."""


class _Lines:
    """A report of lines. header: the first of them."""

    def __init__(self, file: BinaryIO, header: bytes = b"") -> None:
        self._file = file
        file.write(header)

    def write(self, part: Any) -> None:
        self._file.write(part)

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


@dataclass(frozen=True)
class BulkFormat:
    """How a report is written.

    part: what some orders add to it, from their columns and what is the same for the whole run; it can be sent to
    another process. begin: begins it, from columns without orders, the same, and by what the orders are checked.
    """

    part: Callable[[Tree, Mapping[str, Any]], Any]
    begin: Callable[[BinaryIO, Tree, Mapping[str, Any], Mapping[str, Any]], Writer]


def _parquet(file: BinaryIO, tree: Tree, run: Mapping[str, Any], about: Mapping[str, Any]) -> Writer:
    report = ParquetFile(file, about)
    report.write(parquet_table(tree, run))
    return report


BULK_FORMATS: Final[Mapping[str, BulkFormat]] = {
    ".csv": BulkFormat(
        lambda tree, run: bytes(csv_lines(tree, run)), lambda file, tree, run, _: _Lines(file, csv_header(tree, run))
    ),
    ".jsonl": BulkFormat(lambda tree, _: bytes(json_lines(tree)), lambda file, *_: _Lines(file)),
    ".parquet": BulkFormat(parquet_table, _parquet),
}
"""The ending of a report's name -> how it is written."""
