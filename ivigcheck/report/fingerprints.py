"""What tells one finding from another, and from the same one of another night: the order, the rule, and what made it.

Values count as they were read, so that an order written in another unit or with another spelling has the same
fingerprint, and one with another weight, rate, product, dose, day or answer has another. What cannot be read counts as
written. Ages and versions do not count: they change without the order, and what they come to does count. What rests on
the patient's other orders, or on what is on record of the patient, changes with those.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

import msgspec
import numpy as np

from ivigcheck.delta import Seen
from ivigcheck.knowledge import fold
from ivigcheck.orders import Orders
from ivigcheck.pipeline import Checked
from ivigcheck.report.columns import Told
from ivigcheck.report.json_text import encoded
from ivigcheck.rules import RULES, Finding, Severity
from ivigcheck.rules.wording import as_written
from ivigcheck.written import Trouble

DIGITS: Final = 16
"""Of a fingerprint: with ten million findings, one in a hundred thousand that any two agree by chance."""

# Columns of the orders, each with the cells from which its value was read.
_MEASURES: Final = {
    "concentration": ("concentration",),
    "weight_kg": ("weight",),
    "rate_weight_kg": ("dosing_weight",),
    "max_rate": ("max_rate",),
    "start_rate": ("start_rate",),
    "dose_g_per_kg": ("dose", "dose_total"),
    "least_dose_g_per_kg": (),
    "infusion_hours": ("infusion_hours",),
    "reaction_grade": ("reaction_grade",),
    "reaction_rate": ("reaction_rate",),
    "minutes_since_resolved": ("minutes_since_resolved",),
}
_CODES: Final = {
    "phase": ("phase",),
    "first_infusion": ("first_infusion",),
    "another_product": (),
    "reaction_resolved": ("reaction_resolved",),
    "over_age": (),
    "at_risk": (),  # which the history may make a patient too
    "confirmed_in_past": (),
}
_BY_LIMITS: Final = frozenset({"start_rate"})  # parameters that the order's own limits stand for
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "IVG301": ("dose_rounding",),
    "IVG303": ("at_risk_over_age",),
    "IVG402": ("dose_rounding", "early_repeat_days"),
    "IVG903": ("order_days_ahead",),
}
"""Parameters on which rules rest beside those that their source names."""
_OF_ORDER_ID: Final = "IVG905"
_OF_OTHERS: Final = frozenset({"IVG401", "IVG402", "IVG404", _OF_ORDER_ID})  # the others rest on the patient's rows
_OF_CELLS: Final = "IVG908"  # two cells that cannot both be right: as they are written
# Inputs of findings for which the basis stands, unless the finding is about their very cell.
_IN_BASIS: Final = frozenset(
    {
        "order_id",
        "patient_id",
        "ordered_at",
        "indication",
        "product",
        "last_product",
        "diagnoses",
        "weight",
        "last_thrombosis_date",
    }
).union(*_MEASURES.values(), *_CODES.values())
_AGE: Final = frozenset({"age_years", "birth_date"})
_LIMITS: Final = ("start", "soft_max", "hard_max")
_SEVERITIES: Final = tuple((severity.name, severity.name.lower()) for severity in Severity)  # by value
_KEPT: Final = 10_000  # values and names as they count: limits, weights, doses and products come again and again


def _digest(parts: Any) -> str:
    return hashlib.sha256(encoded(parts)).hexdigest()[:DIGITS]


@lru_cache(maxsize=_KEPT)
def _measure(value: float) -> str:
    return f"{value + 0.0:.9g}"  # the two zeros, which are one in the cache, are one in words


@lru_cache(maxsize=_KEPT)
def _name(text: str) -> str:
    return fold(text)


def _folded(text: str) -> str:
    """A text without regard to case and blanks, and a plain number without regard to its zeros."""
    words = " ".join(text.split()).casefold()
    return _measure(float(words)) if words.isascii() and words.replace(".", "", 1).isdigit() else words


def _written(orders: Orders, name: str, i: int) -> str:
    """A cell as it was read, without its unit's spelling; as it is written where it was not."""
    written = orders.written.get(name)
    unit = written.unit_at(i) if written else None
    if written and unit and not math.isnan(written.value[i]):
        return f"{_measure(float(written.value[i]) * unit.factor)} {unit.form}"
    return _folded(as_written(orders, name, i))


