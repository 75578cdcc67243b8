"""An empty order workbook to fill in: the sheet of orders with an invented example, notes on every column, the lists.

Everything in it is made from the table of columns and from the knowledge, so that a new column, question or product
appears here by itself.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ivigcheck.knowledge import Knowledge
from ivigcheck.report.template_fields import LISTS, NOTES, Field, cut_for_excel, template_fields
from ivigcheck.report.xlsx_cells import MOST_ROWS, Cell, Number, Sheet, Text, text_cell
from ivigcheck.report.xlsx_file import render_sheets
from ivigcheck.units import accepted
from ivigcheck.version import __version__

if TYPE_CHECKING:
    from openpyxl.worksheet.datavalidation import DataValidation

ORDERS: Final = "Orders"
LONGEST_PROMPT_TITLE, LONGEST_ERROR = 32, 225
"""What Excel takes; it calls a workbook with a longer one damaged."""

Lists = Mapping[tuple[str, ...], str]
"""What a drop-down offers -> its title on the sheet of lists, in the order of the columns there."""

# Excel keeps what is typed as text, but for these kinds: a number typed with the comma of the reader's language, or
# 10%, becomes a number, and a date shows the day that was understood.
_FORMATS: Final = {"quantity": "General", "number": "General", "answer": "General", "date": "yyyy-mm-dd"}
_TEXT_FORMAT: Final = "@"
_CLOSED: Final = ("answer", "choice")
"""Kinds whose cells say one of a few words; the other lists are only what is usual."""


def render_template(knowledge: Knowledge, made: datetime) -> bytes:
    """The .xlsx file, under the site's own headers where its policy names them. Raises OutputError."""
    fields = template_fields(knowledge)
    lists = _lists(fields)
    sheets = (_orders_sheet(fields), _notes_sheet(fields, knowledge), _lists_sheet(lists, knowledge))
    footer = f"ivigcheck {__version__}, {knowledge.policy.name}, knowledge {knowledge.version}"
    return _dressed(render_sheets(sheets, title="IVIG orders", made=made, footer=footer), fields, lists)


def _orders_sheet(fields: Sequence[Field]) -> Sheet:
    columns = [(field.header, _width(field)) for field in fields]
    pages = math.ceil(sum(width for _, width in columns) / _PAGE_WIDTH)
    return Sheet(ORDERS, columns, [[_example_cell(field) for field in fields]], 1, frozen=2, pages_wide=pages)


_PAGE_WIDTH: Final = 180.0  # characters on a printed page, still legible
_NARROWEST: Final = 11.0


def _width(field: Field) -> float:
    """Wide enough for the header in bold on one line, and for the example."""
    return max(_NARROWEST, len(field.header) * 1.15 + 2, len(field.example) * 1.05 + 2)


def _example_cell(field: Field) -> Cell:
    if field.example and (field.unit or field.column.kind == "number"):
        return Number(float(field.example))
    return text_cell(field.example)


def _notes_sheet(fields: Sequence[Field], knowledge: Knowledge) -> Sheet:
    """How to fill in the sheet of orders, the units, and a row for every column."""
    units: dict[str, list[str]] = {}
    for field in fields:
        if field.column.quantity:
            units.setdefault(field.column.quantity, []).append(field.header)
    rows: list[Sequence[Cell]] = [
        *((Text(about, "strong"), Text(said)) for about, said in (*_HOW_TO, *_at_this_site(fields, knowledge))),
        (),
        [Text(title, "header") for title in ("Units", "Accepted, spelled so", "", "", "")],
        *((Text(", ".join(names)), Text(accepted(quantity))) for quantity, names in units.items()),
        (),
    ]
    filter_from = len(rows) + 2  # below the title, and its own row
    rows.append([Text(title, "header") for title in ("Column", "What it holds", "What to write", "Needed", "Example")])
    for field in fields:
        said = (field.column.meaning, field.accepted, field.needed, field.hint)
        rows.append((Text(field.header, "strong"), *map(text_cell, said)))
    columns = ((f"How to fill in the sheet {ORDERS}", 33.0), ("", 72.0), ("", 66.0), ("", 25.0), ("", 17.0))
    return Sheet(NOTES, columns, rows, len(rows), header="title", filter_from=filter_from)


_HOW_TO: Final = (
    ("Rows", "One row is one order. Row 2 is an invented example: overwrite it or delete it."),
    (
        "Headers",
        "White on dark: needed (of age and birth date, one). Bold on light: a risk question that is asked of every "
        "order. The others may stay blank. Leave the texts of the headers as they are; columns may be moved, and those "
        "that are not needed may be deleted.",
    ),
    (
        "Numbers",
        "Every number needs its unit in the cell (82 kg, 120 mL/h), but where the list below says a bare number.",
    ),
    ("Decimals", "A point in every number with a unit: 70.5 kg, not 70,5 kg. No thousands separator, no sign."),
    (
        "Dates",
        "Year first, then month and day: 1955-03-02. A date that Excel has made of it is read too.",
    ),
    ("Ids", "The columns of ids hold text, so that 00123 stays 00123."),
    (
        "Risk questions",
        "Blank or unknown means that nobody has documented the answer. Undocumented is not no: a question that is "
        "asked of every order is then for review, and stricter limits may apply. Write no where the answer is no.",
    ),
    (
        "Drop-downs",
        f"They offer what stands on the sheet {LISTS}. Something else may be written where the list below says so; "
        "Excel then warns in some columns, and takes it.",
    ),
    ("Afterwards", "Save the file as .xlsx, then run: ivigcheck batch FILE.xlsx"),
)


