"""Reports to look at, each made once: the page, and the JSON report of the same run as the measure of it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ivigcheck.intake.table import Table
from ivigcheck.pipeline import Checked, check_files, check_tables
from ivigcheck.report import Rendering

FOLDERS: list[Path] = []
"""Where pages are written to: one folder, which the session of tests gives."""
TESTS = Path(__file__).parents[1]
SAMPLES = TESTS.parent / "sample_orders"
AS_OF = date(2026, 11, 22)
STARTED = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SEEDS = (
    "hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion", "cardiovascular_risk", "diabetes",
    "renal_insufficiency",
)  # fmt: skip
CALM = {
    "order_id": "RX-1",
    "patient_id": "0012",
    "indication": "CIDP",
    "weight": "80 kg",
    "age_years": "55",
    "start_rate": "0.5 mg/kg/min",
    "max_rate": "380 mL/h",
    "product": "Gamunex-C",
    "dose": "1 g/kg",
    **dict.fromkeys(SEEDS, "no"),
}
"""An order of which nothing is to be said: on 80 kg and 10%, 384 mL/h is 8 mg/kg/min."""


@dataclass(frozen=True)
class Report:
    """A page on disk, and what the JSON report of the same run says, each order with its schedule."""

    path: Path
    said: Mapping[str, Any]

    @property
    def orders(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.said["orders"]
        return found


def written(rendering: Rendering, name: str) -> Report:
    path = FOLDERS[0] / f"{name}.html"
    path.write_bytes(rendering.html())
    return Report(path, json.loads(rendering.scheduled().json()))


def of(checked: Checked, name: str) -> Report:
    return written(Rendering(checked, STARTED), name)


@cache
def sample(*names: str) -> Report:
    """Of the sample orders in these files."""
    return of(check_files([SAMPLES / name for name in names], AS_OF), "_".join(names).replace(".", "-"))


def table(orders: Sequence[Mapping[str, str]], **facts: Any) -> Table:
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "") for order in orders] for name in names}
    known = {"file": "orders.xlsx", "sheet": "IVIG", "sha256": "c0ffee", "rows": tuple(range(2, len(orders) + 2))}
    return Table(**{**known, **facts}, cells=cells)


def of_orders(name: str, *orders: Mapping[str, str]) -> Report:
    """Of orders given as column -> text, as the readers would give them."""
    return of(check_tables([table(orders)], AS_OF), name)


def numbered(count: int, change: Callable[[int], Mapping[str, str]] = lambda k: {}) -> list[dict[str, str]]:
    """So many calm orders with ids of their own, each with a change."""
    return [{**CALM, "order_id": f"A-{k}", "patient_id": f"P-{k:04d}", **change(k)} for k in range(1, count + 1)]


@cache
def nightly() -> Report:
    """Of an unattended run that has everything new since the last one, changed, reopened, settled and over."""
    sys.path.append(str(TESTS / "nightly"))
    from nights import DAY, Pharmacy, fingerprints, order
    from nights_moment import acknowledge

    pharmacy = Pharmacy(FOLDERS[0] / "pharmacy")
    Pharmacy.made.remove(pharmacy)
    pharmacy.configure(formats=["json", "html"], gone_after_days=0)
    first = [
        order("still", max_rate="9 mg/kg/min"), order("settled", diabetes=""), order("changes", max_rate="9 mg/kg/min"),
        order("opens", diabetes=""), order("goes", max_rate="10 mg/kg/min"), order("mends", weight="80"), order("calm"),
    ]  # fmt: skip
    prints = fingerprints(pharmacy.night(first))
    acknowledge(pharmacy, prints["settled", "IVG904"], prints["opens", "IVG904"])
    second = [
        first[0], first[1], order("changes", max_rate="9.5 mg/kg/min"), order("opens", diabetes="", renal_insufficiency=""),
        order("mends"), first[6], order("comes", age_years="71", max_rate="4 mg/kg/min"),
    ]  # fmt: skip
    pharmacy.night(second, date.fromordinal(DAY.toordinal() + 1))
    path = FOLDERS[0] / "nightly.html"
    path.write_bytes((pharmacy.reports / "latest" / "orders.html").read_bytes())
    said = data_of(path)["report"]
    plans = ("schedule", "no_schedule")  # of which an unattended run's JSON report has none
    orders = [{name: value for name, value in order.items() if name not in plans} for order in said["orders"]]
    assert {**said, "orders": orders} == pharmacy.report()
    return Report(path, said)


def data_of(path: Path) -> dict[str, Any]:
    """What a page was given, unpacked without a browser."""
    (packed,) = re.findall(r'<script type="text/plain" id="data">([^<]*)</script>', path.read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return found


@cache
def many() -> Report:
    """Of ten thousand orders."""
    sys.path.append(str(TESTS / "bench"))
    from orders import write_orders

    path = FOLDERS[0] / "many.csv"
    write_orders(path, 10_000)
    page = FOLDERS[0] / "many.html"
    page.write_bytes(Rendering(check_files([path], AS_OF), STARTED).html())
    return Report(page, data_of(page)["report"])


PRODUCTS = ("Gamunex-C", "Privigen 10%", "Octagam 5%", "")
UNITS = ("380 mL/h", "3 mg/kg/min", "2 mL/kg/h", "9 mg/kg/min")


@cache
def varied() -> Report:
    """Of 130 orders in two files: every status, folded ones, blanks in each column that can be sorted."""

    def change(k: int) -> dict[str, str]:
        cells = {
            "indication": ("CIDP", "PI", "ITP", "fatigue")[k % 4] if k % 9 else "",
            "product": PRODUCTS[k % 4] if k % 7 else "",
            "max_rate": UNITS[(k // 3) % 4],
            "concentration": "10%" if k % 28 == 0 else "",
        }
        if k % 11 == 0:
            cells["diabetes"] = ""
        if k % 13 == 0:
            cells["age_years"] = "71"
        if k % 17 == 0:
            cells["weight"] = "80"
        if k % 19 == 0:
            cells["max_rate"] = ""
        if k % 31 == 0:
            cells["order_id"] = cells["patient_id"] = ""
        if k % 10 == 0:
            cells |= CALM | {"diabetes": "", "order_id": f"a-{k}", "patient_id": f"P-{k}"}  # a folded one
        return cells

    rows = numbered(130, change)
    tables = [table(rows[:70], file="night.csv", sheet=None), table(rows[70:], file="day.csv", sheet=None)]
    return of(check_tables(tables, AS_OF), "varied")
