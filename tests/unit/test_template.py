"""The order sheet to fill in: what is written into it is read back, and its example is an order without a finding."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import typer
from conftest import AS_OF, GOOD, codes
from openpyxl.utils import range_boundaries
from typer.testing import CliRunner

from ivigcheck import pipeline
from ivigcheck.cli.template import template, write_template
from ivigcheck.columns import COLUMNS, Column
from ivigcheck.errors import OutputError, UsageError
from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.knowledge.facts import Site
from ivigcheck.normalise.spellings import read_answer, read_indication, read_product
from ivigcheck.orders import NO, UNKNOWN, YES
from ivigcheck.pipeline import Checked, check_files, order_columns
from ivigcheck.report import order_facts
from ivigcheck.report.template_fields import cut_for_excel, template_fields
from ivigcheck.report.xlsx_template import render_template
from ivigcheck.units import UNITS

MADE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LAST_ROW = 1_048_576
NAMES = [column.name for column in order_columns(built_in()) if column.kind != "unit"]
KINDS = {column.name: column.kind for column in order_columns(built_in())}


@pytest.fixture(scope="module")
def made() -> bytes:
    return render_template(built_in(), MADE)


@pytest.fixture
def book(made) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(made))


def at_site(**site: Any) -> Knowledge:
    """The built-in knowledge under a site's policy."""
    knowledge = built_in()
    return replace(knowledge, policy=replace(knowledge.policy, site=Site(**site)))


def checked(
    content: bytes | openpyxl.Workbook, folder: Path, *, as_of: date = AS_OF, knowledge: Knowledge | None = None
) -> Checked:
    path = folder / "orders.xlsx"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content.save(path)
    return check_files([path], as_of, knowledge=knowledge)


def verdicts(said: Checked) -> list[dict[str, Any]]:
    return [order_facts(said, i) for i in range(said.orders.n)]


def fill_in(book: openpyxl.Workbook, orders: Sequence[Mapping[str, Any]]) -> openpyxl.Workbook:
    """Writes the orders below the example, each cell in the format that its column gives it, or (value, format) where
    Excel changes the format as it reads what was typed."""
    page = book["Orders"]
    at = {cell.value: cell.column for cell in page[1]}
    for row, order in enumerate(orders, start=3):
        for name, value in order.items():
            cell = page.cell(row, at[name])
            cell.number_format = page.column_dimensions[cell.column_letter].number_format
            cell.value, cell.number_format = value if isinstance(value, tuple) else (value, cell.number_format)
    return book


# What is in it


def test_every_column_but_those_of_units_is_there_once_under_its_own_name(book):
    page = book["Orders"]
    assert [cell.value for cell in page[1]] == NAMES
    assert {"weight", "diabetes", "last_ivig_date"} < set(NAMES) and not {"weight_unit", "rate_unit"} & set(NAMES)
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref is None


def test_a_new_column_and_a_new_question_appear_by_themselves(monkeypatch):
    novel = Column("novel_number", "quantity", "Something new.", quantity="dose")
    strange = Column("novel_kind", "a kind of its own", "Something quite new.")  # type: ignore[arg-type]
    monkeypatch.setattr(pipeline, "COLUMNS", (*COLUMNS, novel, strange))
    knowledge = built_in()
    question = replace_struct(knowledge.questions[0], name="novel_risk", title="A novel risk", headers=())
    knowledge = replace(knowledge, questions=(*knowledge.questions, question))
    fields = {field.header: field for field in template_fields(knowledge)}
    assert fields["novel_risk"].example == "no" and fields["novel_risk"].options == ("yes", "no", "unknown")
    assert fields["novel_number"].accepted == "a number with its unit: g, g/kg, mg, mg/kg"
    assert fields["novel_kind"].prompt == "Something quite new."


def replace_struct(entry: Any, **changes: Any) -> Any:
    return type(entry)(**({name: getattr(entry, name) for name in entry.__struct_fields__} | changes))


