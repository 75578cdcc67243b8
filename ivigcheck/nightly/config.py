"""The configuration of an unattended run: read whole and strictly, before anything is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivigcheck.intake.csv_text import is_plain_encoding
from ivigcheck.nightly.keys import (
    BOUNDS,
    FAIL_ON,
    FOLDERS,
    FORMAT_NAMES,
    PATHS,
    REQUIRED,
    ConfigFile,
    NightlyConfig,
    example_config,
)
from ivigcheck.nightly.places import missing
from ivigcheck.settings_file import Problems, read_document, sound
from ivigcheck.settings_file.problems import plain, quoted
from ivigcheck.show import visible
from ivigcheck.site import BUILT_IN

__all__ = ["NightlyConfig", "example_config", "missing", "read_config"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def read_config(path: Path) -> NightlyConfig:
    """The configuration that a file states. Nothing that it names need exist: ``missing`` tells that.

    Relative paths in it are taken from its own folder. Raises UsageError naming file, line, key and fix of everything
    that is wrong.
    """
    document = read_document(path, "configuration")
    raw, problems = document.raw, Problems(document.file, document.lines)
    file = sound(raw, ConfigFile, problems)
    paths = _paths(file, raw, path.absolute().parent, problems)
    _check_places(paths, file, problems)
    _check_patterns(file, raw, problems)
    _check_formats(file, raw, problems)
    _check_words(file, raw, problems)
    _check_numbers(file, problems)
    problems.stop()
    return NightlyConfig(
        file=path.absolute(),
        name=file.name,
        inbox=paths["inbox"],
        patterns=file.patterns,
        archive=paths.get("archive"),
        quarantine=paths["quarantine"],
        reports=paths["reports"],
        formats=file.formats,
        history=paths["history"],
        policy=paths.get("policy"),
        sheet=file.sheet or None,
        encoding=file.encoding or None,
        fail_on=file.fail_on,
        acknowledged_count=file.acknowledged_count,
        gone_after_days=file.gone_after_days,
        min_orders=file.min_orders,
        max_file_age_hours=file.max_file_age_hours,
        settle_seconds=file.settle_seconds,
        max_wait_seconds=file.max_wait_seconds,
        status_hours=file.status_hours,
    )


def _paths(file: ConfigFile, raw: Mapping[str, Any], folder: Path, problems: Problems) -> dict[str, Path]:
    """The paths that are set and can be meant, by their keys; the built-in policy has none."""
    paths = {}
    for name in PATHS:
        text: str = getattr(file, name)
        if name not in raw:
            if name in REQUIRED:
                problems.add((name,), "is missing", f'add {name} = "…"{_or_built_in(name)}')
        elif not _is_line(text):  # so is what was no text: of that its shape has told already
            _say_nothing(name, text, problems)
        elif text != text.strip():
            problems.add((name,), f"{quoted(text)} begins or ends with a space", "write it without")
        elif text.startswith("~"):
            problems.add((name,), f'{quoted(text)} begins with "~", which is not expanded', "write it from / on")
        elif name == "policy" and text.casefold() == BUILT_IN:
            if text != BUILT_IN:
                what = f"{quoted(text)} is not how the built-in policy is written"
                problems.add((name,), what, f'write "{BUILT_IN}", or the name of a file')
        else:
            paths[name] = folder / text
    return paths


def _or_built_in(name: str) -> str:
    return f', a policy file or "{BUILT_IN}"' if name == "policy" else ""


def _is_line(text: str) -> bool:
    """Whether a text says something, and has no character that cannot be seen."""
    return bool(text.strip()) and visible(text) == text


def _say_nothing(name: str, text: str, problems: Problems) -> None:
    problems.add((name,), f"{quoted(text)} says nothing, or cannot be seen", "write a text of one line")


def _check_places(paths: Mapping[str, Path], file: ConfigFile, problems: Problems) -> None:
    """The folders are four, and the history lies in none whose files are moved about."""
    named = {name: paths[name] for name in FOLDERS if name in paths}
    for k, (name, folder) in enumerate(named.items()):
        same = next((other for other in [*named][:k] if _is_same(folder, named[other])), None)
        if same:
            what = f"{quoted(getattr(file, name))} is the same folder as {same}"
            problems.add((name,), what, "name a folder of its own")
    if "history" not in paths:
        return
    # Both the name, which a run could move away, and what a link of that name leads to.
    above = [*_resolved(paths["history"].parent / "history").parents, *_resolved(paths["history"] / "in").parents]
    for name in ("inbox", "archive", "quarantine"):
        if name in named and any(_is_same(each, named[name]) for each in dict.fromkeys(above)):
            what = f"{quoted(file.history)} lies in the folder {name}, whose files are moved or removed"
            problems.add(("history",), what, "name a file in a folder of its own")


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links that lead to each other
        return path


def _is_same(one: Path, other: Path) -> bool:
    """Whether two names are of one folder: by their text, or by the file system, which may not tell case apart."""
    try:
        return _resolved(one) == _resolved(other) or one.samefile(other)
    except (OSError, ValueError):
        return False


def _check_patterns(file: ConfigFile, raw: Mapping[str, Any], problems: Problems) -> None:
    if raw.get("patterns") == []:
        problems.add(("patterns",), "names no pattern", 'name one at least, such as "*.csv"')
    for k, pattern in enumerate(file.patterns):
        if not _is_line(pattern):
            what = "says nothing, or cannot be seen"
        elif "/" in pattern or "\\" in pattern:
            what = "names a folder: only files of the inbox itself are checked"
        elif pattern.startswith("."):
            what = "begins with a dot: hidden files are not checked"
        elif pattern != pattern.strip():
            what = "begins or ends with a space"
        else:
            continue
        problems.add(
            ("patterns", k), f"{quoted(pattern)} {what}", 'write the pattern of a file\'s name, such as "*.csv"'
        )


def _check_formats(file: ConfigFile, raw: Mapping[str, Any], problems: Problems) -> None:
    listed = ", ".join(FORMAT_NAMES)
    if raw.get("formats") == []:
        problems.add(("formats",), "names no format", f"name one of {listed} at least")
    for k, name in enumerate(file.formats):
        if name.startswith(".") and name[1:] in FORMAT_NAMES:
            problems.add(("formats", k), f"{quoted(name)} begins with a dot", f'write "{name[1:]}"')
        elif name not in FORMAT_NAMES:
            what = f"{quoted(name)} is no format of reports{problems.did_you_mean(name, FORMAT_NAMES)}"
            problems.add(("formats", k), what, f"write one of {listed}")
        elif name in file.formats[:k]:
            problems.add(("formats", k), f"{quoted(name)} stands here twice", "name it once")


def _check_words(file: ConfigFile, raw: Mapping[str, Any], problems: Problems) -> None:
    if not _NAME.fullmatch(file.name):
        what = f"{quoted(file.name)} is no name of a run"
        problems.add(("name",), what, "write 1 to 40 of the letters a to z, digits, - and _")
    if "sheet" in raw and not _is_line(file.sheet):
        _say_nothing("sheet", file.sheet, problems)
    if "encoding" in raw and not is_plain_encoding(file.encoding):
        what = f"{quoted(file.encoding)} is no text encoding that is read here"
        problems.add(("encoding",), what, "write one such as utf-8, cp1252 or utf-16")
    if file.fail_on not in FAIL_ON:
        what = f"{quoted(file.fail_on)} is no status to fail on{problems.did_you_mean(file.fail_on, FAIL_ON)}"
        problems.add(("fail_on",), what, f"write one of {', '.join(FAIL_ON)}")


def _check_numbers(file: ConfigFile, problems: Problems) -> None:
    for name, (least, most) in BOUNDS.items():
        value: int = getattr(file, name)
        if not least <= value <= most:
            what = f"{plain(value)} cannot be: it must be at least {least} and at most {most}"
            problems.add((name,), what, f"write a whole number of at least {least} and at most {most}")
