"""The view stands in the address: shared, kept, gone back to; and no address does harm."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from .conftest import Pages
from .reports import sample, varied
from .worklist import listed, opening, unfolded


def view(page: Page) -> dict:
    """Everything by which two views differ for a reader."""
    return page.evaluate(
        """() => ({
          orders: [...document.querySelectorAll('#table a.open')].map((a) => a.dataset.open),
          found: document.querySelector('#found').innerText,
          fields: [...document.querySelectorAll('.filters select, .filters input')].map((each) => each.value),
          pressed: [...document.querySelectorAll('[aria-pressed=true]')].map((each) => each.dataset.status),
          sorted: [...document.querySelectorAll('th[aria-sort]')].map((th) => th.innerText + th.getAttribute('aria-sort')),
          page: document.querySelector('.dt-info')?.innerText, folded: document.querySelector('#folded').innerText,
          order: document.querySelector('#order').innerText, keys: document.querySelector('#keys-on').checked,
        })"""
    )


def ask(page: Page, address: str) -> None:
    """What typing behind the address's "#" does."""
    page.evaluate(
        "async (hash) => { location.hash = hash; await new Promise((done) => setTimeout(done, 20)); }", address
    )


STEPS = {
    "status": lambda page: page.locator('[data-status="STOP"]').click(),
    "two statuses": lambda page: [page.locator(f'[data-status="{word}"]').click() for word in ("PASS", "REVIEW")],
    "search": lambda page: page.locator("#search").fill("privigen 10% & A=1#"),
    "rule": lambda page: page.locator("#rule").select_option("IVG101"),
    "indication": lambda page: page.locator("#indication").select_option("-"),
    "product": lambda page: page.locator("#product").select_option("Privigen 10%"),
    "unit": lambda page: page.locator("#unit").select_option("mg/kg/min"),
    "file": lambda page: page.locator("#file").select_option("day.csv"),
    "sort": lambda page: page.locator("#table thead th", has_text="Patient").click(),
    "page": lambda page: page.locator("button.dt-paging-button.next").click(),
    "all": lambda page: page.get_by_role("button", name="Show them").click(),
    "over": lambda page: page.locator("#shares button").click(),
    "order": lambda page: page.locator("a.open").nth(3).click(),
    "keys": lambda page: (
        page.get_by_role("button", name="Keys and help").click(),
        page.locator("#keys-on").uncheck(),
        page.keyboard.press("Escape"),
    ),
}


@pytest.mark.parametrize("step", STEPS)
def test_whatever_is_chosen_stands_in_the_address_and_reloading_gives_it_again(step: str, pages: Pages) -> None:
    page = pages(varied())
    before = view(page)
    STEPS[step](page)
    page.wait_for_url(re.compile(r"#.+"))
    page.wait_for_timeout(150)
    chosen = view(page)
    assert chosen != before
    again = pages(varied(), page.url.partition("#")[2])
    assert view(again) == chosen
    page.reload()
    page.wait_for_selector("html.ready", state="attached")
    assert view(page) == chosen


def test_clearing_everything_gives_the_bare_address_again(pages: Pages) -> None:
    page = pages(varied(), "status=STOP,PASS&search=cidp&rule=IVG101&file=day.csv&over=yes&all=yes")
    page.locator("#clear").click()
    assert page.url.endswith(".html#")
    expect(page.locator("#clear")).to_be_hidden()


def test_back_from_an_order_gives_the_list_as_it_was_with_focus_on_the_orders_link(pages: Pages) -> None:
    page = pages(varied(), "sort=patient&status=STOP,REVIEW,PASS&page=2")
    shown = opening(page)
    page.locator("a.open").nth(7).click()
    expect(page.locator("#order h2")).to_be_focused()
    assert f"order={shown[7]}" in page.url
    page.go_back()
    expect(page.locator(f'a[data-open="{shown[7]}"]')).to_be_focused()
    assert opening(page) == shown
    page.go_forward()
    expect(page.locator("#order h2")).to_be_focused()
    expect(page.locator("#order-view > div")).to_have_attribute("data-order", str(shown[7] - 1))


def test_closing_an_order_goes_back_and_leaves_no_further_step_behind(pages: Pages) -> None:
    page = pages(varied(), fresh=True)
    length = page.evaluate("history.length")
    for _ in range(3):
        page.locator("a.open").nth(2).click()
        page.get_by_role("button", name="Next order").click()
        page.get_by_role("button", name="Back to the worklist").click()
        expect(page.locator("a.open").nth(3)).to_be_focused()
    assert page.evaluate("history.length") == length + 1


