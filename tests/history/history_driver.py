"""Programs that record until they are killed, as processes of their own: run by test_history_crashes.

Each prints what it found as JSON. They are forked here, where no test's threads are in the way.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from history_stores import NOW, new, problems, record

from ivigcheck.history import BEFORE, History, schema


def forked(child: Callable[[int], None]) -> tuple[int, int]:
    """Starts a child that writes what it has done to a pipe. Returns its id and the end to read from."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        code = 1
        try:
            child(writer)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    return process, reader


def ended(process: int, reader: int) -> tuple[list[int], int]:
    """The numbers that a child acknowledged, and how it ended."""
    with os.fdopen(reader) as stream:
        lines = stream.read().split("\n")
    _, status = os.waitpid(process, 0)
    return [int(line) for line in lines[:-1]], os.waitstatus_to_exitcode(status)


def acknowledge(writer: int, number: int) -> None:
    os.write(writer, f"{number}\n".encode())


def crowd(path: Path, size: int) -> dict[str, Any]:
    """Many programs record at once, while one reads."""

    def child(writer: int) -> None:
        for number in record(
            path, new("confirmed_thrombosis", f"P{os.getpid()}"), new("discontinuation", f"P{os.getpid()}", BEFORE)
        ):
            acknowledge(writer, number)

    ends = [ended(*each) for each in [forked(child) for _ in range(size)]]
    return {
        "codes": sorted({code for _, code in ends}),
        "numbers": sorted(number for numbers, _ in ends for number in numbers),
        "problems": problems(path),
        "names": sorted(each.name for each in path.parent.iterdir() if not each.name.endswith(("-wal", "-shm"))),
    }


def upgrade(path: Path, size: int) -> dict[str, Any]:
    """Programs of a newer version open an older history at once, half of them to read and half to record."""
    number = record(path, new())
    schema.SCRIPTS = (*schema.SCRIPTS, "CREATE TABLE more (a INTEGER) STRICT; INSERT INTO more VALUES (1);")

    def child(writer: int) -> None:
        if os.getpid() % 2:
            number = record(path, new())
            acknowledge(writer, number[0])
        else:
            with History.reading(path) as history:
                history.head()

    ends = [ended(*each) for each in [forked(child) for _ in range(size)]]
    recorded = sorted([*number, *(number for numbers, _ in ends for number in numbers)])
    with History.reading(path) as history:
        kept = [entry.number for entry in history.entries()]
    return {"codes": sorted({code for _, code in ends}), "lost": kept != recorded, "problems": problems(path)}


def killed_at(path: Path, statement: int) -> tuple[list[int], int]:
    """A child records two entries, and is killed before its k-th SQL statement, of any connection."""

    def child(writer: int) -> None:
        left = statement

        def traced(_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        connect = sqlite3.connect

        def connecting(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            connection.set_trace_callback(traced)
            return connection

        sqlite3.connect = connecting  # type: ignore[assignment]
        with History.recording(path) as history:
            for number in history.append([new("confirmed_thrombosis"), new("discontinuation", about=BEFORE)], NOW):
                acknowledge(writer, number)

    return ended(*forked(child))


def statements(folder: Path, start: str) -> dict[str, Any]:
    """Kills at every SQL statement of a recording; start: whether the history is there before."""
    found = []
    for k in range(1, 1_000):
        path = folder / f"{start}-{k}" / "h.sqlite"
        before = record(path, new()) if start == "there" else []
        acknowledged, code = killed_at(path, k)
        made = path.exists()
        again = record(path, new())  # whatever was left half done is in nobody's way
        with History.reading(path) as history:
            entries = [entry.number for entry in history.entries()]
        found.append(
            {
                "killed": code == -signal.SIGKILL,
                "code": code,
                "made": made,
                "between": len(entries) - len(before) - len(again),
                "lost": sorted({*before, *acknowledged, *again} - set(entries)),
                "acknowledged": len(acknowledged),
                "problems": problems(path),
            }
        )
        if code == 0:
            break
    return {"runs": found}


def loop(path: Path, rounds: int) -> dict[str, Any]:
    """Kills a child that records in a loop, at random moments."""
    rng = random.Random(7)
    kept: list[int] = []
    codes = set()

    def child(writer: int) -> None:
        while True:
            with History.recording(path) as history:
                for _ in range(5):
                    for number in history.append(
                        [new("confirmed_thrombosis"), new("discontinuation", about=BEFORE)], NOW
                    ):
                        acknowledge(writer, number)

    found = []
    for _ in range(rounds):
        process, reader = forked(child)
        time.sleep(rng.uniform(0.005, 0.12))
        os.kill(process, signal.SIGKILL)
        numbers, code = ended(process, reader)
        kept += numbers
        codes.add(code)
        if path.exists():
            with History.reading(path) as history:
                found += history.problems()
                lost = sorted(set(kept) - {entry.number for entry in history.entries()})
                halves = history.head().entries % 2
                found += [f"lost {lost}"] if lost else []
                found += ["half a call"] if halves else []
    return {"codes": sorted(codes), "kept": len(kept), "found": found}


if __name__ == "__main__":
    name, place, argument = sys.argv[1:]
    run: dict[str, Callable[[], dict[str, Any]]] = {
        "crowd": lambda: crowd(Path(place), int(argument)),
        "upgrade": lambda: upgrade(Path(place), int(argument)),
        "statements": lambda: statements(Path(place), argument),
        "loop": lambda: loop(Path(place), int(argument)),
    }
    print(json.dumps(run[name]()))
