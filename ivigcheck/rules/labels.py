"""What the product's label does not say (IVG113, IVG114)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.orders import Orders, ProductState
from ivigcheck.rules.registry import Detail, Severity, rule
from ivigcheck.rules.wording import inputs
from ivigcheck.units import Mask


@rule(
    "IVG113",
    "label-figures-unknown",
    Severity.REVIEW,
    source="the product's label",
    flags=({"product": 0},),
    passes=({"product": -1}, {"product": 0, "limits": {"label_start": 0.5, "label_max": 8.0}}),
)
def label_figures_unknown(orders: Orders, limits: Limits) -> Mask:
    """The product is known, and no source gave its labelled start or maximum rate.

    Why it matters: the policy's limits stand alone here, and other products are labelled for half of them.
    What to do: look the rates up in the product's current prescribing information before passing the order.
    """
    return np.asarray((orders.product >= 0) & (np.isnan(limits.label_start) | np.isnan(limits.label_max)), bool)


@label_figures_unknown.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    lacking = [
        what
        for what, figure in (("start rate", limits.label_start), ("maximum rate", limits.label_max))
        if np.isnan(figure[i])
    ]
    (product,) = orders.possible_products(i)
    return Detail(
        f"not known here: the labelled {' and '.join(lacking)} of {product.name}. Policy limits only",
        inputs(orders, i, "product", "indication"),
        "",
        f"knowledge {orders.knowledge.version}, product {product.name}: no source gave the figure",
    )


@rule(
    "IVG114",
    "indication-off-label",
    Severity.INFO,
    source="the product's label",
    flags=({"product": 0, "indication": 0, "product_state": ProductState.KNOWN, "limits": {"on_label": False}},),
    passes=(
        {"product": 0, "indication": 0, "product_state": ProductState.KNOWN, "limits": {"on_label": True}},
        {"product": 0, "indication": -1, "product_state": ProductState.KNOWN, "limits": {"on_label": False}},
    ),
)
def indication_off_label(orders: Orders, limits: Limits) -> Mask:
    """The indication is recognised, and is not on this product's label.

    Why it matters: the label gives no rate for this use.
    What to do: nothing; the strictest figures of the label were applied.
    """
    return np.asarray((orders.product >= 0) & (orders.indication >= 0) & ~limits.on_label, bool)


@indication_off_label.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    (product,) = orders.possible_products(i)
    indication = orders.knowledge.indications[orders.indication[i]]
    return Detail(
        f"{indication.code} is not on the label of {product.name}: its strictest figures were applied",
        inputs(orders, i, "product", "indication"),
        "",
        f"knowledge {orders.knowledge.version}, product {product.name}",
    )
