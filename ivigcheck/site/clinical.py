"""A site's clinical parameters: read, compared with the built-in ones, and put in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ivigcheck.knowledge import Deviation, Knowledge
from ivigcheck.knowledge.model import Policy
from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.settings_file.problems import Problems, described, is_reason, plain, quoted, shown
from ivigcheck.site.parameters import BY_INDICATION, PARAMETERS, TABLES, Parameter
from ivigcheck.site.relations import Setting, built_in_value, built_in_written, check_relations

SITE_SOURCE: Final = "site-policy"
"""The key, among the knowledge's sources, of the site's own policy file."""

_REASON: Final = "reason"


def as_text(value: Any) -> str:
    """A value as it is written in a policy, in one line."""
    if isinstance(value, tuple):
        return ", ".join(map(as_text, value))
    return plain(value) if isinstance(value, float) else shown(str(value))


def read_settings(raw: Mapping[str, Any], knowledge: Knowledge, problems: Problems) -> list[Setting]:
    """The clinical parameters that a file sets, each possible in itself and beside the others.

    Everything else about them becomes a problem, and is left out.
    """
    settings = []
    for table in TABLES:
        if table in raw:
            settings += _read_table(raw[table], table, knowledge, problems)
    settings = [setting for setting in settings if not _is_impossible(setting, knowledge, problems)]
    check_relations(settings, knowledge, problems)
    for setting in settings:
        _check_reason(setting, knowledge, problems)
    return settings


def _read_table(raw: Any, table: str, knowledge: Knowledge, problems: Problems) -> list[Setting]:
    if not isinstance(raw, dict):
        problems.add((table,), described(raw), f"write it as a table, under [{table}]")
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
            problems.add(path, described(value), "write it as a table of indications")
        elif not value:
            problems.add(path, "names no indication", "give it one indication at least, or remove it")
        else:
            known = [indication.code for indication in knowledge.indications]
            for code, rate in value.items():
                if code in known:
                    settings += _read_value(parameters[key], (*path, code), rate, reason, problems, code)
                else:
                    problems.unknown((*path, code), known, what="is no indication known here")
    if not (set(raw) - {_REASON}):
        problems.add((table,), "sets nothing", f"give it one of {', '.join(parameters)}, or remove it")
    return settings


def _read_reason(raw: Mapping[str, Any], table: str, problems: Problems) -> str:
    reason = raw.get(_REASON)
    if is_reason(reason):
        return " ".join(str(reason).split())
    if _REASON in raw:
        fix = "write why, in words that can be seen, or remove it"
        problems.add((table, _REASON), f"{quoted(reason)} says no reason", fix)
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
        possible = bounds.broken(value, knowledge, kind.unit) if isinstance(value, float) else ""
        if possible:
            what = f"{as_text(setting.written)} cannot be: it must be {possible}"
            problems.add(setting.path, what, f"write a value of {possible}")
            return True
    return False


def direction_of(setting: Setting, policy: Policy) -> str:
    """tighter, looser or other than the built-in policy; "" where it is the same."""
    return setting.parameter.direction(built_in_value(policy, setting.parameter, setting.indication), setting.value)


def _check_reason(setting: Setting, knowledge: Knowledge, problems: Problems) -> None:
    policy = knowledge.policy.entry
    direction = direction_of(setting, policy)
    if setting.reason or not (direction == "looser" or (direction and setting.parameter.needs_reason)):
        return
    built_in = as_text(built_in_written(policy, setting.parameter, setting.indication))
    problems.add(
        setting.path,
        f"{quoted(setting.written)} is {direction} than the built-in {built_in}, and has no reason",
        f'add reason = "…" to [{setting.parameter.table}], or leave it as built in',
    )


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
    # Those too that are as built in: an indication that the built-in policy does not name would else have the rate of
    # every other, which the site may have changed.
    by_indication = {setting.indication: setting.written for setting in own if setting.indication}
    kept = {parameter.key for parameter in PARAMETERS if parameter.table == own[0].parameter.table} - set(values)
    if by_indication:
        values[BY_INDICATION] = built_in.by_indication | by_indication
        if set(built_in.by_indication) <= {setting.indication for setting in changed}:
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
