"""One part of a run: checked, and put into the lines of the reports that are written in the input's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ivigcheck.intake.plain import Offsets
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.pipeline import check_tables
from ivigcheck.report import Facts, counts
from ivigcheck.report.bulk import csv_lines, json_lines
from ivigcheck.report.columns import Tree
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
    """A part's lines of each report, by its ending, and its orders by status."""

    lines: Mapping[str, Any]
    counts: Mapping[str, int]


_LINES: Final[Mapping[str, Callable[[Tree, Mapping[str, Any]], Any]]] = {
    ".csv": csv_lines,
    ".jsonl": lambda tree, _: json_lines(tree),
}
"""The ending of a report that is written part by part -> what makes a part's lines."""


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
    lines = {ending: bytes(_LINES[ending](tree, run.fields)) for ending in run.endings}
    return Piece(lines, counts(checked))
