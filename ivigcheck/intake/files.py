"""The bytes of an input: read once, from a regular file, and only if nothing changed meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivigcheck.errors import InputChanged, InputError
from ivigcheck.show import cut, visible

LARGEST: Final = 1 << 30
"""Bytes of an input that are still read: far above any hospital's orders, below what a small server can hold."""

_CHUNK: Final = 1 << 20
_EXPORT: Final = "export the orders as .csv or .xlsx"
_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive or an XLSX workbook", "if it is a workbook, let its name end in .xlsx"),
    (b"PK\x05\x06", "an empty ZIP archive", _EXPORT),
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook or an encrypted one", "save it as .xlsx, without a password"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first"),
    (b"BZh", "compressed with bzip2", "unpack it first"),
    (b"\xfd7zXZ\x00", "compressed with xz", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it first"),
    (b"%PDF", "a PDF document", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """What a file held. name: without its folder, printable. sha256: of all its bytes, in hex."""

    name: str
    data: bytes
    sha256: str


def shown(text: str, longest: int = 60) -> str:
    """A text that is safe in a message: what cannot be seen is escaped, and what is long is cut with a mark."""
    return visible(cut(text, longest))


def shown_name(path: Path) -> str:
    """The file's name without its folder, safe in messages and reports even where it is not valid text; the path where
    it has no name (``.``)."""
    return shown(path.name or str(path), longest=255)


def read_content(path: Path) -> Content:
    """All bytes of a regular file.

    Raises InputError for anything else (directory, FIFO, device, unreadable, too large), and where the file was
    written to or replaced while it was read: half of tonight's orders must not pass for all of them.
    """
    name = shown_name(path)
    with _in_words(name):
        # Before opening: to open a FIFO waits for its writer, and to open a device may do something.
        _require_regular(os.stat(path), name)  # noqa: PTH116  (os.stat and os.fstat are compared)
        return _read(path, name)


def _read(path: Path, name: str) -> Content:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    try:
        before = os.fstat(handle)
        _require_regular(before, name)  # again: the path may have been swapped since
        chunks: list[bytes] = []
        digest = hashlib.sha256()
        total = 0
        while chunk := os.read(handle, _CHUNK):
            chunks.append(chunk)
            digest.update(chunk)
            total += len(chunk)
            if total > before.st_size:
                break  # it grows faster than it can be read: the comparison below says so
        after = os.fstat(handle)
        at_path = os.stat(path)  # noqa: PTH116
    finally:
        os.close(handle)
    if total != before.st_size or _mark(before) != _mark(after) or _mark(before) != _mark(at_path):
        raise _changed(name)
    return Content(name, b"".join(chunks), digest.hexdigest())


@dataclass(frozen=True)
class Watch:
    """A file that is read in pieces: whether it is still the one that it was."""

    path: Path
    mark: tuple[int, ...]

    @classmethod
    def over(cls, path: Path) -> Watch:
        """Raises InputError for anything but a regular file that is there."""
        with _in_words(shown_name(path)):
            status = os.stat(path)  # noqa: PTH116
        _require_regular(status, shown_name(path), largest=None)
        return cls(path, _mark(status))

    def require_unchanged(self) -> None:
        """Raises InputChanged where it was written to or replaced meanwhile."""
        with _in_words(shown_name(self.path)):
            status = os.stat(self.path)  # noqa: PTH116
        if _mark(status) != self.mark:
            raise _changed(shown_name(self.path))


def digest_of(path: Path) -> str:
    """The SHA-256 of a whole file, in hex. Raises InputError where it cannot be read."""
    with _in_words(shown_name(path)), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Says what the system refuses, as an InputError."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file. Check the path.") from None
    except PermissionError:
        raise InputError(f"{name}: may not be read by this user. Check the file's permissions.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise InputError(f"{name}: cannot be read ({reason}). Nothing of it was used.") from None


def _changed(name: str) -> InputChanged:
    return InputChanged(
        f"{name}: changed while reading. Let the export write under another name, "
        "rename it when it is done, and run again."
    )


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _require_regular(status: os.stat_result, name: str, largest: int | None = LARGEST) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{name}: is a directory. Name the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{name}: is not a regular file (a pipe, socket or device). Save the orders to a file first.")
    if largest is not None and status.st_size > largest:
        raise InputError(f"{name}: is larger than {largest >> 20} MB. Split it.")


def kind_of(data: bytes) -> tuple[str, str] | None:
    """What bytes are when they are neither delimited text nor anything unknown, and what to do: ("compressed with
    gzip", "unpack it first"). None where nothing is recognised."""
    for magic, kind, remedy in _MAGIC:
        if data.startswith(magic):
            return kind, remedy
    # No order file begins with "<"; saving a web page as .csv does.
    if data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return "an HTML or XML document", _EXPORT
    return None


_SPREADSHEET_LIMITS: Final = (65_535, 1_048_575)


def count_notices(orders: int, blank_rows: int) -> list[str]:
    """What the number of rows says about the file: none at all, or exactly as many as fit a spreadsheet."""
    notices = []
    if orders == 0:
        notices.append("has a header and no orders.")
    for limit in _SPREADSHEET_LIMITS:
        if limit in (orders, orders + blank_rows):
            notices.append(
                f"has exactly {limit:,} rows, a spreadsheet's limit: orders beyond it may have been cut off. "
                "Compare the count with the ordering system."
            )
    return notices
