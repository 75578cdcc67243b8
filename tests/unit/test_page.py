"""The HTML report's file: the same input gives the same bytes, and it holds what it says it holds."""

from __future__ import annotations

import base64
import copy
import gzip
import hashlib
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import GOOD, check

import ivigcheck.report.page
from ivigcheck.report import Rendering
from ivigcheck.report.json_report import render_json
from ivigcheck.report.page import over_limits, rate_units
from ivigcheck.report.page.assets import VENDORED, scripts, style
from ivigcheck.report.page.reference import (
    MAX_OVER_HARD,
    MAX_OVER_SOFT,
    START_OVER_HARD,
    START_OVER_SOFT,
    START_OVER_START,
    reference,
)
from ivigcheck.rules import RULES

ASSETS = Path(ivigcheck.report.page.__file__).parent / "assets"
VENDOR = ASSETS / "vendor"
OWN = sorted(path for path in ASSETS.iterdir() if path.is_file())
LIBRARIES = sorted(VENDOR.glob("*.js"))
STARTED = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ORDERS = (
    GOOD,
    GOOD | {"order_id": "A-2", "max_rate": "9 mg/kg/min", "start_rate": "3 mg/kg/min"},
    GOOD | {"order_id": "A-3", "diabetes": "", "dose": "0.4 g/kg"},
    GOOD | {"order_id": "</script><script>", "weight": "80"},
    GOOD | {"order_id": "\ud800", "product": "\u2028"},
)


def rendering() -> Rendering:
    return Rendering(check(*ORDERS), STARTED)


@pytest.fixture(scope="module")
def page() -> str:
    return rendering().html().decode("utf-8")


class Parts(HTMLParser):
    """The contents of style and script elements, and every attribute, as a browser takes them from the file."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.found.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style") and self.lasttag in ("script", "style"):
            tag, attrs, before = self.found[-1]
            self.found[-1] = (tag, attrs, before + data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.tags.append(("/" + tag, {}))


def packed(page: str) -> bytes:
    """What the page was given, unpacked."""
    (text,) = re.findall(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]+)</script>', page)
    return gzip.decompress(base64.b64decode(text, validate=True))


def admitted(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_same_orders_give_the_same_bytes_but_for_the_time_of_the_run() -> None:
    assert rendering().html() == rendering().html()
    later = Rendering(check(*ORDERS), datetime(2026, 11, 22, 4, 0, tzinfo=UTC)).html()
    assert later != rendering().html()
    assert b"2026-11-22T04:00:00" in later


def test_the_bytes_do_not_depend_on_hashes_of_the_day() -> None:
    """Of texts in sets, which Python makes anew for every process."""
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import hashlib, test_page as t; "
        "print(hashlib.sha256(t.rendering().html()).hexdigest())"
    )
    tests = Path(__file__).parent
    folders = [str(tests), str(tests.parent), str(tests.parents[1])]
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, *folders],
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": ""},
            timeout=60,
            check=True,
        ).stdout
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York"))
    }
    assert len(digests) == 1


def test_scripts_and_style_are_exactly_what_the_policy_admits(page: str) -> None:
    parts = Parts(page)
    (policy,) = [
        attrs["content"]
        for tag, attrs in parts.tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    said = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    running = [content for tag, attrs, content in parts.found if tag == "script" and "type" not in attrs]
    assert [admitted(content) for content in running] == said["script-src"] == [each.admitted for each in scripts()]
    assert [admitted(content) for tag, _, content in parts.found if tag == "style"] == said["style-src"]
    assert said["style-src"] == [style().admitted]
    assert said["default-src"] == said["base-uri"] == said["form-action"] == ["'none'"]
    assert said["require-trusted-types-for"] == ["'script'"] and said["trusted-types"] == ["default"]
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert len(said) == 7


def test_there_is_one_block_of_data_and_no_handler_no_style_and_no_address_in_the_markup(page: str) -> None:
    parts = Parts(page)
    assert [attrs for tag, attrs, _ in parts.found if "type" in attrs] == [{"type": "text/plain", "id": "data"}]
    for tag, attrs in parts.tags:
        assert not {
            name for name in attrs if name.startswith("on") or name in ("style", "src", "href", "srcset", "action")
        }, tag
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "video", "audio", "source", "a")


def test_vendored_files_are_those_that_are_listed_and_no_other_lies_there() -> None:
    listed = dict(
        re.findall(
            r"^(\S+\.js)  \S+  \S+  \S+  ([0-9a-f]{64})$", (VENDOR / "VERSIONS.txt").read_text(encoding="utf-8"), re.M
        )
    )
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in LIBRARIES}
    assert there == listed
    assert {path.name for path in VENDOR.iterdir()} == {*there, "VERSIONS.txt", "LICENCES.txt"}
    assert {f"{name}.min.js" for name in VENDORED} == set(there), "each is put into the page, and once"


def test_every_library_has_its_licence() -> None:
    text = (VENDOR / "LICENCES.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^\S+\.js  (\S+)  \S+  (\S+)  ", (VENDOR / "VERSIONS.txt").read_text(encoding="utf-8"), re.M)
    assert len(packages) == len(VENDORED)
    for name, licence in packages:
        assert name in text and licence in text, name


def test_every_own_script_is_in_the_page(page: str) -> None:
    for path in OWN:
        if path.suffix in (".js", ".css"):
            assert path.read_text(encoding="utf-8").strip() in page, path.name


@pytest.mark.parametrize("path", [*OWN, *LIBRARIES], ids=lambda path: path.name)
def test_no_asset_could_end_its_element_or_load_anything(path: Path) -> None:
    content = path.read_bytes()
    assert b"\r" not in content and b"\x00" not in content
    if path.suffix != ".j2":
        assert b"</script" not in content.lower() and b"</style" not in content.lower() and b"<!--" not in content
    text = content.decode("utf-8")
    # Addresses that are loaded; one in a comment, and the name of a namespace, are not.
    loaded = (
        r"""(?:url\(|@import|src\s*=|import\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|importScripts|new Worker)"""
    )
    if path.parent == ASSETS:
        assert not re.search(loaded, text), path.name
        assert not re.search(
            r"innerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\.style\b|localStorage|cookie", text
        )
    assert not re.search(loaded + r"""\s*\(?["'`]https?:""", text)
    assert not re.search(r"sourceMappingURL=\s*https?:", text)


def test_the_data_are_the_json_reports_own_bytes_with_the_schedules(page: str) -> None:
    data = packed(page)
    whole = rendering().scheduled().json()
    assert whole.strip() in data
    assert json.loads(data)["report"] == json.loads(whole)
    plain = json.loads(rendering().json())
    unplanned = copy.deepcopy(json.loads(whole))
    for order in unplanned["orders"]:
        del order["schedule"], order["no_schedule"]
    assert unplanned == plain
    assert json.loads(render_json(unplanned)) == plain


def test_what_goes_with_the_report_is_in_its_order(page: str) -> None:
    data = json.loads(packed(page))
    orders, beside = data["report"]["orders"], data["page"]
    assert len(beside["over"]) == len(beside["unit"]) == len(orders)
    by_id = dict(zip((order["order_id"] for order in orders), beside["over"], strict=True))
    assert by_id["A-2"] == MAX_OVER_SOFT | MAX_OVER_HARD | START_OVER_START and by_id["A-1"] == 0
    folded = [orders[k]["order_id"] for k in beside["folded"]]
    assert folded == ["A-3"]
    assert set(beside["unit"]) == {"mL/h", "mg/kg/min"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 0),
        ({"max_rate": "8 mg/kg/min"}, 0),
        ({"max_rate": "384 mL/h"}, 0),
        ({"max_rate": "8.0000001 mg/kg/min"}, MAX_OVER_SOFT | MAX_OVER_HARD),
        ({"max_rate": "8.000000001 mg/kg/min"}, 0),
        ({"max_rate": "8 mg/kg/min", "age_years": "71"}, MAX_OVER_SOFT | MAX_OVER_HARD),
        ({"max_rate": "7.9999999 mg/kg/min", "age_years": "71"}, MAX_OVER_SOFT),
        ({"max_rate": "3.3 mg/kg/min", "age_years": "71"}, 0),
        ({"start_rate": "1.0001 mg/kg/min"}, START_OVER_START),
        ({"start_rate": "9 mg/kg/min"}, START_OVER_START | START_OVER_SOFT | START_OVER_HARD),
        ({"max_rate": ""}, 0),
        ({"weight": "?", "max_rate": "9 mg/kg/min"}, MAX_OVER_SOFT | MAX_OVER_HARD),
    ],
)
def test_a_rate_is_over_a_limit_as_the_rules_have_it(change: dict[str, str], expected: int) -> None:
    checked = check(GOOD | change)
    assert over_limits(checked.orders, checked.limits) == [expected]


