"""Whom the rules must see together: never one too few, in however many lots and parts they are dealt."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pytest
from conftest import AS_OF, GOOD, table_of
from hypothesis import given
from hypothesis import strategies as st
from scale_driver import KNOWLEDGE, crowd

from ivigcheck.company import Keys, Patients
from ivigcheck.orders import NO_DAY, Orders
from ivigcheck.pipeline import Checked, check_tables
from ivigcheck.scale.parts import TablePart
from ivigcheck.scale.survey import Surveyed, numbers, survey
from ivigcheck.scale.together import Company, Groups, deal, group, position
from ivigcheck.texts import Texts

ASKED = {"IVG401": "of_a_day", "IVG402": "of_much", "IVG404": "of_two_weights"}


@pytest.fixture
def asking_of_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules look at every patient of several orders, whatever the keys say."""
    for name in ASKED.values():
        monkeypatch.setattr(Patients, name, lambda self: np.ones(len(self.rows), bool))


def marked(checked: Checked) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for i in range(checked.orders.n):
        for finding in checked.findings.of(i):
            found[finding.code].add(i)
    return found


def patients_of(orders: Orders) -> Patients:
    ids = [numbers(orders.texts(name)) for name in ("patient_id", "order_id")]
    return Patients(Keys.of(orders, *ids), KNOWLEDGE)


ANSWERS = {code: getattr(Patients, name) for code, name in ASKED.items()}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_a_rule_finds_was_expected_from_the_keys(seed: int, asking_of_everybody: None) -> None:
    """The rules ask everybody here; the keys' own answers may name more, never fewer. All of a patient, at that."""
    checked = check_tables([table_of(crowd(1000 + seed, 250))], AS_OF, knowledge=KNOWLEDGE)
    patients = patients_of(checked.orders)
    found = marked(checked)
    ids = list(checked.orders.texts("patient_id"))
    for code, answer in ANSWERS.items():
        expected = set(patients.rows[answer(patients)].tolist())
        assert found[code] and found[code] <= expected, code
        whose = {ids[i] for i in found[code]}
        usable = np.flatnonzero(checked.orders.of_one_patient.counted).tolist()
        assert {i for i in usable if ids[i] in whose} <= expected, code


def doses() -> Iterator[list[dict[str, str]]]:
    """One patient's courses about the very dose that is too much, by label, in one or several infusions."""
    rng = random.Random(4)
    for k in range(400):
        days = sorted(rng.sample(range(1, 29), rng.randrange(2, 5)))
        indication = rng.choice(("ITP", "CIDP", "PI", "KD", "MMN", "GBS"))
        whole = rng.choice((2.0, 2.0, 1.0, 0.8, 2.4, 0.6)) * rng.choice(
            (1, 1 + 1e-9, 1 + 1e-7, 1 + 1e-5, 1.001, 0.9999999, 1.02)
        )
        grams = rng.random() < 0.4
        each = whole / rng.choice((len(days), len(days), 2))
        dose = f"{each * 80:.10f} g" if grams else f"{each:.12f} g/kg"
        yield [
            GOOD | {"order_id": f"{k}-{day}", "patient_id": f"P{k}", "indication": indication, "dose": dose,
                    "ordered_at": f"2026-10-{day:02d}", "phase": rng.choice(("", "loading", "maintenance"))}
            for day in days
        ]  # fmt: skip


def test_doses_at_the_very_limit_are_never_left_out(asking_of_everybody: None) -> None:
    """Single precision and summing over many patients may cost an order too many, never one too few."""
    orders = [order for each in doses() for order in each]
    checked = check_tables([table_of(orders)], AS_OF, knowledge=KNOWLEDGE)
    patients = patients_of(checked.orders)
    expected = set(patients.rows[ANSWERS["IVG402"](patients)].tolist())
    found = marked(checked)["IVG402"]
    assert len(found) > 20 and found <= expected
    assert len(expected) < len(orders)


