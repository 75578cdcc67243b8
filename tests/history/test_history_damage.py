"""Whatever was altered in the file is found, and a history that cannot be trusted is not read from."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from history_stores import CANARY, five, new, problems, raw, record

from ivigcheck.errors import Exit, UsageError
from ivigcheck.history import GENESIS, History, HistoryError, HistoryMissing, files, schema
from ivigcheck.history.entries import digest, facts_text
from ivigcheck.history.near import near_keys


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return five(tmp_path / "h.sqlite")


CHANGES = [
    *(
        (f"UPDATE entry SET {column} = {value} WHERE number = 2", "Entry 2 was altered")
        for column, value in (
            ("patient_id", "'else'"), ("kind", "'reaction'"), ("event_day", "'2026-11-19'"), ("recorded_by", "'XY'"),
            ("recorded_at", "'2026-11-22T12:00:01+00:00'"), ("about", "1"), ("facts", "'{\"grade\":1}'"),
            ("facts", "'{} '"), ("hash", f"'{GENESIS}'"),
        )
    ),
    ("DELETE FROM entry WHERE number = 1", "Entry 1 is missing"),
    ("DELETE FROM entry WHERE number = 4", "Entry 4 is missing"),
    ("DELETE FROM entry WHERE number IN (3, 4)", "The entries 3 to 4 are missing"),
    ("DELETE FROM entry WHERE number = 5", "The head counts 5 entries, and 4 are there"),
    ("DELETE FROM entry", "The head counts 5 entries, and 0 are there"),
    ("INSERT INTO entry SELECT 6, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash FROM entry "
     "WHERE number = 5", "Entry 6 was altered"),
    ("INSERT INTO entry SELECT 0, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash FROM entry "
     "WHERE number = 5", "Entry 0 has a number"),
    ("UPDATE entry SET number = CASE number WHEN 1 THEN -1 WHEN 3 THEN 1 END WHERE number IN (1, 3);"
     "UPDATE entry SET number = 3 WHERE number = -1", "Entry 3 was altered"),
    ("UPDATE head SET entries = 4", "The head counts 4 entries, and 5 are there"),
    (f"UPDATE head SET hash = '{GENESIS}'", "The head has another hash"),
    ("DELETE FROM head", "The head of the history is missing"),
    ("DELETE FROM near_key", "Entry 2 is not found under other spellings"),
    ("DELETE FROM near_key WHERE key LIKE '1%'", "Entry 2 is not found under other spellings"),
    ("UPDATE near_key SET key = '1else' WHERE key LIKE '1%'", "Entry 2 is not found under other spellings"),
    ("INSERT INTO near_key VALUES ('1zz', 1)", "Entry 1 has keys"),
    ("INSERT INTO near_key VALUES ('1zz', 77)", "near_key names an entry that is not there"),
    ("DROP INDEX entry_withdrawn_once", "entry_withdrawn_once of the file's schema is missing"),
    ("CREATE TABLE more (a)", "has a part that is not known"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_an_alteration_is_found_and_named_by_its_entry(path: Path, change: str, words: str) -> None:
    with raw(path) as connection:
        connection.executescript(f"PRAGMA foreign_keys = OFF; {change}")
    found = problems(path)
    assert any(words in problem for problem in found), found
    assert all(problem.endswith(".") and CANARY not in problem and "else" not in problem for problem in found)


def test_entries_changed_for_each_other_are_found(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("UPDATE entry SET about = NULL")
        for one, other in ((2, -2), (3, 2), (-2, 3)):
            connection.execute("UPDATE entry SET number = ? WHERE number = ?", (other, one))
    assert any("Entry 2 was altered" in problem for problem in problems(path))


def test_a_trigger_that_is_gone_is_missed(path: Path) -> None:
    with raw(path):
        pass
    assert "The part entry_is_not_deleted of the file's schema is missing." in problems(path)


def rewritten(path: Path, *rows: tuple) -> None:
    """The whole history forged, with every hash reckoned anew."""
    with raw(path) as connection:
        connection.executescript("PRAGMA foreign_keys = OFF; DELETE FROM near_key; DELETE FROM entry")
        previous = GENESIS
        for number, row in enumerate(rows, 1):
            *fields, facts = row
            previous = digest(previous, (number, *fields), facts)
            connection.execute(f"INSERT INTO entry VALUES (?{', ?' * 8})", (number, *fields, facts, previous))
            if row[0] == "confirmed_thrombosis":
                connection.executemany("INSERT INTO near_key VALUES (?, ?)", [(k, number) for k in near_keys(row[1])])
        connection.execute("UPDATE head SET entries = ?, hash = ?", (len(rows), previous))
        for statement in schema.objects_known().values():
            if statement.startswith("CREATE TRIGGER"):
                connection.execute(statement)


def rows_of(path: Path) -> list[tuple]:
    with History.reading(path) as history:
        return [
            (e.kind, e.patient_id, e.event_day, e.recorded_at, e.recorded_by, e.about, facts_text(e.facts))
            for e in history.entries()
        ]


@pytest.mark.parametrize("digits", [64, 12])
def test_a_tail_cut_off_together_with_the_head_is_found_by_a_head_that_was_printed(path: Path, digits: int) -> None:
    rows = rows_of(path)
    with History.reading(path) as history:
        printed = history.head().hash[:digits]
        earlier = [e.hash[:digits] for e in history.entries()]
    assert all(problems(path, head) == [] for head in (printed, printed.upper(), *earlier, GENESIS[:digits]))
    rewritten(path, *rows)
    assert problems(path) == [] and problems(path, printed) == []
    rewritten(path, *rows[:4])
    assert problems(path) == [] and problems(path, earlier[3]) == []
    (problem,) = problems(path, printed)
    assert problem == "No entry has the hash given as --head: entries were cut off or rewritten since it was printed."


@pytest.mark.parametrize("head", ["0" * 11, "0" * 65, "x" * 12, "_" * 12, "%"])
def test_a_head_that_is_no_hash_is_refused(path: Path, head: str) -> None:
    with pytest.raises(UsageError, match="12 to 64"):
        problems(path, head)


R, D, C, W = "reaction", "discontinuation", "confirmed_thrombosis", "withdrawal"


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([(R, "a", None), (W, "b", 1)], "Entry 2 is about an entry that it cannot be about"),
        ([(R, "a", None), (W, "a", 1), (W, "a", 2)], "Entry 3 is about an entry that it cannot be about"),
        ([(W, "a", 2), (R, "a", None)], "Entry 1 is about an entry that it cannot be about"),
        ([(R, "a", None), (W, "a", 7)], "Entry 2 is about an entry that it cannot be about"),
        ([(W, "a", None)], "Entry 1 is a withdrawal, and withdraws nothing"),
        ([("cured", "a", None)], "Entry 1 is of a kind that is not known here"),
        ([(R, "a", None), (C, "a", 1), (D, "a", 2), (W, "a", 3)], ""),
    ],
)
def test_what_no_program_records_is_found_though_every_hash_is_right(path: Path, kinds: list, words: str) -> None:
    rewritten(
        path, *((k, who, "2026-11-20", "2026-11-22T12:00:00+00:00", "AB", about, "{}") for k, who, about in kinds)
    )
    found = problems(path)
    assert (words in found[0] and len(found) == 1) if words else found == []


@pytest.mark.parametrize(
    ("change", "patient"),
    [
        ("UPDATE entry SET facts = '{\"grade\":0}' WHERE number = 1", CANARY),
        (f"UPDATE entry SET patient_id = '{CANARY}' WHERE number = 3", CANARY),
        (f"UPDATE entry SET patient_id = '{CANARY}', about = 2 WHERE number = 4", CANARY),
        ("UPDATE entry SET kind = 'withdrawal', about = 2 WHERE number = 5", CANARY),
        ("DELETE FROM entry WHERE number = 1", CANARY),
        ("UPDATE entry SET recorded_at = '' WHERE number = 4", "other"),
    ],
)
def test_no_answer_is_given_from_an_altered_entry_of_a_patient(path: Path, change: str, patient: str) -> None:
    """Above all not that a forged withdrawal takes away a confirmed event."""
    with raw(path) as connection:
        connection.execute(change)
    with History.reading(path) as history, pytest.raises(HistoryError, match="damaged") as caught:
        history.of_patients([patient])
    assert CANARY not in str(caught.value) and "history verify" in str(caught.value)


def test_an_entry_whose_predecessor_is_gone_is_not_given_as_if_it_were_the_first(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("DELETE FROM entry WHERE number = 1")
        fields = connection.execute(
            "SELECT number, kind, patient_id, event_day, recorded_at, recorded_by, about, facts FROM entry WHERE number = 2"
        ).fetchone()
        forged = digest(GENESIS, fields[:-1], fields[-1])
        connection.execute("UPDATE entry SET hash = ? WHERE number = 2", (forged,))
    with History.reading(path) as history, pytest.raises(HistoryError, match="entry 1 is missing"):
        history.entry(2)


def test_no_answer_on_a_near_id_is_given_from_an_altered_entry(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("UPDATE entry SET event_day = '1999-01-01' WHERE number = 2")
    with History.reading(path) as history:
        for answer in (
            lambda: history.near([CANARY.lower()]),
            lambda: history.entry(2),
            lambda: list(history.entries()),
        ):
            with pytest.raises(HistoryError, match="entry 2 was altered"):
                answer()
        assert history.near(["else"]) == {}


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM entry WHERE number = 5",
        "DELETE FROM entry WHERE number = 3",
        "DELETE FROM entry",
        "UPDATE head SET entries = 6",
        f"UPDATE head SET hash = '{GENESIS}'",
        "DELETE FROM head",
        "UPDATE entry SET number = 6 WHERE number = 5",
    ],
)
def test_the_head_is_not_given_where_entries_and_head_disagree_and_nothing_is_added(path: Path, change: str) -> None:
    with raw(path) as connection:
        connection.executescript(f"PRAGMA foreign_keys = OFF; {change}")
    with History.reading(path) as history, pytest.raises(HistoryError, match="damaged: its head"):
        history.head()
    with pytest.raises(HistoryError, match="damaged: its head"):
        record(path, new())


def test_an_entry_that_is_not_there_is_missed_when_all_are_read(path: Path) -> None:
    with raw(path) as connection:
        connection.executescript("PRAGMA foreign_keys = OFF; DELETE FROM entry WHERE number = 3")
    with History.reading(path) as history, pytest.raises(HistoryError, match="entry 3 is missing"):
        list(history.entries())


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE entry (number)")
    connection.close()


def newer(path: Path) -> None:
    five(path)
    with raw(path, guarded=True) as connection:
        connection.execute("PRAGMA user_version = 99")


def cut(path: Path, size: int) -> None:
    five(path)
    path.write_bytes(path.read_bytes()[:size])


def overwritten(path: Path) -> None:
    five(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


UNUSABLE = {
    "empty": (lambda path: path.write_bytes(b""), "damaged: it is empty"),
    "text": (lambda path: path.write_bytes(b"order_id,patient_id\n" * 500), "is no history of ivigcheck"),
    "short text": (lambda path: path.write_bytes(b"x"), "is no history of ivigcheck"),
    "foreign": (foreign, "is no history of ivigcheck"),
    "newer": (newer, "written by a newer ivigcheck .*: update ivigcheck"),
    "cut amid the header": (lambda path: cut(path, 60), "is no history of ivigcheck"),
    "cut amid a page": (lambda path: cut(path, 9000), "damaged: it is no whole database"),
    "cut after a page": (lambda path: cut(path, 8192), "damaged: it is no whole database"),
    "cut after the first page": (lambda path: cut(path, 4096), "damaged: it is no whole database"),
    "overwritten": (overwritten, "damaged: it is no whole database"),
}


@pytest.mark.parametrize("opening", [History.reading, History.recording])
@pytest.mark.parametrize("case", UNUSABLE)
def test_what_is_no_whole_history_is_refused_and_left_as_it_is(tmp_path: Path, case: str, opening) -> None:
    make, words = UNUSABLE[case]
    path = tmp_path / "broken.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=words) as caught, opening(path) as history:
        history.head()
        history.of_patients([CANARY])
    assert caught.value.exit_code == Exit.CANNOT_RUN and not isinstance(caught.value, HistoryMissing)
    assert "broken.sqlite" in str(caught.value) and CANARY not in str(caught.value)
    assert re.search("restore|update|name another", str(caught.value))
    assert path.read_bytes() == before


def test_beside_a_foreign_file_nothing_is_written(tmp_path: Path) -> None:
    foreign(tmp_path / "theirs.db")
    for opening in (History.reading, History.recording):
        with pytest.raises(HistoryError):
            opening(tmp_path / "theirs.db")
    assert [each.name for each in tmp_path.iterdir()] == ["theirs.db"]


@pytest.mark.parametrize("place", ["nowhere.sqlite", "no folder/nowhere.sqlite", "file/nowhere.sqlite"])
def test_a_history_that_is_not_there_is_missing_and_not_made_by_reading(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryMissing, match="--history") as caught:
        History.reading(tmp_path / place)
    assert caught.value.exit_code == Exit.CANNOT_RUN and isinstance(caught.value, HistoryError)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file"]


def test_a_link_that_leads_nowhere_is_not_taken_for_the_place_of_a_new_history(tmp_path: Path) -> None:
    """What it leads to may be away tonight, with all its confirmed events."""
    (tmp_path / "link").symlink_to(tmp_path / "away.sqlite")
    for opening in (History.reading, History.recording):
        with pytest.raises(HistoryError, match="leads nowhere") as caught:
            opening(tmp_path / "link")
        assert not isinstance(caught.value, HistoryMissing)  # which would count as "there is none yet"
    assert [each.name for each in tmp_path.iterdir()] == ["link"]


def test_what_a_lost_file_left_behind_is_not_taken_for_the_beginning_of_another(tmp_path: Path) -> None:
    path = five(tmp_path / "h.sqlite")
    path.with_name("h.sqlite-wal").write_bytes(b"x" * 4096)
    path.unlink()
    for opening in (History.reading, History.recording):
        with pytest.raises(HistoryError, match="which belongs to it") as caught:
            opening(path)
        assert not isinstance(caught.value, HistoryMissing)


@pytest.mark.parametrize("opening", [History.reading, History.recording])
@pytest.mark.parametrize(
    ("place", "words"),
    [(".", "is no file"), ("a\0b", "no file can have"), ("x" * 300, "too long"), ("file/h", "file/h")],
)
def test_a_place_where_no_history_can_be_is_refused(tmp_path: Path, place: str, words: str, opening) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match=words):
        opening(tmp_path / place)


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_history_locked_by_another_is_waited_for_and_then_said_to_be_locked(
    path: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PATIENCE_S", 0.1)
    with raw(path, guarded=True) as other:
        other.execute(statement)
        with pytest.raises(HistoryError, match=r"locked by another program for more than 0\.1 s: try again"):
            record(path, new())
        with History.reading(path) as history:  # a reader is in nobody's way
            assert history.head().entries == 5
    assert record(path, new()) == [6]


def test_a_history_locked_against_readers_is_said_to_be_locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PATIENCE_S", 0.1)
    with raw(path, guarded=True) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryError, match="locked"):
            History.reading(path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked by another program"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "damaged"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "cannot be written to"),
        (sqlite3.SQLITE_FULL, "make room"),
        (sqlite3.SQLITE_IOERR_FSYNC, "the disk reports an error"),
        (sqlite3.SQLITE_MISUSE, "SQLite reports SQLITE_SOMETHING"),
    ],
)
def test_what_sqlite_reports_is_said_in_words_and_without_its_own(path: Path, code: int, words: str) -> None:
    """Its own words may quote what is in a row."""
    error = sqlite3.OperationalError(CANARY)
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_SOMETHING"
    with pytest.raises(HistoryError, match=words) as caught, files.told(path):
        raise error
    assert CANARY not in str(caught.value) and str(path) in str(caught.value)


def test_an_older_sqlite_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    with pytest.raises(HistoryError, match=r"needs SQLite 3\.37"):
        History.reading(path)


def test_a_damaged_page_is_a_problem_and_not_the_end_of_verifying(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    record(path, *(new(patient_id=f"{CANARY}-{k}", text="x" * 200) for k in range(200)))
    content = bytearray(path.read_bytes())
    middle = content.index(b"x" * 100, len(content) // 2) // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    found = problems(path)
    assert found and all(CANARY not in problem for problem in found)
    assert any("damaged" in problem for problem in found), found


def test_no_row_says_in_a_message_what_it_holds(path: Path) -> None:
    with raw(path) as connection:
        connection.execute(f"UPDATE entry SET facts = CAST(x'ff' || '{CANARY}' AS TEXT) WHERE number = 1")
    with History.reading(path) as history:
        with pytest.raises(HistoryError) as caught:
            history.of_patients([CANARY])
        assert CANARY not in str(caught.value)
        assert all(CANARY not in problem for problem in history.problems()) and history.problems()
