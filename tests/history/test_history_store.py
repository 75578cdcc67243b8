"""What is recorded is found again: exactly, in order, and only while it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from history_stores import CANARY, NOW, five, new, problems, raw, record

from ivigcheck.errors import UsageError
from ivigcheck.history import BEFORE, GENESIS, KINDS, Entry, Head, History, HistoryError, NewEntry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "h.sqlite"


def holding(path: Path, *patient_ids: str) -> dict[str, list[int]]:
    with History.reading(path) as history:
        return {each: [e.number for e in entries] for each, entries in history.of_patients(patient_ids).items()}


def near(path: Path, *patient_ids: str) -> dict[str, list[int]]:
    with History.reading(path) as history:
        return {each: [e.number for e in entries] for each, entries in history.near(patient_ids).items()}


def test_an_entry_is_given_back_as_it_was_recorded(path: Path) -> None:
    facts = {"grade": 3, "rate": 2.5, "symptoms": ["Fieber", "Übelkeit"], "resolved": None, "treated": True}
    entry = NewEntry("reaction", " 00123 ", "2026-11-20", "A.B-1", facts)
    two_hours_east = datetime(2026, 11, 22, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=2)))
    with History.recording(path) as history:
        assert history.append([entry], two_hours_east) == [1]
    with History.reading(path) as history:
        found = history.entry(1)
        assert history.entry(2) is None and [each.number for each in history.entries()] == [1]
        assert history.head() == Head(1, found.hash if found else "")
    assert isinstance(found, Entry)
    assert (found.number, found.kind, found.patient_id, found.event_day) == (1, "reaction", "00123", "2026-11-20")
    assert (found.recorded_at, found.recorded_by, found.about) == ("2026-11-21T23:02:03+00:00", "A.B-1", None)
    assert found.facts == facts


def test_the_hash_is_that_of_the_canonical_json_of_all_fields(path: Path) -> None:
    """Reckoned here by itself, so that another program can verify an export."""
    record(path, new(b=1, a="ü"), new("confirmed_thrombosis", about=BEFORE))
    previous = GENESIS
    with History.reading(path) as history:
        for e in history.entries():
            fields = [previous, e.number, e.kind, e.patient_id, e.event_day, e.recorded_at, e.recorded_by, e.about]
            text = json.dumps([*fields, e.facts], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
            assert e.hash == sha256(text.encode()).hexdigest()
            previous = e.hash
        assert history.head() == Head(2, previous)


def test_an_empty_history_has_the_head_of_none(path: Path) -> None:
    assert record(path) == []
    with History.reading(path) as history:
        assert history.head() == Head(0, GENESIS) and list(history.entries()) == []
        assert history.of_patients([CANARY]) == {} and history.near([CANARY]) == {} and history.problems() == []


@pytest.mark.parametrize("other", ["0123", "00123x", "00 123", "", "123", "٠٠١٢٣", "００１２３"])
def test_ids_are_compared_exactly_but_for_blanks_around_them(path: Path, other: str) -> None:
    record(path, new(patient_id="00123"))
    assert holding(path, other) == {}
    assert holding(path, "00123", other, "\t00123 ") == {"00123": [1], "\t00123 ": [1]}


@pytest.mark.parametrize(("one", "other"), [("Ab1", "ab1"), ("e\u0301", "é"), ("1-2", "12"), ("%", "_"), ("a*", "ab")])
def test_no_two_spellings_are_one_patient(path: Path, one: str, other: str) -> None:
    record(path, new(patient_id=one))
    assert holding(path, other) == {} and holding(path, one) == {one: [1]}


def test_an_id_that_no_file_can_hold_has_nothing_recorded(path: Path) -> None:
    record(path, new(patient_id="1"))
    assert holding(path, "\ud800", "1") == {"1": [1]} and near(path, "\ud800") == {}
    assert holding(path, "1\0", "\x001") == {}


def test_of_more_patients_than_one_query_takes_each_is_found(path: Path) -> None:
    ids = [f"P{k:05d}" for k in range(2_003)]
    record(path, *(new("confirmed_thrombosis", each) for each in ids))
    assert holding(path, *ids, "stranger") == {each: [k + 1] for k, each in enumerate(ids)}
    without_zeros = [f"P{k}" for k in range(10_000, 12_003)] + [f"P{k}" for k in range(2_003)]
    assert near(path, *without_zeros) == {f"P{k}": [k + 1] for k in range(2_003)}


def test_a_withdrawn_entry_does_not_hold_and_is_still_there(path: Path) -> None:
    five(path)
    assert holding(path, CANARY, "other") == {CANARY: [1, 2, 5]}
    with History.reading(path) as history:
        assert [e.number for e in history.recorded_of(["other"])["other"]] == [3, 4]
        assert [e.number for e in history.entries()] == [1, 2, 3, 4, 5]


def test_a_discontinuation_does_not_hold_when_what_it_rests_on_is_withdrawn(path: Path) -> None:
    five(path)
    record(path, new("withdrawal", about=2))
    assert holding(path, CANARY) == {CANARY: [1]}


def test_a_withdrawn_discontinuation_leaves_what_it_rested_on(path: Path) -> None:
    five(path)
    record(path, new("withdrawal", about=5))
    assert holding(path, CANARY) == {CANARY: [1, 2]}


def test_a_confirmed_event_holds_though_the_reaction_it_came_from_is_withdrawn(path: Path) -> None:
    record(path, new(), new("confirmed_thrombosis", about=BEFORE), new("withdrawal", about=1))
    assert holding(path, CANARY) == {CANARY: [2]}


def test_a_discontinuation_that_rests_on_nothing_holds(path: Path) -> None:
    record(path, new("discontinuation"), new(), new("withdrawal", about=2))
    assert holding(path, CANARY) == {CANARY: [1]}


def test_an_entry_may_be_about_the_one_before_it_in_the_call(path: Path) -> None:
    record(path, new(patient_id="other"))
    assert record(path, new(), new("discontinuation", about=BEFORE)) == [2, 3]
    with History.reading(path) as history:
        assert [e.about for e in history.entries()] == [None, None, 2]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (new("withdrawal", about=99), "There is no entry 99"),
        (new("withdrawal", about=0), "There is no entry 0"),
        (new("withdrawal", about=BEFORE), "There is no entry -1"),
        (new("withdrawal", "another", about=1), "Entry 1 is another patient's"),
        (new("withdrawal", "other", about=4), "Entry 4 is a withdrawal, which cannot be withdrawn"),
        (new("withdrawal", "other", about=3), "Entry 3 is withdrawn already, by entry 4"),
        (new("discontinuation", "other", about=3), "Entry 3 is withdrawn already, by entry 4"),
        (new("discontinuation", "other", about=4), "Entry 4 is a withdrawal, which says nothing"),
        (new("confirmed_thrombosis", "other", about=1), "Entry 1 is another patient's"),
        (new("discontinuation", about=6), "There is no entry 6"),
    ],
)
def test_what_an_entry_cannot_be_about_is_refused_and_nothing_is_recorded(
    path: Path, wrong: NewEntry, words: str
) -> None:
    five(path)
    for entries in (
        [wrong],
        [new(), new("confirmed_thrombosis"), wrong] if wrong.about not in (BEFORE, 6) else [wrong],
    ):
        with pytest.raises(UsageError, match=words) as caught:
            record(path, *entries)
        assert CANARY not in str(caught.value) and "othe" not in str(caught.value).replace("another", "")
        with History.reading(path) as history:
            assert history.head().entries == 5 and history.problems() == []


def test_two_withdrawals_of_one_entry_in_one_call_are_refused(path: Path) -> None:
    record(path, new())
    with pytest.raises(UsageError, match="withdrawn already, by entry 2"):
        record(path, new("withdrawal", about=1), new("withdrawal", about=1))
    assert holding(path, CANARY) == {CANARY: [1]}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("patient_id", " ", "is blank"),
        ("patient_id", "1\0002", "cannot be seen"),
        ("patient_id", "1\u200b2", "cannot be seen"),
        ("patient_id", "x" * 201, "longer than 200"),
        ("event_day", "", "ISO date"),
        ("event_day", "20261120", "ISO date"),
        ("event_day", "2026-02-30", "ISO date"),
        ("recorded_by", "", "initials"),
        ("recorded_by", "x" * 11, "initials"),
        ("recorded_by", "A B", "initials"),
        ("recorded_by", "<A>", "initials"),
        ("recorded_by", "²", "initials"),
    ],
)
def test_what_cannot_be_recorded_is_refused_when_it_is_made(field: str, value: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        NewEntry(
            **{"kind": "reaction", "patient_id": CANARY, "event_day": "2026-11-20", "recorded_by": "ÅB.-9", "facts": {}}
            | {field: value}
        )


@pytest.mark.parametrize("entry", [("cured", None), ("withdrawal", None)])
def test_an_entry_of_no_kind_and_a_withdrawal_of_nothing_cannot_be_made(entry: tuple[str, None]) -> None:
    with pytest.raises(ValueError):
        new(entry[0], about=entry[1])


def test_facts_that_json_does_not_have_are_not_recorded(path: Path) -> None:
    record(path)
    for fact in (float("nan"), {1, 2}, float("inf")):
        with pytest.raises((ValueError, TypeError)):
            record(path, new(), new(fact=fact))
    assert holding(path, CANARY) == {} and problems(path) == []


NEAR = [
    ("00123", "123"), ("MRN-1", "mrn1"), ("mrn 1", "MRN.001"), ("A-007", "a7"), ("12-34", "1234"), ("00-12", "12"),
    ("0-12", "12"), ("0-12", "012"), ("1-02", "102"), ("1-02", "12"), ("000", "0"), ("A000", "A0"), ("Straße", "STRASSE"),
    ("１２３", "123"), ("A_1", "A1"), ("A01B002", "a1b2"),
]  # fmt: skip
FAR = [
    ("123", "1230"), ("120", "12"), ("102", "12"), ("0", "A"), ("000", "-"), ("100", "1"), ("A0", "A"), ("12", "21"),
    ("A1", "B1"), ("10", "1"), ("1-02", "1-20"), ("É1", "E1"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [*NEAR, *(pair[::-1] for pair in NEAR), ("12", "1\u200b2")])
def test_a_confirmed_event_is_found_under_an_id_written_otherwise(path: Path, one: str, other: str) -> None:
    record(path, new(patient_id="unrelated"), new("confirmed_thrombosis", "someone"))
    assert record(path, new("confirmed_thrombosis", one)) == [3]
    assert near(path, other, "x") == {other: [3]} and holding(path, other) == {}


@pytest.mark.parametrize(("one", "other"), [*FAR, *(pair[::-1] for pair in FAR)])
def test_ids_that_differ_in_more_are_not_near(path: Path, one: str, other: str) -> None:
    record(path, new("confirmed_thrombosis", one))
    assert near(path, other) == {}


def test_a_patient_s_own_event_is_not_near(path: Path) -> None:
    record(path, new("confirmed_thrombosis", "0123"))
    assert near(path, "0123", " 0123 ") == {} and near(path, "0123", "123") == {"123": [1]}


def test_only_confirmed_events_that_hold_are_near(path: Path) -> None:
    record(path, new(patient_id="0123"), new("confirmed_thrombosis", "00123"), new("discontinuation", "00123", BEFORE))
    assert near(path, "123") == {"123": [2]}
    record(path, new("confirmed_thrombosis", "123."), new("withdrawal", "00123", 2))
    assert near(path, "123") == {"123": [4]}


def test_what_is_open_for_reading_is_one_moment(path: Path) -> None:
    """A report's head and its findings speak of the same entries."""
    five(path)
    with History.reading(path) as history:
        before = history.head()
        record(path, new("confirmed_thrombosis", "late"))
        assert history.head() == before and history.of_patients(["late"]) == {} and history.near(["l-ate"]) == {}
    assert holding(path, "late") == {"late": [6]}


