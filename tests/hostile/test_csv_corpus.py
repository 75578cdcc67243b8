"""Hostile delimited files, one case a row: refused with its reason, an order that cannot be used, or accepted."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import random
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivigcheck.columns import COLUMNS
from ivigcheck.errors import InputError
from ivigcheck.intake import Table, read_inputs

NAMES = "order_id,patient_id,indication,weight,age_years,max_rate,concentration,dose,patient_name"
WIDTH = 9
CANARY = "CANARY"


def row(order: str, **changed: str) -> str:
    cells = dict(
        zip(NAMES.split(","), f"{order},00123,ITP,80 kg,70,240 mL/h,10%,1 g/kg,{CANARY}".split(","), strict=True)
    )
    return ",".join((cells | changed).values()) + "\n"


HEADER = NAMES + "\n"
KNOWN = HEADER.replace("patient_name", "product")  # every column is known
FIRST, LAST = row("A1"), row("A9")
BASE = HEADER + FIRST + LAST


def around(hostile: str) -> str:
    """The hostile part between two good rows."""
    return HEADER + FIRST + hostile + LAST


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@dataclass(frozen=True)
class Refused:
    """The whole file, with these words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Read:
    """orders: how many. malformed: index -> words. bad: index -> columns. notices: words of each."""

    orders: int = 2
    malformed: tuple[tuple[int, str], ...] = ()
    bad: tuple[tuple[int, str], ...] = ()
    notices: tuple[str, ...] = ()
    blank: int = 0
    rows: tuple[int, ...] | None = None
    last_weight: str = "80 kg"


def refused(*words: str) -> Refused:
    return Refused(words)


SHIFTED = "A5,00123,ITP,80 kg,70,240 mL/h,10%,1,500 mg/kg,X\n"

