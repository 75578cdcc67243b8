"""``ivigcheck nightly`` as cron and systemd run it: what it prints, and where it works at all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nights import CANARY, DAY, Pharmacy, fingerprints, order

ROOT = Path(__file__).parents[2]
OVER = {"max_rate": "9 mg/kg/min"}
BARE = {"PYTHONPATH": str(ROOT)}  # so that an uninstalled checkout is found; nothing else


def ivigcheck(*arguments: str, env: dict[str, str] | None = None, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ivigcheck", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} if env is None else env
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False, **more)  # type: ignore[call-overload, no-any-return]


def nightly(pharmacy: Pharmacy, *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    run = ("nightly", "--config", str(pharmacy.config), "--as-of", DAY.isoformat())
    return ivigcheck(*run, *arguments, **more)  # type: ignore[arg-type]


def test_one_line_says_it_all_and_quiet_says_it_only_where_there_is_something(pharmacy: Pharmacy) -> None:
    pharmacy.drop("a.csv", [order("A")])
    clean = nightly(pharmacy, "--quiet")
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "", "")
    pharmacy.drop("b.csv", [order("A"), order("B", **OVER)])
    found = nightly(pharmacy, "--quiet")
    assert found.returncode == 1 and found.stderr == ""
    assert re.fullmatch(
        r"nightly \S+: 2 orders: 1 STOP, 0 UNCHECKED, 0 REVIEW, 1 PASS \(as of 2026-11-20\); 2 new, 0 changed, 0 reopened, "
        r"0 still open, 0 acknowledged, 0 resolved\n",
        found.stdout,
    )
    pharmacy.drop("c.csv", [order("A"), order("C", weight="x")])
    assert nightly(pharmacy).returncode == 4
    nothing = nightly(pharmacy)
    assert nothing.returncode == 0 and nothing.stdout.endswith(": no new file\n")


def test_log_lines_go_to_standard_error_as_text_or_json(pharmacy: Pharmacy) -> None:
    pharmacy.drop("a.csv", [order("A", **OVER)])
    pharmacy.drop("bad.csv", f"{CANARY},x\n1,2\n")
    said = nightly(pharmacy, "--log", "json")
    events = [json.loads(line) for line in said.stderr.splitlines()]
    assert {each["run"] for each in events} == {pharmacy.status()["run"]}
    assert [each["event"] for each in events] == [
        "started", "file_taken", "file_not_read", "not_read", "checked", "compared", "written", "published", "ended",
    ]  # fmt: skip
    assert events[4] | {"stop": 1, "orders": 1} == events[4] and events[-1]["exit_code"] == said.returncode == 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", each["time"]) for each in events)
    pharmacy.drop("b.csv", [order("B")])
    lines = nightly(pharmacy).stderr.splitlines()
    assert re.fullmatch(r"\S+ started run=\S+ name=nightly", lines[0]) and re.search(
        r" ended run=\S+ exit_code=0 good=true$", lines[-1]
    )


@pytest.mark.parametrize("how", ["empty environment", "closed stdin", "no home", "read-only folder", "other locale"])
def test_it_runs_where_a_scheduler_runs_it(pharmacy: Pharmacy, tmp_path: Path, how: str) -> None:
    pharmacy.drop("a.csv", [order("A", **OVER)])
    place = tmp_path / "empty"
    place.mkdir()
    more: dict[str, object] = {"cwd": place, "env": dict(BARE)}
    if how == "closed stdin":
        more["preexec_fn"] = lambda: os.close(0)
    elif how == "no home":
        more["env"] = BARE | {"HOME": "/nonexistent", "USER": "", "LOGNAME": ""}
    elif how == "read-only folder":
        place.chmod(0o500)
    elif how == "other locale":
        more["env"] = BARE | {
            "LANG": "tr_TR.UTF-8",
            "LC_ALL": "tr_TR.UTF-8",
            "TZ": "Pacific/Kiritimati",
            "PYTHONHASHSEED": "3",
        }
    said = nightly(pharmacy, "--quiet", **more)
    assert (said.returncode, said.stderr) == (1, "") and "1 STOP" in said.stdout
    assert pharmacy.report()["counts"]["stop"] == 1 and list(place.iterdir()) == []


@pytest.mark.parametrize("stream", [1, 2])
def test_a_closed_or_full_stream_takes_nothing_away_from_the_reports(pharmacy: Pharmacy, stream: int) -> None:
    pharmacy.drop("a.csv", [order("A", **OVER)])
    said = nightly(pharmacy, env=dict(BARE), preexec_fn=lambda: os.close(stream))
    assert said.returncode == 1
    assert pharmacy.report()["counts"]["stop"] == 1 and pharmacy.status()["exit_code"] == 1


def test_names_of_files_and_what_they_hold_are_in_none_of_what_is_printed(pharmacy: Pharmacy) -> None:
    """H-46: the fixture listens for the canary everywhere; here it is put everywhere."""
    pharmacy.configure(formats=["xlsx", "html", "json", "csv"])
    header = f"order_id,patient_id,{CANARY}COLUMN\n{CANARY}O,{CANARY}P,{CANARY}\n"
    pharmacy.drop(f"{CANARY}FILE.csv", header)
    pharmacy.drop(f"{CANARY}2.csv", f'"{CANARY}\n')
    pharmacy.drop(f"{CANARY}3.xlsx", CANARY.encode())
    pharmacy.drop(
        f"{CANARY}.csv", [order(f"{CANARY}O", **OVER) | {f"{CANARY}HEADER": CANARY, "product": f"{CANARY}DRUG"}]
    )
    for arguments in ((), ("--log", "json"), ("--quiet",)):
        said = nightly(pharmacy, *arguments)
        assert CANARY not in said.stdout + said.stderr
        assert said.returncode == (3 if not arguments else 0)
    status = ivigcheck("status", "--config", str(pharmacy.config))
    assert CANARY not in status.stdout + status.stderr
    assert CANARY in (pharmacy.reports / "latest" / "worklist.txt").read_text()  # it was there to be told


def test_a_configuration_is_asked_for_and_checked(pharmacy: Pharmacy) -> None:
    assert ivigcheck("nightly").returncode == 2
    missing = ivigcheck("nightly", "--quiet")
    assert missing.returncode == 2 and "--config" in missing.stderr
    checked = ivigcheck("nightly", "check-config", str(pharmacy.config))
    assert checked.returncode == 0 and "a run can begin" in checked.stdout
    (pharmacy.folder / "quarantine").rmdir()
    checked = ivigcheck("nightly", "check-config", str(pharmacy.config))
    assert checked.returncode == 3 and "quarantine" in checked.stdout and "does not exist" in checked.stdout
    run = nightly(pharmacy)
    assert run.returncode == 3 and "does not exist" in run.stderr
    pharmacy.configure(formats=["pdf"])
    checked = ivigcheck("nightly", "check-config", str(pharmacy.config))
    assert checked.returncode == 2 and "formats" in checked.stderr


def test_the_example_is_a_configuration_but_for_its_places(tmp_path: Path) -> None:
    said = ivigcheck("nightly", "example")
    path = tmp_path / "nightly.toml"
    path.write_text(said.stdout)
    assert (
        said.returncode == 0 and ivigcheck("nightly", "check-config", str(path)).returncode == 3
    )  # folders are missing


@pytest.mark.parametrize("name", ["cron", "systemd", "windows"])
def test_a_recipe_names_the_program_and_the_configuration(pharmacy: Pharmacy, name: str) -> None:
    said = ivigcheck(
        "nightly", "recipe", name, "--config", str(pharmacy.config), "--program", "/opt/ivig/bin/ivigcheck"
    )
    assert said.returncode == 0 and said.stderr == ""
    assert "/opt/ivig/bin/ivigcheck" in said.stdout and str(pharmacy.config) in said.stdout and "{{" not in said.stdout


def test_the_findings_that_stand_are_listed_gravest_first_with_their_fingerprints(tmp_path: Path) -> None:
    pharmacy = Pharmacy(tmp_path / "own")  # whose patients may be named
    report = pharmacy.night([order("A", diabetes=""), order("B", **OVER)])
    said = ivigcheck("history", "findings", "--history", str(pharmacy.history))
    lines = said.stdout.splitlines()
    assert [line.split()[1:4] for line in lines[1:]] == [
        ["STOP", "IVG101", "B"],
        ["STOP", "IVG102", "B"],
        ["REVIEW", "IVG904", "A"],
    ]
    assert lines[1].split()[0] == fingerprints(report)["B", "IVG101"] and max(map(len, lines)) <= 80


def test_runs_and_stats_are_told_without_anybodys_name(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", **OVER)])
    pharmacy.night([order("A")])
    listed = ivigcheck("history", "findings", "--history", str(pharmacy.history), "--format", "json")
    assert json.loads(listed.stdout) == {"schema": "ivigcheck.history-findings/1", "findings": []}
    for command in ("runs", "stats"):
        for form in ("text", "json"):
            said = ivigcheck("history", command, "--history", str(pharmacy.history), "--format", form)
            assert said.returncode == 0 and CANARY not in said.stdout, said.stderr
            if form == "json":
                found = json.loads(said.stdout)
                assert found["runs"] == 2 if command == "stats" else [each["new"] for each in found["runs"]] == [2, 0]
            assert max(map(len, said.stdout.splitlines())) <= 80 or form == "json"
