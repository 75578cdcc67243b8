"""Pump programmes worked by hand, a published rate table, clocks, vials, and orders that get no schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from conftest import SCREENED

from ivigcheck.errors import UsageError
from ivigcheck.knowledge import DoseRange, built_in
from ivigcheck.pipeline import Checked, check_order
from ivigcheck.schedule import Clock, Refusal, Schedule, schedule_of
from ivigcheck.schedule.programme import Pump
from ivigcheck.schedule.vials import fewest, suggest

AS_OF = date(2026, 11, 22)
GAMUNEX = {
    "indication": "PI", "weight": "80 kg", "age_years": "40", "product": "Gamunex-C 10%", "dose": "0.6 g/kg",
    "start_rate": "1 mg/kg/min", "max_rate": "8 mg/kg/min", **SCREENED,
}  # fmt: skip
BIVIGAM = {
    **GAMUNEX,
    "product": "Bivigam",
    "weight": "100 kg",
    "dose": "0.8 g/kg",
    "start_rate": "",
    "max_rate": "6 mg/kg/min",
}


def checked(**cells: str) -> Checked:
    return check_order(cells, AS_OF)


def outcome(cells: Mapping[str, str], increment: float | None = None) -> Schedule | Refusal:
    run = checked(**cells)
    return schedule_of(run.orders, run.limits, run.findings, 0, pump_increment_mL_per_h=increment)


def plan(cells: Mapping[str, str], increment: float | None = None) -> Schedule:
    found = outcome(cells, increment)
    assert isinstance(found, Schedule), found
    return found


def rates(schedule: Schedule) -> list[float]:
    return [step.mL_per_h for step in schedule.steps]


def refusal(**cells: str) -> str:
    found = outcome(GAMUNEX | cells)
    assert isinstance(found, Refusal)
    return found.why


# -- steps ------------------------------------------------------------------------------------------------------------


def test_bivigam_s_printed_steps_are_its_schedule() -> None:
    """Label: 0.5 mg/kg/min for 10 min, then every 20 min 0.8 more. 100 kg at 100 mg/mL: mL/h = 60 × mg/kg/min."""
    schedule = plan(BIVIGAM)
    assert [round(step.mg_per_kg_min, 9) for step in schedule.steps] == [0.5, 1.3, 2.1, 2.9, 3.7, 4.5, 5.3, 6]
    assert rates(schedule) == [30, 78, 126, 174, 222, 270, 318, 360]
    # 80 g are 800 mL: 5 + 26 + 42 + 58 + 74 + 90 + 106 = 401 mL in 130 min, and 399 mL at 360 mL/h
    assert [step.minutes for step in schedule.steps] == [10, 20, 20, 20, 20, 20, 20, 66.5]
    assert [step.cumulative_mL for step in schedule.steps] == [5, 31, 73, 131, 205, 295, 401, 800]
    assert schedule.steps[-1].cumulative_g == 80 and schedule.total_minutes == 196.5


# cells changed, rates in mL/h, minutes of the last step
BY_HAND = (
    # no rule on the label: 30 min, then doubled every 30 min; 480 mL: 24 + 48 + 96 = 168, and 312 at 384
    ({}, [48, 96, 192, 384], 48.75),
    ({"max_rate": "5 mg/kg/min"}, [48, 96, 192, 240], 78),
    ({"start_rate": "0.5 mg/kg/min"}, [24, 48, 96, 192, 384], None),
    # at risk: the soft maximum is 3.3 mg/kg/min = 158.4 mL/h; 24 + 48 = 72, and 408 at 158
    ({"diabetes": "yes", "max_rate": "7 mg/kg/min"}, [48, 96, 158], 408 / 158 * 60),
    ({"diabetes": ""}, [48, 96, 158], None),
    # Octagam 10% in ITP: 1, 2, 4, 8, then at most 12, every 30 min; the policy's ceiling is 8
    ({"product": "Octagam 10%", "indication": "ITP", "weight": "100 kg", "dose": "1 g/kg"}, [60, 120, 240, 480], 98.75),
    # Octagam 5%: 30, 60, 120, then 200 mg/kg/h; mL/h = mg/kg/h × 70 ÷ 50
    ({"product": "Octagam 5%", "weight": "70 kg", "start_rate": "", "max_rate": "200 mg/kg/h"}, [42, 84, 168, 280], None),
    # at risk, below 3.3 mg/kg/min; ordered 3.29: 98.7 mL/h
    ({"product": "Octagam 5%", "weight": "25 kg", "start_rate": "", "max_rate": "3.29 mg/kg/min", "diabetes": "yes"},
     [15, 30, 60, 98.7], None),
    # Gammagard Liquid in PI: 0.5 mL/kg/h, doubled; 5 mL/kg/h = 8.33 mg/kg/min is over the ceiling, 384 mL/h
    ({"product": "Gammagard Liquid", "start_rate": "0.5 mL/kg/h"}, [40, 80, 160, 320, 384], None),
    # Carimune NF: 0.5 for 30 min, 1 for 30 min, "then stepwise": doubled to 2, and at most 3 mg/kg/min; 6% = 60 mg/mL
    ({"product": "Carimune NF", "concentration": "6%", "weight": "60 kg", "start_rate": "", "max_rate": "3 mg/kg/min"},
     [30, 60, 120, 180], None),
    # Gammaplex 10% off its label: of its rows, one lists 0.5, 1, 2, 4, 6, 8 and one doubles; the slower counts
    ({"product": "Gammaplex 10%", "indication": "GBS", "start_rate": ""}, [24, 48, 96, 192, 288, 384], None),
    # 53 mL: 24 in the first step, 48 in the next, and it is not raised for what is left of a last minute
    ({"dose": "7.25 g", "indication": "ITP"}, [48, 96], 30.3125),
    # Qivigy, phase not said: the stricter of first (1 mg/kg/min, 30 min) and subsequent (2, 15 min)
    ({"product": "Qivigy"}, [48, 96, 192, 384], 48.75),
    ({"product": "Qivigy", "phase": "subsequent", "start_rate": ""}, [48, 96, 192, 384], None),
)  # fmt: skip


@pytest.mark.parametrize(("cells", "wanted", "last"), BY_HAND)
def test_the_steps_are_those_worked_by_hand(cells: dict[str, str], wanted: list[float], last: float | None) -> None:
    schedule = plan(GAMUNEX | cells)
    assert rates(schedule) == wanted
    if last is not None:
        assert schedule.steps[-1].minutes == pytest.approx(last, rel=1e-12)


def test_the_label_s_own_times_count_and_the_policy_s_where_it_has_none() -> None:
    minutes = {
        name: (steps[0].minutes, steps[1].minutes)
        for name in ("Gamunex-C 10%", "Privigen", "Bivigam", "Asceniv", "Panzyga", "Qivigy")
        for steps in [plan(GAMUNEX | {"product": name, "start_rate": "", "max_rate": "6 mg/kg/min"}).steps]
    }
    assert minutes == {
        "Gamunex-C 10%": (30, 30), "Privigen": (30, 30), "Bivigam": (10, 20), "Asceniv": (15, 15), "Panzyga": (30, 30),
        "Qivigy": (30, 30),
    }  # fmt: skip
    subsequent = plan(GAMUNEX | {"product": "Qivigy", "phase": "subsequent", "start_rate": ""})
    assert [step.minutes for step in subsequent.steps[:2]] == [15, 15]


def test_a_site_s_times_in_parts_of_a_minute_are_kept() -> None:
    """480 mL: 24 in the label's own first 30 min, 19.6 and 39.2 in 12.25 each, and the other 397.2 at 384 mL/h."""
    knowledge = built_in()
    times = msgspec.structs.replace(knowledge.policy.entry.titration, step_minutes=12.25)
    entry = msgspec.structs.replace(knowledge.policy.entry, titration=times)
    site = replace(knowledge, policy=replace(knowledge.policy, entry=entry))
    run = check_order(GAMUNEX, AS_OF, knowledge=site)
    found = schedule_of(run.orders, run.limits, run.findings, 0)
    assert isinstance(found, Schedule) and rates(found) == [48, 96, 192, 384]
    assert [step.minutes for step in found.steps] == [30, 12.25, 12.25, 62.0625]
    assert [step.start for step in found.steps] == [0, 30, 42.25, 54.5]


