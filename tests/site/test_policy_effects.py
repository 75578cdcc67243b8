"""What a site's policy does to orders, and that every report says it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import openpyxl
import pytest
from conftest import AS_OF, GOOD, table_of
from policy_files import read, written

from ivigcheck.errors import InputError
from ivigcheck.knowledge import built_in
from ivigcheck.normalise.weights import Body, choose_weight
from ivigcheck.orders import WeightBasis
from ivigcheck.pipeline import Checked, check_files, check_order, check_tables
from ivigcheck.report import Rendering
from ivigcheck.schedule import Schedule, schedule_of

STARTED = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def under(folder: Path, policy: str, *orders: Mapping[str, str], as_of: date = AS_OF) -> Checked:
    rows = [{**GOOD, "order_id": f"A-{k}", "patient_id": f"P-{k}", **order} for k, order in enumerate(orders)]
    return check_tables([table_of(rows)], as_of, knowledge=read(folder, policy))


def report(checked: Checked) -> dict[str, Any]:
    return json.loads(Rendering(checked, STARTED).json())


def verdicts(folder: Path, policy: str, *orders: Mapping[str, str], as_of: date = AS_OF) -> list[tuple[str, list[str]]]:
    checked = under(folder, policy, *orders, as_of=as_of)
    found = {order["order_id"]: order for order in report(checked)["orders"]}
    return [
        (found[f"A-{k}"]["status"], sorted(f["code"] for f in found[f"A-{k}"]["findings"])) for k in range(len(orders))
    ]


# -- thresholds -------------------------------------------------------------------------------------------------------

# policy, order, status and codes under the built-in policy, and under this one
THRESHOLDS = (
    ('[ceiling]\nvalue = "7 mg/kg/min"', {"max_rate": "7.5 mg/kg/min"}, ("PASS", []), ("STOP", ["IVG101"])),
    ('[start_rate.by_indication]\nPI = "0.5 mg/kg/min"', {}, ("PASS", []), ("REVIEW", ["IVG105"])),
    ('[review_rate]\nvalue = "3 mg/kg/min"', {"diabetes": "yes", "max_rate": "3.2 mg/kg/min"}, ("PASS", []), ("REVIEW", ["IVG104"])),
    ("[at_risk_over_age]\nvalue = 60", {"age_years": "61"}, ("PASS", []), ("REVIEW", ["IVG104"])),
    ("[recent_thrombosis_days]\nvalue = 365",
     {"last_thrombosis_date": "2026-01-10", "recent_thrombosis": "", "thrombosis_history": "", "max_rate": "3 mg/kg/min"},
     ("PASS", []), ("STOP", ["IVG202"])),
    ('[high_dose]\nvalue = "0.5 g/kg"', {"dose": "0.5 g/kg", "cardiovascular_risk": "yes", "max_rate": "3 mg/kg/min"},
     ("PASS", []), ("REVIEW", ["IVG303"])),
    ("[dose_disagreement]\nvalue = 0.05", {"dose": "0.5 g/kg", "dose_total": "43"}, ("PASS", []), ("REVIEW", ["IVG302"])),
    ("[restart_after_days]\nvalue = 28", {"last_ivig_date": "2026-10-20", "start_rate": "1.5 mg/kg/min"},
     ("REVIEW", ["IVG105"]), ("REVIEW", ["IVG403"])),
    ("[body_mass_index]\nhigh = 40\nreason = 'as decided'", {"weight": "130 kg", "height_cm": "175"}, ("PASS", []), ("REVIEW", ["IVG909"])),
    ('[order_days_ahead]\nvalue = 2\nreason = "tomorrow is checked tonight"', {"ordered_at": "2026-11-24"},
     ("REVIEW", ["IVG903"]), ("PASS", [])),
    ('[order_days_ahead]\nvalue = 2\nreason = "tomorrow is checked tonight"', {"ordered_at": "2026-11-25"},
     ("REVIEW", ["IVG903"]), ("REVIEW", ["IVG903"])),
    ('[severity.IVG114]\nseverity = "review"\nreason = "as decided"', {"indication": "MG"}, ("PASS", ["IVG114"]), ("REVIEW", ["IVG114"])),
    ('[severity.IVG201]\nseverity = "review"\nreason = "as decided"', {"hypercoagulable_state": "yes", "max_rate": "3 mg/kg/min"},
     ("STOP", ["IVG201"]), ("REVIEW", ["IVG201"])),
    ('absent_means_no = ["diabetes"]', {"diabetes": ""}, ("REVIEW", ["IVG904"]), ("PASS", [])),
    ('absent_means_no = ["diabetes"]', {"diabetes": "unknown"}, ("REVIEW", ["IVG904"]), ("REVIEW", ["IVG904"])),
    ('absent_means_no = ["diabetes"]', {"diabetes": "maybe"}, ("REVIEW", ["IVG902", "IVG904"]), ("REVIEW", ["IVG902", "IVG904"])),
    ('absent_means_no = ["diabetes"]', {"diabetes": "", "diagnoses": "E11.9", "max_rate": "3 mg/kg/min"}, ("PASS", []), ("PASS", [])),
    ('default_product = "Privigen 10%"', {"product": "", "start_rate": "0.5 mg/kg/min", "max_rate": "5 mg/kg/min"},
     ("REVIEW", ["IVG907"]), ("PASS", [])),
    ('default_product = "Privigen 10%"', {"product": "Octogam", "max_rate": "3 mg/kg/min"}, ("UNCHECKED", ["IVG907"]),
     ("UNCHECKED", ["IVG907"])),
    ('products_in_use = ["Octagam 10%"]', {"product": "Octagam", "indication": "ITP", "max_rate": "3 mg/kg/min"},
     ("REVIEW", ["IVG209", "IVG907"]), ("PASS", ["IVG209"])),
    ('products_in_use = ["Octagam 10%"]', {"product": "Octagam 5%", "start_rate": "0.5 mg/kg/min", "max_rate": "3 mg/kg/min"},
     ("PASS", ["IVG209"]), ("PASS", ["IVG209"])),
    ('products_in_use = ["Gammagard S/D 5%"]', {"product": "0944-2658-04", "max_rate": "3 mg/kg/min"},
     ("UNCHECKED", ["IVG907"]), ("REVIEW", ["IVG113"])),
)  # fmt: skip


@pytest.mark.parametrize(("policy", "order", "before", "after"), THRESHOLDS)
def test_a_site_s_value_decides_in_place_of_the_built_in_one(
    policy: str, order: dict[str, str], before: tuple[str, list[str]], after: tuple[str, list[str]], tmp_path: Path
) -> None:
    assert verdicts(tmp_path, "", order) == [before]
    assert verdicts(tmp_path, policy, order) == [after]


def test_patient_rules_take_the_site_s_windows(tmp_path: Path) -> None:
    pair = [{"patient_id": "P", "ordered_at": "2026-11-01", "weight": "80 kg"},
            {"patient_id": "P", "ordered_at": "2026-11-20", "weight": "86 kg"}]  # fmt: skip
    assert verdicts(tmp_path, "", *pair) == [("PASS", [])] * 2
    assert verdicts(tmp_path, "[weights_disagree]\nvalue = 0.07", *pair) == [("REVIEW", ["IVG404"])] * 2
    both = '[weights_disagree]\nvalue = 0.07\n[weights_within_days]\nvalue = 18\nreason = "as decided"'
    assert verdicts(tmp_path, both, *pair) == [("PASS", [])] * 2


def test_an_extract_s_blanks_are_no_and_a_single_order_s_are_not(tmp_path: Path) -> None:
    knowledge = read(tmp_path, 'absent_means_no = ["diabetes"]')
    cells = {name: text for name, text in GOOD.items() if name not in ("order_id", "patient_id", "diabetes")}
    (order,) = report(check_order(cells, AS_OF, knowledge=knowledge))["orders"]
    assert order["undocumented"] == ["diabetes"]


# -- the dosing weight ------------------------------------------------------------------------------------------------

# Devine: a man of 180 cm has 50 + 2.3 × (180 − 152.4) ÷ 2.54 = 74.992… kg; a woman of 160 cm 45.5 + 6.88… = 52.38… kg
MAN = 50 + 2.3 * 27.6 / 2.54
WOMAN = 45.5 + 2.3 * 7.6 / 2.54
WEIGHTS = (
    ("adjusted", {"weight": "120 kg", "height_cm": "180", "sex": "M"}, MAN + 0.4 * (120 - MAN)),  # 37 kg/m²
    ("ideal", {"weight": "120 kg", "height_cm": "180", "sex": "M"}, MAN),
    ("adjusted", {"weight": "100 kg", "height_cm": "160", "sex": "female"}, WOMAN + 0.4 * (100 - WOMAN)),
    ("adjusted", {"weight": "97.2 kg", "height_cm": "180", "sex": "M"}, 97.2),  # exactly 30
    ("adjusted", {"weight": "97.3 kg", "height_cm": "180", "sex": "M"}, MAN + 0.4 * (97.3 - MAN)),
    ("adjusted", {"weight": "60 kg", "height_cm": "180", "sex": "M"}, 60),
    ("actual", {"weight": "120 kg", "height_cm": "180", "sex": "M"}, 120),
    ("adjusted", {"weight": "120 kg", "height_cm": "180"}, 120),
    ("adjusted", {"weight": "120 kg", "sex": "M"}, 120),
    ("adjusted", {"weight": "120 kg", "height_cm": "180", "sex": "M", "age_years": "17"}, 120),
    ("adjusted", {"weight": "90 kg", "height_cm": "152", "sex": "F"}, 90),
    ("adjusted", {"weight": "100 kg", "height_cm": "160", "sex": "F", "pregnant": "yes"}, 100),
    ("adjusted", {"weight": "100 kg", "height_cm": "160", "sex": "F", "pregnant": "no"}, WOMAN + 0.4 * (100 - WOMAN)),
    ("adjusted", {"weight": "120 kg", "height_cm": "180", "sex": "M", "dosing_weight": "80 kg"}, 80),
    ("adjusted", {"weight": "120 kg", "height_cm": "180", "sex": "M", "dosing_weight": "130 kg"}, 120),
)  # fmt: skip


@pytest.mark.parametrize(("method", "order", "wanted"), WEIGHTS)
def test_rates_go_by_the_weight_that_the_policy_asks_for(
    method: str, order: dict[str, str], wanted: float, tmp_path: Path
) -> None:
    policy = f'[dosing_weight]\nmethod = "{method}"' if method != "actual" else ""
    (found,) = report(under(tmp_path, policy, order))["orders"]
    assert found["ordered"]["rate_weight_kg"] == pytest.approx(wanted, rel=1e-12)
    assert found["ordered"]["max_rate_mg_per_kg_min"] == pytest.approx(240 * 100 / 60 / wanted, rel=1e-12)


def test_the_weight_and_its_reason_are_always_printed(tmp_path: Path) -> None:
    policy = '[dosing_weight]\nmethod = "adjusted"\nfactor = 0.5'
    big = {"weight": "120 kg", "height_cm": "180", "sex": "M"}
    (order,) = report(under(tmp_path, policy, {**big, "max_rate": "900 mL/h"}))["orders"]
    assert order["ordered"]["weight_basis"].startswith(
        "(74.9921259843 + 0.5 × (120 − 74.9921259843)) kg adjusted weight: a body-mass index over 30 kg/m², by policy"
    )
    message = order["findings"][0]["message"]
    assert "900 mL/h × 100 mg/mL ÷ 60 ÷ (74.9921259843 + 0.5 × (120 − 74.9921259843)) kg adjusted weight" in message
    assert order["findings"][0]["inputs"].keys() >= {"weight", "height_cm", "sex"}
    for cells, said in (
        ({}, "body weight: height, sex or age is not known, so none is adjusted"),
        ({**big, "age_years": "9"}, "body weight: under 18 years none is adjusted"),
        ({**big, "pregnant": "yes", "sex": "F"}, "body weight: in pregnancy none is adjusted"),
        ({**big, "weight": "80 kg"}, "body weight: the policy adjusts it from a body-mass index over 30 kg/m² on"),
        ({**big, "height_cm": "150"}, "body weight: under 152.4 cm none is adjusted"),
        ({**big, "dosing_weight": "80 kg"}, "the order's dosing weight"),
    ):
        (order,) = report(under(tmp_path, policy, cells))["orders"]
        assert order["ordered"]["weight_basis"].startswith(said)
    (order,) = report(under(tmp_path, "", {}))["orders"]
    assert order["ordered"]["weight_basis"] == "body weight"


def test_a_weight_below_the_ideal_one_is_never_raised(tmp_path: Path) -> None:
    policy = '[dosing_weight]\nmethod = "ideal"\nbmi_over = 10'
    checked = under(tmp_path, policy, {"weight": "60 kg", "height_cm": "180", "sex": "M"})
    assert checked.orders.rate_weight_kg.tolist() == [60]


def test_a_share_of_the_ideal_weight_may_be_the_trigger(tmp_path: Path) -> None:
    policy = '[dosing_weight]\nmethod = "adjusted"\ntrigger = "percent_of_ideal"'
    man = {"height_cm": "180", "sex": "M"}
    checked = under(tmp_path, policy, {**man, "weight": "89.9 kg"}, {**man, "weight": "90 kg"})  # 1.2 × 74.99 = 89.99
    assert checked.orders.rate_weight_kg.tolist() == pytest.approx([89.9, MAN + 0.4 * (90 - MAN)])


# -- the schedule -----------------------------------------------------------------------------------------------------


def planned(folder: Path, policy: str, **cells: str) -> Schedule:
    order = {name: text for name, text in GOOD.items() if name not in ("order_id", "patient_id")} | {"dose": "0.6 g/kg"}
    run = check_order(order | cells, AS_OF, knowledge=read(folder, policy))
    found = schedule_of(run.orders, run.limits, run.findings, 0)
    assert isinstance(found, Schedule)
    return found


def test_a_schedule_takes_the_site_s_times_steps_and_pump(tmp_path: Path) -> None:
    policy = '[titration]\nstep_minutes = 45\nstep_factor = 1.5\n[pump_increment]\nvalue = "5 mL/h"\n'
    schedule = planned(tmp_path, policy, max_rate="4 mg/kg/min")
    # 80 kg, 1 mg/kg/min = 48 mL/h: 48, 72, 108, 162, 192, rounded down to 5 mL/h
    assert [step.mL_per_h for step in schedule.steps] == [45, 70, 105, 160, 190]
    assert [step.minutes for step in schedule.steps[:3]] == [30, 45, 45]
    assert schedule.pump_increment_mL_per_h == 5
    assert planned(tmp_path, "[close_watch_minutes]\nvalue = 20").close_watch_minutes == 20
    signs = planned(tmp_path, "[vital_signs]\nafter_start_minutes = 5\nafter_end_minutes = [20, 40]").vital_signs
    assert (
        signs[1].minute == 5 and signs[-1].minute - signs[-2].minute == 20 and signs[-1].until == signs[-2].minute + 40
    )


# -- what reports say -------------------------------------------------------------------------------------------------

DEVIATING = """\
products_in_use = ["Privigen 10%"]
absent_means_no = ["sepsis"]
[recent_thrombosis_days]
value = 90
reason = "decided by the thrombosis committee"
"""
SAID = "recent_thrombosis_days is 90, built in 180 (looser): decided by the thrombosis committee"


def test_every_report_with_a_head_says_each_deviation(tmp_path: Path) -> None:
    from rich.console import Console

    from ivigcheck.report.schedule_text import schedule_page
    from ivigcheck.report.text_report import print_order, print_worklist

    checked = under(tmp_path, DEVIATING, {"sepsis": ""})
    rendering = Rendering(checked, STARTED)
    deviations = report(checked)["policy"]["deviations"]
    assert [each["parameter"] for each in deviations] == [
        "products_in_use",
        "absent_means_no",
        "recent_thrombosis_days",
    ]
    assert deviations[2] == {
        "parameter": "recent_thrombosis_days", "built_in": "180", "site": "90", "direction": "looser",
        "reason": "decided by the thrombosis committee",
    }  # fmt: skip
    for printed in (print_worklist, print_order):
        text = io.StringIO()
        printed(Console(file=text, width=200), rendering.report)
        assert SAID in text.getvalue()
    assert SAID in " ".join(schedule_page(rendering.scheduled().report, None).split())
    book = openpyxl.load_workbook(io.BytesIO(rendering.xlsx()))
    summary = " ".join(str(cell.value) for row in book["Summary"].iter_rows() for cell in row if cell.value)
    assert "decided by the thrombosis committee" in summary and "recent_thrombosis_days" in summary


def test_the_head_says_what_the_site_made_of_blanks_and_products(tmp_path: Path) -> None:
    notices = report(under(tmp_path, DEVIATING, {"sepsis": ""}))["notices"]
    assert any("a blank answer is read as no, by the site's policy, to: sepsis" in each for each in notices)
    assert any("not among the products in use by the site's policy: Gamunex-C 10% (1)" in each for each in notices)
    notices = report(under(tmp_path, 'default_product = "Privigen 10%"', {"product": ""}, {}))["notices"]
    assert "1 row without a product read as Privigen 10%, by the site's policy." in notices


def test_until_the_site_has_signed_off_this_knowledge_every_report_says_so(tmp_path: Path) -> None:
    version = read(tmp_path, "").version
    for policy, said in (
        ("", f"This site has not signed off knowledge {version}."),
        (
            'signed_off_knowledge = "2025.1"',
            f"This site has not signed off knowledge {version}: it has signed off 2025.1.",
        ),
        (f'signed_off_knowledge = "{version}"', f'Knowledge {version} is signed off by policy "st-elsewhere" 2026.3.'),
    ):
        assert said in report(under(tmp_path, policy, {}))["notices"]


def test_each_line_of_the_table_says_by_what_it_was_checked(tmp_path: Path) -> None:
    def ends(policy: str) -> list[list[str]]:
        rendering = Rendering(under(tmp_path, policy, {}, {"order_id": "2"}), datetime(2026, 11, 24, tzinfo=UTC))
        return [row[-5:] for row in csv.reader(io.StringIO(rendering.csv().decode()))]

    version = read(tmp_path, "").version
    header, first, second = ends(f"""signed_off_knowledge = "{version}"
