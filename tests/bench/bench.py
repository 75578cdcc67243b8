"""Speed as ratios of whole processes, measured in one run: A B A B …, medians of pairs, after a warm-up of each."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from processes import ROOT, Bench

sys.path.insert(0, str(ROOT))

_EXAMPLES = """\
examples:
  make bench
  python tests/bench/bench.py 9 --only order
  python tests/bench/bench.py --only bulk,xlsx --orders 100000 --sheet-rows 10000
  python tests/bench/bench.py --only growth,dask --most 1000000
  TMPDIR=/var/tmp python tests/bench/bench.py

Data go to a temporary folder (TMPDIR), and are removed in the end.
"""
_MiB_PER_MILLION = {"bulk": 6_500, "growth": 2_000, "dask": 5_500}
"""Of disk, for a million orders: input, reports, copies, and what is written before a report takes its place."""


PARTS = {
    "order": ("order", "one_order", ()),
    "bulk": ("bulk", "bulk", ("orders",)),
    "xlsx": ("xlsx", "xlsx", ("sheet_rows",)),
    "growth": ("growth", "growth", ("most",)),
    "dask": ("growth", "dask", ("most",)),
    "page": ("page", "page", ("small",)),
    "nightly": ("nightly", "nightly", ("small",)),
    "policy": ("page", "policy", ("small",)),
    "history": ("history", "history", ("small", "entries")),
}
"""Name -> module, function, and the options that it takes, in the order in which they are run."""


def run(name: str, bench: Bench, options: argparse.Namespace) -> None:
    """One part, whose module is loaded only now: one part can be run where what another needs is not installed."""
    module, function, takes = PARTS[name]
    part = getattr(importlib.import_module(f"parts.{module}"), function)
    part(bench, *(getattr(options, option) for option in takes))


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="?", type=_at_least_one, help="the same as --runs")
    parser.add_argument("--runs", dest="runs_option", type=_at_least_one, default=5, metavar="N",
                        help="how often each command is run, beside the warm-up (default: 5)")  # fmt: skip
    parser.add_argument(
        "--only", metavar="PARTS", help=f"the parts to run, with commas between, of: {', '.join(PARTS)}"
    )
    for option, default, meaning in (
        ("--orders", 1_000_000, "orders of the part bulk"),
        ("--sheet-rows", 100_000, "orders of the workbook in the part xlsx"),
        ("--most", 10_000_000, "orders of the part dask, and of the last step of the part growth"),
        ("--small", 10_000, "orders of the parts page, nightly, policy and history"),
        ("--entries", 1_000_000, "entries of the history in the part history"),
    ):
        help_text = f"{meaning} (default: {default:,})"
        parser.add_argument(option, type=_at_least_one, default=default, metavar="N", help=help_text)
    return parser


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def disk_needed(chosen: list[str], options: argparse.Namespace) -> int:
    """MiB of the part that needs most: each removes what it wrote."""
    rows = {"bulk": options.orders, "growth": options.most, "dask": options.most}
    return max([1_000, *(_MiB_PER_MILLION[name] * rows[name] // 1_000_000 for name in chosen if name in rows)])


def main() -> None:
    parser = arguments()
    options = parser.parse_args()
    chosen = list(PARTS) if options.only is None else [name.strip() for name in options.only.split(",")]
    for name in chosen:
        if name not in PARTS:
            parser.error(f'"{name}" is no part: {", ".join(PARTS)}')
    runs = options.runs or options.runs_option
    free, needed = shutil.disk_usage(tempfile.gettempdir()).free >> 20, disk_needed(chosen, options)
    if free < needed:
        raise SystemExit(f"too little disk: {free:,} MiB are free in {tempfile.gettempdir()}, about {needed:,} are needed; "
                         "set TMPDIR to a larger place, or --orders and --most to fewer orders")  # fmt: skip
    print(f"Python {platform.python_version()}, {len(os.sched_getaffinity(0))} cores, {runs} runs of each", flush=True)
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="ivigcheck-bench-") as folder:
            begun = time.monotonic()
            # Both sides run from compiled modules, as an installed program does, and under no policy of this computer.
            environment = {
                k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "IVIGCHECK_HISTORY")
            }
            environment |= {
                "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"), "PYTHONPATH": str(ROOT), "IVIGCHECK_POLICY": "built-in",
            }  # fmt: skip
            print(f"-- {name}", flush=True)
            run(name, Bench(Path(folder), runs, environment), options)
            print(f"  (took {time.monotonic() - begun:.0f} s in all)", flush=True)


if __name__ == "__main__":
    main()
