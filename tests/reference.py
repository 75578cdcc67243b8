"""The generated parts of the README: columns, units, rules. ``--write FILE`` puts them in, ``--check FILE`` compares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from ivigcheck.columns import COLUMNS
from ivigcheck.knowledge import built_in
from ivigcheck.pipeline import order_columns
from ivigcheck.rules import RULES
from ivigcheck.units import UNITS

_ONE_IS_ENOUGH = {"age_years", "birth_date"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def columns() -> str:
    """The order columns with their meaning and further header spellings."""
    lines = ["| column | holds | other headers that are understood | needed |", "| --- | --- | --- | --- |"]
    for column in COLUMNS:
        needed = "yes" if column.needed else "one of the two" if column.name in _ONE_IS_ENOUGH else ""
        headers = ", ".join([*column.headers, *(name for name, _ in column.header_units)][:4])
        lines.append(f"| `{column.name}` | {_cell(column.meaning)} | {headers} | {needed} |")
    return "\n".join(lines)


def questions() -> str:
    """The risk questions."""
    lines = ["| column | asks | asked of every order |", "| --- | --- | --- |"]
    for question in built_in().questions:
        lines.append(f"| `{question.name}` | {question.title} | {'yes' if question.seed else ''} |")
    assert len(order_columns(built_in())) == len(COLUMNS) + len(built_in().questions)
    return "\n".join(lines)


def units() -> str:
    """The accepted units by quantity."""
    names = {"body_mass": "weight", "rate": "rate", "concentration": "concentration", "dose": "dose"}
    lines = ["| of a | accepted |", "| --- | --- |"]
    for quantity, what in names.items():
        spelled = dict.fromkeys(unit.name for unit in UNITS[quantity].values())
        lines.append(f"| {what} | {', '.join(f'`{name}`' for name in spelled)} |")
    return "\n".join(lines)


def rules() -> str:
    """The rules in one line each."""
    lines = ["| code | name | severity | fires when |", "| --- | --- | --- | --- |"]
    for code, rule in sorted(RULES.items()):
        first = rule.page.strip().splitlines()[0]
        lines.append(f"| {code} | {rule.name} | {rule.severity.name.lower()} | {_cell(first)} |")
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {"columns": columns, "questions": questions, "units": units, "rules": rules}


def filled(text: str) -> str:
    """The text with its generated parts made anew. Raises ValueError where a part has no place in it."""
    for name, make in PARTS.items():
        begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
        if begin not in text or end not in text:
            raise ValueError(f"no place for {name}")
        part = f"{begin}\n{make()}\n{end}"
        text = re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _, part=part: part, text, flags=re.DOTALL)
    return text


def main(arguments: list[str]) -> int:
    """0 where the file is current (or has been written), 1 where it is stale."""
    mode, path = arguments[0], Path(arguments[1])
    text = path.read_text(encoding="utf-8")
    if mode == "--write":
        path.write_text(filled(text), encoding="utf-8")
        return 0
    if filled(text) != text:
        print(f"{path} is stale: run make format")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
