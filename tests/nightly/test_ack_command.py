"""``ivigcheck ack``: what can be settled, by whom and for how long, and what opens it again."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from nights import CANARY, Pharmacy, fingerprints, order, states
from nights_moment import acknowledge
from typer.testing import CliRunner

from ivigcheck.cli import app
from ivigcheck.errors import Exit, HistoryError, UsageError
from ivigcheck.history import History

TODAY = date.today()
ORDERS = [
    order("A", max_rate="9 mg/kg/min"),
    order("B", diabetes=""),
    order("C", diabetes="yes", max_rate="4 mg/kg/min"),
]


@pytest.fixture(autouse=True)
def first_night(pharmacy: Pharmacy) -> None:
    pharmacy.night(ORDERS, TODAY)


def ack(pharmacy: Pharmacy, *arguments: str) -> str:
    """Runs the command; raises what stops it."""
    command = ["ack", *arguments, "--history", str(pharmacy.history)]
    result = CliRunner().invoke(app, command, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def entries(pharmacy: Pharmacy) -> int:
    with History.reading(pharmacy.history) as history:
        return history.head().entries


def again(pharmacy: Pharmacy, **cells: str) -> dict[tuple[str, str], str]:
    """The next night: the same orders, with C's cells changed."""
    changed = [*ORDERS[:2], ORDERS[2] | cells, order(f"N{entries(pharmacy)}")]
    return states(pharmacy.night(changed, TODAY))


def test_what_is_settled_stays_in_the_report_with_who_and_why(pharmacy: Pharmacy) -> None:
    prints = fingerprints(pharmacy.report())
    said = ack(pharmacy, prints["C", "IVG104"], "--reason", "monitored", "--by", "AB", "--text", "Creatinine  daily.")
    until = (TODAY + timedelta(days=30)).isoformat()
    assert said.startswith(f"acknowledged until {until}: IVG104 above-minimum-practicable (REVIEW)")
    assert again(pharmacy)["C", "IVG104"] == "acknowledged"
    report = pharmacy.report()
    (finding,) = [f for o in report["orders"] for f in o["findings"] if f["code"] == "IVG104"]
    assert finding["delta"]["acknowledged"] == {
        "entry": 2, "by": "AB", "on": TODAY.isoformat(), "until": until, "reason": "monitored", "text": "Creatinine daily.",
    }  # fmt: skip
    assert report["delta"]["counts"]["acknowledged"] == 1 and report["counts"]["review"] == 2
    told = (pharmacy.reports / "latest" / "worklist.txt").read_text()
    assert "ACKNOWLEDGED: 1 finding" in told and "acknowledged by AB" in told and "Creatinine" in told
    assert "Creatinine" not in (pharmacy.reports / "latest" / "mail.txt").read_text()


@pytest.mark.parametrize(
    "cells",
    [{"weight": "81 kg"}, {"max_rate": "4.1 mg/kg/min"}, {"start_rate": "0.5 mg/kg/min"}, {"product": "Gammaplex 10%"},
     {"renal_insufficiency": "yes"}, {"sepsis": "no"}, {"dose": "0.4 g/kg"}, {"indication": "MMN"}, {"age_years": "67"}],
    ids=str,
)  # fmt: skip
def test_a_change_of_the_order_reopens_it_and_nothing_else(pharmacy: Pharmacy, cells: dict[str, str]) -> None:
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values(), until=TODAY)
    assert set(again(pharmacy).values()) == {"acknowledged"}
    found = again(pharmacy, **cells)
    assert found.pop(("C", "IVG104")) == "reopened"
    assert {state for (name, _), state in found.items() if name in "AB"} == {"acknowledged"}


def test_a_change_of_the_rule_reopens_it(pharmacy: Pharmacy) -> None:
    (pharmacy.folder / "policy.toml").write_text('id = "site"\nversion = "1"\n[review_rate]\nvalue = "3.2 mg/kg/min"\n')
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values(), until=TODAY)
    pharmacy.configure(policy="policy.toml")
    assert again(pharmacy)["C", "IVG104"] == "reopened"


def test_a_reaction_on_record_reopens_what_it_makes_stricter(pharmacy: Pharmacy) -> None:
    from nights_moment import NOW

    from ivigcheck.history import NewEntry

    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values(), until=TODAY)
    with History.recording(pharmacy.history) as history:
        history.append([NewEntry("confirmed_thrombosis", f"{CANARY}C", "2026-01-02", "AB", {})], NOW)
    assert again(pharmacy)["C", "IVG104"] == "reopened"


