"""Delimited text (.csv, .tsv) to orders.

Nothing is skipped and nothing is guessed: a row that does not have exactly the header's fields is an order that cannot
be used, and says why. Where one record may be several orders, run together by a quote, the file is refused.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ivigcheck.columns import Column, spelling
from ivigcheck.errors import InputError
from ivigcheck.intake.csv_text import LINE_END, decode, last_quote, physical_lines
from ivigcheck.intake.files import Content, count_notices, read_content
from ivigcheck.intake.headers import HeaderMap, match_headers, recognised
from ivigcheck.intake.table import BadCell, Table

_DELIMITERS: Final = (",", ";", "\t")
_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_PROGRESS_EVERY: Final = 10_000
_MOST_SHARED: Final = 100_000
REPEATS: Final = "repeats the header."
"""Why a row cannot be used that is the header again; likewise one with more fields than the header."""
SURPLUS: Final = "has more fields than the header's {}: a separator inside a value that is not quoted."


@dataclass
class _Rows:
    """The data rows as they are collected; every row keeps its place, usable or not.

    ends: index of a row of several physical lines -> the last of them. surplus: index of the row -> whether any of its
    surplus fields says something.
    """

    lines: list[int] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    fields: list[list[str]] = field(default_factory=list)
    malformed: dict[int, str] = field(default_factory=dict)
    surplus: dict[int, bool] = field(default_factory=dict)
    repeats: int = 0
    bad: dict[int, tuple[BadCell, ...]] = field(default_factory=dict)
    blank: int = 0


def read_csv(
    path: Path,
    columns: Sequence[Column],
    *,
    encoding: str | None = None,
    usual_encoding: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Table:
    """The orders of a delimited file.

    encoding: what the bytes are, where they are not in the usual one (UTF-8 where None).
    progress: called with the number of orders read so far.
    Raises InputError where the file as a whole cannot be trusted; UsageError for an encoding that does not exist.
    """
    content = read_content(path)
    text, notices = decode(content, encoding, usual_encoding)
    delimiter = choose_delimiter(text, columns, content.name, tabs_first=path.suffix.casefold() == ".tsv")
    records = _records(text, delimiter, content.name)
    blank_before, header = 0, None
    for line, end, fields in records:
        if any(text.strip() for text in fields):
            header = fields
            if end > line and _swallowed_rows(header, len(header), delimiter):
                raise _run_together(content.name, line, end)
            break
        blank_before += 1
    if header is None:
        raise InputError(f"{content.name}: is empty but for white space. Export it again, with its header row.")
    mapping = match_headers(header, columns, where=content.name)
    rows = _collect(records, header, mapping, content.name, delimiter, "\v" in text or "\f" in text, progress)
    rows.blank += blank_before
    notices += _settle_surplus(rows, mapping, content.name)
    _require_single_rows(rows, content.name)
    notices += count_notices(len(rows.lines), rows.blank)
    return _table(content, mapping, rows, notices)


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, int, list[str]]]:
    """The physical lines on which each record begins and ends, and its fields.

    Raises InputError where the quoting is broken.
    """
    reader = csv.reader(
        physical_lines(text), delimiter=delimiter, doublequote=True, skipinitialspace=False, strict=True
    )
    while True:
        begins = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(text, delimiter, name, begins, reader.line_num, str(error)) from None
        yield begins, reader.line_num, fields


def _broken(text: str, delimiter: str, name: str, begins: int, reached: int, reason: str) -> InputError:
    opened, still_open = last_quote(text, delimiter, begins, reached)
    if "expected after" in reason:
        what = f"bad quoting in line {reached}: text follows a closing quote; that quote was opened in line {opened}"
    elif still_open:
        what = f"the quote opened in line {opened} is never closed"
    elif "field limit" in reason:
        what = f"line {reached} has a field of more than {csv.field_size_limit():,} characters"
    else:
        what = f"bad quoting in line {begins}"
    return InputError(f'{name}: {what}. Quotes inside a quoted field are doubled (""). Correct it and run again.')


def choose_delimiter(text: str, columns: Sequence[Column], name: str, *, tabs_first: bool) -> str:
    """The delimiter under which the header row has the most columns of ours; the usual one where none has any."""
    order = ("\t", ",", ";") if tabs_first else _DELIMITERS
    known: dict[str, int] = {}
    for delimiter in order:
        known[delimiter] = 0
        try:
            for _, _, fields in _records(text, delimiter, name):
                if any(field.strip() for field in fields):
                    known[delimiter] = len(recognised(fields, columns))
                    break
        except InputError:
            continue  # a header that cannot even be split this way; where no way is left, reading says why
    return max(order, key=lambda delimiter: known[delimiter])


def _collect(
    records: Iterator[tuple[int, int, list[str]]],
    header: list[str],
    mapping: HeaderMap,
    name: str,
    delimiter: str,
    has_breaks: bool,
    progress: Callable[[int], None] | None,
) -> _Rows:
    rows = _Rows()
    width = mapping.width
    folded = [spelling(text) for text in header]
    shared: dict[str, str] = {}  # equal texts are kept once: most cells repeat
    share = shared.setdefault
    for line, end, raw in records:
        fields = [share(text, text) for text in map(str.strip, raw)]
        if len(shared) > _MOST_SHARED:
            shared.clear()
        if not any(fields):
            rows.blank += 1
            continue
        index = len(rows.lines)
        rows.lines.append(line)
        if end > line:
            rows.ends[index] = end
            if _swallowed_rows(raw, width, delimiter):
                raise _run_together(name, line, end)
        found = len(fields)
        if found < width:
            rows.malformed[index] = wrong_count(found, width)
            rows.fields.append([""] * width)
        elif _repeats(fields[0], folded[0]) and [spelling(text) for text in fields[:width]] == folded:
            rows.malformed[index] = REPEATS
            rows.repeats += 1
            rows.fields.append(fields[:width])
        else:
            if found > width:
                rows.surplus[index] = any(fields[width:])
                fields = fields[:width]
            rows.fields.append(fields)
            if mapping.blank:
                _require_headers(fields, mapping, line, name)
            if has_breaks:
                _mark_breaks(rows, index, raw[:width], header, mapping)
        if progress and (index + 1) % _PROGRESS_EVERY == 0:
            progress(index + 1)
    return rows


def _repeats(text: str, folded: str) -> bool:
    """Whether a row's first text is the header's. The first letter tells for most rows; to fold a text is dear."""
    first = text[:1]
    return (not first.isalnum() or first.casefold()[:1] == folded[:1]) and spelling(text) == folded


def _swallowed_rows(raw: Sequence[str], width: int, delimiter: str) -> bool:
    """Whether a field of a record of several lines holds other rows, or the end of this one and the beginning of the
    next: a quote that is never closed runs on to the next quote. A note of several lines with some commas is neither.

    raw: the fields as they stand in the file.
    """
    for at, text in enumerate(raw):
        if "\n" not in text and "\r" not in text:
            continue
        delimiters = [line.count(delimiter) for line in LINE_END.split(text)]
        if max(delimiters) >= width - 1 > 0:
            return True
        # Closed in the same column of the next row: what is left of this row, and as much of the next as precedes it.
        if at and delimiters[0] == len(raw) - 1 - at and delimiters[-1] == at:
            return True
    return False


def _run_together(name: str, line: int, end: int) -> InputError:
    return InputError(
        f"{name}: lines {line} to {end} are one record, and may be several orders run together by a quote that is not "
        "closed, or is one too many. Correct the quotes there (a quote inside a quoted field is doubled), or take the "
        "line breaks out of the values. Nothing of the file was used."
    )


def _require_single_rows(rows: _Rows, name: str) -> None:
    """A malformed row of several lines may be several orders: as one of them it would hide the others."""
    for index, end in rows.ends.items():
        if rows.malformed.get(index, REPEATS) != REPEATS:
            raise _run_together(name, rows.lines[index], end)


def wrong_count(found: int, width: int) -> str:
    """Why a row with fewer fields than the header cannot be used."""
    return (
        f"has {found} field{'s' if found != 1 else ''} where the header has {width}: "
        "a separator inside a value that is not quoted, or a row that was cut."
    )


def _require_headers(fields: list[str], mapping: HeaderMap, line: int, name: str) -> None:
    for position in mapping.blank:
        if fields[position]:
            raise InputError(
                f"{name}: line {line}, field {position + 1} has a value under a header that is blank. "
                "Name the column in the header row, or take the values out."
            )


def _mark_breaks(rows: _Rows, index: int, raw: list[str], header: list[str], mapping: HeaderMap) -> None:
    """Vertical tabs and form feeds: a page break of some report, and no part of any value."""
    names = {position: column for column, position in mapping.positions.items()}
    bad = []
    for position, text in enumerate(raw):
        if "\v" in text or "\f" in text:
            rows.fields[index][position] = ""
            column = names.get(position, header[position].strip())
            bad.append(BadCell(column, "holds a vertical tab or a form feed: write the value without it."))
    if bad:
        rows.bad[index] = tuple(bad)


def _settle_surplus(rows: _Rows, mapping: HeaderMap, name: str) -> list[str]:
    """What fields beyond the header's mean, now that all rows are known. Returns the notices.

    Empty ones are dropped only where each row has them and each header is known: a separator inside an unquoted text
    also makes one field more, and where the last column is empty, that field is empty too.
    """
    width = mapping.width
    data_rows = len(rows.lines) - rows.repeats
    every = len(rows.surplus) == data_rows > 1
    if every and (mapping.ignored or mapping.blank or all(rows.surplus.values())):
        first = rows.lines[min(rows.surplus)]
        raise InputError(
            f"{name}: every row has more fields than the header's {width} (line {first} is the first). This may be a "
            "separator inside a text that is not quoted, or a header that is missing. Quote the texts, or give the "
            "last field a header, and export again; nothing of it was used."
        )
    if every and not any(rows.surplus.values()):
        return [f"every row ends with empty fields beyond the header's {width}; they were dropped."]
    for index in rows.surplus:
        rows.malformed[index] = SURPLUS.format(width)
        rows.bad.pop(index, None)
    return []


def _table(content: Content, mapping: HeaderMap, rows: _Rows, notices: list[str]) -> Table:
    for index in rows.malformed:
        rows.fields[index] = [""] * mapping.width
    return Table(
        file=content.name,
        sheet=None,
        sha256=content.sha256,
        rows=tuple(rows.lines),
        cells={name: [fields[at] for fields in rows.fields] for name, at in mapping.positions.items()},
        headers=mapping.written,
        header_units=mapping.units,
        bad_cells=rows.bad,
        malformed=dict(sorted(rows.malformed.items())),
        ignored=mapping.ignored,
        blank_rows=rows.blank,
        notices=tuple(notices),
    )
