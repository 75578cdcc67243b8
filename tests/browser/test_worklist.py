"""The worklist: worst first, sorted, searched, filtered, folded and turned, as an account apart from the page has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Pages
from .reading import at, exactly
from .reports import CALM, Report, nightly, numbered, of_orders, sample, varied
from .worklist import fitting, is_folded, is_sorted, listed, opening, over, unfolded, unit_of

HEADS = {
    "order": "Order", "patient": "Patient", "indication": "Indication", "product": "Product",
    "share": "Max rate, mg/kg/min",
}  # fmt: skip


def head(page: Page, title: str) -> Locator:
    return page.locator("#table thead th", has_text=title)


def sort(page: Page, title: str, direction: str = "ascending") -> None:
    """Clicks a column's head, which then says how the column is sorted."""
    head(page, title).click()
    expect(head(page, title)).to_have_attribute("aria-sort", direction)


def test_the_worst_comes_first_then_the_order_of_the_input(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    shown = listed(page)
    assert shown == unfolded(report.orders, range(1, 131)) == sorted(shown)
    statuses = [report.orders[k - 1]["status"] for k in shown]
    assert list(dict.fromkeys(statuses)) == ["STOP", "UNCHECKED", "REVIEW", "PASS"]
    assert {word: statuses.count(word) > 0 for word in statuses} == dict.fromkeys(statuses, True)


ROWS = """() => [...document.querySelectorAll('#table tbody tr')].map((row) => ({
  number: Number(row.querySelector('a.open').dataset.open),
  cells: Object.fromEntries([...row.cells].map((cell) => [cell.dataset.title, cell.innerText])),
  facts: [...row.querySelectorAll('[data-fact]')].map((fact) => [fact.dataset.fact, fact.dataset.value]),
}))"""


def test_each_line_says_what_its_order_says(pages: Pages) -> None:
    report = sample("every_rule.xlsx", "messy_batch.csv")
    page = pages(report, "all=yes")
    rows = page.evaluate(ROWS)
    while (following := page.locator("button.dt-paging-button.next:not(.disabled)")).count():
        following.click()
        rows += page.evaluate(ROWS)
    assert [row["number"] for row in rows] == list(range(1, len(report.orders) + 1))
    for row, order in zip(rows, report.orders, strict=True):
        assert len(row["facts"]) >= 2
        assert all(exactly(json.loads(value), at(order, json.loads(path))) for path, value in row["facts"])
        cells = row["cells"]
        assert cells["Status"].endswith(order["status"])
        assert cells["Order"] == (order["order_id"] or "(no order id)")
        assert cells["Patient"] == (order["patient_id"] or "(no patient id)")
        assert cells["Row"] == str(order["source"]["row"])
        for name in ("indication", "product"):
            known, written = order["ordered"][name], order["written"].get(name)
            assert cells[name.title()] == (known or (f'"{written}" as written' if written else "not given"))
        risks = ", ".join(risk.replace("_", " ") for risk in order["at_risk"])
        unknown = "not documented" if order["undocumented"] else "age not known"
        known = order["ordered"]["age_years"] is not None and not order["undocumented"]
        assert cells["At risk"] == (risks or ("" if known else unknown))
        told = [f for f in order["findings"] if f["severity"] != "info"]
        lines = cells["Findings"].splitlines()
        for finding, line in zip(told[:3], lines, strict=False):
            whole = f"{finding['code']} {finding['message']}"
            assert line == whole or (line.endswith("…(cut)") and whole.startswith(line.removesuffix("…(cut)")))
        if len(told) > 3:
            assert lines[3] == f"and {len(told) - 3} more finding{'s' if len(told) > 4 else ''}"


@pytest.mark.parametrize("name", HEADS)
def test_a_click_on_a_head_sorts_and_another_turns_it_round_with_blanks_last(name: str, pages: Pages) -> None:
    report = varied()
    page = pages(report, "all=yes")
    for direction, said in (("ascending", f"sort={name}&"), ("descending", f"sort={name}%3Adesc&")):
        sort(page, HEADS[name], direction)
        assert f"{said}" in page.url.partition("#")[2] + "&"
        shown = listed(page)
        assert sorted(shown) == list(range(1, 131))
        assert is_sorted(report.orders, shown, name, descending=direction == "descending"), shown


@pytest.mark.parametrize("name", HEADS)
def test_enter_on_a_heads_control_sorts_as_a_click_does(name: str, pages: Pages) -> None:
    report = varied()
    page = pages(report, "all=yes")
    control = head(page, HEADS[name]).get_by_role("button")
    for descending in (False, True):
        control.focus()
        expect(control).to_have_accessible_name(re.compile(HEADS[name]))
        page.keyboard.press("Enter")
        expect(head(page, HEADS[name])).to_have_attribute("aria-sort", "descending" if descending else "ascending")
        assert is_sorted(report.orders, listed(page), name, descending=descending)


def test_status_and_row_sort_both_ways_too(pages: Pages) -> None:
    report = varied()
    page = pages(report, "all=yes")
    sort(page, "Status", "descending")
    assert listed(page) == list(range(130, 0, -1))
    places = {k: (o["source"]["file"] == "night.csv", o["source"]["row"]) for k, o in enumerate(report.orders, 1)}
    sort(page, "Row")
    by_file = [places[k] for k in listed(page)]
    files = [file for file, _ in by_file]
    assert all(sorted(rows) == rows for rows in ([r for f, r in by_file if f is which] for which in (True, False)))
    assert sum(a != b for a, b in pairwise(files)) == 1, "one file after the other"
    sort(page, "Row", "descending")
    assert [places[k] for k in listed(page)] == by_file[::-1]


def test_numbers_in_ids_are_sorted_by_their_value(pages: Pages) -> None:
    ids = ["A-10", "A-9", "A-2", "A-2b", "A-0010", "B-1", "10", "9"]
    page = pages(of_orders("numbers", *({**CALM, "order_id": each, "patient_id": each} for each in ids)))
    sort(page, "Order")
    shown = [ids[k - 1] for k in opening(page)]
    assert [each for each in shown if each != "A-0010"] == ["9", "10", "A-2", "A-2b", "A-9", "A-10", "B-1"]
    assert abs(shown.index("A-0010") - shown.index("A-10")) == 1


def search(page: Page, text: str) -> None:
    page.locator("#search").fill(text)
    page.wait_for_url(lambda url: parse_qs(url.partition("#")[2], keep_blank_values=True).get("search") == [text])


@pytest.mark.parametrize(
    "text",
    ["A-17", "a-17", "P-0042", "ivg904 cidp", "CIDP ivg904", "privigen 8 NIGHT", "ceiling", "9 mg/kg/min", "  age   over 65  ",
     "no such text", "day.csv", "\\", "<b>", "(", "STOP", '"'],
)  # fmt: skip
def test_a_search_finds_orders_with_all_its_words_in_any_case(text: str, pages: Pages) -> None:
    report = varied()
    page = pages(report)
    search(page, text)
    found = fitting(report.orders, search=text)
    assert listed(page) == found
    of = "" if len(found) == 130 else f"{len(found)} of "
    expect(page.locator("#found")).to_have_text(f"{of}130 orders")
    if not found:
        expect(page.locator("#table tbody")).to_have_text("No order fits. Esc clears the filters.")


def test_enter_in_the_search_field_does_nothing_else(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    search(page, "ITP")
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert opening(page) == fitting(report.orders, search="ITP")[:50] and page.url.endswith("#search=ITP")


def values(report, name: str) -> list[str]:
    """What orders of a report can be filtered by."""
    orders = report.orders
    return sorted({
        "rule": lambda: {f["code"] for o in orders for f in o["findings"]},
        "indication": lambda: {o["ordered"]["indication"] or "-" for o in orders},
        "product": lambda: {o["ordered"]["product"] or "-" for o in orders},
        "unit": lambda: {unit_of(o) for o in orders},
        "file": lambda: {o["source"]["file"] for o in orders},
        "news": lambda: {f["delta"]["state"] for o in orders for f in o["findings"] if f.get("delta")},
    }[name]())  # fmt: skip


@pytest.mark.parametrize("name", ["rule", "indication", "product", "unit", "file", "news"])
def test_a_filter_shows_the_orders_that_fit_and_says_how_many_each_choice_has(name: str, pages: Pages) -> None:
    report = nightly() if name == "news" else varied()
    page = pages(report)
    select = page.locator(f"#{name}")
    offered = {option.get_attribute("value"): option.inner_text() for option in select.locator("option").all()}
    assert sorted(offered) == ["", *values(report, name)]
    for value in values(report, name):
        found = fitting(report.orders, **{name: value})
        assert offered[value].endswith(f"({len(found)})")
        select.select_option(value)
        assert listed(page) == found
        expect(page.locator("#folded")).to_be_hidden()
        page.locator("#clear").click()
        expect(page.locator("#search")).to_be_focused()
        assert opening(page)[:5] == unfolded(report.orders, range(1, len(report.orders) + 1))[:5]


def test_the_tiles_count_the_orders_and_filter_by_one_status_or_several(pages: Pages) -> None:
    report = varied()
    page = pages(report, "all=yes")
    tile = {word: page.locator(f'[data-status="{word}"]') for word in ("", "STOP", "UNCHECKED", "REVIEW", "PASS")}
    for word in tile:
        count = report.said["counts"][word.lower() or "orders"]
        assert tile[word].inner_text().startswith(str(count)) and word in tile[word].inner_text()
    on: list[str] = []
    for word in ("STOP", "REVIEW", "STOP", "PASS", "UNCHECKED", "REVIEW", ""):
        tile[word].click()
        on = [] if word == "" else [each for each in on if each != word] if word in on else [*on, word]
        assert listed(page) == (fitting(report.orders, status=",".join(on)) if on else list(range(1, 131)))
        for each in tile:
            pressed = each in on if each else not on
            expect(tile[each]).to_have_attribute("aria-pressed", str(pressed).lower())


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "STOP,PASS", "product": "Privigen 10%"},
        {"status": "REVIEW", "indication": "CIDP", "search": "gamunex"},
        {"rule": "IVG101", "unit": "mg/kg/min", "file": "day.csv"},
        {"indication": "-", "product": "-"},
        {"file": "night.csv", "unit": "-", "status": "UNCHECKED,STOP"},
        {"over": "yes", "search": "a-1"},
        {"rule": "IVG904", "search": "diabetes", "status": "REVIEW"},
        {"status": "PASS", "rule": "IVG101"},
    ],
    ids=str,
)
def test_filters_go_together(asked: dict[str, str], pages: Pages) -> None:
    report = varied()
    page = pages(report, urlencode(asked))
    found = fitting(report.orders, **asked)
    assert listed(page) == found
    expect(page.locator("#found")).to_contain_text(f"{len(found)} of 130 orders")
    for name, value in asked.items():
        if name in ("rule", "indication", "product", "unit", "file", "search"):
            expect(page.locator(f"#{name}")).to_have_value(value)


