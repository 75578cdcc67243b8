"""What tells one finding from another, and from the same one of another night: the order, the rule, and what made it.

Values count as they were read, so that an order written in another unit or with another spelling has the same
fingerprint, and one with another weight, rate, product, dose, day or answer has another. What cannot be read counts as
written. Ages and versions do not count: they change without the order, and what they come to does count. What rests on
the patient's other orders, or on what is on record of the patient, changes with those.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from ivigcheck.delta import Seen
from ivigcheck.knowledge import fold
from ivigcheck.orders import Orders
from ivigcheck.pipeline import Checked
from ivigcheck.report.columns import Told
from ivigcheck.report.json_text import encoded
from ivigcheck.rules import RULES, Finding
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
_OF_PATIENT: Final = frozenset({"IVG401", "IVG402", "IVG404"})
_OF_ORDER_ID: Final = "IVG905"
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


def _digest(parts: Any) -> str:
    return hashlib.sha256(encoded(parts)).hexdigest()[:DIGITS]


def _measure(value: float) -> str:
    return f"{value:.9g}"


def _folded(text: str) -> str:
    """A text without regard to case and blanks, and a plain number without regard to its zeros."""
    words = " ".join(text.split()).casefold()
    return _measure(float(words)) if words.isascii() and words.replace(".", "", 1).isdigit() else words


@dataclass(frozen=True, eq=False, repr=False)
class _Column:
    """One column in plain data. cells: what stands for a value that there is not."""

    values: list[Any]
    cells: tuple[str, ...]
    measured: bool

    def of(self, orders: Orders, i: int) -> Any:
        value = self.values[i]
        if self.measured and not math.isnan(value):
            return _measure(value)
        if not self.measured and value >= 0:
            return value
        return [_written(orders, name, i) for name in self.cells if orders.text[name][i]]


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
        orders = checked.orders
        self._columns = [
            _Column(
                getattr(orders, name).astype(kind).tolist(), tuple(c for c in cells if c in orders.text), kind is float
            )
            for kind, columns in ((float, _MEASURES), (int, _CODES))
            for name, cells in columns.items()
        ]
        known = orders.knowledge
        self._indications = [each.code for each in known.indications]
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
        self._files = [table.sha256 for table in checked.tables for _ in table.rows]
        self._basis: dict[int, str] = {}
        self._in_force: dict[int, Any] = {}
        self._named: dict[str, str] = {}
        self._together: dict[tuple[int, ...], str] = {}

    def of(self, i: int, finding: Finding) -> Seen:
        """One finding as it is told from others."""
        orders = self._checked.orders
        order_id, patient_id = (identifier(orders, name, i) or "" for name in ("order_id", "patient_id"))
        basis = self.basis(i)
        detail = finding.detail
        what = (patient_id, order_id, finding.code, finding.column)
        about = frozenset(detail.inputs) if finding.code == _OF_CELLS else frozenset({finding.column})
        tokens = ((name, self._input(name, text, i, about)) for name, text in detail.inputs.items())
        inputs = sorted((name, token) for name, token in tokens if token)
        made = (basis, finding.severity.name, inputs, self._limits(i), self._unversioned(detail.source))
        others = self._others(finding.code, i)
        return Seen(
            fingerprint=_digest([*what, *made, self._parameters[finding.code], others]),
            subject=_digest(what),
            basis=basis,
            order_id=order_id,
            patient_id=patient_id,
            code=finding.code,
            column=finding.column,
            severity=finding.severity.name.lower(),
        )

    def basis(self, i: int) -> str:
        """What an order says of itself, and the history of its patient: weight, rates, product, dose, the infusion's
        day, risk answers and what gave them, all that verdicts rest on."""
        if i not in self._basis:
            orders = self._checked.orders
            if i in orders.malformed:  # nothing in it was used: it is the row that stands there in this very file
                self._basis[i] = _digest([self._files[i], orders.place[i].sheet, orders.place[i].row])
                return self._basis[i]
            code = orders.indication[i]
            said: list[Any] = [column.of(orders, i) for column in self._columns]
            said += [
                self._indications[code] if code >= 0 else [fold(orders.cell("indication", i))],
                *self._product(i),
                fold(orders.cell("last_product", i)),
                orders.answer_rows[i],
                [(name, fold(orders.code_for(name, i))) for name in self._coded if orders.coded[name][i] >= 0],
                [name for name in self._overruled if orders.overruled[name][i]],
                self._thrombosis_day(i),
                self._unread.get(i),
                int(orders.ordered_day[i]),
                orders.past[i].lines() if i in orders.past else (),
            ]
            self._basis[i] = _digest(said)
        return self._basis[i]

    def _product(self, i: int) -> list[list[str]]:
        """The products that an order may mean, or what is written where it means none; and which of them are not for
        the patient's age."""
        orders = self._checked.orders
        products = orders.possible_products(i)
        age = orders.age_years[i]
        too_young = [
            p.name for p in products if (years := p.entry.contraindicated_under_years) is not None and age < years
        ]
        return [[p.name for p in products] or [fold(orders.cell("product", i))], too_young]

    def _thrombosis_day(self, i: int) -> int | None:
        """The day of the last thrombotic event (ordinal), None where none is known."""
        orders = self._checked.orders
        days = orders.days_since_thrombosis[i]
        return None if math.isnan(days) else orders.as_of.toordinal() - int(days)

    def _input(self, name: str, text: str, i: int, about: frozenset[str]) -> str:
        """What an input of a finding counts as; "" where the basis stands for it. about: what the finding is about."""
        orders = self._checked.orders
        if name not in about and (name in _IN_BASIS or name in orders.answers or (name in _AGE and not about & _AGE)):
            return ""
        if name == "last_ivig_date":
            return str(orders.last_ivig_day[i])
        if name in orders.written:
            return _written(orders, name, i)
        return _folded(text)

    def _others(self, code: str, i: int) -> str:
        """What the other rows say on which a finding rests: the patient's, or those of the same order id."""
        orders = self._checked.orders
        if code in _OF_PATIENT:
            rows = orders.of_one_patient.of(i).tolist()
        elif code == _OF_ORDER_ID:
            rows = orders.of_one_id.of(i).tolist()
        else:
            return ""
        key = tuple(rows)
        if key not in self._together:
            self._together[key] = _digest(sorted([orders.cell("order_id", row), self.basis(row)] for row in rows))
        return self._together[key]

    def _limits(self, i: int) -> Any:
        if i not in self._in_force:
            limits = self._checked.limits
            said: list[Any] = []
            for name in _LIMITS:
                value = float(getattr(limits, name)[i])
                basis = limits.basis(getattr(limits, f"{name}_basis"), i)
                exclusive = name != "start" and bool(getattr(limits, f"{name}_exclusive")[i])
                text = self._unversioned(basis.text) if basis else None
                said.append([None if math.isnan(value) else _measure(value), exclusive, text])
            self._in_force[i] = said
        return self._in_force[i]

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


def identifier(orders: Orders, column: str, i: int) -> str | None:
    """An id exactly as written; None where it is blank, cannot be read, or was not asked for."""
    if not orders.identified or orders.problems[column].trouble[i]:
        return None
    return orders.cell(column, i) or None


def identifiers(orders: Orders, column: str) -> Told:
    """(n,) the ids of all orders, likewise."""
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
