"""The schedule as one page of plain text for the bedside, 80 columns wide, with two signature lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from ivigcheck.report.model import deviation_text
from ivigcheck.schedule import Clock
from ivigcheck.show import against, duration, number, visible

Facts = Mapping[str, Any]

_WIDTH: Final = 80
_LABEL: Final = 15
_RULE: Final = "-" * _WIDTH
_MOST_FINDINGS: Final = 6
_MOST_LINES: Final = 3  # of one finding


def schedule_page(report: Facts, clock: Clock | None) -> str:
    """The page of a report's one order: its schedule, or why it has none."""
    (order,) = report["orders"]
    plan = order["schedule"]
    told = [finding for finding in order["findings"] if finding["severity"] != "info"]
    info = [finding for finding in order["findings"] if finding["severity"] == "info"]
    lines = [*_head(report, order, planned=plan is not None)]
    if plan:
        if told:  # before the rates, for a page is read from above
            lines += [*_findings(f"Status {order['status']}: to be settled before the start", told), ""]
        lines += _plan(order, plan, _Times(clock, _changes(plan)))
    else:
        lines += _said("No schedule", order["no_schedule"])
        lines += ["", *_findings("Findings", told)] if told else []
    lines += ["", *_findings("For information", info)] if info else []
    lines += ["", *(line for notice in report["notices"] for line in _said("Notice", notice))]
    if plan:
        lines += ["", *_signatures()]
    return "\n".join(lines) + "\n"


def _head(report: Facts, order: Facts, *, planned: bool) -> Iterator[str]:
    tool, policy, knowledge = report["tool"], report["policy"], report["knowledge"]
    version = f"{tool['name']} {tool['version']}"
    yield f"{'IVIG INFUSION SCHEDULE' if planned else 'NO SCHEDULE':<{_WIDTH - len(version)}}{version}"
    versions = f"policy {policy['id']} {policy['version']}, knowledge {knowledge['version']}"
    yield visible(f"checked as of {report['run']['as_of']} by {versions}")[:_WIDTH]
    for deviation in policy["deviations"]:
        yield from _said("Site policy", deviation_text(deviation))
    yield _RULE
    if planned:
        yield f"Patient {'_' * 33}  Order {'_' * 31}"
        yield ""


def _changes(plan: Facts) -> bool:
    """Whether the clocks are changed between two times of the page."""
    signs = [moment for sign in plan["vital_signs"] for moment in (sign["at"], sign["until"])]
    moments = [*(step["at"] for step in plan["steps"]), plan["ends_at"], plan["close_watch_until"], *signs]
    return len({datetime.fromisoformat(moment).utcoffset() for moment in moments if isinstance(moment, str)}) > 1


@dataclass(frozen=True)
class _Times:
    """How moments are written: by the clock, or in minutes from the start.

    named: with the name of the time, such as EDT or EST, where the clocks are changed meanwhile and an hour may be
    shown twice.
    """

    clock: Clock | None
    named: bool

    def short(self, moment: str | float) -> str:
        """Day and time of a step, or minutes from the start."""
        if not isinstance(moment, str):
            return f"+{number(round(float(moment), 1))} min"
        shown, name = self._read(moment)
        return f"{shown.day:02d} {_MONTHS[shown.month - 1]} {shown:%H:%M}{name}"

    def whole(self, moment: str | float) -> str:
        """The same with weekday, year and zone."""
        if not isinstance(moment, str) or self.clock is None:
            return f"{duration(float(moment))} from the start"
        shown, name = self._read(moment)
        zone = f" {self.clock.zone_name}" if self.clock.zone_name else ""
        return f"{_weekday(shown.date())} {shown.strftime('%Y-%m-%d %H:%M')}{name}{zone}"

    def _read(self, moment: str) -> tuple[datetime, str]:
        shown = datetime.fromisoformat(moment) + timedelta(seconds=30)
        if not self.named or self.clock is None:
            return shown, ""
        shown = shown.astimezone(self.clock.zone)
        return shown, f" {shown.tzname()}"


def _plan(order: Facts, plan: Facts, times: _Times) -> Iterator[str]:
    ordered, limits = order["ordered"], order["limits"]
    yield from _said(
        "Product",
        f"{ordered['product']} ({number(plan['concentration_mg_per_mL'])} mg/mL), "
        f"for {ordered['indication'] or 'an unknown indication'}",
    )
    yield from _said("Weight", f"{number(plan['weight_kg'])} kg: {plan['weight_basis']}")
    yield from _said("Dose", _dose(plan))
    if plan["vials"]:
        yield from _said("Vials", _vials(plan))
    yield from _limits(limits)
    if len(plan["steps"]) == 1:
        yield from _said("Steps", "one rate throughout")
    else:
        yield from _said("Steps", f"{plan['step_rule']}. {plan['step_rule_source']}")
    yield ""
    yield from _steps(plan, limits, times)
    yield ""
    clock = times.clock
    ends = f"{times.whole(plan['ends_at'])}, " if clock else ""
    yield from _said("Ends", f"{ends}after {duration(plan['total_minutes'])}")
    yield from _said("Watch", f"closely until {times.whole(plan['close_watch_until'])}: reactions come early")
    yield from _said("Vital signs", _signs(plan, times))
    if times.named:
        yield from _said("Clock", "THE CLOCKS CHANGE meanwhile: each time says by which it is")
    if clock and not clock.zone:
        yield from _said("Clock", "no time zone was named: a change of the clocks is not reckoned with (--zone)")
    for note in plan["notes"]:
        yield from _said("Note", note)