def test_a_step_is_cut_where_the_dose_ends() -> None:
    """0.3 g/kg × 80 kg = 24 g = 240 mL: 24 + 48 + 96 = 168, 72 mL at 384 mL/h = 11.25 min; 24 mL end in the first step."""
    assert plan(GAMUNEX | {"dose": "0.3 g/kg"}).steps[-1].minutes == 11.25
    (only,) = plan(GAMUNEX | {"dose": "2.4 g", "indication": "ITP"}).steps
    assert (only.minutes, only.mL) == (30, 24)


def test_a_rate_that_the_pump_cannot_tell_apart_is_one_step() -> None:
    """2 kg: 1.2, 2.4, 4.8, 9.6 mL/h; in steps of 5 mL/h the first three cannot be set."""
    child = {"weight": "2 kg", "age_years": "1", "dose": "0.6 g/kg"}
    assert rates(plan(GAMUNEX | child)) == [1.2, 2.4, 4.8, 9.6]
    assert rates(plan(GAMUNEX | child, 1)) == [1, 2, 4, 9]
    found = outcome(GAMUNEX | child, 5)
    assert isinstance(found, Refusal)
    assert found.why == "a pump that takes steps of 5 mL/h cannot run it slowly enough: 1.2 mL/h"
    steps = plan(GAMUNEX | {"weight": "10 kg", "max_rate": "1.5 mg/kg/min"}, 4).steps  # 6 and 9 mL/h: 4 and 8
    assert [step.mL_per_h for step in steps] == [4, 8]
    (only,) = plan(GAMUNEX | {"weight": "10 kg", "max_rate": "1.2 mg/kg/min"}, 4).steps  # 6 and 7.2: 4 and 4
    assert only.mL_per_h == 4


