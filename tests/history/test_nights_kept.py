"""What the history keeps of unattended runs: nothing of it can be altered unseen, and the rules' counts rest on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_stores import NOW, problems, raw

from ivigcheck.delta import Delta, Mark, Seen, State
from ivigcheck.errors import HistoryError
from ivigcheck.history import History, NewEntry
from ivigcheck.history.nights import (
    OF_LAST_RUN,
    NewNight,
    Nights,
    TakenFile,
    acknowledgements,
    recorded_nights,
    standing_findings,
)
from ivigcheck.history.stats import rule_stats


def seen(name: str, *, code: str = "IVG101", subject: str = "", severity: str = "stop") -> Seen:
    """A finding whose fingerprint is made of its name."""
    return Seen(name.ljust(16, "0"), subject or name[0] * 16, "b" * 16, f"O-{name}", f"P-{name}", code, "", severity)


def night(path: Path, run: str, day: str, since: str, changes: list[tuple[Seen, str]], *files: str) -> int:
    marks = {each.fingerprint: Mark(State.NEW, day) for each, _ in changes}
    with History.recording(path) as history:
        new = NewNight(
            run, day, [TakenFile(f * 64, f * 16, 1) for f in files], {"newest_file": 0.0, "counts": {}, "exit_code": 1}
        )
        return Nights(history, "nightly").record(new, Delta(since, marks, [], changes, 0, 0), NOW)


def settle(path: Path, each: Seen, reason: str, until: str = "2026-12-31") -> int:
    facts = {
        "fingerprint": each.fingerprint,
        "code": each.code,
        "severity": each.severity,
        "reason": reason,
        "text": "",
        "until": until,
    }
    with History.recording(path) as history:
        (number,) = history.append([NewEntry("acknowledgement", each.patient_id, "2026-11-02", "AB", facts)], NOW)
    return number


A, B, C = seen("aa"), seen("bb"), seen("cc", code="IVG904", severity="review")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three runs: A, B and C are new; B is settled, and A's order is changed; A is back."""
    path = tmp_path / "h.sqlite"
    night(path, "one", "2026-11-01", "", [(A, "new"), (B, "new"), (C, "new")], "1", "2")
    settle(path, B, "confirmed")
    night(path, "two", "2026-11-02", "one", [(A, "corrected"), (B, "acknowledged")], "3")
    night(path, "three", "2026-11-03", "two", [(A, "reopened")], "4")
    return path


def test_what_stands_follows_from_the_runs(path: Path) -> None:
    with History.reading(path) as history:
        stood = Nights(history, "nightly").stood()
        assert {each.seen: (each.since, each.acknowledged) for each in stood.values()} == {
            A: ("2026-11-03", False), B: ("2026-11-02", True), C: ("2026-11-01", False),
        }  # fmt: skip
        assert Nights(history, "other").stood() == {} and Nights(history, "other").last() is None
        last = Nights(history, "nightly").last()
        assert last is not None and (last.id, last.number, last.day) == ("three", 4, "2026-11-03")
        assert Nights(history, "nightly").known([A.subject, "x" * 16]) == {A.subject}
        assert [each.id for each in recorded_nights(history, 2)] == ["two", "three"]
        assert [each.fingerprint for each in standing_findings(history, "bb000000")] == [B.fingerprint]
        assert standing_findings(history, "bb1") == []
    assert problems(path) == []


def test_files_are_known_by_content_and_by_what_they_were(path: Path) -> None:
    with History.reading(path) as history:
        taken = Nights(history, "nightly").taken([each * 64 for each in "1459"])
        assert taken == {"1" * 64: {"1" * 16}, "4" * 64: {"4" * 16, OF_LAST_RUN}}
        assert Nights(history, "other").taken(["1" * 64]) == {}


def test_a_content_that_is_slipped_in_as_taken_stops_the_run(path: Path) -> None:
    """It would keep the file from being checked."""
    with raw(path) as connection:
        connection.execute("INSERT INTO taken VALUES (4, ?, '')", ("9" * 64,))
    with History.reading(path) as history, pytest.raises(HistoryError, match="no run took"):
        Nights(history, "nightly").taken(["9" * 64])


