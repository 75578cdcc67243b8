"""A site's clinical parameters: read, compared with the built-in ones, and put in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ivigcheck.knowledge import Deviation, Figure, Knowledge
from ivigcheck.knowledge.model import Policy
from ivigcheck.show import number
from ivigcheck.site.lines import KeyPath
from ivigcheck.site.parameters import BY_INDICATION, PARAMETERS, TABLES, Parameter, Value
from ivigcheck.site.problems import Problems, is_text, kind_of, quoted, shown
from ivigcheck.units import exceeds

SITE_SOURCE: Final = "site-policy"
"""The key, among the knowledge's sources, of the site's own policy file."""

_REASON: Final = "reason"


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


def as_text(value: Any) -> str:
    """A value as it is written in a policy, in one line."""
    if isinstance(value, tuple):
        return ", ".join(map(as_text, value))
    return number(value) if isinstance(value, float) else shown(str(value))


def read_settings(raw: Mapping[str, Any], knowledge: Knowledge, problems: Problems) -> list[Setting]:
    """The clinical parameters that a file sets, each possible in itself and beside the others.

    Everything else about them becomes a problem, and is left out.
    """
    settings = []
    for table in TABLES:
        if table in raw:
            settings += _read_table(raw[table], table, knowledge, problems)
    settings = [setting for setting in settings if not _is_impossible(setting, knowledge, problems)]
    _check_relations(settings, knowledge, problems)
    for setting in settings:
        _check_reason(setting, knowledge, problems)
    return settings


def _read_table(raw: Any, table: str, knowledge: Knowledge, problems: Problems) -> list[Setting]:
    if not isinstance(raw, dict):
        problems.add((table,), f"{quoted(raw)} is {kind_of(raw)}", f"write it as a table, under [{table}]")
        return []
    parameters = {parameter.key: parameter for parameter in PARAMETERS if parameter.table == table}
    reason = _read_reason(raw, table, problems)
    settings = []
    for key, value in raw.items():
        path: KeyPath = (table, key)
        if key == _REASON:
            continue
        if key not in parameters:
            problems.unknown(path, [*parameters, _REASON])
        elif key != BY_INDICATION:
            settings += _read_value(parameters[key], path, value, reason, problems)
        elif not isinstance(value, dict):
            problems.add(path, f"{quoted(value)} is {kind_of(value)}", "write it as a table of indications")
        else:
            known = [indication.code for indication in knowledge.indications]
            for code, rate in value.items():
                if code in known:
                    settings += _read_value(parameters[key], (*path, code), rate, reason, problems, code)
                else:
                    problems.unknown((*path, code), known, what="is no indication known here")
    if not (set(raw) - {_REASON}) or raw.get(BY_INDICATION) == {}:
        problems.add((table,), "sets nothing", f"give it one of {', '.join(parameters)}, or remove it")
    return settings


def _read_reason(raw: Mapping[str, Any], table: str, problems: Problems) -> str:
    reason = raw.get(_REASON)
    if is_text(reason):
        return " ".join(str(reason).split())
    if _REASON in raw:
        problems.add((table, _REASON), f"{quoted(reason)} says no reason", "write the reason as a text, or remove it")
    return ""


def _read_value(
    parameter: Parameter, path: KeyPath, written: Any, reason: str, problems: Problems, indication: str = ""
) -> list[Setting]:
    """The value as a list of one; of none where it cannot be read."""
    try:
        value = parameter.kind.read(written)
    except ValueError as error:
        problems.add(path, str(error), f"write {parameter.kind.words}")
        return []
    kept = written if isinstance(written, str) else value
    return [Setting(parameter, path, kept, value, indication, reason)]


def _is_impossible(setting: Setting, knowledge: Knowledge, problems: Problems) -> bool:
    kind, bounds = setting.parameter.kind, setting.parameter.bounds
    values = setting.value if isinstance(setting.value, tuple) else (setting.value,)
    for value in values:
        wrong = bounds.broken(value, knowledge, kind.unit) if isinstance(value, float) else ""
        if wrong:
            problems.add(setting.path, f"{quoted(setting.written)} cannot be: it {wrong}", f"write {kind.words}")
            return True
    return False


def built_in_written(policy: Policy, parameter: Parameter, indication: str = "") -> Any:
    """A parameter as the policy has it; for an indication that it does not name, the rate of every other."""
    table = getattr(policy, parameter.table)
    if parameter.key == BY_INDICATION:
        return table.by_indication.get(indication, table.other)
    return getattr(table, parameter.key)


def _built_in_value(policy: Policy, parameter: Parameter, indication: str = "") -> Value:
    written = built_in_written(policy, parameter, indication)
    return parameter.kind.read(list(written) if isinstance(written, tuple) else written)


def direction_of(setting: Setting, policy: Policy) -> str:
    """tighter, looser or other than the built-in policy; "" where it is the same."""
    return setting.parameter.direction(_built_in_value(policy, setting.parameter, setting.indication), setting.value)


def _check_reason(setting: Setting, knowledge: Knowledge, problems: Problems) -> None:
    policy = knowledge.policy.entry
    if direction_of(setting, policy) == "looser" and not setting.reason:
        built_in = as_text(built_in_written(policy, setting.parameter, setting.indication))
        problems.add(
            setting.path,
            f"{quoted(setting.written)} is looser than the built-in {built_in}, and has no reason",
            f'add reason = "…" to [{setting.parameter.table}], or do not loosen it',
        )


def highest_label(knowledge: Knowledge) -> tuple[Figure, str]:
    """The highest maximum that any label allows, and the product and indication that it stands on."""
    figures = [
        (row.maximum, f"{product.name}, {row.indication}")
        for product in knowledge.products
        for row in product.labels
        if row.maximum
    ]
    return max(figures, key=lambda figure: figure[0].rate)


def _check_relations(settings: Sequence[Setting], knowledge: Knowledge, problems: Problems) -> None:
    """Values that are possible in themselves, and not together."""
    policy = knowledge.policy.entry
    given = {setting.name: setting for setting in settings}

    def in_force(table: str, key: str = "value") -> float:
        parameter = next(each for each in PARAMETERS if (each.table, each.key) == (table, key))
        setting = given.get(parameter.name())
        value = setting.value if setting else _built_in_value(policy, parameter)
        return value if isinstance(value, float) else float("nan")

    def at_most(name: str, limit: float, what: str) -> None:
        setting = given.get(name)
        if setting and isinstance(setting.value, float) and exceeds(setting.value, limit):
            shown_limit = f"{number(limit)} mg/kg/min"
            problems.add(
                setting.path, f"{quoted(setting.written)} is over {what}, {shown_limit}", f"at most {shown_limit}"
            )

    label, where = highest_label(knowledge)
    at_most("ceiling", label.rate, f"the highest maximum of any label ({where})")
    ceiling = in_force("ceiling")
    at_most("at_risk_ceiling", ceiling, "the ceiling")
    at_most("review_rate", min(in_force("at_risk_ceiling"), ceiling), "the ceiling of patients at risk")
    starts = policy.start_rate.by_indication
    for name in dict.fromkeys(("start_rate.other", *(f"start_rate.{code}" for code in starts), *given)):
        if not name.startswith("start_rate."):
            continue
        at_most(name, ceiling, "the ceiling")
        if name not in given and "ceiling" in given:
            _check_built_in_start(name, given["ceiling"], policy, problems)
    if not in_force("body_mass_index", "low") < in_force("body_mass_index", "high"):
        path = next(given[name].path for name in ("body_mass_index.low", "body_mass_index.high") if name in given)
        problems.add(path, "low is not below high", "write the range of a body-mass index that can be right")


def _check_built_in_start(name: str, ceiling: Setting, policy: Policy, problems: Problems) -> None:
    """A ceiling below a start rate that the site leaves as it is would let an infusion begin over its maximum."""
    code = name.removeprefix("start_rate.")
    key = "other" if code == "other" else BY_INDICATION
    parameter = next(each for each in PARAMETERS if (each.table, each.key) == ("start_rate", key))
    start = _built_in_value(policy, parameter, code)
    if isinstance(start, float) and isinstance(ceiling.value, float) and exceeds(start, ceiling.value):
        written = built_in_written(policy, parameter, code)
        fix = f"set {name} too" if key == "other" else f"set start_rate.{BY_INDICATION}.{code} too"
        problems.add(ceiling.path, f"{quoted(ceiling.written)} is below {name}, {written}", fix)


def merged(policy: Policy, settings: Sequence[Setting]) -> Policy:
    """The policy with a site's values, each table of which cites the site's file, and why.

    Where a value of the table stays as it was, the sources of the built-in one stand behind the site's.
    """
    changes: dict[str, Any] = {}
    for table in TABLES:
        own = [setting for setting in settings if setting.parameter.table == table]
        if own:
            changes[table] = _merged_table(policy, getattr(policy, table), own)
    return msgspec.structs.replace(policy, **changes)


def _merged_table(policy: Policy, built_in: Any, own: Sequence[Setting]) -> Any:
    changed = [setting for setting in own if direction_of(setting, policy)]
    values: dict[str, Any] = {s.parameter.key: s.written for s in changed if s.parameter.key != BY_INDICATION}
    by_indication = {setting.indication: setting.written for setting in changed if setting.indication}
    kept = {parameter.key for parameter in PARAMETERS if parameter.table == own[0].parameter.table} - set(values)
    if by_indication:
        values[BY_INDICATION] = built_in.by_indication | by_indication
        if set(built_in.by_indication) <= set(by_indication):
            kept.discard(BY_INDICATION)
    values["sources"] = (SITE_SOURCE, *(built_in.sources if kept else ()))
    values["note"] = own[0].reason or (built_in.note if kept else "")
    return msgspec.structs.replace(built_in, **values)


def deviations(policy: Policy, settings: Sequence[Setting]) -> list[tuple[KeyPath, Deviation]]:
    """What of the settings is otherwise than in the policy, with its key."""
    found = []
    for setting in settings:
        direction = direction_of(setting, policy)
        if direction:
            built_in = built_in_written(policy, setting.parameter, setting.indication)
            deviation = Deviation(setting.name, as_text(built_in), as_text(setting.written), direction, setting.reason)
            found.append((setting.path, deviation))
    return found