# limit in mL/h, increment, exclusive, rate
PUMP = (
    (99.99, 0.1, False, 99.9), (100.9, 0.1, False, 100), (27.000000000000004, 0.1, False, 27), (26.999999999999996, 1, False, 27),
    (27, 1, True, 26), (27, 0.1, True, 26.9), (100, 0.1, True, 99.9), (101, 0.1, True, 100), (0.05, 0.1, False, 0),
    (7.49, 0.5, False, 7), (100.4, 0.3, False, 99.9), (251, 2.5, False, 250), (0.7, 0.01, False, 0.7),
)  # fmt: skip


@pytest.mark.parametrize(("limit", "increment", "exclusive", "rate"), PUMP)
def test_a_rate_is_rounded_down_to_what_the_pump_takes(
    limit: float, increment: float, exclusive: bool, rate: float
) -> None:
    pump = Pump(increment)
    assert float(pump.within(limit, exclusive=exclusive) * pump.increment) == rate


# "Standardized Adult (40-130 kg) IVIG Infusion Rate Tables", 10% solutions, NL-IVIG002 version 1.0, Newfoundland and
# Labrador, 5 January 2017: mL/h by mL/kg/min and weight in kg.
NL_WEIGHTS = range(40, 135, 5)
NL_TABLE = {
    0.01: (24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57, 60, 63, 66, 69, 72, 75, 78),
    0.02: (48, 54, 60, 66, 72, 78, 84, 90, 96, 102, 108, 114, 120, 126, 132, 138, 144, 150, 156),
    0.04: (96, 108, 120, 132, 144, 156, 168, 180, 192, 204, 216, 228, 240, 252, 264, 276, 288, 300, 312),
    0.06: (144, 162, 180, 198, 216, 234, 252, 270, 288, 306, 324, 342, 360, 378, 396, 414, 432, 450, 468),
    0.08: (192, 216, 240, 264, 288, 312, 336, 360, 384, 408, 432, 456, 480, 504, 528, 552, 576, 600, 624),
    0.12: (288, 324, 360, 396, 432, 468, 504, 540, 576, 612, 648, 684, 720, 756, 792, 828, 864, 900, 936),
    0.14: (336, 378, 420, 462, 504, 546, 588, 630, 672, 714, 756, 798, 840, 882, 924, 966, 1008, 1050, 1092),
}  # fmt: skip


@pytest.mark.parametrize("mL_per_kg_min", NL_TABLE)
@pytest.mark.parametrize("increment", [0.1, 1])
def test_a_published_rate_table_comes_out_cell_by_cell(mL_per_kg_min: float, increment: float) -> None:
    mg_per_kg_min = mL_per_kg_min * 100
    pump = Pump(increment)
    cells = [float(pump.within(mg_per_kg_min * weight * 60 / 100) * pump.increment) for weight in NL_WEIGHTS]
    assert cells == list(NL_TABLE[mL_per_kg_min])


