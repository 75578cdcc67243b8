"""Plain reading, by blocks and columns, gives what strict reading gives, or leaves the file to it."""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from scale_driver import COLUMNS, block_list, csv_text, good, in_parts, left_in, whole

from ivigcheck.errors import InputError
from ivigcheck.intake import blocks, plain
from ivigcheck.intake.csv_file import read_csv

sys.path.append(str(Path(__file__).parents[1] / "hostile"))

from test_csv_corpus import CASES, Refused

SIZES = (1, 25, 90, 400, 1 << 20)
NAMES = ("order_id", "patient_id", "indication", "weight", "age_years", "max_rate", "note", "diabetes")
CELLS = (
    *(
        "1",
        "00123",
        "PI",
        "82 kg",
        " 82 kg ",
        "",
        "",
        "yes",
        "no",
        "é",
        "\u00a0x",
        "a'b",
        'x"y',
        '"q"',
        '"a,b"',
        '"a\nb"',
        '""',
    ),
    *(
        '"a""b"',
        '"',
        '"open',
        'shut"',
        '" q"',
        ' "q"',
        '"a"b',
        "order_id",
        "ORDER_ID",
        "Order ID",
        "1\t2",
        "\u2028",
        "\u0085x",
    ),
    *(
        "=1",
        ";",
        "\r",
        "\x0b",
        "\x0c",
        "\x1f z",
        "\x00",
        "\x1a",
        "\ufeff",
        "Ã¼",
        "\ufffd",
        "\u3000",
        "\u200b",
        "\x7f",
        "ß",
        "😀",
    ),
)
TAME = ("1", "2", "3 mg", "4", "00123", "", " x ", "PI", "é", '"a,b"', "\u00a0x")

Read = tuple[Any, ...]


def strictly(path: Path) -> Read | InputError:
    try:
        table = read_csv(path, COLUMNS)
    except InputError as error:
        return error
    cells = {name: list(texts) for name, texts in table.cells.items()}
    return (
        table.rows,
        cells,
        table.malformed,
        table.blank_rows,
        table.headers,
        table.header_units,
        table.ignored,
        table.bad_cells,
    )


def plainly(path: Path, size: int) -> Read | None:
    """None where the file is left to the strict reader."""
    try:
        layout = plain.lay_out(path, COLUMNS)
        found = [blocks.read_block(layout, block, data) for block, data in block_list(layout, size)]
    except plain.NotPlain:
        return None
    if sum(each.surplus for each in found) == sum(each.data_rows for each in found) > 1:
        return None
    head = layout.head
    rows = tuple(row for each in found for row in each.table.rows)
    cells = {name: [text for each in found for text in each.table.cells[name]] for name in head.cells}
    malformed, offset = {}, 0
    for each in found:
        malformed |= {offset + i: why for i, why in each.table.malformed.items()}
        offset += len(each.table.rows)
        # A row is found again by the byte at which it begins.
        again = blocks.lines_at(layout, each.begins[::-1], each.table.rows[::-1])
        assert again.rows == each.table.rows[::-1]
        for name, texts in each.table.cells.items():
            assert list(again.cells[name]) == list(texts)[::-1]
            assert len(set(texts.distinct)) == len(texts.distinct)
        last = len(each.table.rows) - 1
        assert {last - i: why for i, why in again.malformed.items()} == each.table.malformed
    blank = layout.blank_rows + sum(each.blank for each in found)
    return rows, cells, malformed, blank, head.headers, head.header_units, head.ignored, {}


