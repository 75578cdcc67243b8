"""What the last run did, in a file that says so also when it failed: counts and codes, and nobody's identifier."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ivigcheck.disk import replace_file
from ivigcheck.errors import RunError
from ivigcheck.report.json_report import render_object
from ivigcheck.show import visible
from ivigcheck.version import __version__

SCHEMA: Final = "ivigcheck.status/1"
NAME: Final = "status.json"
_SECONDS_PER_HOUR: Final = 3600
_LARGEST: Final = 1 << 20


class StatusFile:
    """The status file of a folder of reports."""

    def __init__(self, reports: Path, name: str) -> None:
        self._path = reports / NAME
        self._name = name

    def write(self, state: str, facts: Mapping[str, Any], *, good: bool = False, published: str | None = None) -> None:
        """Writes what a run is doing or did; what is known of the last good run is kept, or is this one.

        state: running or ended. published: the run whose reports are out now, "" before the first one ever, None where
        that has not changed.
        Raises OSError where it cannot be written.
        """
        before = self._before()
        last_good = facts if good else before.get("last_good")
        keep = ("run", "started", "ended", "exit_code", "counts", "reports")
        said = {
            "schema": SCHEMA,
            "tool": {"name": "ivigcheck", "version": __version__},
            "name": self._name,
            "state": state,
            **facts,
            "published": before.get("published") if published is None else published,
            "last_good": {name: last_good.get(name) for name in keep} if last_good else None,
        }
        replace_file(self._path, render_object(said))

    def _before(self) -> Mapping[str, Any]:
        try:
            return read_status(self._path.parent)
        except RunError:  # missing or damaged: then nothing is known
            return {}


class _LastGood(msgspec.Struct):
    run: str
    ended: str
    counts: dict[str, int] = {}


class _Status(msgspec.Struct):
    """As much of the file as must have its shape for it to be used."""

    schema: Literal["ivigcheck.status/1"]
    name: str
    state: Literal["running", "ended"]
    run: str
    published: str | None = None
    last_good: _LastGood | None = None
    troubles: list[str] = []
    exit_code: int | None = None
    error: str | None = None
    message: str | None = None


def read_status(reports: Path) -> dict[str, Any]:
    """What the status file of a folder of reports says. Raises RunError where there is none, or none that is whole."""
    path = reports / NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RunError(f"{visible(str(path))} is no file: remove it.")
            content = file.read(_LARGEST)
        msgspec.json.decode(content, type=_Status)
        found: dict[str, Any] = msgspec.json.decode(content)
    except FileNotFoundError as error:
        raise RunError(f"{visible(str(path))} does not exist: no run has ended there yet.") from error
    except OSError as error:
        raise RunError(f"{visible(str(path))} cannot be read: {error.strerror or 'no reason is given'}.") from error
    except (ValueError, RecursionError) as error:  # no JSON, or of another shape
        raise RunError(f"{visible(str(path))} is damaged, or no status file: the next run makes it anew.") from error
    return found


def hours_since_good(status: Mapping[str, Any], now: datetime) -> float | None:
    """Hours since the last good run ended; None where there was none, or its time cannot be read.

    A time in the future is no proof of anything: it counts as none.
    """
    last_good = status.get("last_good")
    try:
        ended = datetime.fromisoformat(last_good["ended"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    if ended.tzinfo is None:
        return None
    hours = (now.astimezone(UTC) - ended).total_seconds() / _SECONDS_PER_HOUR
    return hours if hours >= 0 else None
