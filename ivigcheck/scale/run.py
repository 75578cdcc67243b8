"""A run in parts: looked at once for what must be seen together, then checked part by part, and written as it goes."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from ivigcheck.columns import Column
from ivigcheck.errors import AccountingError
from ivigcheck.intake import PARQUET_ENDING, TEXT_ENDINGS
from ivigcheck.intake.files import Watch, digest_of
from ivigcheck.intake.parquet_file import ParquetLayout, lay_out_parquet
from ivigcheck.intake.plain import BLOCK, Layout, NotPlain, cut, lay_out
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.pipeline import Progress, check_tables, order_columns, read_tables, settled
from ivigcheck.report import Facts, history_facts, provenance, publishing
from ivigcheck.report.bulk_files import BULK_FORMATS
from ivigcheck.report.csv_report import run_fields
from ivigcheck.scale.engines import Cores, Engine, Here, cores, give_memory_back
from ivigcheck.scale.inputs import Inputs
from ivigcheck.scale.parts import CsvPart, ParquetPart, Part, TablePart
from ivigcheck.scale.piece import Beside, Piece, Run, Task
from ivigcheck.scale.survey import Outline
from ivigcheck.scale.together import PART_BITS, Company

SMALL: Final = 4 << 20
"""Bytes of a file that is read at once, by the strict reader."""
_ROWS: Final = 10_000  # of a part of what is held
_MOST_BLOCKS: Final = 4_000
"""Of a run, more or less: from a few gigabytes on blocks grow, or who hands them out would have too much to do."""
_MANY_BYTES: Final = 32 << 20
"""From so many bytes on it pays to start a process for each core."""


@dataclass(frozen=True, eq=False)
class _Source:
    """One input. head: its table without rows."""

    head: Table
    parts: Sequence[Part]
    watch: Watch | None


def check_in_parts(
    inputs: Inputs,
    outputs: Sequence[Path],
    as_of: date,
    *,
    knowledge: Knowledge,
    memory: Memory,
    progress: Progress | None = None,
    engine: Engine | None = None,
    whole_below: int = SMALL,
) -> Counter[str]:
    """Checks every order of the inputs and writes the reports, which are all of the kinds in `BULK`.

    Memory does not grow with the inputs but for a few numbers of each order. engine: who does the work; chosen by the
    size of the inputs where None. whole_below: bytes of a file from which on it is read in blocks.
    Returns the orders by status, and their number as ``orders``.
    Raises InputError, HistoryError, OutputError, and AccountingError where rows in and orders out differ: then no
    report is written or replaced.
    """
    with contextlib.ExitStack() as stack:
        chosen = engine or stack.enter_context(_engine(inputs.paths, memory))
        try:
            sources = _sources(inputs, knowledge, whole_below)
            with _unchanged(sources):
                parts, outlines = _looked_at(sources, chosen, knowledge, as_of, progress)
        except NotPlain:
            sources = _sources(inputs, knowledge, None)
            parts, outlines = _looked_at(sources, chosen, knowledge, as_of, progress)
        run = Run(
            knowledge,
            as_of,
            _all_columns([source.head for source in sources]),
            run_fields({**provenance(knowledge), "history": history_facts(memory)}, signed_off=knowledge.signed_off),
            tuple(path.suffix.lower() for path in outputs),
        )
        files = stack.enter_context(publishing(outputs))
        company = Company(chosen.group(knowledge))
        with _unchanged(sources):
            tally = _write(chosen.check(_tasks(sources, parts, outlines, company), run), files, run, progress)
        rows = sum(outline.orders for outline in outlines)
        if rows != tally["orders"] or rows != sum(tally.values()) - rows:
            raise AccountingError(f"{rows} rows were read and {tally['orders']} orders checked: nothing is published")
    return tally


@contextlib.contextmanager
def _unchanged(sources: Sequence[_Source]) -> Iterator[None]:
    """Raises InputChanged where an input is not what it was; whatever else went wrong meanwhile is due to that."""
    watches = [source.watch for source in sources if source.watch]
    try:
        yield
    except Exception:
        for watch in watches:
            watch.require_unchanged()
        raise
    for watch in watches:
        watch.require_unchanged()


@contextlib.contextmanager
def _engine(paths: Sequence[Path], memory: Memory) -> Iterator[Engine]:
    """A process for each core where there is much to do, and no history to ask, which they cannot."""
    size = 0
    with contextlib.suppress(OSError):  # whoever reads it says why it cannot be read
        size = sum(path.stat().st_size for path in paths)
    give_memory_back()
    if size < _MANY_BYTES or cores() == 1 or not memory.why_not:
        yield Here(memory)
        return
    with Cores.opened(cores()) as engine:
        yield engine


def _sources(inputs: Inputs, knowledge: Knowledge, whole_below: int | None) -> list[_Source]:
    """The inputs, large plain ones in blocks. whole_below: bytes from which on a file is large; None: none is."""
    columns = order_columns(knowledge)
    usual = inputs.sheet is None and inputs.encoding is None and not knowledge.policy.site.encoding
    layouts: dict[Path, Layout | ParquetLayout] = {}
    watches: dict[Path, Watch] = {}
    if usual and whole_below is not None:
        watches = {path: Watch.over(path) for path in inputs.paths if path.is_file()}  # before they are looked into
        found = ((path, _laid_out(path, columns, whole_below)) for path in inputs.paths)
        layouts = {path: layout for path, layout in found if layout}
    rest = [path for path in inputs.paths if path not in layouts]
    held = read_tables(rest, knowledge, sheet=inputs.sheet, encoding=inputs.encoding) if rest else []
    tables = dict(zip(rest, held, strict=True)) | {path: layout.head for path, layout in layouts.items()}
    total = sum(path.stat().st_size for path in layouts)
    named = settled(inputs.paths, [tables[path] for path in inputs.paths], knowledge)
    return [
        _Source(
            replace(table, rows=(), cells=dict.fromkeys(table.cells, ())),
            list(_parts(table, layouts.get(path), max(BLOCK, total // _MOST_BLOCKS))),
            watches[path] if path in layouts else None,
        )
        for path, table in zip(inputs.paths, named, strict=True)
    ]


def _parts(table: Table, layout: Layout | ParquetLayout | None, size: int) -> Iterator[Part]:
    """The parts of an input. table: held as a whole where it is not laid out; named as it is in the report. size: bytes
    of a block."""
    if isinstance(layout, Layout):
        layout = replace(layout, name=table.file)
        yield from (CsvPart(layout, block) for block in cut(layout, size))
    elif layout:
        layout = replace(layout, name=table.file)
        for group, records in enumerate(layout.groups):
            yield from (ParquetPart(layout, group, k, min(k + _ROWS, records)) for k in range(0, records, _ROWS))
    else:
        n = len(table.rows)
        yield from (TablePart(table, k, min(k + _ROWS, n)) for k in range(0, n, _ROWS))


def _laid_out(path: Path, columns: Sequence[Column], whole_below: int) -> Layout | ParquetLayout | None:
    """How a file is laid out, where it is large and can be read in pieces."""
    try:
        if not path.is_file() or path.stat().st_size < whole_below:
            return None
        if path.suffix.casefold() == PARQUET_ENDING:
            return lay_out_parquet(path, columns)
        return lay_out(path, columns) if path.suffix.casefold() in TEXT_ENDINGS else None
    except (NotPlain, OSError):
        return None


def _looked_at(
    sources: Sequence[_Source], engine: Engine, knowledge: Knowledge, as_of: date, progress: Progress | None
) -> tuple[list[Part], list[Outline]]:
    """All parts, knowing their lines, and what looking at each once gave. Raises NotPlain."""
    found = engine.look([part for source in sources for part in source.parts], knowledge, as_of)
    parts: list[Part] = []
    outlines: list[Outline] = []
    orders = 0
    for source in sources:
        lines = surplus = data_rows = 0
        first = len(parts)
        for part in source.parts:
            outlines.append(next(found))
            parts.append(part.after(lines))
            lines += outlines[-1].lines
            surplus += outlines[-1].surplus
            data_rows += outlines[-1].data_rows
            orders += outlines[-1].orders
            if progress:
                progress("reading", orders)
        if source.watch and any(outline.malformed for outline in outlines[first:]):
            sha256 = digest_of(source.watch.path)
            parts[first:] = [part.of_file(sha256) for part in parts[first:]]
        if surplus == data_rows > 1:
            raise NotPlain  # every row has more fields than the header: the strict reader decides what that means
    return parts, outlines


def _tasks(
    sources: Sequence[_Source], parts: Sequence[Part], outlines: Sequence[Outline], company: Company
) -> Iterator[Task]:
    """Each part with the orders of others that must be seen with its own."""
    source_of = np.repeat(np.arange(len(sources)), [len(source.parts) for source in sources])
    line = np.array([part.line for part in parts], np.int64)
    begin = np.array([outline.begin for outline in outlines], np.int64)
    for k, part in enumerate(parts):
        others = company.of(k)
        where = others.at >> PART_BITS
        rows, begins, source = line[where] + others.row, begin[where] + others.begin, source_of[where]
        sides = []
        for side in (where < k, where > k):
            each = [np.flatnonzero(side & (source == s)) for s in np.unique(source[side])]
            sides.append(tuple(Beside(parts[where[at[0]]], begins[at], tuple(rows[at].tolist())) for at in each))
        yield Task(part, sides[0], sides[1])


def _write(
    pieces: Iterable[Piece], files: Mapping[Path, BinaryIO], run: Run, progress: Progress | None
) -> Counter[str]:
    """Writes the pieces as they come. Returns the orders by status, and their number."""
    nothing = Facts(check_tables([run.columns], run.as_of, knowledge=run.knowledge)).columns()
    about = provenance(run.knowledge)
    writers = [
        (ending := path.suffix.lower(), BULK_FORMATS[ending].begin(file, nothing, run.fields, about))
        for path, file in files.items()
    ]
    tally: Counter[str] = Counter()
    try:
        for piece in pieces:
            for ending, writer in writers:
                writer.write(piece.parts[ending])
            tally.update(piece.counts)
            if progress:
                progress("checking", tally["orders"])
        for _, writer in writers:
            writer.close()
    except BaseException:
        for _, writer in writers:
            writer.abandon()
        raise
    return tally


def _all_columns(heads: Sequence[Table]) -> Table:
    """A table without rows that has every column of the run, in the order in which they come."""
    names = dict.fromkeys(name for head in heads for name in head.cells)
    return Table("", None, "", rows=(), cells=dict.fromkeys(names, ()))
