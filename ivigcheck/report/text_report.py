"""The report for a terminal: a summary line that adds up, and the worklist, worst first; plain text when piped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigcheck.report.lines import limit_line, shown_id
from ivigcheck.report.model import deviation_text, is_folded, place, summary
from ivigcheck.show import against, number, visible

Order = Mapping[str, Any]

_STYLES: Final = {
    "STOP": "bold white on red",
    "UNCHECKED": "bold black on yellow",
    "REVIEW": "bold blue",
    "PASS": "bold green",
    "INFO": "dim",
}
_INDENT: Final = 2


def _status(word: str) -> Text:
    return Text(f" {word} " if word in ("STOP", "UNCHECKED") else word, style=_STYLES[word])


def _heading(order: Order) -> Text:
    line = Text()
    line.append_text(_status(order["status"]))
    line.append(f"  {shown_id(order['order_id'], 'order')}", style="bold")
    line.append(f"  patient {shown_id(order['patient_id'], 'patient')}  {place(order['source'])}")
    return line


def _findings(findings: Sequence[Mapping[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(Text(finding["code"], style="bold"), Text(visible(finding["message"])))
    return table


def _entry(order: Order) -> RenderableType:
    told = [finding for finding in order["findings"] if finding["severity"] != "info"]
    parts: list[RenderableType] = [_heading(order), Padding(_findings(told), (0, 0, 0, _INDENT))]
    limits = limit_line(order)
    if limits:
        parts.append(Padding(Text(limits, style="dim"), (0, 0, 0, _INDENT)))
    return Group(*parts, Text())


def print_worklist(console: Console, report: Mapping[str, Any]) -> None:
    """Summary, the orders that somebody must look at, worst first, and the notices."""
    orders = report["orders"]
    console.print(Text(summary(report["counts"], report["run"]["as_of"]), style="bold"))
    console.print()
    print_policy(console, report["policy"])
    folded = [order for order in orders if is_folded(order)]
    shown = [order for order in orders if order["status"] != "PASS" and not is_folded(order)]
    for order in shown:
        console.print(_entry(order))
    if folded:
        line = _status("REVIEW")
        what = "order has" if len(folded) == 1 else "orders have"
        line.append(
            f"  {len(folded)} {what} no finding but that risk questions are undocumented (IVG904), "
            "or that the product is not given or its strength is open (IVG907).",
            style="none",
        )
        over = sum(any(finding["arithmetic"] for finding in order["findings"]) for order in folded)
        if over:
            line.append(f" Of these {over} with a rate over the soft maximum that applies until they are answered.")
        console.print(line)
        console.print()
    print_notices(console, report["notices"])


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


def print_order(console: Console, report: Mapping[str, Any]) -> None:
    """One order: its verdict, its rates and limits with what governs each, and every finding with its arithmetic."""
    (order,) = report["orders"]
    console.print(_status(order["status"]))
    console.print()
    print_policy(console, report["policy"])
    console.print(_rates(order))
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
    hard, exclusive = limits["hard_max_mg_per_kg_min"], limits["hard_max_exclusive"]
    for name, words in (("start_rate", "ordered start"), ("max_rate", "ordered maximum")):
        rate = ordered[f"{name}_mg_per_kg_min"]
        if rate is not None:
            written = Text(f"as ordered: {visible(ordered[name])}")
            table.add_row(words, against(rate, hard, exclusive=exclusive), "", written)
    for name, words in (("start", "start limit"), ("soft_max", "soft maximum"), ("hard_max", "hard maximum")):
        rate, volume = limits[f"{name}_mg_per_kg_min"], limits[f"{name}_mL_per_h"]
        below = "below " if limits.get(f"{name}_exclusive") else ""
        shown = "" if volume is None else number(volume)
        table.add_row(words, f"{below}{number(rate)}", shown, Text(limits["governed_by"][name]))
    return table


def _explained(finding: Mapping[str, Any]) -> Group:
    severity = finding["severity"].upper()
    head = Text(finding["code"], style="bold")
    head.append(" ").append_text(Text(severity, style=_STYLES[severity])).append(f" {finding['name']}", style="none")
    lines: list[RenderableType] = [head, Padding(Text(visible(finding["message"])), (0, 0, 0, _INDENT))]
    if finding["arithmetic"]:
        lines.append(Padding(Text(f"Arithmetic: {visible(finding['arithmetic'])}"), (0, 0, 0, _INDENT)))
    lines.append(Padding(Text(f"Source: {finding['source']}", style="dim"), (0, 0, 0, _INDENT)))
    return Group(*lines)
