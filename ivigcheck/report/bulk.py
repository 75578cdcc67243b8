"""Reports that are written by columns: the lines of all orders at once, CSV or JSON, without a Python step per line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ivigcheck.report.columns import Cells, Column, Numbers, Told, Tree, Whole
from ivigcheck.report.csv_report import csv_columns, csv_names, field
from ivigcheck.report.json_text import encoded
from ivigcheck.show import visible
from ivigcheck.texts import Texts
from ivigcheck.units import Floats

_Text = Any
"""(n,) pieces of lines as an Arrow array of bytes, or one piece for all lines."""

_COMMA: Final = ord(",")
_LONGEST: Final = (1 << 31) - 1  # of a text in a column; the kernel fails without an end
_HARMLESS: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9 ._/%-]*)?(?:\n(?:[A-Za-z0-9][A-Za-z0-9 ._/%-]*)?)*")
_PLAIN_FROM, _PLAIN_BELOW = 1e-4, 1e16
"""Numbers between these are written by all encoders in the same digits, without an exponent."""


def json_lines(tree: Tree) -> memoryview:
    """One JSON object an order, one order a line, as the JSON report has it. UTF-8."""
    return _lines([*_json_pieces(tree), b"\n"], _rows(tree))


def csv_lines(tree: Tree, run: Mapping[str, Any]) -> memoryview:
    """The CSV report's lines, without its header. run: what ends each line. UTF-8."""
    pieces: list[_Text] = []
    for column in csv_columns(tree).values():
        pieces += [_csv_text(column), b","]
    end = ",".join(_quoted([field(value) for value in run.values()]))
    return _lines([*pieces, f"{end}\n".encode()], _rows(tree))


def csv_header(tree: Mapping[str, Any], run: Mapping[str, Any]) -> bytes:
    """The CSV report's first line. tree: columns, or one order's facts."""
    return (",".join(_quoted([*csv_names(tree), *run])) + "\n").encode()


def _rows(tree: Tree) -> int:
    findings = tree["findings"]
    return len(findings.codes) if isinstance(findings, Told) else 0


