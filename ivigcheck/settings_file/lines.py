"""On which line of a TOML text each key stands: a parser gives the values, and a user must find them again."""

from __future__ import annotations

import bisect
import re
from typing import Final

import tomli

KeyPath = tuple[str | int, ...]
"""A key with the tables that it lies in; a number is a position in a list."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_\-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
# The three quotes that end a text may have up to two before them that belong to it.
_TEXTS: Final = {
    '"""': re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL),
    "'''": re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*"'),
    "'": re.compile(r"'[^']*'"),
}


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of each key, table and list item of a text that a parser has accepted.

    A table that stands in several places has its first one. Raises RecursionError where it is nested too deeply.
    """
    return _Scanner(text).lines


class _Scanner:
    """Reads only as much of the grammar as it takes to know where a key begins and its value ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[KeyPath, int] = {}
        self._repeats: dict[KeyPath, int] = {}
        prefix: KeyPath = ()
        while self._skip(_BLANK) < len(text):
            if text[self._at] == "[":
                prefix = self._header()
            else:
                self._pair(prefix)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Goes past what the pattern finds here, and gives the new position."""
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return self._at

    def _note(self, path: KeyPath, at: int) -> None:
        line = bisect.bisect_left(self._line_ends, at) + 1
        while path and path not in self.lines:  # what a known key lies in is known too
            self.lines[path] = line
            path = path[:-1]

    def _header(self) -> KeyPath:
        """``[table]`` or ``[[table]]``: what the keys below it lie in."""
        repeated = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if repeated else 1
        path = self._key()
        if repeated:
            count = self._repeats.get(path, 0)
            self._repeats[path] = count + 1
            path = (*path, count)
        self._at = self._text.index("]", self._at) + (2 if repeated else 1)
        self._note(path, start)
        return path

    def _key(self) -> KeyPath:
        """A key, dotted or not; afterwards the position is behind it and the spaces that follow."""
        parts: list[str | int] = []
        while True:
            self._skip(_SPACE)
            start = self._at
            quote = self._text[start]
            if quote in "\"'":
                self._skip(_TEXTS[quote])
                parts.append(next(iter(tomli.loads(f"{self._text[start : self._at]} = 0"))))
            else:
                self._skip(_BARE_KEY)
                parts.append(self._text[start : self._at])
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _pair(self, prefix: KeyPath) -> None:
        start = self._at
        path = (*prefix, *self._key())
        self._note(path, start)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._items(path)
        elif opening == "{":
            self._at += 1
            while self._text[self._skip(_BLANK)] != "}":
                self._pair(path)
            self._at += 1
        else:
            quotes = next((quotes for quotes in _TEXTS if self._text.startswith(quotes, self._at)), "")
            self._skip(_TEXTS[quotes] if quotes else _SCALAR)

    def _items(self, path: KeyPath) -> None:
        self._at += 1
        position = 0
        while self._text[self._skip(_BLANK)] != "]":
            self._note((*path, position), self._at)
            self._value((*path, position))
            position += 1
        self._at += 1
