"""The dose of this infusion (IVG303)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.orders import YES, Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import dose_cells_in_grams, inputs, listed, per_kg_text, weight_columns
from ivigcheck.show import against, number
from ivigcheck.units import RELATIVE_TOLERANCE, Mask

_FAMILIES = ("thrombotic contraindication", "thrombosis risk")
_ALSO = "cardiovascular_risk"


@rule(
    "IVG303",
    "high-dose-with-stroke-risk",
    Severity.REVIEW,
    source="high_dose",
    flags=(
        {"dose_g_per_kg": 1.0, "over_age": True},
        {"dose_g_per_kg": 1.0, "answers": {"cardiovascular_risk": YES}},
        {"dose_g_per_kg": 2.0, "answers": {"estrogen_use": YES}},
    ),
    passes=(
        {"dose_g_per_kg": 0.99, "over_age": True},
        {"dose_g_per_kg": 1.0},
        {"dose_g_per_kg": 1.0, "answers": {"diabetes": YES}},
        {"dose_g_per_kg": float("nan"), "over_age": True},
    ),
)
def high_dose_with_stroke_risk(orders: Orders, limits: Limits) -> Mask:
    """A high dose in one infusion, in a patient with a risk factor of stroke.

    Why it matters: stroke is a recognised complication of IVIG, above all of high doses.
    What to do: consider dividing the dose over several days; see that the patient is hydrated.
    """
    high = orders.dose_g_per_kg >= orders.knowledge.policy.high_dose_g_per_kg * (1 - RELATIVE_TOLERANCE)
    return np.asarray(high & (orders.over_age | orders.any_yes(*_FAMILIES) | orders.answered(_ALSO)), bool)


@high_dose_with_stroke_risk.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    high = orders.knowledge.policy.high_dose_g_per_kg
    dose = against(float(orders.dose_g_per_kg[i]), high)
    factors = [q.name for q in orders.profile(i).yes if q.family in _FAMILIES] + (
        [_ALSO] if orders.answered(_ALSO)[i] else []
    )
    risks = listed([*factors, *(["age over 65"] if orders.over_age[i] else [])])
    absolute = dose_cells_in_grams(orders, i)
    used = ["dose", "dose_total", *(weight_columns(orders, i) if absolute else ()), *factors]
    used += ["age_years", "birth_date"] if orders.over_age[i] else []
    return Detail(
        f"{dose} g/kg in one infusion (high: {number(high)} g/kg or more), with a risk of stroke: {risks}",
        inputs(orders, i, *used),
        f"{per_kg_text(orders, i)}{dose} g/kg ≥ {number(high)} g/kg",
        orders.knowledge.cite_policy("high_dose"),
    )