def test_an_acknowledgement_holds_until_its_day_unless_it_is_withdrawn(path: Path) -> None:
    number = settle(path, C, "accepted", "2026-11-10")

    def holding(day: str) -> set[str]:
        with History.reading(path) as history:
            return {each.reason for each in acknowledgements(history, [B.fingerprint, C.fingerprint], day).values()}

    assert holding("2026-11-10") == {"confirmed", "accepted"} and holding("2026-11-11") == {"confirmed"}
    with History.recording(path) as history:
        history.append([NewEntry("withdrawal", C.patient_id, "", "AB", {"reason": "wrong-value"}, number)], NOW)
    assert holding("2026-11-10") == {"confirmed"}


def test_a_run_that_rests_on_another_than_the_last_is_refused(path: Path) -> None:
    with pytest.raises(HistoryError, match="recorded meanwhile"):
        night(path, "four", "2026-11-04", "two", [])
    assert problems(path) == []


def test_a_run_that_cannot_be_recorded_leaves_nothing(path: Path) -> None:
    with pytest.raises(HistoryError):
        night(path, "three", "2026-11-04", "three", [(seen("dd"), "new")])  # its id is there already
    with History.reading(path) as history:
        assert history.head().entries == 4 and len(Nights(history, "nightly").stood()) == 3
    assert problems(path) == []


TAMPERED = [
    ("UPDATE finding SET code = 'IVG904' WHERE order_id = 'O-aa'", "What changed in the run of entry 1 was altered"),
    ("UPDATE finding SET severity = 'review' WHERE order_id = 'O-aa'", "What changed in the run of entry 4 was altered"),
    ("UPDATE finding SET patient_id = 'x' WHERE order_id = 'O-bb'", "What changed in the run of entry 3 was altered"),
    ("UPDATE finding SET subject = 'x' WHERE order_id = 'O-bb'", "What changed in the run of entry 1 was altered"),
    ("UPDATE finding SET basis = 'x' WHERE order_id = 'O-bb'", "What changed in the run of entry 1 was altered"),
    ("UPDATE change SET what = 'gone' WHERE run = 4", "What changed in the run of entry 4 was altered"),
    ("DELETE FROM change WHERE run = 4", "What changed in the run of entry 4 is missing"),
    ("INSERT INTO change SELECT 4, number, 'gone', '' FROM finding WHERE order_id = 'O-cc'", "run of entry 4 was altered"),
    ("DELETE FROM standing WHERE acknowledged = 0", "Which findings stand"),
    ("UPDATE standing SET acknowledged = 1", "Which findings stand"),
    ("INSERT INTO standing SELECT 'other', number, 0, '', '' FROM finding", "Which findings stand"),
    ("UPDATE standing SET since = '2020-01-01'", "Which findings stand"),
    ("UPDATE change SET since = '2020-01-01' WHERE run = 1", "What changed in the run of entry 1 was altered"),
    ("INSERT INTO finding SELECT 99, 'x', subject, basis, '', '', code, '', severity FROM finding LIMIT 1", "finding 99 was found by no run"),
    ("DELETE FROM acknowledged", "Entry 2 is not found as the acknowledgement"),
    ("UPDATE acknowledged SET fingerprint = 'aa00000000000000'", "Entry 2 is not found as the acknowledgement"),
    ("DELETE FROM taken WHERE run = 1", "files that the run of entry 1 took"),
    ("INSERT INTO taken VALUES (4, 'x', 'y')", "files that the run of entry 4 took"),
    ("UPDATE taken SET file = '' WHERE run = 3", "files that the run of entry 3 took"),
    ("UPDATE run SET stream = 'other' WHERE number = 4", "Entry 4 is not kept as the run"),
    ("UPDATE run SET id = 'other' WHERE number = 4", "Entry 4 is not kept as the run"),
    ("DELETE FROM run WHERE number = 4", "Entry 4 is not kept as the run"),
    ("UPDATE entry SET facts = replace(facts, '\"exit_code\":1', '\"exit_code\":0') WHERE number = 4", "Entry 4 was altered"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), TAMPERED, ids=[each[0][:50] for each in TAMPERED])
