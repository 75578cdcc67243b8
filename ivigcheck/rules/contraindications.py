"""Contraindications and warnings (IVG201 to IVG209)."""

from __future__ import annotations

import numpy as np

from ivigcheck.knowledge import Product, publishers
from ivigcheck.limits import Limits
from ivigcheck.orders import UNKNOWN, YES, Orders
from ivigcheck.rules.registry import Detail, Example, Rule, Severities, Severity, rule
from ivigcheck.rules.wording import by_code, inputs, question_inputs
from ivigcheck.show import number
from ivigcheck.units import Mask


def _yes_or_not(question: str) -> dict[str, tuple[Example, ...]]:
    """Examples on both sides of a rule that a single answer decides."""
    return {
        "flags": ({"answers": {question: YES}},),
        "passes": ({}, {"answers": {question: UNKNOWN}}),
    }


def _source(orders: Orders, i: int, name: str) -> str:
    """What a contraindication rests on: the product's label where it states any, or the question's source."""
    knowledge = orders.knowledge
    question = next(q for q in knowledge.questions if q.name == name)
    products = orders.possible_products(i)
    if question.family == "contraindication" and products and products[0].entry.contraindications:
        return f"knowledge {knowledge.version}, {products[0].name}, contraindications; {_read_on(orders, products[0])}"
    return knowledge.cite(question.sources[0])


def _read_on(orders: Orders, product: Product) -> str:
    return f"read on {publishers(orders.knowledge.sources, product.entry.sources)}"


