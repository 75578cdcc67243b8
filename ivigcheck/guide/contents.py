"""The pages of the guide, in their reading order: Markdown files beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

WRITTEN: Final = (
    "first-run",
    "order",
    "report",
    "order-file",
    "rates-and-doses",
    "reaction",
    "history",
    "nightly",
    "policy",
    "automation",
    "large-runs",
    "limits",
)
"""The pages that somebody wrote."""

GENERATED: Final = ("commands", "columns", "rules", "products", "policy-keys")
"""The pages that are made from the program's own declarations, for looking up."""

NAMES: Final = (*WRITTEN, *GENERATED)
"""All pages, in their reading order."""

_PUNCTUATION: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Page:
    """One page. title: its first heading; line: its first paragraph, which says in one line what it is about."""

    name: str
    title: str
    line: str
    text: str

    @property
    def is_generated(self) -> bool:
        """Whether it is for looking up, made from the program's declarations."""
        return self.name in GENERATED


def page(name: str) -> Page:
    """The page of this name. Raises KeyError for a name that is none."""
    if name not in NAMES:
        raise KeyError(name)
    text = files("ivigcheck.guide").joinpath("pages", f"{name}.md").read_text(encoding="utf-8")
    title, line, *_ = text.split("\n\n", 2)
    return Page(name, title.removeprefix("# "), line, text)


def pages() -> Iterator[Page]:
    """All pages, in their reading order."""
    return map(page, NAMES)


def lines_with(word: str, among: Page) -> list[tuple[int, str]]:
    """The lines of a page that contain a word, without regard to case, each with its number from 1."""
    wanted = word.casefold()
    lines = among.text.splitlines()
    return [(number, line) for number, line in enumerate(lines, 1) if wanted in line.casefold()]


def slug(heading: str) -> str:
    """The anchor of a heading, as code hosts make it: small letters, hyphens for spaces, no other punctuation."""
    return _PUNCTUATION.sub("", heading.strip().lower()).replace(" ", "-")
