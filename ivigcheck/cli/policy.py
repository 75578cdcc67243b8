"""``ivigcheck policy``: the clinical rules in force at a site, a site's own policy file, and what it would change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ivigcheck.cli.options import PolicyOption
from ivigcheck.cli.policy_diff import diff, say
from ivigcheck.cli.terminal import captured
from ivigcheck.errors import Exit
from ivigcheck.knowledge import Deviation, Knowledge, Site, built_in
from ivigcheck.knowledge.model import Range, Reasons, StartRates
from ivigcheck.rules import RULES
from ivigcheck.show import number
from ivigcheck.site import policy_path
from ivigcheck.site.reading import read_site_policy

policy_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_NAMING: Final = frozenset({"id", "version", "title"})  # of a policy's entry; everything else is a parameter
_CITING: Final = frozenset({"sources", "note"})  # of a parameter; everything else is its value


@policy_app.callback()
def _about() -> None:
    """Show the policy in force, check a site's policy file, or compare two policies on real orders.

    \b
    Examples:
      ivigcheck policy show
      ivigcheck policy check sample_orders/site_policy.toml
      ivigcheck policy diff built-in sample_orders/site_policy.toml \\
          --on sample_orders/messy_batch.csv
    """


@policy_app.command()
def show(policy: PolicyOption = None) -> int:
    """Show every parameter of the policy in force: its value, who set it and why, and its source.

    \b
    Examples:
      ivigcheck policy show
      ivigcheck policy show --policy sample_orders/site_policy.toml
    """
    path = policy_path(policy)
    knowledge = read_site_policy(path, built_in()) if path else built_in()
    with captured() as screen:
        say(screen, _head_lines(knowledge, path))
        for name in knowledge.policy.entry.__struct_fields__:
            if name not in _NAMING:
                say(screen, _parameter_lines(knowledge, name))
        say(screen, _severity_lines(knowledge.policy.site))
        say(screen, _setting_lines(knowledge))
    return Exit.OK


@policy_app.command(no_args_is_help=True)
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A site's policy file.")]) -> int:
    """Check a site's policy file, and say what it sets otherwise than the built-in policy, and why.

    \b
    Examples:
      ivigcheck policy check sample_orders/site_policy.toml

    \b
    Exit codes:
      0  the file can be used as it is
      2  it cannot: each line names line, key, what is wrong and how to put it right
    """
    knowledge = read_site_policy(file, built_in())
    deviations = knowledge.policy.site.deviations
    with captured() as screen:
        say(screen, _head_lines(knowledge, file))
        if not deviations:
            say(screen, ["It sets nothing otherwise than the built-in policy."])
        else:
            say(screen, ["Otherwise than the built-in policy:"], after=0)
            for deviation in deviations:
                say(screen, list(_deviation_lines(deviation)), indent=2, after=0)
            screen.print()
        say(screen, _setting_lines(knowledge))
    return Exit.OK


policy_app.command(no_args_is_help=True)(diff)


def _head_lines(knowledge: Knowledge, path: Path | None) -> list[str]:
    """Which policy it is, where it stands, and whether the site has signed off what is known here."""
    policy = knowledge.policy
    lines = [
        f"{policy.name}: {policy.entry.title}",
        f"File: {path}" if path else "Built in: no site policy is in force.",
    ]
    lines.append(f"SHA-256 {policy.sha256}")
    signed = policy.site.signed_off
    if path and knowledge.signed_off:
        lines.append(f"Knowledge {knowledge.version}: signed off by the site.")
    elif path:
        other = f"it has signed off {signed}" if signed else "it has signed off none"
        lines.append(f"Knowledge {knowledge.version}: NOT signed off by the site; {other}.")
    return lines


def _value(name: str, value: Any) -> str:
    """One value of a parameter's table, with its name where that says something."""
    if isinstance(value, Range):
        low, high = ("over " if value.low_exclusive else "", "below " if value.high_exclusive else "")
        return f"{name} {low}{number(value.low)} to {high}{number(value.high)} {value.unit}"
    if isinstance(value, tuple):
        value = " and ".join(number(each) for each in value)
    text = number(value) if isinstance(value, float) else str(value)
    return text if name == "value" else f"{name} {text}"


def _parameter_lines(knowledge: Knowledge, name: str) -> list[str]:
    """A parameter with its value, where it comes from, why, and the documents behind it."""
    policy = knowledge.policy
    parameter = getattr(policy.entry, name)
    if isinstance(parameter, StartRates):
        values = [*(f"{code} {rate}" for code, rate in parameter.by_indication.items()), f"other {parameter.other}"]
    elif isinstance(parameter, Reasons):
        values = [f"{code} ({meaning})" for code, meaning in parameter.by_code.items()]
    else:
        fields = (field for field in parameter.__struct_fields__ if field not in _CITING)
        values = [_value(field, getattr(parameter, field)) for field in fields]
    lines = [f"{name}: {', '.join(values)}"]
    own = [each for each in policy.site.deviations if each.parameter.split(".")[0] == name]
    if own:
        for each in own:
            what = "" if each.parameter == name else f" {each.parameter.removeprefix(name + '.')}"
            how = "otherwise" if each.direction == "other" else each.direction
            lines.append(f"Set by the site:{what} {each.site}; built-in {each.built_in} ({how})")
        lines.append(f"Reason: {own[0].reason}" if own[0].reason else "No reason is given.")
    else:
        note = getattr(parameter, "note", "")
        lines += ["Built in.", *([note] if note else [])]
    return lines + [f"Source: {knowledge.cite(source)}" for source in parameter.sources]


def _deviation_lines(deviation: Deviation) -> Iterator[str]:
    how = "" if deviation.direction == "other" else f" ({deviation.direction})"
    yield f"{deviation.parameter}: {deviation.site}; built-in {deviation.built_in}{how}"
    if deviation.reason:
        yield f"Reason: {deviation.reason}"


def _severity_lines(site: Site) -> list[str]:
    """The rules to which the site gives a severity of its own."""
    lines = ["Severities that the site sets:"]
    for each in site.deviations:
        if each.parameter.startswith("severity."):
            code = each.parameter.removeprefix("severity.")
            lines.append(f"{code} {RULES[code].name}: {each.site}; built-in {each.built_in} ({each.direction})")
            lines.append(f"Reason: {each.reason}")
    return lines if len(lines) > 1 else []


def _setting_lines(knowledge: Knowledge) -> list[str]:
    """What the site says of its files, its products, its questions and its clock."""
    site, products = knowledge.policy.site, knowledge.products
    lines = ["The site's files and settings:"]
    for column, headers in site.headers.items():
        own = ", ".join(f'"{header}"' + (f" in {unit}" if unit else "") for header, unit in headers)
        lines.append(f"header of {column}: {own}")
    stocked = ", ".join(products[position].name for position in sorted(site.products_in_use))
    default = products[site.default_product].name if site.default_product >= 0 else ""
    absent = ", ".join(q.name for q in knowledge.questions if q.name in site.absent_means_no)
    for words, text in (
        ("encoding of text files", site.encoding),
        ("time zone", site.time_zone),
        ("products in use", stocked),
        ("a blank product is", default),
        ("a blank answer is no to", absent),
    ):
        if text:
            lines.append(f"{words}: {text}")
    return lines if len(lines) > 1 else []
