"""What could not be read, or does not fit together (IVG901 to IVG911)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.normalise.repeats import ALONE, DIFFERENT
from ivigcheck.orders import UNKNOWN, Orders, ProductState
from ivigcheck.rules.registry import Detail, Facet, Severities, Severity, rule
from ivigcheck.rules.wording import (
    RATE_NAMES,
    UNIT,
    any_rate_over,
    as_written,
    column_name,
    inputs,
    listed,
    question_inputs,
    quote,
    rates_over,
    workings,
)
from ivigcheck.show import number
from ivigcheck.units import Mask
from ivigcheck.written import Trouble


def _troubled(orders: Orders, trouble: Trouble) -> list[Facet]:
    """One finding for each column whose cell has this trouble."""
    facets = []
    for column, problems in orders.problems.items():
        hit = problems.trouble == trouble
        if hit.any():
            severity = np.where(problems.unchecked | (trouble == Trouble.MISSING), Severity.UNCHECKED, Severity.REVIEW)
            facets.append(Facet(column, np.where(hit, severity, 0).astype(np.int8)))
    return facets


@rule("IVG901", "value-missing", Severity.UNCHECKED, source="the order itself", flags=(), passes=({},))
def value_missing(orders: Orders, limits: Limits) -> Sequence[Facet]:
    """A value that the check needs is missing.

    Why it matters: what is missing cannot be compared; the order is not cleared.
    What to do: complete the order. A concentration is needed where a rate is by volume and no product gives it; a
    rechallenge needs grade and rate of the reaction.
    """
    return _troubled(orders, Trouble.MISSING)


_WHY_NEEDED = {
    "concentration": ": a rate is by volume, and no product gives it",
    "reaction_grade": ": the order goes on after a reaction",
    "reaction_rate": ": the order goes on after a reaction",
}


@value_missing.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    what = "age_years or birth_date" if column == "age_years" else column
    return Detail(f"{what} is missing{_WHY_NEEDED.get(column, '')}", {}, "", "the order itself")


@rule("IVG902", "value-unreadable", Severity.UNCHECKED, source="the order itself", flags=(), passes=({},))
def value_unreadable(orders: Orders, limits: Limits) -> Sequence[Facet]:
    """A cell holds something that cannot be read, and is not guessed.

    Why it matters: a number with a comma, or a unit that nobody knows, may be ten times what it looks like.
    What to do: correct the cell as the message says. For review where the check can do without it.
    """
    return _troubled(orders, Trouble.UNREADABLE)


@value_unreadable.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    cell = orders.cell(column, i)
    said = f" {quote(cell)}" if cell else ""
    why = orders.problems[column].why(i).rstrip(".")
    return Detail(f"{column_name(orders, column, i)}{said} {why}", inputs(orders, i, column), "", "the order itself")


@rule("IVG903", "value-implausible", Severity.UNCHECKED, source="plausible", flags=(), passes=({},))
def value_implausible(orders: Orders, limits: Limits) -> Sequence[Facet]:
    """A value lies outside the plausible range, or a date in the future. It is not used.

    Why it matters: it is a slip of the pen or of the unit.
    What to do: correct the cell. For review where the check can do without it.
    """
    return _troubled(orders, Trouble.IMPLAUSIBLE)


@value_implausible.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    cell = f"{column_name(orders, column, i)} {quote(as_written(orders, column, i))}"
    said = f"{cell} {orders.problems[column].why(i)}: it is not used"
    source = f"{orders.knowledge.policy.name}, plausible ranges"
    return Detail(said, inputs(orders, i, column), _reckoned(orders, column, i), source)


def _reckoned(orders: Orders, column: str, i: int) -> str:
    """How a value comes to what was found implausible, where it is not so written."""
    if column in RATE_NAMES:
        steps = workings(orders, column, i)
        rate = getattr(orders, f"{column}_reckoned")[i]
        return f"{steps} = {number(rate)} {UNIT}" if steps and rate == rate else ""
    written = orders.written.get(column)
    unit = written.unit_at(i) if written else None
    if written is None or unit is None or unit.factor == 1.0:
        return ""
    return f"{number(written.value[i], 12)} {unit.name} = {number(written.value[i] * unit.factor)} {unit.form}"


@rule(
    "IVG904",
    "risk-undocumented",
    Severity.REVIEW,
    source="the seed questions",
    flags=({"answers": {"diabetes": UNKNOWN}},),
    passes=({}, {"answers": {"sepsis": UNKNOWN}}),
)
def risk_undocumented(orders: Orders, limits: Limits) -> Mask:
    """A risk question that is asked of every order has no answer.

    Why it matters: undocumented is not absent; the check cannot rule the risk out.
    What to do: ask, and document yes or no.
    """
    undocumented = np.zeros(orders.n, bool)
    for question in orders.knowledge.questions:
        if question.seed:
            undocumented |= orders.answered(question.name, UNKNOWN)
    return undocumented


@risk_undocumented.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    names = orders.profile(i).undocumented
    said, used, policy = f"not documented: {listed(names)}", inputs(orders, i, *names), orders.knowledge.policy
    limit, exclusive = float(limits.soft_max[i]), bool(limits.soft_max_exclusive[i])
    hard, hard_exclusive = float(limits.hard_max[i]), bool(limits.hard_max_exclusive[i])
    over_soft = not orders.at_risk[i] and any_rate_over(orders, i, limit, exclusive=exclusive)
    if not over_soft or any_rate_over(orders, i, hard, exclusive=hard_exclusive):
        return Detail(said, used, "", policy.name)
    over = f"the soft maximum of {number(limit)} {UNIT} that applies until they are answered"
    rates = rates_over(orders, i, limit, over, orders.knowledge.cite_policy("review_rate"), exclusive=exclusive)
    return Detail(f"{said}; {rates.message}", {**used, **rates.inputs}, rates.arithmetic, rates.source)


@rule(
    "IVG905",
    "duplicate-order-id",
    Severity.UNCHECKED,
    source="the run's inputs",
    flags=({"repeated": 1}, {"repeated": 2}),
    passes=({"repeated": 0},),
)
def duplicate_order_id(orders: Orders, limits: Limits) -> Severities:
    """The same order id stands more than once in the run.

    Why it matters: with different content nobody can say which is the order; identical rows may be given twice.
    What to do: find out which row stands. Rows that differ in the day alone are one order's days, and no finding.
    """
    severity = np.where(orders.repeated == DIFFERENT, Severity.UNCHECKED, Severity.REVIEW)
    return np.where(orders.repeated == ALONE, 0, severity).astype(np.int8)


_NAMED = 3  # of the other places of a repeated order id


@duplicate_order_id.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    rows = orders.of_one_id.of(i)
    named = [str(orders.place[k]) for k in rows[: _NAMED + 1] if k != i][:_NAMED]
    more = len(rows) - 1 - len(named)
    where = "; ".join(named) + (f" and {more} more" if more else "")
    what = "with other content" if orders.repeated[i] == DIFFERENT else "with the same content"
    return Detail(f"the order id stands again {what}: {where}", inputs(orders, i, "order_id"), "", "the run's inputs")


@rule(
    "IVG906",
    "indication-unknown",
    Severity.REVIEW,
    source="the indications known here",
    flags=({"indication_unknown": True},),
    passes=({"indication_unknown": False},),
)
def indication_unknown(orders: Orders, limits: Limits) -> Mask:
    """The indication is not recognised.

    Why it matters: start and maximum depend on it.
    What to do: correct the indication. Until then the policy's lowest start limit and the label's strictest figures
    apply.
    """
    return orders.indication_unknown


@indication_unknown.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    said = quote(orders.cell("indication", i))
    return Detail(
        f"indication {said} is not recognised: the lowest start limit and the label's strictest figures apply",
        inputs(orders, i, "indication"),
        "",
        f"knowledge {orders.knowledge.version}, indications",
    )


@rule(
    "IVG907",
    "product-unknown",
    Severity.UNCHECKED,
    source="the products known here",
    flags=(
        {"product_state": ProductState.UNRECOGNISED},
        {"product_state": ProductState.OPEN},
        {"product_state": ProductState.NOT_GIVEN},
    ),
    passes=(
        {"product_state": ProductState.KNOWN},
        {"product_state": ProductState.CONFLICTING},
        {"product_state": ProductState.UNREADABLE},
    ),
)
def product_unknown(orders: Orders, limits: Limits) -> Sequence[Facet]:
    """The product is not recognised; for review where it is not given, or its strength is open.

    Why it matters: without the product no label figure applies, and labels go as low as half the policy's rates.
    What to do: correct the product's name, or add the strength of a brand that has two.
    """
    open_or_blank = np.isin(orders.product_state, (ProductState.OPEN, ProductState.NOT_GIVEN))
    unrecognised = orders.product_state == ProductState.UNRECOGNISED
    return [
        Facet("", np.where(open_or_blank, Severity.REVIEW, 0).astype(np.int8)),
        Facet("product", np.where(unrecognised, Severity.UNCHECKED, 0).astype(np.int8)),
    ]


# As plain numbers: a member of an enumeration is looked up slowly.
_NOT_GIVEN, _OPEN = int(ProductState.NOT_GIVEN), int(ProductState.OPEN)


@product_unknown.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    state = int(orders.product_state[i])
    if state == _NOT_GIVEN:
        said = "no product is given: policy limits only"
    elif state == _OPEN:
        names = " or ".join(product.name for product in orders.possible_products(i))
        said = f"the strength is open: {names}? Policy limits only"
    else:
        said = f"product {quote(orders.cell('product', i))} is not recognised: policy limits only"
    return Detail(
        said, inputs(orders, i, "product", "concentration"), "", f"knowledge {orders.knowledge.version}, products"
    )


@rule("IVG908", "values-conflict", Severity.UNCHECKED, source="the order itself", flags=(), passes=({},))
def values_conflict(orders: Orders, limits: Limits) -> Sequence[Facet]:
    """Two values of the order cannot both be right.

    Why it matters: one of them belongs to another patient, product or unit. Meanwhile the stricter reading is judged:
    the older age, the smaller weight, the greater concentration; a number with two units has no value.
    What to do: find out which is right, and correct the other.
    """
    return [
        Facet(conflict.column, np.where(conflict.rows, Severity.UNCHECKED, 0).astype(np.int8))
        for conflict in orders.conflicts
    ]


_CONFLICT_INPUTS = {
    "age_years": ("age_years", "birth_date"),
    "dosing_weight": ("dosing_weight", "weight"),
    "concentration": ("product", "concentration"),
}


@values_conflict.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    """A unit conflict in a column's cell stands before one of its value."""
    said = "; ".join(c.why[i] for c in orders.conflicts if c.column == column and c.rows[i])
    return Detail(
        said,
        inputs(orders, i, *_CONFLICT_INPUTS.get(column, (column, f"{column}_unit", "rate_unit"))),
        "",
        "the order itself",
    )


