"""What the last run did, in a file that says so also when it failed: counts and codes, and nobody's identifier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

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

        state: running or ended. published: the run whose reports are out now, None where that has not changed.
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
            "published": published or before.get("published"),
            "last_good": {name: last_good.get(name) for name in keep} if last_good else None,
        }
        replace_file(self._path, render_object(said))

    def _before(self) -> Mapping[str, Any]:
        try:
            return read_status(self._path.parent)
        except RunError:  # missing or damaged: then nothing is known
            return {}


def read_status(reports: Path) -> dict[str, Any]:
    """What the status file of a folder of reports says. Raises RunError where there is none, or none that is whole."""
    path = reports / NAME
    try:
        with path.open("rb") as file:
            found = msgspec.json.decode(file.read(_LARGEST))
    except FileNotFoundError as error:
        raise RunError(f"{visible(str(path))} does not exist: no run has ended there yet.") from error
    except (OSError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no whole JSON"
        raise RunError(f"{visible(str(path))} cannot be read: {why}.") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or not _is_sound(found):
        raise RunError(f"{visible(str(path))} is no status file of ivigcheck.")
    return found


def _is_sound(found: dict[str, Any]) -> bool:
    last_good, published = found.get("last_good"), found.get("published")
    return isinstance(last_good, dict | None) and isinstance(published, str | None)


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
