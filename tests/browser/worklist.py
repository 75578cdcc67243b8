"""The worklist as a page shows it, and an account of it that knows nothing of the page's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playwright.sync_api import Page

Order = Mapping[str, Any]


ALL = """() => {
  const found = [];
  for (;;) {
    for (const link of document.querySelectorAll('#table a.open')) found.push(Number(link.dataset.open));
    const following = document.querySelector('button.dt-paging-button.next:not(.disabled)');
    if (!following) return found;
    following.click();
  }
}"""


def opening(page: Page) -> list[int]:
    """The numbers of the orders that the list's page shows, from 1, in their order."""
    found: list[int] = page.evaluate(
        "[...document.querySelectorAll('#table a.open')].map((a) => Number(a.dataset.open))"
    )
    return found


def listed(page: Page) -> list[int]:
    """The numbers of the orders on all pages of the list, turned one by one from the one that is shown."""
    found: list[int] = page.evaluate(ALL)
    return found


def is_folded(order: Order) -> bool:
    told = [f for f in order["findings"] if f["severity"] != "info"]
    return order["status"] == "REVIEW" and all(f["code"] in ("IVG904", "IVG907") and not f["column"] for f in told)


def unit_of(order: Order) -> str:
    written = order["written"].get("max_rate")
    return re.sub(r"^[\d.]+ ", "", written) if written else "-"


def words(order: Order) -> str:
    """What an order can be found by: its ids, status, place, cells, what puts it at risk, and its findings."""
    findings = [text for f in order["findings"] for text in (f["code"], f["name"], f["message"], f["fingerprint"])]
    read = [order["ordered"][name] for name in ("indication", "product")]
    risks = [name.replace("_", " ") for name in order["at_risk"]]
    cells = [
        order["order_id"],
        order["patient_id"],
        order["status"],
        order["source"]["file"],
        *order["written"].values(),
    ]
    return "\n".join(filter(None, [*cells, *read, *risks, *findings])).lower()


def over(order: Order, *rates: str) -> bool:
    """Whether one of its rates (both, where none is named) is over the hard maximum.

    A rate of 1000 mg/kg/min or more has no number in the report, and is over the ceiling all the same.
    """
    limit, exclusive = order["limits"]["hard_max_mg_per_kg_min"], order["limits"]["hard_max_exclusive"]
    too_great = [name for f in order["findings"] if f["code"] == "IVG101" for name in f["inputs"]]
    for name in rates or ("start", "max"):
        rate = order["ordered"][f"{name}_rate_mg_per_kg_min"]
        if rate is None or limit is None:
            if f"{name}_rate" in too_great:
                return True
        elif exclusive if abs(rate - limit) <= 1e-9 * limit else rate > limit:
            return True
    return False


FILTERS: Mapping[str, Callable[[Order, str], bool]] = {
    "status": lambda order, value: order["status"] in value.split(","),
    "rule": lambda order, value: value in [f["code"] for f in order["findings"]],
    "indication": lambda order, value: (order["ordered"]["indication"] or "-") == value,
    "product": lambda order, value: (order["ordered"]["product"] or "-") == value,
    "unit": lambda order, value: unit_of(order) == value,
    "file": lambda order, value: order["source"]["file"] == value,
    "news": lambda order, value: value in [f["delta"]["state"] for f in order["findings"] if f["delta"]],
    "search": lambda order, value: all(word in words(order) for word in value.lower().split()),
    "over": lambda order, value: over(order),
}


def fitting(orders: Sequence[Order], **asked: str) -> list[int]:
    """The numbers of the orders that fit what is asked, folded ones among them."""
    return [k for k, order in enumerate(orders, 1) if all(FILTERS[name](order, value) for name, value in asked.items())]


def unfolded(orders: Sequence[Order], numbers: Sequence[int]) -> list[int]:
    return [k for k in numbers if not is_folded(orders[k - 1])]


def natural(text: str) -> list[tuple[int, int, str]]:
    """By which texts are sorted: A-2 before A-10, capitals and small letters alike."""
    parts = re.findall(r"\d+|\D", text.lower())
    return [(1, int(part), "") if part.isdigit() else (2, 0, part) for part in parts]


def share(order: Order) -> float | None:
    rate, limit = order["ordered"]["max_rate_mg_per_kg_min"], order["limits"]["hard_max_mg_per_kg_min"]
    return None if rate is None or limit is None else round(rate / limit, 9)


SORTS: Mapping[str, Callable[[Order], Any]] = {
    "order": lambda order: natural(order["order_id"]) if order["order_id"] else None,
    "patient": lambda order: natural(order["patient_id"]) if order["patient_id"] else None,
    "indication": lambda order: order["ordered"]["indication"],
    "product": lambda order: natural(order["ordered"]["product"]) if order["ordered"]["product"] else None,
    "share": share,
}


def is_sorted(orders: Sequence[Order], numbers: Sequence[int], name: str, *, descending: bool) -> bool:
    """Whether the orders stand as they should: what has no value is last, and of equals the worst comes first."""
    keys = [SORTS[name](orders[k - 1]) for k in numbers]
    known = [key for key in keys if key is not None]
    if keys[: len(known)] != known or known != sorted(known, reverse=descending):
        return False
    return all(a < b for a, b, one, other in zip(numbers, numbers[1:], keys, keys[1:], strict=False) if one == other)
