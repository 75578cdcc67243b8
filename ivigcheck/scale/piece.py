"""One part of a run: checked, and put into the lines of the reports that are written in the input's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ivigcheck.intake.plain import Offsets
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.pipeline import check_tables
from ivigcheck.report import Facts, counts
from ivigcheck.report.bulk_files import BULK_FORMATS
from ivigcheck.scale.parts import Part


@dataclass(frozen=True, eq=False, repr=False)
class Beside:
    """Orders of one input that stand before, or after, a part's own: where they begin, and their rows. part: any of
    that input."""

    part: Part
    begins: Offsets
    rows: Sequence[int]

    def read(self) -> Table:
        return self.part.beside(self.begins, self.rows)


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """A part to be checked, with the orders that must be seen with its own."""

    part: Part
    before: tuple[Beside, ...]
    after: tuple[Beside, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What all parts of a run are checked by. columns: a table without rows that has every column of the run, in their
    order. fields: what ends each line of a CSV report. endings: of the reports."""

    knowledge: Knowledge
    as_of: date
    columns: Table
    fields: Mapping[str, Any]
    endings: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Piece:
    """What a part adds to each report, by its ending, and its orders by status."""

    parts: Mapping[str, Any]
    counts: Mapping[str, int]


def check_part(task: Task, run: Run, memory: Memory | None = None) -> Piece:
    """Checks one part's own orders. memory: the history of the patients, where it is asked."""
    before = [each.read() for each in task.before]
    table = task.part.read().table
    after = [each.read() for each in task.after]
    first = sum(len(each.rows) for each in before)
    checked = check_tables(
        [run.columns, *before, table, *after],
        run.as_of,
        knowledge=run.knowledge,
        memory=memory,
        own=range(first, first + len(table.rows)),
    )
    tree = Facts(checked).columns()
    return Piece({ending: BULK_FORMATS[ending].part(tree, run.fields) for ending in run.endings}, counts(checked))
