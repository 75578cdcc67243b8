"""What several reports say of an order in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ivigcheck.show import against, cut, number, visible
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

_LONGEST_ID: Final = 40
_DIGITS: Final = range(4, 18)  # of a rate: as few as show how it stands to its limits; 17 show every one
_WHOLE: Final = 100.0  # percent
_WORDS: Final = {"start": "start", "soft_max": "soft", "hard_max": "hard"}


def folded_text(folded: Sequence[Mapping[str, Any]]) -> str:
    """What the orders are that a worklist folds into one line."""
    what = "1 order has" if len(folded) == 1 else f"{len(folded)} orders have"
    said = (
        f"{what} no finding but that risk questions are undocumented (IVG904), or that the product is not given "
        "or its strength is open (IVG907)."
    )
    over = sum(any(finding["arithmetic"] for finding in order["findings"]) for order in folded)
    more = f" Of these {over} with a rate over the soft maximum that applies until they are answered."
    return said + (more if over else "")


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


def limits_in_brief(order: Mapping[str, Any]) -> str:
    """The limits in a line of eighty columns; "" where there is none. Soft and hard maximum stand once if they agree.

    ``limits mg/kg/min (mL/h): start 1 (47.8), soft 3.3 (161), hard below 8 (391)``
    """
    shown = {name: _limit_in_brief(order["limits"], name) for name in ("start", "soft_max", "hard_max")}
    agree = shown["soft_max"] and shown["soft_max"] == shown["hard_max"]
    words = {"start": "start", "hard_max": "soft = hard"} if agree else _WORDS
    parts = [f"{words[name]} {shown[name]}" for name in words if shown[name]]
    volumes = any(order["limits"][f"{name}_mL_per_h"] is not None for name in shown)
    return f"limits mg/kg/min{' (mL/h)' if volumes else ''}: {', '.join(parts)}" if parts else ""


def _limit_in_brief(limits: Mapping[str, Any], name: str) -> str:
    rate, volume = limits[f"{name}_mg_per_kg_min"], limits[f"{name}_mL_per_h"]
    if rate is None:
        return ""
    below = "below " if limits.get(f"{name}_exclusive") else ""
    return f"{below}{number(rate)}" + (f" ({number(volume)})" if volume is not None else "")


def over_in_brief(order: Mapping[str, Any]) -> str:
    """How far each ordered rate is over the gravest limit that it breaks; "" where it breaks none.

    ``max 9.5 of hard 8 (118.8%)``
    """
    limits, known = order["limits"], known_limits(order)
    parts = []
    for column, words, broken_by in (
        ("max_rate", "max", ("hard_max", "soft_max")),
        ("start_rate", "start", ("hard_max", "soft_max", "start")),
    ):
        rate = order["ordered"][f"{column}_mg_per_kg_min"]
        for name in broken_by:
            limit, exclusive = limits[f"{name}_mg_per_kg_min"], bool(limits.get(f"{name}_exclusive"))
            if rate is not None and limit is not None and exceeds(rate, limit, exclusive):
                share = against(_WHOLE * rate / limit, _WHOLE)
                below = "below " if exclusive else ""
                parts.append(f"{words} {rate_beside(rate, known)} of {_WORDS[name]} {below}{number(limit)} ({share}%)")
                break
    return ", ".join(parts)


def known_limits(order: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """The limits that an order has, each with whether it must not even be reached."""
    limits = order["limits"]
    found = ((limits[f"{name}_mg_per_kg_min"], bool(limits.get(f"{name}_exclusive"))) for name in _WORDS)
    return [(limit, exclusive) for limit, exclusive in found if limit is not None]


def rate_beside(rate: float, limits: Sequence[tuple[float, bool]]) -> str:
    """A rate as it may be shown beside several limits: with as many digits as it takes to stand to each as it does.

    limits: each with whether it is exclusive. A rate that equals one within the tolerance is shown as that limit.
    """
    for limit, _ in limits:
        if abs(rate - limit) <= RELATIVE_TOLERANCE * abs(limit):
            return number(limit)
    for digits in _DIGITS:
        text = number(rate, digits)
        shown = float(text) if text[0].isdigit() else rate
        if all(
            shown != limit and exceeds(shown, limit, exclusive) == exceeds(rate, limit, exclusive)
            for limit, exclusive in limits
        ):
            return text
    return number(rate, _DIGITS[-1])
