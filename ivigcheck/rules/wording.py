"""The words of findings: rates with their arithmetic, inputs as written, limits with what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ivigcheck.knowledge import Product, fold, publishers
from ivigcheck.limits import Basis, Limits
from ivigcheck.orders import AGE_FACTOR, Orders, WeightBasis
from ivigcheck.rules.registry import Detail
from ivigcheck.show import against, cut, number, visible
from ivigcheck.units import Unit, exceeds, same
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


def quote(text: str) -> str:
    """A cell's text in a message: visible, and cut where it is long."""
    return f'"{visible(cut(text, _QUOTED))}"'


def column_name(orders: Orders, column: str, i: int) -> str:
    """A column's name, with the header that stands over it in the order's file where that is another."""
    header = orders.place[i].headers.get(column, "")
    return visible(column) if not header or fold(header) == fold(column) else f"{column} (column {quote(header)})"


def as_written(orders: Orders, column: str, i: int) -> str:
    """A cell as written, with the unit that its header or unit column states."""
    text = orders.cell(column, i)
    written = orders.written.get(column)
    return with_unit(text, written.unit_at(i) if written and text else None)


def with_unit(text: str, unit: Unit | None) -> str:
    """A cell's text, with its unit where it is a bare number."""
    return f"{text} {unit.name}" if unit and text.replace(".", "", 1).isdigit() else text


def inputs(orders: Orders, i: int, *columns: str) -> dict[str, str]:
    """The cells that a finding used, as written; blank ones are left out."""
    cells = {column: as_written(orders, column, i) for column in columns}
    return {column: text for column, text in cells.items() if text}


def weight_columns(orders: Orders, i: int) -> tuple[str, ...]:
    """The columns of the weight that rates per kg are reckoned on."""
    basis = orders.weight_basis[i]
    if basis == WeightBasis.ORDERED:
        return ("dosing_weight",)
    return ("weight", "height_cm", "sex") if basis in (WeightBasis.ADJUSTED, WeightBasis.IDEAL) else ("weight",)


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
    basis = orders.weight_basis[i]
    ideal = number(orders.ideal_weight_kg[i], 12)
    if basis == WeightBasis.ORDERED:
        return f"{_kg(orders, 'dosing_weight', i)} kg dosing weight"
    if basis == WeightBasis.IDEAL:
        return f"{ideal} kg ideal weight"
    if basis == WeightBasis.ADJUSTED:
        factor = number(orders.knowledge.policy.entry.dosing_weight.factor)
        return f"({ideal} + {factor} × ({_kg(orders, 'weight', i)} − {ideal})) kg adjusted weight"
    return f"{_kg(orders, 'weight', i)} kg"


def weight_reason(orders: Orders, i: int) -> str:
    """Which weight rates and doses per kg are reckoned on, and why; "" where that is not certain."""
    if np.isnan(orders.rate_weight_kg[i]):
        return ""
    policy = orders.knowledge.policy.entry.dosing_weight
    basis = WeightBasis(int(orders.weight_basis[i]))
    if policy.trigger == "bmi":
        bound = f"a body-mass index over {number(policy.bmi_over)} kg/m²"
    else:
        bound = f"a weight over {number(policy.percent_of_ideal_over)}% of the ideal one"
    if basis in (WeightBasis.ADJUSTED, WeightBasis.IDEAL):
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
    }[basis]


def _steps(unit: Unit, orders: Orders, i: int) -> str:
    parts = unit.name.split("/")
    steps = _MASS.get(parts[0], f" × {number(orders.concentration[i], 12)} mg/mL")
    steps += " ÷ 60" if parts[-1] == "h" else ""
    return steps if "kg" in parts else f"{steps} ÷ {weight_text(orders, i)}"


def workings(orders: Orders, column: str, i: int) -> str:
    """How an ordered rate becomes mg/kg/min: ``456 mL/h × 100 mg/mL ÷ 60 ÷ 80 kg``; "" where it is ordered so."""
    written = orders.written.get(column)
    unit = written.unit_at(i) if written else None
    if written is None or unit is None:
        return ""
    steps = _steps(unit, orders, i)
    return f"{number(written.value[i], 12)} {unit.name}{steps}" if steps else ""


