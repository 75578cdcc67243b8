"""Order ids that stand more than once in a run."""

from __future__ import annotations

from datetime import date

import numpy as np

from ivigcheck.normalise.cells import Cells
from ivigcheck.normalise.spellings import read_date
from ivigcheck.written import Codes

ALONE, IDENTICAL, DIFFERENT = 0, 1, 2
_DAY_COLUMN = "ordered_at"


def repeated_orders(cells: Cells) -> Codes:
    """(n,) ALONE, IDENTICAL or DIFFERENT: the same order id, with the same or another content in the known columns.

    Rows that differ in the day alone are the days of one order, and no repeat.
    """
    result = np.full(cells.n, ALONE, np.int64)
    rows: dict[str, list[int]] = {}
    for i, order_id in enumerate(cells.column("order_id")):
        if order_id and i not in cells.malformed:
            rows.setdefault(order_id, []).append(i)
    names = sorted(set(cells.text) | set(cells.bad) | {_DAY_COLUMN})
    for group in rows.values():
        if len(group) < 2:
            continue
        content = {i: _content(cells, names, i) for i in group}
        if len({rest for rest, _ in content.values()}) > 1:
            result[group] = DIFFERENT
            continue
        days = [day for _, day in content.values()]
        result[[i for i, (_, day) in content.items() if days.count(day) > 1]] = IDENTICAL
    return result


def _content(cells: Cells, names: list[str], i: int) -> tuple[tuple[str, ...], str]:
    """One row's cells as written, with the units that its headers state, and its day apart."""
    rest = []
    for name in names:
        if name != _DAY_COLUMN:
            text = cells.text[name][i] if name in cells.text else ""
            rest += [
                text,
                cells.header_unit[name][i] if name in cells.header_unit else "",
                cells.bad.get(name, {}).get(i, ""),
            ]
    text = cells.column(_DAY_COLUMN)[i]
    day = read_date(text)
    return tuple(rest), day.isoformat() if isinstance(day, date) else text
