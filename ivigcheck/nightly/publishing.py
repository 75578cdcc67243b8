"""A run's reports: compared with what stood, written aside, recorded, and put in their place."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ivigcheck.delta import Delta, Stood, compare
from ivigcheck.errors import Exit, Stop
from ivigcheck.history import History
from ivigcheck.history.nights import NewNight, Night, Nights, TakenFile, acknowledgements
from ivigcheck.intake.table import Table
from ivigcheck.nightly.inbox import Arrived
from ivigcheck.nightly.keys import NightlyConfig
from ivigcheck.nightly.mail import Mail
from ivigcheck.nightly.shelf import folder_mark
from ivigcheck.nightly.state import Run, iso
from ivigcheck.pipeline import Checked
from ivigcheck.report import FORMATS, Rendering, counts, summary
from ivigcheck.report.delta_facts import news
from ivigcheck.report.verdict import exit_code
from ivigcheck.rules import Severity

NOTHING_NEW: Final = "nothing-new"
"""An empty file among a run's reports, there where nobody needs to read them."""


@dataclass(frozen=True, eq=False, repr=False)
class Tonight:
    """What a run has to do with.

    taken: the files with their orders; copies: files with the content of one of them. last: the run before. newest:
    when the newest file was written. circumstances: what the findings rest on beside the files.
    """

    taken: Sequence[tuple[Arrived, Table]]
    copies: Sequence[Arrived]
    last: Night | None
    newest: float | None
    circumstances: str

    @property
    def has_as_many_files(self) -> bool:
        """Whether no file is missing, as far as their number tells: after a run that lacked something, what it lacked
        may come alone."""
        if self.last is None:
            return True
        before = len({each["sha256"] for each in self.last.facts["inputs"]})
        return bool(self.last.facts.get("complete")) and len(self.taken) >= before


def publish_run(run: Run, checked: Checked, history: History, nights: Nights, tonight: Tonight) -> None:
    """Compares, writes the reports aside, records the run, and puts the reports in their place."""
    config, tally = run.config, counts(checked)
    if tally["orders"] < config.min_orders:
        came = "1 order" if tally["orders"] == 1 else f"{tally['orders']} orders"
        expected = f"at least {config.min_orders} should: is the export whole?"
        run.trouble("few_orders", f"Only {came} came, and {expected}", orders=tally["orders"])
    rendering = Rendering(checked, run.started)
    delta = _compared(run, rendering, history, nights, tonight, checked)
    rendering.compared(delta, run.id, [*run.troubles, *run.recovered])
    report = rendering.report
    code = Exit.CANNOT_RUN if run.troubles else exit_code(_open_counts(config, report), config.fail_on)
    run.log("checked", **tally)
    run.log("compared", **report["delta"]["counts"])
    staged = run.shelf.stage(run.id)
    recorded = False
    usual = tempfile.tempdir
    try:
        tempfile.tempdir = str(staged)  # whatever is put down for a moment is removed with it
        run.shelf.write(run.id, _files(run, rendering, report, code))
        run.log("written", files=len(config.formats))
        day = checked.orders.as_of.isoformat()
        facts = {
            "started": iso(run.started),
            "newest_file": tonight.newest,
            "circumstances": tonight.circumstances,
            "counts": tally,
            "delta": report["delta"]["counts"],
            "folder": folder_mark(config.reports),
            "exit_code": int(code),
            "policy": f"{report['policy']['id']} {report['policy']['version']}",
            "knowledge": report["knowledge"]["version"],
            "complete": not run.troubles,
        }
        inputs = [TakenFile(table.sha256, file.identity, len(table.rows)) for file, table in tonight.taken]
        inputs += [TakenFile(each.sha256, each.identity, 0) for each in tonight.copies]
        with History.recording(config.history) as opened:
            Nights(opened, config.name).record(NewNight(run.id, day, inputs, facts), delta, datetime.now(UTC))
        recorded = True
    finally:
        tempfile.tempdir = usual
        if not recorded:
            _undo(run)
    run.shelf.put_in_place(run.id)
    run.log("published")
    run.codes.append(code)
    run.facts |= {"counts": tally, "delta": report["delta"]["counts"], "reports": run.id}
    run.told.append(f"{summary(tally, day)}; {news(report['delta'])}")


def _undo(run: Run) -> None:
    """Removes what was written aside, unless the run may have been recorded: then the next one puts it in its place."""
    with contextlib.suppress(Stop), History.reading(run.config.history) as history:
        if Nights(history, run.config.name).run(run.id) is None:
            run.shelf.sweep([run.id])


def _compared(
    run: Run, rendering: Rendering, history: History, nights: Nights, tonight: Tonight, checked: Checked
) -> Delta:
    stood = nights.stood()
    found = {
        seen.fingerprint: seen
        for i, facts in enumerate(rendering.facts)
        for seen in rendering.seen[i]
        if seen.severity != "info"
    }
    wanted = {each.seen.order for each in stood.values()}
    bases: dict[tuple[str, str], set[str]] = {}
    unchecked: set[tuple[str, str]] = set()
    named = True
    for i, facts in enumerate(rendering.facts):
        order = (facts["patient_id"] or "", facts["order_id"] or "")
        named = named and all(order)
        if order in wanted:
            bases.setdefault(order, set()).add(rendering.basis(i))
            if facts["status"] == Severity.UNCHECKED.name:
                unchecked.add(order)
    day = checked.orders.as_of.isoformat()
    fresh = {seen.subject for fingerprint, seen in found.items() if fingerprint not in stood}
    return compare(
        found.values(),
        bases,
        unchecked,
        stood,
        acknowledgements(history, {*found, *stood}, day),
        nights.known(fresh),
        day=day,
        is_gone=_is_gone(run, tonight, nights, day) if named and not run.troubles else lambda _: False,
        since_run=tonight.last.id if tonight.last else "",
    )


def _is_gone(run: Run, tonight: Tonight, nights: Nights, day: str) -> Callable[[Stood], bool]:
    """Whether a finding is over whose order is in no file of this run, which lacks nothing itself.

    By the number of files where they hold every order; else by how many days have come without it, for a part of the
    orders may come in a run of its own, or fail to come for a night.
    """
    enough = run.config.gone_after_days
    if enough == 0:
        every_order = tonight.has_as_many_files
        return lambda _: every_order
    days = nights.complete_days() | {day}
    return lambda stood: sum(each > stood.seen_on for each in days) >= enough


def _open_counts(config: NightlyConfig, report: Mapping[str, Any]) -> dict[str, int]:
    """Orders by status as the exit code counts them: by all their findings, or by those that nobody acknowledged."""
    if config.acknowledged_count:
        return dict(report["counts"])
    tally = dict.fromkeys(("stop", "unchecked", "review", "pass"), 0)
    for order in report["orders"]:
        left = [f["severity"] for f in order["findings"] if f["delta"] and not f["delta"]["acknowledged"]]
        tally[next((each for each in tally if each in left), "pass")] += 1
    return tally


def _files(run: Run, rendering: Rendering, report: Mapping[str, Any], code: Exit) -> dict[str, bytes]:
    """Every file of a run's folder, by its name."""
    from ivigcheck.report.delta_text import worklist_text

    config = run.config
    mail = Mail.of(report, run.troubles, run.recovered, str(config.reports / run.id))
    files = {f"orders.{name}": FORMATS[f".{name}"](rendering) for name in config.formats}
    files |= {"worklist.txt": worklist_text(report), "mail.txt": mail.text(), "mail.html": mail.html()}
    if code is Exit.OK and not mail.is_news:
        files[NOTHING_NEW] = b""
    return files
