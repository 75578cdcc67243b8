"""The page of the rules, made from their declarations."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_text import document, items, paragraph, plain, table

from ivigcheck.cli.rules import first_line, parameter_lines, question_lines
from ivigcheck.guide.contents import slug
from ivigcheck.knowledge import built_in
from ivigcheck.rules import RULES, Rule
from ivigcheck.site.settings import _FIXED, _GRADED, _NEVER_BELOW_REVIEW

_SORTED = sorted(RULES.values(), key=lambda each: each.code)


def rules_page() -> str:
    """Each rule: when it fires, why it matters, what to do, and what it rests on."""
    return document(
        "# The rules",
        "Each rule: when it fires, why it matters, what to do.",
        paragraph(
            "The same at a terminal: `ivigcheck rules` and `ivigcheck rules IVG101`, there with the severity and the "
            "figures of the policy in force. Here they are the built-in ones. What severity and status mean is in "
            "[Reading a report](report.md)."
        ),
        table(
            ("rule", "severity", "fires when"),
            ((f"[{r.code}](#{slug(_title(r))}) {r.name}", _severity(r), plain(first_line(r))) for r in _SORTED),
        ),
        *(block for each in _SORTED for block in _section(each)),
    )


def _title(rule: Rule) -> str:
    return f"{rule.code} {rule.name}"


def _severity(rule: Rule) -> str:
    return _GRADED.get(rule.code, rule.severity.name.lower())


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {_title(rule)}"
    if rule.code in _FIXED:
        may = "No site can change it: it says that an order could not be checked."
    elif rule.code in _NEVER_BELOW_REVIEW:
        may = f"A site may change it, never below review: {_NEVER_BELOW_REVIEW[rule.code]}."
    else:
        may = "A site may change it, with a reason."
    yield paragraph(f"**Severity:** {_severity(rule)}. {may}")
    first, *further = rule.paragraphs
    yield paragraph(f"**When it fires:** {plain(first)}")
    for text in further:
        heading, colon, rest = text.partition(":")
        headed = colon and heading in ("Why it matters", "What to do")
        yield paragraph(f"**{heading}:** {plain(rest)}" if headed else plain(text))
    yield paragraph(f"**Rests on:** {plain(rule.source)}.")
    knowledge = built_in()
    lines = (
        line
        for name in rule.source.split(", or ")
        for line in (*question_lines(knowledge, name), *parameter_lines(knowledge, name))
    )
    yield items(plain(line) for line in lines)
