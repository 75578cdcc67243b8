"""The texts of a workbook: shared by its sheets in a table, or inside a cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final
from xml.etree.ElementTree import Element, iterparse  # the archive was searched for entities before

from openpyxl.cell.text import Text
from openpyxl.xml.constants import SHEET_MAIN_NS

from ivigcheck.intake.sheet_stream import Damaged

TEXT_TAG: Final = f"{{{SHEET_MAIN_NS}}}t"
_ITEM: Final = f"{{{SHEET_MAIN_NS}}}si"
_RUN: Final = f"{{{SHEET_MAIN_NS}}}r"
_TEXT_PARTS: Final = frozenset({TEXT_TAG, _RUN, *(f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("rPr", "rPh", "phoneticPr"))})
_MOST_PIECED: Final = 250_000
"""Shared texts in pieces: openpyxl takes so many apart in seconds."""


def shared_texts(stream: IO[bytes]) -> Iterator[str]:
    """The table of shared texts, in its order. Raises Damaged for one that is not readable."""
    table: Element | None = None
    pieced = 0
    for event, element in iterparse(stream, events=("start", "end")):
        table = element if table is None else table
        if event == "end" and element.tag == _ITEM:
            pieced += not is_plain(element)
            if pieced > _MOST_PIECED:
                raise Damaged(f"more than {_MOST_PIECED:,} of its texts are in several fonts")
            yield whole_text(element).replace("x005F_", "")  # as openpyxl unescapes
            table.clear()


def whole_text(element: Element) -> str:
    """The text of a shared or inline string: in one piece, as nearly all are, or in pieces of several fonts."""
    if is_plain(element):
        return element[0].text or ""
    for holder in (element, *element.iterfind(_RUN)):
        texts = holder.findall(TEXT_TAG)
        if len(texts) > 1 or any(map(len, texts)) or not _TEXT_PARTS.issuperset(part.tag for part in holder):
            raise Damaged("a text is not readable")
    pieces: Any = Text
    return str(pieces.from_tree(element).content)


def is_plain(element: Element) -> bool:
    """Whether a shared or inline string is in one piece."""
    return len(element) == 1 and element[0].tag == TEXT_TAG and not len(element[0])
