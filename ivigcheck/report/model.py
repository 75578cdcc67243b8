"""The report as plain data: what every format carries. Names and shape are a contract for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np

from ivigcheck.delta import Seen
from ivigcheck.errors import AccountingError
from ivigcheck.knowledge import Knowledge
from ivigcheck.orders import Orders, RiskProfile
from ivigcheck.past import Memory
from ivigcheck.pipeline import Checked
from ivigcheck.report.as_read import ANSWERS, cells_as_written, columns_as_read
from ivigcheck.report.columns import Cells, Numbers, Picker, Told, Whole, rows_of
from ivigcheck.report.fingerprints import Fingerprints, identifiers
from ivigcheck.report.notices import notices
from ivigcheck.rules import Finding, Severity
from ivigcheck.show import visible
from ivigcheck.texts import combined
from ivigcheck.version import __version__
from ivigcheck.written import Codes

SCHEMA: Final = "ivigcheck.report/1"
_RECHALLENGE_UNKNOWN: Final = "the limit of a rechallenge is NOT in it, for the rate at the reaction is not known"
_SHOWN_NAMES: Final = 10
_SEVERITIES: Final = {severity: severity.name.lower() for severity in Severity}


class Facts:
    """Everything that the report says of each order, in plain data: column by column, or order by order."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._fingerprints = Fingerprints(checked)
        self._columns = {**_head_columns(checked), **_answer_columns(checked.orders), **_value_columns(checked)}
        self._made: dict[int, list[dict[str, Any]]] = {}
        self.seen: dict[int, list[Seen]] = {}
        """Index of an order whose facts were asked for -> its findings as they are told from others, in their order."""

    @cached_property
    def _picker(self) -> Picker:
        return Picker(self._columns)

    def of(self, i: int) -> dict[str, Any]:
        """One order's facts."""
        return {**self._picker.of(i), "findings": self._findings(i)}

    def columns(self) -> dict[str, Any]:
        """What is said of all orders of the run's own, as a tree of columns under the names of an order's facts."""
        own = slice(self._checked.own.start, self._checked.own.stop)
        found = np.flatnonzero(self._checked.findings.found[own]).tolist()
        findings = {i: self._findings(own.start + i) for i in found}
        return {**rows_of(self._columns, own), "findings": Told.some([], findings, len(self._checked.own))}

    def basis(self, i: int) -> str:
        """What an order says of itself, as its findings' fingerprints have it."""
        return self._fingerprints.basis(i)

    def _findings(self, i: int) -> list[dict[str, Any]]:
        if i not in self._made:
            self._made[i] = self._in_words(i)
        return self._made[i]

    def _in_words(self, i: int) -> list[dict[str, Any]]:
        findings = list(self._checked.findings.of(i))
        self.seen[i] = self._fingerprints.of(i, findings)
        identified = self._checked.orders.identified
        return [
            _finding(finding, seen.fingerprint if identified else None)
            for finding, seen in zip(findings, self.seen[i], strict=True)
        ]


def _head_columns(checked: Checked) -> dict[str, Any]:
    """Which order it is, where it stands, and its status."""
    orders = checked.orders
    names = [severity.name for severity in Severity]
    return {
        "order_id": identifiers(orders, "order_id"),
        "patient_id": identifiers(orders, "patient_id"),
        "source": _source_columns(checked),
        "status": Told(names, checked.findings.status.astype(np.int64)),
    }


def _source_columns(checked: Checked) -> dict[str, Any]:
    tables, n = checked.tables, checked.orders.n
    if not checked.orders.identified:
        return dict.fromkeys(("file", "sheet", "row"), Told.one(None, n))
    which = np.repeat(np.arange(len(tables)), [len(table.rows) for table in tables])
    rows = [np.asarray(table.rows, np.int64) for table in tables]
    return {
        "file": Told([table.file for table in tables], which),
        "sheet": Told([table.sheet for table in tables], which),
        "row": Whole(np.concatenate(rows) if rows else np.zeros(0, np.int64)),
    }


def _answer_columns(orders: Orders) -> dict[str, Any]:
    """The risk questions: what puts the patient at risk, what nobody answered, and what the answers count as."""
    questions = orders.knowledge.questions
    answers = [orders.answers[question.name].astype(np.int64) for question in questions]
    distinct, which = combined(*answers, orders.over_age.astype(np.int64), orders.usable.astype(np.int64))
    profiles = [RiskProfile.of(questions, given, over_age=bool(over_age)) for *given, over_age, _ in distinct]
    usable = [bool(each[-1]) for each in distinct]
    said = [
        {question.name: said for question, answer in zip(questions, given, strict=False) if (said := ANSWERS[answer])}
        for given in distinct
    ]
    coded = [name for name, codes in orders.coded.items() if (codes >= 0).any()]
    by_code, which_code = combined(np.zeros(orders.n, np.int64), *(orders.coded[name] for name in coded))
    return {
        "at_risk": Told([profile.at_risk for profile in profiles], which),
        "undocumented": Told([p.undocumented if ok else () for p, ok in zip(profiles, usable, strict=True)], which),
        "not_assessed": Told([p.not_assessed if ok else () for p, ok in zip(profiles, usable, strict=True)], which),
        "history": Told.some([], {i: list(past.lines()) for i, past in orders.past.items()}, orders.n),
        "answers": Told([each if ok else {} for each, ok in zip(said, usable, strict=True)], which),
        "answered_by_code": Told(
            [
                {name: orders.diagnosis_codes[code] for name, code in zip(coded, codes, strict=True) if code >= 0}
                for _, *codes in by_code
            ],
            which_code,
        ),
    }


