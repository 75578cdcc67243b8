"""The workbook's first sheet: counts and their charts, what is new, notices, by what was checked, findings by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ivigcheck.report.delta_facts import MEANINGS, SECTIONS
from ivigcheck.report.lines import folded_text
from ivigcheck.report.model import deviation_text, is_folded
from ivigcheck.report.xlsx_cells import Cell, Number, Sheet, Text, text_cell
from ivigcheck.report.xlsx_charts import PIXELS_PER_WIDTH, Chart
from ivigcheck.report.xlsx_figures import Counted, rates_counted, risks_counted

Order = Mapping[str, Any]

_MEANINGS: Final = {
    "STOP": "Do not infuse as ordered.",
    "UNCHECKED": "Could not be checked: NOT cleared.",
    "REVIEW": "Needs a pharmacist's judgement.",
    "PASS": "Checked: nothing found, or only information.",
}
_SEVERITIES: Final = ("stop", "unchecked", "review", "info")
_WIDTHS: Final = (24.0, 11.0, 84.0, 16.0)
_RIGHT: Final = int(sum(_WIDTHS) * PIXELS_PER_WIDTH)
_NAMES, _NUMBERS, _TEXTS = 1, 2, 3  # columns
_CHART_ROWS: Final = 14
_FIRST, _SECOND = 0.26, 0.66  # of the sheet's width: where the first chart ends, and the second
_BARS_PER_ROW: Final = 1.1  # of a chart as high as its bars
_TITLE_ROWS: Final = 4
_MOST_CHART_ROWS: Final = 34  # on one printed page
_HEADS: Final = ("Findings by rule", "Findings", "Rule", "Severity")


class _Page:
    """Rows, as they are put below each other."""

    def __init__(self) -> None:
        self.rows: list[Sequence[Cell]] = []

    @property
    def next_row(self) -> int:
        """The number of the row that comes next; the sheet's title has the first."""
        return len(self.rows) + 2

    def heads(self, *titles: str) -> None:
        self.rows.append([Text(title, "header") for title in titles])

    def add(self, *rows: Sequence[Cell]) -> None:
        self.rows += rows

    def space(self, n_rows: int = 1) -> int:
        """Empty rows; gives back the number of the first."""
        first = self.next_row
        self.rows += [()] * n_rows
        return first


def summary_sheet(report: Mapping[str, Any]) -> Sheet:
    """Counts with charts, what is new, notices, provenance, and the findings by rule."""
    orders, run = report["orders"], report["run"]
    page = _Page()
    _status(page, report)
    _news(page, report)
    charts = _charts(page, report)
    if report["policy"]["deviations"]:
        page.heads("Site policy", "", "Otherwise than built in", "")
        page.add(*(_fact("Deviation", deviation_text(each)) for each in report["policy"]["deviations"]), ())
    page.heads("Notices", "", "", "")
    page.add(*(_fact("Notice", notice) for notice in report["notices"]), ())
    _provenance(page, report)
    breaks = [charts[0].bottom, page.next_row - 1]
    page.space()
    by_rule = list(_by_rule(orders))
    charts += _rule_chart(page, by_rule)
    filter_from = page.next_row
    page.heads(*_HEADS)
    page.add(*by_rule)
    title = f"Check of IVIG orders as of {run['as_of']}"
    return Sheet(
        "Summary",
        list(zip((title, "", "", ""), _WIDTHS, strict=True)),
        page.rows,
        len(page.rows),
        header="title",
        filter_from=filter_from,
        pages_wide=0,
        table="FindingsByRule",
        heads=_HEADS,
        charts=charts,
        breaks=breaks,
    )


def _status(page: _Page, report: Mapping[str, Any]) -> None:
    counts = report["counts"]
    folded = [order for order in report["orders"] if is_folded(order)]
    page.heads("Status", "Orders", "What it means", "")
    for word, meaning in _MEANINGS.items():
        said = f"{meaning} {folded_text(folded)}" if word == "REVIEW" and folded else meaning
        page.add((Text(word, word), Number(counts[word.lower()]), Text(said)))
    page.add((Text("All orders", "strong"), Number(counts["orders"])), ())


def _news(page: _Page, report: Mapping[str, Any]) -> None:
    """Of an unattended run: how many findings are new, and what became of those of the last one."""
    if "delta" not in report:
        return
    delta = report["delta"]
    counts = delta["counts"]
    page.heads("Since last time", "Findings", f"Compared with run {delta['compared_with'] or 'none: the first'}", "")
    page.add(*((Text(title), Number(counts[name]), Text(MEANINGS[name])) for name, title in SECTIONS.items()))
    if counts["not_seen"]:
        said = "Stand on: their orders were in no file of this run, or could not be checked."
        page.add((Text("Not looked at"), Number(counts["not_seen"]), Text(said)))
    if delta["grave_unseen"]:
        said = "STOP or UNCHECKED, and their orders were in no file of this run, or could not be checked."
        page.add((Text("Grave, not looked at"), Number(delta["grave_unseen"]), Text(said)))
    page.space()


