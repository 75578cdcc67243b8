"""For everybody: by axe-core's rules, on narrow screens, with large text, without motion, and without colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ivigcheck.pipeline import check_files
from ivigcheck.site import knowledge_in_force

from .conftest import Launch, Pages
from .reports import AS_OF, SAMPLES, Report, nightly, numbered, of, of_orders, sample, varied

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LOOKED_AT_TWICE = ("list", "nightly", "STOP", "PASS with a programme")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LOOKS = [(viewport, scheme) for viewport in (WIDE, PHONE) for scheme in ("light", "dark")]


def first(report: Report, fits: Callable[[dict], bool]) -> str:
    return f"order={next(k for k, order in enumerate(report.orders, 1) if fits(order))}"


def deviating() -> Report:
    """Of orders under a site's own policy, which the page must say."""
    knowledge = knowledge_in_force(str(SAMPLES / "site_policy.toml"))
    return of(check_files([SAMPLES / "messy_batch.csv"], AS_OF, knowledge=knowledge), "deviating")


def few() -> Report:
    """Of an order of each status, and one that is folded."""
    changes = [
        {"max_rate": "9 mg/kg/min"},
        {"weight": "80"},
        {"age_years": "71"},
        {"diabetes": ""},
        {"product": "?"},
        {},
        {},
    ]
    return of_orders("few", *numbered(len(changes), lambda k: changes[k - 1]))


