"""What the patient weighs, and which weight rates and doses per kg are reckoned on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ivigcheck.knowledge.model import DosingWeight, Range
from ivigcheck.normalise.patient import within
from ivigcheck.normalise.reader import COLUMN, Reader, in_form, positions
from ivigcheck.orders import FEMALE, YES, Answers, WeightBasis
from ivigcheck.show import number
from ivigcheck.units import CM_PER_INCH, Floats, exceeds
from ivigcheck.written import Codes

_CM_PER_M = 100


@dataclass(frozen=True, eq=False, repr=False)
class Body:
    """(n,) each: what the choice of a dosing weight asks of a patient. height in cm; sex a code, -1 where unknown."""

    age_years: Floats
    height_cm: Floats
    sex: Codes
    pregnant: Answers


@dataclass(frozen=True, eq=False, repr=False)
class Weights:
    """(n,) kg each. dosing_weight: as ordered; ideal: NaN where it was not needed.

    rate_weight: what rates per kg are reckoned on, NaN where that is not certain. basis: WeightBasis, why that one.
    """

    weight: Floats
    dosing_weight: Floats
    ideal: Floats
    rate_weight: Floats
    basis: Codes


def read_weights(reader: Reader, bounds: Range, body: Body, policy: DosingWeight) -> Weights:
    """Weight and dosing weight; where the dosing weight is the greater, which is a conflict, rates go by the weight.

    Without a dosing weight, the policy's method: the body weight, or an ideal or adjusted one.
    """
    weight = within(reader, "weight", in_form(reader.quantities(COLUMN["weight"])), bounds)
    dosing = within(reader, "dosing_weight", in_form(reader.quantities(COLUMN["dosing_weight"])), bounds)
    reader.missing("weight", reader.silent("weight"))
    # A dosing weight that is there and cannot be used leaves open what rates are reckoned on.
    none_ordered = reader.silent("dosing_weight")
    over = exceeds(dosing, weight)
    why = "the dosing weight of {} kg is over the weight of {} kg"
    reader.conflict("dosing_weight", {i: why.format(number(dosing[i]), number(weight[i])) for i in positions(over)})
    reckoned, ideal, basis = choose_weight(weight, body, policy)
    rate_weight = np.where(none_ordered, reckoned, np.where(over, weight, dosing))
    basis = np.where(none_ordered, basis, np.where(over, WeightBasis.BODY, WeightBasis.ORDERED))
    return Weights(weight, dosing, ideal, rate_weight, basis)


def choose_weight(weight: Floats, body: Body, policy: DosingWeight) -> tuple[Floats, Floats, Codes]:
    """(n,) the weight by the policy's method in kg, the ideal weight it rests on (NaN where none), and why that one.

    Source: Devine's ideal weight, and the factor, trigger and exceptions of the policy's ``dosing_weight``.
    """
    if policy.method == "actual":
        return weight, np.full(len(weight), np.nan), np.full(len(weight), WeightBasis.BODY)
    base = np.where(body.sex == FEMALE, policy.base_female_kg, policy.base_male_kg)
    ideal = base + policy.per_inch_kg * (body.height_cm - policy.base_height_cm) / CM_PER_INCH
    if policy.trigger == "bmi":
        triggered = exceeds(weight / (body.height_cm / _CM_PER_M) ** 2, np.full(len(weight), policy.bmi_over))
    else:
        triggered = exceeds(weight, ideal * policy.percent_of_ideal_over / 100)
    ideal = np.where(ideal > 0, ideal, np.nan)  # of a height that is none of an adult
    lower = ideal if policy.method == "ideal" else ideal + policy.factor * (weight - ideal)
    reasons = (
        (body.pregnant == YES, WeightBasis.PREGNANT),
        (body.age_years < policy.min_age_years, WeightBasis.CHILD),
        (body.height_cm < policy.min_height_cm, WeightBasis.SHORT),
        (np.isnan(body.age_years) | np.isnan(body.height_cm) | (body.sex < 0), WeightBasis.NOT_KNOWN),
        (np.isnan(ideal), WeightBasis.NO_IDEAL),
        (~triggered | ~exceeds(weight, lower), WeightBasis.NOT_TRIGGERED),
    )
    used = WeightBasis.IDEAL if policy.method == "ideal" else WeightBasis.ADJUSTED
    basis = np.select([mask for mask, _ in reasons], [why for _, why in reasons], used)
    applies = basis == used
    return np.where(applies, lower, weight), np.where(applies, ideal, np.nan), basis