def test_folded_orders_are_counted_in_one_line_and_shown_when_asked_for(pages: Pages) -> None:
    report = varied()
    folded = [k for k, order in enumerate(report.orders, 1) if is_folded(order)]
    assert len(folded) > 10
    page = pages(report)
    line = page.locator("#folded")
    expect(line).to_contain_text(f"REVIEW, folded: {len(folded)} orders have no finding but")
    expect(page.locator("#found")).to_have_text("130 orders")
    assert not set(listed(page)) & set(folded)
    page.get_by_role("button", name="Show them").click()
    assert listed(page) == list(range(1, 131))
    expect(line).to_contain_text("Nothing is folded.")
    page.get_by_role("button", name="Fold again").click()
    assert not set(listed(page)) & set(folded)
    page.locator('[data-status="REVIEW"]').click()  # whoever asks for them sees them
    expect(line).to_be_hidden()
    assert set(listed(page)) > set(folded)
    page.locator('[data-status="REVIEW"]').click()
    page.locator('[data-status="PASS"]').click()
    expect(line).to_be_hidden()


def test_what_was_not_recognised_is_something_to_read_and_never_folded(pages: Pages) -> None:
    page = pages(
        of_orders("unknowns", {**CALM, "diabetes": ""}, {**CALM, "order_id": "RX-2", "product": "Gammaglobin"})
    )
    expect(page.locator("#folded")).to_contain_text("REVIEW, folded: 1 order has no finding but")
    assert opening(page) == [1]


