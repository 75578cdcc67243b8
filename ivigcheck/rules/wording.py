"""The words of findings: rates with their arithmetic, inputs as written, limits with what they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from ivigcheck.knowledge import Knowledge, Product, fold, publishers
from ivigcheck.limits import Basis, Limits
from ivigcheck.orders import AGE_FACTOR, Orders, WeightBasis
from ivigcheck.rules.registry import Detail
from ivigcheck.show import against, cut, number, visible
from ivigcheck.texts import Texts, combined
from ivigcheck.units import RELATIVE_TOLERANCE, Unit, exceeds
from ivigcheck.written import Codes, Written

UNIT: Final = "mg/kg/min"
RATE_NAMES: Final = {
    "max_rate": "ordered maximum rate",
    "start_rate": "ordered start rate",
    "reaction_rate": "rate at the reaction",
}
ORDERED: Final = ("max_rate", "start_rate")
_QUOTED: Final = 60
_MASS: Final = {"g": " × 1000", "mg": "", "mcg": " ÷ 1000"}
# As plain numbers: a member of an enumeration is looked up slowly, and these are asked for with each order.
_ORDERED, _ADJUSTED, _IDEAL = (int(basis) for basis in (WeightBasis.ORDERED, WeightBasis.ADJUSTED, WeightBasis.IDEAL))
_BODY_WEIGHT: Final = ("weight",)
_WEIGHT_COLUMNS: Final = {
    _ORDERED: ("dosing_weight",),
    **dict.fromkeys((_ADJUSTED, _IDEAL), ("weight", "height_cm", "sex")),
}


def quote(text: str) -> str:
    """A cell's text in a message: visible, and cut where it is long."""
    return f'"{visible(cut(text, _QUOTED))}"'


def column_name(orders: Orders, column: str, i: int) -> str:
    """A column's name, with the header that stands over it in the order's file where that is another."""
    return _column_name(column, orders.place[i].headers.get(column, ""))


@lru_cache(maxsize=1_000)
def _column_name(column: str, header: str) -> str:
    return visible(column) if not header or fold(header) == fold(column) else f"{column} (column {quote(header)})"


class _Cells(dict[str, npt.NDArray[np.object_]]):
    """Column -> (n,) its cells as written, with the unit that its header or unit column states.

    A column is made when it is first asked for, each distinct text of it once.
    """

    def __init__(self, text: Mapping[str, Texts], written: Mapping[str, Written], n: int) -> None:
        super().__init__()
        self._text, self._written, self._n = text, written, n

    def __missing__(self, column: str) -> npt.NDArray[np.object_]:
        texts, written = self._text.get(column), self._written.get(column)
        if texts is None:
            cells = np.broadcast_to(np.array("", object), self._n)  # one text for all, however many
        elif written is None or not written.units:
            cells = np.array(texts.distinct, object)[texts.codes]
        else:
            distinct, which = combined(texts.codes, written.unit)
            units = (*written.units, None)  # position -1: none
            cells = np.array([with_unit(texts.distinct[text], units[unit]) for text, unit in distinct], object)[which]
        self[column] = cells
        return cells


def _cells(orders: Orders) -> _Cells:
    found = orders.memo.get(_Cells)
    if not isinstance(found, _Cells):
        found = orders.memo[_Cells] = _Cells(orders.text, orders.written, orders.n)
    return found


def as_written(orders: Orders, column: str, i: int) -> str:
    """A cell as written, with the unit that its header or unit column states."""
    return str(_cells(orders)[column][i])


def with_unit(text: str, unit: Unit | None) -> str:
    """A cell's text, with its unit where it is a bare number."""
    return f"{text} {unit.name}" if unit and text.replace(".", "", 1).isdigit() else text


def inputs(orders: Orders, i: int, *columns: str) -> dict[str, str]:
    """The cells that a finding used, as written; blank ones are left out."""
    cells = _cells(orders)
    return {column: text for column in columns if (text := cells[column][i])}


def weight_columns(orders: Orders, i: int) -> tuple[str, ...]:
    """The columns of the weight that rates per kg are reckoned on."""
    return _WEIGHT_COLUMNS.get(int(orders.weight_basis[i]), _BODY_WEIGHT)


def _kg(orders: Orders, column: str, i: int) -> str:
    """A weight in kg as written: ``80``, ``(180 lb × 0.45359237)``."""
    written = orders.written.get(column)
    unit = written.unit_at(i) if written else None
    if written and unit and unit.factor != 1.0:
        return f"({number(written.value[i], 12)} {unit.name} × {number(unit.factor, 9)})"
    return number(getattr(orders, f"{column}_kg")[i], 12)


