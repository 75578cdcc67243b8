"""The HTML page, and the comparison of two policies."""

from __future__ import annotations

from orders import AS_OF, write_orders
from processes import PROGRAM, ROOT, Bench, Command

from parts.batches import batch


def page(bench: Bench, count: int) -> None:
    orders, html, json = (bench.folder / name for name in ("orders.csv", "out.html", "out.json"))
    write_orders(orders, count)
    what = f"{count:,} orders, CSV to the HTML page, schedules and all / to JSON"
    bench.compare(what, batch(orders, [html]), batch(orders, [json]))
    print(f"  (the page: {html.stat().st_size / 1e6:.1f} MB)", flush=True)


def policy(bench: Bench, count: int) -> None:
    orders, json = bench.folder / "orders.csv", bench.folder / "out.json"
    write_orders(orders, count)
    site = str(ROOT / "sample_orders" / "site_policy.toml")
    differ = ["policy", "diff", "built-in", site, "--on", str(orders), "--format", "json", "--as-of", AS_OF]
    what = f"{count:,} orders, policy diff / batch to JSON"
    bench.compare(what, Command([*PROGRAM, *differ]), batch(orders, [json]))
