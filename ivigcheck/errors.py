"""What stops a run: the message a user reads and the exit code a scheduler reads.

A bad order never raises; it becomes a finding. These classes are for what leaves nothing to report on.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, stable across versions."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CANNOT_RUN = 3
    UNCHECKED = 4
    INTERNAL = 70


class Stop(Exception):
    """A run that cannot go on. The message says what, where and what to do; it never quotes a patient's data."""

    exit_code = Exit.INTERNAL


class UsageError(Stop):
    """The command line or the configuration is wrong."""

    exit_code = Exit.USAGE


class InputError(Stop):
    """An input that cannot be read as orders."""

    exit_code = Exit.CANNOT_RUN


class InputChanged(InputError):
    """An input that was written to while it was read: it may be whole later."""


class OutputError(Stop):
    """A report that cannot be written."""

    exit_code = Exit.CANNOT_RUN


class HistoryError(Stop):
    """A history that is missing, locked or corrupt: no order is passed without it."""

    exit_code = Exit.CANNOT_RUN


class RunError(Stop):
    """An unattended run that cannot go on: another one is under way, or a folder of it is not there."""

    exit_code = Exit.CANNOT_RUN


class KnowledgeError(Stop):
    """The program's own clinical data is not whole: nothing may be judged by it."""

    exit_code = Exit.INTERNAL


class AccountingError(Stop):
    """Rows in and orders out differ: nothing may be published."""

    exit_code = Exit.INTERNAL
