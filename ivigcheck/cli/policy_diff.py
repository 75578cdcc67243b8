"""``ivigcheck policy diff``: which orders of a real batch would change under another policy."""

from __future__ import annotations

import contextlib
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ivigcheck.cli.options import AsOf, Form, as_of_day
from ivigcheck.cli.terminal import Progress, emit
from ivigcheck.columns import spelling
from ivigcheck.errors import Exit, InputError
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.pipeline import Checked, check_tables, read_tables
from ivigcheck.report import Facts, counts, head, summary
from ivigcheck.report.json_report import render_json
from ivigcheck.report.lines import shown_id
from ivigcheck.report.model import deviation_text, place
from ivigcheck.rules import Severity
from ivigcheck.show import visible
from ivigcheck.site import knowledge_in_force

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA: Final = "ivigcheck.policy-diff/1"
_WIDTH: Final = 80
_TOLD: Final = 100  # orders whose findings are told in words: nobody reads more, and the file has them
_NOTHING_CHANGES: Final = "Nothing changes: no order has another status, or other findings."


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A policy file, or built-in.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other policy file, or built-in.")],
    on: Annotated[list[Path], typer.Option("--on", metavar="ORDERS", help="An order file. May be repeated.")],
    sheet: Annotated[str | None, typer.Option(metavar="NAME", help="The sheet of the workbooks to read.")] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="The encoding of text files that are not UTF-8, such as cp1252.")
    ] = None,
    as_of: AsOf = "",
    form: Annotated[Form, typer.Option("--format", help="How to print what changes.")] = Form.TEXT,
) -> int:
    """Compare two policies on real orders: which change, and why.

    Listed is each order whose status under B is not that under A, or whose findings are others. First come those that
    B treats more mildly, the gravest loss before all. The first hundred are shown with the messages of the findings
    that come and go; --format json has them for all.

    A policy that cannot read the files, for lack of headers that the other one names, reads them by the other's.

    \b
    Examples:
      ivigcheck policy diff built-in sample_orders/site_policy.toml \\
          --on sample_orders/messy_batch.csv
      ivigcheck policy diff built-in sample_orders/site_policy.toml \\
          --on sample_orders/clean_batch.csv --format json

    \b
    Exit codes:
      0  the orders were checked under both, whether or not anything changes
      2  the command line or a policy file is wrong
      3  could not run: an input is unreadable
    """
    policies = (knowledge_in_force(a), knowledge_in_force(b))
    day = as_of_day(as_of, policies[0])
    with Progress(shown=True) as progress:
        tables = _read(policies, on, sheet, encoding, progress)
        progress("checking", sum(len(table.rows) for table in tables[0][0]))
        without = Memory.none("policies are compared without it")
        one, other = (
            check_tables(read, day, knowledge=known, memory=without)
            for (read, _), known in zip(tables, policies, strict=True)
        )
        report = difference(one, other, day, lent=(tables[0][1], tables[1][1]))
    if form is Form.JSON:
        emit(render_json(report))
    else:
        emit("".join(f"{line}\n" for line in _lines(report, policies)))
    return Exit.OK


def say(screen: Console, lines: Sequence[str], *, indent: int = 0, after: int = 1) -> None:
    """Prints lines, all but the first further in, and ``after`` blank ones; nothing at all where there is no line."""
    from rich.padding import Padding
    from rich.text import Text

    for k, line in enumerate(lines):
        screen.print(Padding(Text(visible(line)), (0, 0, 0, indent + (2 if k else 0))))
    for _ in range(after if lines else 0):
        screen.print()


def _read(
    policies: tuple[Knowledge, Knowledge],
    paths: list[Path],
    sheet: str | None,
    encoding: str | None,
    progress: Progress,
) -> tuple[tuple[list[Table], bool], tuple[list[Table], bool]]:
    """The orders as each policy's headers and encoding have them, and whether those had to be lent by the other policy;
    read once where they are the same."""
    one, other = ((known.policy.site.headers, encoding or known.policy.site.encoding) for known in policies)

    def read(known: Knowledge) -> list[Table]:
        return read_tables(paths, known, sheet=sheet, encoding=encoding, progress=progress)

    if one == other:
        tables = read(policies[0])
        return (tables, False), (tables, False)
    both = []
    for known, its_other in (policies, policies[::-1]):
        try:
            both.append((read(known), False))
        except InputError as error:
            with contextlib.suppress(InputError):
                both.append((read(_lent(known, its_other)), True))
                continue
            # which of the two it is decides what to put right
            raise InputError(f"{error} (Read under the headers and the encoding of {known.policy.name}.)") from error
    return both[0], both[1]


def _lent(known: Knowledge, other: Knowledge) -> Knowledge:
    """A policy with the other's headers and encoding where it has none of its own: a policy that cannot read an export
    at all, such as the built-in one, is compared on the same orders."""
    own, others = known.policy.site, other.policy.site
    taken = {spelling(text) for spellings in own.headers.values() for text, _ in spellings}
    lent = {
        column: spellings
        for column, spellings in others.headers.items()
        if column not in own.headers and not any(spelling(text) in taken for text, _ in spellings)
    }
    site = replace(own, headers={**own.headers, **lent}, encoding=own.encoding or others.encoding)
    return replace(known, policy=replace(known.policy, site=site))


