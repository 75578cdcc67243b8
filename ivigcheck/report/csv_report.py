"""The report as CSV: one line an order, in the order of the input, for spreadsheets and databases.

Here stands what a line says; `ivigcheck.report.bulk` writes the lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ivigcheck.report.columns import Cells, Column, Tree
from ivigcheck.report.json_text import encoded
from ivigcheck.show import visible

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SEPARATOR: Final = ";"
_LISTS: Final = ("at_risk", "undocumented", "not_assessed", "history")
_PAIRS: Final = ("answers", "answered_by_code")
_BOOLEANS: Final = {True: "true", False: "false"}

_Leaf = tuple[str, Any, Callable[[Any], Any] | None]


@lru_cache(maxsize=10_000)  # a report repeats most of its texts
def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula, with every invisible character written as an escape."""
    if text.isascii() and text[:1].isalnum() and text.isprintable():
        return text
    start = unicodedata.normalize("NFKC", text[:1])
    return ("'" if start in _FORMULA_STARTS and start else "") + visible(text)


def _list(said: Sequence[str]) -> str:
    return _SEPARATOR.join(said)


def _pairs(said: Mapping[str, str]) -> str:
    return _SEPARATOR.join([f"{name}={text}" for name, text in said.items()])


def _codes(findings: Sequence[Mapping[str, Any]]) -> str:
    return _SEPARATOR.join([finding["code"] for finding in findings])


def _fingerprints(findings: Sequence[Mapping[str, Any]]) -> str:
    return _SEPARATOR.join([finding["fingerprint"] or "" for finding in findings])


def _finding_deltas(findings: Sequence[Mapping[str, Any]]) -> str:
    """In an unattended run: what each finding is to a reader of the last report."""
    marks = [finding["delta"] for finding in findings]
    return _SEPARATOR.join([mark["state"] if mark else "" for mark in marks])


def _written(cells: Mapping[str, str]) -> str:
    return encoded(cells).decode()


def csv_leaves(order: Mapping[str, Any]) -> Iterator[_Leaf]:
    """The leaves of an order's facts, or of the columns of all orders' facts: name, leaf, and its form where it has one
    of its own; status first."""
    yield from ((name, order[name], None) for name in ("status", "order_id", "patient_id"))
    yield from ((name, leaf, None) for name, leaf in order["source"].items())
    yield "codes", order["findings"], _codes
    yield from ((name, order[name], _list) for name in _LISTS)
    yield from ((name, order[name], _pairs) for name in _PAIRS)
    *limits, (_, governed_by) = order["limits"].items()
    for leaves in (limits, governed_by.items(), order["ordered"].items()):
        yield from ((name, leaf, None) for name, leaf in leaves)
    yield "written", order["written"], _written
    yield "fingerprints", order["findings"], _fingerprints
    if "delta" in order:
        yield "delta", order["delta"], None
        yield "finding_deltas", order["findings"], _finding_deltas


def csv_fields(order: Mapping[str, Any]) -> dict[str, Any]:
    """One order's facts under their leaf names."""
    return {name: form(leaf) if form else leaf for name, leaf, form in csv_leaves(order)}


def csv_names(order: Mapping[str, Any]) -> list[str]:
    """The leaf names under which an order's facts stand, status first."""
    return [name for name, *_ in csv_leaves(order)]


def csv_columns(tree: Tree) -> dict[str, Column]:
    """The facts of all orders under their leaf names; the cells as written keep their form."""
    return {
        name: leaf.form(form) if form and not isinstance(leaf, Cells) else leaf for name, leaf, form in csv_leaves(tree)
    }


def field(value: Any) -> Any:
    """A value as it stands in a field."""
    if isinstance(value, str):
        return guarded(value)
    return _BOOLEANS[value] if isinstance(value, bool) else value


def run_fields(report_head: Mapping[str, Any], *, signed_off: bool) -> dict[str, Any]:
    """By what the orders were checked: the same on every line, for each is read without the others, and there is no
    head. signed_off: whether the site has signed off the knowledge."""
    policy = report_head["policy"]
    return {
        "policy": f"{policy['id']} {policy['version']}",
        "policy_deviations": _SEPARATOR.join(
            f"{each['parameter']} ({each['direction']})" for each in policy["deviations"]
        ),
        "knowledge": report_head["knowledge"]["version"],
        "knowledge_signed_off": signed_off,
        "history_head": report_head["history"]["head"] or "not asked",
    }
