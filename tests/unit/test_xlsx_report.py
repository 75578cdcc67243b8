"""The Excel report: texts stay texts (H-43, H-45), no broken limit is hidden (H-30), every order is there (H-53)."""

from __future__ import annotations

import copy
import errno
import gc
import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from ivigcheck.errors import OutputError
from ivigcheck.intake.table import Table
from ivigcheck.pipeline import check_tables
from ivigcheck.report import Rendering, xlsx_file
from ivigcheck.report.csv_report import csv_fields
from ivigcheck.report.xlsx import render_xlsx
from ivigcheck.report.xlsx_cells import Number, Sheet, Text, seen
from ivigcheck.report.xlsx_file import render_sheets
from ivigcheck.report.xlsx_worklist import COLUMNS
from ivigcheck.show import CUT_MARK

AS_OF = date(2026, 11, 22)
STARTED = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SEED = (
    *("hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion"),
    *("cardiovascular_risk", "diabetes", "renal_insufficiency"),
)
CALM = {
    "order_id": "RX-1",
    "patient_id": "0012",
    "indication": "CIDP",
    "weight": "80 kg",
    "age_years": "55",
    "start_rate": "0.5 mg/kg/min",
    "max_rate": "380 mL/h",
    "product": "Gamunex-C",
    **dict.fromkeys(SEED, "no"),
}
# O-01 to O-08, and what terminals, XML and Excel's own escapes would make something else of (O-09 to O-19)
AS_IT_IS = (
    *("=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "＝1+1", "#N/A", "#REF!"),
    *("http://x.example", "0010", "1E5", "TRUE", "2026-11-22", "00001234567890123456789", "1/2", "'=1", "NULL"),
    *("<script>alert(1)</script>", "a & b", "</t></is></c>", "{{7*7}}", "A [/b] B", "two  spaces", "Ünïcödé 🩸"),
)
ESCAPED = {
    "\t=1": "\\x09=1",
    "\r=1": "\\x0d=1",
    "line\nbreak": "line\\x0abreak",
    "\x1b[2J\x07\x08": "\\x1b[2J\\x07\\x08",
    "a\u202eb\u200d": "a\\u202eb\\u200d",
    "\ud800x": "\\ud800x",
    "x\ufffe": "x\\ufffe",
    "n\x00u\x0bl": "n\\x00u\\x0bl",
}


def reported(*orders: dict[str, str], malformed: dict[int, str] | None = None) -> dict:
    names = dict.fromkeys(name for order in orders for name in order)
    cells = {name: [order.get(name, "") for order in orders] for name in names}
    rows = tuple(range(2, len(orders) + 2))
    table = Table("orders.xlsx", "IVIG", "c0ffee", rows, cells, malformed=malformed or {}, notices=("a notice",))
    return Rendering(check_tables([table], AS_OF), STARTED).report


def opened(said: dict) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(said)))


NAMES = {column.title: name for name, column in COLUMNS.items()}


def rows_of(book: openpyxl.Workbook, sheet: str) -> list[dict[str, openpyxl.cell.Cell]]:
    header, *rows = book[sheet].iter_rows()
    names = [NAMES.get(cell.value, cell.value) if sheet == "Worklist" else cell.value for cell in header]
    return [dict(zip(names, row, strict=True)) for row in rows]


def worklist(*orders: dict[str, str]) -> list[dict[str, openpyxl.cell.Cell]]:
    return rows_of(opened(reported(*orders)), "Worklist")


def shown(cell: openpyxl.cell.Cell) -> str:
    """A number cell as Excel displays it, by its own format: what stands before it, and exactly so many decimals."""
    before, decimals = re.fullmatch(r'(?:"([^"]+)")?0(?:\.(0+))?_\)', cell.number_format).groups()
    return f"{before or ''}{cell.value:.{len(decimals or '')}f}"


