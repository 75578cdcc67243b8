"""A million orders from CSV, against what else could read the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orders import write_orders
from processes import PYTHON, YARDSTICKS, Bench, Command, Run, print_ratio, seconds

from parts.batches import batch, print_mix, without

_SAMPLE = 2_000  # rows for the script that goes row by row


def bulk(bench: Bench, count: int) -> None:
    orders, report, lines = (bench.folder / name for name in ("orders.csv", "out.csv", "out.jsonl"))
    write_orders(orders, count)
    sample = min(count, _SAMPLE)
    commands = {
        "csv": batch(orders, [report]),
        "both": batch(orders, [report, lines]),
        "DuckDB, four checks": yardstick("duckdb_checks.py", orders, bench.folder / "duckdb.csv"),
        "pyarrow, read and write": yardstick("pyarrow_copy.py", orders, bench.folder / "copy.csv"),
        "sample": yardstick("pint_rows.py", orders, bench.folder / "pint.csv", str(sample)),
        "start": yardstick("pint_rows.py", orders, bench.folder / "pint.csv", "0"),
    }
    taken = bench.rounds(commands, without(report, lines))
    scaled = [_scaled(run, start, count / sample) for run, start in zip(taken["sample"], taken["start"], strict=True)]
    rows = f"stock pint row by row, {sample:,} rows scaled to {count:,}"
    for name, ours in (("CSV to CSV", taken["csv"]), ("CSV to CSV and JSON lines", taken["both"])):
        for against in ("DuckDB, four checks", "pyarrow, read and write"):
            print_ratio(f"{count:,} orders, {name} / {against}", ours, taken[against])
        print_ratio(f"{count:,} orders, {name} / {rows}", ours, scaled, note=" (scaled)")
        print(f"  ({count / seconds(ours):,.0f} orders a second)", flush=True)
    sizes = ", ".join(f"{path.name} {path.stat().st_size / 1e6:,.0f} MB" for path in (orders, report, lines))
    print(f"  ({sizes})")
    print_mix(report)


def yardstick(script: str, orders: Path, *more: Path | str) -> Command:
    return Command([PYTHON, str(YARDSTICKS / script), str(orders), *map(str, more)])


def _scaled(sample: Run, start: Run, times: float) -> Run:
    """What the whole would take: the start once, the rows as often as the sample goes into it."""
    return replace(sample, seconds=start.seconds + (sample.seconds - start.seconds) * times)
