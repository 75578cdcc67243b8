"""What lies in the inbox: which files are new, which were checked before, and which may still grow."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ivigcheck.disk import ASIDE, move_file
from ivigcheck.errors import InputError
from ivigcheck.history.nights import OF_LAST_RUN
from ivigcheck.intake.files import LARGEST
from ivigcheck.nightly.keys import NightlyConfig
from ivigcheck.show import visible

_LOOK_AGAIN_S: Final = 1.0
_MOST_KEPT: Final = 150  # bytes of a name that is kept in the archive, so that it is none that a file system refuses


@dataclass(frozen=True, eq=False, repr=False)
class Arrived:
    """A file of the inbox.

    sha256: of its content, "" where it cannot be read. written, changed: seconds since the epoch, when its content was,
    by its own time stamp, and when anything of it was, by the system's.
    """

    path: Path
    sha256: str
    written: float
    changed: float

    @property
    def identity(self) -> str:
        """What tells this file, left where it was, from another one with the same content, or from itself put back; it
        does not have its name, which may be anybody's."""
        said = f"{self.path.name}\0{self.written!r}\0{self.changed!r}"
        return hashlib.sha256(said.encode(errors="surrogateescape")).hexdigest()[:16]


@dataclass(eq=False, repr=False)
class Inbox:
    """What lies there.

    new: to be checked, oldest first; put_back: those of them with the content of an earlier run than the last, and no
    newer than what that had. checked_before: what an earlier run checked. copies: what turns out to have another new
    file's content. growing: left for the next run.
    """

    new: list[Arrived] = field(default_factory=list)
    checked_before: list[Arrived] = field(default_factory=list)
    growing: list[Path] = field(default_factory=list)
    copies: list[Arrived] = field(default_factory=list)
    put_back: list[Arrived] = field(default_factory=list)


def arrivals(
    config: NightlyConfig, waiting: Callable[[int], None], sleep: Callable[[float], None] = time.sleep
) -> tuple[list[Arrived], list[Path]]:
    """The files of the inbox, oldest first, and those that may still grow, for which it waits as long as the
    configuration allows.

    waiting: called with how many files are waited for. Raises InputError where the folder cannot be read.
    """
    settled, growing = _settled(config, waiting, sleep)
    arrived = [Arrived(path, _sha256(path), each.st_mtime, each.st_ctime) for path, each in settled.items()]
    return sorted(arrived, key=lambda each: (each.written, each.path.name)), growing


def sorted_out(
    arrived: Sequence[Arrived],
    growing: Sequence[Path],
    taken: Callable[[Iterable[str]], Mapping[str, Collection[str]]],
    *,
    as_last_time: bool,
    newest_before: float | None,
) -> Inbox:
    """Which files are to be checked.

    Those are not that an earlier run checked and that only lie here still. Those are neither that have the content of
    one of the last run, unless that run would come to something else for them, or another file is new: then all of them
    are this run's orders.
    taken: as `Nights.taken` tells which of these contents were taken earlier. as_last_time: whether the day, the policy
    and the history are those of the last run. newest_before: when the newest file of the runs before was written.
    """
    before = taken({each.sha256 for each in arrived if each.sha256})
    found = Inbox(growing=sorted(growing))
    same: list[Arrived] = []
    for each in arrived:
        files = before.get(each.sha256, ())
        if each.identity in files:
            found.checked_before.append(each)
        elif OF_LAST_RUN in files and as_last_time:
            same.append(each)
        else:
            found.new.append(each)
            if files and OF_LAST_RUN not in files and newest_before is not None and each.written <= newest_before:
                found.put_back.append(each)
    if found.new:
        found.new = sorted([*found.new, *same], key=arrived.index)
    else:
        found.checked_before += same
    return found


def _settled(
    config: NightlyConfig, waiting: Callable[[int], None], sleep: Callable[[float], None]
) -> tuple[dict[Path, os.stat_result], list[Path]]:
    """The files that have not changed for long enough, and the others.

    A time stamp that is old enough is enough; a file with a later one is watched, for clocks of file servers differ.
    """
    began = time.monotonic()
    watched: dict[Path, tuple[tuple[int, int], float]] = {}
    while True:
        now, wall = time.monotonic(), time.time()
        settled: dict[Path, os.stat_result] = {}
        growing: list[Path] = []
        for path, status in _listed(config):
            state = (status.st_size, status.st_mtime_ns)
            if path not in watched or watched[path][0] != state:
                watched[path] = (state, now)
            unchanged = max(now - watched[path][1], wall - status.st_mtime)
            if unchanged >= config.settle_seconds:
                settled[path] = status
            else:
                growing.append(path)
        if not growing or now - began >= config.max_wait_seconds:
            return settled, growing
        waiting(len(growing))
        sleep(min(_LOOK_AGAIN_S, float(config.settle_seconds)))


def _listed(config: NightlyConfig) -> list[tuple[Path, os.stat_result]]:
    """The files of the inbox that a pattern names: no folders, and none that is hidden."""
    found = []
    try:
        names = sorted(os.listdir(config.inbox))  # noqa: PTH208 (names, not paths: most are passed over)
    except OSError as error:
        why = error.strerror or "the system gives no reason"
        raise InputError(f"The inbox {visible(str(config.inbox))} cannot be read: {why}. Check it.") from error
    patterns = [pattern.casefold() for pattern in config.patterns]
    for name in names:
        if name.startswith(".") or not any(fnmatch.fnmatchcase(name.casefold(), pattern) for pattern in patterns):
            continue
        path = config.inbox / name
        try:
            status = path.stat()
        except OSError:
            try:
                status = path.lstat()  # a link that leads nowhere is a file that cannot be read
            except OSError:
                continue  # gone between the two looks
        if not path.is_dir():
            found.append((path, status))
    return found


def _sha256(path: Path) -> str:
    """The hash of a regular file's content; "" where it cannot be read, which its reader will tell with the reason."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def put_away(file: Path, target: Path, sha256: str, name: str) -> None:
    """Moves a file that was dealt with out of the inbox.

    target: as `free_place` gives it. sha256: of the content that was dealt with, "" where nothing is known of it. Where
    the file has another content by now, it stays where it is. name: of the configuration, for `unfinished`.
    Raises OSError where it cannot be moved.
    """
    move_file(file, target, unfinished(name))
    if sha256 and _sha256(target) != sha256 and not os.path.lexists(file):
        move_file(target, file, unfinished(name))


def unfinished(name: str) -> str:
    """The name of a file that is not yet whole where it is moved to, for the runs of one configuration."""
    return f"{ASIDE}{name}-moving"


def free_place(folder: Path, run_id: str, name: str) -> Path:
    """A place that nothing has, for a file that is put away: its name begins with the run's."""
    stem, ending = Path(name).stem, Path(name).suffix
    room = max(0, _MOST_KEPT - len(os.fsencode(ending)))
    kept = os.fsdecode(os.fsencode(stem)[:room] + os.fsencode(ending)[:_MOST_KEPT])
    target, k = folder / f"{run_id}_{kept}", 1
    while os.path.lexists(target):
        k += 1
        target = folder / f"{run_id}_{k}_{kept}"
    return target
