"""Every rule against every order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.rules.registry import RULES, Detail, Rule, Severities, Severity
from ivigcheck.units import Mask

MALFORMED = "IVG910"
_SEVERITIES = tuple(Severity)  # by value


class Finding(NamedTuple):
    """One rule's verdict on one order."""

    code: str
    name: str
    severity: Severity
    column: str
    detail: Detail


@dataclass(frozen=True, eq=False, repr=False)
class _Hits:
    rule: Rule
    column: str
    severity: Severities


class Findings:
    """The findings of n orders: masks until somebody asks for an order's words.

    status: (n,) Severity of the worst finding, PASS where there is none but for information. found: (n,) whether there
    is any.
    """

    def __init__(self, orders: Orders, limits: Limits) -> None:
        self.orders = orders
        self.limits = limits
        self._hits: list[_Hits] = []
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
                    self._hits.append(_Hits(rule, facet.column, severity))
        self._hits.sort(key=lambda hits: (hits.rule.code, hits.column))
        worst = np.zeros(orders.n, np.int8)
        self._of_order: dict[int, list[int]] = {}
        for k, hits in enumerate(self._hits):
            worst = np.maximum(worst, hits.severity)
            for i in np.flatnonzero(hits.severity).tolist():
                self._of_order.setdefault(i, []).append(k)
        self.found: Mask = worst > 0
        self.status: Severities = np.where(worst == Severity.INFO, Severity.PASS, worst).astype(np.int8)

    def codes(self, i: int) -> list[tuple[str, Severity]]:
        """Code and severity of one order's findings, worst first, then by code and column."""
        return [(hits.rule.code, _SEVERITIES[hits.severity[i]]) for hits in self._sorted(i)]

    def verdicts(self, i: int) -> list[tuple[str, str, Severity]]:
        """Code, column and severity of one order's findings, in the same order: what tells one finding from another."""
        return [(hits.rule.code, hits.column, _SEVERITIES[hits.severity[i]]) for hits in self._sorted(i)]

    def of(self, i: int) -> Iterator[Finding]:
        """One order's findings in words, in the same order."""
        for hits in self._sorted(i):
            if hits.rule.explain is None:
                raise LookupError(f"rule {hits.rule.code} has no words")
            detail = hits.rule.explain(self.orders, self.limits, i, hits.column)
            yield Finding(hits.rule.code, hits.rule.name, _SEVERITIES[hits.severity[i]], hits.column, detail)

    def _sorted(self, i: int) -> list[_Hits]:
        hits = [self._hits[k] for k in self._of_order.get(i, ())]
        return sorted(hits, key=lambda hit: -int(hit.severity[i]))  # stable: code and column within a severity