@pytest.mark.parametrize("factor", [1.0999, 1.0999999, 1.1, 1.1000001, 1.2])
def test_weights_at_the_very_share_that_disagrees_are_never_left_out(factor: float, asking_of_everybody: None) -> None:
    light = [40.1, 63.7, 80.0, 99.9, 3.3]
    orders = [GOOD | {"order_id": f"{k}{f}", "patient_id": f"P{k}", "weight": f"{kg * f:.10f} kg"}
              for k, kg in enumerate(light) for f in (1.0, factor)]  # fmt: skip
    checked = check_tables([table_of(orders)], AS_OF, knowledge=KNOWLEDGE)
    patients = patients_of(checked.orders)
    assert marked(checked)["IVG404"] <= set(patients.rows[ANSWERS["IVG404"](patients)].tolist())


def surveyed(orders: list[dict[str, str]], parts: int) -> list[Surveyed]:
    table = table_of(orders)
    ends = np.linspace(0, len(orders), parts + 1).astype(int)
    return [survey(TablePart(table, int(a), int(b)), KNOWLEDGE, AS_OF)[1] for a, b in itertools.pairwise(ends)]


def together(parts: list[Surveyed], lots: int) -> list[Groups]:
    return [
        group([deal(orders, k, lot, lots, by) for k, orders in enumerate(parts)], by, KNOWLEDGE)
        for by in ("patient", "order")
        for lot in range(lots)
    ]  # fmt: skip


def sets_of(groups: list[Groups]) -> set[frozenset[int]]:
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    for g, each in enumerate(groups):
        for at, number in zip(each.at.tolist(), each.group.tolist(), strict=True):
            found[g, number].add(at)
    return {frozenset(each) for each in found.values()}


@pytest.mark.parametrize("lots", [2, 3, 16, 64])
def test_into_however_many_lots_orders_are_dealt_the_groups_are_the_same(lots: int) -> None:
    parts = surveyed(crowd(11, 300), 7)
    want = sets_of(together(parts, 1))
    assert len(want) > 20 and sets_of(together(parts, lots)) == want


def test_the_groups_hold_every_order_that_a_rule_holds_against_another() -> None:
    """By ids as written: for each finding across orders, all of the patient, or of the order id, are in one group."""
    orders = crowd(12, 300)
    checked = check_tables([table_of(orders)], AS_OF, knowledge=KNOWLEDGE)
    parts = surveyed(orders, 5)
    groups = sets_of(together(parts, 4))
    place = np.concatenate([position(k, np.arange(part.n)) for k, part in enumerate(parts)]).tolist()
    usable = checked.orders.usable & checked.orders.of_one_patient.counted
    for code, found in marked(checked).items():
        if code in (*ASKED, "IVG905"):
            column = "order_id" if code == "IVG905" else "patient_id"
            for i in found:
                own = orders[i][column]
                mates = {
                    place[j] for j in range(len(orders)) if orders[j][column] == own and (usable[j] or code == "IVG905")
                }
                assert any(mates <= each for each in groups), (code, i)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 3)), max_size=60), st.integers(1, 4))
def test_a_part_is_given_every_mate_of_its_orders_that_stands_elsewhere_once_and_in_order(
    places: list[tuple[int, int, int]], kinds: int
) -> None:
    """Against plain sets."""
    groups, sets = [], []
    for kind in range(kinds):
        mine = sorted({(number, part, row) for part, row, number in places[kind::kinds]})
        number = np.unique(np.array([each[0] for each in mine], np.int64), return_inverse=True)[1].astype(np.int64)
        at = np.array([(part << 32) + row for _, part, row in mine], np.int64)
        rows = np.array([row for *_, row in mine], np.uint32)
        groups.append(Groups(at, number, rows, rows))
        by: dict[int, set[int]] = defaultdict(set)
        for which, where in zip(number.tolist(), at.tolist(), strict=True):
            by[which].add(where)
        sets += by.values()
    company = Company(groups)
    for part in range(7):
        want = sorted({at for each in sets if any(a >> 32 == part for a in each) for at in each if at >> 32 != part})
        found = company.of(part)
        assert found.at.tolist() == want
        assert found.row.tolist() == found.begin.tolist() == [at & 0xFFFFFFFF for at in want]


