"""Workbooks to a table: every kind of cell, every trap of the format, and the same orders as from CSV."""

from __future__ import annotations

import io
import random
import re
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from ivigcheck.columns import COLUMNS, Column, question_column
from ivigcheck.errors import InputError
from ivigcheck.intake import Table, archive, read_inputs

ALL: tuple[Column, ...] = (*COLUMNS, question_column("diabetes", "Diabetes", ()))
BASE: dict[str, Any] = {
    "order_id": "A1", "patient_id": "00123", "indication": "ITP", "weight_kg": 80, "birth_date": date(1955, 3, 2),
    "max_rate": "240 mL/h", "concentration": "10%", "product": "X 10%", "diabetes": "no", "dose": "1 g/kg",
    "age": 70, "ward": "CANARY",
}  # fmt: skip
NAMES = list(BASE)
SHEET_XML = "xl/worksheets/sheet1.xml"


def book(*orders: dict[str, Any], formats: dict[str, str] | None = None) -> Workbook:
    """A workbook of orders that differ from the good one as said; formats of the columns' cells."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Orders"
    sheet.append(NAMES)
    for order in orders:
        sheet.append(list((BASE | order).values()))
    for name, number_format in (formats or {}).items():
        for cells in sheet.iter_rows(min_row=2, min_col=NAMES.index(name) + 1, max_col=NAMES.index(name) + 1):
            cells[0].number_format = number_format
    return workbook


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


def read(path: Path, content: Workbook | bytes | None = None, **options: Any) -> Table:
    if isinstance(content, Workbook):
        content.save(path)
    elif content is not None:
        path.write_bytes(content)
    return read_inputs([path], columns=ALL, **options)[0]


def edited(workbook: Workbook, edits: dict[str, Callable[[str], str] | None], **added: str) -> bytes:
    """The workbook's bytes with members rewritten, dropped (None) or added (by their names with "__" for "/")."""
    source, target = io.BytesIO(), io.BytesIO()
    workbook.save(source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            edit = edits.get(name, str)
            if edit is not None:
                text = old.read(name).decode()
                changed = edit(text)
                assert name not in edits or changed != text, "the edit found nothing to change"
                new.writestr(name, changed)
        for name, text in added.items():
            new.writestr(name.replace("__", "/"), text)
    return target.getvalue()


def cell(name: str, row: int = 2) -> str:
    return f"{chr(ord('A') + NAMES.index(name))}{row}"


def put(name: str, xml: str) -> dict[str, Callable[[str], str] | None]:
    """Edits that replace the XML of row 2's cell of a column. {r} stands for its reference."""
    at = cell(name)
    return {
        SHEET_XML: lambda text: re.sub(rf'<c r="{at}".*?</c>', lambda _: xml.replace("{r}", f'r="{at}"'), text, count=1)
    }


def said(table: Table, name: str, index: int = 0) -> str:
    """The cell's text, or its reason in angle brackets."""
    for bad in table.bad_cells.get(index, ()):
        if bad.column == name:
            assert table.cells[name][index] == ""
            return f"<{bad.reason}>"
    return table.cells[name][index]


def test_the_same_orders_come_out_of_a_workbook_and_of_a_csv_file(path: Path, tmp_path: Path) -> None:
    workbook = read(path, book({}, {"order_id": "A2", "weight_kg": 70.5, "diabetes": True}))
    text = tmp_path / "orders.csv"
    rows = ["A1,00123,ITP,80,1955-03-02,240 mL/h,10%,X 10%,no,1 g/kg,70,w",
            "A2,00123,ITP,70.5,1955-03-02,240 mL/h,10%,X 10%,yes,1 g/kg,70,w"]  # fmt: skip
    text.write_text("\n".join([",".join(NAMES), *rows]) + "\n")
    plain = read_inputs([text], columns=ALL)[0]
    assert workbook.cells == plain.cells
    assert workbook.headers == plain.headers
    assert (workbook.headers["weight"], workbook.headers["age_years"]) == ("weight_kg", "age")
    assert (workbook.rows, workbook.header_units, workbook.ignored) == (plain.rows, plain.header_units, plain.ignored)
    assert (workbook.sheet, workbook.notices, workbook.bad_cells) == ("Orders", (), {})


@pytest.mark.parametrize(
    ("column", "value", "number_format", "expected"),
    [
        ("patient_id", "00123", "General", "00123"),
        ("patient_id", " 00123 ", "General", "00123"),
        ("patient_id", 123, "General", "123"),
        ("patient_id", 123, "00000000", "00000123"),
        ("patient_id", 123.0, "0", "123"),
        ("patient_id", 1234, "#,##0", "1234"),
        ("patient_id", 123456789012345, "General", "123456789012345"),
        ("patient_id", 1234567890123456, "General", "<at most 15 digits (cell B2)"),
        ("patient_id", 12.5, "General", "<whole one"),
        ("patient_id", -12, "General", "<whole one"),
        ("patient_id", 123, "000-000", "<format shows something else"),
        ("patient_id", 123, "000,000", "<format shows something else"),
        ("patient_id", 123, '"MRN "0', "<format shows something else"),
        ("patient_id", 1, "0%", "<holds a percentage where a text belongs"),
        ("patient_id", True, "General", "<holds a true/false value where a text belongs"),
        ("patient_id", date(2026, 1, 2), "yyyy-mm-dd", "<holds a date where a text belongs"),
        ("weight_kg", 80, "General", "80"),
        ("weight_kg", 70.1, "0", "70.1"),
        ("weight_kg", 1e-7, "General", "0.0000001"),
        ("weight_kg", 1e22, "General", "10000000000000000000000"),
        ("weight_kg", -80, "General", "-80"),
        ("weight_kg", 80, "#,##0.00_);[Red](#,##0.00)", "80"),
        ("weight_kg", 180, '0 "lb"', "180 lb"),
        ("weight_kg", 180, "0.0\\ [$lbs]", "180 lb"),
        ("weight_kg", 80, '0 "stone"', "<shows other text (cell D2)"),
        ("weight_kg", 80000, "0,", "<shows another number"),
        ("weight_kg", 80, '[>50]0 "lb";0 "kg"', "<shows other text"),
        ("weight_kg", 80, '[<100]0 "kg";0 "kg"', "<shows other text"),
        ("weight_kg", 80, "[<=100]0;[>200]0.0%;0", "<shows other text"),
        ("weight_kg", 80, "[Red][<100]0.0;0.0", "80"),
        ("weight_kg", 80, '0;0;"none"', "80"),
        ("weight_kg", -80, '0;"80 kg"', "<shows other text"),
        ("weight_kg", 80, '"kg"', "<shows other text"),
        ("weight_kg", 80, ";;;", "<shows another number"),
        ("weight_kg", 0.8, "0%", "<holds a percentage where a number belongs (cell D2)"),
        ("weight_kg", "80 kg", "General", "80 kg"),
        ("weight_kg", True, "General", "<holds a true/false value where a number belongs"),
        ("weight_kg", datetime(2026, 1, 3), "d-mmm", "<holds a date where a number belongs"),
        ("weight_kg", clock(8, 30), "h:mm", "<holds a time of day where a number belongs"),
        ("weight_kg", timedelta(hours=80), "[h]:mm", "<holds a duration where a number belongs"),
        ("age", 70, "General", "70"),
        ("age", 0.7, "0%", "<holds a percentage where a number belongs"),
        ("concentration", 0.1, "0%", "10%"),
        ("concentration", 0.055, "0.0%", "5.5%"),
        ("concentration", 0.07, "0%", "7%"),
        ("concentration", 0.1, '0%" w/v"', "<shows other text"),
        ("concentration", 0.1, "0%%", "<shows other text"),
        ("concentration", 0.1, "(0%)", "<shows other text"),
        ("concentration", 10, '0"%"', "10 %"),
        ("concentration", 10, "General", "10"),
        ("birth_date", date(1955, 3, 2), "dd/mm/yyyy", "1955-03-02"),
        ("birth_date", datetime(1955, 3, 2, 7, 5), "yyyy-mm-dd hh:mm", "1955-03-02T07:05:00"),
        ("birth_date", "02.03.1955", "General", "02.03.1955"),
        ("birth_date", 20150, "General", "<holds a number where a date belongs"),
        ("birth_date", clock(7, 5), "h:mm", "<holds a time of day where a date belongs"),
        ("diabetes", True, "General", "yes"),
        ("diabetes", False, "General", "no"),
        ("diabetes", 1, "General", "1"),
        ("diabetes", 0, "General", "0"),
        ("diabetes", 1, "0%", "<holds a percentage where yes or no belongs"),
        ("diabetes", 0, '0;0;"yes"', "<whose format shows something else (cell I2)"),
        ("diabetes", 0, '"no";"no";"yes"', "<whose format shows something else"),
        ("diabetes", 0, '"Yes";"Yes";"No"', "0"),
        ("diabetes", 1, '"Yes";"Yes";"No"', "1"),
        ("diabetes", 1, '"yes";;"no"', "1"),
        ("diabetes", 0, '[=0]"yes";"no"', "<whose format shows something else"),
        ("diabetes", 0, '[<1]"no";"yes"', "<whose format shows something else"),
        ("diabetes", 0, '0 "yes"', "<whose format shows something else"),
        ("diabetes", 0, "0;0;", "<whose format shows something else"),
        ("diabetes", 0, "#", "<whose format shows something else"),
        ("diabetes", 0, ";;;", "<whose format shows something else"),
        ("diabetes", 0, '0;-0;;"yes"', "<whose format shows something else"),
        ("diabetes", 0, '0;-0;0;"yes"', "0"),
        ("diabetes", 0, "[Red]0", "0"),
        ("diabetes", date(2026, 1, 1), "yyyy-mm-dd", "<holds a date where yes or no belongs"),
        ("indication", 693, "General", "693"),
        ("indication", 693, '"D"0', "<whose format shows something else"),
        ("product", 10, '"Brand "0', "<whose format shows something else"),
        ("indication", True, "General", "<holds a true/false value"),
        ("product", 123, "00000", "00123"),
        ("product", date(2026, 1, 1), "yyyy-mm-dd", "<holds a date where a text belongs"),
        ("dose", "  ", "General", ""),
    ],
)
def test_a_cell_says_what_it_shows_or_why_it_says_nothing(
    path: Path, column: str, value: object, number_format: str, expected: str
) -> None:
    """H-13, H-14: an id's zeros and digits; H-36: a date that a spreadsheet made of a number."""
    table = read(path, book({column: value}, formats={column: number_format}))
    text = said(table, {"weight_kg": "weight", "age": "age_years"}.get(column, column))
    if expected.startswith("<"):
        assert text.startswith("<")
        assert expected[1:] in text
    else:
        assert text == expected
    assert "CANARY" not in repr(table)


@pytest.mark.parametrize("code", ["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"])
def test_an_error_cell_is_unreadable_and_says_which_error_where(path: Path, code: str) -> None:
    """H-16."""
    content = edited(book({}), put("weight_kg", f'<c {{r}} t="e"><v>{code}</v></c>'))
    assert said(read(path, content), "weight") == f"<holds {code} (cell D2): correct the formula or write the value.>"


def test_what_stands_in_an_error_cell_is_printed_only_if_it_is_an_error_code(path: Path) -> None:
    content = edited(book({}), put("weight_kg", '<c {r} t="e"><v>DOE JOHN</v></c>'))
    assert "DOE" not in said(read(path, content), "weight")


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<c {r}><f>40*2</f><v>80</v></c>", "80"),
        ('<c {r} t="str"><f>"80 kg"</f><v>80 kg</v></c>', "80 kg"),
        ('<c {r} t="str"><f>""</f><v></v></c>', ""),
        ("<c {r}><f>40*2</f></c>", "formula without a stored result (cell D2)"),
        ('<c {r} t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
    ],
)
def test_a_formula_stands_for_its_stored_result_and_without_one_is_unreadable(
    path: Path, xml: str, expected: str
) -> None:
    """H-15."""
    text = said(read(path, edited(book({}), put("weight_kg", xml))), "weight")
    assert text == expected if not expected.startswith(("f", "#")) else expected in text


