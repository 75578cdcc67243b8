"""``ivigcheck rules``: what fires when, why it matters, and what it rests on."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from ivigcheck.cli.options import PolicyOption
from ivigcheck.cli.terminal import captured
from ivigcheck.errors import Exit, UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.model import Count, Rate, StartRates
from ivigcheck.rules import RULES, Rule
from ivigcheck.show import visible
from ivigcheck.site import knowledge_in_force


def rules(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="One rule, such as IVG101.")] = "",
    policy: PolicyOption = None,
) -> int:
    """List the rules, or show one rule's page: when it fires, why it matters, what to do, its source.

    \b
    Examples:
      ivigcheck rules
      ivigcheck rules IVG101
    """
    knowledge = knowledge_in_force(policy)
    if not code:
        _print_list(knowledge)
        return Exit.OK
    found = RULES.get(code.upper())
    if found is None:
        raise UsageError(f'"{visible(code[:40])}" is no rule. "ivigcheck rules" lists them.')
    _print_page(found, knowledge)
    return Exit.OK


def first_line(found: Rule) -> str:
    """The rule in one sentence."""
    return inspect.cleandoc(found.page).splitlines()[0]


def severity_of(found: Rule, knowledge: Knowledge) -> str:
    """A rule's severity under the policy in force."""
    return knowledge.policy.site.severities.get(found.code, found.severity.name.lower())


def _print_list(knowledge: Knowledge) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("rule", "severity", "fires when"):
        table.add_column(title, no_wrap=title != "fires when", overflow="fold")
    for found in sorted(RULES.values(), key=lambda each: each.code):
        table.add_row(found.code, severity_of(found, knowledge), first_line(found))
    with captured() as screen:
        screen.print(table)


def parameter_lines(knowledge: Knowledge, name: str) -> list[str]:
    """A policy parameter with its value, its note and its sources; empty where the policy has no such parameter."""
    parameter = getattr(knowledge.policy.entry, name, None)
    if isinstance(parameter, StartRates):
        by_indication = ", ".join(f"{code} {rate}" for code, rate in parameter.by_indication.items())
        value = f"{by_indication}, any other {parameter.other}"
    elif isinstance(parameter, (Rate, Count)):
        value = parameter.value if isinstance(parameter, Rate) else f"{parameter.value:g}"
    else:
        return []
    lines = [f"{knowledge.policy.name}, {name}: {value}", *([parameter.note] if parameter.note else [])]
    return lines + [f"Source: {knowledge.cite(source)}" for source in parameter.sources]


def question_lines(knowledge: Knowledge, name: str) -> list[str]:
    """A risk question, named ``question NAME``, with its note and its sources; empty for anything else."""
    for question in knowledge.questions:
        if name == f"question {question.name}":
            said = [text for text in (question.title, question.note) if text]
            return said + [f"Source: {knowledge.cite(source)}" for source in question.sources]
    return []


def _print_page(found: Rule, knowledge: Knowledge) -> None:
    from rich.padding import Padding
    from rich.text import Text

    names = found.source.split(", or ")
    with captured() as screen:
        screen.print(Text(f"{found.code} {found.name} ({severity_of(found, knowledge)})", style="bold"))
        screen.print()
        for paragraph in found.paragraphs:
            screen.print(Text(paragraph))
        screen.print()
        screen.print(Text(f"Rests on: {found.source}"))
        for name in names:
            for line in (*question_lines(knowledge, name), *parameter_lines(knowledge, name)):
                screen.print(Padding(Text(line), (0, 0, 0, 2)))
