"""Log lines of a run: times, events, counts and the run's id, and never an identifier or what a cell holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

Form = Literal["text", "json"]
Value = str | int | float | bool | None
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:+/")


class Log:
    """Writes one line an event. write: takes a line with its end; form: text, or JSON with one object a line."""

    def __init__(self, write: Callable[[str], None], form: Form, run_id: str) -> None:
        self._write = write
        self._form = form
        self._run_id = run_id

    def __call__(self, event: str, **facts: Value) -> None:
        """One event. facts: counts, codes and hashes; whoever calls sees to it that none is a patient's."""
        said: dict[str, Value] = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "run": self._run_id,
            "event": event,
            **facts,
        }
        if self._form == "json":
            self._write(msgspec.json.encode(said).decode() + "\n")
        else:
            time, run, _, *more = said.items()
            words = " ".join(f"{name}={_shown(value)}" for name, value in (run, *more))
            self._write(f"{time[1]} {event} {words}\n")


def _shown(value: Value) -> str:
    text = "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if text and _PLAIN.issuperset(text) else msgspec.json.encode(text).decode()
