"""Start, soft and hard limits of every order, and what governs each.

The strictest applicable limit governs; a label never loosens the policy, and more risk never raises a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ivigcheck.arrays import column, example_columns
from ivigcheck.columns import PHASES
from ivigcheck.knowledge import Figure, Knowledge, LabelRow
from ivigcheck.orders import UNKNOWN, Orders
from ivigcheck.units import Floats, Mask, exceeds, same, whole_steps
from ivigcheck.written import Codes

_LOWERS_SOFT_MAXIMUM: Final = "at risk"  # the family of questions whose missing answer lowers the soft maximum


@dataclass(frozen=True)
class Basis:
    """What a limit rests on. family: label, rechallenge or policy; text: for a report; figure: the label's, if any."""

    family: str
    text: str
    figure: Figure | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Limits:
    """The limits of n orders, in mg/kg/min unless the name says otherwise; NaN where there is none.

    ``*_exclusive``: the rate must stay below the limit. ``*_basis``: positions in ``bases``.
    label_start, label_max, label_at_risk: what the product's label says for the order, -1 basis and NaN where nothing.
    half_reaction_rate: for a rechallenge with a known rate. on_label: whether the indication is on the product's label.
    """

    bases: Sequence[Basis]
    start: Floats = column(float("nan"))
    soft_max: Floats = column(float("nan"))
    hard_max: Floats = column(float("nan"))
    soft_max_exclusive: Mask = column(False, bool)
    hard_max_exclusive: Mask = column(False, bool)
    start_basis: Codes = column(-1, int)
    soft_max_basis: Codes = column(-1, int)
    hard_max_basis: Codes = column(-1, int)
    label_start: Floats = column(float("nan"))
    label_max: Floats = column(float("nan"))
    label_at_risk: Floats = column(float("nan"))
    label_at_risk_exclusive: Mask = column(False, bool)
    label_start_basis: Codes = column(-1, int)
    label_max_basis: Codes = column(-1, int)
    label_at_risk_basis: Codes = column(-1, int)
    half_reaction_rate: Floats = column(float("nan"))
    on_label: Mask = column(True, bool)
    start_mL_per_h: Floats = column(float("nan"))
    soft_max_mL_per_h: Floats = column(float("nan"))
    hard_max_mL_per_h: Floats = column(float("nan"))

    def basis(self, codes: Codes, i: int) -> Basis | None:
        return self.bases[codes[i]] if codes[i] >= 0 else None

    @classmethod
    def example(cls, bases: Sequence[Basis] = (), **given: Any) -> Limits:
        """The limits of one order for a rule's example: the given fields, and no other limit."""
        return cls(bases, **example_columns(cls, given), **given)


@dataclass(frozen=True, eq=False, repr=False)
class _Candidate:
    """One limit among several: NaN where it does not apply. ``basis``: (n,) positions, or one for all."""

    value: Floats
    exclusive: Mask
    basis: Codes


class _Bases:
    """The bases of a run, each once."""

    def __init__(self) -> None:
        self.position: dict[Basis, int] = {}

    def add(self, basis: Basis) -> int:
        return self.position.setdefault(basis, len(self.position))


def _least(candidates: Sequence[_Candidate]) -> _Candidate:
    """The strictest of several limits, row by row. Of equal ones the exclusive governs, then the earlier named."""
    best = candidates[0]
    for other in candidates[1:]:
        equal = same(other.value, best.value)
        stricter = (other.value < best.value) & ~equal
        stricter |= equal & other.exclusive & ~best.exclusive
        stricter |= np.isnan(best.value) & ~np.isnan(other.value)
        best = _Candidate(
            np.where(stricter, other.value, best.value),
            np.where(stricter, other.exclusive, best.exclusive),
            np.where(stricter, other.basis, best.basis),
        )
    return best


@dataclass(frozen=True, eq=False, repr=False)
class LabelFigures:
    """What a label says for one product, indication and phase; None where it gives no figure."""

    start: Figure | None
    maximum: Figure | None
    at_risk: Figure | None
    on_label: bool


