"""What the page knows beside the report: the words of rules, questions and columns, and which rates are over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ivigcheck.columns import COLUMNS
from ivigcheck.knowledge import built_in
from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.report.delta_facts import MEANINGS, SECTIONS
from ivigcheck.report.verdict import STATUS_MEANINGS
from ivigcheck.rules import RULES
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

START_OVER_START: Final = 1
START_OVER_SOFT: Final = 2
START_OVER_HARD: Final = 4
MAX_OVER_SOFT: Final = 8
MAX_OVER_HARD: Final = 16


def over_limits(orders: Orders, limits: Limits) -> list[int]:
    """For each order which of its ordered rates are over which limits: a sum of the constants above."""
    start, highest = orders.start_rate_reckoned, orders.max_rate_reckoned
    soft, hard = (limits.soft_max, limits.soft_max_exclusive), (limits.hard_max, limits.hard_max_exclusive)
    found = (
        (START_OVER_START, exceeds(start, limits.start)),
        (START_OVER_SOFT, exceeds(start, *soft)),
        (START_OVER_HARD, exceeds(start, *hard)),
        (MAX_OVER_SOFT, exceeds(highest, *soft)),
        (MAX_OVER_HARD, exceeds(highest, *hard)),
    )
    total = sum((np.asarray(mask, np.int64) * flag for flag, mask in found), start=np.zeros(orders.n, np.int64))
    codes: list[int] = total.tolist()
    return codes


def rate_units(orders: Orders) -> list[str]:
    """The unit in which each order's maximum rate is written; "" where it has none."""
    written = orders.written.get("max_rate")
    if written is None:
        return [""] * orders.n
    names = [*(unit.name for unit in written.units), ""]
    return [names[code] for code in written.unit.tolist()]


def reference(report: Mapping[str, Any]) -> dict[str, Any]:
    """The words that explain a report, of those rules alone that it has findings of."""
    found = {finding["code"] for order in report["orders"] for finding in order["findings"]}
    found |= {each["code"] for each in report.get("delta", {}).get("resolved", ())}
    return {
        "rules": {
            code: {"name": rule.name, "page": rule.paragraphs} for code, rule in sorted(RULES.items()) if code in found
        },
        "questions": {question.name: question.title for question in built_in().questions},
        "columns": {column.name: column.meaning for column in COLUMNS},
        "statuses": STATUS_MEANINGS,
        "sections": {name: [title, MEANINGS[name]] for name, title in SECTIONS.items()},
        "tolerance": RELATIVE_TOLERANCE,
    }
