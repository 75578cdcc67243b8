"""Ordered rates against the policy's and the label's limits (IVG101 to IVG104, IVG106 to IVG114)."""

from __future__ import annotations

import numpy as np

from ivigcheck.columns import PHASES
from ivigcheck.limits import Limits, over_any
from ivigcheck.orders import Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import (
    ORDERED,
    UNIT,
    also_printed,
    as_written,
    basis_at,
    basis_source,
    dose_cells_in_grams,
    inputs,
    limit_text,
    per_kg_text,
    rates_over,
    weight_columns,
)
from ivigcheck.show import against, number
from ivigcheck.units import Floats, Mask, exceeds

_NAN = float("nan")
_FIRST = PHASES.index("first")


@rule(
    "IVG101",
    "rate-above-ceiling",
    Severity.STOP,
    source="ceiling",
    flags=({"max_rate_reckoned": 8.004}, {"start_rate_reckoned": 9.0}, {"max_rate_reckoned": 4000.0}),
    passes=({"max_rate_reckoned": 0.12 * 60 / 0.9}, {"max_rate_reckoned": _NAN}),
)
def rate_above_ceiling(orders: Orders, limits: Limits) -> Mask:
    """An ordered rate is over the policy's ceiling.

    Why it matters: fast infusion of a viscous protein solution raises the risk of thrombosis, stroke and renal failure.
    The built-in policy never allows more than its ceiling, even if tolerated; some labels do, and do not loosen it.
    What to do: stop. Lower the ordered rate to the hard maximum or below. Where the number fits another unit, the
    finding says so: check which unit was meant.
    """
    ceiling = np.full(orders.n, orders.knowledge.policy.ceiling)
    return exceeds(orders.max_rate_reckoned, ceiling) | exceeds(orders.start_rate_reckoned, ceiling)


@rate_above_ceiling.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    ceiling = orders.knowledge.policy.ceiling
    said = rates_over(
        orders,
        i,
        ceiling,
        f"the ceiling of {number(ceiling)} {UNIT}",
        orders.knowledge.cite_policy("ceiling"),
        reckoned=True,
    )
    return Detail(
        said.message + _within_label(orders, limits, i) + _other_unit(orders, limits, i),
        said.inputs,
        said.arithmetic,
        said.source,
    )


def _within_label(orders: Orders, limits: Limits, i: int) -> str:
    basis = limits.basis(limits.label_max_basis, i)
    fastest = np.fmax(orders.max_rate_reckoned[i], orders.start_rate_reckoned[i])
    if basis is None or bool(exceeds(fastest, limits.label_max[i])):
        return ""
    allows = (
        f"; within the label's maximum of {limit_text(limits.label_max[i], basis)}, which does not loosen the policy"
    )
    return allows + also_printed(basis)


def _other_unit(orders: Orders, limits: Limits, i: int) -> str:
    """Names the likely confusion where a number in a rate per kg would be an ordinary rate in mL/h."""
    for column in ORDERED:
        written = orders.written.get(column)
        unit = written.unit_at(i) if written else None
        if written is None or unit is None or unit.form != UNIT:
            continue
        value = float(written.value[i])
        as_volume = value * orders.concentration[i] / 60 / orders.rate_weight_kg[i]
        if limits.start[i] <= as_volume and not exceeds(as_volume, limits.hard_max[i], limits.hard_max_exclusive[i]):
            return f"; {number(value)} mL/h would be {number(as_volume, 3)} {UNIT}: was another unit meant?"
    return ""


@rule(
    "IVG102",
    "rate-above-label-maximum",
    Severity.STOP,
    source="the product's label",
    flags=({"max_rate": 4.1, "limits": {"label_max": 4.0}}, {"start_rate": 5.0, "limits": {"label_max": 4.0}}),
    passes=(
        {"max_rate": 4.0, "limits": {"label_max": 4.0}},
        {"max_rate": 4.1},
        {"max_rate": 200 / 60, "limits": {"label_max": 10 / 3}},
    ),
)
def rate_above_label_maximum(orders: Orders, limits: Limits) -> Mask:
    """An ordered rate is over the product's labelled maximum for the indication.

    Why it matters: products differ; a rate that one allows is twice what another does.
    What to do: stop. Lower the rate to the label's maximum, or check that product and indication are the ones meant.
    An indication that is not on the label is held to the strictest of the label's figures.
    """
    return over_any(orders, limits.label_max)


@rate_above_label_maximum.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    limit, basis = float(limits.label_max[i]), basis_at(limits, limits.label_max_basis, i)
    over = f"the label's maximum of {limit_text(limit, basis)}{also_printed(basis)}"
    return rates_over(orders, i, limit, over, basis_source(basis))