def parts_of(said: dict) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(render_xlsx(said))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def all_cells(said: dict) -> list[ElementTree.Element]:
    sheets = [part for name, part in parts_of(said).items() if name.startswith("xl/worksheets/")]
    return [cell for part in sheets for cell in ElementTree.fromstring(part).iter(f"{MAIN}c")]


HOSTILE = [
    {**CALM, "order_id": text, "patient_id": text, "product": text, "max_rate": "9 mg/kg/min"}
    for text in (*AS_IT_IS, *ESCAPED)
]


def test_no_text_becomes_a_formula_an_error_a_link_or_a_number():
    said = reported(*HOSTILE)
    cells = all_cells(said)
    assert not [cell for cell in cells if cell.find(f"{MAIN}f") is not None]
    assert {cell.get("t", "n") for cell in cells} == {"n", "inlineStr"}
    for cell in cells:
        if cell.get("t", "n") == "n" and (value := cell.find(f"{MAIN}v")) is not None:
            float(value.text)
    for name, part in parts_of(said).items():
        assert b"External" not in part, name
        for link in re.findall(rb"<hyperlink [^>]*>", part):
            assert re.fullmatch(rb'<hyperlink ref="[BD]\d+" location="(Findings|Worklist)!B\d+" ?/>', link)


@pytest.mark.parametrize(("written", "expected"), [*((text, text) for text in AS_IT_IS), *ESCAPED.items()])
def test_ids_and_products_are_shown_as_written(written, expected):
    (order,) = worklist({**CALM, "order_id": written, "patient_id": written, "product": written})
    assert order["order_id"].value == order["patient_id"].value == expected
    assert order["order_id"].data_type == order["patient_id"].data_type == "s"
    assert order["product"].value == f'"{expected}" (as written)'


def test_a_text_that_somebody_edits_in_excel_stays_a_text():
    cells = [cell for sheet in opened(reported(*HOSTILE)) for row in sheet.iter_rows() for cell in row]
    assert all(cell.quotePrefix for cell in cells if cell.data_type == "s")


def test_a_text_that_looks_like_an_escape_of_excels_is_not_read_as_one():
    cells = all_cells(reported({**CALM, "order_id": "_x003D_1+1"}))
    assert "_x003D_1+1" not in {text.text for cell in cells for text in cell.iter(f"{MAIN}t")}
    assert "_x005F_x003D_1+1" in {text.text for cell in cells for text in cell.iter(f"{MAIN}t")}


def test_a_product_of_40_000_characters_is_cut_and_marked():
    book = opened(reported({**CALM, "product": "x" * 40_000}))
    (inputs,) = [row["Inputs"].value for row in rows_of(book, "Findings") if row["Code"].value == "IVG907"]
    assert len(inputs) == 32_767 and inputs.endswith("x" + CUT_MARK)
    (written,) = rows_of(book, "As written")
    assert len(written["product"].value) == 32_767 and written["product"].value.endswith("x" + CUT_MARK)
    (order,) = rows_of(book, "Worklist")
    assert CUT_MARK in order["product"].value and len(order["product"].value) < 100
    assert max(row.height for row in book["Findings"].row_dimensions.values()) == 409, "what Excel takes"


def test_a_cut_counts_as_excel_does():
    """Excel counts UTF-16 code units; a cell of 32,767 is whole."""
    assert seen("x" * 32_767) == "x" * 32_767
    assert seen("🩸" * 16_383) == "🩸" * 16_383
    for before in ("", "a"):  # in one of the two the cut falls within a pair of code units
        cut = seen(before + "🩸" * 20_000)
        assert len(cut.encode("utf-16-le")) // 2 in (32_766, 32_767)
        assert re.fullmatch(f"{before}🩸{{16000,}}{re.escape(CUT_MARK)}", cut)
    assert seen("_x0041_" * 4_000).endswith(CUT_MARK), "what is written counts"
    assert len(seen("_x0041_" * 4_000)) == 32_767