def _lines(pieces: Sequence[_Text], n: int) -> memoryview:
    """The pieces joined, for n lines."""
    merged: list[_Text] = []
    for piece in pieces:
        if isinstance(piece, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    if all(isinstance(piece, bytes) for piece in merged):
        return memoryview(b"".join(merged) * n)
    return _content(_joined(merged))


def _joined(pieces: Sequence[_Text]) -> pa.Array:
    scalars = [pa.scalar(piece, pa.binary()) if isinstance(piece, bytes) else piece for piece in pieces]
    return pc.binary_join_element_wise(*scalars, pa.scalar(b"", pa.binary()))


def _content(array: pa.Array) -> memoryview:
    """The bytes of all of an array's texts, one after the other."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    return memoryview(array.buffers()[2])[int(offsets[0]) : int(offsets[-1])] if len(array) else memoryview(b"")


def _json_pieces(tree: Tree) -> Iterator[_Text]:
    before = "{"
    for name, each in tree.items():
        yield f'{before}"{name}":'.encode()
        if isinstance(each, Mapping):
            yield from _json_pieces(each)
        else:
            yield _json_text(each)
        before = ","
    yield b"}"


def _json_text(column: Column) -> _Text:
    if isinstance(column, Told):
        return _spread([encoded(value) for value in column.said], column.codes)
    if isinstance(column, Cells):
        return _cells_text(column, encoded)
    if isinstance(column, Whole):
        return _list_texts(msgspec.json.encode(column.listed), len(column.values))
    return _numbers_text(column.values)


def _csv_text(column: Column) -> _Text:
    if isinstance(column, Told):
        return _spread(_fields(column.said), column.codes)
    if isinstance(column, Cells):
        text = _cells_text(column, _encoded_in_quotes, quote=b'""')
        return b'"' + text + b'"' if isinstance(text, bytes) else _joined([b'"', text, b'"'])
    if isinstance(column, Whole):
        return _json_text(column)
    return _csv_numbers(column)


def _spread(texts: Sequence[str] | Sequence[bytes], codes: Any) -> _Text:
    """(n,) texts by their codes, of which -1 is the last; one text where all lines have the same."""
    if not len(codes):
        return pa.array([], pa.binary())
    if (codes == codes[0]).all():
        one = texts[int(codes[0])]
        return one.encode() if isinstance(one, str) else one
    if len(texts) > len(codes):  # of a text that stands in no line, nothing need be made
        used, codes = np.unique(codes, return_inverse=True)
        texts, codes = [texts[code] for code in used.tolist()], codes.reshape(-1)
    return pa.array(texts, pa.binary()).take(pa.array(np.where(codes < 0, len(texts) - 1, codes)))


def _fields(said: Sequence[Any]) -> list[Any]:
    """Each value as it stands between the commas of a CSV line."""
    # Most distinct texts are ids of letters and digits, which stand as they are: one look at all of them together.
    texts = [value or "" for value in said] if all(isinstance(value, str | None) for value in said) else None
    if texts is not None and _HARMLESS.fullmatch("\n".join(texts)):
        return texts
    return _quoted([field(value) for value in said])


def _quoted(values: Sequence[Any]) -> list[str]:
    """Each value as a field of a CSV line."""
    said = io.StringIO()
    writer = csv.writer(said, lineterminator="\n")
    writer.writerows([value, None] for value in values)  # a field alone on its line would be quoted where it is blank
    return said.getvalue().split(",\n")[:-1] if not any("\n" in str(value) for value in values) else _apart(values)


def _apart(values: Sequence[Any]) -> list[str]:
    """The same, for values that hold line ends."""
    texts = []
    for value in values:
        said = io.StringIO()
        csv.writer(said, lineterminator="\n").writerow([value, None])
        texts.append(said.getvalue()[: -len(",\n")])
    return texts


def _encoded_in_quotes(text: str) -> bytes:
    """A text as JSON inside a field of CSV that is quoted."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'""{text}""'.encode()
    return visible(encoded(text).decode()).replace('"', '""').encode()


def _cells_text(column: Cells, text: Callable[[str], bytes], quote: bytes = b'"') -> _Text:
    """The cells of each order that are not blank, as a JSON object. quote: how a quote is written."""

    def pieces(name: str, texts: Texts) -> _Text:
        begin = b"," + quote + name.encode() + quote + b":"
        return _spread([begin + text(said) if said else b"" for said in texts.distinct], texts.codes)

    parts = [pieces(name, texts) for name, texts in column.cells.items()]
    if all(isinstance(part, bytes) for part in parts):
        return b"{" + b"".join(parts)[1:] + b"}"
    inside = _joined(parts)
    return _joined([b"{", pc.binary_slice(inside, 1, _LONGEST), b"}"])


def _list_texts(array: bytes, n: int) -> _Text:
    """The elements of a JSON array of numbers, each for itself."""
    text = np.frombuffer(array, np.uint8)[1:-1]
    commas = np.flatnonzero(text == _COMMA)
    ends = np.append(commas - np.arange(len(commas)), len(text) - len(commas))
    offsets = np.concatenate([[0], ends[:n]]).astype(np.int32)
    data = text[text != _COMMA]
    return pa.Array.from_buffers(pa.binary(), n, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _numbers_text(values: Floats) -> _Text:
    """Numbers as JSON."""
    if len(values) and np.isnan(values).all():
        return b"null"
    return _list_texts(msgspec.json.encode(values.tolist()), len(values))


def _csv_numbers(column: Numbers) -> _Text:
    values = column.values
    none = np.isnan(values)
    if none.all() and len(values):
        return b""
    text = _numbers_text(values)
    if none.any():
        text = pc.if_else(pa.array(none), pa.scalar(b"", pa.binary()), text)
    size = np.abs(values)
    odd = ~none & (values != 0) & ~((size >= _PLAIN_FROM) & (size < _PLAIN_BELOW))
    if odd.any():
        own = [repr(value).encode() for value in values[odd].tolist()]
        text = pc.replace_with_mask(text, pa.array(odd), pa.array(own, pa.binary()))
    return text
