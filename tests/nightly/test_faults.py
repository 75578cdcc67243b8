"""Whatever goes wrong in an unattended run, nothing is lost, nothing is half, and no STOP goes untold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fault_driver import DAY, MODES, NOW, VARIANTS, after_all, expected, filled, latest_of, prepared, runs_that_took

from ivigcheck.nightly.lock import only_run

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("fault_driver.py")
KINDS = {
    "open", "write", "fsync", "rename", "symlink", "mkdir", "unlink", "rmdir", "sql", "sql-row", "sql-close",
}  # fmt: skip
_STRIDE = 6  # of the cases that are like many others, one of so many: all would take minutes
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def environment() -> dict[str, str]:
    # One thread each: a forked run has no use for those of the library that computes with arrays.
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def driven(*arguments: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(DRIVER), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def started(folder: Path) -> subprocess.CompletedProcess[str]:
    """A run as a scheduler starts it."""
    return subprocess.run(
        [sys.executable, "-m", "ivigcheck", "nightly", "--config", str(folder / "nightly.toml"), "--as-of", str(DAY)],
        capture_output=True,
        text=True,
        env={**environment(), "TMPDIR": str(folder / "temporary")},
        timeout=60,
        check=False,
    )


def listing(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything in a folder, with what would show that it was touched."""
    found = {str(each.relative_to(folder)): each.lstat() for each in (folder, *folder.rglob("*"))}
    return {name: (status.st_mtime_ns, status.st_size, status.st_ino) for name, status in found.items()}


def test_a_run_in_which_anything_goes_wrong_leaves_whole_reports_and_a_next_run_that_tells_of_every_stop(
    tmp_path: Path,
) -> None:
    cases = driven("faults", tmp_path / "faults", _STRIDE)["cases"]
    assert len(cases) >= 500
    assert {*MODES} <= {each["mode"] for each in cases}
    assert {each["operation"][0] for each in cases} == KINDS
    assert {each["variant"] for each in cases} == {each.name for each in VARIANTS}
    wrong = [
        f"{each['variant']} {each['mode']} at {each['at']} ({' '.join(each['operation'] or [])}): {violated}"
        for each in cases
        for violated in each["violated"]
    ]
    assert not wrong, f"{len(wrong)} violations in {len(cases)} cases:\n" + "\n".join(wrong)


def test_of_twenty_runs_that_begin_at_once_one_checks_the_file_and_the_others_change_nothing(tmp_path: Path) -> None:
    for found in driven("crowd", tmp_path / "crowd", 3)["rounds"]:
        assert found["others"] == [] and found["violated"] == []
        assert found["ran"] == [1] and found["refused"] + found["too_late"] == 19


def test_a_run_that_begins_while_another_one_holds_the_lock_ends_with_3_and_touches_nothing(tmp_path: Path) -> None:
    template, folder = tmp_path / "template", tmp_path / "here"
    prepared(template)
    filled(template, folder, VARIANTS[0])
    with only_run(folder / "reports"):
        before = listing(folder)
        done = started(folder)
        assert done.returncode == 3 and "Another run holds the lock" in done.stderr
        assert listing(folder) == before
    assert runs_that_took(folder, NOW) == []


def test_a_run_that_is_killed_while_it_holds_the_lock_leaves_it_free(tmp_path: Path) -> None:
    template, folder = tmp_path / "template", tmp_path / "here"
    known, _ = expected(template, tmp_path / "alone", VARIANTS[0], prepared(template))
    filled(template, folder, VARIANTS[0])
    holder = (
        "import sys, time; from pathlib import Path; from ivigcheck.nightly.lock import only_run\n"
        "with only_run(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(folder / "reports")], stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "held\n"
            assert started(folder).returncode == 3
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL
    done = started(folder)
    assert done.returncode == 1 and "1 STOP" in done.stdout, done.stderr
    assert after_all(folder, known) == [] and runs_that_took(folder, NOW) == [latest_of(folder)]