def _says(declared: Rule, question: str, message: str) -> None:
    """Puts a finding that rests on one answer into words. message: with ``{by}`` where a diagnosis code is named."""

    @declared.says
    def explain(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
        said = message.format(by=by_code(orders, i, question))
        return Detail(said, question_inputs(orders, i, question), "", _source(orders, i, question))


@rule(
    "IVG201",
    "hypercoagulable-state",
    Severity.STOP,
    source="question hypercoagulable_state",
    **_yes_or_not("hypercoagulable_state"),
)
def hypercoagulable_state(orders: Orders, limits: Limits) -> Mask:
    """A hypercoagulable state is documented.

    Why it matters: IVIG raises the risk of thrombosis; the policy avoids it in known hypercoagulable states. No label
    read names this as a contraindication: labels warn of it in the boxed warning, and answer with minimum dose and
    rate, hydration and monitoring.
    What to do: stop, and weigh benefit against risk with the prescriber.
    """
    return orders.answered("hypercoagulable_state")


_says(
    hypercoagulable_state, "hypercoagulable_state", "a hypercoagulable state is documented{by}: IVIG is to be avoided"
)


@rule(
    "IVG202",
    "recent-thrombosis",
    Severity.STOP,
    source="question recent_thrombosis, or recent_thrombosis_days",
    **_yes_or_not("recent_thrombosis"),
)
def recent_thrombosis(orders: Orders, limits: Limits) -> Mask:
    """A recent thrombotic event is documented: by the answer, a diagnosis code, or a date within the policy's window.

    Why it matters: IVIG after a recent thrombotic event is to be avoided. The window is a site decision without a
    published number. No label read names this as a contraindication: labels warn of it in the boxed warning.
    What to do: stop, and weigh benefit against risk with the prescriber.
    """
    return orders.answered("recent_thrombosis")


@recent_thrombosis.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    policy = orders.knowledge.policy
    days = orders.days_since_thrombosis[i]
    used = {**question_inputs(orders, i, "recent_thrombosis"), **inputs(orders, i, "last_thrombosis_date")}
    source = orders.knowledge.cite(
        next(q.sources for q in orders.knowledge.questions if q.name == "recent_thrombosis")[0]
    )
    if not days <= policy.recent_thrombosis_days:
        by = by_code(orders, i, "recent_thrombosis")
        return Detail(f"a recent thrombotic event is documented{by}: IVIG is to be avoided", used, "", source)
    window = number(policy.recent_thrombosis_days)
    return Detail(
        f"the last thrombotic event was {number(days)} days ago, within {window} days "
        "(a site decision without a published number): IVIG is to be avoided",
        used,
        f"{orders.as_of.isoformat()} − {orders.cell('last_thrombosis_date', i)} = {number(days)} days ≤ {window} days",
        f"{source}; {orders.knowledge.cite_policy('recent_thrombosis_days')}",
    )


@rule("IVG203", "ivig-thrombosis", Severity.STOP, source="question ivig_thrombosis", **_yes_or_not("ivig_thrombosis"))
def ivig_thrombosis(orders: Orders, limits: Limits) -> Mask:
    """A confirmed thrombotic event on earlier IVIG is documented.

    Why it matters: it contraindicates IVIG for this patient in future.
    What to do: stop. The order should not be given.
    """
    return orders.answered("ivig_thrombosis")


_says(
    ivig_thrombosis,
    "ivig_thrombosis",
    "a confirmed thrombotic event on earlier IVIG{by} contraindicates IVIG for this patient",
)


@rule(
    "IVG204", "volume-depletion", Severity.STOP, source="question volume_depletion", **_yes_or_not("volume_depletion")
)
def volume_depletion(orders: Orders, limits: Limits) -> Mask:
    """The patient is volume depleted.

    Why it matters: volume depletion raises the risk of renal failure and thrombosis.
    What to do: the infusion is not to be started until it is corrected.
    """
    return orders.answered("volume_depletion")


_says(
    volume_depletion, "volume_depletion", "the patient is volume depleted{by}: not to be started until it is corrected"
)


@rule(
    "IVG205",
    "severe-reaction-history",
    Severity.STOP,
    source="severe_reaction_from_grade",
    flags=({"reaction_grade": 3.0}, {"reaction_grade": 4.0}),
    passes=({"reaction_grade": 2.0}, {"reaction_grade": float("nan")}),
)
def severe_reaction_history(orders: Orders, limits: Limits) -> Mask:
    """An earlier reaction was of grade 3 or 4.

    Why it matters: after such a reaction the infusion is discontinued for good.
    What to do: stop. No rechallenge.
    """
    return np.asarray(orders.reaction_grade >= orders.knowledge.policy.severe_reaction_from_grade, bool)


@severe_reaction_history.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    grade, bound = number(orders.reaction_grade[i]), number(orders.knowledge.policy.severe_reaction_from_grade)
    return Detail(
        f"an earlier reaction was of grade {grade}: from grade {bound} on, the infusion is discontinued for good",
        inputs(orders, i, "reaction_grade"),
        f"{grade} ≥ {bound}",
        orders.knowledge.cite_policy("severe_reaction_from_grade"),
    )


@rule(
    "IVG206",
    "iga-antibodies",
    Severity.STOP,
    source="question iga_deficiency_with_antibodies",
    **_yes_or_not("iga_deficiency_with_antibodies"),
)
def iga_antibodies(orders: Orders, limits: Limits) -> Mask:
    """IgA deficiency with antibodies against IgA is documented.

    Why it matters: products contain IgA; labels contraindicate them with such antibodies and a history of
    hypersensitivity.
    What to do: stop, and ask for an immunologist's advice.
    """
    return orders.answered("iga_deficiency_with_antibodies")


_says(
    iga_antibodies, "iga_deficiency_with_antibodies", "IgA deficiency with antibodies against IgA{by}: contraindicated"
)


@rule(
    "IVG207",
    "prior-anaphylaxis",
    Severity.STOP,
    source="question prior_anaphylaxis",
    **_yes_or_not("prior_anaphylaxis"),
)
def prior_anaphylaxis(orders: Orders, limits: Limits) -> Mask:
    """An anaphylactic or severe systemic reaction to human immune globulin is documented.

    Why it matters: every label read that states contraindications names it.
    What to do: stop. The order should not be given.
    """
    return orders.answered("prior_anaphylaxis")


_says(
    prior_anaphylaxis,
    "prior_anaphylaxis",
    "an anaphylactic or severe systemic reaction to human immune globulin is documented{by}: contraindicated",
)


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
        f"{known}, {product.name}, composition; {_read_on(orders, product)}" for product in products
    )
    return Detail(
        f"{what}: {verb} ({names}, stabilizer {stabilizers})",
        {**question_inputs(orders, i, *columns), **inputs(orders, i, "product")},
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