def test_a_run_without_any_order_has_nobody_to_be_seen_together() -> None:
    """A file of a header alone has no parts."""
    assert len(Company([]).of(0).at) == 0


def by_hand(text: str, places: list[int]) -> int:
    """The number of a short text, in Python's own whole numbers."""
    mask = (1 << 64) - 1
    value = sum(ord(ch) * place for ch, place in zip(text, places, strict=False)) & mask
    for shift, factor in ((31, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = ((value ^ (value >> shift)) * factor) & mask
    return value ^ (value >> 31)


def test_the_number_of_a_text_is_the_same_in_every_process_and_version() -> None:
    """It comes from a seeded generator and not from Python's hash, which differs from process to process."""
    places = (
        np.random.Generator(np.random.PCG64(20261124)).integers(1, 1 << 63, 48, np.uint64) * np.uint64(2) + np.uint64(1)
    ).tolist()
    texts = ["A-1", "00123", "é", "😀x", "", "a" * 48, "0"]
    assert numbers(Texts.of(texts)).tolist() == [by_hand(text, places) for text in texts]


def test_texts_that_differ_have_numbers_that_differ_and_only_a_blank_one_has_none() -> None:
    rng = random.Random(3)
    texts = {
        "",
        " ",
        "0",
        "00",
        "000",
        "\u0001",
        *(str(k) for k in range(20_000)),
        *(f"{k:07d}" for k in range(20_000)),
    }
    texts |= {"".join(rng.choices("AB01", k=rng.randrange(1, 60))) for _ in range(20_000)} | {
        "x" * k for k in range(40, 80)
    }
    found = dict(zip(texts, numbers(Texts.of(list(texts))).tolist(), strict=True))
    assert len(set(found.values())) == len(texts) and [text for text, number in found.items() if not number] == [""]


@pytest.mark.parametrize("beside", [[], ["y"], ["x" * 49], ["x" * 500, ""]])
def test_the_number_of_a_text_does_not_hang_on_what_stands_beside_it(beside: list[str]) -> None:
    """A part with one long id must know the others under the numbers that other parts know them under."""
    alone = [int(numbers(Texts.of([text]))[0]) for text in ("A-1", "z" * 49)]
    assert numbers(Texts.of(["A-1", "z" * 49, *beside]))[:2].tolist() == alone
    assert int(numbers(Texts.of(["A-1", *beside]))[0]) == alone[0]


@pytest.mark.parametrize("parts", [1, 3])
def test_the_survey_keeps_few_bytes_of_an_order(parts: int) -> None:
    """A run of ten million orders must fit into a small machine."""
    for each in surveyed(crowd(13, 200), parts):
        arrays = [*vars(each.keys).values(), each.content, each.row, each.begin]
        assert sum(array.nbytes for array in arrays) <= 64 * each.n
        assert all(len(array) == each.n for array in arrays)


def test_an_order_that_cannot_be_used_belongs_to_nobody() -> None:
    """A malformed row has neither patient nor id; one without an id is still its patient's."""
    table = table_of([GOOD, GOOD | {"order_id": "", "ordered_at": "2026-11-01"}, GOOD | {"patient_id": ""}])
    broken = type(table)(
        table.file,
        None,
        "",
        table.rows,
        {name: ["", *texts[1:]] for name, texts in table.cells.items()},
        malformed={0: "is odd."},
    )
    keys = survey(TablePart(broken, 0, 3), KNOWLEDGE, AS_OF)[1].keys
    assert [bool(each) for each in keys.patient] == [False, True, False]
    assert [bool(each) for each in keys.order] == [False, False, True]
    assert keys.day[0] == keys.day[2] == NO_DAY != keys.day[1]
