"""``ivigcheck reaction`` as it is used at the bedside, and what its record does to later orders."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from test_command_line import ROOT, orders_file, run

AS_OF = ("--as-of", "2026-01-15")  # of the reaction; days of the past, for what lies ahead is refused
OBSERVED = {
    "age_years": 58, "weight": "80 kg", "product": "Gamunex-C", "rate": "180 mL/h", "volume_infused_mL": 120.5,
    "infusion_start": "2026-01-15T22:00", "onset": "2026-01-15T22:45", "true_weakness": True, "weakness": "diffuse",
    "one_sided": False, "facial_droop": False, "speech_change": "no", "sbp": 120, "sbp_before": 125, "dyspnea": False,
    "bronchospasm": False, "multiple_organs": False, "headache": False, "fever": False, "self_care_limited": False,
    "life_threatening": False, "resolved": True, "minutes_since_resolved": 12, "recurred": False,
    "observed_at": "2026-01-15T23:10",
}  # fmt: skip
END = "\x04"  # what a terminal takes for the end of its input
PATIENT = b"ZZ-CANARY-4711\n"
ORDER = (
    "order", "--indication", "PI", "--weight", "80 kg", "--age", "58", "--product", "Gamunex-C", "--max-rate", "240 mL/h",
    "--screened", "--patient", "-",
)  # fmt: skip


def file_of(folder: Path, **otherwise: object) -> Path:
    path = folder / "observed.json"
    path.write_text(json.dumps({**OBSERVED, **otherwise}), encoding="utf-8")
    return path


def begun(folder: Path) -> tuple[str | Path, ...]:
    """A new history, as the option that names it."""
    store = ("--history", folder / "history.sqlite")
    assert run("history", "init", *store).returncode == 0
    return store


def concluded(*arguments: str | Path) -> dict:
    done = run("reaction", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def options() -> list[str]:
    words = {True: "yes", False: "no"}
    given = {name: words.get(value, str(value)) for name, value in OBSERVED.items() if value is not None}
    return [part for name, text in given.items() for part in (f"--{name.replace('_', '-')}", text)]


def test_a_file_gives_the_conclusions_with_this_patient_s_numbers(tmp_path: Path) -> None:
    """180 mL/h × 100 mg/mL ÷ 60 ÷ 80 kg = 3.75 mg/kg/min; half is 1.875, which is 90 mL/h; 120.5 mL are 12.05 g."""
    said = concluded("--from", file_of(tmp_path))
    assert (said["suspected"], said["grade"], said["disposition"]) == ([], 2, "hold")
    assert said["rechallenge_max_mg_per_kg_min"] == 1.875 and said["rechallenge_max_mL_per_h"] == 90
    assert said["rechallenge_not_before"] == "2026-01-15T23:13" and said["questions"] == []
    wanted = {"minutes_from_start": 45, "dose_given_g": 12.05, "rate_mg_per_kg_min": 3.75}
    assert said["documentation"].items() >= wanted.items()
    assert said["actions"][0] == "STOP the infusion." and said["workup"] == []
    assert any("not compatible with saline" in text for text in said["actions"])
    later = concluded("--from", file_of(tmp_path, minutes_since_resolved=15))
    assert later["disposition"] == "rechallenge"


def test_options_and_a_file_say_the_same(tmp_path: Path) -> None:
    from_file = run("reaction", "--from", file_of(tmp_path), "--format", "json")
    from_options = run("reaction", *options(), "--format", "json")
    assert from_options.stdout == from_file.stdout
    piped = run("reaction", "--from", "-", "--format", "json", input=json.dumps(OBSERVED).encode())
    assert piped.stdout == from_file.stdout
    both = run("reaction", "--from", file_of(tmp_path), "--weight", "81 kg")
    assert both.returncode == 2 and b"say different things" in both.stderr
    shared = run("reaction", "--from", file_of(tmp_path, weight=None), "--weight", "80 kg", "--format", "json")
    assert json.loads(shared.stdout)["documentation"] == json.loads(from_file.stdout)["documentation"]


def test_nothing_observed_is_the_protocol_with_every_question(tmp_path: Path) -> None:
    said = concluded()
    assert (said["grade"], said["disposition"]) == (2, "hold")
    assert {"weakness", "facial_droop", "hypotension", "resolved", "rate", "weight"} <= set(said["questions"])
    assert said["rechallenge_max_mg_per_kg_min"] is None and said["documentation"]["dose_given_g"] is None
    done = run("reaction")
    assert done.returncode == 0 and b" 1 STOP the infusion." in done.stdout and done.stderr == b""


@pytest.mark.parametrize(
    ("otherwise", "why"),
    [
        ({"sbp": 1200}, "sbp: "),
        ({"sbp_before": "12e1"}, "sbp_before: "),
        ({"onset": "2026-01-15T21:59"}, "is before the infusion's start"),
        ({"onset": "2026-01-15 25:00"}, "onset "),
        ({"onset_minutes": 50}, "does not fit the times given"),
        ({"infusion_start": "2026-01-11T22:00"}, "more than 3 days after the start"),
        ({"minutes_since_resolved": 99999999999}, "is longer than any infusion"),
        ({"infusion_start": None, "onset": None, "observed_at": "2099-11-22T23:10"}, "is in the future"),
        ({"infusion_start": "2026-01-15T22:00-05:00"}, "write all of them in one way"),
        ({"observed_at": "2026-01-15T22:44"}, "is in the future"),
        ({"infusion_start": "2062-11-22T22:00", "onset": None, "observed_at": None}, "is in the future"),
        ({"minutes_since_resolved": 26}, "would have gone before they came"),
        ({"product": "Privagen"}, "is no product known here"),
        ({"product": "Gamunex-C 5%"}, "Gamunex-C is made at 100 mg/mL"),
        ({"weight": 80}, "has no unit"),
        ({"weight": "800 kg"}, "weight: "),
        ({"age_years": 158}, "age_years: "),
        ({"rate": "180 mL/hrs"}, "has a unit not known here"),
        ({"rate": "1000 mg/kg/min"}, "rate: "),
        ({"volume_infused_mL": -5}, "has a sign"),
        ({"volume_infused_mL": 9000}, "more than any dose"),
        ({"weakness": "left"}, "is none of focal, diffuse, none"),
        ({"facial_droop": "maybe"}, "is no answer: yes, no or unknown"),
        ({"face": "no"}, '"face" is no observation'),
        ({"fever": [1]}, "is a list or an object"),
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_recorded(tmp_path: Path, otherwise: dict, why: str) -> None:
    store = tmp_path / "history.sqlite"
    recording = ("--patient", "-", "--record", "--by", "AB", "--history", store)
    done = run("reaction", "--from", file_of(tmp_path, **otherwise), *recording, input=PATIENT)
    assert done.returncode == 2 and done.stdout == b"" and not store.exists()
    assert why in done.stderr.decode() and b"Traceback" not in done.stderr and b"CANARY" not in done.stderr


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [
        (b"[]", 2, "is no JSON object"),
        (b"{", 3, "line 1: is no JSON"),
        (b'{"fever": "no", "fever": "yes"}', 2, '"fever" stands there twice'),
        (b"\xff\xfe", 3, "is not UTF-8"),
        (b'{"sbp": NaN, "fever": no}', 3, "is no JSON"),
        (b"[" * 100_000, 3, "too deeply"),
        (b'{"fever": "' + b"x" * (1 << 20) + b'"}', 3, "has more than 1 MiB"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, code: int, why: str) -> None:
    path = tmp_path / "o.json"
    path.write_bytes(content)
    done = run("reaction", "--from", path)
    assert (done.returncode, done.stdout) == (code, b"") and why in done.stderr.decode()
    assert run("reaction", "--from", tmp_path / "none.json").returncode == 3


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--record",), "--record needs the patient and who records"),
        (("--record", "--by", "AB"), "--record needs the patient"),
        (("--by", "AB"), "goes with --record"),
        (("--patient", "123"), "never stands on the command line"),
        (("--from", "-", "--patient", "-"), "both read standard input"),
        (("--record", "--patient", "-", "--by", "A!"), "initials"),
        (("--ask",), "--ask asks at a terminal"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    done = run("reaction", *arguments, "--history", tmp_path / "h", input=PATIENT)
    assert done.returncode == 2 and why in done.stderr.decode() and done.stdout == b""
    assert not (tmp_path / "h").exists()


def test_a_record_holds_later_orders_and_a_confirmed_event_stops_them(tmp_path: Path) -> None:
    store = begun(tmp_path)
    observed = file_of(tmp_path, minutes_since_resolved=20)
    done = run("reaction", "--from", observed, "--patient", "-", "--record", "--by", "AB", *store, input=PATIENT)
    assert done.returncode == 0 and b"Recorded  in the history, as entry 1\n" in done.stdout
    held = run(*ORDER, *AS_OF, *store, "--format", "json", input=PATIENT)
    (order,) = json.loads(held.stdout)["orders"]
    assert held.returncode == 1 and [f["code"] for f in order["findings"] if f["severity"] != "info"] == ["IVG501"]
    assert order["patient_id"] is None and "CANARY" not in held.stdout.decode()
    next_day = run(*ORDER, "--as-of", "2026-01-16", *store, input=PATIENT)
    assert next_day.returncode == 0 and b"history entry 1: reaction of grade 2 on 2026-01-15, by AB" in next_day.stdout
    event = ("history", "confirm-thrombosis", "-", "--on", "2026-01-16", "--by", "CD")
    assert run(*event, *store, input=PATIENT).returncode == 0
    stopped = run(
        "batch",
        orders_file(
            tmp_path, {"patient_id": "ZZ-CANARY-4711"}, {"patient_id": "zz canary4711"}, {"patient_id": "other"}
        ),
        *AS_OF,
        *store,
        "--format",
        "json",
    )
    report = json.loads(stopped.stdout)
    found = {o["patient_id"]: [f["code"] for f in o["findings"]] for o in report["orders"]}
    assert "IVG203" in found["ZZ-CANARY-4711"] and found["zz canary4711"] == ["IVG210"] and found["other"] == []
    assert report["history"]["entries"] == 2 and len(report["history"]["head"]) == 64
    verified = run("history", "verify", "--head", report["history"]["head"], *store)
    assert verified.returncode == 0
    without = run(*ORDER, *AS_OF, *store, "--no-history", input=PATIENT)
    assert without.returncode == 0 and b"left out by --no-history" in b" ".join(without.stdout.split())
    again = run("reaction", "--from", observed, "--patient", "-", *store, "--format", "json", input=PATIENT)
    assert json.loads(again.stdout)["disposition"] == "discontinue_permanently"
    schedule = run("schedule", *ORDER[1:], "--dose", "0.4 g/kg", *AS_OF, *store, input=PATIENT)
    assert schedule.returncode == 1 and b"NO SCHEDULE" in schedule.stdout


def test_a_severe_reaction_is_recorded_with_its_discontinuation(tmp_path: Path) -> None:
    store = begun(tmp_path)
    observed = file_of(tmp_path, facial_droop="yes")
    done = run("reaction", "--from", observed, "--patient", "-", "--record", "--by", "AB", *store, input=PATIENT)
    assert b"as entry 1 and 2\n" in done.stdout
    entries = json.loads(run("history", "export", "--format", "json", *store).stdout)["entries"]
    assert [(each["kind"], each["about"]) for each in entries] == [("reaction", None), ("discontinuation", 1)]
    assert entries[0]["facts"]["grade"] == 3 and entries[1]["facts"] == {"scope": "permanent"}
    year_later = run(*ORDER, "--as-of", "2027-11-22", *store, "--format", "json", input=PATIENT)
    (order,) = json.loads(year_later.stdout)["orders"]
    assert year_later.returncode == 1 and "IVG205" in [f["code"] for f in order["findings"]]
    assert (
        run(
            "history", "withdraw", "-", "1", "--reason", "wrong-patient", "--by", "CD", *store, input=PATIENT
        ).returncode
        == 0
    )
    cleared = run(*ORDER, "--as-of", "2027-11-22", *store, "--format", "json", input=PATIENT)
    (order,) = json.loads(cleared.stdout)["orders"]
    assert cleared.returncode == 0 and order["history"] == []


def test_the_page_is_printed_even_where_nothing_can_be_recorded(tmp_path: Path) -> None:
    broken = tmp_path / "history.sqlite"
    broken.write_bytes(b"not a database, but long enough to look like one" * 100)
    observed = file_of(tmp_path, minutes_since_resolved=20)
    before = broken.read_bytes()
    for recording in (("--record", "--by", "AB"), ()):
        done = run("reaction", "--from", observed, "--patient", "-", *recording, "--history", broken, input=PATIENT)
        assert done.returncode == 3 and b" 1 STOP the infusion." in done.stdout and done.stderr != b""
        assert (b"NOT RECORDED" in done.stdout) == bool(recording) and broken.read_bytes() == before
        assert (
            b"HOLD" in done.stdout
            and b"could not be asked whether a rechallenge is forbidden" in done.stdout.replace(b"\n   ", b" ")
        )


def test_a_history_that_is_missing_or_broken_stops_a_check(tmp_path: Path) -> None:
    orders = orders_file(tmp_path, {})
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"")
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "st-elsewhere"\nversion = "1"\nrequire_history = true\n', encoding="utf-8")
    for arguments, env in (
        (("--history", tmp_path / "none.sqlite"), {}),
        (("--history", broken), {}),
        ((), {"IVIGCHECK_HISTORY": str(tmp_path / "none.sqlite")}),
        (("--policy", policy), {"XDG_DATA_HOME": str(tmp_path / "data")}),
    ):
        out = tmp_path / "out.json"
        done = run("batch", orders, *AS_OF, *arguments, "-o", out, env=env)
        assert (done.returncode, done.stdout) == (3, b"") and not out.exists() and b"history" in done.stderr
        one = run(*ORDER, *AS_OF, *arguments, input=PATIENT, env=env)
        assert (one.returncode, one.stdout) == (3, b"")
    assert run("batch", orders, *AS_OF, "--policy", policy, "--no-history").returncode == 2
    quiet = run("batch", orders, *AS_OF, env={"XDG_DATA_HOME": str(tmp_path / "data")})
    assert quiet.returncode == 0 and b"NOT asked" in quiet.stdout and not (tmp_path / "data").exists()


def dialogue(tmp_path: Path, answers: list[str], *arguments: str | Path) -> tuple[int, str, bytes]:
    """Runs the program at a terminal of its own and answers each prompt. Returns code, terminal and standard output."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "ivigcheck", "reaction", "--ask", *map(str, arguments)],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=follower,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        os.close(follower)
        shown, waiting = b"", list(answers)
        while True:
            ready, _, _ = select.select([leader], [], [], 20)
            try:
                part = os.read(leader, 4096) if ready else b""
            except OSError:  # the other end is closed
                break
            if not part:
                child.kill()  # it waits for an answer that the test does not give
                break
            shown += part
            if shown.endswith(b": ") and waiting:
                answer = waiting.pop(0)
                os.write(leader, answer.encode() + (b"" if answer == END else b"\n"))
        out = child.stdout.read() if child.stdout else b""
        code = child.wait(60)
    os.close(leader)
    assert not waiting
    return code, shown.decode(), out


