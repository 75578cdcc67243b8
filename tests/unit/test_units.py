"""Numbers and units: a closed grammar on both sides of every rule of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck import units
from ivigcheck.units import UNITS, exceeds, find_unit, read_number, read_quantity, same

READ = (
    # text, quantity, value, unit's name
    ("80kg", "body_mass", 80, "kg"),
    ("80 kg", "body_mass", 80, "kg"),
    (" 80.5 Kg ", "body_mass", 80.5, "kg"),
    ("80\u00a0kg", "body_mass", 80, "kg"),
    ("180 LBS", "body_mass", 180, "lb"),
    ("8 mg/kg/min", "rate", 8, "mg/kg/min"),
    ("8 mg / kg / min", "rate", 8, "mg/kg/min"),
    ("8 MG/KG/MIN", "rate", 8, "mg/kg/min"),
    ("8 mg/kg/minute", "rate", 8, "mg/kg/min"),
    ("380 ML/HR", "rate", 380, "mL/h"),
    ("380 ml/hour", "rate", 380, "mL/h"),
    ("8000 mcg/kg/min", "rate", 8000, "mcg/kg/min"),
    ("0.48 g/kg/h", "rate", 0.48, "g/kg/h"),
    ("6.4 mL/min", "rate", 6.4, "mL/min"),
    ("10%", "concentration", 10, "%"),
    ("10 %", "concentration", 10, "%"),
    ("10 g/100 mL", "concentration", 10, "g/100 mL"),
    ("0.1 g/mL", "concentration", 0.1, "g/mL"),
    ("1 g/kg", "dose", 1, "g/kg"),
    ("80 g", "dose", 80, "g"),
)
UNREADABLE = (
    ("80", "body_mass"), ("80,5 kg", "body_mass"), ("1,200 kg", "body_mass"), ("-80 kg", "body_mass"),
    ("+80 kg", "body_mass"), ("8e1 kg", "body_mass"), (".5 kg", "body_mass"), ("5. kg", "body_mass"),
    ("8.0.0 kg", "body_mass"), ("\uff18\uff10 kg", "body_mass"), ("\u0668\u0660 kg", "body_mass"),
    ("80\u200b kg", "body_mass"), ("inf kg", "body_mass"), ("80 stone", "body_mass"), ("80 G", "body_mass"),
    ("TRUE", "body_mass"), ("3-Jan", "body_mass"), ("#DIV/0!", "body_mass"), ("80 kg 5", "body_mass"),
    ("8 Mg/kg/min", "rate"), ("8 mg/kg*min", "rate"), ("8 mg/kg min", "rate"), ("8 mg/kg\u00b7min", "rate"),
    ("8 mg/kg/m", "rate"), ("8 mg/kg/M", "rate"), ("8 mg/kg/Min", "rate"), ("8 mg/kg", "rate"), ("8 mL/H", "rate"),
    ("380 mL/hrs", "rate"), ("8 mg\u2044kg\u2044min", "rate"), ("8 mg\u2215kg\u2215min", "rate"), ("8 lb/h", "rate"),
    ("10", "concentration"), ("0.1", "concentration"), ("10 mg", "concentration"),
    ("1,500 mg/kg", "dose"), ("1 g/lb", "dose"), ("5 ft 10 in", "length"), ("70 in", "length"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "quantity", "value", "name"), READ)
def test_an_accepted_spelling_is_read_as_its_value_and_unit(text: str, quantity: str, value: float, name: str) -> None:
    reading = read_quantity(text, quantity)
    assert (reading.value, reading.unit.name if reading.unit else None) == (value, name)


@pytest.mark.parametrize(("text", "quantity"), UNREADABLE)
def test_anything_else_is_unreadable_with_a_reason(text: str, quantity: str) -> None:
    reading = read_quantity(text, quantity)
    assert np.isnan(reading.value) and reading.unit is None and reading.reason and not reading.missing


@pytest.mark.parametrize("text", ["", " ", "NA", "n/a", "None", "nan"])
def test_a_cell_that_says_not_available_is_missing_not_unreadable(text: str) -> None:
    assert read_quantity(text, "rate").missing and read_number(text).missing


@pytest.mark.parametrize("text", ["9**9**9", "mg**(9**9**9)", "__import__('os')", "().__class__", "8 mg # x", "a" * 10**6,
                                  "(" * 10**4, "mg*" * 20_000, "9" * 5000, "1" + "0" * 400])  # fmt: skip
def test_hostile_texts_are_refused_without_being_evaluated(text: str) -> None:
    assert find_unit(text, "rate") is None
    assert np.isnan(read_quantity(text, "rate").value) and np.isnan(read_number(text).value)


@given(st.text(max_size=30))
def test_no_text_reaches_pint(text: str) -> None:
    known = [unit.factor for table in UNITS.values() for unit in table.values()]  # the program's own words, read first
    assert known

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("text reached pint's parser")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("parse_expression", "parse_units", "parse_unit_name", "Quantity", "Unit"):
            patch.setattr(units._REGISTRY, name, refuse)
        for quantity in UNITS:
            read_quantity(text, quantity)
            read_quantity(f"8 {text}", quantity)
        read_number(text)


# name -> what one of it is in its form, by hand
FACTORS = {
    "mg/kg/min": 1, "mcg/kg/min": Fraction(1, 1000), "g/kg/min": 1000,
    "mg/kg/h": Fraction(1, 60), "mcg/kg/h": Fraction(1, 60_000), "g/kg/h": Fraction(1000, 60),
    "mL/kg/min": 1, "mL/kg/h": Fraction(1, 60), "mL/min": 1, "mL/h": Fraction(1, 60),
    "mg/min": 1, "mg/h": Fraction(1, 60), "g/min": 1000, "g/h": Fraction(1000, 60),
}  # fmt: skip


def test_every_rate_unit_converts_by_the_factor_worked_by_hand() -> None:
    assert {unit.name for unit in UNITS["rate"].values()} == set(FACTORS)
    for unit in UNITS["rate"].values():
        assert unit.factor == pytest.approx(float(FACTORS[unit.name]), rel=1e-15)


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [("180 lb", "body_mass", 180 * 0.45359237), ("10%", "concentration", 100), ("0.1 g/mL", "concentration", 100),
     ("10 g/100 mL", "concentration", 100), ("1000 mg/kg", "dose", 1), ("500 mg", "drug_mass", 0.5)],
)  # fmt: skip
def test_other_quantities_convert_by_definition(text: str, quantity: str, value: float) -> None:
    assert units.converted(text, quantity) == pytest.approx(value, rel=1e-15)


def test_drug_mass_and_body_mass_do_not_mix() -> None:
    with pytest.raises(pint.DimensionalityError):
        units._REGISTRY.Quantity(8, "milligram/minute").to("milligram/kilogram_body/minute")
    with pytest.raises(pint.DimensionalityError):
        units._REGISTRY.Quantity(8, "gram").to("kilogram_body")


def test_a_value_equal_within_the_tolerance_is_not_over_and_breaks_an_exclusive_limit() -> None:
    limit = 8.0
    values = [8 * (1 + 5e-10), 8 * (1 + 2e-9), 8 * (1 - 5e-10), 8 * (1 - 2e-9), np.nan]
    assert exceeds(values, limit).tolist() == [False, True, False, False, False]
    assert exceeds(values, limit, True).tolist() == [True, True, True, False, False]
    assert exceeds([9.0], np.nan).tolist() == [False]
    assert same([8.0, np.nan], [8 * (1 + 5e-10), np.nan]).tolist() == [True, False]
    assert 7.2 > 0.12 * 60 and not exceeds(7.2, 0.12 * 60)
