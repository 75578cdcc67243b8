"""On paper: the worklist on A4 landscape with all that the list shows, and a sheet an order on A4 portrait."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

from .conftest import Pages
from .reading import visible
from .reports import CALM, Report, nightly, numbered, of_orders, sample, varied
from .worklist import fitting, unfolded

PORTRAIT, LANDSCAPE = (595, 842), (842, 595)  # points of A4


def sizes(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page, in points."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(round(float(width)), round(float(height))) for width, height in boxes]


def texts(pdf: bytes, folder: Path) -> list[str]:
    """The text of each page, by lines."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext: apt-get install poppler-utils")
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, timeout=60, check=True)
    return done.stdout.decode().split("\f")[:-1]


def paper(page: Page) -> bytes:
    return page.pdf(prefer_css_page_size=True, print_background=True)


def pressed(page: Page, name: str) -> bytes:
    """What a button for printing gives to print."""
    page.evaluate("() => { window.print = () => { window.__asked = true; }; }")
    page.get_by_role("button", name=re.compile(name)).click()
    assert page.evaluate("window.__asked")
    return paper(page)


def squeezed(text: str) -> str:
    return "".join(text.split())


def is_a4(pdf: bytes, size: tuple[int, int]) -> bool:
    return all(abs(a - b) <= 1 for box in sizes(pdf) for a, b in zip(box, size, strict=True))


def ids(report: Report, numbers: list[int]) -> Counter[str]:
    return Counter(report.orders[k - 1]["order_id"] or "(no order id)" for k in numbers)


def found(text: str) -> Counter[str]:
    """The ids of orders in a printed worklist of the varied ones."""
    return Counter(
        re.findall(r"(?<![\w-])[Aa]-\d+(?![\w-])|\(no order id\)", re.sub(r"\(no order\s+id\)", "(no order id)", text))
    )


@pytest.mark.parametrize("by_key", [False, True])
def test_the_worklist_is_printed_whole_on_landscape_with_counts_and_the_folded(
    by_key: bool, pages: Pages, tmp_path: Path
) -> None:
    report = varied()
    page = pages(report)
    pdf = paper(page) if by_key else pressed(page, "Print the worklist")  # Ctrl+P prints the same
    assert is_a4(pdf, LANDSCAPE) and len(sizes(pdf)) > 2
    whole = texts(pdf, tmp_path)
    shown = unfolded(report.orders, range(1, 131))
    text = " ".join("\n".join(whole).split())
    assert f"Worklist: {len(shown)} orders of 130" in text
    assert f"REVIEW, folded: {130 - len(shown)} orders have" in text
    counts = report.said["counts"]
    for word in ("stop", "unchecked", "review", "pass"):
        assert re.search(rf"\b{counts[word]} \W {word.upper()}\b", text), word
    assert re.search(r"\b130 orders\b", text) and "IVIG orders as of 2026-11-22" in text
    statuses = Counter(re.findall(r"[■▲◆✓] (STOP|UNCHECKED|REVIEW|PASS)", text))
    assert statuses == Counter(report.orders[k - 1]["status"] for k in shown) + Counter(dict.fromkeys(statuses, 1))
    for page_text in whole:
        assert "Findings" in page_text and "Max rate" in page_text, "each page has the heads"


def test_each_order_of_the_list_is_on_paper_once_and_none_else(pages: Pages, tmp_path: Path) -> None:
    report = varied()
    for address, numbers in (
        ("status=PASS,STOP", fitting(report.orders, status="PASS,STOP")),
        ("search=privigen&all=yes", fitting(report.orders, search="privigen")),
    ):
        text = "\n".join(texts(paper(pages(report, address)), tmp_path))
        rows = sum(map(int, Counter(re.findall(r"[■▲◆✓] (?:STOP|UNCHECKED|REVIEW|PASS)", text)).values())) - 4
        assert rows == len(numbers)
        wanted = ids(report, [k for k in numbers if report.orders[k - 1]["order_id"]])
        assert {name for name in found(text) if name in wanted} == set(wanted)
        assert f"{130 - len(numbers)} filtered out" in " ".join(text.split())


def test_paper_says_in_words_by_what_it_was_filtered(pages: Pages, tmp_path: Path) -> None:
    page = pages(
        varied(), "status=STOP&search=a%E2%80%AEb+100%25&product=Privigen+10%25&sort=share:desc&page=2&keys=off"
    )
    text = " ".join("\n".join(texts(paper(page), tmp_path)).split())
    assert 'filtered out (status STOP; product Privigen 10%; search "a\\u202eb 100%")' in text


def test_the_first_order_on_paper_is_the_first_of_the_list_as_it_is_sorted(pages: Pages, tmp_path: Path) -> None:
    report = of_orders("sorted", *numbered(12))
    text = "\n".join(texts(paper(pages(report, "sort=order:desc")), tmp_path))
    printed = list(dict.fromkeys(found(text)))
    assert printed == [f"A-{k}" for k in range(12, 0, -1)]


def test_more_lines_than_are_printed_is_said_on_paper(pages: Pages, tmp_path: Path) -> None:
    page = pages(thousand())
    text = " ".join("\n".join(texts(paper(page), tmp_path)).split())
    assert "NOT ALL: the first 1000 of 1003" in text and "Worklist: 1000 orders of 1003" in text


@cache
def thousand() -> Report:
    return of_orders("thousand", *numbered(1003))


