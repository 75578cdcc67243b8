"""Putting reports where they belong: whole or not at all, and readable by their owner alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from ivigcheck.disk import aside, new_file, sync_folder, write_file
from ivigcheck.errors import OutputError, UsageError


def check_outputs(outputs: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Refuses outputs that could not be written, before any work is done.

    Raises UsageError where an output is named twice or is an input, OutputError where it cannot be written.
    """
    taken = {path.absolute() for path in inputs} | {path.resolve() for path in inputs}
    for path in outputs:
        try:
            path.exists()
        except OSError as error:
            raise OutputError(f"{path.name[:40]}…: {error.strerror}: choose another name.") from error
        if path.absolute() in taken or path.resolve() in taken:
            raise UsageError(f"{path}: is named twice, or is an input: give each report a name of its own.")
        taken.add(path.absolute())
        if path.is_symlink():
            raise OutputError(
                f"{path}: is a symbolic link, which a report is not written through: name the file itself."
            )
        if path.exists() and not path.is_file():
            raise OutputError(f"{path}: is there and is no file: choose another name.")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: the folder {path.parent} does not exist: create it first.")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise OutputError(f"{path}: the folder {path.parent} cannot be written to: check its permissions.")


@contextlib.contextmanager
def publishing(outputs: Sequence[Path]) -> Iterator[dict[Path, BinaryIO]]:
    """Files for reports that are written bit by bit, aside (mode 0600); they are flushed to the disk and put in their
    places when the block ends, and not at all where it raises.

    Raises OutputError; then no temporary file is left, and no report is half-written.
    """
    where = outputs[0]
    try:
        with contextlib.ExitStack() as stack:
            folders = dict.fromkeys(path.parent for path in outputs)
            beside = {folder: stack.enter_context(aside(folder)) for folder in folders}
            files = {path: stack.enter_context(new_file(beside[path.parent] / path.name)) for path in outputs}
            yield files
            for where in outputs:
                files[where].flush()
                os.fsync(files[where].fileno())
            for where in outputs:
                (beside[where.parent] / where.name).replace(where)
            for folder in folders:
                sync_folder(folder)
    except OSError as error:
        raise OutputError(f"{where}: could not be written: {error.strerror or error}.") from error


def publish(reports: Mapping[Path, bytes]) -> None:
    """Writes every report aside (mode 0600), flushes it to the disk, and only then puts them all in their places.

    Raises OutputError; then no temporary file is left, and no report is half-written.
    """
    written: list[tuple[Path, Path]] = []
    where = next(iter(reports))
    try:
        with contextlib.ExitStack() as stack:
            folders = dict.fromkeys(path.parent for path in reports)
            beside = {folder: stack.enter_context(aside(folder)) for folder in folders}
            for where, content in reports.items():
                written.append((beside[where.parent] / where.name, where))
                write_file(written[-1][0], content)
            for temporary, where in written:
                temporary.replace(where)
            for folder in folders:
                sync_folder(folder)
    except OSError as error:
        raise OutputError(f"{where}: could not be written: {error.strerror or error}.") from error