@pytest.mark.parametrize(
    ("kind", "number_format"),
    [
        *((kind, "@") for kind in ("id", "indication", "product", "choice")),
        *((kind, "General") for kind in ("quantity", "number", "answer")),
        ("date", "yyyy-mm-dd"),
    ],
)
def test_a_column_has_the_format_in_which_what_is_typed_stays_what_it_is(book, kind, number_format):
    page = book["Orders"]
    of_kind = [cell for cell in page[1] if KINDS[cell.value] == kind]
    assert of_kind
    for head in of_kind:
        assert page.column_dimensions[head.column_letter].number_format == number_format
        assert page.cell(2, head.column).number_format == number_format


def test_needed_columns_and_questions_of_every_order_are_told_apart_by_more_than_colour(book):
    heads = {cell.value: cell for cell in book["Orders"][1]}
    looks = {name: (cell.font.b, cell.font.color.rgb[2:], cell.fill.fgColor.rgb[2:]) for name, cell in heads.items()}
    needed = {column.name for column in COLUMNS if column.needed} | {"age_years", "birth_date"}
    asked = {question.name for question in built_in().questions if question.seed}
    assert {name for name, look in looks.items() if look == looks["max_rate"]} == needed
    assert {name for name, look in looks.items() if look == looks["diabetes"]} == asked
    assert looks["max_rate"][:2] == (True, "FFFFFF") and looks["diabetes"][:2] == (True, "000000")
    assert {look[0] for name, look in looks.items() if name not in needed | asked} == {False}
    assert len({background for *_, background in looks.values()}) == 3


def test_no_header_is_cut_off_and_none_is_absurdly_wide(book):
    page = book["Orders"]
    for cell in page[1]:
        width = page.column_dimensions[cell.column_letter].width
        assert max(11, len(cell.value) + 2) <= width <= 40


def test_nothing_in_it_is_a_formula(book):
    assert {cell.data_type for page in book for row in page.iter_rows() for cell in row} <= {"s", "n"}
    headers = {"weight": (("=weight", ""),), "patient_id": (("@patient", ""),)}
    site = openpyxl.load_workbook(io.BytesIO(render_template(at_site(headers=headers), MADE)))
    cells = {cell.value: cell.data_type for cell in site["Orders"][1]}
    assert cells["=weight"] == cells["@patient"] == "s"


def test_the_same_knowledge_gives_the_same_workbook(made):
    """But for the time at which openpyxl says that it was last modified."""
    first, second = (zipfile.ZipFile(io.BytesIO(content)) for content in (made, render_template(built_in(), MADE)))
    assert first.namelist() == second.namelist()
    for name in first.namelist():
        if name != "docProps/core.xml":
            assert first.read(name) == second.read(name), name
    assert b"2026-11-22T03:00:00Z</dcterms:created>" in first.read("docProps/core.xml")


# Drop-downs and prompts


def validations(book: openpyxl.Workbook) -> dict[str, tuple[Any, Any]]:
    """Column -> the validation of its header, and that of its cells."""
    page = book["Orders"]
    given = {str(each.sqref): each for each in page.data_validations.dataValidation}
    assert len(given) == page.data_validations.count == 2 * len(NAMES)
    return {
        head.value: (given[head.coordinate], given[f"{head.column_letter}2:{head.column_letter}{LAST_ROW}"])
        for head in page[1]
    }


def offered(book: openpyxl.Workbook, formula: str) -> list[str]:
    """The texts that a list validation offers."""
    sheet, _, cells = formula.partition("!")
    left, top, right, bottom = range_boundaries(cells)
    assert left == right
    return [book[sheet].cell(row, left).value for row in range(top, bottom + 1)]


def test_a_drop_down_offers_a_whole_list_on_a_visible_sheet(book):
    lists = book["Lists"]
    assert [page.sheet_state for page in book] == ["visible"] * 3
    for name, (_, cells) in validations(book).items():
        assert (cells.type == "list") == (KINDS[name] in ("answer", "indication", "product", "choice")), name
        if cells.type == "list":
            texts = offered(book, cells.formula1)
            assert len(set(texts)) == len(texts) >= 2 and all(texts), name
            _, _, column, bottom = range_boundaries(cells.formula1.partition("!")[2])
            assert lists.cell(bottom + 1, column).value is None, "the list goes on below"


