"""The tables of a history, and how an older file becomes a newer one."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from typing import Final

from ivigcheck.errors import HistoryError

APPLICATION_ID: Final = 0x49564748
"""In the file's header: "IVGH". It tells a history from any other database."""

_FIRST: Final = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    event_day TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    about INTEGER REFERENCES entry (number),
    facts TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX entry_of_patient ON entry (patient_id);
CREATE INDEX entry_about ON entry (about);
CREATE UNIQUE INDEX entry_withdrawn_once ON entry (about) WHERE kind = 'withdrawal';
CREATE TABLE near_key (
    key TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES entry (number),
    PRIMARY KEY (key, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    entries INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
CREATE TRIGGER entry_is_not_replaced BEFORE INSERT ON entry
    WHEN EXISTS (SELECT 1 FROM entry WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'an entry is never overwritten'); END;
CREATE TRIGGER entry_is_not_updated BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'an entry is never overwritten'); END;
CREATE TRIGGER entry_is_not_deleted BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
CREATE TRIGGER near_key_is_not_updated BEFORE UPDATE ON near_key
    BEGIN SELECT RAISE(ABORT, 'a key is never overwritten'); END;
CREATE TRIGGER near_key_is_not_deleted BEFORE DELETE ON near_key
    BEGIN SELECT RAISE(ABORT, 'a key is never deleted'); END;
CREATE TRIGGER head_goes_forward BEFORE UPDATE ON head WHEN NEW.entries <= OLD.entries
    BEGIN SELECT RAISE(ABORT, 'the head only goes forward'); END;
CREATE TRIGGER head_is_not_deleted BEFORE DELETE ON head
    BEGIN SELECT RAISE(ABORT, 'the head is never deleted'); END;
"""

_NIGHTS: Final = """
CREATE TABLE run (
    number INTEGER PRIMARY KEY REFERENCES entry (number),
    id TEXT NOT NULL UNIQUE,
    stream TEXT NOT NULL
) STRICT;
CREATE INDEX run_of_stream ON run (stream, number);
CREATE TABLE taken (
    run INTEGER NOT NULL REFERENCES run (number),
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (sha256, run, file)
) STRICT, WITHOUT ROWID;
CREATE TABLE finding (
    number INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    basis TEXT NOT NULL,
    order_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    code TEXT NOT NULL,
    about_column TEXT NOT NULL,
    severity TEXT NOT NULL
) STRICT;
CREATE INDEX finding_of_subject ON finding (subject);
CREATE TABLE change (
    run INTEGER NOT NULL REFERENCES run (number),
    finding INTEGER NOT NULL REFERENCES finding (number),
    what TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (run, finding)
) STRICT, WITHOUT ROWID;
CREATE TABLE standing (
    stream TEXT NOT NULL,
    finding INTEGER NOT NULL REFERENCES finding (number),
    acknowledged INTEGER NOT NULL,
    since TEXT NOT NULL,
    seen_on TEXT NOT NULL,
    PRIMARY KEY (stream, finding)
) STRICT, WITHOUT ROWID;
CREATE TABLE acknowledged (
    fingerprint TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES entry (number),
    PRIMARY KEY (fingerprint, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER run_is_not_updated BEFORE UPDATE ON run
    BEGIN SELECT RAISE(ABORT, 'a run is never overwritten'); END;
CREATE TRIGGER run_is_not_deleted BEFORE DELETE ON run
    BEGIN SELECT RAISE(ABORT, 'a run is never deleted'); END;
CREATE TRIGGER taken_is_not_updated BEFORE UPDATE ON taken
    BEGIN SELECT RAISE(ABORT, 'a file is never overwritten'); END;
CREATE TRIGGER taken_is_not_deleted BEFORE DELETE ON taken
    BEGIN SELECT RAISE(ABORT, 'a file is never deleted'); END;
CREATE TRIGGER finding_is_not_updated BEFORE UPDATE ON finding
    BEGIN SELECT RAISE(ABORT, 'a finding is never overwritten'); END;
CREATE TRIGGER finding_is_not_deleted BEFORE DELETE ON finding
    BEGIN SELECT RAISE(ABORT, 'a finding is never deleted'); END;
CREATE TRIGGER change_is_not_updated BEFORE UPDATE ON change
    BEGIN SELECT RAISE(ABORT, 'a change is never overwritten'); END;
CREATE TRIGGER change_is_not_deleted BEFORE DELETE ON change
    BEGIN SELECT RAISE(ABORT, 'a change is never deleted'); END;
CREATE TRIGGER acknowledged_is_not_updated BEFORE UPDATE ON acknowledged
    BEGIN SELECT RAISE(ABORT, 'an acknowledgement is never overwritten'); END;
CREATE TRIGGER acknowledged_is_not_deleted BEFORE DELETE ON acknowledged
    BEGIN SELECT RAISE(ABORT, 'an acknowledgement is never deleted'); END;
"""
# Unattended runs: what they took and what changed in them, kept; what stands after the last one follows from that.

SCRIPTS: tuple[str, ...] = (_FIRST, _NIGHTS)
"""Script k takes a file of schema version k to k + 1. A script that has been released is never changed."""


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the schema that a file has."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_current(connection: sqlite3.Connection, file: str) -> bool:
    """Whether a file has the newest schema known here. Raises HistoryError where it has one that is newer still."""
    version = version_of(connection)
    if version > len(SCRIPTS):
        raise HistoryError(
            f"The history {file} was written by a newer ivigcheck (its schema has version {version}, the newest known "
            f"here is {len(SCRIPTS)}): update ivigcheck."
        )
    return version == len(SCRIPTS)


def migrate(connection: sqlite3.Connection, file: str) -> None:
    """Applies the scripts that a file lacks, all or none; of two programs at once the second finds nothing to do."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not is_current(connection, file):
            for script in SCRIPTS[version_of(connection) :]:
                for statement in _statements(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(SCRIPTS)}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back already
            connection.execute("ROLLBACK")
        raise


def objects_of(connection: sqlite3.Connection) -> dict[str, str]:
    """The tables, indexes and triggers of a file: name -> the statement that made it."""
    return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def objects_known() -> dict[str, str]:
    """The tables, indexes and triggers that a file of the newest schema has."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, ":memory:")
        return objects_of(connection)
    finally:
        connection.close()


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: run as a whole it would end the transaction that it runs in."""
    statement = ""
    for piece in re.split("(?<=;)", script):  # a semicolon inside a trigger ends no statement
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError("a script of the schema ends amid a statement")
