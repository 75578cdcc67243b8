"""Header texts to canonical columns, with the unit that a header states.

Case, spaces, underscores and punctuation do not matter in a column's name; in a unit they do (``Mg`` is not ``mg``).

A header that begins with a column's name and says more is one of three things:

- that column, where the rest is a unit of it (``Max rate (mL/hr)``, ``max_rate_mg_kg_min``, ``Start rate/mL/h``) or
  says only what is read anyway (``Diabetes Y/N``, ``DOB (YYYY-MM-DD)``, ``Sex (M/F)``);
- that column in a form that is not read, which stops the run: to ignore it would leave a rate, a grade or an answer
  unchecked, and nobody would see it. Of a quantity, it is so where the rest has a digit, a bracket, a slash, something
  like a unit (``mlhr``, ``gtt``, ``min``, ``%``) or a word of a short list that leaves it the same quantity (``value``,
  ``ordered``, ``pump`` ...); brackets, slashes and those words do not count after a word that makes it another column
  (``Weight date (ISO)``). Of an answer, a date, a number, a choice or a product, it is so where the rest begins with a
  bracket, or is only numbers, answers or a date's pattern (``Reaction grade 1-4``); of a number, also for the listed
  words;
- another column, which is ignored and listed (``Weight date``, ``Order status``, ``Diabetes type``).

The longest name counts: ``Last IVIG dose (g)`` says more than ``Last IVIG``, a date, and is another column. A name that
has something in brackets or a number before it stops the run too (``1. Start rate``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivigcheck import units
from ivigcheck.columns import ONE_OF, Column, spelling
from ivigcheck.errors import InputError, UsageError
from ivigcheck.intake.files import shown


@dataclass(frozen=True)
class HeaderMap:
    """What the header row says.

    positions: canonical column name -> index of its field, from 0. written: -> its header as written.
    units: -> the unit that its header states, in its preferred spelling.
    ignored: headers that are no column of ours, as written, each once.
    blank: indices of fields without a header; no value may stand under them. width: number of fields.
    """

    positions: dict[str, int]
    written: dict[str, str]
    units: dict[str, str]
    ignored: tuple[str, ...]
    blank: tuple[int, ...]
    width: int


@dataclass(frozen=True)
class _Match:
    """unread: the header is the column's, but in a form that is not read."""

    column: Column
    unit: str = ""
    unread: bool = False


_Index = dict[str, tuple[Column, str]]

_BRACKETS: Final = frozenset("()[]{}（）［］")
_SLASHES: Final = frozenset("/／∕⁄\\")
_BRACKETED = re.compile(r"[(\[{（［](?P<inside>[^()\[\]{}（）［］]*)[)\]}）］][\s:.?*]*")
_BEFORE = re.compile(r"\s*(?:[(\[{][^()\[\]{}]{0,40}[)\]}]|#?[0-9]{1,4}\s*[.):\-])\s*")
_LEADING: Final = " \t\r\n\u00a0_,;:.*?/=|~\u00b7-\u2013\u2014"
_SEPARATOR = re.compile(r"[\s_,;:\-]+")
_PER = re.compile(r"[\s_]+per[\s_]+", re.IGNORECASE)
_IN = re.compile(r"in[\s_]+", re.IGNORECASE)
WORD = re.compile(r"%|[^\W_]+")
"""A word of a header."""

_UNIT_PIECE = (
    r"(?:(?:[mk]|mc|\u03bc)?gs?|k?gms?|(?:micro|milli|kilo)?gram(?:me)?s?|[mdc]?ls?|(?:milli)?lit(?:er|re)s?|ccs?|gtts?"
    r"|drops?|h|hrs?|hours?|mins?|minutes?|lbs?|pounds?|stones?|oz|ounces?|iu|percent|pct|cm|[0-9])"
)
_LIKE_A_UNIT = re.compile(rf"(?:per)?{_UNIT_PIECE}(?:(?:per)?{_UNIT_PIECE})*")
_LONGEST_UNIT: Final = 24  # letters of a word that may be units run together; longer ones are words
_LONGEST_TAIL: Final = 200  # of a header that is longer, only so much is looked at
_QUALIFIERS: Final = frozenset(
    {"value", "val", "amount", "ordered", "prescribed", "requested", "adj", "adjusted", "pump", "programmed", "set",
     "final", "actual", "current", "used", "calculated", "calc"}
)  # fmt: skip
"""Words after a quantity's name that leave it the same quantity."""

_COMPANIONS: Final = frozenset(
    {"date", "time", "datetime", "source", "comment", "comments", "note", "notes", "remark", "remarks", "reason",
     "status", "type", "form", "method", "verified", "checked", "measured", "recorded", "entered", "by"}
)  # fmt: skip
"""Words after a quantity's name that make it another column."""

_REMARKS: Final = {
    "answer": frozenset({"yn", "yesno", "ynu", "ynunknown", "yesnounknown"}),
    "date": frozenset({"iso", "iso8601", "yyyymmdd", "yyyymmddhhmm"}),
}
"""What may follow a header of this kind, because it says only what is read anyway."""

