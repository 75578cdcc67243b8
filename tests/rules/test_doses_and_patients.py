"""Doses, a patient's other orders, restarts, weights, diagnosis codes and product codes: worked by hand."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from conftest import GOOD, check, codes, facts

from ivigcheck.report.model import order_facts
from ivigcheck.report.notices import notices

STOP, UNCHECKED, REVIEW, PASS = "STOP", "UNCHECKED", "REVIEW", "PASS"
ITP = {"indication": "ITP"}
GAMMAGARD = {"product": "Gammagard Liquid", "start_rate": "0.5 mL/kg/h"}

# cells changed from the good order (PI, Gamunex-C 10%, 80 kg), codes
DOSES = (
    ({"dose": "0.3 g/kg"}, []),  # the label: 0.3 to 0.6 g/kg per infusion
    ({"dose": "0.6 g/kg"}, []),
    ({"dose": "48 g"}, []),  # 0.6 × 80
    ({"dose": "0.29 g/kg"}, ["IVG301"]),
    ({"dose": "0.61 g/kg"}, ["IVG301"]),
    ({"dose": "49 g"}, ["IVG301"]),
    ({"dose": "300 mg/kg"}, []),
    # whole vials: Gamunex-C's smallest is 1 g, Privigen's 5 g; at most a tenth of the bound, and only doses in grams
    ({"dose": "48.5 g"}, []),
    ({"dose": "48.6 g"}, ["IVG301"]),
    ({"dose": "23.5 g"}, []),
    ({"dose": "66.5 g", "product": "Privigen", "start_rate": "0.5 mg/kg/min"}, []),  # 64 + 2.5
    ({"dose": "66.6 g", "product": "Privigen", "start_rate": "0.5 mg/kg/min"}, ["IVG301"]),
    ({"dose": "0.81 g/kg", "product": "Privigen", "start_rate": "0.5 mg/kg/min"}, ["IVG301"]),
    ({"dose": "7.1 g", "product": "Privigen", "start_rate": "0.5 mg/kg/min", "weight": "8 kg", "max_rate": "3 mg/kg/min"}, ["IVG301"]),  # 6.4 + 0.64
    ({"dose": "7 g", "product": "Privigen", "start_rate": "0.5 mg/kg/min", "weight": "8 kg", "max_rate": "3 mg/kg/min"}, []),
    ({"dose": "5.4 g", "product": "Bivigam", "start_rate": "0.5 mg/kg/min", "weight": "20 kg", "max_rate": "3 mg/kg/min"}, []),  # 6 - 0.6; half a vial is 2.5
    ({"dose": "5.3 g", "product": "Bivigam", "start_rate": "0.5 mg/kg/min", "weight": "20 kg", "max_rate": "3 mg/kg/min"}, ["IVG301"]),
    ({"dose": "24.5 g", "dosing_weight": "40 kg", "max_rate": "3 mg/kg/min"}, []),  # 24 + 0.5
    ({"dose": "24.6 g", "dosing_weight": "40 kg", "max_rate": "3 mg/kg/min"}, ["IVG301"]),
    # a dose and a total: both
    ({"dose": "0.3 g/kg", "dose_total": "23.5"}, []),
    ({"dose": "0.3 g/kg", "dose_total": "23.4"}, ["IVG301"]),
    ({"dose": "24 g", "dose_total": "23.4"}, ["IVG301"]),
    ({"dose": "0.6 g/kg", "dose_total": "48.6"}, ["IVG301"]),
    ({"dose": "0.29 g/kg", "dose_total": "23.9"}, ["IVG301"]),
    ({"dose_total": "24"}, []),
    ({"dose_total": "23"}, ["IVG301"]),
    ({"dose": "1,500 mg/kg"}, ["IVG902"]),
    ({"dose": "0.8 g/kg", "product": "Privigen", "start_rate": "0.5 mg/kg/min"}, []),  # 0.2 to 0.8
    ({"dose": "0.2 g/kg", "product": "Privigen", "start_rate": "0.5 mg/kg/min"}, []),
    # a course: any part of it, or the whole in one
    ({**ITP, "dose": "0.05 g/kg"}, []),
    ({**ITP, "dose": "2 g/kg"}, []),
    ({**ITP, "dose": "2.1 g/kg"}, ["IVG301"]),
    ({"indication": "CIDP", "dose": "2 g/kg"}, []),  # it may be the loading course
    ({"indication": "CIDP", "phase": "maintenance", "dose": "1.1 g/kg"}, ["IVG301"]),  # up to 1 g/kg a cycle
    ({"indication": "CIDP", "phase": "loading", "dose": "1.1 g/kg"}, []),
    ({**GAMMAGARD, "indication": "MMN", "dose": "2.4 g/kg", "max_rate": "3 mg/kg/min"}, []),
    ({**GAMMAGARD, "indication": "MMN", "dose": "2.5 g/kg", "max_rate": "3 mg/kg/min"}, ["IVG301"]),
    # not on the label: every label's doses for the indication, and those in use beside them
    ({"indication": "DM", "dose": "2 g/kg"}, ["IVG114"]),
    ({"indication": "DM", "dose": "2.1 g/kg"}, ["IVG114", "IVG301"]),
    ({"indication": "GBS", "dose": "2 g/kg"}, ["IVG114"]),
    ({"indication": "GBS", "dose": "2.1 g/kg"}, ["IVG114", "IVG301"]),
    ({"indication": "KD", "dose": "2 g/kg"}, ["IVG114"]),
    ({"indication": "MG", "dose": "9 g/kg"}, ["IVG114"]),  # no source states a dose
    ({"product": "", "dose": "0.2 g/kg", "max_rate": "5 mg/kg/min"}, ["IVG907"]),  # the least and most of any label in PI
    ({"product": "", "dose": "0.81 g/kg", "max_rate": "5 mg/kg/min"}, ["IVG301", "IVG907"]),
    ({"indication": "no such thing", "dose": "9 g/kg"}, ["IVG906"]),
    # the total against the dose
    ({"dose": "0.5 g/kg", "dose_total": "44"}, []),  # 40 g, and 10% of it
    ({"dose": "0.5 g/kg", "dose_total": "36"}, []),
    ({"dose": "0.5 g/kg", "dose_total": "44.1"}, ["IVG302"]),
    ({"dose": "0.5 g/kg", "dose_total": "35.9"}, ["IVG302"]),
    ({"dose": "40 g", "dose_total": "35.9"}, ["IVG302"]),
    ({"dose": "0.5 g/kg", "dose_total": "36", "dosing_weight": "70 kg"}, []),  # 35 g
)  # fmt: skip


@pytest.mark.parametrize(("cells", "wanted"), DOSES)
def test_a_dose_is_compared_with_every_range_that_applies(cells: Mapping[str, str], wanted: list[str]) -> None:
    assert sorted(codes(facts(**cells))) == sorted(wanted)


def test_a_dose_s_finding_says_what_was_compared() -> None:
    (finding,) = facts(dose="49 g")["findings"]
    assert finding["message"] == (
        "0.6125 g/kg in one infusion is over every dose that applies. Compared: 0.3 to 0.6 g/kg per infusion"
    )
    assert finding["arithmetic"] == "49 g ÷ 80 kg = 0.6125 g/kg > 0.6 g/kg"
    assert finding["source"].startswith("Gamunex-C 10% label, PI, dose; read on ")
    said = facts(dose="48.4 g", dose_total="20 g")["findings"]  # 48.4 g is within half a vial
    assert "20 g ÷ 80 kg = 0.25 g/kg < 0.3 g/kg" in [finding["arithmetic"] for finding in said]
    (finding,) = facts(dose="0.3 g/kg", dose_total="22 g")["findings"]
    assert finding["arithmetic"] == "22 g ÷ 80 kg = 0.275 g/kg < 0.3 g/kg"
    (finding,) = facts(**ITP, dose="2.1 g/kg")["findings"]
    assert finding["message"].endswith("Compared: up to 2 g/kg per course (5 days)")
    (finding,) = facts(dose="0.5 g/kg", dose_total="44.1")["findings"]
    assert finding["arithmetic"] == "0.5 g/kg × 80 kg = 40 g; |44.1 − 40| ÷ 40 = 0.1025 > 0.1"


# cells, codes: the start limit is 1 mg/kg/min
RESTARTS = (
    ({}, ["IVG105"]),
    ({"first_infusion": "no"}, ["IVG105"]),
    ({"first_infusion": "yes"}, ["IVG403"]),
    ({"phase": "first"}, ["IVG403"]),
    ({"phase": "subsequent"}, ["IVG105"]),
    ({"first_infusion": "yes", "start_rate": "1 mg/kg/min"}, []),
    ({"last_ivig_date": "2026-09-27"}, ["IVG105"]),  # 56 days before the day of the check
    ({"last_ivig_date": "2026-09-26"}, ["IVG403"]),
    ({"last_ivig_date": "2026-09-26", "ordered_at": "2026-11-20"}, ["IVG105"]),  # 55 days before the order's own day
    ({"last_product": "Gamunex-C"}, ["IVG105"]),
    ({"last_product": "Gamunex-C 10%"}, ["IVG105"]),
    ({"last_product": "Privigen"}, ["IVG403"]),
    ({"last_product": "Octagam"}, ["IVG403"]),
    ({"last_product": "Octogam"}, ["IVG105", "IVG902"]),
    ({"product": "Octagam 10%", "indication": "ITP", "last_product": "Octagam"}, ["IVG105", "IVG209"]),
    ({"product": "Octagam 10%", "indication": "ITP", "last_product": "Octagam 10%"}, ["IVG105", "IVG209"]),
    ({"product": "Octagam 10%", "indication": "ITP", "last_product": "Octagam 5%"}, ["IVG209", "IVG403"]),
)


@pytest.mark.parametrize(("cells", "wanted"), RESTARTS)
def test_a_fast_start_of_a_patient_who_begins_anew_has_its_own_finding(
    cells: dict[str, str], wanted: list[str]
) -> None:
    assert sorted(codes(facts(**{"start_rate": "1.5 mg/kg/min"} | cells))) == sorted(wanted)


def test_a_restart_s_finding_gives_its_reasons_and_both_sources() -> None:
    (finding,) = facts(start_rate="2 mg/kg/min", first_infusion="yes", last_ivig_date="2026-09-22")["findings"]
    assert finding["message"] == (
        "this is a first infusion and the last infusion was 61 days ago, more than 56: begin anew; "
        "ordered start rate 2 mg/kg/min is over the start limit of 1 mg/kg/min"
    )
    assert "Newfoundland" not in finding["source"] and "NL-IVIG002" in finding["source"]


def of(*orders: Mapping[str, str]) -> list[list[str]]:
    """The codes of a patient's orders, each with an id of its own."""
    checked = check(*({**GOOD, "order_id": f"A-{k}", **order} for k, order in enumerate(orders)))
    return [codes(order_facts(checked, i)) for i in range(len(orders))]