def test_the_dialogue_says_what_to_do_first_then_asks_and_asks_again(tmp_path: Path) -> None:
    answers = [
        "no", "no", "no", "no", "", "no", "no",  # life-threatening … speech
        "left", "diffuse", "no", "yes", "no", "no", "no",  # an answer that is none is asked for again
        "58", "80", "80 kg", "1200", "120", "125", "Gamunex-C", "", "180 mL/h",
        "2026-01-15T22:00", "2026-01-15T21:00", "2026-01-15T22:45", "120.5", "", "yes", "15", "ZZ-CANARY-4711",
    ]  # fmt: skip
    _, store = begun(tmp_path)
    options = (
        "--observed-at",
        "2026-01-15T23:10",
        "--format",
        "json",
        "--patient",
        "-",
        "--record",
        "--by",
        "AB",
        "--history",
        store,
    )
    code, shown, out = dialogue(tmp_path, answers, *options)
    said = json.loads(out)
    assert code == 0 and shown.startswith("STOP the infusion.")
    assert (said["grade"], said["disposition"], said["recorded"]) == (2, "rechallenge", [1])
    assert said["rechallenge_max_mL_per_h"] == 90
    for hint in (
        "is none of focal, diffuse, none",
        "has no unit",
        "is not possible in mmHg",
        "is before the infusion's start",
    ):
        assert hint in shown
    assert run("history", "patient", "-", "--history", store, input=PATIENT).stdout.count(b"Entry 1: reaction") == 1


