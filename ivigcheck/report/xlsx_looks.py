"""How the workbook's cells look: a style for each kind of text and number, and the colours of the words."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

COLOURS: Final = {
    "STOP": ("FFFFFF", "B00020"),
    "UNCHECKED": ("000000", "F4B183"),
    "REVIEW": ("000000", "FFF2CC"),
    "PASS": ("000000", "E2EFDA"),
    "INFO": ("000000", "EDEDED"),
}
"""Word -> (letters, background): the word says it, the colour repeats it."""

BEFORE: Final = ("", "< ", "over ", "reaches ")
"""What may stand before a number: "< " before a limit that must not be reached, a word where a rate breaks one."""

_MOST_DECIMALS: Final = 12
_SPACE_AFTER: Final = "_)"  # in a number format: as wide as a bracket
_LINK: Final = "0563C1"
_BROKEN: Final = {"letters": "B00020", "bold": True}

Looks = Mapping[Any, Any]
"""An openpyxl cell for each style of text, and for each (decimals, what stands before) of a number."""


def number_format(decimals: int | None, before: str) -> str:
    """Exactly so many decimals, so that a number has no trailing zero."""
    shown = "General" if decimals is None else "0." + "0" * decimals if decimals else "0"
    quoted = f'"{before}"' if before else ""
    return f"{quoted}{shown}{_SPACE_AFTER}"


def decimals_shown(decimals: int | None) -> int | None:
    """As many decimals as there is a style for; None, which shows as many as it takes, from there on."""
    return decimals if decimals is not None and decimals <= _MOST_DECIMALS else None


def _look_after(before: str) -> Mapping[str, Any]:
    return _BROKEN if before[:1].isalpha() else {}


def looks_of(page: Any) -> Looks:
    """A cell of each look, for a page to be filled with."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    def look(alignment: Alignment, *, colour: tuple[str, str] | None = None, size: int = 10, **given: Any) -> Any:
        cell: Any = WriteOnlyCell(page)
        letters, background = colour or (given.pop("letters", "000000"), None)
        bold, underline = given.pop("bold", colour is not None), given.pop("underline", None)
        cell.font = Font(name="Calibri", size=size, bold=bold, color=letters, underline=underline)
        if background:
            cell.fill = PatternFill("solid", fgColor=background)
        cell.alignment = alignment
        for name, value in given.items():
            setattr(cell, name, value)
        return cell

    # quotePrefix: what is a text stays one when somebody edits the cell.
    text = partial(look, Alignment(vertical="top", wrap_text=True), quotePrefix=True)
    header = partial(look, Alignment(vertical="center", wrap_text=True), quotePrefix=True)
    right = Alignment(horizontal="right", vertical="top", shrink_to_fit=True)
    kinds = itertools.product((None, *range(_MOST_DECIMALS + 1)), BEFORE)
    return {
        "text": text(),
        "strong": text(bold=True),
        "link": text(bold=True, underline="single", letters=_LINK),
        "title": look(Alignment(vertical="center"), size=14, bold=True, quotePrefix=True),
        "header": header(colour=("000000", "D9E1F2"), border=Border(bottom=Side("thin", color="7F7F7F"))),
        **{word: text(colour=colour) for word, colour in COLOURS.items()},
        **{kind: look(right, number_format=number_format(*kind), **_look_after(kind[1])) for kind in kinds},
    }
