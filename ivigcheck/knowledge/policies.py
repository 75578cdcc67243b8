"""Reads a policy: every parameter's quantity, in the unit that the limits and rules use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ivigcheck.knowledge.facts import PolicyInForce, Site
from ivigcheck.knowledge.model import Policy, Rate, Source
from ivigcheck.knowledge.reading import Where, amount, check_sources, parse, per_kg

_MINUTES_PER_HOUR: Final = 60


def read_policy(path: Path, sources: dict[str, Source], indications: Iterable[str]) -> PolicyInForce:
    """The policy file, its quantities read. Raises KnowledgeError naming the parameter."""
    policy = parse(path, Policy)
    return in_force(policy, hashlib.sha256(path.read_bytes()).hexdigest(), sources, indications, file=path.name)


def in_force(
    policy: Policy,
    sha256: str,
    sources: dict[str, Source],
    indications: Iterable[str],
    *,
    file: str,
    site: Site | None = None,
) -> PolicyInForce:
    """A policy with its quantities read, and what a site's file says beside it.

    sha256: of the file. Raises KnowledgeError naming the parameter.
    """
    where = Where(file)
    for name in policy.__struct_fields__:
        parameter = getattr(policy, name)
        if hasattr(parameter, "sources"):
            check_sources(Where(file, name), parameter.sources, sources)

    def rate(parameter: Rate | str) -> float:
        text = parameter if isinstance(parameter, str) else parameter.value
        return per_kg(where, text, float("nan"))

    for code in policy.start_rate.by_indication:
        if code not in indications:
            raise where.refuse(f"start_rate names the indication {code}, which indications.toml does not have")
    dosing = policy.dosing_weight
    if not 0 <= dosing.factor <= 1 or not policy.body_mass_index.low < policy.body_mass_index.high:
        raise where.refuse("dosing_weight.factor lies between 0 and 1, and body_mass_index.low below its high")
    return PolicyInForce(
        entry=policy,
        sha256=sha256,
        site=site or Site(),
        ceiling=rate(policy.ceiling),
        at_risk_ceiling=rate(policy.at_risk_ceiling),
        review_rate=rate(policy.review_rate),
        start_rates={code: rate(text) for code, text in policy.start_rate.by_indication.items()},
        other_start_rate=rate(policy.start_rate.other),
        at_risk_over_age=policy.at_risk_over_age.value,
        recent_thrombosis_days=policy.recent_thrombosis_days.value,
        rechallenge_fraction=policy.rechallenge_fraction.value,
        rechallenge_wait_minutes=amount(where, policy.rechallenge_wait.value, "minutes", "min"),
        severe_reaction_from_grade=policy.severe_reaction_from_grade.value,
        high_dose_g_per_kg=amount(Where(where.file, "high_dose"), policy.high_dose.value, "dose", "g/kg"),
        dose_disagreement=policy.dose_disagreement.value,
        dose_rounding=policy.dose_rounding.value,
        restart_after_days=policy.restart_after_days.value,
        early_repeat_days=policy.early_repeat_days.value,
        weights_disagree=policy.weights_disagree.value,
        weights_within_days=policy.weights_within_days.value,
        order_days_ahead=policy.order_days_ahead.value,
        pump_increment_mL_per_h=amount(where, policy.pump_increment.value, "rate", "mL/min") * _MINUTES_PER_HOUR,
        close_watch_minutes=policy.close_watch_minutes.value,
        acknowledgement_days=policy.acknowledgement_days.value,
    )
