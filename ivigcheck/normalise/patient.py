"""Who the order is for: ids, age, weights and risk answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ivigcheck.columns import question_column
from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.model import Range
from ivigcheck.normalise.reader import COLUMN, Reader, in_form, positions
from ivigcheck.normalise.spellings import completed_years, id_problem
from ivigcheck.orders import NO, UNKNOWN, YES, Answers, Trouble
from ivigcheck.show import number
from ivigcheck.units import Floats, Mask, exceeds


def read_ids(reader: Reader, *, needed: bool) -> None:
    """Ids are kept as they are; digits that only look like digits are a problem."""

    def read(text: str) -> tuple[str, Trouble, str]:
        why = id_problem(text)
        return text, Trouble.UNREADABLE if why else Trouble.NONE, why

    for name in ("order_id", "patient_id"):
        reader.spellings(COLUMN[name], read)
        if needed:
            reader.missing(name, reader.blank(name))


def read_ages(reader: Reader, bounds: Range, as_of: date) -> Floats:
    """(n,) completed years: the older of what age and birth date give, NaN where neither does."""
    stated = np.floor(reader.numbers(COLUMN["age_years"], bounds.low, bounds.high))
    born, codes = reader.past_dates(COLUMN["birth_date"], as_of)
    years = np.array([completed_years(day, as_of) if day else np.nan for day in born] or [np.nan], float)[codes]
    too_old = years > bounds.high
    reader.add("birth_date", too_old, Trouble.IMPLAUSIBLE, f"makes an age over {bounds.high:g} years")
    years = np.where(too_old, np.nan, years)
    apart = np.abs(stated - years) > 1
    why = "age {:g} against {:g} completed years by the birth date"
    reader.conflict("age_years", {i: why.format(stated[i], years[i]) for i in positions(apart)})
    troubled = (reader.problems["age_years"].trouble > 0) | (reader.problems["birth_date"].trouble > 0)
    reader.missing("age_years", np.isnan(stated) & np.isnan(years) & ~troubled)
    return np.asarray(np.fmax(stated, years), float)


def within(reader: Reader, name: str, value: Floats, bounds: Range) -> Floats:
    """(n,) the values inside their plausible range; NaN outside, with the reason."""
    outside = exceeds(bounds.low, value) | exceeds(value, bounds.high)
    reader.add(name, outside, Trouble.IMPLAUSIBLE, f"is outside {bounds.low:g} to {bounds.high:g} {bounds.unit}")
    return np.where(outside, np.nan, value)


@dataclass(frozen=True, eq=False, repr=False)
class Weights:
    """(n,) kg each. rate_weight: what rates per kg are reckoned on, NaN where that is not certain."""

    weight: Floats
    dosing_weight: Floats
    rate_weight: Floats


def read_weights(reader: Reader, bounds: Range) -> Weights:
    """Weight and dosing weight; where the dosing weight is the greater, which is a conflict, rates go by the weight."""
    weight = within(reader, "weight", in_form(reader.quantities(COLUMN["weight"])), bounds)
    dosing = within(reader, "dosing_weight", in_form(reader.quantities(COLUMN["dosing_weight"])), bounds)
    reader.missing("weight", reader.silent("weight"))
    # A dosing weight that is there and cannot be used leaves open what rates are reckoned on.
    no_dosing_weight = reader.silent("dosing_weight")
    over = exceeds(dosing, weight)
    why = "the dosing weight of {} kg is over the weight of {} kg"
    reader.conflict("dosing_weight", {i: why.format(number(dosing[i]), number(weight[i])) for i in positions(over)})
    return Weights(weight, dosing, np.where(no_dosing_weight | over, weight, dosing))


def days_since_thrombosis(reader: Reader, as_of: date) -> Floats:
    """(n,) days since the last thrombotic event, NaN where no date says so."""
    days, codes = reader.past_dates(COLUMN["last_thrombosis_date"], as_of)
    return np.array([(as_of - day).days if day else np.nan for day in days] or [np.nan], float)[codes]


def read_answers(reader: Reader, days: Floats, knowledge: Knowledge) -> tuple[dict[str, Answers], dict[str, Mask]]:
    """The answers to the risk questions, the date of the last thrombosis taken into account: the riskier of two counts.

    Second: question -> (n,) whether the date says yes where the column says no.
    """
    given = {q.name: reader.answers(question_column(q.name, q.title, q.headers)) for q in knowledge.questions}
    dated = ~np.isnan(days)
    within_window = dated & (days <= knowledge.policy.recent_thrombosis_days)
    recent, history = given["recent_thrombosis"], given["thrombosis_history"]
    overruled = {"recent_thrombosis": within_window & (recent == NO), "thrombosis_history": dated & (history == NO)}
    answered_no = dated & ~within_window & reader.blank("recent_thrombosis")
    given["recent_thrombosis"] = np.where(within_window, YES, np.where(answered_no, NO, recent)).astype(np.int8)
    given["thrombosis_history"] = np.where(dated, YES, history).astype(np.int8)
    usable = reader.usable
    return {name: np.where(usable, answers, UNKNOWN).astype(np.int8) for name, answers in given.items()}, overruled
