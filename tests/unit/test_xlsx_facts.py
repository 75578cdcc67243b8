"""Every fact of the JSON is in the workbook (H-42): read back sheet by sheet, and compared."""

from __future__ import annotations

from typing import Any

import pytest
from xlsx_parts import NAMES, Book, book

from ivigcheck.report.csv_report import csv_names
from ivigcheck.report.delta_facts import ENDINGS, SECTIONS
from ivigcheck.report.model import deviation_text
from ivigcheck.report.xlsx_cells import LONGEST_TEXT
from ivigcheck.report.xlsx_worklist import COLUMNS
from ivigcheck.show import CUT_MARK, visible

TITLES = {name: column.title for name, column in COLUMNS.items()}


@pytest.fixture(params=[name for name in NAMES if name != "empty"])
def said(request: pytest.FixtureRequest) -> Book:
    return book(request.param)


def same(cell: Any, fact: Any) -> bool:
    """Whether a cell says a fact: a number is that number, true is "true", null and "" are an empty cell.

    A text has its invisible characters escaped, and is cut and marked where Excel takes no more.
    """
    if isinstance(fact, bool):
        return cell == str(fact).lower()
    if isinstance(fact, (int, float)):
        return cell == fact
    if not fact:
        return cell is None
    text = visible(fact)
    return cell == (text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(CUT_MARK)] + CUT_MARK)


def pairs_of(said: Book) -> list[tuple[dict, dict]]:
    return [(order, finding) for order in said.report["orders"] for finding in order["findings"]]


def test_the_summary_has_everything_that_is_said_of_the_run(said):
    report, page = said.report, said.sheets["Summary"]
    rows = [tuple(page.cells.get(f"{column}{k}") for column in "ABCD") for k in range(1, page.last_row + 1)]
    facts = {(label, text) for label, _, text, _ in rows}
    numbers = {label: number for label, number, *_ in rows if number is not None}
    for name in ("policy", "knowledge"):
        assert {
            (f"{name.title()} {part}", value) for part, value in report[name].items() if part != "deviations"
        } <= facts
    assert ("Program", f"{report['tool']['name']} {report['tool']['version']}") in facts
    assert ("Report", report["schema"]) in facts
    run, history = report["run"], report["history"]
    assert {("As of", run["as_of"]), ("Started", run["started"])} <= facts
    assert ("id" not in run) or ("Run id", run["id"]) in facts
    assert ("History asked", "yes" if history["asked"] else f"no: {history['why_not']}") in facts
    assert all(
        history[name] is None or (f"History {name}", str(history[name])) in facts for name in ("entries", "head")
    )
    assert {("Deviation", deviation_text(each)) for each in report["policy"]["deviations"]} <= facts
    for table in run["inputs"]:
        assert ("Input", table["rows"], table["name"], table["sheet"]) in rows
        assert ("Input sha256", table["sha256"]) in facts
    assert [text for label, _, text, _ in rows if label == "Notice"] == report["notices"]
    counts = report["counts"]
    assert counts == {
        "orders": numbers["All orders"],
        **{word.lower(): numbers[word] for word in ("PASS", "REVIEW", "STOP", "UNCHECKED")},
    }
    assert set(report) - {"delta"} == {
        *("schema", "tool", "policy", "knowledge", "history", "run", "notices", "counts", "orders")
    }, "a new part of the report has its place in the workbook"
    if delta := report.get("delta"):
        assert delta["counts"] == {
            **{name: numbers[title] for name, title in SECTIONS.items()},
            "not_seen": numbers.get("Not looked at", 0),
        }
        assert delta["grave_unseen"] == numbers.get("Grave, not looked at", 0)
        assert ("Since last time", f"Compared with run {delta['compared_with']}") in facts


def test_the_worklist_and_the_values_have_everything_that_is_said_of_an_order(said):
    worklist, values = said.sheets["Worklist"].rows(), said.sheets["Values"].rows()
    for shown, more, order in zip(worklist, values, said.report["orders"], strict=True):

        def cell(name: str, shown: dict = shown, more: dict = more) -> Any:
            return shown[TITLES[name]] if name in TITLES else more[name]

        limits, ordered = dict(order["limits"]), dict(order["ordered"])
        governed_by = limits.pop("governed_by")
        for name in ("indication", "product"):
            if ordered[name] is None:
                assert cell(name) is None or cell(name).endswith('" (as written)')
                del ordered[name]
        plain = {"status": order["status"], "order_id": order["order_id"], "patient_id": order["patient_id"]}
        for name, fact in (plain | limits | ordered | governed_by | order["source"]).items():
            assert same(cell(name), fact), name
        for name in ("order_id", "file", "sheet", "row"):
            assert shown[TITLES[name]] == more[name]
        for name in ("at_risk", "undocumented"):
            assert (cell(name) or "") == ", ".join(order[name]).replace("_", " ")
        for name in ("not_assessed", "history"):
            assert (cell(name) or "") == ", ".join(order[name])
        for name in ("answers", "answered_by_code"):
            told = dict(each.split(": ") for each in (cell(name) or "").split(", ") if each)
            assert told == order[name]
        assert (cell("codes") or "") == "; ".join(dict.fromkeys(finding["code"] for finding in order["findings"]))
        assert (cell("fingerprints") or "") == "; ".join(f["fingerprint"] for f in order["findings"])
        if "delta" in said.report:
            states = [finding["delta"]["state"] if finding["delta"] else "" for finding in order["findings"]]
            assert same(more["delta"], order["delta"]) and (more["finding_deltas"] or "") == "; ".join(states)
        known = {*csv_names(order), "findings", "start_share", "max_share"}
        assert set(TITLES) | set(more) == known - {"written"}, "no fact is left out"
    assert len(worklist) == said.report["counts"]["orders"]


