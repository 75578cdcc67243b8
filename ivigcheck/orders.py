"""The typed orders: a struct of NumPy columns, one order or a million.

n is the number of orders everywhere. A value that could not be had is NaN (or -1 in a column of codes) and its reason
stands in ``problems``; nothing here is judged yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ivigcheck.arrays import column, example_columns
from ivigcheck.knowledge import Knowledge, Product, Question
from ivigcheck.past import Past, SameInfusion
from ivigcheck.texts import Alike, Texts
from ivigcheck.units import Floats, Mask
from ivigcheck.written import Codes, Conflict, Place, Problems, Written

Answers = npt.NDArray[np.int8]

YES, NO, UNKNOWN = 1, 0, -1
"""A risk question's answer. Unknown is not no."""

AGE_FACTOR: Final = "age_over_65"
"""The risk factor that is reckoned, not asked; reports list it after the questions of the family "at risk"."""
_AFTER_AGE: Final = ("thrombosis risk", "renal risk")


FEMALE: Final = 0
"""The sex whose ideal weight has a base of its own; the position of F among the choices of ``sex``."""

NO_DAY: Final = -1
"""In a column of days (proleptic ordinals): no date, or none that can be used."""


class WeightBasis(IntEnum):
    """Which weight rates per kg are reckoned on, and why: from BODY on it is the body weight."""

    ORDERED = 0  # the order's own dosing weight
    ADJUSTED = 1
    IDEAL = 2
    BODY = 3  # the policy takes no other
    NOT_TRIGGERED = 4
    CHILD = 5
    SHORT = 6
    PREGNANT = 7
    NOT_KNOWN = 8  # height, sex or age
    NO_IDEAL = 9  # the formula gives none for this height


class ProductState(IntEnum):
    """What is known of an order's product."""

    NOT_GIVEN = 0
    KNOWN = 1
    OPEN = 2  # a brand of two strengths, and nothing says which
    CONFLICTING = 3  # a brand of two strengths, and what is written is neither
    UNRECOGNISED = 4
    UNREADABLE = 5


