"""The program against an independent recalculation in exact fractions, which shares no code with it."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from ivigcheck.intake.table import Table
from ivigcheck.pipeline import check_tables
from ivigcheck.report.model import Facts
from random_orders import AS_OF, random_order
from recalculation import Expected, recalculate

_WITH_COLUMN = {"IVG901", "IVG902", "IVG903", "IVG908"}
_BATCH, _BATCHES = 1500, 10


def one_table(orders: list[dict[str, str]]) -> Table:
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "").strip() for order in orders] for name in names}
    return Table("orders.csv", None, "", tuple(range(2, len(orders) + 2)), cells)


def wanted(expected: Expected) -> tuple[str, list[tuple[str, str, str]]]:
    """Status and findings."""
    return expected.status, sorted((code, severity.lower(), column) for code, severity, column in expected.findings)


def close(got: float | None, want: Fraction | None) -> bool:
    """Equal but for binary arithmetic: of limits that tie, written with 12 digits, either may be shown."""
    if got is None or want is None:
        return got is None and want is None
    return abs(Fraction(got) - want) <= Fraction(1, 10**11) * abs(want)


def differences(got: dict, want: Expected) -> list[str]:
    """What two verdicts on one order differ in."""
    found = []
    status, findings = wanted(want)
    seen = sorted((f["code"], f["severity"], f["column"] if f["code"] in _WITH_COLUMN else "") for f in got["findings"])
    for name, a, b in (
        ("status", got["status"], status),
        ("findings", seen, findings),
        *((name, tuple(got[name]), getattr(want, name)) for name in ("at_risk", "undocumented", "not_assessed")),
        *((name, got["limits"][name], getattr(want, name)) for name in ("soft_max_exclusive", "hard_max_exclusive")),
        *(
            (
                f"governed_by {name}",
                got["limits"]["governed_by"][name].split()[0].strip(":"),
                getattr(want, f"governed_by_{name}"),
            )
            for name in ("start", "soft_max", "hard_max")
        ),
    ):
        if a != b:
            found.append(f"{name}: got {a}, want {b}")
    for part, names in (
        ("limits", ("start", "soft_max", "hard_max")),
        ("ordered", ("start_rate", "max_rate")),
    ):
        for name in (f"{n}_mg_per_kg_min" for n in names):
            if not close(got[part][name], getattr(want, name)):
                found.append(f"{name}: got {got[part][name]}, want {getattr(want, name)}")
    for name in ("start_mL_per_h", "soft_max_mL_per_h", "hard_max_mL_per_h"):
        if not close(got["limits"][name], getattr(want, name)):
            found.append(f"{name}: got {got['limits'][name]}, want {getattr(want, name)}")
    return found


@pytest.mark.parametrize("seed", range(_BATCHES))
def test_every_field_of_random_orders_agrees_with_the_recalculation(seed: int) -> None:
    rng = random.Random(seed)
    orders = [random_order(rng) for _ in range(_BATCH)]
    # Ids are made unique: repeated orders, and several of one patient, are rules of the batch, and tested elsewhere.
    orders = [
        order
        | {column: f"{order[column]}-{k}" for column in ("order_id", "patient_id") if order.get(column, "").strip()}
        for k, order in enumerate(orders)
    ]
    checked = check_tables([one_table(orders)], AS_OF)
    facts = Facts(checked)
    for i, order in enumerate(orders):
        found = differences(facts.of(i), recalculate(order, AS_OF))
        assert not found, f"seed {seed}, order {i}: {found}\n{order}"
