"""From a judgement to what is to be done, in order, in the words of the knowledge's protocol."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ivigcheck.knowledge.facts import PolicyInForce
from ivigcheck.knowledge.model import Source
from ivigcheck.knowledge.protocol import ProtocolFile, Step
from ivigcheck.orders import YES
from ivigcheck.reaction.judgement import Disposition, Judgement
from ivigcheck.reaction.reading import Observed
from ivigcheck.reaction.signs import HYPERSENSITIVITY, MENINGITIS, STROKE
from ivigcheck.show import number, rounded_down


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """What is to be done. actions: now, in order; follows: the bounds of what may follow; workup: to be ordered;
    afterwards: to be written down, and what holds from then on."""

    actions: tuple[str, ...]
    follows: tuple[str, ...]
    workup: tuple[str, ...]
    afterwards: tuple[str, ...]


def plan(observed: Observed, found: Judgement, protocol: ProtocolFile) -> Plan:
    """The steps for one judgement. Adult figures stand in none of them unless the patient is known to be an adult."""
    policy = observed.checked.knowledge.policy

    def said(*steps: Iterable[Step]) -> tuple[str, ...]:
        return tuple(_text(step, policy, adult=found.adult) for some in steps for step in some)

    first = [*said(protocol.first)]
    first[-1] = f"{first[-1]} {line_compatibility(observed)}"
    now = (*_urgent(found, protocol), *_ending(found, protocol), protocol.examine, *_watching(found, protocol))
    return Plan(
        actions=(*first, *said(*now)),
        follows=tuple(_follows(observed, found, protocol)),
        workup=said(*_workup(found, protocol)),
        afterwards=said(protocol.afterwards, protocol.later_orders),
    )


def _text(step: Step, policy: PolicyInForce, *, adult: bool) -> str:
    text = step.text if adult or not step.otherwise else step.otherwise
    return text.format(watch=number(policy.close_watch_minutes))


def line_compatibility(observed: Observed) -> str:
    """What is known of the product's line."""
    product = observed.checked.orders.product[0]
    if product < 0:
        return "(The product's line compatibility is not known here: take a fresh set or port.)"
    entry = observed.checked.knowledge.products[product].entry
    known = entry.line_compatibility or "line compatibility not known here: take a fresh set or port"
    return f"({entry.name}: {known}.)"


def _urgent(found: Judgement, protocol: ProtocolFile) -> Iterator[tuple[Step, ...]]:
    """What cannot wait for an examination, the quickest danger first."""
    if found.anaphylaxis:
        yield protocol.anaphylaxis
    if found.hypotension == YES:
        yield protocol.hypotensive
    if HYPERSENSITIVITY in found.suspected and not found.anaphylaxis:
        yield protocol.hypersensitivity
    if HYPERSENSITIVITY in found.suspected and found.hypotension != YES:
        yield protocol.if_hypotensive
    if STROKE in found.suspected:
        yield protocol.stroke
    if MENINGITIS in found.suspected:
        yield protocol.aseptic_meningitis


def _ending(found: Judgement, protocol: ProtocolFile) -> Iterator[tuple[Step, ...]]:
    if found.disposition == Disposition.DISCONTINUE_PERMANENTLY:
        yield protocol.severe
    elif found.disposition == Disposition.DISCONTINUE_SESSION:
        yield protocol.session


def _watching(found: Judgement, protocol: ProtocolFile) -> Iterator[tuple[Step, ...]]:
    if found.disposition != Disposition.DISCONTINUE_PERMANENTLY:
        yield protocol.mild


def _workup(found: Judgement, protocol: ProtocolFile) -> Iterator[tuple[Step, ...]]:
    if STROKE in found.suspected:
        yield protocol.brain_imaging
    if found.disposition == Disposition.DISCONTINUE_PERMANENTLY and found.by_grade:
        yield protocol.workup
    if MENINGITIS in found.suspected:
        yield protocol.lumbar_puncture


def _follows(observed: Observed, found: Judgement, protocol: ProtocolFile) -> Iterator[str]:
    """How fast the infusion may go on, and from when; nothing where it may not."""
    if math.isnan(found.max_rate):
        return
    when = "At" if found.disposition == Disposition.RECHALLENGE else "A rechallenge later, if any: at"
    yield f"{when} no more than {_limit(observed, found)}."
    yield f"Not before {_moment(observed, found)}."
    yield from (step.text for step in protocol.recurrence)


def _moment(observed: Observed, found: Judgement) -> str:
    """When a rechallenge may begin at the earliest: by the clock, and from now, whatever clock that is."""
    wait = observed.checked.knowledge.policy.rechallenge_wait_minutes
    if found.not_before is None:
        return f"{number(wait)} minutes after all symptoms have fully gone"
    left = math.ceil(wait - observed.minutes_since_resolved)
    passed = f"{left} minutes after these observations" if left > 0 else "which has passed"
    return f"{clock_text(found.not_before)}, {passed}"


def clock_text(moment: datetime) -> str:
    """A moment as a clock shows it, with the offset where it is known: ``2026-11-22 23:13 (UTC-05:00)``."""
    return f"{moment:%Y-%m-%d %H:%M}" + (f" ({moment.tzname()})" if moment.tzinfo else "")


def _limit(observed: Observed, found: Judgement) -> str:
    """The fastest rate of a rechallenge, with what it rests on."""
    below, basis = governing(observed, found)
    per_h = "" if math.isnan(found.max_mL_per_h) else f" = {number(found.max_mL_per_h)} mL/h"
    return f"{'below ' if below else ''}{rounded_down(found.max_rate)} mg/kg/min{per_h} ({basis})"


def governing(observed: Observed, found: Judgement) -> tuple[bool, str]:
    """Whether a rechallenge must stay below its limit, and what that rests on; "" where there is none."""
    limits = observed.checked.limits
    if math.isnan(found.max_rate):
        return False, ""
    if found.max_rate < limits.hard_max[0]:
        fraction = observed.checked.knowledge.policy.rechallenge_fraction
        return False, f"rechallenge: {fraction:g} × the lowest rate at a reaction of this infusion that is on record"
    basis = limits.basis(limits.hard_max_basis, 0)
    return bool(limits.hard_max_exclusive[0]), basis.text if basis else ""


def sources(observed: Observed, found: Judgement, protocol: ProtocolFile) -> tuple[Source, ...]:
    """The documents behind the steps that apply, each once."""
    conditional = (_urgent, _ending, _watching, _workup)
    used = [protocol.first, *(steps for of in conditional for steps in of(found, protocol)), protocol.examine]
    used += [protocol.recurrence, protocol.afterwards, protocol.later_orders]
    names = dict.fromkeys(name for steps in used for step in steps for name in step.sources)
    return tuple(observed.checked.knowledge.sources[name] for name in names)
