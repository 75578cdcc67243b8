"""How other programs run the check every night, mail what it says and notice when it did not run.

The program itself mails nothing and pings nothing. These are texts to copy: for cron, for systemd, for Windows.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivigcheck.errors import UsageError

_TEMPLATES: Final = Path(__file__).with_suffix("")
_SCRIPTS: Final = "/usr/local/lib/ivigcheck"
_UNITS: Final = "/etc/systemd/system"
_WINDOWS: Final = "C:\\ProgramData\\ivigcheck"
_PARTS: Final = MappingProxyType(
    {
        "cron": ("crontab", f"{_SCRIPTS}/ivigcheck-mail.sh"),
        "systemd": (
            f"{_UNITS}/ivigcheck-nightly.service",
            f"{_UNITS}/ivigcheck-nightly.timer",
            f"{_UNITS}/ivigcheck-mail.service",
            f"{_UNITS}/ivigcheck-ping.service",
            f"{_UNITS}/ivigcheck-alert.service",
            f"{_UNITS}/ivigcheck-status.service",
            f"{_UNITS}/ivigcheck-status.timer",
            f"{_SCRIPTS}/ivigcheck-mail.sh",
        ),
        "windows": (f"{_WINDOWS}\\ivigcheck-job.ps1", f"{_WINDOWS}\\ivigcheck-register.ps1"),
    }
)
RECIPES: Final = tuple(_PARTS)
"""The names of the recipes."""

_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+=,:@")
# What PowerShell takes for a single quote: the typographic ones too.
_POWERSHELL_QUOTES: Final = "'‘’‚‛"


@dataclass(frozen=True)
class RecipePaths:
    """What a recipe needs to know of the machine. Paths are absolute, without ``..``."""

    program: str
    """The ivigcheck executable."""
    config: str
    """The configuration of the nightly run."""
    reports: str
    """The folder of the reports."""
    writable: tuple[str, ...]
    """The folders that a run writes to: inbox, archive, quarantine, reports, the history's folder."""
    user: str = "ivigcheck"
    """The account that runs it."""

    def __post_init__(self) -> None:
        # A line break in a path would begin a line of its own in a crontab or a unit, and nothing there can quote it.
        for value in (self.program, self.config, self.reports, *self.writable, self.user):
            if not value or not value.isprintable():
                raise UsageError(f"a recipe cannot hold {value!r}: it is empty, or has characters that are not seen")


def for_shell(value: str) -> str:
    """A value as one word of a POSIX shell."""
    return shlex.quote(value)


def for_cron(value: str) -> str:
    r"""A value as one word of a crontab's command: for the shell, and with every ``%`` as ``\%``.

    An unescaped ``%`` ends the command. ``\%`` stands outside of the quotes: there a cron that takes the backslash away
    and one that leaves it to the shell come to the same, and no backslash of the path comes to stand before it.
    """
    return r"\%".join(shlex.quote(piece) if piece else "" for piece in value.split("%"))


def for_systemd(value: str) -> str:
    """A value as one word of a unit's setting. ``$`` stays: a command begins as in ``systemd_command``."""
    value = value.replace("%", "%%")
    if set(value) <= _PLAIN | {"%"}:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def systemd_command(program: str) -> str:
    """The begin of a unit's command: the colon has systemd expand no ``$`` in it.

    It calls no program with a quote or a backslash in its path. The shell does.
    """
    through = '/bin/sh -c \'exec "$0" "$@"\' ' if set(program) & set("'\"\\") else ""
    return f":{through}{for_systemd(program)}"


def for_powershell(value: str) -> str:
    """A value as a string of PowerShell in which nothing is expanded."""
    return "'" + "".join(ch * 2 if ch in _POWERSHELL_QUOTES else ch for ch in value) + "'"


def parts(name: str, paths: RecipePaths) -> dict[str, str]:
    """The parts of a recipe: the name of the file to save each under, and its text."""
    if name not in _PARTS:
        raise UsageError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}")
    return {file: _filled(_base(file), paths) for file in _PARTS[name]}


def recipe(name: str, paths: RecipePaths) -> str:
    """A recipe to print: what to do, then each part under a line with the name of the file to save it under."""
    pieces = [f"# ==== save as: {file} ====\n\n{text}" for file, text in parts(name, paths).items()]
    return "\n\n".join([_filled(f"{name}.txt", paths), *pieces])


def systemd_units(paths: RecipePaths) -> dict[str, str]:
    """The units of the systemd recipe: the name of each, and its text."""
    return {_base(file): text for file, text in parts("systemd", paths).items() if file.startswith(_UNITS)}


def _base(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1]


def _filled(template: str, paths: RecipePaths) -> str:
    return _environment().get_template(f"{template}.j2").render(paths=paths)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # no HTML: each value goes through the filter of the language that it stands in
    )
    environment.filters.update(
        sh=for_shell,
        cron=for_cron,
        systemd=for_systemd,
        systemd_command=systemd_command,
        powershell=for_powershell,
    )
    return environment
