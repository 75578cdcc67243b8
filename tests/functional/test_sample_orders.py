"""The sample orders: what the program says of them is what a pharmacist reckons by hand.

The verdicts of messy_batch.csv were reckoned from the rules with a pocket calculator, not copied from the program:
mg/kg/min = mL/h × mg/mL ÷ 60 ÷ (lb × 0.45359237), which is 3.67437 × mL/h ÷ lb at 10% and 1.83719 × mL/h ÷ lb at 5%.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ivigcheck.knowledge import built_in
from ivigcheck.pipeline import Checked, check_files
from ivigcheck.report import Rendering
from ivigcheck.rules import Severity
from ivigcheck.units import exceeds, same

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_orders"
CLEAN, MESSY, EVERY_RULE = SAMPLES / "clean_batch.csv", SAMPLES / "messy_batch.csv", SAMPLES / "every_rule.xlsx"
MAKER = ROOT / "tests" / "samples" / "make_every_rule.py"

AS_OF = date(2026, 11, 22)
LATER = (date(2027, 11, 22), date(2031, 11, 22), date(2036, 11, 22))

# row: order id, status, rules, why
MESSY_VERDICTS: dict[int, tuple[str | None, str, str, str]] = {
    2: ("SAMPLE-1001", "PASS", "", "D83.9 is PI; 380 mL/h on 176 lb is 7.93 ≤ 8; 0.5 g/kg in 4 h is 2.08"),
    3: ("SAMPLE-1002", "STOP", "101 102", "384 mL/h is 8 on 80 kg, and 8.017 on 176 lb = 79.83 kg"),
    4: ("SAMPLE-1003", "PASS", "", "CIDP, Privigen: start 0.5 is at its limit, 350 mL/h on 165 lb is 7.79 ≤ 8"),
    5: ("SAMPLE-1004", "STOP", "102", "ITP, Privigen: 170 mL/h on 150 lb is 4.16 > 4"),
    6: ("SAMPLE-1005", "PASS", "", "MMN: start 0.5 mL/kg/h is the label's; 430 mL/h on 198.5 lb is 7.96 ≤ 8"),
    7: ("SAMPLE-1006", "PASS", "209", "DM, Octagam 10%: 145 mL/h on 140 lb is 3.81 ≤ 4; maltose"),
    8: ("SAMPLE-1007", "PASS", "109 114", "GBS is on no label; 160 mL/h on 155 lb is 3.79; a comment of two lines"),
    12: ("SAMPLE-1008", "PASS", "109 114", "KD, 3 years: 20 mL/h on 26.5 lb is 2.77; 2 g/kg in 12 h is 2.78"),
    13: ("SAMPLE-1009", "PASS", "", "CIDP, over 65, so at risk: 160 mL/h on 180 lb is 3.27 ≤ 3.3"),
    14: ("SAMPLE-1010", "PASS", "", "Flebogamma DIF by its 10%: 200 mL/h on 121.25 lb is 6.06 ≤ 8; not at risk"),
    15: ("SAMPLE-1011", "UNCHECKED", "902", "a decimal comma in the weight"),
    16: ("SAMPLE-1012", "UNCHECKED", "902", "a start rate without any unit; unreadable, so not IVG109"),
    17: ("SAMPLE-1013", "UNCHECKED", "902", "drops per minute are no unit here"),
    18: ("SAMPLE-1014", "UNCHECKED", "903", "born in 2099"),
    19: ("SAMPLE-1015", "UNCHECKED", "902", "a year of two digits"),
    20: ("SAMPLE-1016", "UNCHECKED", "903", "1763.7 lb are 800 kg"),
    21: ("SAMPLE-1017", "UNCHECKED", "901", "a weight of N/A is missing"),
    22: ("SAMPLE-1018", "UNCHECKED", "908", "82 kg under a header that says lb"),
    23: ("SAMPLE-1019", "UNCHECKED", "901 907", "IVIG is no product's name, and a rate in mL/h needs a concentration"),
    24: ("SAMPLE-1020", "UNCHECKED", "907", "a misspelt product is not guessed; its concentration is given"),
    25: ("SAMPLE-1021", "REVIEW", "906", "fatigue is no indication; 360 mL/h on 180 lb is 7.35 ≤ 8; start 1 is lowest"),
    26: ("SAMPLE-1022", "UNCHECKED", "901 907 209", "Octagam 5% or 10%? Without it no rate; both have maltose"),
    27: ("SAMPLE-1023", "UNCHECKED", "908", "Privigen is 10%, not 5%; at 10% 300 mL/h on 160 lb is 6.89 ≤ 8"),
    28: (None, "UNCHECKED", "910", "a field is missing"),
    29: (None, "UNCHECKED", "910", "a comma too many"),
    30: (None, "UNCHECKED", "910", "the header again"),
    31: ("SAMPLE-1026", "REVIEW", "905", "twice with the same content; 150 mL/h on 160 lb is 3.44 ≤ 8"),
    32: ("SAMPLE-1026", "REVIEW", "905", "the other"),
    33: ("SAMPLE-1027", "UNCHECKED", "905", "twice, with 150 and with 250 mL/h"),
    34: ("SAMPLE-1027", "UNCHECKED", "905", "the other; 250 mL/h on 160 lb is 5.74 ≤ 8"),
    35: ("SAMPLE-1028", "STOP", "202", "a recent clot; 150 mL/h on 170 lb is 3.24 ≤ 3.3"),
    36: ("SAMPLE-1029", "REVIEW", "104", "kidney disease: 215 mL/h on 200 lb is 3.95, over 3.3 and below 8"),
    37: ("SAMPLE-1030", "STOP", "101 102 103", "diabetes: 400 mL/h on 180 lb is 8.17, over 8 and not below 8"),
    38: ("SAMPLE-1031", "REVIEW", "904", "cardiovascular risk is a question mark; 140 mL/h on 160 lb is 3.22 ≤ 3.3"),
    39: ("SAMPLE-1032", "REVIEW", "902 904", "maybe is no answer, and leaves kidney disease open"),
    40: ("SAMPLE-1033", "STOP", "202 911", "an event 68 days ago, against two answers of no; 3.22 ≤ 3.3"),
    41: ("SAMPLE-1034", "REVIEW", "911", "an event in 2018, against a history of none; 3.22 ≤ 3.3"),
    42: ("SAMPLE-1035", "STOP", "208 209", "corn allergy and Octagam; at 5%, 260 mL/h on 160 lb is 2.99 ≤ 3.33"),
    43: ("SAMPLE-1036", "STOP", "501", "reaction at 200 mL/h: half is 100, and 120 are ordered"),
    44: ("SAMPLE-1037", "STOP", "502 901", "not resolved, and no grade; 100 mL/h is exactly half of 200"),
    45: ("SAMPLE-1038", "STOP", "107", "1 g/kg in 2 h is 1000 / 120 = 8.33 > 8; 340 mL/h on 160 lb is 7.81 ≤ 8"),
    46: ("SAMPLE-1039", "REVIEW", "902", "a dose of 80, of what?"),
    47: ("SAMPLE-1040", "REVIEW", "902 902", "a height in feet, and a date that is not ISO"),
    48: ("SAMPLE-1041", "REVIEW", "105 106", "start 200 mL/h is 4.59 > 1, and over the maximum of 100 mL/h"),
    49: ("SAMPLE-1042", "STOP", "101 903", "60000 mL/h on 150 lb is 1470 mg/kg/min"),
    50: ("SAMPLE-1043", "UNCHECKED", "902", "a maximum rate with a thousands separator"),
    51: ("SAMPLE-1044", "UNCHECKED", "901", "a maximum rate of N/A is missing"),
    52: ("SAMPLE-1045", "REVIEW", "907", "no product, and its concentration"),
    53: ("SAMPLE-1046", "REVIEW", "113", "no source gave Gammaked's rates"),
    54: ("SAMPLE-1047", "UNCHECKED", "908", "aged 45, and born in 1950: over 65 counts; 3.22 ≤ 3.3"),
    55: ("SAMPLE-1048", "UNCHECKED", "901", "no patient id"),
    56: (None, "UNCHECKED", "901", "no order id"),
}
DEPENDS_ON_THE_DAY = 40
"""The thrombotic event of 2026-09-15 is recent for 180 days; afterwards only the history contradicts it."""

NUMBERS = (*range(101, 108), 109, 113, 114, *range(201, 210), 303, 501, 502, *range(901, 909), 910, 911)
IN_SCOPE = {f"IVG{number}" for number in NUMBERS}


@cache
def check(path: Path, as_of: date = AS_OF) -> Checked:
    return check_files([path], as_of)


@cache
def by_row(path: Path, as_of: date = AS_OF) -> dict[int, dict[str, Any]]:
    """The report's orders by their row."""
    orders = Rendering(check(path, as_of), datetime(2026, 11, 22, 2, 0)).report["orders"]
    rows = {order["source"]["row"]: order for order in orders}
    assert len(rows) == len(orders)
    return rows


