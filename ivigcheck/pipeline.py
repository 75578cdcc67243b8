"""The straight line: file, text cells, typed columns, limits, findings. Nothing else is here.

A single order is a batch of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from ivigcheck.columns import COLUMNS, Column, question_column, with_headers
from ivigcheck.errors import AccountingError, InputError
from ivigcheck.intake import WORKBOOK_ENDINGS, read_inputs
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.limits import Limits, reckon_limits
from ivigcheck.normalise import normalise
from ivigcheck.orders import Orders
from ivigcheck.past import Memory
from ivigcheck.rules import Findings
from ivigcheck.show import visible

Progress = Callable[[str, int], None]
"""Told which stage a run is in, and how many orders it has come to."""


@dataclass(frozen=True, eq=False, repr=False)
class Checked:
    """A checked run: its inputs, and everything that was found out about their orders."""

    tables: Sequence[Table]
    orders: Orders
    limits: Limits
    findings: Findings
    memory: Memory
    own: range
    """The orders that are reported. Others, of the same patients or order ids, may stand beside them, because rules
    hold them against each other; those are another part's own."""

    @property
    def knowledge(self) -> Knowledge:
        return self.orders.knowledge


def order_columns(knowledge: Knowledge) -> tuple[Column, ...]:
    """Every column that an input may have: the fixed ones, and one for each risk question, each with the site's own
    headers, which no other column then answers to."""
    columns = (*COLUMNS, *(question_column(q.name, q.title, q.headers) for q in knowledge.questions))
    return with_headers(columns, knowledge.policy.site.headers)


def check_tables(
    tables: Sequence[Table],
    as_of: date,
    *,
    identified: bool = True,
    knowledge: Knowledge | None = None,
    memory: Memory | None = None,
    own: range | None = None,
) -> Checked:
    """Checks every row of the tables. memory: the history of the patients, where it is asked. own: the rows that are
    reported, where others only stand beside them.

    Raises AccountingError where rows in and orders out differ, HistoryError where the history cannot be read.
    """
    memory = memory or Memory.none("it was not asked for")
    with np.errstate(all="ignore"):  # what overflows or divides by nothing is judged like any other value
        orders = normalise(tables, knowledge or built_in(), as_of, identified=identified, recall=memory.recall)
        limits = reckon_limits(orders)
        findings = Findings(orders, limits)
    rows = sum(len(table.rows) for table in tables)
    if not rows == orders.n == len(orders.place) == len(findings.status) == len(limits.hard_max):
        raise AccountingError(f"{rows} rows were read and {orders.n} orders checked: nothing is published")
    return Checked(tables, orders, limits, findings, memory, own if own is not None else range(rows))


def check_files(
    paths: Sequence[Path],
    as_of: date,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    knowledge: Knowledge | None = None,
    memory: Memory | None = None,
) -> Checked:
    """Checks every order of the files. Raises InputError where a file cannot be read as orders."""
    knowledge = knowledge or built_in()
    tables = read_tables(paths, knowledge, sheet=sheet, encoding=encoding, progress=progress)
    if progress:
        progress("checking", sum(len(table.rows) for table in tables))
    return check_tables(tables, as_of, knowledge=knowledge, memory=memory)


def read_tables(
    paths: Sequence[Path],
    knowledge: Knowledge,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> list[Table]:
    """The files' orders as text, under the site's own headers and in its encoding where its policy names them.

    Raises InputError where a file cannot be read as orders.
    """
    step = (lambda orders: progress("reading", orders)) if progress else None
    tables = read_inputs(
        paths,
        columns=order_columns(knowledge),
        sheet=sheet,
        encoding=encoding,
        usual_encoding=knowledge.policy.site.encoding or None,
        progress=step,
    )
    return settled(paths, tables, knowledge)


def settled(paths: Sequence[Path], tables: Sequence[Table], knowledge: Knowledge) -> list[Table]:
    """The files' tables under names that tell them apart, with every column that the site's policy relies on.

    Raises InputError where one has not.
    """
    named = _told_apart(paths, tables)
    _require_answers(named, knowledge)
    return named


def read_each(
    paths: Sequence[Path],
    knowledge: Knowledge,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> tuple[dict[Path, Table], dict[Path, InputError]]:
    """The files' orders as `read_tables` gives them, and of each file that cannot be read why not; both by path.

    One that cannot be read does not keep the others from being read. sheet: of the workbooks among them.
    """
    read: dict[Path, Table] = {}
    failed: dict[Path, InputError] = {}
    for path in paths:
        before = sum(len(table.rows) for table in read.values())
        try:
            (read[path],) = read_tables(
                [path],
                knowledge,
                sheet=sheet if path.suffix.casefold() in WORKBOOK_ENDINGS else None,
                encoding=encoding,
                progress=_after(before, progress),
            )
        except InputError as error:
            failed[path] = error
    named = _told_apart(list(read), list(read.values()))
    return dict(zip(read, named, strict=True)), failed


def _after(before: int, progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda stage, orders: progress(stage, before + orders)


def _require_answers(tables: Sequence[Table], knowledge: Knowledge) -> None:
    """A question whose blank is no, and for which the site names a header, has a column: a header that was renamed in
    the export would else answer no for everybody. Raises InputError."""
    site = knowledge.policy.site
    for table in tables:
        lacking = [name for name in site.headers if name in site.absent_means_no and name not in table.cells]
        if lacking:
            named = ", ".join(f'"{visible(header)}"' for name in lacking for header, _ in site.headers[name])
            raise InputError(
                f"{table.file}: missing column {', '.join(lacking)}: the site's policy names the header {named} for "
                "it, and reads a blank as no. Correct the export, or the policy's headers."
            )


def _told_apart(paths: Sequence[Path], tables: Sequence[Table]) -> list[Table]:
    """The tables under names that tell them apart: with as many folders as it takes, and a number where none does."""
    names = [path.name for path in paths]
    depth = 1
    while len(set(names)) < len(set(map(str, paths))) and depth < max(len(path.parts) for path in paths):
        depth += 1
        names = ["/".join(path.parts[-depth:]) for path in paths]
    seen: dict[str, int] = {}
    for k, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[k] = f"{name} (input {k + 1})"
    return [replace(table, file=visible(name)) for table, name in zip(tables, names, strict=True)]


def check_order(
    cells: Mapping[str, str], as_of: date, *, knowledge: Knowledge | None = None, memory: Memory | None = None
) -> Checked:
    """Checks one order, given as column name -> text. Its ids are not asked for, nor shown."""
    table = Table("", None, "", rows=(0,), cells={name: [text.strip()] for name, text in cells.items()})
    return check_tables([table], as_of, identified=False, knowledge=knowledge, memory=memory)
