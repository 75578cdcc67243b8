"""What is wrong with a site's policy file stops the program, with file, line, key and fix; every refusal has a case."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from policy_files import HEAD, read, refusals, written

from ivigcheck.errors import UsageError
from ivigcheck.knowledge import built_in
from ivigcheck.rules import RULES, Severity
from ivigcheck.site.reading import read_site_policy

# What follows the two lines of HEAD, so that it begins in line 3; the line, the key and words of the refusal.
SHAPES = [
    ("\n[celling]\nvalue = 1", 4, "celling", "did you mean ceiling?"),
    ("[ceiling]\nvaleu = 7", 4, "ceiling.valeu", "did you mean value?"),
    ('ceiling = "7 mg/kg/min"', 3, "ceiling", "is a text; fix: write it as a table, under [ceiling]"),
    ("[[ceiling]]\nvalue = 1", 3, "ceiling", ": is a list of tables; fix: write it as a table, under [ceiling]"),
    ("ceiling = [7]", 3, "ceiling", ": is a list; fix: write it as a table"),
    ("[[headers]]\nweight = 'W'", 3, "headers", ": is a list of tables; fix: write a table"),
    ("[title]\na = 1", 3, "title", ": is a table; fix: write a text in quotes"),
    ("[ceiling]\nvalue = [7]", 4, "ceiling.value", ": is a list, and has no unit"),
    ("[at_risk_over_age]\nvalue = [60]", 4, "at_risk_over_age.value", ": is a list; fix: "),
    ("[ceiling]\n", 3, "ceiling", "sets nothing"),
    ('[ceiling]\nreason = "why"', 3, "ceiling", "sets nothing"),
    ("[start_rate.by_indication]\n", 3, "start_rate.by_indication", "names no indication; fix: give it one indication at least"),
    ("[start_rate]\nby_indication = {}", 4, "start_rate.by_indication", "give it one indication at least"),
    ("[start_rate]\nother = '0.5 mg/kg/min'\nby_indication = {}", 5, "start_rate.by_indication", "names no indication"),
    ("[plausible]\nage = 1", 3, "plausible", "is not known here"),
    ("title = 7", 3, "title", "7 is a number; fix: write a text in quotes"),
    ("title = 120.0", 3, "title", ": 120 is a number"),
    ("title = 2.5e-5", 3, "title", ": 0.000025 is a number"),
    ("title = 0.1234567", 3, "title", ": 0.1234567 is a number"),
    ("title = 1e300", 3, "title", ": a number of very many digits is a number"),
    ("title = 1e-300", 3, "title", ": a number very near to 0 is a number"),
    ('title = "\\u3164"', 3, "title", "says nothing, or cannot be seen"),
    ("title = 2026-11-24", 3, "title", "2026-11-24 is a date or time"),
    ('title = " "', 3, "title", "says nothing, or cannot be seen"),
    ('title = "a\\u001bb"', 3, "title", '"a\\x1bb" says nothing, or cannot be seen'),
    ('signed_off_knowledge = ""', 3, "signed_off_knowledge", "says nothing"),
    ("products_in_use = 'Privigen 10%'", 3, "products_in_use", "is a text; fix: write a list of texts"),
    ("products_in_use = [\n 'Privigen 10%',\n 10]", 5, "products_in_use[2]", "10 is a number"),
    ("severity = 'review'", 3, "severity", "is a text; fix: write a table"),
    ("[severity]\nIVG114 = 'review'", 4, "severity.IVG114", "write a table with severity and reason"),
    ("[severity.IVG114]\nseverity = 'review'", 3, "severity.IVG114", "has no reason; fix: add reason"),
    ("[severity.IVG114]\nreason = 'why'", 3, "severity.IVG114", "has no severity"),
    (
        "[severity.IVG114]\nseverity = 'review'\nreason = 'why'\nnote = ''", 6, "severity.IVG114.note",
        "is not known here",
    ),
    ("headers = 1", 3, "headers", "is a number; fix: write a table"),
    ("[headers]\norder_id = 7", 4, "headers.order_id", "7 is a number; fix: write a text in quotes, or"),
    ("[headers]\nweight = { header = 'W' }", 4, "headers.weight", "has no unit"),
    ("[headers]\nweight = { header = 'W', unit = 'kg', of = 1 }", 4, "headers.weight.of", "is not known here"),
    ("[start_rate]\nby_indication = 1", 4, "start_rate.by_indication", "write it as a table of indications"),
    ("[titration]\nreason = 5\nstep_minutes = 45", 4, "titration.reason", "5 says no reason"),
    ("[titration]\nreason = ''\nstep_minutes = 45", 4, "titration.reason", '"" says no reason'),
]  # fmt: skip

VALUES = [
    # the kind of value
    ('[ceiling]\nvalue = "7 mg/min"', 4, "ceiling.value", '"7 mg/min" is in mg/min, and not in mg/kg/min'),
    ('[ceiling]\nvalue = "4 mL/kg/h"', 4, "ceiling.value", "is in mL/kg/h"),
    ('[ceiling]\nvalue = "7"', 4, "ceiling.value", "has no unit"),
    ('[ceiling]\nvalue = "NA"', 4, "ceiling.value", "says nothing"),
    ("[ceiling]\nvalue = 7", 4, "ceiling.value", "7 is a number, and has no unit"),
    ('[ceiling]\nvalue = "7,5 mg/kg/min"', 4, "ceiling.value", "has a comma"),
    ('[rechallenge_wait]\nvalue = "20 h"', 4, "rechallenge_wait.value", "has a unit not known here"),
    ('[high_dose]\nvalue = "30 g"', 4, "high_dose.value", "is in g, and not in g/kg"),
    ('[pump_increment]\nvalue = "0.1 mg/kg/min"', 4, "pump_increment.value", "is in mg/kg/min"),
    ("[at_risk_over_age]\nvalue = true", 4, "at_risk_over_age.value", "true is a yes or no"),
    ('[at_risk_over_age]\nvalue = "60"', 4, "at_risk_over_age.value", "is a text"),
    ("[at_risk_over_age]\nvalue = nan", 4, "at_risk_over_age.value", "nan is no finite number"),
    ("[recent_thrombosis_days]\nvalue = inf", 4, "recent_thrombosis_days.value", "inf is no finite number"),
    ("[recent_thrombosis_days]\nvalue = 1" + 400 * "0", 4, "recent_thrombosis_days.value", "very many digits is no"),
    ("[severe_reaction_from_grade]\nvalue = 2.5", 4, "severe_reaction_from_grade.value", "is no whole number"),
    ("[vital_signs]\nafter_end_minutes = [30]", 4, "vital_signs.after_end_minutes", "is not two numbers"),
    ("[vital_signs]\nafter_end_minutes = [60, 60]", 4, "vital_signs.after_end_minutes", "60 to 60 does not rise"),
    ("[vital_signs]\nafter_end_minutes = [60, 30]", 4, "vital_signs.after_end_minutes", "does not rise"),
    ("[vital_signs]\nafter_end_minutes = [true, 30]", 4, "vital_signs.after_end_minutes", "is a yes or no"),
    ('[dosing_weight]\nmethod = "lean"', 4, "dosing_weight.method", 'none of "actual", "ideal", "adjusted"'),
    ('[dosing_weight]\ntrigger = ["bmi"]', 4, "dosing_weight.trigger", 'none of "bmi", "percent_of_ideal"'),
    # what can be no value
    ('[ceiling]\nvalue = "0 mg/kg/min"', 4, "ceiling.value", "must be at least 0.001 mg/kg/min; fix: write a value of at least 0.001 mg/kg/min"),
    ('[ceiling]\nvalue = "-7 mg/kg/min"', 4, "ceiling.value", "has a sign"),
    ('[at_risk_ceiling]\nvalue = "0 mg/kg/min"', 4, "at_risk_ceiling.value", "must be at least 0.001"),
    ('[review_rate]\nvalue = "0 mg/kg/min"', 4, "review_rate.value", "must be at least 0.001"),
    ('[start_rate]\nother = "0 mg/kg/min"', 4, "start_rate.other", "must be at least 0.001"),
    ('[start_rate.by_indication]\nPI = "0 mg/kg/min"', 4, "start_rate.by_indication.PI", "must be at least 0.001"),
    ("[at_risk_over_age]\nvalue = -1", 4, "at_risk_over_age.value", "must be at least 0 years and at most 120 years"),
    ("[at_risk_over_age]\nvalue = 121\nreason = 'why'", 4, "at_risk_over_age.value", "at most 120"),
    ("[recent_thrombosis_days]\nvalue = -1", 4, "recent_thrombosis_days.value", "must be at least 0"),
    ("[restart_after_days]\nvalue = -1", 4, "restart_after_days.value", "must be at least 0"),
    ("[weights_within_days]\nvalue = -1", 4, "weights_within_days.value", "must be at least 0"),
    ("[order_days_ahead]\nvalue = -1", 4, "order_days_ahead.value", "must be at least 0"),
    ("[rechallenge_fraction]\nvalue = 0", 4, "rechallenge_fraction.value", "must be at least 0.01 and at most 1"),
    ("[rechallenge_fraction]\nvalue = 1.01\nreason = 'why'", 4, "rechallenge_fraction.value", "at most 1"),
    ("[dose_disagreement]\nvalue = 0", 4, "dose_disagreement.value", "must be at least 0.001 and at most 1"),
    ("[weights_disagree]\nvalue = 1.01\nreason = 'why'", 4, "weights_disagree.value", "at most 1"),
    ("[severe_reaction_from_grade]\nvalue = 0", 4, "severe_reaction_from_grade.value", "must be at least 1"),
    ("[severe_reaction_from_grade]\nvalue = 5", 4, "severe_reaction_from_grade.value", "at most 4"),
    ('[high_dose]\nvalue = "0 g/kg"', 4, "high_dose.value", "must be at least 0.001 g/kg and at most 10 g/kg"),
    ('[high_dose]\nvalue = "10.5 g/kg"', 4, "high_dose.value", "at most 10 g/kg"),
    ('[pump_increment]\nvalue = "0 mL/h"', 4, "pump_increment.value", "must be at least 0.001 mL/h and at most 10 mL/h"),
    ('[pump_increment]\nvalue = "11 mL/h"', 4, "pump_increment.value", "at most 10 mL/h"),
    ("[titration]\nstart_minutes = 0", 4, "titration.start_minutes", "must be at least 1 min"),
    ("[titration]\nstep_minutes = 0", 4, "titration.step_minutes", "must be at least 1 min"),
    ("[titration]\nstep_factor = 1", 4, "titration.step_factor", "must be at least 1.05 and at most 10"),
    ("[close_watch_minutes]\nvalue = -1", 4, "close_watch_minutes.value", "must be at least 0"),
    ('[rechallenge_wait]\nvalue = "2000 min"', 4, "rechallenge_wait.value", "at most 1440 min"),
    ("[vital_signs]\nafter_start_minutes = 0", 4, "vital_signs.after_start_minutes", "must be at least 1 min"),
    ("[vital_signs]\nafter_end_minutes = [-1, 30]", 4, "vital_signs.after_end_minutes", "must be at least 0"),
    ("[body_mass_index]\nlow = 0", 4, "body_mass_index.low", "must be at least 1"),
    ("[dosing_weight]\nfactor = 1.1", 4, "dosing_weight.factor", "at most 1"),
    ("[dosing_weight]\nmin_age_years = 121", 4, "dosing_weight.min_age_years", "at most 120"),
    ("[dosing_weight]\nbase_male_kg = 0", 4, "dosing_weight.base_male_kg", "must be at least 0.3"),
    # what pages and schedules would show as zeros
    ("[titration]\nstart_minutes = 0.99\nreason = 'why'", 4, "titration.start_minutes", "0.99 cannot be: it must be at least 1 min and at most 1440 min"),
    ("[titration]\nstep_minutes = 1e-300\nreason = 'why'", 4, "titration.step_minutes", ": a number very near to 0 cannot be"),
    ("[titration]\nstep_factor = 1.049", 4, "titration.step_factor", "1.049 cannot be: it must be at least 1.05 and at most 10; fix: write a value of at least 1.05"),
    ("[rechallenge_fraction]\nvalue = 0.0099", 4, "rechallenge_fraction.value", "0.0099 cannot be: it must be at least 0.01"),
    ('[ceiling]\nvalue = "0.0009 mg/kg/min"', 4, "ceiling.value", ": 0.0009 mg/kg/min cannot be: it must be at least 0.001 mg/kg/min"),
    ("[dosing_weight]\nfactor = 0.0001", 4, "dosing_weight.factor", "it must be 0, or at least 0.001 and at most 1"),
    ("[body_mass_index]\nhigh = 1e300\nreason = 'why'", 4, "body_mass_index.high", "a number of very many digits cannot be: it must be at least 1 and at most 1000"),
    # whole days
    ("[recent_thrombosis_days]\nvalue = 180.5", 4, "recent_thrombosis_days.value", "180.5 is no whole number; fix: write a whole number of days"),
    ("[restart_after_days]\nvalue = 0.9", 4, "restart_after_days.value", "0.9 is no whole number"),
    ("[weights_within_days]\nvalue = 30.1", 4, "weights_within_days.value", "30.1 is no whole number"),
    ("[order_days_ahead]\nvalue = 0.9\nreason = 'why'", 4, "order_days_ahead.value", "0.9 is no whole number"),
    # no ideal weight: 45.5 + 2.3 × (100 − 152.4) ÷ 2.54 = −1.95 kg, and 50 + … = 2.55 kg
    ("[dosing_weight]\nmin_height_cm = 100", 4, "dosing_weight.min_height_cm", "base_female_kg + per_inch_kg × (min_height_cm − base_height_cm) ÷ 2.54 = 45.5 + 2.3 × (100 − 152.4) ÷ 2.54 is not over 0 kg"),
    ("[dosing_weight]\nbase_height_cm = 210", 4, "dosing_weight.base_height_cm", "gives no positive ideal weight: base_male_kg + "),
    ("[dosing_weight]\nper_inch_kg = 20\nmin_height_cm = 145\nbase_female_kg = 60", 4, "dosing_weight.per_inch_kg", "gives no positive ideal weight: base_male_kg + "),
    ("[dosing_weight]\nmin_height_cm = 19", 4, "dosing_weight.min_height_cm", "must be at least 20 cm"),
    ("[dosing_weight]\nbase_height_cm = 1.5", 4, "dosing_weight.base_height_cm", "at least 20"),
    # values that cannot be beside each other
    ("[body_mass_index]\nhigh = 12\nreason = 'why'", 4, "body_mass_index.high", "low is not below high"),
    ("[body_mass_index]\nhigh = 40\nlow = 40\nreason = 'why'", 5, "body_mass_index.low", "low is not below high"),
    (
        '[at_risk_ceiling]\nvalue = "8.5 mg/kg/min"\nreason = "why"', 4, "at_risk_ceiling.value",
        "is over the ceiling, 8 mg/kg/min",
    ),
    (
        '[ceiling]\nvalue = "6 mg/kg/min"\n[at_risk_ceiling]\nvalue = "7 mg/kg/min"', 6, "at_risk_ceiling.value",
        "is over the ceiling, 6 mg/kg/min",
    ),
    (
        '[at_risk_ceiling]\nvalue = "3 mg/kg/min"\n[review_rate]\nvalue = "3.1 mg/kg/min"', 6, "review_rate.value",
        "is over the ceiling of patients at risk, 3 mg/kg/min",
    ),
    ('[start_rate]\nother = "9 mg/kg/min"\nreason = "why"', 4, "start_rate.other", "is over the ceiling, 8 mg/kg/min"),
    (
        '[start_rate.by_indication]\nMMN = "9 mg/kg/min"\n[start_rate]\nreason = "why"', 4,
        "start_rate.by_indication.MMN", "is over the ceiling",
    ),
    ('[ceiling]\nvalue = "1.5 mg/kg/min"', 4, "ceiling.value", "is below start_rate.CIDP, 2 mg/kg/min; fix: set"),
    # the ceiling never over every label: Panzyga 10% in PI allows 14 mg/kg/min, and no label more
    (
        '[ceiling]\nvalue = "14.1 mg/kg/min"\nreason = "why"', 4, "ceiling.value",
        "is over the highest maximum of any label (Panzyga 10%, PI), 14 mg/kg/min",
    ),
]  # fmt: skip

SETTINGS = [
    ('time_zone = "America/New_Yrok"', 3, "time_zone", "write it as America/New_York"),
    ('time_zone = "../../etc/passwd"', 3, "time_zone", "is no time zone known here"),
    ('time_zone = "America"', 3, "time_zone", "no time zone known here; fix: write a place as the time zone database has it"),
    ('encoding = "cp12522"', 3, "encoding", "is no text encoding"),
    ('encoding = "base64"', 3, "encoding", "is no text encoding"),
    *((f'encoding = "{name}"', 3, "encoding", "is no text encoding") for name in (
        "undefined", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf-7", "rot13", "hz", "cp037", "hex",
    )),
    ('default_product = "Privgien 10%"', 3, "default_product", "did you mean Privigen 10%?"),
    ('default_product = "Octagam"', 3, "default_product", "is no product known here"),
    (
        'default_product = "Privigen 10%"\nproducts_in_use = ["Octagam 10%"]', 3, "default_product",
        "is not in products_in_use",
    ),
    ("products_in_use = []", 3, "products_in_use", "names no product"),
    ('products_in_use = ["Octagam 10%",\n"OCTAGAM 10 %"]', 4, "products_in_use[2]", "stands here twice"),
    ('absent_means_no = ["sepsis", "sepis"]', 3, "absent_means_no[2]", "did you mean sepsis?"),
    ('absent_means_no = ["smoking"]', 3, "absent_means_no[1]", "write one of hypercoagulable_state, recent_thrombosis"),
    ('absent_means_no = ["sepsis", "sepsis"]', 3, "absent_means_no[2]", "stands here twice"),
    ('[start_rate.by_indication]\nCIPD = "1 mg/kg/min"', 4, "start_rate.by_indication.CIPD", "did you mean CIDP?"),
    ('[start_rate]\nCIDP = "1 mg/kg/min"', 4, "start_rate.CIDP", "write one of by_indication, other, reason"),
    # headers
    ('[headers]\norder_idd = "Ord"', 4, "headers.order_idd", "did you mean order_id?"),
    ('[headers]\nwombat = "Ord"', 4, "headers.wombat", "write one of order_id, patient_id, indication, weight"),
    ('[headers]\norder_id = "#"', 4, "headers.order_id", '"#" has no letter or digit'),
    ('[headers]\norder_id = []', 4, "headers.order_id", "names no header"),
    ('[headers]\norder_id = ["Ord",\n"##"]', 5, "headers.order_id[2]", '"##" has no letter or digit'),
    ('[headers]\norder_id = "Nr"\npatient_id = "nr."', 5, "headers.patient_id", "stands for order_id too"),
    ('[headers]\norder_id = ["Nr", "NR"]', 4, "headers.order_id[2]", "stands here twice"),
    ('[headers]\nweight = "Max Rate"', 4, "headers.weight", "is the name of the column max_rate"),
    ('[headers]\nweight = "Sepsis"', 4, "headers.weight", "is the name of the column sepsis"),
    ('[headers]\nweight = "' + 201 * "w" + '"', 4, "headers.weight", "has more than 200 characters"),
    ('[headers]\nweight = { header = "W", unit = "stone" }', 4, "headers.weight", "write one of kg, lb"),
    ('[headers]\nweight = { header = "W", unit = "mL/h" }', 4, "headers.weight", '"mL/h" is no unit of weight'),
    ('[headers]\nmax_rate = [{ header = "P", unit = "Mg/kg/min" }]', 4, "headers.max_rate[1]", "is no unit of max_rate"),
    ('[headers]\nage_years = { header = "A", unit = "years" }', 4, "headers.age_years", "age_years has no unit"),
    ('[headers]\nsepsis = { header = "A", unit = "kg" }', 4, "headers.sepsis", "sepsis has no unit"),
    # severities
    ("[severity.IVG999]\nseverity = 'review'\nreason = 'why'", 3, "severity.IVG999", "is no rule"),
    ("[severity.ivg114]\nseverity = 'review'\nreason = 'why'", 3, "severity.ivg114", "did you mean IVG114?"),
    ("[severity.IVG114]\nseverity = 'warning'\nreason = 'why'", 4, "severity.IVG114.severity", "no severity; fix: write one of stop, unchecked, review, info"),
    ("[severity.IVG114]\nseverity = 'pass'\nreason = 'why'", 4, "severity.IVG114.severity", "is no severity"),
    ("[severity.IVG114]\nseverity = 'review'\nreason = ' '", 5, "severity.IVG114.reason", "says no reason"),
]  # fmt: skip

NEVER_CHANGED = ("IVG901", "IVG902", "IVG903", "IVG905", "IVG908", "IVG910")
NEVER_BELOW_REVIEW = (
    "IVG101", "IVG102", "IVG103", "IVG107", "IVG208", "IVG907", "IVG201", "IVG202", "IVG203", "IVG204", "IVG205", "IVG206", "IVG207", "IVG501", "IVG502",
)  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "words"), SHAPES + VALUES + SETTINGS)
def test_what_is_wrong_is_refused_with_its_line_its_key_and_a_fix(
    text: str, line: int, key: str, words: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, text)
    assert told.startswith(f"site.toml, line {line}, {key}: ")
    assert words in told
    assert "; fix: " in told


@pytest.mark.parametrize("code", NEVER_CHANGED)
@pytest.mark.parametrize("severity", ["stop", "unchecked", "review", "info"])
def test_that_an_order_could_not_be_checked_is_never_said_otherwise(code: str, severity: str, tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, f'[severity.{code}]\nseverity = "{severity}"\nreason = "why"')
    assert told.startswith(f"site.toml, line 3, severity.{code}: ") and "stays as it is" in told


@pytest.mark.parametrize("code", NEVER_BELOW_REVIEW)
def test_the_gravest_rules_are_never_below_review(code: str, tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, f'[severity.{code}]\nseverity = "info"\nreason = "why"')
    assert told.startswith(f"site.toml, line 4, severity.{code}.severity: {code} is never below review: ")
    assert ("could not be checked" if code == "IVG907" else "it stops an order") in told


def test_whatever_stops_an_order_is_never_below_review() -> None:
    assert {code for code, rule in RULES.items() if rule.severity == Severity.STOP} <= set(NEVER_BELOW_REVIEW)


@pytest.mark.parametrize(
    ("head", "line", "key", "words"),
    [
        ('version = "1"\n', 1, "id", "is missing"),
        ('id = "x"\n', 1, "version", "is missing"),
        ('version = "1"\nid = "built-in"\n', 2, "id", "is the name of the built-in policy"),
        ('version = "1"\nid = "Built-In"\n', 2, "id", "is the name of the built-in policy"),
        ('version = "1"\nid = ""\n', 2, "id", "says nothing"),
        ('id = "x"\nversion = 2026.3\n', 2, "version", "2026.3 is a number; fix: write a text in quotes"),
        ('id = "x\\ny"\nversion = "1"\n', 1, "id", "says nothing, or cannot be seen"),
    ],
)
def test_a_policy_has_a_name_of_its_own_and_a_version(
    head: str, line: int, key: str, words: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, "", head=head)
    assert told.startswith(f"site.toml, line {line}, {key}: ") and words in told


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (b"id = 1\nid = 2\n", "line 2: is not TOML: Cannot overwrite a value"),
        (b'id = "x"\n[ceiling]\nvalue = 7 mg/kg/min\n', "line 3: is not TOML: "),
        (
            b'id = "x"\n[ceiling]\n[ceiling]\n',
            "line 3: is not TOML: Cannot declare [ceiling] twice; fix: name each key and each table once",
        ),
        (b'[a."b.c"]\n[a."b.c"]\n', "line 2: is not TOML: Cannot declare [a.b.c] twice"),
        (b'id = "x"\r\nversion = "\xb5"\r\n', "line 2: is not UTF-8; fix: save the file as UTF-8"),
        (b'id = "x"\nversion = """\n\n', "line 4: is not TOML: Unterminated string"),
        (b"a = " + b"[" * 3000, "lists or tables lie too deeply"),
        (b"a = " + b"1" * 5000, "has a number of very many digits"),
        (b"#" * (256 << 10) + b"\n", "has more than 256 KiB"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(content: bytes, begins: str, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_site_policy(path, built_in())
    assert f"site.toml{', ' if begins.startswith('line') else ': '}{begins}" in str(caught.value)


@pytest.mark.parametrize("depth", [50, 200, 399, 600])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{ b = ", "}")])
def test_a_value_that_is_nested_deeply_is_refused_like_any_other(
    depth: int, opening: str, closing: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, f"a = {opening * depth}1{closing * depth}")
    assert told.startswith(("site.toml, line 3, a: is not known here", "site.toml: lists or tables lie too deeply"))


def test_every_problem_of_a_file_is_told_in_the_order_of_its_lines(tmp_path: Path) -> None:
    text = (
        '[ceiling]\nvalue = "0 mg/kg/min"\n[severity.IVG901]\nseverity = "info"\nreason = "why"\n[headers]\nx = "y"\n'
    )
    told = refusals(tmp_path, f'encoding = "hex"\n{text}titl = 1\n')
    assert [line.split(":")[0] for line in told] == [
        "site.toml, line 3, encoding",
        "site.toml, line 5, ceiling.value",
        "site.toml, line 6, severity.IVG901",
        "site.toml, line 10, headers.x",
        "site.toml, line 11, headers.titl",
    ]


def test_of_very_many_problems_the_first_twenty_are_told(tmp_path: Path) -> None:
    told = refusals(tmp_path, "".join(f"key_{k} = 1\n" for k in range(25)))
    assert len(told) == 21
    assert told[-1] == "and 5 more problems"


@pytest.mark.parametrize(
    "text",
    [
        f'time_zone = "{300 * "z"}"',
        f'[ceiling]\nvalue = "{300 * "z"}"',
        f'[ceiling]\nvalue = "{300 * "7"} mg/kg/min"',
        f"{300 * 'z'} = 1",
        f'[headers]\nweight = "{300 * "z"}"',
        f'[severity.IVG114]\nseverity = "{300 * "z"}"\nreason = "why"',
    ],
)
def test_no_more_than_sixty_characters_of_a_value_are_quoted(text: str, tmp_path: Path) -> None:
    (told,) = refusals(tmp_path, text)
    assert "z" * 61 not in told and "7" * 61 not in told
    assert "…(cut)" in told


def test_a_character_that_would_act_on_a_terminal_is_shown_as_an_escape(tmp_path: Path) -> None:
    told = refusals(tmp_path, '"\\u001b[2J" = 1\ntime_zone = "\\u001b[2J"\n[headers]\nweight = "\\u202e"')
    assert all(line.isprintable() for line in told)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        read_site_policy(tmp_path / "nowhere.toml", built_in())
    with pytest.raises(UsageError, match="cannot be read"):
        read_site_policy(tmp_path, built_in())


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + '[ceiling]\nvalue = "7 mg/kg/min"\n').replace("\n", "\r\n").encode())
    assert read_site_policy(path, built_in()).policy.ceiling == 7


