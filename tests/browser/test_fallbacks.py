"""Where the worklist cannot be shown, that is said, with the counts and where else the orders are."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import Pages
from .reports import nightly, sample
from .test_accessibility import deviating

OLD = {
    "no DecompressionStream": "delete window.DecompressionStream",
    "no way to unpack it": "window.DecompressionStream = class { constructor() { throw new TypeError('not here'); } }",
}


def test_without_scripts_counts_notices_and_deviations_are_there_and_where_the_orders_are(pages: Pages) -> None:
    report = deviating()
    page = pages(report, ready=False, java_script_enabled=False)
    counts = report.said["counts"]
    for word in ("STOP", "UNCHECKED", "REVIEW", "PASS"):
        expect(page.locator(f".tile.{word.lower()}")).to_contain_text(f"{counts[word.lower()]}")
        expect(page.locator(f".tile.{word.lower()}")).to_contain_text(word)
    alert = page.locator("noscript .alert")
    expect(alert).to_be_visible()
    expect(alert).to_contain_text("the .xlsx report of the same run shows every order")
    for each in report.said["policy"]["deviations"]:
        expect(page.locator(".deviations")).to_contain_text(each["reason"] or each["parameter"])
    page.locator("details.notices summary").click()
    for notice in report.said["notices"]:
        expect(page.get_by_text(notice, exact=True)).to_be_visible()
    expect(page.locator("#failed")).to_be_hidden()
    for query in ("#search", "#skip", "#print-list", "#table", "#help", "#order", "#paper"):
        expect(page.locator(query)).to_be_hidden()


def test_without_scripts_what_is_new_is_counted_too(pages: Pages) -> None:
    report = nightly()
    page = pages(report, ready=False, java_script_enabled=False)
    for name in ("new", "changed", "reopened", "still_open", "acknowledged"):
        expect(page.locator(f'[data-news="{name}"]')).to_contain_text(str(report.said["delta"]["counts"][name]))
    page.locator(".news summary").click()
    expect(page.locator(".news li")).to_have_count(len(report.said["delta"]["resolved"]))


def test_a_page_that_fails_on_its_way_shows_no_half_a_list(pages: Pages) -> None:
    page = pages(sample("messy_batch.csv"), "order=1", ready=False, init="delete window.matchMedia")
    expect(page.locator("#failed")).to_be_visible()
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#order")).to_be_hidden()
    expect(page.locator(".tile.stop")).to_contain_text("10")
    assert len(pages.complaints) == 1
    pages.complaints.clear()


@pytest.mark.parametrize("old", OLD)
def test_a_browser_that_cannot_unpack_the_orders_says_so_and_shows_no_empty_list(old: str, pages: Pages) -> None:
    page = pages(sample("messy_batch.csv"), ready=False, init=OLD[old])
    expect(page.locator("#failed")).to_be_visible()
    expect(page.locator("#failed")).to_contain_text("cannot show the worklist")
    expect(page.locator("#failed")).to_have_role("alert")
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("#search")).to_be_hidden()
    expect(page.locator(".tile.stop")).to_contain_text("10")
    assert len(pages.complaints) == 1
    pages.complaints.clear()


def test_a_file_that_was_cut_or_altered_says_so_too(pages: Pages, tmp_path) -> None:
    whole = sample("messy_batch.csv").path.read_text(encoding="utf-8")
    begin = whole.index('id="data">') + len('id="data">')
    for name, text in (
        ("altered", whole[: begin + 500] + "AAAA" + whole[begin + 504 :]),
        ("not base64", whole[: begin + 500] + "*" + whole[begin + 501 :]),
    ):
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        page = pages(path, ready=False)
        expect(page.locator("#failed")).to_be_visible()
        expect(page.locator("#table")).to_be_hidden()
        assert pages.complaints
        pages.complaints.clear()
