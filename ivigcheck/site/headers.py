"""A site's own headers: which column each stands for, and the unit that it states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ivigcheck.columns import COLUMNS, Column, question_column, spelling
from ivigcheck.knowledge import Knowledge
from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.settings_file.problems import Problems, quoted
from ivigcheck.site.header_units import contradiction
from ivigcheck.site.shape import OwnHeader
from ivigcheck.units import accepted, find_unit

_LONGEST: Final = 200  # characters; of a longer header intake looks at the ends alone

Headers = Mapping[str, str | OwnHeader | Sequence[str | OwnHeader]]


def known_columns(knowledge: Knowledge) -> dict[str, Column]:
    """Every column that a header may stand for, by its name."""
    columns = (*COLUMNS, *(question_column(q.name, q.title, q.headers) for q in knowledge.questions))
    return {column.name: column for column in columns}


def read_headers(headers: Headers, knowledge: Knowledge, problems: Problems) -> dict[str, tuple[tuple[str, str], ...]]:
    """column -> the site's own headers for it, each with the unit that it states or "".

    Problems: an unknown column, a header that says nothing, that stands for two columns or is another column's name,
    a unit that the column's values cannot have, and a header whose own text names another.
    """
    columns = known_columns(knowledge)
    names = {spelling(name): name for name in columns}
    taken: dict[str, str] = {}
    own: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, written in headers.items():
        path: KeyPath = ("headers", name)
        if name not in columns:
            problems.unknown(path, columns, what="is no column known here")
            continue
        several = not isinstance(written, (str, OwnHeader))
        listed: Sequence[str | OwnHeader] = written if not isinstance(written, (str, OwnHeader)) else (written,)
        if not listed:
            problems.add(path, "names no header", "write the header of your files, or remove it")
        read = []
        for k, header in enumerate(listed):
            at = (*path, k) if several else path
            text, unit = (header, None) if isinstance(header, str) else (header.header, header.unit)
            why = _why_not(text, name, names, taken)
            if why:
                problems.add(at, f"{quoted(text)} {why}", "write the header as your files have it, for one column")
                continue
            taken[spelling(text)] = name
            preferred = "" if unit is None else _preferred_unit(unit, columns[name], at, problems)
            if preferred is None:
                continue
            contradicted = contradiction(text, preferred, columns[name])
            if contradicted:
                problems.add(at, *contradicted)
            read.append((text, preferred))
        own[name] = tuple(read)
    return {name: read for name, read in own.items() if read}


def _why_not(text: str, column: str, names: Mapping[str, str], taken: Mapping[str, str]) -> str:
    """Why a header cannot stand for a column; "" where it can. Completes "<header> …"."""
    folded = spelling(text)
    if not folded:
        return "has no letter or digit"
    if len(text) > _LONGEST:
        return f"has more than {_LONGEST} characters"
    if names.get(folded, column) != column:
        return f"is the name of the column {names[folded]}"
    if folded in taken:
        other = taken[folded]
        return "stands here twice" if other == column else f"stands for {other} too"
    return ""


def _preferred_unit(text: str, column: Column, path: KeyPath, problems: Problems) -> str | None:
    """A unit in its preferred spelling; None where it is a problem."""
    if column.kind != "quantity":
        problems.add(path, f"{column.name} has no unit", "write the header alone, as a text")
        return None
    unit = find_unit(text, column.quantity)
    if unit is None:
        problems.add(path, f"{quoted(text)} is no unit of {column.name}", f"write one of {accepted(column.quantity)}")
        return None
    return unit.name
