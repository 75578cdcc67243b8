"""``ivigcheck policy diff``: which orders of a real batch would change under another policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ivigcheck.cli.options import AsOf, Form, as_of_day
from ivigcheck.cli.terminal import Progress, captured, emit
from ivigcheck.errors import Exit, InputError
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.pipeline import Checked, check_tables, read_tables
from ivigcheck.report import Facts, counts, head, summary
from ivigcheck.report.json_report import render_json
from ivigcheck.show import cut, visible
from ivigcheck.site import knowledge_in_force

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA: Final = "ivigcheck.policy-diff/1"
_LONGEST_ID: Final = 40
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
    """Compare two policies on real orders: which would have another status under B than under A, and why.

    The worst change comes first. A finding that comes or goes is shown with its message.

    \b
    Examples:
      ivigcheck policy diff built-in site.toml --on last_night.csv
      ivigcheck policy diff old.toml new.toml --on monday.csv --on tuesday.xlsx --format json

    \b
    Exit codes:
      0  the orders were checked under both, whether or not anything changes
      2  the command line or a policy file is wrong
      3  could not run: an input is unreadable
    """
    day = as_of_day(as_of)
    policies = (knowledge_in_force(a), knowledge_in_force(b))
    with Progress(shown=True) as progress:
        tables = _read(policies, on, sheet, encoding, progress)
        progress("checking", sum(len(table.rows) for table in tables[0]))
        one, other = (check_tables(read, day, knowledge=known) for read, known in zip(tables, policies, strict=True))
        report = difference(one, other, day)
    if form is Form.JSON:
        emit(render_json(report))
    else:
        with captured() as screen:
            _print_difference(screen, report, policies)
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
) -> tuple[list[Table], list[Table]]:
    """The orders as each policy's headers and encoding have them; read once where those are the same."""
    one, other = ((known.policy.site.headers, encoding or known.policy.site.encoding) for known in policies)

    def read(known: Knowledge) -> list[Table]:
        return read_tables(paths, known, sheet=sheet, encoding=encoding, progress=progress)

    if one == other:
        tables = read(policies[0])
        return tables, tables
    both = []
    for known in policies:
        try:
            both.append(read(known))
        except InputError as error:  # which of the two it is decides what to put right
            raise InputError(f"{error} (Read under the headers and the encoding of {known.policy.name}.)") from error
    return both[0], both[1]


def difference(one: Checked, other: Checked, day: date) -> dict[str, Any]:
    """What changes from one policy to the other, as plain data; only orders that change are put into words.

    Raises InputError where the two did not read the same rows.
    """
    places = [[(place.file, place.sheet, place.row) for place in checked.orders.place] for checked in (one, other)]
    if places[0] != places[1]:
        raise InputError("The two policies' headers find orders in different rows or sheets. Name the sheet: --sheet.")
    codes = [[checked.findings.codes(i) for i in range(checked.orders.n)] for checked in (one, other)]
    statuses = list(zip(one.findings.status.tolist(), other.findings.status.tolist(), strict=True))
    changed = [
        i
        for i, (before, after) in enumerate(zip(*codes, strict=True))
        if statuses[i][0] != statuses[i][1] or {code for code, _ in before} != {code for code, _ in after}
    ]
    changed.sort(key=lambda i: (-statuses[i][1], statuses[i][0]))  # to STOP first, and of these the longest way
    heads = [head(checked, datetime.now(UTC)) for checked in (one, other)]
    run = {"as_of": day.isoformat(), "inputs": heads[0]["run"]["inputs"]}
    named = [{name: each["policy"][name] for name in ("id", "version", "sha256")} for each in heads]
    tally = {"a": counts(one), "b": counts(other), "changed": len(changed)}
    facts = (Facts(one), Facts(other)) if changed else ()
    orders = [_change(*(each.of(i) for each in facts)) for i in changed]
    return {"schema": SCHEMA, "a": named[0], "b": named[1], "run": run, "counts": tally, "orders": orders}


def _change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """One order that changes: a finding whose severity changes goes, and comes with the other."""

    def without(these: dict[str, Any], those: dict[str, Any]) -> list[dict[str, Any]]:
        known = {(finding["code"], finding["severity"]) for finding in those["findings"]}
        return [each for each in these["findings"] if (each["code"], each["severity"]) not in known]

    return {
        **{name: before[name] for name in ("order_id", "patient_id", "source")},
        "a": before["status"],
        "b": after["status"],
        "gone": without(before, after),
        "come": without(after, before),
    }


def _print_difference(screen: Console, report: dict[str, Any], policies: tuple[Knowledge, Knowledge]) -> None:
    from rich.padding import Padding
    from rich.table import Table as Grid
    from rich.text import Text

    from ivigcheck.report.text_report import place

    tally, as_of = report["counts"], report["run"]["as_of"]
    for side, known in zip("ab", policies, strict=True):
        say(screen, [f"{side.upper()}: {known.policy.name}", summary(tally[side], as_of)], after=0)
    screen.print()
    total, changed = tally["a"]["orders"], tally["changed"]
    verb = "changes" if changed == 1 else "change"
    say(
        screen, [f"{changed} of {total} {'order' if total == 1 else 'orders'} {verb}." if changed else _NOTHING_CHANGES]
    )
    for order in report["orders"]:
        ids = (
            f"{visible(cut(order[f'{what}_id'], _LONGEST_ID))}" if order[f"{what}_id"] else f"(no {what} id)"
            for what in ("order", "patient")
        )
        screen.print(Text("{} -> {}  {}  patient {}  {}".format(order["a"], order["b"], *ids, place(order["source"]))))
        grid = Grid.grid(padding=(0, 1))
        for fold in ({"no_wrap": True}, {"no_wrap": True}, {"no_wrap": True}, {"overflow": "fold"}):
            grid.add_column(**fold)
        for word, findings in (("comes", order["come"]), ("goes", order["gone"])):
            for each in findings:
                grid.add_row(word, each["code"], each["severity"], Text(visible(each["message"])))
        screen.print(Padding(grid, (0, 0, 0, 2)))
        screen.print()
