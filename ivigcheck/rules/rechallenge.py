"""Going on after a reaction in the same infusion (IVG501, IVG502)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits, over_any
from ivigcheck.orders import YES, Orders
from ivigcheck.past import SameInfusion
from ivigcheck.rules.registry import Detail, Severities, Severity, rule
from ivigcheck.rules.wording import UNIT, any_rate_over, inputs, rate_inputs, rates_over, workings
from ivigcheck.show import number
from ivigcheck.units import RELATIVE_TOLERANCE, Mask, same


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
def rechallenge_too_fast(orders: Orders, limits: Limits) -> Severities:
    """The infusion would go on at more than half the rate at which the reaction came.

    Why it matters: infusion reactions depend on the rate. The half is the policy's; labels say "a lower,
    tolerated rate".
    What to do: stop. Lower the ordered rates to half the rate at the reaction. For review where a reaction of the day
    before is on record as resolved, and nothing says whether this is the same infusion: find out.
    """
    severity = np.where(over_any(orders, limits.half_reaction_rate), Severity.STOP, 0).astype(np.int8)
    for i, before in orders.day_before.items():
        if not severity[i] and any_rate_over(orders, i, _half(orders, before)):
            severity[i] = Severity.REVIEW
    return severity


def _half(orders: Orders, record: SameInfusion) -> float:
    """The limit of a rechallenge after what is on record, in mg/kg/min; NaN where the rate is not."""
    return record.rate * orders.knowledge.policy.rechallenge_fraction


@rechallenge_too_fast.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    if not over_any(orders, limits.half_reaction_rate)[i]:
        return _perhaps_too_fast(orders, i)
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


def _perhaps_too_fast(orders: Orders, i: int) -> Detail:
    """That this would be too fast, were it the infusion of the day before."""
    before, fraction = orders.day_before[i], number(orders.knowledge.policy.rechallenge_fraction)
    limit = _half(orders, before)
    over = f"{fraction} × the rate at the reaction of the day before ({before}), {number(limit)} {UNIT}"
    said = rates_over(orders, i, limit, over, orders.knowledge.cite_policy("rechallenge_fraction"))
    return Detail(
        f"if this is the infusion of the day before: {said.message}",
        {**said.inputs, **_history(orders, i)},
        f"{fraction} × {number(before.rate)} = {number(limit)} {UNIT}; {said.arithmetic}",
        said.source,
    )


def _recorded(orders: Orders, i: int) -> str:
    """Where the rate at the reaction is from, where that is the history."""
    record = orders.same_infusion.get(i)
    if record is None or not same(float(orders.reaction_rate[i]), record.rate):
        return ""
    return f" ({record})"


def _history(orders: Orders, i: int) -> dict[str, str]:
    """The entries of this infusion, as inputs of a finding."""
    record = orders.same_infusion.get(i) or orders.day_before.get(i)
    if record is None:
        return {}
    return {"history": "; ".join(str(each) for each in orders.past[i].reactions if each.entry in record.entries)}


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
def rechallenge_too_soon(orders: Orders, limits: Limits) -> Severities:
    """The infusion would go on before the symptoms have fully resolved, too soon after, or though it was discontinued.

    Why it matters: resuming before complete resolution is a known pitfall. Nobody having said so counts as not
    resolved.
    What to do: stop. Wait, and document that the symptoms have fully resolved, and since when. For review where an
    infusion of the day before is on record as discontinued for its session: find out whether this is another one.
    """
    severity = np.where(_too_soon(orders), Severity.STOP, 0).astype(np.int8)
    for i, before in orders.day_before.items():
        if not severity[i] and before.session_over:
            severity[i] = Severity.REVIEW
    return severity


def _too_soon(orders: Orders) -> Mask:
    waited = orders.minutes_since_resolved >= orders.knowledge.policy.rechallenge_wait_minutes * (
        1 - RELATIVE_TOLERANCE
    )
    ready = (orders.reaction_resolved == YES) & waited & ~orders.session_over
    return np.asarray(orders.rechallenge & ~ready, bool)


@rechallenge_too_soon.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    wait = number(orders.knowledge.policy.rechallenge_wait_minutes)
    minutes = orders.minutes_since_resolved[i]
    record = orders.same_infusion.get(i)
    recorded = f" ({record})" if record else ""
    if not _too_soon(orders)[i]:
        said = f"an infusion of the day before was discontinued for its session ({orders.day_before[i]})"
        source = orders.knowledge.cite_policy("rechallenge_wait")
        return Detail(f"{said}: is this another one?", _history(orders, i), "", source)
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