def test_whatever_is_recorded_of_the_patient_reopens_it(pharmacy: Pharmacy) -> None:
    """Also what changes no limit: the patient is another than the one that was judged."""
    from nights_moment import NOW

    from ivigcheck.history import NewEntry

    mild = {
        "first_day": "2026-01-02", "grade": 1, "suspected": [], "disposition": "rechallenge", "product": "Privigen 10%",
        "rate": "3 mg/kg/min", "rate_mg_per_kg_min": 3.0, "resolved": True, "minutes_since_resolved": 20.0,
        "onset": "2026-01-02T10:00", "observed_at": "2026-01-02T10:40",
    }  # fmt: skip
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values(), until=TODAY)
    with History.recording(pharmacy.history) as history:
        history.append([NewEntry("reaction", f"{CANARY}C", "2026-01-02", "AB", mild)], NOW)
    found = again(pharmacy)
    assert found["C", "IVG104"] == "reopened" and found["B", "IVG904"] == "acknowledged"


def test_it_holds_through_its_last_day_and_opens_again_the_day_after(pharmacy: Pharmacy) -> None:
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values(), until=TODAY)
    assert set(again(pharmacy).values()) == {"acknowledged"}
    after = states(pharmacy.night([*ORDERS, order("X")], TODAY + timedelta(days=1)))
    assert set(after.values()) == {"reopened"}
    later = states(pharmacy.night([*ORDERS, order("Y")], TODAY + timedelta(days=2)))
    assert set(later.values()) == {"still_open"}


def test_one_that_is_withdrawn_holds_no_longer(pharmacy: Pharmacy) -> None:
    (number,) = acknowledge(pharmacy, fingerprints(pharmacy.report())["C", "IVG104"], until=TODAY)
    assert again(pharmacy)["C", "IVG104"] == "acknowledged"
    command = ["history", "withdraw", "-", str(number), "--reason", "wrong-value", "--by", "CD"]
    result = CliRunner().invoke(
        app, [*command, "--history", str(pharmacy.history)], input=f"{CANARY}C\n", standalone_mode=False
    )
    assert "open again from the next run on" in result.output
    assert again(pharmacy)["C", "IVG104"] == "reopened"


def test_the_last_word_on_a_finding_counts(pharmacy: Pharmacy) -> None:
    fingerprint = fingerprints(pharmacy.report())["C", "IVG104"]
    ack(pharmacy, fingerprint, "--reason", "monitored", "--by", "AB")
    ack(pharmacy, fingerprint, "--reason", "accepted", "--by", "CD")
    again(pharmacy)
    (finding,) = [f for o in pharmacy.report()["orders"] for f in o["findings"] if f["code"] == "IVG104"]
    assert (finding["delta"]["acknowledged"]["reason"], finding["delta"]["acknowledged"]["by"]) == ("accepted", "CD")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{stop}", "--reason", "confirmed", "--by", "AB"], "settled with words alone"),
        (["{stop}", "--reason", "confirmed", "--by", "AB", "--text", " .. "], "says nothing"),
        (["{review}", "{stop}", "--reason", "confirmed", "--by", "AB"], "settled with words alone"),
        (["{review}", "--reason", "fine", "--by", "AB"], "monitored: being watched"),
        (["{review}", "--reason", "confirmed", "--by", ""], "initials"),
        (["{review}", "--reason", "confirmed", "--by", "AB", "--until", "31.12.2026"], "no ISO date"),
        (["{review}", "--reason", "confirmed", "--by", "AB", "--until", f"{TODAY - timedelta(days=1)}"], "is over"),
        (["{review}", "--reason", "confirmed", "--by", "AB", "--until", f"{TODAY + timedelta(days=31)}"], "later than"),
        (["{review}", "--reason", "confirmed", "--by", "AB", "--text", "x" * 501], "longer than 500"),
        (["{review}", "--reason", "confirmed", "--by", "AB", "--text", "a\u202eb"], "cannot be seen"),
        (["0123456789abcdef", "--reason", "confirmed", "--by", "AB"], "No finding that stands"),
        (["abc", "--reason", "confirmed", "--by", "AB"], "8 to 16"),
        (["PA-2026-11", "--reason", "confirmed", "--by", "AB"], "8 to 16"),
    ],
)
def test_what_cannot_be_settled_is_refused_whole(pharmacy: Pharmacy, arguments: list[str], words: str) -> None:
    prints = fingerprints(pharmacy.report())
    filled = [each.format(stop=prints["A", "IVG101"], review=prints["B", "IVG904"]) for each in arguments]
    with pytest.raises(UsageError, match=words) as caught:
        ack(pharmacy, *filled)
    assert "PA-2026" not in str(caught.value) and entries(pharmacy) == 1


def test_a_stop_is_settled_with_words_and_stays_a_stop(pharmacy: Pharmacy) -> None:
    prints = fingerprints(pharmacy.report())
    ack(
        pharmacy,
        prints["A", "IVG101"].upper(),
        prints["A", "IVG102"][:8],
        "--reason",
        "accepted",
        "--by",
        "A.B-1",
        "--text",
        "Agreed.",
    )
    found = again(pharmacy)
    assert found["A", "IVG101"] == found["A", "IVG102"] == "acknowledged"
    assert pharmacy.report()["counts"]["stop"] == 1 and pharmacy.report()["orders"][0]["status"] == "STOP"
    assert pharmacy.status()["exit_code"] == Exit.FINDINGS


