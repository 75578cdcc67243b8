"""Speed as ratios of whole processes, measured in one run: A B A B …, medians of pairs, after a warm-up of each.

python tests/bench/bench.py [RUNS]
"""

from __future__ import annotations

import csv
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

PYTHON = sys.executable
ROOT = Path(__file__).parents[2]
ORDER = ["order", "--indication", "ITP", "--weight", "82 kg", "--age", "71", "--product", "Privigen 10%", "--start-rate",
         "0.5 mg/kg/min", "--max-rate", "380 mL/h", "--risk", "diabetes"]  # fmt: skip
QUESTIONS = ("hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion", "cardiovascular_risk",
             "diabetes", "renal_insufficiency", "thrombosis_history", "sepsis")  # fmt: skip


def write_orders(path: Path, count: int, seed: int = 1) -> None:
    """Seeded orders of 19 columns: mixed units, lb and kg, blanks, 1% bad cells."""
    rng = random.Random(seed)
    header = ["order_id", "patient_id", "indication", "weight", "age_years", "product", "concentration", "start_rate",
              "max_rate", "dose", *QUESTIONS]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for k in range(count):
            kg = rng.uniform(10, 120)
            row = [
                f"{k:08d}",
                f"{rng.randrange(10**6):06d}",
                rng.choice(["PI", "ITP", "CIDP", "MMN", "GBS", "primary immunodeficiency", "D69.3"]),
                rng.choice([f"{kg:.1f} kg", f"{kg / 0.45359237:.0f} lb"]),
                str(rng.randrange(1, 90)),
                rng.choice(
                    ["Gamunex-C", "Privigen 10%", "Octagam 5%", "Panzyga", "Bivigam 10% inj", "Gammagard Liquid"]
                ),
                "",
                rng.choice(["0.5 mg/kg/min", "0.5 mg/kg/min", "30 mg/kg/h", f"{kg * 0.3:.1f} mL/h"]),
                rng.choice(
                    [f"{rng.uniform(1, 4.5):.2f} mg/kg/min", f"{rng.uniform(1, 2.6):.2f} mL/kg/h", f"{kg * 2:.0f} mL/h"]
                ),
                rng.choice(["", "0.4 g/kg", "1 g/kg", f"{kg:.0f} g"]),
                *(rng.choices(["no", "N", "yes", ""], [70, 25, 4, 1])[0] for _ in QUESTIONS),
            ]
            if rng.random() < 0.01 * len(row):
                row[rng.randrange(2, len(row))] = rng.choice(["70,5", "?", "unknown", "8 mg", "1e3"])
            writer.writerow(row)


def write_history(path: Path, count: int, *, every: int = 0) -> None:
    """Entries of patients who are in no order; with ``every``, of the patients of every so many numbers."""
    sys.path.insert(0, str(ROOT))
    from ivigcheck.history import History, NewEntry

    reaction = {
        "first_day": "2026-01-02", "grade": 2, "suspected": [], "disposition": "rechallenge", "product": "Privigen 10%",
        "rate": "3 mg/kg/min", "rate_mg_per_kg_min": 3.0, "resolved": True, "minutes_since_resolved": 20.0, "onset": "2026-01-02T10:00",
        "observed_at": "2026-01-02T10:40",
    }  # fmt: skip
    block = 10_000

    def entry(k: int) -> NewEntry:
        patient = f"{rng.randrange(10**5) * every:06d}" if every else f"MRN{k % 700_000:07d}"
        kind = "confirmed_thrombosis" if k % 5 == 0 else "reaction"
        return NewEntry(kind, patient, "2026-01-02", "AB", reaction if kind == "reaction" else {})

    rng = random.Random(2)
    with History.recording(path) as history:
        for start in range(0, count, block):
            history.append([entry(k) for k in range(start, min(count, start + block))], datetime.now(UTC))


def write_year(history: Path, orders: Path, nights: int) -> None:
    """A year of unattended runs over these orders: what stands is what they give, and every night a tenth of what a
    night finds was new, and as much was over."""
    sys.path.insert(0, str(ROOT))
    from ivigcheck.delta import Delta, Mark, Seen, State
    from ivigcheck.history import History
    from ivigcheck.history.nights import NewNight, Nights, TakenFile
    from ivigcheck.pipeline import check_files
    from ivigcheck.report import Rendering

    rendering = Rendering(check_files([orders], datetime.now(UTC).date()), datetime.now(UTC))
    real = [seen for each in rendering.seen.values() for seen in each if seen.severity != "info"]
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


