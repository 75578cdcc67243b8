"""Which policy file is in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ivigcheck.errors import UsageError
from ivigcheck.settings_file import as_sentence, readable, unreadable
from ivigcheck.show import visible

BUILT_IN: Final = "built-in"
"""The word that names the built-in policy where a file is asked for."""

VARIABLE: Final = "IVIGCHECK_POLICY"
_NAME: Final = "policy.toml"


def policy_path(option: str | None) -> Path | None:
    """The file of the policy in force, None for the built-in one.

    The option counts, else the environment variable IVIGCHECK_POLICY, else policy.toml in the user's configuration
    folder where there is one. Raises UsageError where the file that is named, or that is there, cannot be read.
    """
    if option is not None:
        return _named(option, f"the policy file {visible(option)}")
    variable = os.environ.get(VARIABLE, "")
    if variable:
        return _named(variable, f"the policy file {visible(variable)}, named by the variable {VARIABLE},")
    folder = _configuration_folder()
    if folder is None:
        return None
    path = folder / _NAME
    what = f"the policy file {visible(str(path))}"
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        for above in path.parents:
            if above.is_symlink() and not above.exists():  # the policy may lie behind it: it is not passed over
                raise unreadable(what, f"the link {visible(str(above))} leads nowhere") from None
        return None
    except OSError as error:
        raise unreadable(what, error) from error
    return readable(path, what)


def _named(text: str, what: str) -> Path | None:
    if text == BUILT_IN:
        return None
    if not text.strip():
        raise UsageError(f"{as_sentence(what)} has no name: name a file, or {BUILT_IN}.")
    return readable(Path(text), what)


def _configuration_folder() -> Path | None:
    """The user's configuration folder of this program; None where the user has no home."""
    from typer import get_app_dir

    folder = Path(get_app_dir("ivigcheck"))
    if not folder.is_absolute():  # XDG_CONFIG_HOME is empty or relative, which counts as not set; or there is no home
        folder = Path("~/.config/ivigcheck")
        try:
            folder = folder.expanduser()
        except RuntimeError:
            return None
    return folder if folder.is_absolute() else None
