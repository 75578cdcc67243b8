"""The page's own files, as they are put into it: styles and scripts, with the hashes by which a browser admits them."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

VENDORED: Final = (
    "d3-array",
    "d3-color",
    "d3-interpolate",
    "d3-format",
    "d3-path",
    "d3-time",
    "d3-time-format",
    "d3-scale",
    "d3-shape",
    "d3-selection",
    "d3-axis",
    "dataTables",
)
"""Libraries in the order in which they rest on each other; ``assets/vendor/VERSIONS.txt`` says which they are."""
_SCRIPTS: Final = ("basics", "rates", "pictures", "facts", "order", "address", "worklist", "printing", "main")


@dataclass(frozen=True)
class Asset:
    """One style sheet or script. admitted: its hash as a Content-Security-Policy names it."""

    content: str

    @property
    def admitted(self) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(self.content.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return files("ivigcheck.report.page").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def style() -> Asset:
    """The style sheet."""
    return Asset(_read("page.css"))


@cache
def scripts() -> tuple[Asset, ...]:
    """What stands guard over the page, then each library, then the page's own script, whose files share one scope.

    A text that would end a script element cannot stand in one: it is none of these files' (a test sees to that).
    """
    own = "\n".join(_read(f"{name}.js") for name in _SCRIPTS)
    libraries = [Asset(_read(f"vendor/{name}.min.js")) for name in VENDORED]
    return (Asset(_read("guard.js")), *libraries, Asset(f'(() => {{\n"use strict";\n{own}\n}})();\n'))
