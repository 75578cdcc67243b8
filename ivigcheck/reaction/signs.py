"""What the signs say: whether adult figures hold, hypotension, suspicions and grade, and which signs are open."""

from __future__ import annotations

import math
from typing import Final

from ivigcheck.knowledge.protocol import ProtocolFile
from ivigcheck.orders import NO, UNKNOWN, YES
from ivigcheck.reaction.observations import SIGNS
from ivigcheck.reaction.reading import Observed
from ivigcheck.units import exceeds

STROKE: Final = "stroke"
HYPERSENSITIVITY: Final = "hypersensitivity"
MENINGITIS: Final = "aseptic_meningitis"
MILD: Final = 2
"""The last grade of minimal symptoms, after which a rechallenge may follow."""
_WITH_HYPOTENSION: Final = ("dyspnea", "bronchospasm", "multiple_organs")
_NAMES: Final = {
    "facial_droop": "facial droop",
    "speech_change": "speech change",
    "one_sided": "one-sided weakness",
    "bronchospasm": "bronchospasm",
    "dyspnea": "shortness of breath",
    "multiple_organs": "several organs affected",
    "headache": "headache",
    "fever": "fever",
}


def is_adult(observed: Observed, protocol: ProtocolFile) -> bool:
    """Whether adult figures hold: age and weight are known, and neither is under its bound."""
    known = not math.isnan(observed.age_years) and not math.isnan(observed.weight_kg)
    return known and not is_child(observed, protocol)


def is_child(observed: Observed, protocol: ProtocolFile) -> bool:
    """Whether age or weight is known to be under its bound."""
    return observed.age_years < protocol.adult.from_years or exceeds(float(protocol.adult.from_kg), observed.weight_kg)


def hypotension_of(observed: Observed, protocol: ProtocolFile, *, adult: bool) -> tuple[int, str]:
    """YES, NO or UNKNOWN, and what says yes. The bedside judgement, or in an adult the figures; the worse of the two.

    Where age or weight is not known the figures may say yes, and never no; in a child they say nothing.
    """
    said = observed.answers["hypotension"]
    bounds = protocol.hypotension
    drop = observed.sbp_before - observed.sbp
    by_figures = UNKNOWN
    if not is_child(observed, protocol):
        if _reaches(bounds.systolic_at_most, observed.sbp) or _reaches(drop, bounds.systolic_drop):
            by_figures = YES
        elif adult and not math.isnan(drop):
            by_figures = NO
    if by_figures == YES:
        shown = f"{observed.sbp:g} mmHg" + ("" if math.isnan(drop) else f", {observed.sbp_before:g} before")
        return YES, f"hypotension ({shown})" if adult else "hypotension"
    if said == YES:
        return YES, "hypotension"
    return (NO if NO in (said, by_figures) else UNKNOWN), ""


def _reaches(value: float, bound: float) -> bool:
    """Whether a value is at least its bound, both known, and equal within the tolerance of all comparisons."""
    return not math.isnan(value) and not math.isnan(bound) and not exceeds(float(bound), float(value))


def suspicions(answers: dict[str, int], pattern: str, hypotension: str) -> dict[str, tuple[str, ...]]:
    """What is suspected, each with the observations that say so. hypotension: what says yes to it, "" where nothing."""

    def because(*names: str) -> list[str]:
        return [_NAMES[name] for name in names if answers[name] == YES]

    focal = ["focal weakness"] if pattern == "focal" else []
    found = {
        STROKE: [*focal, *because("one_sided", "facial_droop", "speech_change")],
        HYPERSENSITIVITY: [*([hypotension] if hypotension else []), *because(*_WITH_HYPOTENSION)],
        MENINGITIS: because("headache", "fever"),
    }
    return {name: tuple(signs) for name, signs in found.items() if signs}


def grade_of(answers: dict[str, int], suspected: dict[str, tuple[str, ...]]) -> tuple[int, str]:
    """The grade, 1 to 4, and why. A sign that nobody has answered is not counted as one, and makes no grade lower."""
    if answers["life_threatening"] == YES:
        return 4, "the reaction is life-threatening"
    with_it = [_NAMES[name] for name in _WITH_HYPOTENSION if answers[name] == YES]
    if answers["hypotension"] == YES and with_it:
        return 4, f"hypotension together with {' and '.join(with_it)}"
    if answers["self_care_limited"] == YES:
        return 3, "self-care is limited"
    if STROKE in suspected:
        return 3, "stroke is suspected"
    if HYPERSENSITIVITY in suspected:
        return 3, f"a sign of hypersensitivity: {suspected[HYPERSENSITIVITY][0]}"
    care = "self-care is not limited" if answers["self_care_limited"] == NO else "self-care is not known to be limited"
    if answers["true_weakness"] == NO:
        return 1, f"no true weakness, and {care}"
    if answers["true_weakness"] == YES:
        return 2, f"true weakness, and {care}"
    return 2, "nobody has said that it is no true weakness"


def open_signs(answers: dict[str, int], pattern: str) -> list[str]:
    """Signs that nobody has answered. A weakness that is true and has no pattern is not answered either."""
    contradicts = answers["true_weakness"] == YES and pattern == "none"
    pattern_known = bool(pattern) and not contradicts
    return [name for name in SIGNS if (not pattern_known if name == "weakness" else answers[name] == UNKNOWN)]
