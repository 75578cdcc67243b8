"""What several orders of one patient say together, against an independent recalculation: IVG401, IVG402 and IVG404.

Batches are of few patients with near ids, whose days, doses and weights stand at the ends of periods, courses and
differences, or just beside them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

import pytest
from conftest import AS_OF, GOOD, table_of
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.pipeline import Checked, check_tables
from ivigcheck.report.model import Facts
from patient_recalculation import CODES, patient_findings
from random_orders import number_text

Order = dict[str, str]

PATIENTS = ("7", "07", "P 7", "p 7", "P-7")
USES = (
    # Indication, product, phase: what applies is a course, a cycle, a month, two of them, an infusion, or nothing.
    *(("ITP", "Gamunex-C", ""), ("ITP", "Gammagard S/D 5%", ""), ("ITP", "", ""), ("GBS", "Privigen", "")),
    *(("KD", "Gammagard S/D 10%", ""), ("KD", "Octagam", ""), ("MMN", "Gammagard Liquid", ""), ("MMN", "Privigen", "")),
    *(("CIDP", "Privigen", "maintenance"), ("CIDP", "Panzyga", "maintenance"), ("CIDP", "Gamunex-C", "loading")),
    *(("CIDP", "Privigen", ""), ("CIDP", "Alyglo", "maintenance"), ("DM", "Octagam 10%", ""), ("DM", "Privigen", "")),
    *(("PI", "Privigen", ""), ("CLL", "Gammagard S/D 5%", ""), ("MG", "Privigen", ""), ("migraine", "Privigen", "")),
)
WHOLES = ("2", "2", "2", "1", "2.4", "1.6", "3")
PARTS = ("1", "1/2", "1/2", "1/4", "1/5", "1/3", "2/5", "1/1000", "3/4")
BESIDE = (*(Fraction(1),) * 6, 1 + Fraction(1, 10**6), 1 - Fraction(1, 10**6), 1 + Fraction(1, 10**8))
DAYS_AGO = (0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 5, 6, 19, 20, 21, 22, 26, 27, 28, 29, 30, 31, 32, 60)
LAST_DAYS = {"MMN": (27, 28, 4, 5), "DM": (27, 28), "CIDP": (20, 21, 4, 5)}
OTHER_LAST_DAYS = (4, 5, 30, 31)
NO_DAYS = ("", "", "2026-11-23", "2027-03-01", "22.11.2026", "NA", "2026-11-31")
TIMES = ("", "", "T00:00", "T23:59", " 12:30:15")
WEIGHTS = ("80 kg", "80 kg", "80 kg", "88 kg", "87.99999 kg", "88.00001 kg", "72.7272727273 kg", "72.8 kg", "79 kg")
OTHER_WEIGHTS = (
    *("80 lb", "176.369809748 lb", "194.006790723 lb", "194.006 lb", "160.33 lb", "8 kg", "NA", "80", "400 kg", ""),
)


def random_batch(rng: random.Random, patients: Sequence[str], most: int) -> list[Order]:
    """Some orders of some patients: of one course for the most part, with steps between the orders that matter."""
    use, steady = rng.choice(USES), rng.random() < 0.7
    weight, whole = rng.choice(WEIGHTS), rng.choice(WHOLES)
    batch = []
    for k in range(rng.randint(2, most)):
        indication, product, phase = use if rng.random() < 0.85 else rng.choice(USES)
        order = {"order_id": f"O{k}", "patient_id": rng.choice([*[patients[0]] * 4, *patients])}
        order |= {"indication": indication, "product": product, "phase": phase}
        order["weight"] = weight if steady and rng.random() < 0.9 else rng.choice(WEIGHTS * 2 + OTHER_WEIGHTS)
        days = (0, 0, *LAST_DAYS.get(use[0], OTHER_LAST_DAYS)) if rng.random() < 0.6 else DAYS_AGO
        batch.append(
            order | random_day(rng, days) | random_dose(rng, whole if rng.random() < 0.8 else rng.choice(WHOLES))
        )
        if rng.random() < 0.1:
            batch[-1]["dosing_weight"] = rng.choice(("70 kg", "40 kg", "150 lb", "70"))
    return batch


def random_day(rng: random.Random, days_ago: Sequence[int]) -> Order:
    """One of some days, with or without a time; or none that can be used."""
    if rng.random() < 0.12:
        return {"ordered_at": rng.choice(NO_DAYS)}
    return {"ordered_at": (AS_OF - timedelta(days=rng.choice(days_ago))).isoformat() + rng.choice(TIMES)}


def random_dose(rng: random.Random, whole: str) -> Order:
    """A part of a course, or the whole: per kg, in grams, as the total, or both; now and then none that can be used."""
    if rng.random() < 0.08:
        return {"dose": rng.choice(("", "NA", "1,5 g/kg", "0 g", "11 g/kg"))}
    per_kg = Fraction(whole) * Fraction(rng.choice(PARTS)) * rng.choice(BESIDE)
    form = rng.choice(("kg", "kg", "kg", "mg", "grams", "total", "both"))
    grams = number_text(per_kg * 80)
    cells = {
        "kg": {"dose": f"{number_text(per_kg)} g/kg"},
        "mg": {"dose": f"{number_text(per_kg * 1000)} mg/kg"},
        "grams": {"dose": f"{grams} g"},
        "total": {"dose_total": grams},
        "both": {"dose": f"{number_text(per_kg)} g/kg", "dose_total": grams},
    }
    return cells[form]


def with_repeats(rng: random.Random, batch: Sequence[Order]) -> list[Order]:
    """Some orders under the id of another: of one day, or one order's days."""
    return [{**order, "order_id": rng.choice(batch)["order_id"]} if rng.random() < 0.25 else order for order in batch]


