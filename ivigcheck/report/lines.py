"""What several reports say of an order in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivigcheck.show import cut, number, visible

_LONGEST_ID: Final = 40


def shown_id(text: str | None, what: str) -> str:
    """An id as a line of text has room for it. what: whose it is, "order" or "patient"."""
    return visible(cut(text, _LONGEST_ID)) if text else f"(no {what} id)"


def limit_line(order: Mapping[str, Any]) -> str:
    """The limits in one line: mg/kg/min, and mL/h where the concentration and the weight are known."""
    limits = order["limits"]
    parts = []
    for name, words, exclusive in (
        ("start", "start", False),
        ("soft_max", "soft max", limits["soft_max_exclusive"]),
        ("hard_max", "hard max", limits["hard_max_exclusive"]),
    ):
        rate, volume = limits[f"{name}_mg_per_kg_min"], limits[f"{name}_mL_per_h"]
        if rate is not None:
            mL_per_h = f" = {number(volume)} mL/h" if volume is not None else ""
            parts.append(f"{words} {'below ' if exclusive else ''}{number(rate)}{mL_per_h}")
    return f"limits in mg/kg/min: {'; '.join(parts)}" if parts else ""
