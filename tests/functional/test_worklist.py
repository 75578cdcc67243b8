"""The terminal: the compact worklist of a batch, and the bar of one order, as users run them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import GOOD
from rich.console import Console

from ivigcheck.report.text_report import print_order, print_worklist

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_orders"
AS_OF = ("--as-of", "2026-11-22")
HEADING = re.compile(r"(STOP|UNCHECKED|REVIEW)  (?!\d+ orders? ha)")
GROUP = re.compile(r"(STOP|UNCHECKED|REVIEW|PASS): (\d+) orders?")


def run(*arguments: str | Path, cwd: Path = ROOT, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ivigcheck", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONUTF8": "1", **env},
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1, 4) and done.stderr == b"", done.stderr
    return done.stdout.decode("utf-8")


def orders_file(folder: Path, *changes: dict[str, str], name: str = "orders.csv") -> Path:
    rows = [GOOD | {"order_id": f"A-{k}", "patient_id": f"P-{k}"} | change for k, change in enumerate(changes)]
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def unfolded(text: str) -> str:
    """Printed text without the line breaks that the width made."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", ["80", "40", "200"])
@pytest.mark.parametrize("name", ["messy_batch.csv", "every_rule.xlsx", "clean_batch.csv"])
def test_every_order_and_every_finding_of_the_report_is_in_the_worklist_or_counted(name: str, width: str) -> None:
    """By the JSON report: the same orders in the same order, each finding with its message, and the counts add up."""
    text = run("batch", SAMPLES / name, *AS_OF, COLUMNS=width)
    report = json.loads(run("batch", SAMPLES / name, *AS_OF, "--format", "json"))
    lines, whole, counts = text.splitlines(), unfolded(text), report["counts"]
    assert max(map(len, lines)) <= int(width)
    groups = {match[1]: int(match[2]) for match in map(GROUP.match, lines) if match}
    assert groups == {name.upper(): n for name, n in counts.items() if n and name != "orders"}
    shown = [order for order in report["orders"] if order["status"] != "PASS"]
    folded = [
        order
        for order in shown
        if {f["code"] for f in order["findings"] if f["severity"] != "info"} <= {"IVG904", "IVG907"}
        and order["status"] == "REVIEW"
    ]
    assert (f"{len(folded)} order" in whole.split("REVIEW:")[-1]) or not folded
    listed = [order for order in shown if order not in folded]
    headings = [match[1] for match in map(HEADING.match, lines) if match]
    assert headings == [order["status"] for order in listed]
    at = 0
    for order in listed:
        at = whole.index(f"{order['order_id'] or '(no order id)'} patient {order['patient_id'] or '('}", at)
        for finding in order["findings"]:
            if finding["severity"] != "info":
                at = whole.index(unfolded(f"{finding['code']} {finding['message']}"), at)
    infos = Counter(f["code"] for order in report["orders"] for f in order["findings"] if f["severity"] == "info")
    assert all(f"{code} ({count})" in whole for code, count in infos.items())


def test_the_summary_line_is_the_first_and_the_folded_line_is_as_it_was() -> None:
    lines = run("batch", SAMPLES / "messy_batch.csv", *AS_OF).splitlines()
    assert lines[0] == "52 orders: 10 STOP, 22 UNCHECKED, 12 REVIEW, 8 PASS (as of 2026-11-22)"
    at = lines.index("REVIEW  2 orders have no finding but that risk questions are undocumented")
    assert lines[at + 1] == "(IVG904), or that the product is not given or its strength is open (IVG907)."
    assert "REVIEW: 12 orders, 2 of them folded" in lines


