"""Clock times of an infusion: minutes from its start, on the wall of a named zone. Time passes in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo
from typing import Final

from ivigcheck.errors import UsageError
from ivigcheck.show import cut, visible

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[-+][0-9]{2}:[0-9]{2})?")
_SHOWN: Final = 40
_MARGIN_YEARS: Final = 3  # no zone reaches further, nor a schedule, which has a few days


@dataclass(frozen=True)
class Clock:
    """When an infusion starts. zone: None where no zone and no offset was named; then clock changes are not known."""

    start: datetime
    zone: tzinfo | None
    zone_name: str = ""

    @classmethod
    def read(cls, text: str, zone_name: str = "", what: str = "start") -> Clock:
        """An ISO date and time in a named zone (``America/New_York``), with an offset, or neither.

        what: the name of the time, for messages. Raises UsageError for a text that is no time, a zone that is not
        known, a time that the zone's clocks skip, one that they show twice and that no offset tells apart, and an
        offset that the zone does not have then.
        """
        shown = visible(cut(text, _SHOWN))
        if not _ISO.fullmatch(text):
            raise UsageError(f'{what} "{shown}" is no ISO date and time: write it as 2026-11-22T22:00.')
        try:
            start = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f'{what} "{shown}" is a time that no calendar or clock shows.') from None
        if start.year - MINYEAR < _MARGIN_YEARS or MAXYEAR - start.year < _MARGIN_YEARS:
            raise UsageError(f'{what} "{shown}" is at an end of the calendar: no infusion runs then.')
        if not zone_name:
            return cls(start, start.tzinfo)
        zone = _zone(zone_name)
        if start.tzinfo is None:
            return cls(_placed(start, zone, zone_name, f'{what} "{shown}"'), zone, zone_name)
        placed = start.astimezone(zone)
        if placed.replace(tzinfo=None) != start.replace(tzinfo=None):
            raise UsageError(
                f'{what} "{shown}": at that moment clocks in {zone_name} show {placed.isoformat(timespec="minutes")}. '
                "Correct the offset, or leave it out."
            )
        return cls(placed, zone, zone_name)

    def at(self, minutes: float) -> datetime:
        """What the clock shows so many minutes after the start, to the second."""
        later = timedelta(seconds=round(minutes * 60))
        if self.zone is None:
            return self.start + later
        return (self.start.astimezone(UTC) + later).astimezone(self.zone)

    def iso(self, minutes: float) -> str:
        """The same in ISO form, with the offset where the zone is known."""
        moment = self.at(minutes)
        return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        shown = visible(cut(name, _SHOWN))
        raise UsageError(f'"{shown}" is no time zone: name one such as America/New_York or Europe/Berlin.') from None


def _placed(start: datetime, zone: tzinfo, name: str, said: str) -> datetime:
    """A wall time in its zone, where it is shown exactly once."""
    first, second = (start.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    back = first.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None, fold=0) != start:
        raise UsageError(
            f"{said} does not exist in {name}: the clocks are put forward over it (to "
            f"{back.isoformat(timespec='minutes')}). Choose another time."
        )
    offsets = " or ".join(moment.isoformat(timespec="minutes") for moment in (first, second))
    raise UsageError(f"{said} is shown twice in {name}, when the clocks are put back: write {offsets}.")