VARIED = (
    {**CALM, "order_id": "PASS", "start_rate": ""},
    {**CALM, "order_id": "folded", "diabetes": ""},
    {**CALM, "order_id": "no-product", "product": "", "max_rate": "3 mg/kg/min"},
    {**CALM, "order_id": "unread", "weight": "70,5 kg", "height_cm": "tall"},
    {**CALM, "order_id": "missing", "max_rate": ""},
    {**CALM, "order_id": "implausible", "age_years": "150"},
    {**CALM, "order_id": "conflict", "dosing_weight": "90 kg"},
    {**CALM, "order_id": "STOP", "max_rate": "456 mL/h", "diabetes": "", "start_rate": "3 mg/kg/min"},
    {},
)
MALFORMED = {len(VARIED) - 1: "has 14 fields, and the header has 12"}


@pytest.fixture(scope="module")
def varied() -> dict:
    said = reported(*VARIED, malformed=MALFORMED)
    assert min(said["counts"].values()) > 0
    return said


@pytest.fixture(scope="module")
def book(varied) -> openpyxl.Workbook:
    return opened(varied)


def test_every_order_is_on_the_worklist_worst_first_with_its_status_and_place(varied, book):
    rows = rows_of(book, "Worklist")
    assert [(row["status"].value, row["order_id"].value, row["row"].value) for row in rows] == [
        (order["status"], order["order_id"], order["source"]["row"]) for order in varied["orders"]
    ]
    assert {(row["file"].value, row["sheet"].value) for row in rows} == {("orders.xlsx", "IVIG")}
    assert sorted(row["row"].value for row in rows) == list(range(2, len(VARIED) + 2))
    assert len(rows_of(book, "Values")) == len(VARIED)


def test_the_summary_counts_what_the_report_counts_stop_first(varied, book):
    counted = [(row[0].value, row[1].value) for row in book["Summary"].iter_rows(min_row=3, max_row=7)]
    counts = varied["counts"]
    assert counted == [
        *((word, counts[word.lower()]) for word in ("STOP", "UNCHECKED", "REVIEW", "PASS")),
        ("All orders", counts["orders"]),
    ]
    assert "2 orders have no finding but" in book["Summary"]["C5"].value


def test_the_summary_names_policy_knowledge_inputs_and_notices(varied, book):
    facts = [(row[0].value, row[2].value) for row in book["Summary"].iter_rows()]
    for name in ("policy", "knowledge"):
        for part in set(varied[name]) - {"deviations"}:
            assert (f"{name.title()} {part}", varied[name][part]) in facts
    assert ("As of", "2026-11-22") in facts
    assert ("Started", varied["run"]["started"]) in facts
    assert ("Input", "orders.xlsx") in facts and ("Input sha256", "c0ffee") in facts
    assert [said for name, said in facts if name == "Notice"] == varied["notices"]


def test_the_summary_says_which_history_was_asked(varied):
    said = copy.deepcopy(varied)
    said["history"] = {"asked": True, "why_not": None, "entries": 3, "head": "beef"}
    facts = [(row[0].value, row[2].value) for row in opened(said)["Summary"].iter_rows()]
    assert [fact for fact in facts if str(fact[0]).startswith("History")] == [
        ("History asked", "yes"), ("History entries", "3"), ("History head", "beef"),
    ]  # fmt: skip


def test_a_deviation_from_the_policy_is_printed_with_its_reason(varied):
    said = copy.deepcopy(varied)
    deviation = {
        "parameter": "ceiling",
        "built_in": "8",
        "site": "7",
        "direction": "tighter",
        "reason": "our committee",
    }
    said["policy"]["deviations"] = [deviation]
    facts = [(row[0].value, row[2].value) for row in opened(said)["Summary"].iter_rows()]
    assert ("Deviation", "ceiling is 7, built in 8 (tighter): our committee") in facts
    assert facts.index(("Site policy", "Otherwise than built in")) < facts.index(("Run", None))


