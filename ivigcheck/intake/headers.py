"""Header texts to canonical columns, with the unit that a header states.

Case, spaces, underscores and punctuation do not matter in a column's name; in a unit they do (``Mg`` is not ``mg``).
A header that is one of ours but for a unit that nobody knows stops the run: to ignore it would leave the rate below it
unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivigcheck import units
from ivigcheck.columns import ONE_OF, Column
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
    column: Column
    unit: str = ""
    unknown_unit: bool = False


_Index = dict[str, tuple[Column, str]]

_BRACKETED = re.compile(r"(?P<base>[^()\[\]{}]*)[(\[{](?P<inside>[^()\[\]{}]*)[)\]}][\s:.?*]*")
_SEPARATOR = re.compile(r"[\s_,;:\-]+")
_PER = re.compile(r"[\s_]+per[\s_]+", re.IGNORECASE)
_IN = re.compile(r"in[\s_]+", re.IGNORECASE)
# A tail that can only be meant as a unit. "Weight date/time" is another column; "Max rate mL/hrs" is a unit misspelt.
_LIKE_A_UNIT = re.compile(
    r"(m?ls?|cc|[mcu\u00b5\u03bck]?gs?|lbs?|[a-z]*gra?ms?|[a-z]*lit(er|re)s?|pounds?|percent|pct|%|(units?|iu)\s*/)(?![a-z])",
    re.IGNORECASE,
)
_REMARKS: Final = {
    "answer": frozenset({"yn", "yesno", "ynu", "ynunknown", "yesnounknown"}),
    "date": frozenset({"iso", "iso8601", "yyyymmdd", "yyyymmddhhmm"}),
}
"""What may stand in brackets after a header of this kind, because it says only what is read anyway."""


def fold(text: str) -> str:
    """A header as it is compared: its letters and digits, without regard to case."""
    return "".join(ch for ch in text.casefold() if ch.isalnum())


def _index(columns: Sequence[Column]) -> _Index:
    index: _Index = {}
    for column in columns:
        spellings = [(text, "") for text in (column.name, *column.headers)] + list(column.header_units)
        for text, unit in spellings:
            known = index.setdefault(fold(text), (column, unit))
            if known[0].name != column.name:
                both = f"{known[0].name} and {column.name}"
                raise UsageError(f'The header "{shown(text)}" stands for two columns: {both}.')
            if unit:  # a spelling that states its unit says more than the same one without
                index[fold(text)] = (column, unit)
    return index


def _match(header: str, index: _Index) -> _Match | None:
    """The column that a header names, or None."""
    header = header.replace("%", " % ")
    known = index.get(fold(header))
    bracketed = _BRACKETED.fullmatch(header)
    # A unit without letters is lost in folding: "Concentration (%)" would be no more than "Concentration".
    if known and not ("%" in header or (bracketed and bracketed["inside"].strip() and not fold(bracketed["inside"]))):
        return _Match(*known)
    if bracketed:
        return _match_bracketed(bracketed["base"], bracketed["inside"].strip(), index)
    return _match_tail(header, index)


def _match_bracketed(base: str, inside: str, index: _Index) -> _Match | None:
    known = index.get(fold(base))
    if known is None:
        return None
    column, stated = known
    if column.kind != "quantity":
        return _Match(column) if fold(inside) in _REMARKS.get(column.kind, ()) else None
    own = _unit(stated or _SEPARATOR.split(base.strip())[-1], column)  # "height_cm (in)" contradicts itself
    unit = _unit(inside, column)
    if unit is None or own not in (None, unit):
        return _Match(column, unknown_unit=True)
    return _Match(column, unit.name)


def _match_tail(header: str, index: _Index) -> _Match | None:
    """``Max rate mL/hr``, ``max_rate_mL_per_h``, ``max_rate_mg_kg_min``: the longest tail that is a unit."""
    suspect: _Match | None = None
    for separator in _SEPARATOR.finditer(header):
        column, _ = index.get(fold(header[: separator.start()]), (None, ""))
        if column is None or column.kind != "quantity":
            continue
        tail = header[separator.end() :]
        unit = _unit(tail, column)
        if unit is not None:
            return _Match(column, unit.name)
        if _LIKE_A_UNIT.match(_IN.sub("", tail, count=1)):
            suspect = _Match(column, unknown_unit=True)
    return suspect


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
    for one column, an unknown unit): match_headers says so."""
    return not _missing(recognised(headers, columns), columns)


def match_headers(headers: Sequence[str], columns: Sequence[Column], *, where: str) -> HeaderMap:
    """Which field is which column.

    headers: the texts of the header row. where: begins every message (file, or file and sheet).
    Raises InputError for two headers for one column, a unit that is not known, and missing needed columns.
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
        if name in positions:
            raise _duplicate(name, headers, positions[name], position, where)
        if match.unknown_unit:
            raise _unknown_unit(match, header, where)
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


def _unknown_unit(match: _Match, header: str, where: str) -> InputError:
    return InputError(
        f'{where}: the header "{shown(header)}" of {match.column.name} states a unit not accepted here. '
        f"Accepted: {units.accepted(match.column.quantity)}. Correct the header, or write the unit in each cell."
    )


def _missing_columns(missing: list[str], some_known: bool, where: str) -> InputError:
    # The headers found are not quoted: where the header row itself is missing they are a patient's data.
    hint = "Add it" if len(missing) == 1 else "Add them"
    if not some_known:
        hint = "The first row that is not empty must be the header. Add one"
    plural = "" if len(missing) == 1 else "s"
    return InputError(
        f"{where}: missing column{plural} {', '.join(missing)}. {hint}, or map the site's own "
        "headers in the policy file."
    )
