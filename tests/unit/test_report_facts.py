"""What a report says of an order's cells: as they are written, and as they were read."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime

from ivigcheck.intake.table import Table
from ivigcheck.pipeline import check_tables
from ivigcheck.report import Rendering
from ivigcheck.report.lines import folded_text

AS_OF = date(2026, 11, 22)
CELLS = {
    "order_id": "00123",
    "patient_id": "=1+1",
    "indication": "c.i.d.p.",
    "weight": "180 lb",
    "age_years": "55",
    "max_rate": "4",
    "rate_unit": "mg/kg/min",
    "dose_total": "41",
    "sex": "female",
    "pregnant": "N",
    "phase": "Maintenance",
    "first_infusion": "0",
    "ordered_at": "2026-11-20T08:30",
    "last_ivig_date": "2026-10-30",
    "last_thrombosis_date": "2021-01-05",
    "diabetes": "TRUE",
    "sepsis": "?",
    "cardiovascular_risk": "no",
    "height_cm": "",
}


def rendered(cells: dict[str, str], malformed: dict[int, str] | None = None) -> Rendering:
    table = Table("o.csv", None, "c0ffee", (2,), {k: [v] for k, v in cells.items()}, malformed=malformed or {})
    return Rendering(check_tables([table], AS_OF), datetime(2026, 11, 22, tzinfo=UTC))


def test_every_cell_that_holds_something_is_there_as_it_is_written() -> None:
    (order,) = json.loads(rendered(CELLS).json())["orders"]
    # A quantity without a unit of its own has that of its column, as in the inputs of findings.
    assert order["written"] == {k: v for k, v in CELLS.items() if v} | {"max_rate": "4 mg/kg/min", "dose_total": "41 g"}


def test_cells_are_there_as_they_were_read() -> None:
    (order,) = json.loads(rendered(CELLS).json())["orders"]
    read = {
        "dose_total_g": 41.0, "sex": "F", "pregnant": "no", "phase": "maintenance", "first_infusion": "no",
        "ordered_on": "2026-11-20", "last_ivig_date": "2026-10-30", "last_thrombosis_date": "2021-01-05",
        "weight_kg": 180 * 0.45359237, "indication": "CIDP",
    }  # fmt: skip
    assert {name: order["ordered"][name] for name in read} == read
    # A date outside the window of a recent thrombosis answers the blank question no, and the history's yes.
    assert order["answers"] == {
        "diabetes": "yes", "cardiovascular_risk": "no", "thrombosis_history": "yes", "recent_thrombosis": "no",
    }  # fmt: skip


def test_what_is_not_there_or_not_read_is_null_and_unanswered() -> None:
    cells = CELLS | {"sex": "x", "pregnant": "", "phase": "9", "first_infusion": "", "ordered_at": "x", "diabetes": "x"}
    (order,) = json.loads(rendered(cells).json())["orders"]
    assert {order["ordered"][name] for name in ("sex", "pregnant", "phase", "first_infusion", "ordered_on")} == {None}
    assert "diabetes" not in order["answers"] and order["written"]["diabetes"] == "x"


def test_of_a_row_of_which_nothing_is_used_nothing_is_answered() -> None:
    (order,) = json.loads(rendered(CELLS, {0: "has 3 fields, and the header 19"}).json())["orders"]
    assert order["answers"] == {} and order["status"] == "UNCHECKED"


def test_the_csv_report_has_the_same_cells_in_one_field_and_the_same_answers() -> None:
    result = rendered(CELLS)
    (order,) = json.loads(result.json())["orders"]
    (line,) = csv.DictReader(io.StringIO(result.csv().decode()))
    assert json.loads(line["written"]) == order["written"]
    assert dict(pair.split("=") for pair in line["answers"].split(";")) == order["answers"]
    assert (line["sex"], line["ordered_on"], line["dose_total_g"]) == ("F", "2026-11-20", "41.0")


def test_half_a_character_is_in_the_json_as_an_escape() -> None:
    """O-18."""
    content = rendered(CELLS | {"order_id": "\ud800x"}).json()
    assert b'"\\ud800x"' in content
    assert json.loads(content)["orders"][0]["order_id"] == "\ud800x"


def test_half_a_character_in_a_notice_or_a_files_name_is_an_escape_too() -> None:
    """O-18."""
    table = Table("\udcff.csv", None, "c0ffee", (2,), {k: [v] for k, v in CELLS.items()}, notices=("\ud800",))
    result = Rendering(check_tables([table], AS_OF), datetime(2026, 11, 22, tzinfo=UTC))
    report = json.loads(result.json())
    assert report["run"]["inputs"][0]["name"] == "\udcff.csv" and any("\ud800" in each for each in report["notices"])
    assert b'"\\udcff.csv"' in result.json()
    result.csv(), result.html(), result.xlsx()


def test_a_limit_without_that_of_a_rechallenge_says_so() -> None:
    """The rate at the reaction is not known: half of it may be less than what governs."""
    again = CELLS | {"reaction_grade": "2", "reaction_resolved": "yes", "minutes_since_resolved": "20"}
    for rate, unknown in (("4 ml", True), ("", True), ("4 mg/kg/min", False)):
        (order,) = json.loads(rendered(again | {"reaction_rate": rate}).json())["orders"]
        governed_by = order["limits"]["governed_by"]
        assert {"NOT in it" in said for said in governed_by.values()} == {unknown}
    (order,) = json.loads(rendered(CELLS).json())["orders"]
    assert not [said for said in order["limits"]["governed_by"].values() if "NOT in it" in said]


def test_the_folded_orders_are_told_of_with_the_rates_that_are_over() -> None:
    order = {"findings": [{"arithmetic": ""}]}
    over = {"findings": [{"arithmetic": "4 > 3"}]}
    assert folded_text([order]).startswith("1 order has no finding but") and "over" not in folded_text([order])
    assert folded_text([order, over, over]).startswith("3 orders have no finding but")
    assert "Of these 2 with a rate over the soft maximum" in folded_text([order, over, over])