def weight_text(orders: Orders, i: int) -> str:
    """The weight that rates are reckoned on: ``80 kg``, ``70 kg dosing weight``, ``(61 + 0.4 × (120 − 61)) kg adjusted
    weight``."""
    basis = int(orders.weight_basis[i])
    if basis == _ORDERED:
        return f"{_kg(orders, 'dosing_weight', i)} kg dosing weight"
    if basis not in (_ADJUSTED, _IDEAL):
        return f"{_kg(orders, 'weight', i)} kg"
    ideal = number(orders.ideal_weight_kg[i], 12)
    if basis == _IDEAL:
        return f"{ideal} kg ideal weight"
    factor = number(orders.knowledge.policy.entry.dosing_weight.factor)
    return f"({ideal} + {factor} × ({_kg(orders, 'weight', i)} − {ideal})) kg adjusted weight"


def weight_reason(orders: Orders, i: int) -> str:
    """Which weight rates and doses per kg are reckoned on, and why; "" where that is not certain."""
    if np.isnan(orders.rate_weight_kg[i]):
        return ""
    policy = orders.knowledge.policy.entry.dosing_weight
    basis = int(orders.weight_basis[i])
    if policy.trigger == "bmi":
        bound = f"a body-mass index over {number(policy.bmi_over)} kg/m²"
    else:
        bound = f"a weight over {number(policy.percent_of_ideal_over)}% of the ideal one"
    if basis in (_ADJUSTED, _IDEAL):
        return f"{weight_text(orders, i)}: {bound}, by {orders.knowledge.cite_policy('dosing_weight')}"
    return {
        WeightBasis.ORDERED: "the order's dosing weight",
        WeightBasis.BODY: "body weight",
        WeightBasis.NOT_TRIGGERED: f"body weight: the policy adjusts it from {bound} on",
        WeightBasis.CHILD: f"body weight: under {number(policy.min_age_years)} years none is adjusted",
        WeightBasis.SHORT: f"body weight: under {number(policy.min_height_cm)} cm none is adjusted",
        WeightBasis.PREGNANT: "body weight: in pregnancy none is adjusted; give the weight before it as dosing weight",
        WeightBasis.NO_IDEAL: "body weight: the formula gives no ideal weight for this height",
        WeightBasis.NOT_KNOWN: "body weight: height, sex or age is not known, so none is adjusted",
    }[WeightBasis(basis)]


@lru_cache(maxsize=100)
def _steps(unit: Unit) -> tuple[str | None, str, bool]:
    """The steps from a unit's amount to mg (None: a volume, whose step is the concentration) and from its time to
    minutes, and whether it is per kg."""
    parts = unit.name.split("/")
    return _MASS.get(parts[0]), " ÷ 60" if parts[-1] == "h" else "", "kg" in parts


def workings(orders: Orders, column: str, i: int) -> str:
    """How an ordered rate becomes mg/kg/min: ``456 mL/h × 100 mg/mL ÷ 60 ÷ 80 kg``; "" where it is ordered so."""
    written = orders.written.get(column)
    unit = written.unit_at(i) if written else None
    if written is None or unit is None:
        return ""
    amount, time, per_kg = _steps(unit)
    if amount is None:
        amount = f" × {number(orders.concentration[i], 12)} mg/mL"
    steps = f"{amount}{time}" if per_kg else f"{amount}{time} ÷ {weight_text(orders, i)}"
    return f"{number(written.value[i], 12)} {unit.name}{steps}" if steps else ""


def rate_inputs(orders: Orders, i: int, *columns: str) -> dict[str, str]:
    """The cells behind ordered rates: the rates, and whatever their units needed."""
    by_volume = by_weight = False
    for column in columns:
        written = orders.written.get(column)
        unit = written.unit_at(i) if written else None
        if unit:
            by_volume = by_volume or unit.form.startswith("mL")
            by_weight = by_weight or "/kg" not in unit.form
    return inputs(
        orders,
        i,
        *columns,
        *(("product", "concentration") if by_volume else ()),
        *(weight_columns(orders, i) if by_weight else ()),
    )


def any_rate_over(orders: Orders, i: int, limit: float, *, exclusive: bool = False) -> bool:
    """Whether an ordered rate of one order breaks a limit."""
    most, start = float(orders.max_rate[i]), float(orders.start_rate[i])
    return exceeds(most, limit, exclusive) or exceeds(start, limit, exclusive)


