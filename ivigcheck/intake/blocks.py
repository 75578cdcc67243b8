"""The orders of a block of plainly laid out text, by columns, without a step per row where the rows are in order."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from ivigcheck.columns import spelling
from ivigcheck.intake.csv_file import REPEATS, SURPLUS, wrong_count
from ivigcheck.intake.plain import (
    LINE_END,
    LONGEST_LINE,
    QUOTE,
    Block,
    Bytes,
    Layout,
    NotPlain,
    Offsets,
    line_at,
    require_plain,
)
from ivigcheck.intake.table import Table
from ivigcheck.texts import Texts
from ivigcheck.units import Mask


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """The orders of a block. begins: (n,) the byte in the file at which each begins; surplus: rows with more fields
    than the header; data_rows: rows that do not repeat the header; blank: rows that were passed over; lines: of the
    block."""

    table: Table
    begins: Offsets
    surplus: int
    data_rows: int
    blank: int
    lines: int


def lines_at(layout: Layout, begins: Offsets, lines: Sequence[int]) -> Table:
    """The rows that begin at these bytes, in that order; lines: the line of each."""
    found = []
    with layout.path.open("rb") as file:
        for begin in begins.tolist():
            found.append(line_at(file.fileno(), begin))
    table = read_block(layout, Block(0, 0, 1), b"".join(found)).table
    return replace(table, rows=tuple(lines))


def read_block(layout: Layout, block: Block, data: bytes) -> Rows:
    """The orders of a block. Raises NotPlain where the strict reader must decide."""
    require_plain(data, layout.delimiter)
    if not data.endswith(LINE_END):
        data += LINE_END
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == LINE_END[0])
    starts = np.concatenate([[0], ends[:-1] + 1])
    if len(ends) and int((ends - starts).max()) > LONGEST_LINE:
        raise NotPlain
    regular = _fields(text, ends, ord(layout.delimiter)) == layout.mapping.width
    if regular.all():
        odd, plain = _Odd(), data
    else:
        odd = _read_odd(layout, data, starts, ends, np.flatnonzero(~regular))
        keep = np.repeat(regular, ends + 1 - starts)
        plain = text[keep].tobytes()
    columns = _read_plain(layout, plain, int(regular.sum()))
    return _together(layout, block, columns, odd, np.flatnonzero(regular), starts)


def _fields(text: Bytes, ends: Offsets, delimiter: int) -> Offsets:
    """How many fields each line has."""
    separators = np.flatnonzero(text == delimiter)
    quotes = np.flatnonzero(text == QUOTE[0])
    if len(quotes):
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
    return np.diff(np.searchsorted(separators, ends), prepend=0) + 1


class _Odd:
    """Lines that do not have the header's number of fields: why their rows cannot be used, by line in the block."""

    def __init__(self) -> None:
        self.why: dict[int, str] = {}
        self.surplus = 0
        self.blank = 0


def _read_odd(layout: Layout, data: bytes, starts: Offsets, ends: Offsets, lines: Offsets) -> _Odd:
    odd, width = _Odd(), layout.mapping.width
    for k in lines.tolist():
        (fields,) = csv.reader([data[starts[k] : ends[k]].decode()], delimiter=layout.delimiter, strict=True) or [[]]
        if not any(field.strip() for field in fields):
            odd.blank += 1
        elif len(fields) < width:
            odd.why[k] = wrong_count(len(fields), width)
        elif _repeats_header(layout, fields):
            odd.why[k] = REPEATS
        elif any(fields[position].strip() for position in layout.mapping.blank):
            raise NotPlain  # a value under no header: the strict reader says where
        else:
            odd.why[k] = SURPLUS.format(width)
            odd.surplus += 1
    return odd


def _repeats_header(layout: Layout, fields: Sequence[str]) -> bool:
    width = layout.mapping.width
    return [spelling(field) for field in fields[:width]] == [spelling(text) for text in layout.header]