def test_two_orders_of_one_patient_for_one_day_are_both_found() -> None:
    day = {"ordered_at": "2026-11-20"}
    assert of(day, {"ordered_at": "2026-11-20T22:00"}) == [["IVG401"], ["IVG401"]]
    assert of(day, {"ordered_at": "2026-11-21"}) == [[], []]
    assert of(day, {**day, "patient_id": "123"}) == [[], []]  # 00123 is another patient
    assert of({}, {}) == [[], []]  # no day is no same day
    assert of(day, {**day, "order_id": "A-0"}) == [["IVG905"], ["IVG905"]]  # one order, twice


def test_a_patient_s_other_order_is_named_with_its_place() -> None:
    checked = check(*({**GOOD, "order_id": f"A-{k}", "ordered_at": "2026-11-20"} for k in range(6)))
    (finding,) = order_facts(checked, 0)["findings"]
    assert finding["message"] == (
        'the patient has another order for the same day: order "A-1" (orders.csv, row 3); order "A-2" (orders.csv, row 4); '
        'order "A-3" (orders.csv, row 5) and 2 more'
    )


def days(*doses: tuple[str, str], **cells: str) -> list[list[str]]:
    return of(*({**ITP, "ordered_at": f"2026-11-{day}", "dose": dose, **cells} for day, dose in doses))