@pytest.mark.parametrize(
    ("written", "unit"),
    [("380 mL/h", "mL/h"), ("5 mg/kg/min", "mg/kg/min"), ("5", ""), ("", ""), ("300 mg/kg/h", "mg/kg/h")],
)
def test_a_rates_unit_is_the_one_that_is_written(written: str, unit: str) -> None:
    assert rate_units(check(GOOD | {"max_rate": written}).orders) == [unit]


def test_every_rule_that_the_report_names_is_explained(page: str) -> None:
    data = json.loads(packed(page))
    named = {finding["code"] for order in data["report"]["orders"] for finding in order["findings"]}
    assert named and set(data["reference"]["rules"]) == named
    for code, told in data["reference"]["rules"].items():
        assert told["name"] == RULES[code].name and told["page"] == list(RULES[code].paragraphs) != []
    questions = {
        name for order in data["report"]["orders"] for name in (*order["undocumented"], *order["not_assessed"])
    }
    assert questions <= set(data["reference"]["questions"])
    assert {order["status"] for order in data["report"]["orders"]} <= set(data["reference"]["statuses"])


def test_rules_whose_findings_are_over_are_explained_too() -> None:
    said = json.loads(rendering().json()) | {"delta": {"resolved": [{"code": "IVG501"}]}}
    assert "IVG501" in reference(said)["rules"]


def test_a_batch_without_orders_is_a_page_too() -> None:
    page = Rendering(check(), STARTED).html().decode("utf-8")
    assert json.loads(packed(page))["report"]["orders"] == []
    assert (
        "<b><span data-head='[&#34;counts&#34;,&#34;orders&#34;]' data-value=\"0\">0</span></b> <span>orders</span>"
        in page
    )


def test_the_title_says_the_worst_and_names_nobody(page: str) -> None:
    (title,) = re.findall("<title>(.*?)</title>", page)
    assert re.fullmatch(r"IVIG orders as of 2026-11-22: \d+ STOP, \d+ UNCHECKED", title)
    assert str(date(2026, 11, 22)) in title


def test_no_patient_is_named_outside_the_packed_data(page: str) -> None:
    assert "00123" not in page and "A-2" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)


def test_other_reports_do_not_import_what_only_the_page_needs() -> None:
    code = "import sys, ivigcheck.report; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
