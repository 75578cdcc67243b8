"""A patient's id, which comes from standard input alone: a command line is seen by other users, and kept in logs."""

from __future__ import annotations

import sys
from typing import Final

from ivigcheck.errors import UsageError
from ivigcheck.history import patient_id_problem
from ivigcheck.normalise.spellings import id_problem

FROM_INPUT: Final = "-"
_HOW: Final = 'write - and give it on standard input, as in: echo "$MRN" | ivigcheck history patient -'
_MOST_BYTES: Final = 65_536


def read_patient_id(argument: str) -> str:
    """The id that stands on standard input, without the blanks around it.

    Raises UsageError, which never quotes it, where the argument is not ``-`` or the input is not one id.
    """
    if argument != FROM_INPUT:
        raise UsageError(f"A patient's id never stands on the command line, where other users and logs see it: {_HOW}.")
    try:
        text = _input().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("The patient's id on standard input is not UTF-8: give it as UTF-8.") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"There is no patient's id on standard input: {_HOW}.")
    if len(lines) > 1:
        raise UsageError("Standard input has several lines: give one patient's id, and nothing else.")
    patient_id = lines[0].strip()
    problem = patient_id_problem(patient_id) or id_problem(patient_id)
    if problem:
        raise UsageError(f"The patient's id on standard input {problem}: give it as the orders have it.")
    return patient_id


def _input() -> bytes:
    """What is on standard input; of a terminal one line, for who types there does not think of ending the file."""
    if sys.stdin is None:
        raise UsageError(f"Standard input is closed: {_HOW}.")
    try:
        if sys.stdin.isatty():
            return sys.stdin.buffer.readline(_MOST_BYTES)
        content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"Standard input cannot be read: {_HOW}.") from error
    if len(content) > _MOST_BYTES:
        raise UsageError("Standard input has far more than one line: give one patient's id, and nothing else.")
    return content
