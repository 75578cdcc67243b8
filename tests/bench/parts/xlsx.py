"""Orders from a workbook, against openpyxl's own iteration over it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from orders import COLUMNS, blocks
from processes import Bench

from parts.batches import batch, print_mix
from parts.bulk import yardstick


def write_workbook(path: Path, count: int, seed: int = 1) -> None:
    """The same orders in a sheet: texts, but for ages, which are numbers where they are."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Orders")
    sheet.append(COLUMNS)
    age = COLUMNS.index("age_years")
    for columns in blocks(count, seed):
        for row in zip(*(cells.to_pylist() for cells in columns.values()), strict=True):
            sheet.append([int(text) if k == age and text.isdigit() else text or None for k, text in enumerate(row)])
    book.save(path)


def xlsx(bench: Bench, count: int) -> None:
    orders, report = bench.folder / "orders.xlsx", bench.folder / "out.csv"
    write_workbook(orders, count)
    what = f"{count:,} orders, XLSX to CSV / openpyxl, read-only iteration"
    bench.compare(what, batch(orders, [report]), yardstick("openpyxl_rows.py", orders))
    print_mix(report)
