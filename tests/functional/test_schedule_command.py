"""``ivigcheck schedule`` as its users run it, and the schedule in other reports."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from conftest import GOOD, check
from test_command_line import AS_OF, run

from ivigcheck.report import Rendering, xlsx_schedule

ORDER = ("schedule", "--indication", "PI", "--weight", "100 kg", "--age", "41", "--product", "Bivigam", "--dose", "0.8 g/kg",
         "--max-rate", "6 mg/kg/min", "--screened", *AS_OF)  # fmt: skip


def test_the_page_is_one_page_of_80_columns_with_clock_times_and_two_lines_to_sign() -> None:
    done = run(*ORDER, "--start", "2026-11-22T22:00", "--zone", "America/New_York")
    page = done.stdout.decode()
    assert done.returncode == 0 and done.stderr == b""
    assert max(map(len, page.splitlines())) <= 80 and len(page.splitlines()) <= 66
    assert "22 Nov 22:10      20      78        1.3       26        31      3.1" in page
    assert "23 Nov 00:10    66.5     360          6      399       800       80" in page
    assert "Monday 2026-11-23 01:17 America/New_York, after 3 h 17 min" in page  # 196.5 minutes: 01:16:30
    assert "Verified by (pharmacist) ___" in page and "Pump set by (nurse)      ___" in page
    assert "closely until Sunday 2026-11-22 22:10" in page and "8 × 10 g, no waste" in page
    assert '"Raise every 20 min, if tolerated, by 0.8 mg/kg/min' in " ".join(page.split())


def test_json_has_the_schedule_with_the_order() -> None:
    done = run(*ORDER, "--start", "2026-11-22T22:00", "--zone", "America/New_York", "--format", "json")
    (order,) = json.loads(done.stdout)["orders"]
    plan = order["schedule"]
    assert (plan["weight_kg"], plan["weight_basis"], plan["dose_g"], plan["volume_mL"]) == (100, "body weight", 80, 800)
    assert plan["steps"][1] == {
        "at": "2026-11-22T22:10-05:00", "minutes": 20, "mL_per_h": 78, "mg_per_kg_min": 1.3, "mL": 26,
        "cumulative_mL": 31, "cumulative_g": 3.1,
    }  # fmt: skip
    assert (plan["total_minutes"], plan["ends_at"]) == (196.5, "2026-11-23T01:16:30-05:00")
    assert (
        plan["vials"] == [{"grams": 10, "count": 8}] and plan["waste_g"] == 0 and plan["pump_increment_mL_per_h"] == 0.1
    )
    assert order["no_schedule"] is None


def test_order_in_json_has_the_schedule_in_minutes_from_the_start() -> None:
    done = run("order", *ORDER[1:], "--format", "json")
    (order,) = json.loads(done.stdout)["orders"]
    assert [step["at"] for step in order["schedule"]["steps"]] == [0, 10, 30, 50, 70, 90, 110, 130]
    assert order["schedule"]["ends_at"] == 196.5


# options changed, exit code, what is said
REFUSED = (
    (("--max-rate", "9 mg/kg/min"), 1, "the order is STOP (IVG101, IVG102): it must not run as ordered"),
    (("--weight", "0 kg"), 4, "the order is UNCHECKED (IVG903): it could not be checked"),
    (("--dose", "1,500 mg/kg"), 4, "the dose could not be read or used"),
    (("--product", ""), 4, "the product is not known (IVG907)"),
    (("--pump-increment", "10"), 0, ""),
    (("--pump-increment", "10", "--weight", "10 kg", "--dose", "0.8 g/kg"), 4, "cannot run it slowly enough: 3 mL/h"),
)


@pytest.mark.parametrize(("changed", "code", "said"), REFUSED)
def test_an_order_without_a_schedule_says_why_and_is_no_success(changed: tuple[str, ...], code: int, said: str) -> None:
    done = run(*ORDER, *changed)
    page = " ".join(done.stdout.decode().split())
    assert done.returncode == code
    assert said in page and page.startswith("NO SCHEDULE") == bool(said)
    assert ("Verified by" in page) != bool(said)
    if said and code == 4:
        assert run(*ORDER, *changed, "--exit-zero").returncode == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--start", "2026-03-08T02:30", "--zone", "America/New_York"), b"does not exist in America/New_York"),
        (("--start", "2026-11-01T01:30", "--zone", "America/New_York"), b"is shown twice"),
        (("--start", "22:00"), b"write it as 2026-11-22T22:00"),
        (("--start", "2026-11-22T22:00", "--zone", "Nowhere"), b'"Nowhere" is no time zone'),
        (("--pump-increment", "0"), b"is no increment of a pump"),
        (("--pump-increment", "0,1"), b"is no increment of a pump"),
        (("--pump-increment", "11 mL/h"), b"is no increment of a pump"),
        (("--pump-increment", "1 mg/kg/min"), b"is no increment of a pump"),
    ],
)
def test_a_start_or_a_pump_that_cannot_be_is_a_usage_error(changed: tuple[str, ...], said: bytes) -> None:
    done = run(*ORDER, *changed)
    assert done.returncode == 2 and done.stdout == b"" and said in done.stderr


def test_an_hour_that_the_clocks_show_twice_is_named_on_the_page() -> None:
    """H-37: 2026-11-01 02:00 EDT becomes 01:00 EST."""
    done = run(*ORDER, "--start", "2026-11-01T00:50", "--zone", "America/New_York")
    page = done.stdout.decode()
    assert (
        "  01 Nov 01:00 EDT      20      78        1.3 " in page
        and "  01 Nov 01:00 EST      20     222        3.7 " in page
    )
    assert "closely until Sunday 2026-11-01 01:00 EDT America/New_York" in page and "01 Nov 01:05 EDT (15 min" in page
    assert "Sunday 2026-11-01 03:07 EST" in page and "THE CLOCKS CHANGE meanwhile" in page
    assert max(map(len, page.splitlines())) <= 80
    after = run(*ORDER, "--start", "2026-11-01T02:00", "--zone", "America/New_York").stdout.decode()
    assert "EST" not in after and "CLOCKS CHANGE" not in after


def test_what_is_to_be_settled_stands_above_the_rates() -> None:
    page = run(*ORDER, "--dose", "2 g/kg").stdout.decode()
    assert -1 < page.index("Status REVIEW: to be settled") < page.index("IVG301 2 g/kg") < page.index("mL/h  mg/kg/min")
    assert page.index("mL/h  mg/kg/min") < page.index("For information")


def test_a_dose_that_no_source_states_is_said_on_every_answer() -> None:
    order = [*ORDER, "--indication", "MG"]
    said = "The dose was compared with nothing (IVG301, IVG402): no source states one for the indication: MG."
    for command in (order, ["order", *order[1:]]):
        assert " ".join(run(*command).stdout.decode().split()).count(said) == 1


def test_a_start_without_a_zone_is_taken_as_it_stands_and_said_so() -> None:
    page = " ".join(run(*ORDER, "--start", "2026-11-22T22:00").stdout.decode().split())
    assert "Monday 2026-11-23 01:17, after" in page and "no time zone was named" in page


def test_quiet_prints_nothing_where_there_is_a_schedule_and_the_summary_where_there_is_none() -> None:
    assert run(*ORDER, "--quiet").stdout == b""
    done = run(*ORDER, "--quiet", "--weight", "0 kg")
    assert done.returncode == 4 and done.stdout.startswith(b"1 order: 0 STOP, 1 UNCHECKED")


def test_two_orders_of_one_patient_whose_weights_disagree_get_no_schedule(tmp_path: Path) -> None:
    """154 kg and 70 kg: one number in two units."""
    rows = [{**GOOD, "order_id": weight, "dose": "0.5 g/kg", "weight": weight} for weight in ("154 kg", "70 kg")]
    path, out = tmp_path / "orders.csv", tmp_path / "report.xlsx"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    run("batch", path, "-o", out, *AS_OF)
    assert openpyxl.load_workbook(out)["Schedules"].max_row == 1


def test_the_workbook_has_the_schedule_of_each_order_that_may_be_given(tmp_path: Path) -> None:
    rows = [
        {**GOOD, "order_id": "runs", "dose": "0.6 g/kg", "max_rate": "8 mg/kg/min"},
        {**GOOD, "order_id": "stops", "dose": "0.6 g/kg", "max_rate": "9 mg/kg/min", "patient_id": "2"},
        {**GOOD, "order_id": "no dose", "patient_id": "3"},
    ]
    path, out = tmp_path / "orders.csv", tmp_path / "report.xlsx"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert run("batch", path, "-o", out, *AS_OF).returncode == 1
    page = openpyxl.load_workbook(out)["Schedules"]
    header, *steps = ([cell.value for cell in row] for row in page.iter_rows())
    told = [dict(zip(header, step, strict=True)) for step in steps]
    assert [(row["Order"], row["mL/h"], row["Minutes from start"]) for row in told] == [
        ("runs", 48, 0), ("runs", 96, 30), ("runs", 192, 60), ("runs", 384, 90),
    ]  # fmt: skip
    assert told[-1]["Total mL"] == 480 and told[0]["Vials"] == "1 × 40 g + 1 × 5 g + 3 × 1 g"


def test_schedules_that_no_sheet_could_hold_cost_the_workbook_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders of four steps: eight rows and the header, where Excel would take eight."""
    orders = [
        {**GOOD, "order_id": f"{k}", "patient_id": f"{k}", "dose": "0.6 g/kg", "max_rate": "8 mg/kg/min"} for k in "12"
    ]
    rendering = Rendering(check(*orders), datetime(2026, 11, 24, tzinfo=UTC))
    for most, said in (
        (9, None),
        (8, "NOT WRITTEN: it would take 8 rows, and Excel takes 7. Check fewer orders at once."),
    ):
        monkeypatch.setattr(xlsx_schedule, "MOST_ROWS", most)
        book = openpyxl.load_workbook(io.BytesIO(rendering.xlsx()))
        assert (book["Schedules"]["A2"].value == said) == (said is not None)
        assert book["Schedules"].max_row == (2 if said else 9) and book["Worklist"].max_row == 3