def test_openpyxls_own_formula_cells_have_no_stored_result(path: Path) -> None:
    assert "without a stored result" in said(read(path, book({"weight_kg": "=40*2"})), "weight")


@pytest.mark.parametrize(
    "xml",
    ['<c {r} t="s"><v>-1</v></c>', "<c {r}><v>8_0</v></c>", "<c {r}><v>nan</v></c>", '<c {r} t="b"><v>2</v></c>',
     "<c {r}><v>80</v><v>180</v></c>", "<c {r}><v>8<x/>0</v></c>", "<c {r}><w>80</w></c>", "<c {r}><t>80</t></c>",
     '<c {r} t="inlineStr"><is><t>80 kg</t></is><is><t>180 kg</t></is></c>', "<c {r}><is><t>80 kg</t></is></c>",
     '<c {r} t="inlineStr"><is><t>80 kg</t><t>180 kg</t></is></c>', '<c {r} t="inlineStr"><is><t>80<x/>0</t></is></c>',
     '<c {r} t="inlineStr"><is><r><t>8</t><t>0 kg</t></r></is></c>', '<c {r} t="inlineStr"><v>80</v></c>',
     "<c {r}><f>1</f><f>2</f><v>80</v></c>", "<d {r}><v>80</v></d>", "<x><c {r}><v>80</v></c></x>",
     '<c {r} t="s"><v>99999</v></c>', '<c {r} s="9999"><v>80</v></c>', '<c {r} s="-1"><v>80</v></c>'],
)  # fmt: skip
def test_a_cell_that_no_spreadsheet_writes_stops_the_run(path: Path, xml: str) -> None:
    with pytest.raises(InputError, match="damaged or not written by a spreadsheet"):
        read(path, edited(book({}), put("weight_kg", xml)))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("70.099999999999994", "70.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("8.05E1", "80.5"),
        ("80.0", "80"),
    ],
)
def test_a_number_is_the_shortest_text_of_what_is_stored(path: Path, stored: str, expected: str) -> None:
    assert said(read(path, edited(book({}), put("weight_kg", f"<c {{r}}><v>{stored}</v></c>"))), "weight") == expected


