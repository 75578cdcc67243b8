"""A judged reaction as entries of the history."""

from __future__ import annotations

import math
from datetime import date
from typing import Any, Final

from ivigcheck.errors import UsageError
from ivigcheck.history import BEFORE, NewEntry
from ivigcheck.orders import YES
from ivigcheck.reaction.judgement import Disposition, Judgement
from ivigcheck.reaction.reading import Observed
from ivigcheck.rules.wording import as_written
from ivigcheck.version import __version__

_SCOPE: Final = {
    Disposition.DISCONTINUE_SESSION: "session",
    Disposition.DISCONTINUE_PERMANENTLY: "permanent",
}


def reaction_entries(observed: Observed, found: Judgement, patient_id: str, by: str) -> list[NewEntry]:
    """The reaction, and where the infusion is discontinued that too, resting on it.

    found: judged by itself: what earlier entries forbid is theirs to say, as long as they hold. Raises UsageError where
    no day is known, or id or initials cannot be recorded.
    """
    begun, onset = observed.infusion_start, observed.onset
    day = onset or begun
    if day is None:
        raise UsageError("A reaction is recorded with its day: say when the infusion started, or when it began.")
    facts = _facts(observed, found, (begun or day).date())
    entries = [NewEntry("reaction", patient_id, day.date().isoformat(), by, facts)]
    if found.disposition in _SCOPE:
        scope = {"scope": _SCOPE[found.disposition]}
        entries.append(NewEntry("discontinuation", patient_id, day.date().isoformat(), by, scope, BEFORE))
    return entries


def _facts(observed: Observed, found: Judgement, first_day: date) -> dict[str, Any]:
    orders = observed.checked.orders
    knowledge = observed.checked.knowledge

    def value(number: float) -> float | None:
        return None if math.isnan(number) else number

    return {
        "first_day": first_day.isoformat(),
        "onset": observed.onset.isoformat(timespec="minutes") if observed.onset else "",
        "grade": found.grade,
        "suspected": list(found.suspected),
        "disposition": found.disposition.name.lower(),
        "product": observed.product,
        "rate": as_written(orders, "reaction_rate", 0),
        "rate_mg_per_kg_min": value(observed.rate),
        "weight_kg": value(observed.weight_kg),
        "volume_infused_mL": value(observed.volume_mL),
        "dose_given_g": value(observed.dose_given_g),
        "minutes_from_start": value(observed.minutes_from_start),
        "resolved": observed.answers["resolved"] == YES,
        "minutes_since_resolved": value(observed.minutes_since_resolved),
        "observed_at": observed.observed_at.isoformat(timespec="minutes") if observed.observed_at else "",
        "tool": __version__,
        "policy": f"{knowledge.policy.entry.id} {knowledge.policy.entry.version}",
        "knowledge": knowledge.version,
    }