def codes(order: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in order["findings"]]


def summary(order: dict[str, Any]) -> tuple[str | None, str, list[str]]:
    return order["order_id"], order["status"], sorted(codes(order))


def non_empty_records(path: Path) -> int:
    """Rows below the header that are not empty."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return sum(any(field.strip() for field in record) for record in csv.reader(stream)) - 1


def clean_cells() -> list[dict[str, str]]:
    with CLEAN.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def notes() -> dict[int, str]:
    """The workbook's notes by row."""
    sheet = load_workbook(EVERY_RULE)["Orders"]
    header = [cell.value for cell in sheet[1]]
    at = header.index("note") + 1
    said = {row: str(sheet.cell(row, at).value) for row in range(2, sheet.max_row + 1)}
    return {row: "IVG910: the header repeated." if note == "note" else note for row, note in said.items()}


# -- clean_batch.csv --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", [AS_OF, *LATER])
def test_every_order_of_the_clean_batch_passes_on_any_day(as_of: date) -> None:
    orders = by_row(CLEAN, as_of)
    assert len(orders) == non_empty_records(CLEAN) == 46
    assert {order["status"] for order in orders.values()} == {"PASS"}
    assert {finding["severity"] for order in orders.values() for finding in order["findings"]} == {"info"}


def test_clean_batch_has_every_product_whose_labelled_rates_are_known() -> None:
    knowledge = built_in()
    known = {p.name for p in knowledge.products if any(row.start and row.maximum for row in p.labels)}
    assert {order["ordered"]["product"] for order in by_row(CLEAN).values()} == known


