"""Whatever goes wrong in a run in parts: the right exit code, nothing published, nothing left behind."""

from __future__ import annotations

import errno
import importlib
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from scale_driver import COLUMNS, csv_text, good, in_parts, left_in, whole

from ivigcheck.errors import AccountingError, Exit, InputChanged, InputError, OutputError, Stop
from ivigcheck.intake import plain
from ivigcheck.scale import run
from ivigcheck.scale.engines import Here
from ivigcheck.scale.piece import Piece, Run, Task

LINES = (".csv", ".jsonl")
TEXT = csv_text([good(k, patient_id="P", ordered_at="2026-11-01") for k in range(8)])


def rewritten(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text) and None


def appended(path: Path) -> None:
    with path.open("a") as file:
        file.write(TEXT.splitlines()[-1] + "\n")


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(TEXT.replace("80 kg", "90 kg"))
    other.replace(path)


CHANGES: dict[str, Callable[[Path], None]] = {
    "a row more": appended,
    "another file of the same size": replaced,
    "other weights of the same length": rewritten(TEXT.replace("80 kg", "90 kg")),
    "rows fewer": rewritten("".join(TEXT.splitlines(keepends=True)[:4])),
    "cut within a row": rewritten(TEXT[: len(TEXT) // 2]),
    "emptied": rewritten(""),
    "gone": Path.unlink,
    "a quote that is never closed": rewritten(TEXT.replace("P,", '"P,')),
    "bytes that are no text": lambda path: path.write_bytes(TEXT.encode().replace(b"kg", b"\xff\xfe")) and None,
    "all rows blank": rewritten(TEXT.splitlines()[0] + "\n" + " \n" * 2000),
}


@pytest.mark.parametrize("moment", ["reading", "checking"])
@pytest.mark.parametrize("name", CHANGES)
def test_an_input_that_changes_between_its_two_readings_is_refused_as_changed(
    name: str, moment: str, tmp_path: Path
) -> None:
    """Exit 3, whatever it changed to: the export may be whole later, so it is no error of the program's own."""
    path, out, done = tmp_path / "orders.csv", tmp_path / "out", []
    path.write_text(TEXT)
    out.mkdir()
    (out / "report.csv").write_text("of yesterday")

    def progress(stage: str, orders: int) -> None:
        if not done and (stage, orders) == (moment, 8 if moment == "reading" else 2):
            CHANGES[name](path)
            os.utime(path, ns=(1, 1)) if path.exists() else None
            done.append(1)

    with pytest.raises(Stop) as stop:
        in_parts([path], out, size=1, endings=LINES, progress=progress)
    assert done and stop.value.exit_code == Exit.CANNOT_RUN
    assert left_in(out) == ["report.csv"] and (out / "report.csv").read_text() == "of yesterday"
    assert isinstance(stop.value, InputError), f"the input is at fault, and not: {stop.value}"


def test_an_input_that_changes_after_its_header_was_read_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch begins before the first look: else the new file is read under the old one's header."""
    path = tmp_path / "orders.csv"
    path.write_text(TEXT)
    lay_out = run.lay_out

    def then_changed(*arguments: Any) -> Any:
        found = lay_out(*arguments)
        header, rest = TEXT.split("\n", 1)
        path.write_text(header.replace("weight,age_years", "age_years,weight") + "\n" + rest)
        return found

    monkeypatch.setattr(run, "lay_out", then_changed)
    with pytest.raises(InputChanged):
        in_parts([path], tmp_path / "out", size=1, endings=LINES)
    assert left_in(tmp_path / "out") == []


class Losing(Here):
    """Spoils what is found of one part."""

    def __init__(self, spoil: Callable[[Piece], Iterator[Piece]]) -> None:
        super().__init__()
        self._spoil = spoil

    def check(self, tasks: Iterator[Task], run: Run) -> Iterator[Piece]:  # type: ignore[override]
        for k, piece in enumerate(super().check(tasks, run)):
            yield from self._spoil(piece) if k == 3 else [piece]


def counted_wrongly(piece: Piece) -> Iterator[Piece]:
    counts = Counter(piece.counts)
    status = next(name for name, n in counts.items() if n and name != "orders")
    yield replace(piece, counts=counts - Counter({status: 1}))


SPOILT: dict[str, Callable[[Piece], Iterator[Piece]]] = {
    "lost": lambda piece: iter(()),
    "twice": lambda piece: iter((piece, piece)),
    "without its status": counted_wrongly,
}


@pytest.mark.parametrize("name", SPOILT)
def test_where_rows_in_and_orders_out_differ_nothing_is_published(name: str, tmp_path: Path) -> None:
    """The program's own arithmetic: exit 70."""
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    path.write_text(TEXT)
    with pytest.raises(AccountingError) as stop:
        in_parts([path], out, size=1, engine=Losing(SPOILT[name]), endings=LINES)
    assert stop.value.exit_code == 70 and left_in(out) == []


class Full(io.RawIOBase):
    """A file on a disk that is full after some bytes."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self._file, self._room = file, room

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, data: Any) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.mark.parametrize("room", [0, 10, 2_000])
@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_disk_that_fills_up_ends_the_run_with_nothing_published(
    room: int, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = importlib.import_module("ivigcheck.report.publish")  # a function has its name too
    new_file = publish.new_file
    monkeypatch.setattr(publish, "new_file", lambda path: Full(new_file(path), room))
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    path.write_text(TEXT)
    with pytest.raises(OutputError, match="No space left") as stop:
        in_parts([path], out, size=1, endings=[ending])
    assert stop.value.exit_code == 3 and left_in(out) == []


def test_a_folder_that_is_gone_ends_the_run_with_words(tmp_path: Path) -> None:
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    path.write_text(TEXT)
    out.mkdir()
    with pytest.raises(OutputError) as stop:
        in_parts(
            [path],
            out,
            size=1,
            endings=LINES,
            progress=lambda stage, orders: out.rmdir() if (stage, orders) == ("reading", 8) else None,
        )
    assert stop.value.exit_code == 3 and not out.exists()


def test_reports_are_their_owners_alone_and_nothing_stands_beside_them(tmp_path: Path) -> None:
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    path.write_text(TEXT)
    in_parts([path], out, size=1)
    assert left_in(out) == ["report.csv", "report.jsonl", "report.parquet"]
    assert {each.stat().st_mode & 0o777 for each in out.iterdir()} == {0o600}


def test_a_run_that_is_stopped_by_the_user_publishes_nothing(tmp_path: Path) -> None:
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    path.write_text(TEXT)

    def progress(stage: str, orders: int) -> None:
        if stage == "checking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_parts([path], out, size=1, endings=[".csv"], progress=progress)
    assert left_in(out) == []


def test_a_run_that_fails_while_a_parquet_report_is_written_shows_no_traceback(tmp_path: Path) -> None:
    """What a writer holds must not be written when it is thrown away, to a file that is closed (PHI may stand in it)."""
    path, out = tmp_path / "orders.csv", tmp_path / "out"
    path.write_text(TEXT)
    out.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", "from ivigcheck.scale import engines, run\n"
         "def wrong(*a, **k): raise run.AccountingError('it does not add up')\n"
         "engines.check_part = wrong\n"
         "from ivigcheck.cli import main\nmain()",
         "batch", str(path), "--no-history", "-o", str(out / "x.parquet")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 70 and left_in(out) == []
    assert "add up" in ran.stderr and "Traceback" not in ran.stderr and "ignored" not in ran.stderr


def test_a_line_without_an_end_in_sight_where_a_block_ends_leaves_the_file_to_the_strict_reader(tmp_path: Path) -> None:
    """Found while the blocks are cut, before anything is read."""
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([good(1), good(2, note="x" * 120_000), good(3)]))
    with pytest.raises(plain.NotPlain):
        list(plain.cut(plain.lay_out(path, COLUMNS), 500))
    assert in_parts([path], tmp_path / "out", size=500) == whole([path])
