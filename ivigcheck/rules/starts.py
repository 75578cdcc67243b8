"""How fast an infusion begins, and whether the patient begins anew (IVG105, IVG403)."""

from __future__ import annotations

import numpy as np

from ivigcheck.columns import PHASES
from ivigcheck.limits import Limits
from ivigcheck.orders import NO, NO_DAY, YES, Orders
from ivigcheck.past import PastReaction
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import also_printed, basis_at, basis_source, inputs, limit_text, quote, rates_over
from ivigcheck.show import number
from ivigcheck.units import Floats, Mask, exceeds

_NAN = float("nan")
_FIRST = PHASES.index("first")


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


def days_since_last(orders: Orders, rows: slice = slice(None)) -> Floats:
    """(k,) days from the last IVIG infusion of some orders to their own day, or else that of the check; NaN where
    unknown."""
    ordered, last = orders.ordered_day[rows], orders.last_ivig_day[rows]
    own = np.where(ordered == NO_DAY, orders.as_of.toordinal(), ordered)
    return np.where(last == NO_DAY, _NAN, own - last)


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
    days, most = days_since_last(orders, slice(i, i + 1))[0], orders.knowledge.policy.restart_after_days
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