def _read_plain(layout: Layout, data: bytes, n: int) -> dict[int, Texts]:
    """The cells of lines that have the header's number of fields, by position: of our columns, of the first, and of
    those without a header."""
    wanted = sorted({0, *layout.mapping.positions.values(), *layout.mapping.blank})
    if not n:
        return {position: Texts.repeated("", 0) for position in wanted}
    names = [str(position) for position in range(layout.mapping.width)]
    kind = pa.dictionary(pa.int32(), pa.string())
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        # A block is small: threads would cost more than they spare.
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char='"' if QUOTE in data else False,
            double_quote=True,
            newlines_in_values=False,
            ignore_empty_lines=False,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, kind),
            include_columns=[str(position) for position in wanted],
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,  # it is valid: the block was decoded
        ),
    )
    if table.num_rows != n:
        raise NotPlain
    return {position: _texts(table.column(str(position))) for position in wanted}


def _texts(column: pa.ChunkedArray) -> Texts:
    """A column's cells, without white space around them."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    codes = array.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = array.dictionary.to_pylist()
    stripped = [text.strip() for text in distinct]
    if stripped == distinct:
        return Texts(distinct, codes)
    once = Texts.of(stripped)
    return Texts(once.distinct, once.codes[codes])


def _together(
    layout: Layout, block: Block, columns: dict[int, Texts], odd: _Odd, regular: Offsets, starts: Offsets
) -> Rows:
    """The rows of a block, in the order of its lines."""
    mapping = layout.mapping
    if any(not columns[position].blank.all() for position in mapping.blank):
        raise NotPlain  # a value under no header: the strict reader says where
    nothing = np.logical_and.reduce([texts.blank for texts in columns.values()])
    if nothing.any() and mapping.ignored:
        raise NotPlain  # whether the row is empty depends on cells that were not read
    repeats = _repeating(layout, columns, ~nothing)
    kept = np.flatnonzero(~nothing)
    lines = np.concatenate([regular[kept], np.array(sorted(odd.why), np.int64)])
    order = np.argsort(lines, kind="stable")
    lines = lines[order]
    position_of = np.empty(len(lines), np.int64)
    position_of[order] = np.arange(len(lines))
    row_of_regular = np.full(len(regular), -1, np.int64)
    row_of_regular[kept] = position_of[: len(kept)]
    malformed = {int(np.searchsorted(lines, k)): why for k, why in odd.why.items()}
    malformed |= {int(row_of_regular[k]): REPEATS for k in repeats}

    def cells(texts: Texts) -> Texts:
        if not malformed:
            return texts if len(kept) == len(regular) else texts.rows(kept)
        codes = np.full(len(lines), len(texts.distinct), np.int64)  # malformed rows have no cells
        codes[position_of[: len(kept)]] = texts.codes[kept]
        codes[list(malformed)] = len(texts.distinct)
        joined = Texts((*texts.distinct, ""), codes)
        return joined if "" not in texts.distinct else _one_blank(joined)

    table = replace(
        layout.head,
        rows=tuple((block.first_line + lines).tolist()),
        cells={name: cells(columns[position]) for name, position in mapping.positions.items()},
        malformed=dict(sorted(malformed.items())),
    )
    repeated = len(repeats) + sum(why == REPEATS for why in odd.why.values())
    return Rows(
        table,
        block.begin + starts[lines],
        odd.surplus,
        len(lines) - repeated,
        odd.blank + int(nothing.sum()),
        len(starts),
    )


def _one_blank(texts: Texts) -> Texts:
    """The same, where the last of the distinct texts, a blank, stands among the others too."""
    blank, last = list(texts.distinct).index(""), len(texts.distinct) - 1
    return Texts(texts.distinct[:-1], np.where(texts.codes == last, blank, texts.codes))


def _repeating(layout: Layout, columns: dict[int, Texts], counted: Mask) -> list[int]:
    """The rows that repeat the header. The first letters tell for most blocks; to fold a text is dear."""
    folded = spelling(layout.header[0])
    letters = {text[:1] for text in columns[0].distinct}
    if all(letter.isalnum() and letter.casefold()[:1] != folded[:1] for letter in letters):
        return []
    first = columns[0].each(lambda text: spelling(text) == folded) & counted
    return [k for k in np.flatnonzero(first).tolist() if _repeats_by_cells(layout, columns, k)]


def _repeats_by_cells(layout: Layout, columns: dict[int, Texts], k: int) -> bool:
    """Whether all the cells of a row that were read repeat the header. Raises NotPlain where others were not."""
    same = all(spelling(texts[k]) == spelling(layout.header[position]) for position, texts in columns.items())
    if same and layout.mapping.ignored:
        raise NotPlain
    return same
