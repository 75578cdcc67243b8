"""The file of a history: how it is made, how it is opened, and what is said where that cannot be done."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ivigcheck.disk import sync_folder
from ivigcheck.errors import HistoryError
from ivigcheck.history.schema import APPLICATION_ID, is_current, migrate
from ivigcheck.show import visible

_PATIENCE_S = 30.0  # for how long another program may hold the file before this one gives up
_NEEDED: Final = (3, 37)  # the first SQLite with strict tables
_CACHE_KIB: Final = 65_536  # a batch looks up ten thousand patients; SQLite's own 2 MB would read pages again and again
_PRIMARY: Final = 0xFF  # of SQLite's error codes, the part that says what kind it is
_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_ELSE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_READONLY: "it, or its folder, cannot be written to: check the permissions",
    sqlite3.SQLITE_PERM: "no permission: check who owns it",
    sqlite3.SQLITE_CANTOPEN: "it, or its folder, cannot be opened: check the permissions",
    sqlite3.SQLITE_IOERR: "the disk reports an error: check the disk",
}


class HistoryMissing(HistoryError):
    """There is no history where one is looked for."""


def shown(path: Path) -> str:
    """A history's file, as messages name it."""
    return visible(str(path))


def damaged(path: Path, what: str) -> HistoryError:
    """What is said of a history that cannot be trusted."""
    return HistoryError(
        f"The history {shown(path)} is damaged: {what}. See what is wrong: ivigcheck history verify. Then restore the "
        "file from a backup, and remove the files of the same name beside it that end in -wal and -shm."
    )


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns what SQLite or the system raises into a HistoryError that says what to do; it quotes nothing recorded."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
        if code in _LOCKED:
            raise HistoryError(
                f"The history {shown(path)} has been locked by another program for more than {_PATIENCE_S:g} s: "
                "try again when that one has ended."
            ) from error
        if code in _DAMAGED:
            raise damaged(path, "it is no whole database") from error
        why = _ELSE.get(code, f"SQLite reports {getattr(error, 'sqlite_errorname', type(error).__name__)}")
        raise HistoryError(f"The history {shown(path)} could not be used: {why}.") from error
    except OSError as error:
        why = f"{error.strerror or 'the system gives no reason'}: check its path and permissions"
        raise HistoryError(f"The history {shown(path)} could not be used: {why}.") from error


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, and sees the history as it is at this moment. Raises HistoryError."""
    with told(path):
        _check(path)
        connection = _connect(path, "ro")
        try:
            current = is_current(connection, shown(path))
            if current:
                # Whatever is asked is answered by one state of the file, even while others record.
                connection.execute("BEGIN")
                connection.execute("SELECT entries FROM head").fetchone()
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        open_for_recording(path).close()  # which brings an older file up to date
        return open_for_reading(path)


def open_for_recording(path: Path) -> sqlite3.Connection:
    """A connection that can write; the file and its folder are made where they are missing. Raises HistoryError."""
    with told(path):
        try:
            _check(path)
        except HistoryMissing:
            _create(path)
            _check(path)  # still missing where a link leads nowhere: what it leads to is away, and is not begun anew
        connection = _connect(path, "rw")
        try:
            if not is_current(connection, shown(path)):
                migrate(connection, shown(path))
            connection.execute("PRAGMA journal_mode = WAL")  # a copy that SQLite made as a backup has lost it
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE_S, isolation_level=None
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")  # what is sorted holds patients, and is written nowhere else
    except BaseException:
        connection.close()
        raise
    return connection


def _check(path: Path) -> None:
    """Refuses what is no history before it is opened in earnest: to open may write beside the file, or into it."""
    if sqlite3.sqlite_version_info < _NEEDED:
        needed = ".".join(map(str, _NEEDED))
        raise HistoryError(f"A history needs SQLite {needed}, and this Python has {sqlite3.sqlite_version}: update it.")
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except ValueError as error:  # a NUL in the name
        raise HistoryError(f"The history {shown(path)} has a name that no file can have: name another.") from error
    if not stat.S_ISREG(status.st_mode):
        raise HistoryError(f"The history {shown(path)} is no file: it is a folder, a pipe or a device. Name a file.")
    if status.st_size == 0:
        raise damaged(path, "it is empty, which not even a new history is")
    # Immutable: nothing is locked, and nothing is written beside it. SQLite opens it, for that a process opens and
    # closes a file by itself takes away the locks that SQLite holds on it for another connection.
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code == sqlite3.SQLITE_CORRUPT:
            # Without locks that may only mean that another program is writing the file longer just now: its first page,
            # which is written first, counts pages that are not there yet. Whoever opens it with locks will see.
            return
        if code != sqlite3.SQLITE_NOTADB:
            raise
        found = None
    if found != APPLICATION_ID:
        raise HistoryError(
            f"The file {shown(path)} is no history of ivigcheck. If it is another program's, name another one with "
            "--history; if it was a history, it is damaged: restore it from a backup."
        )


def _missing(path: Path) -> HistoryError:
    """There is none; or what there was is away, which is no beginning."""
    for link in (path, *path.parents):
        if link.is_symlink() and not link.exists():
            return HistoryError(
                f"The history {shown(path)} is away: the link {shown(link)} leads nowhere. Put back what it leads to."
            )
    for ending in ("-wal", "-journal"):
        left = path.with_name(f"{path.name}{ending}")
        if left.exists() and not path.exists():  # another program may have made the file just now, and then this one
            return damaged(path, f"the file is gone, and {left.name}, which belongs to it, is there")
    return HistoryMissing(
        f"The history {shown(path)} does not exist. Name the right file, with --history or the variable "
        "IVIGCHECK_HISTORY; or begin a new one: ivigcheck history init"
    )


def _create(path: Path) -> None:
    """Makes an empty history aside and then puts it in its place, so that no half-made one ever stands there.

    Where another program has put one there meanwhile, that one counts.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")  # with mode 0600
    os.close(descriptor)
    aside = Path(name)
    try:
        with contextlib.closing(_connect(aside, "rw")) as connection:
            migrate(connection, shown(path))  # before the mode of the journal changes: it is then in the file itself
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                raise _unfit(path)
        try:
            os.link(aside, path)  # unlike a renaming, it overwrites nothing
        except FileExistsError:
            pass
        except OSError as error:
            raise _unfit(path) from error
        sync_folder(path.parent)
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            Path(f"{name}{ending}").unlink(missing_ok=True)


def _unfit(path: Path) -> HistoryError:
    return HistoryError(
        f"The history {shown(path)} cannot be made: its file system lacks shared memory or hard links, as those of "
        "networks do. Name a file on a disk of this machine with --history."
    )