def test_what_a_drop_down_offers_is_read(book):
    knowledge = built_in()
    drop_downs = {name: offered(book, cells.formula1) for name, (_, cells) in validations(book).items() if cells.type}
    by_kind = {kind: [texts for name, texts in drop_downs.items() if KINDS[name] == kind] for kind in KINDS.values()}
    assert {tuple(map(read_answer, texts)) for texts in by_kind["answer"]} == {(YES, NO, UNKNOWN)}
    for texts in by_kind["indication"]:
        assert [read_indication(text, knowledge) for text in texts] == list(range(len(knowledge.indications)))
    for texts in by_kind["product"]:
        read = [read_product(text, knowledge) for text in texts]
        assert {i for each in read for i in each.products} == set(range(len(knowledge.products)))
    for column in COLUMNS:
        if column.kind == "choice":
            meanings = dict(column.choices)
            assert {meanings[text.casefold()] for text in drop_downs[column.name]} == set(meanings.values())


def test_nothing_is_refused_and_what_is_free_text_is_not_even_warned_of(book):
    for name, (head, cells) in validations(book).items():
        assert not head.type and not head.showErrorMessage
        assert cells.errorStyle == "warning" if cells.showErrorMessage else True, name
        assert bool(cells.showErrorMessage) == (KINDS[name] in ("answer", "choice")), name
        assert not cells.showDropDown, "which hides the arrow"
        assert cells.allowBlank


def test_each_column_says_what_it_holds_within_the_limits_of_excel(book):
    meanings = {column.name: column.meaning for column in order_columns(built_in())}
    for name, pair in validations(book).items():
        for each in pair:
            assert each.showInputMessage
            assert each.promptTitle == name and len(name) <= 32
            assert each.prompt.startswith(meanings[name]) and len(each.prompt) <= 255
            assert len(each.formula1 or "") <= 255 and len(each.error or "") <= 225 and len(each.errorTitle or "") <= 32
    prompts = {name: cells.prompt for name, (_, cells) in validations(book).items()}
    assert prompts["max_rate"].endswith(" mL/h, mg/h, g/h. Example: 384 mL/h") and " Needed. " in prompts["max_rate"]
    assert "Asked of every order." in prompts["diabetes"] and "Asked" not in prompts["sepsis"]
    assert "One of these is needed: age_years, birth_date." in prompts["birth_date"]
    assert "Example" not in prompts["diabetes"], "an example of an answer would suggest it"


def test_a_prompt_without_room_for_the_units_sends_to_the_notes(monkeypatch):
    long = Column("long", "quantity", "A long story. " * 12, quantity="rate")
    monkeypatch.setattr(pipeline, "COLUMNS", (*COLUMNS, long, replace(long, name="longer", meaning="x" * 400)))
    fields = {field.header: field for field in template_fields(built_in())}
    assert fields["long"].prompt.endswith("Example: 0.5 mg/kg/min See the sheet Notes.")
    assert len(fields["longer"].prompt) == 255


def test_excel_counts_utf_16_units():
    assert cut_for_excel("🩸" * 4, 8) == "🩸" * 4
    assert cut_for_excel("🩸" * 5, 8) == "🩸" * 3 + "…"
    assert cut_for_excel("abcdef", 4) == "abc…"


# Notes


def notes(book: openpyxl.Workbook) -> dict[str, list[Any]]:
    """First cell of each row of the notes -> the others: of the columns, and what is said before them."""
    rows = [[cell.value for cell in row] for row in book["Notes"].iter_rows(min_row=2)]
    firsts = [first for first, *_ in rows]
    columns = firsts[firsts.index("Column") + 1 :]
    assert columns == [cell.value for cell in book["Orders"][1]]
    return {first: rest for first, *rest in rows if first}


def test_the_notes_explain_every_column(book):
    said = notes(book)
    for column in order_columns(built_in()):
        if column.kind != "unit":
            assert said[column.name][0] == column.meaning
            if column.quantity:
                names = dict.fromkeys(unit.name for unit in UNITS[column.quantity].values())
                assert ", ".join(names) in said[column.name][1]
    assert said["weight"][1:] == ["a number with its unit: kg, lb", "needed", "80 kg"]
    assert said["height_cm"][1] == "a bare number, in cm, or with its unit: cm"
    assert said["diabetes"][2] == "asked of every order"
    assert said["birth_date"][1:3] == [
        "a date, year first: 1955-03-02",
        "one of these is needed: age_years, birth_date",
    ]


