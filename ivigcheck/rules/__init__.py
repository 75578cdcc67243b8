"""The rules, one module a family; importing this package declares them all."""

from ivigcheck.rules import contraindications, data, dose, rates, rechallenge
from ivigcheck.rules.engine import Finding, Findings
from ivigcheck.rules.registry import RULES, Detail, Rule, Severity

__all__ = [
    "RULES",
    "Detail",
    "Finding",
    "Findings",
    "Rule",
    "Severity",
    "contraindications",
    "data",
    "dose",
    "rates",
    "rechallenge",
]
