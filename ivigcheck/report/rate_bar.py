"""The ordered rates of one order drawn between its limits, all on one scale: numbers in, lines of text out.

A row for each limit and each ordered rate, so that every mark has its name and its value beside it. A rate that breaks
its limit lies to the right of the limit's mark however little it is over, is marked ``!``, and is told in words.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ivigcheck.report.lines import rate_beside
from ivigcheck.show import number
from ivigcheck.units import RELATIVE_TOLERANCE, exceeds

UNIT: Final = "mg/kg/min"
_MOST_CELLS: Final = 50
_FEWEST_CELLS: Final = 6  # one more than there are marks: each value that differs has a cell of its own
_ROOMY: Final = 60  # columns; below, names are shortened
_SHOWN_TIMES: Final = 2  # the scale ends at this many times the greatest limit: a rate far over would leave no room


class Glyphs(NamedTuple):
    """What is drawn with. line, limit: of a limit's row; within, over, passed: of a rate's way up to its mark, up to
    the limit that it breaks, beyond it, and on a limit's cell; rate, cut: its mark; ahead: a limit right of the mark.
    """

    line: str
    limit: str
    within: str
    over: str
    passed: str
    rate: str
    cut: str
    ahead: str


DRAWN: Final = Glyphs("─", "┤", "━", "▓", "┿", "●", "»", "┊")
PLAIN: Final = Glyphs("-", "|", "=", "#", "+", "O", ">", ":")


@dataclass(frozen=True)
class Limit:
    """One limit. rate: None where there is none. exclusive: the rate must be below it. start_only: holds for the
    starting rate alone."""

    name: str
    rate: float | None
    exclusive: bool = False
    start_only: bool = False


@dataclass(frozen=True)
class Ordered:
    """One ordered rate. rate: None where it is not known. instead: what is said then. is_start: the starting rate."""

    name: str
    rate: float | None
    instead: str = "not known"
    is_start: bool = False


_Placed = tuple[int, float, Limit | Ordered]  # where among the limits, the value, and whose


def rate_bar(rows: Sequence[Limit | Ordered], width: int, glyphs: Glyphs = DRAWN) -> list[str]:
    """The rows on one scale, then what is over or equal in words; no line where neither a limit nor a rate is known.

    rows: from top to bottom, of the limits the gravest last; rates in mg/kg/min, NaN and None where not known.
    width: columns; each line fits. Where there is no room to draw in (below 40 columns), only the words are left.
    """
    return _Bar(rows, width, glyphs).lines()


class _Bar:
    def __init__(self, rows: Sequence[Limit | Ordered], width: int, glyphs: Glyphs) -> None:
        self._rows, self._width, self._glyphs = rows, width, glyphs
        self._limits = [row for row in rows if isinstance(row, Limit) and _known(row.rate)]
        self._rates = [row for row in rows if isinstance(row, Ordered) and _known(row.rate)]
        self._beside = [(_value(limit), limit.exclusive) for limit in self._limits]
        self._top = _scale_end([_value(row) for row in self._limits], [_value(row) for row in self._rates])

    def lines(self) -> list[str]:
        if not (self._limits or self._rates):
            return []
        names = {id(row): self._shortened(row.name) for row in self._rows}
        values = {id(row): self._value_text(row) for row in self._rows}
        wide = max(len(text) for text in (*names.values(), UNIT))
        cells = min(_MOST_CELLS, self._width - wide - 2 - max(map(len, values.values())))
        drawn: list[str] = []
        if cells >= _FEWEST_CELLS:
            at = self._places(cells)
            end = number(self._top)
            drawn.append(f"{UNIT:<{wide}} 0{end:>{cells - 1}}")
            for row in self._rows:
                way = self._way(row, at, cells)
                drawn.append(f"{names[id(row)]:<{wide}} {way:<{cells}} {values[id(row)]}".rstrip())
        for told in self._told():
            drawn += textwrap.wrap(told, self._width, subsequent_indent="  ", break_on_hyphens=False)
        return drawn

    def _shortened(self, name: str) -> str:
        return name if self._width >= _ROOMY else name.replace("maximum", "max").replace("ordered", "ord.")

    def _value_text(self, row: Limit | Ordered) -> str:
        if not _known(row.rate):
            return ""
        if isinstance(row, Limit):
            return _limit_text(row)
        flag = " !" if self._broken(row) else " =" if self._equal(row) else ""
        return f"{self._rate_text(row)}{flag}"

    def _rate_text(self, rate: Ordered) -> str:
        return rate_beside(_value(rate), self._beside)

    def _holding(self, rate: Ordered) -> list[Limit]:
        """The limits that hold for a rate, the gravest first."""
        return [limit for limit in reversed(self._limits) if rate.is_start or not limit.start_only]

    def _broken(self, rate: Ordered) -> list[Limit]:
        return [limit for limit in self._holding(rate) if exceeds(_value(rate), _value(limit), limit.exclusive)]

    def _equal(self, rate: Ordered) -> list[Limit]:
        return [limit for limit in self._holding(rate) if _equals(_value(rate), _value(limit)) and not limit.exclusive]

    def _places(self, cells: int) -> dict[int, int]:
        """The cell of each known row, by its identity: in the order of the values, equal ones in one cell.

        What breaks a limit is right of it, whatever the scale would round to; so is what equals an exclusive one.
        """
        steps = self._steps()
        keyed: list[_Placed] = [
            (2 * k + 1, _value(limits[0]), limit) for k, limits in enumerate(steps) for limit in limits
        ]
        keyed += [(self._step_of(_value(rate), steps), _value(rate), rate) for rate in self._rates]
        keyed.sort(key=lambda each: each[:2])
        groups: list[list[_Placed]] = []
        for each in keyed:
            step, value, _ = each
            alike = groups and groups[-1][0][0] == step and (step % 2 or _equals(value, groups[-1][0][1]))
            if alike:
                groups[-1].append(each)
            else:
                groups.append([each])
        at: dict[int, int] = {}
        last = -1
        for k, group in enumerate(groups):
            share = min(max(group[0][1] / self._top, 0.0), 1.0)
            last = min(max(round(share * (cells - 1)), last + 1), cells - len(groups) + k)
            at |= {id(row): last for _, _, row in group}
        return at

    def _steps(self) -> list[list[Limit]]:
        """The limits from the lowest up, equal ones together; of one value the exclusive ones come first."""
        equal: list[list[Limit]] = []
        for limit in sorted(self._limits, key=_value):
            if equal and _equals(_value(limit), _value(equal[-1][0])):
                equal[-1].append(limit)
            else:
                equal.append([limit])
        parts = ([limit for limit in group if limit.exclusive is first] for group in equal for first in (True, False))
        return [part for part in parts if part]

    @staticmethod
    def _step_of(rate: float, steps: Sequence[Sequence[Limit]]) -> int:
        """Odd where a rate equals the limits of a step, even between two: 0 below the first, 2 above it."""
        above = 0
        for k, limits in enumerate(steps):
            if any(exceeds(rate, _value(limit), limit.exclusive) for limit in limits):
                above = k + 1
        for k, limits in enumerate(steps[above:], above):
            if any(not limit.exclusive and _equals(rate, _value(limit)) for limit in limits):
                return 2 * k + 1
        return 2 * above

    def _way(self, row: Limit | Ordered, at: dict[int, int], cells: int) -> str:
        """A row's drawing up to its mark, or what is said where there is no value."""
        g = self._glyphs
        if id(row) not in at:
            return row.instead if isinstance(row, Ordered) else "none known"
        cell = at[id(row)]
        if isinstance(row, Limit):
            return g.line * cell + g.limit
        held = {at[id(limit)] for limit in self._holding(row)}
        first = min((at[id(limit)] for limit in self._broken(row)), default=cell)
        way = [g.passed if k in held else g.over if k >= first else g.within for k in range(cell)]
        ahead = [g.ahead if k in held else " " for k in range(cell + 1, cells)]
        return "".join([*way, g.cut if self._is_cut(row) else g.rate, *ahead]).rstrip()

    def _is_cut(self, rate: Ordered) -> bool:
        return _value(rate) > self._top

    def _told(self) -> Iterator[str]:
        for rate in self._rates:
            broken, equal = self._broken(rate), self._equal(rate)
            over = [limit for limit in broken if exceeds(_value(rate), _value(limit))]
            reached = [limit for limit in broken if limit not in over]
            said = [f"NOT BELOW the {named}" for named in _named(reached)]
            said += [f"OVER the {named}" for named in _named(over)]
            said += [f"equal to the {named}" for named in _named(equal)]
            mark = "!" if broken else "="
            if self._is_cut(rate):
                said.append(f"beyond this scale, where it is cut ({self._glyphs.cut})")
                mark = "!" if broken else self._glyphs.cut
            if said:
                yield f"{mark} {rate.name} {self._rate_text(rate)} is {' and '.join(said)}"
        if not self._limits:
            yield "! no limit is known: the ordered rates are compared with nothing"