@dataclass(frozen=True, eq=False, repr=False)
class RiskProfile:
    """Names of risk questions, in the knowledge's order.

    yes: answered yes. at_risk: the factors that put the patient at risk, age among them. undocumented: seed questions
    without an answer; not_assessed: other questions without one.
    """

    yes: tuple[Question, ...]
    at_risk: tuple[str, ...]
    undocumented: tuple[str, ...]
    not_assessed: tuple[str, ...]

    @classmethod
    def of(cls, questions: Sequence[Question], answers: Sequence[int], *, over_age: bool) -> RiskProfile:
        """The profile of one set of answers, in the order of the questions."""
        yes = tuple(q for q, answer in zip(questions, answers, strict=True) if answer == YES)
        unanswered = [q for q, answer in zip(questions, answers, strict=True) if answer == UNKNOWN]
        at_risk = [q.name for q in yes if q.family != "contraindication"]
        if over_age:
            at_risk.insert(sum(q.family not in _AFTER_AGE for q in yes if q.name in at_risk), AGE_FACTOR)
        return cls(
            yes,
            tuple(at_risk),
            tuple(q.name for q in unanswered if q.seed),
            tuple(q.name for q in unanswered if not q.seed),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Orders:
    """The typed columns of n orders. Arrays are (n,); rates are in mg/kg/min unless their name says otherwise.

    text: column -> the cells as written; only columns that some input had. identified: False for a single order
    from the command line, whose ids are not asked for.
    rate_weight_kg: what rates and doses per kg are reckoned on: the dosing weight, or the policy's choice; weight_basis
    says which (WeightBasis) and ideal_weight_kg is what an ideal or adjusted one rests on.
    max_rate, start_rate, reaction_rate: NaN where unknown or outside the plausible range; ``*_reckoned`` before that
    range was asked.
    dose_g_per_kg: the greater of what the dose (dose_stated_g) and the total dose (dose_total_g) give; dose_in_grams:
    whether that is written in grams; least_dose_*: the same of the lesser.
    ordered_day, last_ivig_day: days as ordinals, NO_DAY where not known. another_product: the last infusion's product
    is known, and is not this one.
    product: position in ``knowledge.products``, -1 where not known; candidates: index of an order whose brand is known
    and whose strength is open -> its possible products.
    answers: question -> (n,) YES, NO or UNKNOWN, dates and diagnosis codes already taken into account.
    overruled: question -> (n,) a date or a code says yes where the column says no. coded: question -> (n,) positions in
    ``diagnosis_codes``, -1 where no code answers it.
    past: index of an order -> what the history knows of its patient; same_infusion: -> what it knows of this infusion;
    day_before: -> of one of the day before, which may be this one.
    confirmed_in_past: a confirmed thrombotic event is on record; near_in_past: one of an id that differs from the
    patient's only in case, leading zeros or punctuation. past_grade: of the worst reaction on record, NaN where
    there is none; over_for_good: IVIG was discontinued for good after one. session_over: this infusion is on record as
    discontinued.
    """

    n: int
    knowledge: Knowledge
    as_of: date
    identified: bool
    place: Sequence[Place]
    text: Mapping[str, Texts]
    problems: Mapping[str, Problems]
    conflicts: Sequence[Conflict]
    written: Mapping[str, Written]
    candidates: Mapping[int, tuple[int, ...]]
    answers: Mapping[str, Answers]
    overruled: Mapping[str, Mask]
    coded: Mapping[str, Codes]
    diagnosis_codes: Sequence[str]
    malformed: Mapping[int, str]
    past: Mapping[int, Past]
    same_infusion: Mapping[int, SameInfusion]
    day_before: Mapping[int, SameInfusion]
    repeated: Codes = column(0, int)  # 0 alone, 1 repeated identically, 2 repeated with other content
    indication: Codes = column(-1, int)
    indication_unknown: Mask = column(False, bool)
    product: Codes = column(-1, int)
    product_state: Codes = column(0, int)
    concentration: Floats = column(float("nan"))
    weight_kg: Floats = column(float("nan"))
    dosing_weight_kg: Floats = column(float("nan"))
    ideal_weight_kg: Floats = column(float("nan"))
    rate_weight_kg: Floats = column(float("nan"))
    weight_basis: Codes = column(WeightBasis.BODY, int)
    age_years: Floats = column(float("nan"))
    max_rate: Floats = column(float("nan"))
    start_rate: Floats = column(float("nan"))
    reaction_rate: Floats = column(float("nan"))
    reaction_rate_reckoned: Floats = column(float("nan"))
    max_rate_reckoned: Floats = column(float("nan"))
    start_rate_reckoned: Floats = column(float("nan"))
    start_rate_blank: Mask = column(False, bool)
    dose_g_per_kg: Floats = column(float("nan"))
    dose_stated_g: Floats = column(float("nan"))
    dose_total_g: Floats = column(float("nan"))
    dose_in_grams: Mask = column(False, bool)
    least_dose_g_per_kg: Floats = column(np.nan)
    least_dose_in_grams: Mask = column(False, bool)
    infusion_hours: Floats = column(float("nan"))
    height_cm: Floats = column(float("nan"))
    sex: Codes = column(-1, int)
    pregnant: Answers = column(UNKNOWN, int)
    phase: Codes = column(-1, int)
    ordered_day: Codes = column(NO_DAY, int)
    last_ivig_day: Codes = column(NO_DAY, int)
    first_infusion: Answers = column(UNKNOWN, int)
    another_product: Mask = column(False, bool)
    reaction_grade: Floats = column(float("nan"))
    minutes_since_resolved: Floats = column(float("nan"))
    reaction_resolved: Codes = column(UNKNOWN, int)
    days_since_thrombosis: Floats = column(float("nan"))
    rechallenge: Mask = column(False, bool)
    confirmed_in_past: Mask = column(False, bool)
    near_in_past: Mask = column(False, bool)
    past_grade: Floats = column(float("nan"))
    over_for_good: Mask = column(False, bool)
    session_over: Mask = column(False, bool)
    over_age: Mask = column(False, bool)
    at_risk: Mask = column(False, bool)

    def answered(self, name: str, answer: int = YES) -> Mask:
        """(n,) whether the question has this answer."""
        return np.asarray(self.answers[name] == answer, bool)

    def any_yes(self, *families: str) -> Mask:
        """(n,) whether any question of these families is answered yes."""
        found = np.zeros(self.n, bool)
        for question in self.knowledge.questions:
            if question.family in families:
                found |= self.answered(question.name)
        return found

    @cached_property
    def of_one_id(self) -> Alike:
        """The usable rows of each order id."""
        return Alike(self.texts("order_id"), self.usable)

    @cached_property
    def answer_rows(self) -> list[list[int]]:
        """For each order its answers, in the knowledge's order of questions."""
        answers: list[list[int]] = np.stack([self.answers[q.name] for q in self.knowledge.questions], axis=1).tolist()
        return answers

    def code_for(self, name: str, i: int) -> str:
        """The diagnosis code that answers a question of one order yes; "" where none does."""
        coded = self.coded.get(name)
        return str(self.diagnosis_codes[coded[i]]) if coded is not None and coded[i] >= 0 else ""

    @cached_property
    def memo(self) -> dict[object, object]:
        """What rules have worked out of several rows: by patient id of the patient's, by its type of all."""
        return {}

    @cached_property
    def of_one_patient(self) -> Alike:
        """The usable rows of each patient, of all inputs; only of ids that can be read."""
        ids = self.texts("patient_id")
        readable = self.problems["patient_id"].trouble == 0 if "patient_id" in self.problems else True
        return Alike(ids, self.usable & ~ids.blank & readable)

    def profile(self, i: int) -> RiskProfile:
        """What one order's answers come to; worked out once for each distinct set of answers."""
        answers, over_age = self.answer_rows[i], bool(self.over_age[i])
        key = (*answers, over_age)
        if key not in self._profiles:
            self._profiles[key] = RiskProfile.of(self.knowledge.questions, answers, over_age=over_age)
        return self._profiles[key]

    @cached_property
    def _profiles(self) -> dict[tuple[int, ...], RiskProfile]:
        return {}

    def possible_products(self, i: int) -> list[Product]:
        """The products that one order may mean: one, both strengths of a brand, or none."""
        if self.product[i] >= 0:
            return [self.knowledge.products[self.product[i]]]
        return [self.knowledge.products[p] for p in self.candidates.get(i, ())]

    def cell(self, name: str, i: int) -> str:
        """One cell as written; "" where blank or where the input has no such column."""
        cells = self.text.get(name)
        return cells[i] if cells else ""

    def texts(self, name: str) -> Texts:
        """(n,) the cells of a column as written; blank where the input has no such column."""
        return self.text.get(name) or Texts.repeated("", self.n)

    @property
    def usable(self) -> Mask:
        """(n,) whether the row can be used at all."""
        usable = np.ones(self.n, bool)
        usable[list(self.malformed)] = False
        return usable

    @classmethod
    def example(cls, knowledge: Knowledge, **given: Any) -> Orders:
        """One order for a rule's example: the given fields, everything else blank and every question answered no."""
        answers = {q.name: NO for q in knowledge.questions} | given.pop("answers", {})
        fixed: dict[str, Any] = {
            "n": 1,
            "knowledge": knowledge,
            "as_of": date(2026, 1, 1),
            "identified": True,
            "place": (Place("orders.csv", None, 2),),
            "text": {},
            "problems": {},
            "conflicts": (),
            "written": {},
            "candidates": {},
            "overruled": {},
            "coded": {},
            "diagnosis_codes": (),
            "malformed": {},
            "past": {},
            "same_infusion": {},
            "day_before": {},
        }
        arrays = {name: np.array([value], np.int8) for name, value in answers.items()}
        fixed |= example_columns(cls, given)
        return cls(**(fixed | {"answers": arrays} | given))
