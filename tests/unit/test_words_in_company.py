"""An order's words and fingerprints are its own: the same alone as in a batch, whatever was put into words before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from conftest import GOOD, check

from ivigcheck.pipeline import Checked
from ivigcheck.report.model import Facts

VARIANTS: Sequence[Mapping[str, str]] = (
    {},
    {"max_rate": "9 mg/kg/min"},
    {"max_rate": "9", "max_rate_unit": "mg/kg/min"},
    {"max_rate": "540 mg/kg/h"},
    {"max_rate": "0.54 g/kg/h"},
    {"max_rate": "432 mL/h"},
    {"max_rate": "432", "max_rate_unit": "mL/h"},
    {"max_rate": "432 mL/h", "weight": "176.4 lb"},
    {"max_rate": "432 mL/h", "weight": "176.4", "weight_unit": "lb"},
    {"max_rate": "432 mL/h", "dosing_weight": "60 kg"},
    {"max_rate": "432 mL/h", "weight": "180 kg", "height_cm": "165", "sex": "F"},
    {"max_rate": "432 mL/h", "product": "Octagam", "concentration": "5%"},
    {"max_rate": "432 mL/h", "product": "Octagam", "concentration": "10%"},
    {"max_rate": "4 mg/kg/min", "age_years": "70"},
    {"max_rate": "4 mg/kg/min", "birth_date": "1950-05-04", "age_years": ""},
    {"max_rate": "4 mg/kg/min", "diabetes": "Y", "sepsis": "yes"},
    {"max_rate": "4 mg/kg/min", "diagnoses": "E11.9"},
    {"max_rate": "4 mg/kg/min", "diagnoses": "E11.65", "diabetes": ""},
    {"max_rate": "4 mg/kg/min", "diabetes": "", "cardiovascular_risk": "?"},
    {"recent_thrombosis": "yes"},
    {"recent_thrombosis": "yes", "product": "Privigen"},
    {"last_thrombosis_date": "2026-09-01"},
    {"prior_anaphylaxis": "yes"},
    {"prior_anaphylaxis": "yes", "product": "privigen 10%"},
    {"prior_anaphylaxis": "yes", "product": ""},
    {"corn_allergy": "yes", "product": "Octagam", "concentration": "5%"},
    {"dose": "3 g/kg"},
    {"dose": "3000 mg/kg"},
    {"dose": "240 g"},
    {"dose": "240", "dose_unit": "g"},
    {"dose": "0.5 g/kg", "dose_total": "8 g"},
    {"dose": "3 g/kg", "dose_total": "40 g"},
    {"dose": "3 g/kg", "indication": "ITP"},
    {"dose": "3 g/kg", "indication": "CIDP", "phase": "loading"},
    {"dose": "3 g/kg", "indication": "CIDP", "phase": "maintenance"},
    {"dose": "3 g/kg", "indication": "MG", "product": ""},
    {"indication": "fatigue"},
    {"indication": "C.I.D.P.", "product": "bivigam"},
    {"product": "Gammaglobin"},
    {"product": "Octagam"},
    {"start_rate": "5 mg/kg/min", "first_infusion": "yes"},
    {"start_rate": "5 mg/kg/min", "last_ivig_date": "2026-01-05"},
    {"start_rate": "5 mg/kg/min", "last_ivig_date": "2026-11-01", "last_product": "Privigen"},
    {"start_rate": ""},
    {"dose": "1 g/kg", "infusion_hours": "1"},
    {"weight": "70,5 kg"},
    {"weight": "160 kg", "height_cm": "140", "sex": "M"},
    {"weight": "800 kg"},
    {"reaction_grade": "2", "reaction_rate": "4 mg/kg/min", "minutes_since_resolved": "20", "reaction_resolved": "yes"},
)
ORDERS = [{**GOOD, **cells, "order_id": f"A-{k}", "patient_id": f"00{100 + k}"} for k, cells in enumerate(VARIANTS)]


def told(checked: Checked, rows: Sequence[int]) -> dict[str, Any]:
    """Order id -> its findings in words, and as they are told from others; asked for in the order of ``rows``."""
    facts = Facts(checked)
    found = {i: facts.of(i) for i in rows}
    return {each["order_id"]: (each["findings"], facts.seen[i], facts.basis(i)) for i, each in found.items()}


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    return {key: said for order in ORDERS for key, said in told(check(order), [0]).items()}


def test_the_orders_have_much_to_say(alone: Mapping[str, Any]) -> None:
    assert len({finding["code"] for findings, *_ in alone.values() for finding in findings}) > 20


@pytest.mark.parametrize("step", [1, -1])
def test_an_order_has_the_same_words_alone_and_in_a_batch(alone: Mapping[str, Any], step: int) -> None:
    assert told(check(*ORDERS), range(len(ORDERS))[::step]) == alone


def test_an_order_has_the_same_words_among_others_of_its_spellings(alone: Mapping[str, Any]) -> None:
    """With every column in the batch twice, and its cells at other places in it."""
    twins = [{**order, "order_id": f"B-{k}", "patient_id": f"9{k}"} for k, order in enumerate(ORDERS)]
    batch = told(check(*reversed(twins), *ORDERS), range(2 * len(ORDERS)))
    assert {key: said for key, said in batch.items() if key in alone} == alone


@pytest.mark.parametrize(
    ("doses", "said"),
    [
        ({"dose": "0.5 g/kg", "dose_total": "8 g"}, "0.1 g/kg in one infusion is below"),
        ({"dose": "3 g/kg", "dose_total": "40 g"}, "3 g/kg in one infusion is over"),
    ],
    ids=["the lesser", "the greater"],
)
def test_of_two_doses_the_one_outside_is_named(doses: Mapping[str, str], said: str) -> None:
    findings = Facts(check(GOOD | doses)).of(0)["findings"]
    assert [f["message"].startswith(said) for f in findings if f["code"] == "IVG301"] == [True]


def test_orders_that_differ_in_one_cell_differ_in_words_or_basis(alone: Mapping[str, Any]) -> None:
    """Spellings of one unit apart, which have one basis, and words of their own."""
    said = [repr((findings, basis)) for findings, _, basis in alone.values()]
    assert len(set(said)) == len(said)