def test_a_number_beyond_all_numbers_is_unreadable(path: Path) -> None:
    assert said(read(path, edited(book({}), put("weight_kg", "<c {r}><v>1e400</v></c>"))), "weight").startswith("<")


def test_rich_and_shared_texts_are_read_whole(path: Path) -> None:
    rich = '<c {r} t="inlineStr"><is><r><t>80</t></r><r><t xml:space="preserve"> kg</t></r></is></c>'
    assert said(read(path, edited(book({}), put("weight_kg", rich))), "weight") == "80 kg"
    control = '<c {r} t="inlineStr"><is><t>80_x000B_ kg</t></is></c>'
    assert "control character" in said(read(path, edited(book({}), put("weight_kg", control))), "weight")


def test_dates_of_the_1904_system_are_the_dates_that_excel_shows(path: Path) -> None:
    """H-35."""
    workbook = book({})
    workbook.epoch = CALENDAR_MAC_1904
    table = read(path, workbook)
    assert "date1904" in zipfile.ZipFile(path).read("xl/workbook.xml").decode()
    assert table.cells["birth_date"] == ["1955-03-02"]


@pytest.mark.parametrize(
    "dimension", ['<dimension ref="A1:B2"/>', '<dimension ref="A1"/>', '<dimension ref="A1:XFD9"/>', ""]
)
def test_a_wrong_or_missing_dimension_record_loses_no_order(path: Path, dimension: str) -> None:
    """H-09."""
    content = edited(book({}, {}, {}), {SHEET_XML: lambda text: re.sub(r"<dimension[^>]*/>", dimension, text)})
    table = read(path, content)
    assert (table.rows, table.cells["dose"]) == ((2, 3, 4), ["1 g/kg"] * 3)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("</sheetData>", '<rows r="4"><c r="A4"><v>1</v></c></rows></sheetData>'),
        lambda text: re.sub(r'(<row r="3".*?</row>)', r"<group>\1</group>", text),
        lambda text: text.replace('<row r="3"', '<raw r="3"').replace("</row></sheetData>", "</raw></sheetData>"),
    ],
)
def test_whatever_is_no_row_among_the_rows_stops_the_run(path: Path, edit: Callable[[str], str]) -> None:
    """H-08."""
    with pytest.raises(InputError, match=r'orders\.xlsx, sheet "Orders": is damaged'):
        read(path, edited(book({}, {}), {SHEET_XML: edit}))


