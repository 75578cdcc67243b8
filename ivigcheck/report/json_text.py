"""Plain data as JSON: the one encoder of reports."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

_encode: Final = msgspec.json.Encoder().encode


def encoded(value: Any) -> bytes:
    """UTF-8. A half of a surrogate pair, which is no character and can come from a file's name, is an escape."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def indented(value: Any) -> bytes:
    """The same, laid out for reading."""
    try:
        return msgspec.json.format(_encode(value), indent=2)
    except UnicodeEncodeError:
        return json.dumps(value, indent=2).encode()