def test_the_worklist_is_compact() -> None:
    """52 orders of which 44 must be looked at: it was 269 lines."""
    assert len(run("batch", SAMPLES / "messy_batch.csv", *AS_OF).splitlines()) <= 185


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        ({"max_rate": "384 mL/h"}, []),
        (
            {"max_rate": "384.4 mL/h"},
            [
                "STOP  A-0  patient P-0  row 2  max 8.008 of hard 8 (100.1%)",
                "  IVG101 ordered maximum rate 8.008 mg/kg/min (384.4 mL/h × 100 mg/mL ÷ 60 ÷",
                "    80 kg) is over the ceiling of 8 mg/kg/min",
                "  IVG102 ordered maximum rate 8.008 mg/kg/min (384.4 mL/h × 100 mg/mL ÷ 60 ÷",
                "    80 kg) is over the label's maximum of 8 mg/kg/min",
                "  limits mg/kg/min (mL/h): start 1 (48), soft = hard 8 (384)",
            ],
        ),
        # One short finding stands on the heading's line, and no limits where no rate is the matter.
        ({"weight": ""}, ["UNCHECKED  A-0  patient P-0  row 2  IVG901 weight is missing"]),
        (
            {"max_rate": ""},
            [
                "UNCHECKED  A-0  patient P-0  row 2",
                "  IVG901 max_rate is missing",
                "  limits mg/kg/min (mL/h): start 1 (48), soft = hard 8 (384)",
            ],
        ),
        # The arithmetic stands beside a message that lacks one of its numbers.
        (
            {"dose": "0.4 g/kg", "dose_total": "40 g"},
            [
                "REVIEW  A-0  patient P-0  row 2",
                "  IVG302 the dose comes to 32 g and the total dose is 40 g: they differ by",
                "    more than 10% [0.4 g/kg × 80 kg = 32 g; |40 − 32| ÷ 32 = 0.25 > 0.1]",
            ],
        ),
        (
            {"start_rate": "1.5 mg/kg/min"},
            [
                "REVIEW  A-0  patient P-0  row 2  start 1.5 of start 1 (150%)",
                "  IVG105 ordered start rate 1.5 mg/kg/min is over the start limit of 1 mg/kg/min",
                "  limits mg/kg/min (mL/h): start 1 (48), soft = hard 8 (384)",
            ],
        ),
    ],
)
def test_an_order_is_printed_in_as_few_lines_as_it_takes_to_recompute_it(
    tmp_path: Path, change: dict[str, str], printed: list[str]
) -> None:
    text = run("batch", orders_file(tmp_path, change), *AS_OF)
    entry = [line for line in text.split("Notices")[0].splitlines() if HEADING.match(line) or line.startswith("  ")]
    assert entry == printed


def test_the_file_is_named_once_where_one_was_read_and_else_with_each_order(tmp_path: Path) -> None:
    one = orders_file(tmp_path, {"weight": ""}, name="one.csv")
    two = orders_file(tmp_path, {"weight": "", "order_id": "B"}, name="two.csv")
    alone = run("batch", one, *AS_OF).splitlines()
    assert "Rows are those of one.csv." in alone
    assert "UNCHECKED  A-0  patient P-0  row 2  IVG901 weight is missing" in alone
    both = run("batch", one, two, *AS_OF)
    assert "A-0  patient P-0  one.csv, row 2" in both and "B  patient P-0  two.csv, row 2" in both
    assert "Rows are those of" not in both
    assert 'Rows are those of every_rule.xlsx, sheet "Orders".' in run("batch", SAMPLES / "every_rule.xlsx", *AS_OF)


def test_a_heading_that_does_not_fit_goes_on_deeper_than_any_order_begins(tmp_path: Path) -> None:
    lines = run("batch", orders_file(tmp_path, {"weight": "", "order_id": "A" * 20}), *AS_OF, COLUMNS="40").splitlines()
    at = lines.index("UNCHECKED: 1 order")
    assert lines[at + 1].startswith("UNCHECKED") and lines[at + 2].startswith("    ") and "P-0" in lines[at + 2]


@pytest.mark.parametrize("value", ["\x1b[2J\x07", "A [/b] B", "[red]X", "a\u202eb", "[link=http://x]y", "日本" * 30])
@pytest.mark.parametrize("width", ["40", "80"])
def test_hostile_text_is_shown_as_text(tmp_path: Path, value: str, width: str) -> None:
    orders = orders_file(tmp_path, {"order_id": value, "product": value, "max_rate": value}, name="o[red]\u202e.csv")
    for text in (
        run("batch", orders, *AS_OF, COLUMNS=width),
        run("order", "--weight", value, "--max-rate", value, "--product", value, *AS_OF, COLUMNS=width),
    ):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "[/b]" in text or "[/b]" not in value


# -- one order --------------------------------------------------------------------------------------------------------

ORDER = ("order", "--indication", "PI", "--weight", "80 kg", "--age", "40", "--product", "Gamunex-C", "--screened")


def bar(text: str) -> list[str]:
    lines = text.splitlines()
    (first,) = [k for k, line in enumerate(lines) if re.match(r"mg/kg/min +0 +[0-9.]+$", line)]
    return lines[first : next(k for k in range(first, len(lines)) if not lines[k] or lines[k].startswith("Reckoned"))]


