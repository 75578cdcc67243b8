"""What every part with a batch shares: the command, and the mix of verdicts that the program found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.compute as pc
from orders import AS_OF
from processes import PROGRAM, Command
from pyarrow import csv


def batch(orders: Path, outputs: Sequence[Path], *more: str, cores: int = 0) -> Command:
    """Checks a file and writes reports, without the history of whoever runs this. more: further options."""
    written = [part for output in outputs for part in ("-o", str(output))]
    day = () if "--history" in more else ("--no-history",)
    return Command([*PROGRAM, "batch", str(orders), *written, "--as-of", AS_OF, *day, *more], cores)


def without(*outputs: Path) -> Callable[[], None]:
    """What removes the reports of the round before, so that two of them never take up the disk."""

    def remove() -> None:
        for output in outputs:
            output.unlink(missing_ok=True)

    return remove


def print_mix(report: Path) -> None:
    """How many orders of a CSV report have which status, and how many have any finding at all."""
    read = csv.read_csv(report, convert_options=csv.ConvertOptions(include_columns=["status", "codes"]))
    counts = {each["values"]: each["counts"] for each in pc.value_counts(read["status"]).to_pylist()}
    checked = read.num_rows - counts.get("UNCHECKED", 0)
    found = pc.sum(pc.not_equal(read["codes"].cast("string").fill_null(""), "")).as_py()
    said = ", ".join(f"{counts.get(status, 0):,} {status}" for status in ("STOP", "UNCHECKED", "REVIEW", "PASS"))
    print(
        f"  (these orders: {said}; PASS are {counts.get('PASS', 0) / max(1, checked):.0%} of those that could be "
        f"checked, and {found / read.num_rows:.0%} of all have a finding of some kind, be it for information)",
        flush=True,
    )
