"""The laws that the program holds for every order."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, datetime
from fractions import Fraction

import openpyxl
import pytest
from conftest import AS_OF, GOOD, check, facts
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.knowledge import built_in
from ivigcheck.pipeline import check_files
from ivigcheck.report import Rendering
from ivigcheck.report.model import order_facts
from random_orders import random_order

RANK = ["PASS", "REVIEW", "UNCHECKED", "STOP"]
QUESTIONS = [question.name for question in built_in().questions]
SEEDS = st.integers(0, 10**9)
LIMITS = ("start", "soft_max", "hard_max")
# What a cell may hold that is no usable value: none of these may ever let an order pass where a value is needed.
JUNK = ("", " ", "NA", "N/A", "None", "nan", "NaN", "null", "?", "-", "--", ".", ",", "0", "0.0", "-1", "-80", "+80", "inf",
        "Infinity", "-inf", "1e5", "1e400", "1e-400", "80,5", "1,200", "8.0.0", "5.", ".5", "0x1F", "1_000", "80kgs/min",
        "TRUE", "FALSE", "yes", "#DIV/0!", "#N/A", "#REF!", "=1+1", "3-Jan", "2026-01-01", "01/02/50", "8 mg", "8 mg/kg",
        "380 mL/hrs", "8 Mg/kg/min", "8 mg/kg min", "8 mg/kg*min", "\uff18\uff10", "\u0668\u0660", "80\u200b", "80 stone",
        "9**9**9", "__import__('os')", "()", "x" * 5000, "9" * 5000, "80 kg kg", "mg/kg/min", "kg", "%", "\u00bd", "\u221e",
        "80\x0bkg", "80\u2028kg", "\ud83d\udc89", "5 ft 10 in")  # fmt: skip


@pytest.mark.parametrize("column", ["weight", "max_rate", "age_years", "start_rate"])
def test_junk_where_a_needed_value_belongs_never_passes(column: str) -> None:
    """H-01, H-11, H-28. A start rate may be absent; one that is there and is no rate may not pass."""
    absent = {"", " ", "NA", "N/A", "None", "nan", "NaN"} if column == "start_rate" else set()
    junk = [text for text in JUNK if text not in absent and not (column == "age_years" and text in ("0", "0.0"))]
    orders = [GOOD | {column: text, "order_id": str(k)} for k, text in enumerate(junk)]
    checked = check(*orders)
    passed = [text for k, text in enumerate(junk) if order_facts(checked, k)["status"] == "PASS"]
    assert passed == []


@pytest.mark.parametrize(
    "text", [text for text in JUNK if text.lower().strip() not in ("", "0", "false", "true", "yes")]
)
def test_junk_in_a_seed_question_is_never_no(text: str) -> None:
    """H-11: unknown is not no."""
    verdict = facts(hypercoagulable_state=text)
    assert verdict["status"] == "REVIEW" and list(verdict["undocumented"]) == ["hypercoagulable_state"]


def stricter_or_equal(a: dict, b: dict) -> bool:
    """Whether no limit of a is above the same limit of b."""
    for name in LIMITS:
        x, y = a["limits"][f"{name}_mg_per_kg_min"], b["limits"][f"{name}_mg_per_kg_min"]
        if x > y * (1 + 1e-12):
            return False
        exclusive = f"{name}_exclusive"
        if exclusive in b["limits"] and x == y and b["limits"][exclusive] and not a["limits"][exclusive]:
            return False
    return True


@given(SEEDS, st.sampled_from(QUESTIONS))
def test_a_risk_never_raises_a_limit_and_never_improves_a_status(seed: int, question: str) -> None:
    """Law 6. An explicit no that a date or a code overrules is a conflict, and worse than no answer: those orders are
    apart."""
    order = random_order(random.Random(seed)) | {"order_id": "x", "diagnoses": ""}
    if question in ("recent_thrombosis", "thrombosis_history"):
        order["last_thrombosis_date"] = ""
    checked = check(*(order | {question: answer, "order_id": answer} for answer in ("yes", "unknown", "no")))
    yes, unknown, no = (order_facts(checked, i) for i in range(3))
    assert stricter_or_equal(yes, unknown) and stricter_or_equal(unknown, no)
    assert RANK.index(yes["status"]) >= RANK.index(no["status"])
    assert RANK.index(unknown["status"]) >= RANK.index(no["status"])


@given(SEEDS)
def test_an_older_patient_is_never_held_to_less(seed: int) -> None:
    order = random_order(random.Random(seed)) | {"birth_date": ""}
    checked = check(*(order | {"order_id": age, "age_years": age} for age in ("66", "65")))
    older, younger = (order_facts(checked, i) for i in range(2))
    assert stricter_or_equal(older, younger)
    assert RANK.index(older["status"]) >= RANK.index(younger["status"])


@given(st.lists(SEEDS, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_an_order_gets_the_same_verdict_alone_in_a_batch_and_in_any_row_order(
    seeds: list[int], rng: random.Random
) -> None:
    """Law 7."""
    ids = [{"order_id": f"{k}", "patient_id": f"{k}"} for k in range(len(seeds))]
    orders = [random_order(random.Random(seed)) | own for seed, own in zip(seeds, ids, strict=True)]
    alone = {order["order_id"]: verdict(check(order), 0) for order in orders}
    rng.shuffle(orders)
    checked = check(*orders)
    for i, order in enumerate(orders):
        assert verdict(checked, i) == alone[order["order_id"]]


def judged(checked, i: int) -> dict:
    """A verdict without its words: an error cell is named otherwise in a workbook than in a text file."""
    found = verdict(checked, i)
    found["findings"] = [(f["code"], f["severity"], f["column"]) for f in found["findings"]]
    for name in ("start_rate", "max_rate"):
        del found["ordered"][name]
    # Of a cell that holds an error a workbook has no text.
    found["written"] = {name: text for name, text in found["written"].items() if not text.startswith("#")}
    return found


def verdict(checked, i: int) -> dict:
    found = order_facts(checked, i)
    del found["source"]
    return found


def decimal(value: Fraction) -> str:
    """A fraction with 15 digits, as somebody would write it: no exponent."""
    return f"{float(value):.15g}" if value >= Fraction(1, 1000) else f"{float(value):.18f}"


@given(
    st.integers(25, 1999),
    st.sampled_from([50, 100]),
    st.sampled_from(
        [
            Fraction(8),
            Fraction(33, 10),
            Fraction(4),
            Fraction(801, 100),
            Fraction(799, 100),
            Fraction(1, 2),
            Fraction(331, 100),
        ]
    ),
    st.booleans(),
)
def test_an_order_gets_the_same_verdict_in_any_unit_it_can_be_written_in(
    tenths: int, concentration: int, rate: Fraction, diabetes: bool
) -> None:
    """Law 7."""
    weight = Fraction(tenths, 10)
    base = GOOD | {"product": "", "start_rate": "", "diabetes": "yes" if diabetes else "no"}
    ways = (
        f"{decimal(rate)} mg/kg/min", f"{decimal(rate * 1000)} mcg/kg/min", f"{decimal(rate * 60)} mg/kg/h",
        f"{decimal(rate * 60 / 1000)} g/kg/h", f"{decimal(rate * 60 / concentration)} mL/kg/h",
        f"{decimal(rate * 60 * weight / concentration)} mL/h", f"{decimal(rate * weight / concentration)} mL/min",
        f"{decimal(rate * weight)} mg/min", f"{decimal(rate * weight * 60 / 1000)} g/h",
    )  # fmt: skip
    percent = concentration // 10
    orders = [
        base | {"order_id": f"{k} {c} {w}", "max_rate": text, "concentration": c, "weight": w}
        for k, text in enumerate(ways)
        for c in (f"{percent}%", f"{concentration} mg/mL", f"{percent} g/100 mL")
        for w in (f"{float(weight)} kg", f"{decimal(weight / Fraction('0.45359237'))} lb")
    ]
    checked = check(*orders)
    verdicts = {
        (found["status"], tuple(f["code"] for f in found["findings"]))
        for found in (order_facts(checked, i) for i in range(len(orders)))
    }
    assert len(verdicts) == 1


def written(orders: list[dict[str, str]], path, kind: str):
    header = list(dict.fromkeys(name for order in orders for name in order))
    rows = [[order.get(name, "") for name in header] for order in orders]
    if kind == "csv":
        import csv

        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append([cell or None for cell in row])
    book.save(path)
    return path


def test_an_order_gets_the_same_verdict_from_csv_and_from_excel(tmp_path) -> None:
    """Law 7, and rows in = orders out (law 8)."""
    rng = random.Random(7)
    orders = [random_order(rng) | {"order_id": f"0{k}"} for k in range(400)]
    orders = [{name: text.strip() for name, text in order.items()} for order in orders]
    from_csv = check_files([written(orders, tmp_path / "o.csv", "csv")], AS_OF)
    from_excel = check_files([written(orders, tmp_path / "o.xlsx", "xlsx")], AS_OF)
    assert from_csv.orders.n == from_excel.orders.n == len(orders)
    for i, order in enumerate(orders):
        assert judged(from_csv, i) == judged(from_excel, i), order


def test_two_runs_give_the_same_report_but_for_the_moment_they_started(tmp_path) -> None:
    rng = random.Random(8)
    path = written([random_order(rng) | {"order_id": f"{k}"} for k in range(200)], tmp_path / "o.csv", "csv")
    first, second = (Rendering(check_files([path], AS_OF), datetime(2026, 11, 22, hour, tzinfo=UTC)) for hour in (1, 2))
    assert first.csv() == second.csv()
    a, b = json.loads(first.json()), json.loads(second.json())
    assert a["run"].pop("started") != b["run"].pop("started")
    assert a == b
    assert io.BytesIO(first.json()).read() != second.json()


@given(st.lists(SEEDS, max_size=8))
def test_the_counts_add_up_to_the_orders(seeds: list[int]) -> None:
    """Law 8."""
    ids = [{"order_id": f"{k}", "patient_id": f"{k}"} for k in range(len(seeds))]
    orders = [random_order(random.Random(seed)) | own for seed, own in zip(seeds, ids, strict=True)]
    report = Rendering(check(*orders), datetime.now(UTC)).report if orders else None
    if report:
        counts = report["counts"]
        assert counts["orders"] == len(report["orders"]) == len(orders)
        assert sum(counts[name.lower()] for name in RANK) == len(orders)
        ranks = [RANK.index(order["status"]) for order in report["orders"]]
        assert ranks == sorted(ranks, reverse=True)


@given(SEEDS)
def test_silence_means_checked(seed: int) -> None:
    """Law 5: an order that passes had a limit reckoned, and every ordered rate compared with it."""
    found = order_facts(check(random_order(random.Random(seed))), 0)
    if found["status"] == "PASS":
        hard = found["limits"]["hard_max_mg_per_kg_min"]
        assert hard is not None and found["ordered"]["max_rate_mg_per_kg_min"] <= hard * (1 + 1e-9)
        start = found["ordered"]["start_rate_mg_per_kg_min"]
        assert (start is None) == any(finding["code"] == "IVG109" for finding in found["findings"])
