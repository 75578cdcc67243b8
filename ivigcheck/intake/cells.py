"""What a workbook's cell says, as the text that a CSV file of the same orders would hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Final, NamedTuple

from openpyxl.utils import get_column_letter

from ivigcheck import units
from ivigcheck.columns import Column

UNSTORED: Final = "formula without a stored result"
ERRORS: Final = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!",
     "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!"}
)  # fmt: skip
_SAME_ANSWER: Final = {"1": ("yes", "y", "true"), "0": ("no", "n", "false")}
"""What the format of a number may show for it where yes or no belongs."""

_LONGEST_ID: Final = 15
"""Digits of a number that Excel keeps; it has rounded the further ones."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<symbol>[^\]\-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.|(?P<plain>.)', re.DOTALL
)
_PLAIN_NUMBER = re.compile(r"(general|@|[#0?, /]*(\.[#0? ]*)?(e[+-]0+)?)", re.IGNORECASE)
_SCALED = re.compile(r",(?![#0?])")
_PLACEHOLDER = re.compile(r"[#0?@]|general", re.IGNORECASE)
_SHOWS_ZERO = re.compile(r"[0@]|general", re.IGNORECASE)
_CONDITION = re.compile(r"\[\s*[<>=]")
_OTHER: Final = "\ufffd"  # stands for a literal that is not known here, and equals none
_CONTROL = re.compile(r"_x00[01][0-9A-Fa-f]_")
_CONTROL_SPACE = re.compile(r"_x000[9aAdD]_")


class Cell(NamedTuple):
    """A cell as it is stored. row, column: from 1. kind: openpyxl's data type, or ``UNSTORED``. style: an index."""

    row: int
    column: int
    value: object
    kind: str
    style: int

    @property
    def coordinate(self) -> str:
        """As the user sees it: D7."""
        return f"{get_column_letter(self.column)}{self.row}"

    @property
    def blank(self) -> bool:
        return self.kind != UNSTORED and (
            self.value is None or (isinstance(self.value, str) and not self.value.strip())
        )


@dataclass(frozen=True)
class _Format:
    """What a number format shows besides the number.

    percent: it shows a percentage. zeros: its width where it is only zeros, else 0.
    pads: it fills small numbers up with zeros. literal: text beside the number, or instead of it.
    plain: it shows the number as it is.
    """

    percent: bool
    zeros: int
    pads: bool
    literal: str
    plain: bool


class Said(NamedTuple):
    """A cell's text, or the reason why it has none (completes "<column> …")."""

    text: str = ""
    bad: str = ""


def cell_text(cell: Cell, number_format: str, column: Column) -> Said:
    """What a cell of a column says.

    Returns its text, stripped; or, for an error, a formula without a result, or a kind of value that the column does
    not take, the reason. Nothing is guessed: a date in a number's column is not its serial number.
    """
    value = cell.value
    if cell.kind == UNSTORED:
        return Said(
            bad=f"holds a formula without a stored result (cell {cell.coordinate}): open and save the file in Excel."
        )
    if cell.kind == "e":
        code = value if value in ERRORS else "an error"
        return Said(bad=f"holds {code} (cell {cell.coordinate}): correct the formula or write the value.")
    if value is None:
        return Said()
    if isinstance(value, str):
        return _text(value, cell)
    if isinstance(value, bool):
        said = Said("yes" if value else "no")
        return said if column.kind == "answer" else _misplaced("a true/false value", column, cell)
    if isinstance(value, date):
        return Said(_iso(value)) if column.kind == "date" else _misplaced("a date", column, cell)
    if isinstance(value, time):
        return _misplaced("a time of day", column, cell)
    if isinstance(value, timedelta):
        return _misplaced("a duration", column, cell)
    if isinstance(value, (int, float)) and _is_finite(value):
        return _number(value, _read_format(number_format, (value > 0) - (value < 0)), column, cell)
    return _misplaced("something that is no value of Excel", column, cell)


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a whole number beyond all that Excel holds
        return False


def _text(value: str, cell: Cell) -> Said:
    # Excel writes a control character as its code: _x000D_ is a return.
    if "_x00" not in value:
        return Said(value.strip())
    value = _CONTROL_SPACE.sub(" ", value)
    if _CONTROL.search(value):
        return Said(bad=f"holds a control character (cell {cell.coordinate}): write the value without it.")
    return Said(value.strip())


def _misplaced(what: str, column: Column, cell: Cell) -> Said:
    wanted = {
        "quantity": "a number belongs",
        "number": "a number belongs",
        "date": "a date belongs",
        "answer": "yes or no belongs",
    }.get(column.kind, "a text belongs")
    return Said(bad=f"holds {what} where {wanted} (cell {cell.coordinate}).")


