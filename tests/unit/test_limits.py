"""Limits: what governs, on both sides of every boundary, and pump rates."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from conftest import GOOD, check, codes, facts
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.limits import pump_rates
from ivigcheck.report.model import order_facts

# product, indication, phase, start, maximum, at-risk limit (None: none), exclusive; from the labels, worked by hand
LABELLED = (
    ("Gamunex-C 10%", "PI", "", 1, 8, 8, True),
    ("Gamunex-C 10%", "CIDP", "", 2, 8, 8, True),
    ("Privigen 10%", "ITP", "", 0.5, 4, None, False),
    ("Octagam 5%", "PI", "", 0.5, 200 / 60, 3.3, True),
    ("Octagam 10%", "DM", "", 1, 4, 3.3, False),
    ("Gammagard Liquid 10%", "MMN", "", 50 / 60, 8, 3.3, True),  # labelled 9: the ceiling of 8 governs
    ("Panzyga 10%", "PI", "", 1, 8, None, False),  # labelled 14: the ceiling of 8 governs
    ("Bivigam 10%", "PI", "", 0.5, 6, None, False),
    ("Qivigy 10%", "PI", "", 1, 8, None, False),  # first 1, subsequent 2: the strictest
    ("Qivigy 10%", "PI", "subsequent", 1, 8, None, False),  # the label allows 2, the policy 1
    ("Gammaplex 5%", "GBS", "", 0.5, 4, None, False),  # not on the label: the strictest of its rows
    ("Privigen 10%", "KD", "", 0.5, 4, None, False),
    ("Carimune NF", "PI", "", 0.5, 3, 2, True),
)


@pytest.mark.parametrize(("product", "indication", "phase", "start", "maximum", "at_risk", "exclusive"), LABELLED)
def test_the_strictest_of_policy_and_label_governs(
    product: str, indication: str, phase: str, start: float, maximum: float, at_risk: float | None, exclusive: bool
) -> None:
    cells = {"product": product, "indication": indication, "phase": phase, "max_rate": "1 mg/kg/min"}
    limits = facts(**cells)["limits"]
    assert limits["start_mg_per_kg_min"] == pytest.approx(start)
    assert limits["hard_max_mg_per_kg_min"] == limits["soft_max_mg_per_kg_min"] == pytest.approx(maximum)
    assert not limits["hard_max_exclusive"]
    limits = facts(**cells, diabetes="yes")["limits"]
    hard = min(maximum, 8 if at_risk is None else at_risk)
    assert limits["hard_max_mg_per_kg_min"] == pytest.approx(hard)
    assert limits["hard_max_exclusive"] == (hard == 8 or (hard == at_risk and exclusive))
    assert limits["soft_max_mg_per_kg_min"] == pytest.approx(min(hard, 3.3))


@pytest.mark.parametrize(
    ("cells", "start", "soft_max", "hard_max"),
    [
        ({}, "label", "label", "label"),  # 8 by label and policy: the label is named
        ({"product": "Panzyga 10%"}, "label", "policy", "policy"),  # 14 by the label
        ({"product": ""}, "policy", "policy", "policy"),
        ({"product": "Privigen 10%", "diabetes": "yes"}, "label", "policy", "policy"),  # 8 exclusive before 8
        ({"diabetes": "yes"}, "label", "policy", "label"),  # Gamunex-C has its own 8 exclusive
        ({"product": "Octagam 10%", "indication": "DM", "diabetes": "yes"}, "label", "label", "label"),
        ({"reaction_grade": "2", "reaction_rate": "1 mg/kg/min"}, "rechallenge", "rechallenge", "rechallenge"),
        ({"reaction_grade": "2", "reaction_rate": "2 mg/kg/min"}, "label", "rechallenge", "rechallenge"),
    ],
)
def test_every_limit_names_what_governs_it(cells: dict[str, str], start: str, soft_max: str, hard_max: str) -> None:
    governed_by = facts(**cells)["limits"]["governed_by"]
    assert [governed_by[name].split()[0].strip(":") for name in ("start", "soft_max", "hard_max")] == [
        start,
        soft_max,
        hard_max,
    ]


def test_the_order_s_phase_says_which_of_the_label_s_rows_applies() -> None:
    """Qivigy: 1 mg/kg/min at the first infusion, 2 later, where the policy's 1 governs."""
    for phase, family in (("first", "label"), ("subsequent", "policy"), ("", "label"), ("loading", "label")):
        governed_by = facts(product="Qivigy", phase=phase)["limits"]["governed_by"]
        assert governed_by["start"].split()[0].strip(":") == family, phase


