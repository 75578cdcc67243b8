"""One unattended run from the lock to the status file."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from ivigcheck.errors import Exit, InputError, RunError, Stop, UsageError
from ivigcheck.history import History
from ivigcheck.history.nights import Nights
from ivigcheck.history.recalled import memory_of
from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.nightly.inbox import arrivals, sorted_out
from ivigcheck.nightly.keys import NightlyConfig
from ivigcheck.nightly.lock import only_run
from ivigcheck.nightly.log import Log
from ivigcheck.nightly.places import missing
from ivigcheck.nightly.publishing import Tonight, publish_run
from ivigcheck.nightly.shelf import Shelf, folder_mark, new_run_id, told
from ivigcheck.nightly.state import Run, iso
from ivigcheck.nightly.status import StatusFile, read_status
from ivigcheck.nightly.takings import check_newest, clear_unfinished, newest_file, put_all_away, read_new
from ivigcheck.pipeline import Progress, check_tables
from ivigcheck.report import summary
from ivigcheck.site.clock import today
from ivigcheck.site.reading import read_site_policy
from ivigcheck.version import __version__

_INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Outcome:
    """What a run came to. line: the one line that says so, without anybody's identifier."""

    run_id: str
    code: Exit
    line: str


def run_night(
    config: NightlyConfig,
    *,
    day: date | None = None,
    log: Callable[[str], Log],
    tell: Callable[[Outcome], None],
    progress: Progress | None = None,
) -> Outcome:
    """Runs once: takes what is new in the inbox, checks it, publishes the reports, and says what it did.

    day: that ages and intervals are reckoned from; the site's today where None. log: makes the log of a run's id.
    tell: is given the outcome before the run is marked as told, so that one that is killed in between is told again.
    Raises Stop where the run could not be done; the status file then says so too.
    """
    absent = missing(config)
    if not os.access(config.reports, os.W_OK | os.X_OK):
        raise RunError("\n".join(absent) or f"The folder {config.reports} cannot be written to.")
    started = datetime.now(UTC)
    with only_run(config.reports):
        run_id = new_run_id(started)
        facts: dict[str, Any] = {"run": run_id, "started": iso(started)}
        status = StatusFile(config.reports, config.name)
        run = Run(config, run_id, started, log(run_id), Shelf(config.reports), status, progress, facts)
        published = _published(config)  # before anything is touched: the folder may be another configuration's
        try:
            with told(config.reports):
                status.write("running", facts)
            run.log("started", name=config.name)
            if absent:
                raise RunError("\n".join(absent))
            _go(run, day, published)
            return _end(run, tell)
        except BaseException as error:
            code = error.exit_code if isinstance(error, Stop) else _code_of(error)
            run.log("failed", exit_code=int(code), error=type(error).__name__)
            facts["message"] = str(error) if isinstance(error, Stop) and not isinstance(error, InputError) else None
            ended = {**facts, "ended": iso(datetime.now(UTC)), "exit_code": int(code), "error": type(error).__name__}
            with contextlib.suppress(OSError):  # what went wrong first is what is told
                status.write("ended", ended)
            raise


def _code_of(error: BaseException) -> int:
    return Exit.INTERNAL if isinstance(error, Exception) else _INTERRUPTED