def test_an_order_shows_its_rates_between_its_limits() -> None:
    assert bar(run(*ORDER, "--start-rate", "48 mL/h", "--max-rate", "384.4 mL/h", *AS_OF)) == [
        "mg/kg/min       0                                              8.5",
        "start limit     ──────┤                                            1",
        "ordered start   ━━━━━━●                                       ┊    1 =",
        "soft maximum    ──────────────────────────────────────────────┤    8",
        "hard maximum    ──────────────────────────────────────────────┤    8",
        "ordered maximum ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿●   8.008 !",
        "= ordered start 1 is equal to the start limit 1",
        "! ordered maximum 8.008 is OVER the hard maximum = soft maximum 8",
    ]


@pytest.mark.parametrize(
    ("rates", "row", "said"),
    [
        (["--max-rate", "4 mg/kg/min"], "ordered start   not ordered", ""),
        (["--max-rate", "4"], "ordered maximum not drawn: see findings", "ordered maximum  not known        as ordered: 4"),
        (["--max-rate", "60000 mL/h"], "ordered maximum not drawn: see findings", "is over the ceiling of 8 mg/kg/min"),
        (["--max-rate", "999 mg/kg/min"], "» 999 !", "beyond this scale, where it is cut (»)"),
        (["--max-rate", "8 mg/kg/min", "--risk", "diabetes"], " 8 !", "is NOT BELOW the hard maximum (below 8)"),
        (["--max-rate", "7.99 mg/kg/min", "--risk", "diabetes"], " 7.99 !", "is OVER the soft maximum 3.3"),
    ],
)  # fmt: skip
def test_a_rate_that_cannot_be_drawn_as_it_is_is_told(rates: list[str], row: str, said: str) -> None:
    text = run(*ORDER, *rates, *AS_OF)
    assert any(row in line for line in bar(text)), bar(text)
    assert said in text or said in unfolded(text)


def test_a_start_rate_a_hair_over_its_limit_is_not_shown_as_the_limit() -> None:
    text = run(*ORDER, "--start-rate", "1.00001 mg/kg/min", "--max-rate", "4 mg/kg/min", *AS_OF)
    assert re.search(r"^ordered start +1\.00001 ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("env", "plain"),
    [
        ({"PYTHONIOENCODING": "utf-8"}, False),
        ({"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, True),
        ({"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}, True),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, True),
    ],
)
@pytest.mark.parametrize("width", ["40", "80"])
def test_where_the_encoding_lacks_the_characters_the_bar_is_drawn_in_ascii(
    env: dict[str, str], plain: bool, width: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ivigcheck", *ORDER, "--max-rate", "9 mg/kg/min", *AS_OF],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": width, **env},
        timeout=60,
        check=False,
    )
    lines = bar(done.stdout.decode("utf-8"))
    assert all(line.isascii() and "\\u" not in line for line in lines) == plain
    assert max(map(len, lines)) <= int(width) and not any("\x1b" in line for line in lines)
    assert "! ordered maximum 9 is OVER the hard" in " ".join(lines)


def test_how_far_a_rate_is_over_stands_on_the_heading_where_it_fits_and_else_in_the_finding_alone(
    tmp_path: Path,
) -> None:
    orders = orders_file(tmp_path, {"max_rate": "9 mg/kg/min"})
    heading = "STOP  A-0  patient P-0  row 2  max 9 of hard 8 (112.5%)"
    assert heading in run("batch", orders, *AS_OF, COLUMNS=str(len(heading))).splitlines()
    assert "STOP  A-0  patient P-0  row 2" in run("batch", orders, *AS_OF, COLUMNS=str(len(heading) - 1)).splitlines()


def test_whatever_a_report_says_acts_on_no_terminal() -> None:
    """The rules show what they quote; the printing relies on none of them."""
    report = json.loads(run("batch", SAMPLES / "every_rule.xlsx", *AS_OF, "--format", "json"))
    report["run"]["inputs"][0]["name"] = "a\x1b.csv"
    for order in report["orders"]:
        order["order_id"] = order["patient_id"] = "b\x1b[red]"
        for finding in order["findings"]:
            finding["message"] = finding["arithmetic"] = "7\x1b[red]\u202e"
            finding["arithmetic"] += " 8"
        order["ordered"]["max_rate"] = order["ordered"]["start_rate"] = "c\x1b[red]"
    for printed, said in ((print_worklist, report), (print_order, report | {"orders": report["orders"][:1]})):
        text = io.StringIO()
        printed(Console(file=text, width=80, markup=False, highlight=False, emoji=False), said)
        assert not set(text.getvalue()) & {"\x1b", "\u202e"} and "7\\x1b[red]\\u202e" in text.getvalue()
