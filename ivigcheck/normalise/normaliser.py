"""The stage itself: reads every column, then what follows from several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.normalise import infusion, patient
from ivigcheck.normalise.cells import gather
from ivigcheck.normalise.products import read_products
from ivigcheck.normalise.reader import COLUMN, Reader, in_form
from ivigcheck.normalise.repeats import repeated_orders
from ivigcheck.orders import YES, Answers, Orders
from ivigcheck.units import Mask

_NO_RISK = "contraindication"  # the one family of questions whose yes does not put a patient at risk


def normalise(tables: Sequence[Table], knowledge: Knowledge, as_of: date, *, identified: bool = True) -> Orders:
    """The typed orders of all tables. identified: False where ids are not asked for (a single order)."""
    cells = gather(tables, identified=identified)
    reader = Reader(cells)
    plausible = knowledge.policy.entry.plausible
    patient.read_ids(reader, needed=identified)
    indication, indication_unknown = infusion.read_indications(reader, knowledge)
    for name in infusion.RATES:
        reader.quantities(COLUMN[name])
    products = read_products(reader, knowledge)
    weights = patient.read_weights(reader, plausible.weight)
    rates = infusion.reckon_rates(reader, weights.rate_weight, products.concentration, plausible.rate)
    infusion.need_concentration(reader, products)
    age = patient.read_ages(reader, plausible.age, as_of)
    grade = infusion.read_grades(reader)
    minutes = in_form(reader.quantities(COLUMN["minutes_since_resolved"]))
    days = patient.days_since_thrombosis(reader, as_of)
    answers, overruled = patient.read_answers(reader, days, knowledge)
    over_age = reader.usable & (age > knowledge.policy.at_risk_over_age)
    _read_the_rest(reader, knowledge, as_of)
    return Orders(
        n=cells.n,
        knowledge=knowledge,
        as_of=as_of,
        identified=identified,
        place=cells.place,
        text=cells.text,
        candidates=products.candidates,
        answers=answers,
        overruled=overruled,
        malformed=cells.malformed,
        repeated=repeated_orders(cells),
        indication=indication,
        indication_unknown=indication_unknown,
        product=products.product,
        product_state=products.state,
        concentration=products.concentration,
        weight_kg=weights.weight,
        dosing_weight_kg=weights.dosing_weight,
        rate_weight_kg=weights.rate_weight,
        age_years=age,
        max_rate=rates.used["max_rate"],
        start_rate=rates.used["start_rate"],
        reaction_rate=rates.used["reaction_rate"],
        max_rate_reckoned=rates.reckoned["max_rate"],
        start_rate_reckoned=rates.reckoned["start_rate"],
        reaction_rate_reckoned=rates.reckoned["reaction_rate"],
        start_rate_blank=reader.silent("start_rate") & reader.usable,
        dose_g_per_kg=infusion.read_doses(reader, weights.rate_weight, plausible.dose),
        infusion_hours=infusion.read_hours(reader),
        height_cm=patient.within(
            reader, "height_cm", in_form(reader.quantities(COLUMN["height_cm"])), plausible.height
        ),
        phase=reader.choices(COLUMN["phase"]),
        reaction_grade=grade,
        minutes_since_resolved=minutes,
        reaction_resolved=reader.answers(COLUMN["reaction_resolved"]).astype(np.int64),
        days_since_thrombosis=days,
        rechallenge=infusion.find_rechallenges(reader, grade, minutes),
        over_age=over_age,
        at_risk=over_age | _any_risk(answers, knowledge),
        problems=reader.problems,
        conflicts=reader.conflicts,
        written=reader.written,
    )


def _any_risk(answers: dict[str, Answers], knowledge: Knowledge) -> Mask:
    """(n,) whether any question that puts a patient at risk is answered yes."""
    families = {question.name: question.family for question in knowledge.questions}
    yes = [given == YES for name, given in answers.items() if families[name] != _NO_RISK]
    return np.asarray(np.logical_or.reduce(yes), bool)


def _read_the_rest(reader: Reader, knowledge: Knowledge, as_of: date) -> None:
    """Columns that no limit needs: what is wrong with them is a finding all the same."""
    reader.choices(COLUMN["sex"])
    reader.answers(COLUMN["first_infusion"])
    for name in ("ordered_at", "last_ivig_date"):
        reader.past_dates(COLUMN[name], as_of)
    infusion.read_last_products(reader, knowledge)
    # Bad cells elsewhere: in a unit column, or in one that is none of ours, where the row may be two rows run together.
    for header in reader.cells.bad:
        if header not in reader.problems:
            reader.note(header, [], [], np.zeros(reader.cells.n, np.int64), review_only=False)
