"""The report as plain data: what every format carries. Names and shape are a contract for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np

from ivigcheck.delta import Seen
from ivigcheck.errors import AccountingError
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.pipeline import Checked
from ivigcheck.report.as_read import ANSWERS, columns_as_read, values_or_null
from ivigcheck.report.fingerprints import Fingerprints, identifier
from ivigcheck.report.notices import notices
from ivigcheck.rules import Finding, Severity
from ivigcheck.rules.wording import as_written
from ivigcheck.show import visible
from ivigcheck.version import __version__

SCHEMA: Final = "ivigcheck.report/1"
_RECHALLENGE_UNKNOWN: Final = "the limit of a rechallenge is NOT in it, for the rate at the reaction is not known"
_SHOWN_NAMES: Final = 10
_SEVERITIES: Final = {severity: severity.name.lower() for severity in Severity}


class Facts:
    """Everything that the report says of each order, in plain data; columns are taken apart once for all orders."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        orders, limits = checked.orders, checked.limits
        texts = [basis.text for basis in limits.bases] + [None]  # position -1: no limit
        names = ("start", "soft_max", "hard_max")
        self._governed_by = {n: [texts[c] for c in getattr(limits, f"{n}_basis").tolist()] for n in names}
        unknown = orders.rechallenge & np.isnan(orders.reaction_rate)
        for governed_by in self._governed_by.values():
            for i in np.flatnonzero(unknown).tolist():
                governed_by[i] = governed_by[i] and f"{governed_by[i]}; {_RECHALLENGE_UNKNOWN}"
        self._limits: dict[str, list[Any]] = {
            **{f"{name}_mg_per_kg_min": values_or_null(getattr(limits, name)) for name in names},
            **{f"{name}_exclusive": getattr(limits, f"{name}_exclusive").tolist() for name in names[1:]},
            **{f"{name}_mL_per_h": values_or_null(getattr(limits, f"{name}_mL_per_h")) for name in names},
        }
        self._ordered = columns_as_read(orders)
        self._text = [(name, cells) for name, cells in orders.text.items() if any(cells)]
        self._told: dict[tuple[int, ...], dict[str, str]] = {}
        self._coded = [name for name, coded in orders.coded.items() if (coded >= 0).any()]
        self._status = [Severity(status).name for status in checked.findings.status.tolist()]
        self._fingerprints = Fingerprints(checked)
        self.seen: dict[int, list[Seen]] = {}
        """Index of an order whose facts were asked for -> its findings as they are told from others, in their order."""

    def of(self, i: int) -> dict[str, Any]:
        """One order's facts."""
        orders = self._checked.orders
        place = orders.place[i]
        profile = orders.profile(i)
        usable = i not in orders.malformed
        return {
            "order_id": identifier(orders, "order_id", i),
            "patient_id": identifier(orders, "patient_id", i),
            "source": {"file": place.file, "sheet": place.sheet, "row": place.row},
            "status": self._status[i],
            "at_risk": profile.at_risk,
            "undocumented": profile.undocumented if usable else (),
            "not_assessed": profile.not_assessed if usable else (),
            "history": list(orders.past[i].lines()) if i in orders.past else [],
            "answers": self._answers(i) if usable else {},
            "answered_by_code": self._codes(i),
            "limits": {
                **{name: column[i] for name, column in self._limits.items()},
                "governed_by": {name: column[i] for name, column in self._governed_by.items()},
            },
            "ordered": {name: column[i] for name, column in self._ordered.items()},
            "written": {name: as_written(orders, name, i) for name, cells in self._text if cells[i]},
            "findings": self._findings(i),
        }

    def basis(self, i: int) -> str:
        """What an order says of itself, as its findings' fingerprints have it."""
        return self._fingerprints.basis(i)

    def _answers(self, i: int) -> dict[str, str]:
        """The risk questions that are answered, dates and diagnosis codes taken into account; the same object for
        orders with the same answers."""
        answers = tuple(self._checked.orders.answer_rows[i])
        if answers not in self._told:
            asked = zip(self._checked.knowledge.questions, answers, strict=True)
            self._told[answers] = {question.name: said for question, given in asked if (said := ANSWERS[given])}
        return self._told[answers]

    def _codes(self, i: int) -> dict[str, str]:
        """The questions that a diagnosis code answers, with the code."""
        orders = self._checked.orders
        return {name: orders.code_for(name, i) for name in self._coded if orders.coded[name][i] >= 0}

    def _findings(self, i: int) -> list[dict[str, Any]]:
        findings = list(self._checked.findings.of(i))
        self.seen[i] = [self._fingerprints.of(i, finding) for finding in findings]
        identified = self._checked.orders.identified
        return [
            _finding(finding, seen.fingerprint if identified else None)
            for finding, seen in zip(findings, self.seen[i], strict=True)
        ]


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
    status = checked.findings.status
    by_status = {
        severity.name.lower(): int((status == severity).sum())
        for severity in (Severity.PASS, Severity.REVIEW, Severity.STOP, Severity.UNCHECKED)
    }
    if sum(by_status.values()) != checked.orders.n:
        raise AccountingError("the counts by status do not add up to the orders: nothing is published")
    return {"orders": checked.orders.n, **by_status}


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
