"""Reports appear whole or not at all, and their owner alone can read them."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from ivigcheck.disk import move_file
from ivigcheck.errors import OutputError, UsageError
from ivigcheck.report import check_endings, check_outputs, publish
from ivigcheck.report.csv_report import guarded


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path: Path, private_umask: None) -> None:
    """H-47."""
    path = tmp_path / "r.json"
    publish({path: b"{}"})
    assert path.read_bytes() == b"{}" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["r.json"]


def test_a_failed_write_leaves_the_old_report_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H-38."""
    path = tmp_path / "r.json"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        publish({path: b"new"})
    assert path.read_bytes() == b"old" and names(tmp_path) == ["r.json"]


def test_a_pipe_is_not_copied_to_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes into it: to read it would be to wait for ever."""
    os.mkfifo(tmp_path / "pipe")

    def another_disk(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", another_disk)
    with pytest.raises(OSError, match="cross-device"):
        move_file(tmp_path / "pipe", tmp_path / "to", ".via")
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    move_file(tmp_path / "file", tmp_path / "to", ".via")
    assert (tmp_path / "to").read_bytes() == b"x" * 3_000_000 and names(tmp_path) == ["pipe", "to"]


def test_a_file_is_moved_over_no_other(tmp_path: Path) -> None:
    for name in ("from", "to"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        move_file(tmp_path / "from", tmp_path / "to", ".via")
    assert (tmp_path / "to").read_text() == "to" and (tmp_path / "from").exists()


def test_what_a_killed_run_left_aside_is_removed_once_it_is_old(tmp_path: Path) -> None:
    for name, hours in (("old", 7), ("young", 5)):
        left = tmp_path / f".ivigcheck-{name}"
        left.mkdir()
        (left / "orders").write_text("patients")
        when = time.time() - hours * 3600
        os.utime(left, (when, when))
    publish({tmp_path / "r.json": b"{}"})
    assert names(tmp_path) == [".ivigcheck-young", "r.json"]


def test_of_two_reports_none_is_replaced_unless_both_are_written(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.json", tmp_path / "nowhere" / "b.json"
    good.write_bytes(b"old")
    with pytest.raises(OutputError):
        publish({good: b"new", bad: b"new"})
    assert good.read_bytes() == b"old" and names(tmp_path) == ["a.json"]


def test_outputs_that_could_not_be_written_are_refused_before_any_work(tmp_path: Path) -> None:
    """H-48."""
    (tmp_path / "target").write_text("")
    (tmp_path / "link.json").symlink_to(tmp_path / "target")
    (tmp_path / "folder.json").mkdir()
    for name, words in (
        ("link.json", "symbolic link"),
        ("folder.json", "is no file"),
        ("nowhere/r.json", "create it first"),
    ):
        with pytest.raises(OutputError, match=words):
            check_outputs([tmp_path / name], [])


def test_an_output_that_is_an_input_or_named_twice_is_refused(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("")
    (tmp_path / "also.csv").symlink_to(orders)
    for outputs, inputs in (([orders], [orders]), ([orders], [tmp_path / "also.csv"]), ([tmp_path / "r.csv"] * 2, [])):
        with pytest.raises(UsageError, match="named twice, or is an input"):
            check_outputs(outputs, inputs)


@pytest.mark.parametrize("name", ["r.txt", "r", "r.xls", "r.jsonlines", "r.pdf"])
def test_an_ending_that_names_no_report_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"Use one of \.xlsx, \.html, \.csv, \.json"):
        check_endings([Path(name)])


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(1)", "'@SUM(1)"), ("\t=1", "'\\x09=1"), ("\r=1", "'\\x0d=1"),
        ("\uff1d1+1", "'\uff1d1+1"), ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("0010", "0010"), ("#N/A", "#N/A"),
        ("\x1b[2J", "\\x1b[2J"), ("", ""),
    ],
)  # fmt: skip
def test_no_text_of_a_csv_report_is_taken_for_a_formula(text: str, field: str) -> None:
    """H-43, O-01 to O-08, O-16."""
    assert guarded(text) == field
