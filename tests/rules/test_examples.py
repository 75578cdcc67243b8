"""Every rule: its own examples, its page, its words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ivigcheck.knowledge import built_in
from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.rules import RULES, Severity

# code -> name, severity, as the contract with those who rely on them
DECLARED = {
    "IVG101": ("rate-above-ceiling", "STOP"), "IVG102": ("rate-above-label-maximum", "STOP"),
    "IVG103": ("at-risk-rate-limit", "STOP"), "IVG104": ("above-minimum-practicable", "REVIEW"),
    "IVG105": ("start-rate-too-fast", "REVIEW"), "IVG106": ("start-above-maximum", "REVIEW"),
    "IVG107": ("implied-rate-too-fast", "STOP"), "IVG109": ("start-rate-not-ordered", "INFO"),
    "IVG113": ("label-figures-unknown", "REVIEW"), "IVG114": ("indication-off-label", "INFO"),
    "IVG201": ("hypercoagulable-state", "STOP"), "IVG202": ("recent-thrombosis", "STOP"),
    "IVG203": ("ivig-thrombosis", "STOP"), "IVG204": ("volume-depletion", "STOP"),
    "IVG205": ("severe-reaction-history", "STOP"), "IVG206": ("iga-antibodies", "STOP"),
    "IVG207": ("prior-anaphylaxis", "STOP"), "IVG208": ("excipient-contraindicated", "STOP"),
    "IVG210": ("near-match-in-history", "REVIEW"),
    "IVG209": ("glucose-meter-interference", "INFO"), "IVG303": ("high-dose-with-stroke-risk", "REVIEW"),
    "IVG301": ("dose-outside-range", "REVIEW"), "IVG302": ("dose-disagrees", "REVIEW"),
    "IVG401": ("same-patient-same-day", "REVIEW"), "IVG402": ("cumulative-dose", "REVIEW"),
    "IVG403": ("restart-at-minimum", "REVIEW"), "IVG404": ("weights-disagree", "REVIEW"),
    "IVG909": ("weight-suspicious", "REVIEW"),
    "IVG501": ("rechallenge-too-fast", "STOP"), "IVG502": ("rechallenge-too-soon", "STOP"),
    "IVG901": ("value-missing", "UNCHECKED"), "IVG902": ("value-unreadable", "UNCHECKED"),
    "IVG903": ("value-implausible", "UNCHECKED"), "IVG904": ("risk-undocumented", "REVIEW"),
    "IVG905": ("duplicate-order-id", "UNCHECKED"), "IVG906": ("indication-unknown", "REVIEW"),
    "IVG907": ("product-unknown", "UNCHECKED"), "IVG908": ("values-conflict", "UNCHECKED"),
    "IVG910": ("row-malformed", "UNCHECKED"), "IVG911": ("answers-conflict", "REVIEW"),
}  # fmt: skip
# Their examples are whole orders, in test_findings.py.
WITHOUT_FLAGS = {"IVG209", "IVG401", "IVG402", "IVG404", "IVG909", "IVG901", "IVG902", "IVG903", "IVG908", "IVG911"}


def test_the_rules_are_those_declared() -> None:
    assert {code: (rule.name, rule.severity.name) for code, rule in RULES.items()} == DECLARED


def fires(code: str, example: dict) -> bool:
    fields = dict(example)
    limits = Limits.example(**fields.pop("limits", {}))
    orders = Orders.example(built_in(), **fields)
    return any(facet.severity.any() for facet in RULES[code].facets(orders, limits))


EXAMPLES = [
    pytest.param(code, example, wanted, id=f"{code} {'flags' if wanted else 'passes'} {example}")
    for code, rule in RULES.items()
    for wanted, examples in ((True, rule.flags), (False, rule.passes))
    for example in examples
]


@pytest.mark.parametrize(("code", "example", "wanted"), EXAMPLES)
def test_a_rule_s_examples_are_true(code: str, example: dict, wanted: bool) -> None:
    assert fires(code, example) is wanted


@pytest.mark.parametrize("code", RULES)
def test_a_rule_has_examples_on_both_sides_a_page_and_words(code: str) -> None:
    rule = RULES[code]
    assert rule.passes and (rule.flags or code in WITHOUT_FLAGS)
    assert re.search(r"\n +Why it matters: .+\n +What to do: .+", rule.page, re.DOTALL)
    assert rule.explain is not None


@pytest.mark.parametrize("code", RULES)
def test_an_order_of_nothing_breaks_no_rule_but_what_is_missing(code: str) -> None:
    """NaN compares false: a value that is not there is never over a limit (H-01)."""
    assert not fires(code, {}) or code in {"IVG907"}


def test_a_severity_is_worse_in_the_order_stop_unchecked_review_info() -> None:
    assert sorted(Severity, reverse=True) == [
        Severity.STOP,
        Severity.UNCHECKED,
        Severity.REVIEW,
        Severity.INFO,
        Severity.PASS,
    ]
    assert np.int8(Severity.STOP) == 4
