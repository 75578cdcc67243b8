"""What a finding is to somebody who read the last report, decided by what stood, what was settled, and what changed."""

from __future__ import annotations

import pytest

from ivigcheck.delta import Acknowledgement, Delta, Ending, Seen, State, Stood, compare

DAY = "2026-11-20"


def seen(fingerprint: str, subject: str = "s", basis: str = "b", order: str = "A") -> Seen:
    return Seen(fingerprint, subject, basis, order, "P", "IVG101", "", "stop")


def ack(fingerprint: str, until: str = "2026-12-01") -> dict[str, Acknowledgement]:
    return {fingerprint: Acknowledgement(7, fingerprint, "AB", "confirmed", "", until, "2026-11-10")}


def compared(
    found: list[Seen],
    stood: list[tuple[Seen, bool]] = [],  # noqa: B006
    *,
    acks: dict[str, Acknowledgement] | None = None,
    known: set[str] = frozenset(),  # type: ignore[assignment]
    bases: dict[tuple[str, str], set[str]] | None = None,
    unchecked: set[tuple[str, str]] = frozenset(),  # type: ignore[assignment]
    complete: bool = True,
) -> Delta:
    before = {each.fingerprint: Stood(each, "2026-11-01", settled, "2026-11-19") for each, settled in stood}
    here = bases if bases is not None else {each.order: {each.basis} for each in found}
    return compare(found, here, unchecked, before, acks or {}, known, day=DAY, is_gone=lambda _: complete)


# found now; what stood before, and whether settled; acknowledgements in force; subjects known: what it is now.
CASES = [
    ("nothing before", [], {}, set(), State.NEW),
    ("the same stood open", [("f", "s", False)], {}, {"s"}, State.STILL_OPEN),
    ("the same stood open, and is settled since", [("f", "s", False)], ack("f"), {"s"}, State.ACKNOWLEDGED),
    ("the same stood settled, and still is", [("f", "s", True)], ack("f"), {"s"}, State.ACKNOWLEDGED),
    ("the same stood settled, and no longer is", [("f", "s", True)], {}, {"s"}, State.REOPENED),
    ("another of the order and rule stood open", [("g", "s", False)], {}, {"s"}, State.CHANGED),
    ("another of the order and rule stood settled", [("g", "s", True)], {}, {"s"}, State.REOPENED),
    ("another was settled since the last run", [("g", "s", False)], ack("g"), {"s"}, State.REOPENED),
    ("it was over, and is back", [], {}, {"s"}, State.REOPENED),
    ("it was over, is back, and was settled as it is", [], ack("f"), {"s"}, State.ACKNOWLEDGED),
    ("one of another order or rule stood", [("g", "t", True)], {}, {"t"}, State.NEW),
]


@pytest.mark.parametrize(("stood", "acks", "known", "state"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_a_finding_is(
    stood: list[tuple[str, str, bool]], acks: dict[str, Acknowledgement], known: set[str], state: State
) -> None:
    before = [(seen(f, s, order="A" if s == "s" else "B"), settled) for f, s, settled in stood]
    mark = compared([seen("f")], before, acks=acks, known=known).marks["f"]
    assert mark.state is state
    assert (mark.acknowledgement is not None) == (state is State.ACKNOWLEDGED)
    # It stands since the first day on which its order and rule stood, whatever has changed since.
    assert mark.since == ("2026-11-01" if any(s == "s" for _, s, _ in stood) else DAY)


def test_only_what_changed_is_kept() -> None:
    """A night with the same findings adds nothing to the history."""
    same = compared([seen("f"), seen("g", "t")], [(seen("f"), False), (seen("g", "t"), True)], acks=ack("g"))
    assert same.changes == []
    changed = compared([seen("f")], [(seen("e"), False)])
    assert [(each.fingerprint, what) for each, what in changed.changes] == [("f", "changed"), ("e", "superseded")]
    settled = compared([seen("f")], [(seen("f"), False)], acks=ack("f"))
    assert [what for _, what in settled.changes] == ["acknowledged"]
    opened = compared([seen("f")], [(seen("f"), True)])
    assert [what for _, what in opened.changes] == ["reopened"]


def test_what_stood_and_is_there_no_more_ended_for_a_reason() -> None:
    stood = [(seen("f"), False)]
    order = ("P", "A")
    for bases, complete, ending in (
        ({order: {"other"}}, True, Ending.CORRECTED),
        ({order: {"b"}}, True, Ending.CLEARED),
        ({order: {"b", "other"}}, True, Ending.CLEARED),
        ({}, True, Ending.GONE),
    ):
        delta = compared([], stood, bases=bases, complete=complete)
        assert [(each.seen.fingerprint, each.ending) for each in delta.over] == [("f", ending)]
        assert [what for _, what in delta.changes] == [ending.value] and delta.not_seen == 0


def test_what_was_not_looked_at_is_never_called_over() -> None:
    stood = [(seen("f"), False)]
    order = ("P", "A")
    absent = compared([], stood, bases={}, complete=False)
    unreadable = compared([], stood, bases={order: {"other"}}, unchecked={order}, complete=True)
    for delta in (absent, unreadable):
        assert delta.over == [] and delta.changes == [] and delta.not_seen == 1
    # What is there and could be checked counts, whether or not other orders are missing.
    assert len(compared([], stood, bases={order: {"other"}}, complete=False).over) == 1


def test_two_rows_of_one_order_with_other_content_are_two_findings_of_one_subject() -> None:
    delta = compared([seen("f"), seen("g")], [(seen("f"), False)])
    assert {name: mark.state for name, mark in delta.marks.items()} == {"f": State.STILL_OPEN, "g": State.CHANGED}
    assert delta.over == []


def test_of_two_that_stood_one_takes_the_place_of_one_and_the_other_is_over() -> None:
    delta = compared([seen("f", basis="c")], [(seen("d"), False), (seen("e"), False)], bases={("P", "A"): {"c"}})
    assert [what for _, what in delta.changes] == ["changed", "superseded", "corrected"]
    assert [each.seen.fingerprint for each in delta.over] == ["e"] and delta.over[0].ending is Ending.CORRECTED


def test_the_counts_name_every_section_in_its_order() -> None:
    counts = compared([seen("f")], [(seen("g", "t", order="B"), False)]).counts([seen("f")])
    assert list(counts) == ["new", "changed", "reopened", "still_open", "acknowledged", "resolved", "not_seen"]
    assert counts["new"] == counts["resolved"] == 1 and sum(counts.values()) == 2
