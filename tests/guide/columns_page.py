"""The page of the order columns, made from their declarations."""

from __future__ import annotations

from markdown_text import code, document, items, paragraph, plain, table

from ivigcheck.columns import COLUMNS, ONE_OF, Column
from ivigcheck.knowledge import built_in
from ivigcheck.knowledge.model import Question, Range
from ivigcheck.pipeline import order_columns
from ivigcheck.show import number
from ivigcheck.units import _SPELLINGS, UNITS

_ONE_IS_ENOUGH = {name for names in ONE_OF for name in names}
_QUANTITIES = {
    "body_mass": "weight",
    "rate": "rate",
    "concentration": "concentration",
    "dose": "dose",
    "drug_mass": "total dose",
    "hours": "infusion hours",
    "minutes": "minutes",
    "length": "height",
}


def columns_page() -> str:
    """The order columns with their meaning, header spellings and units, the risk questions and the indications."""
    knowledge = built_in()
    assert len(order_columns(knowledge)) == len(COLUMNS) + len(knowledge.questions)
    policy = knowledge.policy.entry
    return document(
        "# The columns of an order file",
        "Every column: header spellings, units, risk questions.",
        paragraph(
            "Case, spaces, underscores and punctuation of a header do not matter. How cells are read is in "
            "[The order file](order-file.md); a site's own headers are named in its [policy](policy.md)."
        ),
        "## Columns",
        table(
            ("column", "holds", "other headers that are understood"),
            ((code(c.name), f"{plain(c.meaning)}{_needed(c)}", ", ".join(map(plain, _headers(c)))) for c in COLUMNS),
        ),
        "## Risk questions",
        paragraph(
            "Each is a column of its own, answered yes or no. Those that are asked of every order are a finding (IVG904) "
            "where nobody answered; the others are listed as not assessed."
        ),
        table(
            ("column", "asks", "other headers that are understood"),
            ((code(q.name), _asks(q), ", ".join(map(plain, q.headers))) for q in knowledge.questions),
        ),
        paragraph(
            f"Age over {number(policy.at_risk_over_age.value)} is reckoned from the age, and puts a patient at risk too."
        ),
        "## Units",
        table(("of a", "accepted"), _units()),
        paragraph(
            f"{_spellings()} A space may stand before the unit and around `/`, and a feed in capitals (`ML/HR`, "
            "`MG/KG/MIN`) is understood. Any other spelling is unreadable, and the finding names the nearest one that is "
            "accepted. A point for decimals, and no thousands separator."
        ),
        "## Indications",
        paragraph(
            "By abbreviation, name or synonym, in any case, or by an ICD-10-CM code. Those on no label are recognised as "
            "off-label uses."
        ),
        table(
            ("indication", "name", "synonyms"),
            ((i.code, plain(i.name), ", ".join(map(plain, i.synonyms))) for i in knowledge.indications),
        ),
        "## Plausible ranges",
        paragraph(
            "A value outside these is not used (IVG903). They catch slips of the pen and of the unit, and are no clinical "
            "limit: a choice of this program, without a published number, which no policy changes."
        ),
        items(
            f"{name}: {_range(getattr(policy.plausible, name))}"
            for name in policy.plausible.__struct_fields__
            if name != "sources"
        ),
    )


def _needed(column: Column) -> str:
    if column.name in _ONE_IS_ENOUGH:
        return (
            " **Needed**: this one, or " + " and ".join(code(n) for n in sorted(_ONE_IS_ENOUGH - {column.name})) + "."
        )
    return " **Needed.**" if column.needed else ""


def _headers(column: Column) -> list[str]:
    return [*column.headers, *(name for name, _ in column.header_units)]


def _asks(question: Question) -> str:
    every = "; **asked of every order**" if question.seed else ""
    return f"{plain(question.title)} ({question.family}{every})"


def _units() -> list[tuple[str, str]]:
    """The accepted units by quantity; of weights every spelling, for these follow no pattern."""
    assert set(_QUANTITIES) == set(UNITS)
    rows = []
    for quantity, what in _QUANTITIES.items():
        names = list(dict.fromkeys(unit.name for unit in UNITS[quantity].values()))
        if quantity == "body_mass":
            also = {name: sorted(s for s, unit in UNITS[quantity].items() if unit.name == name) for name in names}
            names = [spelling for name in names for spelling in dict.fromkeys((name, *also[name]))]
        rows.append((what, ", ".join(map(code, names))))
    return rows


def _spellings() -> str:
    also = (f"{code(first)} also as {' or '.join(map(code, others))}" for first, *others in _SPELLINGS.values())
    return f"{'; '.join(also)}."


def _range(of: Range) -> str:
    low, high = ("over " if of.low_exclusive else ""), ("below " if of.high_exclusive else "")
    return f"{low}{number(of.low)} to {high}{number(of.high)} {of.unit}"