def test_a_folded_order_is_found_by_a_search_and_by_each_filter(pages: Pages) -> None:
    report = varied()
    k, order = next((k, order) for k, order in enumerate(report.orders, 1) if is_folded(order))
    page = pages(report)
    search(page, order["order_id"])
    assert k in listed(page)
    for address in (
        "rule=IVG904",
        "indication=CIDP",
        "unit=mL%2Fh",
        f"file={order['source']['file']}",
        "product=Gamunex-C+10%25",
    ):
        page.evaluate("(hash) => { location.hash = hash; }", address)
        expect(page.locator("#folded")).to_be_hidden()
        assert k in listed(page), address


def test_pages_of_fifty_are_turned_and_counted(pages: Pages) -> None:
    report = varied()
    page = pages(report, "all=yes")
    info = page.locator(".dt-info")
    for first, last in ((1, 50), (51, 100), (101, 130)):
        expect(info).to_have_text(f"{first} to {last} of 130")
        assert opening(page) == list(range(first, last + 1))
        if last < 130:
            page.locator("button.dt-paging-button.next").click()
    expect(page.locator("button.dt-paging-button.next")).to_be_disabled()
    page.get_by_role("link", name="1", exact=True).click()
    assert opening(page)[0] == 1
    page.locator('[data-status="PASS"]').click()
    assert "page=" not in page.url


