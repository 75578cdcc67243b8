"""Settings and helpers of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ivigcheck.intake.table import Table
from ivigcheck.pipeline import Checked, check_tables
from ivigcheck.report.model import order_facts

AS_OF = date(2026, 11, 22)
# Whatever policy and history the machine has are none of the tests' business.
os.environ["IVIGCHECK_POLICY"] = "built-in"
os.environ["XDG_DATA_HOME"] = "/nonexistent"
os.environ.pop("IVIGCHECK_HISTORY", None)

# Deterministic in CI; no deadline: the machine's speed is no property of the program.
settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    max_examples=int(os.environ.get("IVIGCHECK_EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("default")

SCREENED = dict.fromkeys(
    (
        "hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion", "cardiovascular_risk",
        "diabetes", "renal_insufficiency", "thrombosis_history", "immobilization", "estrogen_use",
        "central_venous_catheter", "hyperviscosity", "sepsis", "paraproteinemia", "nephrotoxic_drugs",
        "iga_deficiency_with_antibodies", "prior_anaphylaxis", "hyperprolinemia", "fructose_intolerance", "corn_allergy",
    ),
    "no",
)  # fmt: skip
GOOD = {
    "order_id": "A-1",
    "patient_id": "00123",
    "indication": "PI",
    "weight": "80 kg",
    "age_years": "40",
    "product": "Gamunex-C 10%",
    "start_rate": "1 mg/kg/min",
    "max_rate": "240 mL/h",
    **SCREENED,
}
"""A good order: 80 kg on a 10% product at 240 mL/h, which is 5 mg/kg/min; 384 mL/h is exactly 8."""


def table_of(orders: Sequence[Mapping[str, str]]) -> Table:
    """Orders as the readers would give them, numbered from row 2 of orders.csv."""
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "").strip() for order in orders] for name in names}
    return Table("orders.csv", None, "", tuple(range(2, len(orders) + 2)), cells)


def check(*orders: Mapping[str, str], as_of: date = AS_OF) -> Checked:
    """Checks orders given as column -> text."""
    return check_tables([table_of(orders)], as_of)


def facts(as_of: date = AS_OF, **cells: str) -> dict:
    """What the report says of the good order with some cells changed."""
    return order_facts(check(GOOD | cells, as_of=as_of), 0)


def codes(verdict: dict) -> list[str]:
    """The codes of an order's findings."""
    return [finding["code"] for finding in verdict["findings"]]


@pytest.fixture
def private_umask():
    """The umask of the running program is its own business."""
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.fixture
def pharmacy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A pharmacy whose nights can be run; in the end no patient is named where nobody may be (H-46)."""
    from nights import Pharmacy, singing  # of tests/nightly

    Pharmacy.made.clear()
    yield Pharmacy(tmp_path / "pharmacy")
    said = capfd.readouterr()
    assert singing({"standard output": said.out, "standard error": said.err}) == []