class Fingerprints:
    """The fingerprints of a run's findings; columns are taken apart once for all orders."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        orders, limits = checked.orders, checked.limits
        self._ids = [identifiers(orders, name) for name in ("patient_id", "order_id")]
        self._measures, self._codes = (
            [
                (getattr(orders, name).astype(kind).tolist(), tuple(cell for cell in cells if cell in orders.text))
                for name, cells in columns.items()
            ]
            for kind, columns in ((float, _MEASURES), (int, _CODES))
        )
        known = orders.knowledge
        entry = known.policy.entry
        self._parameters = {
            code: [
                _value(getattr(entry, name))
                for name in (*rule.source.split(", or "), *_ALSO.get(code, ()))
                if name in entry.__struct_fields__ and name not in _BY_LIMITS
            ]
            for code, rule in RULES.items()
        }
        self._unread: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for name, problems in sorted(orders.problems.items()):
            for i in np.flatnonzero(problems.trouble >= Trouble.UNREADABLE).tolist():
                self._unread[i].append((name, _written(orders, name, i)))
        self._coded = [name for name, coded in orders.coded.items() if (coded >= 0).any()]
        self._overruled = [name for name, mask in orders.overruled.items() if mask.any()]
        self._thrombosis: list[float] = (orders.as_of.toordinal() - orders.days_since_thrombosis).tolist()
        self._file_ends = list(accumulate(len(table.rows) for table in checked.tables))
        self._basis: dict[int, str] = {}
        self._named: dict[str, str] = {}
        self._limits: list[tuple[list[float], list[bool], list[int]]] = [
            (
                getattr(limits, name).tolist(),
                getattr(limits, f"{name}_exclusive", np.zeros(orders.n, bool)).tolist(),
                getattr(limits, f"{name}_basis").tolist(),
            )
            for name in _LIMITS
        ]
        self._resting_on = [*(self._unversioned(basis.text) for basis in limits.bases), None]  # position -1: no limit
        self._stood_for: dict[tuple[str, str], frozenset[str]] = {}
        self._together: dict[tuple[bool, int, int], str] = {}

    def of(self, i: int, findings: Sequence[Finding]) -> list[Seen]:
        """One order's findings as they are told from others."""
        basis, limits = self.basis(i), self._in_force(i)
        patient_id, order_id = [ids.said[ids.codes[i]] or "" for ids in self._ids]
        seen = []
        for code, _, severity, column, detail in findings:
            stood_for = self._stood_for.get((code, column)) or self._standing_for(code, column)
            inputs = [] if stood_for.issuperset(detail.inputs) else self._inputs(detail.inputs, stood_for, i)
            source = self._named.get(detail.source) or self._unversioned(detail.source)
            others = self._others(code, i) if code in _OF_OTHERS else ""
            name, small_name = _SEVERITIES[severity]
            subject = _digest((patient_id, order_id, code, column))
            made = (basis, name, inputs, limits, source, self._parameters[code], others)
            fingerprint = _digest((patient_id, order_id, code, column, *made))
            seen.append(Seen(fingerprint, subject, basis, order_id, patient_id, code, column, small_name))
        return seen

    def basis(self, i: int) -> str:
        """What an order says of itself, and the history of its patient: weight, rates, product, dose, the infusion's
        day, risk answers and what gave them, all that verdicts rest on."""
        if i not in self._basis:
            self._basis[i] = _digest(self._said(i))
        return self._basis[i]

    def _said(self, i: int) -> list[Any]:
        orders = self._checked.orders
        if i in orders.malformed:  # nothing in it was used: it is the row that stands there in this very file
            file = self._checked.tables[bisect_right(self._file_ends, i)]
            return [file.sha256, orders.place[i].sheet, orders.place[i].row]
        indication, thrombosis = orders.indication[i], self._thrombosis[i]
        return [
            # Of a value that there is not (NaN, -1) the cells stand for it.
            *[
                _measure(value) if (value := values[i]) == value else cells and self._cells(cells, i)
                for values, cells in self._measures
            ],
            *[code if (code := codes[i]) >= 0 else cells and self._cells(cells, i) for codes, cells in self._codes],
            (
                orders.knowledge.indications[indication].code
                if indication >= 0
                else [_name(orders.cell("indication", i))]
            ),
            *self._product(i),
            _name(orders.cell("last_product", i)),
            orders.answer_rows[i],
            [(name, _name(orders.code_for(name, i))) for name in self._coded if orders.coded[name][i] >= 0],
            [name for name in self._overruled if orders.overruled[name][i]],
            int(thrombosis) if thrombosis == thrombosis else None,
            self._unread.get(i),
            int(orders.ordered_day[i]),
            orders.past[i].lines() if i in orders.past else (),
        ]

    def _cells(self, names: Sequence[str], i: int) -> list[str]:
        orders = self._checked.orders
        return [_written(orders, name, i) for name in names if orders.text[name][i]]

    def _product(self, i: int) -> list[list[str]]:
        """The products that an order may mean, or what is written where it means none; and which of them are not for
        the patient's age."""
        orders = self._checked.orders
        products = orders.possible_products(i)
        age = orders.age_years[i]
        too_young = [
            p.name for p in products if (years := p.entry.contraindicated_under_years) is not None and age < years
        ]
        return [[p.name for p in products] or [_name(orders.cell("product", i))], too_young]

    def _standing_for(self, code: str, column: str) -> frozenset[str]:
        """The inputs of a rule's findings about a column for which the basis stands."""
        stood_for: frozenset[str] = frozenset()
        if code != _OF_CELLS:
            stood_for = _IN_BASIS.union(self._checked.orders.answers, () if column in _AGE else _AGE) - {column}
        self._stood_for[code, column] = stood_for
        return stood_for

    def _inputs(self, inputs: Mapping[str, str], stood_for: Collection[str], i: int) -> list[tuple[str, str]]:
        """What those inputs of a finding count as for which the basis does not stand."""
        tokens = ((name, self._input(name, text, i)) for name, text in inputs.items() if name not in stood_for)
        return sorted((name, token) for name, token in tokens if token)

    def _input(self, name: str, text: str, i: int) -> str:
        orders = self._checked.orders
        if name == "last_ivig_date":
            return str(orders.last_ivig_day[i])
        if name in orders.written:
            return _written(orders, name, i)
        return _folded(text)

    def _others(self, code: str, i: int) -> str:
        """What the other rows say on which a finding rests: the patient's, or those of the same order id."""
        orders = self._checked.orders
        rows = (orders.of_one_id if code == _OF_ORDER_ID else orders.of_one_patient).of(i)
        key = code == _OF_ORDER_ID, int(rows[0]), len(rows)  # which rows they are, without a look at each
        if key not in self._together:
            told = sorted([orders.cell("order_id", row), self.basis(row)] for row in rows.tolist())
            self._together[key] = _digest(told)
        return self._together[key]

    def _in_force(self, i: int) -> list[Any]:
        """The limits of one order, each with what it rests on."""
        return [
            [_measure(value) if (value := values[i]) == value else None, exclusive[i], self._resting_on[basis[i]]]
            for values, exclusive, basis in self._limits
        ]

    def _unversioned(self, text: str) -> str:
        """A source without the policy's and the knowledge's own version: a new one with the same number changes
        nothing that somebody settled. A document's date stays."""
        if text not in self._named:
            knowledge = self._checked.knowledge
            policy = knowledge.policy
            named = policy.name.replace(policy.entry.version, "").strip()
            plain = text.replace(policy.name, named).replace(f"knowledge {knowledge.version}", "knowledge")
            self._named[text] = plain
        return self._named[text]


def identifiers(orders: Orders, column: str) -> Told:
    """(n,) the ids exactly as written; None where one is blank, cannot be read, or was not asked for."""
    if not orders.identified:
        return Told.one(None, orders.n)
    ids = orders.texts(column)
    none = ids.blank | (orders.problems[column].trouble > 0)
    return Told((*ids.distinct, None), np.where(none, -1, ids.codes))


def _value(parameter: Any) -> Any:
    """A parameter of the policy without what cites it."""
    plain = msgspec.to_builtins(parameter)
    if not isinstance(plain, dict):
        return plain
    return {name: value for name, value in plain.items() if name not in ("sources", "note")}
