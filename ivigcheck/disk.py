"""Writing so that it lasts: files that are whole before anybody sees them, and folders whose new names are on the disk.

Everything is written readable by its owner alone.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

ASIDE: Final = ".ivigcheck-"
"""How the name of whatever is not yet, or no longer, anybody's business begins."""

_LEFT_BEHIND_S: Final = 6 * 3600  # no run takes as long: what is older was left by one that was killed
_CHUNK: Final = 1 << 20
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder last; where the system cannot open a folder, the renaming or linking has to do."""
    with contextlib.suppress(PermissionError, IsADirectoryError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # this file system cannot; any other error counts
                raise
        finally:
            os.close(descriptor)


def new_file(path: Path) -> BinaryIO:
    """A file to write that was not there before."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600), "wb")


def write_file(path: Path, content: bytes | BinaryIO, *, anew: bool = True) -> None:
    """Writes a file and flushes it to the disk. anew: it must not be there yet."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    flags = os.O_WRONLY | os.O_CREAT | _NO_LINK | (os.O_EXCL if anew else os.O_TRUNC)
    descriptor = os.open(path, flags, 0o600)
    try:
        while rest := memoryview(stream.read(_CHUNK)):
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes | BinaryIO, via: str = "") -> None:
    """Puts a whole file in the place of another one, or where there was none; never a part of it.

    via: the name that it has until it is whole, one that begins with ASIDE where none is given.
    """
    new = path.with_name(via or f"{ASIDE}{path.name}")
    with _removed_unless_done(new):
        write_file(new, content, anew=False)
        new.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def _removed_unless_done(new: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def point(link: Path, name: str) -> None:
    """Lets a symbolic link point to a name in its own folder; it points to the old one until it points to the new.

    Raises OSError where the system makes no links, or something else stands in the link's place.
    """
    if not link.is_symlink() and link.exists():
        raise FileExistsError(errno.EEXIST, "is there, and is no symbolic link", str(link))
    new = link.with_name(f"{ASIDE}{link.name}")
    with _removed_unless_done(new):
        new.unlink(missing_ok=True)
        new.symlink_to(name)
        new.replace(link)
    sync_folder(link.parent)


def move_file(source: Path, target: Path, via: str) -> None:
    """Moves a file, also to another disk: then it is whole there before it is gone here.

    target: must not be there. via: the name that it has in the target's folder until it is whole; what a killed program
    has left under that name is the caller's to remove.
    """
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV or not source.is_file():
            raise  # what is no file cannot be copied: a pipe would be waited for for ever
        with source.open("rb") as file:
            replace_file(target, file, via)
        source.unlink()
    sync_folder(target.parent)
    sync_folder(source.parent)


@contextlib.contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """A new folder in this one for what is not finished, gone when the block ends.

    What a killed run left of the kind is removed first, once it is too old to be a living run's.
    """
    _sweep(folder)
    mine = Path(tempfile.mkdtemp(dir=folder, prefix=ASIDE))
    try:
        yield mine
    finally:
        shutil.rmtree(mine, ignore_errors=True)


def _sweep(folder: Path) -> None:
    before = time.time() - _LEFT_BEHIND_S
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(ASIDE):
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
                    if stat.S_ISDIR(status.st_mode) and ours and status.st_mtime < before:
                        shutil.rmtree(entry.path, ignore_errors=True)
