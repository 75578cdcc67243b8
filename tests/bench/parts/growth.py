"""How time and memory grow with the number of orders, and two Dask workers against one core."""

from __future__ import annotations

import filecmp

from orders import write_orders
from processes import Bench, peak, print_ratio, seconds

from parts.batches import batch, print_mix, without


def growth(bench: Bench, most: int) -> None:
    """Ten times as many each time, up to ``most``; the time of a file of one order is taken off."""
    orders, report = bench.folder / "orders.csv", bench.folder / "out.csv"
    write_orders(orders, 1)
    alone = bench.rounds({"one": batch(orders, [report])})["one"]
    print(f"a file of one order, CSV to CSV: {seconds(alone):.2f} s, peak {peak(alone):.0f} MiB", flush=True)
    count = min(most, 10_000)
    before = None
    while count <= most:
        write_orders(orders, count)
        taken = bench.rounds({"all": batch(orders, [report])}, without(report))["all"]
        each = (seconds(taken) - seconds(alone)) / count * 1e6
        more = f", {each / before:.2f} of the step before" if before else ""
        print(
            f"{count:,} orders, CSV to CSV: {seconds(taken):.2f} s, {each:.2f} µs an order over that{more}; "
            f"peak {peak(taken):.0f} MiB, {(peak(taken) - peak(alone)) * 2**20 / count:,.0f} bytes an order over that",
            flush=True,
        )
        before, count = each, count * 10
    print_mix(report)


def dask(bench: Bench, count: int) -> None:
    """Two local workers, whose report must be the same to the byte."""
    orders, alone, together = (bench.folder / name for name in ("orders.csv", "alone.csv", "together.csv"))
    write_orders(orders, count)
    commands = {
        "dask": batch(orders, [together], "--engine", "dask", cores=2),  # one worker a core
        "alone": batch(orders, [alone], cores=1),
    }
    taken = bench.rounds(commands, without(alone, together))
    what = f"{count:,} orders, CSV to CSV, two local Dask workers / one process on one core"
    print_ratio(what, taken["dask"], taken["alone"])
    if not filecmp.cmp(alone, together, shallow=False):
        raise SystemExit("the two reports are not the same")
    print("  (both reports are the same, byte for byte)", flush=True)
