"""The text of a delimited file: decoded strictly, and split into the lines that an editor shows."""

from __future__ import annotations

import codecs
import itertools
import re
import warnings
from collections.abc import Iterator
from typing import Final

from ivigcheck.errors import InputError, UsageError
from ivigcheck.intake.files import Content, kind_of, shown

_ASCII: Final = ("".join(map(chr, range(0x20, 0x7F))), "\\u0041\\x41", "a+AGE-", "xn--mnchen-3ya", "a~{VPND~}", "=41")
"""All printable characters, and what is a code for others in escapes, UTF-7, names of hosts, HZ and mail."""

_BOM: Final = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
LINE_END = re.compile(r"\r\n|\r|\n")
_UTF16_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# UTF-8 read as Latin-1 or Windows-1252 and written again, and the mark of a character that was lost.
MOJIBAKE = re.compile("[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac|\ufffd")
# Left by old systems, and by copies made with their tools.
_END_OF_FILE = re.compile(r"\x1a+(?:\r\n|\r|\n)?\Z")


def decode(content: Content, encoding: str | None, usual: str | None = None) -> tuple[str, list[str]]:
    """The file's text without byte order marks, and what a reader of the report should know about it.

    encoding: None for the usual one; usual: None for UTF-8, which a file with its byte order mark is in any case.
    Raises InputError where the bytes are something else, UsageError where the encoding named does not exist.
    """
    if encoding is None and not content.data.startswith(codecs.BOM_UTF8):
        encoding = usual
    codec = _codec(encoding)
    _refuse_other_kinds(content, named=encoding is not None)
    try:
        text = content.data.decode(codec)
    except UnicodeDecodeError as error:
        line = len(LINE_END.findall(content.data[: error.start].decode("latin-1"))) + 1
        raise InputError(
            f"{content.name}: line {line} is not {codec.upper()}. Save the file as CSV UTF-8, or name its encoding."
        ) from None
    except (UnicodeError, LookupError, ValueError):
        raise InputError(f"{content.name}: is not {shown(codec)}. Save the file as CSV UTF-8.") from None
    if "\0" in text:
        raise InputError(
            f"{content.name}: has a NUL byte in line {_line_of(text, text.index(chr(0)))}: the file is damaged, or is "
            "UTF-16. Export it again as CSV UTF-8."
        )
    return _tidy(text)


def _codec(encoding: str | None) -> str:
    if encoding is None:
        return "utf-8"
    if not is_plain_encoding(encoding):
        raise UsageError(f'There is no text encoding "{shown(encoding)}". Usual ones: utf-8, cp1252, utf-16.')
    return encoding


def is_plain_encoding(name: str) -> bool:
    """Whether the encoding is of the UTF-16 or UTF-32 family, or has every ASCII character as itself, also where
    others read a code in them."""
    try:
        codec = codecs.lookup(name)
        if not codec._is_text_encoding:
            return False
        if codec.name.startswith(("utf-16", "utf-32")):
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return all(text.encode("ascii").decode(name) == text for text in _ASCII)
    except (LookupError, ValueError):
        return False


def _refuse_other_kinds(content: Content, *, named: bool) -> None:
    if not content.data:
        raise InputError(f"{content.name}: is empty (0 bytes). The export failed; run it again.")
    other = kind_of(content.data)
    if other:
        raise InputError(f"{content.name}: is not delimited text; it is {other[0]}: {other[1]}.")
    if named:
        return
    sample = content.data[:4096]
    # In UTF-16 every other byte of ordinary text is NUL; in UTF-8 none is.
    if content.data.startswith(_UTF16_BOMS) or max(sample[0::2].count(0), sample[1::2].count(0)) * 3 > len(sample):
        raise InputError(
            f"{content.name}: is UTF-16 (NUL bytes, or its byte order mark). "
            "Save it as CSV UTF-8, or name its encoding."
        )


def _tidy(text: str) -> tuple[str, list[str]]:
    notices = []
    bare = text.lstrip(_BOM)
    if len(text) - len(bare) > 1:
        notices.append("begins with more than one byte order mark; they were passed over.")
    ended = _END_OF_FILE.sub("", bare)
    if len(ended) < len(bare):
        notices.append("ends with the end-of-file mark of old systems (0x1A); it was passed over.")
    if ended and not ended.endswith(("\n", "\r")):
        notices.append("the last line has no line end; the file may be cut off. Compare its last order.")
    damaged = MOJIBAKE.search(ended)
    if damaged:
        notices.append(
            f"looks mis-encoded (first in line {_line_of(ended, damaged.start())}): names and units may be "
            "wrong. Export it again as UTF-8."
        )
    return ended, notices


def _line_of(text: str, position: int) -> int:
    return len(LINE_END.findall(text, 0, position)) + 1


def physical_lines(text: str) -> Iterator[str]:
    """The lines with their ends (LF, CR LF or CR, also mixed), and nothing else taken for a line end."""
    return (match.group() for match in _LINE.finditer(text))


def last_quote(text: str, delimiter: str, first: int, last: int) -> tuple[int, bool]:
    """Where, among the physical lines ``first`` to ``last`` that begin a record, the last quoted field was opened (a
    line number; ``first`` where no field is quoted), and whether it is still open at their end."""
    opened = first
    inside = closing = False
    field_starts = True
    for line in itertools.islice(enumerate(physical_lines(text), start=1), first - 1, last):
        for ch in line[1]:
            if inside:
                inside, closing = ch != '"', ch == '"'
            elif closing and ch == '"':
                inside, closing = True, False  # a doubled quote
            elif field_starts and ch == '"':
                inside, opened = True, line[0]
            else:
                closing = False
            field_starts = not inside and not closing and ch in (delimiter, "\r", "\n")
    return opened, inside
