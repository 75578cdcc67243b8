"""Ordered rates against the policy's and the label's limits (IVG101 to IVG114)."""

from __future__ import annotations

import numpy as np

from ivigcheck.columns import PHASES
from ivigcheck.limits import Limits, over_any
from ivigcheck.orders import NO, NO_DAY, YES, Orders
from ivigcheck.past import PastReaction
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
    quote,
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
    "IVG105",
    "start-rate-too-fast",
    Severity.REVIEW,
    source="start_rate, or the product's label",
    flags=({"start_rate": 2.1, "limits": {"start": 2.0}},),
    passes=(
        {"start_rate": 2.0, "limits": {"start": 0.12 * 60 / 3.6}},
        {"start_rate": _NAN, "limits": {"start": 2.0}},
        {"start_rate": 2.1, "first_infusion": YES, "limits": {"start": 2.0}},
    ),
)
def start_rate_too_fast(orders: Orders, limits: Limits) -> Mask:
    """The infusion would begin faster than it may. (Where the patient begins anew, IVG403 says so instead.)

    Why it matters: immediate reactions come in the first minutes, and depend on the rate.
    What to do: lower the ordered start rate, or record why it is higher.
    """
    return exceeds(orders.start_rate, limits.start) & ~restarting(orders)


@start_rate_too_fast.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    return start_over(orders, limits, i)


def start_over(orders: Orders, limits: Limits, i: int) -> Detail:
    """That the ordered start rate is over the start limit."""
    limit, basis = float(limits.start[i]), basis_at(limits, limits.start_basis, i)
    over = f"the start limit of {limit_text(limit, basis)}{also_printed(basis)}"
    source = basis_source(basis) if basis.family != "policy" else orders.knowledge.cite_policy("start_rate")
    return rates_over(orders, i, limit, over, source, columns=("start_rate",))


def days_since_last(orders: Orders) -> Floats:
    """(n,) days from the last IVIG infusion to this one's own day, or else that of the check; NaN where unknown."""
    own = np.where(orders.ordered_day == NO_DAY, orders.as_of.toordinal(), orders.ordered_day)
    return np.where(orders.last_ivig_day == NO_DAY, _NAN, own - orders.last_ivig_day)


def restarting(orders: Orders) -> Mask:
    """(n,) whether the patient begins anew: a first infusion, a long time since the last, or another product."""
    first = (orders.first_infusion == YES) | (orders.phase == _FIRST)
    long_ago = days_since_last(orders) > orders.knowledge.policy.restart_after_days
    return np.asarray(first | long_ago | orders.another_product, bool)


@rule(
    "IVG403",
    "restart-at-minimum",
    Severity.REVIEW,
    source="restart_after_days, or start_rate",
    flags=(
        {"start_rate": 2.1, "first_infusion": YES, "limits": {"start": 2.0}},
        {"start_rate": 2.1, "phase": _FIRST, "limits": {"start": 2.0}},
        {"start_rate": 2.1, "another_product": True, "limits": {"start": 2.0}},
        {"start_rate": 2.1, "ordered_day": 1057, "last_ivig_day": 1000, "limits": {"start": 2.0}},
    ),
    passes=(
        {"start_rate": 2.0, "first_infusion": YES, "limits": {"start": 2.0}},
        {"start_rate": 2.1, "first_infusion": NO, "limits": {"start": 2.0}},
        {"start_rate": 2.1, "ordered_day": 1056, "last_ivig_day": 1000, "limits": {"start": 2.0}},
    ),
)
def restart_at_minimum(orders: Orders, limits: Limits) -> Mask:
    """The patient begins IVIG anew, and would do so faster than the start limit.

    Why it matters: inflammatory reactions to a fast infusion are likeliest in the first one, after a long gap, and with
    another product than last time.
    What to do: begin at the start limit or below, whatever rate was tolerated before.
    """
    return exceeds(orders.start_rate, limits.start) & restarting(orders)


@restart_at_minimum.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    said = start_over(orders, limits, i)
    days, most = days_since_last(orders)[i], orders.knowledge.policy.restart_after_days
    reasons, used, source = [], [], said.source
    if orders.first_infusion[i] == YES or orders.phase[i] == _FIRST:
        reasons.append("this is a first infusion")
        used += ["first_infusion", "phase"]
    if days > most:
        reasons.append(f"the last infusion was {number(days)} days ago, more than {number(most)}")
        used += ["last_ivig_date", "ordered_at"]
        reasons[-1] += _by_record(orders, i)
        source = f"{source}; {orders.knowledge.cite_policy('restart_after_days')}"
    if orders.another_product[i]:
        written = orders.cell("last_product", i)
        reasons.append(f"the last infusion was of {quote(written) if written else _recorded_product(orders, i)}")
        used += ["last_product", "product"]
    message = f"{' and '.join(reasons)}: begin anew; {said.message}"
    return Detail(message, {**said.inputs, **inputs(orders, i, *used)}, said.arithmetic, source)


def _last_recorded(orders: Orders, i: int) -> PastReaction | None:
    own = orders.ordered_day[i] if orders.ordered_day[i] != NO_DAY else orders.as_of.toordinal()
    return orders.past[i].last_infusion(int(own)) if i in orders.past else None


def _by_record(orders: Orders, i: int) -> str:
    """The entry that has the day of the last infusion, in brackets; "" where the order alone says it."""
    last = _last_recorded(orders, i)
    return f" (the last on record: {last})" if last and last.last_day == orders.last_ivig_day[i] else ""


def _recorded_product(orders: Orders, i: int) -> str:
    last = _last_recorded(orders, i)
    return f"{last.product} (the last on record: {last})" if last else "another product"


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


def mean_rate(orders: Orders) -> Floats:
    """(n,) the mean rate in mg/kg/min that the dose of this infusion needs to be in within its hours."""
    return orders.dose_g_per_kg * 1000 / (orders.infusion_hours * 60)


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
    rate = against(float(mean_rate(orders)[i]), limit, exclusive=exclusive)
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
