"""The guide as one HTML file: nothing outside of it, nothing that runs, every link leads to something."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ivigcheck.guide import book
from ivigcheck.guide.contents import NAMES, Page, pages
from ivigcheck.rules import RULES

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Read(HTMLParser):
    """The file's elements, and its text by element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:  # which may close themselves: <img />
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


@pytest.fixture(scope="module")
def html() -> str:
    return book.render_book().decode()


@pytest.fixture(scope="module")
def read(html: str) -> Read:
    return Read(html)


def test_nothing_outside_is_needed_and_nothing_runs(html: str, read: Read) -> None:
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "input", "base", "svg", "video", "audio"}
    for tag, attributes in read.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        for name in ("src", "srcset", "href", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith("#" if name == "href" else "data:image/png;base64,"), value
    style = html.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style


def test_its_content_security_policy_allows_its_own_style_alone(html: str, read: Read) -> None:
    (policy,) = [
        a["content"] for t, a in read.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]
    style = html.split("<style>")[1].split("</style>")[0]
    own = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{own}'; img-src data:; base-uri 'none'; form-action 'none'"
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_every_anchor_exists_once(read: Read) -> None:
    ids = Counter(attributes["id"] for _, attributes in read.elements if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    led = {str(attributes["href"]).removeprefix("#") for tag, attributes in read.elements if tag == "a"}
    assert led <= set(ids)
    assert set(NAMES) <= led  # the contents lead to every page
    assert {f"rules--{rule.code.lower()}-{rule.name}" for rule in RULES.values()} <= led


def test_it_is_well_formed_and_in_order(read: Read) -> None:
    assert read.open == []
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert [str(a["aria-labelledby"]) for t, a in read.elements if t == "article"] == list(NAMES)
    assert all(attributes.get("alt") for tag, attributes in read.elements if tag == "img")
    html_element = read.elements[0]
    assert html_element == ("html", {"lang": "en"})


def test_it_holds_the_words_of_every_page(read: Read) -> None:
    said = " ".join("".join(read.text).split())
    for each in pages():
        assert each.title in said and each.line in said


def test_it_is_for_light_and_dark_for_phones_and_for_paper(html: str) -> None:
    assert "prefers-color-scheme: dark" in html and "@media print" in html and "width=device-width" in html


def chapter(text: str, name: str = "report") -> str:
    return book._chapter(Page(name, "T", "L.", text)).body


def test_html_in_a_page_is_words() -> None:
    said = chapter(
        "# T\n\nL.\n\n<script>alert(1)</script> <b onclick=x>b</b> [x](javascript:alert) ![p](http://x/y.png)\n"
    )
    assert (
        "<script" not in said
        and "<b " not in said
        and "javascript:" not in re.sub(r"\[x\]\(javascript:alert\)", "", said)
    )
    assert "&lt;script&gt;" in said and "http:" not in said


def test_links_lead_to_the_pages_within() -> None:
    said = chapter("# T\n\n## A b: c\n\n## A b: c\n\n[1](rules.md) [2](rules.md#ivg101-x) [3](#a-b-c)\n")
    assert '<h2 id="report">' in said and '<h3 id="report--a-b-c">' in said and '<h3 id="report--a-b-c-1">' in said
    assert re.findall('href="([^"]*)"', said) == ["#rules", "#rules--ivg101-x", "#report--a-b-c"]


def test_a_picture_is_inside_and_a_missing_one_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "there.png").write_bytes(b"\x89PNG")
    monkeypatch.setattr(book, "files", lambda _: tmp_path)
    said = chapter("# T\n\n![What *it* shows](../pictures/there.png)\n\n![Not there <yet>](../pictures/away.png)\n")
    assert f'src="data:image/png;base64,{base64.b64encode(bytes([0x89]) + b"PNG").decode()}"' in said
    assert 'alt="What it shows"' in said and "[Picture: Not there &lt;yet&gt;]" in said and said.count("<img") == 1


def test_it_is_the_same_every_time() -> None:
    assert book.render_book() == book.render_book()
