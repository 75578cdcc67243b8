"""Seeded orders as a hospital has them, for any number of rows: written in blocks, by columns, without a loop of rows.

A patient has eight orders, in a rhythm that goes with the indication; one weight, which varies by a few per cent; one
age, one indication, risk answers that stay, and mostly one product. Most orders keep to the limits of their label.
Every row follows from the seed and its own number, so that a file is the same whenever and wherever it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from regimens import ANSWERS, BAD, DAYS, QUESTIONS, REGIMENS, WHO

AS_OF: Final = "2026-01-15"
"""The day to check them on: every order is from the year before."""

COLUMNS: Final = ("order_id", "patient_id", "indication", "weight", "age_years", "product", "concentration", "start_rate",
                  "max_rate", "dose", "ordered_at", *QUESTIONS)  # fmt: skip
VISITS: Final = 8
BAD_SHARE: Final = 0.01  # of all cells but the ids
_BLOCK: Final = 100_000
_KG_PER_LB: Final = 0.45359237
_SPACE: Final = 10_000_000  # numbers of patients
_STEP: Final = 7_368_787  # prime: patient k has the number k * _STEP modulo the space, so that no two are the same

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


def write_orders(path: Path, count: int, seed: int = 1) -> None:
    """``count`` orders as CSV."""
    with path.open("wb") as file:
        file.write((",".join(COLUMNS) + "\n").encode())
        for columns in blocks(count, seed):
            # A comma within a cell is the one thing here that needs quotes.
            *cells, last = [pc.if_else(pc.equal(cell, "70,5"), '"70,5"', cell) for cell in columns.values()]
            lines = pc.binary_join_element_wise(*cells, pc.binary_join_element_wise(last, "\n", ""), ",")
            _, offsets, text = lines.buffers()
            file.write(memoryview(text)[: int(np.frombuffer(offsets, np.int32)[len(lines)])])


def patient_id(k: int) -> str:
    """The id of the k-th patient of every file."""
    return f"{k * _STEP % _SPACE:07d}"


def blocks(count: int, seed: int) -> Iterator[dict[str, pa.Array]]:
    """The orders as columns of text, block by block."""
    patients = max(1, -(-count // VISITS))
    for start in range(0, count, _BLOCK):
        yield _block(np.arange(start, min(count, start + _BLOCK)), patients, np.random.default_rng((seed, start)), seed)


def _of(patient: Ints, what: int, seed: int) -> Floats:
    """A number in [0, 1) that goes with a patient and never changes (splitmix64)."""
    x = patient.astype(np.uint64) * np.uint64(64) + np.uint64(what) + np.uint64(seed) * np.uint64(0x632BE59BD9B4E019)
    with np.errstate(over="ignore"):
        x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((x ^ (x >> np.uint64(31))) >> np.uint64(11), np.float64) * 2.0**-53


class _Texts:
    """Cells made of a table of texts and a position in it for each row; some of them are made bad."""

    def __init__(self, rng: np.random.Generator, rows: int) -> None:
        self._rng, self._rows = rng, rows

    def __call__(self, texts: list[str], which: Ints) -> pa.Array:
        bad = self._rng.random(self._rows) < BAD_SHARE
        which = np.where(bad, len(texts) + self._rng.integers(0, len(BAD), self._rows), which)
        return pa.array([*texts, *BAD]).take(pa.array(which))

    def mixed(self, kinds: list[tuple[float, list[str], Ints]]) -> pa.Array:
        """Each row in one of several ways of writing: the share of each, its table, and each row's position in it."""
        kind = self._rng.choice(len(kinds), self._rows, p=[share for share, *_ in kinds])
        before = np.cumsum([0, *(len(texts) for _, texts, _ in kinds)])
        which = np.choose(kind, [np.clip(at, 0, len(texts) - 1) + before[k] for k, (_, texts, at) in enumerate(kinds)])
        return self([text for _, texts, _ in kinds for text in texts], which)


def _tenths(unit: str, most: int) -> list[str]:
    return [f"{k / 10:.1f} {unit}" for k in range(most * 10 + 1)]


_KG: Final = _tenths("kg", 250)
_LB: Final = _tenths("lb", 550)
_PER_KG_MIN: Final = [f"{k / 100:.10g} mg/kg/min" for k in range(1601)]
_PER_KG_HOUR: Final = [f"{k / 10:.10g} mg/kg/h" for k in range(9601)]
_VOLUME_PER_KG: Final = [f"{k / 100:.2f} mL/kg/h" for k in range(2001)]
_VOLUME: Final = [f"{k / 10:.10g} mL/h" for k in range(40_001)]


def _down(value: Floats, steps: int) -> Ints:
    """Whole steps of 1/steps, rounded down, so that no rounding leads over a limit."""
    return np.floor(value * steps + 1e-6).astype(np.int64)


