"""The decision table, which a clinician can read: each row is what was observed, and what it comes to."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from observed import BASE, REASSURING, SIGNS, changes, judged, read

from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.past import Past, PastReaction
from ivigcheck.reaction import governing

TABLE = list(csv.DictReader(io.StringIO((Path(__file__).parent / "decision_table.csv").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("row", TABLE, ids=[row["case"] for row in TABLE])
def test_the_decision_table_holds(row: dict[str, str]) -> None:
    found = judged(changes(row["observed otherwise"]))
    assert list(found.suspected) == row["suspected"].split()
    assert (found.grade, found.disposition.name.lower()) == (int(row["grade"]), row["disposition"])
    most = row["rechallenge at most (mg/kg/min)"]
    assert (math.isnan(found.max_rate), not most) in ((True, True), (False, False))
    assert not most or found.max_rate == pytest.approx(float(most), rel=1e-12)


def test_every_sign_has_a_row_in_which_nobody_asked() -> None:
    """A sign that may be missing without a hold would be taken for no."""
    left_open = {name for row in TABLE for name, text in changes(row["observed otherwise"]).items() if not text}
    assert set(SIGNS) - {"hypotension"} <= left_open and "sbp_before" in left_open
    assert set(REASSURING) - {"sbp"} <= left_open | {"hypotension"}


def under(**parameters: float) -> Knowledge:
    """The knowledge under a site's own parameters."""
    knowledge = built_in()
    return replace(knowledge, policy=replace(knowledge.policy, **parameters))


def test_a_site_that_calls_only_grade_4_severe_still_ends_ivig_at_grade_3() -> None:
    found = judged({"dyspnea": "yes"}, knowledge=under(severe_reaction_from_grade=4))
    assert (found.grade, found.disposition.name, found.by_grade) == (3, "DISCONTINUE_PERMANENTLY", True)
    assert math.isnan(found.max_rate) and found.not_before is None


def test_a_site_s_grade_fraction_wait_and_ceiling_count() -> None:
    assert judged(knowledge=under(severe_reaction_from_grade=1)).disposition.name == "DISCONTINUE_PERMANENTLY"
    assert judged(knowledge=under(rechallenge_fraction=0.25)).max_rate == 0.75
    assert judged(knowledge=under(ceiling=1.0)).max_rate == 1.0
    assert judged(knowledge=under(rechallenge_wait_minutes=21)).disposition.name == "HOLD"


def test_a_session_that_is_on_record_as_discontinued_stays_so() -> None:
    day = date(2026, 11, 22).toordinal()
    for first, last, session_over, disposition in (
        (day, day, True, "DISCONTINUE_SESSION"),
        (day, day, False, "RECHALLENGE"),
        (day - 2, day - 1, True, "RECHALLENGE"),
    ):
        entry = PastReaction(7, first, last, 2, 3.0, True, 20.0, session_over, False, "Gamunex-C 10%", "AB")
        found = judged(past=Past(reactions=(entry,)))
        assert found.disposition.name == disposition
        assert disposition == "RECHALLENGE" or "history entry 7" in found.disposition_because


def entry(number: int = 7, **otherwise: object) -> PastReaction:
    """A reaction on record of the infusion of the base, 15 minutes before its onset and at a lower rate."""
    day = date(2026, 11, 22).toordinal()
    usual = {
        "first_day": day, "last_day": day, "grade": 2, "rate": 2.0, "resolved": True, "minutes_since_resolved": 20.0,
        "session_over": False, "for_good": False, "product": "Gamunex-C 10%", "recorded_by": "AB",
        "onset": datetime(2026, 11, 22, 22, 30, tzinfo=UTC),
    }  # fmt: skip
    return PastReaction(number, **{**usual, **otherwise})  # type: ignore[arg-type]


def test_a_reaction_after_one_on_record_of_the_same_infusion_has_come_back() -> None:
    past = Past(reactions=(entry(),))
    assert judged(past=past).disposition.name == "DISCONTINUE_SESSION"
    same = Past(reactions=(entry(onset=datetime(2026, 11, 22, 22, 45, tzinfo=UTC)),))
    assert judged(past=same).disposition.name == "RECHALLENGE"  # a further word on the same reaction
    assert judged({"recurred": "no"}, past=past).disposition.name == "RECHALLENGE"


def test_of_several_rates_at_reactions_the_lowest_is_halved() -> None:
    found = judged({"recurred": "no"}, past=Past(reactions=(entry(),)))
    assert (found.max_rate, found.max_mL_per_h) == (1.0, 48)  # half of 2 mg/kg/min; × 60 × 80 ÷ 100
    assert governing(read(BASE | {"recurred": "no"}), found) == (
        False, "rechallenge: 0.5 × the lowest rate at a reaction of this infusion that is on record",
    )  # fmt: skip
    found = judged({"recurred": "no"}, past=Past(reactions=(entry(rate=5.0),)))
    assert (found.max_rate, found.max_mL_per_h) == (1.5, 72)


def test_an_infusion_past_midnight_is_still_the_same() -> None:
    times = {"infusion_start": "2026-11-22T22:00+00:00", "onset": "2026-11-22T23:10+00:00"}
    over = Past(reactions=(entry(session_over=True),))
    assert judged(times, past=over).disposition.name == "DISCONTINUE_SESSION"
    after = {
        "infusion_start": "2026-11-21T23:30+00:00",
        "onset": "2026-11-22T00:10+00:00",
        "minutes_since_resolved": "30",
    }
    day = date(2026, 11, 21).toordinal()
    before = Past(reactions=(entry(first_day=day, last_day=day, session_over=True),))
    assert judged(after, past=before).disposition.name == "DISCONTINUE_SESSION"
    no_start = {**after, "infusion_start": ""}
    assert judged(no_start, past=before).disposition.name == "DISCONTINUE_SESSION"
    no_time = {"infusion_start": "", "onset": "", "onset_minutes": "45"}
    assert judged(no_time, past=over).disposition.name == "DISCONTINUE_SESSION"


def test_an_id_that_is_almost_that_of_a_confirmed_event_holds_a_rechallenge() -> None:
    found = judged(past=Past(near=(("0042", 3),)))
    assert found.disposition.name == "HOLD" and "history entry 3" in found.disposition_because
    assert "0042" not in found.disposition_because


def test_a_drop_of_exactly_30_is_one_whatever_binary_arithmetic_says() -> None:
    assert judged({"sbp": "98.2", "sbp_before": "128.2"}).grade == 3
    assert judged({"sbp": "98.3", "sbp_before": "128.2"}).grade == 1
