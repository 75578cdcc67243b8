"""The product files against a second, independent table of the same labels (H-34): every field of every row."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from ivigcheck.knowledge import built_in, fold
from ivigcheck.knowledge.facts import Figure

TABLES = Path(__file__).parents[1] / "tables"


def rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


LABELS, PRODUCTS = rows("labels.csv"), rows("products.csv")
IN_FILES = {(p.name, row.indication, row.phase): (p, row) for p in built_in().products for row in p.labels}


def urls(text: str) -> list[str]:
    return text.split()


def in_files(ids: tuple[str, ...]) -> list[str]:
    return [built_in().sources[source].url for source in ids]


def test_every_label_row_is_there_once_and_no_other() -> None:
    assert len(LABELS) == 46
    assert sorted(IN_FILES) == sorted((r["product"], r["indication"], r["phase"]) for r in LABELS)


@pytest.mark.parametrize("row", LABELS, ids=lambda r: f"{r['product']} {r['indication']} {r['phase']}")
def test_a_label_says_what_the_second_table_says(row: dict[str, str]) -> None:
    _, found = IN_FILES[row["product"], row["indication"], row["phase"]]
    entry = found.entry
    for name in ("start_rate", "step_rule", "max_rate", "at_risk_max_rate", "at_risk_bound", "dose_basis", "dose_text",
                 "population", "at_risk_text", "evidence", "not_verified"):  # fmt: skip
        assert getattr(entry, name) == row[name], name
    assert (str(entry.start_minutes) if entry.start_minutes is not None else "") == row["start_minutes"]
    for bound in ("min", "max"):
        assert getattr(entry, f"dose_{bound}") == (
            f"{row[f'dose_{bound}_g_per_kg']} g/kg" if row[f"dose_{bound}_g_per_kg"] else ""
        )
    also = [text for text in (entry.also_printed.start, entry.also_printed.max, entry.also_printed.at_risk) if text]
    assert sorted(also) == sorted(text for text in row["also_printed"].split("; ") if text)
    assert in_files(entry.sources) == urls(row["sources"])
    second = {
        name: in_files(getattr(entry.second_source, name)) for name in ("start_rate", "max_rate", "at_risk_max_rate")
    }
    parts = dict(part.split(": ", 1) for part in row["second_source"].split(" | ") if part)
    assert second == {name: urls(parts.get(name, "")) for name in second}


def mg_per_kg_min(text: str, concentration: str) -> Fraction:
    """A labelled rate, converted by hand: mg/kg/h over 60; mL/kg/h times the concentration over 60."""
    value, unit = text.split()
    per_hour = {"mg/kg/min": 60, "mg/kg/h": 1, "mL/kg/h": Fraction(concentration or 0)}
    return Fraction(value) * per_hour[unit] / 60


@pytest.mark.parametrize("row", LABELS, ids=lambda r: f"{r['product']} {r['indication']} {r['phase']}")
def test_a_labelled_rate_converts_as_by_hand(row: dict[str, str]) -> None:
    concentration = next(p["concentration_mg_per_mL"] for p in PRODUCTS if p["product"] == row["product"])
    _, found = IN_FILES[row["product"], row["indication"], row["phase"]]
    for name, figure in (("start_rate", found.start), ("max_rate", found.maximum), ("at_risk_max_rate", found.at_risk)):
        assert (figure is None) == (row[name] == ""), name
        if isinstance(figure, Figure):
            assert figure.rate == pytest.approx(float(mg_per_kg_min(row[name], concentration)), rel=1e-12)
            assert figure.exclusive == (name == "at_risk_max_rate" and row["at_risk_bound"] == "exclusive")


@pytest.mark.parametrize("row", PRODUCTS, ids=lambda r: r["product"])
def test_a_product_is_what_the_second_table_says(row: dict[str, str]) -> None:
    product = next(p for p in built_in().products if p.name == row["product"])
    entry = product.entry
    assert entry.concentration == (f"{row['concentration_mg_per_mL']} mg/mL" if row["concentration_mg_per_mL"] else "")
    assert entry.vials == tuple(f"{size} g" for size in row["vial_sizes_g"].split(";"))
    assert entry.iga == (f"{row['iga_mcg_per_mL']} mcg/mL" if row["iga_mcg_per_mL"] else "")
    assert "; ".join(entry.contraindications) == row["contraindications"]
    assert "; ".join(entry.hazards) == row["hazards"]
    assert ";".join(entry.ndc) == row["ndc_product_codes"]
    for name in ("stabilizer", "stabilizer_detail", "line_compatibility", "status", "label_text_seen", "sodium"):
        assert getattr(entry, name) == row[name], name
    assert in_files(entry.sources) == urls(row["sources"])


def test_every_product_of_the_second_table_is_there() -> None:
    assert sorted(p.name for p in built_in().products) == sorted(row["product"] for row in PRODUCTS)


def test_the_diagnosis_codes_are_those_of_the_second_table() -> None:
    wanted = {(r["code"].replace(".", ""), r["kind"], r["means"], r["description"]) for r in rows("icd10cm.csv")}
    assert {(r.code, r.kind, r.means, r.description) for r in built_in().icd} == wanted


# parameter -> value, as the guideline states it
POLICY = {
    "ceiling": 8.0, "at_risk_ceiling": 8.0, "review_rate": 3.3, "other_start_rate": 1.0, "at_risk_over_age": 65,
    "recent_thrombosis_days": 180, "rechallenge_fraction": 0.5, "rechallenge_wait_minutes": 15,
    "severe_reaction_from_grade": 3, "high_dose_g_per_kg": 1.0, "start_rates": {"PI": 1.0, "ITP": 1.0, "CIDP": 2.0},
}  # fmt: skip


def test_the_policy_s_numbers_are_those_of_the_guideline() -> None:
    policy = built_in().policy
    assert {name: getattr(policy, name) for name in POLICY} == POLICY
    plausible = policy.entry.plausible
    bounds = {
        name: (getattr(plausible, name).low, getattr(plausible, name).high)
        for name in ("age", "weight", "height", "rate", "dose")
    }
    assert bounds == {"age": (0, 120), "weight": (0.3, 350), "height": (20, 250), "rate": (0, 1000), "dose": (0, 10)}


# question -> family, asked of every order
QUESTIONS = {
    "hypercoagulable_state": ("thrombotic contraindication", True), "recent_thrombosis": ("thrombotic contraindication", True),
    "ivig_thrombosis": ("thrombotic contraindication", True), "volume_depletion": ("correct first", True),
    "cardiovascular_risk": ("at risk", True), "diabetes": ("at risk", True), "renal_insufficiency": ("at risk", True),
    "thrombosis_history": ("thrombosis risk", False), "immobilization": ("thrombosis risk", False),
    "estrogen_use": ("thrombosis risk", False), "central_venous_catheter": ("thrombosis risk", False),
    "hyperviscosity": ("thrombosis risk", False), "sepsis": ("renal risk", False), "paraproteinemia": ("renal risk", False),
    "nephrotoxic_drugs": ("renal risk", False), "iga_deficiency_with_antibodies": ("contraindication", False),
    "prior_anaphylaxis": ("contraindication", False), "hyperprolinemia": ("contraindication", False),
    "fructose_intolerance": ("contraindication", False), "corn_allergy": ("contraindication", False),
}  # fmt: skip


def test_the_risk_questions_are_all_there_in_order_with_their_families() -> None:
    assert {q.name: (q.family, q.seed) for q in built_in().questions} == QUESTIONS
    assert [q.name for q in built_in().questions] == list(QUESTIONS)


INDICATIONS = ("PI", "ITP", "CIDP", "MMN", "DM", "GBS", "KD", "CLL", "MG", "SID", "AIHA", "SPS", "LEMS", "PM", "HDN", "FNAIT",
               "TSS", "autoimmune encephalitis", "transplant rejection")  # fmt: skip


def test_the_indications_are_all_there_and_each_spelling_names_one() -> None:
    knowledge = built_in()
    assert tuple(indication.code for indication in knowledge.indications) == INDICATIONS
    for spelling, code in {
        "Primary Immunodeficiency": "PI",
        "guillain barré syndrome": "GBS",
        "Kawasaki": "KD",
    }.items():
        assert knowledge.indications[knowledge.indication_spellings[fold(spelling)]].code == code
