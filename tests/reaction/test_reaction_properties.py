"""What must hold of every reaction, whatever was observed; and the judgement against an independent one."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from observed import BASE, NOW, SIGNS, facts, judged

from ivigcheck.past import Past, PastEvent, PastReaction
from ivigcheck.report.reaction_text import reaction_page

ANSWERS = ("", "yes", "no")
NAMES = tuple(name for name in (*SIGNS, "recurred", "resolved") if name != "weakness")
PRODUCTS = ("", "Gamunex-C", "Privigen 10%", "Octagam", "Panzyga", "Flebogamma DIF 10%", "Carimune NF", "Bivigam")
RATES = ("", "0.5 mg/kg/min", "3 mg/kg/min", "9 mg/kg/min", "30 mg/kg/min", "144 mL/h", "2.4 mL/min", "180 mg/min")


@st.composite
def observations(draw: st.DrawFn) -> dict[str, str]:
    """Any observations that can be right together. Each is far likelier to reassure than to worry, as in life."""
    worrying = draw(st.sampled_from((0.05, 0.4)))
    found = {}
    for name in NAMES:
        reassuring = "yes" if name == "resolved" else "no"
        found[name] = draw(st.sampled_from(ANSWERS)) if draw(st.floats(0, 1)) < worrying else reassuring
    found["weakness"] = draw(st.sampled_from(("none", "none", "diffuse", "focal", "")))
    found["sbp"] = draw(st.sampled_from(("", "75", "90", "91", "118")))
    found["sbp_before"] = draw(st.sampled_from(("", "105", "121", "148")))
    found["minutes_since_resolved"] = draw(st.sampled_from(("", "0", "14.9", "15", "20", "44")))
    found["age_years"] = draw(st.sampled_from(("", "0", "9", "17", "18", "58", "90")))
    found["weight"] = draw(st.sampled_from(("", "4 kg", "29.9 kg", "30 kg", "66 lb", "80 kg")))
    found["product"] = draw(st.sampled_from(PRODUCTS))
    found["rate"] = draw(st.sampled_from(RATES))
    found["volume_infused_mL"] = draw(st.sampled_from(("", "0", "12.5")))
    return {**BASE, **found}


def is_child(texts: dict[str, str]) -> bool:
    kg = {"4 kg": 4, "29.9 kg": 29.9, "66 lb": 66 * 0.45359237}.get(texts["weight"], math.inf)
    return (texts["age_years"] != "" and float(texts["age_years"]) < 18) or kg < 30


def is_adult(texts: dict[str, str]) -> bool:
    return texts["age_years"] != "" and texts["weight"] != "" and not is_child(texts)


def expected(texts: dict[str, str]) -> tuple[set[str], int, str]:
    """Suspicions, grade and disposition from the protocol's sentences, without the program."""
    yes = {name for name in NAMES if texts[name] == "yes"}
    open_ = {name for name in NAMES if texts[name] == ""} - {"resolved", "recurred"}
    low = texts["sbp"] in ("75", "90") or (
        texts["sbp"] != "" and texts["sbp_before"] != "" and int(texts["sbp_before"]) - int(texts["sbp"]) >= 30
    )
    hypotensive = "hypotension" in yes or (low and not is_child(texts))
    if is_adult(texts) and texts["sbp"] and texts["sbp_before"]:
        open_.discard("hypotension")
    if hypotensive:
        open_.discard("hypotension")
    suspected = set()
    if texts["weakness"] == "focal" or yes & {"one_sided", "facial_droop", "speech_change"}:
        suspected.add("stroke")
    others = yes & {"dyspnea", "bronchospasm", "multiple_organs"}
    if hypotensive or others:
        suspected.add("hypersensitivity")
    if yes & {"headache", "fever"}:
        suspected.add("aseptic_meningitis")
    if "life_threatening" in yes or (hypotensive and others):
        grade = 4
    elif "self_care_limited" in yes or suspected & {"stroke", "hypersensitivity"}:
        grade = 3
    else:
        grade = 1 if texts["true_weakness"] == "no" else 2
    if texts["weakness"] == "" or (texts["weakness"] == "none" and "true_weakness" in yes):
        open_.add("weakness")
    waited = texts["minutes_since_resolved"] in ("15", "20", "44")
    rate_known = "/kg/" in texts["rate"] or (
        texts["rate"] != "" and texts["weight"] != "" and ("mg/" in texts["rate"] or concentration(texts) is not None)
    )
    if grade >= 3:
        disposition = "discontinue_permanently"
    elif "recurred" in yes:
        disposition = "discontinue_session"
    elif open_ or "aseptic_meningitis" in suspected or "resolved" not in yes or not waited or not rate_known:
        disposition = "hold"
    else:
        disposition = "rechallenge"
    return suspected, grade, disposition


