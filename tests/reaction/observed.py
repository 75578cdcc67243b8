"""Observations for the tests: a base in which everything was asked, and what is otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.knowledge.protocol import built_in_protocol
from ivigcheck.past import Memory, Past
from ivigcheck.reaction import SIGNS, Judgement, Observed, judge, read_observations
from ivigcheck.report.reaction_facts import reaction_facts

NOBODY = Memory.none("no patient was named")
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
REASSURING = {
    "true_weakness": "no", "weakness": "none", "one_sided": "no", "facial_droop": "no", "speech_change": "no",
    "sbp": "120", "sbp_before": "125", "dyspnea": "no", "bronchospasm": "no", "multiple_organs": "no", "headache": "no",
    "fever": "no", "self_care_limited": "no", "life_threatening": "no", "resolved": "yes", "minutes_since_resolved": "20",
}  # fmt: skip
BASE = {
    "age_years": "58", "weight": "80 kg", "product": "Gamunex-C", "rate": "3 mg/kg/min", "volume_infused_mL": "100",
    "infusion_start": "2026-11-22T22:00+00:00", "onset": "2026-11-22T22:45+00:00", **REASSURING,
}  # fmt: skip
"""An adult of 80 kg on a 10% product at 3 mg/kg/min; everything was asked, and nothing found."""


def changes(text: str) -> dict[str, str]:
    """``sbp=90 rate=144 mL/h weight=`` as name -> text."""
    return {name: said.strip() for name, said in re.findall(r"(\w+)=(.*?)(?=\s\w+=|$)", text)}


def read(texts: Mapping[str, str], knowledge: Knowledge | None = None) -> Observed:
    return read_observations(texts, knowledge or built_in(), built_in_protocol(), now=NOW)


def judged(
    otherwise: Mapping[str, str] | None = None, past: Past | None = None, knowledge: Knowledge | None = None
) -> Judgement:
    """The judgement of the base with some observations otherwise."""
    return judge(read(BASE | dict(otherwise or {}), knowledge), built_in_protocol(), past)


def facts(texts: Mapping[str, str]) -> dict[str, Any]:
    """What is said of a reaction, from all its observations."""
    observed = read(texts)
    found = reaction_facts(observed, judge(observed, built_in_protocol()), built_in_protocol(), NOBODY)
    return found | {"history_entries": [], "recorded": []}


__all__ = ["BASE", "NOW", "REASSURING", "SIGNS", "changes", "facts", "judged", "read"]
