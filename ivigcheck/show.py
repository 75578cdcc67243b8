"""How numbers and texts are shown: rounding that hides no broken limit, and no character that a reader cannot see."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import Final

import numpy as np

from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

CUT_MARK: Final = "…(cut)"
_DIGITS: Final = 4
_MOST_DIGITS: Final = 17
_KEPT: Final = 10_000  # numbers as shown: limits and round weights, doses and rates come again and again


@lru_cache(maxsize=_KEPT)
def number(value: float, digits: int = _DIGITS + 2) -> str:
    """A number without exponent, without trailing zeros, and with a zero before its point."""
    return _shown(value, digits)


def _shown(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "more than can be shown"
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = np.format_float_positional(float(text), trim="-")
    return text if text != "-0" else "0"


def rounded_down(value: float, digits: int = _DIGITS + 2) -> str:
    """A limit as it may be shown: never more than it is."""
    text = number(value, digits)
    if not math.isfinite(value) or value <= 0 or float(text) <= value:
        return text
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return number(float(text) - step, digits)


def against(value: float, limit: float, *, exclusive: bool = False) -> str:
    """A value as it may be shown beside its limit: with as many digits as it takes for the shown relation to be true.

    8.004 against 8 is not "8"; a value that equals the limit within the tolerance is shown as the limit.
    """
    if not (math.isfinite(value) and math.isfinite(limit)):
        return number(value)
    if abs(value - limit) <= RELATIVE_TOLERANCE * abs(limit):
        return number(limit)
    over = bool(exceeds(value, limit, exclusive))
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        text = _shown(value, digits)
        shown = float(text)
        if bool(exceeds(shown, limit, exclusive)) == over and (shown != limit):
            return text
    return number(value, _MOST_DIGITS)


def duration(minutes: float) -> str:
    """A duration to the nearest minute: ``3 h 17 min``; halves go up, as clock times are rounded."""
    hours, rest = divmod(math.floor(minutes + 0.5), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def visible(text: str) -> str:
    """Text with every character that would not be seen, or that would act on a terminal, written as an escape."""
    if text.isprintable():
        return text
    return "".join(ch if _is_visible(ch) else _escape(ch) for ch in text)


def _is_visible(ch: str) -> bool:
    return ch == " " or (unicodedata.category(ch) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _escape(ch: str) -> str:
    code = ord(ch)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def cut(text: str, length: int) -> str:
    """Text of at most ``length`` characters, marked where it was cut."""
    return text if len(text) <= length else text[: max(0, length - len(CUT_MARK))] + CUT_MARK
