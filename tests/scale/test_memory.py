"""A run in parts takes a bounded amount of memory, however many orders there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scale_driver import csv_text, good

COUNT = 120_000
PROGRAM = """
import resource, sys, threading, time
from ivigcheck.scale import engines, run
run.cores = lambda: 1   # one process, whose peak can be read
from ivigcheck.cli import _run
code = _run()
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


def test_a_hundred_thousand_orders_and_more_are_checked_within_six_hundred_megabytes(tmp_path: Path) -> None:
    """Every row is a line of the report, and no two orders of a patient are lost from sight on the way."""
    path, out = tmp_path / "orders.csv", tmp_path / "out.jsonl"
    header, line = csv_text([good(0, patient_id="P@", order_id="A@", ordered_at="2026-11-01")]).splitlines()
    with path.open("w") as file:
        file.write(header + "\n")
        for k in range(COUNT):
            file.write(line.replace("A@", f"A{k}").replace("P@", f"P{k // 2 * 2 if k % 50 == 1 else k}") + "\n")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "batch", str(path), "--no-history", "--quiet", "-o", str(out)],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    code, megabytes = ran.stdout.split()[-2:]
    assert (code, ran.stderr) == ("0", "")
    with out.open("rb") as file:
        found = sum(b'"IVG401"' in line for line in file)
        file.seek(0)
        assert sum(1 for _ in file) == COUNT
    assert found == 2 * len([k for k in range(COUNT) if k % 50 == 1])  # a patient's two orders stand side by side
    assert int(megabytes) < 600
