"""A site's own header whose text names a unit is read in that unit, or the policy is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_files import read, refusals

# column, header, the unit that the policy states or None, words of the refusal
CONTRADICTORY = [
    ("weight", "Wt (lb)", "kg", 'names lb, and its numbers would be read in kg; fix: write { header = "Wt (lb)", unit = "lb" }'),
    ("weight", "WtLb", "kg", "names lb"),
    ("weight", "WEIGHT_LBS", "kg", "names lb"),
    ("weight", "Weight (g)", "kg", "fix: map a header of numbers in kg"),
    ("weight", "Weight in pounds", None, 'no unit is stated for its numbers; fix: write { header = "Weight in pounds", unit = "lb" }'),
    ("weight", "Weight (kg)", None, 'unit = "kg" }'),
    ("weight", "Weight in stone", None, "fix: map a header of numbers in kg, lb"),
    ("max_rate", "Max rate (mL/min)", "mL/h", 'unit = "mL/min" }'),
    ("max_rate", "Pump hard max (mL/h)", None, 'fix: write { header = "Pump hard max (mL/h)", unit = "mL/h" }'),
    ("max_rate", "RATE_ML_HR", "mL/min", "names mL/h"),
    ("max_rate", "Rate mL per minute", "mL/h", "names mL/min"),
    ("max_rate", "Rate mLh", "mg/kg/h", "names mL/h"),
    ("max_rate", "Rate (mg/min)", "mg/kg/min", "names mg/min, and its numbers would be read in mg/kg/min"),
    ("max_rate", "Rate (mL/day)", "mL/h", "fix: map a header of numbers in mL/h"),
    ("max_rate", "Rate (mL/24h)", "mL/h", "would be read in mL/h"),
    ("max_rate", "Rate per 24 h (mL)", "mL/h", "would be read in mL/h"),
    ("start_rate", "Drip (gtt/min)", None, "fix: map a header of numbers in mg/kg/min, "),
    ("reaction_rate", "Rate per hour", None, "unit = … } with one of mg/kg/h, "),
    ("height_cm", "Height (in)", None, "would be read in cm; fix: map a header of numbers in cm"),
    ("height_cm", "HeightIn", None, "would be read in cm"),
    ("height_cm", "Height in", None, "would be read in cm"),
    ("height_cm", "Height in inches", None, "would be read in cm"),
    ("height_cm", "Height (ft in)", None, "would be read in cm"),
    ("height_cm", "Height (in), measured", None, "would be read in cm"),
    ("height_cm", "Height (m)", "cm", "would be read in cm"),
    ("infusion_hours", "Duration (min)", None, "would be read in h"),
    ("infusion_hours", "Duration hr:min", None, "would be read in h"),
    ("infusion_hours", "Duration (days)", "h", "would be read in h"),
    ("minutes_since_resolved", "Hours since resolved", None, "would be read in min"),
    ("minutes_since_resolved", "Seconds since resolved", None, "would be read in min"),
    ("dose_total", "Dose (mg)", None, 'would be read in g; fix: write { header = "Dose (mg)", unit = "mg" }'),
    ("dose", "Dose (g)", "g/kg", "names g, "),
    ("dose", "Dose per kg (g)", "g", "would be read in g"),
    ("concentration", "Conc (mg/100 mL)", "mg/mL", "would be read in mg/mL"),
    ("concentration", "Conc g/dL", "%", "would be read in %"),
    ("concentration", "Conc %", None, 'unit = "%" }'),
    ("age_years", "Age (months)", None, "is not in years; fix: map a header of years"),
]  # fmt: skip
AGREEING = [
    ("weight", "Wt (kg)", "kg"), ("weight", "Weight in kg", "kg"), ("weight", "WEIGHT_LBS", "lb"), ("weight", "Wt", "lb"),
    ("weight", "Weight (kg or lb)", None), ("weight", "H&P weight (kg)", "kg"), ("weight", "L&D weight", "kg"),
    ("weight", "Weight for mg/kg dosing (kg)", "kg"), ("weight", "Weight 2 (kg)", "kg"), ("weight", "Weight at 24 h", "kg"),
    ("max_rate", "Pump hard max", "mL/h"), ("max_rate", "Pump hard max", None), ("max_rate", "Pump max (mL/hr)", "mL/h"),
    ("max_rate", "RatemLh", "mL/h"), ("max_rate", "maxRateMlHr", "mL/h"), ("max_rate", "Rate (mL per hour)", "mL/h"),
    ("max_rate", "Rate per hour", "mL/h"), ("max_rate", "Rate mg kg min", "mg/kg/min"), ("max_rate", "Rate mL/hr(s)", "mL/h"),
    ("max_rate", "Rate (\u00b5g/kg/min)", "mcg/kg/min"), ("max_rate", "Day 2 rate (mL/h)", "mL/h"),
    ("start_rate", "Rate first 30 min (mL/h)", "mL/h"), ("start_rate", "Rate x 15min", "mL/kg/h"),
    ("height_cm", "Height in cm", None), ("height_cm", "height_in_centimetres", None), ("height_cm", "Height in (cm)", None),
    ("height_cm", "Height measured in clinic", None), ("height_cm", "Pt's height", "cm"),
    ("infusion_hours", "Infuse over hours (h)", None), ("infusion_hours", "Hour(s) to run", None),
    ("infusion_hours", "Duration", None), ("minutes_since_resolved", "Pt's mins since d/c", None),
    ("dose_total", "Grams", None), ("dose_total", "Dose (mg)", "mg"), ("dose", "24 hour dose", None),
    ("dose", "Dose mg per kg", "mg/kg"), ("concentration", "Strength (g/100 mL)", "%"), ("concentration", "Strength pct", "%"),
    ("age_years", "Age (yrs)", None), ("order_id", "Order mg", None), ("sepsis", "Septic in 24 h", None),
]  # fmt: skip


def mapping(column: str, header: str, unit: str | None) -> str:
    written = f'"{header}"' if unit is None else f'{{ header = "{header}", unit = "{unit}" }}'
    return f"[headers]\n{column} = {written}"


@pytest.mark.parametrize(("column", "header", "unit", "words"), CONTRADICTORY)
def test_a_header_that_names_another_unit_is_refused(
    column: str, header: str, unit: str | None, words: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, mapping(column, header, unit))
    assert told.startswith(f'site.toml, line 4, headers.{column}: "{header}" ')
    assert words in told and "; fix: " in told


@pytest.mark.parametrize(("column", "header", "unit"), AGREEING)
def test_a_header_that_names_no_other_unit_is_accepted(
    column: str, header: str, unit: str | None, tmp_path: Path
) -> None:
    assert read(tmp_path, mapping(column, header, unit)).policy.site.headers == {column: ((header, unit or ""),)}


def test_each_header_of_a_list_is_judged_alone(tmp_path: Path) -> None:
    text = '[headers]\nweight = ["Wgt",\n{ header = "Wgt lb", unit = "kg" },\n{ header = "Wgt kg", unit = "kg" }]'
    (told,) = refusals(tmp_path, text)
    assert told.startswith('site.toml, line 5, headers.weight[2]: "Wgt lb" names lb')


def test_the_fix_that_a_refusal_names_is_accepted(tmp_path: Path) -> None:
    for column, header, unit, _ in CONTRADICTORY:
        (told,) = refusals(tmp_path, mapping(column, header, unit))
        fix = told.partition("; fix: write ")[2]
        if fix.startswith("{") and "…" not in fix:
            read(tmp_path, f"[headers]\n{column} = {fix}")
