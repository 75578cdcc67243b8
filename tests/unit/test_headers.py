"""Header texts to columns: what is one of ours, with which unit, and what stops the run."""

from __future__ import annotations

import time

import pytest

from ivigcheck.columns import COLUMNS, Column, question_column
from ivigcheck.errors import InputError, UsageError
from ivigcheck.intake.headers import fits, match_headers, recognised

ALL = (
    *COLUMNS,
    question_column("diabetes", "Diabetes", ("dm type 1 or 2",)),
    question_column("renal_insufficiency", "Renal insufficiency", ("ckd",)),
    question_column("estrogen_use", "Estrogen use", ("estrogen",)),
    question_column("prior_anaphylaxis", "Prior anaphylaxis", ()),
)
NEEDED = ["order_id", "patient_id", "indication", "weight", "age_years", "max_rate"]


def matched(*headers: str) -> tuple[dict[str, int], dict[str, str], tuple[str, ...]]:
    """The headers under test, put behind the needed columns that they do not give themselves."""
    given = recognised(headers, ALL)
    rest = [name for name in NEEDED if name not in given]
    result = match_headers([*headers, *rest], ALL, where="orders.csv")
    return {name: at for name, at in result.positions.items() if at < len(headers)}, result.units, result.ignored


def refusal(*headers: str) -> str:
    with pytest.raises(InputError) as stopped:
        matched(*headers)
    return str(stopped.value)


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("order_id", "order_id"),
        (" Order ID ", "order_id"),
        ("ORDER-ID:", "order_id"),
        ("MRN", "patient_id"),
        ("Dx", "indication"),
        ("Drug", "product"),
        ("Date of birth", "birth_date"),
        ("DOB (YYYY-MM-DD)", "birth_date"),
        ("Diabetes?", "diabetes"),
        ("Diabetes (Y/N)", "diabetes"),
        ("diabetes [yes/no]?", "diabetes"),
        ("Diabetes (Y/N/U)", "diabetes"),
        ("DIABETES (y/n/unknown)", "diabetes"),
        ("Diabetes Y/N", "diabetes"),
        ("Diabetes - yes/no", "diabetes"),
        ("Diabetes (?)", "diabetes"),
        ("DiabetesYN", "diabetes"),
        ("DOB YYYY-MM-DD", "birth_date"),
        ("Last thrombosis date (ISO 8601)", "last_thrombosis_date"),
        ("Sex (M/F)", "sex"),
        ("Rate unit", "rate_unit"),
    ],
)
def test_a_header_is_matched_without_regard_to_case_spaces_and_punctuation(header: str, column: str) -> None:
    positions, units, ignored = matched(header)
    assert (positions, units, ignored) == ({column: 0}, {}, ())


