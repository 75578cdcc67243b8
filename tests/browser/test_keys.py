"""Without a mouse: single keys, the focus and where it goes, and that everything can be reached."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import Pages
from .reports import nightly, sample, varied
from .worklist import opening, unfolded


def focused(page: Page) -> str | None:
    """The number of the order whose link has the focus."""
    found: str | None = page.evaluate("document.activeElement.dataset.open ?? null")
    return found


def test_j_and_k_and_the_arrows_go_through_the_list_and_enter_opens(pages: Pages) -> None:
    page = pages(varied())
    shown = [str(k) for k in opening(page)]
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("ArrowDown", 2), ("ArrowDown", 3), ("ArrowUp", 2)):
        page.keyboard.press(key)
        assert focused(page) == shown[place], key
    page.keyboard.press("Enter")
    expect(page.locator("#order h2")).to_be_focused()
    expect(page.locator("#order-view > div")).to_have_attribute("data-order", str(int(shown[2]) - 1))


def test_k_begins_at_the_end_of_the_page_and_nothing_goes_beyond_an_end(pages: Pages) -> None:
    page = pages(varied())
    shown = [str(k) for k in opening(page)]
    page.keyboard.press("k")
    assert focused(page) == shown[-1]
    page.keyboard.press("j")
    assert focused(page) == shown[-1]
    page.locator("a.open").first.focus()
    page.keyboard.press("k")
    assert focused(page) == shown[0]


def test_j_and_k_go_through_the_opened_orders_and_escape_closes_on_the_last(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    shown = unfolded(report.orders, range(1, 131))
    page.locator("a.open").first.click()
    for key, place in (("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(page.locator("#order-view > div")).to_have_attribute("data-order", str(shown[place] - 1))
        expect(page.locator("#order h2")).to_be_focused()
    expect(page.locator("#previous")).to_be_disabled()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.locator(f'a[data-open="{shown[1]}"]')).to_be_focused()


def test_the_slash_goes_to_the_search_field_and_is_not_typed(pages: Pages) -> None:
    page = pages(varied())
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#search")).to_have_value("")


def test_escape_clears_the_filters_and_leaves_the_search_field(pages: Pages) -> None:
    page = pages(varied(), "status=STOP&rule=IVG101")
    page.keyboard.press("/")
    page.keyboard.type("privigen")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_have_text("130 orders")
    page.wait_for_timeout(200)
    expect(page.locator("#search")).to_have_value("")
    assert page.url.endswith("#")


def test_keys_are_letters_while_one_types(pages: Pages) -> None:
    page = pages(varied())
    page.evaluate("() => { window.print = () => { window.__printed = true; }; }")
    page.keyboard.press("/")
    page.keyboard.type("/jkp?")
    expect(page.locator("#search")).to_have_value("/jkp?")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#help")).to_be_hidden()
    page.locator("#rule").focus()
    for key in "jkp/":
        page.keyboard.press(key)
    expect(page.locator("#rule")).to_be_focused()
    assert page.evaluate("window.__printed === undefined")


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_keys_with_a_modifier_are_the_browsers(modifier: str, pages: Pages) -> None:
    page = pages(varied())
    page.evaluate("document.addEventListener('keydown', (event) => { window.__refused = event.defaultPrevented; })")
    for key in ("j", "k", "/", "?"):
        page.keyboard.press(f"{modifier}+{key}")
        assert page.evaluate("window.__refused") is False
    assert page.evaluate("document.activeElement === document.body") and page.locator("#help").is_hidden()


def test_the_question_mark_opens_the_help_and_escape_closes_it_and_nothing_else(pages: Pages) -> None:
    page = pages(varied(), "status=STOP")
    page.locator("a.open").first.focus()
    before = focused(page)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert "status=STOP" in page.url and focused(page) == before
    page.keyboard.press("Enter")
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    expect(page.locator("#order")).to_be_visible()


def test_p_prints_the_list_or_the_open_order(pages: Pages) -> None:
    page = pages(varied())
    page.evaluate(
        "() => { window.print = () => { window.__paper = document.querySelector('#paper .worklist, #paper .sheet').className; }; }"
    )
    page.keyboard.press("p")
    assert page.evaluate("window.__paper") == "worklist"
    page.locator("a.open").first.click()
    page.keyboard.press("p")
    assert page.evaluate("window.__paper") == "sheet order"


def test_single_keys_can_be_turned_off_and_stay_off(pages: Pages) -> None:
    page = pages(varied())
    page.keyboard.press("?")
    page.get_by_label("Single keys do this").uncheck()
    page.get_by_role("button", name="Close", exact=True).click()
    page.evaluate("document.activeElement.blur()")
    for key in ("j", "/", "?"):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement === document.body") and page.locator("#help").is_hidden()
    page.locator("a.open").first.click()
    page.keyboard.press("j")
    expect(page.locator("#place")).to_contain_text("1 of ")
    page.keyboard.press("Escape")  # no single letter: it works as ever
    expect(page.locator("#overview")).to_be_visible()
    assert page.url.endswith("#keys=off")
    page.get_by_role("button", name="Keys and help").click()
    page.get_by_label("Single keys do this").check()
    page.get_by_role("button", name="Close", exact=True).click()
    page.keyboard.press("j")
    assert focused(page) is not None


def test_keys_that_were_turned_off_in_an_order_stay_off_in_the_list(pages: Pages) -> None:
    page = pages(varied())
    page.locator("a.open").first.click()
    page.keyboard.press("?")
    page.get_by_label("Single keys do this").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#overview")).to_be_visible()
    expect(page.locator("#keys-on")).not_to_be_checked()


REACHABLE = "a[href], button:not(:disabled), select, input, summary, [tabindex='0']"


@pytest.mark.parametrize("address", ["", "order=1"])
def test_everything_that_does_something_is_reached_by_tab_and_the_focus_is_seen(address: str, pages: Pages) -> None:
    page = pages(nightly() if address else sample("every_rule.xlsx"), address)
    page.evaluate("(query) => document.querySelectorAll(query).forEach((each, k) => { each.__k = k; })", REACHABLE)
    wanted = page.evaluate(
        "(query) => [...document.querySelectorAll(query)].filter((each) => each.checkVisibility() && each.tabIndex >= 0)"
        ".map((each) => each.__k)",
        REACHABLE,
    )
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached = set()
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => {
              const { activeElement: it } = document;
              const style = getComputedStyle(it);
              const box = it.getBoundingClientRect();
              return [it.__k ?? null, it.tagName, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
                box.left >= 0 && box.right <= innerWidth + 1 && box.bottom > 0 && box.top < innerHeight];
            }"""
        )
        if here[1] == "BODY":
            continue  # the browser's own controls
        assert here[2], f"no outline on {here}"
        assert here[3], f"out of sight: {here}"
        reached.add(here[0])
    assert set(wanted) - reached == set()


def test_the_first_tab_offers_to_skip_to_the_worklist(pages: Pages) -> None:
    page = pages(varied())
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_be_focused()


def test_the_focus_stays_where_a_choice_was_made(pages: Pages) -> None:
    page = pages(varied())
    for query in ('[data-status="STOP"]', "#by-rule button", "#shares button", "#unfold"):
        page.locator("#clear").dispatch_event("click")
        page.locator(query).first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(query).first).to_be_focused()