def test_the_notes_say_what_is_easily_got_wrong(book):
    said = {name: row[0] for name, row in notes(book).items()}
    assert "Row 2 is an invented example" in said["Rows"]
    assert "Undocumented is not no" in said["Risk questions"]
    assert "unit" in said["Numbers"] and "point" in said["Decimals"] and "1955-03-02" in said["Dates"]
    assert "ivigcheck batch" in said["Afterwards"]
    assert said["weight, dosing_weight"] == "kg, lb"
    assert "At this site" not in said


def test_the_notes_say_where_a_blank_means_no():
    knowledge = at_site(absent_means_no=frozenset({"sepsis", "diabetes"}))
    said = notes(openpyxl.load_workbook(io.BytesIO(render_template(knowledge, MADE))))
    assert said["At this site"][0].endswith("a blank answer means no to these: diabetes, sepsis.")


# What is read back


@pytest.mark.parametrize("year", range(2026, 2041))
def test_the_untouched_template_is_one_order_that_passes_without_a_finding_on_any_day(made, tmp_path, year):
    (order,) = verdicts(checked(made, tmp_path, as_of=date(year, 2, 28)))
    assert (order["status"], order["findings"]) == ("PASS", [])
    assert (order["order_id"], order["patient_id"]) == ("EXAMPLE-1", "TEST-1")
    assert not order["undocumented"] and not order["not_assessed"]
    limits, ordered = order["limits"], order["ordered"]
    assert ordered["start_rate_mg_per_kg_min"] == limits["start_mg_per_kg_min"]
    assert ordered["max_rate_mg_per_kg_min"] == pytest.approx(limits["soft_max_mg_per_kg_min"], rel=0.01)
    assert (ordered["weight_kg"], ordered["age_years"], ordered["height_cm"]) == (80, 40, 170)


def test_the_example_looks_like_one_and_nothing_else_does(book):
    page = book["Orders"]
    assert page.max_row == 2
    assert {cell.fill.fgColor.rgb for cell in page[2]} == {"00EDEDED"} and all(cell.font.i for cell in page[2])
    assert not any(cell.quotePrefix for cell in page[2]), "what overwrites it would stay text"
    assert isinstance(page.cell(2, NAMES.index("age_years") + 1).value, int)


def test_without_the_example_there_is_no_order_and_no_error(book, tmp_path):
    book["Orders"].delete_rows(2)
    assert checked(book, tmp_path).orders.n == 0


TYPED: Sequence[dict[str, Any]] = (
    {**GOOD, "order_id": "00123", "patient_id": "NA"},
    {  # what Excel makes of 0042, 40, 10%, TRUE and FALSE, and of a date
        **{name: False for name in GOOD if KINDS[name] == "answer"},
        "order_id": "0042",
        "patient_id": "N/A",
        "indication": "primary immunodeficiency",
        "weight": "180 lb",
        "birth_date": date(1986, 3, 2),
        "product": "Privigen",
        "concentration": (0.1, "0%"),
        "start_rate": "0.5 mg/kg/min",
        "max_rate": "120 mL/h",
        "ordered_at": datetime(2026, 11, 22, 8, 30),
    },
    {
        **{name: "N" for name in GOOD if KINDS[name] == "answer"},
        "order_id": 123,
        "patient_id": "1E5",
        "indication": "G61.81",
        "weight": "82 kg",
        "birth_date": "1986-03-02",
        "product": "Gamunex-C 10%",
        "start_rate": "0.6 mL/kg/h",
        "max_rate": "2.5 mL/kg/h",
        "height_cm": 170.5,
        "sex": "m",
    },
    {
        **{name: 0 for name in GOOD if KINDS[name] == "answer"},
        "order_id": "=1+1",
        "patient_id": "12-03",
        "indication": "pi",
        "weight": "70.5 kg",
        "age_years": 40.5,
        "product": "panzyga",
        "start_rate": "1 mg/kg/min",
        "max_rate": "3 mg/kg/min",
        "ordered_at": (date(2026, 11, 22), "dd/mm/yyyy"),
        "sex": "female",
    },
)


