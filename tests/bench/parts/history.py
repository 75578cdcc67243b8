"""What it costs to ask a long history."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from orders import VISITS, patient_id, write_orders
from processes import Bench

from ivigcheck.history import History, NewEntry
from parts.batches import batch

_REACTION = {
    "first_day": "2025-01-02", "grade": 2, "suspected": [], "disposition": "rechallenge", "product": "Privigen 10%",
    "rate": "3 mg/kg/min", "rate_mg_per_kg_min": 3.0, "resolved": True, "minutes_since_resolved": 20.0,
    "onset": "2025-01-02T10:00", "observed_at": "2025-01-02T10:40",
}  # fmt: skip
_BLOCK = 10_000


def write_history(path: Path, count: int, patients: Sequence[str] = ()) -> None:
    """Entries of patients who are in no order, and among them one of each of these patients."""
    rng = random.Random(2)
    places = dict(zip(rng.sample(range(count), len(patients)), patients, strict=True))

    def entry(k: int) -> NewEntry:
        patient = places.get(k, f"MRN{k % 700_000:07d}")
        kind = "confirmed_thrombosis" if k % 5 == 0 else "reaction"
        return NewEntry(kind, patient, "2025-01-02", "AB", _REACTION if kind == "reaction" else {})

    with History.recording(path) as history:
        for start in range(0, count, _BLOCK):
            history.append([entry(k) for k in range(start, min(count, start + _BLOCK))], datetime.now(UTC))


def history(bench: Bench, count: int, entries: int) -> None:
    """A history of others alone; and one that has an entry on every tenth patient of the orders too."""
    orders, kept = bench.folder / "orders.csv", bench.folder / "history.sqlite"
    write_orders(orders, count)
    outputs = [bench.folder / "out.json", bench.folder / "out.csv"]
    own = [patient_id(k) for k in range(0, count // VISITS, 10)]
    for name, more, patients in (
        ("of other patients", entries, ()),
        ("and on every tenth patient", entries // 10, own),
    ):
        write_history(kept, more, patients)
        bench.compare(
            f"{count:,} orders to JSON and CSV, a history of {entries:,} entries {name} / none",
            batch(orders, outputs, "--history", str(kept)),
            batch(orders, outputs),
        )
