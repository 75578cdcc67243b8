"""The dose of this infusion (IVG301 to IVG303)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ivigcheck.doses import PER_INFUSION, by_ranges, dose_ranges, fits_any, rounding
from ivigcheck.knowledge import DoseRange, Knowledge
from ivigcheck.limits import Limits
from ivigcheck.orders import AGE_FACTOR, YES, Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import (
    as_written,
    dose_cells_in_grams,
    factor_text,
    inputs,
    listed,
    per_kg_text,
    question_inputs,
    weight_columns,
    weight_text,
)
from ivigcheck.show import against, number
from ivigcheck.units import RELATIVE_TOLERANCE, Floats, Mask, exceeds

_FAMILIES = ("thrombotic contraindication", "thrombosis risk")
_ALSO = "cardiovascular_risk"
_CITED = 3  # sources of the doses compared
_PER_CENT = 100


@rule(
    "IVG301",
    "dose-outside-range",
    Severity.REVIEW,
    source="the product's label, or usual doses",
    flags=({"dose_g_per_kg": 2.0, "indication": 0}, {"dose_g_per_kg": 0.1, "indication": 0}),  # the first: PI
    passes=(
        {"dose_g_per_kg": 0.5, "indication": 0},
        {"dose_g_per_kg": 9.0, "indication": -1},
        {"dose_g_per_kg": float("nan"), "indication": 0},
    ),
)
def dose_outside_range(orders: Orders, limits: Limits) -> Mask:
    """The dose of this infusion is outside every range that applies to product and indication.

    Why it matters: a dose ten times too high, or one that belongs to another indication, shows here first.
    What to do: check dose, weight and indication. A dose that a source states per course, cycle or month may be given
    in parts of any size, so it is compared as the whole in one infusion, and only what is over it is outside. Where
    the product is not known, or its label states no dose for the indication, the doses of every label that has the
    indication are compared; where none has it, nothing is. A dose in grams may be off by rounding to whole vials. Where
    there are a dose and a total dose, both are compared.
    """
    outside = np.zeros(orders.n, bool)
    most, applying = orders.knowledge.policy.dose_rounding, list(by_ranges(orders))
    for dose, in_grams in _doses(orders):
        slack = rounding(orders, in_grams, slice(None))
        for ranges, which in applying:
            outside |= which & ~fits_any(dose, ranges, slack, most) & ~np.isnan(dose)
    return outside


def _doses(orders: Orders) -> tuple[tuple[Floats, Mask], ...]:
    """The greater and the lesser of dose and total dose, in g/kg, each with whether it is written in grams."""
    return (
        (orders.dose_g_per_kg, orders.dose_in_grams),
        (orders.least_dose_g_per_kg, orders.least_dose_in_grams),
    )


class _Compared(NamedTuple):
    """Doses that apply, and what is said of them. low: the least of one infusion, NaN where none is stated so."""

    ranges: Sequence[DoseRange]
    low: float
    high: float
    text: str
    cite: str


@lru_cache(maxsize=1_000)
def _compared(knowledge: Knowledge, product: int, indication: int, phase: int) -> _Compared:
    """Worked out once for all orders of a product, an indication and a phase."""
    ranges = dose_ranges(knowledge, product, indication, phase)
    return _Compared(
        ranges,
        min((each.low for each in ranges if each.basis == PER_INFUSION), default=float("nan")),
        max(each.high for each in ranges),
        "; ".join(dict.fromkeys(map(range_text, ranges))),
        "; ".join(dict.fromkeys(each.cite for each in ranges[:_CITED])),
    )


@dose_outside_range.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    compared = _compared(orders.knowledge, int(orders.product[i]), int(orders.indication[i]), int(orders.phase[i]))
    dose = _outside(orders, compared.ranges, i)
    over = exceeds(dose, compared.high)
    bound = compared.high if over else compared.low
    shown = against(dose, bound)
    used = ["dose", "dose_total", *(weight_columns(orders, i) if dose_cells_in_grams(orders, i) else ())]
    relation = f"{'>' if over else '<'} {number(bound)} g/kg"
    return Detail(
        f"{shown} g/kg in one infusion is {'over' if over else 'below'} every dose that applies. "
        f"Compared: {compared.text}",
        inputs(orders, i, *used, "indication", "product"),
        f"{per_kg_text(orders, i, dose)}{shown} g/kg {relation}",
        compared.cite,
    )


def _outside(orders: Orders, ranges: Sequence[DoseRange], i: int) -> float:
    """The dose of one order that is outside every range: the greater, or where that one fits the lesser."""
    greater = float(orders.dose_g_per_kg[i])
    if not orders.least_dose_g_per_kg[i] < greater:  # there is no other one, and the rule has found the order
        return greater
    most = orders.knowledge.policy.dose_rounding
    return next(
        float(each[i])
        for each, in_grams in _doses(orders)
        if not fits_any(each[i], ranges, rounding(orders, in_grams, slice(i, i + 1)), most)
    )


def range_text(each: DoseRange) -> str:
    """A dose as it is compared: ``0.3 to 0.6 g/kg per infusion``, ``up to 2 g/kg per course (5 days)``."""
    if each.basis == PER_INFUSION:
        low = f"{number(each.low)} to " if each.low < each.high else ""
        return f"{low}{number(each.high)} g/kg per infusion"
    return f"up to {number(each.high)} g/kg per {each.basis} ({each.days} days)"


@rule(
    "IVG302",
    "dose-disagrees",
    Severity.REVIEW,
    source="dose_disagreement",
    flags=(
        {"dose_stated_g": 1.0, "dose_total_g": 1.11},
        {"dose_stated_g": 1.0, "dose_total_g": 0.89},
    ),
    passes=(
        {"dose_stated_g": 1.0, "dose_total_g": 1.1},
        {"dose_stated_g": 1.0, "dose_total_g": 0.9},
        {"dose_stated_g": 1.0, "dose_total_g": float("nan")},
    ),
)
def dose_disagrees(orders: Orders, limits: Limits) -> Mask:
    """The total dose and the dose per kg times the weight differ.

    Why it matters: one of the two, or the weight, is wrong; a total for another weight is how a dose of pounds looks.
    What to do: find out which is meant. Rounding to whole vials stays within what may differ.
    """
    stated = orders.dose_stated_g
    apart = np.abs(orders.dose_total_g - stated)
    return exceeds(apart, orders.knowledge.policy.dose_disagreement * stated)


@dose_disagrees.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    stated, total = float(orders.dose_stated_g[i]), float(orders.dose_total_g[i])
    most = orders.knowledge.policy.dose_disagreement
    share = against(abs(total - stated) / stated, most)
    per_kg = "dose" not in dose_cells_in_grams(orders, i)
    steps = f"{as_written(orders, 'dose', i)} × {weight_text(orders, i)} = " if per_kg else ""
    return Detail(
        f"the dose comes to {number(stated)} g and the total dose is {number(total)} g: "
        f"they differ by more than {number(most * _PER_CENT)}%",
        inputs(orders, i, "dose", "dose_total", *(weight_columns(orders, i) if per_kg else ())),
        f"{steps}{number(stated)} g; "
        f"|{number(total)} − {number(stated)}| ÷ {number(stated)} = {share} > {number(most)}",
        orders.knowledge.cite_policy("dose_disagreement"),
    )


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
    over_age, absolute = orders.over_age[i], dose_cells_in_grams(orders, i)
    factors = [q.name for q in orders.profile(i).yes if q.family in _FAMILIES]
    if orders.answers[_ALSO][i] == YES:
        factors.append(_ALSO)
    risks = listed([*factors, factor_text(orders, AGE_FACTOR)] if over_age else factors)
    used = ["dose", "dose_total", *(weight_columns(orders, i) if absolute else ())]
    used += ["age_years", "birth_date"] if over_age else []
    steps = per_kg_text(orders, i, float(orders.dose_g_per_kg[i])) if absolute else ""
    return Detail(
        f"{dose} g/kg in one infusion (high: {number(high)} g/kg or more), with a risk of stroke: {risks}",
        question_inputs(orders, i, *factors, before=used),
        f"{steps}{dose} g/kg ≥ {number(high)} g/kg",
        orders.knowledge.cite_policy("high_dose"),
    )
