"""Which product an order means, and the concentration that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ivigcheck.knowledge import Knowledge
from ivigcheck.normalise.reader import COLUMN, Reader, in_form, positions
from ivigcheck.normalise.spellings import ProductText, read_product
from ivigcheck.orders import ProductState
from ivigcheck.show import number
from ivigcheck.texts import combined
from ivigcheck.units import RELATIVE_TOLERANCE, Floats, Mask
from ivigcheck.written import Codes, Trouble


@dataclass(frozen=True, eq=False, repr=False)
class Products:
    """(n,) each: see `ivigcheck.orders.Orders`. given: whether product or text gives the concentration."""

    product: Codes
    state: Codes
    concentration: Floats
    given: Mask
    candidates: dict[int, tuple[int, ...]]


def read_products(reader: Reader, knowledge: Knowledge) -> Products:
    """Product and concentration of every order, held against each other."""
    column = in_form(reader.quantities(COLUMN["concentration"]))
    reader.add("concentration", column == 0, Trouble.IMPLAUSIBLE, "is zero")
    texts, codes = reader.spellings(COLUMN["product"], lambda text: (read_product(text, knowledge), Trouble.NONE, ""))
    usual = knowledge.policy.site.default_product
    where_blank = ProductText((usual,) if usual >= 0 else ())
    stated, in_column = np.unique(np.where(column > 0, column, np.nan), return_inverse=True)
    distinct, which = combined(codes, in_column.reshape(-1), (~reader.blank("product")).astype(np.int64))
    resolved = [
        resolve(texts[text] if has_text else where_blank, float(stated[concentration]), bool(has_text), knowledge)
        for text, concentration, has_text in distinct
    ]
    state = np.array([each.state for each in resolved], np.int64)[which]
    state[reader.problems["product"].trouble == Trouble.UNREADABLE] = ProductState.UNREADABLE
    disagreeing = np.array([bool(each.conflict) for each in resolved], bool)[which]
    reader.conflict("concentration", {i: resolved[which[i]].conflict for i in positions(disagreeing)})
    open_ = np.array([bool(each.candidates) for each in resolved], bool)[which]
    return Products(
        product=np.array([each.product for each in resolved], np.int64)[which],
        state=state,
        concentration=np.array([each.concentration for each in resolved], float)[which],
        given=np.array([each.given for each in resolved], bool)[which],
        candidates={i: resolved[which[i]].candidates for i in positions(open_)},
    )


@dataclass(frozen=True, eq=False, repr=False)
class Resolved:
    """One order's product. product: position, -1 where not known; candidates: what an open brand may be.

    concentration: mg/mL, NaN where nothing gives it; of values that disagree the greater, which makes every rate by
    volume the faster. given: whether the product or its text gives it, so that none needs to be written.
    conflict: a sentence, empty where nothing disagrees.
    """

    product: int
    candidates: tuple[int, ...]
    state: ProductState
    concentration: float
    given: bool
    conflict: str


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= RELATIVE_TOLERANCE * max(abs(a), abs(b))


def _fits(knowledge: Knowledge, product: int, written: float) -> bool:
    """Whether a product is made, or can be reconstituted, at this concentration."""
    entry = knowledge.products[product]
    if entry.concentration_range:
        low, high = entry.concentration_range
        return _equal(written, low) or _equal(written, high) or low < written < high
    return _equal(written, entry.concentration)


def _all_equal(values: tuple[float, ...]) -> bool:
    return all(_equal(value, values[0]) for value in values)


def resolve(text: ProductText, column: float, has_text: bool, knowledge: Knowledge) -> Resolved:
    """Holds the product's text against the concentration column (mg/mL, NaN where it says nothing).

    A strength in the text names the product of a brand of several; the column does so where the text has none; and
    where neither does, the only one that the site stocks is meant.
    """
    in_column = () if np.isnan(column) else (column,)
    written = (*text.strengths, *in_column)
    greatest = max(written, default=float("nan"))
    if not text.products:
        state = ProductState.UNRECOGNISED if has_text else ProductState.NOT_GIVEN
        return Resolved(-1, (), state, greatest, False, "")
    brand = knowledge.products[text.products[0]].brand
    said = " and ".join(f"{number(value)} mg/mL" for value in dict.fromkeys(written))
    made = " or ".join(_strengths(knowledge, product) for product in text.products)
    disagree = f"{brand} is made at {made}, and the order says {said}"
    if len(text.products) == 1:
        product = text.products[0]
        own = knowledge.products[product].concentration
        fits = all(_fits(knowledge, product, value) for value in written) and _all_equal(written)
        stated = not np.isnan(own) or bool(text.strengths)
        values = written if np.isnan(own) else (own, *written)
        concentration = max(values, default=float("nan")) if not fits else (own if not np.isnan(own) else greatest)
        return Resolved(product, (), ProductState.KNOWN, concentration, stated, "" if fits else disagree)
    stocked = [product for product in text.products if product in knowledge.policy.site.products_in_use]
    if not written and len(stocked) == 1:
        return Resolved(stocked[0], (), ProductState.KNOWN, knowledge.products[stocked[0]].concentration, True, "")
    if not written and text.code:
        return Resolved(-1, (), ProductState.UNRECOGNISED, float("nan"), False, "")
    if not written:
        return Resolved(-1, text.products, ProductState.OPEN, float("nan"), False, "")
    named = text.strengths or in_column
    chosen = [product for product in text.products if all(_fits(knowledge, product, value) for value in named)]
    if not chosen:
        strictest = max(greatest, *(knowledge.products[product].concentration for product in text.products))
        return Resolved(-1, text.products, ProductState.CONFLICTING, strictest, bool(text.strengths), disagree)
    product = chosen[0]
    own = knowledge.products[product].concentration
    if all(_equal(value, own) for value in written):
        return Resolved(product, (), ProductState.KNOWN, own, True, "")
    return Resolved(product, (), ProductState.KNOWN, max(own, greatest), True, disagree)


def _strengths(knowledge: Knowledge, product: int) -> str:
    entry = knowledge.products[product]
    if entry.concentration_range:
        return " to ".join(f"{number(value)} mg/mL" for value in entry.concentration_range)
    return f"{number(entry.concentration)} mg/mL"