def test_what_is_filled_in_is_read_back_without_a_finding(book, tmp_path):
    fill_in(book, TYPED)
    at = {cell.value: cell.column for cell in book["Orders"][1]}
    book["Orders"].cell(6, at["order_id"]).data_type = "s"  # typed into a cell of text, it is no formula
    _, *orders = verdicts(checked(book, tmp_path))
    assert [codes(order) for order in orders] == [[], [], [], []]
    assert [order["order_id"] for order in orders] == ["00123", "0042", "123", "=1+1"]
    assert [order["patient_id"] for order in orders] == ["NA", "N/A", "1E5", "12-03"]
    assert [order["status"] for order in orders] == ["PASS"] * 4
    said = [order["ordered"] for order in orders]
    assert [round(order["weight_kg"], 2) for order in said] == [80, 81.65, 82, 70.5]
    assert [order["age_years"] for order in said] == [40] * 4
    assert [order["indication"] for order in said] == ["PI", "PI", "CIDP", "PI"]
    assert [order["product"] for order in said] == ["Gamunex-C 10%", "Privigen 10%", "Gamunex-C 10%", "Panzyga 10%"]
    assert [order["start_rate"] for order in said] == ["1 mg/kg/min", "0.5 mg/kg/min", "0.6 mL/kg/h", "1 mg/kg/min"]


def test_an_order_gets_the_findings_that_it_deserves_and_no_other(book, tmp_path):
    spoilt = (
        {**GOOD, "order_id": "1", "diabetes": None},
        {**GOOD, "order_id": "2", "weight": 80},
        {**GOOD, "order_id": "3", "max_rate": "9.5 mg/kg/min"},
        {**GOOD, "order_id": "4", "age_years": None, "birth_date": "03/02/1986"},
    )
    _, *orders = verdicts(checked(fill_in(book, spoilt), tmp_path))
    assert [codes(order)[0] for order in orders] == ["IVG904", "IVG902", "IVG101", "IVG902"]
    assert [order["status"] for order in orders] == ["REVIEW", "UNCHECKED", "STOP", "UNCHECKED"]


# A site's own policy

HEADERS = {
    "patient_id": (("Patientennummer", ""), ("Fallnummer", "")),
    "weight": (("Gewicht (lb)", "lb"), ("Gewicht", "")),
    "max_rate": (("Höchstrate mg/min", "mg/min"),),
    "start_rate": (("Startrate in mL/kg/h", "mL/kg/h"),),
    "dose": (("Dosis g", "g"),),
    "height_cm": (("Größe", "cm"),),
    "diabetes": (("Diabetes bekannt?", ""),),
}


def test_a_sites_own_headers_are_used_and_what_states_a_unit_takes_bare_numbers(tmp_path):
    knowledge = at_site(headers=HEADERS)
    content = render_template(knowledge, MADE)
    book = openpyxl.load_workbook(io.BytesIO(content))
    heads = [cell.value for cell in book["Orders"][1]]
    assert heads == [HEADERS[name][0][0] if name in HEADERS else name for name in NAMES]
    row = dict(zip(heads, (cell.value for cell in book["Orders"][2]), strict=True))
    assert row["Gewicht (lb)"] == 176
    assert all(isinstance(row[HEADERS[name][0][0]], (int, float)) for name in ("max_rate", "start_rate", "dose"))
    assert notes(book)["Gewicht (lb)"][1:] == ["a bare number, in lb", "needed", "176"]
    (order,) = verdicts(checked(content, tmp_path, knowledge=knowledge))
    assert (order["status"], order["findings"], order["patient_id"]) == ("PASS", [], "TEST-1")
    assert order["ordered"]["max_rate"].endswith("mg/min") and order["ordered"]["start_rate"].endswith("mL/kg/h")
    assert round(order["ordered"]["weight_kg"], 1) == 79.8


@pytest.mark.parametrize("unit", sorted({unit.name for unit in UNITS["rate"].values()}))
def test_the_example_is_right_in_every_unit_that_a_header_may_state(tmp_path, unit):
    headers = {name: ((f"{name} {unit}", unit),) for name in ("max_rate", "start_rate", "reaction_rate")}
    headers["dose"] = (("dose mg", "mg"),)
    knowledge = at_site(headers=headers)
    (order,) = verdicts(checked(render_template(knowledge, MADE), tmp_path, knowledge=knowledge))
    assert (order["status"], order["findings"]) == ("PASS", [])
    limits, ordered = order["limits"], order["ordered"]
    for ordered_rate, limit in (("start_rate", "start"), ("max_rate", "soft_max")):
        rate, most = ordered[f"{ordered_rate}_mg_per_kg_min"], limits[f"{limit}_mg_per_kg_min"]
        assert 0.98 * most < rate <= most * (1 + 1e-9)


