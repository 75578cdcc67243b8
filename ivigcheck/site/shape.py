"""The shape of a site's policy file, beside its clinical parameters; whatever has another shape is a problem."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, get_args, get_origin

import msgspec
from msgspec import Struct

from ivigcheck.site.lines import KeyPath
from ivigcheck.site.problems import Problems, described


class OwnHeader(Struct, frozen=True, forbid_unknown_fields=True):
    """A site's own header for a quantity, and the unit that it states."""

    header: str
    unit: str


class SeverityChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The severity that a site gives a rule, and why."""

    severity: str
    reason: str


class SiteFile(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of the file but the tables of clinical parameters, as written. headers: column -> its headers;
    severity: rule code -> its change."""

    id: str = ""
    version: str = ""
    title: str = ""
    signed_off_knowledge: str = ""
    time_zone: str = ""
    encoding: str = ""
    default_product: str = ""
    products_in_use: tuple[str, ...] = ()
    absent_means_no: tuple[str, ...] = ()
    headers: dict[str, str | OwnHeader | tuple[str | OwnHeader, ...]] = {}
    severity: dict[str, SeverityChange] = {}
    require_history: bool = False


_NOTHING: Final = object()
"""What is left of a value of the wrong shape."""


def read_shape(raw: dict[str, Any], tables: Iterable[str], problems: Problems) -> SiteFile:
    """The file's keys but for ``tables``, in their shape. What has another shape is a problem, and is left out."""
    tables = tuple(tables)
    settings = {name: value for name, value in raw.items() if name not in tables}
    return msgspec.convert(_sound(settings, SiteFile, (), problems, also=tables), SiteFile)


def _sound(value: Any, wanted: Any, path: KeyPath, problems: Problems, also: Iterable[str] = ()) -> Any:
    """What of a value has the shape that is wanted of it. also: keys that would be known here, for hints."""
    members = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    member = next((each for each in members if isinstance(value, _python_type(each))), None)
    if member is None:
        problems.add(path, described(value), f"write {_words(wanted)}")
        return _NOTHING
    if get_origin(member) is dict:
        sound = {key: _sound(item, get_args(member)[1], (*path, key), problems) for key, item in value.items()}
        return {key: item for key, item in sound.items() if item is not _NOTHING}
    if get_origin(member) is tuple:
        items = [_sound(item, get_args(member)[0], (*path, k), problems) for k, item in enumerate(value)]
        return _NOTHING if _NOTHING in items else items
    return value if member in (str, bool) else _sound_struct(value, member, path, problems, also)


def _python_type(member: Any) -> type:
    """What a TOML parser gives for this type."""
    if member in (str, bool):
        return member  # type: ignore[no-any-return]
    return list if get_origin(member) is tuple else dict


def _sound_struct(
    value: dict[str, Any], shape: type[Struct], path: KeyPath, problems: Problems, also: Iterable[str]
) -> Any:
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    sound = {}
    for key, item in value.items():
        if key in fields:
            sound[key] = _sound(item, fields[key].type, (*path, key), problems)
        else:
            problems.unknown((*path, key), [*fields, *also])
    missing = [name for name, field in fields.items() if field.required and name not in value]
    if missing:
        problems.add(path, f"has no {' and no '.join(missing)}", f"add {' and '.join(missing)} to it")
    sound = {key: item for key, item in sound.items() if item is not _NOTHING}
    incomplete = any(field.required and name not in sound for name, field in fields.items())
    return _NOTHING if incomplete else sound


def _words(wanted: Any) -> str:
    members = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    if bool in members:
        return "true or false"
    if str in members:
        several = "" if len(members) == 1 else ", or what states its unit as { header = …, unit = … }"
        return "a text in quotes" + several
    if get_origin(members[0]) is tuple:
        return "a list of texts in [ ]"
    of = msgspec.structs.fields(members[0]) if get_origin(members[0]) is None else ()
    return f"a table with {' and '.join(field.name for field in of) or 'keys and values'}"
