"""The report for a terminal: a summary line that adds up, and the worklist, worst first; plain text when piped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigcheck.report.lines import folded_text, known_limits, limits_in_brief, over_in_brief, rate_beside, shown_id
from ivigcheck.report.model import deviation_text, is_folded, place, summary
from ivigcheck.report.rate_bar import DRAWN, PLAIN, Limit, Ordered, rate_bar
from ivigcheck.show import number, visible

Order = Mapping[str, Any]

_STYLES: Final = {
    "STOP": "bold white on red",
    "UNCHECKED": "bold black on yellow",
    "REVIEW": "bold blue",
    "PASS": "bold green",
    "INFO": "dim",
}
_INDENT: Final = 2
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_RATE_COLUMNS: Final = frozenset({"max_rate", "start_rate", "infusion_hours"})
_ORDERED: Final = (("start_rate", "ordered start"), ("max_rate", "ordered maximum"))
_LIMITS: Final = (("start", "start limit"), ("soft_max", "soft maximum"), ("hard_max", "hard maximum"))


def _status(word: str) -> Text:
    return Text(f" {word} " if word in ("STOP", "UNCHECKED") else word, style=_STYLES[word])


def _heading(order: Order, *, with_file: bool, width: int) -> Text:
    """Status, ids and place in a line; and how far a rate is over, where that fits on it: the findings say it too."""
    line = Text(order["status"], style=_STYLES[order["status"]])
    line = Text.assemble(line, (f"  {shown_id(order['order_id'], 'order')}", "bold"))
    source = order["source"] if with_file else {**order["source"], "file": None, "sheet": None}
    line.append(f"  patient {shown_id(order['patient_id'], 'patient')}  {place(source)}")
    over = over_in_brief(order)
    if over and cell_len(line.plain) + 2 + len(over) <= width:
        line.append(f"  {over}", style="bold")
    return line


def _told(findings: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Each finding's code and message, and its arithmetic where that has a number that the message lacks."""
    for finding in findings:
        line = Text(finding["code"], style="bold")
        line.append(f" {visible(finding['message'])}", style="not bold")
        if not set(_NUMBER.findall(finding["arithmetic"])) <= set(_NUMBER.findall(finding["message"])):
            line.append(f" [{visible(finding['arithmetic'])}]", style="not bold")
        yield line


def _hanging(console: Console, text: Text, indent: int = _INDENT) -> Iterator[Text]:
    """A text in lines that fit, indented, those after the first one deeper."""
    if indent + cell_len(text.plain) <= console.width:
        yield Text(" " * indent).append_text(text)
        return
    for k, line in enumerate(text.wrap(console, max(1, console.width - 2 * _INDENT), overflow="fold")):
        yield Text(" " * (2 * _INDENT if k else indent)).append_text(line)


def _is_about_a_rate(finding: Mapping[str, Any]) -> bool:
    return not _RATE_COLUMNS.isdisjoint((finding["column"], *finding["inputs"]))


def _entry(console: Console, order: Order, *, with_file: bool) -> Iterator[Text]:
    """An order: its heading and its findings, all on one line where there is one finding that fits on it."""
    told = [finding for finding in order["findings"] if finding["severity"] != "info"]
    heading = _heading(order, with_file=with_file, width=console.width)
    lines = list(_told(told))
    limits = limits_in_brief(order) if any(map(_is_about_a_rate, told)) else ""
    if len(lines) == 1 and not limits:
        whole = Text.assemble(heading, "  ", lines[0])
        if cell_len(whole.plain) <= console.width:
            yield whole
            return
    yield from _hanging(console, heading, 0)
    for line in lines:
        yield from _hanging(console, line)
    if limits:
        yield from _hanging(console, Text(limits, style="dim"))


def print_worklist(console: Console, report: Mapping[str, Any]) -> None:
    """Summary, the orders that somebody must look at, worst first, and the notices."""
    orders, inputs = report["orders"], report["run"]["inputs"]
    console.print(Text(summary(report["counts"], report["run"]["as_of"]), style="bold"))
    if len(inputs) == 1:
        (read,) = inputs
        sheet = f', sheet "{read["sheet"]}"' if read["sheet"] else ""
        console.print(Text(f"Rows are those of {visible(read['name'] + sheet)}."))
    console.print()
    print_policy(console, report["policy"])
    for status in ("STOP", "UNCHECKED", "REVIEW"):
        _print_group(console, status, [o for o in orders if o["status"] == status], with_file=len(inputs) > 1)
    _print_rest(console, orders)
    console.print()
    print_notices(console, report["notices"])


def _print_group(console: Console, status: str, orders: Sequence[Order], *, with_file: bool) -> None:
    """The orders of one status under its count, those that are folded in one line at the end."""
    if not orders:
        return
    folded = [order for order in orders if is_folded(order)]
    counted = f"{_counted(len(orders))}, {len(folded)} of them folded" if folded else _counted(len(orders))
    console.print(Text(f"{status}: {counted}", style="bold"))
    for order in orders:
        if not is_folded(order):
            for line in _entry(console, order, with_file=with_file):
                console.print(line)
    if folded:
        line = Text(status, style=_STYLES[status])
        line.append(f"  {folded_text(folded)}", style="none")
        console.print(line)
    console.print()


