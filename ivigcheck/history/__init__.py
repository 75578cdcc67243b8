"""The safety history: reactions and confirmed events of patients, which are kept and never overwritten (SQLite)."""

from ivigcheck.errors import HistoryError
from ivigcheck.history.entries import (
    BEFORE,
    GENESIS,
    KINDS,
    LONGEST_ID,
    Entry,
    Head,
    NewEntry,
    effective,
    initials_problem,
    patient_id_problem,
    withdrawals,
)
from ivigcheck.history.files import HistoryMissing
from ivigcheck.history.store import History

__all__ = [
    "BEFORE",
    "GENESIS",
    "KINDS",
    "LONGEST_ID",
    "Entry",
    "Head",
    "History",
    "HistoryError",
    "HistoryMissing",
    "NewEntry",
    "effective",
    "initials_problem",
    "patient_id_problem",
    "withdrawals",
]
