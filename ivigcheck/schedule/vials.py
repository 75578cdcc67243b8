"""Which vials make up a dose, and the whole vials nearest to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ivigcheck.doses import PER_INFUSION, fits_any
from ivigcheck.knowledge import DoseRange, PolicyInForce, Product, sizes_mg
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

_PER_G: Final = 1000  # vials are counted in milligrams, so that 2.5 g is a whole number


@dataclass(frozen=True)
class Vials:
    """How many of each size, largest first. sizes and grams in g."""

    counts: tuple[tuple[float, int], ...]

    @property
    def grams(self) -> float:
        return math.fsum(size * count for size, count in self.counts)

    def __str__(self) -> str:
        return " + ".join(f"{count} × {size:g} g" for size, count in self.counts)


@dataclass(frozen=True)
class Suggestion:
    """The dose in whole vials that is nearest to the ordered one and fits a range that applies."""

    grams: float
    g_per_kg: float
    vials: Vials


@lru_cache(maxsize=10_000)
def fewest(sizes: tuple[int, ...], least: int) -> Vials:
    """The vials with the least waste that hold at least so many mg, and of these the fewest. sizes: in mg."""
    unit = math.gcd(*sizes)
    wanted = -(-least // unit)
    counts: list[tuple[int, int] | None] = [(0, 0)]  # number of vials, and the last size, for each total
    for total in range(1, wanted + sizes[0] // unit + 1):
        before = [(counts[total - size // unit], size) for size in sizes if size <= total * unit]
        found = [(held[0] + 1, size) for held, size in before if held is not None]
        counts.append(min(found, key=lambda each: (each[0], -each[1])) if found else None)
    total = next(total for total in range(wanted, len(counts)) if counts[total] is not None)
    taken: dict[int, int] = {}
    while total:
        held = counts[total]
        if held is None:
            raise LookupError("a total that no vials make up")
        taken[held[1]] = taken.get(held[1], 0) + 1
        total -= held[1] // unit
    return Vials(tuple((size / _PER_G, taken[size]) for size in sizes if size in taken))


def vials_for(product: Product, dose_g: float) -> Vials | None:
    """The vials to use for a dose; None where the product's sizes are not known."""
    sizes = sizes_mg(product)
    return fewest(sizes, math.ceil(dose_g * _PER_G * (1 - RELATIVE_TOLERANCE))) if sizes else None


def _most_within(sizes: tuple[int, ...], dose_mg: float) -> Vials | None:
    """The whole vials that come nearest to a dose without being more."""
    unit = math.gcd(*sizes)
    for total in range(math.floor(dose_mg * (1 + RELATIVE_TOLERANCE) / unit) * unit, sizes[-1] - 1, -unit):
        vials = fewest(sizes, total)
        if round(vials.grams * _PER_G) == total:
            return vials
    return None


def suggest(
    product: Product, dose_g: float, weight_kg: float, ranges: Sequence[DoseRange], policy: PolicyInForce
) -> Suggestion | None:
    """The dose in whole vials nearest to the ordered one; None where it is whole already, or none fits.

    Never over a range: upwards only where every range that applies is per infusion (more in one infusion of a course
    would be more in the whole), where one of them still holds it, and not past the dose that is high for one infusion.
    Where no range is known, downwards alone. Never further from the ordered dose than two doses of one order may differ
    (the policy's ``dose_disagreement``).
    """
    sizes = sizes_mg(product)
    if not sizes:
        return None
    up = vials_for(product, dose_g)
    if up is None or up.grams <= dose_g * (1 + RELATIVE_TOLERANCE):
        return None
    down = _most_within(sizes, dose_g * _PER_G)
    may_rise = bool(ranges) and all(each.basis == PER_INFUSION for each in ranges)
    high = policy.high_dose_g_per_kg
    below_high = up.grams / weight_kg < high or dose_g / weight_kg >= high
    candidates = ([up] if may_rise and below_high else []) + ([down] if down else [])
    near = [each for each in candidates if not exceeds(abs(each.grams - dose_g), policy.dose_disagreement * dose_g)]
    fitting = [vials for vials in near if not ranges or fits_any(vials.grams / weight_kg, ranges)]
    if not fitting:
        return None
    nearest = min(fitting, key=lambda vials: (abs(vials.grams - dose_g), vials.grams))
    return Suggestion(nearest.grams, nearest.grams / weight_kg, nearest)
