"""Which report a file name asks for, and all of them rendered."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ivigcheck.delta import Delta, Seen
from ivigcheck.errors import AccountingError, UsageError
from ivigcheck.pipeline import Checked
from ivigcheck.report.columns import Told, Tree, rows_of
from ivigcheck.report.csv_report import run_fields
from ivigcheck.report.delta_facts import add_marks, delta_facts
from ivigcheck.report.json_report import render_json
from ivigcheck.report.model import Facts, head, provenance, worst_first
from ivigcheck.show import visible

if TYPE_CHECKING:
    from ivigcheck.schedule import Clock, Refusal, Schedule  # imported where one is asked for

Report = Mapping[str, Any]


class Rendering:
    """One checked run, rendered as often as asked; each order is put into words once."""

    def __init__(self, checked: Checked, started: datetime) -> None:
        self._checked = checked
        self._head = head(checked, started)
        self._all_facts = facts = Facts(checked)
        self._plans: dict[tuple[int, float | None], Schedule | Refusal] = {}
        self._delta: Told | None = None
        self.basis = facts.basis
        """Gives, for the index of an order, what its values come to."""

    @cached_property
    def _facts(self) -> list[dict[str, Any]]:
        return [self._all_facts.of(i) for i in range(self._checked.orders.n)]

    def scheduled(self, clock: Clock | None = None, pump_increment_mL_per_h: float | None = None) -> Rendering:
        """The same rendering, each order with its schedule, or why it has none (``no_schedule``)."""
        for i, facts in enumerate(self._facts):
            facts.update(self._planned(i, clock, pump_increment_mL_per_h))
        return self

    def compared(self, delta: Delta, run_id: str, notices: Sequence[str] = ()) -> Rendering:
        """The same rendering as an unattended run's: what is new since the last one, for each finding and in all.

        notices: what to know of that run before all else.
        """
        add_marks(self._facts, self.seen, delta)
        self._delta = Told([facts["delta"] for facts in self._facts], np.arange(len(self._facts)))
        run = {"id": run_id, **self._head["run"]}
        said = [*notices, *self._head["notices"]]
        self._head = {**self._head, "run": run, "delta": delta_facts(delta, self.seen), "notices": said}
        return self

    @property
    def seen(self) -> Mapping[int, Sequence[Seen]]:
        """Index of an order -> its findings as they are told from others."""
        if len(self._facts) != len(self._all_facts.seen):
            raise AccountingError("not every order's findings are told from others: nothing is published")
        return self._all_facts.seen

    @property
    def facts(self) -> Sequence[Mapping[str, Any]]:
        """What is said of each order, in the order of the input."""
        return self._facts

    def _planned(self, i: int, clock: Clock | None = None, increment: float | None = None) -> dict[str, Any]:
        """What is said of an order's schedule: the schedule, or why it has none."""
        from ivigcheck.report.schedule_facts import schedule_facts
        from ivigcheck.schedule import Schedule

        plan = self._schedule(i, increment)
        if isinstance(plan, Schedule):
            return {"schedule": schedule_facts(plan, clock), "no_schedule": None}
        return {"schedule": None, "no_schedule": plan.why}

    def _schedule(self, i: int, increment: float | None = None) -> Schedule | Refusal:
        from ivigcheck.schedule import schedule_of

        if (i, increment) not in self._plans:
            orders, limits, findings = self._checked.orders, self._checked.limits, self._checked.findings
            self._plans[i, increment] = schedule_of(orders, limits, findings, i, pump_increment_mL_per_h=increment)
        return self._plans[i, increment]

    @property
    def report(self) -> Report:
        """The report, worst orders first."""
        return {**self._head, "orders": [self._facts[i] for i in worst_first(self._checked)]}

    def json(self) -> bytes:
        return render_json(self.report)

    def csv(self) -> bytes:
        return self._bulk(".csv")

    def jsonl(self) -> bytes:
        return self._bulk(".jsonl")

    def parquet(self) -> bytes:
        return self._bulk(".parquet")

    def _bulk(self, ending: str) -> bytes:
        from ivigcheck.report.bulk_files import BULK_FORMATS  # pyarrow: not for the other reports

        run = run_fields(self._head, signed_off=self._checked.knowledge.signed_off)
        tree, file = self._tree, io.BytesIO()
        about = provenance(self._checked.knowledge)
        writer = BULK_FORMATS[ending].begin(file, rows_of(tree, slice(0)), run, about)
        writer.write(BULK_FORMATS[ending].part(tree, run))
        writer.close()
        return file.getvalue()

    @property
    def _tree(self) -> Tree:
        """The facts by columns."""
        tree = self._all_facts.columns()
        return tree if self._delta is None else {**tree, "delta": self._delta}

    def xlsx(self) -> bytes:
        from ivigcheck.report.schedule_facts import schedule_facts
        from ivigcheck.report.xlsx import render_xlsx  # openpyxl takes longer to import than an order to check
        from ivigcheck.schedule import Schedule

        order = worst_first(self._checked)
        plans = ((self._facts[i], self._schedule(i)) for i in order)
        schedules = [(facts, schedule_facts(plan)) for facts, plan in plans if isinstance(plan, Schedule)]
        return render_xlsx(self.report, schedules)

    def html(self) -> bytes:
        from ivigcheck.report.page import over_limits, rate_units, render_page  # jinja2: not for the other reports

        checked = self._checked
        order = worst_first(checked)
        orders = [{**self._facts[i], **self._planned(i)} for i in order]
        over, units = over_limits(checked.orders, checked.limits), rate_units(checked.orders)
        return render_page({**self._head, "orders": orders}, [over[i] for i in order], [units[i] for i in order])


FORMATS: Final[Mapping[str, Callable[[Rendering], bytes]]] = {
    ".xlsx": Rendering.xlsx,
    ".html": Rendering.html,
    ".csv": Rendering.csv,
    ".jsonl": Rendering.jsonl,
    ".parquet": Rendering.parquet,
    ".json": Rendering.json,
}


BULK: Final = frozenset({".csv", ".jsonl", ".parquet"})
"""The reports that are in the order of the input, and can be written part by part."""


def check_endings(outputs: Sequence[Path]) -> None:
    """Raises UsageError for an ending that names no report."""
    for path in outputs:
        if path.suffix.lower() not in FORMATS:
            endings = ", ".join(FORMATS)
            name, ending = visible(str(path)), visible(path.suffix)
            raise UsageError(f'{name}: the ending "{ending}" names no report. Use one of {endings}.')


def render(checked: Checked, outputs: Sequence[Path], started: datetime) -> dict[Path, bytes]:
    """Each output's content, by its ending."""
    rendering = Rendering(checked, started)
    return {path: FORMATS[path.suffix.lower()](rendering) for path in outputs}