def label_figures(knowledge: Knowledge, product: int, indication: int, phase: int) -> LabelFigures:
    """The strictest figures of the label's rows that apply; see `label_rows`."""
    rows, on_label = label_rows(knowledge, product, indication, phase)

    def strictest(figures: Sequence[Figure | None]) -> Figure | None:
        known = [figure for figure in figures if figure is not None]
        return min(known, key=lambda figure: (figure.rate, not figure.exclusive), default=None)

    return LabelFigures(
        strictest([row.start for row in rows]),
        strictest([row.maximum for row in rows]),
        strictest([row.at_risk for row in rows]),
        on_label,
    )


def label_rows(knowledge: Knowledge, product: int, indication: int, phase: int) -> tuple[Sequence[LabelRow], bool]:
    """The label's rows that apply, and whether the indication is on the label.

    product, indication, phase: positions, -1 for an indication or phase that is not known. Rows of another phase than
    the order's are left out where the order's phase has rows; for an indication that is not on the label, or not known,
    all rows apply.
    """
    rows: Sequence[LabelRow] = knowledge.products[product].labels
    code = knowledge.indications[indication].code if indication >= 0 else None
    matching = [row for row in rows if row.indication == code]
    in_phase = [row for row in matching if phase >= 0 and row.phase in ("", PHASES[phase])]
    return in_phase or matching or rows, bool(matching)


def _label_candidates(orders: Orders, bases: _Bases) -> tuple[list[_Candidate], Mask]:
    """Start, maximum and at-risk limit of each order's label, and whether its indication is on it."""
    keys = np.stack([orders.product, orders.indication, orders.phase], axis=1)
    distinct, which = np.unique(keys, axis=0, return_inverse=True)
    which = which.reshape(-1)
    found: list[list[tuple[float, bool, int]]] = [[], [], []]
    on_label = []
    for product, indication, phase in distinct.tolist():
        figures = label_figures(orders.knowledge, product, indication, phase) if product >= 0 else None
        on_label.append(figures.on_label if figures else True)
        off_label = "" if on_label[-1] else "; the strictest on the label, the indication is not on it"
        for entries, figure in zip(
            found, (figures.start, figures.maximum, figures.at_risk) if figures else (None,) * 3, strict=True
        ):
            if figure is None:
                entries.append((float("nan"), False, -1))
            else:
                basis = bases.add(Basis("label", f"label: {figure.cite} ({figure.text}){off_label}", figure))
                entries.append((figure.rate, figure.exclusive, basis))

    def spread(entries: list[tuple[float, bool, int]]) -> _Candidate:
        return _Candidate(
            np.array([value for value, *_ in entries], float)[which],
            np.array([exclusive for _, exclusive, _ in entries], bool)[which],
            np.array([basis for *_, basis in entries], np.int64)[which],
        )

    return [spread(entries) for entries in found], np.array(on_label, bool)[which]


def _constant(
    orders: Orders, value: float, basis: int, *, where: Mask | None = None, exclusive: bool = False
) -> _Candidate:
    applies = np.ones(orders.n, bool) if where is None else where
    return _Candidate(np.where(applies, value, np.nan), np.full(orders.n, exclusive), np.full(orders.n, basis))


def _policy_start(orders: Orders, bases: _Bases) -> _Candidate:
    """The policy's starting rate for the indication; its lowest where the indication is not known."""
    policy = orders.knowledge.policy
    rates, codes = [], []
    for indication in orders.knowledge.indications:
        rates.append(policy.start_rates.get(indication.code, policy.other_start_rate))
        codes.append(bases.add(Basis("policy", f"{policy.name}: start rate for {indication.code}")))
    rates.append(min((policy.other_start_rate, *policy.start_rates.values())))
    codes.append(bases.add(Basis("policy", f"{policy.name}: lowest start rate, indication not known")))
    value = np.array(rates)[orders.indication]  # -1 is the last: not known
    return _Candidate(value, np.zeros(orders.n, bool), np.array(codes)[orders.indication])


def _soft_question(orders: Orders) -> Mask:
    """(n,) at risk, or a question open whose yes would put the patient at risk."""
    lowered = orders.at_risk.copy()
    for question in orders.knowledge.questions:
        if question.family == _LOWERS_SOFT_MAXIMUM:
            lowered |= orders.answered(question.name, UNKNOWN)
    return lowered


