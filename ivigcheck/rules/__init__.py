"""The rules, one module a family; importing this package declares them all."""

from ivigcheck.rules import (
    at_risk,
    contraindications,
    data,
    dose,
    excipients,
    labels,
    patient,
    rates,
    rechallenge,
    starts,
    weights,
)
from ivigcheck.rules.engine import Finding, Findings
from ivigcheck.rules.registry import RULES, Detail, Rule, Severity

__all__ = [
    "RULES",
    "Detail",
    "Finding",
    "Findings",
    "Rule",
    "Severity",
    "at_risk",
    "contraindications",
    "data",
    "dose",
    "excipients",
    "labels",
    "patient",
    "rates",
    "rechallenge",
    "starts",
    "weights",
]
