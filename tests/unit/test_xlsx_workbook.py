"""The workbook as Excel wants it: tables, notes, links, formats, charts and print set-up, read from its own XML.

A name that is there twice, a range that is too long or a head that differs from its column's name, and Excel offers to
repair the file.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from xlsx_parts import (
    CALM,
    CHART,
    DRAWING,
    EXCEL,
    HOSTILE_TEXTS,
    MAIN,
    NAMES,
    STARTED,
    VML,
    Book,
    Page,
    book,
    cells_in,
    checked,
    column_of,
    corners,
    decoded,
    number_of,
    row_of,
)

from ivigcheck.columns import COLUMNS as ORDER_COLUMNS
from ivigcheck.report import Rendering, xlsx
from ivigcheck.report.xlsx_cells import Sheet
from ivigcheck.report.xlsx_figures import rates_counted, risks_counted
from ivigcheck.report.xlsx_file import render_sheets
from ivigcheck.report.xlsx_page import columns_on_pages
from ivigcheck.report.xlsx_worklist import COLUMNS
from ivigcheck.show import visible
from ivigcheck.units import exceeds

SHEETS = ["Summary", "Worklist", "Findings", "Not read", "Schedules", "As written", "Values"]


@pytest.fixture(params=NAMES)
def said(request: pytest.FixtureRequest) -> Book:
    return book(request.param)


def tables(said: Book):
    for title, page in said.sheets.items():
        (part,) = page.of_kind("xl/tables/")
        yield title, page, said.trees[part]


def test_the_sheets_and_their_order(said):
    news = ["New and open"] if "delta" in said.report else []
    assert list(said.sheets) == [*SHEETS[:1], *news, *SHEETS[1:]]


def test_each_table_has_a_name_of_its_own_its_heads_and_exactly_its_rows(said):
    names = []
    for title, page, table in tables(said):
        first, top, last, bottom = corners(table.get("ref"))
        assert table.find(f"{MAIN}autoFilter").get("ref") == table.get("ref")
        assert page.tree.find(f"{MAIN}autoFilter") is None, "a filter of its own would overlap the table's"
        assert first == "A" and bottom == max(page.last_row, top + 1), title
        columns = [each.get("name") for each in table.iter(f"{MAIN}tableColumn")]
        assert [each.get("id") for each in table.iter(f"{MAIN}tableColumn")] == [
            str(k) for k in range(1, len(columns) + 1)
        ]
        heads = {column_of(cell): text for cell, text in page.cells.items() if row_of(cell) == top}
        assert columns == [heads[column] for column in sorted(heads, key=number_of)]
        assert number_of(last) == len(columns) == len({column.casefold() for column in columns})
        assert table.find(f"{MAIN}tableStyleInfo").get("name")
        names.append(table.get("displayName"))
        assert table.get("name") == table.get("displayName")
        assert re.fullmatch(r"[A-Z][A-Za-z]{5,}", table.get("name")), "never the name of a cell"
    ids = [table.get("id") for *_, table in tables(said)]
    taken = [name.casefold() for name in (*names, *(name for name, _ in said.defined))]
    assert len(set(ids)) == len(ids) == len({*taken} - {"_xlnm.print_titles", "_xlnm.print_area"}) == len(names)


def test_every_cell_stands_in_its_row_and_in_order(said):
    for page in said.sheets.values():
        rows = [int(row.get("r")) for row in page.tree.iter(f"{MAIN}row")]
        assert rows == list(range(1, len(rows) + 1))
        for row in page.tree.iter(f"{MAIN}row"):
            places = [cell.get("r") for cell in row]
            assert all(row_of(place) == int(row.get("r")) for place in places)
            assert all(number_of(column_of(a)) < number_of(column_of(b)) for a, b in pairwise(places))


ELEMENTS = (
    *("sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter"),
    *("conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup"),
    *("headerFooter", "rowBreaks", "colBreaks", "drawing", "legacyDrawing", "tableParts"),
)


def test_a_sheets_elements_stand_in_the_order_that_excel_asks_for(said):
    styles = len(said.trees["xl/styles.xml"].find(f"{MAIN}cellXfs"))
    for page in said.sheets.values():
        order = [ELEMENTS.index(child.tag.removeprefix(MAIN)) for child in page.tree]
        assert order == sorted(order)
        assert all(0 <= int(cell.get("s")) < styles for cell in page.tree.iter(f"{MAIN}c"))


# Notes


def notes(said: Book, page: Page) -> dict[str, str]:
    (part,) = page.of_kind("xl/comments/")
    comments = said.trees[part].iter(f"{MAIN}comment")
    return {each.get("ref"): "".join(t.text for t in each.iter(f"{MAIN}t")) for each in comments}


def test_each_head_of_the_worklist_has_a_note(said):
    page = said.sheets["Worklist"]
    written = notes(said, page)
    assert {page.cells[cell]: text for cell, text in written.items()} == {
        column.title: column.note for column in COLUMNS.values()
    }
    assert all(len(text) > 20 and text.endswith(".") for text in written.values())


def test_each_column_as_written_is_explained_as_the_order_file_is(said):
    page = said.sheets["As written"]
    meanings = {column.name: column.meaning for column in ORDER_COLUMNS}
    if len(page.rows()) and (written := notes(said, page)):
        for cell, text in written.items():
            name = page.cells[cell]
            assert text == meanings.get(name, "The answer to this risk question, as it stands in the file.")


def test_each_note_has_its_shape_and_each_shape_its_note(said):
    for page in said.sheets.values():
        if not page.of_kind("xl/comments/"):
            assert page.tree.find(f"{MAIN}legacyDrawing") is None
            continue
        assert page.tree.find(f"{MAIN}legacyDrawing") is not None
        (drawing,) = page.of_kind(".vml")
        shapes = [each for each in said.trees[drawing] if each.tag == f"{VML}shape"]
        assert len({shape.get("id") for shape in shapes}) == len(shapes)
        places = [(int(s.find(f".//{EXCEL}Row").text), int(s.find(f".//{EXCEL}Column").text)) for s in shapes]
        assert places == [(row_of(cell) - 1, number_of(column_of(cell)) - 1) for cell in notes(said, page)]
        types = said.trees["[Content_Types].xml"]
        assert any(each.get("Extension") == "vml" for each in types)


# Links


def links(page: Page) -> dict[str, str]:
    found = {}
    for link in page.tree.iter(f"{MAIN}hyperlink"):
        assert set(link.attrib) == {"ref", "location"}, "a link to somewhere else has an id"
        found[link.get("ref")] = link.get("location")
    return found


def test_each_order_leads_to_its_first_finding_and_each_finding_back(said):
    worklist, findings = said.sheets["Worklist"], said.sheets["Findings"]
    there, back = links(worklist), links(findings)
    first = 2
    for k, order in enumerate(said.report["orders"], start=2):
        here = f"B{k}" if order["order_id"] else f"U{k}"
        if not order["findings"]:
            assert here not in there
            continue
        sheet, _, cell = there.pop(here).partition("!")
        assert sheet == "Findings" and row_of(cell) == first
        id_said = worklist.cells.get(f"B{k}")
        for n, finding in enumerate(order["findings"], start=first):
            assert findings.cells[f"D{n}"] == finding["code"] and findings.cells[f"G{n}"] == finding["message"]
            assert findings.cells.get(f"B{n}") == id_said and findings.cells[f"N{n}"] == order["source"]["row"]
            assert back.pop(f"B{n}" if order["order_id"] else f"D{n}") == f"Worklist!B{k}"
        assert cell == (f"B{first}" if order["order_id"] else f"D{first}")
        first += len(order["findings"])
    assert there == back == {}
    others = [page for title, page in said.sheets.items() if title not in ("Worklist", "Findings")]
    assert not any(links(page) for page in others)


def test_no_more_links_than_excel_takes(monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_LINKS", 5)
    few = Book("messy_batch.csv")
    assert list(links(few.sheets["Worklist"])) == [f"B{k}" for k in range(2, 7)]
    page = few.sheets["Findings"]
    assert list(links(page)) == [f"B{k}" for k in range(2, 7)]
    styles = {cell.get("r"): cell.get("s") for cell in page.tree.iter(f"{MAIN}c")}
    assert styles["B6"] != styles["B7"], "what leads nowhere does not look as if it did"


# Formats


def test_colours_and_bars_cover_exactly_the_rows(said):
    heads = {
        "Worklist": {"A": "cellIs", "M": "dataBar", "N": "dataBar"},
        "Findings": {"A": "cellIs", "F": "cellIs"},
        "Not read": {"B": "cellIs"},
        "Schedules": {"C": "cellIs"},
        "New and open": {"B": "cellIs"},
    }
    for title, page in said.sheets.items():
        found = {}
        for each in page.tree.iter(f"{MAIN}conditionalFormatting"):
            column, top, last, bottom = corners(each.get("sqref"))
            assert (column, top, bottom) == (last, 2, page.last_row)
            (found[column],) = {rule.get("type") for rule in each}
        assert found == (heads.get(title, {}) if page.last_row > 1 else {}), title
        priorities = [rule.get("priority") for rule in page.tree.iter(f"{MAIN}cfRule")]
        assert len(set(priorities)) == len(priorities)


def test_a_bar_begins_at_nothing_and_a_rate_at_its_limit_fills_half(said):
    for bar in said.sheets["Worklist"].tree.iter(f"{MAIN}dataBar"):
        assert [(end.get("type"), end.get("val")) for end in bar.iter(f"{MAIN}cfvo")] == [("num", "0"), ("num", "200")]
        assert (bar.get("minLength"), bar.get("maxLength")) == ("0", "100")


def test_each_word_of_a_format_is_one_that_stands_in_the_cells(said):
    for page in said.sheets.values():
        for rule in page.tree.iter(f"{MAIN}cfRule"):
            if rule.get("type") == "cellIs":
                assert rule.find(f"{MAIN}formula").text.strip('"') in {"STOP", "UNCHECKED", "REVIEW", "PASS", "INFO"}


def test_the_share_of_the_hard_maximum_is_reckoned_and_says_when_it_is_broken(said):
    formats = {
        each.get("numFmtId"): each.get("formatCode") for each in said.trees["xl/styles.xml"].iter(f"{MAIN}numFmt")
    }
    kinds = [each.get("numFmtId") for each in said.trees["xl/styles.xml"].find(f"{MAIN}cellXfs")]
    page = said.sheets["Worklist"]
    looks = {cell.get("r"): formats.get(kinds[int(cell.get("s"))], "") for cell in page.tree.iter(f"{MAIN}c")}
    for k, order in enumerate(said.report["orders"], start=2):
        highest, hard = order["ordered"]["max_rate_mg_per_kg_min"], order["limits"]["hard_max_mg_per_kg_min"]
        if highest is None or hard is None:
            assert f"N{k}" not in page.cells
            continue
        assert page.cells[f"N{k}"] == pytest.approx(100 * highest / hard, rel=1e-8)
        breaks = exceeds(highest, hard, order["limits"]["hard_max_exclusive"])
        assert looks[f"N{k}"].startswith(('"over "', '"reaches "')) is breaks


# Charts


def charts(said: Book) -> dict[str, object]:
    page = said.sheets["Summary"]
    (drawing,) = page.of_kind("xl/drawings/drawing")
    return {part: said.trees[part] for part in said.related(drawing).values()}


def test_each_chart_is_drawn_from_cells_that_are_there_and_say_what_it_says(said):
    page = said.sheets["Summary"]
    for chart in charts(said).values():
        (series,) = chart.iter(f"{CHART}ser")
        told = {}
        for kind, cache in (("cat", "strCache"), ("val", "numCache")):
            source = series.find(f"{CHART}{kind}")
            sheet, _, reference = source.find(f".//{CHART}f").text.partition("!")
            assert sheet.strip("'") == "Summary"
            told[kind] = [page.cells[cell] for cell in cells_in(reference)]
            points = source.findall(f".//{CHART}{cache}/{CHART}pt")
            assert [point.get("idx") for point in points] == [str(k) for k in range(len(points))]
            values = [point.find(f"{CHART}v").text for point in points]
            assert values == [said if kind == "cat" else f"{said:g}" for said in told[kind]]
        assert len(told["cat"]) == len(told["val"]) == len(series.findall(f"{CHART}dPt"))


def test_the_charts_count_every_order_and_every_finding(said):
    counts, orders = said.report["counts"], said.report["orders"]
    totals = {}
    for chart in charts(said).values():
        title = "".join(chart.find(f".//{CHART}title").itertext())
        values = [float(each.text) for each in chart.findall(f".//{CHART}val//{CHART}v")]
        totals[title.strip()] = values
    n = counts["orders"]
    by_status = [counts[word] for word in ("stop", "unchecked", "review", "pass")]
    findings = totals.pop("Findings by rule: STOP first, then UNCHECKED, REVIEW, INFO", [])
    assert sum(findings) == sum(len(order["findings"]) for order in orders)
    assert totals.pop("Orders by status") == by_status
    shares, risks = totals.pop("Orders by maximum rate, % of hard maximum"), totals.pop("Orders by risk")
    assert sum(shares) == sum(risks) == n and not totals
    broken = [
        order for order in orders
        if None not in (rate := order["ordered"]["max_rate_mg_per_kg_min"], hard := order["limits"]["hard_max_mg_per_kg_min"])
        and exceeds(rate, hard, order["limits"]["hard_max_exclusive"])
    ]  # fmt: skip
    unused = [  # too great a rate to be used: there is none in the report, and the ceiling is broken all the same
        order for order in orders
        if order["ordered"]["max_rate_mg_per_kg_min"] is None
        and any(f["code"] == "IVG101" and "max_rate" in f["inputs"] for f in order["findings"])
    ]  # fmt: skip
    assert sum(shares[4:7]) == len(broken) + len(unused)
    assert risks[0] == sum(bool(order["at_risk"]) for order in orders)


def test_no_chart_lies_over_a_cell_that_says_something_or_over_another_chart(said):
    page = said.sheets["Summary"]
    (part,) = page.of_kind("xl/drawings/drawing")
    boxes = []
    for anchor in said.trees[part].iter(f"{DRAWING}twoCellAnchor"):
        begin, end = (
            [int(anchor.find(f"{DRAWING}{corner}/{DRAWING}{name}").text) for name in ("col", "colOff", "row", "rowOff")]
            for corner in ("from", "to")
        )
        assert end[3] == 0 and end[:2] <= [4, 0], "within the printed columns"
        rows = range(begin[2] + 1, end[2] + 1)
        assert len(rows) >= 4 and not [cell for cell in page.cells if row_of(cell) in rows]
        boxes.append((tuple(begin[:2]), tuple(end[:2]), rows))
        breaks = [int(each.get("id")) for each in page.tree.iterfind(f"{MAIN}rowBreaks/{MAIN}brk")]
        assert not set(breaks) & set(rows[:-1]), "a page would end within the chart"
    for (_, right, rows), (left, _, others) in pairwise(boxes):
        assert right <= left or not set(rows) & set(others)


# Print


def test_each_sheet_prints_all_of_its_cells_and_its_heads_on_every_page(said):
    for title, page in said.sheets.items():
        first, top, last, bottom = corners(said.defined["_xlnm.Print_Area", title].rpartition("!")[2])
        assert (first, top) == ("A", 1)
        (table,) = [each for name, _, each in tables(said) if name == title]
        assert (last, bottom) == corners(table.get("ref"))[2:]
        assert all(number_of(column_of(cell)) <= number_of(last) and row_of(cell) <= bottom for cell in page.cells), (
            title
        )
        titles = said.defined["_xlnm.Print_Titles", title]
        assert f"'{title}'!$1:$1" in titles
        breaks = [int(each.get("id")) for each in page.tree.iterfind(f"{MAIN}colBreaks/{MAIN}brk")]
        frozen = page.tree.find(f".//{MAIN}pane").get("xSplit")
        assert (",'" in titles) is bool(breaks and frozen)
        setup = page.tree.find(f"{MAIN}pageSetup")
        assert (setup.get("orientation"), setup.get("paperSize")) == ("landscape", "9")
        assert 66 <= int(setup.get("scale")) <= 100
        widths = [0.0] * number_of(last)
        for column in page.tree.iter(f"{MAIN}col"):
            for k in range(int(column.get("min")), int(column.get("max")) + 1):
                widths[k - 1] = float(column.get("width"))
        repeated = sum(widths[: int(frozen or 0)])
        for n, (begin, end) in enumerate(pairwise([0, *breaks, len(widths)])):
            inches = (sum(widths[begin:end]) + (repeated if n else 0)) * 7.5 / 96 * int(setup.get("scale")) / 100
            assert inches <= 11.69 - 0.8, f"{title}: a column would stand on a page of its own"
            assert n == 0 or end - begin > 1, f"{title}: a lonely column"


@pytest.mark.parametrize(
    ("widths", "frozen", "expected"),
    [
        ([100.0], 0, (100, [])),
        ([65.0, 65.0], 0, (100, [])),
        ([100.0, 100.0], 0, (66, [])),
        ([10.0, *[50.0] * 6], 1, (83, [4])),
        ([10.0, 20.0, 300.0, 20.0], 1, (43, [2, 3])),
    ],
)
def test_columns_are_spread_evenly_over_the_fewest_pages(widths, frozen, expected):
    assert columns_on_pages(widths, frozen) == expected


# Hostile texts


def test_hostile_texts_are_inert_in_every_part():
    """H-43: in cells they are texts (`Page` reads no other), and no other part has any of them."""
    said = book("hostile")
    sheets = {page.tree for page in said.sheets.values()}
    everything = "\n".join(
        (element.text or "") + " ".join(element.attrib.values())
        for tree in said.trees.values()
        if tree not in sheets
        for element in tree.iter()
    )
    for text in (*HOSTILE_TEXTS, *map(visible, HOSTILE_TEXTS)):
        if len(text) > 5 and text not in ("Findings!A1", "#REF!", "'Worklist'!B2"):
            assert text not in everything
    for title in ("Worklist", "Findings", "As written", "Values"):
        texts = set(said.sheets[title].cells.values())
        assert {visible(text) for text in HOSTILE_TEXTS if len(text) < 100 and text.strip() == text} <= texts, title


def test_a_note_and_a_head_of_a_table_escape_what_excel_would_read_otherwise():
    hostile = ('=1+1 <b> & "', "_x003D_1", "a\tb", "C")
    sheet = Sheet(
        "Hostile",
        [(text, 12.0) for text in hostile],
        [],
        0,
        table="HostileTable",
        notes={text: f"{text} said" for text in hostile},
    )
    content = render_sheets([sheet], title="", made=datetime(2026, 11, 22, tzinfo=UTC), footer="&L")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        table, page, comments = (
            ElementTree.fromstring(archive.read(name))
            for name in ("xl/tables/table1.xml", "xl/worksheets/sheet1.xml", "xl/comments/comment1.xml")
        )
    columns = [decoded(each.get("name")) for each in table.iter(f"{MAIN}tableColumn")]
    heads = [decoded(each.text) for each in page.iter(f"{MAIN}t")]
    assert columns == heads == [visible(text) for text in hostile]
    assert [decoded(each.text) for each in comments.iter(f"{MAIN}t")] == [f"{visible(text)} said" for text in hostile]


def test_the_corpus_is_what_it_says():
    assert checked().orders.n == 0 and book("empty").report["counts"]["orders"] == 0
    assert {order["status"] for order in book("messy_batch.csv").report["orders"]} == {
        "STOP", "UNCHECKED", "REVIEW", "PASS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rate", "kind"),
    [
        ("60000 mL/h", "BREAKS IT, over 150%"),  # 1250 mg/kg/min: not used, and over the ceiling all the same
        ("384 mL/h", "over 75 to 100%"),  # 8 mg/kg/min, the hard maximum itself
        ("385 mL/h", "BREAKS IT, to 125%"),
        ("385", "not reckoned"),
    ],
)
def test_orders_are_counted_by_how_near_their_rate_is_to_its_limit(rate: str, kind: str) -> None:
    counts = {
        each.name: each.orders
        for each in rates_counted(Rendering(checked({**CALM, "max_rate": rate}), STARTED).report["orders"])
    }
    assert {name for name, orders in counts.items() if orders} == {kind}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"age_years": "55"}, "none documented"),
        ({"age_years": "abc"}, "age not known"),
        ({"age_years": "abc", "diabetes": ""}, "undocumented"),
        ({"age_years": "66"}, "at risk"),
    ],
)
def test_an_order_whose_age_is_not_known_is_not_counted_as_without_risk(cells: dict[str, str], kind: str) -> None:
    counts = risks_counted(Rendering(checked({**CALM, **cells}), STARTED).report["orders"])
    assert {each.name for each in counts if each.orders} == {kind}


def test_an_order_that_was_not_cleared_is_not_counted_as_within_its_limit() -> None:
    report = Rendering(checked({**CALM, "product": "Gammaglobin", "max_rate": "4 mg/kg/min"}), STARTED).report
    assert {each.name for each in rates_counted(report["orders"]) if each.orders} == {"not cleared"}
