"""Which vials make up a dose, and the whole vials nearest to it."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from ivigcheck.doses import PER_INFUSION, fits_any
from ivigcheck.knowledge import DoseRange, PolicyInForce, Product, sizes_mg
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

_PER_G: Final = 1000  # vials are counted in milligrams, so that 2.5 g is a whole number


@dataclass(frozen=True)
class Vials:
    """How many of each size, largest first. sizes and grams in g."""

    counts: tuple[tuple[float, int], ...]

    @cached_property
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


class _Held:
    """Which totals vials of some sizes hold exactly, and the fewest that do; worked out as far as was asked, and once.

    sizes: in mg, largest first. unit: mg, of which every size is a multiple; totals are counted in it.
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.unit = math.gcd(*sizes)
        self._sizes = [size // self.unit for size in sizes]
        self._by_total: dict[int, tuple[int, int] | None] = {0: (0, 0)}  # how many vials, and the largest of them

    def holds(self, total: int) -> bool:
        return self._at(self._below(total)) is not None

    def taken(self, total: int) -> Counter[int]:
        """How many of each size, in mg, make up a total that is held."""
        rest = self._below(total)
        taken = Counter({self._sizes[0] * self.unit: (total - rest) // self._sizes[0]})
        while rest:
            held = self._at(rest)
            if held is None:
                raise LookupError("a total that no vials make up")
            taken[held[1] * self.unit] += 1
            rest -= held[1]
        return taken

    def _below(self, total: int) -> int:
        """What is left of a total without the largest vials that the fewest for it have in any case.

        Of as many smaller vials as the largest has units, some make up whole largest ones, which are fewer. So the
        fewest have not so many, and from the largest squared on there is a largest among them: no more need be kept.
        """
        largest = self._sizes[0]
        return total if total < largest**2 else largest**2 - largest + total % largest

    def _at(self, total: int) -> tuple[int, int] | None:
        held = self._by_total
        for each in range(len(held), total + 1):
            before = [(held[each - size], size) for size in self._sizes if size <= each]
            found = [(others[0] + 1, size) for others, size in before if others is not None]
            held[each] = min(found, key=lambda vials: (vials[0], -vials[1]), default=None)
        return held[total]


_held: Final = lru_cache(maxsize=100)(_Held)


@lru_cache(maxsize=10_000)
def fewest(sizes: tuple[int, ...], least: int) -> Vials:
    """The vials with the least waste that hold at least so many mg, and of these the fewest. sizes: in mg."""
    held = _held(sizes)
    total = next(total for total in itertools.count(-(-least // held.unit)) if held.holds(total))
    taken = held.taken(total)
    return Vials(tuple((size / _PER_G, taken[size]) for size in sizes if taken[size]))


def vials_for(product: Product, dose_g: float) -> Vials | None:
    """The vials to use for a dose; None where the product's sizes are not known."""
    sizes = sizes_mg(product)
    return fewest(sizes, math.ceil(dose_g * _PER_G * (1 - RELATIVE_TOLERANCE))) if sizes else None


def _most_within(sizes: tuple[int, ...], dose_mg: float) -> Vials | None:
    """The whole vials that come nearest to a dose without being more."""
    held = _held(sizes)
    most = math.floor(dose_mg * (1 + RELATIVE_TOLERANCE) / held.unit)
    total = next((total for total in range(most, 0, -1) if held.holds(total)), None)
    return None if total is None else fewest(sizes, total * held.unit)


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
