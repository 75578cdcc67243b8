"""The file: who can read it, what guards its entries, where it may lie, and how it becomes a newer one."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from history_stores import CANARY, NOW, five, new, problems, raw, record

from ivigcheck.history import History, HistoryError, files, schema

ROOT = Path(__file__).parents[2]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("umask", [0, 0o022])
def test_the_file_the_folder_and_what_lies_beside_are_for_their_owner_alone(
    tmp_path: Path, private_umask: None, umask: int
) -> None:
    path = tmp_path / "data" / "h.sqlite"
    os.umask(umask)
    with History.recording(path) as history:
        history.append([new()], NOW)
        assert {each.name: mode(each) for each in path.parent.iterdir()} == dict.fromkeys(
            ("h.sqlite", "h.sqlite-wal", "h.sqlite-shm"), 0o600
        )
    assert mode(path.parent) == 0o700
    assert names(path.parent) == ["h.sqlite"]


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    record(tmp_path / "h.sqlite")
    assert mode(tmp_path) == 0o750 and mode(tmp_path / "h.sqlite") == 0o600


def test_a_new_entry_is_on_the_disk_before_it_is_said_to_be_recorded(tmp_path: Path) -> None:
    with History.recording(tmp_path / "h.sqlite") as history:
        asked = {
            name: history.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with raw(tmp_path / "h.sqlite", guarded=True) as connection:
        assert connection.execute("PRAGMA application_id").fetchone()[0] == int.from_bytes(b"IVGH", "big")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET facts = '{}' WHERE number = 1",
        "UPDATE entry SET number = 9 WHERE number = 5",
        "DELETE FROM entry WHERE number = 5",
        "INSERT OR REPLACE INTO entry SELECT 1, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash "
        "FROM entry WHERE number = 2",
        "INSERT OR IGNORE INTO entry SELECT 1, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash "
        "FROM entry WHERE number = 2",
        "UPDATE near_key SET key = 'x'",
        "DELETE FROM near_key",
        "UPDATE head SET entries = 4",
        "UPDATE head SET hash = ''",
        "DELETE FROM head",
        "INSERT INTO head VALUES (2, 5, '')",
        "INSERT INTO entry VALUES (6, 'withdrawal', 'other', '', '', '', 3, '{}', '')",
        "INSERT INTO entry VALUES (6, 'reaction', 'other', '', '', '', NULL, NULL, '')",
        "INSERT INTO entry VALUES ('six', 'reaction', 'other', '', '', '', NULL, '{}', '')",
    ],
)
def test_the_file_itself_refuses_that_anything_is_overwritten_or_deleted(tmp_path: Path, statement: str) -> None:
    path = five(tmp_path / "h.sqlite")
    with raw(path, guarded=True) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert problems(path) == []


@pytest.mark.parametrize(
    "name", ["a b.sqlite", "what?mode=memory", "#1", "100%41", "%", "ü.sqlite", "file:x", "a'b\"c", "d&e"]
)
def test_a_history_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / name
    five(path)
    assert problems(path) == [] and names(path.parent) == [name, f"{name}-shm", f"{name}-wal"]


def test_a_history_may_be_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    five(Path("h.sqlite"))
    assert problems(Path("h.sqlite")) == [] and problems(tmp_path / "h.sqlite") == []


def test_reading_does_not_change_the_file(tmp_path: Path) -> None:
    path = five(tmp_path / "h.sqlite")
    before = path.read_bytes()
    with History.reading(path) as history:
        assert history.of_patients([CANARY]) and history.near(["x"]) == {} and history.head() and not history.problems()
    assert path.read_bytes() == before


def test_two_histories_open_in_one_program_do_not_unlock_each_other(tmp_path: Path) -> None:
    """To open and close the file by other means than SQLite's would take away the locks of the first."""
    path = five(tmp_path / "h.sqlite")
    with History.reading(path) as first:
        History.reading(path).close()
        History.recording(path).close()
        code = (
            f"import sqlite3; c = sqlite3.connect({str(path)!r}, timeout=0); c.execute('PRAGMA journal_mode = DELETE')"
        )
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "database is locked" in other.stderr
        assert first.head().entries == 5


def test_a_file_that_another_program_is_writing_longer_is_not_taken_for_damaged(tmp_path: Path) -> None:
    """Its first page counts pages that are not there yet, which is seen where no lock is waited for."""
    path = five(tmp_path / "h.sqlite")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096])
    files._check(path)
    with pytest.raises(HistoryError, match="damaged"):
        History.reading(path)
    path.write_bytes(whole)
    assert problems(path) == []