def test_findings_by_rule_add_up_and_are_worst_first(varied, book):
    page = book["Summary"]
    header, *rows = page[page.tables["FindingsByRule"].ref]
    assert [cell.value for cell in header] == ["Findings by rule", "Findings", "Rule", "Severity"]
    findings = [finding for order in varied["orders"] for finding in order["findings"]]
    assert {(row[0].value, row[2].value, row[3].value): row[1].value for row in rows} == {
        (f["code"], f["name"], f["severity"].upper()): sum(
            (g["code"], g["severity"]) == (f["code"], f["severity"]) for g in findings
        )
        for f in findings
    }
    rank = ["STOP", "UNCHECKED", "REVIEW", "INFO"]
    assert [row[3].value for row in rows] == sorted((row[3].value for row in rows), key=rank.index)


def test_every_finding_has_its_row(varied, book):
    rows = rows_of(book, "Findings")
    wanted = [(order, finding) for order in varied["orders"] for finding in order["findings"]]
    assert len(rows) == len(wanted)
    for row, (order, finding) in zip(rows, wanted, strict=True):
        assert row["Order"].value == order["order_id"] and row["Row"].value == order["source"]["row"]
        for title, key in (("Code", "code"), ("Rule", "name"), ("Message", "message"), ("Source", "source")):
            assert row[title].value == finding[key]
        assert row["Arithmetic"].value == (finding["arithmetic"] or None)
        assert row["Severity"].value == finding["severity"].upper()
        assert (row["Inputs"].value or "") == "; ".join(f"{k}: {v}" for k, v in finding["inputs"].items())


def test_what_was_found_is_all_but_information_one_finding_a_line(varied, book):
    for row, order in zip(rows_of(book, "Worklist"), varied["orders"], strict=True):
        told = [f for f in order["findings"] if f["severity"] != "info"]
        lines = (row["findings"].value or "").splitlines()
        assert lines == [f"{f['code']} {f['severity'].upper()}: {f['message']}" for f in told]
        codes = (row["codes"].value or "").split("; ")
        assert codes == list(dict.fromkeys(f["code"] for f in order["findings"])) or codes == [""]


def test_what_was_not_read_stands_on_its_own_sheet_with_the_notices(varied, book):
    rows = [(row["What"].value, row["Column"].value, row["Row"].value) for row in rows_of(book, "Not read")]
    notices = [("Notice", None, None)] * len(varied["notices"])
    codes = ("IVG901", "IVG902", "IVG903", "IVG908", "IVG910")
    assert rows == [
        *(
            (finding["code"], finding["column"] or None, order["source"]["row"])
            for order in varied["orders"]
            for finding in order["findings"]
            if finding["code"] in codes
        ),
        *notices,
    ]
    assert {what for what, *_ in rows} == {*codes, "Notice"}


def test_a_status_is_a_word_and_each_has_a_colour_of_its_own(book):
    (statuses,) = [each for each in book["Worklist"].conditional_formatting if str(each.sqref).startswith("A2:")]
    colours = {rule.formula[0].strip('"'): rule.dxf.fill.bgColor.rgb for rule in statuses.rules}
    assert {row["status"].value for row in rows_of(book, "Worklist")} == {"STOP", "UNCHECKED", "REVIEW", "PASS"}
    assert set(colours) == {"STOP", "UNCHECKED", "REVIEW", "PASS", "INFO"}
    assert len(set(colours.values())) == len(colours)


def test_an_exclusive_limit_cannot_be_read_as_inclusive():
    at_risk, other = worklist({**CALM, "age_years": "71", "max_rate": "3 mg/kg/min"}, CALM)
    hard = at_risk["hard_max_mg_per_kg_min"]
    assert (hard.value, hard.data_type, shown(hard)) == (8, "n", "< 8")
    assert shown(at_risk["soft_max_mg_per_kg_min"]) == "3.3"
    assert shown(other["hard_max_mg_per_kg_min"]) == "8"
    assert shown(at_risk["hard_max_mL_per_h"]) == "383"  # the greatest step below: itself allowed