@pytest.mark.parametrize(
    ("header", "column", "unit"),
    [
        ("weight_kg", "weight", "kg"),
        ("Wt (kg)", "weight", "kg"),
        ("Weight (lbs)", "weight", "lb"),
        ("Weight in kg", "weight", "kg"),
        ("Body weight [KG]", "weight", "kg"),
        ("Max rate (mL/hr)", "max_rate", "mL/h"),
        ("Max rate [mL/h]", "max_rate", "mL/h"),
        ("Max Rate mL/hr", "max_rate", "mL/h"),
        ("max_rate_mg/kg/min", "max_rate", "mg/kg/min"),
        ("max_rate_mg_kg_min", "max_rate", "mg/kg/min"),
        ("Max rate, mL / kg / h", "max_rate", "mL/kg/h"),
        ("max_rate_mL_per_h", "max_rate", "mL/h"),
        ("Max rate mg per kg per min", "max_rate", "mg/kg/min"),
        ("Max rate (mg per kg per min)", "max_rate", "mg/kg/min"),
        ("MAX RATE (ML/HR)", "max_rate", "mL/h"),
        ("Dose, g/kg", "dose", "g/kg"),
        ("Dose (g)", "dose", "g"),
        ("Concentration (%)", "concentration", "%"),
        ("Concentration %", "concentration", "%"),
        ("Conc%", "concentration", "%"),
        ("concentration_mg_per_ml", "concentration", "mg/mL"),
        ("Total dose (mg)", "dose_total", "mg"),
        ("height_cm (cm)", "height_cm", "cm"),
        ("Rate at reaction mL/h", "reaction_rate", "mL/h"),
        ("Start rate/mL/h", "start_rate", "mL/h"),
        ("start.rate.mL/h", "start_rate", "mL/h"),
        ("Start rate\n(mL/h)", "start_rate", "mL/h"),
        ("Start rate - mL/h", "start_rate", "mL/h"),
        ("Start rate* (mL/h)", "start_rate", "mL/h"),
        ("Start rate mL/h:", "start_rate", "mL/h"),
    ],
)
def test_a_unit_in_a_header_is_split_off_and_kept(header: str, column: str, unit: str) -> None:
    positions, units, ignored = matched(header)
    assert (positions, units, ignored) == ({column: 0}, {column: unit}, ())


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("Start rate (mL/hrs)", "mL/h"),
        ("Start rate mL/hrs", "mL/h"),
        ("Start rate (Mg/kg/min)", "mg/kg/min"),
        ("Start rate mg kg min", "mg/kg/min"),
        ("Start rate (ordered)", "mL/h"),
        ("Weight (stone)", "kg, lb"),
        ("Dose (mL)", "g/kg"),
        ("Weight kg (lb)", "kg, lb"),
        ("height_cm (in)", "cm"),
        ("Total dose g (mg)", "g, mg"),
        ("Weight (g)", "kg, lb"),
        ("Dose (%)", "g/kg"),
        ("Dose %", "g/kg"),
        ("Concentration (\u2030)", "mg/mL"),
    ],
)
def test_a_unit_that_is_not_accepted_stops_the_run_and_never_hides_the_column(header: str, accepted: str) -> None:
    message = refusal(header)
    assert header in message
    assert accepted in message
    assert message.startswith("orders.csv: ")


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Start rate (mL/h) ordered", "start_rate"),
        ("Start rate (mL/hr) [pump]", "start_rate"),
        ("Start Rate mL/h (pump)", "start_rate"),
        ("start_rate_mlhr", "start_rate"),
        ("StartRateMlHr", "start_rate"),
        ("Start rate gtt/min", "start_rate"),
        ("Start rate drops per min", "start_rate"),
        ("Start rate cc", "start_rate"),
        ("Start rate 1", "start_rate"),
        ("Start rate.1", "start_rate"),
        ("Start rate value", "start_rate"),
        ("Start rate, ordered", "start_rate"),
        ("Initial rate (first 30 min) mL/h", "start_rate"),
        ("Initial rate (first half hour)", "start_rate"),
        ("Start rate\u00b9 (mL/h)", "start_rate"),
        ("Start rate\u1d43 (mL/h)", "start_rate"),
        ("Start rates (mL/h)", "start_rate"),
        ("Start rate\uff08pump\uff09", "start_rate"),
        ("1. Start rate (mL/h)", "start_rate"),
        ("[Pump] Start rate", "start_rate"),
        ("Start rate comment (mL/h)", "start_rate"),
        ("Dosing weight (kg) adj", "dosing_weight"),
        ("Dosing weight adjusted", "dosing_weight"),
        ("weight_kg lb", "weight"),
        ("Dose/kg", "dose"),
        ("Reaction grade (1-4)", "reaction_grade"),
        ("Reaction grade 1-4", "reaction_grade"),
        ("Reaction grade final", "reaction_grade"),
        ("Age (months)", "age_years"),
        ("Last thrombosis date (MM/DD/YYYY)", "last_thrombosis_date"),
        ("Last thrombosis date MM/DD/YYYY", "last_thrombosis_date"),
        ("Diabetes (type 2)", "diabetes"),
        ("Prior anaphylaxis (IVIG)", "prior_anaphylaxis"),
        ("Diabetes (1/0)", "diabetes"),
        ("Diabetes 1/0", "diabetes"),
        ("Diabetes2", "diabetes"),
        ("1. Diabetes", "diabetes"),
        ("Reaction resolved (IVIG)", "reaction_resolved"),
        ("Sex (at birth)", "sex"),
        ("Product (brand)", "product"),
    ],
)
def test_a_columns_name_with_an_addition_that_is_not_read_stops_the_run(header: str, column: str) -> None:
    """H-21: ignored, it would leave a rate, a grade or an answer unread, and the order would pass."""
    message = refusal(header)
    assert f'"{header}" looks like {column}'.replace("\n", "\\x0a") in message
    assert f"rename it {column}, " in message
    assert "rename it to something else" in message