def test_the_same_table_is_what_a_schedule_runs_at() -> None:
    """Rows 0.01 to 0.08 mL/kg/min are the doubling of Gamunex-C from 1 to 8 mg/kg/min, but for 0.06."""
    for at, weight in enumerate(NL_WEIGHTS):
        schedule = plan(GAMUNEX | {"weight": f"{weight} kg", "dose": "0.6 g/kg"})
        assert rates(schedule) == [NL_TABLE[row][at] for row in (0.01, 0.02, 0.04, 0.08)]


# -- what the order says ----------------------------------------------------------------------------------------------


def test_an_order_that_must_not_run_or_could_not_be_checked_has_no_schedule() -> None:
    assert refusal(max_rate="9 mg/kg/min") == "the order is STOP (IVG101, IVG102): it must not run as ordered"
    assert refusal(recent_thrombosis="yes", thrombosis_history="yes").startswith("the order is STOP (IVG103, IVG202)")
    assert refusal(weight="0 kg") == "the order is UNCHECKED (IVG903): it could not be checked"
    assert refusal(max_rate="") == "the order is UNCHECKED (IVG901): it could not be checked"
    assert refusal(product="Octogam").startswith("the order is UNCHECKED (IVG907)")


def test_an_order_whose_product_or_dose_is_open_has_no_schedule() -> None:
    assert refusal(product="") == "the product is not known (IVG907): without it no label governs the rates"
    assert refusal(product="Octagam").startswith("the product is not known")
    assert refusal(dose="") == "the order gives no dose"
    assert refusal(dose="1,500 mg/kg") == "the dose could not be read or used"
    assert refusal(dose="11 g/kg") == "the dose could not be read or used"
    assert (
        refusal(dose="0.6 g/kg", dose_total="60") == "the dose and the total dose disagree (IVG302): say which is meant"
    )
    assert refusal(product="Carimune NF", max_rate="2 mg/kg/min", start_rate="") == "the concentration is not known"


def test_the_total_dose_is_what_is_infused_where_it_is_given() -> None:
    assert plan(GAMUNEX | {"dose_total": "45"}).dose_g == 45
    assert plan(GAMUNEX | {"dose": "", "dose_total": "45"}).volume_mL == 450
    assert plan(GAMUNEX | {"dose": "45 g"}).dose_g == 45
    assert plan(GAMUNEX | {"dose": "0.5 g/kg", "dosing_weight": "70 kg"}).dose_g == 35


def test_the_ordered_hours_are_kept_to_from_below() -> None:
    """480 mL in 5 h: 24 mL at 48 and 48 mL at 96 mL/h in the first hour, the other 408 mL at 102 mL/h in 4 h."""
    schedule = plan(GAMUNEX | {"infusion_hours": "5"})
    assert rates(schedule) == [48, 96, 102] and schedule.total_minutes == 300
    assert schedule.notes == ("ordered over 5 h: the rate is held so that it takes no less",)
    assert rates(plan(GAMUNEX | {"infusion_hours": "12"})) == [40]  # less than the start rate
    rounded = plan(GAMUNEX | {"infusion_hours": "7"})  # 456 mL in 6.5 h are 70.15 mL/h
    assert rates(rounded) == [48, 70.1] and rounded.total_minutes == pytest.approx(30 + 456 / 70.1 * 60)
    assert rates(plan(GAMUNEX | {"infusion_hours": "2"})) == [48, 96, 192, 384]


def test_what_cannot_be_kept_or_is_not_known_is_said() -> None:
    """138.75 minutes."""
    assert plan(GAMUNEX | {"infusion_hours": "2"}).notes == ("ordered over 2 h: it takes 2 h 19 min",)
    assert plan(GAMUNEX).notes == ()
    notes = plan(GAMUNEX | {"diabetes": "yes", "start_rate": "1.5 mg/kg/min", "max_rate": "7 mg/kg/min"}).notes
    assert notes == (
        "the ordered maximum is over the soft maximum: the schedule keeps to the soft maximum",
        "the ordered start rate is over the start limit: the schedule keeps to the start limit",
    )
    (note,) = plan(GAMUNEX | {"product": "Gammaked", "dose": "0.5 g/kg"}).notes
    assert note.startswith("labelled rates of Gammaked 10% are not known here (IVG113)")
    (note,) = plan(GAMUNEX | {"dose_total": "45"}).notes
    assert note == "the total dose of 45 g is taken; the dose comes to 48 g"