def _circumstances(config: NightlyConfig, day: date, knowledge: Knowledge, nights: Nights) -> str:
    """What a run's findings rest on beside its files, as one hash: with the same, the same files have the same."""
    said = (
        __version__, day.isoformat(), knowledge.policy.sha256, knowledge.sha256, config.sheet, config.encoding,
        nights.recorded_beside(),
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _published(config: NightlyConfig) -> str | None:
    """The last run whose reports were told to be out, by the status file; "" for none, None where it is not known.

    Raises UsageError where the folder of reports is another configuration's.
    """
    try:
        status = read_status(config.reports)
    except RunError:
        return None
    if status.get("name") != config.name:
        raise UsageError(
            f'{config.file}: the reports in {config.reports} are those of runs named "{status.get("name")}"; fix: give '
            "this configuration a folder of reports of its own, or that name"
        )
    found = status.get("published")
    return None if found is None else str(found)


def _end(run: Run, tell: Callable[[Outcome], None]) -> Outcome:
    """The status, the log's last line, and the code that speaks for all."""
    code = Exit.CANNOT_RUN if run.troubles else _gravest(run.codes)
    trouble = f"NOT COMPLETE: {' '.join(run.troubles)}" if run.troubles else ""
    recovered = " ".join(run.recovered).removesuffix(".")
    line = f"{run.config.name} {run.id}: " + "; ".join(part for part in (recovered, *run.told, trouble) if part)
    good = "counts" in run.facts and not run.troubles
    published = run.facts.get("reports")
    run.facts |= {"ended": iso(datetime.now(UTC)), "exit_code": int(code), "troubles": run.troubles}
    outcome = Outcome(run.id, code, line)
    run.log("ended", exit_code=int(code), good=good)
    tell(outcome)
    with told(run.config.reports):
        run.status.write("ended", run.facts, good=good, published=published)
    return outcome


def _gravest(codes: Sequence[Exit]) -> Exit:
    order = (Exit.CANNOT_RUN, Exit.FINDINGS, Exit.UNCHECKED)
    return next((code for code in order if code in codes), Exit.OK)


def _go(run: Run, day: date | None, published: str | None) -> None:
    config = run.config
    knowledge = read_site_policy(config.policy, built_in()) if config.policy else built_in()
    day = day or today(knowledge)
    clear_unfinished(run)
    arrived, growing = arrivals(config, lambda files: run.log("waiting", files=files))
    with History.reading(config.history) as history:  # only now: what was recorded while it waited counts too
        memory = memory_of(history)
        nights = Nights(history, config.name)
        last = nights.last()
        _recover(run, nights, published)
        circumstances = _circumstances(config, day, knowledge, nights)
        inbox = sorted_out(
            arrived,
            growing,
            nights.taken,
            as_last_time=last is not None
            and bool(last.facts.get("complete"))
            and last.facts.get("circumstances") == circumstances,
            newest_before=float(last.facts["newest_file"]) if last else None,
        )
        tables, failed = read_new(run, inbox, knowledge)
        newest = newest_file(inbox, last, run.started.timestamp())
        check_newest(run, newest)
        if tables:
            checked = check_tables(list(tables.values()), day, knowledge=knowledge, memory=memory)
            taken = [(each, tables[each.path]) for each in inbox.new if each.path in tables]
            night = Tonight(taken, inbox.copies, last, newest, circumstances)
            publish_run(run, checked, history, nights, night)
    if not tables:
        run.told.append("no new file")
    put_all_away(run, inbox, tables, failed)


def _recover(run: Run, nights: Nights, published: str | None) -> None:
    """Puts in place what a run had recorded that did not come to its end, tells of it, and removes what one had not
    recorded.

    published: the last run that was told, as `_published` gives it.
    Raises UsageError where a run of this name is none of this folder's.
    """
    if published is None and nights.last() is None:
        with told(run.config.reports):
            run.status.write("running", run.facts, published="")  # so that of the first runs none is passed over
    left = list(run.shelf.left_behind())
    recorded = {each: night for each in left if (night := nights.run(each))}
    run.shelf.sweep(each for each in left if each not in recorded)
    for night in nights.after(published):
        if night.id in recorded or run.shelf.has(night.id):
            recorded[night.id] = night
        elif night.facts.get("folder") != folder_mark(run.config.reports):
            raise UsageError(
                f'{run.config.file}: the run {night.id}, named "{run.config.name}" in the history, has its reports in '
                "another folder; fix: give each configuration that uses this history a name of its own, also where the "
                "folder of the reports was moved without status.json"
            )
        else:  # somebody has removed its reports, and so has seen them
            run.log("reports_removed", removed=night.id)
    for night in sorted(recorded.values(), key=lambda each: each.number):
        run.shelf.put_in_place(night.id)
        code = Exit(night.facts["exit_code"])
        run.codes.append(code)
        run.facts["reports"] = night.id
        run.log("recovered", recovered=night.id, exit_code=int(code))
        counted = summary(night.facts["counts"], night.day)
        run.recovered.append(f"Run {night.id} was interrupted before it was told; its reports are out: {counted}.")
