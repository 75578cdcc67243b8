"""What is wrong with a settings file: every problem with its line, its key and its fix, all in one message."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, Final

from ivigcheck.errors import UsageError
from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.show import cut, number, visible

_LONGEST: Final = 60  # characters quoted of any value or key
_MOST_BITS: Final = 64  # of a whole number that is shown; no parameter has a longer one
_MOST_PROBLEMS: Final = 20
_LEAST_LIKENESS: Final = 0.6
_MOST_GUESSES: Final = 200  # of a file: each takes a while, and only so many problems are told
_NEAR_ZERO: Final = 1e-6
_FAR: Final = 1e15
_UNSEEN: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters, to Unicode, that are blank."""

_WORD = re.compile(r"[^\W_]{2,}")


def quoted(value: object) -> str:
    """A value of the file as a message may show it: at most 60 characters, and none that cannot be seen."""
    if isinstance(value, str):
        return f'"{shown(value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list, tuple)):
        return kind_of(value)
    return plain(value) if isinstance(value, (int, float)) else shown(str(value))


def plain(value: float) -> str:
    """A number of the file, with all its digits, and never with an exponent or more zeros than can be counted."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a number of very many digits"
    if value in (float("inf"), -float("inf")) or value != value:
        return str(value)
    if abs(value) >= _FAR:
        return "a number of very many digits"
    if 0 < abs(value) < _NEAR_ZERO:
        return "a number very near to 0"
    text = str(value)
    return number(value, 17) if "e" in text else text.removesuffix(".0")


def described(value: object) -> str:
    """What a value is that should be another: ``7 is a number``, ``is a list``."""
    listed = isinstance(value, (dict, list))
    return f"is {kind_of(value)}" if listed else f"{quoted(value)} is {kind_of(value)}"


def shown(text: str) -> str:
    """A text as a message may show it."""
    return cut(visible(text[: _LONGEST + 1]), _LONGEST)


def kind_of(value: object) -> str:
    """What TOML takes a value for."""
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "a yes or no"),
        (str, "a text"),
        ((int, float), "a number"),
        ((date, datetime, time), "a date or time"),
    )
    if isinstance(value, (list, tuple)):
        tables = value and all(isinstance(item, dict) for item in value)
        return "a list of tables" if tables else "a list"
    return next((words for kind, words in kinds if isinstance(value, kind)), "a table")


def nearest(word: str, known: Iterable[str], likeness: float = _LEAST_LIKENESS) -> str:
    """The known word that is most like this one, without regard to case; "" where none is so much like it."""
    by_case = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word[: 2 * _LONGEST].casefold(), by_case, 1, likeness)
    return by_case[found[0]] if found else ""


def key_text(path: KeyPath) -> str:
    """A key as the file would name it: ``start_rate.by_indication.CIDP``, ``products_in_use[1]``."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{shown(part)}"
    return text.removeprefix(".")


class Problems:
    """Collects what is wrong with one file, to be said at once.

    file: as the user named it. lines: of its keys.
    """

    def __init__(self, file: str, lines: dict[KeyPath, int]) -> None:
        self._file = file
        self._lines = lines
        self._found: dict[KeyPath, tuple[int, str]] = {}
        self._guesses = 0

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest table around it that the file has; 1 for what stands nowhere."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def add(self, path: KeyPath, what: str, fix: str) -> None:
        """One problem of the key at ``path``: what is wrong, and what to do about it. Of several the first is told."""
        line = self.line(path)
        self._found.setdefault(path, (line, f"{self._file}, line {line}, {key_text(path)}: {what}; fix: {fix}"))

    def did_you_mean(self, word: str, known: Iterable[str]) -> str:
        """`` (did you mean ceiling?)``, or nothing; nothing too where very many were asked."""
        self._guesses += 1
        name = nearest(word, known) if self._guesses <= _MOST_GUESSES else ""
        return f" (did you mean {name}?)" if name else ""

    def unknown(self, path: KeyPath, known: Iterable[str], *, what: str = "is not known here") -> None:
        """A key or a name that nothing has: names the nearest, and all that there are."""
        known = list(known)
        guess = self.did_you_mean(str(path[-1]), known)
        self.add(path, f"{what}{guess}", f"remove it, or write one of {', '.join(known)}")

    def stop(self) -> None:
        """Raises UsageError with every problem found, one a line, in the order of the file."""
        if not self._found:
            return
        told = [text for _, text in sorted(self._found.values(), key=lambda problem: problem[0])]
        more = len(told) - _MOST_PROBLEMS
        raise UsageError("\n".join([*told[:_MOST_PROBLEMS], *([f"and {more} more problems"] if more > 0 else [])]))


def is_text(value: Any) -> bool:
    """Whether a value is text that can be seen, with a letter or digit at least."""
    if not isinstance(value, str) or not " ".join(value.split()).isprintable():
        return False
    return any(ch.isalnum() and ch not in _UNSEEN for ch in value)


def is_reason(value: Any) -> bool:
    """Whether a value is text that can be seen, with a word of two letters or digits at least."""
    return is_text(value) and any(_UNSEEN.isdisjoint(word) for word in _WORD.findall(str(value)))