def test_what_excel_adds_to_a_row_or_a_cell_is_passed_over(path: Path) -> None:
    more = "<extLst><ext uri='x'/></extLst>"
    content = edited(
        book({}, {}),
        {
            SHEET_XML: lambda text: re.sub(
                r'(<c r="D2"[^>]*><v>80</v>)(</c>.*?)(</row>)', rf"\1{more}\2{more}\3", text, count=1
            )
        },
    )
    assert read(path, content).cells["weight"] == ["80", "80"]


def shared(items: str) -> bytes:
    """A workbook whose weight is the first of its shared texts."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    edits = put("weight_kg", '<c {r} t="s"><v>0</v></c>')
    edits["[Content_Types].xml"] = lambda text: text.replace("</Types>", part)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return edited(book({}), edits, **{"xl__sharedStrings.xml": f'<sst xmlns="{space}">{items}</sst>'})


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("<si><t>80 kg</t></si>", "80 kg"),
        ("<si><r><t>80</t></r><r><t> kg</t></r></si>", "80 kg"),
        ("<si><t>80<x/>1 kg</t></si>", None),
        ("<si><t>80 kg</t><t>180 kg</t></si>", None),
        ("<si><r><t>8</t><t>0 kg</t></r></si>", None),
        ("<si><x>80 kg</x></si>", None),
    ],
)
def test_a_shared_text_is_read_whole_or_stops_the_run(path: Path, items: str, expected: str | None) -> None:
    if expected:
        assert said(read(path, shared(items)), "weight") == expected
        return
    with pytest.raises(InputError, match="damaged"):
        read(path, shared(items))


def test_rows_are_excels_rows_and_gaps_are_counted(path: Path) -> None:
    workbook = book({}, {})
    sheet = workbook["Orders"]
    sheet.insert_rows(3, 2)
    sheet.insert_rows(1, 3)
    table = read(path, workbook)
    assert (table.rows, table.blank_rows) == ((5, 8), 5)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('<row r="3"', '<row r="2"'),
        lambda text: re.sub(r'(<row r="2".*?</row>)(<row r="3".*?</row>)', r"\2\1", text),
        lambda text: re.sub(r'(<c r="A3".*?</c>)(<c r="B3".*?</c>)', r"\2\1", text),
        lambda text: text.replace('<row r="3"', '<row r="9999999"'),
        lambda text: text.replace('r="B3"', 'r="B7"'),
        lambda text: text.replace('r="B3"', 'r="A3"'),
        lambda text: text.replace('r="B3"', 'r="XFE3"'),
        lambda text: text.replace("spreadsheetml/2006/main", "spreadsheetml/2006/other"),
    ],
)
def test_rows_or_cells_out_of_order_stop_the_run_before_any_is_lost(path: Path, edit: Callable[[str], str]) -> None:
    """H-08."""
    with pytest.raises(InputError, match=r'orders\.xlsx, sheet "Orders": is damaged'):
        read(path, edited(book({}, {}), {SHEET_XML: edit}))


@pytest.mark.parametrize("stray", ["M2", "XFD1048576", "Z7"])
def test_a_value_under_no_header_stops_the_run_naming_its_cell(path: Path, stray: str) -> None:
    workbook = book({}, {})
    workbook["Orders"][stray] = "CANARY"
    with pytest.raises(InputError, match=f"cell {stray} has a value under no header") as stopped:
        read(path, workbook)
    assert "CANARY" not in str(stopped.value)


def test_a_blank_header_stops_the_run_only_with_a_value_under_it(path: Path) -> None:
    workbook = book({}, {"dose": None})
    workbook["Orders"][cell("dose", 1)] = None
    with pytest.raises(InputError, match=f"cell {cell('dose')} has a value under no header"):
        read(path, workbook)
    workbook["Orders"][cell("dose")] = None
    assert "dose" not in read(path, workbook).cells


def test_a_header_in_the_middle_is_an_order_that_cannot_be_used(path: Path) -> None:
    table = read(path, book({}, dict(zip(NAMES, NAMES, strict=True)), {}))
    assert (table.malformed, table.cells["patient_id"]) == ({1: "repeats the header."}, ["00123", "", "00123"])


def test_hidden_rows_and_columns_merged_cells_and_filters_are_read_and_said(path: Path) -> None:
    """H-17: a merged cell fills no neighbour."""
    workbook = book({}, {}, {})
    sheet = workbook["Orders"]
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["E"].hidden = True
    sheet.merge_cells("D3:D4")
    sheet.auto_filter.ref = "A1:L4"
    sheet.auto_filter.add_filter_column(2, ["ITP"])
    table = read(path, workbook)
    assert table.cells["weight"] == ["80", "80", ""]
    for words in (
        "1 hidden row was read all the same (first: row 3)",
        "columns were read all the same: E.",
        "merged",
        "filter",
    ):
        assert any(words in notice for notice in table.notices), words
    assert not any("orders.xlsx" in notice for notice in table.notices)


def test_a_hidden_sheet_that_is_named_is_read_and_said(path: Path) -> None:
    assert read(path, two_sheets("hidden"), sheet="Yesterday").notices[0] == "the sheet read is hidden."


def test_filter_buttons_alone_are_no_filter(path: Path) -> None:
    workbook = book({})
    workbook["Orders"].auto_filter.ref = "A1:L2"
    assert read(path, workbook).notices == ()


def two_sheets(second_state: str = "visible") -> Workbook:
    workbook = book({})
    copy = workbook.copy_worksheet(workbook["Orders"])
    copy.title = "Yesterday"
    copy["A2"] = "OLD"
    copy.sheet_state = second_state
    workbook.create_sheet("Empty")
    return workbook


def test_of_two_sheets_that_fit_one_must_be_named(path: Path) -> None:
    """H-18."""
    with pytest.raises(InputError, match=r'more than one visible sheet .*"Orders", "Yesterday".*--sheet'):
        read(path, two_sheets())
    table = read(path, sheet="yesterday")
    assert (table.sheet, table.cells["order_id"]) == ("Yesterday", ["OLD"])
    assert table.notices == ('only this sheet was read; passed over: "Orders".',)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_never_chosen_but_is_said(path: Path, state: str) -> None:
    """H-18."""
    table = read(path, two_sheets(state))
    assert (table.sheet, table.cells["order_id"]) == ("Orders", ["A1"])
    assert table.notices == ('hidden sheets that look like orders were not read: "Yesterday".',)


def test_a_sheet_that_is_not_there_is_answered_with_the_visible_ones(path: Path) -> None:
    with pytest.raises(InputError, match=r'no sheet "Tomorrow"\. Its visible sheets: "Orders", "Empty"\.'):
        read(path, two_sheets("hidden"), sheet="Tomorrow")


def test_the_sheet_that_fits_is_read_wherever_it_stands(path: Path) -> None:
    workbook = book({})
    notes = workbook.create_sheet("Notes", 0)
    notes["A1"] = "read me"
    assert read(path, workbook).notices == ('only this sheet was read; passed over: "Notes".',)


def test_a_workbook_without_a_sheet_of_orders_names_what_is_missing(path: Path) -> None:
    workbook = book({})
    workbook["Orders"]["D1"] = "wt_xyz"
    with pytest.raises(InputError, match='sheet "Orders": missing column weight'):
        read(path, workbook)
    workbook["Orders"].insert_rows(1)
    workbook["Orders"]["A1"] = "CANARY ward orders"
    with pytest.raises(InputError, match="first row that is not empty must be the header") as stopped:
        read(path, workbook)
    assert "CANARY" not in str(stopped.value)
    with pytest.raises(InputError, match="is empty"):
        read(path, Workbook())


def test_a_sheet_whose_part_is_gone_is_not_passed_over(path: Path) -> None:
    with pytest.raises(InputError, match="a sheet that it lists is not in it"):
        read(path, edited(two_sheets(), {SHEET_XML: None}))


BOMB = "<a>" + " " * 30_000_000 + "</a>"
ENTITIES = '<!DOCTYPE a [<!ENTITY b "x">]>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: edited(book({}), {}, xl__big=BOMB), "unpacks to more than"),
        (lambda: edited(book({}), {}, xl__styles2=" <a/>" * 400_000), "unpacks to more than"),
        (lambda: edited(book({}), {SHEET_XML: lambda text: ENTITIES + text}), "document type or entities"),
        (lambda: edited(book({}), {}, xl__a=(ENTITIES + "").encode("utf-16").decode("latin-1")), "document type"),
        (lambda: edited(book({}), {}, xl__a="x" * ((1 << 18) - 4) + "<!DOCTYPE a>"), "document type or entities"),
        (lambda: edited(book({}), {}, **{"..__evil.xml": "x"}), "path names that lead outside"),
        (lambda: edited(book({}), {}, **{"__etc__passwd": "x"}), "path names that lead outside"),
        (lambda: edited(book({}), {}, **{"C:__x": "x"}), "path names that lead outside"),
        (lambda: edited(book({}), {}, **{"xl\\x": "x"}), "path names that lead outside"),
        (lambda: edited(book({}), {}, **{SHEET_XML.upper(): "x"}), "two parts of one name"),
        (lambda: edited(book({}), {}, **{f"x{n}": "" for n in range(2_001)}), "parts, more than a workbook has"),
        (lambda: edited(book({}), {"xl/workbook.xml": lambda _: "<a>"}), "is damaged"),
        (lambda: edited(book({}), {"[Content_Types].xml": None}), "is damaged"),
        (lambda: edited(book({}), {"xl/styles.xml": lambda text: text[:-20]}), "is damaged"),
        (lambda: b"", r"empty \(0 bytes\)"),
        (lambda: b"PK\x03\x04", "damaged or cut off"),
        (lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "old .xls workbook or an encrypted one: save it as .xlsx"),
        (lambda: b"order_id,patient_id\n", "let its name end in .csv"),
        (lambda: b"<html>", "HTML"),
    ],
)  # fmt: skip
def test_a_hostile_archive_is_refused_before_its_xml_is_parsed(
    path: Path, content: Callable[[], bytes], words: str
) -> None:
    """H-49."""
    made = content()
    begun = time.process_time()
    with pytest.raises(InputError, match=words) as stopped:
        read(path, made)
    assert time.process_time() - begun < 20
    assert str(stopped.value).startswith("orders.xlsx")


def test_an_encrypted_member_is_refused(path: Path) -> None:
    content = bytearray(edited(book({}), {}))
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    with pytest.raises(InputError, match="is encrypted"):
        read(path, bytes(content))


def test_sizes_that_the_archive_states_are_not_believed(path: Path) -> None:
    """H-49: a member that says it is small."""
    content = edited(book({}), {}, xl__big=BOMB)
    size = len(BOMB).to_bytes(4, "little")
    assert content.count(size) >= 1
    with pytest.raises(InputError):
        read(path, content.replace(size, (10).to_bytes(4, "little")))


def test_a_workbook_cut_anywhere_is_refused(path: Path) -> None:
    """H-07."""
    content = edited(book({}, {}), {})
    for at in range(0, len(content) - 1, 97):
        with pytest.raises(InputError):
            read(path, content[:at])


def test_a_flipped_bit_gives_the_same_orders_or_a_refusal(path: Path) -> None:
    """F-48: the checksums of the archive find what changes a value."""
    content = edited(book({}, {"order_id": "A2"}), {})
    good = read(path, content)
    chance = random.Random(3)
    for _ in range(300):
        bit = chance.randrange(8 * len(content))
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            table = read(path, bytes(flipped))
        except InputError as refusal:
            assert "CANARY" not in str(refusal)
        else:
            assert (table.cells, table.rows) == (good.cells, good.rows)


def test_a_warning_of_a_library_never_reaches_the_log(path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """H-46: openpyxl's warning for a date out of range quotes the cell."""
    content = edited(
        book({}), {SHEET_XML: lambda text: re.sub(r'(<c r="E2"[^>]*>)<v>[^<]*</v>', r"\1<v>99999999</v>", text)}
    )
    assert said(read(path, content), "birth_date").startswith("<holds #VALUE!")
    assert len(recwarn) == 0


