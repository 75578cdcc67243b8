"""The files of a run: reading what is new, and putting away what was dealt with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ivigcheck.disk import replace_file
from ivigcheck.errors import InputChanged, InputError
from ivigcheck.history.nights import Night
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.nightly.inbox import Arrived, Inbox, free_place, put_away, unfinished
from ivigcheck.nightly.shelf import told
from ivigcheck.nightly.state import Run
from ivigcheck.pipeline import read_each

_SECONDS_PER_HOUR: Final = 3600


def read_new(run: Run, inbox: Inbox, knowledge: Knowledge) -> tuple[dict[Path, Table], dict[Path, InputError]]:
    """The orders of every new file that can be read, and why each other one cannot; what still grows is neither."""
    config = run.config
    tables, failed = read_each(
        [each.path for each in inbox.new],
        knowledge,
        sheet=config.sheet,
        encoding=config.encoding,
        progress=run.progress,
    )
    by_path = {each.path: each for each in inbox.new}
    changed = [path for path, error in failed.items() if isinstance(error, InputChanged) or not os.path.lexists(path)]
    changed += [path for path, table in tables.items() if table.sha256 != by_path[path].sha256]
    inbox.growing += changed
    tables = {path: table for path, table in tables.items() if path not in changed}
    first: dict[str, Path] = {}
    for path, table in list(tables.items()):  # of two files with one content that can be read, one is checked
        if first.setdefault(table.sha256, path) != path:
            del tables[path]
            inbox.copies.append(by_path[path])
    failed = {path: error for path, error in failed.items() if path not in changed}
    for path, table in tables.items():
        run.log("file_taken", sha256=by_path[path].sha256, orders=len(table.rows))
    for path in failed:
        run.log("file_not_read", sha256=by_path[path].sha256)
    run.facts["files"] = {
        "taken": len(tables),
        "checked_before": len(inbox.checked_before) + len(inbox.copies),
        "not_read": len(failed),
        "growing": len(inbox.growing),
    }
    if failed:
        what = "1 file could not be read" if len(failed) == 1 else f"{len(failed)} files could not be read"
        run.trouble("not_read", f"{what}: see the quarantine folder for the reason.", files=len(failed))
    if inbox.put_back:
        many = len(inbox.put_back)
        one = "1 file has the content of an earlier run, and is"
        what = one if many == 1 else f"{many} files have the content of earlier runs, and are"
        run.trouble("put_back", f"{what} older than the last: old orders may stand for new ones.", files=many)
    if inbox.growing:
        many = len(inbox.growing)
        what = "1 file was" if many == 1 else f"{many} files were"
        run.trouble("growing", f"{what} still being written, and left for the next run.", files=many)
    return tables, failed


def newest_file(inbox: Inbox, last: Night | None, now: float) -> float | None:
    """When the newest file was written that ever came; None where none did. It and now: seconds since the epoch."""
    known = [float(last.facts["newest_file"])] if last else []
    here = (min(each.written, now) for each in (*inbox.new, *inbox.checked_before))  # a clock may run ahead
    return max([*known, *here], default=None)


def check_newest(run: Run, newest: float | None) -> None:
    """Tells where no file has come, or none for too long. newest: as `newest_file` gives it."""
    most = run.config.max_file_age_hours
    if newest is None:
        run.trouble("no_file", "No file has come yet: does the export run?")
        return
    hours = (run.started.timestamp() - newest) / _SECONDS_PER_HOUR
    if hours > most:
        run.trouble(
            "old_file",
            f"The newest file was written {int(hours)} hours ago, and {most} are allowed: does the export run?",
            hours=int(hours),
        )


def clear_unfinished(run: Run) -> None:
    """Removes what a killed run had begun to copy to another disk. Raises OutputError where that cannot be done."""
    for folder in (run.config.inbox, run.config.archive, run.config.quarantine):
        if folder:
            with told(folder):
                (folder / unfinished(run.config.name)).unlink(missing_ok=True)


def put_all_away(run: Run, inbox: Inbox, tables: Mapping[Path, Table], failed: Mapping[Path, InputError]) -> None:
    """Moves what was checked into the archive, and what could not be read into quarantine, with the reason."""
    config = run.config
    stuck = 0
    checked = [each for each in inbox.new if each.path in tables]
    if config.archive:
        for each in (*checked, *inbox.checked_before, *inbox.copies):
            stuck += not _moved(run, each, config.archive)
    for each in inbox.new:
        if each.path in failed:
            stuck += not _moved(run, each, config.quarantine, f"{failed[each.path]}\n")
    if stuck:
        what = "1 file" if stuck == 1 else f"{stuck} files"
        run.trouble("not_moved", f"{what} could not be moved out of the inbox.", files=stuck)


def _moved(run: Run, file: Arrived, folder: Path, reason: str = "") -> bool:
    """Whether a file is out of the inbox, or nothing has to be done about it. reason: is written beside it."""
    try:
        target = free_place(folder, run.id, file.path.name)
        if reason:  # before the file, so that none lies there without
            told_why = target.with_name(f"{target.name}.reason.txt")
            replace_file(told_why, reason.encode(errors="backslashreplace"), unfinished(run.config.name))
        put_away(file.path, target, file.sha256, run.config.name)
    except FileNotFoundError:
        return True  # somebody has taken it away
    except OSError:
        return False
    return True
