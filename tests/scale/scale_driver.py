"""Runs in parts, forced on small files, and beside them the path that holds the whole batch."""

from __future__ import annotations

import csv
import io
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import AS_OF, GOOD

from ivigcheck import cli
from ivigcheck.intake import plain
from ivigcheck.knowledge import built_in
from ivigcheck.past import Memory
from ivigcheck.pipeline import check_files, order_columns
from ivigcheck.report import Rendering, counts
from ivigcheck.scale import run
from ivigcheck.scale.inputs import Inputs

sys.path.append(str(Path(__file__).parents[1] / "property"))

from random_orders import random_order

KNOWLEDGE = built_in()
COLUMNS = order_columns(KNOWLEDGE)
ENDINGS = (".csv", ".jsonl", ".parquet")
NO_HISTORY = Memory.none("left out by --no-history")
STARTED = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)

Order = Mapping[str, str]
Reports = dict[str, bytes]


def in_parts(
    paths: Sequence[Path],
    folder: Path,
    *,
    size: int = 1 << 20,
    rows: int = 10_000,
    endings: Sequence[str] = ENDINGS,
    whole_below: int = 0,
    **more: Any,
) -> tuple[Reports, Counter[str]]:
    """The reports of a run in parts, and its counts. size: bytes of a block; rows: of a part of what is held."""
    folder.mkdir(exist_ok=True)
    outputs = [folder / f"report{ending}" for ending in endings]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "cut", lambda layout, _: plain.cut(layout, size))
        patch.setattr(run, "_ROWS", rows)
        tally = run.check_in_parts(
            Inputs(paths),
            outputs,
            AS_OF,
            knowledge=KNOWLEDGE,
            memory=more.pop("memory", NO_HISTORY),
            whole_below=whole_below,
            **more,
        )
    return {ending: path.read_bytes() for ending, path in zip(endings, outputs, strict=True)}, tally


def whole(paths: Sequence[Path]) -> tuple[Reports, Counter[str]]:
    """The same of the path that holds all orders, and reads every text file strictly."""
    checked = check_files(paths, AS_OF, knowledge=KNOWLEDGE, memory=NO_HISTORY)
    rendering = Rendering(checked, STARTED)
    reports = {".csv": rendering.csv(), ".jsonl": rendering.jsonl(), ".parquet": rendering.parquet()}
    return reports, Counter(counts(checked))


def orders_of(reports: Reports) -> list[dict[str, Any]]:
    return [json.loads(line) for line in reports[".jsonl"].splitlines()]


def codes_of(order: Mapping[str, Any]) -> set[str]:
    return {finding["code"] for finding in order["findings"]}


def csv_text(orders: Sequence[Order], columns: Sequence[str] | None = None, **how: Any) -> str:
    """Orders as a file; a cell that an order has not is blank."""
    names = columns or list(dict.fromkeys(name for order in orders for name in order))
    file = io.StringIO()
    writer = csv.writer(file, **{"lineterminator": "\n", **how})
    writer.writerow(names)
    writer.writerows([order.get(name, "") for name in names] for order in orders)
    return file.getvalue()


def good(k: int, **changed: str) -> dict[str, str]:
    """The k-th good order: each of a patient of its own."""
    return GOOD | {"order_id": f"A-{k}", "patient_id": f"P-{k}"} | changed


def crowd(seed: int, count: int) -> list[dict[str, str]]:
    """Random orders of few patients within few weeks, some of them repeated, so that rules hold them against others."""
    rng = random.Random(seed)
    orders: list[dict[str, str]] = []
    for _ in range(count):
        order = random_order(rng) if rng.random() < 0.6 else dict(GOOD)
        kilograms = rng.choice((80, 80, 80, 81, 96))
        order |= {
            "order_id": f"O{rng.randrange(10**6)}",
            "patient_id": rng.choice(("", "P1", "P2", "P3", "p3", f"Q{rng.randrange(40)}", f"Q{rng.randrange(40)}")),
            "weight": rng.choice((order.get("weight", ""), f"{kilograms} kg", f"{kilograms} kg", "80.0 kg")),
            "ordered_at": rng.choice(("", "2026-13-01", *[(AS_OF - timedelta(rng.randrange(60))).isoformat()] * 8)),
        }
        if rng.random() < 0.6:
            order["indication"] = rng.choice(("ITP", "CIDP", "PI", "KD"))
            order["dose"] = rng.choice(("0.4 g/kg", "1 g/kg", "2 g/kg", "35 g", "80 g", "0.5 g/kg"))
        orders.append(order)
        if rng.random() < 0.25:  # an order once more: as it was, with another day, or with something else
            changes = (
                {},
                {"ordered_at": "2026-11-20"},
                {"max_rate": "100 mL/h"},
                {"weight": "95 kg"},
                {"patient_id": "P1"},
            )
            orders.append(rng.choice(orders) | rng.choice(changes))
    rng.shuffle(orders)
    return orders


def messy_text(orders: Sequence[Order], seed: int) -> str:
    """Orders as a file with its columns shuffled, blank rows, rows of the wrong length, and the header again."""
    rng = random.Random(seed)
    names = list(dict.fromkeys(name for order in orders for name in order))
    rng.shuffle(names)
    header, *lines = csv_text(orders, names).splitlines(keepends=True)
    for _ in range(6):
        extra = ("\n", "," * (len(names) - 1) + "\n", "cut,off\n", header, header.replace("\n", ",more\n"))
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(extra))
    return "".join([header, *lines])


def command(*arguments: object) -> int:
    """The exit code of the command line, called here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ivigcheck", *map(str, arguments)])
        return cli._run()


def left_in(folder: Path) -> list[str]:
    """Whatever stands in a folder, also what is hidden."""
    return sorted(path.name for path in folder.iterdir())


def block_list(layout: plain.Layout, size: int) -> Iterator[tuple[plain.Block, bytes]]:
    """Blocks that know their lines, with their bytes."""
    line = layout.first_line
    for block in plain.cut(layout, size):
        data = plain.bytes_of(layout, block)
        yield plain.Block(block.begin, block.end, line), data
        line += data.count(b"\n")