def hostile(rng: random.Random) -> bytes:
    """A file with much that is odd in it, or a little."""
    names = list(rng.choice((NAMES, NAMES[:6], (*NAMES[:6], ""), (*NAMES, "weight_unit"), ("", *NAMES), NAMES[1:])))
    if rng.random() < 0.3:
        rng.shuffle(names)
    oddness = rng.choice((0.0, 0.0, 0.0, 0.01, 0.01, 0.05, 0.2))
    delimiter = rng.choice((",", ",", ",", ";", "\t"))
    lines = [""] * (rng.random() < 0.1) + [delimiter.join(names)]
    surplus = rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 2))  # on all rows
    for _ in range(rng.randrange(0, 14)):
        width = len(names) + surplus
        if rng.random() < 2 * oddness:
            width = rng.randrange(0, len(names) + 3)
        cells = [rng.choice(CELLS if rng.random() < oddness else TAME) for _ in range(width)]
        for at, name in enumerate(names[:width]):
            if not name and rng.random() > oddness:
                cells[at] = rng.choice(("", " "))
        if surplus and rng.random() < 0.8:
            cells[len(names) :] = [""] * (len(cells) - len(names))
        if rng.random() < oddness:
            cells = rng.choice(([*names], [name.upper() for name in names], [*names, "x"], [""] * width, [" "] * width))
        lines.append(delimiter.join(cells))
    end = rng.choice(("\n", "\n", "\n", "\n", "\r\n", "\r\n", "\r\n", "\r"))
    if rng.random() < oddness:
        lines.insert(rng.randrange(len(lines)), "x" * rng.choice((99_998, 100_001, 131_073)))
    text = end.join(lines) + rng.choice((end, end, end, end, end, end, "", "\n", "\x1a", " "))
    data = ("\ufeff" * rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2)) + text).encode()
    if rng.random() < oddness:
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice((b"\xff", b"\xc3", b"\x00", b"\r", b'"', b"\n")) + data[at:]
    return data


@pytest.mark.parametrize("chunk", range(6))
def test_what_is_read_plainly_is_what_is_read_strictly_and_what_is_refused_is_never_read_plainly(
    chunk: int, tmp_path: Path
) -> None:
    """Also: of 500 comparisons, nearly a third is not left to the strict reader, so that the comparison is not empty."""
    path = tmp_path / "orders.csv"
    compared = refused = 0
    for seed in range(chunk * 250, chunk * 250 + 250):
        rng = random.Random(seed)
        path = tmp_path / rng.choice(("orders.csv", "orders.csv", "orders.tsv"))
        path.write_bytes(hostile(rng))
        want = strictly(path)
        refused += isinstance(want, InputError)
        for size in rng.sample(SIZES, 2):
            found = plainly(path, size)
            if found is not None:
                compared += 1
                assert found == want, (seed, size, path.read_bytes()[:2000])
    assert compared >= 150 and refused >= 10


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_the_corpus_of_hostile_files_is_read_alike_or_left_to_the_strict_reader(
    name: str, size: int, tmp_path: Path
) -> None:
    content, expected = CASES[name]
    path = tmp_path / "orders.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = plainly(path, size)
    if isinstance(expected, Refused):
        assert found is None
    elif found is not None:
        assert found == strictly(path)


ORDERS = [good(k, note=f"ward {k}, bed 2" if k % 3 else "") for k in range(40)]
ORDINARY = {
    "plain": csv_text([good(k) for k in range(40)]),
    "quotes where needed": csv_text(ORDERS),
    "all fields quoted": csv_text(ORDERS, quoting=csv.QUOTE_ALL),
    "all fields quoted, CR LF": csv_text(ORDERS, quoting=csv.QUOTE_ALL, lineterminator="\r\n"),
    "CR LF": csv_text(ORDERS, lineterminator="\r\n"),
    "semicolons": csv_text(ORDERS, delimiter=";"),
    "tabs": csv_text(ORDERS, delimiter="\t"),
    "byte order mark": "\ufeff" + csv_text(ORDERS),
    "byte order mark, all fields quoted": "\ufeff" + csv_text(ORDERS, quoting=csv.QUOTE_ALL),
    "no final line end": csv_text(ORDERS).rstrip("\n"),
    "names and units of all countries": csv_text([good(k, note="Müller, 李 😀 µg") for k in range(40)]),
    "blank rows, a short one and a long one": csv_text(ORDERS).replace("A-7,", "\n\nA,B\nA-7,") + "," * 99 + "x\n",
    "blank rows and white space": csv_text([good(k, weight=" 80 kg ") for k in range(40)]) + " \n\n",
}


@pytest.mark.parametrize("size", [1, 300, 1 << 20])
@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_export_is_plain(name: str, size: int, tmp_path: Path) -> None:
    """It must not fall back to the strict reader, which holds the whole file."""
    path = tmp_path / "orders.csv"
    path.write_bytes(ORDINARY[name].encode())
    found = plainly(path, size)
    assert found is not None and found == strictly(path) and len(found[0]) >= 40


