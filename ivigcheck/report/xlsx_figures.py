"""How many orders of a report there are of each kind: by how near the ordered maximum is to its limit, and by risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ivigcheck.report.xlsx_worklist import max_share

Order = Mapping[str, Any]


class Counted(NamedTuple):
    """Orders of one kind. colour: of their bar, a name that charts know."""

    name: str
    orders: int
    meaning: str
    colour: str


# By what share of the hard maximum is ordered. Percent that a kind ends with -> what it is called.
_WITHIN: Final = {25.0: "to 25%", 50.0: "over 25 to 50%", 75.0: "over 50 to 75%", 100.0: "over 75 to 100%"}
_BROKEN: Final = {125.0: "BREAKS IT, to 125%", 150.0: "BREAKS IT, to 150%", float("inf"): "BREAKS IT, over 150%"}
_UNCLEARED: Final = "not cleared"
_NO_SHARE: Final = "not reckoned"
_OVER_CEILING: Final = "IVG101"


def rates_counted(orders: Iterable[Order]) -> list[Counted]:
    """The orders by their ordered maximum rate in percent of their hard maximum."""
    counts = Counter(map(_kind, orders))
    return [
        *(Counted(name, counts[name], "Within the hard maximum.", "plain") for name in _WITHIN.values()),
        *(Counted(name, counts[name], "Over the hard maximum, or not below one that must not be reached.", "STOP")
          for name in _BROKEN.values()),
        Counted(_UNCLEARED, counts[_UNCLEARED], "UNCHECKED: within the limits that could be reckoned.", "INFO"),
        Counted(_NO_SHARE, counts[_NO_SHARE], "The rate or its limit is not known.", "INFO"),
    ]  # fmt: skip


def _kind(order: Order) -> str:
    share = max_share(order)
    if share is None:  # a rate that is too great to be used is over the ceiling all the same
        over = any(f["code"] == _OVER_CEILING and "max_rate" in f["inputs"] for f in order["findings"])
        return list(_BROKEN.values())[-1] if over else _NO_SHARE
    if order["status"] == "UNCHECKED" and not share.before:
        return _UNCLEARED
    kinds = _BROKEN if share.before else _WITHIN
    return next(name for end, name in kinds.items() if share.value <= end)


# By risk

_AT_RISK, _UNDOCUMENTED, _NONE, _UNUSED = "at risk", "undocumented", "none documented", "row not used"
_NO_AGE: Final = "age not known"
_RISKS: Final = {
    _AT_RISK: ("A documented factor, or the age.", "plain"),
    _UNDOCUMENTED: ("No factor is documented, and a question that every order is asked is not answered.", "INFO"),
    _NONE: ("Every question that every order is asked is answered, and nothing puts at risk.", "INFO"),
    _NO_AGE: ("No factor is documented, and the age, which may be one, is not known.", "INFO"),
    _UNUSED: ("The row could not be taken apart: nobody knows.", "INFO"),
}


def risks_counted(orders: Sequence[Order]) -> list[Counted]:
    """The orders by whether their patients are at risk, with their share."""
    counts = Counter(map(_risk, orders))
    return [
        Counted(name, counts[name], f"{_percent(counts[name], len(orders))} of the orders. {meaning}", colour)
        for name, (meaning, colour) in _RISKS.items()
    ]


def _risk(order: Order) -> str:
    if order["at_risk"]:
        return _AT_RISK
    if any(finding["code"] == "IVG910" for finding in order["findings"]):
        return _UNUSED
    if order["undocumented"]:
        return _UNDOCUMENTED
    return _NONE if order["ordered"]["age_years"] is not None else _NO_AGE


def _percent(part: int, whole: int) -> str:
    """To a tenth of a percent, without a trailing zero."""
    return f"{round(100 * part / whole, 1):g}%" if whole else "0%"