@rule(
    "IVG106",
    "start-above-maximum",
    Severity.REVIEW,
    source="the order itself",
    flags=({"start_rate": 2.0, "max_rate": 1.0},),
    passes=({"start_rate": 1.0, "max_rate": 1.0}, {"start_rate": 2.0, "max_rate": _NAN}),
)
def start_above_maximum(orders: Orders, limits: Limits) -> Mask:
    """The ordered start rate is over the ordered maximum.

    Why it matters: the two may be swapped, or one of them is in another unit than was meant.
    What to do: ask the prescriber which of the two is right.
    """
    return exceeds(orders.start_rate, orders.max_rate)


@start_above_maximum.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    limit = float(orders.max_rate[i])
    written = as_written(orders, "max_rate", i)
    own = "" if written == f"{number(limit)} {UNIT}" else f" ({written})"
    over = f"the ordered maximum of {number(limit)} {UNIT}{own}"
    said = rates_over(orders, i, limit, over, "the order itself", columns=("start_rate",))
    return Detail(said.message, {**said.inputs, **inputs(orders, i, "max_rate")}, said.arithmetic, said.source)


def mean_rate(orders: Orders, rows: slice = slice(None)) -> Floats:
    """(k,) the mean rate in mg/kg/min that the doses of some orders' infusions need to be in within their hours."""
    return orders.dose_g_per_kg[rows] * 1000 / (orders.infusion_hours[rows] * 60)


@rule(
    "IVG107",
    "implied-rate-too-fast",
    Severity.STOP,
    source="whatever governs the hard maximum",
    flags=(
        {"dose_g_per_kg": 1.0, "infusion_hours": 2.0, "limits": {"hard_max": 8.0}},
        {"dose_g_per_kg": 0.96, "infusion_hours": 2.0, "limits": {"hard_max": 8.0, "hard_max_exclusive": True}},
    ),
    passes=(
        {"dose_g_per_kg": 0.96, "infusion_hours": 2.0, "limits": {"hard_max": 8.0}},
        {"dose_g_per_kg": 1.0, "infusion_hours": _NAN, "limits": {"hard_max": 8.0}},
    ),
)
def implied_rate_too_fast(orders: Orders, limits: Limits) -> Mask:
    """The dose cannot run in within the ordered hours without a mean rate over the hard maximum.

    Why it matters: whoever keeps to the hours breaks the limit, whatever the ordered maximum says.
    What to do: stop. Lengthen the infusion, or check that dose and hours belong to one infusion (not to a course).
    """
    return exceeds(mean_rate(orders), limits.hard_max, limits.hard_max_exclusive)


@implied_rate_too_fast.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    limit, exclusive = float(limits.hard_max[i]), bool(limits.hard_max_exclusive[i])
    rate = against(float(mean_rate(orders, slice(i, i + 1))[0]), limit, exclusive=exclusive)
    dose, hours = number(orders.dose_g_per_kg[i]), number(orders.infusion_hours[i])
    basis = basis_at(limits, limits.hard_max_basis, i)
    steps = f"{dose} g/kg × 1000 ÷ ({hours} h × 60) = {rate} {UNIT}"
    absolute = dose_cells_in_grams(orders, i)
    if absolute:
        steps = f"{per_kg_text(orders, i, float(orders.dose_g_per_kg[i]))}{dose} g/kg; {steps}"
    used = ("dose", "dose_total", "infusion_hours", *(weight_columns(orders, i) if absolute else ()))
    relation = "not below" if exclusive else "over"
    return Detail(
        f"{dose} g/kg in {hours} h is a mean of {rate} {UNIT}, {relation} the hard maximum of {number(limit)} {UNIT}",
        inputs(orders, i, *used),
        f"{steps} {'≥' if exclusive else '>'} {number(limit)} {UNIT}",
        basis_source(basis),
    )


@rule(
    "IVG109",
    "start-rate-not-ordered",
    Severity.INFO,
    source="whatever governs the start limit",
    flags=({"start_rate_blank": True},),
    passes=({"start_rate_blank": False},),
)
def start_rate_not_ordered(orders: Orders, limits: Limits) -> Mask:
    """The order names no start rate.

    Why it matters: it will be set at the bedside.
    What to do: nothing; the message gives the start limit to set it by.
    """
    return orders.start_rate_blank


@start_rate_not_ordered.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    basis = basis_at(limits, limits.start_basis, i)
    volume = "" if np.isnan(limits.start_mL_per_h[i]) else f" = {number(limits.start_mL_per_h[i])} mL/h"
    limit = f"{number(limits.start[i])} {UNIT}{volume}"
    return Detail(f"no start rate is ordered; begin at no more than {limit}", {}, "", basis_source(basis))
