"""The user guide: its pages, offline, as text for a terminal and as one HTML file."""

from ivigcheck.guide.contents import GENERATED, NAMES, Page, lines_with, page, pages

__all__ = ["GENERATED", "NAMES", "Page", "lines_with", "page", "pages"]
