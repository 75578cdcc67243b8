"""Every rule against every order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.rules.registry import RULES, Detail, Rule, Severities, Severity
from ivigcheck.units import Mask

MALFORMED: Final = "IVG910"
_SEVERITIES: Final = tuple(Severity)  # by value


class Finding(NamedTuple):
    """One rule's verdict on one order."""

    code: str
    name: str
    severity: Severity
    column: str
    detail: Detail


class Findings:
    """The findings of n orders: verdicts alone until somebody asks for an order's words.

    status: (n,) Severity of the worst finding, PASS where there is none but for information. found: (n,) whether there
    is any.
    """

    def __init__(self, orders: Orders, limits: Limits) -> None:
        self.orders = orders
        self.limits = limits
        found: list[tuple[Rule, str, Severities]] = []
        usable = orders.usable
        by_site = {code: Severity[name.upper()] for code, name in orders.knowledge.policy.site.severities.items()}
        for rule in RULES.values():
            for facet in rule.facets(orders, limits):
                # Nothing in a malformed row is used, and no other rule speaks of it.
                severity = (
                    facet.severity if rule.code == MALFORMED else np.where(usable, facet.severity, 0).astype(np.int8)
                )
                if rule.code in by_site:
                    severity = np.where(severity > 0, by_site[rule.code], 0).astype(np.int8)
                if severity.any():
                    found.append((rule, facet.column, severity))
        found.sort(key=lambda each: (each[0].code, each[1]))
        worst = np.zeros(orders.n, np.int8)
        for _, _, severity in found:
            worst = np.maximum(worst, severity)
        self.found: Mask = worst > 0
        self.status: Severities = np.where(worst == Severity.INFO, Severity.PASS, worst).astype(np.int8)
        self._kinds = [(rule, column) for rule, column, _ in found]
        self._lay_out([severity for *_, severity in found])

    def _lay_out(self, severities: Sequence[Severities]) -> None:
        """Lists all findings order by order, those of one the worst first, then by code and column. severities: of each
        kind, by code and column."""
        rows = [np.flatnonzero(each) for each in severities]
        row = np.concatenate([np.zeros(0, np.int64), *rows])
        kind = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
        severity = np.concatenate(
            [np.zeros(0, np.int8), *(each[at] for each, at in zip(severities, rows, strict=True))]
        )
        order = np.lexsort((kind, -severity, row))
        self._kind: list[int] = kind[order].tolist()
        self._severity: list[int] = severity[order].tolist()
        self._end: list[int] = np.cumsum(np.bincount(row, minlength=self.orders.n)).tolist()

    def codes(self, i: int) -> list[tuple[str, Severity]]:
        """Code and severity of one order's findings, worst first, then by code and column."""
        return [(rule.code, severity) for rule, _, severity in self._of(i)]

    def verdicts(self, i: int) -> list[tuple[str, str, Severity]]:
        """Code, column and severity of one order's findings, in the same order: what tells one finding from another."""
        return [(rule.code, column, severity) for rule, column, severity in self._of(i)]

    def of(self, i: int) -> Iterator[Finding]:
        """One order's findings in words, in the same order."""
        orders, limits = self.orders, self.limits
        for rule, column, severity in self._of(i):
            if rule.explain is None:
                raise LookupError(f"rule {rule.code} has no words")
            yield Finding(rule.code, rule.name, severity, column, rule.explain(orders, limits, i, column))

    def _of(self, i: int) -> list[tuple[Rule, str, Severity]]:
        own = slice(self._end[i - 1] if i else 0, self._end[i])
        found = zip(self._kind[own], self._severity[own], strict=True)
        return [(*self._kinds[kind], _SEVERITIES[severity]) for kind, severity in found]
