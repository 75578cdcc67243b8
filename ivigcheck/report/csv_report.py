"""The report as CSV: one line an order, in the order of the input, for spreadsheets and databases."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ivigcheck.report.json_text import encoded
from ivigcheck.show import visible

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SEPARATOR: Final = ";"
_LISTS: Final = ("at_risk", "undocumented", "not_assessed", "history")
_PAIRS: Final = ("answers", "answered_by_code")
_BOOLEANS: Final = {True: "true", False: "false"}


@lru_cache(maxsize=100_000)  # a report repeats most of its texts
def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula, with every invisible character written as an escape."""
    if text.isascii() and text[:1].isalnum() and text.isprintable():
        return text
    start = unicodedata.normalize("NFKC", text[:1])
    return ("'" if start in _FORMULA_STARTS and start else "") + visible(text)


def _values(order: Mapping[str, Any]) -> list[Any]:
    """One order's leaf values in the order of `csv_names`."""
    *limits, governed_by = order["limits"].values()
    return [
        order["status"],
        order["order_id"],
        order["patient_id"],
        *order["source"].values(),
        _SEPARATOR.join([finding["code"] for finding in order["findings"]]),
        *(_SEPARATOR.join(order[name]) for name in _LISTS),
        *(_SEPARATOR.join([f"{name}={said}" for name, said in order[pairs].items()]) for pairs in _PAIRS),
        *limits,
        *governed_by.values(),
        *order["ordered"].values(),
        encoded(order["written"]).decode(),
        _SEPARATOR.join([finding["fingerprint"] or "" for finding in order["findings"]]),
        *_delta(order),
    ]


def _delta(order: Mapping[str, Any]) -> tuple[Any, ...]:
    """In an unattended run: what the order is to a reader of the last report, and what each of its findings is."""
    if "delta" not in order:
        return ()
    marks = [finding["delta"] for finding in order["findings"]]
    return order["delta"], _SEPARATOR.join([mark["state"] if mark else "" for mark in marks])


def csv_names(order: Mapping[str, Any]) -> list[str]:
    """The leaf names under which an order's facts stand, status first."""
    *limits, _ = order["limits"]
    ids = ["status", "order_id", "patient_id", *order["source"], "codes"]
    delta = ("delta", "finding_deltas") if "delta" in order else ()
    given = (*limits, *order["limits"]["governed_by"], *order["ordered"])
    return [*ids, *_LISTS, *_PAIRS, *given, "written", "fingerprints", *delta]


def csv_fields(order: Mapping[str, Any]) -> dict[str, Any]:
    """One order's facts under their leaf names."""
    return dict(zip(csv_names(order), _values(order), strict=True))


def _field(value: Any) -> Any:
    if isinstance(value, str):
        return guarded(value)
    return _BOOLEANS[value] if isinstance(value, bool) else value


class _Lines(list[str]):
    """Takes what a csv writer writes, line by line: joining them once is faster than a text that grows."""

    def write(self, line: str) -> None:
        self.append(line)


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


def render_csv(orders: Sequence[Mapping[str, Any]], names: Sequence[str], run: Mapping[str, Any]) -> bytes:
    """UTF-8, a header and one line for each order as given.

    orders: the report's order objects, in the order of the input. names: their `csv_names`. run: what ends each line.
    """
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([*names, *run])
    end = [_field(value) for value in run.values()]
    writer.writerows([*map(_field, _values(order)), *end] for order in orders)
    return "".join(lines).encode("utf-8")