@pytest.mark.parametrize(
    ("cells", "hard_max_mL_per_h"),
    [
        ({"dosing_weight": "60 kg"}, 288),  # 8 × 60 × 60 ÷ 100
        ({"dosing_weight": "81 kg"}, 384),  # over the weight: a conflict, and the weight of 80 kg is judged
        ({"dosing_weight": "61 stone"}, None),  # there, and not readable: nobody knows what rates are reckoned on
        ({"product": "Privigen 5%", "start_rate": "0.5 mg/kg/min"}, 384),  # made at 10%: the greater is judged
        ({"product": "Octagam 5%", "concentration": "10%"}, 160),  # 10/3 × 60 × 80 ÷ 100
        ({"product": "", "concentration": ""}, None),
    ],
)
def test_limits_in_mL_per_h_go_by_the_stricter_of_what_is_written(cells: dict, hard_max_mL_per_h: float | None) -> None:
    assert facts(**cells)["limits"]["hard_max_mL_per_h"] == hard_max_mL_per_h


@pytest.mark.parametrize("question", ["cardiovascular_risk", "diabetes", "renal_insufficiency"])
def test_an_undocumented_risk_lowers_the_soft_maximum_and_only_that(question: str) -> None:
    limits = facts(**{question: ""})["limits"]
    assert (limits["soft_max_mg_per_kg_min"], limits["hard_max_mg_per_kg_min"]) == (3.3, 8)


def test_another_undocumented_question_lowers_nothing() -> None:
    limits = facts(hypercoagulable_state="", sepsis="")["limits"]
    assert (limits["soft_max_mg_per_kg_min"], limits["hard_max_mg_per_kg_min"]) == (8, 8)


# limit, exclusive, what a pump takes
PUMP = (
    (27.0, False, 27.0), (0.01 * 45 * 60, False, 27.0), (27.0, True, 26.9), (26.99, False, 26.9), (27.04, True, 27.0),
    (100.0, False, 100.0), (100.0, True, 99.9), (99.99, False, 99.9), (100.9, False, 100.0), (100.9, True, 100.0),
    (384.0, False, 384.0), (384.0, True, 383.0), (0.05, False, 0.0), (0.1, False, 0.1), (0.1, True, 0.0),
)  # fmt: skip


@pytest.mark.parametrize(("limit", "exclusive", "taken"), PUMP)
def test_a_limit_is_rounded_down_to_what_a_pump_takes(limit: float, exclusive: bool, taken: float) -> None:
    assert pump_rates(np.array([limit]), np.array([exclusive])).tolist() == [taken]
    assert math.isnan(pump_rates(np.array([np.nan]), np.array([exclusive]))[0])


@given(st.fractions(Fraction(1, 10), 3000), st.booleans())
def test_a_pump_rate_never_breaks_its_limit_and_the_next_step_does(limit: Fraction, exclusive: bool) -> None:
    """H-31."""
    taken = Fraction(float(pump_rates(np.array([float(limit)]), np.array([exclusive]))[0])).limit_denominator(10)
    tolerance = limit * Fraction(2, 10**9)
    assert taken <= limit + tolerance
    step = Fraction(1, 10) if taken < 100 and taken + Fraction(1, 10) <= 100 else 1
    assert taken + step >= limit - tolerance


def test_the_exact_grid_of_eight_is_at_the_limit_and_one_pump_step_more_is_over() -> None:
    """H-02: 5,925 orders of exactly 8 mg/kg/min, written to 0.01 mL/h; none is over, and 0.01 mL/h more is."""
    at, over = [], []
    for concentration in (50, 100, 200):
        for tenths in range(25, 2000):
            rate = Fraction(8 * 60 * tenths, 10 * concentration)
            assert rate * 100 == int(rate * 100)
            cells = {"product": "", "concentration": f"{concentration} mg/mL", "weight": f"{tenths / 10} kg"}
            at.append(GOOD | cells | {"max_rate": f"{float(rate):.2f} mL/h"})
            over.append(GOOD | cells | {"max_rate": f"{float(rate + Fraction(1, 100)):.2f} mL/h"})
    assert len(at) == 5925
    for orders, expected in ((at, False), (over, True)):
        orders = [order | {"order_id": str(k)} for k, order in enumerate(orders)]
        checked = check(*orders)
        flagged = ["IVG101" in [code for code, _ in checked.findings.codes(i)] for i in range(len(orders))]
        assert flagged == [expected] * len(orders)


def test_a_rate_at_the_limit_passes_and_a_tenth_more_is_shown_over() -> None:
    at = facts(max_rate="384 mL/h")
    assert at["status"] == "PASS" and at["ordered"]["max_rate_mg_per_kg_min"] == 8
    over = facts(max_rate="384.1 mL/h")
    assert over["status"] == "STOP" and codes(over)[0] == "IVG101"
    assert "8.002 mg/kg/min" in over["findings"][0]["message"]


def test_a_malformed_row_has_no_limits() -> None:
    table = check(GOOD).tables[0]
    from dataclasses import replace

    from ivigcheck.pipeline import check_tables

    broken = replace(table, cells={name: [""] for name in table.cells}, malformed={0: "has 3 fields"})
    verdict = order_facts(check_tables([broken], check(GOOD).orders.as_of), 0)
    assert codes(verdict) == ["IVG910"] and verdict["status"] == "UNCHECKED"
    assert verdict["limits"]["hard_max_mg_per_kg_min"] is None and verdict["order_id"] is None
