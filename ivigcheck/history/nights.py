"""Unattended runs in the history: which files they took, what stood after each, and what somebody acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ivigcheck.delta import Acknowledgement, Delta, Seen, State, Stood
from ivigcheck.errors import HistoryError
from ivigcheck.history.changes import OPENING, SEEN, digest_of_changes, row_of
from ivigcheck.history.entries import RUN, Entry, NewEntry
from ivigcheck.history.files import damaged, told
from ivigcheck.history.store import WITH_PREVIOUS, History

OF_LAST_RUN: Final = "last"
"""Among what tells files apart: that the last run took the content."""

_RECENT: Final = 400  # runs: more than any order is waited for

RECORDER: Final = "ivigcheck"
"""Who records a run."""


@dataclass(frozen=True, eq=False, repr=False)
class Night:
    """A run as it was recorded. number: of its entry; day: the ISO day that it reckoned from; facts: what it did."""

    number: int
    id: str
    day: str
    facts: Mapping[str, Any]


class Nights:
    """The runs of one stream in an open history. stream: runs are compared with earlier ones of the same stream alone.

    Every method raises HistoryError where the history is locked, damaged or unreadable.
    """

    def __init__(self, history: History, stream: str) -> None:
        self._history = history
        self._stream = stream

    def last(self) -> Night | None:
        """The last run of the stream, None before the first."""
        with told(self._history.path):
            row = self._history.connection.execute(
                f"{WITH_PREVIOUS} JOIN run r ON r.number = e.number WHERE r.stream = ? ORDER BY r.number DESC LIMIT 1",
                (self._stream,),
            ).fetchone()
            return _night(self._history.checked(row)) if row else None

    def after(self, run_id: str | None) -> list[Night]:
        """The runs of the stream that were recorded after this one: all where it is "", and the last alone where it is
        not known, or none of them."""
        with told(self._history.path):
            rows = self._history.connection.execute(
                f"{WITH_PREVIOUS} JOIN run r ON r.number = e.number WHERE r.stream = :stream AND r.number > "
                "CASE :run WHEN '' THEN 0 ELSE coalesce("
                "(SELECT number FROM run WHERE id = :run AND stream = :stream), "
                "(SELECT max(number) - 1 FROM run WHERE stream = :stream)) END ORDER BY r.number",
                {"stream": self._stream, "run": run_id},
            ).fetchall()
            return [_night(self._history.checked(row)) for row in rows]

    def run(self, run_id: str) -> Night | None:
        """The run of this id, of any stream; None where it was not recorded."""
        with told(self._history.path):
            row = self._history.connection.execute(
                f"{WITH_PREVIOUS} JOIN run r ON r.number = e.number WHERE r.id = ?", (run_id,)
            ).fetchone()
            return _night(self._history.checked(row)) if row else None

    def taken(self, sha256s: Iterable[str]) -> dict[str, set[str]]:
        """Those of these contents that runs of the stream took -> as which files; OF_LAST_RUN among them where the last
        run did.

        What an earlier run took and the last one did not is news again: an order may be back at what it was.
        """
        last = self.last()
        found: dict[str, set[str]] = defaultdict(set)
        for sha256, file, run, stream in self._history.look_up(
            "SELECT t.sha256, t.file, t.run, r.stream FROM taken t JOIN run r ON r.number = t.run WHERE t.sha256",
            sha256s,
        ):
            if stream == self._stream:
                found[sha256] |= {file, OF_LAST_RUN} if last and run == last.number else {file}
        self._check_taken(found)
        return found

    def _check_taken(self, found: Mapping[str, set[str]]) -> None:
        """Whoever could slip a content in here could keep a file from being checked: the runs must say so too."""
        if not found:
            return
        said: set[tuple[str, str]] = set()
        with told(self._history.path):
            for row in self._history.connection.execute(
                f"{WITH_PREVIOUS} JOIN run r ON r.number = e.number WHERE r.stream = ?", (self._stream,)
            ).fetchall():
                entry = self._history.checked(row)
                said |= {(each["sha256"], each["file"]) for each in entry.facts["inputs"]}
        if any((sha256, file) not in said for sha256, files in found.items() for file in files - {OF_LAST_RUN}):
            raise damaged(self._history.path, "a file is kept as taken that no run took")

    def stood(self) -> dict[str, Stood]:
        """Fingerprint -> what stood after the last run."""
        with told(self._history.path):
            rows = self._history.connection.execute(
                f"SELECT s.since, s.acknowledged, s.seen_on, {SEEN} FROM standing s "
                "JOIN finding f ON f.number = s.finding WHERE s.stream = ? ORDER BY s.finding",
                (self._stream,),
            )
            return {row[3]: Stood(Seen(*row[3:]), row[0], bool(row[1]), row[2]) for row in rows}

    def complete_days(self) -> set[str]:
        """The ISO days of the last runs of the stream that lacked nothing."""
        with told(self._history.path):
            rows = self._history.connection.execute(
                f"{WITH_PREVIOUS} JOIN run r ON r.number = e.number WHERE r.stream = ? ORDER BY r.number DESC LIMIT ?",
                (self._stream, _RECENT),
            ).fetchall()
            nights = [_night(self._history.checked(row)) for row in rows]
        return {night.day for night in nights if night.facts.get("complete")}

    def recorded_beside(self) -> int:
        """How many entries there are that are no runs: what else was recorded."""
        with told(self._history.path):
            row = self._history.connection.execute("SELECT entries - (SELECT count(*) FROM run) FROM head").fetchone()
            return int(row[0])

    def known(self, subjects: Iterable[str]) -> set[str]:
        """Those of these subjects that ever stood."""
        return {row[0] for row in self._history.look_up("SELECT subject FROM finding WHERE subject", subjects)}

    def record(self, night: NewNight, delta: Delta, now: datetime) -> int:
        """Records a run and what changed in it, and gives back the number of its entry.

        Raises HistoryError where another run of the stream was recorded since the one that ``delta`` rests on.
        """
        history = self._history
        facts = {
            **night.facts,
            "id": night.id,
            "stream": self._stream,
            "inputs": [{"sha256": each.sha256, "file": each.file, "rows": each.rows} for each in night.inputs],
            "changes": digest_of_changes(_with_since(delta)),
        }
        with history.at_once():
            last = self.last()
            if (last.id if last else "") != delta.since_run:
                raise HistoryError(
                    f'Another run of "{self._stream}" was recorded meanwhile: nothing was published. Let every '
                    "configuration have a name or a report folder of its own."
                )
            (number,) = history.append([NewEntry(RUN, "", night.day, RECORDER, facts)], now)
            with told(history.path):
                self._write(number, night, delta)
        return number

    def _write(self, number: int, night: NewNight, delta: Delta) -> None:
        execute, many = self._history.connection.execute, self._history.connection.executemany
        execute("INSERT INTO run VALUES (?, ?, ?)", (number, night.id, self._stream))
        many("INSERT INTO taken VALUES (?, ?, ?)", [(number, each.sha256, each.file) for each in night.inputs])
        found = {seen.fingerprint: (seen, what, since) for seen, what, since in _with_since(delta)}
        numbers = self._numbers(found)
        many(
            "INSERT INTO finding (fingerprint, subject, basis, order_id, patient_id, code, about_column, severity) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [row_of(seen) for fingerprint, (seen, *_) in found.items() if fingerprint not in numbers],
        )
        numbers |= self._numbers(found.keys() - numbers.keys())
        kept = [(numbers[fingerprint], what, since) for fingerprint, (_, what, since) in found.items()]
        many("INSERT INTO change VALUES (?, ?, ?, ?)", [(number, *change) for change in kept])
        standing = [
            (self._stream, f, what == State.ACKNOWLEDGED, since, night.day)
            for f, what, since in kept
            if what in OPENING
        ]
        over = [(self._stream, f) for f, what, _ in kept if what not in OPENING]
        many("INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?)", standing)
        many(
            "UPDATE standing SET seen_on = ? WHERE stream = ? AND finding = "
            "(SELECT number FROM finding WHERE fingerprint = ?)",
            [(night.day, self._stream, fingerprint) for fingerprint in delta.marks if fingerprint not in found],
        )
        many("DELETE FROM standing WHERE stream = ? AND finding = ?", over)

    def _numbers(self, fingerprints: Collection[str]) -> dict[str, int]:
        return dict(self._history.look_up("SELECT fingerprint, number FROM finding WHERE fingerprint", fingerprints))


@dataclass(frozen=True)
class TakenFile:
    """A file that a run took. sha256: of its content; file: a hash of its name and of when it was written, for names
    may be anybody's; rows: its orders."""

    sha256: str
    file: str
    rows: int