pump_increment = {{ value = "1 mL/h" }}
ceiling = {{ value = "7 mg/kg/min", reason = "Drug library." }}""")
    assert header == ["policy", "policy_deviations", "knowledge", "knowledge_signed_off", "history_head"]
    assert (
        first
        == second
        == ["st-elsewhere 2026.3", "pump_increment (other);ceiling (tighter)", version, "true", "not asked"]
    )
    assert ends('signed_off_knowledge = "2025.1"')[1] == ["st-elsewhere 2026.3", "", version, "false", "not asked"]


def test_a_file_with_its_byte_order_mark_is_utf_8_whatever_the_site_s_encoding(tmp_path: Path) -> None:
    header, row = ",".join(GOOD), ",".join({**GOOD, "patient_id": "Müller-7"}.values())
    knowledge = read(tmp_path, 'encoding = "cp1252"')
    for encoding in ("utf-8-sig", "cp1252"):
        path = tmp_path / f"{encoding}.csv"
        path.write_text(f"{header}\n{row}\n", encoding=encoding)
        assert check_files([path], AS_OF, knowledge=knowledge).orders.cell("patient_id", 0) == "Müller-7"


# -- what must not fail open ------------------------------------------------------------------------------------------


def extract(folder: Path, **renamed: str) -> Path:
    """A file of one good order, some of its headers renamed."""
    path = folder / "extract.csv"
    path.write_text(f"{','.join(renamed.get(name, name) for name in GOOD)}\n{','.join(GOOD.values())}\n")
    return path


def test_a_column_that_the_site_names_and_reads_as_no_where_blank_must_be_there(tmp_path: Path) -> None:
    """H-11, H-21: a header that was renamed in the export would answer no for everybody."""
    knowledge = read(tmp_path, 'absent_means_no = ["diabetes"]\n[headers]\ndiabetes = "DM flag"')
    assert check_files([extract(tmp_path, diabetes="DM flag")], AS_OF, knowledge=knowledge).orders.n == 1
    with pytest.raises(
        InputError, match='missing column diabetes: the site\'s policy names the header "DM flag" for it'
    ):
        check_files([extract(tmp_path, diabetes="DM flg")], AS_OF, knowledge=knowledge)


def test_a_question_whose_column_is_missing_and_read_as_no_is_said_loudly(tmp_path: Path) -> None:
    knowledge = read(tmp_path, 'absent_means_no = ["diabetes"]')
    checked = check_files([extract(tmp_path, diabetes="DM flg")], AS_OF, knowledge=knowledge)
    (order,) = report(checked)["orders"]
    assert order["status"] == "PASS"
    said = "extract.csv: NO COLUMN for diabetes: read as no for every order, by the site's policy."
    assert said in report(checked)["notices"]


def test_a_site_s_headers_are_named_in_the_report_and_so_are_those_that_a_file_lacks(tmp_path: Path) -> None:
    knowledge = read(tmp_path, '[headers]\nstart_rate = "Begin"\nmax_rate = "Top"\nsex = "Gender code"')
    notices = report(check_files([extract(tmp_path, start_rate="Begin", max_rate="Top")], AS_OF, knowledge=knowledge))[
        "notices"
    ]
    assert 'extract.csv: headers by the site\'s policy: "Begin" as start_rate, "Top" as max_rate.' in notices
    assert "extract.csv: no header that the site's policy names for sex, nor another for it." in notices


def test_a_height_that_gives_no_ideal_weight_leaves_the_body_weight(tmp_path: Path) -> None:
    """67 inches in a column of cm: Devine's formula would give a negative weight, and every rate would be below it."""
    policy = '[dosing_weight]\nmethod = "ideal"\nmin_height_cm = 140'
    order = {"weight": "95 kg", "height_cm": "67", "sex": "F", "max_rate": "2000 mL/h"}
    (found,) = report(under(tmp_path, policy, order))["orders"]
    assert found["ordered"]["rate_weight_kg"] == 95 and found["status"] == "STOP"
    body = Body(np.array([40.0]), np.array([67.0]), np.array([0]), np.array([0], np.int8))
    entry = msgspec.structs.replace(built_in().policy.entry.dosing_weight, method="ideal", min_height_cm=20)
    weight, ideal, basis = choose_weight(np.array([95.0]), body, entry)
    assert (weight[0], basis[0]) == (95, WeightBasis.NO_IDEAL) and np.isnan(ideal[0])


