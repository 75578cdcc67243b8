"""The report as one HTML page that needs no network: what was found, looked at, sorted, searched and printed."""

from ivigcheck.report.page.reference import over_limits, rate_units
from ivigcheck.report.page.render import render_page

__all__ = ["over_limits", "rate_units", "render_page"]