TURKISH = "İlaç," + csv_text([good(0)])
ODD_ENDS = {
    "a quote opened in the last line": csv_text(ORDERS) + 'A-99,"P',
    "a quoted line break": csv_text([*ORDERS, good(99, note="a\nb")]),
    "text after a closing quote": csv_text(ORDERS) + 'A-99,"P"x\n',
    "a lone CR": csv_text(ORDERS).replace("bed 2", "bed\r2", 1),
    "a NUL": csv_text(ORDERS).replace("bed 2", "bed\0", 1),
    "a vertical tab": csv_text(ORDERS).replace("bed 2", "bed\v2", 1),
    "a form feed": csv_text(ORDERS).replace("bed 2", "bed\f2", 1),
    "mojibake": csv_text(ORDERS).replace("bed 2", "MuÃ±oz", 1),
    "a byte order mark amid the file": csv_text(ORDERS).replace("A-5", "\ufeffA-5", 1),
    "a byte order mark at the last line": csv_text(ORDERS) + "\ufeffA-99,\n",
    "the end-of-file mark": csv_text(ORDERS) + "\x1a",
    "a value under no header": csv_text(ORDERS, [*ORDERS[0], ""]).replace(",\n", ",x\n", 3).replace(",x\n", ",\n", 1),
    "every row longer than the header": csv_text(ORDERS).replace("\n", ",\n").replace(",\n", "\n", 1),
    "a line of 100 001 bytes": csv_text([*ORDERS, good(99, note="x" * 100_001)]),
}


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("name", ODD_ENDS)
def test_what_only_the_strict_reader_may_decide_is_left_to_it(name: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(ODD_ENDS[name].encode())
    assert plainly(path, size) is None


@pytest.mark.parametrize("name", ODD_ENDS)
def test_a_file_that_is_not_plain_gives_the_same_reports_or_the_same_refusal_either_way(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(ODD_ENDS[name].encode())
    out = tmp_path / "out"
    try:
        want = whole([path])
    except InputError as error:
        with pytest.raises(InputError) as refusal:
            in_parts([path], out, size=500)
        assert str(refusal.value) == str(error) and left_in(out) == []
    else:
        assert in_parts([path], out, size=500) == want


@pytest.mark.parametrize("first", ["İlaç", "ßeta", "ﬁeld", "straße", "_id", "É"])
def test_a_header_that_is_repeated_is_seen_whatever_its_first_letter_folds_to(first: str, tmp_path: Path) -> None:
    """Folded, some letters become two: a first letter must be compared with the first of them."""
    header, row = csv_text([good(1)]).splitlines()
    path = tmp_path / "orders.csv"
    path.write_text(f"{first},{header}\nx,{row}\n{first},{header}\n{first},{header}\ny,{row.replace('A-1', 'A-2')}\n")
    want, found = strictly(path), plainly(path, 1 << 20)
    assert isinstance(want, tuple) and len(want[2]) == 2
    assert found is None or found == want


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_row_in_which_only_a_column_that_is_not_ours_says_something_is_an_order(size: int, tmp_path: Path) -> None:
    """H-08: it is no blank row; whoever wrote it meant something."""
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([good(1, nurse="x"), {"nurse": "see above"}, good(2)]))
    want, found = strictly(path), plainly(path, size)
    assert isinstance(want, tuple) and want[0] == (2, 3, 4)
    assert found is None or found == want
    assert in_parts([path], tmp_path / "out", size=size) == whole([path])


def test_a_block_ends_with_a_line_and_the_blocks_are_the_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(ORDERS))
    layout = plain.lay_out(path, COLUMNS)
    data = path.read_bytes()
    for size in range(1, 700, 13):
        found = list(plain.cut(layout, size))
        assert b"".join(data[each.begin : each.end] for each in found) == data[layout.begins :]
        assert all(data[each.begin : each.end].endswith(b"\n") for each in found)
    assert len(list(plain.cut(layout, 1))) == len(ORDERS)