def test_an_exclusive_soft_maximum_is_shown_so():
    (order,) = worklist(
        {**CALM, "age_years": "71", "indication": "ITP", "product": "Carimune NF", "concentration": "60 mg/mL"}
    )
    assert shown(order["soft_max_mg_per_kg_min"]) == shown(order["hard_max_mg_per_kg_min"]) == "< 2"


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("8.004 mg/kg/min", "8.004"),
        ("8.0000001 mg/kg/min", "8.0000001"),
        ("7.99999 mg/kg/min", "7.99999"),
        ("8 mg/kg/min", "8"),
        ("8.000000001 mg/kg/min", "8"),  # equal within the tolerance: no finding
        ("384 mL/h", "8"),
        ("380 mL/h", "7.917"),
        ("9.50 mg/kg/min", "9.5"),
    ],
)
def test_a_rate_is_shown_with_as_many_digits_as_hide_nothing(rate, expected):
    (order,) = worklist({**CALM, "max_rate": rate})
    assert shown(order["max_rate_mg_per_kg_min"]) == expected
    assert (float(expected) > 8) == (order["status"].value == "STOP")
    assert shown(order["hard_max_mg_per_kg_min"]) == "8"


def test_a_rate_just_below_an_exclusive_limit_is_not_shown_as_the_limit():
    (order,) = worklist({**CALM, "age_years": "71", "max_rate": "7.9999999 mg/kg/min"})
    assert shown(order["max_rate_mg_per_kg_min"]) == "7.9999999"
    assert (shown(order["hard_max_mg_per_kg_min"]), order["status"].value) == ("< 8", "REVIEW")


def test_a_start_rate_is_shown_beside_its_limit_and_beside_the_maximum():
    over, equal = worklist(
        {**CALM, "start_rate": "2.00001 mg/kg/min"},
        {**CALM, "start_rate": "5.00001 mg/kg/min", "max_rate": "5 mg/kg/min"},
    )
    assert (shown(over["start_rate_mg_per_kg_min"]), shown(over["start_mg_per_kg_min"])) == ("2.00001", "2")
    assert (shown(equal["start_rate_mg_per_kg_min"]), shown(equal["max_rate_mg_per_kg_min"])) == ("5.00001", "5")


def test_a_limit_that_is_no_short_number_is_shown_beside_a_rate_that_is():
    """200 mg/kg/h is 3.333… mg/kg/min: a rate of 3.3334 is over it, and one of 3.3333 is not."""
    octagam = {**CALM, "product": "Octagam 5%", "indication": "PI", "start_rate": ""}
    over, under = worklist({**octagam, "max_rate": "3.3334 mg/kg/min"}, {**octagam, "max_rate": "3.3333 mg/kg/min"})
    for order, breaks in ((over, True), (under, False)):
        ordered, limit = shown(order["max_rate_mg_per_kg_min"]), shown(order["hard_max_mg_per_kg_min"])
        assert (float(ordered) > float(limit)) is breaks
        assert ordered != limit


def test_numbers_are_numbers_and_unrounded(varied, book):
    for row, order in zip(rows_of(book, "Worklist"), varied["orders"], strict=True):
        for name in (
            *("weight_kg", "dosing_weight_kg", "start_rate_mg_per_kg_min", "max_rate_mg_per_kg_min"),
            *(
                f"{limit}_{unit}"
                for limit in ("start", "soft_max", "hard_max")
                for unit in ("mg_per_kg_min", "mL_per_h")
            ),
        ):
            value = csv_fields(order)[name]
            assert row[name].value == value, name
            assert row[name].data_type == "n"
            assert value is None or not re.search(r"\.\d*0$", shown(row[name])), "H-32: no trailing zero"


