"""The decision table, which a clinician can read: each row is what was observed, and what it comes to."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest
from observed import REASSURING, SIGNS, changes, judged

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
