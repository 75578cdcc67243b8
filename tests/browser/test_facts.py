"""The page says what the JSON report says: every fact of it, nothing else, and what is seen agrees."""

from __future__ import annotations

import re
from functools import cache

import pytest

from .conftest import Pages
from .reading import differences, read, says, visible
from .reports import CALM, Report, nightly, of_orders, sample

REPORTS = {
    "clean": lambda: sample("clean_batch.csv"),
    "messy": lambda: sample("messy_batch.csv"),
    "every rule": lambda: sample("every_rule.xlsx"),
    "nightly": nightly,
}


@pytest.fixture(params=REPORTS)
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]()


def test_every_fact_of_every_order_stands_in_the_page_exactly(report: Report, pages: Pages) -> None:
    page = pages(report, "all=yes&order=1")
    wrong = {}
    for number, order in enumerate(report.orders, 1):
        assert page.locator("#order-view > div").get_attribute("data-order") == str(number - 1)
        if found := differences(order, read(page, "#order-view")):
            wrong[number, order["order_id"]] = found
        page.keyboard.press("j")
    assert wrong == {}


def test_every_fact_of_the_reports_head_stands_in_the_page_exactly(report: Report, pages: Pages) -> None:
    head = {name: value for name, value in report.said.items() if name != "orders"}
    assert differences(head, read(pages(report), "body", "head")) == []


RATES = (
    "8 mg/kg/min", "8.004 mg/kg/min", "8.0000001 mg/kg/min", "8.000000001 mg/kg/min", "7.9999999 mg/kg/min", "384 mL/h",
    "384.0001 mL/h", "380 mL/h", "7.99999 mg/kg/min", "9.50 mg/kg/min", "900 mg/kg/min", "16 mg/kg/min", "0.01 mg/kg/min",
)  # fmt: skip
OCTAGAM = {"product": "Octagam 5%", "indication": "PI"}  # 200 mg/kg/h, which is 3.333… mg/kg/min
AGAIN = {  # after a reaction at that rate: no more than half of it, which is 1.666… mg/kg/min
    "reaction_grade": "2",
    "reaction_rate": "200 mg/kg/h",
    "reaction_resolved": "yes",
    "minutes_since_resolved": "30",
}
PANZYGA = {"product": "Panzyga", "indication": "ITP", "age_years": "71"}


@cache
def near_limits() -> Report:
    cells = [
        {"max_rate": rate} | more for rate in RATES for more in ({}, {"age_years": "71"}, {"start_rate": "8 mg/kg/min"})
    ]
    cells += [
        OCTAGAM | {"max_rate": f"{rate} mg/kg/min"} for rate in (3.3333, 3.33333, 3.333333, 3.33334, 3.3334, 3.33333334)
    ]
    cells += [OCTAGAM | {"max_rate": f"{rate} mg/kg/h"} for rate in (200, 200.00001, 199.99999, 200.0000001)]
    cells += [PANZYGA | {"max_rate": f"{rate} mg/kg/min"} for rate in (3.3, 3.30000001, 3.3000000001, 3.29999999)]
    cells += [
        {"start_rate": f"{rate} mg/kg/min"} for rate in (0.5, 0.5000001, 0.50000000001, 2.00001, 2, 1.99999, 8.5, 8)
    ]
    cells += [{"start_rate": f"{rate} mg/kg/min", "age_years": "71"} for rate in (3.3, 3.30001, 8)]
    cells += [AGAIN | {"max_rate": f"{rate} mg/kg/min"} for rate in (1.6666, 1.66666, 1.6666668, 1.66667, 1.6667)]
    cells += [AGAIN | {"max_rate": "100 mg/kg/h"}]
    rows = [{**CALM, "order_id": f"N-{k}", **each} for k, each in enumerate(cells)]
    return of_orders("near limits", *rows)


def number(text: str) -> float:
    """The first number of a text."""
    return float(re.search(r"\d+(?:\.\d+)?", text)[0])


def exceeds(value: float, limit: float, exclusive: bool) -> bool:
    if abs(value - limit) <= 1e-9 * limit:
        return exclusive
    return value > limit


LIMITS = (("start", "Start limit"), ("soft_max", "Soft maximum"), ("hard_max", "Hard maximum"))


def breaks(order: dict, rate: float, limit: str) -> bool:
    limits = order["limits"]
    return exceeds(rate, limits[f"{limit}_mg_per_kg_min"], limits.get(f"{limit}_exclusive", False))


def true_as_shown(order: dict, table: dict[str, list[str]], name: str, shown: str) -> list[str]:
    """Where a rate as it is shown is to a limit as it is shown what the rate is not to the limit."""
    limits, rate = order["limits"], order["ordered"][f"{name}_rate_mg_per_kg_min"]
    wrong = []
    for limit, title in LIMITS:
        value, exclusive = limits[f"{limit}_mg_per_kg_min"], limits.get(f"{limit}_exclusive", False)
        text = table[title][0]
        assert ("below" in text) == exclusive and number(text) <= value * (1 + 1e-9)
        if exceeds(number(shown), number(text), "below" in text) != exceeds(rate, value, exclusive):
            wrong.append(f"{order['order_id']}: {rate!r} is shown as {shown!r}, and {title} {value!r} as {text!r}")
    return wrong


