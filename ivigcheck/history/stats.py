"""How each rule fares at this site: how often it fired, how often it was settled and as what, and what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ivigcheck.delta import SUPERSEDED, Ending, State
from ivigcheck.history.files import told
from ivigcheck.history.nights import acknowledgement_of
from ivigcheck.history.store import WITH_PREVIOUS, History


@dataclass(eq=False, repr=False)
class RuleStats:
    """One rule's findings, each order counted once however often its finding changed.

    fired: orders that had one. acknowledged: those that were settled, with the reason that was given last; withdrawn
    acknowledgements do not count. corrected: those whose order was changed, so that the finding is over; cleared: those
    that are over although the order was not changed; gone: those whose order is in no file any more; open: those that
    stand, settled or not.
    """

    code: str
    fired: int = 0
    acknowledged: Mapping[str, int] = field(default_factory=dict)
    corrected: int = 0
    cleared: int = 0
    gone: int = 0
    open: int = 0

    @property
    def corrected_share(self) -> float | None:
        """Of the orders of which something came (changed, or settled by a person) the share that was changed; None
        where there are none."""
        judged = self.corrected + sum(self.acknowledged.values())
        return self.corrected / judged if judged else None


def rule_stats(history: History, since: str = "") -> tuple[int, list[RuleStats]]:
    """How many runs there were, and each rule that fired in them, by its code. since: an ISO day; "" for all."""
    with told(history.path):
        (runs,) = history.connection.execute(
            "SELECT count(*) FROM entry WHERE kind = 'run' AND event_day >= ?", (since,)
        ).fetchone()
        last: dict[str, tuple[OrderAndRule, str]] = {}  # fingerprint -> its order and rule, and what became of it last
        for fingerprint, patient, order, code, what in history.connection.execute(
            "SELECT f.fingerprint, f.patient_id, f.order_id, f.code, c.what FROM change c "
            "JOIN finding f ON f.number = c.finding JOIN entry e ON e.number = c.run "
            "WHERE e.event_day >= ? ORDER BY c.run",
            (since,),
        ):
            last[fingerprint] = ((patient, order, code), what)
        reasons = _reasons(history, since)
    became: dict[OrderAndRule, str] = {}
    for key, what in last.values():
        became[key] = min(what, became.get(key, what), key=_WEIGHT.index)
    settled_as = {last[fingerprint][0]: reason for fingerprint, reason in reasons.items() if fingerprint in last}
    stats: dict[str, RuleStats] = {}
    settled: dict[str, Counter[str]] = defaultdict(Counter)
    for key, what in became.items():
        code = key[-1]
        each = stats.setdefault(code, RuleStats(code))
        each.fired += 1
        each.corrected += what == Ending.CORRECTED
        each.cleared += what == Ending.CLEARED
        each.gone += what == Ending.GONE
        each.open += what in _OPENED
        # Of an order that was changed after all, the change is what came of it.
        if key in settled_as and what != Ending.CORRECTED:
            settled[code][settled_as[key]] += 1
    for code, counted in settled.items():
        stats[code].acknowledged = dict(sorted(counted.items()))
    return runs, [stats[code] for code in sorted(stats)]


OrderAndRule = tuple[str, str, str]
"""A patient, an order and a rule."""

_OPENED: Final = tuple(state.value for state in State)
_WEIGHT: Final = (*_OPENED, *(ending.value for ending in Ending), SUPERSEDED)
"""Of what became of several findings of one order and rule, what counts: the first of these."""


def _reasons(history: History, since: str) -> dict[str, str]:
    """Fingerprint -> the reason for which it was settled last, by acknowledgements that are not withdrawn, in order."""
    rows = history.connection.execute(
        f"{WITH_PREVIOUS} WHERE e.kind = 'acknowledgement' AND e.event_day >= ? AND NOT EXISTS "
        "(SELECT 1 FROM entry w WHERE w.about = e.number AND w.kind = 'withdrawal') ORDER BY e.number",
        (since,),
    ).fetchall()
    found: dict[str, str] = {}
    for row in rows:
        each = acknowledgement_of(history.checked(row))
        found.pop(each.fingerprint, None)  # so that the last word comes last
        found[each.fingerprint] = each.reason
    return found
