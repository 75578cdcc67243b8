"""The report as plain data: what every format carries. Names and shape are a contract for other programs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np

from ivigcheck.errors import AccountingError
from ivigcheck.orders import YES, Orders, ProductState
from ivigcheck.pipeline import Checked
from ivigcheck.rules import Severity
from ivigcheck.rules.at_risk import risk_factors
from ivigcheck.rules.data import unanswered
from ivigcheck.rules.wording import as_written
from ivigcheck.show import cut, visible
from ivigcheck.version import __version__

SCHEMA: Final = "ivigcheck.report/1"
_SHOWN_NAMES: Final = 10


def _value(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _limits(checked: Checked, i: int) -> dict[str, Any]:
    limits = checked.limits

    def governed(codes: np.ndarray[Any, Any]) -> str | None:
        basis = limits.basis(codes, i)
        return basis.text if basis else None

    return {
        "start_mg_per_kg_min": _value(limits.start[i]),
        "soft_max_mg_per_kg_min": _value(limits.soft_max[i]),
        "hard_max_mg_per_kg_min": _value(limits.hard_max[i]),
        "soft_max_exclusive": bool(limits.soft_max_exclusive[i]),
        "hard_max_exclusive": bool(limits.hard_max_exclusive[i]),
        "start_mL_per_h": _value(limits.start_mL_per_h[i]),
        "soft_max_mL_per_h": _value(limits.soft_max_mL_per_h[i]),
        "hard_max_mL_per_h": _value(limits.hard_max_mL_per_h[i]),
        "governed_by": {
            "start": governed(limits.start_basis),
            "soft_max": governed(limits.soft_max_basis),
            "hard_max": governed(limits.hard_max_basis),
        },
    }


def _ordered(orders: Orders, i: int) -> dict[str, Any]:
    """The order's values as read: the rates first, then what they were reckoned with."""
    products = orders.knowledge.products
    indications = orders.knowledge.indications
    product, indication = orders.product[i], orders.indication[i]
    return {
        "start_rate_mg_per_kg_min": _value(orders.start_rate[i]),
        "max_rate_mg_per_kg_min": _value(orders.max_rate[i]),
        "start_rate": as_written(orders, "start_rate", i) or None,
        "max_rate": as_written(orders, "max_rate", i) or None,
        "indication": indications[indication].code if indication >= 0 else None,
        "product": products[product].name if product >= 0 else None,
        "concentration_mg_per_mL": _value(orders.concentration[i]),
        "weight_kg": _value(orders.weight_kg[i]),
        "dosing_weight_kg": _value(orders.dosing_weight_kg[i]),
        "age_years": _value(orders.age_years[i]),
        "dose_g_per_kg": _value(orders.dose_g_per_kg[i]),
        "infusion_hours": _value(orders.infusion_hours[i]),
        "height_cm": _value(orders.height_cm[i]),
        "reaction_grade": _value(orders.reaction_grade[i]),
        "reaction_rate_mg_per_kg_min": _value(orders.reaction_rate[i]),
        "minutes_since_resolved": _value(orders.minutes_since_resolved[i]),
        "reaction_resolved": bool(orders.reaction_resolved[i] == YES) if orders.rechallenge[i] else None,
    }


def order_id(orders: Orders, column: str, i: int) -> str | None:
    """An id exactly as written; None where it is blank, cannot be read, or was not asked for."""
    if not orders.identified or orders.problems[column].trouble[i]:
        return None
    return orders.cell(column, i) or None


def order_facts(checked: Checked, i: int) -> dict[str, Any]:
    """Everything that the report says of one order."""
    orders = checked.orders
    place = orders.place[i]
    usable = i not in orders.malformed
    return {
        "order_id": order_id(orders, "order_id", i),
        "patient_id": order_id(orders, "patient_id", i),
        "source": {"file": place.file, "sheet": place.sheet, "row": place.row},
        "status": Severity(checked.findings.status[i]).name,
        "at_risk": risk_factors(orders, i),
        "undocumented": unanswered(orders, i, seed=True) if usable else [],
        "not_assessed": unanswered(orders, i, seed=False) if usable else [],
        "limits": _limits(checked, i),
        "ordered": _ordered(orders, i),
        "findings": [
            {
                "code": finding.code,
                "name": finding.name,
                "severity": finding.severity.name.lower(),
                "column": finding.column,
                "message": finding.detail.message,
                "inputs": dict(finding.detail.inputs),
                "arithmetic": finding.detail.arithmetic,
                "source": finding.detail.source,
            }
            for finding in checked.findings.of(i)
        ],
    }


