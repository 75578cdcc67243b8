"""Contraindications and warnings (IVG201 to IVG207, IVG210)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ivigcheck.knowledge import Knowledge, Product
from ivigcheck.limits import Limits
from ivigcheck.orders import UNKNOWN, YES, Orders
from ivigcheck.rules.registry import Detail, Example, Rule, Severity, rule
from ivigcheck.rules.wording import by_code, inputs, question_inputs, quote, read_on
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
    products = orders.possible_products(i)
    return _cited(orders.knowledge, products[0] if products else None, name)


@lru_cache(maxsize=1_000)
def _cited(knowledge: Knowledge, product: Product | None, name: str) -> str:
    question = next(q for q in knowledge.questions if q.name == name)
    if question.family == "contraindication" and product and product.entry.contraindications:
        return f"knowledge {knowledge.version}, {product.name}, contraindications; {read_on(knowledge, product)}"
    return knowledge.cite(question.sources[0])


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
    used = question_inputs(orders, i, "recent_thrombosis", also=("last_thrombosis_date",))
    source = _cited(orders.knowledge, None, "recent_thrombosis")
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
    """A confirmed thrombotic event on earlier IVIG is documented: by the order's answer, or in the history.

    Why it matters: it contraindicates IVIG for this patient in future, whoever writes the order.
    What to do: stop. The order should not be given. "ivigcheck history patient -" shows what is on record.
    """
    return orders.answered("ivig_thrombosis")


@ivig_thrombosis.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    by = by_code(orders, i, "ivig_thrombosis")
    used = question_inputs(orders, i, "ivig_thrombosis")
    if orders.confirmed_in_past[i]:
        event = orders.past[i].confirmed[-1]
        by = f" (history entry {event.entry}, {event.date})"
        used["history"] = str(event)
    return Detail(
        f"a confirmed thrombotic event on earlier IVIG{by} contraindicates IVIG for this patient",
        used,
        "",
        _source(orders, i, "ivig_thrombosis"),
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
    flags=({"reaction_grade": 3.0}, {"reaction_grade": 4.0}, {"past_grade": 3.0}, {"over_for_good": True}),
    passes=({"reaction_grade": 2.0}, {"past_grade": 2.0}, {"reaction_grade": float("nan")}),
)
def severe_reaction_history(orders: Orders, limits: Limits) -> Mask:
    """An earlier reaction was of grade 3 or 4, or IVIG was discontinued for good after one: by the order, or on record.

    Why it matters: after such a reaction the infusion is discontinued for good.
    What to do: stop. No rechallenge. "ivigcheck history patient -" shows what is on record.
    """
    worst = np.fmax(orders.reaction_grade, orders.past_grade)
    return np.asarray((worst >= orders.knowledge.policy.severe_reaction_from_grade) | orders.over_for_good, bool)


@severe_reaction_history.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    recorded = orders.past[i].worst if i in orders.past else None
    own, bound = orders.reaction_grade[i], orders.knowledge.policy.severe_reaction_from_grade
    grade, used, where = own, inputs(orders, i, "reaction_grade"), ""
    if (recorded and not own > recorded.grade) or (recorded and recorded.for_good and not own >= bound):
        grade, where = recorded.grade, f" (history entry {recorded.entry}, {recorded.date})"
        used["history"] = str(recorded)
    severe = grade >= bound
    why = (
        f"from grade {number(bound)} on, IVIG is discontinued for good" if severe else "IVIG was discontinued for good"
    )
    return Detail(
        f"an earlier reaction was of grade {number(grade)}{where}: {why}",
        used,
        f"{number(grade)} ≥ {number(bound)}" if severe else "",
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


@rule(
    "IVG210",
    "near-match-in-history",
    Severity.REVIEW,
    source="the history",
    flags=({"near_in_past": True},),
    passes=({"near_in_past": True, "confirmed_in_past": True}, {}),
)
def near_match_in_history(orders: Orders, limits: Limits) -> Mask:
    """A confirmed thrombotic event is on record of an id that is almost this patient's.

    It differs only in case, leading zeros or punctuation.
    Why it matters: ids are compared exactly as written. Where the two are one patient, IVIG is contraindicated.
    What to do: find out whether it is the same patient. If so, stop, and correct the id in the order.
    """
    return np.asarray(orders.near_in_past & ~orders.confirmed_in_past, bool)


@near_match_in_history.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    written = quote(orders.cell("patient_id", i) or orders.past[i].patient_id)
    others = " and ".join(f"{quote(other)} (history entry {entry})" for other, entry in orders.past[i].near)
    return Detail(
        f"the patient's id {written} is almost {others}, for which a confirmed thrombotic event on IVIG is on record: "
        "is it the same patient?",
        {**inputs(orders, i, "patient_id"), "history": "; ".join(orders.past[i].lines())},
        "",
        _source(orders, i, "ivig_thrombosis"),
    )