def found(checked: Checked, orders: Sequence[Mapping[str, str]]) -> dict[str, set[int]]:
    """The rows on which the program finds each of the rules."""
    report = Facts(checked)
    rows: dict[str, set[int]] = {code: set() for code in CODES}
    for i in range(len(orders)):
        for finding in report.of(i)["findings"]:
            if finding["code"] in rows:
                assert finding["severity"].lower() == "review"
                rows[finding["code"]].add(i)
    return rows


def check_batch(orders: Sequence[Mapping[str, str]]) -> dict[str, set[int]]:
    return found(check_tables([table_of([GOOD | order for order in orders])], AS_OF), orders)


def recalculated(orders: Sequence[Mapping[str, str]]) -> dict[str, set[int]]:
    return patient_findings([GOOD | order for order in orders], AS_OF)


RNG = st.randoms(use_true_random=False)


@given(RNG)
def test_what_a_patient_s_orders_say_together_agrees_with_the_recalculation(rng: random.Random) -> None:
    orders = with_repeats(rng, random_batch(rng, PATIENTS, 8))
    assert check_batch(orders) == recalculated(orders), orders


def many_patients(seed: int) -> list[Order]:
    """Three hundred small batches in one, each of patients of its own; among them some of no patient."""
    rng = random.Random(seed)
    orders = []
    for k in range(300):
        batch = with_repeats(rng, random_batch(rng, [f"{patient} {k}" for patient in PATIENTS], 9))
        orders += [order | {"order_id": f"{order['order_id']} {k}"} for order in batch]
    for order in rng.sample(orders, 20):
        order["patient_id"] = rng.choice(("", " "))
    rng.shuffle(orders)
    return orders


@pytest.mark.parametrize("seed", range(4))
def test_the_orders_of_many_patients_agree_with_the_recalculation(seed: int) -> None:
    orders = many_patients(seed)
    got, want = check_batch(orders), recalculated(orders)
    for code in CODES:
        assert min(len(want[code]), len(orders) - len(want[code])) > 0.03 * len(orders), code
        wrong = sorted(got[code] ^ want[code])[:1]
        told = {i: [order for order in orders if order["patient_id"] == orders[i]["patient_id"]] for i in wrong}
        assert not wrong, f"{code} on {wrong} {orders[wrong[0]]}: {told}"


def as_sets(rows: Mapping[str, set[int]], names: Sequence[int]) -> dict[str, set[int]]:
    """The same findings under other row numbers."""
    return {code: {names[i] for i in of} for code, of in rows.items()}


@given(RNG)
def test_the_order_of_the_rows_does_not_matter(rng: random.Random) -> None:
    orders = random_batch(rng, PATIENTS, 8)
    if len(orders) > 2:  # one order's two days
        orders[1] = orders[1] | {"order_id": "O0"}
        orders[1]["ordered_at"] = "2026-11-18" if orders[0]["ordered_at"][:10] != "2026-11-18" else "2026-11-19"
    places = list(range(len(orders)))
    rng.shuffle(places)
    assert as_sets(check_batch([orders[i] for i in places]), places) == check_batch(orders), orders


@given(RNG, st.integers(0, 8))
def test_two_files_say_what_one_says(rng: random.Random, cut: int) -> None:
    orders = with_repeats(rng, random_batch(rng, PATIENTS, 8))
    whole = [GOOD | order for order in orders]
    parts = [part for part in (whole[:cut], whole[cut:]) if part]
    tables = [table_of(part) for part in parts]
    assert found(check_tables(tables, AS_OF), orders) == check_batch(orders), (cut, orders)


@given(RNG)
def test_ids_are_exact(rng: random.Random) -> None:
    """Of patients whose ids differ in case, zeros or punctuation, none has another's orders."""
    orders = random_batch(rng, PATIENTS, 8)
    alone = {code: set[int]() for code in CODES}
    for patient in PATIENTS:
        places = [i for i, order in enumerate(orders) if order["patient_id"] == patient]
        if places:
            for code, rows in as_sets(check_batch([orders[i] for i in places]), places).items():
                alone[code] |= rows
    assert check_batch(orders) == alone, orders


def day(number: int, **cells: str) -> Order:
    """An order of one patient on a day of November, with an id of its own day."""
    return {"order_id": f"O{number}", "ordered_at": f"2026-11-{number:02d}", "indication": "ITP", **cells}


MMN = {"indication": "MMN", "product": "Gammagard Liquid"}
MMN_COURSE = (day(21, **MMN, dose="1 g/kg"), day(22, **MMN, dose="1.2 g/kg"))