def test_a_course_given_twice_is_found_on_the_order_that_brings_it_over() -> None:
    assert days(("18", "1 g/kg"), ("19", "1 g/kg")) == [[], []]
    assert days(("18", "1 g/kg"), ("19", "1 g/kg"), ("20", "0.1 g/kg")) == [[], [], ["IVG402"]]
    assert days(("16", "1 g/kg"), ("17", "1 g/kg"), ("20", "1 g/kg")) == [[], [], ["IVG402"]]  # the 16th to the 20th
    assert days(("15", "1 g/kg"), ("16", "1 g/kg"), ("20", "1 g/kg")) == [[], [], []]
    assert days(*((f"{day}", "0.4 g/kg") for day in range(16, 21))) == [[]] * 5
    assert days(*((f"{day}", "0.41 g/kg") for day in range(16, 21))) == [[]] * 4 + [["IVG402"]]


def test_the_period_is_that_of_the_course() -> None:
    cidp = {"indication": "CIDP", "phase": "maintenance"}  # 1 g/kg in 21 days
    assert days(("01", "1 g/kg"), ("21", "0.5 g/kg"), **cidp) == [[], ["IVG402"]]
    assert days(("01", "1 g/kg"), ("22", "1 g/kg"), **cidp) == [[], []]
    mmn = {**GAMMAGARD, "indication": "MMN", "max_rate": "3 mg/kg/min"}  # 2.4 g/kg a month, 2 g/kg a course
    assert days(("01", "1.4 g/kg"), ("22", "1 g/kg"), **mmn) == [[], []]
    assert days(("01", "2 g/kg"), ("22", "1 g/kg"), **mmn) == [[], ["IVG402"]]
    assert days(*((f"{day:02d}", "0.4 g/kg") for day in range(1, 8)), **mmn) == [[]] * 6 + [["IVG402"]]  # 2.8


