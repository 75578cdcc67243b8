"""Ids that may be one patient's, written otherwise: they differ only in case, leading zeros or punctuation.

Such an id is never taken for the other one, for two patients may have them. It is shown, so that a person looks.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")  # letters by name, and blanks to the eye
_LEADING_ZEROS: Final = re.compile("(?<![0-9])0+(?=[0-9])")


def near_keys(patient_id: str) -> tuple[str, str]:
    """Two keys of an id; two ids are near where they differ and have the first or the second in common.

    The order of the two steps matters: ``00-12`` is ``0012`` without its hyphen, and ``0-12`` without its zero. The
    first key drops punctuation first, the second drops zeros first. Each says in front which it is.
    """
    text = unicodedata.normalize("NFKC", patient_id).casefold()
    one, other = _without_zeros(_letters_and_digits(text)), _letters_and_digits(_without_zeros(text))
    if not one:  # of punctuation alone: it is near nothing
        return f"1={text}", f"2={text}"
    return f"1{one}", f"2{other}"


def _letters_and_digits(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return "".join(ch for ch in text if ch.isalnum() and ch not in _FILLERS)


def _without_zeros(text: str) -> str:
    """Each run of digits without its leading zeros; a run of zeros alone keeps one."""
    return _LEADING_ZEROS.sub("", text) if "0" in text else text