def test_the_orders_over_their_limit_are_shown_worst_excess_first(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    found = [k for k, order in enumerate(report.orders, 1) if over(order)]
    page.get_by_role("button", name=re.compile(f"^Show the {len(found)} orders with a rate over it$")).click()
    shown = listed(page)
    assert sorted(shown) == found and is_sorted(report.orders, shown, "share", descending=True)
    expect(page.locator("#found")).to_have_text(f"{len(found)} of 130 orders, with a rate over their hard maximum")


def test_the_findings_by_rule_count_and_show_the_orders_with_them(pages: Pages) -> None:
    report = varied()
    page = pages(report, "status=PASS&search=x")
    lines = page.locator("#by-rule button")
    for line in lines.all():
        severity, code = line.locator(".what").inner_text().split()[:2]
        count = sum(
            f["code"] == code and f["severity"].upper() == severity for o in report.orders for f in o["findings"]
        )
        assert line.locator(".count").inner_text() == str(count)
        line.click()
        assert listed(page) == fitting(report.orders, rule=code)
    first = [line.inner_text().split()[0] for line in lines.all()]
    assert first == sorted(first, key=["STOP", "UNCHECKED", "REVIEW", "INFO"].index)


def test_what_is_new_filters_by_its_tiles(pages: Pages) -> None:
    report = nightly()
    page = pages(report)
    for state in values(report, "news"):
        tile = page.locator(f'[data-news="{state}"]')
        count = sum(f["delta"]["state"] == state for o in report.orders for f in o["findings"] if f["delta"])
        assert tile.locator("b").inner_text() == str(count) == str(report.said["delta"]["counts"][state])
        tile.click()
        assert listed(page) == fitting(report.orders, news=state)
        expect(tile).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#news")).to_have_value(state)
        tile.click()
        expect(tile).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("make", [varied, lambda: sample("every_rule.xlsx")], ids=["varied", "every rule"])
def test_the_rates_that_are_drawn_against_their_limits_are_counted_as_the_orders_say(
    make: Callable[[], Report], pages: Pages
) -> None:
    report = make()
    page = pages(report)
    above = [o for o in report.orders if over(o, "max")]
    known = [
        o
        for o in report.orders
        if o not in above
        and None not in (o["ordered"]["max_rate_mg_per_kg_min"], o["limits"]["hard_max_mg_per_kg_min"])
    ]
    within = [o for o in known if o["status"] != "UNCHECKED"]  # of the others nobody knows whether they are
    label = page.locator("#shares svg").get_attribute("aria-label")
    rest = len(report.orders) - len(above) - len(known)
    numbers = [len(within), len(above), len(known) - len(within), rest]
    assert [int(number) for number in re.findall(r"\d+", label.split(":")[1])] == numbers
    drawn = [int(text) for text in page.locator("#shares text.count").all_text_contents()]
    assert sum(drawn) == len(within) + len(above)
    either = sum(over(order) for order in report.orders)
    expect(page.locator("#shares button")).to_have_text(f"Show the {either} orders with a rate over it")


def test_risks_are_counted_as_the_orders_say(pages: Pages) -> None:
    report = varied()
    page = pages(report)
    at_risk = sum(bool(o["at_risk"]) for o in report.orders)
    not_asked = sum(bool(not o["at_risk"] and o["undocumented"]) for o in report.orders)
    shown = [int(text.split()[0]) for text in page.locator("#at-risk li").all_inner_texts()]
    no_age = sum(
        not o["at_risk"] and not o["undocumented"] and o["ordered"]["age_years"] is None for o in report.orders
    )
    counts = [at_risk, not_asked, no_age, 130 - at_risk - not_asked - no_age]
    assert shown == [count for k, count in enumerate(counts) if count or k != 2]


def test_of_a_row_that_was_not_used_no_risk_is_said_to_be_absent(pages: Pages) -> None:
    report = sample("every_rule.xlsx")
    page = pages(report)
    unused = sum("IVG910" in [f["code"] for f in order["findings"]] for order in report.orders)
    shown = page.locator("#at-risk li").all_inner_texts()
    counts = {text.partition(" ")[2].partition(" (")[0]: int(text.split()[0]) for text in shown}
    assert counts["row not used"] == unused == 1
    assert sum(counts.values()) == len(report.orders)


def test_a_batch_without_an_order_and_one_of_one_order_are_shown_too(pages: Pages) -> None:
    page = pages(of_orders("one", CALM))
    expect(page.locator("#found")).to_have_text("1 order")
    assert opening(page) == [1]
    expect(page.locator("#print-sheets")).to_have_text("Print 1 bedside sheet")
    from .reports import AS_OF, check_tables, of, table

    none = of(check_tables([table([], rows=())], AS_OF), "none")
    page = pages(none)
    expect(page.locator("#found")).to_have_text("0 orders")
    expect(page.locator("#table tbody")).to_have_text("There is no order.")
    expect(page.locator("#print-sheets")).to_be_hidden()
    assert numbered(0) == []


def test_a_line_says_what_is_not_cleared_which_rate_is_over_and_what_was_not_drawn(pages: Pages) -> None:
    page = pages(
        of_orders(
            "rates",
            {**CALM, "order_id": "U", "max_rate": "4 mg/kg/min", "product": "Gammaglobin"},
            {**CALM, "order_id": "S", "start_rate": "9 mg/kg/min", "max_rate": "4 mg/kg/min"},
            {**CALM, "order_id": "X", "max_rate": "60000 mL/h"},
        )
    )
    rows = page.locator("#table tbody tr")
    unchecked = rows.filter(has_text="UNCHECKED")
    expect(unchecked.locator("td.share")).to_contain_text("50% not cleared")
    expect(unchecked.locator("svg.unknown")).to_have_count(1)
    expect(rows.filter(has=page.get_by_role("link", name="S", exact=True)).locator("td.share")).to_contain_text(
        "start rate over hard max"
    )
    page.get_by_role("link", name="X", exact=True).click()
    expect(page.locator("figcaption")).to_have_text('Not drawn, see findings: ordered max "60000 mL/h"')
    page.keyboard.press("Escape")
    page.get_by_role("link", name="S", exact=True).click()
    expect(page.locator("figcaption")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show the 2 orders with a rate over it").click()
    assert len(listed(page)) == 2  # the one by its start rate, the other by its maximum
    expect(unchecked).to_have_count(0)
