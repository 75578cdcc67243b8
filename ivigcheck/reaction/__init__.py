"""A reaction during the infusion: what was observed, what it may be, and what is to be done, in order."""

from ivigcheck.reaction.judgement import Disposition, Judgement, judge
from ivigcheck.reaction.observations import OBSERVATION, OBSERVATIONS, PATTERNS, PRESSURES, SIGNS, Observation
from ivigcheck.reaction.protocol import Plan, governing, plan, sources
from ivigcheck.reaction.reading import Observed, read_observations
from ivigcheck.reaction.signs import is_child

__all__ = [
    "OBSERVATION",
    "OBSERVATIONS",
    "PATTERNS",
    "PRESSURES",
    "SIGNS",
    "Disposition",
    "Judgement",
    "Observation",
    "Observed",
    "Plan",
    "governing",
    "is_child",
    "judge",
    "plan",
    "read_observations",
    "sources",
]
