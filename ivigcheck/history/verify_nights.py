"""Whether what is kept of unattended runs agrees with the entries that the chain holds."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator

from ivigcheck.delta import Seen, State
from ivigcheck.history.changes import OPENING, SEEN, digest_of_changes


def night_problems(connection: sqlite3.Connection) -> Iterator[str]:
    """Each problem as a sentence that names the entry, and no patient."""
    yield from _acknowledged(connection)
    runs = {
        number: json.loads(facts)
        for number, facts in connection.execute("SELECT number, facts FROM entry WHERE kind = 'run' ORDER BY number")
    }
    kept = {number: (run, stream) for number, run, stream in connection.execute("SELECT number, id, stream FROM run")}
    for number in sorted(runs.keys() | kept.keys()):
        facts = runs.get(number)
        if facts is None or kept.get(number) != (facts.get("id"), facts.get("stream")):
            yield f"Entry {number} is not kept as the run that it says."
    taken: dict[int, set[tuple[str, str]]] = {}
    for run, sha256, file in connection.execute("SELECT run, sha256, file FROM taken"):
        taken.setdefault(run, set()).add((sha256, file))
    for number, facts in runs.items():
        if taken.get(number, set()) != {(each["sha256"], each["file"]) for each in facts["inputs"]}:
            yield f"The files that the run of entry {number} took are not those that it says."
    changes = connection.execute(
        f"SELECT c.run, c.what, c.since, {SEEN} FROM change c LEFT JOIN finding f ON f.number = c.finding "
        "ORDER BY c.run"
    )
    left = dict(runs)
    for run, rows in itertools.groupby(changes, key=lambda row: int(row[0])):
        digest = digest_of_changes((Seen(*row[3:]), row[1], row[2]) for row in rows)
        if left.pop(run, {}).get("changes") != digest:
            yield f"What changed in the run of entry {run} was altered."
    for run, facts in left.items():
        if facts["changes"] != digest_of_changes(()):
            yield f"What changed in the run of entry {run} is missing."
    for (number,) in connection.execute("SELECT number FROM finding WHERE number NOT IN (SELECT finding FROM change)"):
        yield f"The finding {number} was found by no run."
    yield from _standing(connection)


def _acknowledged(connection: sqlite3.Connection) -> Iterator[str]:
    """The fingerprints by which acknowledgements are found."""
    kept = {(number, fingerprint) for fingerprint, number in connection.execute("SELECT * FROM acknowledged")}
    said = {
        (number, json.loads(facts).get("fingerprint"))
        for number, facts in connection.execute("SELECT number, facts FROM entry WHERE kind = 'acknowledgement'")
    }
    for number in sorted({number for number, _ in kept ^ said}):
        yield f"Entry {number} is not found as the acknowledgement that it is."


def _standing(connection: sqlite3.Connection) -> Iterator[str]:
    """What stands follows from the last change of each finding in a stream."""
    implied = {
        (stream, finding): (int(what == State.ACKNOWLEDGED.value), since)
        for stream, finding, what, since, _ in connection.execute(
            "SELECT r.stream, c.finding, c.what, c.since, max(c.run) FROM change c JOIN run r ON r.number = c.run "
            "GROUP BY r.stream, c.finding"
        )
        if what in OPENING
    }
    kept = {
        (stream, finding): (acknowledged, since)
        for stream, finding, acknowledged, since in connection.execute(
            "SELECT stream, finding, acknowledged, since FROM standing"
        )
    }
    wrong = len(implied.items() ^ kept.items())
    if wrong:
        yield "Which findings stand is not what the runs say: the next report would call some wrongly new."
