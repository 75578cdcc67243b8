"""``ivigcheck schedule``: the pump programme of one order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from ivigcheck.cli.consult import NoHistoryOption, PatientOption, consulting_for_one
from ivigcheck.cli.history_option import HistoryOption
from ivigcheck.cli.options import AsOf, ExitZero, FailOn, FailOnOption, Form, PolicyOption, Quiet, as_of_day
from ivigcheck.cli.order_options import Cells, takes_an_order
from ivigcheck.cli.terminal import emit
from ivigcheck.errors import Exit, UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.pipeline import check_order
from ivigcheck.report import Rendering, counts, summary
from ivigcheck.report.schedule_text import schedule_page
from ivigcheck.report.verdict import exit_code
from ivigcheck.schedule import Clock
from ivigcheck.show import cut, visible
from ivigcheck.site import knowledge_in_force
from ivigcheck.units import find_unit, read_quantity


@takes_an_order
def schedule(
    cells: Callable[[Knowledge], Cells],
    start: Annotated[
        str,
        typer.Option(metavar="TIME", help="When the infusion starts: 2026-11-22T22:00, with an offset if you like."),
    ] = "",
    zone: Annotated[
        str,
        typer.Option(metavar="ZONE", help="The zone of the clock, such as America/New_York. Default: the policy's."),
    ] = "",
    pump_increment: Annotated[
        str,
        typer.Option(metavar='"0.1 mL/h"', help="What the pump's rates are rounded down to. Default: the policy's."),
    ] = "",
    form: Annotated[Form, typer.Option("--format", help="How to print the schedule.")] = Form.TEXT,
    patient: PatientOption = None,
    history: HistoryOption = None,
    no_history: NoHistoryOption = False,
    policy: PolicyOption = None,
    as_of: AsOf = "",
    fail_on: FailOnOption = FailOn.STOP,
    exit_zero: ExitZero = False,
    quiet: Quiet = False,
) -> int:
    """Plan the infusion of one order, step by step.

    The page has the steps with clock times, mL/h and volumes, the end, vital signs, vials, and two lines to sign.

    The order is checked first. One that is STOP or UNCHECKED gets no schedule, and the reason is printed; nor does one
    whose product or dose is not known. No step is above what governs the order, nor above what it orders.

    \b
    Examples:
      ivigcheck schedule --indication PI --weight "82 kg" --age 41 \\
          --product Bivigam --dose "0.4 g/kg" --max-rate "6 mg/kg/min" \\
          --screened --start 2026-11-22T22:00 --zone America/New_York
      ivigcheck schedule --indication ITP --weight "70 kg" --age 50 \\
          --product "Octagam 10%" --dose "1 g/kg" --max-rate "8 mg/kg/min" \\
          --screened --pump-increment "1 mL/h" --format json

    \b
    Exit codes: those of batch, and
      4  no schedule could be made
    """
    knowledge = knowledge_in_force(policy)
    increment = _increment(pump_increment) if pump_increment else None
    if zone and not start:
        raise UsageError("--zone says nothing without --start: say when the infusion starts, such as 2026-11-22T22:00.")
    zone = zone or knowledge.policy.site.time_zone
    clock = Clock.read(start, zone) if start else None
    order_cells = cells(knowledge)
    day = clock.start.date() if clock and not as_of else as_of_day(as_of, knowledge)
    if clock and clock.start.date() <= day:
        order_cells = {"ordered_at": clock.start.date().isoformat(), **order_cells}
    with consulting_for_one(patient, history, knowledge, without=no_history) as memory:
        checked = check_order(order_cells, day, knowledge=knowledge, memory=memory)
    rendering = Rendering(checked, datetime.now(UTC)).scheduled(clock, increment)
    tally = counts(checked)
    code = exit_code(tally, fail_on, exit_zero=exit_zero)
    (order,) = rendering.report["orders"]
    if order["schedule"] is None and code == Exit.OK and not exit_zero:
        code = Exit.UNCHECKED
    if quiet:
        if code != Exit.OK:
            emit(f"{summary(tally, checked.orders.as_of.isoformat())}\n")
    elif form is Form.JSON:
        emit(rendering.json())
    else:
        emit(schedule_page(rendering.report, clock))
    return code


def _increment(text: str) -> float:
    """The pump's increment in mL/h; a bare number is in mL/h. Raises UsageError for anything else."""
    unit = find_unit("mL/h", "rate")
    reading = read_quantity(text.strip(), "rate", unit)
    smallest, largest = _INCREMENTS_mL_PER_H
    if reading.unit is None or reading.unit.name != "mL/h" or not smallest <= reading.value <= largest:
        raise UsageError(
            f'--pump-increment "{visible(cut(text, 40))}" is no increment of a pump: write it in mL/h, '
            f"from {smallest:g} to {largest:g}, such as 0.1 or 1."
        )
    return reading.value


_INCREMENTS_mL_PER_H = (0.01, 10.0)  # no pump is finer, and a coarser one could not follow a titration
