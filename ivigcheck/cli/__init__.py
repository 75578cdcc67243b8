"""The command line: parse, call, print, exit."""

from __future__ import annotations

import gc
import importlib
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from ivigcheck.cli.terminal import complain, diagnostics, emit, silence
from ivigcheck.errors import Exit, Stop
from ivigcheck.version import __version__

# Name -> whether it is a group of commands, and whether it shows its help where it is called without arguments.
# In the order of the help page; each is the function, or of a group the application, in the module of its name.
_COMMANDS: Final = {
    "batch": (False, True),
    "order": (False, True),
    "schedule": (False, True),
    "reaction": (False, False),
    "rules": (False, False),
    "products": (False, False),
    "ack": (False, True),
    "status": (False, True),
    "template": (False, True),
    "guide": (False, False),
    "policy": (True, False),
    "nightly": (True, False),
    "history": (True, False),
}


@cache
def _command(name: str) -> TyperCommand | TyperGroup:
    """One command, its module imported: one order must not wait for the modules and options of all the others."""
    is_group, no_args_is_help = _COMMANDS[name]
    module = importlib.import_module(f"ivigcheck.cli.{name}")
    holder = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    if is_group:
        holder.add_typer(getattr(module, f"{name}_app"), name=name)
    else:
        holder.command(name, no_args_is_help=no_args_is_help)(getattr(module, name))
    return cast(TyperCommand | TyperGroup, typer.main.get_group(holder).commands[name])


class _WhenAsked(Mapping[str, TyperCommand | TyperGroup]):
    """Every command by its name, each made when it is first asked for."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Program(TyperGroup):
    """The program, whose commands are made when they are called or listed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(Any, _WhenAsked())

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)


app = typer.Typer(
    name="ivigcheck",
    cls=_Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from ivigcheck.knowledge import built_in

        knowledge = built_in()
        emit(f"ivigcheck {__version__}, knowledge {knowledge.version}, {knowledge.policy.name}\n")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the versions and exit.")
    ] = False,
) -> None:
    """Checks IVIG infusion orders: rate limits by indication, product and risk, and contraindications.

    \b
    Examples:
      ivigcheck batch sample_orders/messy_batch.csv
      ivigcheck order --indication PI --weight "82 kg" --age 40 \\
          --product Privigen --max-rate "300 mL/h" --screened
      ivigcheck rules IVG101
    """


def main() -> None:
    """Runs the command line and exits with its code; no exception and no traceback leaves it."""
    os.umask(0o077)
    gc.disable()  # a command lives for seconds and makes no cycles; the collector would take a fifth of a batch's time
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = _run()
    gc.freeze()  # nor on the way out: the interpreter would go through every object that the imports have made
    sys.exit(code)


def _run() -> int:
    try:
        code = int(app(standalone_mode=False) or 0)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except Stop as stop:
        complain(str(stop))
        return stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except SystemExit:  # how the command line library ends when the reader of a help page has gone
        return _unwritable("")
    except OSError as error:  # files have their own messages; what is left is a help page that cannot be written
        return _unwritable(f"Standard output could not be written to: {error.strerror}.")
    except Exception as error:  # nothing may leave as a traceback: it would show what the program holds
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            if hasattr(error, "message"):  # what stands there by mistake may be a patient's id
                error.message = re.sub(r"^(Got unexpected extra arguments?).*", r"\1.", error.message, flags=re.DOTALL)
            with diagnostics() as stream:
                error.show(stream)  # the command line's own usage errors
            return Exit.USAGE
        complain(_internal(error))
        return Exit.INTERNAL


def _unwritable(message: str) -> int:
    if sys.stdout is not None:
        silence(sys.stdout)
    complain(message)
    return Exit.CANNOT_RUN


def _internal(error: Exception) -> str:
    """Names where the program failed, without any value: values are patients."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "ivigcheck" in frame.filename]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-3:]))
    return (
        f"an error of the program's own ({type(error).__name__} in {where}). Nothing was published; please report it."
    )
