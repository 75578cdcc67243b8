"""Whole orders on both sides of the rules, each changed in one place from a good order of 80 kg, 240 mL/h, 10%."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import GOOD, check, codes, facts

from ivigcheck.report.model import order_facts

STOP, UNCHECKED, REVIEW, PASS = "STOP", "UNCHECKED", "REVIEW", "PASS"

# cells changed, status, codes
ORDERS = (
    ({}, PASS, []),
    # rates: 80 kg, 100 mg/mL: 384 mL/h is 8 mg/kg/min
    ({"max_rate": "384 mL/h"}, PASS, []),
    ({"max_rate": "385 mL/h"}, STOP, ["IVG101", "IVG102"]),
    ({"max_rate": "4.8 mL/kg/h"}, PASS, []),  # × 100 ÷ 60 = 8
    ({"max_rate": "5 mL/kg/h"}, STOP, ["IVG101", "IVG102"]),  # 8.33
    ({"max_rate": "640 mg/min"}, PASS, []),  # ÷ 80 = 8
    ({"max_rate": "0.48 g/kg/h"}, PASS, []),
    ({"max_rate": "8000 mcg/kg/min"}, PASS, []),
    ({"start_rate": "9 mg/kg/min"}, STOP, ["IVG101", "IVG102", "IVG105", "IVG106"]),
    ({"start_rate": "1.01 mg/kg/min"}, REVIEW, ["IVG105"]),
    ({"start_rate": ""}, PASS, ["IVG109"]),
    ({"start_rate": "NA"}, PASS, ["IVG109"]),
    ({"start_rate": "1 mg/kg"}, UNCHECKED, ["IVG902"]),
    ({"max_rate": "0.5 mg/kg/min"}, REVIEW, ["IVG106"]),
    ({"product": "Privigen", "start_rate": "0.5 mg/kg/min", "indication": "ITP"}, STOP, ["IVG102"]),  # 5 over 4
    ({"product": "Gammagard Liquid", "max_rate": "5 mL/kg/h", "start_rate": "0.5 mL/kg/h"}, STOP, ["IVG101"]),
    ({"product": "Gammaked"}, REVIEW, ["IVG113"]),
    ({"indication": "MG"}, PASS, ["IVG114"]),
    ({"product": "Gammaked", "indication": "MG"}, REVIEW, ["IVG113", "IVG114"]),
    # at risk: soft maximum 3.3, below 8
    ({"diabetes": "yes"}, REVIEW, ["IVG104"]),
    ({"diabetes": "yes", "max_rate": "3.3 mg/kg/min"}, PASS, []),
    ({"diabetes": "yes", "max_rate": "3.31 mg/kg/min"}, REVIEW, ["IVG104"]),
    ({"diabetes": "yes", "max_rate": "7.99 mg/kg/min"}, REVIEW, ["IVG104"]),
    ({"diabetes": "yes", "max_rate": "8 mg/kg/min"}, STOP, ["IVG103"]),
    ({"age_years": "65"}, PASS, []),
    ({"age_years": "65.9"}, PASS, []),
    ({"age_years": "66"}, REVIEW, ["IVG104"]),
    ({"sepsis": "yes"}, REVIEW, ["IVG104"]),
    ({"estrogen_use": "yes"}, REVIEW, ["IVG104"]),
    ({"diabetes": ""}, REVIEW, ["IVG904"]),
    ({"sepsis": ""}, PASS, []),
    ({"product": "Octagam 10%", "indication": "DM", "diabetes": "yes", "max_rate": "3.3 mg/kg/min"}, PASS, ["IVG209"]),
    ({"product": "Octagam 10%", "indication": "DM", "diabetes": "yes", "max_rate": "3.31 mg/kg/min"}, STOP, ["IVG103", "IVG209"]),
    ({"product": "Octagam 5%", "start_rate": "0.5 mg/kg/min", "diabetes": "yes", "max_rate": "3.3 mg/kg/min"}, STOP,
     ["IVG103", "IVG209"]),  # "less than 3.3"
    # the dose in its hours
    ({"indication": "ITP", "dose": "0.96 g/kg", "infusion_hours": "2"}, PASS, []),  # 8 mg/kg/min
    ({"indication": "ITP", "dose": "0.97 g/kg", "infusion_hours": "2"}, STOP, ["IVG107"]),
    ({"indication": "ITP", "dose": "76.8 g", "infusion_hours": "2"}, PASS, []),  # 0.96 g/kg
    ({"indication": "ITP", "dose": "0.4 g/kg", "dose_total": "80", "infusion_hours": "2"}, STOP, ["IVG107", "IVG302"]),  # 1 g/kg
    ({"indication": "ITP", "dose": "1 g/kg", "age_years": "66", "max_rate": "3 mg/kg/min"}, REVIEW, ["IVG303"]),
    ({"indication": "ITP", "dose": "80 g", "age_years": "66", "max_rate": "3 mg/kg/min"}, REVIEW, ["IVG303"]),
    ({"indication": "ITP", "dose": "79 g", "age_years": "66", "max_rate": "3 mg/kg/min"}, PASS, []),
    ({"indication": "ITP", "dose": "1 g/kg", "renal_insufficiency": "yes", "max_rate": "3 mg/kg/min"}, PASS, []),
    # contraindications
    ({"hypercoagulable_state": "Y", "max_rate": "3 mg/kg/min"}, STOP, ["IVG201"]),
    ({"recent_thrombosis": "TRUE", "max_rate": "3 mg/kg/min"}, STOP, ["IVG202"]),
    ({"ivig_thrombosis": "1", "max_rate": "3 mg/kg/min"}, STOP, ["IVG203"]),
    ({"volume_depletion": "yes", "max_rate": "3 mg/kg/min"}, STOP, ["IVG204"]),
    ({"iga_deficiency_with_antibodies": "yes"}, STOP, ["IVG206"]),
    ({"prior_anaphylaxis": "yes"}, STOP, ["IVG207"]),
    ({"hyperprolinemia": "yes"}, PASS, []),  # Gamunex-C has no proline
    ({"hyperprolinemia": "yes", "product": "Privigen", "start_rate": "0.5 mg/kg/min"}, STOP, ["IVG208"]),
    ({"hyperprolinemia": "yes", "product": "", "concentration": "10%"}, REVIEW, ["IVG208", "IVG907"]),
    ({"fructose_intolerance": "yes", "product": "Flebogamma DIF 10%"}, STOP, ["IVG208"]),
    ({"fructose_intolerance": "yes", "product": "Yimmugo"}, REVIEW, ["IVG113", "IVG208"]),  # stabilizer not known
    ({"corn_allergy": "yes", "product": "Yimmugo"}, REVIEW, ["IVG113"]),  # no Octagam
    ({"corn_allergy": "yes", "product": "Octagam", "max_rate": "3 mg/kg/min"}, STOP, ["IVG208", "IVG907", "IVG209"]),
    ({"product": "Flebogamma DIF 10%", "age_years": "1", "weight": "10 kg", "max_rate": "3 mg/kg/min"}, STOP, ["IVG208"]),
    ({"product": "Flebogamma DIF 10%", "age_years": "2", "weight": "12 kg", "max_rate": "3 mg/kg/min"}, PASS, []),
    # dates of a thrombosis: as of 2026-11-22, 180 days before is 2026-05-26
    ({"last_thrombosis_date": "2026-05-26", "recent_thrombosis": "", "thrombosis_history": "", "max_rate": "3 mg/kg/min"}, STOP, ["IVG202"]),
    ({"last_thrombosis_date": "2026-05-25", "recent_thrombosis": "", "thrombosis_history": "", "max_rate": "3 mg/kg/min"}, PASS, []),
    ({"last_thrombosis_date": "2026-05-26", "thrombosis_history": "yes", "max_rate": "3 mg/kg/min"}, STOP, ["IVG202", "IVG911"]),
    ({"last_thrombosis_date": "2026-05-25", "max_rate": "3 mg/kg/min"}, REVIEW, ["IVG911"]),  # history says no
    ({"last_thrombosis_date": "2026-11-23", "max_rate": "3 mg/kg/min"}, UNCHECKED, ["IVG903"]),
    # rechallenge
    ({"reaction_grade": "0"}, PASS, []),
    ({"reaction_resolved": "yes"}, PASS, []),
    ({"reaction_grade": "2", "reaction_rate": "6 mg/kg/min", "reaction_resolved": "yes", "minutes_since_resolved": "15",
      "max_rate": "3 mg/kg/min"}, PASS, []),
    ({"reaction_grade": "2", "reaction_rate": "6 mg/kg/min", "reaction_resolved": "yes", "minutes_since_resolved": "14",
      "max_rate": "3 mg/kg/min"}, STOP, ["IVG502"]),
    ({"reaction_grade": "2", "reaction_rate": "6 mg/kg/min", "reaction_resolved": "no", "minutes_since_resolved": "20",
      "max_rate": "3 mg/kg/min"}, STOP, ["IVG502"]),
    ({"reaction_grade": "2", "reaction_rate": "6 mg/kg/min", "reaction_resolved": "yes", "minutes_since_resolved": "15",
      "max_rate": "3.1 mg/kg/min"}, STOP, ["IVG501"]),
    ({"reaction_grade": "3", "reaction_rate": "6 mg/kg/min", "reaction_resolved": "yes", "minutes_since_resolved": "15",
      "max_rate": "3 mg/kg/min"}, STOP, ["IVG205"]),
    ({"reaction_grade": "2"}, STOP, ["IVG502", "IVG901"]),
    ({"reaction_grade": "1"}, STOP, ["IVG502", "IVG901"]),
    ({"reaction_grade": "0", "reaction_rate": "20 mg/kg/min"}, STOP, ["IVG502"]),
    ({"reaction_rate": "20 mg/kg/min"}, STOP, ["IVG502", "IVG901"]),
    ({"reaction_grade": "5"}, UNCHECKED, ["IVG903"]),
    ({"reaction_grade": "2.5"}, UNCHECKED, ["IVG902"]),
    # data
    ({"max_rate": ""}, UNCHECKED, ["IVG901"]),
    ({"patient_id": ""}, UNCHECKED, ["IVG901"]),
    ({"indication": ""}, UNCHECKED, ["IVG901"]),
    ({"age_years": ""}, UNCHECKED, ["IVG901"]),
    ({"age_years": "", "birth_date": "1980-01-01"}, PASS, []),
    ({"product": "", "concentration": ""}, UNCHECKED, ["IVG901", "IVG907"]),  # mL/h needs a concentration
    ({"product": "", "max_rate": "5 mg/kg/min"}, REVIEW, ["IVG907"]),
    ({"product": "Octagam", "max_rate": "3 mg/kg/min"}, REVIEW, ["IVG907", "IVG209"]),
    ({"product": "Octogam 10%", "max_rate": "3 mg/kg/min"}, UNCHECKED, ["IVG907"]),
    ({"weight": "800 kg", "max_rate": "5 mg/kg/min"}, UNCHECKED, ["IVG903"]),
    ({"weight": "0 kg"}, UNCHECKED, ["IVG903"]),
    ({"max_rate": "0 mL/h"}, UNCHECKED, ["IVG903"]),
    ({"max_rate": "60000 mL/h"}, STOP, ["IVG101", "IVG903"]),
    ({"concentration": "0.1"}, REVIEW, ["IVG902"]),  # the product gives it
    ({"product": "", "concentration": "0.1"}, UNCHECKED, ["IVG902", "IVG907"]),
    ({"concentration": "5%"}, UNCHECKED, ["IVG908"]),
    ({"product": "Privigen 5%", "start_rate": "0.5 mg/kg/min"}, UNCHECKED, ["IVG908"]),
    ({"birth_date": "1986-01-01", "age_years": "42"}, UNCHECKED, ["IVG908"]),  # 40 completed years
    ({"birth_date": "1986-01-01", "age_years": "41"}, PASS, []),
    ({"dosing_weight": "81 kg"}, UNCHECKED, ["IVG908"]),
    ({"dosing_weight": "60 kg"}, PASS, []),  # 240 mL/h on 60 kg is 6.67
    ({"dosing_weight": "49 kg"}, STOP, ["IVG101", "IVG102"]),  # 8.16
    ({"sex": "X"}, REVIEW, ["IVG902"]),
    ({"diabetes": "maybe"}, REVIEW, ["IVG902", "IVG904"]),
    ({"sepsis": "maybe"}, REVIEW, ["IVG902"]),
    ({"indication": "lupus"}, REVIEW, ["IVG906"]),
    ({"indication": "D69.3", "max_rate": "8 mg/kg/min"}, PASS, []),
    ({"indication": "D81.810"}, REVIEW, ["IVG906"]),  # excepted from the longer family of codes
)  # fmt: skip


@pytest.mark.parametrize(("cells", "status", "wanted"), ORDERS, ids=lambda value: str(value)[:90])
def test_an_order_gets_the_status_and_the_findings_worked_by_hand(cells: dict, status: str, wanted: list[str]) -> None:
    verdict = facts(**cells)
    assert (verdict["status"], codes(verdict)) == (status, wanted)


def test_repeated_order_ids_are_unchecked_when_they_differ_and_for_review_when_not() -> None:
    days = [GOOD | {"order_id": "B", "ordered_at": f"2026-11-{day}"} for day in (20, 21)]
    other = [GOOD | {"order_id": "C"}, GOOD | {"order_id": "C", "weight": "81 kg"}, GOOD | {"order_id": "C"}]
    checked = check(GOOD, GOOD, *days, *other, GOOD | {"order_id": "D"})
    statuses = [order_facts(checked, i)["status"] for i in range(8)]
    assert statuses == [REVIEW, REVIEW, PASS, PASS, UNCHECKED, UNCHECKED, UNCHECKED, PASS]
    assert "row 3" in order_facts(checked, 0)["findings"][0]["message"]


def test_a_finding_can_be_recomputed_from_its_line() -> None:
    """456 × 100 ÷ 60 ÷ 80 = 9.5."""
    (finding, *_) = facts(max_rate="456 mL/h")["findings"]
    assert finding["message"] == (
        "ordered maximum rate 9.5 mg/kg/min (456 mL/h × 100 mg/mL ÷ 60 ÷ 80 kg) is over the ceiling of 8 mg/kg/min"
    )
    assert finding["arithmetic"] == "456 mL/h × 100 mg/mL ÷ 60 ÷ 80 kg = 9.5 mg/kg/min > 8 mg/kg/min"
    assert finding["source"].startswith('policy "built-in" 2026.11.24.3, ceiling: Management of Limb Weakness')
    assert finding["inputs"] == {"max_rate": "456 mL/h", "product": "Gamunex-C 10%", "weight": "80 kg"}


def test_pounds_are_shown_converted() -> None:
    (finding, *_) = facts(weight="180 lb", max_rate="500 mL/h")["findings"]
    assert "500 mL/h × 100 mg/mL ÷ 60 ÷ (180 lb × 0.45359237) kg" in finding["message"]


def test_a_label_s_other_printed_form_is_quoted() -> None:
    """Gammagard Liquid: 5 mL/kg/h is printed as 8 mg/kg/min and is 8.33: over the ceiling, within the label."""
    (finding,) = facts(product="Gammagard Liquid", max_rate="5 mL/kg/h", start_rate="0.5 mL/kg/h")["findings"]
    assert "within the label's maximum of 8.33333 mg/kg/min (5 mL/kg/h)" in finding["message"]
    assert "printed as 8 mg/kg/min, exact 8.33" in finding["message"]


def test_a_number_that_fits_another_unit_is_named() -> None:
    """H-27: 240 in a mg/kg/min column would be 5 mg/kg/min in mL/h."""
    (finding, *_) = facts(max_rate="240 mg/kg/min")["findings"]
    assert "240 mL/h would be 5 mg/kg/min: was another unit meant?" in finding["message"]
    assert "another unit" not in facts(max_rate="9 mg/kg/min")["findings"][0]["message"]


def test_a_unit_that_is_not_known_gets_the_spelling_that_is() -> None:
    for text, nearest in (("380 mL/hrs", "mL/hr"), ("8 Mg/kg/min", "mg/kg/min")):
        (finding, *_) = facts(max_rate=text)["findings"]
        assert finding["message"].endswith(f"Nearest: {nearest}")
    assert "Nearest" not in facts(max_rate="20 gtt/min")["findings"][0]["message"]


@pytest.mark.parametrize(
    ("unit_cells", "status"),
    [
        ({"max_rate": "240", "max_rate_unit": "mL/h"}, PASS),
        ({"max_rate": "240", "rate_unit": "mL/h", "start_rate": "48"}, PASS),
        ({"max_rate": "240", "rate_unit": "mL/hrs"}, UNCHECKED),
        ({"max_rate": "240 mL/h", "max_rate_unit": "mg/kg/min"}, UNCHECKED),
        ({"max_rate": "240", "max_rate_unit": ""}, UNCHECKED),
        ({"weight": "80", "weight_unit": "kg"}, PASS),
        ({"weight": "80", "weight_unit": "stone"}, UNCHECKED),
    ],
)
def test_a_unit_may_stand_in_its_own_column(unit_cells: dict[str, str], status: str) -> None:
    assert facts(**unit_cells)["status"] == status


def test_a_product_text_is_one_name_with_strength_pack_size_and_known_words() -> None:
    for text in ("gamunex-c", "GAMUNEX C 10 %", "Gamunex®-C 10% IV soln", "Gamunex-C 20 g/200 mL vial", "gamunex-c 100 mg/mL 10 g",
                 "Immune Globulin Human (Gamunex-C) 10% inj"):  # fmt: skip
        assert facts(product=text)["ordered"]["product"] == "Gamunex-C 10%", text
    for text in (
        "Gamunex",
        "Gamunex-C Privigen",
        "Gamunex-C 10% 5%",
        "IVIG 10%",
        "Gamunex-C 10",
        "Gamunex-C forte",
        "x" * 10_000,
    ):
        assert facts(product=text)["ordered"]["product"] is None, text
    assert facts(product="Octagam", concentration="5%")["ordered"]["product"] == "Octagam 5%"
    assert facts(product="Gammagard Liquid ERC")["ordered"]["product"] == "Gammagard Liquid ERC 10%"


def test_an_undocumented_risk_says_when_a_rate_is_over_the_soft_maximum_that_it_lowers() -> None:
    """240 mL/h is 5 mg/kg/min: within 8, over 3.3."""
    (finding,) = facts(diabetes="")["findings"]
    assert finding["message"] == (
        "not documented: diabetes; ordered maximum rate 5 mg/kg/min (240 mL/h × 100 mg/mL ÷ 60 ÷ 80 kg) is over the soft "
        "maximum of 3.3 mg/kg/min that applies until they are answered"
    )
    assert finding["arithmetic"].endswith("= 5 mg/kg/min > 3.3 mg/kg/min")
    (finding,) = facts(diabetes="", max_rate="3.3 mg/kg/min")["findings"]
    assert finding["message"] == "not documented: diabetes"
    assert "over the soft" not in facts(diabetes="", max_rate="9 mg/kg/min")["findings"][-1]["message"]


@pytest.mark.parametrize("answer", ["unknown", "?", "NA", "maybe"])
def test_a_date_outside_the_window_answers_a_blank_question_and_no_other(answer: str) -> None:
    cells = {"last_thrombosis_date": "2026-05-01", "thrombosis_history": "yes", "max_rate": "3 mg/kg/min"}
    assert facts(**cells, recent_thrombosis="")["status"] == PASS
    verdict = facts(**cells, recent_thrombosis=answer)
    assert "recent_thrombosis" in verdict["undocumented"] and verdict["status"] == REVIEW


@pytest.mark.parametrize("text", ["не CIDP", "非CIDP", "CIDPβ", "CIDP²"])
def test_an_indication_with_letters_that_are_not_ours_is_not_the_indication_without_them(text: str) -> None:
    assert codes(facts(indication=text)) == ["IVG906"]
    assert facts(indication="guillain-barré syndrome")["ordered"]["indication"] == "GBS"


def test_a_strength_that_no_product_of_the_brand_has_never_raises_a_limit() -> None:
    """Octagam is made at 50 and 100 mg/mL: 1% (10 mg/mL) is judged as 100, the stricter."""
    for text in ("Octagam 1%", "Octagam 0%", "Octagam 0 g/5 mL", "Octagam 7%"):
        verdict = facts(product=text, max_rate="3000 mL/h")  # 3000 × 100 ÷ 60 ÷ 80 = 62.5
        assert "IVG101" in codes(verdict) and "IVG908" in codes(verdict), text
        assert verdict["limits"]["hard_max_mL_per_h"] == 384, text


def test_one_day_written_in_two_ways_is_one_day() -> None:
    checked = check(GOOD | {"ordered_at": "2026-11-16"}, GOOD | {"ordered_at": "2026-11-16T00:00"})
    assert [order_facts(checked, i)["status"] for i in range(2)] == [REVIEW, REVIEW]


@pytest.mark.parametrize(
    "cells",
    [
        {"max_rate": "9" * 308 + " g/kg/min"},
        {"dose": "1 g/kg", "infusion_hours": "0." + "0" * 310 + "1"},
        {"max_rate": "9" * 300 + " g/h"},
    ],
)
def test_an_absurd_number_breaks_its_own_order_and_no_other(cells: dict[str, str]) -> None:
    """H-29."""
    checked = check(GOOD | cells | {"order_id": "absurd"}, GOOD)
    assert [order_facts(checked, i)["status"] for i in range(2)] in ([STOP, PASS], [UNCHECKED, PASS], [REVIEW, PASS])


def test_a_dose_s_arithmetic_names_the_cell_that_gave_it() -> None:
    cells = {"indication": "ITP", "dose": "2 g/kg", "dose_total": "150", "age_years": "70", "max_rate": "3 mg/kg/min"}
    (finding,) = facts(**cells)["findings"]
    assert finding["arithmetic"] == "2 g/kg ≥ 1 g/kg"
    (finding,) = facts(**cells | {"dose": "85 g", "dose_total": "90"})["findings"]
    assert finding["arithmetic"] == "90 g ÷ 80 kg = 1.125 g/kg ≥ 1 g/kg"


def test_many_repeats_of_one_id_cost_no_more_than_their_number() -> None:
    """Bounded by work, not by time: the words of one finding look at four places, however many there are."""
    checked = check(*[GOOD] * 3000)
    message = order_facts(checked, 0)["findings"][0]["message"]
    assert message.endswith("orders.csv, row 3; orders.csv, row 4; orders.csv, row 5 and 2996 more")


@pytest.mark.parametrize(
    ("born", "as_of", "age"),
    [
        ("1960-11-22", "2026-11-22", 66),
        ("1960-11-23", "2026-11-22", 65),
        ("2000-02-29", "2026-02-28", 25),
        ("2000-02-29", "2026-03-01", 26),
        ("2026-11-22", "2026-11-22", 0),
    ],
)
def test_an_age_is_completed_years_on_the_day_that_is_asked_about(born: str, as_of: str, age: int) -> None:
    """H-35."""
    verdict = facts(as_of=date.fromisoformat(as_of), age_years="", birth_date=born)
    assert verdict["ordered"]["age_years"] == age
    assert ("age_over_65" in verdict["at_risk"]) == (age > 65)