def test_nothing_is_recorded_through_what_is_open_for_reading(path: Path) -> None:
    five(path)
    with History.reading(path) as history, pytest.raises(HistoryError, match="cannot be written"):
        history.append([new()], NOW)
    assert holding(path, CANARY) == {CANARY: [1, 2, 5]}


def test_what_is_done_at_once_is_kept_or_lost_as_one(path: Path) -> None:
    with History.recording(path) as history:
        with pytest.raises(UsageError), history.at_once():
            history.append([new()], NOW)
            raise UsageError("no")
        assert history.head() == Head(0, GENESIS)
        with history.at_once():
            assert history.append([new()], NOW) == [1]
            assert history.append([new("discontinuation", about=1)], NOW) == [2]
    assert holding(path, CANARY) == {CANARY: [1, 2]} and problems(path) == []


def test_every_kind_can_be_recorded(path: Path) -> None:
    patients = [kind for kind in KINDS if kind != "run"]  # which comes with what it found: see test_nights
    record(path, *(new(kind, about=BEFORE if kind == "withdrawal" else None, fingerprint="f") for kind in patients))
    with raw(path, guarded=True) as connection:
        assert {kind for (kind,) in connection.execute("SELECT kind FROM entry")} == set(patients)
    assert problems(path) == []


def test_the_time_an_entry_is_recorded_needs_no_zone_of_the_caller_s(path: Path) -> None:
    with History.recording(path) as history:
        history.append([new()], datetime(2026, 11, 22, tzinfo=UTC))
        assert [e.recorded_at for e in history.entries()] == ["2026-11-22T00:00:00+00:00"]
