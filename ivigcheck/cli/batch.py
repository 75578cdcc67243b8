"""``ivigcheck batch``: every order of the given files."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ivigcheck.cli.consult import NoHistoryOption, consulting
from ivigcheck.cli.history_option import HistoryOption, history_files
from ivigcheck.cli.open_page import open_page, page_to_open
from ivigcheck.cli.options import AsOf, ExitZero, FailOn, FailOnOption, PolicyOption, Quiet, as_of_day
from ivigcheck.cli.terminal import Progress, captured, emit, on_termination
from ivigcheck.errors import Exit, OutputError, UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.pipeline import Checked, check_files
from ivigcheck.report import BULK, FORMATS, Rendering, check_endings, check_outputs, counts, publish, render, summary
from ivigcheck.report.verdict import exit_code
from ivigcheck.scale.inputs import Inputs
from ivigcheck.show import visible
from ivigcheck.site import knowledge_in_force

_ENDINGS = " ".join(FORMATS)


class Format(StrEnum):
    """What goes to standard output."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Engine(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    DASK = "dask"


def batch(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Order files: .csv, .tsv, .xlsx, .xlsm or .parquet.")
    ],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help=f"Write a report, by its ending: {_ENDINGS}. May be repeated."
        ),
    ] = None,
    open_it: Annotated[
        bool, typer.Option("--open", help="Open the HTML page in the default browser: needs an --output in .html.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="What to print where there is no --output.")] = Format.TEXT,
    sheet: Annotated[str | None, typer.Option(metavar="NAME", help="The sheet of the workbooks to read.")] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="The encoding of text files that are not UTF-8, such as cp1252.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="Who does the work: this machine, or a Dask cluster (needs the extra: dask).")
    ] = Engine.LOCAL,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="With --engine dask: the cluster's scheduler. Without: workers here."),
    ] = None,
    policy: PolicyOption = None,
    history: HistoryOption = None,
    no_history: NoHistoryOption = False,
    as_of: AsOf = "",
    fail_on: FailOnOption = FailOn.STOP,
    exit_zero: ExitZero = False,
    quiet: Quiet = False,
) -> int:
    """Check every order of the given files.

    Without --output, a summary line and the worklist are printed: the orders that somebody must look at, worst first.

    The history of the patients is asked where there is one: reactions and confirmed thromboses that were recorded.

    Reports in .csv, .jsonl and .parquet alone are written part by part, from inputs of any size.

    \b
    Examples:
      ivigcheck batch sample_orders/clean_batch.csv
      ivigcheck batch sample_orders/messy_batch.csv -o out.xlsx -o out.json
      ivigcheck batch sample_orders/messy_batch.csv -o report.html --open
      ivigcheck batch sample_orders/clean_batch.csv -o out.csv -o out.jsonl
      ivigcheck batch sample_orders/every_rule.xlsx --fail-on review --quiet
      ivigcheck batch sample_orders/clean_batch.csv \\
          --policy sample_orders/site_policy.toml

    \b
    Exit codes:
      0  every order was checked, none at or above --fail-on
      1  at least one order at or above --fail-on
      2  the command line or the policy is wrong
      3  could not run: an input or the history is unreadable, an output
         not writable
      4  at least one order could not be checked
     70  an error of the program's own: nothing is published
    """
    outputs = output or []
    knowledge = knowledge_in_force(policy)
    day = as_of_day(as_of, knowledge)
    check_endings(outputs)
    _check_engine(engine, scheduler, outputs)
    page = page_to_open(outputs) if open_it else None
    check_outputs(outputs, [*inputs, *history_files(history)])
    started = datetime.now(UTC)
    with (
        consulting(history, knowledge, without=no_history) as memory,
        Progress(shown=not quiet) as progress,
    ):
        checked: Checked | None = None
        if outputs and BULK.issuperset(path.suffix.lower() for path in outputs):
            files = Inputs(inputs, sheet, encoding)
            with on_termination():  # what is half-written holds patients: it must go however the run ends
                tally = _in_parts(files, outputs, day, knowledge, memory, progress, engine, scheduler)
        else:
            checked = check_files(
                inputs, day, sheet=sheet, encoding=encoding, progress=progress, knowledge=knowledge, memory=memory
            )
            progress("writing", checked.orders.n)
            if outputs:
                publish(render(checked, outputs, started))
            tally = Counter(counts(checked))
    code = exit_code(tally, fail_on, exit_zero=exit_zero)
    line = summary(tally, day.isoformat())
    if quiet:
        if code != Exit.OK:
            emit(f"{line}\n")
    elif outputs:
        # The reports are out: a closed standard output takes nothing away from them.
        with contextlib.suppress(OutputError):
            emit("\n".join([line, *(f"written: {visible(str(path))}" for path in outputs)]) + "\n")
    elif checked is None:
        raise AssertionError("a run in parts has outputs")
    elif form is Format.TEXT:
        from ivigcheck.report.text_report import print_worklist  # rich, which a run that only writes files can spare

        with captured() as screen:
            print_worklist(screen, Rendering(checked, started).report)
    else:
        rendering = Rendering(checked, started)
        emit(rendering.json() if form is Format.JSON else rendering.csv())
    if page is not None:
        open_page(page, quiet=quiet)
    return code


def _check_engine(engine: Engine, scheduler: str | None, outputs: list[Path]) -> None:
    """Raises UsageError where the options do not go together."""
    if engine is Engine.LOCAL and scheduler is not None:
        raise UsageError("--scheduler is the address of a Dask cluster: it goes with --engine dask.")
    if engine is Engine.DASK and not (outputs and BULK.issuperset(path.suffix.lower() for path in outputs)):
        endings = ", ".join(sorted(BULK))
        raise UsageError(f"--engine dask writes reports that are in the order of the input: name an -o in {endings}.")


def _in_parts(
    inputs: Inputs,
    outputs: list[Path],
    day: date,
    knowledge: Knowledge,
    memory: Memory,
    progress: Progress,
    engine: Engine,
    scheduler: str | None,
) -> Counter[str]:
    from ivigcheck.scale.run import check_in_parts  # pyarrow: not for what is held as a whole

    if engine is Engine.LOCAL:
        return check_in_parts(inputs, outputs, day, knowledge=knowledge, memory=memory, progress=progress)
    if not memory.why_not:
        raise UsageError("--engine dask: the workers cannot ask the history. Leave it out with --no-history.")
    try:
        from ivigcheck.scale.cluster import Cluster
    except ImportError:
        raise UsageError('--engine dask needs Dask: install the extra, pip install "ivigcheck[dask]".') from None
    with Cluster.opened(scheduler) as cluster:
        return check_in_parts(
            inputs,
            outputs,
            day,
            knowledge=knowledge,
            memory=memory,
            progress=progress,
            engine=cluster,
            whole_below=0,
        )
