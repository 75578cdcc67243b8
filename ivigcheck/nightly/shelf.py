"""The folder of reports: a run's reports appear together, in a folder of the run's own, and ``latest`` points to it.

A run writes its reports aside and flushes them, then it is recorded in the history, and only then they are put in their
place. What was killed before the recording never happened; what was killed after it is put in its place by the next.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ivigcheck.disk import ASIDE, point, sync_folder, write_file
from ivigcheck.errors import OutputError
from ivigcheck.show import visible

LATEST: Final = "latest"
_STAGED: Final = f"{ASIDE}run-"
_UNDONE: Final = (f"{ASIDE}{LATEST}", f"{ASIDE}status.json")


def new_run_id(now: datetime) -> str:
    """A name for a run: when it began, and something that no other one has; fit for a folder's name."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def folder_mark(folder: Path) -> str:
    """What stands for a folder of reports in the history: a hash of its path, which may be anybody's."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


class Shelf:
    """A folder of reports, whose lock is held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def left_behind(self) -> Iterator[str]:
        """The runs that were killed with their reports not yet in place."""
        with told(self._folder):
            yield from sorted(each.name.removeprefix(_STAGED) for each in self._folder.glob(f"{_STAGED}*"))

    def sweep(self, run_ids: Iterable[str]) -> None:
        """Removes what runs left that were killed before they were recorded, and half-made files of any."""
        with told(self._folder):
            for run_id in run_ids:
                shutil.rmtree(self._folder / f"{_STAGED}{run_id}")
            for name in _UNDONE:
                (self._folder / name).unlink(missing_ok=True)

    def stage(self, run_id: str) -> Path:
        """Makes a folder aside for a run's files: for `put_in_place`, or for `sweep`."""
        staged = self._staged(run_id)
        with told(self._folder):
            staged.mkdir(mode=0o700)
        return staged

    def write(self, run_id: str, reports: Mapping[str, bytes]) -> None:
        """Writes a run's files aside, and flushes them. reports: file name -> content."""
        staged = self._staged(run_id)
        with told(self._folder):
            for name, content in reports.items():
                write_file(staged / name, content)
            sync_folder(staged)
            sync_folder(self._folder)

    def put_in_place(self, run_id: str) -> Path:
        """Gives a run's folder its name, and lets ``latest`` point to it. What is done already is not done again."""
        place = self._folder / run_id
        with told(self._folder):
            staged = self._staged(run_id)
            if staged.is_dir():
                for left in staged.glob(f"{ASIDE}*"):  # what could not be removed when it was done with
                    shutil.rmtree(left)
                staged.rename(place)
                sync_folder(self._folder)
            link = self._folder / LATEST
            if link.exists() and not link.is_symlink():
                raise OutputError(f"{visible(str(link))}: is there, and is no symbolic link: move it away.")
            if place.is_dir():  # a site may have removed the reports of a run that it has read
                with contextlib.suppress(NotImplementedError, PermissionError):  # without links, the status names it
                    point(link, run_id)
        return place

    def has(self, run_id: str) -> bool:
        """Whether a run's reports are in their place."""
        return (self._folder / run_id).is_dir()

    def _staged(self, run_id: str) -> Path:
        return self._folder / f"{_STAGED}{run_id}"


@contextlib.contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turns what the system raises into an OutputError that names the folder."""
    try:
        yield
    except OSError as error:
        why = error.strerror or "the system gives no reason"
        raise OutputError(f"The folder {visible(str(folder))} could not be written to: {why}.") from error
