"""What is to run, and how fast: indication, rates, dose, and an earlier reaction in the same infusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ivigcheck.knowledge import Knowledge, Product
from ivigcheck.knowledge.model import Range
from ivigcheck.normalise.products import Products
from ivigcheck.normalise.rates import by_volume, dose_in_g, dose_per_kg, in_grams, rate_per_kg
from ivigcheck.normalise.reader import COLUMN, Reader, in_form
from ivigcheck.normalise.spellings import read_indication, read_product
from ivigcheck.units import Floats, Mask, exceeds, same
from ivigcheck.written import Codes, Trouble

RATES: Final = ("max_rate", "start_rate", "reaction_rate")
_SEVEREST_GRADE: Final = 4  # the scale of reactions has no more grades


def read_indications(reader: Reader, knowledge: Knowledge) -> tuple[Codes, Mask]:
    """(n,) position of the indication, -1 where not known; and whether a text is there that names none."""
    found, codes = reader.spellings(
        COLUMN["indication"], lambda text: (read_indication(text, knowledge) if text else -1, Trouble.NONE, "")
    )
    blank = reader.blank("indication")
    reader.missing("indication", blank)
    position = np.asarray(found or [-1], np.int64)[codes]
    readable = reader.problems["indication"].trouble == Trouble.NONE
    return position, (position < 0) & ~blank & readable & reader.usable


@dataclass(frozen=True, eq=False, repr=False)
class Rates:
    """Column -> (n,) mg/kg/min. used: within the plausible range; reckoned: before that was asked."""

    used: dict[str, Floats]
    reckoned: dict[str, Floats]


def reckon_rates(reader: Reader, weight_kg: Floats, mg_per_mL: Floats, bounds: Range) -> Rates:
    """Every rate as written, in mg/kg/min."""
    rates = Rates({}, {})
    for name in RATES:
        written = reader.written[name]
        rate = rate_per_kg(written, weight_kg, mg_per_mL)
        none = written.value <= bounds.low
        absurd = ~none & exceeds(rate, bounds.high, bounds.high_exclusive)
        reader.add(name, none, Trouble.IMPLAUSIBLE, f"is not above {bounds.low:g}")
        reader.add(name, absurd, Trouble.IMPLAUSIBLE, f"is {bounds.high:g} {bounds.unit} or more")
        rates.used[name] = np.where(none | absurd, np.nan, rate)
        rates.reckoned[name] = np.where(none, np.nan, rate)
    reader.missing("max_rate", reader.silent("max_rate"))
    return rates


def need_concentration(reader: Reader, products: Products) -> None:
    """A concentration is needed where a rate is by volume and no product gives it; elsewhere it is for review."""
    by_any = [by_volume(reader.written[name]) for name in RATES]
    needed = np.logical_or.reduce(by_any) & ~products.given
    reader.severity("concentration", needed)
    reader.missing("concentration", needed & np.isnan(products.concentration) & reader.silent("concentration"))


@dataclass(frozen=True, eq=False, repr=False)
class Doses:
    """(n,) the dose of this infusion.

    per_kg: g/kg, the greater of what dose and total dose give; in_grams: whether that is written in grams; least and
    least_in_grams: the same of the lesser. stated, total: in g, as the dose gives it and as the total dose does.
    """

    per_kg: Floats
    in_grams: Mask
    least: Floats
    least_in_grams: Mask
    stated: Floats
    total: Floats


def read_doses(reader: Reader, weight_kg: Floats, bounds: Range) -> Doses:
    """Dose and total dose, each with its problems."""
    per_kg, grams, absolute = [], [], []
    for name in ("dose", "dose_total"):
        written = reader.quantities(COLUMN[name])
        dose = dose_per_kg(written, weight_kg)
        none, absurd = written.value <= bounds.low, exceeds(dose, bounds.high)
        reader.add(name, none, Trouble.IMPLAUSIBLE, f"is not above {bounds.low:g}")
        reader.add(name, absurd, Trouble.IMPLAUSIBLE, f"is over {bounds.high:g} {bounds.unit}")
        per_kg.append(np.where(none | absurd, np.nan, dose))
        grams.append(np.where(none | absurd, np.nan, dose_in_g(written, weight_kg)))
        absolute.append(in_grams(written))
    # Where the two agree, the dose per kg says it: its grams are what it was reckoned to, not rounded to vials.
    only_total = np.isnan(per_kg[0])
    in_greater = np.where(only_total | exceeds(per_kg[1], per_kg[0]), absolute[1], absolute[0])
    in_lesser = np.where(only_total | exceeds(per_kg[0], per_kg[1]), absolute[1], absolute[0])
    return Doses(np.fmax(*per_kg), in_greater, np.fmin(*per_kg), in_lesser, *grams)


def read_hours(reader: Reader) -> Floats:
    """(n,) the hours over which the dose runs."""
    hours = in_form(reader.quantities(COLUMN["infusion_hours"]))
    reader.add("infusion_hours", hours == 0, Trouble.IMPLAUSIBLE, "is zero")
    return np.where(hours == 0, np.nan, hours)


def read_grades(reader: Reader) -> Floats:
    """(n,) the grade of an earlier reaction."""
    grade = reader.numbers(COLUMN["reaction_grade"], 0, float("inf"))
    broken = grade != np.floor(grade)
    reader.add("reaction_grade", ~np.isnan(grade) & broken, Trouble.UNREADABLE, "is no whole number")
    above = ~broken & (grade > _SEVEREST_GRADE)
    reader.add("reaction_grade", above, Trouble.IMPLAUSIBLE, f"is above {_SEVEREST_GRADE}")
    return np.where(broken | above, np.nan, grade)


def find_rechallenges(reader: Reader, grade: Floats, minutes: Floats, recorded: Floats, open_: Mask) -> Mask:
    """(n,) whether this infusion goes on after a reaction; then grade and rate of the reaction are needed.

    grade: of the order or the history. recorded: (n,) the rate at a reaction that the history knows of this infusion;
    open_: (n,) it knows of one without its rate.
    """
    rate_given = ~np.isnan(reader.written["reaction_rate"].value)
    rate_given &= reader.problems["reaction_rate"].trouble == Trouble.NONE
    rechallenge = ((grade >= 1) | rate_given | ~np.isnan(minutes)) & reader.usable
    reader.missing("reaction_grade", rechallenge & np.isnan(grade))
    unknown = np.isnan(recorded) | open_
    reader.missing("reaction_rate", rechallenge & reader.silent("reaction_rate") & unknown)
    return rechallenge


def read_last_products(reader: Reader, products: Products, knowledge: Knowledge, recorded: Mapping[int, str]) -> Mask:
    """(n,) whether the last infusion was of another product: another brand, or another strength where both say so.

    recorded: index of an order -> the product of the last infusion on record, which counts where the order is silent.
    """

    def read(text: str) -> tuple[frozenset[int], Trouble, str]:
        said = read_product(text, knowledge)
        if text and (not said.products or (said.code and len(said.products) > 1)):
            return frozenset(), Trouble.UNREADABLE, "is no product known here"
        made = {product for product in said.products if _made_at(knowledge.products[product], said.strengths)}
        return frozenset(made or said.products), Trouble.NONE, ""

    last, codes = reader.spellings(COLUMN["last_product"], read)
    another = np.zeros(reader.cells.n, bool)
    for i in np.flatnonzero(np.array([bool(each) for each in last] or [False])[codes]):
        now = products.candidates.get(int(i)) or (int(products.product[i]),)
        another[i] = now != (-1,) and last[codes[i]].isdisjoint(now)
    silent = reader.blank("last_product")
    for k, name in recorded.items():
        if silent[k] and name and products.product[k] >= 0:
            another[k] = knowledge.products[int(products.product[k])].name != name
    return another


def _made_at(product: Product, strengths: tuple[float, ...]) -> bool:
    return not np.isnan(product.concentration) and all(same(each, product.concentration) for each in strengths)
