"""Texts of the program's declarations as Markdown: nothing in them is taken for a mark of its own."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 80
_MARKS = re.compile(r"([\\*\[\]`])|<(?=[A-Za-z/!?])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# How a line must not begin that only happens to: it would else begin a list, a heading or a quotation.
_BEGINS = re.compile(r"^(?:([-+#>=])|(\d{1,9})([.)])(?=\s))")


def plain(text: str) -> str:
    """Words, in one line, as they stand."""
    return _MARKS.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))


def code(text: str) -> str:
    """A value as it is written."""
    return f"`{text}`"


def paragraph(text: str, *, indent: str = "") -> str:
    """Markdown wrapped for an editor, and for whoever reads the text itself."""
    first, *rest = textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return f"\n{indent}".join([first, *map(_continued, rest)])


def _continued(line: str) -> str:
    return _BEGINS.sub(lambda found: f"{found[2] or ''}\\{found[1] or found[3]}", line)


def item(text: str) -> str:
    """One item of a list."""
    return f"- {paragraph(text, indent='  ')}"


def items(texts: Iterable[str]) -> str:
    """A list; empty texts are left out."""
    return "\n".join(item(text) for text in texts if text)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown cells."""
    lines = [titles, ["---"] * len(titles), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document(*blocks: str) -> str:
    """Blocks with a blank line between; empty ones are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"
