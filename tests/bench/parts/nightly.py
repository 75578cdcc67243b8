"""A night of orders, a tenth of them new since the last, after a year of nights."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from orders import AS_OF, write_orders
from processes import PROGRAM, Bench, Command

from ivigcheck.delta import Delta, Mark, Seen, State
from ivigcheck.history import History
from ivigcheck.history.nights import NewNight, Nights, TakenFile
from ivigcheck.nightly.status import StatusFile
from ivigcheck.pipeline import check_files
from ivigcheck.report import Rendering
from parts.batches import batch

_NIGHTS = 365


def write_year(history: Path, orders: Path, nights: int) -> None:
    """A year of unattended runs over these orders: what stands is what they give, and every night a tenth of what a
    night finds was new, and as much was over."""
    rendering = Rendering(check_files([orders], date.fromisoformat(AS_OF)), datetime.now(UTC))
    # What is found of an order is there once its facts were asked for.
    real = [seen for i, _ in enumerate(rendering.facts) for seen in rendering.seen[i] if seen.severity != "info"]
    turnover = len({seen.fingerprint for seen in real}) // 10

    def passing(night: int) -> list[Seen]:
        name = f"{night:06d}{{:010d}}"
        return [Seen(name.format(k), name.format(k)[::-1], "0" * 16, f"O{night}-{k}", f"P{k}", "IVG904", "", "review")
                for k in range(turnover)]  # fmt: skip

    with History.recording(history) as opened:
        before: list[Seen] = []
        last = ""
        for night in range(nights):
            new = {seen.fingerprint: seen for seen in (real if night == 0 else passing(night))}
            marks = {fingerprint: Mark(State.NEW, "2026-01-01") for fingerprint in new}
            changes = [*((seen, "new") for seen in new.values()), *((seen, "gone") for seen in before)]
            facts = {"newest_file": 0.0, "counts": {}, "exit_code": 0}
            file = TakenFile(f"{night:064x}", "", len(real))
            run = NewNight(f"night-{night}", "2026-01-01", [file], facts)
            Nights(opened, "nightly").record(run, Delta(last, marks, [], changes, 0, 0), datetime.now(UTC))
            before = [] if night == 0 else list(new.values())
            last = run.id


def nightly(bench: Bench, count: int) -> None:
    folder = bench.folder / "nights"
    for name in ("inbox", "quarantine", "reports"):
        (folder / name).mkdir(parents=True)
    orders, history = folder / "orders.csv", folder / "nights.sqlite"
    write_orders(orders, count)
    write_year(history, orders, _NIGHTS)
    StatusFile(folder / "reports", "nightly").write(
        "ended", {"run": f"night-{_NIGHTS - 1}"}, published=f"night-{_NIGHTS - 1}"
    )
    config = folder / "nightly.toml"
    config.write_text(
        'inbox = "inbox"\nquarantine = "quarantine"\nreports = "reports"\npolicy = "built-in"\nsettle_seconds = 0\n'
        f'history = "{history}"\nformats = ["json", "csv"]\n'
    )
    tonight = folder / "inbox" / "orders.csv"
    lines = orders.read_text(encoding="utf-8").splitlines(keepends=True)
    night = 0

    def prepare() -> None:
        nonlocal night
        night += 1
        fresh = [f"N{night}{line}" if k and k % 10 == 0 else line for k, line in enumerate(lines)]
        tonight.write_text("".join(fresh), encoding="utf-8")

    outputs = [folder / f"plain.{ending}" for ending in ("json", "csv")]
    bench.compare(
        f"a night of {count:,} orders after {_NIGHTS} nights, to JSON, CSV and text / batch to JSON and CSV",
        Command([*PROGRAM, "nightly", "--config", str(config), "--quiet"]),
        batch(tonight, outputs, "--history", str(history)),
        prepare,
    )
    print(f"  (the history of that year: {history.stat().st_size >> 20} MiB)", flush=True)
