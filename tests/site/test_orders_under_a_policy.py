"""Orders of a site's own files, under its own headers, are judged by its own numbers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import AS_OF, GOOD, codes
from policy_files import read

from ivigcheck.errors import InputError
from ivigcheck.pipeline import check_files
from ivigcheck.report.model import order_facts

# GOOD: 80 kg on a 10% product, so that 240 mL/h is 240 × 100 ÷ 60 ÷ 80 = 5 mg/kg/min, and 336 mL/h is 7.
OWN = {"order_id": "Ord #", "patient_id": "Person", "max_rate": "Pump max", "weight": "Wgt", "indication": "Why"}
HEADERS = (
    '[headers]\norder_id = "Ord #"\npatient_id = "Person"\nindication = "Why"\n'
    'max_rate = { header = "Pump max", unit = "mL/h" }\n'
)
IN_POUNDS = HEADERS + 'weight = { header = "Wgt", unit = "lb" }\n'
AS_WRITTEN = HEADERS + 'weight = "Wgt"\n'


def orders_file(folder: Path, orders: Sequence[dict[str, str]], encoding: str = "utf-8") -> Path:
    path = folder / "orders.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([OWN.get(name, name) for name in GOOD])
        writer.writerows([order.values() for order in orders])
    return path


def test_a_site_s_own_headers_and_their_units_are_read(tmp_path: Path) -> None:
    path = orders_file(tmp_path, [GOOD | {"weight": "176.36981", "max_rate": "336"}])
    checked = check_files([path], AS_OF, knowledge=read(tmp_path, IN_POUNDS))
    order = order_facts(checked, 0)
    assert (order["order_id"], order["patient_id"], order["status"]) == ("A-1", "00123", "PASS")
    assert order["ordered"]["weight_kg"] == pytest.approx(80, rel=1e-6)
    assert order["ordered"]["max_rate_mg_per_kg_min"] == pytest.approx(7, rel=1e-6)
    with pytest.raises(InputError, match="missing column"):
        check_files([path], AS_OF)


def test_a_site_s_encoding_is_that_of_its_files(tmp_path: Path) -> None:
    path = orders_file(tmp_path, [GOOD | {"patient_id": "M\u00fcller"}], encoding="cp1252")
    checked = check_files([path], AS_OF, knowledge=read(tmp_path, 'encoding = "cp1252"\n' + AS_WRITTEN))
    assert order_facts(checked, 0)["patient_id"] == "M\u00fcller"


@pytest.mark.parametrize(("rate", "status"), [("335", "PASS"), ("336", "PASS"), ("337", "STOP")])
def test_a_site_s_ceiling_governs_on_both_sides(rate: str, status: str, tmp_path: Path) -> None:
    """336 mL/h is the ceiling of 7 mg/kg/min; built in, 8 mg/kg/min is 384 mL/h."""
    path = orders_file(tmp_path, [GOOD | {"max_rate": rate, "weight": "80 kg"}])
    text = '[ceiling]\nvalue = "7 mg/kg/min"\n' + AS_WRITTEN
    order = order_facts(check_files([path], AS_OF, knowledge=read(tmp_path, text)), 0)
    assert order["status"] == status
    assert codes(order) == (["IVG101"] if status == "STOP" else [])
    assert 'policy "st-elsewhere" 2026.3' in order["limits"]["governed_by"]["hard_max"]


def test_a_finding_names_the_site_s_policy_as_its_source(tmp_path: Path) -> None:
    path = orders_file(tmp_path, [GOOD | {"max_rate": "337", "weight": "80 kg"}])
    text = '[ceiling]\nvalue = "7 mg/kg/min"\nreason = "why"\n' + AS_WRITTEN
    (finding,) = order_facts(check_files([path], AS_OF, knowledge=read(tmp_path, text)), 0)["findings"]
    assert finding["source"] == 'policy "st-elsewhere" 2026.3, ceiling: site policy "st-elsewhere" 2026.3'
