"""What is read quickly says exactly what is read with care, cell by cell, through openpyxl's own parser; in a stream."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ivigcheck.columns import COLUMNS, question_column
from ivigcheck.errors import InputError
from ivigcheck.intake import read_inputs, sheet_cells, sheet_stream, sheet_strings
from ivigcheck.intake.sheet_cells import CellParser
from ivigcheck.intake.sheet_orders import RowReader
from ivigcheck.intake.table import Table

ALL = (*COLUMNS, question_column("diabetes", "Diabetes", ()))
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADS = ("order_id", "patient_id", "indication", "weight_kg", "birth_date", "max_rate", "concentration", "diabetes",
         "ward", "", "age")  # fmt: skip
LETTERS = "ABCDEFGHIJKLMN"
FORMATS = ("General", "0%", "yyyy-mm-dd", "[h]:mm", "000000", '0 "lb"', "yyyy-mm-dd hh:mm", '0;0;"yes"')
SHARED = ("ITP", " 00123 ", "80 kg", "order_id", "", "_x000D_", "a_x0007_b", "  ", "no", "Wei\u00df", "x005F_x000D_")
ROWS_XML = "xl/worksheets/sheet1.xml"


def parts() -> dict[str, bytes]:
    """A workbook's members, with a style for each of the formats and a table of shared texts."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row, number_format in enumerate(FORMATS, start=1):
        sheet.cell(row, 1, 1).number_format = number_format
    file = io.BytesIO()
    workbook.save(file)
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/sharedStrings.xml"] = shared_table(SHARED)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    added = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = members["[Content_Types].xml"].decode()
    if "sharedStrings" not in types:
        members["[Content_Types].xml"] = types.replace("</Types>", added).encode()
    return members


def shared_table(texts: tuple[str, ...], item: str = "<si><t xml:space='preserve'>{}</t></si>") -> bytes:
    return f'<sst xmlns="{SPACE}">{"".join(item.format(escape(text)) for text in texts)}</sst>'.encode()


PARTS = parts()


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


HEAD = f'<row r="1">{"".join(text_cell(f"{LETTERS[at]}1", head) for at, head in enumerate(HEADS))}</row>'


def workbook(rows: str, *, around: tuple[str, str] = ("", ""), **members: bytes) -> bytes:
    """A workbook whose orders are these rows of XML; members by their names."""
    xml = f'<worksheet xmlns="{SPACE}">{around[0]}<sheetData>{HEAD}{rows}</sheetData>{around[1]}</worksheet>'
    own = {ROWS_XML: xml.encode()} | members
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (PARTS | own).items():
            archive.writestr(name, data)
    return file.getvalue()


@contextmanager
def with_care() -> Iterator[None]:
    RowReader.quick = False
    try:
        yield
    finally:
        RowReader.quick = True


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quick") / "orders.xlsx"


def read(path: Path, content: bytes) -> Table | str:
    """The table, or why there is none."""
    path.write_bytes(content)
    try:
        return read_inputs([path], columns=ALL)[0]
    except InputError as error:
        return str(error)


def assert_same(path: Path, rows: str) -> Table | str:
    content = workbook(rows)
    quick = read(path, content)
    with with_care():
        careful = read(path, content)
    assert quick == careful
    return quick


# ---- cells that a sheet may hold, and that none should -------------------------------------------------------------

RAW = ("1", "0", "80", "70.10", "0.1", "20150", "20150.25", "45000.999999", "-1", "+5", "007", "1E2", "99999999",
       "1e400", "123456789012345", "1234567890123456", "9" * 320, "")  # fmt: skip
ODD_RAW = ("8_0", "nan", "\u0663", "1e", "0x1", "--1", "9" * 5000, " ", "TRUE")
TEXTS = ("A1", "00123", " 80 kg ", "order_id", "Order ID", "no", "\u00a0", "_x000D_", "a_x0007_b", "x" * 150, "#N/A")
KINDS = {
    "number": ("", ' t="n"'),
    "text": (' t="str"', ' t="inlineStr"', ' t="s"'),
    "other": (' t="b"', ' t="e"', ' t="d"', ' t="foo"', ' t=""'),
}
STYLES = ("", *(f' s="{at}"' for at in range(len(FORMATS))))
ODD_STYLES = (' s="9999"', ' s="-1"', ' s=""', ' s="01"', ' s="1_0"')
FORMS = ("<v>{}</v>", "<f>1</f><v>{}</v>", '<f t="shared" si="0"/><v>{}</v>', "<v xml:space='preserve'>{}</v>")
INLINE = ("<is><t>{}</t></is>", "<is><t xml:space='preserve'>{}</t></is>", "<is><r><t>{}</t></r><r><t> kg</t></r></is>")
ODD_FORMS = ("", "<v/>", "<f>1</f>", "<f>1</f><v/>", "<v>{0}</v><f>1</f>", "<v>{0}</v><v>{0}</v>", "<v>{0}<x/></v>",
             "<t>{0}</t>", "<is>{0}</is>", "<is/>", "<is><t>{0}</t><t>1</t></is>", "<is><t>{0}<b/></t></is>", "{0}",
             "<is><r><t>{0}</t></r><rPh sb='0' eb='1'><t>a</t></rPh></is>", "<is><t>{0}</t><phoneticPr fontId='1'/></is>",
             "<f>1</f><is><t>{0}</t></is>", "<v>{0}</v><is><t>{0}</t></is>", "<v>{0}</v><extLst/>", "<extLst/>", "<w/>",
             "<v>{0}</v><x:v xmlns:x='y'>1</x:v>", "<!--1--><v>{0}</v>", "<v>{0}<!--1-->5</v>", "<v><![CDATA[{0}]]></v>",
             "<f/><v>{0}</v>", "<f>1<x/></f><v>{0}</v>", "<f>1</f><f>2</f>", "<x/><v>{0}</v>")  # fmt: skip
