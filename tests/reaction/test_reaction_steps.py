"""The steps of the protocol in their order, what is asked, and times on the day on which the clocks change."""

from __future__ import annotations

from dataclasses import replace

from observed import BASE, facts, judged, read

from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.knowledge.protocol import built_in_protocol
from ivigcheck.past import Past, PastEvent
from ivigcheck.reaction import plan


def position(steps: list[str], words: str) -> int:
    (found,) = [k for k, text in enumerate(steps) if words in text]
    return found


def test_what_cannot_wait_comes_before_the_examination_and_epinephrine_before_all() -> None:
    steps = facts(BASE | {"sbp": "80", "dyspnea": "yes", "facial_droop": "yes", "headache": "yes"})["actions"]
    words = ("STOP", "Tell the physician", "Keep the vein open", "Epinephrine 0.3 mg intramuscularly AT ONCE", "bolus 1000-2000 mL",
             "STROKE PROTOCOL AT ONCE", "aseptic meningitis", "DISCONTINUE", "Pulse", "Neurological exam", "True weakness or malaise")  # fmt: skip
    assert [position(steps, each) for each in words] == list(range(len(steps)))


def test_a_single_sign_of_hypersensitivity_has_its_conditions() -> None:
    steps = facts(BASE | {"bronchospasm": "yes"})["actions"]
    assert "Severe, or anaphylaxis: epinephrine 0.3 mg intramuscularly at once." in steps
    assert any(text.startswith("If hypotensive: recline") for text in steps)
    steps = facts(BASE | {"sbp": "80"})["actions"]
    assert any(text.startswith("Recline the patient; normal saline bolus") for text in steps)
    assert not any(text.startswith("If hypotensive") for text in steps)


def test_a_hypersensitivity_that_threatens_life_is_anaphylaxis_and_a_threat_alone_is_not() -> None:
    with_sign = facts(BASE | {"dyspnea": "yes", "life_threatening": "yes"})["actions"]
    assert any("Epinephrine 0.3 mg intramuscularly AT ONCE" in text for text in with_sign)
    assert not any("pinephrine" in text for text in facts(BASE | {"life_threatening": "yes"})["actions"])


def test_the_workup_is_that_of_what_is_suspected() -> None:
    assert facts(BASE)["workup"] == []
    assert facts(BASE | {"fever": "yes"})["workup"] == ["Lumbar puncture: meningitis is suspected."]
    severe = facts(BASE | {"self_care_limited": "yes"})["workup"]
    assert (
        severe[0].startswith("MRI of brain and spinal cord") and "look for thrombosis" in severe[1] and len(severe) == 2
    )
    stroke = facts(BASE | {"speech_change": "yes"})["workup"]
    assert stroke == ["Emergent CT or MRI of the brain.", *severe]


def test_a_past_that_ends_ivig_orders_no_workup_for_a_mild_reaction() -> None:
    past = Past(confirmed=(PastEvent(3, 738000, "AB"),))
    found = judged(past=past)
    assert found.disposition.name == "DISCONTINUE_PERMANENTLY"
    assert plan(read(BASE), found, built_in_protocol()).workup == ()


def test_after_a_discontinuation_nobody_is_asked_whether_it_has_resolved() -> None:
    open_ = {"resolved": "", "minutes_since_resolved": "", "fever": ""}
    assert facts(BASE | open_)["questions"] == ["fever", "recurred", "resolved", "minutes_since_resolved"]
    assert facts(BASE | open_ | {"dyspnea": "yes"})["questions"] == ["fever"]
    assert facts(BASE | open_ | {"resolved": "no"})["questions"] == ["fever", "recurred"]
    assert facts(BASE | {"recurred": "no"})["questions"] == []


def test_what_is_missing_for_the_numbers_is_asked_for() -> None:
    open_ = dict.fromkeys(("age_years", "weight", "product", "rate", "volume_infused_mL", "onset"), "")
    assert facts(BASE | open_)["questions"] == [
        "hypotension",
        "recurred",
        "age_years",
        "weight",
        "product",
        "rate",
        "onset",
        "volume_infused_mL",
    ]
    assert "concentration" in facts(BASE | {"product": "Octagam"})["questions"]
    assert "concentration" in facts(BASE | {"product": "Carimune NF"})["questions"]


def in_new_york() -> Knowledge:
    knowledge = built_in()
    site = replace(knowledge.policy.site, time_zone="America/New_York")
    return replace(knowledge, policy=replace(knowledge.policy, site=site))


def test_minutes_pass_on_the_night_on_which_the_clocks_are_put_back() -> None:
    """From 00:30 EDT to 02:30 EST three hours pass; 23 minutes later is 02:53."""
    times = {"infusion_start": "2026-11-01T00:30", "onset": "2026-11-01T02:30", "observed_at": "2026-11-01T02:53"}
    observed = read(BASE | times | {"minutes_since_resolved": "8"}, in_new_york())
    assert observed.minutes_from_start == 180
    found = judged(times | {"minutes_since_resolved": "8"}, knowledge=in_new_york())
    assert found.not_before is not None and found.not_before.isoformat() == "2026-11-01T03:00:00-05:00"
