"""An unattended run's report as text: what is new first, and what is settled last."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ivigcheck.report.delta_facts import ENDINGS, MEANINGS, SECTIONS, acknowledged_text, news, section_of
from ivigcheck.report.model import is_folded, summary
from ivigcheck.report.text_report import findings_table, limit_line, order_heading, print_notices, print_policy
from ivigcheck.show import cut, visible

_INDENT: Final = 2
_LONGEST_ID: Final = 40
_UNSEEN: Final = (
    "findings stand on that nothing is known of in this run: their orders were in none of its files, or could not be "
    "checked."
)


_WIDTH: Final = 96  # of a printed page in a fixed font


def worklist_text(report: Mapping[str, Any]) -> bytes:
    """The whole report as plain text in UTF-8."""
    text = io.StringIO()
    console = Console(file=text, width=_WIDTH, force_terminal=False, highlight=False, markup=False, emoji=False)
    print_delta(console, report)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()).encode()


def print_delta(console: Console, report: Mapping[str, Any]) -> None:
    """The whole report: summary, the sections in their order, notices."""
    delta, run = report["delta"], report["run"]
    console.print(Text(summary(report["counts"], run["as_of"]), style="bold"))
    before = f"compared with run {delta['compared_with']}" if delta["compared_with"] else "the first run"
    console.print(Text(f"Run {run['id']}, {before}: {news(delta)}."))
    console.print()
    print_policy(console, report["policy"])
    for section in SECTIONS:
        if section == "resolved":
            _print_resolved(console, delta["resolved"])
        else:
            _print_section(console, report, section)
    unseen = delta["counts"]["not_seen"]
    if unseen:
        console.print(Text(f"{unseen} {_UNSEEN}"))
        console.print()
    print_notices(console, report["notices"])


def _title(console: Console, section: str, count: int) -> None:
    counted = "none" if count == 0 else "1 finding" if count == 1 else f"{count} findings"
    console.print(Text(f"{SECTIONS[section].upper()}: {counted}", style="bold"), end="")
    console.print(Text(f"  ({MEANINGS[section]})" if count else "", style="dim"))
    console.print()


def _print_section(console: Console, report: Mapping[str, Any], section: str) -> None:
    entries = list(section_of(report, section))
    _title(console, section, report["delta"]["counts"][section])
    # What only says that nobody documented a risk, or named a product, is counted and not told one by one.
    folded = [order for order, _ in entries if is_folded(order)]
    for order, findings in entries:
        if not is_folded(order):
            console.print(order_heading(order))
            after = [_after(finding, report["run"]["as_of"]) for finding in findings]
            console.print(Padding(findings_table(findings, after), (0, 0, 0, _INDENT)))
            limits = limit_line(order)
            if limits:
                console.print(Padding(Text(limits, style="dim"), (0, 0, 0, _INDENT)))
            console.print()
    if folded:
        what = "1 order has" if len(folded) == 1 else f"{len(folded)} orders have"
        console.print(Text(f"{what} only undocumented risk questions or an open product (IVG904, IVG907)."))
        console.print()


def _after(finding: Mapping[str, Any], today: str) -> str:
    """What ends a finding's message: who has acknowledged it, since when it stands, and its fingerprint."""
    mark = finding["delta"]
    settled = acknowledged_text(mark) if mark["acknowledged"] else ""
    since = f"since {mark['since']}" if mark["since"] != today else ""
    return f" [{'; '.join(part for part in (settled, since, finding['fingerprint']) if part)}]"


def _print_resolved(console: Console, resolved: Sequence[Mapping[str, Any]]) -> None:
    _title(console, "resolved", len(resolved))
    for each in resolved:
        ids = (visible(cut(each[name] or "(none)", _LONGEST_ID)) for name in ("order_id", "patient_id"))
        order, patient = ids
        what = f"{each['severity'].upper()} {each['code']} of order {order}, patient {patient}, since {each['since']}"
        console.print(Padding(Text(f"{what}: {ENDINGS[each['ending']]}"), (0, 0, 0, _INDENT)))
    if resolved:
        console.print()