def bench_nightly(folder: Path, orders: Path, runs: int, env: dict[str, str], program: list[str]) -> None:
    """A night of 10,000 orders, a tenth of them new since the last, after a year of nights."""
    for name in ("inbox", "quarantine", "reports"):
        (folder / name).mkdir()
    history = folder / "nights.sqlite"
    write_year(history, orders, 365)
    from ivigcheck.nightly.status import StatusFile

    StatusFile(folder / "reports", "nightly").write("ended", {"run": "night-364"}, published="night-364")
    config = folder / "nightly.toml"
    config.write_text(
        'inbox = "inbox"\nquarantine = "quarantine"\nreports = "reports"\npolicy = "built-in"\nsettle_seconds = 0\n'
        f'history = "{history}"\nformats = ["json", "csv"]\n'
    )
    tonight = folder / "inbox" / "orders.csv"
    night = 0

    def prepare() -> None:
        nonlocal night
        night += 1
        lines = orders.read_text().splitlines(keepends=True)
        fresh = [f"N{night}{line}" if k and k % 10 == 0 else line for k, line in enumerate(lines)]
        tonight.write_text("".join(fresh))

    out = [part for ending in ("json", "csv") for part in ("-o", str(folder / f"plain.{ending}"))]
    compare(
        "a night of 10,000 orders after 365 nights, to JSON, CSV and text / batch to JSON and CSV",
        [*program, "nightly", "--config", str(config), "--quiet"],
        [*program, "batch", str(tonight), *out, "--history", str(history)],
        runs,
        env,
        prepare,
    )
    size = history.stat().st_size >> 20
    print(f"  (the history of that year: {size} MiB)")


_CHECKED = (0, 1, 4)  # exit codes of a run that did its work


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and peak memory in MiB of one whole process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in _CHECKED:
        raise SystemExit(f"not measured: {' '.join(command)} did not run")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def compare(
    what: str,
    ours: list[str],
    yardstick: list[str],
    runs: int,
    env: dict[str, str],
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """Prints the ratio of the two commands, pair by pair. prepare: called before each pair."""

    def pair() -> tuple[tuple[float, float], tuple[float, float]]:
        prepare()
        return timed(ours, env), timed(yardstick, env)

    pairs = [pair() for _ in range(runs + 1)][1:]
    ratios = [ours[0] / theirs[0] for ours, theirs in pairs]
    seconds, theirs = (statistics.median(pair[k][0] for pair in pairs) for k in (0, 1))
    peak = max(pair[0][1] for pair in pairs)
    print(
        f"{what}: ratio {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f}; {runs} pairs), "
        f"{seconds:.2f} s against {theirs:.2f} s, peak {peak:.0f} MiB"
    )


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # Both sides run from compiled modules, as an installed program does.
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"), "PYTHONPATH": str(ROOT)}
        program = [PYTHON, "-m", "ivigcheck"]
        imports = [PYTHON, "-c", "import typer, pint, numpy"]
        compare("one order / importing typer, pint, numpy", [*program, *ORDER], imports, runs, env)
        orders = Path(folder) / "orders.csv"
        write_orders(orders, 10_000)
        out = [part for ending in ("json", "csv") for part in ("-o", str(Path(folder) / f"out.{ending}"))]
        read = [PYTHON, "-c", f"import pandas; pandas.read_csv({str(orders)!r}, dtype=str)"]
        compare(
            "10,000 orders, CSV to JSON and CSV / pandas.read_csv",
            [*program, "batch", str(orders), *out],
            read,
            runs,
            env,
        )
        page = ["-o", str(Path(folder) / "out.html")]
        compare(
            "10,000 orders, CSV to the HTML page, schedules and all / to JSON",
            [*program, "batch", str(orders), *page],
            [*program, "batch", str(orders), *out[:2]],
            runs,
            env,
        )
        print(f"  (the page: {Path(page[1]).stat().st_size / 1e6:.1f} MB)")
        (nights := Path(folder) / "nights").mkdir()
        bench_nightly(nights, orders, runs, env, program)
        policy = str(ROOT / "sample_orders" / "site_policy.toml")
        compare(
            "10,000 orders, policy diff / batch to JSON",
            [*program, "policy", "diff", "built-in", policy, "--on", str(orders), "--format", "json"],
            [*program, "batch", str(orders), *out[:2]],
            runs,
            env,
        )
        history = Path(folder) / "history.sqlite"
        write_history(history, 1_000_000)
        for name, further in (("of other patients", 0), ("and 100,000 of the orders' patients", 100_000)):
            write_history(history, further, every=10)
            compare(
                f"10,000 orders to JSON and CSV, a history of 1,000,000 entries {name} / none",
                [*program, "batch", str(orders), *out, "--history", str(history)],
                [*program, "batch", str(orders), *out, "--no-history"],
                runs,
                env,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
