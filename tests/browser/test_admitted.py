"""What the page's policy admits: its own scripts and style, and nothing that anybody puts into it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from .conftest import Pages
from .reports import sample

REFUSED = {
    "an inline script": "const s = document.createElement('script'); s.append('window.__x = 1'); document.body.append(s);",
    "a script of an address": "const s = document.createElement('script'); s.setAttribute('src', 'data:text/javascript,window.__x=1'); document.body.append(s);",
    "a script of another site": "const s = document.createElement('script'); s.setAttribute('src', 'http://x.example/x.js'); document.body.append(s);",
    "a picture": "const i = document.createElement('img'); i.src = 'http://x.example/x.png'; document.body.append(i);",
    "a picture in the page": "const i = document.createElement('img'); i.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='; document.body.append(i);",
    "markup": "document.querySelector('#paper').innerHTML = '<b>x</b>';",
    "markup behind an element": "document.querySelector('#paper').insertAdjacentHTML('beforeend', '<img src=x onerror=window.__x=1>');",
    "an entity": "document.querySelector('#paper').innerHTML = '&lt;';",
    "a handler": "document.body.setAttribute('onclick', 'window.__x = 1'); document.body.click();",
    "a style": "const s = document.createElement('style'); s.append('body { display: none }'); document.head.append(s);",
    "a style attribute": "document.body.setAttribute('style', 'display: none');",
    "a frame": "const f = document.createElement('iframe'); f.src = 'http://x.example/'; document.body.append(f);",
    "a request": "fetch('http://x.example/x').catch(() => {});",
    "a beacon": "navigator.sendBeacon('http://x.example/x', 'x');",
    "a socket": "try { new WebSocket('ws://x.example/'); } catch {}",
    "a form": "const f = document.createElement('form'); f.action = 'http://x.example/'; document.body.append(f); f.submit();",
    "a base": "const b = document.createElement('base'); b.href = 'http://x.example/'; document.head.append(b);",
    "a worker": "try { new Worker('data:text/javascript,1'); } catch {}",
    "another policy of that kind": "trustedTypes.createPolicy('other', { createHTML: (text) => text });",
}  # fmt: skip


def directives(page: Page) -> dict[str, list[str]]:
    text = page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")
    return {name: values for name, *values in (part.split() for part in text.split(";"))}


def test_the_policy_is_as_strict_as_it_says(pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"))
    said = directives(page)
    assert said.pop("default-src") == said.pop("base-uri") == said.pop("form-action") == ["'none'"]
    assert said.pop("require-trusted-types-for") == ["'script'"] and said.pop("trusted-types") == ["default"]
    for name in ("script-src", "style-src"):
        assert all(value.startswith("'sha256-") for value in said.pop(name))
    assert said == {}
    first = page.evaluate("[...document.head.children].map((each) => each.localName + (each.httpEquiv ?? ''))")
    assert first.index("metaContent-Security-Policy") < first.index("style")


@pytest.mark.parametrize("what", REFUSED)
def test_the_browser_refuses(what: str, pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"))
    page.evaluate(
        "() => { window.__violations = []; "
        "document.addEventListener('securitypolicyviolation', (e) => window.__violations.push(e.effectiveDirective)); }"
    )
    before = page.evaluate("document.querySelectorAll('#paper *').length")
    page.evaluate(f"() => {{ try {{ {REFUSED[what]} }} catch (error) {{ window.__violations.push(error.name); }} }}")
    page.wait_for_timeout(150)
    assert page.evaluate("window.__violations") or pages.complaints, "nothing was refused"
    assert page.evaluate("window.__x") is None
    assert page.evaluate("document.querySelectorAll('#paper *').length") == before
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.url.startswith("file:") and page.evaluate("document.baseURI").startswith("file:")
    pages.complaints.clear()
    pages.asked.clear()


def test_nothing_is_asked_for_but_the_file_and_nothing_is_kept(pages: Pages) -> None:
    page = pages(sample("clean_batch.csv"))
    page.locator("a.open").first.click()
    assert pages.asked == [page.url.partition("#")[0]]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