def test_a_finding_that_is_over_or_has_changed_can_no_longer_be_settled(pharmacy: Pharmacy) -> None:
    before = fingerprints(pharmacy.report())["C", "IVG104"]
    again(pharmacy, weight="81 kg")
    with pytest.raises(UsageError, match="may have changed"):
        ack(pharmacy, before, "--reason", "confirmed", "--by", "AB")


def test_an_order_without_a_patients_id_is_settled_by_correcting_the_export(pharmacy: Pharmacy) -> None:
    pharmacy.night([*ORDERS, order("D", diabetes="") | {"patient_id": ""}], TODAY)
    with pytest.raises(UsageError, match="without a patient's id"):
        ack(pharmacy, fingerprints(pharmacy.report())["D", "IVG904"], "--reason", "confirmed", "--by", "AB")


def test_a_site_has_its_own_reasons_and_its_own_longest_time(pharmacy: Pharmacy) -> None:
    policy = pharmacy.folder / "policy.toml"
    policy.write_text(
        'id = "site"\nversion = "1"\n[acknowledgement_days]\nvalue = 7\n[acknowledgement_reasons]\nrounds = "Seen on rounds."\n'
    )
    fingerprint = fingerprints(pharmacy.report())["B", "IVG904"]
    with pytest.raises(UsageError, match=r"(?s)none of policy.*rounds: Seen on rounds\."):
        ack(pharmacy, fingerprint, "--reason", "confirmed", "--by", "AB", "--policy", str(policy))
    said = ack(pharmacy, fingerprint, "--reason", "rounds", "--by", "AB", "--policy", str(policy))
    assert said.startswith(f"acknowledged until {TODAY + timedelta(days=7)}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[acknowledgement_reasons]\n", "names no reason"),
        ('[acknowledgement_reasons]\n"Two words" = "x y"\n', "no code of a reason"),
        ('[acknowledgement_reasons]\nok = ""\n', "says nothing"),
        ("[acknowledgement_reasons]\nok = 3\n", "text in quotes"),
        ("[acknowledgement_days]\nvalue = 60\n", "looser than the built-in 30"),
    ],
)
def test_a_list_of_reasons_that_says_nothing_is_refused(tmp_path: Path, text: str, words: str) -> None:
    from ivigcheck.knowledge import built_in
    from ivigcheck.site.reading import read_site_policy

    path = tmp_path / "p.toml"
    path.write_text(f'id = "site"\nversion = "1"\n{text}')
    with pytest.raises(UsageError, match=words):
        read_site_policy(path, built_in())


def test_a_missing_history_has_nothing_to_settle(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="does not exist"):
        CliRunner().invoke(
            app, ["ack", "0123456789abcdef", "--reason", "confirmed", "--by", "AB", "--history", str(tmp_path / "h")],
            standalone_mode=False, catch_exceptions=False,
        )  # fmt: skip
    assert not (tmp_path / "h").exists()


def test_who_settled_an_undocumented_risk_is_told_too(pharmacy: Pharmacy) -> None:
    """Elsewhere such orders are only counted."""
    ack(pharmacy, fingerprints(pharmacy.report())["B", "IVG904"], "--reason", "documented-elsewhere", "--by", "AB")
    again(pharmacy)
    told = (pharmacy.reports / "latest" / "worklist.txt").read_text()
    assert "documented-elsewhere" in told.partition("ACKNOWLEDGED")[2]


def test_today_and_the_longest_time_are_the_edges(pharmacy: Pharmacy) -> None:
    fingerprint = fingerprints(pharmacy.report())["B", "IVG904"]
    for day in (TODAY, TODAY + timedelta(days=30)):
        said = ack(pharmacy, fingerprint, "--reason", "confirmed", "--by", "AB", "--until", day.isoformat())
        assert said.startswith(f"acknowledged until {day}")


def test_too_few_digits_to_tell_two_findings_apart_settle_neither(pharmacy: Pharmacy) -> None:
    from nights_moment import NOW

    from ivigcheck.delta import Delta, Mark, Seen, State
    from ivigcheck.history.nights import NewNight, Nights

    two = [Seen(f"abababab{k}0000000", str(k), "b", f"O{k}", f"P{k}", "IVG904", "", "review") for k in (0, 1)]
    marks = {each.fingerprint: Mark(State.NEW, "2026-11-20") for each in two}
    with History.recording(pharmacy.history) as history:
        facts = {"newest_file": 0.0, "counts": {}, "exit_code": 0}
        delta = Delta("", marks, [], [(each, "new") for each in two], 0, 0)
        Nights(history, "other").record(NewNight("other", "2026-11-20", [], facts), delta, NOW)
    with pytest.raises(UsageError, match="2 findings begin with abababab"):
        ack(pharmacy, "abababab", "--reason", "confirmed", "--by", "AB")
    assert "IVG904" in ack(pharmacy, "abababab1", "--reason", "confirmed", "--by", "AB")