def _iso(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.time() == time():
        return value.date().isoformat()
    return value.isoformat(timespec="seconds" if not value.microsecond else "milliseconds")


def _number(value: float, shape: _Format, column: Column, cell: Cell) -> Said:
    if column.kind == "date":
        return _misplaced("a number", column, cell)
    if shape.percent and not shape.literal:
        if column.quantity == "concentration" and column.kind == "quantity":
            return Said(_digits(Decimal(repr(value)) * 100) + "%")
        return _misplaced("a percentage", column, cell)
    if column.kind == "id":
        return _id(value, shape, cell)
    if column.kind in ("quantity", "number"):
        return _measured(value, shape, column, cell)
    text = _digits(Decimal(repr(value)))
    if column.kind == "answer" and shape.literal.casefold() in _SAME_ANSWER.get(text, ()):
        return Said(text)
    if shape.literal or not shape.plain:
        return Said(
            bad=f"holds a number whose format shows something else (cell {cell.coordinate}): write what it shows."
        )
    return Said(text.zfill(shape.zeros) if text.isdecimal() else text)


def _id(value: float, shape: _Format, cell: Cell) -> Said:
    if value < 0 or value != int(value) or len(str(int(value))) > _LONGEST_ID:
        return Said(
            bad=f"holds a number that is no whole one of at most 15 digits (cell {cell.coordinate}): store it as text."
        )
    if shape.literal or not shape.plain or (shape.pads and not shape.zeros):
        return Said(bad=f"holds a number whose format shows something else (cell {cell.coordinate}): store it as text.")
    return Said(str(int(value)).zfill(shape.zeros))


def _measured(value: float, shape: _Format, column: Column, cell: Cell) -> Said:
    text = _digits(Decimal(repr(value)))
    if shape.literal:  # the format shows "82 lb" for the number 82: the reader of the sheet has seen the unit
        unit = units.find_unit(shape.literal, column.quantity) if column.quantity and shape.plain else None
        if unit is None:
            return Said(
                bad=f"has a number format that shows other text (cell {cell.coordinate}): write the unit in the cell."
            )
        text = f"{text} {unit.name}"
    elif not shape.plain:
        return Said(
            bad=f"has a number format that shows another number (cell {cell.coordinate}): format it as General."
        )
    return Said(text)


def _digits(value: Decimal) -> str:
    """A number's digits as it is stored, without exponent and without zeros that say nothing."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def _read_format(number_format: str, sign: int) -> _Format:
    """What a format shows for a number above, below or at zero (sign 1, -1, 0)."""
    sections, conditional = _sections(number_format or "General")
    shapes = [_shape(plain, literal) for plain, literal in sections[:3]]
    if conditional:  # which section holds is not reckoned here: all must show the same, and nothing but the number
        same = shapes[0].plain and not shapes[0].literal and len(set(shapes)) == 1
        return shapes[0] if same else _Format(False, 0, False, _OTHER, False)
    at = {1: 0, -1: 1, 0: 2}[sign]
    shape = shapes[at] if at < len(shapes) else shapes[0]
    if sign == 0 and shape.plain and not _SHOWS_ZERO.search(sections[at if at < len(shapes) else 0][0]):
        return _Format(False, 0, False, "", False)
    return shape


def _sections(number_format: str) -> tuple[list[tuple[str, str]], bool]:
    """The sections of a format, each as its placeholders and its literal text; and whether any states a condition."""
    sections = [("", "")]
    conditional = False
    for token in _TOKEN.finditer(number_format):
        if token["plain"] == ";":
            sections.append(("", ""))
            continue
        conditional = conditional or bool(_CONDITION.match(token.group()))
        plain, literal = sections[-1]
        literal += token["quoted"] or token["escaped"] or token["symbol"] or ""
        sections[-1] = (plain + (token["plain"] or ""), literal)
    return [(plain.strip(), literal.strip()) for plain, literal in sections], conditional


def _shape(plain: str, literal: str) -> _Format:
    number = plain.replace("%", "", 1)
    shows_number = bool(_PLAIN_NUMBER.fullmatch(number) and _PLACEHOLDER.search(number)) and not _SCALED.search(number)
    percent = shows_number and number != plain
    if not shows_number:
        letters = re.sub(r"[^A-Za-z$]", "", plain)
        literal += letters if letters.casefold() != "general" else ""
        literal += _OTHER if "%" in plain else ""  # "0%%" multiplies by 10,000
    only_zeros = re.fullmatch(r"0+", plain) is not None and not literal
    pads = plain.partition(".")[0].count("0") > 1
    return _Format(percent, len(plain) if only_zeros else 0, pads, literal, shows_number and not percent)