def test_more_sheets_than_are_printed_is_said_on_the_button_and_on_paper(pages: Pages, tmp_path: Path) -> None:
    page = pages(of_orders("hundred and three", *numbered(103)))
    assert page.locator("#print-sheets").inner_text() == "Print the first 100 bedside sheets"
    pdf = pressed(page, "bedside sheets")
    whole = texts(pdf, tmp_path)
    assert "NOT ALL: the first 100 of 103" in " ".join(whole[-1].split())
    assert "A-100 " in " ".join(whole[-1].split()) and len(whole) >= 100


def stands(value: float, text: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(f'{value:g}')}(?![\d.])", text) is not None


def sheets(report: Report, numbers: list[int], whole: list[str]) -> None:
    """Each order's sheet begins a page, and holds what the bedside needs."""
    begins = [k for k, text in enumerate(whole) if re.match(r"\s*[■▲◆✓] (STOP|UNCHECKED|REVIEW|PASS)", text)]
    assert begins[0] == 0 and len(begins) == len(numbers)
    for number, begin, end in zip(numbers, begins, [*begins[1:], len(whole)], strict=True):
        order = report.orders[number - 1]
        text = " ".join(" ".join(whole[begin:end]).split())
        flat = squeezed(text)
        first = " ".join(whole[begin].split())
        assert re.match(rf"[■▲◆✓] {order['status']} {re.escape(order['order_id'] or '(no order id)')} patient", first)
        for finding in order["findings"]:
            assert f"{finding['code']} {finding['severity'].upper()}" in text
            assert squeezed(visible(finding["message"])) in flat
        stopped, unchecked = order["status"] == "STOP", order["status"] == "UNCHECKED"
        assert ("NOT TO BE GIVEN AS ORDERED" in text) == stopped and ("NOT CLEARED" in text) == unchecked
        for title in ("Ordered start", "Ordered maximum", "Start limit", "Soft maximum", "Hard maximum"):
            assert (title in text) == (not unchecked), (order["order_id"], title)
        limits = {"governed_by": {}} if unchecked else order["limits"]
        for name in ("start", "soft_max", "hard_max"):
            if (volume := limits.get(f"{name}_mL_per_h")) is not None:
                assert stands(volume, text), name
            assert squeezed(limits["governed_by"].get(name) or "") in flat
        if order["schedule"] is None:
            assert squeezed(f"No pump programme: {order['no_schedule']}") in flat
        else:
            for step in order["schedule"]["steps"]:
                assert stands(step["mL_per_h"], text)
            assert "vitals" in text
        for line in ("Verified by, time:", "Second check, time:"):  # nothing to sign where it must not run
            assert (line in text) == (not stopped and not unchecked)
        for notice in report.said["notices"]:
            assert squeezed(visible(notice)) in flat
        for entry in order["history"]:
            assert squeezed(visible(entry)) in flat
        assert "as of 2026-11-2" in text and f"policy {report.said['policy']['id']}" in text
        for other in report.orders:
            if (
                other["order_id"]
                and other["order_id"] != order["order_id"]
                and not text.count("IVG40") + text.count("IVG90")
            ):
                assert not re.search(rf"(?<![\w-]){re.escape(other['order_id'])}(?![\w-])", text)


def test_bedside_sheets_are_one_an_order_each_on_a_page_of_its_own(pages: Pages, tmp_path: Path) -> None:
    report = sample("every_rule.xlsx")
    page = pages(report, "all=yes")
    pdf = pressed(page, "^Print 60 bedside sheets$")
    assert is_a4(pdf, PORTRAIT)
    sheets(report, list(range(1, 61)), texts(pdf, tmp_path))


def test_an_ordinary_sheet_takes_one_page(pages: Pages) -> None:
    """With its programme, on the sample orders."""
    report = sample("clean_batch.csv")
    page = pages(report)
    pdf = pressed(page, "^Print 46 bedside sheets$")
    assert is_a4(pdf, PORTRAIT) and len(sizes(pdf)) == 46


def test_the_open_order_is_printed_as_a_sheet_whatever_asks_for_it(pages: Pages, tmp_path: Path) -> None:
    report = nightly()
    for number in (1, len(report.orders)):
        page = pages(report, f"order={number}")
        by_browser = paper(page)
        assert is_a4(by_browser, PORTRAIT)
        sheets(report, [number], texts(by_browser, tmp_path))
        page.evaluate("() => { window.print = () => {}; }")
        page.keyboard.press("p")
        assert texts(paper(page), tmp_path) == texts(by_browser, tmp_path)


def test_after_printing_the_page_is_as_before_and_prints_the_list_again(pages: Pages) -> None:
    page = pages(varied())
    before = page.locator("body").inner_text()
    assert is_a4(pressed(page, "bedside sheets"), PORTRAIT)
    assert page.locator("#paper").inner_html() == "" and page.locator("body").inner_text() == before
    assert is_a4(paper(page), LANDSCAPE)


def test_paper_is_light_whatever_the_screen_is(pages: Pages) -> None:
    page = pages(of_orders("paper", CALM), color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


def test_folded_orders_are_printed_where_a_filter_asks_for_them(pages: Pages, tmp_path: Path) -> None:
    report = varied()
    numbers = fitting(report.orders, status="REVIEW")
    text = " ".join("\n".join(texts(paper(pages(report, "status=REVIEW")), tmp_path)).split())
    assert f"Worklist: {len(numbers)} orders of 130" in text and "folded" not in text
    assert f"{130 - len(numbers)} filtered out (status REVIEW)" in text
