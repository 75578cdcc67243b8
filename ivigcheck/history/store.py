"""The history itself: what is asked of it, and how an entry is added."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ivigcheck.errors import UsageError
from ivigcheck.history.entries import BEFORE, GENESIS, KINDS, Entry, Head, NewEntry, digest, effective, facts_text
from ivigcheck.history.files import damaged, open_for_reading, open_for_recording, shown, told
from ivigcheck.history.near import near_keys
from ivigcheck.history.schema import is_current
from ivigcheck.history.verify import problems_of

_COLUMNS: Final = "number, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash"
WITH_PREVIOUS: Final = (
    "SELECT e.number, e.kind, e.patient_id, e.event_day, e.recorded_at, e.recorded_by, e.about, e.facts, e.hash, "
    "p.hash FROM entry e LEFT JOIN entry p ON p.number = e.number - 1"
)
"""Entries, each with the hash of the one before it."""
_INSERT: Final = f"INSERT INTO entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CONFIRMED: Final = "confirmed_thrombosis"
_LARGEST: Final = 2**63 - 1  # number that SQLite holds
_AT_ONCE: Final = 500  # values of one query; every SQLite takes 999


class History:
    """A history that is open, to be closed by the ``with`` it stands in.

    Every method raises HistoryError where the file is locked, damaged or unreadable: what it gives back is whole.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    def reading(cls, path: Path) -> History:
        """The history as it is at this moment. Raises HistoryMissing where there is none."""
        return cls(open_for_reading(path), path)

    @classmethod
    def recording(cls, path: Path) -> History:
        """The history to add to; it is made where there is none."""
        return cls(open_for_recording(path), path)

    def __enter__(self) -> History:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    def entries(self) -> Iterator[Entry]:
        """Every entry, in order, also those that were withdrawn."""
        previous, number = GENESIS, 0
        with told(self.path):
            for row in self.connection.execute(f"SELECT {_COLUMNS} FROM entry ORDER BY number"):
                number += 1
                if row[0] != number:
                    raise damaged(self.path, f"entry {number} is missing")
                yield self._entry(row, previous)
                previous = row[-1]

    def entry(self, number: int) -> Entry | None:
        """One entry, None where there is none of that number."""
        if not 0 < number <= _LARGEST:
            return None
        with told(self.path):
            row = self.connection.execute(f"{WITH_PREVIOUS} WHERE e.number = ?", (number,)).fetchone()
            return self.checked(row) if row else None

    def is_withdrawn(self, number: int) -> bool:
        """Whether a later entry withdraws this one."""
        with told(self.path):
            row = self.connection.execute(
                "SELECT 1 FROM entry WHERE about = ? AND kind = 'withdrawal'", (number,)
            ).fetchone()
            return row is not None

    def recorded_of(self, patient_ids: Collection[str]) -> dict[str, list[Entry]]:
        """All that was ever recorded of patients, in order, under their ids as given; who has nothing is left out.

        Ids are compared exactly, but for blanks around them. Each entry is held against its hash.
        """
        found: dict[str, list[Entry]] = defaultdict(list)
        wanted = {each.strip() for each in patient_ids} - {""}  # under no id there are runs, which are nobody's
        for row in self.look_up(f"{WITH_PREVIOUS} WHERE e.patient_id", wanted):
            entry = self.checked(row)
            found[entry.patient_id].append(entry)
        for entries in found.values():
            entries.sort(key=lambda each: each.number)
        return {each: found[each.strip()] for each in patient_ids if each.strip() in found}

    def of_patients(self, patient_ids: Collection[str]) -> dict[str, list[Entry]]:
        """What holds of patients: as `recorded_of`, without what was withdrawn and what rested on that."""
        holding = {each: effective(entries) for each, entries in self.recorded_of(patient_ids).items()}
        return {each: entries for each, entries in holding.items() if entries}

    def near(self, patient_ids: Collection[str]) -> dict[str, list[Entry]]:
        """Confirmed events of other ids that may be the same patient's: under the ids as given, as `of_patients`.

        Such ids differ from the one given only in case, leading zeros or punctuation.
        """
        keys = {each: near_keys(each) for each in patient_ids}
        bearers: dict[str, set[str]] = defaultdict(set)
        for key, bearer in self.look_up(
            "SELECT k.key, e.patient_id FROM near_key k JOIN entry e ON e.number = k.number WHERE k.key",
            {key for both in keys.values() for key in both},
        ):
            bearers[key].add(bearer)
        if not bearers:
            return {}
        others = {
            each: others
            for each, (one, other) in keys.items()
            if (others := (bearers.get(one, set()) | bearers.get(other, set())) - {each.strip()})
        }
        holding = self.of_patients({bearer for each in others.values() for bearer in each})
        found = {
            each: [entry for bearer in bearers for entry in holding.get(bearer, ()) if entry.kind == _CONFIRMED]
            for each, bearers in others.items()
        }
        return {each: sorted(entries, key=lambda entry: entry.number) for each, entries in found.items() if entries}

    def head(self) -> Head:
        """How far the history has come. Where entries are missing at its end, or in number, it is damaged."""
        with told(self.path):
            row = self.connection.execute(
                "SELECT h.entries, h.hash, (SELECT max(number) FROM entry), (SELECT count(*) FROM entry), "
                "(SELECT hash FROM entry ORDER BY number DESC LIMIT 1) FROM head h"
            ).fetchone()
            if row is None:
                raise damaged(self.path, "its head is missing")
            entries, hash_, last, counted, last_hash = row
            if not entries == (last or 0) == counted or hash_ != (last_hash or GENESIS):
                raise damaged(self.path, "its head and its entries disagree: entries are missing, or were slipped in")
            return Head(entries, hash_)

    def require_whole(self) -> None:
        """Checks every entry, and all that finds them. Raises HistoryError with the first thing that is wrong.

        What unattended runs found is not among it: no verdict rests on that.
        """
        with told(self.path):
            for problem in problems_of(self.connection, "", entries_only=True):
                raise damaged(self.path, problem.removesuffix("."))

    def problems(self, head: str = "") -> list[str]:
        """What is wrong with the file, each as a sentence; empty where it is whole.

        head: the hash, or its first digits, that an earlier report printed. It must be that of some entry still.
        """
        with told(self.path):
            return problems_of(self.connection, head)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Makes one of all that is read and appended inside: nobody records in between, and all or nothing is kept."""
        if self.connection.in_transaction:
            yield
            return
        with told(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
        try:
            with told(self.path):
                is_current(self.connection, shown(self.path))  # another program may have brought it up to date
            yield
            with told(self.path):
                self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back already
                self.connection.execute("ROLLBACK")
            raise

    def append(self, new: Sequence[NewEntry], now: datetime) -> list[int]:
        """Records entries, all or none, and gives back their numbers. now: with its time zone.

        Raises UsageError where an entry is about one that it cannot be about.
        """
        recorded_at = now.astimezone(UTC).isoformat(timespec="seconds")
        with told(self.path), self.at_once():
            head = self.head()
            number, previous = head.entries, head.hash
            for k, each in enumerate(new):
                patient_id, about = each.patient_id.strip(), each.about
                if about is not None:
                    about = number if about == BEFORE and k else about
                    self._check_about(each.kind, patient_id, about)
                number += 1
                facts = facts_text(each.facts)
                fields = (number, each.kind, patient_id, each.event_day, recorded_at, each.recorded_by, about)
                previous = digest(previous, fields, facts)
                self.connection.execute(_INSERT, (*fields, facts, previous))
                if each.kind == _CONFIRMED:
                    self.connection.executemany(
                        "INSERT INTO near_key VALUES (?, ?)", [(key, number) for key in near_keys(patient_id)]
                    )
                if each.kind == "acknowledgement":
                    self.connection.execute(
                        "INSERT INTO acknowledged VALUES (?, ?)", (str(each.facts["fingerprint"]), number)
                    )
            if new:
                self.connection.execute("UPDATE head SET entries = ?, hash = ?", (number, previous))
        return list(range(head.entries + 1, number + 1))

    def _check_about(self, kind: str, patient_id: str, about: int) -> None:
        if not 0 < about <= _LARGEST:
            raise UsageError(f"There is no entry {about}: nothing was recorded.")
        row = self.connection.execute(
            "SELECT e.kind, e.patient_id, r.kind, w.number FROM entry e LEFT JOIN entry r ON r.number = e.about "
            "LEFT JOIN entry w ON w.about = e.number AND w.kind = 'withdrawal' WHERE e.number = ?",
            (about,),
        ).fetchone()
        if row is None:
            raise UsageError(f"There is no entry {about}: nothing was recorded.")
        its_kind, its_patient, rests_on, withdrawn_by = row
        if its_patient != patient_id:
            raise UsageError(f"Entry {about} is another patient's: nothing was recorded.")
        if its_kind == "withdrawal":
            what = "cannot be withdrawn: record what is true anew" if kind == "withdrawal" else "says nothing by itself"
            raise UsageError(f"Entry {about} is a withdrawal, which {what}. Nothing was recorded.")
        if its_kind == "discontinuation" and rests_on == "reaction" and kind == "withdrawal":
            raise UsageError(f"Entry {about} rests on a reaction: withdraw that, if it is wrong. Nothing was recorded.")
        if withdrawn_by is not None:
            raise UsageError(f"Entry {about} is withdrawn already, by entry {withdrawn_by}: nothing was recorded.")

    def look_up(self, query: str, values: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query whose last column is any of the values; in no order."""
        # What cannot be written as UTF-8 cannot have been recorded. Neighbours in the index are asked for together.
        wanted = sorted(each for each in values if _is_storable(each))
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            with told(self.path):
                rows = self.connection.execute(f"{query} IN ({','.join('?' * len(some))})", some).fetchall()
            yield from rows

    def checked(self, row: Sequence[Any]) -> Entry:
        """A row of `WITH_PREVIOUS` as an entry, held against its hash."""
        *own, previous = row
        if previous is None and own[0] > 1:
            raise damaged(self.path, f"entry {own[0] - 1} is missing")
        return self._entry(own, previous or GENESIS)

    def _entry(self, row: Sequence[Any], previous: str) -> Entry:
        number, kind, patient_id, event_day, recorded_at, recorded_by, about, facts, hash_ = row
        if digest(previous, (number, kind, patient_id, event_day, recorded_at, recorded_by, about), facts) != hash_:
            raise damaged(self.path, f"entry {number} was altered, or does not follow the one before it")
        if kind not in KINDS:
            raise damaged(self.path, f"entry {number} is of a kind that is not known here")
        return Entry(number, kind, patient_id, event_day, recorded_at, recorded_by, about, json.loads(facts), hash_)


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
