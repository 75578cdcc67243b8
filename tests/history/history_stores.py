"""Histories for the tests: how entries are made, and how a file is altered behind the program's back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ivigcheck.history import History, NewEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CANARY = "ZZ-CANARY-4711"


def new(kind: str = "reaction", patient_id: str = CANARY, about: int | None = None, **facts: object) -> NewEntry:
    day = "" if kind == "withdrawal" else "2026-11-20"
    return NewEntry(kind, patient_id, day, "AB", facts, about)


def record(path: Path, *entries: NewEntry) -> list[int]:
    with History.recording(path) as history:
        return history.append(entries, NOW)


def problems(path: Path, head: str = "") -> list[str]:
    with History.reading(path) as history:
        return history.problems(head)


def five(path: Path) -> Path:
    """A history of five entries of two patients: 2 is a confirmed event, 4 withdraws 3."""
    record(
        path,
        new(grade=1),
        new("confirmed_thrombosis"),
        new(patient_id="other"),
        new("withdrawal", "other", about=3, reason="wrong-patient"),
        new("discontinuation", about=2),
    )
    return path


@contextlib.contextmanager
def raw(path: Path, *, guarded: bool = False) -> Iterator[sqlite3.Connection]:
    """The file as any SQLite program opens it, without what guards the entries unless that is asked for."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if not guarded:
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
        yield connection