@dataclass(frozen=True, eq=False, repr=False)
class NewNight:
    """A run that is to be recorded. inputs: the files that it took; facts: plain JSON data, without any identifier."""

    id: str
    day: str
    inputs: Sequence[TakenFile]
    facts: Mapping[str, Any]


def _with_since(delta: Delta) -> list[tuple[Seen, str, str]]:
    """What changed, each with the day since when it stands; "" for what is over."""
    marks = delta.marks
    return [(seen, what, marks[seen.fingerprint].since if what in OPENING else "") for seen, what in delta.changes]


def _night(entry: Entry) -> Night:
    return Night(entry.number, str(entry.facts["id"]), entry.event_day, entry.facts)


def recorded_nights(history: History, most: int) -> list[Night]:
    """The last runs of any stream, oldest first, at most so many."""
    with told(history.path):
        rows = history.connection.execute(
            f"{WITH_PREVIOUS} JOIN run r ON r.number = e.number ORDER BY r.number DESC LIMIT ?", (most,)
        ).fetchall()
        return [_night(history.checked(row)) for row in reversed(rows)]


# Acknowledgements


def standing_findings(history: History, beginning: str) -> list[Seen]:
    """The findings that stand, in any stream, whose fingerprint begins so. beginning: digits 0-9 and a-f."""
    with told(history.path):
        rows = history.connection.execute(
            f"SELECT DISTINCT {SEEN} FROM finding f JOIN standing s ON s.finding = f.number "
            "WHERE f.fingerprint >= ? AND f.fingerprint < ? ORDER BY f.fingerprint",
            (beginning, f"{beginning}g"),
        )
        return [Seen(*row) for row in rows]