def concentration(texts: dict[str, str]) -> int | None:
    """mg/mL; not known of a brand of two strengths, of one that depends on reconstitution, or of no product."""
    return None if texts["product"] in ("", "Octagam", "Carimune NF") else 100


@given(observations())
def test_the_judgement_is_the_protocol_s_own(texts: dict[str, str]) -> None:
    found = judged(texts)
    assert (set(found.suspected), found.grade, found.disposition.name.lower()) == expected(texts)


WORRYING = {
    **{name: "yes" for name in NAMES if name != "resolved"},
    "resolved": "no",
    "weakness": "focal",
    "sbp": "75",
    "minutes_since_resolved": "0",
}


@given(observations(), st.sampled_from(sorted(WORRYING)))
def test_one_more_worrying_observation_never_makes_the_disposition_milder(texts: dict[str, str], name: str) -> None:
    assert judged(texts | {name: WORRYING[name]}).disposition >= judged(texts).disposition


REASSURING = {
    **{name: "no" for name in NAMES if name not in ("resolved", "recurred")},
    "weakness": "none",
    "sbp": "125",
    "sbp_before": "105",
    "minutes_since_resolved": "20",
    "resolved": "yes",
    "rate": "3 mg/kg/min",
}


@given(observations(), st.sampled_from(sorted(REASSURING)))
def test_an_observation_that_is_missing_is_never_milder_than_a_reassuring_one(texts: dict[str, str], name: str) -> None:
    with_it, without = judged(texts | {name: REASSURING[name]}), judged(texts | {name: ""})
    assert without.disposition >= with_it.disposition and without.grade >= with_it.grade


@given(observations(), st.sampled_from(("age_years", "weight")))
def test_an_age_or_weight_that_is_missing_is_never_milder_than_any(texts: dict[str, str], name: str) -> None:
    assert judged(texts | {name: ""}).disposition >= judged(texts).disposition


@given(observations())
def test_no_grade_1_or_2_where_stroke_or_hypersensitivity_is_suspected(texts: dict[str, str]) -> None:
    found = judged(texts)
    assert found.grade >= 3 or not {"stroke", "hypersensitivity"} & set(found.suspected)


@given(observations())
def test_no_rechallenge_too_soon_unresolved_with_a_question_open_or_over_half_the_rate(texts: dict[str, str]) -> None:
    said = facts(texts)
    if said["disposition"] == "rechallenge":
        assert texts["resolved"] == "yes" and float(texts["minutes_since_resolved"]) >= 15 and said["grade"] <= 2
        assert not set(said["questions"]) & {*SIGNS, "sbp", "sbp_before", "resolved", "minutes_since_resolved", "rate"}
        assert said["rechallenge_max_mg_per_kg_min"] is not None
    if said["disposition"].startswith("discontinue"):
        assert said["rechallenge_max_mg_per_kg_min"] is said["rechallenge_max_mL_per_h"] is None
        assert said["rechallenge_not_before"] is None and said["follows"] == []
    if (most := said["rechallenge_max_mg_per_kg_min"]) is not None:
        rate = said["documentation"]["rate_mg_per_kg_min"]
        assert most <= rate / 2 * (1 + 1e-9) and most <= 8
        if per_h := said["rechallenge_max_mL_per_h"]:
            kg = said["documentation"]["weight_kg"]
            assert per_h * concentration(texts) / 60 / kg <= most * (1 + 1e-9)
    if said["rechallenge_not_before"]:
        earliest = NOW + timedelta(minutes=15 - float(texts["minutes_since_resolved"]))
        assert earliest <= datetime.fromisoformat(said["rechallenge_not_before"]) < earliest + timedelta(minutes=1)


