"""Why an order gets no schedule, and what is to be said of one that does."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Final

from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.rules import Findings, Severity
from ivigcheck.show import duration, number
from ivigcheck.units import exceeds
from ivigcheck.written import Trouble

_MINUTES_PER_HOUR: Final = 60
_IN_DOUBT: Final = {
    "IVG302": "the dose and the total dose disagree (IVG302): say which is meant",
    "IVG404": "the patient's weights disagree (IVG404): settle which is right first",
    "IVG909": "the weight may be in the other unit (IVG909): settle it first",
}
"""What is only for review, and yet puts in doubt what every step rests on."""


@dataclass(frozen=True)
class Refusal:
    """Why an order gets no schedule."""

    why: str


def refused(orders: Orders, findings: Findings, i: int) -> str:
    """Why an order cannot have a schedule at all; "" where it can."""
    status = Severity(int(findings.status[i]))
    found = findings.codes(i)
    if status in (Severity.STOP, Severity.UNCHECKED):
        worst = dict.fromkeys(code for code, severity in found if severity == status)
        what = "must not run as ordered" if status == Severity.STOP else "could not be checked"
        return f"the order is {status.name} ({', '.join(worst)}): it {what}"
    if orders.product[i] < 0:
        return "the product is not known (IVG907): without it no label governs the rates"
    if orders.rechallenge[i]:
        return "the infusion goes on after a reaction: how much of the dose has run in already is not on the order"
    codes = {code for code, _ in found}
    for code, why in _IN_DOUBT.items():
        if code in codes:
            return why
    if _in_trouble(orders, "dose", i) or _in_trouble(orders, "dose_total", i):
        return "the dose could not be read or used"
    if _in_trouble(orders, "infusion_hours", i):
        return "the ordered hours could not be read or used"
    if isnan(orders.dose_g_per_kg[i]):
        return "the order gives no dose"
    if isnan(orders.concentration[i]):
        return "the concentration is not known"
    if isnan(orders.rate_weight_kg[i]) or isnan(orders.max_rate[i]):
        return "weight or maximum rate is not known"
    return ""


def _in_trouble(orders: Orders, column: str, i: int) -> bool:
    return int(orders.problems[column].trouble[i]) != Trouble.NONE


def notes_of(orders: Orders, limits: Limits, i: int, minutes: float) -> tuple[str, ...]:
    """What differs from what was ordered, and what a schedule of so many minutes does not rest on, said plainly."""
    notes = []
    if exceeds(float(orders.max_rate[i]), float(limits.soft_max[i]), bool(limits.soft_max_exclusive[i])):
        notes.append("the ordered maximum is over the soft maximum: the schedule keeps to the soft maximum")
    if exceeds(float(orders.start_rate[i]), float(limits.start[i])):
        notes.append("the ordered start rate is over the start limit: the schedule keeps to the start limit")
    hours = float(orders.infusion_hours[i])
    if not isnan(hours):
        if exceeds(minutes, hours * _MINUTES_PER_HOUR + 1):
            notes.append(f"ordered over {number(hours)} h: it takes {duration(minutes)}")
        else:
            notes.append(f"ordered over {number(hours)} h: the rate is held so that it takes no less")
    stated, total = float(orders.dose_stated_g[i]), float(orders.dose_total_g[i])
    if exceeds(abs(stated - total), 0.0):
        notes.append(f"the total dose of {number(total)} g is taken; the dose comes to {number(stated)} g")
    (product,) = orders.possible_products(i)
    if isnan(limits.label_start[i]) or isnan(limits.label_max[i]):
        notes.append(
            f"labelled rates of {product.name} are not known here (IVG113): these steps rest on the policy alone; hold "
            "them against the label"
        )
    return tuple(notes)
