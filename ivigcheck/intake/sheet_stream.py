"""A worksheet's XML to its row elements, piece by piece: what was read is let go, so memory does not grow with it.

The tree is built by the standard library in C. Python looks at it only after each piece, takes the rows that are
complete, and takes out whatever else is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final
from xml.etree.ElementTree import Element, ParseError, XMLPullParser  # the archive was searched for entities before

from openpyxl.worksheet._reader import DATA_TAG, DIMENSION_TAG, ROW_TAG
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.xml.constants import SHEET_MAIN_NS

TRUE: Final = ("1", "true")
_PIECE: Final = 1 << 14  # bytes: small enough that its elements stay in the processor's cache
_MOST_ROW_ELEMENTS: Final = 100_000
_MOST_ROW_BYTES: Final = 32 << 20
_MOST_SILENT_BYTES: Final = 4 << 20
"""Without a tag between: the parser holds one text, attribute or comment whole. Excel's longest text is far below."""

_DEEPEST: Final = 100
_COLUMN: Final = f"{{{SHEET_MAIN_NS}}}col"
_MERGED: Final = f"{{{SHEET_MAIN_NS}}}mergeCell"
_FILTERED: Final = f"{{{SHEET_MAIN_NS}}}filterColumn"


class Damaged(Exception):
    """The sheet's XML is not what a spreadsheet program writes."""


@dataclass
class Layout:
    """What stands around the rows. hidden_columns: (first, last) ranges from 1."""

    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: int = 0
    filtered: bool = False
    measured: bool = False

    def note(self, element: Element) -> None:
        """Takes down what an element outside the rows says. Raises ValueError for one that is not readable."""
        tag = element.tag
        if tag == _COLUMN and element.get("hidden") in TRUE:
            self.hidden_columns.append((int(element.get("min", "0")), int(element.get("max", "0"))))
        self.merged += tag == _MERGED
        self.filtered = self.filtered or tag == _FILTERED
        if tag == DIMENSION_TAG and not self.measured:  # not believed, but one that is no range is damage
            self.measured = True
            dimension: Any = SheetDimension
            _ = dimension.from_tree(element).boundaries


def row_elements(stream: IO[bytes], layout: Layout) -> Iterator[Element]:
    """The row elements of a worksheet, in order. Whatever else it says is noted in ``layout``.

    Raises Damaged for rows that are not where they belong, ParseError for XML that is not well formed.
    """
    open_row = _OpenRow()
    for root, whole in _growing(stream):
        if not root.tag.startswith(f"{{{SHEET_MAIN_NS}}}"):
            raise Damaged("it is no worksheet of the usual kind (Strict Open XML?)")
        if root.tag == ROW_TAG:
            raise Damaged("a row stands outside the sheet's data")
        open_row.check()
        yield from _complete_rows(root, layout, open_row, whole, 0)


def _growing(stream: IO[bytes]) -> Iterator[tuple[Element, bool]]:
    """The root of the tree, after each piece of the stream, and whether it is whole."""
    parser: Any = XMLPullParser(("start",))
    root: Element | None = None
    silent = 0
    while piece := stream.read(_PIECE):
        parser.feed(piece)
        error: ParseError | None = None
        silent += len(piece)
        try:
            if root is None:
                root = next((element for _, element in parser.read_events()), None)
            if deque(parser.read_events(), maxlen=1):
                silent = 0
        except ParseError as found:
            error = found
        if root is not None:
            yield root, False
        if error:  # only now: what stands before it counts first, wherever the pieces part
            raise error
        if silent > _MOST_SILENT_BYTES:
            raise Damaged("a part of it is longer than any text of Excel")
    parser.close()
    if root is not None:
        yield root, True


class _OpenRow:
    """The row that was not complete when a piece ended, and may become too large to hold."""

    def __init__(self) -> None:
        self._row: Element | None = None
        self._before: Element | None = None
        self._bytes = 0

    def set(self, row: Element) -> None:
        """The row is not complete."""
        self._row = row
        self._bytes = self._bytes + _PIECE if row is self._before else 0

    def check(self) -> None:
        """Looks at it again, after one more piece. Raises Damaged where it has grown too large."""
        self._before, self._row = self._row, None
        row = self._before
        if self._bytes > _MOST_ROW_BYTES or (row is not None and sum(1 for _ in row.iter()) > _MOST_ROW_ELEMENTS):
            raise Damaged("a row has more cells than Excel allows")


def _complete_rows(holder: Element, layout: Layout, open_row: _OpenRow, whole: bool, depth: int) -> Iterator[Element]:
    """The rows below an element that are complete, which are then taken out of it with everything else that is.

    whole: the element itself is complete; else its last child may be open.
    """
    if depth > _DEEPEST:
        raise Damaged("its parts stand too deep in one another")
    children = list(holder)
    complete = len(children) if whole else len(children) - 1
    for at, child in enumerate(children):
        is_row = child.tag == ROW_TAG
        if is_row != (holder.tag == DATA_TAG):
            raise Damaged(
                "a row stands outside the sheet's data" if is_row else "something that is no row stands among its rows"
            )
        if is_row:
            if at < complete:
                yield child
            else:
                open_row.set(child)
        else:
            yield from _complete_rows(child, layout, open_row, at < complete, depth + 1)
            if at < complete:
                layout.note(child)
    del holder[: max(complete, 0)]