def _charts(page: _Page, report: Mapping[str, Any]) -> list[Chart]:
    """Three charts beside each other, and below them the figures of two; those of the first stand above already."""
    orders, counts = report["orders"], report["counts"]
    top = page.space(_CHART_ROWS)
    first, second = int(_RIGHT * _FIRST), int(_RIGHT * _SECOND)
    statuses = [Counted(word, counts[word.lower()], "", word) for word in _MEANINGS]
    rates, risks = rates_counted(orders), risks_counted(orders)
    page.space()
    shown = [_chart("Orders by status", statuses, 3, (0, first), top)]  # below the title and the heads
    page.heads("Ordered maximum rate", "Orders", "In percent of the hard maximum", "")
    shown.append(
        _chart("Orders by maximum rate, % of hard maximum", rates, page.next_row, (first, second), top, lying=True)
    )
    page.add(*map(_counted, rates), ())
    page.heads("At risk", "Orders", "Of thrombosis or renal dysfunction", "")
    shown.append(_chart("Orders by risk", risks, page.next_row, (second, _RIGHT), top, lying=True))
    page.add(*map(_counted, risks), ())
    return shown


def _counted(each: Counted) -> Sequence[Cell]:
    return Text(each.name), Number(each.orders), text_cell(each.meaning)


def _chart(
    title: str, counted: Sequence[Counted], first_row: int, box: tuple[int, int], top: int, *, lying: bool = False
) -> Chart:
    """A chart of figures that stand in rows from this one on. box: its left and its right, in pixels."""
    return Chart(
        title,
        _NAMES,
        _NUMBERS,
        first_row,
        [each.name for each in counted],
        [each.orders for each in counted],
        [each.colour for each in counted],
        *box,
        top,
        top + _CHART_ROWS - 1,
        lying,
    )


def _provenance(page: _Page, report: Mapping[str, Any]) -> None:
    """Which run this is, by what it checked, and what it read."""
    run, tool, history = report["run"], report["tool"], report["history"]
    page.heads("Run", "", "", "")
    if "id" in run:
        page.add(_fact("Run id", run["id"]))
    page.add(
        _fact("As of", run["as_of"]),
        _fact("Started", run["started"]),
        _fact("Program", f"{tool['name']} {tool['version']}"),
        _fact("Report", report["schema"]),
        *_facts("Policy", {name: value for name, value in report["policy"].items() if name != "deviations"}),
        *_facts("Knowledge", report["knowledge"]),
        *_facts("History", {"asked": "yes" if history["asked"] else f"no: {history['why_not']}"}),
        *_facts("History", {name: history[name] for name in ("entries", "head") if history[name] is not None}),
        (),
    )
    page.heads("Input", "Rows", "File", "Sheet")
    for table in run["inputs"]:
        page.add((Text("Input"), Number(table["rows"]), Text(table["name"]), text_cell(table["sheet"])))
        page.add(_fact("Input sha256", table["sha256"]))


def _fact(name: str, said: str) -> Sequence[Cell]:
    return Text(name), None, text_cell(said)


def _facts(name: str, said: Mapping[str, Any]) -> list[Sequence[Cell]]:
    """One row for each part of the policy, the knowledge or the history."""
    return [_fact(f"{name} {part}", str(value)) for part, value in said.items()]


def _by_rule(orders: Sequence[Order]) -> Iterator[tuple[Text, Number, Text, Text]]:
    """One row for each rule and severity, worst first."""
    found = ((f["severity"], f["code"], f["name"]) for order in orders for f in order["findings"])
    ranked = {(_SEVERITIES.index(severity), *rest): n for (severity, *rest), n in Counter(found).items()}
    for (severity, code, name), count in sorted(ranked.items()):
        word = _SEVERITIES[severity].upper()
        yield Text(code), Number(count), Text(name), Text(word, word)


def _rule_chart(page: _Page, by_rule: Sequence[tuple[Text, Number, Text, Text]]) -> list[Chart]:
    """The findings by rule, above their table; none where nothing was found."""
    if not by_rule:
        return []
    high = min(_MOST_CHART_ROWS, _TITLE_ROWS + int(len(by_rule) / _BARS_PER_ROW))
    top = page.space(high + 1)
    names, values, words = ([str(row[k][0]) for row in by_rule] for k in (2, 1, 3))
    first_row = page.next_row + 1
    numbers = [int(value) for value in values]
    title = "Findings by rule: STOP first, then UNCHECKED, REVIEW, INFO"
    return [
        Chart(title, _TEXTS, _NUMBERS, first_row, names, numbers, words, 0, _RIGHT, top, top + high - 1, lying=True)
    ]