_FORMS: Final = {
    "answer": re.compile(r"y|n|u|t|f|yes|no|unk|unknown|na|true|false|[0-9]+"),
    "date": re.compile(r"[dmy]{1,4}|hh?|ss?|[0-9]+"),
    "number": re.compile(r"to|[0-9]+"),
    "choice": re.compile(r"[0-9]+"),
    "product": re.compile(r"[0-9]+"),
}
"""Words that name the form of a cell of this kind, and no other column."""

_COMPARES: Final = frozenset("<>=+\u2264\u2265")  # "Age > 65" is another column


def _index(columns: Sequence[Column]) -> _Index:
    index: _Index = {}
    for column in columns:
        spellings = [(text, "") for text in (column.name, *column.headers)] + list(column.header_units)
        for text, unit in spellings:
            known = index.setdefault(spelling(text), (column, unit))
            if known[0].name != column.name:
                both = f"{known[0].name} and {column.name}"
                raise UsageError(f'The header "{shown(text)}" stands for two columns: {both}.')
            if unit:  # a spelling that states its unit says more than the same one without
                index[spelling(text)] = (column, unit)
    return index


_LOOKED_AT: Final = 150


def _match(header: str, index: _Index) -> _Match | None:
    """The column that a header names, or None."""
    header = header.strip()
    if len(header) > 2 * _LOOKED_AT:
        header = header[:_LOOKED_AT] + header[-_LOOKED_AT:]  # no column's name is so long; both its ends still count
    header = header.replace("%", " % ")
    known = index.get(spelling(header))
    # A unit without letters is lost in folding: "Concentration (%)" would be no more than "Concentration".
    if known and not (known[0].kind == "quantity" and _has_sign(header)):
        return _Match(*known)
    match = _match_beginning(header, index)
    before = _BEFORE.match(header) if match is None else None
    if before:
        rest = header[before.end() :]
        match = _Match(*index[spelling(rest)]) if spelling(rest) in index else _match_beginning(rest, index)
        if match and match.column.kind in ("quantity", *_FORMS):
            return _Match(match.column, unread=True)
        return None
    return match


def _has_sign(header: str) -> bool:
    inside = (bracketed["inside"].strip(" ?*.") for bracketed in _BRACKETED.finditer(header))
    return "%" in header or any(text and not spelling(text) for text in inside)


def _match_beginning(header: str, index: _Index) -> _Match | None:
    """The column whose name a header begins with, where it is no other column; the longest name first."""
    for end in reversed(_name_ends(header, index)):
        column, stated = index[spelling(header[:end])]
        tail = header[end : end + _LONGEST_TAIL]
        if not tail[:1].isalnum():
            if column.kind == "quantity":
                return _match_quantity(column, stated, header[:end], tail)
            return _match_other(column, tail)
        # The name runs on without a break: "MaxRateMlHr", "Diabetes2", "Start rates (mL/h)".
        units_only = column.kind == "quantity" and is_like_a_unit(_digits_plain(spelling(tail)))
        numbered = column.kind in _FORMS and spelling(tail).isnumeric()
        if units_only or numbered or (not tail[1:2].isalnum() and _says_form(column, tail[1:])):
            return _Match(column, unread=True)
        if spelling(tail) in _REMARKS.get(column.kind, ()):
            return _Match(column)
    return None


def _name_ends(header: str, index: _Index) -> list[int]:
    """Where in a header a column's name may end."""
    longest = max(map(len, index), default=0)
    ends = []
    folded = ""
    for at, ch in enumerate(header, start=1):
        more = spelling(ch)
        folded += more
        if len(folded) > longest:
            break
        if more and folded in index:
            ends.append(at)
    return ends


def _match_quantity(column: Column, stated: str, base: str, tail: str) -> _Match | None:
    """``Max rate mL/hr``, ``max_rate_mL_per_h``, ``Dose (g/kg)``: a name and what follows it."""
    unit = _unit(_inside(tail), column)
    if unit is not None:
        own = _unit(stated or _SEPARATOR.split(base.strip())[-1], column)  # "height_cm (in)" contradicts itself
        return _Match(column, unit.name) if own in (None, unit) else _Match(column, unread=True)
    return _Match(column, unread=True) if _says_form(column, tail) else None


def _match_other(column: Column, tail: str) -> _Match | None:
    said = _inside(tail)
    words = WORD.findall(said.casefold())
    choices = {text for text, _ in column.choices}
    if spelling(said) in _REMARKS.get(column.kind, ()) or (len(words) > 1 and choices.issuperset(words)):
        return _Match(column)
    return _Match(column, unread=True) if _says_form(column, tail) else None


def _inside(tail: str) -> str:
    """What follows a name, without separators before it and brackets around it."""
    text = tail.lstrip(_LEADING)
    bracketed = _BRACKETED.fullmatch(text)
    return (bracketed["inside"] if bracketed else text).strip()


