"""The report as JSON: the contract for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


def render_json(report: Mapping[str, Any]) -> bytes:
    """UTF-8, indented, with a newline at its end. The same report gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
