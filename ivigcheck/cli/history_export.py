"""``ivigcheck history export``: every entry of the history as a table, for a spreadsheet or another program."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from ivigcheck.cli.history_option import HistoryOption, history_path
from ivigcheck.cli.terminal import emit
from ivigcheck.errors import Exit, OutputError
from ivigcheck.history import Entry, Head, History, withdrawals
from ivigcheck.report import check_outputs, publish
from ivigcheck.report.csv_report import guarded

SCHEMA: Final = "ivigcheck.history/1"
_COLUMNS: Final = (
    "number", "kind", "patient_id", "event_day", "recorded_at", "recorded_by", "about", "withdrawn_by", "facts", "hash",
)  # fmt: skip


class TableForm(StrEnum):
    """How the entries are written."""

    CSV = "csv"
    JSON = "json"


def export(
    form: Annotated[
        TableForm | None, typer.Option("--format", help="How to write it. Default: by OUT's ending, else csv.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="The file to write. Default: print it.")
    ] = None,
    history: HistoryOption = None,
) -> int:
    """Write all entries of the history, in order, also those that were withdrawn.

    It holds patients' ids; OUT is readable by its owner alone.

    \b
    Examples:
      ivigcheck history export
      ivigcheck history export -o history.csv
      ivigcheck history export --format json

    \b
    Exit codes:
      0  written
      2  the command line is wrong
      3  not written: the history is missing, locked or damaged, or OUT
         cannot be written
    """
    path = history_path(history).path
    if output is not None:
        check_outputs([output], [path])
    if form is None:
        form = TableForm.JSON if output is not None and output.suffix.lower() == ".json" else TableForm.CSV
    with History.reading(path) as opened:
        head = opened.head()
        withdrawn = withdrawals(opened.entries())
        rows = (entry_fields(entry, withdrawn.get(entry.number)) for entry in opened.entries())
        content = _json(head, rows) if form is TableForm.JSON else _csv(rows)
    if output is None:
        emit(content)
        return Exit.OK
    publish({output: content})
    # The file is out: a closed standard output takes nothing away from it.
    with contextlib.suppress(OutputError):
        emit(f"written: {output}\n")
    return Exit.OK


def entry_fields(entry: Entry, withdrawn_by: int | None) -> dict[str, Any]:
    """An entry as plain data. withdrawn_by: the number of its withdrawal, None where it has none."""
    values = {name: getattr(entry, name) for name in _COLUMNS if name != "withdrawn_by"} | {
        "withdrawn_by": withdrawn_by
    }
    return {name: values[name] for name in _COLUMNS}


def head_fields(head: Head) -> dict[str, Any]:
    """How far a history has come, as plain data."""
    return {"entries": head.entries, "hash": head.hash}


def _csv(rows: Iterator[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = row | {"facts": json.dumps(row["facts"], sort_keys=True)}
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in cells.values()])
    return text.getvalue().encode()


def _json(head: Head, rows: Iterator[dict[str, Any]]) -> bytes:
    """One entry a line, so that tools for lines can read it too."""
    entries = b",\n".join(map(msgspec.json.encode, rows))
    opening = msgspec.json.encode({"schema": SCHEMA, "head": head_fields(head)}).removesuffix(b"}")
    return opening + b',"entries":[\n' + entries + b"\n]}\n"
