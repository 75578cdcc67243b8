"""The whole guide as one HTML file: no network, no script, its pictures inside."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ivigcheck.guide.contents import Page, pages, slug
from ivigcheck.version import __version__

_KINDS: Final = {".png": "image/png"}
"""Pictures that a page may show, by their ending."""


@dataclass(frozen=True)
class Chapter:
    """A page as HTML. body: made from Markdown in which no HTML is taken for such, so that it needs no escaping."""

    name: str
    title: str
    line: str
    is_generated: bool
    body: str


def render_book() -> bytes:
    """The guide as HTML, in UTF-8."""
    environment = Environment(
        loader=PackageLoader("ivigcheck.guide", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = files("ivigcheck.guide").joinpath("templates", "book.css").read_text(encoding="utf-8")
    # The one style sheet is named by its hash: no other style, however it came here, would be used.
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    text = environment.get_template("book.html.j2").render(
        version=__version__, style=style, style_hash=style_hash, chapters=[_chapter(page) for page in pages()]
    )
    return text.encode()


def anchor(page: str, heading: str = "") -> str:
    """The id of a page, or of a heading in it."""
    return f"{page}--{heading}" if heading else page


def _chapter(page: Page) -> Chapter:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = list(_placed(markdown.parse(page.text), page.name))
    body = markdown.renderer.render(tokens, markdown.options, {})
    return Chapter(page.name, page.title, page.line, page.is_generated, body)


def _placed(tokens: Sequence[Token], page: str) -> Iterator[Token]:
    """The tokens with anchors on headings, links that lead to them, pictures inside, and what is wide in a frame."""
    seen: Counter[str] = Counter()
    titles: list[str] = []  # of the table's columns
    cell = 0
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type in ("heading_open", "heading_close"):
            level = int(token.tag[1])
            token.tag = f"h{level + 1}"  # the book's own title is the first level
            if token.type == "heading_open" and following is not None:
                own = slug(_words(following))
                seen[own] += 1
                own = f"{own}-{seen[own] - 1}" if seen[own] > 1 else own
                token.attrSet("id", anchor(page, own) if level > 1 else anchor(page))
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _target(str(child.attrGet("href")), page))
            elif child.type == "image":
                _embed(child)
        if token.type == "fence":
            token.attrSet("tabindex", "0")  # what is wider than the page is scrolled, with the keyboard too
        if token.type == "table_open":
            yield _frame('<div class="wide" tabindex="0">\n')
            titles, cell = [], 0
        elif token.type == "th_open" and following is not None:
            titles.append(_words(following))
        elif token.type == "tr_open":
            cell = 0
        elif token.type == "td_open":
            token.attrSet("data-title", titles[cell])  # on a phone, where a row is a block, each cell says what it is
            cell += 1
        yield token
        if token.type == "table_close":
            yield _frame("</div>\n")


def _words(heading: Token) -> str:
    """A heading's text as it is seen."""
    return "".join(child.content for child in heading.children or ())


def _frame(html: str) -> Token:
    return Token("html_block", "", 0, content=html)


def _target(href: str, page: str) -> str:
    """Where a link leads within the book; ``report.md#delta`` is ``#report--delta``."""
    file, _, heading = href.partition("#")
    return f"#{anchor(file.removesuffix('.md') or page, heading)}"


def _embed(image: Token) -> None:
    """Puts a picture itself in the place of its name; one that is not there is told in words."""
    name = PurePosixPath(str(image.attrGet("src"))).name
    picture: Traversable = files("ivigcheck.guide").joinpath("pictures", name)
    if picture.is_file():
        content = base64.b64encode(picture.read_bytes()).decode()
        image.attrSet("src", f"data:{_KINDS[PurePosixPath(name).suffix]};base64,{content}")
    else:
        image.type, image.content, image.children = "text", f"[Picture: {image.content}]", None
