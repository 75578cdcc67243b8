"""Which history a command uses: the option that names it, and what counts without one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from ivigcheck.errors import HistoryError, UsageError

VARIABLE: Final = "IVIGCHECK_HISTORY"
_NAME: Final = "history.sqlite"

HistoryOption = Annotated[
    str | None,
    typer.Option(
        "--history",
        metavar="FILE",
        help=f"The history of reactions and confirmed events. Default: ${VARIABLE}, or ivigcheck/{_NAME} in the user's "
        "data folder.",
    ),
]


@dataclass(frozen=True)
class HistoryPlace:
    """The file of the history. named: by the option or the variable, so that it is missed where it is not there."""

    path: Path
    named: bool


def history_path(option: str | None) -> HistoryPlace:
    """The history that counts: the option's, else that of the variable IVIGCHECK_HISTORY, else the user's own.

    Raises UsageError where the option has no name, HistoryError where there is no folder of the user's.
    """
    if option is not None and not option.strip():
        raise UsageError("--history has no name: name a file.")
    named = option or os.environ.get(VARIABLE, "")
    return HistoryPlace(Path(named), True) if named.strip() else HistoryPlace(_data_folder() / _NAME, False)


def history_files(option: str | None) -> list[Path]:
    """The files of the history that counts, whose place no report may take; none where there can be no history."""
    try:
        path = history_path(option).path
    except HistoryError:
        return []
    return [path.with_name(f"{path.name}{ending}") for ending in ("", "-wal", "-shm")]


def _data_folder() -> Path:
    """The user's data folder of this program."""
    from platformdirs import user_data_path

    folder = user_data_path("ivigcheck", appauthor=False)
    if not folder.is_absolute():  # XDG_DATA_HOME is relative, which counts as not set; or there is no home
        folder = Path("~/.local/share/ivigcheck")
        try:
            folder = folder.expanduser()
        except RuntimeError as error:
            raise HistoryError(
                "There is no place for the history, for this user has no home folder: name a file with --history or "
                f"the variable {VARIABLE}."
            ) from error
    return folder