def test_the_labelled_regimen_of_cidp_is_no_finding() -> None:
    """Loading 2 g/kg over up to 5 days, then 1 g/kg on the first of each next 21: whether the phase is said or not."""

    def cidp(day: int, dose: str, phase: str) -> dict[str, str]:
        return {"indication": "CIDP", "phase": phase, "ordered_at": f"2026-11-{day:02d}", "dose": dose}

    for loading, maintenance in (("loading", "maintenance"), ("", "")):
        regimen = [cidp(day, "0.4 g/kg", loading) for day in range(1, 6)]
        assert of(*regimen, cidp(22, "1 g/kg", maintenance)) == [[]] * 6
    again = [cidp(day, "0.4 g/kg", "") for day in range(1, 22)]
    assert of(*again) == [[]] * 5 + [["IVG402"]] * 16


def test_an_infusion_written_again_too_early_is_found() -> None:
    """Gamunex-C in PI: 0.3 to 0.6 g/kg every 3 to 4 weeks."""
    assert days(("01", "0.6 g/kg"), ("22", "0.6 g/kg"), indication="PI") == [[], []]
    assert days(("01", "0.6 g/kg"), ("17", "0.6 g/kg"), indication="PI") == [[], []]  # 5 days early: moved
    assert days(("01", "0.6 g/kg"), ("16", "0.6 g/kg"), indication="PI") == [[], ["IVG402"]]
    assert days(("19", "0.6 g/kg"), ("20", "0.6 g/kg"), indication="PI") == [[], ["IVG402"]]
    assert days(("19", "0.3 g/kg"), ("20", "0.3 g/kg"), indication="PI") == [[], []]


def test_a_weekend_within_a_course_does_not_make_two_of_it() -> None:
    """Octagam 10% in DM, 0.4 g/kg on Friday and Monday to Thursday, and again four weeks after that Friday."""
    dm = {"product": "Octagam 10%", "max_rate": "3 mg/kg/min", "indication": "DM"}
    course = [f"2026-10-{day:02d}" for day in (2, 5, 6, 7, 8)] + [
        f"2026-{day}" for day in ("10-30", "11-02", "11-03", "11-04", "11-05")
    ]
    assert of(*({**dm, "ordered_at": day, "dose": "0.4 g/kg"} for day in course)) == [["IVG209"]] * 10


