"""Who the order is for: ids, age and risk answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ivigcheck.columns import question_column
from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.model import Range
from ivigcheck.normalise.diagnoses import Diagnoses
from ivigcheck.normalise.reader import COLUMN, Reader, positions
from ivigcheck.normalise.spellings import completed_years, id_problem
from ivigcheck.orders import NO, UNKNOWN, YES, Answers
from ivigcheck.units import Floats, Mask, exceeds
from ivigcheck.written import Codes, Trouble


def read_ids(reader: Reader, *, needed: bool) -> None:
    """Ids are kept as they are; digits that only look like digits are a problem."""

    def read(text: str) -> tuple[str, Trouble, str]:
        why = id_problem(text)
        return text, Trouble.UNREADABLE if why else Trouble.NONE, why

    for name in ("order_id", "patient_id"):
        texts = reader.cells.column(name)
        if "".join(texts.distinct).isascii():  # then each is kept, and need not be looked at by itself
            reader.note(name, [], [], texts.codes, review_only=False)
        else:
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


def days_since_thrombosis(reader: Reader, as_of: date) -> Floats:
    """(n,) days since the last thrombotic event, NaN where no date says so."""
    days, codes = reader.past_dates(COLUMN["last_thrombosis_date"], as_of)
    return np.array([(as_of - day).days if day else np.nan for day in days] or [np.nan], float)[codes]


@dataclass(frozen=True, eq=False, repr=False)
class RiskAnswers:
    """What is known of each risk question, each by its name.

    given: (n,) YES, NO or UNKNOWN, the riskier of what column, date and diagnosis codes say. overruled: (n,) whether a
    date or a code says yes where the column says no. coded: (n,) positions in ``codes``, -1 where no code answers it.
    """

    given: dict[str, Answers]
    overruled: dict[str, Mask]
    coded: dict[str, Codes]
    codes: tuple[str, ...]


def read_answers(
    reader: Reader, days: Floats, diagnoses: Diagnoses, confirmed: Mask, knowledge: Knowledge, *, extract: bool
) -> RiskAnswers:
    """The answers to the risk questions.

    confirmed: a confirmed thrombotic event on IVIG is in the history, whatever the column says.

    days: since the last thrombotic event, by its date. extract: the orders come from a site's extract, of which its
    policy may say that it lists only the positives.
    """
    given = {q.name: reader.answers(question_column(q.name, q.title, q.headers)) for q in knowledge.questions}
    written_no = {name: answers == NO for name, answers in given.items()}
    for name in knowledge.policy.site.absent_means_no if extract else ():
        given[name] = np.where(reader.blank(name), NO, given[name]).astype(np.int8)
    dated = ~np.isnan(days)
    within_window = dated & (days <= knowledge.policy.recent_thrombosis_days)
    answered_no = dated & ~within_window & reader.blank("recent_thrombosis")
    given["recent_thrombosis"] = np.where(answered_no, NO, given["recent_thrombosis"]).astype(np.int8)
    coded, codes = _coded(diagnoses, dated & ~within_window, [*given])
    says_yes = {name: position >= 0 for name, position in coded.items()}
    says_yes["recent_thrombosis"] |= within_window
    says_yes["thrombosis_history"] |= dated
    usable = reader.usable
    given["ivig_thrombosis"] = np.where(confirmed, YES, given["ivig_thrombosis"]).astype(np.int8)
    return RiskAnswers(
        {
            name: np.where(usable, np.where(says_yes[name], YES, answers), UNKNOWN).astype(np.int8)
            for name, answers in given.items()
        },
        {name: yes & written_no[name] for name, yes in says_yes.items() if (yes & written_no[name]).any()},
        coded,
        codes,
    )


def _coded(diagnoses: Diagnoses, long_ago: Mask, names: list[str]) -> tuple[dict[str, Codes], tuple[str, ...]]:
    """Question -> (n,) position of the code that answers it yes, -1 where none does; and the codes.

    long_ago: (n,) the last thrombotic event lies outside the window, by its date: then the code of an acute one speaks
    of the past.
    """
    codes: dict[str, int] = {}
    table = np.full((len(names), len(diagnoses.answers)), -1)
    for k, answers in enumerate(diagnoses.answers):
        for name, code in answers.items():
            table[names.index(name), k] = codes.setdefault(code, len(codes))
    coded = {name: table[at][diagnoses.position] for at, name in enumerate(names)}
    acute, history = coded["recent_thrombosis"], coded["thrombosis_history"]
    coded["thrombosis_history"] = np.where(long_ago & (history < 0), acute, history)
    coded["recent_thrombosis"] = np.where(long_ago, -1, acute)
    return coded, tuple(codes)
