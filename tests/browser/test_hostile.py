"""Texts that would like to be something else (H-43, H-45): they stay texts, are seen, and break nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Page, expect

from ivigcheck.knowledge import built_in
from ivigcheck.pipeline import check_tables
from ivigcheck.site.reading import read_site_policy

from .conftest import Pages
from .reading import differences, read, visible
from .reports import AS_OF, CALM, Report, data_of, of, of_orders, table

RUN = "window.__x=1"
HALF = re.compile(
    "[\ud800-\udfff]"
)  # of a pair: in no notice and no file name, since the readers write it as an escape
TEXTS = (
    *("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "＝1+1"),
    *("#N/A", "http://x.example", "0010", "1E5", "NULL", "__proto__", "constructor", "a & b &amp; &lt;b&gt; &#x2026;", "%3Cb%3E"),
    *(f"<script>{RUN}</script>", f"<img src=x onerror={RUN}>", f'" onmouseover="{RUN}', f"' onfocus='{RUN}' autofocus='"),
    *(f"</td></table><script>{RUN}</script>", "{{7*7}}", "{% raw %}", "${7*7}", "`${7*7}`", f"</script><script>{RUN}</script>"),
    *(f"</style><svg onload={RUN}>", "<!--", "-->", "<!--<script>", "]]>", "<![CDATA[", f"javascript:{RUN}", "<base href=//x>"),
    *(f"</title><body onload={RUN}>", f"<a href='javascript:{RUN}'>x</a>", "<form id=data><input name=textContent>", "<b>bold</b>"),
    *("A [/b] B", "[red]X", "[link=http://x]y[/link]", "\x1b[2J\x07\x08", "a\u202eb\u200d", "\u200b", "line\u2028next\u2029end"),
    *("\ud800x", "x\udfff", "x\ufffe", "n\x00u\x0bl", "line\nbreak", "two  spaces", "Ünïcödé 🩸", "👩‍👩‍👧", "مرحبا", "\ufeff"),
    *("x" * 300, "x" * 40_000, "a" + "🩸" * 20_000, "<i>" * 700, "word " * 300),
)  # fmt: skip
CELLS = (
    "order_id",
    "patient_id",
    "indication",
    "product",
    "weight",
    "max_rate",
    "dose",
    "sepsis",
    "last_ivig_date",
    "diagnoses",
)


def report_of(name: str, say: Callable[[str], str]) -> Report:
    """Orders of which each has one of the texts in its cells: in all of them, or in one alone."""
    orders = [{**CALM, **dict.fromkeys(CELLS, say(text))} for text in TEXTS]
    one = [TEXTS[18], TEXTS[27]]
    orders += [{**CALM, column: say(text)} for column in CALM for text in one]
    headers = {column: say(text) for column, text in zip(CALM, TEXTS, strict=False)}
    made = [
        table(orders, file=say(f"<img src=x onerror={RUN}>.csv"), sheet=say(f"</script><script>{RUN}</script>"), headers=headers,
              ignored=tuple(map(say, TEXTS[:60])), notices=tuple(say(text) for text in TEXTS if not HALF.search(text))),
        table([CALM], file=say("\u202e\ufffe.xlsx"), sheet=say('"><svg>')),
    ]  # fmt: skip
    return of(check_tables(made, AS_OF), name)


@cache
def hostile() -> Report:
    return report_of("hostile", str)


@cache
def harmless() -> Report:
    """The same with texts that are nothing else, each recognised as little."""
    known = {text: f"text {k} of no meaning" for k, text in enumerate(TEXTS)}
    return report_of("harmless", lambda text: known.get(text, "name of no meaning"))


SHAPE = """() => {
  const names = new Set();
  for (const element of document.querySelectorAll('*')) {
    names.add(element.namespaceURI.slice(-4) + ' ' + element.localName);
    for (const { name } of element.attributes) names.add(element.localName + ' ' + name);
  }
  return [...names].sort();
}"""


def shape(page: Page) -> set[str]:
    """The names of the page's elements, and of their attributes."""
    return set(page.evaluate(SHAPE))


def shapes(report: Report, pages: Pages) -> set[str]:
    """Of the list on all its pages, of every order, and of paper."""
    page = pages(report, "all=yes")
    page.evaluate("() => { window.print = () => {}; }")
    found = shape(page)
    while (following := page.locator("button.dt-paging-button.next:not(.disabled)")).count():
        following.click()
        found |= shape(page)
    page.evaluate("document.querySelector('#print-list').click()")
    found |= shape(page)
    page.evaluate("document.querySelector('#print-sheets').click()")
    found |= shape(page)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.evaluate("() => { location.hash = '#all=yes&order=1'; }")
    page.wait_for_selector("#order h2")
    for _ in report.orders:
        found |= shape(page)
        page.keyboard.press("j")
    assert page.evaluate("window.__x") is None and page.title().startswith("IVIG orders as of 2026-11-22")
    return found


def test_no_text_makes_an_element_or_an_attribute_and_none_runs(pages: Pages) -> None:
    assert shapes(hostile(), pages) == shapes(harmless(), pages)


def test_every_hostile_fact_is_there_exactly_and_shown_literally(pages: Pages) -> None:
    report = hostile()
    page = pages(report, "all=yes&order=1")
    wrong = {}
    for number, order in enumerate(report.orders, 1):
        if found := differences(order, read(page, "#order-view")):
            wrong[number] = found
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, order["order_id"][:50]
        page.keyboard.press("j")
    assert wrong == {}
    head = {name: value for name, value in report.said.items() if name != "orders"}
    assert differences(head, read(pages(report), "body", "head")) == []


