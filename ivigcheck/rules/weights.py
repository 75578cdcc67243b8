"""A weight that looks as if it were in the other unit (IVG909)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import as_written, inputs
from ivigcheck.show import against, number
from ivigcheck.units import UNITS, Floats, Mask, exceeds

_CM_PER_M = 100
_UNITS = ("kg", "lb")


def _index(weight_kg: Floats, height_cm: Floats) -> Floats:
    """(n,) body-mass index in kg/m²."""
    return np.asarray(weight_kg / (height_cm / _CM_PER_M) ** 2, float)


def other_reading(orders: Orders, rows: slice = slice(None)) -> Floats:
    """(k,) the weight in kg that some orders' same number would be in the other unit; NaN where there is none."""
    written = orders.written.get("weight")
    if written is None:
        return np.full(orders.n, np.nan)[rows]
    factor = {name: UNITS["body_mass"][name].factor for name in _UNITS}
    swapped = [factor[_UNITS[1 - _UNITS.index(unit.name)]] for unit in written.units]
    return np.asarray(written.value[rows] * np.array([*swapped, np.nan])[written.unit[rows]], float)


def _outside(orders: Orders, index: Floats) -> Mask:
    window = orders.knowledge.policy.entry.body_mass_index
    return exceeds(window.low, index) | exceeds(index, window.high)


@rule(
    "IVG909", "weight-suspicious", Severity.REVIEW, source="body_mass_index", flags=(), passes=({"weight_kg": 150.0},)
)
def weight_suspicious(orders: Orders, limits: Limits) -> Mask:
    """As written the weight hardly fits the height; read in the other unit it would.

    Why it matters: pounds taken for kilograms make every rate and dose more than twice too high.
    What to do: weigh, and correct the weight or its unit. Only orders with a height can be judged.
    """
    as_read, swapped = _index(orders.weight_kg, orders.height_cm), _index(other_reading(orders), orders.height_cm)
    return np.asarray(_outside(orders, as_read) & ~np.isnan(swapped) & ~_outside(orders, swapped), bool)


@weight_suspicious.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    window = orders.knowledge.policy.entry.body_mass_index
    height, weight = float(orders.height_cm[i]), float(orders.weight_kg[i])
    other = float(other_reading(orders, slice(i, i + 1))[0])
    written = orders.written["weight"]
    unit = written.unit_at(i)
    swapped = _UNITS[1 - _UNITS.index(unit.name)] if unit else ""
    metres = number(height / _CM_PER_M)
    index = float(_index(np.array(weight), np.array(height)))
    bound = window.low if index < window.low else window.high
    shown = against(index, bound)
    inside = number(float(_index(np.array(other), np.array(height))), 3)
    return Detail(
        f"{as_written(orders, 'weight', i)} at {number(height)} cm is a body-mass index of {shown} kg/m², outside "
        f"{number(window.low)} to {number(window.high)}; {number(float(written.value[i]))} {swapped} would be "
        f"{inside}: was the other unit meant?",
        inputs(orders, i, "weight", "height_cm"),
        f"{number(weight)} kg ÷ ({metres} m)² = {shown} kg/m²; {number(other)} kg ÷ ({metres} m)² = {inside} kg/m²",
        orders.knowledge.cite_policy("body_mass_index"),
    )
