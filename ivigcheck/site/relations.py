"""A site's clinical parameters beside each other and the built-in ones: what is possible alone, and not together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivigcheck.knowledge import Figure, Knowledge
from ivigcheck.knowledge.model import Policy
from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.settings_file.problems import Problems, plain, quoted
from ivigcheck.site.parameters import BY_INDICATION, PARAMETERS, Parameter, Value
from ivigcheck.units import CM_PER_INCH, exceeds


@dataclass(frozen=True, eq=False, repr=False)
class Setting:
    """One value that the file sets. path: its key; written: as the policy's entry holds it; reason: of its table."""

    parameter: Parameter
    path: KeyPath
    written: Any
    value: Value
    indication: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        return self.parameter.name(self.indication)


def built_in_written(policy: Policy, parameter: Parameter, indication: str = "") -> Any:
    """A parameter as the policy has it; for an indication that it does not name, the rate of every other."""
    table = getattr(policy, parameter.table)
    if parameter.key == BY_INDICATION:
        return table.by_indication.get(indication, table.other)
    return getattr(table, parameter.key)


def built_in_value(policy: Policy, parameter: Parameter, indication: str = "") -> Value:
    """The same as the parameter's kind reads it."""
    written = built_in_written(policy, parameter, indication)
    return parameter.kind.read(list(written) if isinstance(written, tuple) else written)


def highest_label(knowledge: Knowledge) -> tuple[Figure, str]:
    """The highest maximum that any label allows, and the product and indication that it stands on."""
    figures = [
        (row.maximum, f"{product.name}, {row.indication}")
        for product in knowledge.products
        for row in product.labels
        if row.maximum
    ]
    return max(figures, key=lambda figure: figure[0].rate)


def check_relations(settings: Sequence[Setting], knowledge: Knowledge, problems: Problems) -> None:
    """Values that are possible in themselves, and not together."""
    given = {setting.name: setting for setting in settings}
    policy = knowledge.policy.entry
    _check_rates(given, knowledge, problems)
    if not _in_force(given, policy, "body_mass_index", "low") < _in_force(given, policy, "body_mass_index", "high"):
        path = next(given[name].path for name in ("body_mass_index.low", "body_mass_index.high") if name in given)
        problems.add(path, "low is not below high", "write the range of a body-mass index that can be right")
    for sex in ("male", "female"):
        _check_ideal_weight(f"base_{sex}_kg", given, policy, problems)


def _in_force(given: Mapping[str, Setting], policy: Policy, table: str, key: str = "value") -> float:
    """A number as the site sets it, else as built in."""
    parameter = _parameter(table, key)
    setting = given.get(parameter.name())
    value = setting.value if setting else built_in_value(policy, parameter)
    return value if isinstance(value, float) else math.nan


def _parameter(table: str, key: str) -> Parameter:
    return next(each for each in PARAMETERS if (each.table, each.key) == (table, key))


def _check_rates(given: Mapping[str, Setting], knowledge: Knowledge, problems: Problems) -> None:
    """No rate is above the one that bounds it."""
    policy = knowledge.policy.entry

    def at_most(name: str, limit: float, what: str) -> None:
        setting = given.get(name)
        if setting and isinstance(setting.value, float) and exceeds(setting.value, limit):
            shown_limit = f"{plain(limit)} mg/kg/min"
            over = f"{quoted(setting.written)} is over {what}, {shown_limit}"
            problems.add(setting.path, over, f"write at most {shown_limit}")

    label, where = highest_label(knowledge)
    at_most("ceiling", label.rate, f"the highest maximum of any label ({where})")
    ceiling, at_risk = (_in_force(given, policy, table) for table in ("ceiling", "at_risk_ceiling"))
    at_most("at_risk_ceiling", ceiling, "the ceiling")
    at_most("review_rate", min(at_risk, ceiling), "the ceiling of patients at risk")
    starts = policy.start_rate.by_indication
    for name in dict.fromkeys(("start_rate.other", *(f"start_rate.{code}" for code in starts), *given)):
        if not name.startswith("start_rate."):
            continue
        at_most(name, ceiling, "the ceiling")
        if name not in given and "ceiling" in given:
            _check_built_in_start(name, given["ceiling"], policy, problems)


def _check_built_in_start(name: str, ceiling: Setting, policy: Policy, problems: Problems) -> None:
    """A ceiling below a start rate that the site leaves as it is would let an infusion begin over its maximum."""
    code = name.removeprefix("start_rate.")
    key = "other" if code == "other" else BY_INDICATION
    parameter = _parameter("start_rate", key)
    start = built_in_value(policy, parameter, code)
    if isinstance(start, float) and isinstance(ceiling.value, float) and exceeds(start, ceiling.value):
        written = built_in_written(policy, parameter, code)
        fix = f"set {name} too" if key == "other" else f"set start_rate.{BY_INDICATION}.{code} too"
        problems.add(ceiling.path, f"{quoted(ceiling.written)} is below {name}, {written}", fix)


def _check_ideal_weight(base: str, given: Mapping[str, Setting], policy: Policy, problems: Problems) -> None:
    """The ideal weight of the shortest for whom one is reckoned is a weight at all."""
    keys = (base, "per_inch_kg", "min_height_cm", "base_height_cm")
    setting = next((given[f"dosing_weight.{key}"] for key in keys if f"dosing_weight.{key}" in given), None)
    kg, per_inch, shortest, height = (_in_force(given, policy, "dosing_weight", key) for key in keys)
    ideal = kg + per_inch * (shortest - height) / CM_PER_INCH
    if setting and not ideal > 0:
        sum_ = f"{plain(kg)} + {plain(per_inch)} × ({plain(shortest)} − {plain(height)}) ÷ {plain(CM_PER_INCH)}"
        formula = f"{base} + per_inch_kg × (min_height_cm − base_height_cm) ÷ {plain(CM_PER_INCH)}"
        what = f"gives no positive ideal weight: {formula} = {sum_} is not over 0 kg"
        problems.add(setting.path, what, "raise min_height_cm, or correct the others")