def test_clean_batch_has_every_labelled_indication_and_uses_that_are_on_no_label() -> None:
    knowledge = built_in()
    labelled = {row.indication for product in knowledge.products for row in product.labels}
    used = {order["ordered"]["indication"] for order in by_row(CLEAN).values()}
    assert used >= labelled
    assert len(used - labelled) >= 4


def test_clean_batch_has_children_and_adults_and_rates_in_several_units() -> None:
    ages = [order["ordered"]["age_years"] for order in by_row(CLEAN).values()]
    assert sum(age < 18 for age in ages) >= 5
    assert sum(age > 65 for age in ages) >= 2
    units = {cells["max_rate"].split(" ")[1] for cells in clean_cells()}
    assert units >= {"mg/kg/min", "mL/kg/h", "mL/h"}


def test_clean_batch_answers_every_risk_question() -> None:
    questions = [question.name for question in built_in().questions]
    assert {cells[question] for cells in clean_cells() for question in questions} == {"yes", "no"}


def test_clean_batch_has_rates_exactly_at_their_limit() -> None:
    limits, orders = check(CLEAN).limits, check(CLEAN).orders
    assert same(orders.max_rate, limits.hard_max).sum() >= 10
    assert (same(orders.max_rate, limits.soft_max) & exceeds(limits.hard_max, limits.soft_max)).sum() >= 2
    assert same(orders.start_rate, limits.start).sum() >= 10


# -- messy_batch.csv --------------------------------------------------------------------------------------------------


def hand_verdict(row: int) -> tuple[str | None, str, list[str]]:
    order_id, status, rules, _ = MESSY_VERDICTS[row]
    return order_id, status, sorted(f"IVG{number}" for number in rules.split())


