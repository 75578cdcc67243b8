"""A reaction as it is recorded, and as later orders find it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from observed import BASE, NOW, read

from ivigcheck.errors import HistoryError, UsageError
from ivigcheck.history import History, NewEntry
from ivigcheck.history.recalled import recalling
from ivigcheck.knowledge.protocol import built_in_protocol
from ivigcheck.past import Past, PastReaction
from ivigcheck.reaction import judge
from ivigcheck.reaction.recording import reaction_entries

DAY = date(2026, 11, 22).toordinal()


def recalled(folder: Path, otherwise: dict[str, str], past: Past | None = None) -> Past:
    """What the history knows after this reaction was recorded."""
    observed = read(BASE | otherwise)
    entries = reaction_entries(observed, judge(observed, built_in_protocol(), past), "00123", "AB")
    path = folder / "h.sqlite"
    with History.recording(path) as store:
        store.append(entries, NOW)
    with History.reading(path) as store:
        (found,) = recalling(store)([" 00123 "])
    assert found is not None
    return found


def test_a_recorded_reaction_is_found_as_it_was(tmp_path: Path) -> None:
    (found,) = recalled(tmp_path, {"true_weakness": "yes", "weakness": "diffuse"}).reactions
    assert (found.entry, found.first_day, found.last_day, found.grade, found.rate) == (1, DAY, DAY, 2, 3.0)
    assert (found.resolved, found.minutes_since_resolved, found.session_over, found.for_good) == (
        True,
        20,
        False,
        False,
    )
    assert (found.product, found.recorded_by) == ("Gamunex-C 10%", "AB")
    assert found.onset == datetime(2026, 11, 22, 22, 45, tzinfo=UTC) and found.observed_at == NOW


@pytest.mark.parametrize(
    ("otherwise", "session_over", "for_good", "kinds"),
    [
        ({}, False, False, ["reaction"]),
        ({"recurred": "yes"}, True, False, ["reaction", "discontinuation"]),
        ({"dyspnea": "yes"}, True, True, ["reaction", "discontinuation"]),
        ({"resolved": "no"}, False, False, ["reaction"]),
    ],
)
def test_a_discontinuation_is_recorded_with_it(
    tmp_path: Path, otherwise: dict[str, str], session_over: bool, for_good: bool, kinds: list[str]
) -> None:
    (found,) = recalled(tmp_path, otherwise).reactions
    assert (found.session_over, found.for_good) == (session_over, for_good)
    with History.reading(tmp_path / "h.sqlite") as store:
        assert [each.kind for each in store.entries()] == kinds


def test_what_is_not_resolved_or_not_known_stays_so(tmp_path: Path) -> None:
    open_ = {"resolved": "", "minutes_since_resolved": "", "rate": "", "product": ""}
    (found,) = recalled(tmp_path, open_).reactions
    assert not found.resolved and math.isnan(found.minutes_since_resolved) and math.isnan(found.rate)
    assert found.product == ""


def test_an_infusion_past_midnight_has_both_its_days(tmp_path: Path) -> None:
    times = {"infusion_start": "2026-11-21T23:30+00:00", "onset": "2026-11-22T00:10+00:00"}
    (found,) = recalled(tmp_path, times).reactions
    assert (found.first_day, found.last_day) == (DAY - 1, DAY)
    assert [bool(Past(reactions=(found,)).same_infusion(day)) for day in range(DAY - 2, DAY + 2)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_reaction_has_a_day(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="recorded with its day"):
        recalled(tmp_path, {"infusion_start": "", "onset": "", "onset_minutes": "45"})
    (found,) = recalled(tmp_path, {"infusion_start": ""}).reactions
    assert (found.first_day, found.last_day) == (DAY, DAY)


def test_an_entry_that_is_no_reaction_of_this_program_s_stops_a_check(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    with History.recording(path) as store:
        store.append([NewEntry("reaction", "00123", "2026-11-22", "AB", {"grade": 2})], NOW)
    with History.reading(path) as store, pytest.raises(HistoryError, match=r"Entry 1 .* lacks"):
        recalling(store)(["00123"])


def reaction(entry: int, **otherwise: object) -> PastReaction:
    usual = {
        "first_day": DAY, "last_day": DAY, "grade": 2, "rate": 3.0, "resolved": True, "minutes_since_resolved": 20.0,
        "session_over": False, "for_good": False, "product": "", "recorded_by": "AB",
    }  # fmt: skip
    return PastReaction(entry, **{**usual, **otherwise})  # type: ignore[arg-type]


def test_a_session_that_ended_once_has_ended() -> None:
    for reactions in ((reaction(1, session_over=True), reaction(2)), (reaction(1), reaction(2, session_over=True))):
        found = Past(reactions=reactions).same_infusion(DAY)
        assert found is not None and found.session_over and found.entries == (1, 2)


def test_ivig_that_ended_for_good_is_forbidden_whatever_the_grade() -> None:
    assert Past(reactions=(reaction(1, for_good=True), reaction(2))).forbidden(3).endswith("(history entry 1)")
    assert Past(reactions=(reaction(1, grade=3), reaction(2))).forbidden(3).endswith("(history entry 1)")
    assert Past(reactions=(reaction(1, grade=3),)).forbidden(4) == "" == Past().forbidden(1)
