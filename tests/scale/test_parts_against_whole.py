"""However a run is cut into parts, its reports are byte for byte those of the path that holds all orders."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import GOOD
from scale_driver import Order, codes_of, command, crowd, csv_text, good, in_parts, messy_text, orders_of, whole

from ivigcheck.scale import run
from ivigcheck.scale.engines import Here

HELD_AGAINST_EACH_OTHER = {"IVG401", "IVG402", "IVG404", "IVG905"}


def filled(first: Order, second: Order, between: int = 5) -> list[Order]:
    """Two orders with others between, of patients of their own."""
    return [good(100), first, *(good(200 + k) for k in range(between)), second, good(300)]


DAY = {"ordered_at": "2026-11-01"}
COURSE = {"indication": "ITP", "dose": "1.5 g/kg", "patient_id": "P-1"}
PAIRS: dict[str, tuple[str, Order, Order]] = {
    "two orders of a day": ("IVG401", good(1, **DAY), good(2, patient_id="P-1", **DAY)),
    "two orders of a day, one with a time": (
        "IVG401",
        good(1, **DAY),
        good(2, patient_id="P-1", ordered_at="2026-11-01T08:00"),
    ),
    "a course given twice": (
        "IVG402",
        good(1, ordered_at="2026-11-01", **COURSE),
        good(2, ordered_at="2026-11-03", **COURSE),
    ),
    "two weights": ("IVG404", good(1), good(2, patient_id="P-1", weight="96 kg")),
    "two weights in two units": ("IVG404", good(1), good(2, patient_id="P-1", weight="80 lb")),
    "an order once more": ("IVG905", good(1), good(1)),
    "an order once more for its day": ("IVG905", good(1, **DAY), good(1, **DAY)),
    "an order id with another rate": ("IVG905", good(1, **DAY), good(1, max_rate="100 mL/h", **DAY)),
    "an order id with another rate and day": (
        "IVG905",
        good(1, **DAY),
        good(1, max_rate="100 mL/h", ordered_at="2026-11-02"),
    ),
    "an order id with two answers exchanged, for another day": (
        "IVG905",
        good(1, diabetes="yes", sepsis="no", **DAY),
        good(1, diabetes="no", sepsis="yes", ordered_at="2026-11-02"),
    ),
    "an order id with another patient": ("IVG905", good(1), good(1, patient_id="P-2")),
    "an order id and day twice, the day unreadable": ("IVG905", good(1, ordered_at="x"), good(1, ordered_at="x")),
}


@pytest.mark.parametrize("size", [1, 350, 1 << 20])
@pytest.mark.parametrize("name", PAIRS)
def test_a_rule_sees_two_orders_that_stand_in_different_parts(name: str, size: int, tmp_path: Path) -> None:
    """Also where they are the first and the last; the orders between have no such finding."""
    code, first, second = PAIRS[name]
    orders = filled(first, second)
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(orders))
    found, _ = in_parts([path], tmp_path / "out", size=size)
    marked = [k for k, order in enumerate(orders_of(found)) if code in codes_of(order)]
    assert marked == ([7] if code == "IVG402" else [1, 7])  # a cumulative dose: the order that goes over
    assert found == whole([path])[0]


@pytest.mark.parametrize("name", PAIRS)
def test_a_rule_sees_two_orders_that_stand_in_different_files(name: str, tmp_path: Path) -> None:
    """The files have other columns in another order, one under a header with a unit, and one is read strictly."""
    code, first, second = PAIRS[name]
    one, two, three = tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "three.tsv"
    one.write_text(csv_text([good(100), first]))
    two.write_text(csv_text([good(200 + k, note="a\nb") for k in range(3)]))
    three.write_text(csv_text([second, good(300)], [*reversed([*GOOD, "ordered_at", "dose"])], delimiter="\t"))
    found, _ = in_parts([one, two, three], tmp_path / "out", size=1, rows=1)
    assert [k for k, order in enumerate(orders_of(found)) if code in codes_of(order)] == (
        [5] if code == "IVG402" else [1, 5]
    )
    assert found == whole([one, two, three])[0]


def test_the_days_of_one_order_are_no_repeat_in_parts_either(tmp_path: Path) -> None:
    """The other way round: a group too many must not become a finding."""
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([good(1, ordered_at=f"2026-11-{day:02d}") for day in (1, 2, 3)] + [good(2)]))
    found, _ = in_parts([path], tmp_path / "out", size=1)
    assert not any(codes_of(order) & HELD_AGAINST_EACH_OTHER for order in orders_of(found))
    assert found == whole([path])[0]


LONG = "x" * 60


@pytest.mark.parametrize("column", ["patient_id", "order_id"])
def test_a_long_id_beside_others_hides_none_of_them_from_the_other_parts(column: str, tmp_path: Path) -> None:
    """An id has the same number in every part, whatever else stands in that part (a fault of its survey once)."""
    rest = (
        {"order_id": "A-1", "patient_id": ""}
        if column == "order_id"
        else {"patient_id": "P-1", "ordered_at": "2026-11-01"}
    )
    orders = [good(1, **rest), good(50), good(51), good(1 if column == "order_id" else 2, **rest, weight="96 kg")
              if column == "patient_id" else good(1, **rest, max_rate="100 mL/h"), good(60, **{column: LONG})]  # fmt: skip
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(orders))
    lines = csv_text(orders).splitlines(keepends=True)
    size = len("".join(lines[1:4])) - 5  # the third ends the first part; the last two are the second
    found, _ = in_parts([path], tmp_path / "out", size=size)
    assert [k for k, order in enumerate(orders_of(found)) if codes_of(order) & HELD_AGAINST_EACH_OTHER] == [0, 3]
    assert found == whole([path])[0]


@pytest.mark.parametrize("seed", range(6))
def test_random_orders_of_few_patients_give_the_same_reports_in_parts_of_any_size(seed: int, tmp_path: Path) -> None:
    """Blank and malformed rows, repeated headers, shuffled columns, two files, one of them twice in the run."""
    orders = crowd(seed, 50)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = tmp_path / "a" / "orders.csv", tmp_path / "b" / "orders.csv"
    one.write_text(messy_text(orders[:35], seed))
    two.write_text(messy_text(orders[20:], seed + 1))
    paths = [one, two, one] if seed % 2 else [two, one]
    want = whole(paths)
    rng = random.Random(seed)
    for size, rows in ((1, 1), (rng.randrange(200, 3000), rng.randrange(2, 9))):
        for whole_below in (0, 1 << 30):  # read plainly, or held and cut
            found = in_parts(paths, tmp_path / "out", size=size, rows=rows, whole_below=whole_below)
            assert found == want, (size, rows, whole_below)


def test_random_orders_bring_every_rule_that_holds_orders_against_each_other_across_parts(tmp_path: Path) -> None:
    """Where each order is a part of its own, every such finding is across parts."""
    seen: set[str] = set()
    path = tmp_path / "orders.csv"
    for seed in range(3):
        path.write_text(csv_text(crowd(seed, 50)))
        found, _ = in_parts([path], tmp_path / "out", size=1, endings=[".jsonl"])
        seen |= {code for order in orders_of(found) for code in codes_of(order)}
    assert seen >= HELD_AGAINST_EACH_OTHER


def test_the_order_of_the_files_changes_the_order_of_the_lines_alone(tmp_path: Path) -> None:
    """What is found of an order does not depend on which file comes first."""
    orders = crowd(77, 40)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(csv_text(orders[:20]))
    two.write_text(csv_text(orders[20:]))
    first, _ = in_parts([one, two], tmp_path / "out", size=700)
    second, _ = in_parts([two, one], tmp_path / "out", size=700)

    def told(reports: dict[str, bytes]) -> list[tuple[object, ...]]:
        return sorted(
            (o["source"]["file"], o["source"]["row"], o["status"], sorted(codes_of(o))) for o in orders_of(reports)
        )  # type: ignore[misc]

    assert told(first) == told(second)


def test_every_row_that_is_not_blank_is_one_order_in_every_report(tmp_path: Path) -> None:
    """Counted here from the file alone: blank rows are the only ones that are none."""
    text = messy_text(crowd(5, 60), 5)
    path = tmp_path / "orders.csv"
    path.write_text(text)
    rows = [
        k for k, fields in enumerate(csv.reader(io.StringIO(text)), start=1) if any(field.strip() for field in fields)
    ][1:]
    found, tally = in_parts([path], tmp_path / "out", size=400)
    lines = list(csv.DictReader(io.StringIO(found[".csv"].decode())))
    assert [int(line["row"]) for line in lines] == rows and tally["orders"] == len(rows)
    assert [order["source"]["row"] for order in orders_of(found)] == rows
    assert sum(tally[status] for status in ("pass", "review", "stop", "unchecked")) == len(rows)
    statuses = [line["status"].lower() for line in lines]
    assert {status: statuses.count(status) for status in set(statuses)} == {
        k: n for k, n in tally.items() if n and k != "orders"
    }


def only_header() -> str:
    return csv_text([good(0)]).splitlines(keepends=True)[0]


@pytest.mark.parametrize("text", [only_header(), only_header().rstrip(), only_header() + "\n\n,,\n"])
@pytest.mark.parametrize("whole_below", [0, 1 << 30])
def test_a_file_with_a_header_and_no_orders_gives_reports_without_orders(
    text: str, whole_below: int, tmp_path: Path
) -> None:
    """A quiet night is no error."""
    path = tmp_path / "orders.csv"
    path.write_text(text)
    found, tally = in_parts([path], tmp_path / "out", whole_below=whole_below)
    assert found == whole([path])[0]
    assert tally["orders"] == 0 and found[".jsonl"] == b"" and found[".csv"].count(b"\n") == 1


def test_a_file_without_orders_beside_one_with_some_changes_nothing_of_theirs(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty.csv", tmp_path / "full.csv"
    empty.write_text(only_header().replace("weight", "height_cm,weight"))
    full.write_text(csv_text([good(1), good(1)]))
    found, _ = in_parts([empty, full, empty], tmp_path / "out", size=1)
    assert found == whole([empty, full, empty])[0]
    assert [codes_of(order) for order in orders_of(found)] == [{"IVG905"}] * 2


def test_a_column_that_only_a_later_file_has_stands_in_the_earlier_ones_lines_as_in_the_whole(tmp_path: Path) -> None:
    """Columns are those of the run, not of the part."""
    names = [name for name in GOOD if name != "diabetes"]
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(csv_text([good(1)], names))
    two.write_text(csv_text([good(2, height_cm="170", ordered_at="2026-11-01")]))
    assert in_parts([one, two], tmp_path / "out", size=1)[0] == whole([one, two])[0]
    assert in_parts([two, one], tmp_path / "out", size=1)[0] == whole([two, one])[0]


def test_units_of_headers_count_for_orders_of_other_files_that_stand_beside_a_part(tmp_path: Path) -> None:
    """80 under "weight (lb)" beside 80 under "weight (kg)" is another weight."""
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for path, unit, order in ((one, "kg", good(1, weight="80")), (two, "lb", good(2, patient_id="P-1", weight="80"))):
        path.write_text(csv_text([order]).replace("weight", f"weight ({unit})", 1))
    found, _ = in_parts([one, two], tmp_path / "out", size=1)
    assert all("IVG404" in codes_of(order) for order in orders_of(found))
    assert found == whole([one, two])[0]


@pytest.mark.parametrize(
    ("orders", "options", "code"),
    [
        ([good(1)], [], 0),
        ([good(1), good(2, max_rate="900 mL/h")], [], 1),
        ([good(1), good(2, max_rate="900 mL/h")], ["--exit-zero"], 0),
        ([good(1), good(2, weight="x")], [], 4),
        ([good(1), good(2, weight="x"), good(3, max_rate="900 mL/h")], [], 1),
        ([good(1), good(1)], [], 0),
        ([good(1), good(1)], ["--fail-on", "review"], 1),
        ([good(1, diabetes="")], ["--fail-on", "review"], 1),
    ],
)
def test_the_exit_code_is_the_same_in_parts_and_as_a_whole(
    orders: list[Order],
    options: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(orders))
    arguments = ["batch", path, "--no-history", "--as-of", "2026-11-22", *options, "-o", tmp_path / "a.csv"]
    cut = run.cut
    monkeypatch.setattr(run, "cut", lambda layout, _: cut(layout, 1))
    monkeypatch.setattr(run.check_in_parts, "__kwdefaults__", {**run.check_in_parts.__kwdefaults__, "whole_below": 0})
    assert command(*arguments) == code
    said, in_pieces = capsys.readouterr(), (tmp_path / "a.csv").read_bytes()
    assert command(*arguments, "-o", tmp_path / "a.json") == code
    assert (tmp_path / "a.csv").read_bytes() == in_pieces
    assert capsys.readouterr().out.splitlines()[0] == said.out.splitlines()[0]  # the summary


def test_progress_counts_every_order_as_read_and_as_checked(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([good(k) for k in range(9)]))
    in_parts(
        [path], tmp_path / "out", size=1, progress=lambda stage, orders: told.append((stage, orders)), engine=Here()
    )
    assert told == [("reading", k) for k in range(1, 10)] + [("checking", k) for k in range(1, 10)]


ODDLY_NAMED: dict[str, Callable[[str], str]] = {
    "an id with a comma": lambda text: f'"{text},x"',
    "umlauts": lambda text: f"{text}ü",
}


@pytest.mark.parametrize("name", ODDLY_NAMED)
def test_orders_that_stand_beside_a_part_are_found_by_byte_and_not_by_character(name: str, tmp_path: Path) -> None:
    """Before the one that is looked up stand quotes, and letters of two bytes."""
    write = ODDLY_NAMED[name]
    header, *lines = csv_text([good(k, patient_id="@") for k in range(6)]).splitlines()
    lines = [line.replace("@", write("P" if k in (0, 5) else f"Q{k}")) for k, line in enumerate(lines)]
    path = tmp_path / "orders.csv"
    path.write_bytes(
        (
            "\ufeff" + "\r\n".join([header.replace("order_id", "Order ID"), "", *lines]).replace("80 kg", "96 kg", 1)
        ).encode()
    )
    found, _ = in_parts([path], tmp_path / "out", size=1)
    assert [order["source"]["row"] for order in orders_of(found) if "IVG404" in codes_of(order)] == [3, 8]
    assert found == whole([path])[0]


def test_a_parquet_report_is_the_same_however_its_orders_come(tmp_path: Path) -> None:
    """More orders than a row group holds, with texts that fill a dictionary: the pages must not follow the pieces."""
    rng = random.Random(1)
    path = tmp_path / "orders.csv"
    names = ("order_id", "patient_id", "indication", "weight", "age_years", "max_rate", "product")
    with path.open("w") as file:
        file.write(",".join(names) + "\n")
        for k in range(17_000):
            rate = rng.randrange(1, 40_000) / 10
            file.write(
                f"ORDER-{k:07d},PATIENT-{k * 7919 % 10**8:09d},PI,{rng.randrange(400, 1300) / 10} kg,40,{rate} mL/h,Privigen\n"
            )
    small, _ = in_parts([path], tmp_path / "out", size=90_000, endings=[".parquet"])
    large, _ = in_parts([path], tmp_path / "out", size=1 << 30, endings=[".parquet"])
    assert small == large