def reckon_limits(orders: Orders) -> Limits:
    """The limits of every usable order; NaN for a malformed row.

    Sources: the policy in force, and each product's label; both named by ``bases``.
    """
    policy = orders.knowledge.policy
    bases = _Bases()
    (label_start, label_max, label_at_risk), on_label = _label_candidates(orders, bases)
    half = np.where(orders.rechallenge, orders.reaction_rate * policy.rechallenge_fraction, np.nan)
    fraction = Basis(
        "rechallenge", f"rechallenge: {policy.rechallenge_fraction:g} × the rate at the reaction, by {policy.name}"
    )
    rechallenge = _Candidate(half, np.zeros(orders.n, bool), np.full(orders.n, bases.add(fraction)))
    start = _least([label_start, rechallenge, _policy_start(orders, bases)])
    ceiling = _constant(orders, policy.ceiling, bases.add(Basis("policy", f"{policy.name}: rate ceiling")))
    at_risk_ceiling = _constant(
        orders,
        policy.at_risk_ceiling,
        bases.add(Basis("policy", f"{policy.name}: below the at-risk ceiling")),
        where=orders.at_risk,
        exclusive=True,
    )
    at_risk_label = _Candidate(
        np.where(orders.at_risk, label_at_risk.value, np.nan), label_at_risk.exclusive, label_at_risk.basis
    )
    hard = _least([label_max, at_risk_label, rechallenge, ceiling, at_risk_ceiling])
    review_basis = bases.add(Basis("policy", f"{policy.name}: review rate for patients at risk or not asked"))
    review = _constant(orders, policy.review_rate, review_basis, where=_soft_question(orders))
    soft = _least([hard, review])
    nowhere = ~orders.usable

    def value(limit: _Candidate) -> Floats:
        return np.where(nowhere, np.nan, limit.value)

    def basis(limit: _Candidate) -> Codes:
        return np.where(nowhere, -1, limit.basis)

    def pump(limit: _Candidate) -> Floats:
        return on_the_pump(orders, value(limit), limit.exclusive)

    return Limits(
        bases=tuple(bases.position),
        start=value(start),
        soft_max=value(soft),
        hard_max=value(hard),
        soft_max_exclusive=soft.exclusive & ~nowhere,
        hard_max_exclusive=hard.exclusive & ~nowhere,
        start_basis=basis(start),
        soft_max_basis=basis(soft),
        hard_max_basis=basis(hard),
        label_start=label_start.value,
        label_max=label_max.value,
        label_at_risk=label_at_risk.value,
        label_at_risk_exclusive=label_at_risk.exclusive,
        label_start_basis=label_start.basis,
        label_max_basis=label_max.basis,
        label_at_risk_basis=label_at_risk.basis,
        half_reaction_rate=half,
        on_label=on_label,
        start_mL_per_h=pump(start),
        soft_max_mL_per_h=pump(soft),
        hard_max_mL_per_h=pump(hard),
    )


_MINUTES_PER_HOUR: Final = 60.0
WHOLE_FROM_mL_PER_H: Final = 100
"""From this rate on infusion pumps take whole mL/h alone."""
_FINE_PER_mL: Final = 10  # below it limits are shown as 0.1 mL/h


def on_the_pump(orders: Orders, limit: Floats, exclusive: Mask) -> Floats:
    """(n,) limits of orders, from mg/kg/min to mL/h as a pump takes them; NaN where weight or concentration is not
    known."""
    return pump_rates(limit * orders.rate_weight_kg * _MINUTES_PER_HOUR / orders.concentration, exclusive)


def pump_rates(limit_mL_per_h: Floats, exclusive: Mask) -> Floats:
    """Limits in mL/h as a pump takes them: rounded down to 0.1 below 100, and to 1 from there.

    For an exclusive limit, the greatest such step below it. A limit that is a step but for binary rounding is that
    step. Returns (n,) float, NaN for NaN.
    """
    whole = whole_steps(limit_mL_per_h, 1, exclusive)
    fine = whole_steps(limit_mL_per_h, 1 / _FINE_PER_mL, exclusive)
    below = np.clip(fine, 0, WHOLE_FROM_mL_PER_H * _FINE_PER_mL - 1) / _FINE_PER_mL
    return np.asarray(np.where(whole >= WHOLE_FROM_mL_PER_H, whole, below), float)


def over_any(orders: Orders, limit: Floats, exclusive: Mask | bool = False) -> Mask:
    """(n,) whether an ordered rate, start or maximum, breaks the limit."""
    return exceeds(orders.max_rate, limit, exclusive) | exceeds(orders.start_rate, limit, exclusive)
