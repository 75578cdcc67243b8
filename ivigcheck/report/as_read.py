"""The orders' cells as they were written and read, in plain data: one column for each name that the report has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np

from ivigcheck.columns import PHASES, SEXES
from ivigcheck.orders import NO, NO_DAY, UNKNOWN, YES, Answers, Orders, WeightBasis
from ivigcheck.report.columns import Column, Numbers, Told
from ivigcheck.rules.wording import weight_reason, with_unit
from ivigcheck.texts import Texts, combined
from ivigcheck.written import Codes

ANSWERS: Final[Mapping[int, str | None]] = {YES: "yes", NO: "no", UNKNOWN: None}
"""What is said of an answer."""


def cells_as_written(orders: Orders) -> dict[str, Texts]:
    """The cells of each column that has any, with the unit that a header or a unit column states."""
    return {name: texts_as_written(orders, name) for name, texts in orders.text.items() if not texts.blank.all()}


def texts_as_written(orders: Orders, name: str) -> Texts:
    """One column's cells, with the unit that its header or a unit column states."""
    texts, written = orders.texts(name), orders.written.get(name)
    if written is None or not written.units:
        return texts
    distinct, which = combined(texts.codes, written.unit)
    return Texts(
        [with_unit(texts.distinct[text], written.units[unit] if unit >= 0 else None) for text, unit in distinct], which
    )


def _weight_reasons(orders: Orders) -> Told:
    """Which weight rates per kg are reckoned on, and why; put into words once where the words name no weight."""
    unknown = np.isnan(orders.rate_weight_kg)
    own_words = np.isin(orders.weight_basis, (WeightBasis.ADJUSTED, WeightBasis.IDEAL)) & ~unknown
    _, which = combined(
        np.where(own_words, np.arange(orders.n), -1), np.where(unknown, -1, orders.weight_basis.astype(np.int64))
    )
    _, first = np.unique(which, return_index=True)
    return Told([weight_reason(orders, int(i)) or None for i in first], which)


def _days(column: Codes) -> Told:
    """Days as ISO dates, null for what is not known."""
    distinct, which = np.unique(column, return_inverse=True)
    said = [None if day == NO_DAY else date.fromordinal(day).isoformat() for day in distinct.tolist()]
    return Told(said, which.reshape(-1))


def _answers(given: Answers) -> Told:
    return Told((ANSWERS[NO], ANSWERS[YES], ANSWERS[UNKNOWN]), given.astype(np.int64))


def columns_as_read(orders: Orders) -> dict[str, Column]:
    """The orders' values as read: the rates first, then what they were reckoned with."""
    knowledge = orders.knowledge
    indications = [*(indication.code for indication in knowledge.indications), None]
    products = [*(product.name for product in knowledge.products), None]
    since = orders.days_since_thrombosis
    thrombosis = np.where(np.isnan(since), NO_DAY, orders.as_of.toordinal() - np.nan_to_num(since)).astype(np.int64)
    return {
        "start_rate_mg_per_kg_min": Numbers(orders.start_rate),
        "max_rate_mg_per_kg_min": Numbers(orders.max_rate),
        "start_rate": _or_null(texts_as_written(orders, "start_rate")),
        "max_rate": _or_null(texts_as_written(orders, "max_rate")),
        "indication": Told(indications, orders.indication),
        "product": Told(products, orders.product),
        "concentration_mg_per_mL": Numbers(orders.concentration),
        "weight_kg": Numbers(orders.weight_kg),
        "dosing_weight_kg": Numbers(orders.dosing_weight_kg),
        "rate_weight_kg": Numbers(orders.rate_weight_kg),
        "weight_basis": _weight_reasons(orders),
        "age_years": Numbers(orders.age_years),
        "dose_g_per_kg": Numbers(orders.dose_g_per_kg),
        "infusion_hours": Numbers(orders.infusion_hours),
        "height_cm": Numbers(orders.height_cm),
        "reaction_grade": Numbers(orders.reaction_grade),
        "reaction_rate_mg_per_kg_min": Numbers(orders.reaction_rate),
        "minutes_since_resolved": Numbers(orders.minutes_since_resolved),
        "reaction_resolved": Told(
            (False, True, None), np.where(orders.rechallenge, orders.reaction_resolved == YES, -1).astype(np.int64)
        ),
        "dose_total_g": Numbers(orders.dose_total_g),
        "sex": Told([*SEXES, None], orders.sex),
        "pregnant": _answers(orders.pregnant),
        "phase": Told([*PHASES, None], orders.phase),
        "first_infusion": _answers(orders.first_infusion),
        "ordered_on": _days(orders.ordered_day),
        "last_ivig_date": _days(orders.last_ivig_day),
        "last_thrombosis_date": _days(thrombosis),
    }


def _or_null(texts: Texts) -> Told:
    said: list[Any] = [text or None for text in texts.distinct]
    return Told(said, texts.codes)