def test_the_findings_have_everything_that_is_said_of_a_finding(said):
    plain = {
        "code": "Code", "name": "Rule", "message": "Message", "column": "Column", "arithmetic": "Arithmetic",
        "source": "Source", "fingerprint": "Fingerprint",
    }  # fmt: skip
    rows, pairs = said.sheets["Findings"].rows(), pairs_of(said)
    assert len(rows) == len(pairs)
    for row, (order, finding) in zip(rows, pairs, strict=True):
        assert set(finding) - {"delta"} == {*plain, "severity", "inputs"}, "no fact is left out"
        for name, title in plain.items():
            assert same(row[title], finding[name]), name
        assert row["Severity"] == finding["severity"].upper() and row["Status of the order"] == order["status"]
        assert same(row["Inputs"], "; ".join(f"{column}: {text}" for column, text in finding["inputs"].items()))
        place = (order["order_id"], order["patient_id"], *order["source"].values())
        cells = (row["Order"], row["Patient"], row["File"], row["Sheet"], row["Row"])
        assert all(map(same, cells, place))


def test_as_written_has_every_cell_of_every_order_as_it_stands_in_the_file(said):
    orders, rows = said.report["orders"], said.sheets["As written"].rows()
    names = {name for order in orders for name in order["written"]}
    for row, order in zip(rows, orders, strict=True):
        assert row.keys() == {"Order", "File", "Sheet", "Row", *names}
        assert all(map(same, (row["Order"], row["File"], row["Sheet"], row["Row"]),
                       (order["order_id"], *order["source"].values())))  # fmt: skip
        for name in names:
            assert same(row[name], order["written"].get(name)), name
        assert [name for name in row if name in order["written"]] == list(order["written"]), "in the order's own order"


def test_not_read_has_what_was_not_read_and_every_notice(said):
    rows = said.sheets["Not read"].rows()
    pairs = [
        (order, finding)
        for order, finding in pairs_of(said)
        if finding["code"] in {"IVG901", "IVG902", "IVG903", "IVG908", "IVG910"}
    ]
    notices = said.report["notices"]
    assert len(rows) == len(pairs) + len(notices)
    for row, (order, finding) in zip(rows, pairs, strict=False):
        facts = (finding["code"], finding["severity"].upper(), order["order_id"], order["patient_id"])
        facts += (finding["column"], finding["message"], *order["source"].values())
        assert all(map(same, row.values(), facts))
    assert [row["Message"] for row in rows[len(pairs) :]] == notices


def test_new_and_open_has_everything_that_is_said_of_the_last_run():
    said = book("night")
    rows, report = said.sheets["New and open"].rows(), said.report
    marked = [
        (section, order, finding)
        for section in list(SECTIONS)[:-1]
        for order, finding in pairs_of(said)
        if finding["delta"] and finding["delta"]["state"] == section
    ]
    assert {section for section, *_ in marked} == {"new", "reopened", "still_open", "acknowledged"}
    assert len(rows) == len(marked) + len(report["delta"]["resolved"])
    for row, (section, order, finding) in zip(rows, marked, strict=False):
        ids = (SECTIONS[section], finding["severity"].upper(), order["order_id"], order["patient_id"])
        facts = (*ids, finding["code"], finding["name"], finding["column"], finding["delta"]["since"])
        assert all(map(same, row.values(), (*facts, finding["message"])))
        assert row["Fingerprint"] == finding["fingerprint"]
        settled, told = finding["delta"]["acknowledged"], row["What was decided, or why it is over"]
        assert (told is None) is (settled is None)
        for fact in (settled or {}).values():
            assert str(fact) in told
        assert order["source"]["file"] in row["Place"] and f"row {order['source']['row']}" in row["Place"]
    for row, over in zip(rows[len(marked) :], report["delta"]["resolved"], strict=True):
        facts = ("Resolved", over["severity"].upper(), over["order_id"], over["patient_id"], over["code"], over["name"])
        facts += (over["column"], over["since"], None, ENDINGS[over["ending"]], over["fingerprint"])
        assert all(map(same, row.values(), facts))


def test_an_id_is_the_text_that_stands_in_the_file():
    rows = book("hostile").sheets["As written"].rows()
    assert {"0010", "1E5", "=1+1", "#N/A", "http://x.example"} <= {row["order_id"] for row in rows}
