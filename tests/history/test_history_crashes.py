"""Nothing that was said to be recorded is ever lost: not among many at once, and not when a program is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("history_driver.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def driven(*arguments: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(DRIVER), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_hundred_programs_that_make_a_history_and_record_at_once_lose_nothing(tmp_path: Path) -> None:
    found = driven("crowd", tmp_path / "data" / "h.sqlite", 100)
    assert found == {"codes": [0], "numbers": list(range(1, 201)), "problems": [], "names": ["h.sqlite"]}


def test_programs_that_bring_an_older_history_up_to_date_at_once_are_in_nobody_s_way(tmp_path: Path) -> None:
    assert driven("upgrade", tmp_path / "h.sqlite", 20) == {"codes": [0], "lost": False, "problems": []}


@pytest.mark.parametrize("start", ["there", "nowhere"])
def test_a_program_killed_at_any_statement_leaves_a_whole_history(tmp_path: Path, start: str) -> None:
    *killed, last = driven("statements", tmp_path, start)["runs"]
    assert len(killed) > 10 and all(run["killed"] for run in killed)
    assert last["code"] == 0 and last["acknowledged"] == 2 and last["between"] == 2
    for run in [*killed, last]:
        assert run["problems"] == [] and run["lost"] == []
        assert run["between"] in (0, 2)  # all that a call records, or nothing of it
    if start == "nowhere":
        assert not killed[0]["made"] and killed[-1]["made"]


def test_a_program_killed_while_it_records_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    found = driven("loop", tmp_path / "h.sqlite", 15)
    assert found["found"] == [] and found["codes"] == [-9] and found["kept"] > 20
