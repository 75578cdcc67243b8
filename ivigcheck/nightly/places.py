"""Whether the folders and files of an unattended run are there, and are such that it can work in them."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from ivigcheck.errors import UsageError
from ivigcheck.nightly.keys import FOLDERS, NightlyConfig
from ivigcheck.settings_file import readable
from ivigcheck.show import visible


def missing(config: NightlyConfig) -> list[str]:
    """What a run needs and does not find: a sentence for each folder, the policy file and the history.

    A folder must be there, and be one in which the run can write; the inbox one that it can read, where checked files
    stay in it. The policy file must be readable, the history one that can be written to.
    """
    where = visible(str(config.file))
    told = []
    for name in FOLDERS:
        folder: Path | None = getattr(config, name)
        written = name != "inbox" or config.archive is not None
        why = _folder_trouble(folder, written=written) if folder else ""
        if why:
            told.append(f"The folder {visible(str(folder))}, {name} in {where}, {why}.")
    if config.policy:
        try:
            readable(config.policy, f"the policy file {visible(str(config.policy))}, policy in {where},")
        except UsageError as error:
            told.append(str(error))
    why = _history_trouble(config.history)
    return [*told, f"The history {visible(str(config.history))}, history in {where}, {why}."] if why else told


def _folder_trouble(folder: Path, *, written: bool) -> str:
    """Why a folder cannot be used; "" where it can. written: whether files are put into it or taken away."""
    try:
        mode = folder.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist: make it, or name another"
    except (OSError, ValueError) as error:
        return f"cannot be used: {_reason(error)}"
    if not stat.S_ISDIR(mode):
        return "is no folder: name one"
    if not os.access(folder, os.R_OK | os.X_OK):
        return "cannot be read: check its permissions"
    if written and not os.access(folder, os.W_OK | os.X_OK):
        return "cannot be written to: check its permissions"
    return ""


def _history_trouble(path: Path) -> str:
    """Why a history cannot be used, as far as that can be seen from outside; "" where it can."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if any(each.is_symlink() and not each.exists() for each in (path, *path.parents)):
            return "is away: a link leads nowhere. Put back what it leads to"
        begin = f"ivigcheck history init --history {shlex.quote(visible(str(path)))}"
        return f"does not exist: name the right file, or begin a new one: {begin}"
    except (OSError, ValueError) as error:
        return f"cannot be used: {_reason(error)}"
    if not stat.S_ISREG(mode):
        return "is no file: it is a folder, a pipe or a device. Name a file"
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        return "or its folder, cannot be written to: check the permissions"
    return ""


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "its name is none that a file can have"
