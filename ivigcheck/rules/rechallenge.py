"""Going on after a reaction in the same infusion (IVG501, IVG502)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits, over_any
from ivigcheck.orders import YES, Orders
from ivigcheck.past import SameInfusion
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import UNIT, inputs, rate_inputs, rates_over, workings
from ivigcheck.show import number
from ivigcheck.units import RELATIVE_TOLERANCE, Mask
from ivigcheck.units import same as same_rate


@rule(
    "IVG501",
    "rechallenge-too-fast",
    Severity.STOP,
    source="rechallenge_fraction",
    flags=(
        {"max_rate": 2.1, "limits": {"half_reaction_rate": 2.0}},
        {"start_rate": 2.1, "limits": {"half_reaction_rate": 2.0}},
    ),
    passes=({"max_rate": 2.0, "limits": {"half_reaction_rate": 2.0}}, {"max_rate": 2.1}),
)
def rechallenge_too_fast(orders: Orders, limits: Limits) -> Mask:
    """The infusion would go on at more than half the rate at which the reaction came.

    Why it matters: infusion reactions depend on the rate. The half is the policy's; labels say "a lower,
    tolerated rate".
    What to do: stop. Lower the ordered rates to half the rate at the reaction.
    """
    return over_any(orders, limits.half_reaction_rate)


@rechallenge_too_fast.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    limit = float(limits.half_reaction_rate[i])
    fraction, rate = number(orders.knowledge.policy.rechallenge_fraction), number(orders.reaction_rate[i])
    recorded = _recorded(orders, i)
    over = f"{fraction} × the rate at the reaction{recorded}, {number(limit)} {UNIT}"
    said = rates_over(orders, i, limit, over, orders.knowledge.cite_policy("rechallenge_fraction"))
    steps = "" if recorded else workings(orders, "reaction_rate", i)
    reckoned = f"{steps} = {rate} {UNIT}; " if steps else ""
    return Detail(
        said.message,
        {**said.inputs, **rate_inputs(orders, i, "reaction_rate"), **_history(orders, i)},
        f"{reckoned}{fraction} × {rate} = {number(limit)} {UNIT}; {said.arithmetic}",
        said.source,
    )


def _recorded(orders: Orders, i: int) -> str:
    """Where the rate at the reaction is from, where that is the history."""
    same = orders.same_infusion.get(i)
    if same is None or not bool(same_rate(float(orders.reaction_rate[i]), same.rate)):
        return ""
    return f" ({_entries(same)})"


def _entries(same: SameInfusion) -> str:
    return f"history {'entry' if len(same.entries) == 1 else 'entries'} {' and '.join(map(str, same.entries))}"


def _history(orders: Orders, i: int) -> dict[str, str]:
    """The entries of this infusion, as inputs of a finding."""
    same = orders.same_infusion.get(i)
    if same is None:
        return {}
    return {"history": "; ".join(str(each) for each in orders.past[i].reactions if each.entry in same.entries)}


@rule(
    "IVG502",
    "rechallenge-too-soon",
    Severity.STOP,
    source="rechallenge_wait",
    flags=(
        {"rechallenge": True, "reaction_resolved": YES, "minutes_since_resolved": 14.9},
        {"rechallenge": True, "minutes_since_resolved": 20.0},
        {"rechallenge": True, "reaction_resolved": YES},
        {"rechallenge": True, "reaction_resolved": YES, "minutes_since_resolved": 20.0, "session_over": True},
    ),
    passes=(
        {"rechallenge": True, "reaction_resolved": YES, "minutes_since_resolved": 15.0},
        {"rechallenge": False, "minutes_since_resolved": 5.0},
    ),
)
def rechallenge_too_soon(orders: Orders, limits: Limits) -> Mask:
    """The infusion would go on before the symptoms have fully resolved, too soon after, or though it was discontinued.

    Why it matters: resuming before complete resolution is a known pitfall. Nobody having said so counts as not
    resolved.
    What to do: stop. Wait, and document that the symptoms have fully resolved, and since when.
    """
    waited = orders.minutes_since_resolved >= orders.knowledge.policy.rechallenge_wait_minutes * (
        1 - RELATIVE_TOLERANCE
    )
    ready = (orders.reaction_resolved == YES) & waited & ~orders.session_over
    return np.asarray(orders.rechallenge & ~ready, bool)


@rechallenge_too_soon.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    wait = number(orders.knowledge.policy.rechallenge_wait_minutes)
    minutes = orders.minutes_since_resolved[i]
    same = orders.same_infusion.get(i)
    recorded = f" ({_entries(same)})" if same else ""
    if orders.session_over[i]:
        said = f"this infusion was discontinued for its session{recorded}"
    elif orders.reaction_resolved[i] != YES:
        said = f"the reaction's symptoms{recorded} are not documented as fully resolved"
    elif np.isnan(minutes):
        said = f"how long the reaction's symptoms{recorded} have been gone is not documented"
    else:
        said = f"the reaction's symptoms{recorded} have been gone for {number(minutes)} minutes"
    arithmetic = "" if np.isnan(minutes) else f"{number(minutes)} min against {wait} min"
    return Detail(
        f"{said}: rechallenge only after full resolution and at least {wait} minutes",
        {
            **inputs(orders, i, "reaction_grade", "reaction_rate", "reaction_resolved", "minutes_since_resolved"),
            **_history(orders, i),
        },
        arithmetic,
        orders.knowledge.cite_policy("rechallenge_wait"),
    )
