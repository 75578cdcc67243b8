"""The summary that may be mailed: counts, rules and what to do, without anybody's identifier or a cell's content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ivigcheck.delta import READ_FIRST, State
from ivigcheck.report.delta_facts import MEANINGS, SECTIONS
from ivigcheck.report.model import deviation_text
from ivigcheck.rules import RULES

STATUSES: Final = ("stop", "unchecked", "review", "pass")
_SEVERITIES: Final = ("stop", "unchecked", "review")
_FIRST: Final = tuple(state.value for state in READ_FIRST)


@dataclass(frozen=True, eq=False, repr=False)
class RuleCount:
    """How many findings of a rule and severity are in a section."""

    section: str
    severity: str
    code: str
    name: str
    count: int


@dataclass(frozen=True, eq=False, repr=False)
class Mail:
    """What is told of a run.

    unseen: how many STOP and UNCHECKED findings stand on, or are over, because their orders are in no file: nobody
    knows what became of them. rules: of what is to be read first, gravest first. troubles: what went wrong with the run
    itself, and recovered: earlier runs that were interrupted and are told now, a sentence each. folder: where the
    reports lie.
    """

    run_id: str
    as_of: str
    counts: Mapping[str, int]
    sections: Mapping[str, int]
    not_seen: int
    unseen: int
    rules: Sequence[RuleCount]
    troubles: Sequence[str]
    recovered: Sequence[str]
    notices: Sequence[str]
    folder: str

    @classmethod
    def of(cls, report: Mapping[str, Any], troubles: Sequence[str], recovered: Sequence[str], folder: str) -> Mail:
        """What to tell of a run's report."""
        counts = report["delta"]["counts"]
        policy, knowledge = report["policy"], report["knowledge"]
        named = f"Policy {policy['id']} {policy['version']}, knowledge {knowledge['version']}."
        return cls(
            run_id=report["run"]["id"],
            as_of=report["run"]["as_of"],
            counts=report["counts"],
            sections={name: counts[name] for name in SECTIONS},
            not_seen=counts["not_seen"],
            unseen=report["delta"]["grave_unseen"],
            rules=_rules(report),
            troubles=troubles,
            recovered=recovered,
            notices=[named, *(f"Policy: {deviation_text(each)}" for each in policy["deviations"])],
            folder=folder,
        )

    @property
    def subject(self) -> str:
        """One line: what is new, and the counts."""
        trouble = "NOT COMPLETE: " if self.troubles else ""
        first = ", ".join(f"{self.sections[name]} {SECTIONS[name].lower()}" for name in _FIRST)
        stop = f"{self.counts['stop']} STOP and {self.counts['unchecked']} UNCHECKED of {_orders(self.counts)}"
        return f"{trouble}IVIG orders {self.as_of}: {first}; {stop}"

    @property
    def is_news(self) -> bool:
        """Whether there is something that nobody has read yet, or that went wrong."""
        return bool(self.troubles or self.recovered or self.unseen) or any(self.sections[name] for name in _FIRST)

    def text(self) -> bytes:
        """The mail as text: the subject, an empty line, the rest."""
        return _rendered("mail.txt.j2", self._said())

    def html(self) -> bytes:
        """The mail as HTML."""
        return _rendered("mail.html.j2", self._said())

    def _said(self) -> dict[str, Any]:
        return {
            "mail": self,
            "statuses": STATUSES,
            "titles": SECTIONS,
            "meanings": MEANINGS,
            "orders": _orders(self.counts),
            "first": [(title, [r for r in self.rules if r.section == name]) for name, title in SECTIONS.items()],
        }


def _orders(counts: Mapping[str, int]) -> str:
    return "1 order" if counts["orders"] == 1 else f"{counts['orders']} orders"


def _rules(report: Mapping[str, Any]) -> list[RuleCount]:
    """The rules of what is new, changed or reopened, and of every STOP and UNCHECKED that is still open."""
    found = Counter(
        (finding["delta"]["state"], finding["severity"], finding["code"])
        for order in report["orders"]
        for finding in order["findings"]
        if finding["delta"]
    )
    sections, wanted = list(SECTIONS), []
    for (section, severity, code), count in found.items():
        grave = section == State.STILL_OPEN.value and severity != "review"
        if section in _FIRST or grave:
            wanted.append(RuleCount(section, severity, code, RULES[code].name, count))
    return sorted(wanted, key=lambda r: (sections.index(r.section), _SEVERITIES.index(r.severity), r.code))


def _rendered(name: str, said: Mapping[str, Any]) -> bytes:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("ivigcheck.nightly", "templates"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(said).encode()
