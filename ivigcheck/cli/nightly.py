"""``ivigcheck nightly``: the unattended run, its configuration, and how other programs start it."""

from __future__ import annotations

import contextlib
import shutil
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivigcheck.cli.options import AsOf, Quiet, named_day
from ivigcheck.cli.terminal import Progress, diagnostics, emit, on_termination
from ivigcheck.errors import Exit, OutputError, UsageError

if TYPE_CHECKING:  # the room is imported by the command that needs it: every other one would start later for it
    from ivigcheck.nightly.log import Log

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration of the unattended run (TOML)."),
]

nightly_app = typer.Typer(no_args_is_help=True, invoke_without_command=True, rich_markup_mode=None)


class LogForm(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class RecipeName(StrEnum):
    """What starts the run."""

    CRON = "cron"
    SYSTEMD = "systemd"
    WINDOWS = "windows"


@nightly_app.callback()
def nightly(
    context: typer.Context,
    config: ConfigOption = None,
    as_of: AsOf = "",
    log: Annotated[LogForm, typer.Option("--log", help="How log lines are written to standard error.")] = LogForm.TEXT,
    quiet: Quiet = False,
) -> int:
    """Check what is new in the inbox, and publish reports that begin with what is new since the last run.

    Each new file is taken once, by its content. The reports of a run appear together in a folder of their own, and
    "latest" beside it points to the last. Nothing that is printed, logged or in mail.txt names a patient.

    \b
    Examples:
      ivigcheck nightly example > nightly.toml
      ivigcheck nightly check-config nightly.toml
      ivigcheck nightly --config nightly.toml
      ivigcheck nightly --config nightly.toml --quiet
      ivigcheck nightly recipe systemd --config nightly.toml

    \b
    Exit codes:
      0  nothing to do, or every order was checked and none is at or above
         fail_on
      1  at least one order at or above fail_on
      2  the command line, the configuration or the policy is wrong
      3  could not run, or not all of it: another run holds the lock, a file
         could not be read, too few orders came; what could be checked is
         published
      4  at least one order could not be checked
     70  an error of the program's own: nothing is published
    130  it was interrupted, or asked to end
    """
    if context.invoked_subcommand is not None:
        return Exit.OK
    from ivigcheck.nightly.config import read_config
    from ivigcheck.nightly.log import Log
    from ivigcheck.nightly.night import Outcome, run_night

    day: date | None = named_day(as_of) if as_of else None
    configuration = read_config(_needed(config))

    def log_of(run_id: str) -> Log:
        return Log((lambda _: None) if quiet else _to_diagnostics, log.value, run_id)

    def tell(outcome: Outcome) -> None:
        if not quiet or outcome.code != Exit.OK:
            # The reports are out: a closed standard output takes nothing away from them.
            with contextlib.suppress(OutputError):
                emit(f"{outcome.line}\n")

    with on_termination(), Progress(shown=not quiet) as progress:
        return run_night(configuration, day=day, log=log_of, tell=tell, progress=progress).code


def _to_diagnostics(line: str) -> None:
    with diagnostics() as stream:
        stream.write(line)


def _needed(config: Path | None) -> Path:
    if config is None:
        raise UsageError("Name the configuration: --config FILE. An example: ivigcheck nightly example")
    return config


@nightly_app.command("check-config", no_args_is_help=True)
def check_config(file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration (TOML).")]) -> int:
    """Check a configuration: its keys, and that its folders, policy and history are there.

    \b
    Examples:
      ivigcheck nightly check-config /etc/ivigcheck/nightly.toml

    \b
    Exit codes:
      0  a run can begin
      2  the configuration or the policy is wrong: each line names line, key
         and fix
      3  a folder or a file that it names is missing, or cannot be used
    """
    from ivigcheck.history import History
    from ivigcheck.history.recalled import memory_of
    from ivigcheck.knowledge import built_in
    from ivigcheck.nightly.config import missing, read_config
    from ivigcheck.site.reading import read_site_policy

    config = read_config(file)
    knowledge = read_site_policy(config.policy, built_in()) if config.policy else built_in()
    absent = missing(config)
    if absent:
        emit("".join(f"{line}\n" for line in absent))
        return Exit.CANNOT_RUN
    with History.reading(config.history) as history:
        entries = memory_of(history).entries
    archive = f"then moved to {config.archive}" if config.archive else "and left there"
    lines = (
        f"{config.name}: a run can begin.",
        f"inbox       {config.inbox}: {', '.join(config.patterns)}, each new file taken once, {archive}",
        f"quarantine  {config.quarantine}",
        f"reports     {config.reports}: {', '.join(config.formats)}, worklist.txt, mail.txt, mail.html",
        f"history     {config.history}: {entries} entries",
        f"policy      {knowledge.policy.name}",
    )
    emit("".join(f"{line}\n" for line in lines))
    return Exit.OK


@nightly_app.command()
def example() -> int:
    """Print an example of a configuration: every key with its default and what it means.

    \b
    Examples:
      ivigcheck nightly example > nightly.toml
    """
    from ivigcheck.nightly.config import example_config

    emit(example_config())
    return Exit.OK


@nightly_app.command(no_args_is_help=True)
def recipe(
    name: Annotated[RecipeName, typer.Argument(metavar="cron|systemd|windows", help="What is to start the run.")],
    config: ConfigOption = None,
    program: Annotated[
        str | None, typer.Option(metavar="FILE", help="The ivigcheck executable. Default: this one.")
    ] = None,
    user: Annotated[str, typer.Option(metavar="NAME", help="The account that runs it.")] = "ivigcheck",
) -> int:
    """Print what makes cron, systemd or Windows run the check every night, mail what is new, and miss a run.

    The text says where each part of it goes. Nothing is installed by this command.

    \b
    Examples:
      ivigcheck nightly recipe cron --config /etc/ivigcheck/nightly.toml
      ivigcheck nightly recipe systemd --config /etc/ivigcheck/nightly.toml
    """
    from ivigcheck.nightly.config import read_config
    from ivigcheck.nightly.recipes import RecipePaths, recipe

    configuration = read_config(_needed(config))
    folders = (
        configuration.inbox,
        configuration.archive,
        configuration.quarantine,
        configuration.reports,
        configuration.history.parent,
    )
    paths = RecipePaths(
        program=program or _this_program(),
        config=str(configuration.file),
        reports=str(configuration.reports),
        writable=tuple(dict.fromkeys(str(folder) for folder in folders if folder)),
        user=user,
    )
    emit(recipe(name.value, paths))
    return Exit.OK


def _this_program() -> str:
    found = shutil.which("ivigcheck")
    return found or str(Path(sys.argv[0]).absolute())
