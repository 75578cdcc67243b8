"""What a site's policy says beside headers and clinical parameters: its name, its rules' severities, its products, its
files and its clock."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from typing import Any, Final

from ivigcheck.intake.csv_text import is_plain_encoding
from ivigcheck.knowledge import Deviation, Knowledge, fold
from ivigcheck.rules import RULES, Severity
from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.settings_file.problems import Problems, is_reason, is_text, nearest, quoted
from ivigcheck.site.files import BUILT_IN
from ivigcheck.site.shape import SeverityChange, SiteFile

Deviations = list[tuple[KeyPath, Deviation]]

_FIXED: Final = frozenset({"IVG901", "IVG902", "IVG903", "IVG905", "IVG908", "IVG910"})
"""Rules that say that an order could not be checked: no site may have them say anything else."""

_COULD_NOT_BE_CHECKED: Final = "of a product that is not recognised it says that the order could not be checked"
_NEVER_BELOW_REVIEW: Final = {
    **dict.fromkeys(("IVG101", "IVG102", "IVG103", "IVG107", "IVG501", "IVG502"), "it stops an order"),
    **dict.fromkeys((f"IVG{number}" for number in range(201, 209)), "it stops an order"),
    "IVG907": _COULD_NOT_BE_CHECKED,
}
"""Rules on which somebody must look at the order, whatever a site decides, and why."""

_SEVERITIES: Final = {
    severity.name.lower(): severity for severity in (Severity.STOP, Severity.UNCHECKED, Severity.REVIEW, Severity.INFO)
}
_GRADED: Final = {
    **dict.fromkeys(("IVG208", "IVG501", "IVG502"), "stop or review"),
    "IVG907": "unchecked or review",
}
"""Rules that may be changed and whose findings do not all weigh the same: a site's one severity is then another, even
where it is the rule's gravest."""

_VERY_LIKE: Final = 0.8
_SHORT: Final = ("id", "version", "title", "signed_off_knowledge", "time_zone", "encoding", "default_product")


def check_identity(site: SiteFile, raw: Mapping[str, Any], problems: Problems) -> None:
    """The policy's name and version are there, and no text of one line is blank or cannot be seen."""
    for name in ("id", "version"):
        if name not in raw:
            problems.add((name,), "is missing", f'add {name} = "…" to the top of the file')
    for name in _SHORT:
        text = getattr(site, name)
        if isinstance(raw.get(name), str) and not (is_text(text) and text.isprintable()):
            problems.add((name,), f"{quoted(text)} says nothing, or cannot be seen", "write a text of one line")
    if fold(site.id) == fold(BUILT_IN):
        problems.add(("id",), f"{quoted(site.id)} is the name of the built-in policy", "give yours a name of its own")


def read_severities(changes: Mapping[str, SeverityChange], problems: Problems) -> tuple[dict[str, str], Deviations]:
    """Rule code -> the severity that the site gives it, and how that deviates.

    A severity that the rule has anyway is no change. Problems: a code that is no rule, a word that is no severity, a
    blank reason, a rule that may not be changed, or not so far.
    """
    severities: dict[str, str] = {}
    found: Deviations = []
    for code, change in changes.items():
        path: KeyPath = ("severity", code)
        if code in _FIXED:
            fix = "remove it"
            problems.add(path, "says that an order could not be checked, and stays as it is", fix)
        elif code not in RULES:
            what = f"is no rule{problems.did_you_mean(code, RULES)}"
            problems.add(path, what, 'remove it; "ivigcheck rules" lists the rules')
        elif change.severity not in _SEVERITIES:
            at = (*path, "severity")
            problems.add(at, f"{quoted(change.severity)} is no severity", f"write one of {', '.join(_SEVERITIES)}")
        elif code in _NEVER_BELOW_REVIEW and _SEVERITIES[change.severity] < Severity.REVIEW:
            at = (*path, "severity")
            what = f"{code} is never below review: {_NEVER_BELOW_REVIEW[code]}"
            problems.add(at, what, "write one of stop, unchecked, review")
        elif not is_reason(change.reason):
            fix = "write why, in words that can be seen"
            problems.add((*path, "reason"), f"{quoted(change.reason)} says no reason", fix)
        elif code in _GRADED or _SEVERITIES[change.severity] != RULES[code].severity:
            own = RULES[code].severity
            direction = "looser" if _SEVERITIES[change.severity] < own else "tighter"
            built_in, reason = _GRADED.get(code, own.name.lower()), " ".join(change.reason.split())
            severities[code] = change.severity
            found.append((path, Deviation(f"severity.{code}", built_in, change.severity, direction, reason)))
    return severities, found


