"""What a site's policy sets is what counts, and everything else stays as built in; each deviation is told."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from policy_files import HEAD, read, refusals, written

from ivigcheck.knowledge import Deviation, built_in
from ivigcheck.knowledge.model import Policy
from ivigcheck.rules import RULES
from ivigcheck.site.parameters import PARAMETERS
from ivigcheck.site.reading import read_site_policy

WHY = '\nreason = "as our committee decided"'

# table and key, name in reports; the built-in value and one on each side of it as the file has them: tighter, looser;
# what is read of the tighter one. policy.toml has the built-in values.
DIRECTED = [
    ("ceiling", "value", "ceiling", '"8 mg/kg/min"', '"7.5 mg/kg/min"', '"9 mg/kg/min"', 7.5),
    ("at_risk_ceiling", "value", "at_risk_ceiling", '"8 mg/kg/min"', '"5 mg/kg/min"', None, 5),
    ("review_rate", "value", "review_rate", '"3.3 mg/kg/min"', '"120 mg/kg/h"', '"4 mg/kg/min"', 2),
    ("start_rate", "other", "start_rate.other", '"1 mg/kg/min"', '"0.5 mg/kg/min"', '"2 mg/kg/min"', 0.5),
    ("start_rate.by_indication", "CIDP", "start_rate.CIDP", '"2 mg/kg/min"', '"1 mg/kg/min"', '"2.1 mg/kg/min"', 1),
    ("start_rate.by_indication", "MMN", "start_rate.MMN", '"1 mg/kg/min"', '"0.9 mg/kg/min"', '"1.1 mg/kg/min"', 0.9),
    ("at_risk_over_age", "value", "at_risk_over_age", "65", "60", "70", 60),
    ("recent_thrombosis_days", "value", "recent_thrombosis_days", "180", "365", "90", 365),
    ("rechallenge_fraction", "value", "rechallenge_fraction", "0.5", "0.25", "1", 0.25),
    ("rechallenge_wait", "value", "rechallenge_wait", '"15 min"', '"30 min"', '"0 min"', 30),
    ("severe_reaction_from_grade", "value", "severe_reaction_from_grade", "3", "2", "4", 2),
    ("high_dose", "value", "high_dose", '"1 g/kg"', '"800 mg/kg"', '"2 g/kg"', 0.8),
    ("dose_disagreement", "value", "dose_disagreement", "0.1", "0.05", "0.2", 0.05),
    ("dose_rounding", "value", "dose_rounding", "0.1", "0.05", "0.2", 0.05),
    ("restart_after_days", "value", "restart_after_days", "56", "42", "90", 42),
    ("early_repeat_days", "value", "early_repeat_days", "5", "2", "7", 2),
    ("weights_disagree", "value", "weights_disagree", "0.1", "0.05", "1.0", 0.05),
    ("weights_within_days", "value", "weights_within_days", "30", "60", "0", 60),
    ("order_days_ahead", "value", "order_days_ahead", "0", None, "1", None),
    ("acknowledgement_days", "value", "acknowledgement_days", "30", "14", "60", 14),
    ("titration", "start_minutes", "titration.start_minutes", "30", "45", "15", 45),
    ("titration", "step_minutes", "titration.step_minutes", "30", "45", "15", 45),
    ("titration", "step_factor", "titration.step_factor", "2", "1.5", "2.5", 1.5),
    ("close_watch_minutes", "value", "close_watch_minutes", "10", "15", "0", 15),
    ("vital_signs", "after_start_minutes", "vital_signs.after_start_minutes", "15", "10", "20", 10),
]
# neither tighter nor looser: table and key, name, the built-in value, another, what is read of it
UNDIRECTED = [
    ("pump_increment", "value", "pump_increment", '"0.1 mL/h"', '"1 mL/h"', 1),
    ("vital_signs", "after_end_minutes", "vital_signs.after_end_minutes", "[30, 60]", "[15, 45]", (15, 45)),
    ("dosing_weight", "method", "dosing_weight.method", '"actual"', '"adjusted"', "adjusted"),
    ("dosing_weight", "factor", "dosing_weight.factor", "0.4", "0.5", 0.5),
    ("dosing_weight", "trigger", "dosing_weight.trigger", '"bmi"', '"percent_of_ideal"', "percent_of_ideal"),
    ("dosing_weight", "bmi_over", "dosing_weight.bmi_over", "30", "35", 35),
    ("dosing_weight", "percent_of_ideal_over", "dosing_weight.percent_of_ideal_over", "120", "130", 130),
    ("dosing_weight", "base_male_kg", "dosing_weight.base_male_kg", "50", "51", 51),
    ("dosing_weight", "base_female_kg", "dosing_weight.base_female_kg", "45.5", "45", 45),
    ("dosing_weight", "base_height_cm", "dosing_weight.base_height_cm", "152.4", "152", 152),
    ("dosing_weight", "per_inch_kg", "dosing_weight.per_inch_kg", "2.3", "2.2", 2.2),
    ("dosing_weight", "min_age_years", "dosing_weight.min_age_years", "18", "16", 16),
    ("dosing_weight", "min_height_cm", "dosing_weight.min_height_cm", "152.4", "150", 150),
]
# Neither too, and never without a reason: a narrower window of the body-mass index finds fewer weights that would lie
# in it in the other unit, a wider one fewer that lie outside it as written.
REASONED = [
    ("body_mass_index", "low", "body_mass_index.low", "12", "13", 13),
    ("body_mass_index", "low", "body_mass_index.low", "12", "11.5", 11.5),
    ("body_mass_index", "high", "body_mass_index.high", "50", "26", 26),
    ("body_mass_index", "high", "body_mass_index.high", "50", "55", 55),
]
# How PolicyInForce has the values of these tables; the other tables it has in its entry.
IN_NUMBERS = {
    "rechallenge_wait": "rechallenge_wait_minutes",
    "high_dose": "high_dose_g_per_kg",
    "pump_increment": "pump_increment_mL_per_h",
}


def in_force(knowledge: Any, table: str, key: str) -> Any:
    """A parameter as the rules use it."""
    policy = knowledge.policy
    if table.startswith("start_rate"):
        return policy.other_start_rate if key == "other" else policy.start_rates.get(key, policy.other_start_rate)
    if key == "value":
        return getattr(policy, IN_NUMBERS.get(table, table))
    return getattr(getattr(policy.entry, table), key)


def as_written(value: str) -> str:
    return value.strip('"[]')


def test_every_value_of_the_policy_but_the_plausible_ranges_can_be_set_and_is_tested_here() -> None:
    tables = {field.name: field.type for field in msgspec.structs.fields(Policy)}
    settable = {
        (table, field.name)
        for table, shape in tables.items()
        if table not in ("id", "version", "title", "plausible", "acknowledgement_reasons")
        for field in msgspec.structs.fields(shape)
        if field.name not in ("sources", "note")
    }
    assert {(parameter.table, parameter.key) for parameter in PARAMETERS} == settable
    cases = {
        (table.split(".")[0], table.partition(".")[2] or key) for table, key, *_ in (*DIRECTED, *UNDIRECTED, *REASONED)
    }
    assert cases == settable


@pytest.mark.parametrize(("table", "key", "name", "built", "tighter", "expected"), [
    (table, key, name, built, tighter, expected) for table, key, name, built, tighter, _, expected in DIRECTED if tighter
])  # fmt: skip
def test_a_tighter_value_counts_and_needs_no_reason(
    table: str, key: str, name: str, built: str, tighter: str, expected: Any, tmp_path: Path
) -> None:
    knowledge = read(tmp_path, f"[{table}]\n{key} = {tighter}")
    assert in_force(knowledge, table, key) == pytest.approx(expected, rel=1e-12)
    (deviation,) = knowledge.policy.site.deviations
    assert deviation == Deviation(name, as_written(built), as_written(tighter), "tighter", "")


@pytest.mark.parametrize(("table", "key", "name", "built", "looser"), [
    (table, key, name, built, looser) for table, key, name, built, _, looser, _ in DIRECTED if looser
])  # fmt: skip
def test_a_looser_value_is_refused_without_a_reason_and_counts_with_one(
    table: str, key: str, name: str, built: str, looser: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, f"[{table}]\n{key} = {looser}")
    assert told.startswith(f"site.toml, line 4, {table}.{key}: ")
    assert f"is looser than the built-in {as_written(built)}, and has no reason" in told
    reason = f"[{table.split('.')[0]}]{WHY}\n" if "." in table else ""
    knowledge = read(tmp_path, f"{reason}[{table}]\n{key} = {looser}{'' if reason else WHY}")
    (deviation,) = knowledge.policy.site.deviations
    assert deviation.parameter == name
    assert (deviation.direction, deviation.reason) == ("looser", "as our committee decided")
    assert deviation.built_in == as_written(built)
    assert float(deviation.site.split()[0]) == float(as_written(looser).split()[0])


@pytest.mark.parametrize(("table", "key", "name", "built", "value", "expected"), UNDIRECTED)
def test_a_value_that_is_neither_tighter_nor_looser_counts_with_or_without_a_reason(
    table: str, key: str, name: str, built: str, value: str, expected: Any, tmp_path: Path
) -> None:
    for reason in ("", WHY):
        knowledge = read(tmp_path, f"[{table}]\n{key} = {value}{reason}")
        assert in_force(knowledge, table, key) == expected
        (deviation,) = knowledge.policy.site.deviations
        assert (deviation.parameter, deviation.direction) == (name, "other")
        assert (deviation.built_in, deviation.site) == (as_written(built), as_written(value))
        assert bool(deviation.reason) is bool(reason)


@pytest.mark.parametrize(("table", "key", "name", "built", "value", "expected"), REASONED)
def test_a_value_of_which_no_way_is_tighter_may_need_a_reason(
    table: str, key: str, name: str, built: str, value: str, expected: float, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, f"[{table}]\n{key} = {value}")
    assert told.startswith(f"site.toml, line 4, {name}: {value} is other than the built-in {built}, and has no reason")
    knowledge = read(tmp_path, f"[{table}]\n{key} = {value}{WHY}")
    assert in_force(knowledge, table, key) == expected
    why = "as our committee decided"
    assert knowledge.policy.site.deviations == (Deviation(name, built, value, "other", why),)


SAME = [(table, key, built) for table, key, _, built, *_ in (*DIRECTED, *UNDIRECTED, *REASONED)]


@pytest.mark.parametrize(("table", "key", "value"), [*SAME, ("ceiling", "value", '"480 mg/kg/h"')])
def test_a_value_that_is_the_built_in_one_is_no_deviation(table: str, key: str, value: str, tmp_path: Path) -> None:
    knowledge = read(tmp_path, f"[{table}]\n{key} = {value}")
    assert knowledge.policy.site.deviations == ()
    assert in_force(knowledge, table, key) == in_force(built_in(), table, key)
    assert getattr(knowledge.policy.entry, table.split(".")[0]).sources[0] == "site-policy"


def test_what_the_site_does_not_set_stays_as_built_in(tmp_path: Path) -> None:
    knowledge = read(tmp_path, '[ceiling]\nvalue = "7 mg/kg/min"')
    ours, theirs = knowledge.policy.entry, built_in().policy.entry
    for field in msgspec.structs.fields(Policy):
        same = getattr(ours, field.name) == getattr(theirs, field.name)
        assert same == (field.name not in ("id", "version", "title", "ceiling")), field.name
    assert knowledge.products is built_in().products


def test_an_empty_policy_is_the_built_in_one_under_its_own_name(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    knowledge = read_site_policy(path, built_in())
    assert knowledge.policy.name == 'policy "st-elsewhere" 2026.3'
    assert knowledge.policy.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert knowledge.policy.site.deviations == ()
    assert built_in().policy.name.startswith('policy "built-in"')


def test_what_the_site_sets_cites_the_site_with_its_reason(tmp_path: Path) -> None:
    knowledge = read(tmp_path, '[ceiling]\nvalue = "9 mg/kg/min"\nreason = """as our\n  committee\tdecided"""')
    entry = knowledge.policy.entry
    assert (entry.ceiling.sources, entry.ceiling.note) == (("site-policy",), "as our committee decided")
    assert knowledge.sources["site-policy"].title == 'site policy "st-elsewhere" 2026.3'
    assert knowledge.sources["site-policy"].publisher == "st-elsewhere"
    cited = 'policy "st-elsewhere" 2026.3, ceiling: site policy "st-elsewhere" 2026.3'
    assert knowledge.cite_policy("ceiling") == cited
    assert "limb-weakness-2026" in entry.review_rate.sources or entry.review_rate.sources[0] != "site-policy"
    assert "site-policy" not in built_in().sources


def test_a_table_that_is_set_in_part_keeps_the_sources_of_what_is_left(tmp_path: Path) -> None:
    knowledge = read(tmp_path, '[start_rate.by_indication]\nCIDP = "1 mg/kg/min"\nGBS = "0.5 mg/kg/min"')
    table = knowledge.policy.entry.start_rate
    assert table.sources == ("site-policy", "limb-weakness-2026")
    assert knowledge.policy.start_rates == {"PI": 1, "ITP": 1, "CIDP": 1, "GBS": 0.5}
    assert knowledge.policy.other_start_rate == 1
    every = "".join(f'{code} = "0.5 mg/kg/min"\n' for code in ("PI", "ITP", "CIDP"))
    assert read(tmp_path, f"[start_rate.by_indication]\n{every}").policy.entry.start_rate.sources == table.sources
    other = '[start_rate]\nother = "0.5 mg/kg/min"\n'
    whole = read(tmp_path, f"{other}[start_rate.by_indication]\n{every}").policy.entry.start_rate
    assert whole.sources == ("site-policy",)
    part = read(tmp_path, "[titration]\nstep_minutes = 60").policy.entry.titration
    assert part.sources == ("site-policy", "harriet-lane-24")
    assert (part.start_minutes, part.step_minutes, part.step_factor) == (30, 60, 2)
    whole = read(tmp_path, "[titration]\nstep_minutes = 60\nstart_minutes = 60\nstep_factor = 1.5")
    assert whole.policy.entry.titration.sources == ("site-policy",)


def test_a_new_indication_is_compared_with_the_rate_of_every_other(tmp_path: Path) -> None:
    """Built in, MMN has no rate of its own: 1 mg/kg/min, whatever the site makes of the rate of every other."""
    text = f'[start_rate]\nother = "0.5 mg/kg/min"{WHY}\n[start_rate.by_indication]\nMMN = "0.8 mg/kg/min"'
    deviations = read(tmp_path, text).policy.site.deviations
    assert [(each.parameter, each.built_in, each.direction) for each in deviations] == [
        ("start_rate.other", "1 mg/kg/min", "tighter"),
        ("start_rate.MMN", "1 mg/kg/min", "tighter"),
    ]


def test_a_start_rate_that_the_file_names_is_that_of_its_indication_whatever_other_says(tmp_path: Path) -> None:
    """Built in, GBS has no rate of its own: what is written for it is no deviation, and must not fall to `other`."""
    text = (
        f'[start_rate]\nother = "2 mg/kg/min"{WHY}\n[start_rate.by_indication]\nGBS = "1 mg/kg/min"\nPI = "1 mg/kg/min"'
    )
    policy = read(tmp_path, text).policy
    assert policy.start_rates == {"PI": 1, "ITP": 1, "CIDP": 2, "GBS": 1}
    assert policy.entry.start_rate.by_indication["GBS"] == "1 mg/kg/min"
    assert (policy.other_start_rate, [each.parameter for each in policy.site.deviations]) == (2, ["start_rate.other"])
    alone = read(tmp_path, '[start_rate.by_indication]\nGBS = "60 mg/kg/h"').policy
    assert (alone.start_rates["GBS"], alone.site.deviations) == (pytest.approx(1, rel=1e-12), ())
    assert alone.entry.start_rate.sources == ("site-policy", "limb-weakness-2026")


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        ("[rechallenge_fraction]\nvalue = 0.4999999", "rechallenge_fraction", "0.4999999"),
        ("[titration]\nstep_minutes = 120.0", "titration.step_minutes", "120"),
        ("[dosing_weight]\nfactor = 0.0010", "dosing_weight.factor", "0.001"),
        ("[dosing_weight]\nfactor = 0", "dosing_weight.factor", "0"),
        ("[recent_thrombosis_days]\nvalue = 365.0", "recent_thrombosis_days", "365"),
    ],
)
def test_a_value_is_shown_with_all_its_digits_and_no_others(text: str, key: str, shown: str, tmp_path: Path) -> None:
    (deviation,) = read(tmp_path, text).policy.site.deviations
    assert (deviation.parameter, deviation.site) == (key, shown)


@pytest.mark.parametrize(
    "text",
    [
        "[titration]\nstart_minutes = 1\nstep_minutes = 1\nstep_factor = 1.05", "[rechallenge_fraction]\nvalue = 0.01",
        '[start_rate]\nother = "0.001 mg/kg/min"', "[vital_signs]\nafter_start_minutes = 1",
        "[dosing_weight]\nmin_height_cm = 102.2", "[dosing_weight]\nbase_height_cm = 200",
    ],
)  # fmt: skip
def test_a_value_at_its_bound_is_accepted(text: str, tmp_path: Path) -> None:
    """45.5 + 2.3 × (102.2 − 152.4) ÷ 2.54 = 0.04 kg, and 45.5 + 2.3 × (152.4 − 200) ÷ 2.54 = 2.4 kg."""
    read(tmp_path, f"{text}{WHY}")


def test_one_reason_of_a_table_stands_for_all_its_values(tmp_path: Path) -> None:
    deviations = read(tmp_path, f"[titration]\nstep_minutes = 20\nstep_factor = 1.5{WHY}").policy.site.deviations
    assert [(each.parameter, each.direction, each.reason) for each in deviations] == [
        ("titration.step_minutes", "looser", "as our committee decided"),
        ("titration.step_factor", "tighter", "as our committee decided"),
    ]


def test_a_ceiling_that_is_lowered_alone_leaves_the_ceiling_of_patients_at_risk(tmp_path: Path) -> None:
    """The strictest limit governs, so that nothing is lost."""
    policy = read(tmp_path, '[ceiling]\nvalue = "7 mg/kg/min"').policy
    assert (policy.ceiling, policy.at_risk_ceiling, policy.review_rate) == (7, 8, 3.3)


def test_the_ceiling_of_patients_at_risk_follows_a_raised_ceiling_only_with_a_reason_of_its_own(tmp_path: Path) -> None:
    raised = f'[ceiling]\nvalue = "10 mg/kg/min"{WHY}\n'
    assert read(tmp_path, raised).policy.at_risk_ceiling == 8
    text = f'{raised}[at_risk_ceiling]\nvalue = "9 mg/kg/min"'
    (told,) = refusals(tmp_path, text)
    assert told.startswith("site.toml, line 7, at_risk_ceiling.value: ") and "has no reason" in told
    policy = read(tmp_path, text + WHY).policy
    assert (policy.ceiling, policy.at_risk_ceiling) == (10, 9)
    assert [each.direction for each in policy.site.deviations] == ["looser", "looser"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[review_rate]\nvalue = "8 mg/kg/min"', (8, 8, 8)),
        ('[at_risk_ceiling]\nvalue = "3 mg/kg/min"\n[review_rate]\nvalue = "3 mg/kg/min"', (8, 3, 3)),
        ('[ceiling]\nvalue = "2 mg/kg/min"', (2, 8, 3.3)),
        ('[ceiling]\nvalue = "14 mg/kg/min"', (14, 8, 3.3)),
    ],
)
def test_a_limit_may_equal_the_limit_above_it(text: str, expected: tuple[float, ...], tmp_path: Path) -> None:
    policy = read(tmp_path, text + WHY).policy
    assert (policy.ceiling, policy.at_risk_ceiling, policy.review_rate) == expected


def test_deviations_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        'products_in_use = ["octagam 10%", "Privigen 10%"]\ndefault_product = "PRIVIGEN 10 %"\n'
        'absent_means_no = ["sepsis", "paraproteinemia"]\nencoding = "cp1252"\ntime_zone = "Europe/Berlin"\n'
        f"[vital_signs]\nafter_start_minutes = 10\n[severity.IVG114]\nseverity = 'review'{WHY}\n"
        "[headers]\norder_id = 'Ord'\n[at_risk_over_age]\nvalue = 60\n[severity.IVG904]\n"
        f"severity = 'info'{WHY}\n"
    )
    site = read(tmp_path, text).policy.site
    why = "as our committee decided"
    assert site.deviations == (
        Deviation("products_in_use", "all", "Octagam 10%, Privigen 10%", "other"),
        Deviation("default_product", "none", "Privigen 10%", "other"),
        Deviation("absent_means_no", "none", "sepsis, paraproteinemia", "looser"),
        Deviation("vital_signs.after_start_minutes", "15", "10", "tighter"),
        Deviation("severity.IVG114", "info", "review", "tighter", why),
        Deviation("at_risk_over_age", "65", "60", "tighter"),
        Deviation("severity.IVG904", "review", "info", "looser", why),
    )


def test_a_site_says_what_its_files_products_questions_and_clock_are(tmp_path: Path) -> None:
    text = (
        'title = "Committee"\nsigned_off_knowledge = "2026.11.24"\ntime_zone = "America/New_York"\nencoding = "cp1252"\n'
        'default_product = "privigen 10%"\nproducts_in_use = ["Privigen 10%", "Octagam 10%"]\nabsent_means_no = ["sepsis"]'
    )
    knowledge = read(tmp_path, text)
    site = knowledge.policy.site
    names = [product.name for product in knowledge.products]
    assert names[site.default_product] == "Privigen 10%"
    assert {names[position] for position in site.products_in_use} == {"Privigen 10%", "Octagam 10%"}
    assert site.absent_means_no == {"sepsis"}
    assert (site.time_zone, site.encoding, site.signed_off) == ("America/New_York", "cp1252", "2026.11.24")
    assert knowledge.policy.entry.title == "Committee"


def test_a_site_that_says_nothing_of_its_files_and_products_leaves_them_open(tmp_path: Path) -> None:
    site = read(tmp_path, "absent_means_no = []").policy.site
    assert (site.default_product, site.products_in_use, site.absent_means_no) == (-1, frozenset(), frozenset())
    assert (site.time_zone, site.encoding, site.signed_off, site.severities, site.headers) == ("", "", "", {}, {})
    assert site.deviations == ()


ALLOWED = [
    *((code, severity) for code in ("IVG101", "IVG202", "IVG207", "IVG204") for severity in ("review", "unchecked")),
    ("IVG114", "stop"), ("IVG114", "unchecked"), ("IVG904", "stop"), ("IVG904", "info"), ("IVG906", "info"),
    ("IVG105", "stop"), ("IVG303", "info"), ("IVG911", "unchecked"),
]  # fmt: skip
BUILT_IN_SEVERITIES = {
    "IVG101": "stop", "IVG202": "stop", "IVG207": "stop", "IVG204": "stop", "IVG114": "info",
    "IVG904": "review", "IVG906": "review", "IVG105": "review", "IVG303": "review",
    "IVG911": "review",
}  # fmt: skip
WEIGHT = {"stop": 3, "unchecked": 2, "review": 1, "info": 0}


@pytest.mark.parametrize(("code", "severity"), ALLOWED)
def test_a_severity_may_be_changed_with_a_reason(code: str, severity: str, tmp_path: Path) -> None:
    site = read(tmp_path, f'[severity.{code}]\nseverity = "{severity}"{WHY}').policy.site
    built = BUILT_IN_SEVERITIES[code]
    direction = "tighter" if WEIGHT[severity] > WEIGHT[built] else "looser"
    assert site.severities == {code: severity}
    assert site.deviations == (Deviation(f"severity.{code}", built, severity, direction, "as our committee decided"),)


GRADED = [
    ("IVG208", "stop", "stop or review", "tighter"),
    ("IVG208", "review", "stop or review", "looser"),
    ("IVG501", "stop", "stop or review", "tighter"),
    ("IVG501", "review", "stop or review", "looser"),
    ("IVG502", "stop", "stop or review", "tighter"),
    ("IVG502", "unchecked", "stop or review", "looser"),
    ("IVG907", "stop", "unchecked or review", "tighter"),
    ("IVG907", "unchecked", "unchecked or review", "tighter"),
    ("IVG907", "review", "unchecked or review", "looser"),
]


@pytest.mark.parametrize(("code", "severity", "built", "direction"), GRADED)
def test_one_severity_for_findings_that_weigh_differently_is_a_deviation(
    code: str, severity: str, built: str, direction: str, tmp_path: Path
) -> None:
    site = read(tmp_path, f'[severity.{code}]\nseverity = "{severity}"{WHY}').policy.site
    assert site.severities == {code: severity}
    (deviation,) = site.deviations
    assert (deviation.built_in, deviation.site, deviation.direction) == (built, severity, direction)


def test_the_rules_that_weigh_differently_are_those_named() -> None:
    """A rule that gives no mask gives severities of its own; those that no site may change are left out."""
    fixed = {"IVG901", "IVG902", "IVG903", "IVG905", "IVG908", "IVG910"}
    graded = {code for code, rule in RULES.items() if rule.judge.__annotations__["return"] != "Mask"}
    assert graded - fixed == {code for code, *_ in GRADED}


def test_a_severity_that_the_rule_has_anyway_is_no_deviation(tmp_path: Path) -> None:
    site = read(tmp_path, f'[severity.IVG101]\nseverity = "stop"{WHY}').policy.site
    assert (site.severities, site.deviations) == ({}, ())


def test_headers_are_read_with_their_units_in_the_preferred_spelling(tmp_path: Path) -> None:
    text = (
        '[headers]\norder_id = "Ord #"\nmax_rate = { header = "Pump max", unit = "ML/HR" }\n'
        'weight = ["Wgt", { header = "Wgt metric", unit = "Kg" }, { header = "weight", unit = "lbs" }]\n'
        'sepsis = "Septic?"\ndose_total = { header = "Grams", unit = "g" }\n'
    )
    assert read(tmp_path, text).policy.site.headers == {
        "order_id": (("Ord #", ""),),
        "max_rate": (("Pump max", "mL/h"),),
        "weight": (("Wgt", ""), ("Wgt metric", "kg"), ("weight", "lb")),
        "sepsis": (("Septic?", ""),),
        "dose_total": (("Grams", "g"),),
    }


def test_a_file_may_be_written_inline(tmp_path: Path) -> None:
    text = 'ceiling = { value = "9 mg/kg/min", reason = "why" }\nstart_rate = { by_indication = { GBS = "0.5 mg/kg/min" } }'
    policy = read(tmp_path, text, head=HEAD).policy
    assert (policy.ceiling, policy.start_rates["GBS"]) == (9, 0.5)