def test_a_number_is_written_with_all_its_digits():
    """0.1 + 0.2 has 17, and openpyxl writes 16 where it is left to."""
    sheet = Sheet("Numbers", [("Number", 10.0)], [(Number(0.1 + 0.2),)], 1)
    content = render_sheets([sheet], title="", made=STARTED, footer="")
    assert openpyxl.load_workbook(io.BytesIO(content))["Numbers"]["A2"].value == 0.1 + 0.2


def test_worklist_and_values_carry_every_fact_of_an_order_under_the_names_of_the_csv_report(varied, book):
    worklist, values = rows_of(book, "Worklist"), rows_of(book, "Values")
    lists = {"at_risk", "undocumented", "not_assessed", "history"}
    pairs = {"answers", "answered_by_code"}
    for row, more, order in zip(worklist, values, varied["orders"], strict=True):
        facts = csv_fields(order)
        assert set(row) | set(more) == {*facts, "findings", "start_share", "max_share"} - {"written"}
        assert set(row) & set(more) == {"order_id", "file", "sheet", "row"}
        cells = {name: cell.value for name, cell in (row | more).items()}
        for name in lists:
            said = [part.replace(" ", "_") for part in (cells[name] or "").split(", ")]
            assert said == (list(order[name]) or [""])
        for name in pairs:
            assert (cells[name] or "") == ", ".join(f"{what}: {said}" for what, said in order[name].items())
        assert (cells["fingerprints"] or "").replace("; ", ";") == facts["fingerprints"]
        for name in set(facts) - lists - pairs - {"codes", "fingerprints", "written"}:
            said = str(facts[name]).lower() if isinstance(facts[name], bool) else facts[name]
            assert cells[name] == (said or None) or (said is None and cells[name].endswith(" (as written)")), name


def test_values_has_what_the_worklist_has_no_column_for():
    order = {**CALM, "dose": "1 g/kg", "infusion_hours": "4", "age_years": "71"}
    said = reported(order)
    (row,) = rows_of(opened(said), "Values")
    values = {name: cell.value for name, cell in row.items()}
    (facts,) = said["orders"]
    assert values["not_assessed"] == ", ".join(facts["not_assessed"]) != ""
    assert (values["soft_max_exclusive"], values["hard_max_exclusive"]) == ("false", "true")
    assert values["soft_max"] == facts["limits"]["governed_by"]["soft_max"]
    assert (values["age_years"], values["dose_g_per_kg"], values["infusion_hours"]) == (71, 1, 4)


def test_each_sheet_has_a_frozen_header_a_table_and_prints_on_landscape(book):
    assert book.sheetnames == ["Summary", "Worklist", "Findings", "Not read", "Schedules", "As written", "Values"]
    for page in book:
        assert page.freeze_panes.endswith("2"), page.title
        assert not page.auto_filter.ref, page.title
        (table,) = page.tables.values()
        assert page.max_row in (int(table.ref.rpartition(":")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), 1), page.title
        assert page.print_title_rows == "$1:$1"
        assert (page.page_setup.orientation, int(page.page_setup.paperSize)) == ("landscape", 9)
        assert page.page_setup.scale >= 66, "letters that can be read"
        assert all(page.column_dimensions[cell.column_letter].width >= 6 for cell in page[1])


def test_a_wrapped_row_is_high_enough_for_its_lines(book):
    """LibreOffice shows the first line alone of a row that does not say how high it is."""
    page = book["Worklist"]
    heights = {
        row["order_id"].value: page.row_dimensions[row["order_id"].row].height for row in rows_of(book, "Worklist")
    }
    assert heights["STOP"] >= 4 * 13 and heights["STOP"] > heights["missing"]
    assert rows_of(book, "Worklist")[0]["findings"].alignment.wrap_text