def read_questions(site: SiteFile, knowledge: Knowledge, problems: Problems) -> tuple[frozenset[str], Deviations]:
    """The questions whose blank answer is no, and how that deviates: what was open is taken for no, which is looser."""
    known = [question.name for question in knowledge.questions]
    named: dict[str, None] = {}
    for k, name in enumerate(site.absent_means_no):
        path: KeyPath = ("absent_means_no", k)
        if name not in known:
            fix = f"remove it, or write one of {', '.join(known)}"
            problems.add(path, f"{quoted(name)} is no risk question{problems.did_you_mean(name, known)}", fix)
        elif name in named:
            problems.add(path, f"{quoted(name)} stands here twice", "name it once")
        else:
            named[name] = None
    if not named:
        return frozenset(), []
    deviation = Deviation("absent_means_no", "none", ", ".join(named), "looser")
    return frozenset(named), [(("absent_means_no",), deviation)]


def read_products(
    site: SiteFile, raw: Mapping[str, Any], knowledge: Knowledge, problems: Problems
) -> tuple[int, frozenset[int], Deviations]:
    """Position of the product that a blank means (-1: none), positions of those in use (none: not said), and how that
    deviates."""
    deviations: Deviations = []
    used: dict[int, None] = {}
    for k, name in enumerate(site.products_in_use):
        position = _product(name, ("products_in_use", k), knowledge, problems)
        if position in used:
            problems.add(("products_in_use", k), f"{quoted(name)} stands here twice", "name it once")
        elif position >= 0:
            used[position] = None
    if raw.get("products_in_use") == []:
        problems.add(("products_in_use",), "names no product", "name the products that you stock, or remove it")
    if used:
        names = ", ".join(knowledge.products[position].name for position in used)
        deviations.append((("products_in_use",), Deviation("products_in_use", "all", names, "other")))
    default = -1
    if site.default_product.strip():
        default = _product(site.default_product, ("default_product",), knowledge, problems)
    if default >= 0:
        name = knowledge.products[default].name
        if used and default not in used:
            problems.add(("default_product",), f"{quoted(name)} is not in products_in_use", "add it there")
        deviations.append((("default_product",), Deviation("default_product", "none", name, "other")))
    return default, frozenset(used), deviations


def _product(name: str, path: KeyPath, knowledge: Knowledge, problems: Problems) -> int:
    """The position of the product of this name; -1 where there is none, which is a problem."""
    names = [product.name for product in knowledge.products]
    folded = fold(name)
    for position, known in enumerate(names):
        if fold(known) == folded:
            return position
    what = f"{quoted(name)} is no product known here{problems.did_you_mean(name, names)}"
    problems.add(path, what, 'write a name with its strength, as "ivigcheck products" lists them')
    return -1


def read_history(site: SiteFile) -> Deviations:
    """How it deviates that the history of patients must be asked."""
    required = Deviation("require_history", "no", "yes", "tighter")
    return [(("require_history",), required)] if site.require_history else []


_REASON_CODE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_CODE: Final = 40


def read_reasons(site: SiteFile, raw: Mapping[str, Any], problems: Problems) -> Mapping[str, str]:
    """The site's own list of reasons for which a finding is settled: code -> what it means; none where it has none."""
    key = "acknowledgement_reasons"
    if raw.get(key) == {}:
        problems.add((key,), "names no reason", "give it one at least, or remove it")
    for code, meaning in site.acknowledgement_reasons.items():
        if len(code) > _LONGEST_CODE or not _REASON_CODE.fullmatch(code):
            problems.add((key, code), "is no code of a reason", "write it in small letters, digits and single hyphens")
        elif not (is_reason(meaning) and meaning.isprintable()):
            problems.add((key, code), f"{quoted(meaning)} says nothing", "write in a line what the code means")
    return site.acknowledgement_reasons


def check_time_zone(site: SiteFile, problems: Problems) -> None:
    """The time zone is one that this computer knows."""
    if not site.time_zone.strip():
        return
    try:
        zoneinfo.ZoneInfo(site.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        guess = nearest(site.time_zone, zoneinfo.available_timezones(), _VERY_LIKE)
        fix = f"write it as {guess}" if guess else "write a place as the time zone database has it: America/New_York"
        problems.add(("time_zone",), f"{quoted(site.time_zone)} is no time zone known here", fix)


def check_encoding(site: SiteFile, problems: Problems) -> None:
    """The encoding is one in which a file's text is what its bytes say."""
    if site.encoding.strip() and not is_plain_encoding(site.encoding):
        what = f"{quoted(site.encoding)} is no text encoding that is read here"
        problems.add(("encoding",), what, "write one such as utf-8, cp1252 or utf-16")
