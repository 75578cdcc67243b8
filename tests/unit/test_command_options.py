"""What options that several commands share come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ivigcheck.cli.options import as_of_day
from ivigcheck.knowledge import Knowledge, built_in


def at(zone: str) -> Knowledge:
    knowledge = built_in()
    return replace(knowledge, policy=replace(knowledge.policy, site=replace(knowledge.policy.site, time_zone=zone)))


def test_today_is_the_day_by_the_site_s_clocks() -> None:
    """Between UTC+14 and UTC-12 lie 26 hours: at no moment have both the same day."""
    ahead, behind = as_of_day("", at("Pacific/Kiritimati")), as_of_day("", at("Etc/GMT+12"))
    assert 1 <= (ahead - behind).days <= 2
    assert as_of_day("2026-11-22", at("Pacific/Kiritimati")) == date(2026, 11, 22)
