"""A reaction's protocol in plain text, 80 columns wide: for the terminal, or as one page to print, tick and sign."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ivigcheck.reaction import PRESSURES, SIGNS
from ivigcheck.report.model import deviation_text
from ivigcheck.show import cut, number, visible

Facts = Mapping[str, Any]

_WIDTH: Final = 80
_LABEL: Final = 10
_PAGE: Final = 64  # lines of a page of A4, six to the inch, with its margins
_RULE: Final = "-" * _WIDTH
_MOST: Final = 2  # lines of one notice on a page
_SIGN: Final = ("Nurse", "Physician told")
_SUSPICION: Final = {
    "stroke": "STROKE",
    "hypersensitivity": "HYPERSENSITIVITY",
    "aseptic_meningitis": "MENINGITIS",
}
_DISPOSITION: Final = {
    "rechallenge": "RECHALLENGE MAY BE CONSIDERED",
    "hold": "HOLD",
    "discontinue_session": "DISCONTINUE FOR THIS SESSION",
    "discontinue_permanently": "DISCONTINUE FOR GOOD",
}
_BEARING: Final = (
    "ceiling",
    "at_risk_ceiling",
    "rechallenge_fraction",
    "rechallenge_wait",
    "severe_reaction_from_grade",
    "close_watch_minutes",
)
"""The policy's parameters that bear on a reaction; what else a site sets otherwise is counted."""


def reaction_page(facts: Facts, *, printed: bool) -> str:
    """The protocol of one reaction. printed: with boxes to tick and lines to sign, on one page."""
    lines = [*_head(facts, printed=printed)]
    lines += ["DO NOW, IN ORDER", *_steps(facts["actions"], printed=printed)]
    lines += ["", "WHAT IT MAY BE, AND WHAT MAY FOLLOW", *_verdict(facts, printed=printed)]
    if facts["workup"]:
        lines += ["", "TO BE ORDERED", *_items(facts["workup"], "[ ] " if printed else "- ")]
    if facts["questions"]:
        lines += ["", "ANSWER NOW", *_questions(facts, printed=printed)]
    lines += ["", "WRITE DOWN", *_documentation(facts["documentation"], printed=printed)]
    lines += _items(facts["afterwards"][1:], "- ")  # the first says what is written down above
    lines += [_RULE if printed else "", *_foot(facts, printed=printed)]
    if printed:
        lines = _on_one_page(
            [*lines, *(line for who in _SIGN for line in ("", f"{who:<16}{'_' * 40}  Time {'_' * 17}"))]
        )
    return "\n".join(lines) + "\n"


def _on_one_page(lines: list[str]) -> list[str]:
    """The lines without as many of the blank ones, from below, as it takes."""
    too_many = len(lines) - _PAGE
    blank = [k for k, line in enumerate(lines) if not line][::-1][: max(too_many, 0)]
    return [line for k, line in enumerate(lines) if k not in blank]


def _head(facts: Facts, *, printed: bool) -> Iterator[str]:
    tool, policy, knowledge = facts["tool"], facts["policy"], facts["knowledge"]
    version = f"{tool['name']} {tool['version']}"
    yield f"{'REACTION DURING AN IVIG INFUSION':<{_WIDTH - len(version)}}{version}"
    at = f"{facts['observed_at'].replace('T', ' ')}, " if facts["observed_at"] else ""
    yield f"{at}{facts['figures']}"
    yield cut(visible(f"policy {policy['id']} {policy['version']}, knowledge {knowledge['version']}"), _WIDTH)
    yield _RULE
    if printed:
        yield f"Patient {'_' * 33}  Ward {'_' * 32}"
    parts = [
        f"GRADE {facts['grade']}",
        _DISPOSITION[facts["disposition"]],
        *(f"{_SUSPICION[name]}?" for name in facts["suspected"]),
    ]
    yield from _hanging("", " / ".join(parts))
    yield ""


def _verdict(facts: Facts, *, printed: bool) -> Iterator[str]:
    for name in facts["suspected"]:
        yield from _hanging("   ", f"{_SUSPICION[name]} is suspected: {', '.join(facts['suspected_because'][name])}.")
    if not facts["suspected"]:
        open_ = ", as far as was asked" if {*SIGNS, *PRESSURES} & {*facts["questions"]} else ""
        yield from _hanging("   ", f"Neither stroke, hypersensitivity nor meningitis is suspected{open_}.")
    grade = f"Grade {facts['grade']}: {facts['grade_because']}."
    yield from _hanging("   ", f"{grade} {_DISPOSITION[facts['disposition']]}: {facts['disposition_because']}.")
    yield from _items(facts["follows"])
    entries = facts["history_entries"]
    if printed and entries:  # all on one page
        more = f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""
        entries = [f"{entries[-1]}{more}"]
    yield from _items(f"{entry[:1].upper()}{entry[1:]}" for entry in entries)