def _at_this_site(fields: Sequence[Field], knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What the site's policy says otherwise of the questions."""
    meant = [field.header for field in fields if field.column.name in knowledge.policy.site.absent_means_no]
    if meant:
        yield "At this site", f"By {knowledge.policy.name}, a blank answer means no to these: {', '.join(meant)}."


_LIST_TITLES: Final = {"answer": "Answers", "indication": "Indications", "product": "Products"}
_LIST_WIDTH: Final = 27.0


def _lists(fields: Sequence[Field]) -> dict[tuple[str, ...], str]:
    """What the drop-downs offer -> its title: each list once, in the order of its column on the sheet of lists."""
    lists: dict[tuple[str, ...], str] = {}
    for field in fields:
        if field.options:
            title = _LIST_TITLES.get(field.column.kind, field.column.name.replace("_", " ").capitalize())
            lists.setdefault(field.options, title)
    return lists


def _lists_sheet(lists: Lists, knowledge: Knowledge) -> Sheet:
    """A column for each list; the full names of the indications last, in the rows of their codes' order."""
    names = {indication.code: indication.name for indication in knowledge.indications}
    titles = [*lists.values(), "Indications in full"]
    columns = [*lists, tuple(name if name == code else f"{code}: {name}" for code, name in names.items())]
    rows = [[text_cell(text) for text in row] for row in itertools.zip_longest(*columns)]
    widths = [_LIST_WIDTH] * len(lists) + [2 * _LIST_WIDTH]
    return Sheet(LISTS, list(zip(titles, widths, strict=True)), rows, len(rows))


# What only the sheet of orders has


def _dressed(content: bytes, fields: Sequence[Field], lists: Lists) -> bytes:
    """The workbook with formats, colours, drop-downs and prompts on its sheet of orders."""
    from openpyxl import load_workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    book: Any = load_workbook(io.BytesIO(content))
    page = book[ORDERS]
    page.auto_filter.ref = None  # rows that a filter hides would be read all the same
    top, shade = Alignment(horizontal="left", vertical="top"), PatternFill("solid", fgColor="EDEDED")
    plain = Font(name="Calibri", size=10)
    invented = Font(name="Calibri", size=10, italic=True, color="595959")
    for k, field in enumerate(fields, start=1):
        letter = get_column_letter(k)
        whole, head, example = page.column_dimensions[letter], page.cell(1, k), page.cell(2, k)
        letters, background, bold = _header_look(field)
        head.font = Font(name="Calibri", size=10, bold=bold, color=letters)
        head.fill = PatternFill("solid", fgColor=background)
        whole.font, whole.alignment = plain, top
        example.font, example.alignment, example.fill = invented, top, shade
        example.quotePrefix = False  # what overwrites it is to be taken as in the rows below
        whole.number_format = example.number_format = _FORMATS.get(field.column.kind, _TEXT_FORMAT)
        page.add_data_validation(_validation(field, f"{letter}1", {}))
        page.add_data_validation(_validation(field, f"{letter}2:{letter}{MOST_ROWS}", _drop_down(field, lists)))
    dressed = io.BytesIO()
    book.save(dressed)
    return dressed.getvalue()


def _header_look(field: Field) -> tuple[str, str, bool]:
    """Letters, background, and whether it is bold: as the notes say."""
    if field.asked:
        return "000000", "BDD7EE", True
    return ("FFFFFF", "1F4E78", True) if field.needed else ("000000", "DDEBF7", False)


def _drop_down(field: Field, lists: Lists) -> Mapping[str, Any]:
    """The list that a column's cells offer; nothing is refused, at most Excel asks again."""
    from openpyxl.utils import get_column_letter

    if not field.options:
        return {}
    letter = get_column_letter(list(lists).index(field.options) + 1)
    offered = {"type": "list", "formula1": f"{LISTS}!${letter}$2:${letter}${len(field.options) + 1}"}
    if field.column.kind not in _CLOSED:
        return {**offered, "showErrorMessage": False}
    warning = {"errorStyle": "warning", "showErrorMessage": True, "errorTitle": "Not on the list"}
    return {**offered, **warning, "error": cut_for_excel(f"What is read here: {field.accepted}.", LONGEST_ERROR)}


def _validation(field: Field, cells: str, drop_down: Mapping[str, Any]) -> DataValidation:
    """What is shown of a column while one of the cells is selected, and its drop-down."""
    from openpyxl.worksheet.datavalidation import DataValidation

    title = cut_for_excel(field.header, LONGEST_PROMPT_TITLE)
    return DataValidation(
        sqref=cells, allow_blank=True, showInputMessage=True, promptTitle=title, prompt=field.prompt, **drop_down
    )