PLACES = ("{0}{1}", "", "{2}{1}", "{0}{1}0", "{0}", "{1}", "XFD{1}", "XFE{1}", "AAAA{1}", "{0}0{1}", "${0}${1}", "N{1}")


def odd(*usual: str, seldom: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.integers(0, 199).flatmap(lambda chance: st.sampled_from(seldom if chance == 137 else usual))


@st.composite
def cell(draw: st.DrawFn, letter: str, row: int) -> str:
    group = draw(st.sampled_from(["number", "number", "text", "text", "text", "other"]))
    kind = draw(st.sampled_from(KINDS[group]))
    inline = "inline" in kind
    if kind == ' t="s"':
        raw = draw(odd(*map(str, range(len(SHARED))), "007", "", seldom=("99", "-1", "1.0", "\u0663", "0000000001")))
    elif group == "text":
        raw = draw(st.sampled_from(TEXTS))
    else:
        usual = {' t="b"': ("0", "1"), ' t="e"': ("#N/A", "#REF!"), ' t="d"': ("2026-01-02", "T07:30")}.get(kind, RAW)
        raw = draw(odd(*usual, seldom=(*ODD_RAW, *TEXTS)))
    style = draw(odd(*STYLES, seldom=ODD_STYLES))
    form = draw(odd(*(INLINE if inline else FORMS), seldom=ODD_FORMS))
    place = draw(odd("{0}{1}", seldom=PLACES)).format(letter, row, letter.lower())
    tag = draw(odd("c", seldom=("d", "extLst")))
    stated = f' r="{place}"' if place else ""
    return f"<{tag}{stated}{style}{kind}>{form.format(escape(raw))}</{tag}>"


@st.composite
def sheet_row(draw: st.DrawFn, row: int) -> str:
    shape = draw(st.integers(0, 29))
    if shape == 0:  # the header again, or nearly
        heads = [draw(odd(head.upper(), seldom=("ward",))) for head in HEADS]
        cells = "".join(text_cell(f"{LETTERS[at]}{row}", head) for at, head in enumerate(heads) if head)
    elif shape == 1:
        cells = "".join(f'<c r="{letter}{row}" s="1"/>' for letter in LETTERS)
    else:
        heads = (*HEADS, "x") if shape == 2 else HEADS  # seldom with a cell beyond the last, or under no header
        under = [LETTERS[at] for at, head in enumerate(heads) if head or shape == 3]
        letters = [letter for letter in under if draw(st.integers(0, 5))]
        cells = "".join(draw(cell(letter, row)) for letter in letters)
    hidden = draw(odd("", seldom=(' hidden="1"',)))
    return f'<row r="{row}"{hidden}>{cells}</row>'


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_a_sheet_says_the_same_read_quickly_and_with_care(path: Path, data: st.DataObject) -> None:
    rows = "".join(data.draw(sheet_row(row)) for row in range(2, 2 + data.draw(st.integers(1, 5))))
    assert_same(path, rows)


@pytest.mark.parametrize("column", range(len(HEADS)), ids=[head or "no header" for head in HEADS])
def test_every_form_of_cell_says_the_same_in_every_column(path: Path, column: int) -> None:
    """Each form in a sheet of its own, since one that is damaged stops the run; and twice, the second remembered."""
    letter = LETTERS[column]
    kinds = [kind for group in KINDS.values() for kind in group]
    for at, form in enumerate((*FORMS, *INLINE, *ODD_FORMS)):
        for kind in kinds[(at + column) % 5 :: 5]:
            raw = "1" if kind in ("", ' t="n"', ' t="b"', ' t="s"') else "A1"
            assert_same(
                path, "".join(f'<row r="{n}"><c r="{letter}{n}"{kind}>{form.format(raw)}</c></row>' for n in (2, 3))
            )


@pytest.mark.parametrize("place", [*PLACES, "A{1}", "B{1}", "B3", "C3", "C12", "D9", "B{1} "])
def test_every_place_of_a_cell_says_the_same(path: Path, place: str) -> None:
    """After a cell in B, in row 2 and in row 12, both with a value and without."""
    for row in (2, 12):
        stated = place.format("C", row, "c")
        for value in ("<v>1</v>", ""):
            cells = f'<c r="B{row}" t="str"><v>P</v></c><c {f"r={stated!r}" if stated else ""} t="str">{value}</c>'
            assert_same(path, f'<row r="{row}">{cells}</row>')


ALONE = [
    *(f'<c r="{{}}"><v>{raw}</v></c>' for raw in ODD_RAW),
    *(
        f'<c r="{{}}"{style}{kind}><v>1</v></c>'
        for style in (*ODD_STYLES, ' s="0000000001"')
        for kind in ("", ' t="s"')
    ),
    '<d r="{}"><v>1</v></d>',
    '<c r="{}" t="inlineStr"><w><t>80</t></w></c>',
    '<c r="{}" t="inlineStr"><t>80</t></c>',
]


@pytest.mark.parametrize("letter", ["D", "I"])
def test_a_cell_with_one_fault_says_the_same(path: Path, letter: str) -> None:
    for form in ALONE:
        assert_same(path, f'<row r="2">{form.format(f"{letter}2")}</row>')


def test_a_value_is_remembered_with_its_column_kind_and_style(path: Path) -> None:
    """One raw text, "1", that says something else under every style, kind and column."""
    forms = [(kind, style) for kind in ("", ' t="b"', ' t="s"', ' t="str"') for style in STYLES] * 2
    rows = ""
    for row, (kind, style) in enumerate(forms, start=2):
        cells = "".join(f'<c r="{letter}{row}"{style}{kind}><v>1</v></c>' for letter in "ABCDEFGHIK")
        rows += f'<row r="{row}">{cells}</row>'
    table = assert_same(path, rows)
    assert isinstance(table, Table)
    assert len(table.rows) == len(forms)
    assert len({*table.cells["patient_id"]}) >= 3
    assert {bad.reason for bads in table.bad_cells.values() for bad in bads} != set()


def test_a_row_without_references_is_read_by_its_order(path: Path) -> None:
    table = assert_same(path, '<row><c t="str"><v>A1</v></c><c/><c t="str"><v>ITP</v></c></row>')
    assert isinstance(table, Table)
    assert [table.cells[name] for name in ("order_id", "patient_id", "indication")] == [["A1"], [""], ["ITP"]]


def test_a_whole_number_of_hundreds_of_digits_is_unreadable(path: Path) -> None:
    table = assert_same(path, f'<row r="2"><c r="D2"><v>{"9" * 400}</v></c></row>')
    assert isinstance(table, Table)
    assert "no value of Excel" in table.bad_cells[0][0].reason


def test_more_values_than_are_remembered_are_all_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivigcheck.intake.sheet_orders._REMEMBERED", 30)
    monkeypatch.setattr("ivigcheck.intake.sheet_orders._MOST_WAYS", 2)
    cells = [(f"{k:03d}", STYLES[k % 4]) for k in range(100)]
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="str"{style}><v>{text}</v></c></row>'
        for row, (text, style) in enumerate(cells, start=2)
    )
    table = assert_same(path, rows)
    assert isinstance(table, Table)
    assert table.cells["order_id"] == [text for text, _ in cells]


