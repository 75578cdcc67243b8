"""Order ids that stand more than once in a run."""

from __future__ import annotations

from datetime import date

import numpy as np

from ivigcheck.normalise.cells import Cells
from ivigcheck.normalise.spellings import read_date
from ivigcheck.texts import Alike
from ivigcheck.written import Codes

ALONE, IDENTICAL, DIFFERENT = 0, 1, 2
_DAY_COLUMN = "ordered_at"


def repeated_orders(cells: Cells) -> Codes:
    """(n,) ALONE, IDENTICAL or DIFFERENT: the same order id, with the same or another content in the known columns.

    Rows that differ in the day alone are the days of one order, and no repeat.
    """
    result = np.full(cells.n, ALONE, np.int64)
    ids = cells.column("order_id")
    counted = ~ids.blank
    counted[list(cells.malformed)] = False
    names = sorted(set(cells.text) | set(cells.bad) | {_DAY_COLUMN})
    for group in Alike(ids, counted).groups():
        content = {i: _content(cells, names, i) for i in group.tolist()}
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
