"""An unattended run's report as plain text: what is new first, and what is settled last.

Written without the terminal's library: a night of ten thousand orders would take it longer than all the checking.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ivigcheck.delta import State
from ivigcheck.report.delta_facts import ENDINGS, MEANINGS, SECTIONS, acknowledged_text, news, section_of
from ivigcheck.report.lines import limit_line, shown_id
from ivigcheck.report.model import deviation_text, is_folded, place, summary
from ivigcheck.show import visible

Finding = Mapping[str, Any]

_WIDTH: Final = 96  # of a printed page in a fixed font
_UNSEEN: Final = (
    "findings stand on that nothing is known of in this run: their orders were in none of its files, or could not be "
    "checked."
)


def worklist_text(report: Mapping[str, Any]) -> bytes:
    """The whole report as plain text in UTF-8."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(report)).encode()


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """A text in lines that fit, the first of which begins with ``first`` and the others with ``rest``."""
    text = visible(text)
    if len(first) + len(text) <= _WIDTH:
        return [first + text]
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    delta, run, policy = report["delta"], report["run"], report["policy"]
    yield summary(report["counts"], run["as_of"])
    before = f"compared with run {delta['compared_with']}" if delta["compared_with"] else "the first run"
    yield from _wrapped(f"Run {run['id']}, {before}: {news(delta)}.")
    yield ""
    if policy["deviations"]:
        yield f'Policy "{visible(policy["id"])}" {visible(policy["version"])}, otherwise than built in:'
        for deviation in policy["deviations"]:
            yield from _wrapped(deviation_text(deviation), "  ", "  ")
        yield ""
    for section in SECTIONS:
        yield _title(section, delta["counts"][section])
        yield ""
        yield from _resolved(delta["resolved"]) if section == "resolved" else _section(report, section)
    unseen = delta["counts"]["not_seen"]
    if unseen:
        yield from _wrapped(f"{unseen} {_UNSEEN}")
        yield ""
    if delta["counts"]["new"] or delta["counts"]["still_open"]:
        yield "To settle a finding that was judged: ivigcheck ack FINGERPRINT --reason CODE --by INITIALS"
        yield "All that stand, with their fingerprints: ivigcheck history findings"
        yield ""
    yield "Notices"
    for notice in report["notices"]:
        yield from _wrapped(notice, "- ", "  ")


def _title(section: str, count: int) -> str:
    counted = "none" if count == 0 else "1 finding" if count == 1 else f"{count} findings"
    return f"{SECTIONS[section].upper()}: {counted}" + (f"  ({MEANINGS[section]})" if count else "")


def _section(report: Mapping[str, Any], section: str) -> Iterator[str]:
    folded = 0
    for order, findings in section_of(report, section):
        # What only says that nobody documented a risk, or named a product, is counted and not told one by one; but for
        # what somebody settled, which is told with who and why.
        if is_folded(order) and section != State.ACKNOWLEDGED:
            folded += 1
            continue
        order_id, patient_id = (shown_id(order[f"{what}_id"], what) for what in ("order", "patient"))
        yield f"{order['status']}  {order_id}  patient {patient_id}  {place(order['source'])}"
        for finding in findings:
            told = finding["message"] + _after(finding, report["run"]["as_of"])
            yield from _wrapped(told, f"  {finding['code']} ", " " * 9)
        limits = limit_line(order)
        if limits:
            yield from _wrapped(limits, "  ", "  ")
        yield ""
    if folded:
        what = "1 order has" if folded == 1 else f"{folded} orders have"
        yield f"{what} only undocumented risk questions or an open product (IVG904, IVG907)."
        yield ""


def _after(finding: Finding, today: str) -> str:
    """What ends a finding's message: who has acknowledged it, since when it stands, and its fingerprint."""
    mark = finding["delta"]
    settled = acknowledged_text(mark) if mark["acknowledged"] else ""
    since = f"since {mark['since']}" if mark["since"] != today else ""
    return f" [{'; '.join(part for part in (settled, since, finding['fingerprint']) if part)}]"


def _resolved(resolved: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in resolved:
        order_id, patient_id = (shown_id(each[f"{what}_id"], what) for what in ("order", "patient"))
        what = f"{each['severity'].upper()} {each['code']} of order {order_id}, patient {patient_id}"
        yield from _wrapped(f"{what}, since {each['since']}: {ENDINGS[each['ending']]}", "  ", "    ")
    if resolved:
        yield ""
