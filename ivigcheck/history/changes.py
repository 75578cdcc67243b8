"""What is kept of a finding in an unattended run, and the hash that stands for all that changed in one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from ivigcheck.delta import Seen, State

SEEN: Final = "f.fingerprint, f.subject, f.basis, f.order_id, f.patient_id, f.code, f.about_column, f.severity"
"""The columns of a finding, as `Seen` takes them."""

OPENING: Final = frozenset(state.value for state in State) - {State.STILL_OPEN.value}
"""Changes after which a finding stands; after any other it does not."""

_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


def row_of(seen: Seen) -> tuple[str, ...]:
    """A finding as its row, without the number."""
    names = (seen.order_id, seen.patient_id)
    return (seen.fingerprint, seen.subject, seen.basis, *names, seen.code, seen.column, seen.severity)


def digest_of_changes(changes: Iterable[tuple[Seen, str, str]]) -> str:
    """SHA-256 over what changed in a run: each finding with all that is kept of it, what it is now, and since when it
    stands ("" where it does not), by fingerprint."""
    lines = sorted(_encode([*row_of(seen), what, since]) for seen, what, since in changes)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