FIGURE = re.compile(r"mm ?Hg|0\.3|1000|2000|\b\d[\d.]* ?(?:mg|mL)\b(?!/)", re.IGNORECASE)


@given(observations())
def test_no_adult_figure_ever_appears_for_a_child_or_an_unknown_age_or_weight(texts: dict[str, str]) -> None:
    said = facts(texts)
    ours = [
        *said["actions"],
        *said["workup"],
        *said["afterwards"],
        *said["follows"],
        *said["notices"],
        said["grade_because"],
    ]
    ours += [sign for signs in said["suspected_because"].values() for sign in signs]
    ours += said["questions_in_words"]
    shown = [text for text in ours if FIGURE.search(text)]
    if is_adult(texts):
        assert bool(shown) == ("hypersensitivity" in said["suspected"])
    else:
        assert shown == [] and not {"sbp", "sbp_before"} & {*said["observed"], *said["questions"]}
        if "hypersensitivity" in said["suspected"]:
            assert any(
                "paediatric emergency dose and limits by your protocol, at once" in text for text in said["actions"]
            )
        for printed in (False, True):
            page = reaction_page(said, printed=printed).split("WRITE DOWN")[0]
            assert not re.search(r"mm ?Hg|0\.3 mg|1000|2000", page)


@given(observations())
def test_the_page_is_one_page_of_80_columns(texts: dict[str, str]) -> None:
    said = facts(texts)
    deviation = {
        "parameter": "ceiling",
        "built_in": "8 mg/kg/min",
        "site": "7 mg/kg/min",
        "direction": "tighter",
        "reason": "",
    }
    said["policy"] |= {"deviations": [deviation, {**deviation, "parameter": "other"}]}
    said["policy"]["deviations"] += [
        {**deviation, "parameter": each, "reason": "because " * 40}
        for each in ("rechallenge_wait", "rechallenge_fraction")
    ]
    said["history_entries"] = ["history entry 12: reaction of grade 2 on 2026-11-20, by AB"] * 9
    said["recorded"] = [13, 14]
    said["notices"] += ["NOT RECORDED. The history /srv/pharmacy/" + "x" * 200 + " could not be used."]
    text, page = (reaction_page(said, printed=printed) for printed in (False, True))
    assert max(map(len, [*text.splitlines(), *page.splitlines()])) <= 80
    assert len(page.splitlines()) <= 64
    assert " 1 STOP the infusion." in text and " 1 [ ] STOP the infusion." in page


@given(observations(), st.integers(1, 4))
def test_a_past_that_forbids_ivig_forbids_a_rechallenge(texts: dict[str, str], grade: int) -> None:
    reaction = PastReaction(7, 738000, 738000, grade, math.nan, True, math.nan, False, False, "", "AB")
    for past, forbids in (
        (Past(confirmed=(PastEvent(3, 738000, "AB"),)), True),
        (Past(reactions=(reaction,)), grade >= 3),
    ):
        found = judged(texts, past)
        if forbids:
            assert found.disposition.name == "DISCONTINUE_PERMANENTLY"
            assert "history entry" in found.disposition_because or found.grade >= 3
        else:
            assert found.disposition == judged(texts).disposition