def rate_inputs(orders: Orders, i: int, *columns: str) -> dict[str, str]:
    """The cells behind ordered rates: the rates, and whatever their units needed."""
    used: list[str] = list(columns)
    forms = [
        unit.form for column in columns if (written := orders.written.get(column)) and (unit := written.unit_at(i))
    ]
    if any(form.startswith("mL") for form in forms):
        used += ["product", "concentration"]
    if any("/kg" not in form for form in forms):
        used += weight_columns(orders, i)
    return inputs(orders, i, *used)


def _equals(steps: str) -> str:
    return f"{steps} = " if steps else ""


def any_rate_over(orders: Orders, i: int, limit: float, *, exclusive: bool = False) -> bool:
    """Whether an ordered rate of one order breaks a limit."""
    return any(exceeds(float(getattr(orders, column)[i]), limit, exclusive) for column in ORDERED)


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
    rates = {c: float(getattr(orders, f"{c}_reckoned" if reckoned else c)[i]) for c in columns}
    breaking = [column for column in columns if exceeds(rates[column], limit, exclusive)]
    shown = {column: f"{against(rates[column], limit, exclusive=exclusive)} {UNIT}" for column in breaking}
    steps = {column: workings(orders, column, i) for column in breaking}
    said = " and ".join(
        f"{RATE_NAMES[column]} {shown[column]}" + (f" ({steps[column]})" if steps[column] else "")
        for column in breaking
    )
    verb = "is" if len(breaking) == 1 else "are"
    relation = "not below" if exclusive else "over"
    bound = f"{'≥' if exclusive else '>'} {number(limit)} {UNIT}"
    arithmetic = "; ".join(f"{_equals(steps[column])}{shown[column]} {bound}" for column in breaking)
    return Detail(f"{said} {verb} {relation} {over}", rate_inputs(orders, i, *breaking), arithmetic, source)


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
    forms = {c: w.unit_at(i) for c in ("dose", "dose_total") if (w := orders.written.get(c))}
    return [column for column, unit in forms.items() if unit and unit.form == "g"]


def per_kg_text(orders: Orders, i: int, dose_g_per_kg: float) -> str:
    """How a dose in grams becomes this one per kg: ``80 g ÷ 80 kg = ``; "" where that is ordered per kg."""
    for column in dose_cells_in_grams(orders, i):
        per_kg = in_form(orders.written[column], i) / orders.rate_weight_kg[i]
        if same(per_kg, dose_g_per_kg):
            return f"{as_written(orders, column, i)} ÷ {weight_text(orders, i)} = "
    return ""


def listed(names: Sequence[str]) -> str:
    """Column or question names as a list in a sentence."""
    words = [name.replace("_", " ") for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def question_inputs(orders: Orders, i: int, *names: str) -> dict[str, str]:
    """The cells behind risk answers, as written: the questions' own, and the diagnosis codes where one answers them."""
    by_code = any(orders.code_for(name, i) for name in names)
    return inputs(orders, i, *names, *(("diagnoses",) if by_code else ()))


def read_on(orders: Orders, product: Product) -> str:
    """Where a product's composition and contraindications were read."""
    return f"read on {publishers(orders.knowledge.sources, product.entry.sources)}"


def factor_text(orders: Orders, name: str) -> str:
    """A risk factor in words; the age with the policy's own bound."""
    bound = number(orders.knowledge.policy.at_risk_over_age)
    return f"age over {bound}" if name == AGE_FACTOR else name.replace("_", " ")


def by_code(orders: Orders, i: int, name: str) -> str:
    """Which diagnosis code answers a risk question, as an addition in brackets; "" where none does."""
    code = orders.code_for(name, i)
    if not code:
        return ""
    described = orders.knowledge.icd_rows(code)[0].description
    return f" (by diagnosis code {code}: {described})"