@rule(
    "IVG910",
    "row-malformed",
    Severity.UNCHECKED,
    source="the input's header",
    flags=({"malformed": {0: ""}},),
    passes=({},),
)
def row_malformed(orders: Orders, limits: Limits) -> Mask:
    """The row does not have the header's number of fields, or repeats the header. Nothing in it is used.

    Why it matters: an extra comma moves every later value into the wrong column.
    What to do: correct the row in the export, and run again.
    """
    return ~orders.usable


@row_malformed.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    return Detail(f"the row {orders.malformed[i].rstrip('.')}: nothing in it is used", {}, "", "the input's header")


@rule("IVG911", "answers-conflict", Severity.REVIEW, source="the order itself", flags=(), passes=({},))
def answers_conflict(orders: Orders, limits: Limits) -> Mask:
    """A date or a diagnosis code says yes where the column says no. The riskier answer counts.

    Why it matters: one of the two is wrong, and it may be the one that clears the patient.
    What to do: correct the column, the date or the list of diagnoses.
    """
    conflict = np.zeros(orders.n, bool)
    for overruled in orders.overruled.values():
        conflict |= overruled
    return conflict


@answers_conflict.says
def _(orders: Orders, limits: Limits, i: int, column: str) -> Detail:
    names = [name for name, overruled in orders.overruled.items() if overruled[i]]
    coded = [name for name in names if orders.code_for(name, i)]
    dated = [name for name in names if name not in coded]
    said = [f"{name.replace('_', ' ')} says no, and diagnosis code {orders.code_for(name, i)} yes" for name in coded]
    if dated:
        days, verb = number(orders.days_since_thrombosis[i]), "says" if len(dated) == 1 else "say"
        day = orders.cell("last_thrombosis_date", i)
        said.append(f"the last thrombotic event was on {day}, {days} days ago, and {listed(dated)} {verb} no")
    used = question_inputs(orders, i, *names)
    if dated:
        used |= inputs(orders, i, "last_thrombosis_date")
    return Detail(f"{'; '.join(said)}: yes counts", used, "", "the order itself")
