"""``ivigcheck policy show``, ``check`` and ``diff`` as users run them: what they print, and their exit codes."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from conftest import AS_OF as DAY
from conftest import GOOD, check
from policy_files import written

from ivigcheck.cli.policy import policy_app
from ivigcheck.cli.policy_diff import difference
from ivigcheck.errors import Exit, InputError, Stop, UsageError
from ivigcheck.knowledge import built_in
from ivigcheck.knowledge.model import Policy
from ivigcheck.site import VARIABLE

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_orders"
AS_OF = ("--as-of", "2026-11-22")
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs one command and gives its exit code and what it printed; what stops it is raised."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    command = typer.main.get_command(policy_app)

    def run_command(*arguments: str | Path) -> tuple[int, str]:
        code = command.main([str(each) for each in arguments], prog_name="policy", standalone_mode=False)
        return int(code or 0), capsys.readouterr().out

    return run_command


def orders_file(folder: Path, orders: Sequence[dict[str, str]], name: str = "orders.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(GOOD))
        writer.writeheader()
        writer.writerows(
            [GOOD | {"order_id": f"A-{k}", "patient_id": f"P-{k}"} | each for k, each in enumerate(orders)]
        )
    return path


# 80 kg on Gamunex-C 10%, where 48 mL/h is 1 mg/kg/min. The policy B: ceiling 7, any other start 0.5, at risk over 75.
B = (
    '[ceiling]\nvalue = "7 mg/kg/min"\n[start_rate]\nother = "0.5 mg/kg/min"\n'
    '[at_risk_over_age]\nvalue = 75\nreason = "as decided"\n[severity.IVG109]\nseverity = "review"\nreason = "we ask"\n'
)
ORDERS = [
    {},  # 5 mg/kg/min: PASS under both
    {"age_years": "70", "max_rate": "192 mL/h"},  # 4, over the 3.3 of patients at risk under A alone
    {"indication": "GBS"},  # starts at 1, over the 0.5 of B; off label under both
    {"start_rate": ""},  # IVG109 under both, for review under B
    {"max_rate": "480 mL/h"},  # 10, over both ceilings and the label
    {"max_rate": "360 mL/h"},  # 7.5, over the 7 of B
    {"diabetes": "", "max_rate": "144 mL/h"},  # REVIEW under both: undocumented
    {"diabetes": "", "max_rate": "360 mL/h"},  # REVIEW, and over the 7 of B
]
CHANGES = [  # order, A, B, what goes, what comes: what becomes milder, then the worst first
    ("A-1", "REVIEW", "PASS", ["IVG104"], []),
    ("A-5", "PASS", "STOP", [], ["IVG101"]),
    ("A-7", "REVIEW", "STOP", [], ["IVG101"]),
    ("A-2", "PASS", "REVIEW", [], ["IVG105"]),
    ("A-3", "PASS", "REVIEW", ["IVG109"], ["IVG109"]),
]
TALLY_A = {"orders": 8, "pass": 4, "review": 3, "stop": 1, "unchecked": 0}
TALLY_B = {"orders": 8, "pass": 2, "review": 3, "stop": 3, "unchecked": 0}


@pytest.fixture
def batch(tmp_path: Path) -> tuple[Path, Path]:
    """The policy B, and the orders."""
    return written(tmp_path, B), orders_file(tmp_path, ORDERS)


def test_diff_lists_each_order_that_changes_what_becomes_milder_first(run: Run, batch: tuple[Path, Path]) -> None:
    policy, orders = batch
    code, out = run("diff", "built-in", policy, "--on", orders, *AS_OF, "--format", "json")
    report = json.loads(out)
    assert code == Exit.OK
    assert [
        (
            each["order_id"],
            each["a"],
            each["b"],
            *([finding["code"] for finding in each[way]] for way in ("gone", "come")),
        )
        for each in report["orders"]
    ] == CHANGES
    assert report["counts"] == {"a": TALLY_A, "b": TALLY_B, "changed": 5}


def test_diff_tells_in_json_what_was_compared_and_each_finding_whole(run: Run, batch: tuple[Path, Path]) -> None:
    policy, orders = batch
    report = json.loads(run("diff", "built-in", policy, "--on", orders, *AS_OF, "--format", "json")[1])
    assert list(report) == ["schema", "a", "b", "run", "counts", "changes", "orders"]
    assert report["schema"] == "ivigcheck.policy-diff/1"
    assert report["a"]["id"] == "built-in" and report["b"]["id"] == "st-elsewhere"
    assert set(report["a"]) == set(report["b"]) == {
        "id", "version", "sha256", "deviations", "signed_off_knowledge", "headers_lent",
    }  # fmt: skip
    assert report["run"]["as_of"] == "2026-11-22"
    assert [(each["name"], each["rows"]) for each in report["run"]["inputs"]] == [("orders.csv", 8)]
    assert report["changes"] == [
        {"a": "REVIEW", "b": "PASS", "orders": 1},
        {"a": "PASS", "b": "STOP", "orders": 1},
        {"a": "REVIEW", "b": "STOP", "orders": 1},
        {"a": "PASS", "b": "REVIEW", "orders": 2},
    ]
    first = report["orders"][1]
    assert list(first) == ["order_id", "patient_id", "source", "a", "b", "gone", "come"]
    assert (first["patient_id"], first["source"]) == ("P-5", {"file": "orders.csv", "sheet": None, "row": 7})
    (finding,) = first["come"]
    assert finding["severity"] == "stop" and "ceiling of 7 mg/kg/min" in finding["message"]
    severities = [(report["orders"][4][way][0]["severity"]) for way in ("gone", "come")]
    assert severities == ["info", "review"]


def test_diff_the_other_way_round_swaps_what_goes_and_comes(run: Run, batch: tuple[Path, Path]) -> None:
    policy, orders = batch
    report = json.loads(run("diff", policy, "built-in", "--on", orders, *AS_OF, "--format", "json")[1])
    found = {each["order_id"]: (each["a"], each["b"]) for each in report["orders"]}
    assert found == {order: (b, a) for order, a, b, *_ in CHANGES}
    assert report["counts"] == {"a": TALLY_B, "b": TALLY_A, "changed": 5}


def test_diff_prints_counts_and_then_each_change_with_its_message(run: Run, batch: tuple[Path, Path]) -> None:
    policy, orders = batch
    code, out = run("diff", "built-in", policy, "--on", orders, *AS_OF)
    assert code == Exit.OK
    assert "8 orders: 1 STOP, 0 UNCHECKED, 3 REVIEW, 4 PASS (as of 2026-11-22)" in out
    assert "8 orders: 3 STOP, 0 UNCHECKED, 3 REVIEW, 2 PASS (as of 2026-11-22)" in out
    assert "5 of 8 orders change." in out
    heads = re.findall(r"^(\w+) -> (\w+)  (\S+)  patient (\S+)  orders\.csv, row (\d+)$", out, re.MULTILINE)
    assert heads == [(a, b, order, f"P-{order[2:]}", str(int(order[2:]) + 2)) for order, a, b, *_ in CHANGES]
    assert re.search(r"comes IVG101 stop: .*7\.5 mg/kg/min", out)
    assert re.search(r"goes +IVG104 review", out) and re.search(r"^ +2  PASS -> REVIEW$", out, re.MULTILINE)
    assert "A-4" not in out and "A-0" not in out and "A-6" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_diff_says_plainly_that_nothing_changes(run: Run, tmp_path: Path) -> None:
    orders = orders_file(tmp_path, ORDERS)
    code, out = run("diff", "built-in", written(tmp_path, ""), "--on", orders, *AS_OF)
    assert code == Exit.OK
    assert "Nothing changes: no order has another status, or other findings." in out
    report = json.loads(run("diff", "built-in", "built-in", "--on", orders, *AS_OF, "--format", "json")[1])
    assert (report["orders"], report["counts"]["changed"]) == ([], 0)


def test_an_order_whose_status_stays_is_listed_where_a_finding_comes(run: Run, tmp_path: Path) -> None:
    """IVG204 stops it under both; 7.5 mg/kg/min is over the 7 of B."""
    orders = orders_file(tmp_path, [{"volume_depletion": "yes", "max_rate": "360 mL/h"}])
    report = json.loads(run("diff", "built-in", written(tmp_path, B), "--on", orders, *AS_OF, "--format", "json")[1])
    (order,) = report["orders"]
    assert (order["a"], order["b"]) == ("STOP", "STOP")
    assert "IVG101" in [finding["code"] for finding in order["come"]]


def test_diff_reads_several_files_and_tells_their_orders_apart(run: Run, tmp_path: Path) -> None:
    first, second = (
        orders_file(tmp_path, ORDERS[:1]),
        orders_file(tmp_path, [{"order_id": "B-1", "max_rate": "360 mL/h"}], "more.csv"),
    )
    report = json.loads(
        run("diff", "built-in", written(tmp_path, B), "--on", first, "--on", second, *AS_OF, "--format", "json")[1]
    )
    assert [each["source"]["file"] for each in report["orders"]] == ["more.csv"]
    assert report["counts"]["a"]["orders"] == 2


def test_diff_reads_a_file_under_each_policy_s_own_headers(run: Run, tmp_path: Path) -> None:
    """Under A the column "Limit" is unknown, and ignored; under B it is the dosing weight."""
    orders = orders_file(tmp_path, [{"order_id": "A-0"}])
    orders.write_text(orders.read_text().replace("max_rate", "max_rate,Limit", 1).replace("240 mL/h", "240 mL/h,40 kg"))
    policy = written(tmp_path, '[headers]\ndosing_weight = "Limit"\n')
    report = json.loads(run("diff", "built-in", policy, "--on", orders, *AS_OF, "--format", "json")[1])
    (order,) = report["orders"]  # 240 mL/h on 40 kg is 10 mg/kg/min
    assert (order["a"], order["b"]) == ("PASS", "STOP")
    assert {"IVG101", "IVG102"} <= {finding["code"] for finding in order["come"]}


def test_diff_names_the_policy_under_which_a_file_cannot_be_read(run: Run, tmp_path: Path) -> None:
    orders = orders_file(tmp_path, ORDERS)
    orders.write_text(orders.read_text().replace("order_id", "Ord #", 1))
    policy = written(tmp_path, 'encoding = "cp1252"\n')
    with pytest.raises(InputError, match=r"missing column order_id.*built-in") as caught:
        run("diff", "built-in", policy, "--on", orders)
    assert caught.value.exit_code == Exit.CANNOT_RUN


def test_a_policy_that_cannot_read_an_export_is_compared_by_the_other_s_headers(run: Run, tmp_path: Path) -> None:
    orders = orders_file(tmp_path, ORDERS)
    orders.write_text(orders.read_text().replace("order_id", "Ord #", 1))
    policy = written(tmp_path, '[headers]\norder_id = "Ord #"\n')
    for a, b, lent in (("built-in", policy, "a"), (policy, "built-in", "b")):
        report = json.loads(run("diff", a, b, "--on", orders, *AS_OF, "--format", "json")[1])
        assert report["counts"]["changed"] == 0 and report["counts"]["a"]["orders"] == len(ORDERS)
        assert [side for side in "ab" if report[side]["headers_lent"]] == [lent]
    out = run("diff", "built-in", policy, "--on", orders, *AS_OF)[1]
    assert out.count("Cannot read these files by itself: they were read by the headers of the other.") == 1


def test_diff_compares_no_orders_that_stand_in_different_rows() -> None:
    with pytest.raises(InputError, match="different rows or sheets"):
        difference(check(GOOD), check(GOOD, GOOD | {"order_id": "A-2"}), DAY)


@pytest.mark.parametrize(
    ("a", "b", "on", "error"),
    [
        ("built-in", "nowhere.toml", "orders.csv", UsageError),
        ("nowhere.toml", "built-in", "orders.csv", UsageError),
        ("built-in", "built-in", "nowhere.csv", InputError),
    ],
)
def test_diff_stops_where_a_policy_or_a_file_cannot_be_read(
    a: str, b: str, on: str, error: type[Stop], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    orders_file(tmp_path, ORDERS)
    with pytest.raises(error, match="nowhere"):
        run("diff", a, b, "--on", on)


def test_show_lists_every_parameter_with_its_source(run: Run) -> None:
    code, out = run("show")
    assert code == Exit.OK
    assert "Built in: no site policy is in force." in out
    for field in msgspec.structs.fields(Policy):
        if field.name not in ("id", "version", "title"):
            assert re.search(rf"^{field.name}: ", out, re.MULTILINE), field.name
    assert "ceiling: 8 mg/kg/min" in out
    assert "start_rate: PI 1 mg/kg/min, ITP 1 mg/kg/min, CIDP 2 mg/kg/min, other 1" in out
    assert "vital_signs: after_start_minutes 15, after_end_minutes 30 and 60" in out
    flat = " ".join(out.split())
    assert f"Source: {built_in().cite('limb-weakness-2026')}" in flat
    assert "Set by the site" not in out and "Severities that the site sets" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_show_tells_what_the_site_sets_and_why(run: Run, tmp_path: Path) -> None:
    text = f'default_product = "Privigen 10%"\n{B}[headers]\nmax_rate = {{ header = "Pump", unit = "mL/h" }}\n'
    out = run("show", "--policy", written(tmp_path, text))[1]
    assert "ceiling: 7 mg/kg/min\n  Set by the site: 7 mg/kg/min; built-in 8 mg/kg/min (tighter)\n" in out
    assert "at_risk_over_age: 75\n  Set by the site: 75; built-in 65 (looser)\n  Reason: as decided\n" in out
    assert 'Source: site policy "st-elsewhere" 2026.3' in out
    assert "IVG109 start-rate-not-ordered: review; built-in info (tighter)" in out
    assert 'header of max_rate: "Pump" in mL/h' in out
    assert "a blank product is: Privigen 10%" in out


def test_show_takes_the_policy_of_the_variable(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(written(tmp_path, B)))
    assert "ceiling: 7 mg/kg/min" in run("show")[1]
    assert "ceiling: 8 mg/kg/min" in run("show", "--policy", "built-in")[1]


def test_check_says_what_a_file_sets_and_whether_the_knowledge_is_signed_off(run: Run, tmp_path: Path) -> None:
    code, out = run("check", written(tmp_path, B))
    assert code == Exit.OK
    assert "ceiling: 7 mg/kg/min; built-in 8 mg/kg/min (tighter)" in out
    assert "at_risk_over_age: 75; built-in 65 (looser)\n    Reason: as decided" in out
    assert "NOT signed off by the site; it has signed off" in " ".join(out.split())
    assert "none" in out
    now = built_in().version
    assert (
        f"Knowledge {now}: signed off by the site."
        in run("check", written(tmp_path, f'signed_off_knowledge = "{now}"'))[1]
    )
    other = run("check", written(tmp_path, 'signed_off_knowledge = "2020.1"'))[1]
    assert "NOT signed off by the site; it has signed off 2020.1." in " ".join(other.split())
    assert "It sets nothing otherwise than the built-in policy." in other


def test_check_refuses_with_every_problem(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run("check", written(tmp_path, "titl = 1\n[ceilin]\n"))
    assert caught.value.exit_code == Exit.USAGE
    assert re.findall(r"line (\d+), (\w+):", str(caught.value)) == [("3", "titl"), ("4", "ceilin")]


def test_the_sample_policy_is_right_and_tightens_the_sample_orders(run: Run) -> None:
    """By hand: 7.93, 7.79 and 7.96 mg/kg/min of rows 2, 4 and 6 pass under 8 and are over 7."""
    policy = SAMPLES / "site_policy.toml"
    code, out = run("check", policy)
    assert code == Exit.OK and "ceiling: 7 mg/kg/min; built-in 8 mg/kg/min (tighter)" in out
    messy = SAMPLES / "messy_batch.csv"
    report = json.loads(run("diff", "built-in", policy, "--on", messy, *AS_OF, "--format", "json")[1])
    changed: dict[int, Any] = {each["source"]["row"]: (each["a"], each["b"]) for each in report["orders"]}
    assert {row: changed[row] for row in (2, 4, 6)} == dict.fromkeys((2, 4, 6), ("PASS", "STOP"))
    assert changed[8] == ("PASS", "REVIEW")  # GBS is on no label, which that site reviews


def test_the_help_of_each_command_has_an_example_of_it(run: Run) -> None:
    for command in ("show", "check", "diff"):
        code, out = run(command, "--help")
        assert code == Exit.OK
        assert f"ivigcheck policy {command}" in out


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        (["policy", "check", "sample_orders/site_policy.toml"], 0, "example-hospital", ""),
        (["policy", "check", "README.md"], 2, "", "README.md, line "),
        (["policy", "show", "--policy", "nowhere.toml"], 2, "", "nowhere.toml does not exist"),
        (["policy", "diff", "built-in", "built-in", "--on", "sample_orders/clean_batch.csv"], 0, "Nothing changes", ""),
        (["policy", "diff", "built-in", "built-in", "--on", "nowhere.csv"], 3, "", "nowhere.csv"),
        (["policy", "diff", "built-in", "built-in"], 2, "", "--on"),
        (["policy", "show", "--as-of", "2026-11-22"], 2, "", "--as-of"),
    ],
)
def test_the_commands_end_with_their_exit_codes(arguments: list[str], code: int, out: str, err: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != VARIABLE}
    command = [sys.executable, "-m", "ivigcheck", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=120, check=False)
    assert run.returncode == code
    assert out in run.stdout and bool(run.stdout) is bool(out)
    assert err in run.stderr and bool(run.stderr) is bool(err)


def test_a_finding_whose_severity_alone_changes_is_listed_beside_others_that_stay(run: Run, tmp_path: Path) -> None:
    """IVG904 keeps the order at review; IVG104 weighs nothing under B."""
    policy = written(tmp_path, '[severity.IVG104]\nseverity = "info"\nreason = "as decided"')
    orders = orders_file(tmp_path, [{"age_years": "70", "max_rate": "192 mL/h", "diabetes": ""}])
    (order,) = json.loads(run("diff", "built-in", policy, "--on", orders, *AS_OF, "--format", "json")[1])["orders"]
    assert (order["a"], order["b"]) == ("REVIEW", "REVIEW")
    assert [(way, each["code"], each["severity"]) for way in ("gone", "come") for each in order[way]] == [
        ("gone", "IVG104", "review"), ("come", "IVG104", "info"),
    ]  # fmt: skip


def test_one_of_two_findings_of_one_rule_that_goes_is_listed(run: Run, tmp_path: Path) -> None:
    policy = written(tmp_path, '[order_days_ahead]\nvalue = 30\nreason = "as decided"')
    path = tmp_path / "orders.csv"
    row = {**GOOD, "ordered_at": "2026-11-25", "last_ivig_date": "2026-11-25"}
    path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    (order,) = json.loads(run("diff", "built-in", policy, "--on", path, *AS_OF, "--format", "json")[1])["orders"]
    assert [(each["code"], each["column"]) for each in order["gone"]] == [("IVG903", "ordered_at")]


def test_of_very_many_changes_the_first_hundred_are_told_in_words(run: Run, tmp_path: Path) -> None:
    policy = written(tmp_path, '[ceiling]\nvalue = "4 mg/kg/min"')
    orders = orders_file(tmp_path, [{}] * 130)
    out = run("diff", "built-in", policy, "--on", orders, *AS_OF)[1]
    assert out.count("comes IVG101 stop:") == 100 and out.count("+IVG101") == 30
    assert "The other 30 without the messages" in out and out.count("patient P-") == 130
