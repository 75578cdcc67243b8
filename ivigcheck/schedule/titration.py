"""How an infusion is sped up: the label's own rule, or where it has none the policy's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from ivigcheck.knowledge import Knowledge, LabelRow
from ivigcheck.limits import label_rows
from ivigcheck.orders import Orders
from ivigcheck.show import number
from ivigcheck.units import RELATIVE_TOLERANCE


@dataclass(frozen=True, eq=False, repr=False)
class Titration:
    """first_minutes, step_minutes: how long the first and each further rate is kept.

    rows: the label's rows that apply. text: the rule in words; source: what it rests on.
    """

    first_minutes: float
    step_minutes: float
    factor: float
    rows: tuple[LabelRow, ...]
    text: str
    source: str

    def after(self, rate: float) -> float:
        """The rate in mg/kg/min that follows one: of several rows that apply, the slowest."""
        return min([self._after(rate, row) for row in self.rows], default=rate * self.factor)

    def _after(self, rate: float, row: LabelRow) -> float:
        listed = [each for each in row.step_rates if each > rate * (1 + RELATIVE_TOLERANCE)]
        if listed:
            return listed[0]
        return rate * self.factor if isnan(row.step_add) else rate + row.step_add


def titration_of(orders: Orders, i: int) -> Titration:
    """The rule for one order of a known product.

    Of several rows that apply (phases, or an indication that is not on the label) the longest times and the smallest
    steps count. What a label does not say is taken from the policy's ``titration``.
    """
    knowledge = orders.knowledge
    rows, on_label = label_rows(knowledge, int(orders.product[i]), int(orders.indication[i]), int(orders.phase[i]))
    policy = knowledge.policy.entry.titration
    first = [row.entry.start_minutes for row in rows if row.entry.start_minutes is not None]
    steps = [row.entry.step_minutes for row in rows if row.entry.step_minutes is not None]
    whole = bool(steps) and any(row.step_rates or not isnan(row.step_add) for row in rows)
    return Titration(
        first_minutes=float(max(first, default=policy.start_minutes)),
        step_minutes=float(max(steps, default=policy.step_minutes)),
        factor=policy.step_factor,
        rows=tuple(rows),
        text=_text(knowledge, rows, first, steps),
        source=_source(knowledge, rows, on_label=on_label, label_alone=whole and bool(first)),
    )


def _text(knowledge: Knowledge, rows: Sequence[LabelRow], first: list[int], steps: list[int]) -> str:
    policy = knowledge.policy.entry.titration
    listed = [row for row in rows if row.step_rates]
    added = [row.step_add for row in rows if not isnan(row.step_add)]
    start = number(float(max(first, default=policy.start_minutes)))
    every = number(float(max(steps, default=policy.step_minutes)))
    if listed:
        rates = ", ".join(number(rate) for rate in listed[0].step_rates)
        how = f"through {rates} mg/kg/min"
    elif added:
        how = f"by {number(min(added))} mg/kg/min"
    else:
        how = f"to {number(policy.step_factor)} times the rate"
    return f"first rate {start} min, then raised every {every} min {how}, if tolerated"


def _source(knowledge: Knowledge, rows: Sequence[LabelRow], *, on_label: bool, label_alone: bool) -> str:
    said = [row for row in rows if row.entry.start_minutes or row.entry.step_minutes or row.step_rates]
    cites = list(dict.fromkeys(f'{row.cite}: "{row.entry.step_rule}"' for row in said))
    if not on_label and cites:
        cites[0] += " (the indication is not on the label)"
    policy = knowledge.cite_policy("titration")
    if not cites:
        return policy
    return "; ".join(cites if label_alone else [*cites, f"what it does not say: {policy}"])
