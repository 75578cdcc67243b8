"""Header texts to columns: what is one of ours, with which unit, and what stops the run."""

from __future__ import annotations

import pytest

from ivigcheck.columns import COLUMNS, Column, question_column
from ivigcheck.errors import InputError, UsageError
from ivigcheck.intake.headers import fits, match_headers, recognised

ALL = (*COLUMNS, question_column("diabetes", "Diabetes", ("dm type 1 or 2",)))
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


@pytest.mark.parametrize("header", ["ward", "Weight date/time", "Dose comment", "Diabetes (type 2)", "Rate"])
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
