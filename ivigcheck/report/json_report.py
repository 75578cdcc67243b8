"""The report as JSON: the contract for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivigcheck.report.json_text import encoded, indented


def render_json(report: Mapping[str, Any]) -> bytes:
    """UTF-8, one order a line so that tools for lines can read it too. The same report gives the same bytes."""
    head = {name: value for name, value in report.items() if name != "orders"}
    opening = indented(head).removesuffix(b"\n}")
    orders = b",\n".join(map(encoded, report["orders"]))
    return opening + b',\n  "orders": [\n' + orders + b"\n  ]\n}\n"


def render_object(facts: Mapping[str, Any]) -> bytes:
    """One object in UTF-8, indented for reading."""
    return indented(facts) + b"\n"