def test_an_addition_is_named_even_where_the_column_itself_is_there() -> None:
    for headers in (("start_rate", "Start rate (pump)"), ("Start rate (pump)", "start_rate")):
        assert '"Start rate (pump)" looks like start_rate' in refusal(*headers)


@pytest.mark.parametrize(
    "header",
    ["ward", "Weight date/time", "Dose comment", "Rate", "Order status", "Order type", "Order comment", "Order (status)",
     "Weight date", "Weight date (MM/DD/YYYY)", "Weight source", "Product NDC", "Product lot 1", "Dose form", "Dose number",
     "Age group", "Age > 65", "Age over 65", "Indication comment", "Diabetes type", "Diabetes type 2", "CKD stage 3",
     "Start rate comment", "Start rate verified (Y/N)", "Max rate verified by", "Patient name", "Drug class",
     "Reaction comment", "Last IVIG dose (g)", "Estrogen level (pg/mL)", "Sex at birth", "DOB verified (Y/N)", "Agent",
     "Concern", "2. MRN", "Start rate per protocol", "Weight percentile"],
)  # fmt: skip
def test_a_header_that_is_no_column_of_ours_is_ignored_and_listed(header: str) -> None:
    positions, units, ignored = matched(header, header)
    assert (positions, units, ignored) == ({}, {}, (header,))


@pytest.mark.parametrize(
    ("first", "second", "column"),
    [("weight", "weight_kg", "weight"), ("weight", "Weight", "weight"), ("MRN", "patient_id", "patient_id")],
)
def test_two_headers_for_one_column_stop_the_run_naming_both(first: str, second: str, column: str) -> None:
    """H-21."""
    message = refusal(first, second)
    assert f"two columns for {column}" in message
    assert f'"{first}"' in message
    assert f'"{second}"' in message


def test_a_weight_and_its_unit_column_are_two_columns() -> None:
    assert matched("weight", "weight_unit")[0] == {"weight": 0, "weight_unit": 1}


@pytest.mark.parametrize("absent", ["order_id", "patient_id", "indication", "weight", "max_rate"])
def test_a_needed_column_that_is_missing_is_named(absent: str) -> None:
    with pytest.raises(InputError, match=f"missing column {absent}\\."):
        match_headers([name for name in NEEDED if name != absent], ALL, where="orders.csv")


def test_either_age_or_birth_date_is_enough_and_neither_is_not() -> None:
    without = [name for name in NEEDED if name != "age_years"]
    assert match_headers([*without, "DOB"], ALL, where="x").positions["birth_date"] == 5
    with pytest.raises(InputError, match="missing column age_years or birth_date"):
        match_headers(without, ALL, where="x")


def test_a_row_that_is_no_header_is_not_quoted_in_the_message() -> None:
    """H-46: where the header row is missing, the first row is a patient."""
    with pytest.raises(InputError) as stopped:
        match_headers(["00123", "DOE JOHN", "ITP"], ALL, where="orders.csv")
    assert "DOE" not in str(stopped.value)
    assert "must be the header" in str(stopped.value)


def test_a_header_fits_when_every_needed_column_is_there_even_if_it_is_faulty() -> None:
    assert fits(NEEDED, ALL)
    assert fits([*NEEDED, "weight_kg", "Start rate (stone)"], ALL)
    assert not fits(NEEDED[:-1], ALL)


def test_blank_headers_are_kept_apart_from_ignored_ones() -> None:
    result = match_headers([*NEEDED, " ", "ward"], ALL, where="x")
    assert (result.blank, result.ignored, result.width) == ((6,), ("ward",), 8)


def test_one_header_given_to_two_columns_is_an_error_of_the_configuration() -> None:
    twice = (Column("a", "id", "", headers=("same",)), Column("b", "id", "", headers=("Same",)))
    with pytest.raises(UsageError, match="stands for two columns: a and b"):
        match_headers(["same"], twice, where="x")


@pytest.mark.parametrize(
    "header",
    ["Start rate " + "gmg" * 40_000, "Start rate " + "(" * 130_000, "Start rate " + "per " * 30_000, "weight" * 20_000,
     "weight" + " " * 130_000 + "x", "[" + "x" * 130_000, "9" * 130_000, "%" * 100_000],
)  # fmt: skip
def test_a_header_of_any_length_is_matched_without_labour(header: str) -> None:
    """H-49."""
    begun = time.process_time()
    recognised([header], ALL)
    assert time.process_time() - begun < 20
