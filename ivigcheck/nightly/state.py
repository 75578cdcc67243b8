"""What an unattended run has come to so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ivigcheck.errors import Exit
from ivigcheck.nightly.keys import NightlyConfig
from ivigcheck.nightly.log import Log
from ivigcheck.nightly.shelf import Shelf
from ivigcheck.nightly.status import StatusFile
from ivigcheck.pipeline import Progress


@dataclass(eq=False, repr=False)
class Run:
    """A run under way.

    facts: what the status file says of it. troubles: what keeps it from being a good one, a sentence each. recovered:
    killed runs whose reports it put in their place, a sentence each. told: what the summary line says. codes: what it,
    and those runs, would exit with for their orders.
    """

    config: NightlyConfig
    id: str
    started: datetime
    log: Log
    shelf: Shelf
    status: StatusFile
    progress: Progress | None
    facts: dict[str, Any]
    troubles: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    codes: list[Exit] = field(default_factory=list)

    def trouble(self, event: str, sentence: str, **facts: int) -> None:
        """Something that keeps the run from being a good one: it is told, and the exit code says so."""
        self.troubles.append(sentence)
        self.log(event, **facts)


def iso(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