CASES: dict[str, tuple[str | bytes, Refused | Read]] = {
    "F-01": (codecs.BOM_UTF8 + BASE.encode(), Read()),
    "F-02": (codecs.BOM_UTF8 * 2 + BASE.encode(), Read(notices=("byte order mark",))),
    "F-03 H-22": (BASE.encode("utf-16"), refused("UTF-16")),
    "F-03 big-endian": (codecs.BOM_UTF16_BE + BASE.encode("utf-16-be"), refused("UTF-16")),
    "F-04": (BASE.encode("utf-16-le"), refused("NUL bytes", "UTF-16")),
    "F-04 big-endian": (BASE.encode("utf-16-be"), refused("NUL bytes", "UTF-16")),
    "F-05 H-22 latin-1": (around(row("A5", patient_name="Muñoz")).encode("latin-1"), refused("line 3 is not UTF-8")),
    "F-06": (around(row("A5", patient_name="MuÃ±oz")), Read(3, notices=("looks mis-encoded (first in line 3)",))),
    "F-06 cp1252": (around(row("A5", patient_name="Oâ€™Neil")), Read(3, notices=("looks mis-encoded",))),
    "F-07 H-23": (around(row("A5", weight="7\0" + "5 kg")), refused("NUL byte in line 3")),
    "F-08": (b"", refused("empty (0 bytes)")),
    "F-08 only white space": (b"\n  \n,,\n", refused("empty but for white space")),
    "F-10 H-21": (BASE.replace("patient_id", "weight", 1), refused("duplicate column", "two columns for weight")),
    "F-11 H-21": (BASE.replace("weight", "wt_xyz", 1), refused("missing column weight")),
    "F-12": (BASE.replace("weight", " Weight ", 1).replace("patient_id", "MRN", 1), Read()),
    "F-13": (BASE.replace("patient_name", " ", 1), refused("line 2, field 9", "header that is blank")),
    "F-13 nothing under it": (HEADER.replace("dose", "") + row("A1", dose=" ") + row("A2", dose=""), Read()),
    "F-14 H-21": (BASE.replace("patient_name", "weight_kg", 1), refused("two columns for weight", '"weight_kg"')),
    "F-15": ("".join(",".join(reversed(r.strip().split(","))) + "\n" for r in BASE.splitlines()), Read()),
    "F-17": (BASE.replace(",", ";"), Read()),
    "F-18": (around(row("A5")).replace(",", ";") + row("A6", weight="80@5 kg").replace(",", ";").replace("@", ","),
             Read(4, last_weight="80,5 kg")),
    "F-19": (BASE.replace(",", "\t"), Read()),
    "F-20": (KNOWN + (FIRST + LAST).replace("\n", ",\n"), Read(notices=("every row ends with empty fields",))),
    "F-20 some twice": (KNOWN + FIRST.replace("\n", ",\n") + LAST.replace("\n", ", ,\n"),
                        Read(notices=("every row ends with empty fields",))),
    "F-20 with a header in the middle": (
        KNOWN + FIRST.replace("\n", ",\n") + KNOWN + LAST.replace("\n", ",\n"),
        Read(3, malformed=((1, "repeats the header"),), notices=("every row ends with empty fields",))),
    "F-20 H-06 beside an unknown column": (
        HEADER + (FIRST + LAST).replace("\n", ",\n"), refused("every row has more fields", "line 2", "Quote the texts")),
    "F-20 H-06 one row": (
        KNOWN + FIRST.replace("\n", ",\n"), Read(1, malformed=((0, "more fields than the header's 9"),), last_weight="")),
    "F-21 H-06": (around(row("A5").replace("\n", ",\n")), Read(3, malformed=((1, "more fields than the header's 9"),))),
    "F-22 H-06": (HEADER + (FIRST + LAST).replace("\n", ",x\n"), refused("every row has more fields", "line 2")),
    "F-22 one row": (HEADER + FIRST.replace("\n", ",x\n"), Read(1, malformed=((0, "more fields"),), last_weight="")),
    "F-22 mixed beside an unknown column": (HEADER + FIRST.replace("\n", ",x\n") + LAST.replace("\n", ",\n"),
                                            refused("every row has more fields")),
    "F-22 mixed": (KNOWN + FIRST.replace("\n", ",x\n") + LAST.replace("\n", ",\n"),
                   Read(malformed=((0, "more fields"), (1, "more fields")), last_weight="")),
    "F-23 H-06": (around(SHIFTED), Read(3, malformed=((1, "more fields than the header's 9"),))),
    "F-24 H-07": (around("A5,1,ITP,80 kg,70\n"), Read(3, malformed=((1, "has 5 fields where the header has 9"),))),
    "F-24 one field short": (around(row("A5").replace("240 mL/h,", "")), Read(3, malformed=((1, "has 8 fields"),))),
    "F-25 no final newline": (BASE.rstrip("\n"), Read(notices=("the last line has no line end",))),
    "F-26 H-07": (BASE + "A5,1,ITP,8\n", Read(3, malformed=((2, "has 4 fields"),), last_weight="")),
    "F-27 cut in its last row": (BASE + "A5,1,ITP,8",
                                 Read(3, malformed=((2, "has 4 fields"),), notices=("no line end",), last_weight="")),
    "F-28": (around(row("A5", patient_name='"x')), refused("quote opened in line 3 is never closed")),
    "F-28 later line": (around('A5,"x\ny","z,\n'), refused("quote opened in line 4 is never closed")),
    "F-28 H-08 quote closed by the next one": (
        HEADER + FIRST + row("A5", patient_name='"x') + row("A6") + row("A7", patient_name='"') + LAST,
        refused("lines 3 to 5 are one record", "several orders")),
    "F-28 H-08 quote closed in the same column of the next order": (
        HEADER + FIRST + row("A5").replace("ITP", '"ITP') + row("A6").replace("ITP", 'ITP"') + LAST,
        refused("lines 3 to 4 are one record", "several orders")),
    "F-28 H-08 quote closed in another column of the next order": (
        HEADER + FIRST + row("A5").replace("ITP", '"ITP') + row("A6").replace("240 mL/h", '240 mL/h"') + LAST,
        refused("lines 3 to 4 are one record", "several orders")),
    "F-30 H-08 too many fields": (around(row("A5", patient_name='"AL\nPHA",x')), refused("lines 3 to 4 are one record")),
    "F-30 many commas": (around(row("A5", patient_name='"a, b, c, d, e\nf, g, h, i, j, k"')), Read(3, rows=(2, 3, 5))),
    "F-29": (around(row("A5", patient_name='"ALPHA" BETA')), refused("bad quoting in line 3", "opened in line 3")),
    "F-30": (around(row("A5", patient_name='"AL\nPHA"')), Read(3, rows=(2, 3, 5))),
    "F-31": (around(row("A5", patient_name="O'NEIL 5'10\" TALL")), Read(3)),
    "F-32 CRLF": (BASE.replace("\n", "\r\n"), Read(rows=(2, 3))),
    "F-32 CR": (BASE.replace("\n", "\r"), Read(rows=(2, 3))),
    "F-32 mixed": (HEADER.strip() + "\r" + FIRST.strip() + "\r\n" + LAST, Read(rows=(2, 3))),
    "F-33": (around("\n\n,,,\n") + " \n, ,,,,,,,\n", Read(blank=5, rows=(2, 6))),
    "F-34": (BASE + "Total:" + "," * (WIDTH - 1) + "\n", Read(3, last_weight="")),
    "F-35": (f"IVIG orders\n{CANARY} ward\n" + BASE, refused("missing columns", "must be the header")),
    "F-36 H-08": (around("# checked by me\n"), Read(3, malformed=((1, "has 1 field where the header has 9"),))),
    "F-37": (around(HEADER.upper()), Read(3, malformed=((1, "repeats the header"),))),
    "F-38": (BASE.encode() + b"\x1a", Read(notices=("end-of-file mark",))),
    "F-39": (around(row("A5", patient_name="x" * 200_000)), refused("line 3 has a field of more than 131,072")),
    "F-42": (zipped(), refused("ZIP archive or an XLSX workbook", ".xlsx")),
    "F-43": (gzip.compress(BASE.encode()), refused("gzip", "unpack")),
    "F-44": ("<html><table><tr><td>order_id</td></tr></table>", refused("HTML")),
    "F-44 with BOM": ("\ufeff \n<TABLE>", refused("HTML")),
    "F-44 OLE": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused("old .xls workbook", "save it as .xlsx")),
    "F-49": (around(row("A5", patient_name='"a,b;c\td ""e"" ,"')), Read(3)),
    "F-50 VT": (around(row("A5", patient_name="a\vb")), Read(3, bad=((1, "patient_name"),))),
    "F-50 FF": (around(row("A5", weight="80\f kg")), Read(3, bad=((1, "weight"),))),
    "F-50 at the edge": (around(row("A5", weight="80 kg\v")), Read(3, bad=((1, "weight"),))),
    "F-50 U+2028 U+0085": (around(row("A5", patient_name="a\u2028b\u0085c")), Read(3, rows=(2, 3, 4))),
    "F-51": (around(row("A5", dose=' "No"')), Read(3)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_is_refused_or_read_to_its_last_row(case: str, tmp_path: Path) -> None:
    content, expected = CASES[case]
    path = tmp_path / "orders.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if isinstance(expected, Refused):
        with pytest.raises(InputError) as stopped:
            read_inputs([path], columns=COLUMNS)
        message = str(stopped.value)
        assert message.startswith("orders.csv: ")
        assert [word for word in expected.words if word not in message] == []
        assert CANARY not in message
        return
    _compare(read_inputs([path], columns=COLUMNS)[0], expected)


def _compare(table: Table, expected: Read) -> None:
    assert len(table.rows) == expected.orders
    assert table.blank_rows == expected.blank
    assert set(table.malformed) == {index for index, _ in expected.malformed}
    for index, words in expected.malformed:
        assert words in table.malformed[index]
        assert {texts[index] for texts in table.cells.values()} == {""}
    assert {(index, cell.column) for index, cells in table.bad_cells.items() for cell in cells} == set(expected.bad)
    for index, column in expected.bad:
        assert table.cells.get(column, [""] * expected.orders)[index] == ""
    assert len(table.notices) == len(expected.notices)
    for notice, words in zip(table.notices, expected.notices, strict=True):
        assert words in notice
        assert CANARY not in notice
    if expected.rows:
        assert table.rows == expected.rows
    assert table.cells["weight"][-1] == expected.last_weight


def test_f16_an_unknown_column_is_listed_and_its_cells_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(BASE)
    table = read_inputs([path], columns=COLUMNS)[0]
    assert table.ignored == ("patient_name",)
    assert CANARY not in repr(table)


def test_f51_a_quote_after_a_space_belongs_to_the_value(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(around(row("A5", dose=' "No"')))
    assert read_inputs([path], columns=COLUMNS)[0].cells["dose"][1] == '"No"'


@pytest.mark.parametrize("kind", ["F-47 directory", "F-47 FIFO", "F-47 device", "F-47 unreadable"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_what_is_no_readable_regular_file_is_refused_at_once(kind: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"orders{ending}"
    words = "not a regular file"
    if kind.endswith("directory"):
        path.mkdir()
        words = "is a directory"
    elif kind.endswith("FIFO"):
        os.mkfifo(path)
    elif kind.endswith("device"):
        path.symlink_to("/dev/zero")
    else:
        path.write_text(BASE)
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
        words = "may not be read"
    with pytest.raises(InputError, match=words):
        read_inputs([path], columns=COLUMNS)


def test_f48_random_bytes_are_refused_in_little_time(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(random.Random(1).randbytes(10_000_000))
    begun = time.process_time()
    with pytest.raises(InputError):
        read_inputs([path], columns=COLUMNS)
    assert time.process_time() - begun < 20


def test_f48_every_single_byte_of_a_good_file_may_be_cut_or_changed(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    base = BASE.encode()
    chance = random.Random(2)
    for at in range(len(base)):
        for content in (base[:at], base[:at] + bytes([chance.randrange(256)]) + base[at + 1 :]):
            path.write_bytes(content)
            try:
                table = read_inputs([path], columns=COLUMNS)[0]
            except InputError as refusal:
                assert CANARY not in str(refusal)
            else:
                assert all(len(texts) == len(table.rows) for texts in table.cells.values())