def test_a_rate_is_never_shown_within_a_limit_that_it_breaks_nor_over_one_that_it_keeps(pages: Pages) -> None:
    report = near_limits()
    page = pages(report, "all=yes&order=1")
    wrong = []
    for order in report.orders:
        table = {
            row.locator("th").inner_text(): row.locator("td").all_inner_texts()
            for row in page.locator("table.limits tbody tr").all()
        }
        cells = dict(
            page.evaluate(
                "[...document.querySelectorAll('table.cells tbody tr')].map((r) => [r.cells[0].innerText, r.cells[2].innerText])"
            )
        )
        for name, title in (("max", "Ordered maximum"), ("start", "Ordered start")):
            wrong += true_as_shown(order, table, name, table[title][0])
            wrong += true_as_shown(order, table, name, cells[f"{name}_rate"])
            rate, said = order["ordered"][f"{name}_rate_mg_per_kg_min"], " ".join(table[title][0].split())
            worst = [
                limit for limit in (LIMITS[::-1] if name == "start" else LIMITS[:0:-1]) if breaks(order, rate, limit[0])
            ]
            assert said.partition(" over ")[2] == (f"the {worst[0][1].lower()}" if worst else ""), order["order_id"]
        drawn = page.locator("svg.rates").get_attribute("aria-label")
        (shown,) = re.findall(r"ordered max ([\d.]+)", drawn)
        wrong += true_as_shown(order, table, "max", shown)
        page.keyboard.press("j")
    assert wrong == []


def test_the_worklist_shows_rates_beside_limits_as_truly(pages: Pages) -> None:
    report = near_limits()
    page = pages(report, "all=yes")
    rows = page.evaluate("[...document.querySelectorAll('#table td.share')].map((cell) => cell.innerText)")
    page.evaluate("document.querySelector('button.dt-paging-button.next').click()")
    rows += page.evaluate("[...document.querySelectorAll('#table td.share')].map((cell) => cell.innerText)")
    assert len(rows) == len(report.orders)
    for order, row in zip(report.orders, rows, strict=True):
        rate, limits = order["ordered"]["max_rate_mg_per_kg_min"], order["limits"]
        shown, limit = row.splitlines()[0].split(" of ")
        hard = (limits["hard_max_mg_per_kg_min"], limits["hard_max_exclusive"])
        assert limit.startswith("<") == hard[1]
        is_over = exceeds(rate, *hard)
        assert exceeds(number(shown), number(limit), limit.startswith("<")) == is_over, row
        reached = is_over and abs(rate - hard[0]) <= 1e-9 * hard[0]
        assert ("over hard max" in row.splitlines()[1]) == (is_over and not reached), row
        assert ("not below hard max" in row) == reached, row
        percent = number(row.splitlines()[1])
        assert (percent > 100 or (percent == 100 and hard[1])) == is_over, row


def test_arithmetic_and_messages_stand_as_the_report_has_them(pages: Pages) -> None:
    report = sample("every_rule.xlsx")
    page = pages(report, "all=yes&order=1")
    for order in report.orders:
        cards = page.locator("article.finding").all_inner_texts()
        assert len(cards) == len(order["findings"])
        for card, finding in zip(cards, order["findings"], strict=True):
            told = " ".join(card.split())
            assert told.split()[1] == finding["severity"].upper()
            for name in ("code", "name", "message", "arithmetic", "source"):
                assert " ".join(visible(finding[name]).split()) in told
            for name, value in finding["inputs"].items():
                assert f"{name}: {' '.join(visible(value).split())}" in told
        page.keyboard.press("j")


HEADS = {
    "from start": "at",
    "minutes": "minutes",
    "mL/h": "mL_per_h",
    "mg/kg/min": "mg_per_kg_min",
    "mL": "mL",
    "total mL": "cumulative_mL",
    "total g": "cumulative_g",
}


def test_each_number_of_a_programme_stands_under_its_head(pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"), "order=1")
    for order in sample("clean_batch.csv").orders[:10]:
        heads, *rows = page.evaluate(
            "() => [...document.querySelectorAll('table.steps tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
        )
        assert heads == [*HEADS, "vitals"] and len(rows) == len(order["schedule"]["steps"])
        for row, step in zip(rows, order["schedule"]["steps"], strict=True):
            for head, text in zip(heads[:-1], row, strict=False):
                assert says(("schedule", HEADS[head]), step[HEADS[head]], text), (head, text, step)
        page.keyboard.press("j")


def test_an_explanation_of_each_rule_found_can_be_opened(pages: Pages) -> None:
    page = pages(sample("every_rule.xlsx"), "order=1")
    page.get_by_text("About IVG101").click()
    assert len(page.locator("article.finding details").first.inner_text()) > 100
