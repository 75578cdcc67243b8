"""Whether a workbook's archive may be opened at all, before any of its XML is parsed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Final

from ivigcheck.errors import InputError
from ivigcheck.intake.files import Content, kind_of

_MB: Final = 1 << 20
MOST_MEMBERS: Final = 2_000
MOST_BYTES: Final = 400 * _MB
"""Of all members together. Only worksheets may have so many, which are read in a stream."""

MOST_PART_BYTES: Final = 100 * _MB
MOST_TAGS: Final = 20_000_000
"""Of all members together: more than 100,000 orders of 30 columns, and read in seconds."""

MOST_PART_TAGS: Final = 300_000
"""Of a member that is parsed into a tree as a whole (styles, relations …): Excel's own limit on styles is below it."""

MOST_STRING_TAGS: Final = 5_000_000
"""More than 100,000 orders of 10 columns in which no text stands twice."""

MOST_RATIO: Final = 200
_RATIO_FROM: Final = 5 * _MB  # small members of repeated text compress far, and do no harm
_CHUNK: Final = 1 << 18
_FORBIDDEN: Final = (b"<!DOCTYPE", b"<!ENTITY")
_OVERLAP: Final = 2 * max(map(len, _FORBIDDEN))
_EXPORT: Final = "Export the orders as .csv, or copy them into a new workbook."


def check_archive(content: Content) -> zipfile.ZipFile:
    """The open archive of a workbook that holds no trap: every member read once to its end, and found whole (its
    checksum), of a size and number of tags that can be parsed in seconds, without entities or paths.

    Raises InputError for anything else.
    """
    name = content.name
    if not content.data:
        raise InputError(f"{name}: is empty (0 bytes). The export failed; run it again.")
    if not content.data.startswith(b"PK\x03\x04"):
        what = kind_of(content.data)
        raise InputError(
            f"{name}: is not an .xlsx workbook"
            + (f"; it is {what[0]}: {what[1]}." if what else ". If it is delimited text, let its name end in .csv.")
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content.data))
        _check_names(archive, name)
        _check_members(archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{name}: is damaged or cut off ({type(error).__name__}). Save or copy it again; nothing of it was used."
        ) from None
    return archive


def _check_names(archive: zipfile.ZipFile, name: str) -> None:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise InputError(f"{name}: is an archive of {len(members):,} parts, more than a workbook has. {_EXPORT}")
    # Names are compared as Excel does, without case: of two alike, which one is read would be chance.
    if len({member.filename.casefold() for member in members}) < len(members):
        raise InputError(f"{name}: is an archive with two parts of one name: it was not written by Excel. {_EXPORT}")
    for member in members:
        parts = re.split(r"[/\\]", member.orig_filename)
        if ".." in parts or parts[0] == "" or ":" in parts[0] or "\\" in member.orig_filename:
            raise InputError(f"{name}: is an archive with path names that lead outside it. {_EXPORT}")
        if member.flag_bits & 0x1:
            raise InputError(f"{name}: is encrypted. Save it without a password.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{name}: is an archive compressed in a way that Excel does not use. {_EXPORT}")


def _check_members(archive: zipfile.ZipFile, name: str) -> None:
    left, tags_left = MOST_BYTES, MOST_TAGS
    for member in archive.infolist():
        size, tags = _measure(archive, member, min(left, _size_allowed(member)), name)
        left -= size
        tags_left -= tags
        if tags_left < 0 or tags > _tags_allowed(member.filename):
            raise _too_large(name)


def _size_allowed(member: zipfile.ZipInfo) -> int:
    most = MOST_BYTES if _is_sheet(member.filename) else MOST_PART_BYTES
    return min(most, max(_RATIO_FROM, member.compress_size * MOST_RATIO))


def _tags_allowed(member: str) -> int:
    if _is_sheet(member):
        return MOST_TAGS
    return MOST_STRING_TAGS if "sharedstrings" in member.casefold() else MOST_PART_TAGS


def _is_sheet(member: str) -> bool:
    lower = member.casefold()
    return "worksheets/" in lower and not lower.endswith(".rels")


def _measure(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowed: int, name: str) -> tuple[int, int]:
    """A member's real size in bytes and its number of tags. The sizes that the archive states are not believed."""
    size = tags = 0
    tail = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            tags += chunk.count(b"<")
            if size > allowed:
                raise _too_large(name)
            window = tail + chunk
            # In UTF-16 each letter has a NUL beside it.
            letters = window.replace(b"\0", b"") if b"\0" in window else window
            if any(word in window or word in letters for word in _FORBIDDEN):
                raise InputError(f"{name}: has XML with a document type or entities; Excel writes none. {_EXPORT}")
            tail = window[-_OVERLAP:]
    return size, tags


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name}: unpacks to more than a workbook of orders holds (at most {MOST_BYTES // _MB} MB, and no part more "
        f"than {MOST_RATIO} times its packed size). Nothing of it was used. {_EXPORT}"
    )
