"""A pharmacy's night in a temporary folder: orders to drop into the inbox, and runs as users run them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from ivigcheck.history import History
from ivigcheck.nightly.config import read_config
from ivigcheck.nightly.log import Log
from ivigcheck.nightly.night import Outcome, run_night

SEEDS = (
    "hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion", "cardiovascular_risk", "diabetes",
    "renal_insufficiency",
)  # fmt: skip
GOOD = {
    "indication": "PI",
    "weight": "80 kg",
    "age_years": "40",
    "product": "Gamunex-C",
    "start_rate": "1 mg/kg/min",
    "max_rate": "5 mg/kg/min",
    **dict.fromkeys(SEEDS, "no"),
}
DAY = date(2026, 11, 20)
CANARY = "ZZ-CANARY-"
"""How every patient's id and name begins: found where nobody's may be, it sings."""
Orders = Sequence[Mapping[str, str]]


def order(name: str, **cells: str) -> dict[str, str]:
    """A good order with some cells changed."""
    return {"order_id": name, "patient_id": f"{CANARY}{name}", "patient_name": f"{CANARY}NAME", **GOOD, **cells}


def csv_of(orders: Orders) -> str:
    names = list(dict.fromkeys(name for each in orders for name in each)) or ["order_id", "patient_id", *GOOD]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(orders)
    return text.getvalue()


@dataclass
class Pharmacy:
    """A folder with all that a run needs. logged: every log line so far."""

    folder: Path
    settings: dict[str, object] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)
    made: ClassVar[list[Pharmacy]] = []

    def __post_init__(self) -> None:
        self.made.append(self)
        for name in ("inbox", "archive", "quarantine", "reports"):
            (self.folder / name).mkdir(parents=True)
        History.recording(self.history).close()
        self.configure()

    @property
    def history(self) -> Path:
        return self.folder / "history.sqlite"

    @property
    def config(self) -> Path:
        return self.folder / "nightly.toml"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def configure(self, **settings: object) -> None:
        """Writes the configuration anew, with these keys set otherwise."""
        keys: dict[str, object] = {
            "inbox": "inbox", "archive": "archive", "quarantine": "quarantine", "reports": "reports",
            "history": "history.sqlite", "policy": "built-in", "formats": ["json"], "settle_seconds": 0, "max_wait_seconds": 0,
            "gone_after_days": 0,
        } | self.settings | settings  # fmt: skip
        # JSON writes texts, numbers, lists and booleans as TOML does.
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in keys.items() if value is not None]
        self.config.write_text("".join(lines), encoding="utf-8")

    def drop(self, name: str, orders: Orders | str | bytes) -> Path:
        """Puts a file into the inbox."""
        path = self.folder / "inbox" / name
        content = orders if isinstance(orders, (str, bytes)) else csv_of(orders)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, day: date = DAY) -> Outcome:
        """One run in this process."""
        return run_night(
            read_config(self.config),
            day=day,
            log=lambda run_id: Log(self.logged.append, "text", run_id),
            tell=lambda outcome: self.logged.append(outcome.line),
        )

    def night(self, orders: Orders, day: date = DAY) -> dict[str, Any]:
        """Drops orders, runs, and gives back the report."""
        self.drop(f"orders-{time.monotonic_ns()}.csv", orders)
        outcome = self.run(day)
        report = self.report()
        assert report["run"]["id"] == outcome.run_id, outcome.line
        return report

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.reports / "latest" / "orders.json").read_text(encoding="utf-8"))
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.reports / "status.json").read_text(encoding="utf-8"))
        return found

    def hidden(self) -> list[str]:
        """What lies hidden anywhere, but for the lock."""
        return sorted(p.name for p in self.folder.rglob(".*") if p.name != ".ivigcheck-lock")

    def problems(self) -> list[str]:
        with History.reading(self.history) as history:
            return history.problems()


def states(report: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """(order, rule) -> what its finding is, of all but information."""
    return {
        (each["order_id"], finding["code"]): finding["delta"]["state"]
        for each in report["orders"]
        for finding in each["findings"]
        if finding["delta"]
    }


def fingerprints(report: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """(order, rule) -> the finding's fingerprint."""
    return {(o["order_id"], f["code"]): f["fingerprint"] for o in report["orders"] for f in o["findings"]}


def resolved(report: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """(order, rule) -> why its finding is over."""
    return {(each["order_id"], each["code"]): each["ending"] for each in report["delta"]["resolved"]}


def ago(path: Path, hours: float) -> Path:
    """Lets a file have been written so long ago."""
    when = time.time() - hours * 3600
    os.utime(path, (when, when))
    return path


def summary_counts(line: str) -> dict[str, int]:
    """The counts of a summary line: word -> number."""
    return {word: int(count) for count, word in re.findall(r"(\d+) ([A-Za-z]+)", line)}


def singing(told: Mapping[str, str]) -> list[str]:
    """Where a patient is named who may not be: in these texts, in any log, status or mail, or in what is left aside."""
    told = dict(told)
    for pharmacy in Pharmacy.made:
        told |= {f"log line {k}": line for k, line in enumerate(pharmacy.logged)}
        for path in pharmacy.folder.rglob("*"):
            aside = any(part.startswith(".ivigcheck-") for part in path.parts)
            if path.is_file() and (aside or path.name in ("status.json", "mail.txt", "mail.html")):
                told[str(path)] = path.read_text(encoding="utf-8", errors="replace")
    return [where for where, text in told.items() if CANARY in text]