def test_ids_stand_in_the_list_as_they_are_or_cut_with_a_mark(pages: Pages) -> None:
    report = hostile()
    page = pages(report, "all=yes&sort=row")
    rows = page.evaluate(
        "() => [...document.querySelectorAll('#table tbody tr')].map((row) => [Number(row.querySelector('a').dataset.open), row.cells[1].textContent, row.cells[2].textContent, row.cells[4].textContent])"
    )
    while page.locator("button.dt-paging-button.next:not(.disabled)").count():
        page.evaluate("document.querySelector('button.dt-paging-button.next').click()")
        rows += page.evaluate(
            "() => [...document.querySelectorAll('#table tbody tr')].map((row) => [Number(row.querySelector('a').dataset.open), row.cells[1].textContent, row.cells[2].textContent, row.cells[4].textContent])"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert len(rows) == len(report.orders)
    for number, *cells in rows:
        order = report.orders[number - 1]
        product = order["ordered"]["product"]
        written = [
            order["order_id"] or "(no order id)",
            order["patient_id"] or "(no patient id)",
            product or order["written"].get("product", ""),
        ]
        for cell, whole in zip(cells, map(visible, written), strict=True):
            text = re.fullmatch(r'"?(.*?)"?( as written)?', cell)[1] if cell == cells[2] and not product else cell
            assert text == (whole or "not given") or (
                text.endswith("…(cut)") and whole.startswith(text.removesuffix("…(cut)"))
            )
            assert not HALF.search(text)


def test_long_texts_are_whole_in_the_data(pages: Pages) -> None:
    report = hostile()
    said = data_of(report.path)["report"]
    assert said == report.said
    products = {order["written"].get("product") for order in said["orders"]}
    assert {"x" * 40_000, "a" + "🩸" * 20_000, "<i>" * 700} <= products
    page = pages(report, "all=yes&order=1")
    seen = page.evaluate("document.body.innerText.length")
    assert seen < 100_000


def test_hostile_orders_are_found_filtered_and_printed(pages: Pages) -> None:
    report = hostile()
    page = pages(report)
    for text in (TEXTS[18], TEXTS[22], "${7*7}", "\\", "A [/b] B"):
        page.locator("#search").fill(text)
        page.wait_for_timeout(200)
        number = next(k for k, order in enumerate(report.orders, 1) if order["order_id"] == text or text == "\\")
        if text != "\\":
            assert page.locator(f'a[data-open="{number}"]').count() == 1, text
    page.locator("#clear").click()
    files = sorted({order["source"]["file"] for order in report.orders})
    page.locator("#file").select_option(files[0])
    expect(page.locator("#found")).to_have_text(f"{len(report.orders) - 1} of {len(report.orders)} orders")
    assert len(page.pdf()) > 10_000


class Elements(HTMLParser):
    """The names of elements in a file, as it is before any script."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(f"{tag} {name}" for name, _ in attrs)}


def static(report: Report) -> set[str]:
    parser = Elements()
    parser.feed(report.path.read_text(encoding="utf-8"))
    return parser.names


def test_the_file_itself_has_the_same_elements() -> None:
    assert static(hostile()) == static(harmless())
    assert hostile().path.read_bytes().decode("utf-8").count("<script") == harmless().path.read_text("utf-8").count(
        "<script"
    )


@pytest.fixture
def site(tmp_path) -> Callable[[Callable[[str], str]], Report]:
    """A report under a site's policy that says hostile things of itself."""

    def made(say: Callable[[str], str]) -> Report:
        said = {
            "id": say(f"<img src=x onerror={RUN}>"), "version": say("1</title>"), "title": say(f"<script>{RUN}</script>"),
        }  # fmt: skip
        reason = say(f"</li></ul><script>{RUN}</script>{{{{7*7}}}} " + "x" * 300 + "é" * 3000)
        lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
        path = tmp_path / "policy.toml"
        path.write_text("\n".join([*lines, "[ceiling]", 'value = "7 mg/kg/min"', f"reason = {json.dumps(reason)}"]))
        knowledge = read_site_policy(path, built_in())
        checked = check_tables([table([{**CALM, "max_rate": "7.5 mg/kg/min"}])], AS_OF, knowledge=knowledge)
        return of(checked, f"site {len(said['id'])}")

    return made


def test_a_policy_cannot_make_anything_either(site: Callable[[Callable[[str], str]], Report], pages: Pages) -> None:
    plain, bad = site(lambda text: "harmless"), site(str)
    assert static(plain) == static(bad)
    page = pages(bad)
    assert "{{7*7}}" in page.locator(".deviations").inner_text()
    assert page.evaluate("window.__x") is None and page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert "…(cut)" in page.locator(".deviations").inner_text()
    head = {name: value for name, value in bad.said.items() if name != "orders"}
    assert differences(head, read(page, "body", "head")) == []
    page.locator("a.open").first.click()
    assert differences(bad.orders[0], read(page, "#order-view")) == []
    assert shape(page) == shape(pages(plain, "order=1"))


def test_a_narrow_screen_bears_long_texts_too(pages: Pages) -> None:
    rows = [
        {**CALM, "order_id": text, "patient_id": text, "product": text}
        for text in ("x" * 300, "W" * 40_000, "🩸" * 3000)
    ]
    report = of_orders("long", *rows)
    for address in ("", "order=1", "order=2", "order=3"):
        page = pages(report, address, viewport={"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
