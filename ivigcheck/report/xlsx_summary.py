"""The workbook's first sheet: counts, what was checked by what, notices, and findings by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ivigcheck.report.delta_facts import MEANINGS, SECTIONS
from ivigcheck.report.model import deviation_text, is_folded
from ivigcheck.report.xlsx_file import Cell, Number, Sheet, Text, text_cell

Order = Mapping[str, Any]
Finding = Mapping[str, Any]

_MEANINGS: Final = {
    "STOP": "Do not infuse as ordered.",
    "UNCHECKED": "Could not be checked: NOT cleared.",
    "REVIEW": "Needs a pharmacist's judgement.",
    "PASS": "Checked: nothing found, or only information.",
}
_SEVERITIES: Final = ("stop", "unchecked", "review", "info")


def summary_sheet(report: Mapping[str, Any], findings: Sequence[tuple[Order, Finding]]) -> Sheet:
    """Counts, provenance, notices, and the findings by rule."""
    counts, run, tool = report["counts"], report["run"], report["tool"]
    rows: list[Sequence[Cell]] = [_heads("Status", "Orders", "What it means", "")]
    rows += [(Text(word, word), Number(counts[word.lower()]), Text(meaning)) for word, meaning in _MEANINGS.items()]
    rows += [(Text("All orders", "strong"), Number(counts["orders"])), ()]
    folded = sum(map(is_folded, report["orders"]))
    if folded:
        rows[3] = (*rows[3][:2], Text(f"{_MEANINGS['REVIEW']} {_foldedtext(folded)}"))
    rows += _news(report)
    if report["policy"]["deviations"]:
        rows.append(_heads("Site policy", "", "Otherwise than built in", ""))
        rows += [_fact("Deviation", deviation_text(each)) for each in report["policy"]["deviations"]]
        rows.append(())
    rows += [
        _heads("Run", "", "", ""),
        _fact("As of", run["as_of"]),
        _fact("Started", run["started"]),
        _fact("Program", f"{tool['name']} {tool['version']}"),
        *_facts("Policy", {name: value for name, value in report["policy"].items() if name != "deviations"}),
        *_facts("Knowledge", report["knowledge"]),
        (),
        _heads("Input", "Rows", "File", "Sheet"),
    ]
    for table in run["inputs"]:
        rows.append((Text("Input"), Number(table["rows"]), Text(table["name"]), text_cell(table["sheet"])))
        rows.append(_fact("Input sha256", table["sha256"]))
    rows += [(), _heads("Notices", "", "", ""), *(_fact("Notice", notice) for notice in report["notices"]), ()]
    filter_from = len(rows) + 2  # below the title, and its own row
    rows += [_heads("Findings by rule", "Findings", "Rule", "Severity"), *_by_rule(findings)]
    title = f"Check of IVIG orders as of {run['as_of']}"
    columns = ((title, 22.0), ("", 11.0), ("", 84.0), ("", 16.0))
    return Sheet("Summary", columns, rows, len(rows), header="title", filter_from=filter_from)


def _news(report: Mapping[str, Any]) -> list[Sequence[Cell]]:
    """Of an unattended run: how many findings are new, and what became of those of the last one."""
    if "delta" not in report:
        return []
    delta = report["delta"]
    counts = delta["counts"]
    rows = [
        _heads("Since last time", "Findings", f"Compared with run {delta['compared_with'] or 'none: the first'}", "")
    ]
    rows += [(Text(title), Number(counts[name]), Text(MEANINGS[name])) for name, title in SECTIONS.items()]
    if counts["not_seen"]:
        said = "Stand on: their orders were in no file of this run, or could not be checked."
        rows.append((Text("Not looked at"), Number(counts["not_seen"]), Text(said)))
    return [*rows, ()]


def _heads(*titles: str) -> Sequence[Cell]:
    return [Text(title, "header") for title in titles]


def _fact(name: str, said: str) -> Sequence[Cell]:
    return Text(name), None, text_cell(said)


def _facts(name: str, said: Mapping[str, Any]) -> list[Sequence[Cell]]:
    """One row for each part of the policy or the knowledge."""
    return [_fact(f"{name} {part}", str(value)) for part, value in said.items()]


def _foldedtext(count: int) -> str:
    what = "1 order has" if count == 1 else f"{count} orders have"
    return (
        f"{what} no finding but that risk questions are undocumented (IVG904), or that the product is not given "
        "or its strength is open (IVG907)."
    )


def _by_rule(findings: Sequence[tuple[Order, Finding]]) -> Iterator[Sequence[Cell]]:
    """One row for each rule and severity, worst first."""
    counted = Counter((_SEVERITIES.index(f["severity"]), f["code"], f["name"]) for _, f in findings)
    for (severity, code, name), count in sorted(counted.items()):
        word = _SEVERITIES[severity].upper()
        yield Text(code), Number(count), Text(name), Text(word, word)