def test_an_ordinary_workbook_is_read_quickly(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every cell would still be right, and all of them slow."""
    made = Workbook(write_only=True)
    sheet = made.create_sheet("Orders")
    heads = [head for head in HEADS if head]
    sheet.append(heads)
    for k in range(300):
        row = {"order_id": f"{k:05d}", "patient_id": k, "indication": "ITP", "weight_kg": 60 + k / 8, "max_rate": "2 mL/h",
               "birth_date": date(1950 + k % 30, 3, 2), "concentration": "10%", "diabetes": k % 2 == 0, "ward": k}  # fmt: skip
        sheet.append([row.get(head) for head in heads])
    made.save(path)
    parsed: list[int] = []
    careful = CellParser._cell
    monkeypatch.setattr(CellParser, "_cell", lambda self, *at: parsed.append(1) or careful(self, *at))
    assert len(read_inputs([path], columns=ALL)[0].rows) == 300
    assert len(parsed) <= 2 * len(heads) + 2  # the header, twice; and each answer, once


# ---- in a stream ---------------------------------------------------------------------------------------------------

AROUND = (
    '<sheetViews><sheetView workbookViewId="0"/></sheetViews><cols><col min="2" max="2" hidden="1"/></cols>',
    '<autoFilter ref="A1:K9"><filterColumn colId="2"/></autoFilter><mergeCells><mergeCell ref="A2:A3"/></mergeCells>',
)
ORDERS = "".join(
    f'<row r="{row}" hidden="{row % 2}"><c r="A{row}" t="s"><v>0</v></c><c r="D{row}"><v>{row}</v></c></row>\n'
    for row in range(2, 40)
)


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_where_the_pieces_part_makes_no_difference(path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    content = workbook(ORDERS, around=AROUND)
    usual = read(path, content)
    assert isinstance(usual, Table)
    assert len(usual.rows) == 38
    assert [notice.split(" ", 2)[1] for notice in usual.notices] == ["hidden", "columns", "merged", "an"]
    monkeypatch.setattr(sheet_stream, "_PIECE", size)
    assert read(path, content) == usual


def test_what_was_read_is_let_go(path: Path) -> None:
    def peak(rows: int, after: int) -> int:
        blank = "".join(f'<row r="{row}"><c r="A{row}" s="1"/><c r="K{row}"/></row>' for row in range(3, 3 + rows))
        merged = '<mergeCell ref="A1:A2"/>' * after
        path.write_bytes(workbook(blank, around=("", f"<mergeCells>{merged}</mergeCells>")))
        tracemalloc.start()
        try:
            assert len(read_inputs([path], columns=ALL)[0].rows) == 0
            return tracemalloc.get_traced_memory()[1] - path.stat().st_size
        finally:
            tracemalloc.stop()

    small = peak(100, 100)
    assert peak(20_000, 100) < small + 500_000
    assert peak(100, 20_000) < small + 500_000


CELLS_OF_A_ROW = "<c/>" * 100_000
FLOOD = "x" * (5 << 20)


@pytest.mark.parametrize(
    ("rows", "around", "words"),
    [
        (f'<row r="2">{CELLS_OF_A_ROW}</row>', ("", ""), "a row has more cells than Excel allows"),
        (f'<row r="2"><c r="A2" t="str"><v>{FLOOD}</v></c></row>', ("", ""), "longer than any text of Excel"),
        ("", (f"<!--{FLOOD}-->", ""), "longer than any text of Excel"),
        ("", (f'<cols x="{FLOOD}"/>', ""), "longer than any text of Excel"),
        ("", ("", "<a>" * 5000 + "</a>" * 5000), "too deep in one another"),
        ("", ("<x><row/></x>", ""), "a row stands outside the sheet's data"),
        ("", ("", '<row r="9"/>'), "a row stands outside the sheet's data"),
        ("<x/>", ("", ""), "something that is no row stands among its rows"),
        ("", ('<dimension ref="junk"/>', ""), "ValueError"),
        ("<row>", ("", ""), "ParseError"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_xml_that_would_not_fit_or_is_none_stops_the_run(
    path: Path, rows: str, around: tuple[str, str], words: str
) -> None:
    """H-49."""
    content = workbook(rows, around=around)
    assert words in str(read(path, content))


def test_texts_that_must_be_taken_apart_one_by_one_are_limited(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H-49: a cap is a refusal, never a cut; and a blank cell, a number or a date counts for nothing."""
    monkeypatch.setattr(sheet_cells, "MOST_UNUSUAL", 40)
    plain = "".join(f'<row r="{row}"><c r="D{row}"><v>{row}</v></c><c r="N{row}"/></row>' for row in range(2, 200))
    assert isinstance(read(path, workbook(plain)), Table)
    errors = "".join(f'<row r="{row}"><c r="D{row}" t="e"><v>#N/A</v></c></row>' for row in range(2, 200))
    assert "more than 40 cells that hold no plain value" in str(read(path, workbook(errors)))
    monkeypatch.setattr(sheet_strings, "_MOST_PIECED", 3)
    table = shared_table(("a", "b", "c", "d"), "<si><r><t>{}</t></r></si>")
    assert "of its texts are in several fonts" in str(read(path, workbook("", **{"xl/sharedStrings.xml": table})))


def test_a_part_that_passes_for_a_sheet_is_not_parsed_as_a_whole(path: Path) -> None:
    """H-49: only what is read in a stream may have millions of tags, whatever a part is called."""
    vast = f'<chartsheet xmlns="{SPACE}">{"<a/>" * 400_000}</chartsheet>'.encode()
    relations = PARTS["xl/_rels/workbook.xml.rels"].replace(b"relationships/worksheet", b"relationships/chartsheet")
    assert relations != PARTS["xl/_rels/workbook.xml.rels"]
    content = workbook("", **{ROWS_XML: vast, "xl/_rels/workbook.xml.rels": relations})
    assert "a part that is no sheet is as large as one" in str(read(path, content))