def difference(one: Checked, other: Checked, day: date, *, lent: tuple[bool, bool] = (False, False)) -> dict[str, Any]:
    """What changes from one policy to the other, as plain data; only orders that change are put into words.

    lent: whether each read the orders by the headers and the encoding of the other.

    Raises InputError where the two did not read the same rows.
    """
    places = [[(place.file, place.sheet, place.row) for place in checked.orders.place] for checked in (one, other)]
    if places[0] != places[1]:
        raise InputError("The two policies' headers find orders in different rows or sheets. Name the sheet: --sheet.")
    told = [[checked.findings.verdicts(i) for i in range(checked.orders.n)] for checked in (one, other)]
    statuses = list(zip(one.findings.status.tolist(), other.findings.status.tolist(), strict=True))
    changed = [i for i, (before, after) in enumerate(zip(*told, strict=True)) if before != after]
    changed.sort(key=lambda i: _gravity(*statuses[i]))
    heads = [head(checked, datetime.now(UTC)) for checked in (one, other)]
    moves = Counter((Severity(statuses[i][0]).name, Severity(statuses[i][1]).name) for i in changed)
    facts = (Facts(one), Facts(other)) if changed else ()
    return {
        "schema": SCHEMA,
        **{
            side: each["policy"] | _signed(known) | {"headers_lent": by_other}
            for side, each, known, by_other in zip("ab", heads, _known(one, other), lent, strict=True)
        },
        "run": {"as_of": day.isoformat(), "inputs": heads[0]["run"]["inputs"]},
        "counts": {"a": counts(one), "b": counts(other), "changed": len(changed)},
        "changes": [
            {"a": a, "b": b, "orders": moves[a, b]}
            for a, b in sorted(moves, key=lambda move: _gravity(Severity[move[0]], Severity[move[1]]))
        ],
        "orders": [_change(*(each.of(i) for each in facts)) for i in changed],
    }


def _known(*runs: Checked) -> list[Knowledge]:
    return [checked.knowledge for checked in runs]


def _signed(known: Knowledge) -> dict[str, str | None]:
    return {"signed_off_knowledge": known.policy.site.signed_off or None}


def _gravity(before: int, after: int) -> tuple[int, int, int]:
    """Sorts what becomes milder first, what was gravest before all; then what becomes graver, the gravest first."""
    if after < before:
        return 0, -before, after
    return (1, -after, before) if after > before else (2, -after, before)


def _change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """One order that changes: a finding whose severity changes goes, and comes with the other."""

    def key(finding: dict[str, Any]) -> tuple[str, str, str]:
        return finding["code"], finding["column"], finding["severity"]

    def without(these: dict[str, Any], those: dict[str, Any]) -> list[dict[str, Any]]:
        known = set(map(key, those["findings"]))
        return [each for each in these["findings"] if key(each) not in known]

    return {
        **{name: before[name] for name in ("order_id", "patient_id", "source")},
        "a": before["status"],
        "b": after["status"],
        "gone": without(before, after),
        "come": without(after, before),
    }


def _lines(report: dict[str, Any], policies: tuple[Knowledge, Knowledge]) -> Iterator[str]:
    """The comparison as text of 80 columns."""
    tally, as_of = report["counts"], report["run"]["as_of"]
    for side, known in zip("ab", policies, strict=True):
        yield visible(f"{side.upper()}: {known.policy.name}")
        yield f"  {summary(tally[side], as_of)}"
        if report[side]["headers_lent"]:
            yield "  Cannot read these files by itself: they were read by the headers of the other."
        for deviation in report[side]["deviations"]:
            yield from _wrapped(deviation_text(deviation), "  ", "    ")
    total, changed = tally["a"]["orders"], tally["changed"]
    verb = "changes" if changed == 1 else "change"
    yield ""
    yield f"{changed} of {total} {'order' if total == 1 else 'orders'} {verb}." if changed else _NOTHING_CHANGES
    for move in report["changes"]:
        what = f"{move['a']} -> {move['b']}" if move["a"] != move["b"] else f"{move['a']}, with other findings"
        yield f"  {move['orders']:>6}  {what}"
    for k, order in enumerate(report["orders"]):
        if k == _TOLD:
            yield ""
            yield f"The other {changed - _TOLD} without the messages of their findings (--format json has them):"
        if k < _TOLD:
            yield ""
        yield from _order_lines(order, messages=k < _TOLD)


def _order_lines(order: dict[str, Any], *, messages: bool) -> Iterator[str]:
    ids = (shown_id(order[f"{what}_id"], what) for what in ("order", "patient"))
    line = "{} -> {}  {}  patient {}  {}".format(order["a"], order["b"], *ids, place(order["source"]))
    if not messages:
        signs = [*(f"+{each['code']}" for each in order["come"]), *(f"-{each['code']}" for each in order["gone"])]
        yield f"{line}  {' '.join(signs)}"
        return
    yield line
    for word, findings in (("comes", order["come"]), ("goes", order["gone"])):
        for each in findings:
            said = f"{word} {each['code']} {each['severity']}: {each['message']}"
            yield from _wrapped(said, "  ", "        ")


def _wrapped(text: str, first: str, further: str) -> list[str]:
    return textwrap.wrap(visible(text), _WIDTH, initial_indent=first, subsequent_indent=further)
