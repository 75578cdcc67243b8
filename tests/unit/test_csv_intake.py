"""Delimited files to a table: places, counts, and nothing lost between the file and the orders."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivigcheck.columns import COLUMNS
from ivigcheck.errors import InputError, UsageError
from ivigcheck.intake import Table, files, read_inputs

HEADER = "order_id,patient_id,indication,weight_kg,age_years,max_rate,ward\n"
GOOD = "O1,00123,ITP,80,70,240 mL/h,A\n"


def read(path: Path, content: str | bytes, **options: str) -> Table:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_inputs([path], columns=COLUMNS, **options)[0]  # type: ignore[arg-type]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def test_a_plain_file_is_read_with_its_places_and_its_hash(orders: Path) -> None:
    table = read(orders, HEADER + GOOD + "O2, 00124 ,PI,81,30,1 mg/kg/min,\n")
    assert table == Table(
        file="orders.csv",
        sheet=None,
        sha256=hashlib.sha256(orders.read_bytes()).hexdigest(),
        rows=(2, 3),
        cells={
            "order_id": ["O1", "O2"],
            "patient_id": ["00123", "00124"],
            "indication": ["ITP", "PI"],
            "weight": ["80", "81"],
            "age_years": ["70", "30"],
            "max_rate": ["240 mL/h", "1 mg/kg/min"],
        },
        headers={"weight": "weight_kg"}
        | {name: name for name in ("order_id", "patient_id", "indication", "age_years", "max_rate")},
        header_units={"weight": "kg"},
        ignored=("ward",),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_row_is_the_line_on_which_it_begins_with_any_line_end(orders: Path, end: str) -> None:
    text = HEADER + '"O1","1","ITP","80","70","8 mL/h","a\n\nb"\n' + "\n" + GOOD.replace("O1", "O2")
    table = read(orders, text.replace("\n", end))
    assert (table.rows, table.blank_rows) == ((2, 6), 1)


def test_a_name_with_unusual_line_separators_is_one_line(orders: Path) -> None:
    table = read(orders, HEADER + GOOD.replace("A", "A\u2028B\u0085C") + GOOD)
    assert table.rows == (2, 3)


def test_leading_blank_lines_are_counted_and_do_not_move_the_lines(orders: Path) -> None:
    table = read(orders, "\n,,,\n" + HEADER + GOOD)
    assert (table.rows, table.blank_rows) == ((4,), 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["orders.csv", "orders.tsv"])
def test_the_delimiter_is_the_one_under_which_the_header_is_known(tmp_path: Path, name: str, delimiter: str) -> None:
    table = read(tmp_path / name, (HEADER + GOOD).replace(",", delimiter))
    assert table.cells["max_rate"] == ["240 mL/h"]


def test_another_encoding_is_read_only_when_it_is_named(orders: Path) -> None:
    content = (HEADER + GOOD.replace("A", "Muñoz")).encode("cp1252")
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        read(orders, content)
    assert read(orders, content, encoding="cp1252").notices == ()
    assert read(orders, (HEADER + GOOD).encode("utf-16"), encoding="utf-16").rows == (2,)


@pytest.mark.parametrize("encoding", ["no-such", "hex", "rot13", "a\0b", ""])
def test_an_encoding_that_does_not_exist_is_an_error_of_the_command_line(orders: Path, encoding: str) -> None:
    with pytest.raises(UsageError, match="no text encoding"):
        read(orders, HEADER + GOOD, encoding=encoding)


def test_a_sheet_without_any_workbook_is_an_error_of_the_command_line(orders: Path) -> None:
    with pytest.raises(UsageError, match="no workbook"):
        read(orders, HEADER + GOOD, sheet="Orders")


@pytest.mark.parametrize(
    ("name", "way_out"),
    [("a.xls", "Save it as .xlsx"), ("a.txt", "Export the orders as"), ("a", "Export"), ("a.xlsb", "Save it as .xlsx")],
)
def test_other_kinds_of_file_are_refused_with_the_way_out(tmp_path: Path, name: str, way_out: str) -> None:
    with pytest.raises(InputError, match=way_out):
        read(tmp_path / name, HEADER + GOOD)


@pytest.mark.parametrize("path", [".", "/"])
def test_a_path_without_a_name_is_refused_by_what_it_is(path: str) -> None:
    with pytest.raises(InputError) as stopped:
        read_inputs([Path(path)], columns=COLUMNS)
    assert str(stopped.value).startswith(f"{path}: is not read; ")
    assert "is a directory" in str(stopped.value)


def test_a_missing_file_is_refused(orders: Path) -> None:
    with pytest.raises(InputError, match=r"orders\.csv: there is no such file"):
        read_inputs([orders], columns=COLUMNS)


@pytest.mark.parametrize(("rows", "noticed"), [(65_534, 0), (65_535, 1), (65_536, 0)])
def test_a_spreadsheets_row_limit_is_noticed(orders: Path, rows: int, noticed: int) -> None:
    """H-10."""
    table = read(orders, HEADER + GOOD * rows)
    assert len(table.rows) == rows
    assert sum("spreadsheet's limit" in notice for notice in table.notices) == noticed


def test_a_header_without_rows_is_a_table_without_orders_and_a_notice(orders: Path) -> None:
    table = read(orders, HEADER)
    assert table.rows == ()
    assert table.notices == ("has a header and no orders.",)


def test_no_notice_begins_with_the_files_name(orders: Path) -> None:
    """The report puts it there."""
    content = "\ufeff\ufeff" + HEADER.replace(",ward", "") + (GOOD.replace(",A", ",") * 65_535).rstrip("\n") + "\x1a"
    notices = read(orders, content.replace("00123", "MuÃ±oz")).notices
    assert len(notices) == 6
    assert not any("orders.csv" in notice for notice in notices)


ANSWERED = "order_id,patient_id,indication,weight_kg,age_years,max_rate,{name},first_infusion,reaction_resolved,sex\n"
MOVED = "O{n},1,ITP,80,70,240 mL/h,SMITH, JOHN,no,yes,\n"  # the name is two fields, and the last column is empty


def test_a_separator_in_an_unquoted_text_of_every_row_never_moves_the_answers(orders: Path) -> None:
    """H-06."""
    rows = "".join(MOVED.format(n=n) for n in range(3))
    words = r"separator inside a text that is not quoted.*Quote the texts, or give the"
    with pytest.raises(InputError, match=words):
        read(orders, ANSWERED.format(name="patient_name") + rows)
    with pytest.raises(InputError, match="field 7 has a value under a header that is blank"):
        read(orders, ANSWERED.format(name=" ") + rows)
    with pytest.raises(InputError, match=words):
        read(orders, ANSWERED.format(name=" ") + rows.replace("SMITH, JOHN", ",no"))


def test_one_row_with_an_empty_surplus_field_is_malformed(orders: Path) -> None:
    """H-06."""
    for header in (ANSWERED.format(name="patient_name"), ANSWERED.format(name="product")):
        table = read(orders, header + MOVED.format(n=1))
        assert "more fields than the header's 10" in table.malformed[0]
        assert {texts[0] for texts in table.cells.values()} == {""}


@pytest.mark.parametrize(
    ("record", "last"),
    [
        ('O2,2,PI,81,30,1 mg/kg/min,"x\ny",z\n', 4),  # a field too many
        ('O2,2,PI,81,30,"1 mg/kg/min\n\ny"\n', 5),  # a field too few
        ('O2,2,PI,"81,30,240 mL/h,A\nO3,3,PI,81,30",240 mL/h,A\n', 4),  # two orders, and one column off
    ],
)
def test_a_malformed_record_of_several_lines_may_be_several_orders_and_stops_the_run(
    orders: Path, record: str, last: int
) -> None:
    """H-08."""
    with pytest.raises(InputError, match=rf"^orders\.csv: lines 3 to {last} are one record, and may be several orders"):
        read(orders, HEADER + GOOD + record + GOOD)


@pytest.mark.parametrize("column", range(7))
@pytest.mark.parametrize("between", [0, 1, 2])
def test_a_quote_that_swallows_orders_stops_the_run_in_whichever_column_it_stands(
    orders: Path, column: int, between: int
) -> None:
    """H-08: the record has the right number of fields, and is two orders or more."""
    opened, closed = GOOD.strip().split(","), GOOD.strip().split(",")
    opened[column] = '"' + opened[column]
    closed[column] += '"'
    swallowing = ",".join(opened) + "\n" + GOOD * between + ",".join(closed) + "\n"
    with pytest.raises(InputError, match=f"lines 3 to {4 + between} are one record"):
        read(orders, HEADER + GOOD + swallowing + GOOD)


def test_a_header_that_swallows_orders_stops_the_run_and_is_not_quoted(orders: Path) -> None:
    """H-08, H-46."""
    with pytest.raises(InputError, match="lines 1 to 2 are one record") as stopped:
        read(orders, HEADER.replace("ward", '"ward') + GOOD.replace("A\n", 'CANARY"\n') + GOOD)
    assert "CANARY" not in str(stopped.value)


def test_a_long_note_of_several_lines_with_many_commas_is_a_note(orders: Path) -> None:
    """F-30."""
    note = '"seen, stable, no fever,\nhydrated, walks, eats, sleeps,\nno clots, no rash"'
    table = read(orders, HEADER + GOOD.replace(",A\n", f",{note}\n") + GOOD)
    assert (table.malformed, table.rows) == ({}, (2, 5))


def test_a_header_with_a_line_break_may_be_repeated(orders: Path) -> None:
    header = HEADER.replace("ward", '"ward\nor unit"')
    assert read(orders, header + GOOD + header + GOOD).malformed == {1: "repeats the header."}


def test_progress_counts_the_orders_of_all_inputs(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        path.write_text(HEADER + GOOD * 10_001)
    seen: list[int] = []
    read_inputs(paths, columns=COLUMNS, progress=seen.append)
    assert seen == [10_000, 10_001, 20_001, 20_002]


def test_a_file_that_changes_while_it_is_read_is_refused(orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-46, H-60."""
    real = os.read

    def growing(handle: int, count: int) -> bytes:
        chunk = real(handle, count)
        with orders.open("a") as more:
            more.write(GOOD)
        return chunk

    orders.write_text(HEADER + GOOD)
    monkeypatch.setattr(files.os, "read", growing)
    with pytest.raises(InputError, match="changed while reading"):
        read_inputs([orders], columns=COLUMNS)


