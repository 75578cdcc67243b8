"""``ivigcheck history runs``, ``findings`` and ``stats``: the unattended runs, what stands, and how each rule fares."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import typer

from ivigcheck.cli.history_option import HistoryOption, history_path
from ivigcheck.cli.options import Form, named_day
from ivigcheck.cli.terminal import captured, emit
from ivigcheck.errors import Exit
from ivigcheck.history import History
from ivigcheck.history.nights import all_standing, recorded_nights
from ivigcheck.history.stats import RuleStats, rule_stats
from ivigcheck.report.lines import shown_id
from ivigcheck.rules import RULES

RUNS_SCHEMA: Final = "ivigcheck.history-runs/1"
FINDINGS_SCHEMA: Final = "ivigcheck.history-findings/1"
STATS_SCHEMA: Final = "ivigcheck.history-stats/1"


def runs(
    last: Annotated[int, typer.Option(metavar="N", min=1, help="How many of the last runs.")] = 20,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    history: HistoryOption = None,
) -> int:
    """List the last unattended runs: what they counted, and how many findings were to be read: new, changed, reopened.

    \b
    Examples:
      ivigcheck history runs
      ivigcheck history runs --last 365 --format json

    \b
    Exit codes:
      0  listed
      2  the command line is wrong
      3  the history is missing, locked or damaged
    """
    with History.reading(history_path(history).path) as opened:
        nights = recorded_nights(opened, last)
    rows = [{"entry": night.number, "run": night.id, "as_of": night.day, **_counted(night.facts)} for night in nights]
    if form is Form.JSON:
        _emit_json({"schema": RUNS_SCHEMA, "runs": rows})
        return Exit.OK
    titles = ("run", "as of", "orders", "stop", "unchecked", "review", "to read", "code")
    shown = [row | {"as of": row["as_of"], "to read": row["new"] + row["changed"] + row["reopened"]} for row in rows]
    _print_table(titles, [[row[title] for title in titles] for row in shown], texts=2)
    return Exit.OK


def _counted(facts: Any) -> dict[str, Any]:
    delta = facts["delta"]
    return {
        "stream": facts["stream"],
        **facts["counts"],
        **{name: delta[name] for name in ("new", "changed", "reopened", "still_open", "acknowledged", "resolved")},
        "code": facts["exit_code"],
    }


def findings(
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    history: HistoryOption = None,
) -> int:
    """List the findings that stood after the last run, gravest first, with the fingerprints by which they are settled.

    It names orders and patients. Settled are those that were acknowledged in that run.

    \b
    Examples:
      ivigcheck history findings
      ivigcheck history findings --format json

    \b
    Exit codes:
      0  listed
      2  the command line is wrong
      3  the history is missing, locked or damaged
    """
    with History.reading(history_path(history).path) as opened:
        stood = all_standing(opened)
    rows = [
        {
            "stream": stream,
            "fingerprint": each.seen.fingerprint,
            "severity": each.seen.severity,
            "code": each.seen.code,
            "column": each.seen.column or None,
            "order_id": each.seen.order_id or None,
            "patient_id": each.seen.patient_id or None,
            "since": each.since,
            "acknowledged": each.acknowledged,
        }
        for stream, each in stood
    ]
    if form is Form.JSON:
        _emit_json({"schema": FINDINGS_SCHEMA, "findings": rows})
        return Exit.OK
    shown = [
        [
            row["fingerprint"],
            str(row["severity"]).upper(),
            row["code"],
            shown_id(str(row["order_id"] or ""), "order"),
            shown_id(str(row["patient_id"] or ""), "patient"),
            row["since"],
            "settled" if row["acknowledged"] else "",
        ]
        for row in rows
    ]
    titles = ("fingerprint", "severity", "code", "order", "patient", "since", "")
    _print_table(titles, shown, texts=len(titles))
    return Exit.OK


def stats(
    since: Annotated[str, typer.Option(metavar="DATE", help="From the runs of this day on. Default: all.")] = "",
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    history: HistoryOption = None,
) -> int:
    """Tell how each rule fares: how often it fired, what it was settled as, and whether the order was changed.

    Each order counts once for a rule. changed: the order was changed, so that the finding is over; cleared: it is over
    although the order is as it was; gone: the order is in no file any more. share: of the orders that were changed or
    settled, those that were changed: the precision of the alert at this site. A rule that is always settled and never
    followed is one to argue about.

    \b
    Examples:
      ivigcheck history stats
      ivigcheck history stats --since 2026-01-01 --format json

    \b
    Exit codes:
      0  told
      2  the command line is wrong
      3  the history is missing, locked or damaged
    """
    day = named_day(since, "--since").isoformat() if since else ""
    with History.reading(history_path(history).path) as opened:
        counted, found = rule_stats(opened, day)
    if form is Form.JSON:
        _emit_json({"schema": STATS_SCHEMA, "since": day or None, "runs": counted, "rules": [_facts(r) for r in found]})
        return Exit.OK
    titles = ("rule", "fired", "open", "settled", "changed", "cleared", "gone", "share")
    rows = [
        [
            f"{each.code} {RULES[each.code].name if each.code in RULES else ''}",
            each.fired,
            each.open,
            sum(each.acknowledged.values()),
            each.corrected,
            each.cleared,
            each.gone,
            "-" if each.corrected_share is None else f"{each.corrected_share:.0%}",
        ]
        for each in found
    ]
    emit(f"{counted} {'run' if counted == 1 else 'runs'}\n")
    _print_table(titles, rows, texts=1)
    lines = [
        f"{each.code} settled as: {', '.join(f'{reason} {count}' for reason, count in each.acknowledged.items())}"
        for each in found
        if each.acknowledged
    ]
    emit("".join(f"{line}\n" for line in lines))
    return Exit.OK


def _facts(each: RuleStats) -> dict[str, Any]:
    return {
        "code": each.code,
        "name": RULES[each.code].name if each.code in RULES else None,
        "fired": each.fired,
        "open": each.open,
        "acknowledged": dict(each.acknowledged),
        "corrected": each.corrected,
        "cleared": each.cleared,
        "gone": each.gone,
        "corrected_share": each.corrected_share,
    }


def _emit_json(facts: dict[str, Any]) -> None:
    emit(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def _print_table(titles: tuple[str, ...], rows: list[list[Any]], *, texts: int) -> None:
    """texts: how many of the columns, from the left, are texts; the others are numbers."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for k, title in enumerate(titles):
        table.add_column(title, justify="left" if k < texts else "right", overflow="fold", no_wrap=k >= texts)
    for row in rows:
        table.add_row(*map(str, row))
    with captured() as screen:
        screen.print(table)
