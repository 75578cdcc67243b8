"""Which doses apply to an order: per infusion, or per course, cycle or month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ivigcheck.columns import PHASES
from ivigcheck.knowledge import DoseRange, Knowledge
from ivigcheck.orders import Orders
from ivigcheck.units import RELATIVE_TOLERANCE, Floats, Mask
from ivigcheck.written import Codes

PER_INFUSION = "infusion"


def dose_ranges(knowledge: Knowledge, product: int, indication: int, phase: int) -> tuple[DoseRange, ...]:
    """The doses that apply: the label's for the indication, or where the product or its dose for it is not known the
    ones of every label; and those in use beside them. Empty where no source states any.

    product, indication, phase: positions, -1 where not known. Rows of another phase are left out where the order's own
    phase has rows.
    """
    if indication < 0:
        return ()
    code = knowledge.indications[indication].code

    def stated(products: list[int]) -> list[DoseRange]:
        rows = [row for each in products for row in knowledge.products[each].labels if row.indication == code]
        stating = [row for row in rows if row.dose]  # first: a row that states none says nothing of the phase either
        in_phase = [row for row in stating if phase >= 0 and row.phase in ("", PHASES[phase])]
        return [row.dose for row in in_phase or stating if row.dose]

    ranges = stated([product]) if product >= 0 else []
    ranges = ranges or stated(list(range(len(knowledge.products))))
    distinct = {(each.low, each.high, each.basis, each.days): each for each in reversed(ranges)}
    return (*reversed(distinct.values()), *knowledge.usual_doses.get(code, ()))


def by_ranges(orders: Orders) -> Iterator[tuple[tuple[DoseRange, ...], Mask]]:
    """Each set of doses that applies to some orders, with (n,) which ones; orders to which none applies are left
    out."""
    keys = np.stack([orders.product, orders.indication, orders.phase], axis=1)
    distinct, which = np.unique(keys, axis=0, return_inverse=True)
    which = which.reshape(-1)
    for k, (product, indication, phase) in enumerate(distinct.tolist()):
        ranges = dose_ranges(orders.knowledge, product, indication, phase)
        if ranges:
            yield ranges, which == k


def compared_with_nothing(orders: Orders) -> Mask:
    """(n,) whether an order has a dose for which no source states a range."""
    compared = np.zeros(orders.n, bool)
    for _, which in by_ranges(orders):
        compared |= which
    return ~compared & ~np.isnan(orders.dose_g_per_kg)


def ranges_of(orders: Orders, i: int) -> tuple[DoseRange, ...]:
    """The doses that apply to one order."""
    return dose_ranges(orders.knowledge, int(orders.product[i]), int(orders.indication[i]), int(orders.phase[i]))


def timed_ranges(knowledge: Knowledge, product: int, indication: int, phase: int) -> list[DoseRange]:
    """The doses that apply (see `dose_ranges`), as far as a source says within what time."""
    return [each for each in dose_ranges(knowledge, product, indication, phase) if each.days]


def counted_days(knowledge: Knowledge, each: DoseRange) -> int:
    """The days over which a dose is added up: an infusion may be repeated a little early."""
    early = int(knowledge.policy.early_repeat_days) if each.basis == PER_INFUSION else 0
    return max(1, (each.days or 1) - early)


def rounding(orders: Orders, in_grams: Mask, rows: slice | Codes) -> Floats:
    """(k,) g/kg by which rounding to whole vials may move the doses of some orders: half the product's smallest vial.
    0 where the dose is not given in grams (in_grams: (n,)), or the product's vials are not known.

    Source: hospitals round to the nearest whole vial; see the policy's ``dose_rounding``.
    """
    half = orders.knowledge.smallest_vials_g[orders.product[rows]] / 2
    return np.where(in_grams[rows], np.nan_to_num(half / orders.rate_weight_kg[rows]), 0.0)


def inside(dose: Floats | float, each: DoseRange, slack: Floats | float = 0.0, most: float = 0.0) -> Mask:
    """Whether a dose of one infusion fits a range. Of a course it may be a part of any size, or the whole at once: only
    what is over the whole is outside. False for NaN.

    slack: how far rounding to whole vials may move it over a bound, in g/kg, and most: at most this share of the bound.
    """
    dose = np.asarray(dose, float)
    low, high = (each.low - np.fmin(slack, most * each.low)), (each.high + np.fmin(slack, most * each.high))
    enough = dose >= low * (1 - RELATIVE_TOLERANCE) if each.basis == PER_INFUSION else dose > 0
    return np.asarray(enough & (dose <= high * (1 + RELATIVE_TOLERANCE)), bool)


def fits_any(dose: Floats | float, ranges: Sequence[DoseRange], slack: Floats | float = 0.0, most: float = 0.0) -> Mask:
    """Whether a dose of one infusion, in g/kg, fits one of the ranges. slack, most: see `inside`."""
    return np.asarray(np.logical_or.reduce([inside(dose, each, slack, most) for each in ranges]), bool)