def stocking(*brands: str) -> Knowledge:
    products = built_in().products
    return at_site(products_in_use=frozenset(i for i, product in enumerate(products) if product.brand in brands))


def test_the_example_keeps_to_a_sites_own_limits_and_products(tmp_path):
    knowledge = stocking("Carimune NF", "Privigen")  # the first has no concentration of its own
    policy = replace(knowledge.policy, ceiling=1.7, other_start_rate=0.3, start_rates={"PI": 0.3})
    knowledge = replace(knowledge, policy=policy)
    (order,) = verdicts(checked(render_template(knowledge, MADE), tmp_path, knowledge=knowledge))
    assert (order["status"], order["findings"]) == ("PASS", [])
    assert order["ordered"]["product"] == "Privigen 10%"
    assert order["ordered"]["start_rate_mg_per_kg_min"] == 0.3
    assert order["ordered"]["max_rate_mg_per_kg_min"] == pytest.approx(1.7, rel=0.01)


def test_where_every_product_of_a_site_has_a_finding_the_example_has_the_fewest(tmp_path):
    knowledge = stocking("Octagam")  # it contains maltose, of which the report informs
    (order,) = verdicts(checked(render_template(knowledge, MADE), tmp_path, knowledge=knowledge))
    assert (order["status"], codes(order)) == ("PASS", ["IVG209"])
    assert order["ordered"]["product"].startswith("Octagam")


def test_a_site_that_stocks_only_what_has_no_concentration_of_its_own_has_another_example(tmp_path):
    knowledge = stocking("Carimune NF")
    (order,) = verdicts(checked(render_template(knowledge, MADE), tmp_path, knowledge=knowledge))
    assert (order["status"], order["ordered"]["max_rate"] is not None) == ("PASS", True)


# The command


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(template)
    return app


def test_the_command_writes_a_private_workbook_and_says_what_is_next(app, tmp_path, private_umask):
    path = tmp_path / "my orders.xlsx"
    run = CliRunner().invoke(app, [str(path)])
    assert (run.exit_code, run.exception) == (0, None)
    first, second = run.stdout.splitlines()
    assert first == f"written: {path}"
    assert second.endswith(f"ivigcheck batch '{path}'")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (order,) = verdicts(check_files([path], AS_OF))
    assert order["findings"] == []
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_another_ending_is_a_wrong_command_line(tmp_path):
    for name in ("orders.csv", "orders", "orders.xlsm", "xlsx"):
        with pytest.raises(UsageError, match=r"not \.xlsx"):
            template(tmp_path / name)
    assert not list(tmp_path.iterdir())
    assert template(tmp_path / "ORDERS.XLSX") == 0


def test_what_is_there_is_overwritten_only_where_asked(app, tmp_path):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"last week's orders")
    with pytest.raises(OutputError, match=r"is there already.*--force"):
        template(path)
    assert path.read_bytes() == b"last week's orders"
    assert CliRunner().invoke(app, [str(path), "--force"]).exit_code == 0
    assert zipfile.is_zipfile(path)


def test_what_cannot_be_written_is_said_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setattr("ivigcheck.report.xlsx_template.render_template", None)
    with pytest.raises(OutputError, match="does not exist"):
        template(tmp_path / "none" / "orders.xlsx")
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="symbolic link"):
        template(tmp_path / "link.xlsx", force=True)


def test_the_command_takes_a_sites_knowledge(tmp_path):
    path = tmp_path / "orders.xlsx"
    assert write_template(path, at_site(headers=HEADERS), force=False) == 0
    assert openpyxl.load_workbook(path)["Orders"]["B1"].value == "Patientennummer"


def test_the_command_does_not_import_openpyxl_before_it_writes():
    asked = "import sys, ivigcheck.cli.template, ivigcheck.report.xlsx_template; sys.exit('openpyxl.workbook' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
