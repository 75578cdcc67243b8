"""Rates in patients at risk of thrombosis or renal dysfunction (IVG103, IVG104)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits, over_any
from ivigcheck.orders import AGE_FACTOR, Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import (
    UNIT,
    also_printed,
    any_rate_over,
    basis_at,
    basis_source,
    factor_text,
    limit_text,
    question_inputs,
    rates_over,
)
from ivigcheck.show import number
from ivigcheck.units import Mask


@rule(
    "IVG103",
    "at-risk-rate-limit",
    Severity.STOP,
    source="at_risk_ceiling, or the product's label",
    flags=(
        {"at_risk": True, "max_rate": 8.0},
        {"at_risk": True, "max_rate": 3.4, "limits": {"label_at_risk": 3.3}},
        {"at_risk": True, "max_rate": 3.3, "limits": {"label_at_risk": 3.3, "label_at_risk_exclusive": True}},
    ),
    passes=(
        {"at_risk": False, "max_rate": 8.0},
        {"at_risk": True, "max_rate": 7.99},
        {"at_risk": True, "max_rate": 3.3, "limits": {"label_at_risk": 3.3}},
        {"at_risk": True, "max_rate": float("nan")},
    ),
)
def at_risk_rate_limit(orders: Orders, limits: Limits) -> Mask:
    """The patient is at risk of thrombosis or renal dysfunction, and an ordered rate is not below what that allows.

    Why it matters: the boxed warning of every product asks for the minimum rate practicable in these patients.
    What to do: stop. Lower the rate below the at-risk limit; the soft maximum is where to aim.
    """
    ceiling = np.full(orders.n, orders.knowledge.policy.at_risk_ceiling)
    over = over_any(orders, ceiling, True) | over_any(orders, limits.label_at_risk, limits.label_at_risk_exclusive)
    return np.asarray(orders.at_risk & over, bool)


@at_risk_rate_limit.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    basis = limits.basis(limits.label_at_risk_basis, i)
    limit, exclusive = float(limits.label_at_risk[i]), bool(limits.label_at_risk_exclusive[i])
    if basis is not None and any_rate_over(orders, i, limit, exclusive=exclusive):
        over = f"the label's limit for patients at risk, {limit_text(limit, basis)}{also_printed(basis)}"
        source = basis_source(basis)
    else:
        limit, exclusive = orders.knowledge.policy.at_risk_ceiling, True
        over = f"the limit for patients at risk, {number(limit)} {UNIT}"
        source = orders.knowledge.cite_policy("at_risk_ceiling")
    said = rates_over(orders, i, limit, f"{over} (at risk: {risk_text(orders, i)})", source, exclusive=exclusive)
    return Detail(said.message, {**said.inputs, **risk_inputs(orders, i)}, said.arithmetic, said.source)


@rule(
    "IVG104",
    "above-minimum-practicable",
    Severity.REVIEW,
    source="review_rate",
    flags=({"at_risk": True, "max_rate": 4.0, "limits": {"soft_max": 3.3, "hard_max": 8.0}},),
    passes=(
        {"at_risk": False, "max_rate": 4.0, "limits": {"soft_max": 3.3, "hard_max": 8.0}},
        {"at_risk": True, "max_rate": 3.3, "limits": {"soft_max": 3.3, "hard_max": 8.0}},
        {"at_risk": True, "max_rate": 8.5, "limits": {"soft_max": 3.3, "hard_max": 8.0}},
        {"at_risk": True, "max_rate": 8.0, "limits": {"soft_max": 3.3, "hard_max": 8.0, "hard_max_exclusive": True}},
    ),
)
def above_minimum_practicable(orders: Orders, limits: Limits) -> Mask:
    """The patient is at risk, and an ordered rate is over the soft maximum, though within the hard one.

    Why it matters: labels ask for the minimum rate practicable in patients at risk; two manufacturers put a number to
    it, the policy's review rate.
    What to do: lower the rate to the soft maximum, or record why this patient needs it faster.
    """
    over_soft = over_any(orders, limits.soft_max, limits.soft_max_exclusive)
    return orders.at_risk & over_soft & ~over_any(orders, limits.hard_max, limits.hard_max_exclusive)


@above_minimum_practicable.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    limit, exclusive = float(limits.soft_max[i]), bool(limits.soft_max_exclusive[i])
    over = f"the soft maximum of {number(limit)} {UNIT} for patients at risk ({risk_text(orders, i)})"
    basis = basis_at(limits, limits.soft_max_basis, i)
    source = basis_source(basis) if basis.figure else orders.knowledge.cite_policy("review_rate")
    said = rates_over(orders, i, limit, over, source, exclusive=exclusive)
    return Detail(said.message, {**said.inputs, **risk_inputs(orders, i)}, said.arithmetic, said.source)


def risk_text(orders: Orders, i: int) -> str:
    """The factors that put a patient at risk, in words, each with the diagnosis code that says so."""
    said = []
    for name in orders.profile(i).at_risk:
        words, code = factor_text(orders, name), orders.code_for(name, i)
        said.append(f"{words} by {code}" if code else words)
    return ", ".join(said)


def risk_inputs(orders: Orders, i: int) -> dict[str, str]:
    """The cells that put a patient at risk, as written."""
    columns = [name for name in orders.profile(i).at_risk if name != AGE_FACTOR]
    age = ("age_years", "birth_date") if orders.over_age[i] else ()
    return question_inputs(orders, i, *columns, also=(*age, "last_thrombosis_date"))