def rates_over(
    orders: Orders,
    i: int,
    limit: float,
    over: str,
    source: str,
    *,
    exclusive: bool = False,
    columns: Sequence[str] = ORDERED,
    reckoned: bool = False,
) -> Detail:
    """The finding that ordered rates break one limit. over: completes "… is over" / "… are over".

    reckoned: look at the rates before the plausible range was asked.
    """
    bound = f"{'≥' if exclusive else '>'} {number(limit)} {UNIT}"
    breaking, said, arithmetic = [], [], []
    for column in columns:
        rate = float(getattr(orders, f"{column}_reckoned" if reckoned else column)[i])
        if not exceeds(rate, limit, exclusive):
            continue
        shown, steps = f"{against(rate, limit, exclusive=exclusive)} {UNIT}", workings(orders, column, i)
        breaking.append(column)
        said.append(f"{RATE_NAMES[column]} {shown} ({steps})" if steps else f"{RATE_NAMES[column]} {shown}")
        arithmetic.append(f"{steps} = {shown} {bound}" if steps else f"{shown} {bound}")
    verb = "is" if len(breaking) == 1 else "are"
    relation = "not below" if exclusive else "over"
    return Detail(
        f"{' and '.join(said)} {verb} {relation} {over}",
        rate_inputs(orders, i, *breaking),
        "; ".join(arithmetic),
        source,
    )


def basis_at(limits: Limits, codes: Codes, i: int) -> Basis:
    """What a limit of one order rests on. Raises LookupError where there is no limit."""
    basis = limits.basis(codes, i)
    if basis is None:
        raise LookupError("no limit here")
    return basis


def basis_source(basis: Basis) -> str:
    """A limit's basis as a finding's source."""
    return f"{basis.text}; {basis.figure.read_on}" if basis.figure else basis.text


def also_printed(basis: Basis | None) -> str:
    """How the label prints the same limit in another form, as a clause; "" where it does not."""
    return f"; the label: {basis.figure.also_printed}" if basis and basis.figure and basis.figure.also_printed else ""


def limit_text(limit: float, basis: Basis) -> str:
    """A limit in mg/kg/min, with the label's own unit where that is another."""
    own = basis.figure.text if basis.figure else ""
    return f"{number(limit)} {UNIT}" + (f" ({own})" if own and own != f"{number(limit)} {UNIT}" else "")


def in_form(written: Written, i: int) -> float:
    """One value in its unit's form; NaN where it has none."""
    unit = written.unit_at(i)
    return float(written.value[i]) * unit.factor if unit else float("nan")


def dose_cells_in_grams(orders: Orders, i: int) -> list[str]:
    """The columns that give this order's dose in grams, which the weight makes one per kg."""
    return [
        column
        for column in ("dose", "dose_total")
        if (written := orders.written.get(column)) and (unit := written.unit_at(i)) and unit.form == "g"
    ]


def per_kg_text(orders: Orders, i: int, dose_g_per_kg: float) -> str:
    """How a dose in grams becomes this one per kg: ``80 g ÷ 80 kg = ``; "" where that is ordered per kg."""
    for column in dose_cells_in_grams(orders, i):
        per_kg = in_form(orders.written[column], i) / orders.rate_weight_kg[i]
        if math.isclose(per_kg, dose_g_per_kg, rel_tol=RELATIVE_TOLERANCE):
            return f"{as_written(orders, column, i)} ÷ {weight_text(orders, i)} = "
    return ""


def listed(names: Sequence[str]) -> str:
    """Column or question names as a list in a sentence."""
    words = [name.replace("_", " ") for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def question_inputs(
    orders: Orders, i: int, *names: str, before: Sequence[str] = (), also: Sequence[str] = ()
) -> dict[str, str]:
    """The cells behind risk answers, as written: the questions' own, and the diagnosis codes where one answers them.

    before, also: further columns, named before and after these.
    """
    by_code = orders.coded and any(orders.code_for(name, i) for name in names)
    return inputs(orders, i, *before, *names, *(("diagnoses",) if by_code else ()), *also)


def read_on(knowledge: Knowledge, product: Product) -> str:
    """Where a product's composition and contraindications were read."""
    return f"read on {publishers(knowledge.sources, product.entry.sources)}"


def factor_text(orders: Orders, name: str) -> str:
    """A risk factor in words; the age with the policy's own bound."""
    if name != AGE_FACTOR:
        return name.replace("_", " ")
    return f"age over {number(orders.knowledge.policy.at_risk_over_age)}"


def by_code(orders: Orders, i: int, name: str) -> str:
    """Which diagnosis code answers a risk question, as an addition in brackets; "" where none does."""
    code = orders.code_for(name, i)
    if not code:
        return ""
    described = orders.knowledge.icd_rows(code)[0].description
    return f" (by diagnosis code {code}: {described})"
