"""``ivigcheck template``: an empty order sheet to fill in."""

from __future__ import annotations

import contextlib
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ivigcheck.cli.options import PolicyOption
from ivigcheck.cli.terminal import emit
from ivigcheck.errors import Exit, OutputError, UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.report import check_outputs, publish
from ivigcheck.site import knowledge_in_force


def template(
    output: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The workbook to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT.xlsx where it is there already.")] = False,
    policy: PolicyOption = None,
) -> int:
    """Write an empty order sheet that a pharmacy can fill in.

    It has every column that is read, with drop-downs and hints, an invented example to overwrite, and a sheet of notes.

    \b
    Examples:
      ivigcheck template orders.xlsx
      ivigcheck template orders.xlsx --force

    \b
    Exit codes:
      0  the workbook was written
      2  the command line is wrong: the ending is not .xlsx
      3  not written: OUT.xlsx is there already, or cannot be written
    """
    return write_template(output, knowledge_in_force(policy), force=force)


def write_template(output: Path, knowledge: Knowledge, *, force: bool) -> int:
    """Writes the order sheet under the headers of the knowledge's policy, and says what comes next.

    Raises UsageError for another ending, OutputError where the file is there and not ``force``, or cannot be written.
    """
    if output.suffix.lower() != ".xlsx":
        raise UsageError(f'{output}: the ending "{output.suffix}" is not .xlsx, which is all that a template has.')
    check_outputs([output], [])
    if output.exists() and not force:
        raise OutputError(f"{output}: is there already: choose another name, or overwrite it with --force.")
    # Here, so that no other command's start waits for openpyxl.
    from ivigcheck.report.xlsx_template import render_template

    publish({output: render_template(knowledge, datetime.now(UTC))})
    # The file is out: a closed standard output takes nothing away from it.
    with contextlib.suppress(OutputError):
        emit(
            f"written: {output}\n"
            f"Fill it in as its sheet Notes says, then check it: ivigcheck batch {shlex.quote(str(output))}\n"
        )
    return Exit.OK