def all_standing(history: History) -> list[tuple[str, Stood]]:
    """Every finding that stands, with the stream in which it does, gravest first."""
    with told(history.path):
        rows = history.connection.execute(
            f"SELECT s.stream, s.since, s.acknowledged, s.seen_on, {SEEN} FROM standing s "
            "JOIN finding f ON f.number = s.finding "
            "ORDER BY CASE f.severity WHEN 'stop' THEN 0 WHEN 'unchecked' THEN 1 ELSE 2 END, s.since, s.finding"
        )
        return [(row[0], Stood(Seen(*row[4:]), row[1], bool(row[2]), row[3])) for row in rows]


def acknowledgements(history: History, fingerprints: Collection[str], day: str) -> dict[str, Acknowledgement]:
    """Fingerprint -> the acknowledgement that holds on a day (ISO): the last that is not withdrawn and not over."""
    found: dict[str, Acknowledgement] = {}
    rows = history.look_up("SELECT fingerprint, number FROM acknowledged WHERE fingerprint", fingerprints)
    for _, number in sorted(rows, key=lambda row: int(row[1])):
        entry = history.entry(number)
        if entry is None or entry.kind != "acknowledgement":
            raise HistoryError(f"Entry {number} is no acknowledgement: see what is wrong, ivigcheck history verify")
        each = acknowledgement_of(entry)
        if each.until >= day and not history.is_withdrawn(number):
            found[each.fingerprint] = each
    return found


def acknowledgement_of(entry: Entry) -> Acknowledgement:
    """An acknowledgement's entry as what reports use of it."""
    facts = entry.facts
    return Acknowledgement(
        entry=entry.number,
        fingerprint=str(facts["fingerprint"]),
        by=entry.recorded_by,
        reason=str(facts["reason"]),
        text=str(facts["text"]),
        until=str(facts["until"]),
        on=entry.event_day,
    )