def test_nothing_is_altered_unseen(path: Path, statement: str, words: str) -> None:
    """H-55."""
    with raw(path) as connection:
        connection.execute(statement)
    assert any(words in problem for problem in problems(path)), problems(path)


@pytest.mark.parametrize("table", ["run", "taken", "finding", "change", "acknowledged"])
def test_the_file_itself_refuses_to_overwrite_or_delete(path: Path, table: str) -> None:
    import sqlite3

    columns = {"run": "id", "taken": "file", "finding": "code", "change": "what", "acknowledged": "fingerprint"}
    for statement in (f"UPDATE {table} SET {columns[table]} = 'x'", f"DELETE FROM {table}"):
        with raw(path, guarded=True) as connection, pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)


def test_the_counts_of_rules_take_each_order_once(path: Path) -> None:
    night(path, "four", "2026-11-04", "three", [(A, "corrected"), (C, "gone")])
    with History.reading(path) as history:
        runs, found = rule_stats(history)
        assert runs == 4
        first, second = found
        assert (first.code, first.fired, first.corrected, first.open, dict(first.acknowledged)) == (
            "IVG101",
            2,
            1,
            1,
            {"confirmed": 1},
        )
        assert first.corrected_share == 0.5
        assert (second.code, second.fired, second.gone, second.corrected_share) == ("IVG904", 1, 1, None)
        assert rule_stats(history, "2026-11-04")[0] == 1
        assert rule_stats(history, "2027-01-01") == (0, [])


def test_of_an_order_that_was_settled_and_changed_the_change_counts(path: Path) -> None:
    night(path, "four", "2026-11-04", "three", [(B, "corrected")])
    with History.reading(path) as history:
        first = rule_stats(history)[1][0]
    assert (first.fired, first.corrected, dict(first.acknowledged), first.corrected_share) == (2, 1, {}, 1.0)


def test_an_order_of_which_one_day_stands_is_open(tmp_path: Path) -> None:
    """Though another day of it is over, and the rule's finding of both is one subject."""
    path = tmp_path / "h.sqlite"
    days = [Seen(f"{k}".ljust(16, "f"), "s", f"b{k}", "O", "P", "IVG101", "", "stop") for k in range(2)]
    night(path, "one", "2026-11-01", "", [(each, "new") for each in days])
    night(path, "two", "2026-11-02", "one", [(days[0], "corrected")])
    with History.reading(path) as history:
        (each,) = rule_stats(history)[1]
    assert (each.fired, each.open, each.corrected) == (1, 1, 0)


def test_several_findings_of_a_rule_count_once_an_order(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    cells = [Seen(f"{k}".ljust(16, "f"), f"{k}", "b", "O", "P", "IVG902", f"column{k}", "unchecked") for k in range(4)]
    night(path, "one", "2026-11-01", "", [(each, "new") for each in cells])
    with History.reading(path) as history:
        (each,) = rule_stats(history)[1]
        assert (each.fired, each.open) == (1, 1)
    night(path, "two", "2026-11-02", "one", [(each, "corrected") for each in cells[:3]])
    with History.reading(path) as history:
        assert rule_stats(history)[1][0].open == 1  # until the last is
    night(path, "three", "2026-11-03", "two", [(cells[3], "gone")])
    with History.reading(path) as history:
        (each,) = rule_stats(history)[1]
        assert (each.fired, each.open, each.corrected, each.gone) == (1, 0, 1, 0)


def test_a_superseded_finding_counts_once_and_as_what_it_became(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    heavier = Seen("ab".ljust(16, "0"), A.subject, "c" * 16, A.order_id, A.patient_id, A.code, "", "stop")
    night(path, "one", "2026-11-01", "", [(A, "new")])
    night(path, "two", "2026-11-02", "one", [(heavier, "changed"), (A, "superseded")])
    with History.reading(path) as history:
        ((each,),) = [rule_stats(history)[1]]
        assert (each.fired, each.open, each.corrected) == (1, 1, 0)
    assert problems(path) == []
