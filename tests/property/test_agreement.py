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

_RANK = ("PASS", "INFO", "REVIEW", "UNCHECKED", "STOP")
_WITH_COLUMN = {"IVG901", "IVG902", "IVG903", "IVG908"}
_BATCH, _BATCHES = 2500, 10


def one_table(orders: list[dict[str, str]]) -> Table:
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "").strip() for order in orders] for name in names}
    return Table("orders.csv", None, "", tuple(range(2, len(orders) + 2)), cells)


def wanted(expected: Expected) -> tuple[str, list[tuple[str, str, str]]]:
    """Status and findings. A start over its limit on a restart is IVG105 here: IVG403 is not one of the rules."""
    findings, status = list(expected.findings), expected.status
    if expected.restart_at_minimum:
        findings.append(("IVG105", "review", ""))
        status = max(status, "REVIEW", key=_RANK.index)
    return status, sorted((code, severity.lower(), column) for code, severity, column in findings)


def close(got: float | None, want: Fraction | None) -> bool:
    if got is None or want is None:
        return got is None and want is None
    return abs(Fraction(got) - want) <= Fraction(1, 10**12) * abs(want)


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
    # Order ids are made unique: repeats are a rule of the batch, and tested elsewhere.
    orders = [
        order | {"order_id": f"{order['order_id']}-{k}"} if order.get("order_id") else order
        for k, order in enumerate(orders)
    ]
    checked = check_tables([one_table(orders)], AS_OF)
    facts = Facts(checked)
    for i, order in enumerate(orders):
        found = differences(facts.of(i), recalculate(order, AS_OF))
        assert not found, f"seed {seed}, order {i}: {found}\n{order}"
