"""The workbook's worklist: one row an order, the worst first, with its rates beside their limits and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ivigcheck.report.xlsx_cells import MOST_LINKS, Cell, Number, Sheet, Text, id_width, text_cell
from ivigcheck.show import cut, number, visible
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

Order = Mapping[str, Any]

WORKLIST: Final = "Worklist"
_ALL: Final = 100.0  # percent of a limit
_FULL_BAR: Final = 2 * _ALL  # so that a rate at its limit fills half a cell
_QUOTED: Final = 60
_FEWEST_DIGITS, _LIMIT_DIGITS, _MOST_DIGITS = 4, 6, 17

_LIMITS: Final = ("start_mg_per_kg_min", "soft_max_mg_per_kg_min", "hard_max_mg_per_kg_min")
_RATES: Final = ("start_rate_mg_per_kg_min", "max_rate_mg_per_kg_min", *_LIMITS)
_MEASURES: Final = ("weight_kg", "dosing_weight_kg", "start_mL_per_h", "soft_max_mL_per_h", "hard_max_mL_per_h")
_SHARES: Final = ("start_share", "max_share")


class _Column(NamedTuple):
    title: str
    width: float
    note: str


_NO_MORE: Final = "One that must not be reached has < before it."
# The CSV report's names, and what it has no room for: the findings, and how near to its limit a rate is.
COLUMNS: Final[Mapping[str, _Column]] = {
    "status": _Column(
        "Status",
        11.5,
        "The gravest finding of the order. STOP: do not infuse as ordered. UNCHECKED: could not be checked, NOT "
        "cleared. REVIEW: needs a pharmacist's judgement. PASS: checked, nothing found or only information.",
    ),
    "order_id": _Column(
        "Order",
        14.0,
        "The order's number as it stands in the file. Underlined, it leads to the order's first finding on the sheet "
        f"Findings, as long as that sheet has not been sorted; Excel takes {MOST_LINKS} such links.",
    ),
    "patient_id": _Column("Patient", 13.0, "The patient's number as it stands in the file."),
    "indication": _Column(
        "Indication", 11.0, "As recognised. One that was not recognised is quoted as it stands in the file."
    ),
    "product": _Column(
        "Product", 15.0, "As recognised. One that was not recognised is quoted as it stands in the file."
    ),
    "weight_kg": _Column("Weight, kg", 9.0, "Body weight, converted to kg where it was written in lb."),
    "dosing_weight_kg": _Column(
        "Dosing weight, kg", 9.0, "The weight that rates per kg are reckoned on, where the order gives one."
    ),
    "start_rate_mg_per_kg_min": _Column(
        "Ordered start, mg/kg/min", 10.0, "The ordered start rate, converted to mg/kg/min."
    ),
    "max_rate_mg_per_kg_min": _Column(
        "Ordered max, mg/kg/min", 10.0, "The highest rate ordered, converted to mg/kg/min."
    ),
    "start_mg_per_kg_min": _Column("Start limit, mg/kg/min", 10.0, "The fastest rate at which the infusion may begin."),
    "soft_max_mg_per_kg_min": _Column(
        "Soft max, mg/kg/min", 10.0, f"Going over it needs a pharmacist's judgement. {_NO_MORE}"
    ),
    "hard_max_mg_per_kg_min": _Column("Hard max, mg/kg/min", 10.0, f"Never to be exceeded. {_NO_MORE}"),
    "start_share": _Column(
        "Start rate, % of start limit",
        11.0,
        "The ordered start rate in percent of the start limit. The bar of a rate at its limit fills half the cell; "
        "over the limit the word says so too.",
    ),
    "max_share": _Column(
        "Max rate, % of hard max",
        11.0,
        "The highest rate ordered in percent of the hard maximum. The bar of a rate at its limit fills half the cell; "
        "over the limit the word says so too, and so it does where a limit is reached that must not be.",
    ),
    "start_mL_per_h": _Column("Start limit, mL/h", 8.5, "The start limit as the pump takes it, rounded down."),
    "soft_max_mL_per_h": _Column("Soft max, mL/h", 8.5, "The soft maximum as the pump takes it, rounded down."),
    "hard_max_mL_per_h": _Column(
        "Hard max, mL/h",
        8.5,
        "The hard maximum as the pump takes it, rounded down. This rate is allowed, even where the limit is not.",
    ),
    "hard_max": _Column(
        "Hard max governed by", 26.0, "Where the hard maximum comes from: the strictest limit that applies governs."
    ),
    "at_risk": _Column(
        "At risk",
        17.0,
        "What puts the patient at risk of thrombosis or renal dysfunction, as far as it is documented.",
    ),
    "undocumented": _Column(
        "Not documented",
        17.0,
        "Risk questions that are asked of every order and that nobody has answered. Undocumented is not absent.",
    ),
    "codes": _Column("Rules", 9.5, "The rules that found something. ivigcheck rules CODE explains each."),
    "findings": _Column("What was found", 64.0, "Every finding but information, the gravest first."),
    "file": _Column("File", 14.0, "The file that the order stands in."),
    "sheet": _Column("Sheet", 8.0, "The sheet of that file, where it is a workbook."),
    "row": _Column("Row", 6.5, "The row of that file or sheet."),
}

_ORDER_LETTER: Final = chr(ord("A") + list(COLUMNS).index("order_id"))


def worklist_sheet(orders: Sequence[Order], leads_to: Sequence[str]) -> Sheet:
    """The sheet. leads_to: for each order, the cell of its first finding, "" where it has none."""
    widths = {"order_id": id_width([order["order_id"] for order in orders], COLUMNS["order_id"].width)}
    return Sheet(
        WORKLIST,
        [(column.title, widths.get(name, column.width)) for name, column in COLUMNS.items()],
        map(_row, orders, leads_to),
        len(orders),
        frozen=3,
        pages_wide=0,
        table="Worklist",
        notes={column.title: column.note for column in COLUMNS.values()},
        words=[COLUMNS["status"].title],
        bars={COLUMNS[name].title: _FULL_BAR for name in _SHARES},
    )


def worklist_cell(k: int) -> str:
    """The cell that holds the k-th order, from 0, of the worklist."""
    return f"{WORKLIST}!{_ORDER_LETTER}{k + 2}"


def _row(order: Order, leads_to: str) -> Sequence[Cell]:
    ordered, limits, source, findings = order["ordered"], order["limits"], order["source"], order["findings"]
    fields = ordered | limits
    told = [f"{f['code']} {f['severity'].upper()}: {f['message']}" for f in findings if f["severity"] != "info"]
    codes = "; ".join(dict.fromkeys(f["code"] for f in findings))
    link = "link" if leads_to else "strong"
    order_id = order["order_id"]
    return (
        Text(order["status"], "strong"),
        Text(order_id, link, leads_to) if order_id else None,
        text_cell(order["patient_id"]),
        text_cell(ordered["indication"] or _as_written(order, "indication")),
        text_cell(ordered["product"] or _as_written(order, "product")),
        *(_measure(fields[name]) for name in _MEASURES[:2]),
        *_rates(limits, fields),
        _share(fields["start_rate_mg_per_kg_min"], fields["start_mg_per_kg_min"], exclusive=False),
        max_share(order),
        *(_measure(fields[name]) for name in _MEASURES[2:]),
        text_cell(limits["governed_by"]["hard_max"]),
        names_cell(order["at_risk"]),
        names_cell(order["undocumented"]),
        Text(codes, *(("text",) if order_id else (link, leads_to))) if codes else None,
        text_cell(tuple(told)),
        text_cell(source["file"]),
        text_cell(source["sheet"]),
        None if source["row"] is None else Number(source["row"]),
    )


def names_cell(names: Sequence[str]) -> Cell:
    """Names of questions as words."""
    return text_cell(", ".join(names).replace("_", " "))


def _as_written(order: Order, column: str) -> str:
    """What stands in a cell that was not recognised, as far as a finding quotes it."""
    for finding in order["findings"]:
        if text := finding["inputs"].get(column):
            return f'"{visible(cut(text, _QUOTED))}" (as written)'
    return ""


@lru_cache(maxsize=100_000)
def _shown(value: float, digits: int) -> tuple[float, int]:
    """A number as so many significant digits show it, and how many decimals that takes."""
    text = number(value, digits)
    return float(text), len(text.partition(".")[2])


def _measure(value: float | None) -> Cell:
    return None if value is None else Number(value, _shown(value, _LIMIT_DIGITS)[1])


def _rates(limits: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[Cell]:
    """Ordered start and maximum, and the three limits, with so many digits that what they show is true."""
    start, highest, start_limit, soft, hard = values = [fields[name] for name in _RATES]
    beside = ((start, start_limit), (start, soft), (start, hard), (start, highest), (highest, soft), (highest, hard))
    digits = _digits([(a, b) for a, b in beside if a is not None and b is not None])
    exclusive = (False, False, False, limits["soft_max_exclusive"], limits["hard_max_exclusive"])
    for value, below in zip(values, exclusive, strict=True):
        yield None if value is None else Number(value, _shown(value, digits)[1], "< " if below else "")


def _digits(pairs: Sequence[tuple[float, float]]) -> int:
    """The fewest significant digits with which each pair shows which of the two is greater, or that they are equal.

    Equal is what the comparison of rates and limits takes for equal.
    """
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        if all(_order(a, b) == _order(_shown(a, digits)[0], _shown(b, digits)[0]) for a, b in pairs):
            return digits
    return _MOST_DIGITS


def _order(a: float, b: float) -> int:
    return 0 if abs(a - b) <= RELATIVE_TOLERANCE * abs(b) else 1 if a > b else -1


def max_share(order: Order) -> Number | None:
    """The ordered maximum rate in percent of the hard maximum, with a word before it where it breaks it."""
    limits = order["limits"]
    highest, hard = order["ordered"]["max_rate_mg_per_kg_min"], limits["hard_max_mg_per_kg_min"]
    return _share(highest, hard, exclusive=limits["hard_max_exclusive"])


def _share(value: float | None, limit: float | None, *, exclusive: bool) -> Number | None:
    """A rate in percent of its limit, shown so that it is never within a limit that it breaks."""
    if value is None or not limit:
        return None
    share = _ALL if _order(value, limit) == 0 else _ALL * value / limit
    breaks = exceeds(float(value), float(limit), exclusive)
    before = ("over " if share > _ALL else "reaches ") if breaks else ""
    return Number(share, _shown(share, _digits([(share, _ALL)]))[1], before)
