"""The commands as users run them: whole processes, files, exit codes and what is printed where."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from conftest import GOOD

from ivigcheck.knowledge import built_in

ROOT = Path(__file__).parents[2]
CANARY = "ZZ-CANARY-4711"
AS_OF = ["--as-of", "2026-11-22"]
STOP, UNCHECKED, REVIEW = {"max_rate": "500 mL/h"}, {"weight": "80"}, {"diabetes": ""}


def run(
    *arguments: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None, **options
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "ivigcheck", *map(str, arguments)],
        capture_output="stdout" not in options,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        timeout=120,
        check=False,
        **options,
    )


def orders_file(folder: Path, *changes: dict[str, str], name: str = "orders.csv") -> Path:
    rows = [
        GOOD | {"order_id": f"{CANARY}-{k}", "patient_id": f"{CANARY}-P{k}"} | change
        for k, change in enumerate(changes)
    ]
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("changes", "options", "code"),
    [
        ([{}], [], 0),
        ([{}, REVIEW], [], 0),
        ([{}, REVIEW], ["--fail-on", "review"], 1),
        ([{}, UNCHECKED], [], 4),
        ([{}, UNCHECKED], ["--fail-on", "review"], 1),
        ([{}, UNCHECKED], ["--fail-on", "never"], 4),
        ([STOP, {}], [], 1),
        ([STOP, UNCHECKED], [], 1),
        ([STOP], ["--fail-on", "never"], 0),
        ([STOP, UNCHECKED], ["--fail-on", "never"], 4),
        ([STOP, UNCHECKED], ["--exit-zero"], 0),
        ([UNCHECKED], ["--exit-zero"], 0),
    ],
)
def test_the_exit_code_speaks_for_the_whole_batch(tmp_path: Path, changes: list, options: list[str], code: int) -> None:
    done = run("batch", orders_file(tmp_path, *changes), *AS_OF, *options)
    assert (done.returncode, done.stderr) == (code, b"")


def test_a_stop_in_the_first_file_and_a_clean_last_file_is_1(tmp_path: Path) -> None:
    first = orders_file(tmp_path, STOP)
    last = orders_file(tmp_path, {"order_id": "other"}, name="last.csv")
    assert run("batch", first, last, *AS_OF).returncode == 1


def test_quiet_prints_nothing_when_clean_and_else_one_line(tmp_path: Path) -> None:
    clean = run("batch", orders_file(tmp_path, {}), *AS_OF, "--quiet")
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, b"", b"")
    stop = run("batch", orders_file(tmp_path, STOP, {}), *AS_OF, "--quiet")
    assert stop.stdout.decode() == "2 orders: 1 STOP, 0 UNCHECKED, 0 REVIEW, 1 PASS (as of 2026-11-22)\n"
    assert stop.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["batch", "nowhere.csv"], 3, "nowhere.csv"),
        (["batch", "orders.xls"], 3, "Save it as .xlsx"),
        (["batch", "{orders}", "-o", "report.pdf"], 2, "names no report"),
        (["batch", "{orders}", "-o", "{orders}"], 2, "is an input"),
        (["batch", "{orders}", "-o", "nowhere/report.json"], 3, "create it first"),
        (["batch", "{orders}", "--as-of", "yesterday"], 2, "2026-11-22"),
        (["batch", "{orders}", "--fail-on", "info"], 2, "stop"),
        (["batch", "{orders}", "--sheet", "Orders"], 2, "--sheet"),
        (["batch", "{orders}", "--encoding", "klingon"], 2, "klingon"),
        (["batch", "{orders}", "--nonsense"], 2, "--nonsense"),
        (["batch", "/"], 3, "irectory"),
        (["order", "--risk", "bad_luck", "--weight", "80 kg"], 2, "hypercoagulable_state"),
        (["order", "--risk", "diabetes", "--no-risk", "diabetes"], 2, "diabetes"),
        (["order", "--nonsense"], 2, "--nonsense"),
        (["rules", "IVG999"], 2, "IVG999"),
        (["products", "Wonderglobulin"], 2, "Privigen"),
        (["nonsense"], 2, "nonsense"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_call_is_said_on_stderr_with_the_way_out(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    orders = orders_file(tmp_path, {})
    (tmp_path / "orders.xls").write_bytes(b"")
    done = run(*(argument.format(orders=orders) for argument in arguments), cwd=tmp_path)
    assert done.returncode == code
    assert words in re.sub(r"\s+", " ", done.stderr.decode()) and b"Traceback" not in done.stderr
    assert done.stdout == b"" and CANARY.encode() not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.csv", "orders.xls"]


def test_a_refused_file_replaces_no_report_and_shows_no_patient(tmp_path: Path) -> None:
    """H-38, H-46."""
    orders = orders_file(tmp_path, {})
    orders.write_bytes(orders.read_bytes() + f'"{CANARY}'.encode())
    report = tmp_path / "r.json"
    report.write_bytes(b"old")
    done = run("batch", orders, "-o", report)
    assert done.returncode == 3 and report.read_bytes() == b"old"
    assert CANARY.encode() not in done.stderr + done.stdout


def test_the_reports_agree_order_by_order(tmp_path: Path) -> None:
    """H-42: JSON, CSV and workbook carry the same verdicts."""
    orders = orders_file(
        tmp_path, {}, STOP, UNCHECKED, REVIEW, {"product": "Octagam", "diabetes": "yes", "max_rate": "3 mg/kg/min"}
    )
    outputs = [tmp_path / f"r{ending}" for ending in (".json", ".csv", ".xlsx")]
    done = run("batch", orders, *AS_OF, *(part for path in outputs for part in ("-o", path)))
    assert done.returncode == 1 and done.stderr == b""
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in outputs)
    report = json.loads(outputs[0].read_bytes())
    assert [order["status"] for order in report["orders"]] == ["STOP", "UNCHECKED", "REVIEW", "REVIEW", "PASS"]
    by_id = {order["order_id"]: order for order in report["orders"]}
    with outputs[1].open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["order_id"] for line in lines] == [f"{CANARY}-{k}" for k in range(5)]
    for line in lines:
        order = by_id[line["order_id"]]
        assert line["status"] == order["status"] and line["row"] == str(order["source"]["row"])
        assert line["codes"] == ";".join(finding["code"] for finding in order["findings"])
        for name in ("hard_max_mg_per_kg_min", "soft_max_mL_per_h"):
            assert float(line[name]) == order["limits"][name] if line[name] else order["limits"][name] is None
        assert line["hard_max"] == order["limits"]["governed_by"]["hard_max"]
    sheet = openpyxl.load_workbook(outputs[2])["Worklist"]
    header, *body = sheet.iter_rows(values_only=True)
    status, order_id = header.index("Status"), header.index("Order")
    assert [(row[status], row[order_id]) for row in body] == [(o["status"], o["order_id"]) for o in report["orders"]]


def test_the_json_report_has_every_field_of_its_contract(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    run("batch", orders_file(tmp_path, STOP), *AS_OF, "-o", report)
    found = json.loads(report.read_bytes())
    assert list(found) == ["schema", "tool", "policy", "knowledge", "history", "run", "notices", "counts", "orders"]
    assert found["schema"] == "ivigcheck.report/1" and found["policy"]["deviations"] == []
    assert found["knowledge"]["sha256"] == built_in().sha256 and len(found["policy"]["sha256"]) == 64
    (source,) = found["run"]["inputs"]
    assert source["name"] == "orders.csv" and source["rows"] == 1 and len(source["sha256"]) == 64
    assert found["counts"] == {"orders": 1, "pass": 0, "review": 0, "stop": 1, "unchecked": 0}
    (order,) = found["orders"]
    assert set(order) >= {"order_id", "patient_id", "source", "status", "at_risk", "undocumented", "not_assessed", "limits",
                          "ordered", "findings"}  # fmt: skip
    assert order["source"] == {"file": "orders.csv", "sheet": None, "row": 2}
    assert set(order["findings"][0]) >= {"code", "name", "severity", "message", "inputs", "arithmetic", "source"}


def test_one_order_says_the_same_as_a_batch_of_one_and_has_no_ids(tmp_path: Path) -> None:
    """Law 3."""
    report = tmp_path / "r.json"
    run("batch", orders_file(tmp_path, {"diabetes": "yes"}), *AS_OF, "-o", report)
    (wanted,) = json.loads(report.read_bytes())["orders"]
    cells = {k: v for k, v in GOOD.items() if v not in ("yes", "no") and not k.endswith("_id")}
    options = [part for name, text in cells.items() for part in (f"--{name.replace('_', '-')}", text)]
    done = run("order", *options, "--risk", "diabetes", "--screened", "--format", "json", *AS_OF)
    (order,) = json.loads(done.stdout)["orders"]
    assert (order["order_id"], order["patient_id"], order["source"]) == (
        None,
        None,
        {"file": None, "sheet": None, "row": None},
    )
    for name in ("status", "at_risk", "undocumented", "not_assessed", "limits"):
        assert order[name] == wanted[name]
    assert [f["message"] for f in order["findings"]] == [f["message"] for f in wanted["findings"]]


def test_every_column_that_is_no_id_is_an_option_of_order() -> None:
    from ivigcheck.columns import COLUMNS

    page = run("order", "--help").stdout.decode()
    for column in COLUMNS:
        if column.kind not in ("id", "unit"):
            assert f"--{column.name.replace('_', '-')}" in page, column.name


def test_an_unreadable_value_of_an_option_is_a_finding_as_in_a_file() -> None:
    done = run("order", "--weight", "80", "--indication", "PI", "--age", "40", "--max-rate", "5 mg/kg/min")
    assert done.returncode == 4 and b"UNCHECKED" in done.stdout and b'weight "80" has no unit' in done.stdout


@pytest.mark.parametrize("command", ["batch", "order", "schedule", "rules", "products", ""])
def test_the_examples_of_a_help_page_work_when_pasted(command: str) -> None:
    page = run(*([command] if command else []), "--help").stdout.decode()
    text = page.split("Examples:")[1].split("\n\n")[0]
    examples = [
        line.strip() for line in re.sub(r" \\\n +", " ", text).splitlines() if line.strip().startswith("ivigcheck")
    ]
    assert examples
    for example in examples:
        _, *arguments = shlex.split(example)
        arguments = [str(ROOT / a) if a.startswith("sample_orders") else a for a in arguments]
        if "-o" in arguments:
            arguments = [
                a
                for a in arguments
                if a not in ("-o", "out.xlsx", "out.json", "out.csv", "out.jsonl", "report.html", "--open")
            ]
        done = run(*arguments)
        assert done.returncode in (0, 1, 4), (example, done.stderr)
        assert done.stderr == b""


def test_piped_output_is_plain_and_fits_eighty_columns(tmp_path: Path) -> None:
    done = run("batch", orders_file(tmp_path, STOP, UNCHECKED, REVIEW, {}), *AS_OF, env={"COLUMNS": "80"})
    text = done.stdout.decode()
    assert "\x1b" not in text and max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[0] == "4 orders: 1 STOP, 1 UNCHECKED, 1 REVIEW, 1 PASS (as of 2026-11-22)"
    assert text.index("STOP  ZZ") < text.index("UNCHECKED  ZZ") < text.index("1 order has no finding but")


@pytest.mark.parametrize("value", ["\x1b[2J\x07", "A [/b] B", "[red]X", "a\u202eb", "[link=http://x]y"])
def test_hostile_text_reaches_the_terminal_as_text(tmp_path: Path, value: str) -> None:
    """O-15 to O-17, H-45."""
    done = run("batch", orders_file(tmp_path, STOP | {"order_id": value, "product": value}), *AS_OF)
    text = done.stdout.decode()
    assert done.returncode in (1, 4) and not set(text) & {"\x1b", "\x07", "\u202e"}
    assert value in text or "\\x1b[2J\\x07" in text or "a\\u202eb" in text


@pytest.mark.parametrize("env", [{"LANG": "C", "LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
                                 {"TZ": "Pacific/Kiritimati"}, {"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}, {"HOME": ""}])  # fmt: skip
def test_the_json_does_not_depend_on_the_surroundings(tmp_path: Path, env: dict[str, str]) -> None:
    """H-57."""
    orders = orders_file(tmp_path, STOP, UNCHECKED, {"product": "Ñandú"})
    reports = []
    for surroundings in ({}, env):
        done = run("batch", orders, *AS_OF, "--format", "json", env=surroundings)
        report = json.loads(done.stdout)
        report["run"].pop("started")
        reports.append(report)
    assert reports[0] == reports[1]


def test_a_broken_or_full_standard_output_is_3_and_a_closed_one_takes_no_report_away(tmp_path: Path) -> None:
    orders = orders_file(tmp_path, *[STOP | {"order_id": str(k)} for k in range(300)])
    with Path("/dev/full").open("wb") as full:
        done = run("batch", orders, *AS_OF, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 3 and b"No space left" in done.stderr and b"Traceback" not in done.stderr
    command = f"{shlex.quote(sys.executable)} -m ivigcheck batch {shlex.quote(str(orders))}"
    shell = {"shell": True, "capture_output": True, "cwd": ROOT, "check": False, "executable": "/bin/bash"}
    piped = subprocess.run(f"{command} | head -1; exit ${{PIPESTATUS[0]}}", **shell)
    assert piped.returncode in (1, 3) and piped.stderr == b""
    closed = subprocess.run(f"{command} -o {shlex.quote(str(tmp_path / 'r.json'))} >&-", **shell)
    assert closed.returncode == 1 and closed.stderr == b"" and (tmp_path / "r.json").exists()


def test_an_error_of_the_program_s_own_is_70_without_a_traceback_or_a_patient(tmp_path: Path) -> None:
    """H-29, H-46."""
    orders = orders_file(tmp_path, {})
    report = tmp_path / "r.json"
    code = (
        "import sys\nimport ivigcheck.rules.engine as engine\n"
        "def fail(*_): raise ValueError(f'patient {_}')\n"
        "engine.Findings.codes = engine.Findings.of = fail\n"
        f"sys.argv = ['ivigcheck', 'batch', {str(orders)!r}, '-o', {str(report)!r}]\n"
        "from ivigcheck.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 70 and b"ValueError" in done.stderr
    assert CANARY.encode() not in done.stderr and b"Traceback" not in done.stderr and not report.exists()


def test_rows_that_go_missing_are_70_and_nothing_is_published(tmp_path: Path) -> None:
    """H-08."""
    orders = orders_file(tmp_path, {}, {})
    report = tmp_path / "r.json"
    code = (
        "import sys, dataclasses\nimport ivigcheck.pipeline as pipeline\nold = pipeline.normalise\n"
        "def lose(tables, *a, **k):\n"
        "    t = tables[0]\n"
        "    return old([dataclasses.replace(t, rows=t.rows[:1], cells={n: c[:1] for n, c in t.cells.items()})], *a, **k)\n"
        f"pipeline.normalise = lose\nsys.argv = ['ivigcheck', 'batch', {str(orders)!r}, '-o', {str(report)!r}]\n"
        "from ivigcheck.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 70 and b"2 rows were read and 1 orders checked" in done.stderr and not report.exists()


def test_a_file_with_a_header_alone_is_a_report_of_no_orders(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(",".join(GOOD) + "\n", encoding="utf-8")
    done = run("batch", path, *AS_OF, "-o", tmp_path / "r.json", "-o", tmp_path / "r.csv", "-o", tmp_path / "r.xlsx")
    assert done.returncode == 0 and done.stdout.startswith(b"0 orders: 0 STOP")
    report = json.loads((tmp_path / "r.json").read_bytes())
    assert report["orders"] == [] and any("no orders" in notice for notice in report["notices"])
    assert (tmp_path / "r.csv").read_text().startswith("status,order_id,patient_id,file,sheet,row,codes")


def test_the_notices_say_once_what_was_not_used_and_not_asked(tmp_path: Path) -> None:
    orders = [{"order_id": str(k), "ward": "7", "product": "Octogam", "bed": "3"} for k in range(3)]
    path = orders_file(tmp_path, *orders)
    text = path.read_text().replace("diabetes", "nothing").replace("sepsis", "nothing2")
    path.write_text(text)
    report = json.loads(run("batch", path, *AS_OF, "--format", "json").stdout)
    said = " ".join(report["notices"])
    assert '"ward"' in said and '"bed"' in said and "diabetes" in said and "sepsis" in said
    assert '"Octogam" (3)' in said and "pending human review" in said
    assert len(report["notices"]) == len(set(report["notices"]))


def test_version_names_program_knowledge_and_policy() -> None:
    assert re.fullmatch(rb'ivigcheck \S+, knowledge \S+, policy "built-in" \S+\n', run("--version").stdout)


@pytest.mark.parametrize("code", ["", "IVG101", "ivg202", "IVG105"])
def test_a_rule_s_page_gives_its_source(code: str) -> None:
    text = run("rules", *([code] if code else [])).stdout.decode()
    assert (
        text.count("IVG") >= 30
        if not code
        else "Why it matters:" in text and "Source: Management of Limb Weakness" in text
    )


def test_a_product_s_page_gives_every_figure_with_its_source() -> None:
    text = run("products", "gammagard liquid").stdout.decode()
    assert "maximum: 5 mL/kg/h = 8.33333 mg/kg/min" in text and "https://www.gammagard.com" in text
    assert "below 3.3 mg/kg/min" in text
    assert "not known" in run("products", "Alyglo").stdout.decode()


def test_an_unbuffered_standard_output_takes_the_whole_report_or_says_so(tmp_path: Path) -> None:
    orders = orders_file(tmp_path, *[{"order_id": str(k)} for k in range(400)])
    done = run("batch", orders, *AS_OF, "--format", "json", env={"PYTHONUNBUFFERED": "1"})
    assert len(json.loads(done.stdout)["orders"]) == 400
    command = f"{shlex.quote(sys.executable)} -u -m ivigcheck batch {shlex.quote(str(orders))} --format json"
    cut = subprocess.run(
        f"{command} | head -c 10; exit ${{PIPESTATUS[0]}}",
        shell=True, capture_output=True, cwd=ROOT, check=False, executable="/bin/bash",
    )  # fmt: skip
    assert cut.returncode == 3


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("tail", "codes"),
    [
        ("--help | true", (0, 3)),
        ("--bogus 2>/dev/full", (2,)),
        ("--help >/dev/full", (3,)),
        ("--help >/dev/full 2>/dev/full", (3,)),
        ("nowhere.csv 2>/dev/full", (3,)),
        ("--bogus 2>&-", (2,)),
        ("--bogus >/dev/full 2>&-", (2,)),
    ],
)
def test_no_accident_of_the_terminal_is_1(tail: str, codes: tuple[int, ...], unbuffered: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m ivigcheck batch {tail}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        command, shell=True, capture_output=True, cwd=ROOT, check=False, executable="/bin/bash",
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    assert done.returncode in codes and b"Traceback" not in done.stderr
    assert b"bogus" not in done.stdout


def test_an_output_name_that_no_system_takes_is_3(tmp_path: Path) -> None:
    done = run("batch", orders_file(tmp_path, {}), "-o", f"{'x' * 300}.json", cwd=tmp_path)
    assert done.returncode == 3 and b"too long" in done.stderr


def test_inputs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        (tmp_path / name).mkdir()
        orders_file(tmp_path / name, {"order_id": "1"} if name == "monday" else {"order_id": "1", "weight": "81 kg"})
    paths = [tmp_path / name / "orders.csv" for name in ("monday", "tuesday")]
    report = json.loads(run("batch", *paths, *AS_OF, "--format", "json").stdout)
    assert [order["source"]["file"] for order in report["orders"]] == ["monday/orders.csv", "tuesday/orders.csv"]
    assert "tuesday/orders.csv, row 2" in report["orders"][0]["findings"][0]["message"]
    twice = json.loads(run("batch", paths[0], paths[0], *AS_OF, "--format", "json").stdout)
    assert [table["name"] for table in twice["run"]["inputs"]] == ["orders.csv", "orders.csv (input 2)"]


def test_a_unit_that_would_act_on_the_terminal_is_shown_as_text(tmp_path: Path) -> None:
    orders = orders_file(tmp_path, {"weight": "80", "weight_unit": "\x1b[31m PWN \u202e"})
    text = run("batch", orders, *AS_OF).stdout.decode()
    assert "\\x1b[31m" in text and not set(text) & {"\x1b", "\u202e"}