def _block(row: Ints, patients: int, rng: np.random.Generator, seed: int) -> dict[str, pa.Array]:
    # The orders stand as they were written: the first of every patient, then the second …
    visit, patient = row // patients, row % patients
    rows = len(row)
    texts = _Texts(rng, rows)
    shares = np.cumsum([regimen.share for regimen in REGIMENS])
    regimen = np.searchsorted(shares / shares[-1], _of(patient, 0, seed), side="right")

    def each(value: Any) -> Any:
        """A regimen's figure for each row."""
        return np.array([value(one) for one in REGIMENS])[regimen]

    # One patient in fifty gets another product of the same rates in between, of which the pharmacy had stock.
    spelled = np.where(rng.random(rows) < 0.02, 1, 0) + 2 * regimen
    age = np.where(_of(patient, 1, seed) < 0.15, 1 + 16 * _of(patient, 2, seed), 18 + 64 * _of(patient, 2, seed) ** 1.3)
    age = age.astype(np.int64)
    adult = 45 + 60 * _of(patient, 3, seed) ** 1.2
    body = np.where(age < 17, 8 + 3.0 * age + 8 * _of(patient, 3, seed), adult) * (0.98 + 0.04 * rng.random(rows))
    tenths_kg = np.rint(body * 10).astype(np.int64)
    tenths_lb = np.rint(body / _KG_PER_LB * 10).astype(np.int64)

    answers, at_risk = {}, age > 65
    for k, question in enumerate(QUESTIONS):
        yes = _of(patient, 10 + k, seed) < WHO[question].of_patients
        yes |= rng.random(rows) < WHO[question].of_orders
        if WHO[question].at_risk:
            at_risk = at_risk | yes
        writing = rng.choice(len(ANSWERS.no), rows, p=ANSWERS.shares)
        said = np.where(yes, len(ANSWERS.no) + (writing > 0), writing)
        said = np.where(rng.random(rows) < ANSWERS.blank, len(ANSWERS.no) + len(ANSWERS.yes), said)
        answers[question] = texts([*ANSWERS.no, *ANSWERS.yes, ""], said)

    conc = each(lambda one: one.mg_per_mL).astype(np.float64)
    rate = each(lambda one: one.label_max) * rng.choice([1.0, 0.75, 0.5], rows, p=[0.4, 0.35, 0.25])
    rate = np.where(at_risk & (rng.random(rows) > 0.25), np.minimum(rate, rng.choice([2.0, 2.5, 3.2], rows)), rate)
    slip = rng.random(rows)
    rate = np.where(slip < 0.008, rng.choice([8.4, 9.0, 10.0, 12.0], rows), rate)
    start = each(lambda one: one.label_start) * np.where(slip > 0.97, 2.5, 1.0)
    start, rate = np.minimum(start, rate), np.minimum(rate, 15.9)
    # In a rate per hour the weight counts as it is written.
    in_kg = rng.random(rows) < 0.65
    kg = np.where(in_kg, tenths_kg / 10, tenths_lb / 10 * _KG_PER_LB)
    weight = texts([*_KG, *_LB], np.where(in_kg, tenths_kg, len(_KG) + tenths_lb))

    def rates(value: Floats, shares: tuple[float, float, float, float]) -> pa.Array:
        by_volume = value * 60 / conc
        written = [_down(value, 100), _down(value * 60, 10), _down(by_volume, 100), _down(by_volume * kg, 10)]
        # From 100 mL/h on pumps take whole mL/h alone.
        written[3] = np.where(written[3] >= 1000, written[3] // 10 * 10, written[3])
        tables = (_PER_KG_MIN, _PER_KG_HOUR, _VOLUME_PER_KG, _VOLUME)
        return texts.mixed([(shares[k], tables[k], written[k]) for k in range(4)])

    first = (_of(patient, 4, seed) * 60).astype(np.int64)
    days = first + np.array([DAYS[one.rhythm] for one in REGIMENS])[regimen, visit]
    dates = [(date(2025, 1, 2) + timedelta(days=k)).isoformat() for k in range(366)]
    dose = each(lambda one: one.g_per_kg)
    grams = np.rint(dose * body * 2).astype(np.int64)
    hundredths = np.rint(dose * 100).astype(np.int64)
    name = np.searchsorted([0.5, 0.8], _of(patient, 5, seed), side="right")
    strength = np.where(_of(patient, 6, seed) < 0.8, 0, np.where(conc == 100, 1, 2))
    return {
        "order_id": pc.binary_join_element_wise("R", pc.utf8_lpad(pa.array(row).cast(pa.string()), 8, "0"), ""),
        "patient_id": pc.utf8_lpad(pa.array(patient * _STEP % _SPACE).cast(pa.string()), 7, "0"),
        "indication": texts([text for one in REGIMENS for text in one.spelled], 3 * regimen + name),
        "weight": weight,
        "age_years": texts([str(k) for k in range(100)], age),
        "product": texts([text for one in REGIMENS for text in (one.product, one.instead)], spelled),
        "concentration": texts(["", "10%", "5%"], strength),
        "start_rate": rates(start, (0.6, 0.1, 0.1, 0.2)),
        "max_rate": rates(rate, (0.45, 0.05, 0.2, 0.3)),
        "dose": texts.mixed([
            (0.3, [""], np.zeros(rows, np.int64)),
            (0.5, [f"{k / 100:.10g} g/kg" for k in range(301)], hundredths),
            (0.2, [f"{k / 2:.10g} g" for k in range(601)], grams),
        ]),
        "ordered_at": texts(dates, days),
        **answers,
    }  # fmt: skip
