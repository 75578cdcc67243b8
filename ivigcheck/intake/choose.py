"""Which sheet of a workbook holds the orders: never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ivigcheck.columns import Column
from ivigcheck.errors import InputError
from ivigcheck.intake.cells import UNSTORED, Cell
from ivigcheck.intake.files import shown
from ivigcheck.intake.headers import fits, match_headers, recognised
from ivigcheck.intake.sheet import Sheet


def header_texts(cells: Sequence[Cell]) -> list[str]:
    """The texts of a header row, from the first column to the last that has one; "" where a column has none."""
    texts = [""] * (cells[-1].column if cells else 0)
    for cell in cells:
        if cell.kind not in (UNSTORED, "e"):
            texts[cell.column - 1] = cell.value.isoformat() if isinstance(cell.value, date) else str(cell.value).strip()
    return texts


def choose_sheet(
    sheets: Sequence[Sheet], columns: Sequence[Column], wanted: str | None, name: str
) -> tuple[Sheet, list[str]]:
    """The sheet to read, and notices about those that were not.

    wanted: its name, as the user gave it. name: the file's.
    Raises InputError where the sheet wanted is not there, or without one, where not exactly one visible sheet fits.
    """
    headers = {at: header_texts(next(sheet.rows(), (0, []))[1]) for at, sheet in enumerate(sheets)}
    fitting = [at for at, header in headers.items() if fits(header, columns)]
    if wanted is not None:
        chosen = _by_name(sheets, wanted, name)
    else:
        chosen = _by_fit(sheets, [at for at in fitting if sheets[at].visible], headers, columns, name)
    return sheets[chosen], _notices(sheets, chosen, headers, fitting)


def _by_name(sheets: Sequence[Sheet], wanted: str, name: str) -> int:
    for at, sheet in enumerate(sheets):
        if sheet.title.strip().casefold() == wanted.strip().casefold():  # no two may differ in case alone
            return at
    raise InputError(
        f'{name}: has no sheet "{shown(wanted)}". Its visible sheets: {_names(sheets, visible_only=True)}.'
    )


def _by_fit(
    sheets: Sequence[Sheet],
    fitting: list[int],
    headers: dict[int, list[str]],
    columns: Sequence[Column],
    name: str,
) -> int:
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = _names([sheets[at] for at in fitting])
        raise InputError(
            f"{name}: more than one visible sheet has the columns of orders: {names}. Name one with --sheet."
        )
    visible = [at for at, sheet in enumerate(sheets) if sheet.visible]
    if not visible:
        raise InputError(
            f"{name}: has no visible worksheet. Unhide the sheet with the orders, or name it with --sheet."
        )
    nearest = max(visible, key=lambda at: len(recognised(headers[at], columns)))
    where = sheets[nearest].where
    if not any(headers[nearest]):
        raise InputError(f"{where}: is empty. The first row that is not empty must be the header.")
    match_headers(headers[nearest], columns, where=where)
    raise AssertionError("a header that fits was not among the fitting ones")


def _notices(sheets: Sequence[Sheet], chosen: int, headers: dict[int, list[str]], fitting: list[int]) -> list[str]:
    notices = []
    if not sheets[chosen].visible:
        notices.append("the sheet read is hidden.")
    others = [at for at in range(len(sheets)) if at != chosen]
    passed = [sheets[at] for at in others if sheets[at].visible and headers[at]]
    hidden = [sheets[at] for at in others if not sheets[at].visible and at in fitting]
    if passed:
        notices.append(f"only this sheet was read; passed over: {_names(passed)}.")
    if hidden:
        notices.append(f"hidden sheets that look like orders were not read: {_names(hidden)}.")
    return notices


def _names(sheets: Sequence[Sheet], *, visible_only: bool = False) -> str:
    titles = [f'"{shown(sheet.title)}"' for sheet in sheets if sheet.visible or not visible_only]
    return ", ".join(titles) or "none"
