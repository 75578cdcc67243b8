"""The rows of a sheet of orders, to columns of text: what nearly all cells are, quickly, and every other with care.

A cell that holds one plain value says the same wherever in its column the same value, kind and style stand again, so
what it says is reckoned once, by way of `CellParser` and `cell_text`, and then remembered. A cell of any other form
goes that way each time; and a row with anything out of the ordinary is read again from its beginning, so that which
of several faults is named depends on nothing but the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet._reader import CELL_TAG, FORMULA_TAG, INLINE_STRING, VALUE_TAG

from ivigcheck.columns import Column, spelling
from ivigcheck.errors import InputError
from ivigcheck.intake.cells import Cell, Said, cell_text
from ivigcheck.intake.headers import HeaderMap
from ivigcheck.intake.sheet_cells import INDEX, LAST_COLUMN, CellParser
from ivigcheck.intake.sheet_strings import is_plain
from ivigcheck.intake.table import BadCell

_REMEMBERED: Final = 200_000  # values, over all columns
_LONGEST_REMEMBERED: Final = 100
_MOST_WAYS: Final = 500  # kinds and styles of one column that are told apart
_TEXT_KINDS: Final = ("s", "str", "inlineStr")
_CAST_KINDS: Final = (None, "n", "b")
_UNREAD: Final = "a value"  # stands for one in a column that is not read
_NO_TEXT: Final = " "  # stands for a cell that has content and no text; no text is white space alone
_LETTERS = re.compile("[A-Z]{1,3}")
_ESCAPED: Final = "_x00"  # what a control character's code begins with


class _Way:
    """How the cells of one column, kind and style are read.

    plain: each cell need not be taken to pieces. tag: of the element that holds the value, "" where it is no child of
    the cell. known: the values met, and what they say: never a problem, and "" only where it is blank.
    """

    __slots__ = ("inline", "kind", "known", "plain", "style", "tag", "text")

    def __init__(self, kind: str | None, style: str | None) -> None:
        self.kind = kind
        self.text = kind in _TEXT_KINDS
        self.plain = (self.text or kind in _CAST_KINDS) and (style is None or INDEX.fullmatch(style) is not None)
        self.style = int(style) if self.plain and style is not None else 0
        self.inline = self.plain and kind == "inlineStr"
        self.tag = VALUE_TAG if self.plain and not self.inline else ""
        self.known: dict[str, str] = {}

    def raw(self, element: Element) -> str | None:
        """The value of a cell that holds nothing else, or beside it the formula that gave it; None for any other."""
        size = len(element)
        if self.inline:
            plain = size == 1 and element[0].tag == INLINE_STRING and is_plain(element[0])
            return element[0][0].text or "" if plain else None
        if not 0 < size <= 2 or element[-1].tag != self.tag or len(element[-1]):
            return None
        text = element[-1].text or ""
        if size == 1:
            return text
        return text or None if element[0].tag == FORMULA_TAG else None


_APART: Final = _Way("", None)


class _Lane:
    """A column of the sheet.

    slot: where its texts go. column: what it means, None where it is not read. stray: no value may stand in it.
    header: as it is compared. room: how many values may still be remembered.
    """

    __slots__ = ("column", "header", "number", "room", "slot", "stray", "ways")

    def __init__(
        self, number: int, slot: int = -1, column: Column | None = None, header: str | None = None, room: int = 0
    ) -> None:
        self.number = number
        self.slot = slot
        self.column = column
        self.stray = header is None
        self.header = header
        self.room = room
        self.ways: dict[tuple[str | None, str | None], _Way] = {}

    def add_way(self, kind: str | None, style: str | None) -> _Way:
        if len(self.ways) >= _MOST_WAYS:
            return _APART
        return self.ways.setdefault((kind, style), _Way(kind, style))

    def remember(self, way: _Way, raw: str, text: str) -> None:
        if self.room and len(raw) <= _LONGEST_REMEMBERED:
            self.room -= 1
            way.known[raw] = text


class RowReader:
    """The orders of a sheet as they are collected. Every row with content becomes one.

    quick: may be switched off, to hold what is read quickly to what is read with care.
    """

    quick = True

    def __init__(
        self, parser: CellParser, mapping: HeaderMap, columns: Sequence[Column], headers: list[str], where: str
    ) -> None:
        self.rows: list[int] = []
        self.cells: dict[str, list[str]] = {name: [] for name in mapping.positions}
        self.bad: dict[int, tuple[BadCell, ...]] = {}
        self.malformed: dict[int, str] = {}
        self._header = {at: spelling(text) for at, text in enumerate(headers, start=1) if spelling(text)}
        self._parser = parser
        self._where = where
        self._empty = [""] * (len(self.cells) + 1)  # the last takes what is not read
        self._lanes = _lanes(mapping, {column.name: column for column in columns}, self._header)
        self._lettered = {get_column_letter(number): lane for number, lane in self._lanes.items()}

    def take(self, number: int, row: Element) -> bool:
        """One row; whether it has content. Raises InputError for a damaged cell, and for a value under no header."""
        texts = self._empty.copy()
        bad: list[BadCell] = []
        filled = self._read(number, row, texts, bad) if self.quick else None
        if filled is None:
            texts, bad = self._empty.copy(), []
            filled = self._read_with_care(number, row, texts, bad)
        if not filled:
            return False
        if bad:
            self.bad[len(self.rows)] = tuple(bad)
        self.rows.append(number)
        for values, text in zip(self.cells.values(), texts, strict=False):  # the last is let go
            values.append(text)
        return True

    def _read(self, number: int, row: Element, texts: list[str], bad: list[BadCell]) -> bool | None:
        """Whether the row has content, its texts and what is bad; None where it must be read with care.

        Written out in one piece: it runs for every cell, and a call would cost as much as what it does.
        """
        lettered = self._lettered
        ending = str(number)
        letters = -len(ending)
        last = 0
        filled = False
        for element in row:
            get = element.get
            place = get("r")
            lane = lettered.get(place[:letters]) if place and place.endswith(ending) else None
            if lane is None:
                lane = self._find_lane(place, ending, last)
            if lane is None or lane.number <= last or element.tag != CELL_TAG:
                return None
            kind, style = get("t"), get("s")
            way = lane.ways.get((kind, style)) or lane.add_way(kind, style)
            size = len(element)
            if not size and way.plain:
                last = lane.number
                continue
            if size == 1 and (part := element[0]).tag == way.tag and not len(part):  # as in _Way.raw
                raw: str | None = part.text or ""
            else:
                raw = way.raw(element)
            text = None if raw is None else way.known.get(raw)
            if text is None:
                text = self._look(lane, way, raw, element, (number, last, filled), bad)
                if text is None:
                    return None
            last = lane.number
            if text:
                if not filled and way.text and lane.header and spelling(text) == lane.header:
                    return None
                filled = True
                texts[lane.slot] = text if text is not _NO_TEXT else ""
        return filled

    def _find_lane(self, place: str | None, ending: str, last: int) -> _Lane | None:
        """The column of a cell that does not say which, or where no value belongs; None where it is not clear."""
        if place is None:
            number = last + 1
        elif place.endswith(ending) and _LETTERS.fullmatch(place, 0, len(place) - len(ending)):
            number = column_index_from_string(place[: -len(ending)])
        else:
            return None
        if not 0 < number <= LAST_COLUMN:
            return None
        if number not in self._lanes:
            self._lanes[number] = self._lettered[get_column_letter(number)] = _Lane(number)
        return self._lanes[number]

    def _look(
        self, lane: _Lane, way: _Way, raw: str | None, element: Element, at: tuple[int, int, bool], bad: list[BadCell]
    ) -> str | None:
        """What a cell says of which that is not known yet; None where its row must be read with care.

        at: the row's number, the column before, and whether the row has content before.
        """
        if raw is None:
            text = None
        elif way.text:
            text = self._plain_text(way, raw)
        else:
            text = self._plain_number(lane, way, raw, at)
        if text is None:
            return self._look_with_care(lane, way, raw, element, at, bad)
        if text and lane.stray:
            return None
        if raw is not None:
            lane.remember(way, raw, text)
        return text

    def _plain_text(self, way: _Way, raw: str) -> str | None:
        """A text without anything that needs care."""
        if way.kind == "s" and raw:
            if len(raw) > 9 or not (raw.isascii() and raw.isdigit()) or int(raw) >= len(self._parser.shared):
                return None
            raw = self._parser.shared[int(raw)]
        return None if _ESCAPED in raw else raw.strip()

    def _plain_number(self, lane: _Lane, way: _Way, raw: str, at: tuple[int, int, bool]) -> str | None:
        """A number or a date that its column takes."""
        cell = self._parser.number(raw, way.style, at[0], lane.number) if way.kind != "b" else None
        if cell is None:
            return None
        if lane.column is None:
            return _UNREAD
        try:
            said = cell_text(cell, self._parser.number_format(cell), lane.column)
        except InputError:
            return None
        return said.text or None

    def _look_with_care(
        self, lane: _Lane, way: _Way, raw: str | None, element: Element, at: tuple[int, int, bool], bad: list[BadCell]
    ) -> str | None:
        number, last, filled = at
        cell = self._parser.cell(element, number, last)
        if cell is None or (not cell.blank and (lane.stray or (not filled and self._like_header(cell)))):
            return None
        said = Said() if cell.blank else Said(_UNREAD)
        if not cell.blank and lane.column is not None:
            try:
                said = cell_text(cell, self._parser.number_format(cell), lane.column)
            except InputError:  # a style that is not defined; a cell after it may be damaged, which is said first
                return None
            if said.bad:
                bad.append(BadCell(lane.column.name, said.bad))
        if raw is not None and not said.bad and not isinstance(cell.value, str):
            self._parser.parsed -= 1  # a plain value after all
            lane.remember(way, raw, said.text)
        return said.text or ("" if cell.blank else _NO_TEXT)

    def _read_with_care(self, number: int, row: Element, texts: list[str], bad: list[BadCell]) -> bool:
        cells = self._parser.row(number, row)
        repeats = bool(cells) and self._repeats_header(cells)
        for cell in cells:
            lane = self._lanes.get(cell.column)
            if lane is None or lane.stray:
                raise self._stray(cell)
            if lane.column is None or repeats:
                continue
            said = cell_text(cell, self._parser.number_format(cell), lane.column)
            texts[lane.slot] = said.text
            if said.bad:
                bad.append(BadCell(lane.column.name, said.bad))
        if repeats:
            self.malformed[len(self.rows)] = "repeats the header."
        return bool(cells)

    def _like_header(self, cell: Cell) -> bool:
        return isinstance(cell.value, str) and spelling(cell.value) == self._header.get(cell.column)

    def _repeats_header(self, cells: list[Cell]) -> bool:
        return self._like_header(cells[0]) and (
            {cell.column: spelling(str(cell.value)) for cell in cells} == self._header
        )

    def _stray(self, cell: Cell) -> InputError:
        return InputError(
            f"{self._where}: cell {cell.coordinate} has a value under no header. "
            "Give its column a header, or clear the cell."
        )


def _lanes(mapping: HeaderMap, columns: Mapping[str, Column], header: Mapping[int, str]) -> dict[int, _Lane]:
    """The columns under a header, by their numbers."""
    slots = {position: (slot, columns[name]) for slot, (name, position) in enumerate(mapping.positions.items())}
    headed = [position for position in range(mapping.width) if position not in mapping.blank]
    room = _REMEMBERED // len(headed)
    lanes = {}
    for position in headed:
        slot, column = slots.get(position, (-1, None))
        lanes[position + 1] = _Lane(position + 1, slot, column, header.get(position + 1, ""), room)
    return lanes
