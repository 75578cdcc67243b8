"""The shape that a file is to have, as a struct of msgspec; whatever has another shape is a problem."""

from __future__ import annotations

import math
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.settings_file.problems import Problems, described, quoted

Shape = TypeVar("Shape", bound=Struct)

_NOTHING: Final = object()
"""What is left of a value of the wrong shape."""


def sound(raw: dict[str, Any], shape: type[Shape], problems: Problems, also: Iterable[str] = ()) -> Shape:
    """What of a file's keys has its shape, as that struct; the rest is left out, and each of it is a problem.

    raw: as a TOML parser gives it. shape: every field of it has a default, which is what a wrong value leaves; types
    are str, bool, int, tuples and dicts of these and of structs, and unions. A struct that may stand instead of a text
    says what it is in ``in_words``. also: keys that would be known here, for hints.
    """
    return msgspec.convert(_sound(raw, shape, (), problems, also), shape)


def _sound(value: Any, wanted: Any, path: KeyPath, problems: Problems, also: Iterable[str] = ()) -> Any:
    """What of a value has the shape that is wanted of it."""
    members = _members(wanted)
    member = next((each for each in members if _is_of(value, each)), None)
    if member is None:
        problems.add(path, _described(value, members), f"write {_words(wanted)}")
        return _NOTHING
    if get_origin(member) is dict:
        items = {key: _sound(item, get_args(member)[1], (*path, key), problems) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not _NOTHING}
    if get_origin(member) is tuple:
        listed = [_sound(item, get_args(member)[0], (*path, k), problems) for k, item in enumerate(value)]
        return _NOTHING if _NOTHING in listed else listed
    return value if member in (str, bool, int) else _sound_struct(value, member, path, problems, also)


def _members(wanted: Any) -> tuple[Any, ...]:
    return get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)


def _is_of(value: Any, member: Any) -> bool:
    """Whether a TOML parser gives such a value for this type."""
    if member in (str, bool, int):
        return type(value) is member  # a bool is an int to Python, and none here
    return isinstance(value, list if get_origin(member) is tuple else dict)


def _described(value: Any, members: tuple[Any, ...]) -> str:
    """What a value is that should be another; of 26.0, which is shown as 26, why it is no whole number."""
    if int in members and isinstance(value, float) and math.isfinite(value):
        return f"{quoted(value)} is written with a point or an exponent"
    return described(value)


def _sound_struct(
    value: dict[str, Any], shape: type[Struct], path: KeyPath, problems: Problems, also: Iterable[str]
) -> Any:
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    found = {}
    for key, item in value.items():
        if key in fields:
            found[key] = _sound(item, fields[key].type, (*path, key), problems)
        else:
            problems.unknown((*path, key), [*fields, *also])
    missing = [name for name, field in fields.items() if field.required and name not in value]
    if missing:
        problems.add(path, f"has no {' and no '.join(missing)}", f"add {' and '.join(missing)} to it")
    found = {key: item for key, item in found.items() if item is not _NOTHING}
    incomplete = any(field.required and name not in found for name, field in fields.items())
    return _NOTHING if incomplete else found


def _words(wanted: Any) -> str:
    """What to write, such as ``a text in quotes``."""
    members = _members(wanted)
    if bool in members:
        return "true or false"
    if int in members:
        return "a whole number without quotes"
    if str in members:
        tables = [each for each in members if get_origin(each) is None and each is not str]
        return "a text in quotes" + "".join(f", or {each.in_words} as {_form(each)}" for each in tables)
    if get_origin(members[0]) is tuple:
        return "a list of texts in [ ]"
    of = msgspec.structs.fields(members[0]) if get_origin(members[0]) is None else ()
    return f"a table with {' and '.join(field.name for field in of) or 'keys and values'}"


def _form(shape: type[Struct]) -> str:
    return f"{{ {', '.join(f'{field.name} = …' for field in msgspec.structs.fields(shape))} }}"
