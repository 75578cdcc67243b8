"""Which policy file is in force, and its text as TOML."""

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
from ivigcheck.show import visible
from ivigcheck.site.lines import KeyPath, key_lines
from ivigcheck.site.problems import key_text

BUILT_IN: Final = "built-in"
"""The word that names the built-in policy where a file is asked for."""

VARIABLE: Final = "IVIGCHECK_POLICY"
_NAME: Final = "policy.toml"
_MOST_KIB: Final = 256  # a policy of a thousand headers has a third of that
_KEY = re.compile(r"\((?:'[^']*'|\"[^\"]*\")(?:, (?:'[^']*'|\"[^\"]*\"))*,?\)")
"""A key with its tables, as the parser's messages have it."""


@dataclass(frozen=True, eq=False, repr=False)
class Document:
    """A policy file as it was read. file: its name for messages. lines: of its keys."""

    file: str
    content: bytes
    raw: dict[str, Any]
    lines: dict[KeyPath, int]


def policy_path(option: str | None) -> Path | None:
    """The file of the policy in force, None for the built-in one.

    The option counts, else the environment variable IVIGCHECK_POLICY, else policy.toml in the user's configuration
    folder where there is one. Raises UsageError where the file that is named, or that is there, cannot be read.
    """
    if option is not None:
        return _named(option, f"the policy file {visible(option)}")
    variable = os.environ.get(VARIABLE, "")
    if variable:
        return _named(variable, f"the policy file {visible(variable)}, named by the variable {VARIABLE},")
    folder = _configuration_folder()
    if folder is None:
        return None
    path = folder / _NAME
    what = f"the policy file {visible(str(path))}"
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        for above in path.parents:
            if above.is_symlink() and not above.exists():  # the policy may lie behind it: it is not passed over
                broken = f"the link {visible(str(above))} leads nowhere"
                raise UsageError(f"{_sentence(what)} cannot be read: {broken}.") from None
        return None
    except OSError as error:
        raise UsageError(f"{_sentence(what)} cannot be read: {_why(error)}.") from error
    return _readable(path, what)


def _named(text: str, what: str) -> Path | None:
    if text == BUILT_IN:
        return None
    if not text.strip():
        raise UsageError(f"{_sentence(what)} has no name: name a file, or {BUILT_IN}.")
    return _readable(Path(text), what)


def _readable(path: Path, what: str) -> Path:
    """The path of a file that can be opened: what is no regular file (a pipe waits for ever) is not opened to see."""
    try:
        mode = path.stat().st_mode
        readable = os.access(path, os.R_OK)
    except FileNotFoundError as error:
        why = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
        raise UsageError(f"{_sentence(what)} {why}.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"{_sentence(what)} cannot be read: {_why(error)}.") from error
    if stat.S_ISDIR(mode):
        raise UsageError(f"{_sentence(what)} cannot be read: it is a folder. Name the file in it.")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{_sentence(what)} cannot be read: it is a pipe or a device. Name a file.")
    if not readable:
        raise UsageError(f"{_sentence(what)} cannot be read: no permission.")
    return path


def _sentence(what: str) -> str:
    return what[:1].upper() + what[1:]


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "its name is none that a file can have"


def _configuration_folder() -> Path | None:
    """The user's configuration folder of this program; None where the user has no home."""
    from typer import get_app_dir

    folder = Path(get_app_dir("ivigcheck"))
    if not folder.is_absolute():  # XDG_CONFIG_HOME is empty or relative, which counts as not set; or there is no home
        folder = Path("~/.config/ivigcheck")
        try:
            folder = folder.expanduser()
        except RuntimeError:
            return None
    return folder if folder.is_absolute() else None


def read_document(path: Path) -> Document:
    """A policy file's keys and values with their lines. Raises UsageError where it is no TOML in UTF-8."""
    file = visible(str(path))
    most = _MOST_KIB << 10
    try:
        with _readable(path, f"the policy file {file}").open("rb") as stream:
            content = stream.read(most + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"The policy file {file} cannot be read: {_why(error)}.") from error
    if len(content) > most:
        raise UsageError(f"{file}: has more than {_MOST_KIB} KiB, and is no policy; fix: name another file")
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