def test_rounding_to_whole_vials_makes_no_course_too_large() -> None:
    """68 kg: 1 g/kg is 68 g; Privigen's smallest vial is 5 g."""
    privigen = {"product": "Privigen", "start_rate": "0.5 mg/kg/min", "weight": "68 kg", "max_rate": "3 mg/kg/min"}
    assert days(("18", "70 g"), ("19", "70 g"), **privigen) == [[], []]
    assert days(("18", "75 g"), ("19", "75 g"), **privigen) == [[], ["IVG402"]]  # 150 against 136 + 5
    assert days(("18", "1.03 g/kg"), ("19", "1.03 g/kg"), **privigen) == [[], ["IVG402"]]
    small = privigen | {"weight": "10 kg"}  # at most a tenth: 20 + 2, not 20 + 5
    assert days(("18", "11 g"), ("19", "11 g"), **small) == [[], []]
    assert days(("18", "11 g"), ("19", "11.1 g"), **small) == [[], ["IVG402"]]


def test_an_order_without_a_stated_dose_is_added_to_the_course_before_it() -> None:
    both = days(("18", "2 g/kg"), ("19", "2 g/kg"))
    rows = [
        {**ITP, "ordered_at": "2026-11-18", "dose": "2 g/kg"},
        {"indication": "MG", "ordered_at": "2026-11-19", "dose": "2 g/kg"},
    ]
    assert both == [[], ["IVG402"]] and [sorted(each) for each in of(*rows)] == [[], ["IVG114", "IVG402"]]


def test_orders_without_a_day_are_said_not_to_be_added_up() -> None:
    checked = check({**GOOD, "order_id": "1"}, {**GOOD, "order_id": "2"}, {**GOOD, "order_id": "3", "patient_id": "9"})
    said = "2 rows without a usable ordered_at, of patients with more than one order: not looked at for two orders on"
    assert sum(said in notice for notice in notices(checked)) == 1


def test_doses_that_no_source_could_be_held_against_are_said() -> None:
    checked = check(
        GOOD | {"order_id": "1", "dose": "0.5 g/kg"},
        GOOD | {"order_id": "2", "dose": "9 g/kg", "indication": "MG"},
        GOOD | {"order_id": "3", "dose": "9 g/kg", "indication": "MG"},
        GOOD | {"order_id": "4", "dose": "", "indication": "MG"},
    )
    (said,) = (notice for notice in notices(checked) if "with nothing" in notice)
    assert said.startswith("The dose of 2 rows was compared with nothing (IVG301, IVG402)") and said.endswith("MG (2).")


def test_of_two_rows_of_one_order_and_day_the_larger_dose_counts() -> None:
    rows = [{**ITP, "order_id": "1", "ordered_at": "2026-11-20", "dose": dose} for dose in ("0.4 g/kg", "1.8 g/kg")]
    last = {**ITP, "order_id": "2", "ordered_at": "2026-11-21", "dose": "0.4 g/kg"}
    for first, second in (rows, rows[::-1]):
        assert of(first, second, last)[2] == ["IVG402"]


def test_very_many_orders_of_one_patient_cost_no_more_than_their_number() -> None:
    """A placeholder in the id column: bounded by processor time, with tenfold room."""
    rows = [
        {**GOOD, **ITP, "order_id": str(k), "ordered_at": "2026-11-20", "dose": "1 g/kg", "weight": f"{60 + k % 30} kg"}
        for k in range(4000)
    ]
    begin = time.process_time()
    checked = check(*rows)
    told = [{finding.code for finding in checked.findings.of(i)} for i in range(0, 4000, 2)]
    assert time.process_time() - begin < 30
    assert all(found >= {"IVG401", "IVG402", "IVG404"} for found in told)


