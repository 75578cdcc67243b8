"""The loader refuses what a reviewer misses: one bad file for each refusal, made from a good one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ivigcheck.errors import KnowledgeError
from ivigcheck.knowledge import built_in, read_knowledge
from ivigcheck.knowledge.loader import FOLDER

BAD = Path(__file__).parent / "bad"
REFUSALS = {
    "unknown_key.toml": "unknown field",
    "missing_source.toml": 'source "nowhere" is not in sources.toml',
    "no_source.toml": "names no source",
    "wrong_type.toml": "Expected `int",
    "no_toml.toml": "is not TOML",
    "duplicate_row.toml": "stands twice",
    "no_worked_example.toml": "a rate without a worked example",
    "wrong_worked_example.toml": "does not follow from 8 mg/kg/min",
    "worked_example_of_nothing.toml": 'disagree on whether there is a "at_risk_max"',
    "start_above_maximum.toml": "start rate 9 mg/kg/min is above the maximum 8 mg/kg/min",
    "unit_unknown.toml": "has a unit not known here",
    "rate_not_per_kg.toml": "is no rate per kg",
    "bound_without_maximum.toml": "an at-risk maximum needs its bound",
    "unknown_indication.toml": "that indications.toml does not have",
    "no_concentration.toml": "needs a concentration, or else a range of two",
    "no_label.toml": "has no label entry",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The built-in knowledge with one product, to be spoilt."""
    copy = tmp_path / "knowledge"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "products"))
    (copy / "products").mkdir()
    for name in ("octagam-10.toml", "privigen-10.toml"):  # named by the risk questions and by the policy's sources
        shutil.copy(FOLDER / "products" / name, copy / "products")
    return copy


def test_there_is_one_bad_file_for_each_refusal() -> None:
    assert {path.name for path in BAD.glob("*.toml")} == set(REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_bad_product_file_is_refused_by_name_and_reason(folder: Path, name: str) -> None:
    shutil.copy(BAD / name, folder / "products")
    with pytest.raises(KnowledgeError, match=re.escape(REFUSALS[name])) as refusal:
        read_knowledge(folder)
    assert name in str(refusal.value)


def test_the_good_file_from_which_the_bad_ones_are_made_is_accepted(folder: Path) -> None:
    (folder / "products" / "good.toml").write_text(GOOD, encoding="utf-8")
    assert {"Exampleglobulin 10%"} < {product.name for product in read_knowledge(folder).products}


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("policy.toml", 'value = "8 mg/kg/min"', 'value = "8 mg/min"', "is no rate per kg"),
        ("policy.toml", '"limb-weakness-2026"', '"nowhere"', 'source "nowhere"'),
        ("policy.toml", "[ceiling]", "[cieling]", "cieling"),
        ("policy.toml", "  CIDP =", "  CIPD =", "names the indication CIPD"),
        ("policy.toml", 'value = "1 g/kg"', 'value = "80 g"', "no dose in g/kg"),
        ("risks.toml", 'sources = ["boxed-warning"]', "sources = []", "names no source"),
        ("risks.toml", 'contraindicated_brand = "Octagam"', 'contraindicated_brand = "Octogam"', "a brand that no product"),
        ("indications.toml", '"primary immunodeficiency"', '"Kawasaki"', "stands for two indications"),
        ("icd10cm.csv", "G61.81,indication,CIDP", "G61.81,indication,CIPD", "nowhere defined"),
    ],
)  # fmt: skip
def test_other_spoilt_files_are_refused(folder: Path, name: str, old: str, new: str, why: str) -> None:
    spoil(folder, name, old, new)
    with pytest.raises(KnowledgeError, match=re.escape(why)):
        read_knowledge(folder)


def test_two_files_for_one_product_are_refused(folder: Path) -> None:
    shutil.copy(folder / "products" / "privigen-10.toml", folder / "products" / "again.toml")
    with pytest.raises(KnowledgeError, match="two files describe one product"):
        read_knowledge(folder)


def test_any_change_of_any_file_changes_the_hash(folder: Path) -> None:
    before = read_knowledge(folder).sha256
    spoil(folder, "products/privigen-10.toml", 'status = "marketed"', 'status = "on the market"')
    assert read_knowledge(folder).sha256 != before


def test_no_number_changes_without_a_new_version() -> None:
    """A changed hash wants a new version, and a line in the changelog that says what a pharmacist will see."""
    knowledge = built_in()
    recorded = (Path(__file__).parent / "released.txt").read_text(encoding="utf-8").split()
    assert recorded == [knowledge.version, knowledge.sha256]
    changelog = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"knowledge {knowledge.version}" in changelog


GOOD = """\
name = "Exampleglobulin 10%"
brand = "Exampleglobulin"
concentration = "100 mg/mL"
stabilizer = "glycine"
vials = ["5 g"]
sources = ["privigen-prescriberpoint"]

[[label]]
indication = "PI"
start_rate = "0.5 mL/kg/h"
start_minutes = 30
max_rate = "8 mg/kg/min"
evidence = "label"
sources = ["privigen-prescriberpoint"]

  [label.worked_example]
  weight = "70 kg"
  start = "35 mL/h"
  max = "336 mL/h"
"""
