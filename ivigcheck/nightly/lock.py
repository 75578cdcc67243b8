"""One unattended run at a time: a lock that the system takes away from a run that was killed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from ivigcheck.disk import ASIDE
from ivigcheck.errors import OutputError, RunError
from ivigcheck.show import visible

NAME: Final = f"{ASIDE}lock"
"""The lock's file, in the folder of the reports. It stays; what counts is who holds it."""


@contextlib.contextmanager
def only_run(reports: Path) -> Iterator[None]:
    """Holds the lock of a folder of reports. Raises RunError at once where another run holds it."""
    lock = FileLock(reports / NAME, mode=0o600, blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise RunError(
            f"Another run holds the lock of {visible(str(reports))}: this one has touched nothing. It is free again "
            "when that run has ended, however it ends."
        ) from error
    except OSError as error:
        why = error.strerror or "the system gives no reason"
        raise OutputError(
            f"The lock in {visible(str(reports))} cannot be had: {why}. Check its permissions."
        ) from error
    try:
        yield
    finally:
        lock.release()