def test_a_large_workbook_stays_within_seconds_and_a_few_hundred_megabytes(path: Path) -> None:
    """H-49, in a child of its own."""
    row = "".join(f'<c r="{chr(65 + n)}{{at}}"><v>8</v></c>' for n in range(4))
    many = "".join(f'<row r="{at}">{row.replace("{at}", str(at))}</row>' for at in range(3, 50_000))
    content = edited(book({}), {SHEET_XML: lambda text: text.replace("</sheetData>", many + "</sheetData>")})
    path.write_bytes(content)
    code = (
        "import sys, pathlib; from ivigcheck.columns import COLUMNS; from ivigcheck.intake import read_inputs\n"
        "print(len(read_inputs([pathlib.Path(sys.argv[1])], columns=COLUMNS)[0].rows))"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert int(done.stdout) == 49_998
    assert after.ru_utime - before.ru_utime < 30
    assert after.ru_maxrss < 500_000


def test_more_cells_than_can_be_read_in_seconds_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H-49: a cap is a refusal, never a cut."""
    assert len(read(path, book(*[{}] * 200)).rows) == 200
    monkeypatch.setattr(archive, "MOST_TAGS", 2_000)
    with pytest.raises(InputError, match="unpacks to more than"):
        read(path)


def test_every_builtin_number_format_is_either_a_date_or_shows_the_number(path: Path) -> None:
    for index, number_format in BUILTIN_FORMATS.items():
        text = said(read(path, book({"weight_kg": 80}, formats={"weight_kg": number_format})), "weight")
        assert text == "80" or text.startswith("<"), (index, number_format)
        if number_format in ("General", "0", "0.00", "#,##0", "#,##0.00", "0.00E+00", "# ?/?", "@"):
            assert text == "80"
