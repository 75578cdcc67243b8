"""What is new since last time, as plain data: what every format of an unattended run's report carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Final

from ivigcheck.delta import Acknowledgement, Delta, Ending, Mark, Over, Seen, State
from ivigcheck.rules import RULES, Severity

Order = Mapping[str, Any]
Finding = Mapping[str, Any]

SECTIONS: Final[Mapping[str, str]] = {
    State.NEW.value: "New",
    State.CHANGED.value: "Changed",
    State.REOPENED.value: "Reopened",
    State.STILL_OPEN.value: "Still open",
    State.ACKNOWLEDGED.value: "Acknowledged",
    "resolved": "Resolved",
}
"""The sections of a report, in their order, as a reader sees them."""

MEANINGS: Final[Mapping[str, str]] = {
    State.NEW.value: "not seen before",
    State.CHANGED.value: "open before, and something that made it has changed",
    State.REOPENED.value: "settled or over before: something changed, or the acknowledgement is over",
    State.STILL_OPEN.value: "as in the last report",
    State.ACKNOWLEDGED.value: "settled by a pharmacist, until the day named",
    "resolved": "stood in the last report, and is there no more",
}

ENDINGS: Final[Mapping[str, str]] = {
    Ending.CORRECTED.value: "the order was changed",
    Ending.CLEARED.value: "the order is as it was: a rule, the policy, the history or the day made the difference",
    Ending.GONE.value: "the order is not among those of this run",
}


def add_marks(orders: Sequence[MutableMapping[str, Any]], seen: Mapping[int, Sequence[Seen]], delta: Delta) -> None:
    """Adds to each order's facts, and to each of its findings but information, what it is to a reader of the last
    report. orders: in the order of the input, as ``seen`` counts them."""
    names = list(SECTIONS)
    for i, facts in enumerate(orders):
        states = []
        for finding, each in zip(facts["findings"], seen[i], strict=True):
            mark = delta.marks.get(each.fingerprint)  # none of information, which is not compared
            finding["delta"] = _mark(mark) if mark else None
            states += [mark.state.value] if mark else []
        facts["delta"] = min(states, key=names.index, default=None)


def delta_facts(delta: Delta, seen: Mapping[int, Sequence[Seen]]) -> dict[str, Any]:
    """What a report's head says of the comparison. seen: as for `add_marks`."""
    found = (each for findings in seen.values() for each in findings if each.fingerprint in delta.marks)
    return {
        "compared_with": delta.since_run or None,
        "counts": delta.counts(found),
        "grave_unseen": delta.grave_unseen,
        "resolved": [_over(each) for each in sorted(delta.over, key=_gravest_first)],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "state": mark.state.value,
        "since": mark.since,
        "acknowledged": _acknowledgement(mark.acknowledgement) if mark.acknowledgement else None,
    }


def _acknowledgement(each: Acknowledgement) -> dict[str, Any]:
    return {
        "entry": each.entry,
        "by": each.by,
        "on": each.on,
        "until": each.until,
        "reason": each.reason,
        "text": each.text or None,
    }


def _gravest_first(over: Over) -> int:
    return -Severity[over.seen.severity.upper()]


def _over(over: Over) -> dict[str, Any]:
    seen = over.seen
    return {
        "order_id": seen.order_id or None,
        "patient_id": seen.patient_id or None,
        "code": seen.code,
        "name": RULES[seen.code].name if seen.code in RULES else None,  # of a rule that a later version has not
        "severity": seen.severity,
        "column": seen.column,
        "fingerprint": seen.fingerprint,
        "since": over.since,
        "ending": over.ending.value,
    }


def section_of(report: Mapping[str, Any], section: str) -> Iterator[tuple[Order, list[Finding]]]:
    """The orders of a report that have findings in a section, worst first, each with those findings."""
    for order in report["orders"]:
        findings = [f for f in order["findings"] if f["delta"] and f["delta"]["state"] == section]
        if findings:
            yield order, findings


def acknowledged_text(mark: Mapping[str, Any]) -> str:
    """Who settled a finding, and why, in a line."""
    said = mark["acknowledged"]
    text = f": {said['text']}" if said["text"] else ""
    return f"acknowledged by {said['by']} on {said['on']} until {said['until']} as {said['reason']}{text}"


def news(delta: Mapping[str, Any]) -> str:
    """The counts of the sections in one phrase."""
    counts = delta["counts"]
    said = ", ".join(f"{counts[name]} {title.lower()}" for name, title in SECTIONS.items())
    return said + (f", {counts['not_seen']} not looked at" if counts["not_seen"] else "")
