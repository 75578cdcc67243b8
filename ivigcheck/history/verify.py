"""Whether a history is whole: every entry is there, none was altered, and the tables beside them agree."""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from ivigcheck.errors import UsageError
from ivigcheck.history.entries import GENESIS, KINDS, digest
from ivigcheck.history.near import near_keys
from ivigcheck.history.schema import objects_known, objects_of
from ivigcheck.history.verify_nights import night_problems

_HEAD: Final = re.compile("[0-9a-f]{12,64}")  # twelve digits are what a report has room for, and enough to tell


_OF_ENTRIES: Final = ("entry", "near_key", "head", "acknowledged")
"""The tables that verdicts rest on."""


def problems_of(connection: sqlite3.Connection, head: str, *, entries_only: bool = False) -> list[str]:
    """Each problem as a sentence that names the entry, and no patient; empty where the history is whole.

    head: the hash, or its first twelve digits or more, that an earlier report printed; it must still be there.
    entries_only: check the entries and what finds them, and stop at the first problem.
    Raises UsageError where that is no hash.
    """
    head = head.strip().lower()
    if head and not _HEAD.fullmatch(head):
        raise UsageError("The head of a history is 12 to 64 of the digits 0-9 and a-f: copy it as the report has it.")
    found: list[str] = []
    try:
        if entries_only:
            return list(itertools.islice(_entry_problems(connection, head, _OF_ENTRIES), 1))
        for problem in itertools.chain(_entry_problems(connection, head, ("",)), night_problems(connection)):
            found.append(problem)
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if getattr(error, "sqlite_errorcode", 0) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise  # nothing is known then
        found.append("The file cannot be read any further: it is damaged.")
    return found


def _entry_problems(connection: sqlite3.Connection, head: str, tables: Sequence[str]) -> Iterator[str]:
    """tables: which ones SQLite is to check; "" for all."""
    for table in tables:
        for (line,) in connection.execute(f"PRAGMA integrity_check{f'({table})' if table else ''}"):
            if line != "ok":
                yield f"SQLite finds the file damaged: {line}."
    yield from _schema(connection)
    yield from _chain(connection, head)
    yield from _relations(connection, tables)
    yield from _near_keys(connection)


def _schema(connection: sqlite3.Connection) -> Iterator[str]:
    """What guards the entries is itself in the file, and can be taken out of it."""
    known, there = objects_known(), objects_of(connection)
    for name in sorted(known.keys() | there.keys()):
        if name not in there:
            yield f"The part {name} of the file's schema is missing."
        elif name not in known:
            yield "The file's schema has a part that is not known here."  # whose name might say anything
        elif known[name] != there[name]:
            yield f"The part {name} of the file's schema was altered."


def _chain(connection: sqlite3.Connection, head: str) -> Iterator[str]:
    """Every entry against its hash, from the first to the last, and the last against the head."""
    number, previous, anchored = 0, GENESIS, not head or GENESIS.startswith(head)
    entries = 0
    for row in connection.execute(
        "SELECT number, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash "
        "FROM entry ORDER BY number"
    ):
        *fields, facts, hash_ = row
        entries += 1
        follows = row[0] == number + 1
        if row[0] < 1:
            yield f"Entry {row[0]} has a number that no entry has."
        elif not follows:
            yield _missing(number + 1, row[0] - 1)
        if row[1] not in KINDS:
            yield f"Entry {row[0]} is of a kind that is not known here."
        # After a gap the hash before is not known, and the gap has been told already.
        if follows and digest(previous, tuple(fields), facts) != hash_:
            yield f"Entry {row[0]} was altered, or does not follow the one before it: its hash is another."
        number, previous = row[0], hash_
        anchored = anchored or hash_.startswith(head)
    heads = connection.execute("SELECT entries, hash FROM head").fetchall()
    if len(heads) != 1:
        yield "The head of the history is missing."
    else:
        ((counted, hash_),) = heads
        if counted != entries:
            yield f"The head counts {counted:,} entries, and {entries:,} are there: entries were cut off or slipped in."
        if hash_ != previous:
            yield f"The head has another hash than the last entry, {number}."
    if not anchored:
        yield "No entry has the hash given as --head: entries were cut off or rewritten since it was printed."


def _missing(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"The entries {first} to {last} are missing."


def _relations(connection: sqlite3.Connection, tables: Sequence[str]) -> Iterator[str]:
    """What an entry is about: an earlier one of the same patient that is no withdrawal, and withdrawn once."""
    for (number,) in connection.execute(
        "SELECT e.number FROM entry e LEFT JOIN entry a ON a.number = e.about WHERE e.about IS NOT NULL AND "
        "(a.number IS NULL OR a.number >= e.number OR a.patient_id <> e.patient_id OR a.kind = 'withdrawal')"
    ):
        yield f"Entry {number} is about an entry that it cannot be about."
    for (number,) in connection.execute("SELECT number FROM entry WHERE kind = 'withdrawal' AND about IS NULL"):
        yield f"Entry {number} is a withdrawal, and withdraws nothing."
    for (number,) in connection.execute(
        "SELECT about FROM entry WHERE kind = 'withdrawal' AND about IS NOT NULL GROUP BY about HAVING count(*) > 1"
    ):
        yield f"Entry {number} is withdrawn more than once."
    for checked in tables:
        for table, row, *_ in connection.execute(f"PRAGMA foreign_key_check{f'({checked})' if checked else ''}"):
            if table != "entry":  # of the entries it is told above
                yield f"The table {table} names an entry that is not there{'' if row is None else f', in row {row}'}."


def _near_keys(connection: sqlite3.Connection) -> Iterator[str]:
    """The keys by which a confirmed event is found under an id that is written otherwise."""
    there: dict[int, set[str]] = {}
    for key, number in connection.execute("SELECT key, number FROM near_key"):
        there.setdefault(number, set()).add(key)
    for number, patient_id in connection.execute(
        "SELECT number, patient_id FROM entry WHERE kind = 'confirmed_thrombosis' ORDER BY number"
    ):
        if there.pop(number, set()) != set(near_keys(patient_id)):
            yield f"Entry {number} is not found under other spellings of its patient's id: its keys are wrong."
    for number in sorted(there):
        yield f"Entry {number} has keys, and is no confirmed event."
