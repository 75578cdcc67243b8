"""Native bar charts for the workbook, drawn from cells of their own sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

PIXELS_PER_WIDTH: Final = 7
"""Of a column, for each unit of its width: a digit of the workbook's own font."""
_EMU_PER_PIXEL: Final = 9525
_TITLE_SIZE, _LABEL_SIZE = 1000, 800  # hundredths of a point
_GAP: Final = 40  # between bars, in percent of a bar

COLOURS: Final[Mapping[str, str]] = {
    "STOP": "B00020",
    "UNCHECKED": "E0803A",
    "REVIEW": "E3B505",
    "PASS": "6AA84F",
    "INFO": "A6A6A6",
    "plain": "5B7DB1",
}
"""Of a bar; what it stands for is written beside it."""


@dataclass(frozen=True)
class Chart:
    """Bars, one for each row of a block of cells, in a box of empty rows.

    name_column, value_column: their numbers, from 1. first_row: of the block. names, values: what the block's cells
    say, for readers that draw without reckoning. colours: of each bar, names in COLOURS.
    left, right: of the box, in pixels from the sheet's edge. top, bottom: its first and last row. lying: bars go from
    left to right, the first on top.
    """

    title: str
    name_column: int
    value_column: int
    first_row: int
    names: Sequence[str]
    values: Sequence[int]
    colours: Sequence[str]
    left: int
    right: int
    top: int
    bottom: int
    lying: bool = False


def drawn(chart: Chart, sheet: str, widths: Sequence[float]) -> Any:
    """The chart for openpyxl. sheet: its title. widths: of its columns."""
    from openpyxl.chart import BarChart
    from openpyxl.chart.label import DataLabelList
    from openpyxl.chart.layout import Layout
    from openpyxl.drawing.spreadsheet_drawing import TwoCellAnchor

    bars: Any = BarChart()
    bars.type = "bar" if chart.lying else "col"
    bars.gapWidth, bars.varyColors, bars.legend, bars.roundedCorners = _GAP, False, None, False
    bars.title = _title(chart.title)
    bars.layout = Layout()
    bars.x_axis.delete, bars.y_axis.delete = False, True  # the values stand on the bars
    bars.y_axis.majorGridlines, bars.y_axis.scaling.min = None, 0
    bars.x_axis.txPr, bars.x_axis.majorTickMark = _letters(_LABEL_SIZE), "none"
    bars.x_axis.tickLblSkip = 1
    if chart.lying:
        bars.x_axis.scaling.orientation = "maxMin"
    bars.dataLabels = DataLabelList(
        showVal=True, showSerName=False, showCatName=False, showLegendKey=False, showPercent=False
    )
    bars.dataLabels.txPr = _letters(_LABEL_SIZE)
    bars.series.append(_series(chart, sheet))
    (left_column, left), (right_column, right) = (_across(x, widths) for x in (chart.left, chart.right))
    anchor: Any = TwoCellAnchor(editAs="oneCell")
    anchor._from.col, anchor._from.colOff, anchor._from.row = left_column, left, chart.top - 1
    anchor.to.col, anchor.to.colOff, anchor.to.row = right_column, right, chart.bottom
    bars.anchor = anchor
    return bars


def _across(pixels: int, widths: Sequence[float]) -> tuple[int, int]:
    """In which column, from 0, so many pixels from the edge lie, and how far inside it; at most behind the last."""
    for k, width in enumerate(widths):
        own = round(width * PIXELS_PER_WIDTH)
        if pixels < own:
            return k, pixels * _EMU_PER_PIXEL
        pixels -= own
    return len(widths), 0


def _series(chart: Chart, sheet: str) -> Any:
    from openpyxl.chart.data_source import (
        AxDataSource,
        NumData,
        NumDataSource,
        NumRef,
        NumVal,
        StrData,
        StrRef,
        StrVal,
    )
    from openpyxl.chart.marker import DataPoint
    from openpyxl.chart.series import Series
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.utils import get_column_letter, quote_sheetname

    def cells(column: int) -> str:
        letter, last = get_column_letter(column), chart.first_row + len(chart.values) - 1
        return f"{quote_sheetname(sheet)}!${letter}${chart.first_row}:${letter}${last}"

    n = len(chart.values)
    names = StrData(ptCount=n, pt=[StrVal(idx=k, v=name) for k, name in enumerate(chart.names)])
    values = NumData(formatCode="General", ptCount=n, pt=[NumVal(idx=k, v=str(v)) for k, v in enumerate(chart.values)])
    points = [
        DataPoint(idx=k, invertIfNegative=False, spPr=GraphicalProperties(solidFill=COLOURS[colour]))
        for k, colour in enumerate(chart.colours)
    ]
    series: Any = Series(idx=0, order=0, dPt=points, invertIfNegative=False)
    series.cat = AxDataSource(strRef=StrRef(f=cells(chart.name_column), strCache=names))
    series.val = NumDataSource(numRef=NumRef(f=cells(chart.value_column), numCache=values))
    return series


def _letters(size: int) -> Any:
    from openpyxl.chart.text import RichText
    from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RichTextProperties

    letters = CharacterProperties(sz=size, b=False)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[], endParaRPr=letters)  # a look, and no text
    return RichText(bodyPr=RichTextProperties(), p=[paragraph])


def _title(text: str) -> Any:
    from openpyxl.chart.text import RichText, Text
    from openpyxl.chart.title import Title
    from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun

    letters = CharacterProperties(sz=_TITLE_SIZE, b=True)
    run = RegularTextRun(rPr=letters, t=text)
    rich = RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[run])])
    return Title(tx=Text(rich=rich), overlay=False)
