"""Observations as text, read: the same grammar as in an order, and an error for whatever cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from ivigcheck.errors import UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.model import Range
from ivigcheck.knowledge.protocol import ProtocolFile
from ivigcheck.normalise.spellings import read_answer
from ivigcheck.orders import UNKNOWN, ProductState
from ivigcheck.pipeline import Checked, check_order
from ivigcheck.reaction.observations import OBSERVATION, OBSERVATIONS, PATTERNS
from ivigcheck.schedule import Clock
from ivigcheck.show import cut, visible
from ivigcheck.units import NOT_AVAILABLE, exceeds, read_number
from ivigcheck.written import Trouble

_SHOWN: Final = 40
_ANY_ZONE: Final = timedelta(hours=14)  # no two clocks of the world lie further apart
_NAN: Final = float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class Observed:
    """What was observed, read.

    checked: an order of one, with weight, product, concentration and the rate at the reaction.
    answers: observation -> YES, NO or UNKNOWN. pattern: of the weakness, "" where not known.
    sbp, sbp_before: mmHg; volume_mL: infused; minutes_from_start: of the onset; minutes_since_resolved. NaN where not
    known. observed_at: when; None where the clock of the times given is not known. texts: as given.
    """

    checked: Checked
    answers: Mapping[str, int]
    pattern: str
    sbp: float
    sbp_before: float
    volume_mL: float
    minutes_from_start: float
    infusion_start: datetime | None
    onset: datetime | None
    observed_at: datetime | None
    texts: Mapping[str, str]

    def _first(self, name: str) -> float:
        return float(getattr(self.checked.orders, name)[0])

    @property
    def age_years(self) -> float:
        return self._first("age_years")

    @property
    def weight_kg(self) -> float:
        return self._first("weight_kg")

    @property
    def concentration(self) -> float:
        """In mg/mL."""
        return self._first("concentration")

    @property
    def rate(self) -> float:
        """At the reaction, in mg/kg/min."""
        return self._first("reaction_rate")

    @property
    def minutes_since_resolved(self) -> float:
        return self._first("minutes_since_resolved")

    @property
    def product(self) -> str:
        """The product's name; "" where it is not known, or its strength is open."""
        position = self.checked.orders.product[0]
        return self.checked.knowledge.products[position].name if position >= 0 else ""

    @property
    def dose_given_g(self) -> float:
        """Grams given before the reaction: volume × concentration."""
        return self.volume_mL * self.concentration / _MG_PER_G


_MG_PER_G: Final = 1000


class _Problems:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, name: str, text: str, why: str) -> None:
        self.lines.append(f'{name}: "{visible(cut(text, _SHOWN))}" {why}.')


def read_observations(
    texts: Mapping[str, str], knowledge: Knowledge, protocol: ProtocolFile, *, now: datetime
) -> Observed:
    """Reads what was observed.

    texts: observation -> text; blank and "unknown" are missing. now: the moment, with its zone.
    Raises UsageError naming every observation that cannot be read or cannot be right.
    """
    given = {name: texts[name].strip() for name in OBSERVATION if not _is_open(name, texts.get(name, ""))}
    problems = _Problems()
    numbers = {
        "sbp": protocol.plausible.systolic,
        "sbp_before": protocol.plausible.systolic,
        "onset_minutes": protocol.plausible.minutes_from_start,
        "volume_infused_mL": protocol.plausible.volume,
    }
    read = {name: _number(name, given.get(name, ""), bounds, problems) for name, bounds in numbers.items()}
    answers = {each.name: _answer(each.name, given, problems) for each in OBSERVATIONS if each.kind == "answer"}
    pattern = given.get("weakness", "").casefold()
    if pattern and pattern not in PATTERNS:
        problems.add("weakness", given["weakness"], f"is none of {', '.join(PATTERNS)}")
    checked = _check(given, knowledge, now, problems)
    times = _Times(given, knowledge.policy.site.time_zone, now, problems)
    if problems.lines:
        raise UsageError("\n".join(["these observations cannot be used:", *problems.lines]))
    observed = Observed(
        checked=checked,
        answers=answers,
        pattern=pattern,
        sbp=read["sbp"],
        sbp_before=read["sbp_before"],
        volume_mL=read["volume_infused_mL"],
        minutes_from_start=times.minutes(read["onset_minutes"]),
        infusion_start=times.start,
        onset=times.begin(read["onset_minutes"]),
        observed_at=times.observed,
        texts=given,
    )
    _check_sense(observed, protocol, knowledge, problems)
    if problems.lines:
        raise UsageError("\n".join(["these observations cannot be right:", *problems.lines]))
    return observed


def _is_open(name: str, text: str) -> bool:
    text = text.strip().casefold()
    if name == "weakness" and text in PATTERNS:  # "none" is an observation there
        return False
    return text in NOT_AVAILABLE or read_answer(text) == UNKNOWN


def _number(name: str, text: str, bounds: Range, problems: _Problems) -> float:
    if not text:
        return _NAN
    reading = read_number(text)
    if reading.reason:
        problems.add(name, text, reading.reason)
    elif not bounds.low <= reading.value <= bounds.high:
        # No figure: what is possible in an adult is none of a child's page.
        problems.add(name, text, f"is not possible in {bounds.unit}: check it and write it again")
    else:
        return reading.value
    return _NAN


def _answer(name: str, given: Mapping[str, str], problems: _Problems) -> int:
    text = given.get(name, "")
    answer = read_answer(text)
    if answer is None:
        problems.add(name, text, "is no answer: yes, no or unknown")
        return UNKNOWN
    return answer


