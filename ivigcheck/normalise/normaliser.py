"""The stage itself: reads every column, then what follows from several of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from ivigcheck.columns import COLUMNS, Column, question_column
from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge, Question
from ivigcheck.normalise.cells import Cells, Reader, by_spelling, gather
from ivigcheck.normalise.products import resolve
from ivigcheck.normalise.rates import by_volume, dose_per_kg, rate_per_kg
from ivigcheck.normalise.repeats import repeated_orders
from ivigcheck.normalise.spellings import (
    completed_years,
    id_problem,
    read_answer,
    read_date,
    read_indication,
    read_product,
)
from ivigcheck.orders import NO, UNKNOWN, YES, Answers, Codes, Conflict, Orders, ProductState, Trouble, Written
from ivigcheck.show import number
from ivigcheck.units import Floats, Mask, exceeds

_COLUMN: Final = {column.name: column for column in COLUMNS}
_RATES: Final = ("max_rate", "start_rate", "reaction_rate")
_SEVEREST_GRADE: Final = 4  # the scale of reactions has no more grades
MISSING_REASON: Final = "is missing"


def normalise(tables: Sequence[Table], knowledge: Knowledge, as_of: date, *, identified: bool = True) -> Orders:
    """The typed orders of all tables. identified: False where ids are not asked for (a single order)."""
    return _Normaliser(gather(tables, identified=identified), knowledge, as_of, identified).orders()


@dataclass(frozen=True)
class _Products:
    product: Codes
    state: Codes
    concentration: Floats
    given: Mask
    candidates: dict[int, tuple[int, ...]]


class _Normaliser:
    def __init__(self, cells: Cells, knowledge: Knowledge, as_of: date, identified: bool) -> None:
        self.cells = cells
        self.knowledge = knowledge
        self.as_of = as_of
        self.identified = identified
        self.reader = Reader(cells)
        self.written: dict[str, Written] = {}
        self.conflicts: list[Conflict] = []
        self.plausible = knowledge.policy.entry.plausible

    # -- small helpers ------------------------------------------------------------------------------------------------

    def blank(self, name: str) -> Mask:
        """(n,) whether the cell holds nothing at all: no text, and no value that could not be read."""
        blank = np.array([not text for text in self.cells.column(name)], bool)
        blank[list(self.cells.bad.get(name, {}))] = False
        return blank

    def silent(self, name: str) -> Mask:
        """(n,) whether the cell says nothing: blank, or a spelling of "not available"."""
        read = self.written[name].value if name in self.written else None
        silent = self.blank(name)
        if read is not None:
            silent |= np.isnan(read) & (self.reader.problems[name].trouble == Trouble.NONE)
            silent[list(self.reader.unit_conflicts.get(name, {}))] = False
        return silent

    def missing(self, name: str, rows: Mask) -> None:
        self.reader.add(name, rows, Trouble.MISSING, MISSING_REASON)

    def conflict(self, column: str, rows: Mask, why: Mapping[int, str]) -> None:
        rows = rows & self.reader.usable
        if rows.any():
            self.conflicts.append(Conflict(column, rows, {i: why[i] for i in _positions(rows)}))

    def quantity(self, name: str) -> Written:
        self.written[name] = self.reader.quantities(_COLUMN[name])
        return self.written[name]

    # -- columns ------------------------------------------------------------------------------------------------------

    def ids(self) -> None:
        for name in ("order_id", "patient_id"):

            def read(text: str) -> tuple[str, Trouble, str]:
                why = id_problem(text)
                return text, Trouble.UNREADABLE if why else Trouble.NONE, why

            self.reader.spellings(_COLUMN[name], read)
            if self.identified:
                self.missing(name, self.blank(name))

    def indication(self) -> tuple[Codes, Mask]:
        found, codes = self.reader.spellings(
            _COLUMN["indication"],
            lambda text: (read_indication(text, self.knowledge) if text else -1, Trouble.NONE, ""),
        )
        self.missing("indication", self.blank("indication"))
        position = np.asarray(found or [-1], np.int64)[codes]
        unknown = (
            (position < 0) & ~self.blank("indication") & (self.reader.problems["indication"].trouble == Trouble.NONE)
        )
        return position, unknown & self.reader.usable

    def products(self) -> _Products:
        """Product and concentration, held against each other."""
        written = self.quantity("concentration")
        in_column = in_form(written)
        zero = in_column == 0
        self.reader.add("concentration", zero, Trouble.IMPLAUSIBLE, "is zero")
        in_column = np.where(zero, np.nan, in_column)
        texts, codes = self.reader.spellings(
            _COLUMN["product"], lambda text: (read_product(text, self.knowledge), Trouble.NONE, "")
        )
        has_text = ~self.blank("product")
        keys = list(zip(codes.tolist(), np.nan_to_num(in_column, nan=-1.0).tolist(), has_text.tolist(), strict=True))
        resolved, which = by_spelling(
            keys, lambda key: resolve(texts[key[0]], key[1] if key[1] >= 0 else float("nan"), key[2], self.knowledge)
        )
        rows = [resolved[i] for i in which]
        state = np.array([row.state for row in rows], np.int64)
        state[self.reader.problems["product"].trouble == Trouble.UNREADABLE] = ProductState.UNREADABLE
        disagreeing = {i: row.conflict for i, row in enumerate(rows) if row.conflict}
        self.conflict("concentration", _mask(self.cells.n, disagreeing), disagreeing)
        return _Products(
            product=np.array([row.product for row in rows], np.int64),
            state=state,
            concentration=np.array([row.concentration for row in rows], float),
            given=np.array([row.given for row in rows], bool),
            candidates={i: row.candidates for i, row in enumerate(rows) if row.candidates},
        )

    def weights(self) -> tuple[Floats, Floats, Floats]:
        """Weight, dosing weight, and what rates per kg are reckoned on, all in kg."""
        kg = {}
        bounds = self.plausible.weight
        for name in ("weight", "dosing_weight"):
            value = in_form(self.quantity(name))
            outside = exceeds(bounds.low, value) | exceeds(value, bounds.high)
            self.reader.add(
                name, outside, Trouble.IMPLAUSIBLE, f"is outside {bounds.low:g} to {bounds.high:g} {bounds.unit}"
            )
            kg[name] = np.where(outside, np.nan, value)
        self.missing("weight", self.silent("weight") & (self.reader.problems["weight"].trouble == Trouble.NONE))
        weight, dosing = kg["weight"], kg["dosing_weight"]
        over = exceeds(dosing, weight)
        self.conflict(
            "dosing_weight",
            over,
            {
                i: f"the dosing weight of {number(dosing[i])} kg is over the weight of {number(weight[i])} kg"
                for i in _positions(over)
            },
        )
        # A dosing weight that is there and cannot be used leaves open what rates are reckoned on.
        reckoned = np.where(self.silent("dosing_weight"), weight, np.where(over, weight, dosing))
        return weight, dosing, reckoned

    def rates(self, weight: Floats, concentration: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Each rate in mg/kg/min: those that can be used, and all as reckoned."""
        bounds = self.plausible.rate
        used, reckoned = {}, {}
        for name in _RATES:
            written = self.written[name]
            rate = rate_per_kg(written, weight, concentration)
            none = written.value <= bounds.low
            absurd = ~none & exceeds(rate, bounds.high, bounds.high_exclusive)
            self.reader.add(name, none, Trouble.IMPLAUSIBLE, f"is not above {bounds.low:g}")
            self.reader.add(name, absurd, Trouble.IMPLAUSIBLE, f"is {bounds.high:g} {bounds.unit} or more")
            used[name] = np.where(none | absurd, np.nan, rate)
            reckoned[name] = np.where(none, np.nan, rate)
        self.missing("max_rate", self.silent("max_rate"))
        return used, reckoned

    def ages(self) -> Floats:
        """Completed years: the older of what age and birth date give."""
        bounds = self.plausible.age
        stated = np.floor(self.reader.numbers(_COLUMN["age_years"], bounds.low, bounds.high))
        born, codes = self.reader.spellings(_COLUMN["birth_date"], self.read_past_date)

        def age(day: date | None) -> float:
            return float(completed_years(day, self.as_of)) if day else float("nan")

        years = np.array([age(day) for day in born] or [np.nan])[codes]
        too_old = years > bounds.high
        self.reader.add("birth_date", too_old, Trouble.IMPLAUSIBLE, f"makes an age over {bounds.high:g} years")
        years = np.where(too_old, np.nan, years)
        apart = np.abs(stated - years) > 1
        why = {
            i: f"age {stated[i]:g} against {years[i]:g} completed years by the birth date" for i in _positions(apart)
        }
        self.conflict("age_years", apart, why)
        troubled = (self.reader.problems["age_years"].trouble > 0) | (self.reader.problems["birth_date"].trouble > 0)
        self.missing("age_years", np.isnan(stated) & np.isnan(years) & ~troubled)
        return np.asarray(np.fmax(stated, years), float)

    def read_past_date(self, text: str) -> tuple[date | None, Trouble, str]:
        """A date that cannot lie in the future."""
        day = read_date(text)
        if isinstance(day, str):
            return None, Trouble.UNREADABLE, day
        if day is not None and day > self.as_of:
            return None, Trouble.IMPLAUSIBLE, f"is in the future, seen from {self.as_of.isoformat()}"
        return day, Trouble.NONE, ""

    def doses(self, weight: Floats) -> tuple[Floats, Floats]:
        """The dose of this infusion in g/kg (the greater of two), and the hours over which it runs."""
        bounds = self.plausible.dose
        doses = []
        for name in ("dose", "dose_total"):
            written = self.quantity(name)
            dose = dose_per_kg(written, weight)
            none, absurd = written.value <= bounds.low, exceeds(dose, bounds.high)
            self.reader.add(name, none, Trouble.IMPLAUSIBLE, f"is not above {bounds.low:g}")
            self.reader.add(name, absurd, Trouble.IMPLAUSIBLE, f"is over {bounds.high:g} {bounds.unit}")
            doses.append(np.where(none | absurd, np.nan, dose))
        hours = in_form(self.quantity("infusion_hours"))
        self.reader.add("infusion_hours", hours == 0, Trouble.IMPLAUSIBLE, "is zero")
        return np.fmax(*doses), np.where(hours == 0, np.nan, hours)

    def grades(self) -> Floats:
        """Grades 0 to 4 of an earlier reaction."""
        grade = self.reader.numbers(_COLUMN["reaction_grade"], 0, float("inf"))
        broken = grade != np.floor(grade)
        self.reader.add("reaction_grade", ~np.isnan(grade) & broken, Trouble.UNREADABLE, "is no whole number")
        above = ~broken & (grade > _SEVEREST_GRADE)
        self.reader.add("reaction_grade", above, Trouble.IMPLAUSIBLE, f"is above {_SEVEREST_GRADE}")
        return np.where(broken | above, np.nan, grade)

    def answer_column(self, column: Column) -> Answers:
        def read(text: str) -> tuple[int, Trouble, str]:
            answer = read_answer(text)
            return (
                (UNKNOWN, Trouble.UNREADABLE, "is no answer: yes, no or unknown")
                if answer is None
                else (answer, Trouble.NONE, "")
            )

        values, codes = self.reader.spellings(column, read)
        return np.asarray(values or [UNKNOWN], np.int8)[codes]

    def choice(self, name: str) -> Codes:
        """(n,) position of the cell's meaning among the column's distinct meanings, -1 where it has none."""
        column = _COLUMN[name]
        meanings = list(dict.fromkeys(meaning for _, meaning in column.choices))
        spellings = dict(column.choices)

        def read(text: str) -> tuple[int, Trouble, str]:
            if not text:
                return -1, Trouble.NONE, ""
            if text.casefold() not in spellings:
                return -1, Trouble.UNREADABLE, f"is none of {', '.join(meanings)}"
            return meanings.index(spellings[text.casefold()]), Trouble.NONE, ""

        values, codes = self.reader.spellings(column, read)
        return np.asarray(values or [-1], np.int64)[codes]

    def thrombosis_days(self) -> Floats:
        """Days since the last thrombotic event, NaN where no date says so."""
        days, codes = self.reader.spellings(_COLUMN["last_thrombosis_date"], self.read_past_date)
        return np.array([(self.as_of - day).days if day else np.nan for day in days] or [np.nan], float)[codes]

    def last_products(self) -> None:
        """The product of the last infusion: recognised, or a problem."""

        def read(text: str) -> tuple[None, Trouble, str]:
            if not text or read_product(text, self.knowledge).products:
                return None, Trouble.NONE, ""
            return None, Trouble.UNREADABLE, "is no product known here"

        self.reader.spellings(_COLUMN["last_product"], read)

    def answers(self, days: Floats) -> tuple[dict[str, Answers], dict[str, Mask]]:
        """The answers, the date of the last thrombosis taken into account; the riskier of two counts."""
        given = {q.name: self.answer_column(question_column_of(q)) for q in self.knowledge.questions}
        dated = ~np.isnan(days)
        within = dated & (days <= self.knowledge.policy.recent_thrombosis_days)
        recent, history = given["recent_thrombosis"], given["thrombosis_history"]
        overruled = {"recent_thrombosis": within & (recent == NO), "thrombosis_history": dated & (history == NO)}
        answered_no = dated & ~within & (recent == UNKNOWN)
        given["recent_thrombosis"] = np.where(within, YES, np.where(answered_no, NO, recent)).astype(np.int8)
        given["thrombosis_history"] = np.where(dated, YES, history).astype(np.int8)
        for name, answers in given.items():
            given[name] = np.where(self.reader.usable, answers, UNKNOWN).astype(np.int8)
        return given, overruled

    # -- what follows from several columns ----------------------------------------------------------------------------

    def rechallenges(self, grade: Floats, minutes: Floats) -> Mask:
        """(n,) whether this infusion goes on after a reaction; then grade and rate are needed."""
        rate_given = ~np.isnan(self.written["reaction_rate"].value)
        rate_given &= self.reader.problems["reaction_rate"].trouble == Trouble.NONE
        rechallenge = (grade >= 1) | rate_given | ~np.isnan(minutes)
        self.missing("reaction_grade", rechallenge & np.isnan(grade))
        self.missing("reaction_rate", rechallenge & self.silent("reaction_rate"))
        return rechallenge & self.reader.usable

    def concentration_needed(self, products: _Products) -> None:
        """A concentration is needed where a rate is by volume and no product gives it."""
        needed = np.zeros(self.cells.n, bool)
        for name in _RATES:
            needed |= by_volume(self.written[name])
        needed &= ~products.given
        problems = self.reader.problems["concentration"]
        problems.unchecked[:] = needed
        self.missing("concentration", needed & np.isnan(products.concentration) & self.silent("concentration"))

    def orders(self) -> Orders:
        """Reads everything and puts it together."""
        usable = self.reader.usable
        self.ids()
        indication, indication_unknown = self.indication()
        for name in _RATES:
            self.quantity(name)
        products = self.products()
        weight, dosing, rate_weight = self.weights()
        used, reckoned = self.rates(rate_weight, products.concentration)
        age = self.ages()
        dose, hours = self.doses(rate_weight)
        grade = self.grades()
        minutes = in_form(self.quantity("minutes_since_resolved"))
        self.concentration_needed(products)
        rechallenge = self.rechallenges(grade, minutes)
        height = in_form(self.quantity("height_cm"))
        bounds = self.plausible.height
        outside = exceeds(bounds.low, height) | exceeds(height, bounds.high)
        self.reader.add(
            "height_cm", outside, Trouble.IMPLAUSIBLE, f"is outside {bounds.low:g} to {bounds.high:g} {bounds.unit}"
        )
        self.choice("sex")
        phase = self.choice("phase")
        self.answer_column(_COLUMN["first_infusion"])
        resolved = self.answer_column(_COLUMN["reaction_resolved"]).astype(np.int64)
        for name in ("ordered_at", "last_ivig_date"):
            self.reader.spellings(_COLUMN[name], self.read_past_date)
        self.last_products()
        days = self.thrombosis_days()
        answers, overruled = self.answers(days)
        for name, why in self.reader.unit_conflicts.items():
            self.conflict(name, _mask(self.cells.n, why), why)
        self.other_bad_cells()
        over_age = usable & (age > self.knowledge.policy.at_risk_over_age)
        at_risk = over_age.copy()
        for question in self.knowledge.questions:
            if question.family != "contraindication":
                at_risk |= answers[question.name] == YES
        return Orders(
            n=self.cells.n,
            knowledge=self.knowledge,
            as_of=self.as_of,
            identified=self.identified,
            place=self.cells.place,
            text=self.cells.text,
            problems=self.reader.problems,
            conflicts=self.conflicts,
            written=self.written,
            candidates=products.candidates,
            answers=answers,
            overruled=overruled,
            malformed=self.cells.malformed,
            repeated=repeated_orders(self.cells),
            indication=indication,
            indication_unknown=indication_unknown,
            product=products.product,
            product_state=products.state,
            concentration=products.concentration,
            weight_kg=weight,
            dosing_weight_kg=dosing,
            rate_weight_kg=rate_weight,
            age_years=age,
            max_rate=used["max_rate"],
            start_rate=used["start_rate"],
            reaction_rate=used["reaction_rate"],
            reaction_rate_reckoned=reckoned["reaction_rate"],
            max_rate_reckoned=reckoned["max_rate"],
            start_rate_reckoned=reckoned["start_rate"],
            start_rate_blank=self.silent("start_rate") & usable,
            dose_g_per_kg=dose,
            infusion_hours=hours,
            height_cm=np.where(outside, np.nan, height),
            phase=phase,
            reaction_grade=grade,
            minutes_since_resolved=minutes,
            reaction_resolved=resolved,
            days_since_thrombosis=days,
            rechallenge=rechallenge,
            over_age=over_age,
            at_risk=at_risk,
        )

    def other_bad_cells(self) -> None:
        """Cells that cannot be read in columns that are none of ours: the row may be two rows run together."""
        for header in self.cells.bad:
            if header not in self.reader.problems:
                self.reader.note(header, [Trouble.NONE], [""], np.zeros(self.cells.n, np.int64), review_only=False)


def question_column_of(question: Question) -> Column:
    """The column of a risk question."""
    return question_column(question.name, question.title, question.headers)


def in_form(written: Written) -> Floats:
    """(n,) values in their unit's form: kg, mg/mL, hours …; NaN where none."""
    factors = np.array([unit.factor for unit in written.units] + [np.nan])
    return np.asarray(written.value * factors[written.unit], float)


def _positions(rows: Mask) -> list[int]:
    return [int(i) for i in np.flatnonzero(rows)]


def _mask(n: int, rows: Mapping[int, str]) -> Mask:
    mask = np.zeros(n, bool)
    mask[list(rows)] = True
    return mask