def _known(rate: float | None) -> bool:
    return rate is not None and not math.isnan(rate)


def _value(row: Limit | Ordered) -> float:
    return float("nan") if row.rate is None else float(row.rate)


def _equals(rate: float, limit: float) -> bool:
    return abs(rate - limit) <= RELATIVE_TOLERANCE * abs(limit)


def _limit_text(limit: Limit) -> str:
    return f"{'below ' if limit.exclusive else ''}{number(_value(limit))}"


def _named(limits: Sequence[Limit]) -> list[str]:
    """``hard maximum 4``, ``hard maximum (below 8)``; of one value together: ``hard maximum = soft maximum 8``."""
    names: dict[str, list[str]] = {}
    for limit in limits:
        text = f"({_limit_text(limit)})" if limit.exclusive else _limit_text(limit)
        names.setdefault(text, []).append(limit.name)
    return [f"{' = '.join(together)} {text}" for text, together in names.items()]


def _scale_end(limits: Sequence[float], rates: Sequence[float]) -> float:
    """Where the scale ends: a bit over the greatest value, but not far over the limits."""
    farthest = _SHOWN_TIMES * max(limits) if limits else math.inf
    shown = min(max([*limits, *rates], default=0.0), farthest)
    return _rounded_up(shown) if 0 < shown < math.inf else 1.0


def _rounded_up(value: float) -> float:
    """The next round number above a value."""
    unit = 10.0 ** math.floor(math.log10(value))
    step = unit / 5 if value < 2 * unit else unit / 2
    return (math.floor(value / step) + 1) * step