def test_the_same_report_gives_the_same_workbook(varied):
    """But for the time at which openpyxl says that it was last modified; another day nothing is otherwise but the time."""
    core = "docProps/core.xml"
    later = copy.deepcopy(varied)
    later["run"]["started"] = "2026-11-23T03:00:00+00:00"
    parts, again, other = parts_of(varied), parts_of(copy.deepcopy(varied)), parts_of(later)
    for said, day in ((parts, b"22"), (again, b"22"), (other, b"23")):
        assert b"2026-11-" + day + b"T03:00:00Z</dcterms:created>" in said.pop(core)
    assert parts == again
    assert [name for name in parts if parts[name] != other[name]] == ["xl/worksheets/sheet1.xml"]


def test_a_run_without_orders_has_its_sheets_and_notices():
    said = reported()
    book = opened(said)
    assert [cell.value for cell in book["Summary"]["B"][2:7]] == [0] * 5
    assert [page.max_row for page in book][1:3] == [1, 1]
    assert len(rows_of(book, "Not read")) == len(said["notices"])


def test_more_rows_than_excel_has_are_refused_and_none_is_dropped(monkeypatch):
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 4)

    def file_of(n: int) -> bytes:
        sheet = Sheet("Orders", [("Order", 10.0)], [(Text("RX"),)] * n, n)
        return render_sheets([sheet], title="", made=STARTED, footer="")

    assert openpyxl.load_workbook(io.BytesIO(file_of(3)))["Orders"].max_row == 4
    with pytest.raises(OutputError, match=r"Orders.*4 rows.*\.csv"):
        file_of(4)


@pytest.fixture
def temporary(monkeypatch, tmp_path) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_temporary_files_are_their_owners_alone_and_gone_at_the_end(monkeypatch, temporary):
    removed = []
    remove = os.remove

    def look(path, **more):
        if Path(path).parent.parent == temporary:
            removed.append((Path(path).stat().st_mode & 0o777, Path(path).read_bytes()))
        remove(path, **more)

    monkeypatch.setattr(os, "remove", look)
    content = render_xlsx(reported({**CALM, "patient_id": "PATIENT-4711"}))
    assert [mode for mode, _ in removed] == [0o600] * 7
    assert [content for _, content in removed if b"4711" in content]
    assert not list(temporary.iterdir())
    assert openpyxl.load_workbook(io.BytesIO(content))["Worklist"]["C2"].value == "PATIENT-4711"


@pytest.mark.filterwarnings("error")
def test_no_temporary_file_is_left_after_an_error(monkeypatch, temporary):
    first = Sheet("First", [("Patient", 10.0)], [(Text("PATIENT-4711"),)], 1)

    def stopping() -> Iterator[tuple[Text]]:
        yield (Text("PATIENT-4711"),)
        raise KeyboardInterrupt

    second = Sheet("Second", [("Patient", 10.0)], stopping(), 9)
    with pytest.raises(KeyboardInterrupt):
        render_sheets([first, second], title="", made=STARTED, footer="")
    assert not list(temporary.iterdir())

    wrong = Sheet("Wrong", [("Patient", 10.0)], [(Text("PATIENT-4711", "no such style"),)], 1)
    with pytest.raises(KeyError):
        render_sheets([first, wrong], title="", made=STARTED, footer="")
    assert not list(temporary.iterdir())

    wider = Sheet("Wider", [("Patient", "no width")], [], 0)
    with pytest.raises(TypeError):
        render_sheets([first, wider], title="", made=STARTED, footer="")
    assert not list(temporary.iterdir())

    def full(*_: object) -> None:
        assert len(list(temporary.glob("*/*"))) == 1
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(OutputError, match="No space left on device"):
        render_sheets([first], title="", made=STARTED, footer="")
    assert not list(temporary.iterdir())
    gc.collect()


def test_a_folder_for_temporary_files_that_is_not_there_is_an_error_of_the_output(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(OutputError, match="temporary"):
        render_xlsx(reported(CALM))


def test_importing_the_module_does_not_import_openpyxl():
    asked = "import sys, ivigcheck.report.xlsx; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