def test_a_file_that_is_replaced_while_it_is_read_is_refused(orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.read

    def replacing(handle: int, count: int) -> bytes:
        new = orders.with_suffix(".new")
        new.write_text(HEADER + GOOD)
        new.replace(orders)
        return real(handle, count)

    orders.write_text(HEADER + GOOD)
    monkeypatch.setattr(files.os, "read", replacing)
    with pytest.raises(InputError, match="changed while reading"):
        read_inputs([orders], columns=COLUMNS)


def test_an_error_of_the_disk_stops_the_run(orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H-60."""

    def failing(handle: int, count: int) -> bytes:
        raise OSError(5, "Input/output error")

    orders.write_text(HEADER + GOOD)
    monkeypatch.setattr(files.os, "read", failing)
    with pytest.raises(InputError, match=r"cannot be read \(Input/output error\)"):
        read_inputs([orders], columns=COLUMNS)


def test_importing_the_intake_loads_neither_openpyxl_nor_pandas() -> None:
    code = "import sys, ivigcheck.intake as i; print({'openpyxl', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


NAMES = HEADER.strip().split(",")
TEXTS = st.text(st.sampled_from("ab1 ,;\t\"'\n\r") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=5)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(TEXTS, min_size=7, max_size=7), max_size=6),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_a_csv_writer_wrote_is_read_back_the_same(
    orders: Path, rows: list[list[str]], delimiter: str, end: str
) -> None:
    """H-08: rows in = orders out, cells as written."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([NAMES, *rows])
    table = read(orders, file.getvalue().encode())
    said = [stripped for stripped in ([text.strip() for text in row] for row in rows) if any(stripped)]
    assert len(table.rows) == len(said)
    assert table.blank_rows == len(rows) - len(said)
    assert table.malformed == {}
    columns: Sequence[str] = [*table.cells]
    assert [list(row) for row in zip(*table.cells.values(), strict=True)] == [row[: len(columns)] for row in said]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=2), st.integers(0, 3)), min_size=1, max_size=4)
)
def test_a_mutated_file_gives_a_table_or_a_refusal(orders: Path, edits: list[tuple[int, bytes, int]]) -> None:
    """F-48."""
    content = (HEADER + GOOD + '"O2","2","PI","81","30","1 mg/kg/min","x ""y"" z"\n' + GOOD).encode()
    for place, new, cut in edits:
        at = place % (len(content) + 1)
        content = content[:at] + new + content[at + cut :]
    try:
        table = read(orders, content)
    except InputError:
        return
    assert {len(texts) for texts in table.cells.values()} == {len(table.rows)}
