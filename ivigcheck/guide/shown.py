"""A page as a terminal shows it: links name the command that opens their page, pictures are what they show in words."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Markdown, MarkdownElement
from rich.text import Text
from rich.theme import Theme

_FENCED: Final = re.compile(r"^(```.*?^```\n)", re.MULTILINE | re.DOTALL)
_PICTURE: Final = re.compile(r"!\[([^\]]*)\]\([^)]+\)")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)#\s]*)(?:#[^)\s]*)?\)")

# Colours of the terminal's own, without a background: they suit a light one and a dark one.
_COLOURS: Final = Theme({"markdown.code": "bold", "markdown.code_block": "cyan"})


class _Block(CodeBlock):
    """What stands between fences, from edge to edge: what a command prints is as wide as a terminal."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(str(self.text).rstrip(), "markdown.code_block", overflow="fold")


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "fence": _Block,
        "code_block": _Block,
    }


def lay_out(screen: Console, text: str) -> None:
    """Prints a page's Markdown at a terminal."""
    with screen.use_theme(_COLOURS):
        screen.print(_Page(for_terminal(text), hyperlinks=False))


def for_terminal(text: str) -> str:
    """Markdown with nothing in it that only a browser could follow; what stands between fences stays as it is."""
    # Of what is split at a group, every other piece is the group itself.
    pieces = _FENCED.split(text)
    pieces[::2] = [_LINK.sub(_words, _PICTURE.sub(r"*Picture: \1*", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def _words(found: re.Match[str]) -> str:
    words, target = found[1], found[2]
    return f"{words} (`ivigcheck guide {target.removesuffix('.md')}`)" if target.endswith(".md") else words
