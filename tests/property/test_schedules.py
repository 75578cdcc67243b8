"""No step of any schedule breaks a limit: every label, weights of 2 to 200 kg, every increment of a pump."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import product as every
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import SCREENED
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.knowledge import built_in
from ivigcheck.pipeline import check_order
from ivigcheck.schedule import Clock, Refusal, Schedule, schedule_of
from ivigcheck.schedule.vials import fewest
from ivigcheck.units import whole_steps

LABELS = [(made, row) for made in built_in().products for row in made.labels]
TOLERANCE = Fraction(1, 10**9)
INCREMENTS = ["0.01", "0.05", "0.1", "0.2", "0.25", "0.3", "0.5", "1", "1.5", "2", "2.5", "5", "10"]
RISKS = ("no", "yes", "")


def order(label: int, weight: str, **cells: str) -> dict[str, str]:
    """An order of a label's own product and indication, at the label's own maximum as far as the policy lets it."""
    made, row = LABELS[label]
    fastest = min(row.maximum.rate if row.maximum else 8.0, 8.0)
    if cells.get("diabetes") == "yes":
        fastest = min(fastest, 7.9, row.at_risk.rate - 0.01 if row.at_risk else 7.9)
    dose = row.dose.high if row.dose and row.dose.basis == "infusion" else 0.5
    return {
        "indication": row.indication, "phase": row.phase, "product": made.name, "weight": f"{weight} kg", "age_years": "40",
        "concentration": "" if made.entry.concentration else "6%", "dose": f"{dose:g} g/kg",
        "max_rate": f"{fastest:.10f} mg/kg/min", **SCREENED, **cells,
    }  # fmt: skip


def outcome(cells: dict[str, str], increment: str) -> tuple[Schedule | Refusal, object]:
    run = check_order(cells, date(2026, 11, 22))
    found = schedule_of(run.orders, run.limits, run.findings, 0, pump_increment_mL_per_h=float(increment))
    return found, run


def assert_kept(found: Schedule, run, cells: dict[str, str], increment: str) -> None:
    """Everything that a nurse relies on, worked out again in exact fractions from the steps as printed."""
    weight, concentration = Fraction(cells["weight"].split()[0]), Fraction(run.orders.concentration[0])
    soft, start = Fraction(run.limits.soft_max[0]), Fraction(run.limits.start[0])
    highest = Fraction(cells["max_rate"].split()[0])
    given_mL, clock = Fraction(0), Fraction(0)
    for k, step in enumerate(found.steps):
        rate = Fraction(str(step.mL_per_h))
        per_kg = rate * concentration / 60 / weight
        assert rate > 0 and (rate / Fraction(increment)).denominator == 1
        assert per_kg <= soft * (1 + TOLERANCE) and per_kg <= highest * (1 + TOLERANCE)
        assert k or per_kg <= start * (1 + TOLERANCE)
        assert not run.limits.soft_max_exclusive[0] or per_kg < soft * (1 - TOLERANCE)
        assert k == 0 or rate > Fraction(str(found.steps[k - 1].mL_per_h))
        assert abs(per_kg - Fraction(step.mg_per_kg_min)) <= TOLERANCE * per_kg
        assert abs(Fraction(step.start) - clock) < Fraction(1, 10**6)
        given_mL += rate * Fraction(step.minutes) / 60
        clock += Fraction(step.minutes)
        assert abs(Fraction(step.cumulative_mL) - given_mL) < Fraction(1, 100)
        assert abs(Fraction(step.cumulative_g) - given_mL * concentration / 1000) < Fraction(1, 1000)
    wanted = Fraction(cells["dose"].split()[0]) * weight * 1000 / concentration
    assert abs(given_mL - wanted) < Fraction(1, 100)
    if found.suggestion:
        ranges = [LABEL_ROW.dose for _, LABEL_ROW in LABELS if LABEL_ROW.indication == cells["indication"]]
        assert found.suggestion.grams / float(weight) <= max(each.high for each in ranges if each) * (1 + 1e-9)


@pytest.mark.parametrize(
    "label", range(len(LABELS)), ids=[f"{made.name} {row.indication} {row.phase}" for made, row in LABELS]
)
def test_every_label_gives_a_schedule_within_its_limits(label: int) -> None:
    for weight, increment, risk in every(("2", "3.7", "12.5", "40", "70", "82.3", "130", "200"), INCREMENTS, RISKS):
        cells = order(label, weight, diabetes=risk)
        found, run = outcome(cells, increment)
        if isinstance(found, Refusal):
            assert f"a pump that takes steps of {increment} mL/h cannot run it slowly enough" in found.why, found.why
            slowest = Fraction(run.limits.start[0]) * Fraction(weight) * 60 / Fraction(run.orders.concentration[0])
            assert slowest < Fraction(increment) * (1 + TOLERANCE)
        else:
            assert_kept(found, run, cells, increment)


@given(
    st.integers(0, len(LABELS) - 1), st.decimals("2", "200", places=2), st.sampled_from(INCREMENTS),
    st.sampled_from(RISKS), st.decimals("0.05", "8", places=3), st.decimals("0.01", "2", places=3),
)  # fmt: skip
def test_what_is_ordered_is_never_exceeded(label, weight, increment, risk, highest, dose) -> None:
    cells = order(label, str(weight), diabetes=risk, max_rate=f"{highest} mg/kg/min", dose=f"{dose} g/kg")
    found, run = outcome(cells, increment)
    if isinstance(found, Schedule):
        assert_kept(found, run, cells, increment)


@given(
    st.integers(0, len(LABELS) - 1), st.decimals("2", "200", places=2), st.sampled_from(INCREMENTS),
    st.decimals("0.01", "2", places=3), st.none() | st.decimals("0.1", "30", places=2),
)  # fmt: skip
def test_what_is_printed_is_the_double_nearest_to_the_exact_sum(label, weight, increment, dose, hours) -> None:
    found, _ = outcome(order(label, str(weight), dose=f"{dose} g/kg", infusion_hours=str(hours or "")), increment)
    if isinstance(found, Refusal):
        return
    concentration, sum_mL, clock = Fraction(found.concentration), Fraction(0), Fraction(0)
    volume = Fraction(found.dose_g) * 1000 / concentration
    for step in found.steps:
        rate = Fraction(str(step.mL_per_h))
        minutes = Fraction(step.minutes) if step is not found.steps[-1] else (volume - sum_mL) * 60 / rate
        sum_mL += rate * minutes / 60
        assert (step.start, step.minutes, step.mL) == (float(clock), float(minutes), float(rate * minutes / 60))
        assert (step.cumulative_mL, step.cumulative_g) == (float(sum_mL), float(sum_mL * concentration / 1000))
        clock += minutes
    assert found.steps[-1].cumulative_g == found.dose_g


@given(
    st.floats(0, 3000) | st.builds(lambda k, off: k / 10 * (1 + off), st.integers(0, 30_000), st.floats(-3e-9, 3e-9)),
    st.sampled_from([float(each) for each in INCREMENTS]),
    st.booleans(),
)
def test_one_limit_has_as_many_whole_steps_as_a_column_of_it(limit: float, step: float, exclusive: bool) -> None:
    (wanted,) = whole_steps(np.array([limit]), step, np.array([exclusive]))
    assert whole_steps(limit, step, exclusive) == wanted


@given(st.integers(0, len(LABELS) - 1), st.decimals("0.1", "30", places=2), st.sampled_from(INCREMENTS))
def test_the_ordered_hours_are_kept_to_where_the_limits_let_it(label, hours, increment) -> None:
    """No faster than ordered, and only slower where the fastest schedule is."""
    cells = order(label, "70")
    fastest, _ = outcome(cells, increment)
    kept, run = outcome(cells | {"infusion_hours": str(hours)}, increment)
    if isinstance(fastest, Schedule) and isinstance(kept, Schedule):
        assert_kept(kept, run, cells, increment)
        assert kept.total_minutes >= float(hours) * 60 * (1 - 1e-9) or kept.steps == fastest.steps
        assert kept.total_minutes >= fastest.total_minutes * (1 - 1e-9)


@given(st.decimals("0.05", "3", places=2), st.integers(0, len(LABELS) - 1))
def test_an_ordered_start_is_never_exceeded(start, label) -> None:
    cells = order(label, "70", start_rate=f"{start} mg/kg/min")
    found, _ = outcome(cells, "0.1")
    if isinstance(found, Schedule):
        assert found.steps[0].mg_per_kg_min <= float(start) * (1 + 1e-9)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.integers(0, 3000), st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]))  # fmt: skip
def test_a_clock_runs_as_long_as_the_infusion(start: datetime, minutes: int, zone: str) -> None:
    """H-37: from start to end lie as many minutes of real time as the infusion takes."""
    text = start.replace(second=0, microsecond=0).isoformat(timespec="minutes")
    placed = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    offset = placed.strftime("%z")
    try:
        clock = Clock.read(f"{text}{offset[:3]}:{offset[3:]}", zone)
    except Exception as error:  # a wall time that the zone skips
        assert "show" in str(error)
        return
    end = datetime.fromisoformat(clock.iso(minutes))
    assert end - datetime.fromisoformat(clock.iso(0)) == timedelta(minutes=minutes)


SIZES = [
    (5_000, 2_500),
    (10_000, 5_000),
    (40_000, 20_000, 10_000, 5_000, 2_500, 1_000),
    (12_000, 6_000, 3_000),
    (30_000, 20_000),
]


@given(st.sampled_from(SIZES), st.integers(1, 60_000))
def test_no_other_vials_waste_less_or_are_fewer(sizes: tuple[int, ...], least: int) -> None:
    """Every count of every size up to what is needed, tried."""
    tried = [
        (total, sum(counts))
        for counts in every(*(range(least // size + 2 if size * 13 > least else 13) for size in sizes[:3]))
        for total in [sum(size * count for size, count in zip(sizes, counts, strict=False))]
        if total >= least
    ]
    best = min(tried)
    vials = fewest(sizes, least)
    assert (round(vials.grams * 1000), sum(count for _, count in vials.counts)) <= best
    assert vials.grams * 1000 >= least


@given(st.sampled_from([(7, 5, 3), (6, 4), (5,), (9, 8), (9, 8, 5, 3), (20, 10, 5, 2)]), st.integers(0, 1000))
def test_the_vials_of_large_doses_are_those_worked_out_one_total_after_another(
    sizes: tuple[int, ...], least: int
) -> None:
    fewest_of: dict[int, tuple[int, ...]] = {0: ()}
    for total in range(1, least + sizes[0] + 1):
        made = [(*fewest_of[total - size], size) for size in sizes if total - size in fewest_of]
        if made:
            fewest_of[total] = min(made, key=lambda vials: (len(vials), -vials[-1]))
    wanted = fewest_of[min(total for total in fewest_of if total >= least)]
    counts = tuple((size / 1000, wanted.count(size)) for size in sizes if size in wanted)
    assert fewest(sizes, least).counts == counts