def test_the_dialogue_asks_no_pressure_of_a_child_and_ends_without_a_trace(tmp_path: Path) -> None:
    answers = ["no"] * 7 + ["none", "no", "no", "no", "no", "no", "9", "30 kg"]
    code, shown, out = dialogue(tmp_path, [*answers, END], "--history", tmp_path / "h")
    assert code == 130 and "Systolic" not in shown and out == b"" and "Traceback" not in shown
    assert not (tmp_path / "h").exists()


def test_a_history_that_is_away_is_not_begun_anew_and_holds_a_rechallenge(tmp_path: Path) -> None:
    away = tmp_path / "away" / "history.sqlite"
    observed = file_of(tmp_path, minutes_since_resolved=20)
    recording = ("--patient", "-", "--record", "--by", "AB")
    done = run("reaction", "--from", observed, *recording, "--history", away, input=PATIENT)
    assert done.returncode == 3 and b"HOLD" in done.stdout and b"NOT RECORDED" in done.stdout
    assert b"ivigcheck history init" in done.stderr and not away.parent.exists()
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "st-elsewhere"\nversion = "1"\nrequire_history = true\n', encoding="utf-8")
    env = {"XDG_DATA_HOME": str(tmp_path / "data")}
    required = run("reaction", "--from", observed, *recording, "--policy", policy, input=PATIENT, env=env)
    assert required.returncode == 3 and b"HOLD" in required.stdout and not (tmp_path / "data").exists()
    nobody = run("reaction", "--from", observed, "--policy", policy, env=env)
    assert nobody.returncode == 0 and b"HOLD" in nobody.stdout
    own = run("reaction", "--from", observed, *recording, input=PATIENT, env=env)
    assert own.returncode == 0 and b"as entry 1" in own.stdout and (tmp_path / "data").exists()