def test_what_is_in_doubt_has_no_schedule() -> None:
    again = {
        "reaction_grade": "1",
        "reaction_rate": "4 mg/kg/min",
        "reaction_resolved": "yes",
        "minutes_since_resolved": "20",
    }
    assert refusal(**again, max_rate="2 mg/kg/min").startswith("the infusion goes on after a reaction: how much")
    assert refusal(weight="154 kg", height_cm="170") == "the weight may be in the other unit (IVG909): settle it first"
    assert refusal(dose_total="4o g") == "the dose could not be read or used"
    assert refusal(infusion_hours="4:30") == "the ordered hours could not be read or used"
    assert refusal(max_rate="0.011 mg/kg/min", start_rate="").startswith("it would take more than 500 steps or 7 days")


def test_seven_days_are_those_of_all_steps() -> None:
    """2000 mL: 30 min at 6 mL/h and 6.99 days at 11.9; at 12 mL/h it is 6.95 days in all."""
    long = {"weight": "100 kg", "dose": "2 g/kg", "start_rate": "0.1 mg/kg/min"}
    assert refusal(**long, max_rate="0.199 mg/kg/min").startswith("it would take more than 500 steps or 7 days")
    assert rates(plan(GAMUNEX | long | {"max_rate": "0.2 mg/kg/min"})) == [6, 12]


def test_vital_signs_are_due_before_after_15_minutes_at_each_raise_at_the_end_and_after_it() -> None:
    signs = plan(GAMUNEX).vital_signs
    assert [(sign.minute, sign.until) for sign in signs] == [
        (0, None), (15, None), (30, None), (60, None), (90, None), (138.75, None), (168.75, 198.75),
    ]  # fmt: skip
    assert plan(GAMUNEX).close_watch_minutes == 10


# -- clocks -----------------------------------------------------------------------------------------------------------


def test_time_passes_over_midnight_and_over_changes_of_the_clocks() -> None:
    new_york = "America/New_York"
    assert Clock.read("2026-11-22T22:00", new_york).iso(150) == "2026-11-23T00:30-05:00"
    back = Clock.read("2026-11-01T00:30", new_york)  # clocks go back at 02:00
    assert [back.iso(minutes) for minutes in (60, 120)] == ["2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00"]
    forward = Clock.read("2026-03-08T01:30", new_york)
    assert [forward.iso(minutes) for minutes in (29, 30)] == ["2026-03-08T01:59-05:00", "2026-03-08T03:00-04:00"]
    assert Clock.read("2026-11-22T22:00").iso(0.5) == "2026-11-22T22:00:30"
    assert Clock.read("2026-11-22T22:00-05:00").iso(120) == "2026-11-23T00:00-05:00"


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2026-03-08T02:30", "America/New_York", "does not exist in America/New_York"),
        ("2027-03-28T02:30", "Europe/Berlin", "does not exist in Europe/Berlin"),
        ("2026-11-01T01:30", "America/New_York", "write 2026-11-01T01:30-04:00 or 2026-11-01T01:30-05:00"),
        ("2026-11-22T22:00-04:00", "America/New_York", "clocks in America/New_York show 2026-11-22T21:00-05:00"),
        ("2026-11-22T22:00", "America/New York", "is no time zone"),
        ("2026-11-22T22:00", "../etc/passwd", "is no time zone"),
        ("2026-11-22", "", "write it as 2026-11-22T22:00"),
        ("22:00", "", "write it as 2026-11-22T22:00"),
        ("tomorrow", "", "is no ISO date and time"),
        ("2026-02-30T22:00", "", "no calendar or clock shows"),
        ("2026-11-22T24:30", "", "no calendar or clock shows"),
    ],
)
def test_a_start_that_no_clock_shows_exactly_once_is_refused(text: str, zone: str, said: str) -> None:
    """H-37."""
    with pytest.raises(UsageError) as refused:
        Clock.read(text, zone)
    assert said in str(refused.value)


