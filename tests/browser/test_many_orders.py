"""Ten thousand orders in one page."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Pages
from .reports import many
from .worklist import fitting, is_folded, is_sorted, opening, unfolded

MEBI = 1 << 20


def test_ten_thousand_orders_are_one_file_that_can_be_mailed() -> None:
    assert len(many().orders) == 10_000
    assert many().path.stat().st_size <= 15 * MEBI


def test_ten_thousand_orders_are_listed_filtered_sorted_and_opened(pages: Pages) -> None:
    report = many()
    page = pages(report)
    shown = unfolded(report.orders, range(1, 10_001))
    assert opening(page) == shown[:50]
    expect(page.locator("#found")).to_have_text("10000 orders")
    expect(page.locator("#folded")).to_contain_text(f"REVIEW, folded: {sum(map(is_folded, report.orders))} orders have")
    expect(page.locator(".dt-info")).to_have_text(f"1 to 50 of {len(shown)}")
    page.locator("button.dt-paging-button.last").click()
    assert opening(page) == shown[len(shown) // 50 * 50 :] or opening(page) == shown[-50:]

    page.locator("#search").fill("panzyga d69.3 yes")
    found = fitting(report.orders, search="panzyga d69.3 yes")
    expect(page.locator("#found")).to_have_text(f"{len(found)} of 10000 orders")
    assert opening(page) == found[:50]
    page.locator("#clear").click()

    page.locator("#rule").select_option("IVG902")
    found = fitting(report.orders, rule="IVG902")
    expect(page.locator("#found")).to_have_text(f"{len(found)} of 10000 orders")
    page.locator("#table thead th", has_text="Patient").click()
    expect(page.locator("#table thead th", has_text="Patient")).to_have_attribute("aria-sort", "ascending")
    sorted_ = opening(page)
    everyone = sorted(found, key=lambda k: (report.orders[k - 1]["patient_id"], k))
    assert sorted_ == everyone[:50] and is_sorted(report.orders, sorted_, "patient", descending=False)

    page.locator("a.open").nth(10).click()
    expect(page.locator("#order-view > div")).to_have_attribute("data-order", str(everyone[10] - 1))
    page.keyboard.press("Escape")
    expect(page.locator(f'a[data-open="{everyone[10]}"]')).to_be_focused()
