"""The command line: parse, call, print, exit."""

from __future__ import annotations

import gc
import os
import re
import sys
import traceback
from typing import Annotated

import typer

from ivigcheck.cli.ack import ack
from ivigcheck.cli.batch import batch
from ivigcheck.cli.guide import guide
from ivigcheck.cli.history import history_app
from ivigcheck.cli.nightly import nightly_app
from ivigcheck.cli.order import order
from ivigcheck.cli.policy import policy_app
from ivigcheck.cli.products import products
from ivigcheck.cli.reaction import reaction
from ivigcheck.cli.rules import rules
from ivigcheck.cli.schedule import schedule
from ivigcheck.cli.status import status
from ivigcheck.cli.template import template
from ivigcheck.cli.terminal import complain, diagnostics, emit, silence
from ivigcheck.errors import Exit, Stop
from ivigcheck.version import __version__

app = typer.Typer(
    name="ivigcheck",
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


app.command(no_args_is_help=True)(batch)
app.command(no_args_is_help=True)(order)
app.command(no_args_is_help=True)(schedule)
app.command()(reaction)
app.command()(rules)
app.command()(products)
app.add_typer(policy_app, name="policy")
app.add_typer(nightly_app, name="nightly")
app.command(no_args_is_help=True)(ack)
app.command(no_args_is_help=True)(status)
app.add_typer(history_app, name="history")
app.command(no_args_is_help=True)(template)
app.command()(guide)


def main() -> None:
    """Runs the command line and exits with its code; no exception and no traceback leaves it."""
    os.umask(0o077)
    gc.disable()  # a command lives for seconds and makes no cycles; the collector would take a fifth of a batch's time
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run())


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
