"""The observations of a reaction from options or from a JSON file; both made from one table."""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ivigcheck.errors import InputError, UsageError
from ivigcheck.reaction import OBSERVATION, OBSERVATIONS, Observation
from ivigcheck.show import cut, visible

Texts = dict[str, str]
"""Observation -> what was said of it, as text."""

_MOST_BYTES: Final = 1 << 20
_SHOWN: Final = 40


def _names(each: Observation) -> list[str]:
    option = f"--{each.name.replace('_', '-')}"
    return [*(("--age",) if each.name == "age_years" else ()), *dict.fromkeys((option, option.lower()))]


def _metavar(each: Observation) -> str:
    if each.kind == "answer":
        return "YES|NO"
    return f'"{each.shown}"' if " " in each.shown else each.shown


def takes_observations(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose first parameter, ``texts``, is filled from an option for each observation."""
    own = [each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "texts"]
    options = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default="",
            annotation=Annotated[str, typer.Option(*_names(each), metavar=_metavar(each), help=each.question)],
        )
        for each in OBSERVATIONS
    ]

    @functools.wraps(command)
    def wrapped(**given: Any) -> int:
        texts = {each.name: visible(text) for each in OBSERVATIONS if (text := given.pop(each.name))}
        return command(texts, **given)

    parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *options]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    return wrapped


def read_file(name: str) -> Texts:
    """The observations of a JSON file (``-``: standard input): an object of names and texts, numbers, true or false.

    Raises InputError where it cannot be read or is no JSON, UsageError where it holds something else.
    """
    shown = "standard input" if name == "-" else visible(name)
    try:
        if name == "-":
            content = sys.stdin.buffer.read(_MOST_BYTES + 1) if sys.stdin else b""
        else:
            with Path(name).open("rb") as stream:
                content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is none that a file can have"
        raise InputError(f"{shown}: cannot be read: {why}.") from error
    if len(content) > _MOST_BYTES:
        raise InputError(f"{shown}: has more than {_MOST_BYTES >> 20} MiB, and is no file of observations.")
    try:
        # Numbers stay text: they are read by the program's own grammar, like every other.
        raw = json.loads(
            content.decode("utf-8-sig"),
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=functools.partial(_object, shown),
        )
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: is not UTF-8: save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{shown}, line {error.lineno}: is no JSON: {error.msg}.") from error
    except RecursionError as error:
        raise InputError(f"{shown}: lists or objects lie too deeply in each other.") from error
    if not isinstance(raw, dict):
        raise UsageError(f'{shown}: is no JSON object: write {{"age_years": 58, "facial_droop": "no", …}}.')
    return {key: text for key, value in raw.items() if (text := _text(shown, key, value))}


def _object(shown: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(f'{shown}: "{visible(cut(key, _SHOWN))}" stands there twice: name it once.')
        found[key] = value
    return found


def _text(shown: str, key: str, value: Any) -> str:
    name = visible(cut(key, _SHOWN))
    if key not in OBSERVATION:
        raise UsageError(f'{shown}: "{name}" is no observation. Known: {", ".join(OBSERVATION)}.')
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        raise UsageError(f'{shown}: "{name}" is a list or an object: write a text, a number, true or false.')
    return visible(value)


def merged(file: Mapping[str, str], options: Mapping[str, str]) -> Texts:
    """The file's observations and the options'. Raises UsageError where the two say different things."""
    for name in file.keys() & options.keys():
        if file[name] != options[name]:
            raise UsageError(f"{name}: the file and the option say different things: leave one out.")
    return {**file, **options}
