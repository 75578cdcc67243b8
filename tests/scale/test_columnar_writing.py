"""What is written by columns is what the encoders of each line would write."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import AS_OF, GOOD, check, table_of
from hypothesis import given
from hypothesis import strategies as st
from scale_driver import KNOWLEDGE, STARTED, codes_of, crowd, good

from ivigcheck.pipeline import check_tables
from ivigcheck.report import Rendering
from ivigcheck.report.bulk import _csv_text, _json_text, _lines
from ivigcheck.report.columns import Cells, Numbers, Told, Whole
from ivigcheck.report.csv_report import csv_fields
from ivigcheck.texts import Alike, Texts, combined

NUMBERS = (
    *(
        0.0,
        -0.0,
        1.0,
        0.1,
        0.1 + 0.2,
        1 / 3,
        1e-4,
        9.999999e-5,
        1e-5,
        1e-7,
        1.5e-300,
        5e-324,
        123456.789,
        1e15,
        9999999999999998.0,
    ),
    *(1e16, 1.2345e17, 1e22, 1e300, 1.7976931348623157e308, -1e-5, -2.5, -1e16, 384.0, 8.000000000000002),
)


def written(column: Any, form: Any, n: int) -> list[str]:
    """A column's texts, one a line."""
    return bytes(_lines([form(column), b"\n"], n)).decode().split("\n")[:-1]


@pytest.mark.parametrize("blank", [False, True])
def test_a_number_in_csv_is_its_repr_and_in_json_the_same_number(blank: bool) -> None:
    """repr is the shortest text that reads back as the number; what is not known is blank, or null."""
    values = [value for number in NUMBERS for value in ((number, math.nan) if blank else (number,))]
    column = Numbers(np.array(values))
    assert written(column, _csv_text, len(values)) == ["" if math.isnan(value) else repr(value) for value in values]
    found = [json.loads(text) for text in written(column, _json_text, len(values))]
    assert [math.nan if each is None else each for each in found] == pytest.approx(values, rel=0, abs=0, nan_ok=True)
    assert all((each is None) == math.isnan(value) for each, value in zip(found, values, strict=True))


@given(st.lists(st.one_of(st.floats(allow_infinity=False), st.floats(1e-6, 1e-3), st.floats(1e15, 1e17)), max_size=30))
def test_any_number_reads_back_from_both_formats(values: list[float]) -> None:
    column, n = Numbers(np.array(values, float)), len(values)
    if n:
        assert written(column, _csv_text, n) == ["" if value != value else repr(value) for value in values]
        assert [json.loads(text) for text in written(column, _json_text, n)] == [None if v != v else v for v in values]


@pytest.mark.parametrize("values", [[math.nan], [math.nan] * 3, [0.0], [1e-5], [1e-5, 1e-5], []])
def test_columns_of_one_value_or_of_none_are_written_like_others(values: list[float]) -> None:
    assert written(Numbers(np.array(values, float)), _csv_text, len(values)) == [
        "" if v != v else repr(v) for v in values
    ]
    assert written(Whole(np.arange(len(values))), _csv_text, len(values)) == [str(k) for k in range(len(values))]


TEXTS = (
    *(
        "",
        "a",
        "a,b",
        'say "so"',
        '"',
        '""',
        ",",
        ",\n",
        "a\nb",
        "\n",
        "a,\nb",
        "x\r",
        "\t",
        "=1+1",
        "+1",
        "-1",
        "@x",
        "'",
        " =1",
    ),
    *(
        "\u202egnp",
        "é",
        "😀",
        "\u2028",
        "\u200b",
        "\x7f",
        "\x1b[31m",
        "\ufeff",
        "＝1",
        "a;b",
        "null",
        "0123",
        "\\",
        "\\n",
        "ß" * 300,
    ),
)


def unseen(text: str) -> bool:
    """Whether a text holds what a reader cannot see: controls, formats, ends of lines."""
    return any(unicodedata.category(ch) in ("Cc", "Cf", "Zl", "Zp") for ch in text)


