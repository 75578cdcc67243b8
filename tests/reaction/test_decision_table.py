"""The decision table, which a clinician can read: each row is what was observed, and what it comes to."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from observed import REASSURING, SIGNS, changes, judged

from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.past import Past, PastReaction

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


def test_a_site_that_ends_ivig_only_from_grade_4_on_still_allows_no_rechallenge_at_grade_3() -> None:
    found = judged({"dyspnea": "yes"}, knowledge=under(severe_reaction_from_grade=4))
    assert (found.grade, found.disposition.name) == (3, "HOLD") and math.isnan(found.max_rate)
    assert found.not_before is None


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