@pytest.mark.parametrize(
    ("orders", "rows"),
    [
        # 1 + 1 + 0.5 within the days 18 to 22 is over 2
        ([day(18, dose="1 g/kg"), day(20, dose="1 g/kg"), day(22, dose="0.5 g/kg")], {2}),
        # of the days 17 to 22 a course of 5 days sees 18 to 22
        ([day(17, dose="1 g/kg"), day(20, dose="1 g/kg"), day(22, dose="0.5 g/kg")], set()),
        # exactly 2
        ([day(18, dose="1 g/kg"), day(22, dose="80 g")], set()),
        # one order in two rows of one day counts once; in rows of two days twice
        ([day(18, dose="1.5 g/kg"), day(18, dose="1.5 g/kg")], set()),
        ([day(18, dose="1.5 g/kg"), day(19, dose="1.5 g/kg", order_id="O18")], {1}),
        # two of one day are both over
        ([day(18, dose="1.5 g/kg"), day(18, dose="1.5 g/kg", order_id="X")], {0, 1}),
        # one dose over the course is the dose's own finding
        ([day(18, dose="2.5 g/kg"), day(1, dose="2.5 g/kg")], set()),
        # 0.6 g/kg for PI counts toward the course of ITP, and the other way round toward the next infusion
        ([day(18, dose="0.6 g/kg", indication="PI"), day(20, dose="1.5 g/kg")], {1}),
        ([day(18, dose="1.5 g/kg"), day(20, dose="0.6 g/kg", indication="PI")], {1}),
        # a cycle of CIDP is 21 days, of DM 28
        ([day(1, dose="1 g/kg", indication="CIDP"), day(21, dose="1.1 g/kg", indication="CIDP")], {1}),
        ([day(1, dose="1 g/kg", indication="CIDP"), day(21, dose="1 g/kg", indication="CIDP")], set()),
        (
            [
                day(n, dose=dose, indication="CIDP", phase="maintenance")
                for n, dose in ((1, "1 g/kg"), (21, "0.1 g/kg"))
            ],
            {1},
        ),
        (
            [
                day(n, dose=dose, indication="CIDP", phase="maintenance")
                for n, dose in ((1, "1 g/kg"), (22, "0.1 g/kg"))
            ],
            set(),
        ),
        # a month is 28 days, from the first day of a course: with 0.3 it is over Gammagard Liquid's 2.4 a month
        ([day(25, **MMN, dose="0.3 g/kg", ordered_at="2026-10-25"), *MMN_COURSE], {2}),
        ([day(24, **MMN, dose="0.3 g/kg", ordered_at="2026-10-24"), *MMN_COURSE], set()),
        # no usual dose of myasthenia is known
        ([day(18, dose="2 g/kg", indication="MG"), day(19, dose="2 g/kg", indication="MG")], set()),
    ],
)
def test_the_recalculation_of_courses_itself(orders: list[Order], rows: set[int]) -> None:
    assert recalculated(orders)["IVG402"] == rows
    assert check_batch(orders)["IVG402"] == rows


@pytest.mark.parametrize(
    ("orders", "rows"),
    [
        ([day(1, weight="80 kg"), day(22, weight="88 kg")], {0, 1}),
        ([day(1, weight="80 kg"), day(22, weight="87.99 kg")], set()),
        ([day(1, weight="80 kg"), day(22, weight="194.006790723 lb")], {0, 1}),  # 88 kg
        ([day(22, weight="80 kg"), day(23, weight="88 kg", ordered_at="2026-10-23")], {0, 1}),  # 30 days
        ([day(22, weight="80 kg"), day(23, weight="88 kg", ordered_at="2026-10-22")], set()),  # 31 days
        ([day(22, weight="80 kg", ordered_at=""), day(23, weight="88 kg", ordered_at="2026-10-23")], {0, 1}),
        ([day(22, weight="80 kg", ordered_at="2027-01-01"), day(23, weight="88 kg", ordered_at="2026-10-22")], set()),
        ([day(1, weight="80 kg"), day(2, weight="88")], set()),
    ],
)
def test_the_recalculation_of_weights_itself(orders: list[Order], rows: set[int]) -> None:
    assert recalculated(orders)["IVG404"] == rows
    assert check_batch(orders)["IVG404"] == rows


@pytest.mark.parametrize(
    ("orders", "rows"),
    [
        ([day(22), day(22, order_id="X", ordered_at="2026-11-22T23:59")], {0, 1}),
        ([day(22), day(22, ordered_at="2026-11-22T23:59")], set()),
        ([day(22), day(22, order_id="X", patient_id="0123")], set()),
        ([day(22, ordered_at=""), day(21, ordered_at="")], set()),
        ([day(22, ordered_at="2026-11-23"), day(21, ordered_at="2026-11-23")], set()),
        ([day(22, patient_id=""), day(22, order_id="X", patient_id="")], set()),
    ],
)
def test_the_recalculation_of_days_itself(orders: list[Order], rows: set[int]) -> None:
    assert recalculated(orders)["IVG401"] == rows
    assert check_batch(orders)["IVG401"] == rows
