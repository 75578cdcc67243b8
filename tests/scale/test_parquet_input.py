"""Orders in Parquet files get the verdicts of the same orders in CSV, or the file is refused in words."""

from __future__ import annotations

import decimal
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import AS_OF, GOOD
from scale_driver import KNOWLEDGE, codes_of, crowd, csv_text, good, in_parts, left_in, orders_of, whole

from ivigcheck.errors import InputError
from ivigcheck.pipeline import read_tables

Array = pa.Array


def parquet(path: Path, **columns: Any) -> Path:
    """One good order with other columns in the place of some."""
    n = max([len(column) for column in columns.values()], default=1)
    texts = {name: pa.array([text] * n) for name, text in GOOD.items()} | {
        "order_id": pa.array([f"A-{k}" for k in range(n)])
    }
    pq.write_table(pa.table(texts | columns), path)
    return path


def cell(path: Path, column: str) -> tuple[str, bool]:
    """The first order's cell as it was read, and whether it was found unreadable."""
    (table,) = read_tables([path], KNOWLEDGE)
    return table.cells[column][0], column in {bad.column for bad in table.bad_cells.get(0, ())}


NOON = datetime(2026, 11, 1, 12, 0)
READ: dict[str, tuple[str, Array, str]] = {
    "text": ("weight", pa.array([" 80 kg "]), "80 kg"),
    "long text": ("weight", pa.array(["80 kg"], pa.large_string()), "80 kg"),
    "text by number": ("weight", pa.array(["80 kg"]).dictionary_encode(), "80 kg"),
    "nothing": ("weight", pa.array([None], pa.string()), ""),
    "a column of nothing": ("weight", pa.nulls(1), ""),
    "whole number": ("age_years", pa.array([40], pa.int8()), "40"),
    "large whole number as an id": ("patient_id", pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
    "id with zeros": ("patient_id", pa.array(["00123"]), "00123"),
    "floating number": ("minutes_since_resolved", pa.array([20.5]), "20.5"),
    "floating whole number": ("age_years", pa.array([40.0]), "40"),
    "half precision": ("minutes_since_resolved", pa.array(np.array([20.5], np.float16)), "20.5"),
    "not a number": ("age_years", pa.array([float("nan")]), ""),
    "small number without an exponent": ("minutes_since_resolved", pa.array([1e-7]), "0.0000001"),
    "large number without an exponent": ("minutes_since_resolved", pa.array([1e20]), "100000000000000000000"),
    "decimal": ("minutes_since_resolved", pa.array([decimal.Decimal("20.50")]), "20.5"),
    "decimal with hundreds": ("minutes_since_resolved", pa.array([decimal.Decimal("200")], pa.decimal128(9, 0)), "200"),
    "true": ("diabetes", pa.array([True]), "yes"),
    "false": ("diabetes", pa.array([False]), "no"),
    "one": ("diabetes", pa.array([1]), "1"),
    "day": ("ordered_at", pa.array([date(2026, 11, 1)]), "2026-11-01"),
    "day in milliseconds": ("ordered_at", pa.array([date(2026, 11, 1)], pa.date64()), "2026-11-01"),
    "midnight": ("ordered_at", pa.array([datetime(2026, 11, 1)], pa.timestamp("us")), "2026-11-01"),
    "noon": ("ordered_at", pa.array([NOON], pa.timestamp("s")), "2026-11-01T12:00:00"),
    "noon in nanoseconds": ("ordered_at", pa.array([NOON], pa.timestamp("ns")), "2026-11-01T12:00:00"),
    "with a fraction": (
        "ordered_at",
        pa.array([NOON.replace(microsecond=5000)], pa.timestamp("us")),
        "2026-11-01T12:00:00.005",
    ),
    "in a zone": (
        "ordered_at",
        pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("us", "America/New_York")),
        "2026-11-01T07:00:00-05:00",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_value_is_read_as_the_text_that_a_csv_file_would_hold(name: str, tmp_path: Path) -> None:
    column, array, text = READ[name]
    assert cell(parquet(tmp_path / "x.parquet", **{column: array}), column) == (text, False)


UNREADABLE: dict[str, tuple[str, Array]] = {
    "a date where a number belongs": ("weight", pa.array([date(2026, 1, 1)])),
    "a number where a date belongs": ("ordered_at", pa.array([46000])),
    "a truth where a number belongs": ("age_years", pa.array([True])),
    "a truth as an id": ("patient_id", pa.array([True])),
    "a floating number as an id": ("patient_id", pa.array([123.0])),
    "a number below 0 as an id": ("order_id", pa.array([-1])),
    "a decimal as an id": ("patient_id", pa.array([decimal.Decimal("1.0")])),
    "infinity": ("age_years", pa.array([float("inf")])),
    "a control character": ("patient_id", pa.array(["P\x01"])),
    "a NUL": ("weight", pa.array(["8\x000 kg"])),
}
ODD: dict[str, tuple[str, Array]] = {
    "a day beyond all calendars": ("ordered_at", pa.array([20_000_000], pa.date32())),
    "a moment beyond all calendars": ("ordered_at", pa.array([99_999_999_999_999], pa.timestamp("s"))),
    "a zone that nobody knows": ("ordered_at", pa.array([0], pa.timestamp("us", "Nowhere/Foo"))),
    "bytes that are no UTF-8": ("patient_id", pa.array([b"\xff\xfe"]).cast(pa.binary()).view(pa.string())),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_value_of_another_kind_makes_its_cell_unreadable_and_never_a_guess(name: str, tmp_path: Path) -> None:
    column, array = UNREADABLE[name]
    path = parquet(tmp_path / "x.parquet", **{column: array})
    assert cell(path, column) == ("", True)
    (order,) = orders_of(in_parts([path], tmp_path / "out")[0])
    assert order["status"] != "PASS"


@pytest.mark.parametrize("name", ODD)
def test_a_value_that_cannot_be_had_at_all_is_no_error_of_the_programs_own(name: str, tmp_path: Path) -> None:
    """The cell is unreadable, or the file is refused with exit 3; not 70."""
    column, array = ODD[name]
    path = parquet(tmp_path / "x.parquet", **{column: array})
    try:
        assert cell(path, column) == ("", True)
    except InputError as error:
        assert "x.parquet" in str(error)


def test_a_column_by_small_numbers_may_hold_as_many_texts_as_they_can_count(tmp_path: Path) -> None:
    """128 texts by eight bits: there is no 129th number for what is missing."""
    ids = pa.DictionaryArray.from_arrays(pa.array(range(128), pa.int8()), pa.array([f"P{k}" for k in range(128)]))
    (table,) = read_tables([parquet(tmp_path / "x.parquet", patient_id=ids)], KNOWLEDGE)
    assert list(table.cells["patient_id"]) == [f"P{k}" for k in range(128)]


REFUSED: dict[str, Array] = {
    "a list": pa.array([["80 kg"]]),
    "a structure": pa.array([{"kg": 80}]),
    "a map": pa.array([[("kg", "80")]], pa.map_(pa.string(), pa.string())),
    "bytes": pa.array([b"80 kg"]),
    "a time of day": pa.array([1], pa.time32("s")),
    "a duration": pa.array([1], pa.duration("s")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_column_of_another_type_is_refused_by_name_and_only_where_it_is_ours(name: str, tmp_path: Path) -> None:
    try:
        path = parquet(tmp_path / "x.parquet", weight=REFUSED[name])
    except pa.ArrowNotImplementedError:
        pytest.skip("Parquet has no such type")
    with pytest.raises(InputError, match='the column "weight" is of type'):
        in_parts([path], tmp_path / "out")
    assert left_in(tmp_path / "out") == []
    other = parquet(tmp_path / "y.parquet", nurses_notes=REFUSED[name])
    assert orders_of(in_parts([other], tmp_path / "out")[0])[0]["status"] == "PASS"


@pytest.mark.parametrize("damage", ["cut", "holed", "text", "empty", "only a mark", "bits", "folder"])
def test_what_is_no_whole_parquet_file_is_refused_in_words(damage: str, tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet")
    data = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes({"cut": data[:-9], "holed": data[:200] + data[300:], "text": csv_text([good(1)]).encode(), "empty": b"",
                          "only a mark": b"PAR1", "bits": data[:30] + bytes(255 - each for each in data[30:60]) + data[60:]}[damage])  # fmt: skip
    with pytest.raises(InputError) as refusal:
        in_parts([path], tmp_path / "out", endings=[".csv"])
    assert "x.parquet" in str(refusal.value) and left_in(tmp_path / "out") == []


def typed(orders: list[dict[str, str]]) -> pa.Table:
    """The orders in the types that a database would give: days, and a table of names for products."""
    names = list(dict.fromkeys(name for order in orders for name in order))
    columns = {name: pa.array([order.get(name) or None for order in orders], pa.string()) for name in reversed(names)}
    for name in ("product", "indication"):
        columns[name] = columns[name].dictionary_encode()
    return pa.table(columns)


def without_place(order: dict[str, Any]) -> dict[str, Any]:
    """What is said of an order, but for its place, also where others name it."""
    text = json.dumps({**order, "source": None})
    return json.loads(text.replace("x.parquet", "FILE").replace("x.csv", "FILE"))


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_the_same_orders_get_the_same_verdicts_from_parquet_as_from_csv(group: int, tmp_path: Path) -> None:
    """In row groups of any size, in parts of any size; and both paths give the same bytes."""
    orders = [{name: text.strip() for name, text in order.items()} for order in crowd(31, 24)]
    as_parquet, as_csv = tmp_path / "x.parquet", tmp_path / "x.csv"
    pq.write_table(typed(orders), as_parquet, row_group_size=group)
    as_csv.write_text(csv_text(orders))
    for rows in (3, 10_000):
        for whole_below in (0, 1 << 30):
            found, tally = in_parts([as_parquet], tmp_path / "out", rows=rows, whole_below=whole_below)
            assert (found, tally) == whole([as_parquet]), (rows, whole_below)
    said, want = orders_of(found), orders_of(in_parts([as_csv], tmp_path / "out")[0])
    assert [order["source"]["row"] for order in said] == list(range(1, len(orders) + 1))
    assert [order["status"] for order in said] == [order["status"] for order in want]
    assert [codes_of(order) for order in said] == [codes_of(order) for order in want]
    assert [[f["fingerprint"] for f in order["findings"]] for order in said] == [
        [f["fingerprint"] for f in order["findings"]] for order in want
    ]
    assert [order["limits"] for order in said] == [order["limits"] for order in want]


@pytest.mark.parametrize("whole_below", [0, 1 << 30])
def test_a_record_in_which_nothing_stands_is_no_order_and_any_other_is_one(whole_below: int, tmp_path: Path) -> None:
    """Also where what stands there is in a column that is not ours. The rows keep their numbers."""
    orders = [good(1), {}, good(1), {"note": "checked"}, {}]
    path = tmp_path / "x.parquet"
    names = [*GOOD, "note"]
    pq.write_table(
        pa.table({name: pa.array([order.get(name) for order in orders], pa.string()) for name in names}), path
    )
    found, tally = in_parts([path], tmp_path / "out", rows=1, whole_below=whole_below)
    assert found == whole([path])[0] and tally["orders"] == 3
    assert [order["source"]["row"] for order in orders_of(found)] == [1, 3, 4]
    assert [codes_of(order) >= {"IVG905"} for order in orders_of(found)] == [True, True, False]


@pytest.mark.parametrize("whole_below", [0, 1 << 30])
def test_a_parquet_file_without_records_gives_reports_without_orders(whole_below: int, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(typed([good(1)]).slice(0, 0), path)
    found, tally = in_parts([path], tmp_path / "out", whole_below=whole_below)
    assert found[".jsonl"] == b"" and tally["orders"] == 0 and AS_OF


def test_orders_of_parquet_and_csv_files_are_held_against_each_other(tmp_path: Path) -> None:
    one, two = tmp_path / "x.parquet", tmp_path / "x.csv"
    pq.write_table(typed([good(k) for k in range(5)]), one)
    two.write_text(csv_text([good(k + 10, patient_id=f"P-{k}", weight="96 kg") for k in range(5)]))
    for paths in ([one, two], [two, one], [one, two, one]):
        found, _ = in_parts(paths, tmp_path / "out", size=1, rows=2)
        assert all("IVG404" in codes_of(order) for order in orders_of(found)) and found == whole(paths)[0]


def test_a_parquet_file_that_changes_between_its_two_readings_is_refused(tmp_path: Path) -> None:
    path, out = tmp_path / "x.parquet", tmp_path / "out"
    pq.write_table(typed([good(k) for k in range(5)]), path)

    def progress(stage: str, orders: int) -> None:
        if (stage, orders) == ("reading", 5):
            pq.write_table(typed([good(k, weight="90 kg") for k in range(9)]), path)

    with pytest.raises(InputError, match="changed"):
        in_parts([path], out, rows=2, endings=[".csv"], progress=progress)
    assert left_in(out) == []
