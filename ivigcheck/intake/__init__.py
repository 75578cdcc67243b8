"""Files to text cells with their place: the only reader of orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ivigcheck.columns import Column
from ivigcheck.errors import InputError, UsageError
from ivigcheck.intake.files import shown, shown_name
from ivigcheck.intake.table import BadCell, Table

__all__ = ["WORKBOOK_ENDINGS", "BadCell", "Table", "read_inputs"]

TEXT_ENDINGS: Final = (".csv", ".tsv")
PARQUET_ENDING: Final = ".parquet"
WORKBOOK_ENDINGS: Final = (".xlsx", ".xlsm")
_SAVE_AS: Final = (".xls", ".xlsb", ".ods", ".xlt", ".xltx", ".xltm")


def read_inputs(
    paths: Sequence[Path],
    *,
    columns: Sequence[Column],
    sheet: str | None = None,
    encoding: str | None = None,
    usual_encoding: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Table]:
    """The orders of every input, one table each, in the order given. All inputs are read whole before any is returned.

    columns: the columns to look for. sheet: which sheet of the workbooks. encoding: of delimited files that are not
    in the usual one, which is UTF-8 where None. progress: called now and then with the number of orders read so far,
    over all inputs.
    Raises InputError for an input that cannot be read as orders, UsageError for a sheet without any workbook and for an
    encoding that does not exist.
    """
    endings = [_ending(path) for path in paths]
    if sheet is not None and not any(ending in WORKBOOK_ENDINGS for ending in endings):
        raise UsageError(f'There is no workbook among the inputs, so no sheet "{shown(sheet)}". Leave --sheet out.')
    tables: list[Table] = []
    before = 0
    for path, ending in zip(paths, endings, strict=True):
        report = _from(before, progress)
        if ending in WORKBOOK_ENDINGS:
            from ivigcheck.intake.excel import read_excel  # here, so that a CSV never waits for openpyxl

            tables.append(read_excel(path, columns, sheet=sheet, progress=report))
        elif ending == PARQUET_ENDING:
            from ivigcheck.intake.parquet_file import read_parquet  # here, so that none of the others waits for pyarrow

            tables.append(read_parquet(path, columns, progress=report))
        else:
            from ivigcheck.intake.csv_file import read_csv

            tables.append(read_csv(path, columns, encoding=encoding, usual_encoding=usual_encoding, progress=report))
        before += len(tables[-1].rows)
        if progress:
            progress(before)
    return tables


def _from(before: int, progress: Callable[[int], None] | None) -> Callable[[int], None] | None:
    return None if progress is None else lambda read: progress(before + read)


def _ending(path: Path) -> str:
    """The input's kind by its name. Raises InputError with the way out for one that is not read."""
    ending = path.suffix.casefold()
    if ending in (*TEXT_ENDINGS, *WORKBOOK_ENDINGS, PARQUET_ENDING):
        return ending
    way_out = "Save it as .xlsx." if ending in _SAVE_AS else "Export the orders as .csv or .xlsx."
    if path.is_dir():
        way_out = "It is a directory: name the files in it."
    raise InputError(f"{shown_name(path)}: is not read; inputs end in .csv, .tsv, .xlsx, .xlsm or .parquet. {way_out}")
