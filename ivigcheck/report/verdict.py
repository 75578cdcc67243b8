"""What a program exits with: one code that speaks for all orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ivigcheck.errors import Exit

FAILING: Final[Mapping[str, Sequence[str]]] = {
    "stop": ("stop",),
    "review": ("stop", "unchecked", "review"),
    "never": (),
}
"""From which status on an order makes the exit code 1: the word for it -> the statuses. By severity: stop, unchecked,
review."""

STATUS_MEANINGS: Final[Mapping[str, str]] = {
    "STOP": "Do not infuse as ordered.",
    "UNCHECKED": "Could not be checked: NOT cleared.",
    "REVIEW": "Needs a pharmacist's judgement.",
    "PASS": "Checked: nothing found, or only information.",
}
"""What an order's status means to its reader, worst first."""


def exit_code(counts: Mapping[str, int], fail_on: str, *, exit_zero: bool = False) -> Exit:
    """The code that speaks for all orders.

    counts: orders by status. fail_on: one of FAILING. exit_zero: findings do not show in the code.
    """
    if any(counts[status] for status in FAILING[fail_on]):
        code = Exit.FINDINGS
    elif counts["unchecked"]:
        code = Exit.UNCHECKED
    else:
        code = Exit.OK
    return Exit.OK if exit_zero else code