def test_every_row_of_the_messy_batch_is_accounted_for() -> None:
    assert sorted(by_row(MESSY)) == sorted(MESSY_VERDICTS)
    assert non_empty_records(MESSY) == len(MESSY_VERDICTS)


@pytest.mark.parametrize("row", MESSY_VERDICTS)
def test_messy_order_has_the_verdict_reckoned_by_hand(row: int) -> None:
    assert summary(by_row(MESSY)[row]) == hand_verdict(row)


@pytest.mark.parametrize("as_of", LATER)
def test_messy_verdicts_hold_on_later_days_but_for_one(as_of: date) -> None:
    orders = by_row(MESSY, as_of)
    later = {row: hand_verdict(row) for row in MESSY_VERDICTS}
    later[DEPENDS_ON_THE_DAY] = ("SAMPLE-1033", "REVIEW", ["IVG911"])
    assert {row: summary(order) for row, order in orders.items()} == later


def test_the_messy_batch_names_its_ignored_columns_and_blank_rows_once() -> None:
    notices = Rendering(check(MESSY), datetime(2026, 11, 22, 2, 0)).report["notices"]
    assert sum('"Ward", "Comment"' in notice for notice in notices) == 1
    assert sum("3 empty rows" in notice for notice in notices) == 1


# -- every_rule.xlsx --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "note"), notes().items())
def test_each_order_of_the_workbook_shows_the_rules_that_its_note_names_and_no_other(row: int, note: str) -> None:
    assert sorted(codes(by_row(EVERY_RULE)[row])) == sorted(re.findall(r"IVG\d{3}", note))


@pytest.mark.parametrize("as_of", LATER)
def test_the_workbook_shows_the_same_on_later_days(as_of: date) -> None:
    now, later = by_row(EVERY_RULE), by_row(EVERY_RULE, as_of)
    assert {row: summary(order) for row, order in now.items()} == {row: summary(order) for row, order in later.items()}


def test_every_row_of_the_workbook_is_an_order() -> None:
    assert sorted(by_row(EVERY_RULE)) == sorted(notes())


def test_the_workbook_is_what_its_program_writes(tmp_path: Path) -> None:
    made = tmp_path / "made.xlsx"
    subprocess.run([sys.executable, str(MAKER), str(made)], check=True)
    assert cells_of(made) == cells_of(EVERY_RULE)


def cells_of(path: Path) -> dict[str, list[list[tuple[Any, str]]]]:
    """Each sheet's cells with their number formats."""
    book = load_workbook(path)
    return {sheet.title: [[(c.value, c.number_format) for c in row] for row in sheet.iter_rows()] for sheet in book}


# -- all three --------------------------------------------------------------------------------------------------------


def test_the_samples_show_every_rule() -> None:
    shown = {code for path in (CLEAN, MESSY, EVERY_RULE) for order in by_row(path).values() for code in codes(order)}
    assert shown >= IN_SCOPE


@pytest.mark.parametrize("path", [CLEAN, MESSY, EVERY_RULE], ids=lambda path: path.name)
def test_rows_in_are_orders_out_and_the_counts_add_up(path: Path) -> None:
    checked = check(path)
    said = Rendering(checked, datetime(2026, 11, 22, 2, 0)).report
    rows = non_empty_records(path) if path.suffix == ".csv" else len(notes())
    counts = said["counts"]
    assert rows == counts["orders"] == len(said["orders"]) == sum(len(table.rows) for table in checked.tables)
    assert counts["orders"] == sum(counts[name] for name in ("pass", "review", "unchecked", "stop"))
    assert counts["stop"] == int((checked.findings.status == Severity.STOP).sum())


@pytest.mark.parametrize("path", [CLEAN, MESSY, EVERY_RULE], ids=lambda path: path.name)
def test_ids_of_the_samples_are_plainly_invented(path: Path) -> None:
    for order in by_row(path).values():
        assert re.fullmatch(r"SAMPLE-\d{4}", order["order_id"] or "SAMPLE-0000")
        assert re.fullmatch(r"TEST-\d{4}", order["patient_id"] or "TEST-0000")