def test_a_backup_that_sqlite_made_is_a_history_again(tmp_path: Path) -> None:
    path, backup = five(tmp_path / "h.sqlite"), tmp_path / "backup.sqlite"
    with raw(path, guarded=True) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    assert problems(backup) == []
    assert record(backup, new()) == [6] and problems(backup) == []
    with raw(backup, guarded=True) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_creation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "SCRIPTS", ("CREATE TABLE entry (number); NONSENSE;",))
    with pytest.raises(HistoryError, match="could not be used"):
        record(tmp_path / "h.sqlite")
    assert names(tmp_path) == []


def test_of_two_that_make_it_at_once_the_first_one_s_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h.sqlite"
    link = os.link

    def beaten(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        five(path)
        link(source, target)

    monkeypatch.setattr(os, "link", beaten)
    assert record(path, new()) == [6] and problems(path) == []
    assert names(tmp_path) == ["h.sqlite", "h.sqlite-shm", "h.sqlite-wal"]


def test_a_file_system_without_links_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(HistoryError, match="on a disk of this machine"):
        record(tmp_path / "h.sqlite")
    assert names(tmp_path) == []


def test_what_another_left_half_made_is_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / ".h.sqlite.abc.new").write_bytes(b"")
    assert record(tmp_path / "h.sqlite", new()) == [1]
    assert names(tmp_path) == [".h.sqlite.abc.new", "h.sqlite"]


MORE = "CREATE TABLE more (\n  a INTEGER\n) STRICT;\nINSERT INTO more VALUES (1);\n"


@pytest.mark.parametrize("opening", [History.reading, History.recording])
def test_an_older_file_is_brought_up_to_date_and_keeps_its_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opening: Callable[[Path], History]
) -> None:
    path = five(tmp_path / "h.sqlite")
    with History.reading(path) as history:
        before = history.head()
    monkeypatch.setattr(schema, "SCRIPTS", (*schema.SCRIPTS, MORE, "INSERT INTO more VALUES (2);"))
    for _ in range(2):
        with opening(path) as history:
            assert history.head() == before and history.problems() == []
            assert [e.number for e in history.of_patients([CANARY])[CANARY]] == [1, 2, 5]
    with raw(path, guarded=True) as connection:
        assert connection.execute("SELECT a FROM more").fetchall() == [(1,), (2,)]
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(schema.SCRIPTS)


def test_a_script_that_fails_leaves_the_older_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = five(tmp_path / "h.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCRIPTS", (*schema.SCRIPTS, MORE + "NONSENSE;\n"))
        with pytest.raises(HistoryError):
            History.reading(path)
    assert problems(path) == [] and record(path, new()) == [6]


def test_a_script_that_ends_amid_a_statement_is_not_run_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = five(tmp_path / "h.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCRIPTS", (*schema.SCRIPTS, MORE + "INSERT INTO more"))
        with pytest.raises(ValueError):
            History.recording(path)
    assert problems(path) == []


def test_who_finds_the_file_brought_up_to_date_meanwhile_has_nothing_left_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw the older version, waited for the lock, and must look again."""
    path = five(tmp_path / "h.sqlite")
    monkeypatch.setattr(schema, "SCRIPTS", (*schema.SCRIPTS, MORE))
    seen = files.is_current

    def seen_too_early(connection: sqlite3.Connection, file: str) -> bool:
        current = seen(connection, file)
        monkeypatch.setattr(files, "is_current", seen)
        History.reading(path).close()
        return current

    monkeypatch.setattr(files, "is_current", seen_too_early)
    assert record(path, new()) == [6] and problems(path) == []
    with raw(path, guarded=True) as connection:
        assert connection.execute("SELECT a FROM more").fetchall() == [(1,)]


def test_who_finds_the_file_made_newer_still_meanwhile_leaves_it_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = five(tmp_path / "h.sqlite")

    def made_newer(*_: object) -> bool:
        with raw(path, guarded=True) as connection:
            connection.execute("PRAGMA user_version = 99")
        return False

    monkeypatch.setattr(files, "is_current", made_newer)
    with pytest.raises(HistoryError, match="newer ivigcheck"):
        History.recording(path)
    with raw(path, guarded=True) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 99


def test_an_older_program_that_has_the_file_open_adds_nothing_to_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = five(tmp_path / "h.sqlite")
    with History.recording(path) as older:
        with monkeypatch.context() as patch:
            patch.setattr(schema, "SCRIPTS", (*schema.SCRIPTS, MORE))
            History.reading(path).close()
        with pytest.raises(HistoryError, match="newer ivigcheck"):
            older.append([new()], NOW)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCRIPTS", (*schema.SCRIPTS, MORE))
        assert problems(path) == [] and record(path, new()) == [6]