def _print_rest(console: Console, orders: Sequence[Order]) -> None:
    """What is in the report and not in the worklist, counted: nothing is left out in silence."""
    passed = [order for order in orders if order["status"] == "PASS"]
    if passed:
        console.print(Text(f"PASS: {_counted(len(passed))}, not listed.", style="bold"))
    codes = Counter(f["code"] for order in orders for f in order["findings"] if f["severity"] == "info")
    notes = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
    left_out = [f"findings for information: {notes}"] if notes else []
    if len(passed) < len(orders):
        left_out.append("the limits of orders whose findings are about no rate")
    if left_out:
        console.print(Text(f"Not printed, but in every report that -o writes: {'; '.join(left_out)}."))


def _counted(orders: int) -> str:
    return "1 order" if orders == 1 else f"{orders} orders"


def print_policy(console: Console, policy: Mapping[str, Any]) -> None:
    """How the site's policy deviates from the built-in one; nothing where it does not."""
    if policy["deviations"]:
        name = f'Policy "{visible(policy["id"])}" {visible(policy["version"])}, otherwise than built in:'
        console.print(Text(name, style="bold"))
        for deviation in policy["deviations"]:
            console.print(Padding(Text(deviation_text(deviation)), (0, 0, 0, _INDENT)))
        console.print()


def print_notices(console: Console, notices: Sequence[str]) -> None:
    """What to know about the run, once."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for notice in notices:
        table.add_row(Text("-"), Text(visible(notice)))
    console.print(Text("Notices", style="bold"))
    console.print(table)


def print_order(console: Console, report: Mapping[str, Any], *, plain: bool = False) -> None:
    """One order: its verdict, its rates and limits with what governs each, and every finding with its arithmetic.

    plain: the bar of the rates is drawn in ASCII.
    """
    (order,) = report["orders"]
    console.print(_status(order["status"]))
    console.print()
    print_policy(console, report["policy"])
    console.print(_rates(order))
    _print_bar(console, order, plain=plain)
    if order["ordered"]["weight_basis"]:
        weight = number(order["ordered"]["rate_weight_kg"])
        console.print(Text(f"Reckoned on {weight} kg: {order['ordered']['weight_basis']}"))
    console.print()
    for name, words in (("at_risk", "At risk"), ("undocumented", "Not documented"), ("not_assessed", "Not assessed")):
        if order[name]:
            said = (f"{item.replace('_', ' ')}{_by(order, item)}" for item in order[name])
            console.print(Text(f"{words}: {', '.join(said)}"))
    for entry in order["history"]:
        console.print(Text(f"On record: {visible(entry)}"))
    for finding in order["findings"]:
        console.print()
        console.print(_explained(finding))
    console.print()
    print_notices(console, report["notices"])


def _by(order: Order, question: str) -> str:
    code = order["answered_by_code"].get(question)
    return f" (by diagnosis code {code})" if code else ""


def _rates(order: Order) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("")
    table.add_column("mg/kg/min", justify="right", no_wrap=True)
    table.add_column("mL/h", justify="right", no_wrap=True)
    table.add_column("from", overflow="fold")
    limits, ordered = order["limits"], order["ordered"]
    for name, words in _ORDERED:
        rate = ordered[f"{name}_mg_per_kg_min"]
        if rate is not None or ordered[name]:
            shown = "not known" if rate is None else rate_beside(rate, known_limits(order))
            table.add_row(words, shown, "", Text(f"as ordered: {visible(ordered[name])}"))
    for name, words in _LIMITS:
        rate, volume = limits[f"{name}_mg_per_kg_min"], limits[f"{name}_mL_per_h"]
        below = "below " if limits.get(f"{name}_exclusive") else ""
        shown = "" if volume is None else number(volume)
        if rate is None:
            table.add_row(words, "none known", "", "")
        else:
            table.add_row(words, f"{below}{number(rate)}", shown, Text(limits["governed_by"][name]))
    return table


def _print_bar(console: Console, order: Order, *, plain: bool) -> None:
    """The ordered rates between their limits on one scale, where there is anything to draw."""
    limits, ordered = order["limits"], order["ordered"]
    start_limit, soft, hard = (
        Limit(words, limits[f"{name}_mg_per_kg_min"], bool(limits.get(f"{name}_exclusive")), name == "start")
        for name, words in _LIMITS
    )
    start, maximum = (
        Ordered(
            words,
            ordered[f"{name}_mg_per_kg_min"],
            "not drawn: see findings" if ordered[name] else "not ordered",
            name == "start_rate",
        )
        for name, words in _ORDERED
    )
    lines = rate_bar((start_limit, start, soft, hard, maximum), console.width, PLAIN if plain else DRAWN)
    for line in ["", *lines] if lines else []:
        console.print(Text(line, style="bold" if line.startswith("!") else ""), soft_wrap=True)


def _explained(finding: Mapping[str, Any]) -> Group:
    severity = finding["severity"].upper()
    head = Text(finding["code"], style="bold")
    head.append(" ").append_text(Text(severity, style=_STYLES[severity])).append(f" {finding['name']}", style="none")
    lines: list[RenderableType] = [head, Padding(Text(visible(finding["message"])), (0, 0, 0, _INDENT))]
    if finding["arithmetic"]:
        lines.append(Padding(Text(f"Arithmetic: {visible(finding['arithmetic'])}"), (0, 0, 0, _INDENT)))
    lines.append(Padding(Text(f"Source: {finding['source']}", style="dim"), (0, 0, 0, _INDENT)))
    return Group(*lines)