def _check(given: Mapping[str, str], knowledge: Knowledge, now: datetime, problems: _Problems) -> Checked:
    """The order's part of the observations: weight, age, product and rate, by the same code as any order's."""
    columns = {each.column: each.name for each in OBSERVATION.values() if each.column}
    cells = {column: given[name] for column, name in columns.items() if name in given}
    checked = check_order(cells, now.date(), knowledge=knowledge)
    orders = checked.orders
    for column, name in columns.items():
        found = orders.problems.get(column)
        if found is not None and found.trouble[0] not in (Trouble.NONE, Trouble.MISSING):
            problems.add(name, given.get(name, ""), found.why(0))
    if orders.product_state[0] == ProductState.UNRECOGNISED:
        problems.add("product", given["product"], 'is no product known here: "ivigcheck products" lists them')
    for conflict in orders.conflicts:
        why = conflict.why[0].replace(", and the order says", "; given is")
        problems.add(columns.get(conflict.column, conflict.column), given.get(conflict.column, ""), f"cannot be: {why}")
    return checked


class _Times:
    """Start, onset and the moment of observation; all by one clock.

    observed: None where no zone is named and the computer's clock cannot be that of the times given.
    """

    def __init__(self, given: Mapping[str, str], zone: str, now: datetime, problems: _Problems) -> None:
        self._problems = problems
        self._given = given
        read = {name: self._read(name, zone) for name in ("infusion_start", "onset", "observed_at")}
        named = [moment for moment in read.values() if moment is not None]
        if len({moment.tzinfo is None for moment in named}) > 1:
            problems.lines.append("times: some have an offset and some have none: write all of them in one way.")
            read = dict.fromkeys(read)
        self.start, self.onset, observed = read["infusion_start"], read["onset"], read["observed_at"]
        self.explicit = observed is not None
        naive = any(moment.tzinfo is None for moment in named)
        own = ZoneInfo(zone) if zone else next((moment.tzinfo for moment in named), now.tzinfo)
        here = now.replace(tzinfo=None) if naive else now.astimezone(own)
        self.observed: datetime | None = observed or here
        if not problems.lines:
            self._compare(self.observed, naive=naive)
            ahead = timedelta(minutes=_minutes(here, self.observed or here))
            if ahead > (_ANY_ZONE if naive else timedelta(0)):
                problems.add("observed_at", given["observed_at"], "is in the future")

    def _read(self, name: str, zone: str) -> datetime | None:
        if name not in self._given:
            return None
        try:
            return Clock.read(self._given[name], zone, what=name).start
        except UsageError as error:
            self._problems.lines.append(str(error))
            return None

    def _compare(self, observed: datetime, *, naive: bool) -> None:
        if self.start and self.onset and _minutes(self.start, self.onset) < 0:
            self._problems.add("onset", self._given["onset"], "is before the infusion's start: correct one of the two")
        for name, moment in (("infusion_start", self.start), ("onset", self.onset)):
            if moment is None:
                continue
            ahead = timedelta(minutes=_minutes(observed, moment))
            if naive and not self.explicit and timedelta(0) < ahead <= _ANY_ZONE:
                # The computer's clock is not the ward's: what follows from "now" is then not known.
                self.observed = None
                return
            if ahead > timedelta(0):
                self._problems.add(name, self._given[name], "is in the future")

    def minutes(self, stated: float) -> float:
        """Minutes from the start to the onset. Notes a problem where the times say otherwise than ``stated``."""
        if self.start is None or self.onset is None:
            return stated
        reckoned = _minutes(self.start, self.onset)
        if abs(stated - reckoned) > 1:
            self._problems.add(
                "onset_minutes", self._given["onset_minutes"], f"does not fit the times given: they say {reckoned:g}"
            )
        return reckoned

    def begin(self, stated: float) -> datetime | None:
        """When the reaction began."""
        if self.onset is not None or self.start is None or np.isnan(stated):
            return self.onset
        return _later(self.start, stated)


def _minutes(earlier: datetime, later: datetime) -> float:
    """Minutes that pass between two moments; where they have a zone, in UTC."""
    if earlier.tzinfo and later.tzinfo:
        earlier, later = earlier.astimezone(UTC), later.astimezone(UTC)
    return (later - earlier).total_seconds() / _SECONDS


_SECONDS: Final = 60


def _later(moment: datetime, minutes: float) -> datetime:
    """So many minutes later, by the same clock."""
    passed = timedelta(minutes=minutes)
    return (moment.astimezone(UTC) + passed).astimezone(moment.tzinfo) if moment.tzinfo else moment + passed


def _check_sense(observed: Observed, protocol: ProtocolFile, knowledge: Knowledge, problems: _Problems) -> None:
    """What cannot be right together."""
    if observed.minutes_from_start > protocol.plausible.minutes_from_start.high:
        days = protocol.plausible.minutes_from_start.high / (24 * _SECONDS)
        problems.lines.append(f"onset: more than {days:g} days after the start: check the days of both.")
    if observed.minutes_since_resolved > protocol.plausible.minutes_from_start.high:
        problems.lines.append("minutes_since_resolved: is longer than any infusion: check it.")
        return
    per_kg = observed.dose_given_g / observed.weight_kg
    most = knowledge.policy.entry.plausible.dose
    if exceeds(float(per_kg), float(most.high)):
        problems.lines.append(
            f"volume_infused_mL: makes {per_kg:.4g} g/kg given, more than any dose: check it, and the weight."
        )
    if observed.onset and observed.observed_at and not np.isnan(observed.minutes_since_resolved):
        since_onset = _minutes(observed.onset, observed.observed_at)
        if exceeds(observed.minutes_since_resolved, float(since_onset)):
            problems.lines.append(
                "minutes_since_resolved: the symptoms would have gone before they came: check it, and the times."
            )
