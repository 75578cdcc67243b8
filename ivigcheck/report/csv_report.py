"""The report as CSV: one line an order, in the order of the input, for spreadsheets and databases."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ivigcheck.show import visible

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SEPARATOR: Final = ";"


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula, with every invisible character written as an escape."""
    start = unicodedata.normalize("NFKC", text[:1])
    return ("'" if start in _FORMULA_STARTS and start else "") + visible(text)


def _field(value: Any) -> str | float | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value
    return guarded(str(value))


def csv_fields(order: Mapping[str, Any]) -> dict[str, Any]:
    """One order's facts under their leaf names, status first."""
    limits = dict(order["limits"])
    governed_by = limits.pop("governed_by")
    codes = [finding["code"] for finding in order["findings"]]
    return {
        "status": order["status"],
        "order_id": order["order_id"],
        "patient_id": order["patient_id"],
        **order["source"],
        "codes": _SEPARATOR.join(codes),
        **{name: _SEPARATOR.join(order[name]) for name in ("at_risk", "undocumented", "not_assessed")},
        **limits,
        **governed_by,
        **order["ordered"],
    }


def render_csv(orders: Sequence[Mapping[str, Any]], header: Sequence[str]) -> bytes:
    """UTF-8, a header and one line for each order as given.

    orders: the report's order objects, in the order of the input. header: the names of `csv_fields`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for order in orders:
        fields = csv_fields(order)
        writer.writerow([_field(fields[name]) for name in header])
    return text.getvalue().encode("utf-8")