def test_stepping_through_orders_and_back_ends_on_the_lists_page_with_the_last_one(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    shown = unfolded(report.orders, range(1, 131))
    page.locator("a.open").nth(48).click()
    for _ in range(4):
        page.get_by_role("button", name="Next order").click()
    expect(page.locator("#place")).to_have_text(f"53 of {len(shown)}")
    page.go_back()
    expect(page.locator(f'a[data-open="{shown[52]}"]')).to_be_focused()
    assert opening(page)[0] == shown[50]


def test_an_order_that_was_opened_by_its_address_is_closed_to_the_list(pages: Pages) -> None:
    page = pages(varied(), "order=60")
    expect(page.locator("#order h2")).to_be_focused()
    page.get_by_role("button", name="Back to the worklist").click()
    expect(page.locator('a[data-open="60"]')).to_be_focused()
    assert "order=" not in page.url and page.url.endswith("#page=2")


def test_a_link_to_an_order_has_the_view_that_it_stands_in(pages: Pages) -> None:
    page = pages(varied(), "status=STOP")
    page.locator('[data-status="PASS"]').click()
    link = page.locator("a.open").last
    here = re.escape(f"#status=STOP%2CPASS&order={link.get_attribute('data-open')}&report=")
    assert re.fullmatch(here + "[0-9a-f]{8}", link.get_attribute("href") or "")
    with page.context.expect_page() as opened:
        link.click(modifiers=["ControlOrMeta"])
    other = opened.value
    other.wait_for_selector("html.ready", state="attached")
    assert other.locator("#order").is_visible() and page.locator("#order").is_hidden()


def test_an_address_that_is_typed_in_the_open_page_is_followed(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    ask(page, "status=PASS")
    assert {report.orders[k - 1]["status"] for k in listed(page)} == {"PASS"}
    ask(page, "order=3")
    expect(page.locator("#order-view > div")).to_have_attribute("data-order", "2")
    ask(page, "order=4")
    expect(page.locator("#order-view > div")).to_have_attribute("data-order", "3")
    ask(page, "")
    expect(page.locator("#overview")).to_be_visible()


def test_the_address_of_an_order_of_another_report_opens_none_and_says_so(pages: Pages) -> None:
    """The number of an order in one report is another order's in the next."""
    page = pages(varied())
    link = page.locator("a.open").first.get_attribute("href") or ""
    page = pages(varied(), link.removeprefix("#"))
    expect(page.locator("#order")).to_be_visible()
    page = pages(sample("clean_batch.csv"), link.removeprefix("#"))
    expect(page.locator("#order")).to_be_hidden()
    expect(page.get_by_role("alert")).to_contain_text("names an order of another report")
    page.locator("a.open").first.click()
    expect(page.locator("#order")).to_be_visible()


NONSENSE = (
    "order=99999", "order=-1", "order=0", "order=1e9", "order=1.5", "order=", "order=%00", "order=0x10", "order=constructor",
    "sort=<script>", "sort=%3Cscript%3E", "sort=__proto__", "sort=worst:up", "sort=risk", "sort=findings:desc",
    "status=FOO", "status=stop", "status=,,,", "page=1e9", "page=-3", "page=0", "page=NaN",
    "%00", "%", "%E0%A4%A", "=", "&&&", "#", "##status=FOO", "over=maybe", "all=1", "keys=", "__proto__=1", "toString=1",
)  # fmt: skip


def is_plain(page: Page, address: str) -> None:
    assert listed(page) == list(range(1, 47)), address
    assert page.locator("#found").inner_text() == "46 orders", address
    link = page.locator("a.open").first.get_attribute("href")
    assert re.fullmatch("#order=1&report=[0-9a-f]{8}", link or ""), f"{address}: {link} keeps what makes no sense"
    assert page.locator("#order").is_hidden() and page.locator("#clear").is_hidden(), address


@pytest.mark.parametrize("address", ["order=99999", "sort=<script>", "%00", "page=1e9&status=FOO"])
def test_a_page_that_is_opened_by_an_address_of_no_sense_shows_the_plain_list(address: str, pages: Pages) -> None:
    is_plain(pages(sample("clean_batch.csv"), address), address)


def test_an_address_that_makes_no_sense_shows_the_plain_list(pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"))
    for address in NONSENSE:
        ask(page, "search=nothing+fits")
        assert page.locator("#found").inner_text() == "0 of 46 orders"
        ask(page, address)
        is_plain(page, address)


def test_a_page_beyond_the_last_is_the_last(pages: Pages) -> None:
    page = pages(varied(), "page=999999999&all=yes")
    expect(page.locator(".dt-info")).to_have_text("101 to 130 of 130")


@pytest.mark.parametrize(
    ("name", "value"),
    [("rule", "constructor"), ("indication", "<img src=x>"), ("product", "\x00\u202e"), ("unit", "__proto__"), ("file", "/"), ("news", "x" * 3000)],
)  # fmt: skip
def test_a_filter_that_no_order_fits_is_shown_with_its_none_and_can_be_cleared(
    name: str, value: str, pages: Pages
) -> None:
    page = pages(sample("clean_batch.csv"), f"{name}={quote(value)}")
    expect(page.locator("#found")).to_have_text("0 of 46 orders")
    expect(page.locator(f"#{name}")).to_be_visible()
    assert re.search(r"\(0\)$", page.locator(f"#{name} option:checked").inner_text())
    page.locator("#clear").click()
    assert len(opening(page)) == 46


def test_a_very_long_address_is_borne(pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"))
    for address in (
        "x" * 100_000,
        "search=" + "y" * 100_000,
        "status=" + "STOP," * 20_000,
        "&".join(["order=1"] * 10_000),
    ):
        ask(page, address)
        ask(page, "")
        assert len(opening(page)) == 46
