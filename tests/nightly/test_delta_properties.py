"""Whatever the nights bring: no finding is lost, none stands that nobody found, and the history is whole."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from nights_moment import NOW

from ivigcheck.delta import SUPERSEDED, Ending, Seen, State, compare
from ivigcheck.history import History, NewEntry
from ivigcheck.history.nights import NewNight, Nights, acknowledgements

# Three orders with two rules each, whose findings come in three versions.
FINDINGS = [
    Seen(f"{order}{rule}{version}".ljust(16, "0"), f"{order}{rule}", f"b{version}", f"O{order}", f"P{order}", f"IVG10{rule}", "", "stop")
    for order in "abc"
    for rule in "12"
    for version in "xyz"
]  # fmt: skip
NIGHT = st.fixed_dictionaries(
    {
        "found": st.sets(st.sampled_from(range(len(FINDINGS))), max_size=8),
        "there": st.sets(st.sampled_from("abc")),
        "unchecked": st.sets(st.sampled_from("abc"), max_size=1),
        "settled": st.sets(st.sampled_from(range(len(FINDINGS))), max_size=3),
        "days": st.integers(0, 3),
        "complete": st.booleans(),
    }
)


@settings(max_examples=150)
@given(st.lists(NIGHT, min_size=1, max_size=6))
def test_every_finding_is_in_one_section_and_what_stood_is_accounted_for(plan: list[dict]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "h.sqlite"
        History.recording(path).close()
        day = date(2026, 11, 1)
        for k, night in enumerate(plan):
            day += timedelta(days=night["days"])
            found = {FINDINGS[i].fingerprint: FINDINGS[i] for i in night["found"]}
            # An order is there where it has a finding; its row says what its findings' version says.
            bases: dict[tuple[str, str], set[str]] = {(f"P{o}", f"O{o}"): {"other"} for o in night["there"]}
            for each in found.values():
                bases.setdefault(each.order, set()).add(each.basis)
            unchecked = {(f"P{o}", f"O{o}") for o in night["unchecked"]} & bases.keys()
            with History.recording(path) as history:
                nights = Nights(history, "n")
                stood, last = nights.stood(), nights.last()
                settled = acknowledgements(history, {*found, *stood}, day.isoformat())
                delta = compare(
                    found.values(), bases, unchecked, stood, settled, nights.known(s.subject for s in found.values()),
                    day=day.isoformat(), is_gone=lambda _, over=night["complete"]: over, since_run=last.id if last else "",
                )  # fmt: skip
                nights.record(NewNight(f"run-{k}", day.isoformat(), [], {"complete": True}), delta, NOW)
                after = nights.stood()
                problems = history.problems()
                facts = [
                    {"fingerprint": f, "code": s.seen.code, "severity": "stop", "reason": "r", "text": "t",
                     "until": (day + timedelta(days=1)).isoformat()}
                    for f, s in after.items() if f in {FINDINGS[i].fingerprint for i in night["settled"]}
                ]  # fmt: skip
                history.append([NewEntry("acknowledgement", "P", day.isoformat(), "AB", each) for each in facts], NOW)
            assert problems == []
            # Every finding of tonight is in one section, and settled exactly where somebody settled it as it is.
            assert delta.marks.keys() == found.keys()
            for fingerprint, mark in delta.marks.items():
                assert (mark.state is State.ACKNOWLEDGED) == (fingerprint in settled)
                if mark.state is State.STILL_OPEN:
                    assert fingerprint in stood and not stood[fingerprint].acknowledged
                if mark.state is State.NEW:
                    assert not any(each.seen.subject == found[fingerprint].subject for each in stood.values())
            # Whatever stood is found again, replaced, over for a reason that is true, or stands on unseen.
            over = {each.seen.fingerprint: each.ending for each in delta.over}
            replaced = {each.fingerprint for each, what in delta.changes if what == SUPERSEDED}
            unseen = stood.keys() - found.keys() - over.keys() - replaced
            assert len(unseen) == delta.not_seen
            assert after.keys() == found.keys() | unseen
            for fingerprint, ending in over.items():
                order = stood[fingerprint].seen.order
                assert order not in unchecked and (order not in bases) == (ending is Ending.GONE)
                assert ending is not Ending.GONE or night["complete"]
            for fingerprint in replaced:
                assert any(each.subject == stood[fingerprint].seen.subject for each in found.values())