def _value_columns(checked: Checked) -> dict[str, Any]:
    """The limits with what governs them, the values as read, and the cells as written."""
    orders, limits = checked.orders, checked.limits
    names = ("start", "soft_max", "hard_max")
    governed_by = [basis.text for basis in limits.bases]
    unknown = orders.rechallenge & np.isnan(orders.reaction_rate)
    said = [*governed_by, *(f"{text}; {_RECHALLENGE_UNKNOWN}" for text in governed_by), None]  # position -1: no limit

    def governing(basis: Codes) -> Told:
        return Told(said, np.where(unknown & (basis >= 0), basis + len(governed_by), basis))

    exclusive = {f"{name}_exclusive": getattr(limits, f"{name}_exclusive") for name in names[1:]}
    return {
        "limits": {
            **{f"{name}_mg_per_kg_min": Numbers(getattr(limits, name)) for name in names},
            **{name: Told((False, True), mask.astype(np.int64)) for name, mask in exclusive.items()},
            **{f"{name}_mL_per_h": Numbers(getattr(limits, f"{name}_mL_per_h")) for name in names},
            "governed_by": {name: governing(getattr(limits, f"{name}_basis")) for name in names},
        },
        "ordered": columns_as_read(orders),
        "written": Cells(cells_as_written(orders), orders.n),
    }


def order_facts(checked: Checked, i: int) -> dict[str, Any]:
    """Everything that the report says of one order."""
    return Facts(checked).of(i)


def _finding(finding: Finding, fingerprint: str | None) -> dict[str, Any]:
    detail = finding.detail
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": _SEVERITIES[finding.severity],
        "column": finding.column,
        "message": detail.message,
        "inputs": dict(detail.inputs),
        "arithmetic": detail.arithmetic,
        "source": detail.source,
        "fingerprint": fingerprint,
    }


FOLDED: Final = frozenset({"IVG904", "IVG907"})


def is_folded(order: Mapping[str, Any]) -> bool:
    """Whether a worklist folds the order into one line with others: nothing to read but what nobody documented.

    Its status stands.
    """
    told = [finding for finding in order["findings"] if finding["severity"] != "info"]
    # A product that was not recognised has the column's name on its finding, and is something to read.
    return order["status"] == "REVIEW" and all(f["code"] in FOLDED and not f["column"] for f in told)


def counts(checked: Checked) -> dict[str, int]:
    """Orders by status. Raises AccountingError where they do not add up."""
    status = checked.findings.status[checked.own.start : checked.own.stop]
    by_status = {
        severity.name.lower(): int((status == severity).sum())
        for severity in (Severity.PASS, Severity.REVIEW, Severity.STOP, Severity.UNCHECKED)
    }
    if sum(by_status.values()) != len(checked.own):
        raise AccountingError("the counts by status do not add up to the orders: nothing is published")
    return {"orders": len(checked.own), **by_status}


def summary(counts: Mapping[str, int], as_of: str) -> str:
    """One line that adds up."""
    orders = "order" if counts["orders"] == 1 else "orders"
    parts = ", ".join(f"{counts[name]} {name.upper()}" for name in ("stop", "unchecked", "review", "pass"))
    return f"{counts['orders']} {orders}: {parts} (as of {as_of})"


def worst_first(checked: Checked) -> list[int]:
    """Positions of the orders: the worst status first, then in input order."""
    return [int(i) for i in np.argsort(-checked.findings.status.astype(np.int64), kind="stable")]


def head(checked: Checked, started: datetime) -> dict[str, Any]:
    """Everything but the orders: what was checked, by what, with which counts, and what to know about the run."""
    return {
        "schema": SCHEMA,
        **provenance(checked.knowledge),
        "history": history_facts(checked.memory),
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


def history_facts(memory: Memory) -> dict[str, Any]:
    """Which history was asked, by its length and the hash of its last entry; or why none was."""
    return {
        "asked": not memory.why_not,
        "why_not": memory.why_not or None,
        "entries": memory.entries,
        "head": memory.head or None,
    }


def provenance(knowledge: Knowledge) -> dict[str, Any]:
    """By what something was checked: program, policy with its deviations from the built-in one, and knowledge."""
    policy = knowledge.policy
    return {
        "tool": {"name": "ivigcheck", "version": __version__},
        "policy": {
            "id": policy.entry.id,
            "version": policy.entry.version,
            "sha256": policy.sha256,
            "deviations": [
                {
                    "parameter": each.parameter,
                    "built_in": each.built_in,
                    "site": each.site,
                    "direction": each.direction,
                    "reason": each.reason,
                }
                for each in policy.site.deviations
            ],
        },
        "knowledge": {"version": knowledge.version, "date": knowledge.date, "sha256": knowledge.sha256},
    }


def place(source: Mapping[str, Any]) -> str:
    """Where an order stands in its input."""
    parts = [source["file"], f'sheet "{source["sheet"]}"' if source["sheet"] else None, f"row {source['row']}"]
    return visible(", ".join(part for part in parts if part))


def deviation_text(deviation: Mapping[str, str]) -> str:
    """One deviation from the built-in policy in a line."""
    reason = f": {deviation['reason']}" if deviation["reason"] else ""
    what = f"{deviation['parameter']} is {deviation['site']}, built in {deviation['built_in']}"
    direction = "" if deviation["direction"] == "other" else f" ({deviation['direction']})"
    return visible(f"{what}{direction}{reason}")
