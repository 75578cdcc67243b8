"""What the observations come to: disposition, and the bounds of what may follow. The words are elsewhere.

A missing observation is never read as a reassuring one. Source: the limb-weakness guideline, by the knowledge's
protocol; the fraction, the wait and the grade from which a reaction is severe are the policy's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import numpy as np

from ivigcheck.knowledge.facts import PolicyInForce
from ivigcheck.knowledge.protocol import ProtocolFile
from ivigcheck.limits import on_the_pump
from ivigcheck.orders import NO, UNKNOWN, YES
from ivigcheck.past import Past, SameInfusion
from ivigcheck.reaction.reading import Observed
from ivigcheck.reaction.signs import (
    HYPERSENSITIVITY,
    MENINGITIS,
    MILD,
    grade_of,
    hypotension_of,
    is_adult,
    open_signs,
    suspicions,
)
from ivigcheck.units import exceeds


class Disposition(IntEnum):
    """What may follow, the mildest first."""

    RECHALLENGE = 0
    HOLD = 1
    DISCONTINUE_SESSION = 2
    DISCONTINUE_PERMANENTLY = 3


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """The conclusions. suspected: each suspicion with the observations that say so.

    by_grade: whether the grade alone ends IVIG for good. adult: whether adult figures hold. hypotension: YES, NO or
    UNKNOWN. anaphylaxis: hypotension with another sign, or hypersensitivity that threatens life. missing: observations
    to be made now, by name. max_rate: of a rechallenge in mg/kg/min, max_mL_per_h as the pump takes it; NaN where not
    known or none is allowed. not_before: the earliest moment of a rechallenge; None where not known or none is allowed.
    """

    adult: bool
    by_grade: bool
    hypotension: int
    anaphylaxis: bool
    suspected: dict[str, tuple[str, ...]]
    grade: int
    grade_because: str
    disposition: Disposition
    disposition_because: str
    missing: tuple[str, ...]
    max_rate: float
    max_mL_per_h: float
    not_before: datetime | None


def judge(observed: Observed, protocol: ProtocolFile, past: Past | None = None, *, unknown_past: str = "") -> Judgement:
    """Judges one reaction.

    past: what the history knows of the patient, which may forbid a rechallenge. unknown_past: why a history that was to
    be asked could not be; then nothing is allowed that it might forbid.
    """
    policy = observed.checked.knowledge.policy
    adult = is_adult(observed, protocol)
    hypotension, because = hypotension_of(observed, protocol, adult=adult)
    answers = {**observed.answers, "hypotension": hypotension}
    suspected = suspicions(answers, observed.pattern, because)
    grade, grade_because = grade_of(answers, suspected)
    anaphylaxis = HYPERSENSITIVITY in suspected and grade >= 4
    disposition, disposition_because = _disposition(observed, policy, answers, suspected, grade, past, unknown_past)
    may_follow = disposition <= Disposition.HOLD and MENINGITIS not in suspected
    max_rate, max_mL_per_h = _most(observed, policy, _recorded(observed, past)) if may_follow else (math.nan, math.nan)
    return Judgement(
        adult=adult,
        by_grade=grade > MILD or grade >= policy.severe_reaction_from_grade,
        hypotension=hypotension,
        anaphylaxis=anaphylaxis,
        suspected=suspected,
        grade=grade,
        grade_because=grade_because,
        disposition=disposition,
        disposition_because=disposition_because,
        missing=_missing(observed, answers, disposition, adult=adult),
        max_rate=max_rate,
        max_mL_per_h=max_mL_per_h,
        not_before=_not_before(observed, policy) if may_follow else None,
    )


def _most(observed: Observed, policy: PolicyInForce, same: SameInfusion | None) -> tuple[float, float]:
    """The fastest rate of a rechallenge in mg/kg/min and in mL/h; NaN where not known.

    Of several reactions in one infusion the slowest counts.
    """
    orders, limits = observed.checked.orders, observed.checked.limits
    if math.isnan(limits.half_reaction_rate[0]):
        return math.nan, math.nan
    recorded = same.rate * policy.rechallenge_fraction if same else math.nan
    if not recorded < limits.hard_max[0]:
        return float(limits.hard_max[0]), float(limits.hard_max_mL_per_h[0])
    return recorded, float(on_the_pump(orders, np.array([recorded]), np.array([False]))[0])


def _disposition(
    observed: Observed,
    policy: PolicyInForce,
    answers: dict[str, int],
    suspected: dict[str, tuple[str, ...]],
    grade: int,
    past: Past | None,
    unknown_past: str,
) -> tuple[Disposition, str]:
    severe = policy.severe_reaction_from_grade
    if grade > MILD:  # whatever a site calls severe on later orders
        return Disposition.DISCONTINUE_PERMANENTLY, f"no rechallenge from grade {MILD + 1} on"
    if grade >= severe:
        return Disposition.DISCONTINUE_PERMANENTLY, f"no rechallenge from grade {severe:g} on, by the policy"
    if past is not None and (forbidden := past.forbidden(severe)):
        return Disposition.DISCONTINUE_PERMANENTLY, forbidden
    if answers["recurred"] == YES:
        return Disposition.DISCONTINUE_SESSION, "it came back after a rechallenge"
    same = _recorded(observed, past)
    if same and same.session_over:
        return Disposition.DISCONTINUE_SESSION, f"discontinued for this session already ({same})"
    if same and answers["recurred"] == UNKNOWN and _came_later(observed, past, same):
        return (
            Disposition.DISCONTINUE_SESSION,
            f"it came back: an earlier reaction in this infusion is on record ({same})",
        )
    open_ = open_signs(answers, observed.pattern)
    wait = policy.rechallenge_wait_minutes
    minutes = observed.minutes_since_resolved
    if MENINGITIS in suspected:
        why = "aseptic meningitis is suspected"
    elif answers["resolved"] != YES:
        why = "the symptoms are not documented as fully gone"
    elif math.isnan(minutes):
        why = "for how long the symptoms have been gone is not known"
    elif exceeds(float(wait), minutes):
        why = f"the symptoms have been gone for {minutes:g} minutes, and {wait:g} are needed"
    elif open_:
        why = "questions are open"
    elif past is not None and past.near:
        entry = past.near[-1][1]
        why = (
            f"is it the same patient? Of almost the same id a confirmed thrombosis is on record (history entry {entry})"
        )
    elif unknown_past:
        why = "the history could not be asked whether a rechallenge is forbidden"
    elif math.isnan(observed.checked.limits.half_reaction_rate[0]):
        why = "the rate at the reaction is not known, so that nothing limits a rechallenge"
    else:
        return (
            Disposition.RECHALLENGE,
            f"every sign was looked for, and the symptoms have been gone for {minutes:g} minutes",
        )
    return Disposition.HOLD, why


def _recorded(observed: Observed, past: Past | None) -> SameInfusion | None:
    """What is on record of this infusion."""
    if past is None:
        return None
    moments = [each for each in (observed.infusion_start, observed.onset) if each]
    if not moments and observed.observed_at:
        moments = [observed.observed_at]
    if not moments:
        return None
    days = [moment.toordinal() for moment in moments]
    # Where nobody says when it started, that may have been before midnight.
    return past.same_infusion(min(days) - (0 if observed.infusion_start else 1), max(days))


def _came_later(observed: Observed, past: Past | None, same: SameInfusion) -> bool:
    """Whether a reaction on record began before this one: this is then another, and no further word on the same."""
    onsets = [each.onset for each in past.reactions if each.entry in same.entries] if past else []
    own = observed.onset
    return any(
        each is not None and own is not None and (each.tzinfo is None) == (own.tzinfo is None) and each < own
        for each in onsets
    )


def _missing(observed: Observed, answers: dict[str, int], disposition: Disposition, *, adult: bool) -> tuple[str, ...]:
    """What is to be found out now: signs first, then the resolution, then what is needed for numbers."""
    names = open_signs(answers, observed.pattern)
    if "hypotension" in names and adult:
        figures = [name for name in ("sbp", "sbp_before") if math.isnan(getattr(observed, name))]
        names[names.index("hypotension") : names.index("hypotension") + 1] = figures
    if disposition <= Disposition.HOLD:
        if answers["recurred"] == UNKNOWN:
            names.append("recurred")
        if answers["resolved"] == UNKNOWN:
            names.append("resolved")
        if answers["resolved"] != NO and math.isnan(observed.minutes_since_resolved):
            names.append("minutes_since_resolved")
    orders = observed.checked.orders
    needed = {
        "age_years": observed.age_years,
        "weight": observed.weight_kg,
        "product": 0.0 if observed.product or orders.candidates else math.nan,
        "concentration": 0.0 if not (observed.product or orders.candidates) else observed.concentration,
        "rate": float(orders.written["reaction_rate"].value[0]),
        "infusion_start": 0.0 if observed.infusion_start else observed.minutes_from_start,
        "onset": 0.0 if observed.onset else observed.minutes_from_start,
        "volume_infused_mL": observed.volume_mL,
    }
    return (*names, *(name for name, value in needed.items() if math.isnan(value)))


def _not_before(observed: Observed, policy: PolicyInForce) -> datetime | None:
    """The wait after full resolution, to the next whole minute; None while it is not known when that was."""
    minutes = observed.minutes_since_resolved
    if observed.observed_at is None or observed.answers["resolved"] != YES or math.isnan(minutes):
        return None
    left = timedelta(minutes=policy.rechallenge_wait_minutes - minutes)
    at = observed.observed_at
    moment = (at.astimezone(UTC) + left).astimezone(at.tzinfo) if at.tzinfo else at + left
    whole = moment.replace(second=0, microsecond=0)
    return whole if moment == whole else whole + timedelta(minutes=1)
