"""``ivigcheck ack``: a pharmacist has judged a finding, and settles it for a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import typer

from ivigcheck.cli.history_option import HistoryOption, history_path
from ivigcheck.cli.options import PolicyOption, named_day
from ivigcheck.cli.terminal import emit
from ivigcheck.delta import Seen
from ivigcheck.errors import Exit, UsageError
from ivigcheck.history import History, NewEntry, initials_problem
from ivigcheck.history.nights import standing_findings
from ivigcheck.knowledge import Knowledge
from ivigcheck.rules import RULES
from ivigcheck.show import visible
from ivigcheck.site import knowledge_in_force
from ivigcheck.site.clock import today

_FINGERPRINT: Final = re.compile("[0-9a-f]{8,16}")
_LONGEST_TEXT: Final = 500
_SHOWN: Final = 20


def ack(
    fingerprints: Annotated[
        list[str],
        typer.Argument(metavar="FINGERPRINT...", help="As the last report has it; its first 8 digits are enough."),
    ],
    reason: Annotated[str, typer.Option(metavar="CODE", help="Why, by a code of the policy's list.")],
    by: Annotated[str, typer.Option("--by", metavar="INITIALS", help="Who settles it: 1 to 10 letters or digits.")],
    text: Annotated[str, typer.Option(help="Why, in words. A STOP is settled with words alone.")] = "",
    until: Annotated[
        str, typer.Option(metavar="DATE", help="The last day on which it holds. Default: the longest that is allowed.")
    ] = "",
    history: HistoryOption = None,
    policy: PolicyOption = None,
) -> int:
    """Acknowledge findings: the next report counts them apart, with who and why, until the day named.

    Whatever changes in what made a finding (the weight, a rate, the product, a risk answer, the dose, the rule or its
    limit) opens it again, at once. An acknowledged STOP stays a STOP. The reasons stand in the policy
    ("ivigcheck policy show", acknowledgement_reasons). Name no patient in the words: they are kept.

    \b
    Examples:
      ivigcheck ack 1f2e3d4c5b6a7988 --reason confirmed --by AB
      ivigcheck ack 1f2e3d4c 99aabbcc --reason monitored --by AB \\
          --until 2026-12-01
      ivigcheck ack 1f2e3d4c --reason accepted --by AB \\
          --text "Thrombosis of 2019, anticoagulated; haematology agrees."

    \b
    Exit codes:
      0  recorded, all of them
      2  nothing was recorded: the command line is wrong, or a finding does
         not stand
      3  nothing was recorded: the history is missing, locked or damaged
    """
    knowledge = knowledge_in_force(policy)
    _check_reason(reason, knowledge)
    words = _checked_text(text)
    problem = initials_problem(by)
    if problem:
        raise UsageError(problem)
    on = today(knowledge)
    last = _last_day(until, on, knowledge)
    for each in fingerprints:
        if not _FINGERPRINT.fullmatch(each.lower()):
            raise UsageError("A fingerprint is 8 to 16 of the digits 0-9 and a-f: copy it as the report has it.")
    path = history_path(history).path
    History.reading(path).close()  # a missing one has nothing to settle, and is not made
    with History.recording(path) as opened, opened.at_once():
        found = {seen.fingerprint: seen for each in fingerprints for seen in [_standing(opened, each.lower())]}
        for seen in found.values():
            if seen.severity == "stop" and not words:
                raise UsageError(
                    f"{seen.fingerprint} is a STOP ({seen.code}), which is settled with words alone: add --text. "
                    "Nothing was recorded."
                )
        new = [_entry(seen, reason, words, last, on, by) for seen in found.values()]
        numbers = opened.append(new, datetime.now(UTC))
    lines = [
        f"acknowledged until {last}: {seen.code} {RULES[seen.code].name if seen.code in RULES else ''} "
        f"({seen.severity.upper()}), {seen.fingerprint}: entry {number}"
        for seen, number in zip(found.values(), numbers, strict=True)
    ]
    lines.append("It holds from the next run on. To take it back: ivigcheck history withdraw - ENTRY")
    emit("".join(f"{line}\n" for line in lines))
    return Exit.OK


def _check_reason(reason: str, knowledge: Knowledge) -> None:
    known = knowledge.policy.entry.acknowledgement_reasons.by_code
    if reason not in known:
        listed = "\n".join(f"  {code}: {meaning}" for code, meaning in known.items())
        raise UsageError(f'--reason "{visible(reason[:40])}" is none of {knowledge.policy.name}:\n{listed}')


def _checked_text(text: str) -> str:
    words = " ".join(text.split())
    if len(words) > _LONGEST_TEXT:
        raise UsageError(f"--text is longer than {_LONGEST_TEXT} characters: say it shorter.")
    if visible(words) != words:
        raise UsageError("--text has a character that cannot be seen: write it anew.")
    if words and not any(ch.isalpha() for ch in words):
        raise UsageError("--text says nothing: write why.")
    return words


def _last_day(until: str, on: date, knowledge: Knowledge) -> date:
    longest = on + timedelta(days=int(knowledge.policy.acknowledgement_days))
    if not until:
        return longest
    day = named_day(until, "--until")
    if day < on:
        raise UsageError(f"--until {day} is over: name today or a later day.")
    if day > longest:
        raise UsageError(
            f"--until {day} is later than {knowledge.policy.name} allows: {longest} at most (acknowledgement_days)."
        )
    return day


def _standing(history: History, beginning: str) -> Seen:
    found = standing_findings(history, beginning)
    if not found:
        raise UsageError(
            f"No finding that stands has the fingerprint {beginning}: it may have changed, or be over. See the last "
            "report. Nothing was recorded."
        )
    if len(found) > 1:
        raise UsageError(f"{len(found)} findings begin with {beginning}: write more digits. Nothing was recorded.")
    if not found[0].patient_id:
        raise UsageError(
            f"{found[0].fingerprint} is of an order without a patient's id that can be read: correct the export. "
            "Nothing was recorded."
        )
    return found[0]


def _entry(seen: Seen, reason: str, text: str, until: date, on: date, by: str) -> NewEntry:
    facts = {
        "fingerprint": seen.fingerprint,
        "code": seen.code,
        "column": seen.column,
        "severity": seen.severity,
        "order_id": seen.order_id,
        "reason": reason,
        "text": text,
        "until": until.isoformat(),
    }
    return NewEntry("acknowledgement", seen.patient_id, on.isoformat(), by, facts)