@pytest.mark.parametrize("value", ["14 mg/kg/min", "840 mg/kg/h", "13.9 mg/kg/min"])
def test_a_ceiling_up_to_the_highest_label_is_accepted_with_a_reason(value: str, tmp_path: Path) -> None:
    read(tmp_path, f'[ceiling]\nvalue = "{value}"\nreason = "why"')


UNREADABLE = [
    "",
    " ",
    ".",
    "x",
    "a b c",
    "\u3164",
    "\u3164\u3164",
    "\uffa0\u1160",
    "\u2800\u2800",
    "\u200b\u200b",
    "ok\u200b",
    "\u034f--",
    "??!",
]


@pytest.mark.parametrize("reason", UNREADABLE)
@pytest.mark.parametrize("table", ["[at_risk_over_age]\nvalue = 70", "[severity.IVG114]\nseverity = 'review'"])
def test_a_reason_is_a_word_that_can_be_seen(table: str, reason: str, tmp_path: Path) -> None:
    told = refusals(tmp_path, f'{table}\nreason = "{reason}"')
    assert any("reason: " in line and "says no reason" in line for line in told)


@pytest.mark.parametrize("reason", ["ok", "per P&T", "§ 12", "\u03b2-\u03b1\u03b2", "\u533b\u5e08", "Dr. O"])
def test_a_short_reason_in_any_script_is_one(reason: str, tmp_path: Path) -> None:
    knowledge = read(tmp_path, f'[at_risk_over_age]\nvalue = 70\nreason = "{reason}"')
    assert knowledge.policy.site.deviations[0].reason == reason


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "UTF-8-sig",
        "ascii",
        "latin-1",
        "cp1252",
        "cp437",
        "gb18030",
        "utf-16",
        "utf_16_le",
        "utf-16-be",
        "utf-32",
    ],
)
def test_an_encoding_that_keeps_plain_letters_is_accepted(encoding: str, tmp_path: Path) -> None:
    assert read(tmp_path, f'encoding = "{encoding}"').policy.site.encoding == encoding


@pytest.mark.parametrize(
    "line",
    [
        '"k{0}" = 1\n',
        "k{0} = 1\n",
        "[[a]]\n",
        "[[ceiling]]\n",
        "[t{0}]\n",
        "[headers.h{0}]\nx = 1\n",
        "[severity.S{0}]\nx = 1\n",
    ],
)
def test_a_file_of_very_many_problems_is_refused_in_little_time(line: str, tmp_path: Path) -> None:
    count = (200 << 10) // len(line.format(9999))
    text = "".join(line.format(k) for k in range(count))
    began = time.process_time()
    assert refusals(tmp_path, text)
    assert time.process_time() - began < 5  # measured: under 0.5


def test_a_list_of_very_many_wrong_names_is_refused_in_little_time(tmp_path: Path) -> None:
    names = ", ".join(f'"n{k}"' for k in range(20_000))
    began = time.process_time()
    refusals(tmp_path, f"products_in_use = [{names}]\n")
    refusals(tmp_path, f"absent_means_no = [{names}]\n")
    assert time.process_time() - began < 5
