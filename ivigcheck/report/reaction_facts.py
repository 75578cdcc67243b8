"""A reaction's protocol as plain data: what its page and its JSON carry. Names and shape are a contract."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from ivigcheck.knowledge.protocol import ProtocolFile
from ivigcheck.past import Memory
from ivigcheck.reaction import OBSERVATION, PRESSURES, Judgement, Observed, governing, plan, sources
from ivigcheck.report.model import history_facts, provenance
from ivigcheck.report.notices import history_notice, sign_off
from ivigcheck.rules.wording import as_written, workings
from ivigcheck.show import number

SCHEMA: Final = "ivigcheck.reaction/1"


def reaction_facts(observed: Observed, found: Judgement, protocol: ProtocolFile, memory: Memory) -> dict[str, Any]:
    """Everything that is said of one reaction. A value that could not be had is null. memory: the history, as asked."""
    knowledge = observed.checked.knowledge
    todo = plan(observed, found, protocol)
    exclusive, governed_by = governing(observed, found)
    # In a child a blood pressure is judged at the bedside: no figure of it is printed.
    shown = {name: text for name, text in observed.texts.items() if found.adult or name not in PRESSURES}
    notices = [knowledge.notice, sign_off(knowledge), history_notice(memory)]
    if len(shown) < len(observed.texts):
        notices.append(
            "Blood pressure figures are not shown: without the age and weight of an adult it is judged at the bedside."
        )
    if observed.observed_at is None:
        notices.append("The times given are not by this computer's clock: the time of a rechallenge is not reckoned.")
    return {
        "schema": SCHEMA,
        **provenance(knowledge),
        "history": history_facts(memory),
        "observed_at": _iso(observed.observed_at),
        "observed": shown,
        "figures": _figures(observed, found),
        "suspected": list(found.suspected),
        "suspected_because": {name: list(signs) for name, signs in found.suspected.items()},
        "grade": found.grade,
        "grade_because": found.grade_because,
        "disposition": found.disposition.name.lower(),
        "disposition_because": found.disposition_because,
        "rechallenge_max_mg_per_kg_min": _value(found.max_rate),
        "rechallenge_max_mL_per_h": _value(found.max_mL_per_h),
        "rechallenge_max_exclusive": exclusive,
        "rechallenge_governed_by": governed_by or None,
        "rechallenge_not_before": _iso(found.not_before),
        "actions": list(todo.actions),
        "follows": list(todo.follows),
        "workup": list(todo.workup),
        "questions": list(found.missing),
        "questions_in_words": [OBSERVATION[name].question for name in found.missing],
        "afterwards": list(todo.afterwards),
        "documentation": _documentation(observed),
        "sources": [
            {"title": each.title, "publisher": each.publisher, "date": each.date, "status": each.status}
            for each in sources(observed, found, protocol)
        ],
        "notices": notices,
    }


def _figures(observed: Observed, found: Judgement) -> str:
    """Whose figures the steps have, and on what that rests."""
    years = "age not known" if math.isnan(observed.age_years) else f"{number(observed.age_years)} years"
    kg = "weight not known" if math.isnan(observed.weight_kg) else f"{number(observed.weight_kg)} kg"
    return f"{years}, {kg}: {'adult figures' if found.adult else 'no adult figures'}"


def _value(value: float) -> float | None:
    return None if math.isnan(value) else value


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None


def _documentation(observed: Observed) -> dict[str, Any]:
    """What is to be written down, as far as it is known."""
    orders = observed.checked.orders
    return {
        "infusion_start": _iso(observed.infusion_start),
        "onset": _iso(observed.onset),
        "minutes_from_start": _value(observed.minutes_from_start),
        "volume_infused_mL": _value(observed.volume_mL),
        "concentration_mg_per_mL": _value(observed.concentration),
        "dose_given_g": _value(observed.dose_given_g),
        "rate": as_written(orders, "reaction_rate", 0) or None,
        "rate_mg_per_kg_min": _value(observed.rate),
        "rate_arithmetic": workings(orders, "reaction_rate", 0) if not math.isnan(observed.rate) else "",
        "product": observed.product or None,
        "weight_kg": _value(observed.weight_kg),
    }
