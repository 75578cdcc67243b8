"""What a product contains, against the patient (IVG208, IVG209)."""

from __future__ import annotations

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.orders import UNKNOWN, YES, Orders
from ivigcheck.rules.registry import Detail, Severities, Severity, rule
from ivigcheck.rules.wording import by_code, inputs, question_inputs, read_on
from ivigcheck.units import Mask


def _stabilizers(orders: Orders, i: int) -> set[str]:
    return {product.stabilizer for product in orders.possible_products(i)}


def _verdict(orders: Orders, i: int, facts: set[str], against: str) -> Severity:
    """Stop where every product that the order may mean has the fact; review where it is not known, or they differ."""
    if facts == {against}:
        return Severity.STOP
    return Severity.PASS if len(facts) == 1 and "unknown" not in facts else Severity.REVIEW


def _excipient_verdicts(orders: Orders, i: int) -> list[tuple[Severity, str, str]]:
    """What speaks against one order's product: severity, what is contraindicated, and the column that says so."""
    verdicts = []
    products = orders.possible_products(i)
    for question in orders.knowledge.questions:
        if orders.answers[question.name][i] != YES:
            continue
        if stabilizer := question.contraindicated_stabilizer:
            severity = _verdict(orders, i, _stabilizers(orders, i), stabilizer)
            said = f"{question.title.lower()}{by_code(orders, i, question.name)}"
            verdicts.append((severity, f"{said}, and a product with {stabilizer}", question.name))
        if brand := question.contraindicated_brand:
            severity = _verdict(orders, i, {product.brand for product in products}, brand)
            verdicts.append((severity, f"{question.title.lower()}, and {brand}", question.name))
    ages = {product.entry.contraindicated_under_years for product in products}
    limits = [age for age in ages if age is not None]
    if len(ages) == 1 and limits and orders.age_years[i] < limits[0]:
        verdicts.append((Severity.STOP, f"age under {limits[0]} years, and {products[0].brand}", "age_years"))
    return [verdict for verdict in verdicts if verdict[0]]


def _asked(orders: Orders) -> Mask:
    """(n,) whether anything that an excipient may speak against is there at all."""
    ages = [p.entry.contraindicated_under_years for p in orders.knowledge.products]
    asked = np.asarray(orders.age_years < max((age for age in ages if age is not None), default=0), bool)
    for question in orders.knowledge.questions:
        if question.contraindicated_stabilizer or question.contraindicated_brand:
            asked |= orders.answered(question.name)
    return asked


@rule(
    "IVG208",
    "excipient-contraindicated",
    Severity.STOP,
    source="the product's composition",
    flags=({"answers": {"corn_allergy": YES}}, {"answers": {"hyperprolinemia": YES}}),
    passes=({"answers": {"corn_allergy": UNKNOWN}}, {"age_years": 1.0}),
)
def excipient_contraindicated(orders: Orders, limits: Limits) -> Severities:
    """What the product contains is contraindicated in this patient.

    Why it matters: proline in hyperprolinemia, sorbitol in fructose intolerance, corn-derived maltose (Octagam) in corn
    allergy; Flebogamma DIF under 2 years, when fructose intolerance may not have shown itself yet.
    What to do: stop, and choose another product. For review where the product or its stabilizer is not known: find out.
    """
    severity = np.zeros(orders.n, np.int8)
    for i in np.flatnonzero(_asked(orders)):
        severity[i] = max((verdict for verdict, *_ in _excipient_verdicts(orders, int(i))), default=Severity.PASS)
    return severity


@excipient_contraindicated.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    verdicts = _excipient_verdicts(orders, i)
    worst = max(severity for severity, *_ in verdicts)
    what = "; ".join(text for severity, text, _ in verdicts if severity == worst)
    products = orders.possible_products(i)
    names = " or ".join(product.name for product in products) or "a product not known here"
    stabilizers = ", ".join(sorted(_stabilizers(orders, i))) or "unknown"
    verb = "contraindicated" if worst == Severity.STOP else "cannot be judged without the product's composition"
    columns = [name for *_, name in verdicts]
    if "age_years" in columns:
        columns.append("birth_date")
    known = f"knowledge {orders.knowledge.version}"
    composition = "; ".join(
        f"{known}, {product.name}, composition; {read_on(orders.knowledge, product)}" for product in products
    )
    return Detail(
        f"{what}: {verb} ({names}, stabilizer {stabilizers})",
        question_inputs(orders, i, *columns, also=("product",)),
        "",
        composition or f"{known}, products",
    )


@rule(
    "IVG209",
    "glucose-meter-interference",
    Severity.INFO,
    source="the product's composition",
    flags=(),
    passes=({"product": -1},),
)
def glucose_meter_interference(orders: Orders, limits: Limits) -> Mask:
    """The product contains maltose.

    Why it matters: meters that do not measure glucose alone read falsely high, and insulin has been given on it.
    What to do: use a glucose-specific method during the infusion and for about 15 hours after.
    """
    stabilized = [product.stabilizer == "maltose" for product in orders.knowledge.products]
    maltose: Mask = np.array([*stabilized, False])[orders.product]
    for i in orders.candidates:
        maltose[i] = _stabilizers(orders, i) == {"maltose"}
    return np.asarray(maltose, bool)


@glucose_meter_interference.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    products = orders.possible_products(i)
    warning = next(text for text in products[0].entry.hazards if text.startswith("Maltose"))
    return Detail(
        f"{products[0].brand} contains maltose, which some meters read as glucose: use a glucose-specific method",
        inputs(orders, i, "product"),
        "",
        f"knowledge {orders.knowledge.version}, product {products[0].name}: {warning}",
    )