def test_an_hour_that_is_shown_twice_may_be_named_by_its_offset() -> None:
    assert Clock.read("2026-11-01T01:30-05:00", "America/New_York").iso(60) == "2026-11-01T02:30-05:00"
    with pytest.raises(UsageError, match="at an end of the calendar"):
        Clock.read("9999-12-31T23:00").iso(120)


# -- vials ------------------------------------------------------------------------------------------------------------


def test_the_vials_are_those_with_the_least_waste_and_of_these_the_fewest() -> None:
    gamunex = (40_000, 20_000, 10_000, 5_000, 2_500, 1_000)
    assert fewest(gamunex, 48_000).counts == ((40, 1), (5, 1), (1, 3))
    assert fewest(gamunex, 47_500).counts == ((40, 1), (5, 1), (2.5, 1))
    assert fewest(gamunex, 500).counts == ((1, 1),)
    assert fewest((10_000, 5_000), 32_800).counts == ((10, 3), (5, 1))
    assert fewest((12_000, 6_000, 3_000), 20_000).counts == ((12, 1), (6, 1), (3, 1))
    assert fewest((30_000, 20_000), 50_000).counts == ((30, 1), (20, 1))
    assert fewest((30_000, 20_000), 10_000).counts == ((20, 1),)
    assert fewest(gamunex, 4_000_500).counts == ((40, 99), (20, 1), (10, 1), (5, 1), (2.5, 1), (1, 3))
    assert fewest((7_000, 5_000, 3_000), 1_000_000).counts == ((7, 142), (3, 2))
    assert fewest((9_000, 8_000, 5_000, 3_000), 19_000).counts == ((9, 1), (5, 2))  # not 8, 8 and 3: the largest first


def test_whole_vials_are_never_more_than_a_course_or_a_high_dose() -> None:
    """A fictional range up to 1.5 g/kg: 97 g at 98 kg may become 100 g only where that is not the high dose."""
    (product,) = (each for each in built_in().products if each.name == "Bivigam 10%")
    policy = built_in().policy
    per_infusion = DoseRange(0.3, 1.5, "infusion", 21, "", "")
    course = DoseRange(float("nan"), 1.5, "course", 5, "", "")
    assert suggest(product, 98, 110, [per_infusion], policy).grams == 100
    assert suggest(product, 98, 99, [per_infusion], policy).grams == 95  # 100 g would be over 1 g/kg, and 98 g are not
    assert suggest(product, 98, 110, [per_infusion, course], policy).grams == 95


# cells, whole vials suggested in g, and why
WHOLE = (
    ({"product": "Bivigam", "start_rate": "", "max_rate": "6 mg/kg/min", "weight": "82 kg", "dose": "0.4 g/kg"}, 35),  # 32.8: 2.2 up, 2.8 down
    ({"product": "Bivigam", "start_rate": "", "max_rate": "6 mg/kg/min", "weight": "81 kg", "dose": "0.8 g/kg"}, 60),  # 64.8: 65 is over 0.8
    ({"product": "Bivigam", "start_rate": "", "max_rate": "6 mg/kg/min", "weight": "81 kg", "dose": "65 g"}, None),  # whole already
    ({"product": "Bivigam", "start_rate": "", "max_rate": "6 mg/kg/min", "weight": "12 kg", "age_years": "3", "dose": "4.8 g"}, 5),  # up to 9.6, and 4% more
    ({"product": "Bivigam", "start_rate": "", "max_rate": "6 mg/kg/min", "weight": "12 kg", "age_years": "3", "dose": "4.4 g"}, None),  # 14%
    ({"product": "Bivigam", "start_rate": "", "max_rate": "6 mg/kg/min", "weight": "6 kg", "age_years": "3", "dose": "1.9 g"}, None),  # up to 4.8
    ({"product": "Flebogamma DIF 10%", "indication": "ITP", "weight": "83 kg", "dose": "1 g/kg"}, 80),  # of a course: never up
    ({"weight": "80 kg", "dose": "48 g"}, None),
)  # fmt: skip


@pytest.mark.parametrize(("cells", "grams"), WHOLE)
def test_whole_vials_are_suggested_only_where_they_stay_in_range(cells: dict[str, str], grams: float | None) -> None:
    suggestion = plan(GAMUNEX | cells).suggestion
    assert (suggestion.grams if suggestion else None) == grams