def as_csv(value: Any) -> str:
    """One field, by the csv module alone."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow([value, "x"])
    return file.getvalue()[: -len(",x\n")]


@pytest.mark.parametrize("texts", [TEXTS, [text for text in TEXTS if "\n" not in text], ["="], [""], []])
def test_a_text_is_quoted_guarded_and_escaped_like_a_field_of_its_own(texts: list[str]) -> None:
    """Read back by the csv module: one field a line, no formula, nothing that cannot be seen."""
    rng = random.Random(1)
    codes = np.array([rng.randrange(len(texts)) for _ in range(3 * len(texts))], np.int64)
    column, n = Told(texts, codes), len(codes)
    lines = bytes(_lines([_csv_text(column), b",x\n"], n)).decode()
    fields = [row[0] for row in csv.reader(io.StringIO(lines))]
    assert len(fields) == n
    for field, code in zip(fields, codes, strict=True):
        text = texts[code]
        assert not unseen(field) and field[:1] not in tuple("=+-@")
        if text.isprintable() and text[:1] not in tuple("=+-@＝"):
            assert field == text and as_csv(field) in lines
    assert [json.loads(line) for line in written(column, _json_text, n)] == [texts[code] for code in codes]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=3, max_size=3), max_size=12
    )
)
def test_the_cells_of_an_order_are_one_json_object_without_its_blanks(rows: list[list[str]]) -> None:
    names = ("one", "two", "three")
    cells = Cells({name: Texts.of([row[k] for row in rows]) for k, name in enumerate(names)}, len(rows))
    want = [{name: text for name, text in zip(names, row, strict=True) if text} for row in rows]
    if rows:
        assert [json.loads(line) for line in written(cells, _json_text, len(rows))] == want
        assert [list(json.loads(line)) for line in written(cells, _json_text, len(rows))] == [
            list(each) for each in want
        ]
        fields = [row[0] for row in csv.reader(io.StringIO("\n".join(written(cells, _csv_text, len(rows)))))]
        assert len(fields) == len(rows) and not any(map(unseen, fields))
        if all("".join(row).isprintable() for row in rows):
            assert [json.loads(field) for field in fields] == want
    assert list(cells.listed) == want


def reports(orders: list[dict[str, str]]) -> Rendering:
    return Rendering(check_tables([table_of(orders)], AS_OF, knowledge=KNOWLEDGE), STARTED)


BATCHES = {
    "random": crowd(21, 60),
    "one": [good(1)],
    "alike": [dict(GOOD)] * 5,
    "none that can be used": [GOOD | {"weight": "x", "max_rate": "", "product": text} for text in TEXTS],
    "texts of all kinds": [GOOD | {"order_id": text, "patient_id": text, "product": text} for text in TEXTS],
}


@pytest.mark.parametrize("name", BATCHES)
def test_the_lines_of_json_are_the_facts_of_each_order(name: str) -> None:
    """Against the json module."""
    rendering = reports(BATCHES[name])
    lines = rendering.jsonl().decode().split("\n")
    assert lines.pop() == "" and len(lines) == len(BATCHES[name])
    assert [json.loads(line) for line in lines] == [json.loads(json.dumps(facts)) for facts in rendering.facts]


@pytest.mark.parametrize("name", BATCHES)
def test_the_lines_of_csv_are_the_facts_of_each_order(name: str) -> None:
    """Numbers by repr, what is not known blank, texts as they are where nothing is odd in them."""
    rendering = reports(BATCHES[name])
    rows = list(csv.DictReader(io.StringIO(rendering.csv().decode(), newline="")))
    assert len(rows) == len(BATCHES[name])
    for row, facts in zip(rows, rendering.facts, strict=True):
        for leaf, value in csv_fields(facts).items():
            if value is None:
                assert row[leaf] == ""
            elif isinstance(value, bool):
                assert row[leaf] == str(value).lower()
            elif isinstance(value, float):
                assert row[leaf] == repr(value)
            elif isinstance(value, int):
                assert row[leaf] == str(value)
            elif value.isprintable() and not value.startswith(("=", "+", "-", "@", "＝")):
                assert row[leaf] == value


@pytest.mark.parametrize("name", BATCHES)
def test_a_parquet_report_says_what_csv_and_jsonl_say(name: str) -> None:
    """Leaf by leaf, read back: numbers are numbers, lists are lists, and the findings stand there whole."""
    rendering = reports(BATCHES[name])
    table = pq.read_table(io.BytesIO(rendering.parquet()))
    rows = list(csv.DictReader(io.StringIO(rendering.csv().decode(), newline="")))
    facts = [json.loads(line) for line in rendering.jsonl().splitlines()]
    assert table.num_rows == len(rows) and set(rows[0]) <= set(table.column_names)
    for record, row, fact in zip(table.to_pylist(), rows, facts, strict=True):
        assert record["codes"] == [finding["code"] for finding in fact["findings"]]
        assert set(record["codes"]) == codes_of(fact)
        assert [each | {"inputs": dict(each["inputs"])} for each in record["findings"]] == fact["findings"]
        assert dict(record["written"]) == fact["written"]
        assert (record["order_id"], record["patient_id"], record["status"]) == (
            fact["order_id"],
            fact["patient_id"],
            fact["status"],
        )
        for leaf, text in row.items():
            value = record[leaf]
            if isinstance(value, bool):
                assert text == str(value).lower(), leaf
            elif value is None or isinstance(value, (int, float)):
                assert text == ("" if value is None else repr(value)), leaf
            elif isinstance(value, list) and leaf not in ("written",):
                said = [f"{each[0]}={each[1]}" if isinstance(each, tuple) else each or "" for each in value]
                assert text == ";".join(said), leaf


def test_reports_without_orders_have_their_columns_and_no_lines() -> None:
    none = reports([dict(GOOD)])
    empty = Rendering(
        check_tables([table_of([dict(GOOD)]).__class__("x", None, "", (), {name: [] for name in GOOD})], AS_OF), STARTED
    )
    assert empty.jsonl() == b"" and empty.csv().count(b"\n") == 1
    assert empty.csv().splitlines()[0] == none.csv().splitlines()[0]
    table = pq.read_table(io.BytesIO(empty.parquet()))
    assert table.num_rows == 0 and table.schema == pq.read_table(io.BytesIO(none.parquet())).schema


# Texts that are kept once


@given(st.lists(st.text("ab ", max_size=2), max_size=30), st.data())
def test_a_column_of_texts_is_a_list_of_texts_to_whoever_looks_at_rows(texts: list[str], data: st.DataObject) -> None:
    column = Texts.of(texts)
    assert list(column) == texts and len(column) == len(texts) and len(set(column.distinct)) == len(column.distinct)
    assert column.blank.tolist() == [not text for text in texts]
    assert column.each(str.isspace).tolist() == [text.isspace() for text in texts]
    assert [column[i] for i in range(len(texts))] == texts and list(column[1:-1]) == texts[1:-1]
    at = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=10)) if texts else []
    assert list(column.rows(np.array(at, np.int64))) == [texts[i] for i in at]
    other = [data.draw(st.sampled_from(["", "z", "a"])) for _ in texts]
    assert list(column.or_else(Texts.of(other))) == [a or b for a, b in zip(texts, other, strict=True)]
    assert list(Texts.joined([column, Texts.of(other), column])) == [*texts, *other, *texts]
    assert list(Texts.repeated("q", 3)) == ["q"] * 3 and list(Texts.joined([])) == []


@given(st.lists(st.text("ab", max_size=1).flatmap(lambda t: st.tuples(st.just(t), st.booleans())), max_size=30))
def test_rows_that_are_alike_are_those_with_the_same_text_of_those_that_count(rows: list[tuple[str, bool]]) -> None:
    counted = np.array([counts for _, counts in rows], bool)
    alike = Alike(Texts.of([text for text, _ in rows]), counted)
    for i, (text, counts) in enumerate(rows):
        mates = [k for k, each in enumerate(rows) if each == (text, True)] if counts else [i]
        assert alike.of(i).tolist() == mates
        assert bool(alike.in_company[i]) == (counts and len(mates) > 1)
    groups = {tuple(each.tolist()) for each in alike.groups()}
    assert groups == {tuple(alike.of(i).tolist()) for i in range(len(rows)) if alike.in_company[i]}


@given(st.lists(st.tuples(*[st.one_of(st.integers(-2, 3), st.integers(-(2**40), 2**40))] * 3), max_size=40))
def test_combined_columns_are_the_distinct_rows_and_which_of_them_stands_where(
    rows: list[tuple[int, int, int]],
) -> None:
    distinct, which = combined(*(np.array([row[k] for row in rows], np.int64) for k in range(3)))
    assert len(set(distinct)) == len(distinct) == len(set(rows))
    assert [distinct[k] for k in which.tolist()] == rows


def test_values_told_by_code_may_be_counted_from_the_end(tmp_path: Path) -> None:
    """-1 is the last, in every format."""
    column = Told(["x", "y", None], np.array([0, -1, 1, -1]))
    assert column.listed == ["x", None, "y", None]
    assert written(column, _csv_text, 4) == ["x", "", "y", ""]
    assert written(column, _json_text, 4) == ['"x"', "null", '"y"', "null"]


def test_check_and_the_table_of_these_tests_agree() -> None:
    """A good order passes: else a finding would prove nothing."""
    assert json.loads(Rendering(check(GOOD), STARTED).jsonl())["status"] == "PASS"
