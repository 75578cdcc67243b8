"""``ivigcheck history`` as its users run it: whole processes, files, exit codes and what is printed where."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from history_stores import CANARY, five, new, problems, raw, record

from ivigcheck.history import History

ROOT = Path(__file__).parents[2]
DAY = "2026-01-20"
Run = Callable[..., subprocess.CompletedProcess]
CONFIRM = ("confirm-thrombosis", "-", "--on", DAY, "--by", "AB")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "h.sqlite"


@pytest.fixture
def run(path: Path) -> Run:
    def running(*arguments: str | Path, given: str | bytes = CANARY, **env: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "ivigcheck", "history", *map(str, arguments)],
            capture_output=True,
            input=given if isinstance(given, bytes) else given.encode(),
            cwd=path.parents[1],
            env={**os.environ, "PYTHONPATH": str(ROOT), "IVIGCHECK_HISTORY": str(path), "COLUMNS": "80", **env},
            timeout=120,
            check=False,
        )

    return running


def said(done: subprocess.CompletedProcess) -> str:
    return re.sub(r"\s+", " ", done.stdout.decode())


def test_a_confirmed_event_is_recorded_shown_withdrawn_and_recorded_anew(run: Run, path: Path) -> None:
    assert run("init").returncode == 0
    done = run(*CONFIRM)
    assert (done.returncode, done.stderr) == (0, b"") and CANARY not in said(done)
    assert f"recorded: entry 1 of {path} The history is new" in said(done) and "IVG203" in said(done)
    again = run(*CONFIRM)
    assert again.returncode == 2 and again.stdout == b"" and b"Entry 1 is this event already" in again.stderr
    assert run("confirm-thrombosis", "-", "--on", "2026-01-21", "--by", "AB").returncode == 0
    gone = run("withdraw", "-", "1", "--reason", "wrong-value", "--by", "C.D-1")
    assert (gone.returncode, gone.stderr) == (0, b"") and "entry 3" in said(gone) and CANARY not in said(gone)
    assert b"is new" not in gone.stdout and "entry 4" in said(run(*CONFIRM))
    with History.reading(path) as history:
        assert [e.number for e in history.of_patients([CANARY])[CANARY]] == [2, 4]
        (_, _, withdrawal, _) = history.entries()
        assert (withdrawal.about, withdrawal.facts, withdrawal.recorded_by) == (1, {"reason": "wrong-value"}, "C.D-1")
    shown = run("patient", "-")
    assert shown.returncode == 0
    assert f"Patient {CANARY}: 4 entries" in said(shown)
    assert f"Entry 1: confirmed thrombosis on {DAY}, WITHDRAWN by entry 3" in said(shown)
    assert f"Entry 4: confirmed thrombosis on {DAY} recorded" in said(shown)
    assert "Entry 3: withdrawal of entry 1 recorded" in said(shown) and "reason: wrong-value" in said(shown)


def test_a_confirmed_event_may_come_from_a_reaction_of_the_same_patient(run: Run, path: Path) -> None:
    record(path, new(), new(patient_id="other"), new("withdrawal", about=1), new(), new("discontinuation", about=4))
    for entry in ("1", "2", "3", "5", "99", "0", "-1"):
        done = run(*CONFIRM, "--reaction", entry)
        assert done.returncode == 2 and f"--reaction {entry} is no reaction of this patient" in done.stderr.decode()
    assert run(*CONFIRM, "--reaction", "4").returncode == 0
    with History.reading(path) as history:
        found = history.entry(6)
        assert history.head().entries == 6 and found and (found.kind, found.about) == ("confirmed_thrombosis", 4)


def test_the_day_of_an_event_may_be_today_and_not_tomorrow(run: Run, path: Path) -> None:
    assert run("init").returncode == 0
    today, tomorrow = date.today(), date.today() + timedelta(days=1)
    assert run("confirm-thrombosis", "-", "--on", f"{tomorrow}", "--by", "AB").returncode == 2
    assert run("confirm-thrombosis", "-", "--on", f"{today}", "--by", "AB").returncode == 0 or date.today() != today
    assert run("confirm-thrombosis", "-", "--on", "1900-01-01", "--by", "AB").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["patient", CANARY], "never stands on the command line"),
        (["confirm-thrombosis", CANARY, "--on", DAY, "--by", "AB"], "never stands on the command line"),
        ([*CONFIRM[:2], "--on", "20.1.2026", "--by", "AB"], "2026-01-20"),
        ([*CONFIRM[:2], "--on", "", "--by", "AB"], "2026-01-20"),
        ([*CONFIRM[:2], "--on", "1899-12-31", "--by", "AB"], "before 1900"),
        ([*CONFIRM[:4], "--by", "A B"], "initials"),
        ([*CONFIRM[:4], "--by", "ABCDEFGHIJK"], "initials"),
        (CONFIRM[:4], "--by"),
        (["withdraw", "-", "1", "--by", "AB"], "--reason"),
        (["withdraw", "-", "1", "--reason", "whim", "--by", "AB"], "wrong-patient"),
        (["withdraw", "-", "9", "--reason", "duplicate", "--by", "AB"], "There is no entry 9"),
        (["withdraw", "-", "3", "--reason", "duplicate", "--by", "AB"], "There is no entry 3 of this patient"),
        (["withdraw", "-", "99999999999999999999", "--reason", "duplicate", "--by", "AB"], "ENTRY is no number"),
        (["withdraw", "-", CANARY, "--reason", "duplicate", "--by", "AB"], "ENTRY is no number"),
        (["withdraw", "-", "1", "--reason", "duplicate", "--by", "?"], "initials"),
        (["verify", "--head", "abc"], "12 to 64"),
        (["verify", "--history", ""], "--history has no name"),
        (["export", "-o", "data/h.sqlite"], "is an input"),
    ],
)
def test_what_is_wrong_with_a_call_is_said_with_the_way_out_and_nothing_is_recorded(
    run: Run, path: Path, arguments: list[str], words: str
) -> None:
    five(path)
    done = run(*arguments)
    assert done.returncode == 2 and done.stdout == b"" and words in re.sub(r"\s+", " ", done.stderr.decode())
    assert CANARY.encode() not in done.stderr and b"Traceback" not in done.stderr
    with History.reading(path) as history:
        assert history.head().entries == 5


@pytest.mark.parametrize(("entry", "words"), [("4", "is a withdrawal"), ("3", "withdrawn already, by entry 4")])
def test_what_was_withdrawn_is_not_withdrawn_again(run: Run, path: Path, entry: str, words: str) -> None:
    five(path)
    done = run("withdraw", "-", entry, "--reason", "duplicate", "--by", "AB", given="other")
    assert done.returncode == 2 and done.stdout == b"" and words in done.stderr.decode()


def test_a_discontinuation_is_withdrawn_with_the_reaction_that_it_rests_on_alone(run: Run, path: Path) -> None:
    record(path, new(), new("discontinuation", about=1))
    done = run("withdraw", "-", "2", "--reason", "duplicate", "--by", "AB")
    assert done.returncode == 2 and b"Entry 2 rests on a reaction: withdraw that" in done.stderr
    assert run("withdraw", "-", "1", "--reason", "duplicate", "--by", "AB").returncode == 0
    with History.reading(path) as history:
        assert history.of_patients([CANARY]) == {}


def test_a_history_is_begun_once_and_only_the_user_s_own_begins_by_itself(run: Run, path: Path) -> None:
    refused = run(*CONFIRM)
    assert refused.returncode == 3 and b"ivigcheck history init" in refused.stderr and not path.parent.exists()
    begun = run("init")
    assert (begun.returncode, begun.stderr) == (0, b"") and f"begun: {path}" in said(begun) and problems(path) == []
    again = run("init")
    assert again.returncode == 2 and b"is there already" in again.stderr
    assert run(*CONFIRM).returncode == 0
    policy = path.parents[1] / "policy.toml"
    policy.write_text('id = "st-elsewhere"\nversion = "1"\nrequire_history = true\n', encoding="utf-8")
    own = {"IVIGCHECK_HISTORY": "", "XDG_DATA_HOME": str(path.parents[1] / "own")}
    assert run(*CONFIRM, "--policy", policy, **own).returncode == 3 and not (path.parents[1] / "own").exists()
    assert run(*CONFIRM, **own).returncode == 0 and run(*CONFIRM, "--policy", policy, **own).returncode == 2


COMMANDS = [
    ("patient", "-"),
    CONFIRM,
    ("withdraw", "-", "1", "--reason", "duplicate", "--by", "AB"),
    ("export",),
    ("export", "-o", "out.csv"),
    ("verify",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_history_that_cannot_be_trusted_stops_every_command(run: Run, path: Path, command: tuple[str, ...]) -> None:
    five(path)
    for content in (b"", b"no database" * 99, path.read_bytes()[:8192]):
        path.write_bytes(content)
        done = run(*command)
        assert done.returncode == 3 and b"Traceback" not in done.stderr and CANARY.encode() not in done.stderr
        assert command == ("verify",) or done.stdout == b""
        assert path.read_bytes() == content and not (path.parents[1] / "out.csv").exists()
        told = (done.stderr + done.stdout).decode()
        assert "h.sqlite" in told and "restore" in told


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != CONFIRM], ids=" ".join)
def test_a_history_that_is_missing_is_made_by_the_first_entry_alone(
    run: Run, path: Path, command: tuple[str, ...]
) -> None:
    done = run(*command)
    assert done.returncode == 3 and b"does not exist" in done.stderr and b"--history" in done.stderr
    assert done.stdout == b"" and list(path.parents[1].iterdir()) == []


def test_a_refused_call_makes_no_history(run: Run, path: Path) -> None:
    own = {"IVIGCHECK_HISTORY": "", "XDG_DATA_HOME": str(path.parents[1] / "own")}
    assert run(*CONFIRM, given="", **own).returncode == 2 and run(*CONFIRM[:4], "--by", "?", **own).returncode == 2
    assert not path.exists()


def test_of_a_patient_without_entries_nothing_is_recorded_and_near_ids_are_shown(run: Run, path: Path) -> None:
    record(path, new("confirmed_thrombosis", "MRN-00123"), new(patient_id="mrn 123"))
    done = run("patient", "-", given="\ufeffMRN 123\r\n")
    assert done.returncode == 0 and done.stderr == b""
    assert said(done).startswith("Nothing is recorded for this patient. History head ")
    assert "Under ids that differ only in case" in said(done)
    assert "Patient MRN-00123 Entry 1: confirmed thrombosis" in said(done) and "Entry 2" not in said(done)
    assert max(len(line) for line in done.stdout.decode().splitlines()) <= 80
    unknown = run("patient", "-", given="MRN 124")
    assert (unknown.returncode, unknown.stdout.decode().split("\n", 1)[0]) == (
        0,
        "Nothing is recorded for this patient.",
    )
    assert "differ only" not in said(unknown)


def test_a_patient_s_entries_as_json(run: Run, path: Path) -> None:
    five(path)
    record(path, new("confirmed_thrombosis", CANARY.lower()))
    found = json.loads(run("patient", "-", "--format", "json").stdout)
    assert list(found) == ["schema", "head", "patient_id", "entries", "near"]
    assert found["schema"] == "ivigcheck.history-patient/1" and found["patient_id"] == CANARY
    assert [(e["number"], e["kind"], e["about"]) for e in found["entries"]] == [
        (1, "reaction", None), (2, "confirmed_thrombosis", None), (5, "discontinuation", 2)
    ]  # fmt: skip
    assert [(e["number"], e["patient_id"]) for e in found["near"]] == [(6, CANARY.lower())]
    other = json.loads(run("patient", "-", "--format", "json", given="other").stdout)
    assert [e["withdrawn_by"] for e in other["entries"]] == [4, None]


COLUMNS = [
    "number", "kind", "patient_id", "event_day", "recorded_at", "recorded_by", "about", "withdrawn_by", "facts", "hash",
]  # fmt: skip


def test_an_export_has_every_entry_and_is_readable_by_its_owner_alone(run: Run, path: Path) -> None:
    five(path)
    record(path, new(patient_id="=1+1", note="@x"))
    folder = path.parents[1]
    for name, options in (("a.csv", []), ("a.json", []), ("b.txt", ["--format", "json"]), ("c.txt", [])):
        done = run("export", "-o", name, *options)
        assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"written: {name}\n", b"")
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert (folder / "a.csv").read_bytes() == (folder / "c.txt").read_bytes() == run("export").stdout
    assert (
        (folder / "a.json").read_bytes() == (folder / "b.txt").read_bytes() == run("export", "--format", "json").stdout
    )
    exported = json.loads((folder / "a.json").read_bytes())
    with History.reading(path) as history:
        assert exported["head"] == {"entries": 6, "hash": history.head().hash}
        hashes = [e.hash for e in history.entries()]
    assert [list(e) for e in exported["entries"]] == [COLUMNS] * 6
    assert [e["hash"] for e in exported["entries"]] == hashes
    assert [e["withdrawn_by"] for e in exported["entries"]] == [None, None, 4, None, None, None]
    assert exported["entries"][5]["patient_id"] == "=1+1" and exported["entries"][5]["facts"] == {"note": "@x"}
    rows = list(csv.DictReader(io.StringIO((folder / "a.csv").read_text(encoding="utf-8"))))
    assert list(rows[0]) == COLUMNS and [row["hash"] for row in rows] == hashes
    assert rows[5]["patient_id"] == "'=1+1" and json.loads(rows[5]["facts"]) == {"note": "@x"}
    assert [row["withdrawn_by"] for row in rows] == ["", "", "4", "", "", ""]
    assert [row["about"] for row in rows] == ["", "", "", "3", "2", ""]


def test_verify_says_whole_with_the_head_or_each_problem(run: Run, path: Path) -> None:
    five(path)
    with History.reading(path) as history:
        head = history.head().hash
    done = run("verify", "--head", head[:12])
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"whole: 5 entries, head {head}\n", b"")
    with raw(path) as connection:
        connection.execute("UPDATE entry SET event_day = '2020-01-01' WHERE number IN (1, 4)")
    done = run("verify", "--head", "0123456789ab")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 3 and lines == problems(path, "0123456789ab") and len(lines) >= 3
    assert sum(line.startswith(("Entry 1 was altered", "Entry 4 was altered")) for line in lines) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is another on other systems")
def test_the_option_counts_before_the_variable_and_that_before_the_user_s_folder(run: Run, path: Path) -> None:
    data = path.parents[1] / "xdg"
    env = {"XDG_DATA_HOME": str(data)}
    assert run(*CONFIRM, **env, IVIGCHECK_HISTORY="").returncode == 0
    in_folder = data / "ivigcheck" / "history.sqlite"
    assert in_folder.exists() and stat.S_IMODE(in_folder.parent.stat().st_mode) == 0o700
    assert not path.exists() and run("init", **env).returncode == 0 and path.exists()
    option = path.with_name("option.sqlite")
    assert run("init", "--history", option, **env).returncode == 0 and option.exists()
    at_home = run(*CONFIRM, IVIGCHECK_HISTORY="", XDG_DATA_HOME="relative", HOME=str(data))
    assert str(data / ".local/share/ivigcheck/history.sqlite") in said(at_home)


@pytest.mark.parametrize("command", ["", "patient", "confirm-thrombosis", "withdraw", "export", "verify"])
def test_the_examples_of_a_help_page_work_when_pasted(run: Run, path: Path, command: str) -> None:
    page = run(*([command] if command else []), "--help").stdout.decode()
    assert max(map(len, page.splitlines())) <= 80
    text = page.split("Examples:")[1].split("\n\n")[0]
    examples = [line.strip() for line in re.sub(r" \\\n +", " ", text).splitlines() if "ivigcheck" in line]
    assert examples
    for example in examples:
        for ending in ("", "-wal", "-shm"):
            path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
        record(path, *(new("discontinuation") for _ in range(10)), new(), new("discontinuation"))
        first, _, rest = example.rpartition("ivigcheck history ")
        assert first in ("", 'echo "$MRN" | ')
        arguments = shlex.split(rest)
        if "0123456789ab" in arguments:
            with History.reading(path) as history:
                arguments[-1] = history.head().hash[:12]
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, b""), example
