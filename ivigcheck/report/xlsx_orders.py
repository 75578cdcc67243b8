"""The workbook's sheets of what stands behind the worklist: each order as written, and every value read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any, Final

from ivigcheck.columns import COLUMNS
from ivigcheck.report.csv_report import csv_fields
from ivigcheck.report.xlsx_cells import Cell, Number, Sheet, Text, text_cell
from ivigcheck.report.xlsx_worklist import COLUMNS as SHOWN

Order = Mapping[str, Any]

# As written

_PLACE: Final = (("Order", 15.0), ("File", 16.0), ("Sheet", 9.0), ("Row", 7.0))
_MEANINGS: Final = {column.name: column.meaning for column in COLUMNS}
_A_QUESTION: Final = "The answer to this risk question, as it stands in the file."
_NARROWEST, _WIDEST, _PER_LETTER, _ARROW = 10.0, 30.0, 1.1, 3.0
_LOOKED_AT: Final = 2_000  # orders whose texts decide how wide a column is


def as_written_sheet(orders: Sequence[Order]) -> Sheet:
    """One row an order, with the text of each recognised column as it stands in the file."""
    names = _written_names(orders)
    widths = [_written_width(name, orders[:_LOOKED_AT]) for name in names]
    return Sheet(
        "As written",
        [*_PLACE, *zip(names, widths, strict=True)],
        (_written_row(order, names) for order in orders),
        len(orders),
        frozen=len(_PLACE),
        pages_wide=0,
        table="AsWritten",
        notes={name: _MEANINGS.get(name, _A_QUESTION) for name in names},
    )


def _written_names(orders: Sequence[Order]) -> list[str]:
    """The columns that any order has, in the order in which each order has them."""
    before: TopologicalSorter[str] = TopologicalSorter()
    for names in dict.fromkeys(tuple(order["written"]) for order in orders):
        for k, name in enumerate(names):
            before.add(name, *names[k - 1 : k])
    return list(before.static_order())


def _written_width(name: str, orders: Sequence[Order]) -> float:
    longest = max((len(order["written"].get(name, "")) for order in orders), default=0)
    return min(_WIDEST, max(_NARROWEST, longest * _PER_LETTER + 1, len(name) * _PER_LETTER + _ARROW))


def _written_row(order: Order, names: Sequence[str]) -> Sequence[Cell]:
    written = order["written"]
    return [*_beginning(order), *(text_cell(written.get(name)) for name in names)]


def _beginning(order: Order) -> tuple[Cell, Cell, Cell, Cell]:
    source = order["source"]
    row = None if source["row"] is None else Number(source["row"])
    return text_cell(order["order_id"], "strong"), text_cell(source["file"]), text_cell(source["sheet"]), row


# Values

_KEYS: Final = ("order_id", "file", "sheet", "row")
_ELSEWHERE: Final = {"written"} | (SHOWN.keys() - set(_KEYS))  # on the sheets As written and Worklist
_LISTS: Final = ("not_assessed", "history")
_PAIRS: Final = ("answers", "answered_by_code")
_WIDTHS: Final = {
    **{name: width for name, (_, width) in zip(_KEYS, _PLACE, strict=True)},
    **dict.fromkeys(("start", "soft_max"), 40.0),
    **{"not_assessed": 80.0, "history": 40.0, "answers": 80.0, "answered_by_code": 28.0},
    **{"weight_basis": 20.0, "fingerprints": 20.0, "finding_deltas": 20.0},
}
_WIDEST_VALUE: Final = 17.0  # a longer name takes two lines


def _value_width(name: str, orders: Sequence[Order]) -> float:
    if name in (*_LISTS, *_PAIRS) and not any(order[name] for order in orders):
        return _WIDEST_VALUE
    return _WIDTHS.get(name, min(_WIDEST_VALUE, max(_NARROWEST, len(name) * _PER_LETTER + _ARROW)))


def values_sheet(orders: Sequence[Order]) -> Sheet:
    """Every fact of every order that the worklist has no column for, under the CSV report's name."""
    names = [*_KEYS, *(n for n in (csv_fields(orders[0]) if orders else ()) if n not in _KEYS and n not in _ELSEWHERE)]
    return Sheet(
        "Values",
        [(name, _value_width(name, orders)) for name in names],
        (_value_row(order, names) for order in orders),
        len(orders),
        frozen=len(_KEYS),
        pages_wide=0,
        table="OrderValues",
    )


def _value_row(order: Order, names: Sequence[str]) -> Sequence[Cell]:
    fields = csv_fields(order)
    for name in _LISTS:
        fields[name] = ", ".join(order[name])
    for name in _PAIRS:
        fields[name] = ", ".join([f"{what}: {said}" for what, said in order[name].items()])
    for name in ("fingerprints", "finding_deltas"):
        if fields.get(name):
            fields[name] = fields[name].replace(";", "; ")
    return [_value(fields[name]) for name in names]


def _value(value: str | float | None) -> Cell:
    if isinstance(value, bool):
        return Text("true" if value else "false")
    return Number(value) if isinstance(value, (int, float)) else text_cell(value)
