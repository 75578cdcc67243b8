"""The orders' cells as they were read, in plain data: one list for each name that the report has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from ivigcheck.columns import PHASES, SEXES
from ivigcheck.orders import NO, NO_DAY, UNKNOWN, YES, Orders, WeightBasis
from ivigcheck.rules.wording import as_written, weight_reason
from ivigcheck.units import Floats
from ivigcheck.written import Codes

ANSWERS: Final[Mapping[int, str | None]] = {YES: "yes", NO: "no", UNKNOWN: None}
"""What is said of an answer."""


def _weight_reasons(orders: Orders) -> list[str | None]:
    """Which weight rates per kg are reckoned on, and why; put into words once where the words name no weight."""
    own_words = (WeightBasis.ADJUSTED, WeightBasis.IDEAL)
    said: dict[int, str | None] = {}
    reasons: list[str | None] = []
    for i, (basis, weight) in enumerate(zip(orders.weight_basis.tolist(), orders.rate_weight_kg.tolist(), strict=True)):
        if math.isnan(weight):
            reasons.append(None)
        elif basis in own_words:
            reasons.append(weight_reason(orders, i))
        else:
            if basis not in said:
                said[basis] = weight_reason(orders, i)
            reasons.append(said[basis])
    return reasons


def _days(column: Codes) -> list[str | None]:
    """Days as ISO dates, null for what is not known; put into words once for each."""
    said = {day: None if day == NO_DAY else date.fromordinal(day).isoformat() for day in set(column.tolist())}
    return [said[day] for day in column.tolist()]


def _days_before(day: date, column: Floats) -> list[str | None]:
    """The days that lie so many days before a day, as ISO dates; null for what is not known."""
    return [
        None if math.isnan(days) else date.fromordinal(day.toordinal() - int(days)).isoformat()
        for days in column.tolist()
    ]


def values_or_null(column: Floats) -> list[float | None]:
    """A column with null for what is not known."""
    return [None if math.isnan(value) else value for value in column.tolist()]


def columns_as_read(orders: Orders) -> dict[str, list[Any]]:
    """The orders' values as read: the rates first, then what they were reckoned with."""
    knowledge = orders.knowledge
    indications = [*(indication.code for indication in knowledge.indications), None]
    products = [*(product.name for product in knowledge.products), None]
    sexes, phases = [*SEXES, None], [*PHASES, None]
    resolved = (orders.reaction_resolved == YES).tolist()
    return {
        "start_rate_mg_per_kg_min": values_or_null(orders.start_rate),
        "max_rate_mg_per_kg_min": values_or_null(orders.max_rate),
        "start_rate": [as_written(orders, "start_rate", i) or None for i in range(orders.n)],
        "max_rate": [as_written(orders, "max_rate", i) or None for i in range(orders.n)],
        "indication": [indications[code] for code in orders.indication.tolist()],
        "product": [products[code] for code in orders.product.tolist()],
        "concentration_mg_per_mL": values_or_null(orders.concentration),
        "weight_kg": values_or_null(orders.weight_kg),
        "dosing_weight_kg": values_or_null(orders.dosing_weight_kg),
        "rate_weight_kg": values_or_null(orders.rate_weight_kg),
        "weight_basis": _weight_reasons(orders),
        "age_years": values_or_null(orders.age_years),
        "dose_g_per_kg": values_or_null(orders.dose_g_per_kg),
        "infusion_hours": values_or_null(orders.infusion_hours),
        "height_cm": values_or_null(orders.height_cm),
        "reaction_grade": values_or_null(orders.reaction_grade),
        "reaction_rate_mg_per_kg_min": values_or_null(orders.reaction_rate),
        "minutes_since_resolved": values_or_null(orders.minutes_since_resolved),
        "reaction_resolved": [
            value if again else None for value, again in zip(resolved, orders.rechallenge.tolist(), strict=True)
        ],
        "dose_total_g": values_or_null(orders.dose_total_g),
        "sex": [sexes[code] for code in orders.sex.tolist()],
        "pregnant": [ANSWERS[answer] for answer in orders.pregnant.tolist()],
        "phase": [phases[code] for code in orders.phase.tolist()],
        "first_infusion": [ANSWERS[answer] for answer in orders.first_infusion.tolist()],
        "ordered_on": _days(orders.ordered_day),
        "last_ivig_date": _days(orders.last_ivig_day),
        "last_thrombosis_date": _days_before(orders.as_of, orders.days_since_thrombosis),
    }