def _says_form(column: Column, tail: str) -> bool:
    """Whether what follows a column's name leaves it that column, in some form."""
    words = WORD.findall(tail.casefold())
    if column.kind == "quantity":
        if any(ch.isnumeric() for ch in tail) or any(is_like_a_unit(word) for word in words):
            return True
        if words and words[0] in _COMPANIONS:
            return False
        return not (_BRACKETS | _SLASHES).isdisjoint(tail) or not _QUALIFIERS.isdisjoint(words)
    forms = _FORMS.get(column.kind)
    if forms is None:
        return False
    if tail.lstrip(_LEADING)[:1] in _BRACKETS and tail.strip(_LEADING):
        return True
    if column.kind == "number" and not _QUALIFIERS.isdisjoint(words):
        return True
    return bool(words) and _COMPARES.isdisjoint(tail) and all(forms.fullmatch(_digits_plain(word)) for word in words)


def is_like_a_unit(word: str) -> bool:
    """Whether a word of a header, in small letters, may be a unit, or several run together: ``ml``, ``mgkgmin``."""
    return word == "%" or (len(word) <= _LONGEST_UNIT and bool(_LIKE_A_UNIT.fullmatch(word)))


def _digits_plain(text: str) -> str:
    """With a 1 for every digit, raised ones and those of other scripts too."""
    return "".join("1" if ch.isnumeric() else ch for ch in text)


def _unit(text: str, column: Column) -> units.Unit | None:
    """The unit that a part of a header spells: as in a cell, or with ``per`` or underscores for its slashes."""
    text = text.strip().rstrip("?:*. ")
    if _IN.match(text):
        text = _IN.sub("", text, count=1)
    slashed = _PER.sub("/", text)
    return units.find_unit(slashed, column.quantity) or units.find_unit(slashed.replace("_", "/"), column.quantity)


def recognised(headers: Sequence[str], columns: Sequence[Column]) -> frozenset[str]:
    """The names of the columns that a row of texts has headers for, well or badly written."""
    index = _index(columns)
    found = (_match(text, index) for text in headers)
    return frozenset(match.column.name for match in found if match)


def _missing(names: frozenset[str], columns: Sequence[Column]) -> list[str]:
    missing = [column.name for column in columns if column.needed and column.name not in names]
    known = {column.name for column in columns}
    for group in ONE_OF:
        if known.issuperset(group) and names.isdisjoint(group):
            missing.append(" or ".join(group))
    return missing


def fits(headers: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether a row of texts is a header of orders: every needed column is there. It may still be faulty (two headers
    for one column, a form that is not read): match_headers says so."""
    return not _missing(recognised(headers, columns), columns)


def match_headers(headers: Sequence[str], columns: Sequence[Column], *, where: str) -> HeaderMap:
    """Which field is which column.

    headers: the texts of the header row. where: begins every message (file, or file and sheet).
    Raises InputError for two headers for one column, a column's name in a form that is not read, and missing needed
    columns.
    """
    index = _index(columns)
    positions: dict[str, int] = {}
    stated: dict[str, str] = {}
    ignored: list[str] = []
    blank: list[int] = []
    for position, header in enumerate(headers):
        match = _match(header, index)
        if match is None:
            if header.strip():
                ignored.append(header.strip())
            else:
                blank.append(position)
            continue
        name = match.column.name
        if match.unread:
            raise _unread(match.column, header, where)
        if name in positions:
            raise _duplicate(name, headers, positions[name], position, where)
        positions[name] = position
        if match.unit:
            stated[name] = match.unit
    missing = _missing(frozenset(positions), columns)
    if missing:
        raise _missing_columns(missing, bool(positions), where)
    written = {name: headers[position].strip() for name, position in positions.items()}
    return HeaderMap(positions, written, stated, tuple(dict.fromkeys(ignored)), tuple(blank), len(headers))


def _duplicate(name: str, headers: Sequence[str], first: int, second: int, where: str) -> InputError:
    return InputError(
        f"{where}: duplicate column: two columns for {name}, "
        f'"{shown(headers[first])}" (column {first + 1}) and "{shown(headers[second])}" (column {second + 1}). '
        "Keep one, or rename the other."
    )


def _unread(column: Column, header: str, where: str) -> InputError:
    name, way_out = column.name, "without addition"
    if column.kind == "quantity":
        way_out = f"alone or with a unit accepted here ({units.accepted(column.quantity)})"
    return InputError(
        f'{where}: the header "{shown(header.strip())}" looks like {name}, but is not read as it stands. '
        f"If it is that column, rename it {name}, {way_out}; if not, rename it to something else."
    )


def _missing_columns(missing: list[str], some_known: bool, where: str) -> InputError:
    # The headers found are not quoted: where the header row itself is missing they are a patient's data.
    hint = "Add it" if len(missing) == 1 else "Add them"
    if not some_known:
        hint = "The first row that is not empty must be the header. Add one"
    plural = "" if len(missing) == 1 else "s"
    return InputError(
        f"{where}: missing column{plural} {', '.join(missing)}. {hint}, or rename the headers that hold them."
    )
