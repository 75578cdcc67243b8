"""A reaction during the infusion: what was observed, what it may be, and what is to be done, in order."""

from ivigcheck.reaction.judgement import SUSPICIONS, Disposition, Judgement, judge
from ivigcheck.reaction.observations import OBSERVATION, OBSERVATIONS, PATTERNS, PRESSURES, SIGNS, Observation
from ivigcheck.reaction.protocol import Plan, governing, plan, sources
from ivigcheck.reaction.reading import Observed, read_observations

__all__ = [
    "OBSERVATION",
    "OBSERVATIONS",
    "PATTERNS",
    "PRESSURES",
    "SIGNS",
    "SUSPICIONS",
    "Disposition",
    "Judgement",
    "Observation",
    "Observed",
    "Plan",
    "governing",
    "judge",
    "plan",
    "read_observations",
    "sources",
]
