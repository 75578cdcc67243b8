"""A settings file as it is read: opened strictly, its text as TOML, and the line of each key."""

from __future__ import annotations

import ast
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomli

from ivigcheck.errors import UsageError
from ivigcheck.settings_file.lines import KeyPath, key_lines
from ivigcheck.settings_file.problems import key_text
from ivigcheck.show import visible

_MOST_KIB: Final = 256  # a policy of a thousand headers has a third of that
_KEY = re.compile(r"\((?:'[^']*'|\"[^\"]*\")(?:, (?:'[^']*'|\"[^\"]*\"))*,?\)")
"""A key with its tables, as the parser's messages have it."""


@dataclass(frozen=True, eq=False, repr=False)
class Document:
    """A file as it was read. file: its name for messages. lines: of its keys."""

    file: str
    content: bytes
    raw: dict[str, Any]
    lines: dict[KeyPath, int]


def unreadable(what: str, why: str | Exception) -> UsageError:
    """That a file cannot be read, to be raised. what: ``the policy file site.toml``. why: in words, or the error."""
    if isinstance(why, Exception):
        why = (why.strerror if isinstance(why, OSError) else None) or "its name is none that a file can have"
    return UsageError(f"{as_sentence(what)} cannot be read: {why}.")


def as_sentence(what: str) -> str:
    """Words with which a sentence begins."""
    return what[:1].upper() + what[1:]


def readable(path: Path, what: str) -> Path:
    """The path of a file that can be opened: what is no regular file (a pipe waits for ever) is not opened to see.

    what: the file in words, for messages: ``the policy file site.toml``. Raises UsageError.
    """
    try:
        mode = path.stat().st_mode
        allowed = os.access(path, os.R_OK)
    except FileNotFoundError as error:
        why = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
        raise UsageError(f"{as_sentence(what)} {why}.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise unreadable(what, error) from error
    if stat.S_ISDIR(mode):
        raise unreadable(what, "it is a folder. Name the file in it")
    if not stat.S_ISREG(mode):
        raise unreadable(what, "it is a pipe or a device. Name a file")
    if not allowed:
        raise unreadable(what, "no permission")
    return path


def read_document(path: Path, noun: str) -> Document:
    """A file's keys and values with their lines.

    noun: what the file is, for messages: ``policy``, which makes it "the policy file" and what is too long "no policy".
    Raises UsageError where it cannot be read, or is no TOML in UTF-8.
    """
    file = visible(str(path))
    what = f"the {noun} file {file}"
    most = _MOST_KIB << 10
    try:
        with readable(path, what).open("rb") as stream:
            content = stream.read(most + 1)
    except (OSError, ValueError) as error:
        raise unreadable(what, error) from error
    if len(content) > most:
        raise UsageError(f"{file}: has more than {_MOST_KIB} KiB, and is no {noun}; fix: name another file")
    text = _text(file, content)
    try:
        return Document(file, content, tomli.loads(text), key_lines(text))
    except tomli.TOMLDecodeError as error:
        raise _refused(file, min(error.lineno, text.count("\n") + 1), error.msg) from error
    except RecursionError as error:
        raise UsageError(f"{file}: lists or tables lie too deeply in each other; fix: write them flat") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise UsageError(f"{file}: has a number of very many digits; fix: write it shorter") from error


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file}, line {line}: is not UTF-8; fix: save the file as UTF-8") from error


def _refused(file: str, line: int, why: str) -> UsageError:
    fix = "one key to a line, as key = value, with texts in quotes"
    if re.match("Cannot (declare|overwrite|redefine|mutate)", why):
        fix = "name each key and each table once"
    plain = visible(_KEY.sub(lambda key: f"[{key_text(ast.literal_eval(key.group()))}]", why))
    return UsageError(f"{file}, line {line}: is not TOML: {plain}; fix: {fix}")