def test_without_a_time_the_page_is_printed_and_nothing_recorded(tmp_path: Path) -> None:
    store = begun(tmp_path)
    done = run("reaction", "--record", "--patient", "-", "--by", "AB", *store, input=PATIENT)
    assert done.returncode == 2 and b" 1 STOP the infusion." in done.stdout and b"NOT RECORDED" in done.stdout
    assert b"--record needs a time" in done.stderr
    assert run("history", "verify", *store).stdout.startswith(b"whole: 0 entries")


def test_a_required_history_is_not_got_round_by_naming_nobody(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "st-elsewhere"\nversion = "1"\nrequire_history = true\n', encoding="utf-8")
    store = begun(tmp_path)
    for command in (ORDER[:-2], ("schedule", *ORDER[1:-2], "--dose", "40 g")):
        done = run(*command, "--policy", policy, *store)
        assert done.returncode == 2 and done.stdout == b"" and b"--patient -" in done.stderr
    assert run(*ORDER[:-1], "", "--policy", policy, *store).returncode == 2  # an empty variable of the shell is nobody
    assert run(*ORDER, "--policy", policy, *store, *AS_OF, input=PATIENT).returncode == 0


def test_the_schedule_is_held_to_the_day_of_its_start(tmp_path: Path) -> None:
    store = begun(tmp_path)
    observed = file_of(tmp_path, resolved=False, minutes_since_resolved=None)
    recording = ("--patient", "-", "--record", "--by", "AB")
    assert run("reaction", "--from", observed, *recording, *store, input=PATIENT).returncode == 0
    order = ("schedule", *ORDER[1:], "--dose", "40 g", *store)
    for start, code in (("2026-01-15T23:55", 1), ("2026-01-16T00:10", 1), ("2026-01-23T10:00", 0)):
        done = run(*order, "--start", start, input=PATIENT)
        assert (done.returncode, b"NO SCHEDULE" in done.stdout) == (code, code == 1), start


def test_a_report_does_not_take_the_place_of_the_history(tmp_path: Path) -> None:
    (_, store) = begun(tmp_path)
    named = store.rename(store.with_suffix(".csv"))
    before = named.read_bytes()
    done = run("batch", orders_file(tmp_path, {}), *AS_OF, "--history", named, "-o", named)
    assert done.returncode == 2 and named.read_bytes() == before


def test_a_small_history_is_checked_wholly_before_an_order_is_passed(tmp_path: Path) -> None:
    """An event that was given to another patient behind the program's back would else pass the first one's order."""
    import sqlite3

    store = begun(tmp_path)
    event = ("history", "confirm-thrombosis", "-", "--on", "2026-01-13", "--by", "CD")
    assert run(*event, *store, input=PATIENT).returncode == 0
    with sqlite3.connect(store[1]) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM near_key")
        connection.execute("UPDATE entry SET patient_id = 'another'")
    connection.close()
    done = run(*ORDER, *AS_OF, *store, input=PATIENT)
    assert done.returncode == 3 and done.stdout == b"" and b"is damaged" in done.stderr


def test_a_patient_s_id_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    for arguments in (
        ("reaction", "ZZ-CANARY-4711"),
        ("order", "ZZ-CANARY-4711"),
        ("reaction", "--patient=ZZ-CANARY-4711", "--record"),
    ):
        done = run(*arguments)
        assert done.returncode == 2 and b"CANARY" not in done.stderr + done.stdout


def test_a_mild_reaction_of_a_patient_whose_event_was_withdrawn_ends_nothing(tmp_path: Path) -> None:
    """The record holds what the reaction itself came to: what forbade a rechallenge then may be put right later."""
    store = begun(tmp_path)
    event = ("history", "confirm-thrombosis", "-", "--on", "2026-01-13", "--by", "CD")
    assert run(*event, *store, input=PATIENT).returncode == 0
    recording = ("--patient", "-", "--record", "--by", "AB", "--format", "json")
    done = run("reaction", "--from", file_of(tmp_path), *recording, *store, input=PATIENT)
    assert json.loads(done.stdout)["disposition"] == "discontinue_permanently"
    withdrawal = ("history", "withdraw", "-", "1", "--reason", "wrong-patient", "--by", "CD")
    assert run(*withdrawal, *store, input=PATIENT).returncode == 0
    assert run(*ORDER, "--as-of", "2026-01-20", *store, input=PATIENT).returncode == 0


def test_the_start_of_a_schedule_is_its_day_also_where_the_day_of_the_check_is_named(tmp_path: Path) -> None:
    store = begun(tmp_path)
    recording = ("--patient", "-", "--record", "--by", "AB")
    assert run("reaction", "--from", file_of(tmp_path), *recording, *store, input=PATIENT).returncode == 0
    order = ("schedule", *ORDER[1:], "--dose", "40 g", *store, "--start", "2026-01-15T23:55", "--as-of", "2026-01-20")
    assert run(*order, input=PATIENT).returncode == 1
