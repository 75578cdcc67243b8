"""The page itself: its head as HTML for everybody, the report's own JSON packed into it, and what reads that."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ivigcheck.report.delta_facts import ENDINGS, MEANINGS, SECTIONS
from ivigcheck.report.json_report import render_json
from ivigcheck.report.json_text import encoded
from ivigcheck.report.lines import folded_text
from ivigcheck.report.model import deviation_text, is_folded
from ivigcheck.report.page.assets import scripts, style
from ivigcheck.report.page.reference import reference
from ivigcheck.report.verdict import STATUS_MEANINGS
from ivigcheck.show import cut, visible

if TYPE_CHECKING:
    import jinja2

_COMPRESSION: Final = 5  # a seventh more than 9 would leave, in half of its time
_LONGEST: Final = 2000  # characters of one text of the head; as the page's own scripts have it of an order's
_ID_DIGITS: Final = 8
_ORDER: Final = ("STOP", "UNCHECKED", "REVIEW", "PASS")


def render_page(report: Mapping[str, Any], over: Sequence[int], units: Sequence[str]) -> bytes:
    """The page in UTF-8.

    report: its orders with their schedules. over, units: for each of its orders which limits its rates are over, and
    the unit in which its maximum rate is written, as ``over_limits`` and ``rate_units`` give them.
    """
    folded = [k for k, order in enumerate(report["orders"]) if is_folded(order)]
    written = render_json(report)
    page = {
        "id": hashlib.sha256(written).hexdigest()[:_ID_DIGITS],
        "folded": folded,
        "folded_text": folded_text([report["orders"][k] for k in folded]),
        "over": over,
        "unit": units,
        "deviations": [deviation_text(each) for each in report["policy"]["deviations"]],
    }
    parts = {"report": written, "page": encoded(page), "reference": encoded(reference(report))}
    data = b"{" + b",".join(b'"%s":%s' % (name.encode(), part) for name, part in parts.items()) + b"}"
    packed = base64.b64encode(gzip.compress(data, _COMPRESSION, mtime=0)).decode("ascii")
    admitted = " ".join(script.admitted for script in scripts())
    policy = (
        f"default-src 'none'; script-src {admitted}; style-src {style().admitted}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types default"
    )
    head = {name: value for name, value in report.items() if name != "orders"}
    text = _template().render(
        head=head,
        policy=policy,
        style=style(),
        scripts=scripts(),
        packed=packed,
        statuses=[(word, head["counts"][word.lower()], STATUS_MEANINGS[word]) for word in _ORDER],
        deviations=[deviation_text(each) for each in head["policy"]["deviations"]],
        sections=[(name, title, MEANINGS[name]) for name, title in SECTIONS.items()],
        endings=ENDINGS,
    )
    return text.encode("utf-8")


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ivigcheck.report.page", "assets"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["shown"] = lambda text: cut(visible(text), _LONGEST)
    environment.filters["json"] = lambda value: encoded(value).decode()
    return environment.get_template("page.html.j2")