def test_a_product_that_is_not_recognised_is_never_folded_away(tmp_path: Path) -> None:
    from ivigcheck.report.model import is_folded

    policy = '[severity.IVG907]\nseverity = "review"\nreason = "as decided"'
    orders = ({"product": "Foobar", "max_rate": "3 mg/kg/min"}, {"product": "", "max_rate": "3 mg/kg/min"})
    told = {order["order_id"]: order for order in report(under(tmp_path, policy, *orders))["orders"]}
    assert [told[f"A-{k}"]["status"] for k in range(2)] == ["REVIEW", "REVIEW"]
    assert [is_folded(told[f"A-{k}"]) for k in range(2)] == [False, True]


def test_a_rule_s_page_and_the_list_show_the_site_s_severity(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from ivigcheck.cli.rules import rules

    path = str(
        written(
            tmp_path, '[severity.IVG114]\nseverity = "review"\nreason = "as decided"\n[ceiling]\nvalue = "7 mg/kg/min"'
        )
    )
    rules("IVG114", path)
    rules("IVG101", path)
    rules("", path)
    out = capfd.readouterr().out
    assert "IVG114 indication-off-label (review)" in out and "ceiling: 7 mg/kg/min" in out
    assert re.search(r"IVG114 +review", out)


def test_the_example_of_the_order_sheet_is_named_where_it_was_left_in(tmp_path: Path) -> None:
    said = 'The order "EXAMPLE-1" is the example of the order sheet: overwrite or delete its row.'
    assert said in report(under(tmp_path, "", {"order_id": "EXAMPLE-1"}))["notices"]
    assert said not in report(under(tmp_path, "", {}))["notices"]
