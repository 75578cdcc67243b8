"""What is on record of a patient against every later order of that patient."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from conftest import AS_OF, GOOD, codes, table_of
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.knowledge import built_in
from ivigcheck.past import Memory, Past, PastEvent, PastReaction
from ivigcheck.pipeline import Checked, check_tables
from ivigcheck.report.model import order_facts

TODAY = AS_OF.toordinal()
PATIENT = GOOD["patient_id"]


def reaction(**otherwise: Any) -> PastReaction:
    """A reaction of grade 2 at 3 mg/kg/min in today's infusion of the good order's product, gone for 20 minutes."""
    usual = {
        "entry": 7, "first_day": TODAY, "last_day": TODAY, "grade": 2, "rate": 3.0, "resolved": True,
        "minutes_since_resolved": 20.0, "session_over": False, "for_good": False, "product": "Gamunex-C 10%",
        "recorded_by": "AB",
    }  # fmt: skip
    return PastReaction(**{**usual, **otherwise})


def checked(*orders: dict[str, str], known: dict[str, Past]) -> Checked:
    memory = Memory(lambda ids: [known.get(patient) for patient in ids], 1, "f" * 64)
    return check_tables([table_of([GOOD | order for order in orders])], AS_OF, memory=memory)


def told(past: Past, **cells: str) -> dict[str, Any]:
    """What is said of the good order, with some cells otherwise, of a patient with this past."""
    return order_facts(checked(cells, known={PATIENT: past}), 0)


def messages(verdict: dict[str, Any]) -> dict[str, str]:
    return {finding["code"]: finding["message"] for finding in verdict["findings"]}


def test_a_confirmed_event_on_record_stops_every_later_order_even_where_the_order_says_no() -> None:
    past = Past(confirmed=(PastEvent(12, TODAY - 900, "AB"),))
    for answer in ("", "no", "yes"):
        verdict = told(past, ivig_thrombosis=answer)
        assert verdict["status"] == "STOP" and "IVG203" in codes(verdict) and "IVG911" not in codes(verdict)
        assert "history entry 12" in messages(verdict)["IVG203"] and "ivig_thrombosis" in verdict["at_risk"]
        assert verdict["limits"]["soft_max_mg_per_kg_min"] == 3.3  # at risk
    assert [f["inputs"]["history"] for f in verdict["findings"] if f["code"] == "IVG203"] == [
        f"history entry 12: confirmed thrombotic event on {date.fromordinal(TODAY - 900)}, by AB"
    ]


@pytest.mark.parametrize(
    ("grade", "for_good", "stops"),
    [(1, False, False), (2, False, False), (2, True, True), (3, False, True), (4, True, True)],
)
def test_a_severe_reaction_on_record_stops_every_later_order(grade: int, for_good: bool, stops: bool) -> None:
    verdict = told(Past(reactions=(reaction(grade=grade, for_good=for_good, first_day=1, last_day=1),)))
    assert ("IVG205" in codes(verdict)) == stops and verdict["status"] == ("STOP" if stops else "PASS")
    assert not stops or "history entry 7" in messages(verdict)["IVG205"]
    assert verdict["history"] == [f"history entry 7: reaction of grade {grade} on 0001-01-01, by AB"]


def test_of_the_order_s_reaction_and_the_record_s_the_graver_counts() -> None:
    own = {"reaction_grade": "4", "reaction_rate": "3 mg/kg/min"}
    verdict = told(Past(reactions=(reaction(grade=3, first_day=1, last_day=1),)), **own)
    assert messages(verdict)["IVG205"].startswith("an earlier reaction was of grade 4: ")
    verdict = told(Past(reactions=(reaction(grade=4, first_day=1, last_day=1),)), **own | {"reaction_grade": "3"})
    assert messages(verdict)["IVG205"].startswith("an earlier reaction was of grade 4 (history entry 7, ")


def test_a_severe_reaction_of_the_order_s_own_is_not_made_milder_by_the_record() -> None:
    own = {"reaction_grade": "3", "reaction_rate": "3 mg/kg/min"}
    assert "IVG205" in codes(told(Past(reactions=(reaction(grade=1),)), **own))
    assert (
        told(Past(reactions=(reaction(grade=3, for_good=True),)), **own | {"reaction_grade": "1"})["status"] == "STOP"
    )


def test_an_order_of_the_infusion_in_which_the_patient_reacted_is_held_to_half_the_rate() -> None:
    past = Past(reactions=(reaction(),))
    verdict = told(past)  # 5 mg/kg/min, and half of 3 is 1.5
    assert codes(verdict) == ["IVG501"] and "(history entry 7), 1.5 mg/kg/min" in messages(verdict)["IVG501"]
    assert verdict["limits"]["hard_max_mg_per_kg_min"] == 1.5 and verdict["limits"]["hard_max_mL_per_h"] == 72
    assert verdict["limits"]["governed_by"]["hard_max"].startswith("rechallenge: 0.5")
    assert told(past, max_rate="72 mL/h")["status"] == "PASS"  # exactly 1.5
    assert codes(told(past, max_rate="72.1 mL/h")) == ["IVG501"]


@pytest.mark.parametrize(
    ("otherwise", "stops"),
    [
        ({}, False),
        ({"minutes_since_resolved": 15.0}, False),
        ({"minutes_since_resolved": 14.9}, True),
        ({"minutes_since_resolved": math.nan}, True),
        ({"resolved": False}, True),
        ({"session_over": True}, True),
    ],
)
def test_it_waits_for_what_is_on_record(otherwise: dict[str, Any], stops: bool) -> None:
    verdict = told(Past(reactions=(reaction(**otherwise),)), max_rate="72 mL/h")
    assert codes(verdict) == (["IVG502"] if stops else [])
    assert not stops or "history entry 7" in messages(verdict)["IVG502"]


def at(minute: int) -> datetime:
    return datetime(2026, 11, 22, 22, minute)


def test_the_last_word_on_the_resolution_counts_the_worst_grade_and_the_lowest_rate() -> None:
    first = reaction(entry=7, rate=2.0, resolved=False, observed_at=at(10))
    second = reaction(entry=8, grade=1, rate=3.0, observed_at=at(50))
    for recorded in ((first, second), (second, first)):  # what was observed last counts, not what was typed last
        verdict = told(Past(reactions=recorded), max_rate="48.1 mL/h")  # 1.002 mg/kg/min
        assert codes(verdict) == ["IVG501"] and verdict["limits"]["hard_max_mg_per_kg_min"] == 1.0
        assert verdict["ordered"]["reaction_grade"] == 2
    turned = (reaction(observed_at=at(10)), reaction(entry=8, resolved=False, observed_at=at(50)))
    assert codes(told(Past(reactions=turned), max_rate="48 mL/h")) == ["IVG502"]


@pytest.mark.parametrize("unknown", [None, datetime(2026, 11, 22, 22, 50, tzinfo=UTC)])
def test_where_nobody_knows_what_was_observed_last_the_worst_counts(unknown: datetime | None) -> None:
    for recorded in (
        (reaction(resolved=False, observed_at=at(10)), reaction(entry=8, observed_at=unknown)),
        (reaction(minutes_since_resolved=3.0, observed_at=unknown), reaction(entry=8, observed_at=at(10))),
    ):
        assert codes(told(Past(reactions=recorded), max_rate="48 mL/h")) == ["IVG502"]


def test_a_reaction_without_its_rate_beside_one_with_it_leaves_the_order_unchecked_too() -> None:
    both = Past(reactions=(reaction(observed_at=at(10)), reaction(entry=8, rate=math.nan, observed_at=at(50))))
    assert codes(told(both, max_rate="72 mL/h")) == ["IVG901"]
    assert codes(told(both)) == ["IVG501", "IVG901"]


def severities(verdict: dict[str, Any]) -> dict[str, str]:
    return {finding["code"]: finding["severity"] for finding in verdict["findings"]}


def test_an_order_of_the_day_after_may_go_on_with_the_same_infusion() -> None:
    """Past midnight, or a new infusion of a course: what is resolved is asked for, what is open is held."""
    yesterday = {"first_day": TODAY - 1, "last_day": TODAY - 1}
    verdict = told(Past(reactions=(reaction(**yesterday),)))
    assert severities(verdict) == {"IVG501": "review"} and verdict["limits"]["hard_max_mg_per_kg_min"] == 8
    assert "if this is the infusion of the day before: " in messages(verdict)["IVG501"]
    assert "(history entry 7), 1.5 mg/kg/min" in messages(verdict)["IVG501"]
    assert told(Past(reactions=(reaction(**yesterday),)), max_rate="72 mL/h")["status"] == "PASS"
    over = told(Past(reactions=(reaction(**yesterday, session_over=True),)), max_rate="72 mL/h")
    assert severities(over) == {"IVG502": "review"} and "history entry 7" in messages(over)["IVG502"]
    open_ = told(Past(reactions=(reaction(**yesterday, resolved=False),)), max_rate="72.1 mL/h")
    assert severities(open_) == {"IVG501": "stop", "IVG502": "stop"}
    both = Past(reactions=(reaction(**yesterday), reaction(entry=8)))
    assert severities(told(both)) == {"IVG501": "stop"}  # today's counts, not the day before's
    two_days = {"first_day": TODAY - 2, "last_day": TODAY - 2}
    assert told(Past(reactions=(reaction(**two_days, resolved=False),)))["status"] == "PASS"


def test_the_order_s_own_word_on_the_resolution_is_the_later_one() -> None:
    past = Past(reactions=(reaction(resolved=False, minutes_since_resolved=math.nan),))
    own = {"max_rate": "72 mL/h", "reaction_resolved": "yes", "minutes_since_resolved": "16"}
    assert told(past, **own)["status"] == "PASS"
    assert codes(told(past, **own | {"minutes_since_resolved": "14"})) == ["IVG502"]
    assert codes(told(Past(reactions=(reaction(),)), max_rate="72 mL/h", reaction_resolved="no")) == ["IVG502"]


def test_a_record_does_not_resolve_a_further_reaction_that_only_the_order_knows() -> None:
    further = {
        "reaction_grade": "1",
        "reaction_rate": "1.5 mg/kg/min",
        "max_rate": "36 mL/h",
        "start_rate": "0.5 mg/kg/min",
    }
    assert codes(told(Past(reactions=(reaction(),)), **further)) == ["IVG502"]


def test_a_reaction_whose_rate_nobody_recorded_leaves_the_rechallenge_unchecked() -> None:
    verdict = told(Past(reactions=(reaction(rate=math.nan),)))
    assert verdict["status"] == "UNCHECKED" and codes(verdict) == ["IVG901"]


@pytest.mark.parametrize(
    ("first", "last", "ordered_at", "same"),
    [
        (0, 0, "", True),
        (0, 0, "2026-11-22T23:00", True),
        (-1, 0, "", True),
        (-1, 0, "2026-11-21", True),
        (-1, -1, "", False),
        (0, 0, "2026-11-21", False),
    ],
)
def test_the_same_infusion_is_one_of_its_days(first: int, last: int, ordered_at: str, same: bool) -> None:
    past = Past(reactions=(reaction(first_day=TODAY + first, last_day=TODAY + last),))
    assert (severities(told(past, ordered_at=ordered_at)).get("IVG501") == "stop") == same


def test_a_long_gap_and_another_product_are_taken_from_the_record_where_the_order_is_silent() -> None:
    fast = {"start_rate": "1.5 mg/kg/min"}
    old = Past(reactions=(reaction(first_day=TODAY - 57, last_day=TODAY - 57),))
    verdict = told(old, **fast)
    assert codes(verdict) == ["IVG403"] and "57 days ago" in messages(verdict)["IVG403"]
    assert "history entry 7" in messages(verdict)["IVG403"]
    assert codes(told(old, **fast, last_ivig_date="2026-11-01")) == ["IVG105"]
    assert "history entry 7" in messages(told(old, **fast, last_ivig_date="NA"))["IVG403"]  # not available is silent
    assert "record" not in messages(told(old, **fast, last_ivig_date="2026-09-01"))["IVG403"]
    recent = Past(reactions=(reaction(first_day=TODAY - 56, last_day=TODAY - 56),))
    assert codes(told(recent, **fast)) == ["IVG105"]
    other = Past(reactions=(reaction(first_day=TODAY - 20, last_day=TODAY - 20, product="Privigen 10%"),))
    verdict = told(other, **fast)
    assert codes(verdict) == ["IVG403"] and "Privigen 10% (" in messages(verdict)["IVG403"]
    assert codes(told(other, **fast, last_product="Gamunex-C")) == ["IVG105"]
    assert codes(told(other, **fast, last_ivig_date="2026-11-10")) == ["IVG105"]  # of a later one nothing is on record
    assert "IVG403" not in codes(
        told(Past(reactions=(reaction(product="Privigen 10%"),)), **fast)
    )  # this very infusion


def test_a_near_id_is_for_review_and_shows_both() -> None:
    verdict = told(Past(near=(("123", 4),)))
    assert codes(verdict) == ["IVG210"] and verdict["status"] == "REVIEW"
    assert '"00123"' in messages(verdict)["IVG210"] and '"123" (history entry 4)' in messages(verdict)["IVG210"]
    both = Past(confirmed=(PastEvent(3, TODAY, "AB"),), near=(("123", 4),))
    assert "IVG210" not in codes(told(both))


def test_only_the_patient_s_own_orders_are_touched_and_only_readable_ids_asked_for() -> None:
    asked: list[str] = []

    def recall(ids: Any) -> list[Past | None]:
        asked.extend(ids)
        return [Past(confirmed=(PastEvent(1, TODAY, "AB"),)) for _ in ids]

    table = table_of(
        [
            GOOD | {"order_id": "1"},
            GOOD | {"order_id": "2", "patient_id": ""},
            GOOD | {"order_id": "3", "patient_id": "１２"},
        ]
    )
    found = check_tables([table], AS_OF, memory=Memory(recall))
    assert ["IVG203" in codes(order_facts(found, i)) for i in range(3)] == [True, False, False]
    assert asked == [PATIENT]
    alone = checked(
        {"patient_id": "A"},
        {"patient_id": "a", "order_id": "2"},
        known={"A": Past(confirmed=(PastEvent(1, TODAY, "AB"),))},
    )
    assert [order_facts(alone, i)["status"] for i in range(2)] == ["STOP", "PASS"]


def test_a_report_says_which_history_was_asked_or_why_none_was() -> None:
    from ivigcheck.report import head

    with_it = head(checked({}, known={}), datetime(2026, 11, 22, tzinfo=UTC))
    assert with_it["history"] == {"asked": True, "why_not": None, "entries": 1, "head": "f" * 64}
    assert f"History of patients: 1 entry, head {'f' * 64}." in with_it["notices"]
    without = head(
        check_tables([table_of([GOOD])], AS_OF, memory=Memory.none("because")), datetime(2026, 11, 22, tzinfo=UTC)
    )
    assert without["history"] == {"asked": False, "why_not": "because", "entries": None, "head": None}
    assert any("was NOT asked" in notice and "because" in notice for notice in without["notices"])


WORSE = {"PASS": 0, "REVIEW": 1, "UNCHECKED": 2, "STOP": 3}

pasts = st.builds(
    Past,
    confirmed=st.sampled_from(((), (), (PastEvent(1, TODAY - 5, "AB"),))),
    near=st.sampled_from(((), (("x", 1),))),
    reactions=st.lists(
        st.builds(
            reaction,
            first_day=st.integers(TODAY - 2, TODAY),
            last_day=st.integers(TODAY - 1, TODAY + 1),
            grade=st.integers(1, 4),
            rate=st.sampled_from((math.nan, 1.0, 3.0, 20.0)),
            resolved=st.booleans(),
            minutes_since_resolved=st.sampled_from((math.nan, 3.0, 15.0)),
            session_over=st.booleans(),
            observed_at=st.sampled_from((None, datetime(2026, 11, 22, 22), datetime(2026, 11, 22, 23))),
            for_good=st.booleans(),
            product=st.sampled_from(("", "Gamunex-C 10%", "Privigen 10%")),
        ),
        max_size=3,
    ).map(tuple),
)


@given(
    pasts,
    st.fixed_dictionaries(
        {
            "max_rate": st.sampled_from(("", "36 mL/h", "240 mL/h", "500 mL/h")),
            "start_rate": st.sampled_from(("", "0.4 mg/kg/min", "3 mg/kg/min")),
            "ivig_thrombosis": st.sampled_from(("", "no", "yes")),
            "reaction_grade": st.sampled_from(("", "", "0", "1", "3", "x")),
            "reaction_rate": st.sampled_from(("", "", "2 mg/kg/min")),
            "reaction_resolved": st.sampled_from(("", "no", "yes")),
            "minutes_since_resolved": st.sampled_from(("", "10", "30")),
            "product": st.sampled_from(("", "Gamunex-C", "Octagam")),
            "last_product": st.sampled_from(("", "Gamunex-C", "Privigen")),
            "last_ivig_date": st.sampled_from(("", "2026-11-01", "2026-01-01")),
        }
    ),
)
def test_a_past_never_improves_a_status_nor_raises_a_limit(past: Past, cells: dict[str, str]) -> None:
    with_it, without = told(past, **cells), told(Past(), **cells)
    assert WORSE[with_it["status"]] >= WORSE[without["status"]]
    for name in ("start", "soft_max", "hard_max"):
        least, most = with_it["limits"][f"{name}_mg_per_kg_min"], without["limits"][f"{name}_mg_per_kg_min"]
        assert least <= most
    severe = built_in().policy.severe_reaction_from_grade
    if past.forbidden(severe):
        assert with_it["status"] == "STOP"
