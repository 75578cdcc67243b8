"""``batch --open``: the HTML page in the default browser, which may fail, talk and hang as it likes."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import pytest
from conftest import GOOD

from ivigcheck.cli import open_page as module
from ivigcheck.cli.open_page import open_page, page_to_open
from ivigcheck.errors import UsageError

ROOT = Path(__file__).parents[2]
# Until the format is there, and whatever it says: a page is a file that ends in .html.
PROGRAM = (
    "import ivigcheck.report.writers as writers\n"
    "writers.FORMATS.setdefault('.html', writers.Rendering.json)\n"
    "from ivigcheck.cli import main\nmain()\n"
)
NO_DISPLAY = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def batch(*arguments: str | Path, cwd: Path, **env: str | None) -> subprocess.CompletedProcess:
    """A run of batch in a folder. env: None takes a variable away."""
    surroundings = {**os.environ, **NO_DISPLAY, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "batch", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env={name: value for name, value in surroundings.items() if value is not None},
        timeout=60,
        check=False,
    )


def orders_file(folder: Path, **change: str) -> Path:
    path = folder / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(GOOD))
        writer.writeheader()
        writer.writerow(GOOD | change)
    return path


def browser(folder: Path, *does: str) -> str:
    """A browser that notes what it is shown, and then does something else; as BROWSER names it."""
    script = folder / "browser.sh"
    seen = folder / "seen"
    script.write_text("\n".join(["#!/bin/sh", f"echo \"$1\" >> '{seen}'", *does, ""]))
    script.chmod(0o700)
    return f"{script} %s"


def seen(folder: Path) -> list[str]:
    """What the browser was shown; it may still be starting."""
    path = folder / "seen"
    for _ in range(100):
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text().splitlines()
        time.sleep(0.05)
    return []


needs_a_shell = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in browser is a shell script")


@needs_a_shell
@pytest.mark.parametrize(
    ("max_rate", "options", "code", "printed"),
    [
        ("240 mL/h", [], 0, ["1 order: 0 STOP, 0 UNCHECKED, 0 REVIEW, 1 PASS (as of 2026-11-22)", "written: {page}"]),
        ("500 mL/h", [], 1, ["1 order: 1 STOP, 0 UNCHECKED, 0 REVIEW, 0 PASS (as of 2026-11-22)", "written: {page}"]),
        ("240 mL/h", ["--quiet"], 0, []),
        ("500 mL/h", ["--quiet"], 1, ["1 order: 1 STOP, 0 UNCHECKED, 0 REVIEW, 0 PASS (as of 2026-11-22)"]),
    ],
)
def test_the_page_is_opened_by_its_uri_and_the_browser_is_not_heard(
    tmp_path: Path, max_rate: str, options: list[str], code: int, printed: list[str]
) -> None:
    noisy = browser(tmp_path, "echo noise", "echo noise >&2")
    page = "a page #1.html"
    orders = orders_file(tmp_path, max_rate=max_rate)
    done = batch(orders, "--as-of", "2026-11-22", "-o", page, "--open", *options, cwd=tmp_path, BROWSER=noisy)
    assert (done.returncode, done.stderr) == (code, b"")
    assert done.stdout.decode().splitlines() == [line.format(page=page) for line in printed]
    assert seen(tmp_path) == [f"{tmp_path.resolve().as_uri()}/a%20page%20%231.html"]


@needs_a_shell
def test_of_several_reports_the_first_page_is_opened_and_without_the_option_none(tmp_path: Path) -> None:
    outputs = ["-o", "r.json", "-o", "one.HTML", "-o", "two.html"]
    batch(orders_file(tmp_path), *outputs, cwd=tmp_path, BROWSER=browser(tmp_path))
    assert not (tmp_path / "seen").exists() and (tmp_path / "two.html").exists()
    batch(orders_file(tmp_path), *outputs, "--open", cwd=tmp_path, BROWSER=browser(tmp_path))
    assert [uri.rsplit("/", 1)[1] for uri in seen(tmp_path)] == ["one.HTML"]


@needs_a_shell
def test_nobody_waits_for_a_browser_that_hangs(tmp_path: Path) -> None:
    hanging = browser(tmp_path, "sleep 20")
    began = time.monotonic()
    done = batch(orders_file(tmp_path), "-o", "r.html", "--open", cwd=tmp_path, BROWSER=hanging)
    assert time.monotonic() - began < 15
    assert (done.returncode, done.stderr) == (0, b"") and seen(tmp_path)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "there is no display here that a browser could open on: open the file by hand."),
        ({"BROWSER": "/nonexistent/browser %s"}, "no browser could be started: open the file by hand."),
        ({"DISPLAY": ":99", "BROWSER": "false %s"}, "no browser could be started: open the file by hand."),
    ],
)
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display there")
def test_where_no_browser_can_be_started_it_is_said_on_stderr_and_the_code_stands(
    tmp_path: Path, env: dict[str, str], said: str
) -> None:
    orders = orders_file(tmp_path, max_rate="500 mL/h")
    nothing = {"PATH": "/nonexistent", **env}
    done = batch(orders, "-o", "r.html", "--open", cwd=tmp_path, **nothing)
    assert done.returncode == 1 and done.stderr.decode() == f"ivigcheck: r.html: {said}\n"
    assert b"written: r.html" in done.stdout and (tmp_path / "r.html").exists()
    quiet = batch(orders, "-o", "r.html", "--open", "--quiet", "--exit-zero", cwd=tmp_path, **nothing)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"", b"")


@pytest.mark.parametrize("outputs", [[], ["-o", "r.json"], ["-o", "r.csv", "-o", "r.xlsx"]])
def test_without_a_page_to_open_the_call_is_wrong_and_nothing_is_written(tmp_path: Path, outputs: list[str]) -> None:
    done = batch(orders_file(tmp_path), *outputs, "--open", cwd=tmp_path)
    assert done.returncode == 2 and b"-o report.html --open" in done.stderr and done.stdout == b""
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_a_file_of_the_working_folder_is_not_taken_for_the_library_s_module(tmp_path: Path) -> None:
    (tmp_path / "webbrowser.py").write_text("open('taken', 'w')\n")
    batch(orders_file(tmp_path), "-o", "r.html", "--open", cwd=tmp_path, BROWSER="true %s")
    assert not (tmp_path / "taken").exists()


@pytest.mark.parametrize(
    ("names", "page"),
    [(["r.html"], "r.html"), (["r.HTML"], "r.HTML"), (["r.json", "b.html", "a.html"], "b.html"), ([], None), (["html"], None), (["r.html.csv"], None)],
)  # fmt: skip
def test_the_page_is_the_first_output_that_ends_in_html(names: list[str], page: str | None) -> None:
    outputs = [Path(name) for name in names]
    if page is None:
        with pytest.raises(UsageError, match=r"-o report\.html --open"):
            page_to_open(outputs)
    else:
        assert page_to_open(outputs) == Path(page)


@pytest.mark.parametrize(("platform", "tried"), [("linux", False), ("darwin", True), ("win32", True)])
def test_a_display_is_asked_for_only_where_there_may_be_none(
    platform: str, tried: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    asked = []
    monkeypatch.setattr(module, "_why_not_started", lambda uri: asked.append(uri) or "")
    monkeypatch.setattr(sys, "platform", platform)
    for name in NO_DISPLAY:
        monkeypatch.delenv(name, raising=False)
    open_page(Path("r.html"), quiet=False)
    assert bool(asked) == tried == (capsys.readouterr().err == "")


@pytest.mark.parametrize("opened", [True, False])
def test_what_the_library_says_of_the_browser_is_what_counts(opened: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The starter's own words, run here with a library that only notes what it is asked."""
    asked = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: asked.append(uri) or opened)
    monkeypatch.setattr(sys, "argv", ["-c", "file:///r.html"])
    with pytest.raises(SystemExit) as stop:
        exec(module._STARTER[-1], {})
    assert asked == ["file:///r.html"] and bool(stop.value.code) is not opened


def test_the_help_names_every_ending_that_a_report_may_have() -> None:
    from ivigcheck.report import FORMATS

    run = subprocess.run(
        [sys.executable, "-m", "ivigcheck", "batch", "--help"], capture_output=True, cwd=ROOT, timeout=60, check=True
    )
    page = " ".join(run.stdout.decode().split())
    assert f"by its ending: {' '.join(FORMATS)}." in page and "-o report.html --open" in page