def _limits(limits: Facts) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for name, words in (("start", "start"), ("soft_max", "soft max"), ("hard_max", "hard max")):
        below = "below " if limits.get(f"{name}_exclusive") else ""
        rate = number(limits[f"{name}_mg_per_kg_min"])
        text = f"{below}{rate} mg/kg/min = {number(limits[f'{name}_mL_per_h'])} mL/h; {limits['governed_by'][name]}"
        said.setdefault(text, []).append(words)
    for text, names in said.items():
        yield from _said(" and ".join(names).capitalize() if len(names) == 1 else "Soft/hard max", text)


def _dose(plan: Facts) -> str:
    per_kg = plan["dose_g"] / plan["weight_kg"]
    return f"{number(plan['dose_g'])} g ({number(per_kg, 4)} g/kg) = {number(plan['volume_mL'])} mL"


def _count(vials: Sequence[Facts]) -> str:
    return " + ".join(f"{each['count']} × {number(each['grams'])} g" for each in vials)


def _vials(plan: Facts) -> str:
    waste = f", waste {number(plan['waste_g'], 4)} g" if plan["waste_g"] > 0 else ", no waste"
    whole = plan["whole_vials"]
    if whole is None:
        return f"{_count(plan['vials'])}{waste}"
    suggested = f"{number(whole['dose_g'])} g ({number(whole['dose_g_per_kg'], 4)} g/kg)"
    if whole["vials"] == plan["vials"]:
        return f"{_count(plan['vials'])}{waste}; all of them, {suggested}, would be within range"
    return f"{_count(plan['vials'])}{waste}; without waste, and within range: {suggested} in {_count(whole['vials'])}"


_COLUMNS: Final = ("from", "min", "mL/h", "mg/kg/min", "mL", "total mL", "total g", "vitals")
_WIDTHS: Final = (13, 8, 8, 11, 9, 10, 9, 9)
_WIDER: Final = (18, 8, 8, 11, 9, 10, 9, 7)  # with the name of the time


def _steps(plan: Facts, limits: Facts, times: _Times) -> Iterator[str]:
    widths = _WIDER if times.named else _WIDTHS

    def row(cells: Sequence[str]) -> str:
        return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()

    yield row(_COLUMNS)
    soft, exclusive = limits["soft_max_mg_per_kg_min"], limits["soft_max_exclusive"]
    for step in plan["steps"]:
        yield row(
            (
                times.short(step["at"]),
                number(round(step["minutes"], 1)),
                number(step["mL_per_h"]),
                against(step["mg_per_kg_min"], soft, exclusive=exclusive),
                number(round(step["mL"], 2)),
                number(round(step["cumulative_mL"], 2)),
                number(round(step["cumulative_g"], 3)),
                "____",
            )
        )


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _weekday(day: date) -> str:
    return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[day.weekday()]


def _signs(plan: Facts, times: _Times) -> str:
    """Those of the table, and the others with their times."""
    at_steps = {step["at"] for step in plan["steps"]}
    said = ["before each step (in the table)"]
    for sign in plan["vital_signs"]:
        if sign["at"] not in at_steps:
            until = f" to {times.short(sign['until'])}" if sign["until"] is not None else ""
            said.append(f"{times.short(sign['at'])}{until} ({sign['why']})")
    return "; ".join(said)


def _findings(title: str, findings: Sequence[Facts]) -> Iterator[str]:
    yield title
    for finding in findings[:_MOST_FINDINGS]:
        said = textwrap.wrap(
            f"{finding['code']} {visible(finding['message'])}", _WIDTH - 2, max_lines=_MOST_LINES, placeholder=" …"
        )
        yield from (f"  {line}" for line in said)
    more = len(findings) - _MOST_FINDINGS
    if more > 0:
        yield f'  and {more} more: see "ivigcheck order" with the same options'


def _said(label: str, text: str) -> Iterator[str]:
    lines = textwrap.wrap(visible(text), _WIDTH - _LABEL) or [""]
    yield f"{label:<{_LABEL}}{lines[0]}"
    yield from (f"{'':<{_LABEL}}{line}" for line in lines[1:])


def _signatures() -> Iterator[str]:
    for who in ("Verified by (pharmacist)", "Pump set by (nurse)"):
        yield ""
        yield f"{who:<25}{'_' * 33}  Time {'_' * 15}"
