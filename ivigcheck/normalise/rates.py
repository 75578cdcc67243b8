"""Ordered rates and doses per kg of body weight."""

from __future__ import annotations

import numpy as np

from ivigcheck.units import Floats, Mask
from ivigcheck.written import Written


def _by_unit(written: Written) -> tuple[Floats, Mask, Mask]:
    """(n,) factor to the unit's form, whether that form is by volume, and whether it is not per kg."""
    factors = np.array([unit.factor for unit in written.units] + [np.nan])
    volume = np.array([unit.form.startswith("mL") for unit in written.units] + [False])
    absolute = np.array(["/kg" not in unit.form for unit in written.units] + [False])
    return factors[written.unit], volume[written.unit], absolute[written.unit]


def by_volume(written: Written) -> Mask:
    """(n,) whether a value is there and is by volume, so that it needs a concentration."""
    return _by_unit(written)[1] & ~np.isnan(written.value)


def rate_per_kg(written: Written, weight_kg: Floats, mg_per_mL: Floats) -> Floats:
    """Ordered rates in mg/kg/min.

    written: values in their units. weight_kg, mg_per_mL: (n,) kg and mg/mL, NaN where not known.
    Returns (n,) float, NaN exactly where something that the unit needs is missing.
    Source: arithmetic; mL/kg/h x C / 60, mL/h x C / (60 W), mg/min / W.
    """
    factor, volume, absolute = _by_unit(written)
    value = written.value * factor
    value = np.where(volume, value * mg_per_mL, value)
    return np.asarray(np.where(absolute, value / weight_kg, value), float)


def in_grams(written: Written) -> Mask:
    """(n,) whether a value is there and is an amount, not one per kg."""
    return _by_unit(written)[2] & ~np.isnan(written.value)


def dose_in_g(written: Written, weight_kg: Floats) -> Floats:
    """Doses in g: as written, or per kg times the weight. (n,) float, NaN where the weight it needs is missing."""
    factor, _, absolute = _by_unit(written)
    value = written.value * factor
    return np.asarray(np.where(absolute, value, value * weight_kg), float)


def dose_per_kg(written: Written, weight_kg: Floats) -> Floats:
    """Doses in g/kg: as written, or grams over the weight. (n,) float, NaN where the weight it needs is missing."""
    factor, _, absolute = _by_unit(written)
    value = written.value * factor
    return np.asarray(np.where(absolute, value / weight_kg, value), float)