VIEWS: dict[str, tuple[Callable[[], Report], Callable[[Report], str]]] = {
    "list": (few, lambda report: ""),
    "filtered to none": (lambda: sample("every_rule.xlsx"), lambda report: "search=nothing+fits"),
    "nightly": (nightly, lambda report: ""),
    "STOP": (lambda: sample("every_rule.xlsx"), lambda report: first(report, lambda o: o["status"] == "STOP")),
    "UNCHECKED": (
        lambda: sample("every_rule.xlsx"),
        lambda report: first(report, lambda o: o["status"] == "UNCHECKED"),
    ),
    "malformed": (lambda: sample("every_rule.xlsx"), lambda report: first(report, lambda o: o["order_id"] is None)),
    "PASS with a programme": (lambda: sample("clean_batch.csv"), lambda report: first(report, lambda o: o["schedule"])),
    "an acknowledged finding": (nightly, lambda report: first(report, lambda o: o["delta"] == "acknowledged")),
    "help": (lambda: sample("clean_batch.csv"), lambda report: ""),
}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {[node['html'][:150] for node in each['nodes'][:3]]}"
        for each in found
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_in_light_or_dark_on_a_desk_or_in_the_hand(view: str, pages: Pages) -> None:
    make, address = VIEWS[view]
    page = pages(make(), address(make()), fresh=True)
    if view == "help":
        page.get_by_role("button", name="Keys and help").click()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = {}
    for viewport, scheme in LOOKS if view in LOOKED_AT_TWICE else LOOKS[::3]:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        found[viewport["width"], scheme] = violations(page)
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("view", "width"),
    [
        *((view, 320) for view in (*VIEWS, "every field in use")),
        ("PASS with a programme", 1000),
        ("list", 1000),
        ("list", 1140),
    ],
)
def test_nothing_scrolls_sideways_but_framed_tables(view: str, width: int, pages: Pages) -> None:
    make, address = VIEWS.get(view, (varied, lambda report: "status=STOP&rule=IVG101&search=a&file=day.csv"))
    report = make()
    page = pages(report, address(report), viewport={"width": width, "height": 640})
    if view == "help":
        page.get_by_role("button", name="Keys and help").click()
    for details in page.locator("details").all():
        details.evaluate("(each) => { each.open = true; }")
    wide = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() && !each.closest('.frame, .skip'))
          .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('svg'))
          .map((each) => each.outerHTML.slice(0, 100))"""
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def overlapping(page: Page, query: str) -> list[str]:
    """Pairs of texts that lie on each other."""
    return page.evaluate(
        """(query) => {
          const texts = [];
          const roots = [...document.querySelectorAll(query)];
          for (const root of roots.filter((each) => !roots.some((other) => other !== each && other.contains(each)))) {
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            for (let node; (node = walker.nextNode()); ) {
              if (!node.data.trim() || !node.parentElement.checkVisibility() || node.parentElement.closest('.frame, .byrule')) continue;
              const range = document.createRange();
              range.selectNodeContents(node);
              for (const box of range.getClientRects()) texts.push([node.data.trim(), box]);
            }
          }
          const pairs = [];
          texts.forEach(([one, a], k) => texts.slice(k + 1).forEach(([other, b]) => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 2 && high > 5) pairs.push(`${one} / ${other}`);
          }));
          return pairs;
        }""",
        query,
    )


def readable(page: Page) -> None:
    """Nothing of the list or of an order is cut, or lies on something else."""
    assert overlapping(page, "header, .tiles, .news, .filters, #folded, .list h2, .actions, #table") == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator("a.open").first.click()
    expect(page.locator("#order h2")).to_be_visible()
    assert overlapping(page, "#order") == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_page_that_is_zoomed_to_200_percent_can_be_read(pages: Pages) -> None:
    readable(pages(nightly(), viewport={"width": 640, "height": 400}, device_scale_factor=2))


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_text_of_twice_the_size_by_the_browsers_own_setting_can_be_read(viewport: dict, launch: Launch) -> None:
    with launch("--blink-settings=defaultFontSize=32") as browser:
        opener = Pages(browser)
        page = opener(nightly(), viewport=viewport)
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 30
        readable(page)
        assert opener.complaints == []


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_texts_do_not_lie_on_each_other(width: int, pages: Pages) -> None:
    page = pages(sample("every_rule.xlsx"), viewport={"width": width, "height": 800})
    assert overlapping(page, "header, .tiles, .pictures, .filters, #table, .actions") == []
    title = page.evaluate(  # what stands before a cell of a narrow list is no text of the page's
        """() => [...document.querySelectorAll('#table td.share')].filter((cell) => {
          const before = getComputedStyle(cell, '::before');
          return before.content !== 'none' && before.whiteSpace === 'nowrap';
        }).length"""
    )
    assert title == 0


def test_nothing_moves(pages: Pages) -> None:
    for motion in ("reduce", "no-preference"):
        page = pages(varied(), reduced_motion=motion)
        page.locator('[data-status="STOP"]').click()
        page.locator("a.open").first.click()
        assert page.evaluate("document.getAnimations().length") == 0
        moving = page.evaluate(
            """() => [...document.querySelectorAll('*')].filter((each) => {
              const style = getComputedStyle(each);
              return style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => parseFloat(time) > 0)
                || style.scrollBehavior === 'smooth';
            }).length"""
        )
        assert moving == 0


def test_a_status_is_a_sign_and_a_word_wherever_it_is_a_colour(pages: Pages) -> None:
    report = varied()
    page = pages(report, "all=yes")
    for word in ("STOP", "UNCHECKED", "REVIEW", "PASS"):
        rows = page.locator(f"#table tr.{word.lower()}")
        badges = rows.locator("td.worst").all_inner_texts()
        assert len(badges) == rows.count() and all(
            text.endswith(word) and len(text) == len(word) + 2 for text in badges
        )
        assert word in page.locator(f".tile.{word.lower()}").inner_text()
    for line in page.locator("#by-rule button").all():
        (kind,) = re.findall(r"bar (\w+)", line.locator("svg").get_attribute("class"))
        assert line.inner_text().startswith(kind.upper())
    for cell in page.locator("td.share .over").all():
        assert "over" in cell.inner_text()
    page.locator("a.open").first.click()
    for card in page.locator("article.finding").all():
        kind = card.get_attribute("class").split()[1]
        assert kind.upper() in card.locator("h4").inner_text()


def test_pictures_say_in_words_what_they_draw(pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"), "order=1")
    drawn = [svg.get_attribute("aria-label") for svg in page.get_by_role("img").all()]
    assert any(re.match(r"Rates in mg/kg/min: .*ordered max [\d.]+", label) for label in drawn)
    assert any(re.match(r"Pump programme: from 0 min [\d.]+ mL/h.*ends after", label) for label in drawn)


def test_headings_go_down_one_step_at_a_time_and_landmarks_have_names(pages: Pages) -> None:
    for address in ("", "order=1"):
        page = pages(sample("every_rule.xlsx"), address)
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].filter((h) => h.checkVisibility()).map((h) => Number(h.tagName[1]))"
        )
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))
        assert page.locator("html").get_attribute("lang") == "en" and page.title().startswith("IVIG orders as of")


def test_the_count_of_what_is_found_is_told_to_a_screen_reader(pages: Pages) -> None:
    page = pages(varied())
    found = page.locator("#found")
    expect(found).to_have_role("status")
    page.locator("#search").fill("privigen")
    expect(found).to_have_text(re.compile(r"^\d+ of 130 orders$"))
    expect(found).to_have_attribute("aria-live", "polite")


def test_a_site_policy_that_deviates_is_said_first_and_passes_too(pages: Pages) -> None:
    report = deviating()
    page = pages(report)
    told = page.locator(".deviations").inner_text()
    for each in report.said["policy"]["deviations"]:
        assert each["parameter"] in told and each["reason"] in told
    assert violations(page) == []