def _steps(actions: Iterable[str], *, printed: bool) -> Iterator[str]:
    for k, action in enumerate(actions, 1):
        yield from _hanging(f"{k:>2} [ ] " if printed else f"{k:>2} ", action)


def _items(texts: Iterable[str], mark: str = "") -> Iterator[str]:
    for text in texts:
        yield from _hanging(f"   {mark}", text)


def _hanging(mark: str, text: str) -> Iterator[str]:
    lines = textwrap.wrap(visible(text), _WIDTH - len(mark)) or [""]
    yield f"{mark}{lines[0]}"
    yield from (f"{'':<{len(mark)}}{line}" for line in lines[1:])


def _questions(facts: Facts, *, printed: bool) -> Iterator[str]:
    if printed:  # all of them on one page
        words = (name.replace("_", " ").replace("sbp", "systolic pressure") for name in facts["questions"])
        yield from _items([", ".join(words)])
        return
    width = max(map(len, facts["questions"])) + 2
    for name, question in zip(facts["questions"], facts["questions_in_words"], strict=True):
        yield from _hanging(f"   {name:<{width}}", question)


def _documentation(said: Facts, *, printed: bool) -> Iterator[str]:
    blank = "_" * 20 if printed else "(not known)"
    minutes, grams, rate = said["minutes_from_start"], said["dose_given_g"], said["rate_mg_per_kg_min"]
    moments = _moments(said["infusion_start"], said["onset"])
    began = number(minutes) if minutes is not None else blank
    yield from _hanging("   Began  ", f"{began} minutes after the start" + (f" ({moments})" if moments else ""))
    volume = said["volume_infused_mL"]
    if grams is not None:
        given = f"{number(grams)} g ({number(volume)} mL × {number(said['concentration_mg_per_mL'])} mg/mL)"
    else:
        given = f"{blank} g" + (f" ({number(volume)} mL)" if volume is not None else "")
    yield from _hanging("   Given  ", f"{given} of {said['product'] or blank}")
    if rate is not None:
        steps = f" = {said['rate_arithmetic']}" if said["rate_arithmetic"] else ""
        yield from _hanging("   Rate   ", f"{number(rate)} mg/kg/min{steps}")
    else:
        yield from _hanging("   Rate   ", f"{blank} mg/kg/min" + (f" ({said['rate']})" if said["rate"] else ""))


def _moments(start: str | None, onset: str | None) -> str:
    """Start and onset as the clock showed them: ``2026-11-22 22:00 to 22:45``."""
    if start and onset and start[:10] == onset[:10] and start[16:] == onset[16:]:
        return f"{start[:16].replace('T', ' ')} to {onset[11:]}"
    if start and onset:
        return f"{start.replace('T', ' ')} to {onset.replace('T', ' ')}"
    moment = start or onset
    return f"{'start' if start else 'onset'} {moment.replace('T', ' ')}" if moment else ""


def _foot(facts: Facts, *, printed: bool) -> Iterator[str]:
    if facts["recorded"]:
        yield from _said("Recorded", f"in the history, as entry {' and '.join(map(str, facts['recorded']))}")
    deviations = facts["policy"]["deviations"]
    bearing = [each for each in deviations if each["parameter"] in _BEARING]
    if printed:  # their reasons are where there is room
        said = [f"{each['parameter']} {each['site']} (built in {each['built_in']})" for each in bearing]
    else:
        said = [deviation_text(deviation) for deviation in bearing]
    if len(bearing) < len(deviations):
        said.append(f"{len(deviations) - len(bearing)} more set otherwise: ivigcheck policy show")
    if said:
        yield from _said("Policy", "; ".join(said), most=_MOST if printed else 0)
    parts = ("date", "status") if printed else ("publisher", "date", "status")
    cited = (f"{each['title']} ({', '.join(each[part] for part in parts if each[part])})" for each in facts["sources"])
    yield from _said("Sources", "; ".join(cited))
    if printed:
        for notice in facts["notices"][1:]:
            yield from _said("Notice", notice, most=_MOST)
    else:
        for notice in facts["notices"]:
            yield from _said("Notice", notice)


def _said(label: str, text: str, *, most: int = 0) -> Iterator[str]:
    """A labelled text. most: of its lines; 0 for all."""
    lines = [*_hanging(f"{label:<{_LABEL}}", text)]
    cut_off = most and len(lines) > most
    yield from [*lines[: most - 1], cut(f"{lines[most - 1]} …(cut)", _WIDTH)] if cut_off else lines
