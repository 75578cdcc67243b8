"""What a rule is: a mask, its message, its page and its examples in one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ivigcheck.limits import Limits
from ivigcheck.orders import Orders
from ivigcheck.units import Mask


class Severity(IntEnum):
    """How much a finding weighs; the worst finding is the order's status (PASS: none, or only INFO)."""

    PASS = 0
    INFO = 1
    REVIEW = 2
    UNCHECKED = 3
    STOP = 4


_HEADINGS = ("Why it matters:", "What to do:")

Severities = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False, repr=False)
class Facet:
    """One of several findings that one rule may make of an order: about ``column``, with (n,) Severity, 0 for none."""

    column: str
    severity: Severities


class Detail(NamedTuple):
    """A finding in words, so that it can be recomputed by hand.

    message: one line with the numbers. inputs: column -> the cell as written. arithmetic: how the number came about.
    source: what the limit rests on.
    """

    message: str
    inputs: Mapping[str, str] = MappingProxyType({})
    arithmetic: str = ""
    source: str = ""


Judgement = Mask | Severities | Sequence[Facet]
Judge = Callable[[Orders, Limits], Judgement]
Explain = Callable[[Orders, Limits, int, str], Detail]
Example = Mapping[str, Any]


@dataclass(eq=False, repr=False)
class Rule:
    """A rule. flags, passes: examples on both sides of its boundary, as fields of one order (``limits`` apart).

    source: the policy's parameter, or a phrase where the label or the data itself is the source.
    """

    code: str
    name: str
    severity: Severity
    source: str
    judge: Judge
    flags: Sequence[Example]
    passes: Sequence[Example]
    explain: Explain | None = None

    def says(self, explain: Explain) -> Explain:
        """Decorator for the function that puts one finding into words: (orders, limits, index, column)."""
        self.explain = explain
        return explain

    @property
    def page(self) -> str:
        """What it means, why it matters, what to do."""
        return self.judge.__doc__ or ""

    @property
    def paragraphs(self) -> list[str]:
        """The page as paragraphs: a new one begins at a blank line, and at each line that opens one of its headings."""
        paragraphs: list[str] = []
        for line in inspect.cleandoc(self.page).splitlines():
            if not paragraphs or not line or line.startswith(_HEADINGS):
                paragraphs.append(line)
            else:
                paragraphs[-1] = f"{paragraphs[-1]} {line}".strip()
        return [paragraph for paragraph in paragraphs if paragraph]

    def facets(self, orders: Orders, limits: Limits) -> Iterator[Facet]:
        """The rule's findings, with a severity for each order (0: none)."""
        judged = self.judge(orders, limits)
        if isinstance(judged, np.ndarray):
            if judged.dtype == np.bool_:
                judged = np.where(judged, self.severity, 0)
            judged = [Facet("", judged.astype(np.int8))]
        yield from judged


RULES: dict[str, Rule] = {}
"""code -> rule, in the order in which the modules of this package declare them."""


def rule(
    code: str, name: str, severity: Severity, *, source: str, flags: Sequence[Example], passes: Sequence[Example]
) -> Callable[[Judge], Rule]:
    """Declares a rule. The function gives a mask (or severities, or facets); its docstring is the rule's page."""

    def declare(judge: Judge) -> Rule:
        if code in RULES:
            raise ValueError(f"rule {code} is declared twice")
        RULES[code] = Rule(code, name, severity, source, judge, flags, passes)
        return RULES[code]

    return declare
