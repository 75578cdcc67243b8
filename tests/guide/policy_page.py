"""The page of a site policy's keys, made from what a site may set and from the built-in policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markdown_text import code, document, items, paragraph, plain, table

from ivigcheck.knowledge import built_in
from ivigcheck.rules import RULES
from ivigcheck.site.clinical import as_text
from ivigcheck.site.parameters import BY_INDICATION, PARAMETERS, TABLES, Parameter
from ivigcheck.site.relations import built_in_written
from ivigcheck.site.settings import _FIXED, _NEVER_BELOW_REVIEW
from ivigcheck.site.shape import SiteFile

SETTINGS = {
    "id": "The policy's name, by which findings and reports cite it. Needed.",
    "version": "Its version, of the site's own counting. Needed.",
    "title": "What it is, in a line.",
    "signed_off_knowledge": "The version of the clinical knowledge that the site has read and signed off. Of any other, "
    "every report says that it is not signed off.",
    "time_zone": "Of the site's clocks, such as `America/New_York`: which day today is, and the times of a schedule.",
    "encoding": "Of text files that are not UTF-8, such as `cp1252`.",
    "default_product": "The product that a blank cell means, where the site stocks one. Every report says so.",
    "products_in_use": "The products that the site stocks, with their strengths. Every report says so.",
    "absent_means_no": "Risk questions that the site's extract answers only where the answer is yes: there a blank or a "
    "missing answer is no. Looser, and every report says so; no reason is asked for. It holds for files alone.",
    "headers": 'A table: column = the site\'s own header for it, a list of them, or `{ header = "…", unit = "…" }` where '
    "the column's numbers have no unit.",
    "severity": "A table for each rule whose severity is another here, with `severity` (stop, unchecked, review or info) "
    "and `reason`, which is always needed.",
    "require_history": "true: no order is checked without the history of its patient.",
    "acknowledgement_reasons": "A table: code = what it means. It takes the place of the built-in reasons for which a "
    "finding may be settled.",
}
"""Every key that is no clinical parameter, in the order of the file's shape."""

KEYS = {
    "start_rate.by_indication": "A table: indication = rate. Those that it does not name stay as they are.",
    "start_rate.other": "The rate of every indication that is not named.",
    "body_mass_index.low": "Below it a weight is suspicious.",
    "body_mass_index.high": "Above it a weight is suspicious.",
    "titration.start_minutes": "How long the first rate is kept.",
    "titration.step_minutes": "How long each further rate is kept.",
    "titration.step_factor": "What each rate is multiplied by.",
    "vital_signs.after_start_minutes": "When vital signs are taken after the start.",
    "vital_signs.after_end_minutes": "From when to when after the end.",
    "dosing_weight.method": "The body weight, or for those whom the trigger finds the ideal or the adjusted one: ideal + "
    "factor × (body weight − ideal).",
    "dosing_weight.factor": "The factor of the adjusted weight.",
    "dosing_weight.trigger": "Whether the body-mass index or the share of the ideal weight decides.",
    "dosing_weight.bmi_over": "The body-mass index over which the trigger finds a patient.",
    "dosing_weight.percent_of_ideal_over": "The per cent of the ideal weight over which it does.",
    "dosing_weight.base_male_kg": "The ideal weight of a man at the base height.",
    "dosing_weight.base_female_kg": "The ideal weight of a woman at the base height.",
    "dosing_weight.base_height_cm": "The base height.",
    "dosing_weight.per_inch_kg": "What is added for each inch above it.",
    "dosing_weight.min_age_years": "Under this age the body weight is taken.",
    "dosing_weight.min_height_cm": "Under this height the body weight is taken.",
}
"""What each key of a table of several means; of a table of one value its note says it."""


def policy_page() -> str:
    """Each key with its value, what it means, its source, and whether a looser value needs a reason."""
    assert tuple(SETTINGS) == SiteFile.__struct_fields__
    assert set(KEYS) == {
        p.name() if p.key != BY_INDICATION else f"{p.table}.{p.key}" for p in PARAMETERS if p.key != "value"
    }
    never = ", ".join(sorted(_NEVER_BELOW_REVIEW))
    return document(
        "# The keys of a site's policy",
        "Each key: built-in value, meaning, source, reason.",
        paragraph(
            "How the file is written, checked and compared is in [A site's own policy](policy.md). The values in force at "
            "your site: `ivigcheck policy show`. Every clinical table may have a `reason`; where one is needed, it says "
            "so below."
        ),
        "## The site and its files",
        table(("key", "means"), ((code(name), said) for name, said in SETTINGS.items())),
        paragraph(
            f"No site can change the severity of {', '.join(sorted(_FIXED))}, nor set that of {never} below review."
        ),
        "## Clinical parameters",
        paragraph('Where a source is "a choice of this program", no source gave a number: it is a site\'s to decide.'),
        *(block for name in TABLES for block in _section(name)),
        *_reasons(),
    )


def _section(name: str) -> Iterator[str]:
    knowledge = built_in()
    parameters = [each for each in PARAMETERS if each.table == name]
    entry: Any = getattr(knowledge.policy.entry, name)
    yield f"### {name}"
    if entry.note:
        yield paragraph(plain(entry.note))
    if len(parameters) == 1:
        (only,) = parameters
        values = [f"`value`: **{_value(only)}**", f"written as {only.kind.words}", _looser(only)]
    else:
        values = [
            f"`{each.key}`: **{_value(each)}**. {KEYS[f'{name}.{each.key}']} Written as {each.kind.words}. {_looser(each)}"
            for each in parameters
        ]
    yield items([*values, *(f"source: {plain(knowledge.cite(source))}" for source in entry.sources)])


def _value(parameter: Parameter) -> str:
    policy = built_in().policy.entry
    if parameter.key == BY_INDICATION:
        return plain(", ".join(f"{code} {rate}" for code, rate in policy.start_rate.by_indication.items()))
    written = built_in_written(policy, parameter)
    text = as_text(written)
    return plain(text if isinstance(written, str) or not parameter.kind.unit else f"{text} {parameter.kind.unit}")


def _looser(parameter: Parameter) -> str:
    if parameter.tighter:
        way = "higher" if parameter.tighter == "lower" else "lower"
        return f"A {way} value is looser: it **needs a reason**."
    if parameter.needs_reason:
        return "Any change **needs a reason**."
    return "Neither way is looser: no reason is needed."


def _reasons() -> Iterator[str]:
    """The built-in reasons for which a finding may be settled."""
    knowledge = built_in()
    entry = knowledge.policy.entry.acknowledgement_reasons
    yield "### acknowledgement_reasons"
    yield paragraph(plain(entry.note))
    yield table(("code", "means"), ((code(name), plain(said)) for name, said in entry.by_code.items()))
    yield items(f"source: {plain(knowledge.cite(source))}" for source in entry.sources)


assert set(_FIXED) | set(_NEVER_BELOW_REVIEW) <= set(RULES)
