"""Acknowledgements and moments for tests of the nights."""

from __future__ import annotations

from datetime import UTC, date, datetime

from nights import DAY, Pharmacy

from ivigcheck.history import History, NewEntry
from ivigcheck.history.nights import standing_findings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def acknowledge(pharmacy: Pharmacy, *fingerprints: str, until: date = date(2026, 12, 1)) -> list[int]:
    """Settles findings that stand, and gives back the numbers of the entries."""
    with History.recording(pharmacy.history) as history:
        new = []
        for fingerprint in fingerprints:
            for seen in standing_findings(history, fingerprint):
                facts = {
                    "fingerprint": seen.fingerprint, "code": seen.code, "column": seen.column, "severity": seen.severity,
                    "order_id": seen.order_id, "reason": "confirmed", "text": "Asked.", "until": until.isoformat(),
                }  # fmt: skip
                new.append(NewEntry("acknowledgement", seen.patient_id, DAY.isoformat(), "AB", facts))
        return history.append(new, NOW)