def test_a_cumulative_dose_is_written_out() -> None:
    rows = [{**GOOD, **ITP, "order_id": f"A-{k}", "ordered_at": f"2026-11-1{k}", "dose": "80 g"} for k in range(3)]
    (finding,) = order_facts(check(*rows), 2)["findings"]
    assert finding["message"] == (
        "3 orders of this patient from 2026-11-10 to 2026-11-12 come to 3 g/kg within 5 days, over 2 g/kg per course: "
        'order "A-0" (orders.csv, row 2); order "A-1" (orders.csv, row 3)'
    )
    assert finding["arithmetic"] == "1 + 1 + 1 = 3 g/kg > 2 g/kg"


def weigh(*weights: tuple[str, str]) -> list[bool]:
    return ["IVG404" in found for found in of(*({"ordered_at": day, "weight": weight} for day, weight in weights))]


def test_weights_of_one_patient_that_differ_by_a_tenth_of_the_smaller_are_found() -> None:
    assert weigh(("2026-11-20", "80 kg"), ("2026-11-21", "87.9 kg")) == [False, False]
    assert weigh(("2026-11-20", "80 kg"), ("2026-11-21", "88 kg")) == [True, True]
    assert weigh(("2026-11-20", "80 kg"), ("2026-11-21", "80 lb")) == [True, True]
    assert weigh(("2026-10-21", "80 kg"), ("2026-11-20", "100 kg")) == [True, True]  # 30 days
    assert weigh(("2026-10-20", "80 kg"), ("2026-11-20", "100 kg")) == [False, False]
    assert weigh(("", "80 kg"), ("2026-10-23", "100 kg")) == [
        True,
        True,
    ]  # the day of the check is the 22nd of November
    assert weigh(("", "80 kg"), ("2026-10-22", "100 kg")) == [False, False]
    assert weigh(("2026-11-20", "80 kg"), ("2026-11-20", "80 kg"), ("2026-11-19", "100 kg")) == [True, True, True]


# weight, height, found: 170 cm is 2.89 m²
BODIES = (
    ("154 kg", "170", True),  # 53.3; 154 lb is 69.9 kg, 24.2
    ("144.5 kg", "170", False),  # 50
    ("144.6 kg", "170", True),
    ("70 kg", "170", False),
    ("70 lb", "170", True),  # 31.8 kg, 11; 70 kg is 24.2
    ("154 kg", "", False),
    ("340 kg", "150", False),  # 151; read as pounds still 68.5
    ("3 kg", "50", False),  # 12
    ("40 lb", "110", False),  # a child of 18.1 kg, 15
)


@pytest.mark.parametrize(("weight", "height", "found"), BODIES)
def test_a_weight_that_only_the_other_unit_explains_is_suspect(weight: str, height: str, found: bool) -> None:
    assert ("IVG909" in codes(facts(weight=weight, height_cm=height, max_rate="3 mg/kg/min"))) == found


def test_a_suspect_weight_is_worked_out_both_ways() -> None:
    (finding,) = facts(weight="154 kg", height_cm="170")["findings"]
    assert finding["message"] == (
        "154 kg at 170 cm is a body-mass index of 53.29 kg/m², outside 12 to 50; 154 lb would be 24.2: "
        "was the other unit meant?"
    )


# diagnoses, other cells, at risk, codes
DIAGNOSES = (
    ("E11.9", {}, ("diabetes",), ["IVG104"]),
    ("e119", {}, ("diabetes",), ["IVG104"]),
    ("E11.9;N18.3", {}, ("diabetes", "renal_insufficiency"), ["IVG104"]),
    ("J45.909", {}, (), []),  # no row of ours
    (" ; ", {}, (), []),
    ("NA", {}, (), []),
    ("G61.81", {}, (), []),  # an indication, no risk
    ("I26.99", {}, ("recent_thrombosis",), ["IVG104", "IVG202"]),
    ("I26.99", {"last_thrombosis_date": "2020-01-01", "recent_thrombosis": "", "thrombosis_history": ""},
     ("thrombosis_history",), ["IVG104"]),
    ("I26.99", {"last_thrombosis_date": "2026-11-01", "recent_thrombosis": "", "thrombosis_history": ""},
     ("recent_thrombosis", "thrombosis_history"), ["IVG104", "IVG202"]),
    ("E11.9, N18.3", {}, (), ["IVG902"]),
    ("diabetes; N18.3", {}, ("renal_insufficiency",), ["IVG104", "IVG902"]),
)  # fmt: skip


