"""The site's day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from ivigcheck.knowledge import Knowledge


def today(knowledge: Knowledge) -> date:
    """Today by the clocks of the site's time zone, else by this computer's."""
    zone = knowledge.policy.site.time_zone
    return datetime.now(ZoneInfo(zone)).date() if zone else date.today()