FOLDED: Final = frozenset({"IVG904", "IVG907"})


def is_folded(order: Mapping[str, Any]) -> bool:
    """Whether a worklist folds the order into one line with others: nothing to read but what nobody documented.

    Its status stands.
    """
    told = [finding for finding in order["findings"] if finding["severity"] != "info"]
    return order["status"] == "REVIEW" and all(finding["code"] in FOLDED for finding in told)


def counts(checked: Checked) -> dict[str, int]:
    """Orders by status. Raises AccountingError where they do not add up."""
    status = checked.findings.status
    by_status = {
        severity.name.lower(): int((status == severity).sum())
        for severity in (Severity.PASS, Severity.REVIEW, Severity.STOP, Severity.UNCHECKED)
    }
    if sum(by_status.values()) != checked.orders.n:
        raise AccountingError("the counts by status do not add up to the orders: nothing is published")
    return {"orders": checked.orders.n, **by_status}


def worst_first(checked: Checked) -> list[int]:
    """Positions of the orders: the worst status first, then in input order."""
    return [int(i) for i in np.argsort(-checked.findings.status.astype(np.int64), kind="stable")]


def head(checked: Checked, started: datetime) -> dict[str, Any]:
    """Everything but the orders: what was checked, by what, with which counts, and what to know about the run."""
    knowledge = checked.knowledge
    policy = knowledge.policy
    return {
        "schema": SCHEMA,
        "tool": {"name": "ivigcheck", "version": __version__},
        "policy": {
            "id": policy.entry.id,
            "version": policy.entry.version,
            "sha256": policy.sha256,
            "deviations": [],
        },
        "knowledge": {"version": knowledge.version, "date": knowledge.date, "sha256": knowledge.sha256},
        "run": {
            "as_of": checked.orders.as_of.isoformat(),
            "started": started.isoformat(timespec="seconds"),
            "inputs": [
                {"name": table.file, "sha256": table.sha256, "sheet": table.sheet, "rows": len(table.rows)}
                for table in checked.tables
                if checked.orders.identified
            ],
        },
        "notices": notices(checked),
        "counts": counts(checked),
    }


def notices(checked: Checked) -> list[str]:
    """What a reader should know about the run, each said once."""
    said = [checked.knowledge.notice]
    if not checked.orders.identified:
        return said
    for table in checked.tables:
        place = f'{table.file}, sheet "{table.sheet}"' if table.sheet else table.file
        said += [f"{place}: {notice}" for notice in table.notices]
        if not table.rows:
            said.append(f"{place}: no orders below the header.")
        if table.blank_rows:
            said.append(f"{place}: {table.blank_rows} empty {_rows(table.blank_rows)} passed over.")
        if table.ignored:
            said.append(
                f"{place}: columns not known here, and not used: {', '.join(_quoted(h) for h in table.ignored)}."
            )
        said += [f"{place}: {notice}" for notice in _missing_questions(checked, table.cells)]
    return said + _unrecognised(checked)


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _quoted(text: str) -> str:
    return f'"{visible(cut(text, 60))}"'


def _missing_questions(checked: Checked, cells: dict[str, list[str]]) -> list[str]:
    """Risk questions that no column of an input answers."""
    said = []
    questions = checked.knowledge.questions
    for seed, what in ((True, "asked of every order, so that every order has IVG904"), (False, "not assessed")):
        names = [q.name for q in questions if q.seed == seed and q.name not in cells]
        if names:
            said.append(f"no column for {', '.join(names)}: {what}.")
    return said


def _unrecognised(checked: Checked) -> list[str]:
    """Names that were not recognised, with their counts."""
    orders = checked.orders
    said = []
    for column, unknown in (
        ("product", orders.product_state == ProductState.UNRECOGNISED),
        ("indication", orders.indication_unknown),
    ):
        names = Counter(orders.cell(column, int(i)) for i in np.flatnonzero(unknown))
        if names:
            listed = ", ".join(f"{_quoted(name)} ({count})" for name, count in names.most_common(_SHOWN_NAMES))
            more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
            said.append(f"{column}s not recognised: {listed}{more}.")
    return said


def report(checked: Checked, started: datetime) -> dict[str, Any]:
    """The whole report, worst orders first."""
    return {**head(checked, started), "orders": [order_facts(checked, i) for i in worst_first(checked)]}