@pytest.mark.parametrize(("diagnoses", "cells", "at_risk", "wanted"), DIAGNOSES)
def test_a_diagnosis_code_answers_its_question_yes(
    diagnoses: str, cells: dict[str, str], at_risk: tuple[str, ...], wanted: list[str]
) -> None:
    blank = dict.fromkeys(("diabetes", "renal_insufficiency", "recent_thrombosis", "thrombosis_history"), "")
    verdict = facts(**blank | {"diagnoses": diagnoses} | cells)
    assert tuple(verdict["at_risk"]) == at_risk
    assert sorted(set(codes(verdict)) - {"IVG904"}) == wanted


def test_an_unreadable_code_leaves_the_order_unchecked() -> None:
    assert facts(diagnoses="E11.9, N18.3")["status"] == UNCHECKED


def test_a_finding_names_the_code_that_it_rests_on() -> None:
    found = {f["code"]: f for f in facts(diagnoses="I26.99", recent_thrombosis="", max_rate="3 mg/kg/min")["findings"]}
    assert "(by diagnosis code I26.99: " in found["IVG202"]["message"]
    assert found["IVG202"]["inputs"] == {"diagnoses": "I26.99"}
    (finding,) = facts(diagnoses="E11.9", diabetes="")["findings"]
    assert "(diabetes by E11.9)" in finding["message"] and finding["inputs"]["diagnoses"] == "E11.9"
    assert facts(diagnoses="E11.9", diabetes="")["answered_by_code"] == {"diabetes": "E11.9"}
    assert facts()["answered_by_code"] == {}
    past = facts(diagnoses="I26.99", last_thrombosis_date="2020-01-01", recent_thrombosis="", thrombosis_history="")
    assert past["answered_by_code"] == {"thrombosis_history": "I26.99"}


def test_a_code_against_an_explicit_no_is_a_conflict_and_yes_counts() -> None:
    verdict = facts(diagnoses="E11.9", diabetes="no", max_rate="3 mg/kg/min")
    (finding,) = verdict["findings"]
    assert verdict["at_risk"] == ("diabetes",) and finding["code"] == "IVG911"
    assert finding["message"] == "diabetes says no, and diagnosis code E11.9 yes: yes counts"
    assert codes(facts(diagnoses="E11.9", diabetes="yes", max_rate="3 mg/kg/min")) == []


# product text, concentration, product found
NDCS = (
    ("13533-800-20", "", "Gamunex-C 10%"),
    ("13533-0800-20", "", "Gamunex-C 10%"),
    ("13533-800", "", "Gamunex-C 10%"),
    ("13533080020", "", "Gamunex-C 10%"),
    ("NDC 13533-800-20", "", "Gamunex-C 10%"),
    ("ndc: 13533-800-20", "", "Gamunex-C 10%"),
    ("0944-2700-02", "", "Gammagard Liquid 10%"),
    ("00944-2700-02", "", "Gammagard Liquid 10%"),
    ("69800-6503-1", "", "Bivigam 10%"),
    ("1353380020", "", None),  # ten digits: 13533-800-20, or 1353-3800-20 …
    ("13533-800-2000", "", None),
    ("1353-800-20", "", None),
    ("13533-801-20", "", None),
    ("0944-2658-04", "", None),  # Gammagard S/D, 5% or 10%
    ("0944-2658-04", "5%", "Gammagard S/D 5%"),
    ("0944-2658-04", "10%", "Gammagard S/D 10%"),
)


@pytest.mark.parametrize(("text", "concentration", "product"), NDCS)
def test_a_product_may_be_given_by_its_national_drug_code(text: str, concentration: str, product: str | None) -> None:
    verdict = facts(product=text, concentration=concentration, max_rate="3 mg/kg/min")
    assert verdict["ordered"]["product"] == product
    assert ("IVG907" in codes(verdict)) == (product is None)
    if product is None:
        assert verdict["status"] == UNCHECKED
