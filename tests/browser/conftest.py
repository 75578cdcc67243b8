"""One browser for all these tests; pages of which none may complain, and none may ask for anything but its file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from .reports import FOLDERS, Report

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip


Launch = Callable[..., Browser]


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Starts a browser, with further arguments."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        why = "no Chromium: apt-get install chromium"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    with sync_playwright() as playwright:
        yield lambda *further: playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *further])


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Iterator[Browser]:
    with launch() as browser:
        yield browser


WIDE: ViewportSize = {"width": 1280, "height": 800}


class Pages:
    """Opens reports, and hears what their pages complain of and ask for.

    A browser takes longer to make a window than to show a report in it: windows that nothing special was asked of are
    kept, and show one report after the other.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._kept: list[Page] = []
        self._used = 0
        self._own: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def __call__(
        self,
        report: Report | Path,
        address: str = "",
        *,
        ready: bool = True,
        init: str = "",
        viewport: ViewportSize = WIDE,
        fresh: bool = False,
        **settings: Any,
    ) -> Page:
        """A page with a report. address: what stands after its "#". init: a script that runs before the page's own.

        fresh: whether it must be a window of its own, as it is where there are settings.
        """
        path = report if isinstance(report, Path) else report.path
        if fresh or init or settings:
            page = self._window(viewport, **settings)
            self._own.append(page.context)
        else:
            if self._used == len(self._kept):
                self._kept.append(self._window(viewport))
            page = self._kept[self._used]
            self._used += 1
            page.set_viewport_size(viewport)
        if init:
            page.add_init_script(init)
        page.goto(path.as_uri() + (f"#{address}" if address else ""))
        if ready:
            page.wait_for_selector("html.ready", state="attached")
        return page

    def _window(self, viewport: ViewportSize, **settings: Any) -> Page:
        context = self._browser.new_context(viewport=viewport, **settings)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("dialog", lambda dialog: (self.complaints.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        return page

    def finish(self) -> tuple[list[str], list[str]]:
        """Empties the windows; gives back the complaints and what was asked for since the last time."""
        for context in self._own:
            context.close()
        for page in self._kept[: self._used]:
            for other in page.context.pages:
                if other != page:
                    other.close()
            page.goto("about:blank")
        said = self.complaints.copy(), self.asked.copy()
        for kept in (self._own, self.complaints, self.asked):
            kept.clear()
        self._used = 0
        return said


@pytest.fixture(scope="session", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDERS.append(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="session")
def _pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def pages(_pages: Pages) -> Iterator[Pages]:
    """Gives pages; at the end none has complained, or asked for anything but its own file."""
    yield _pages
    complaints, asked = _pages.finish()
    assert complaints == []
    assert [url for url in asked if not (url.startswith("file:///") and url.partition("#")[0].endswith(".html"))] == []
