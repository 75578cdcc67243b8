"""The stage itself: reads every column, then what follows from several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from ivigcheck.intake.table import Table
from ivigcheck.knowledge import Knowledge
from ivigcheck.normalise import infusion, patient
from ivigcheck.normalise.cells import gather
from ivigcheck.normalise.diagnoses import read_diagnoses
from ivigcheck.normalise.products import read_products
from ivigcheck.normalise.reader import COLUMN, Reader, in_form
from ivigcheck.normalise.remembered import remember
from ivigcheck.normalise.repeats import repeated_orders
from ivigcheck.normalise.weights import Body, read_weights
from ivigcheck.orders import NO_DAY, YES, Answers, Orders
from ivigcheck.past import Recall
from ivigcheck.units import Mask

_NO_RISK = "contraindication"  # the one family of questions whose yes does not put a patient at risk


def normalise(
    tables: Sequence[Table],
    knowledge: Knowledge,
    as_of: date,
    *,
    identified: bool = True,
    recall: Recall | None = None,
) -> Orders:
    """The typed orders of all tables.

    identified: False where ids are not asked for (a single order). recall: asks the history of the patients; None where
    there is none.
    """
    cells = gather(tables, identified=identified)
    reader = Reader(cells)
    plausible = knowledge.policy.entry.plausible
    patient.read_ids(reader, needed=identified)
    indication, indication_unknown = infusion.read_indications(reader, knowledge)
    for name in infusion.RATES:
        reader.quantities(COLUMN[name])
    products = read_products(reader, knowledge)
    age = patient.read_ages(reader, plausible.age, as_of)
    height = patient.within(reader, "height_cm", in_form(reader.quantities(COLUMN["height_cm"])), plausible.height)
    body = Body(age, height, reader.choices(COLUMN["sex"]), reader.answers(COLUMN["pregnant"]))
    weights = read_weights(reader, plausible.weight, body, knowledge.policy.entry.dosing_weight)
    rates = infusion.reckon_rates(reader, weights.rate_weight, products.concentration, plausible.rate)
    infusion.need_concentration(reader, products)
    doses = infusion.read_doses(reader, weights.rate_weight, plausible.dose)
    ordered_day = reader.days(COLUMN["ordered_at"], as_of, ahead=int(knowledge.policy.order_days_ahead))
    own_day = np.where(ordered_day == NO_DAY, as_of.toordinal(), ordered_day)
    remembered = remember(reader, recall, own_day)
    recorded_rate = remembered.same_infusion(lambda same: same.rate)
    own_grade = infusion.read_grades(reader)
    own_reaction = (own_grade >= 1) | ~reader.silent("reaction_rate")
    grade = np.fmax(own_grade, remembered.same_infusion(lambda same: same.grade))
    resolved, minutes = remembered.resolution(
        reader.answers(COLUMN["reaction_resolved"]).astype(np.int64),
        in_form(reader.quantities(COLUMN["minutes_since_resolved"])),
        own_reaction,
    )
    days = patient.days_since_thrombosis(reader, as_of)
    confirmed = remembered.mask(lambda past: bool(past.confirmed))
    codes = read_diagnoses(reader, knowledge)
    answers = patient.read_answers(reader, days, codes, confirmed, knowledge, extract=identified)
    over_age = reader.usable & (age > knowledge.policy.at_risk_over_age)
    stated_day = reader.days(COLUMN["last_ivig_date"], as_of)
    recorded_products = remembered.last_products(stated_day)
    another_product = infusion.read_last_products(reader, products, knowledge, recorded_products)
    first_infusion = reader.answers(COLUMN["first_infusion"])
    _note_the_rest(reader)
    return Orders(
        n=cells.n,
        knowledge=knowledge,
        as_of=as_of,
        identified=identified,
        place=cells.place,
        text=cells.text,
        candidates=products.candidates,
        answers=answers.given,
        overruled=answers.overruled,
        coded=answers.coded,
        diagnosis_codes=answers.codes,
        malformed=cells.malformed,
        repeated=repeated_orders(cells),
        indication=indication,
        indication_unknown=indication_unknown,
        product=products.product,
        product_state=products.state,
        concentration=products.concentration,
        weight_kg=weights.weight,
        dosing_weight_kg=weights.dosing_weight,
        ideal_weight_kg=weights.ideal,
        rate_weight_kg=weights.rate_weight,
        weight_basis=weights.basis,
        age_years=age,
        max_rate=rates.used["max_rate"],
        start_rate=rates.used["start_rate"],
        reaction_rate=np.fmin(rates.used["reaction_rate"], recorded_rate),
        max_rate_reckoned=rates.reckoned["max_rate"],
        start_rate_reckoned=rates.reckoned["start_rate"],
        reaction_rate_reckoned=rates.reckoned["reaction_rate"],
        start_rate_blank=reader.silent("start_rate") & reader.usable,
        dose_g_per_kg=doses.per_kg,
        dose_stated_g=doses.stated,
        dose_total_g=doses.total,
        dose_in_grams=doses.in_grams,
        least_dose_g_per_kg=doses.least,
        least_dose_in_grams=doses.least_in_grams,
        infusion_hours=infusion.read_hours(reader),
        height_cm=height,
        sex=body.sex,
        pregnant=body.pregnant,
        phase=reader.choices(COLUMN["phase"]),
        ordered_day=ordered_day,
        last_ivig_day=remembered.last_infusion(stated_day),
        first_infusion=first_infusion,
        another_product=another_product,
        reaction_grade=grade,
        minutes_since_resolved=minutes,
        reaction_resolved=resolved,
        days_since_thrombosis=days,
        rechallenge=infusion.find_rechallenges(reader, grade, minutes, recorded_rate, remembered.rate_open()),
        past=remembered.past,
        same_infusion=remembered.same,
        day_before=remembered.day_before,
        confirmed_in_past=confirmed,
        near_in_past=remembered.mask(lambda past: bool(past.near)),
        past_grade=remembered.grade,
        over_for_good=remembered.mask(lambda past: any(each.for_good for each in past.reactions)),
        session_over=remembered.same_infusion(lambda same: same.session_over) == 1,
        over_age=over_age,
        at_risk=over_age | _any_risk(answers.given, knowledge),
        problems=reader.problems,
        conflicts=reader.conflicts,
        written=reader.written,
    )


def _any_risk(answers: dict[str, Answers], knowledge: Knowledge) -> Mask:
    """(n,) whether any question that puts a patient at risk is answered yes."""
    families = {question.name: question.family for question in knowledge.questions}
    yes = [given == YES for name, given in answers.items() if families[name] != _NO_RISK]
    return np.asarray(np.logical_or.reduce(yes), bool)


def _note_the_rest(reader: Reader) -> None:
    """Bad cells elsewhere: in a unit column, or in one that is none of ours, where the row may be two rows run
    together."""
    for header in reader.cells.bad:
        if header not in reader.problems:
            reader.note(header, [], [], np.zeros(reader.cells.n, np.int64), review_only=False)
