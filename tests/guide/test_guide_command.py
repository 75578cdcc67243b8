"""``ivigcheck guide`` as users run it."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ivigcheck.guide.contents import NAMES, page, pages

ROOT = Path(__file__).parents[2]
# Neither a policy nor a history is needed: those that are named here could not be read.
SURROUNDINGS = {
    "PYTHONPATH": str(ROOT),
    "IVIGCHECK_POLICY": "/nonexistent/policy.toml",
    "IVIGCHECK_HISTORY": "/nonexistent/history.sqlite",
    "COLUMNS": "80",
}


def run(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivigcheck", "guide", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | SURROUNDINGS,
        timeout=120,
        check=False,
    )


def at_a_terminal(*arguments: str, **env: str) -> str:
    """What the command shows at a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ivigcheck", "guide", *arguments],
        stdout=theirs,
        stdin=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, **SURROUNDINGS, "TERM": "xterm-256color", **env},
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return said.decode().replace("\r\n", "\n")


def test_the_contents_name_every_page_in_its_order_in_80_columns() -> None:
    said = run()
    assert said.returncode == 0 and said.stderr == ""
    lines = [line for line in said.stdout.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert all(each.line in said.stdout for each in pages())
    assert max(map(len, said.stdout.splitlines())) <= 80


def test_a_page_in_a_pipe_is_its_text() -> None:
    for name in ("report", "REPORT.md"):
        said = run(name)
        assert (said.returncode, said.stdout, said.stderr) == (0, page("report").text, "")


def test_a_page_at_a_terminal_is_laid_out() -> None:
    said = at_a_terminal("report")
    assert "\x1b[" in said and "](" not in said and "**" not in said
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert "Reading a report" in plain and "ivigcheck guide nightly" in plain
    assert "\x1b]8" not in said  # no link that a terminal would open as a file
    prose = [line for line in plain.splitlines() if len(line.rstrip()) > 80]
    assert prose == []


def test_no_color_at_a_terminal_is_the_text() -> None:
    assert at_a_terminal("limits", NO_COLOR="1") == page("limits").text


@pytest.mark.parametrize(
    ("name", "near"), [("reprot", "Nearest: report."), ("ack", ""), ("policykeys", "Nearest: policy-keys.")]
)
def test_an_unknown_page_names_the_pages(name: str, near: str) -> None:
    said = run(name)
    assert said.returncode == 2 and said.stdout == ""
    assert near in said.stderr and ", ".join(NAMES) in said.stderr and "Traceback" not in said.stderr
    assert bool(near) == ("Nearest" in said.stderr)


def test_search_lists_the_lines_of_all_pages() -> None:
    said = run("--search", "PENDING human")
    assert said.returncode == 0
    found = {}
    for line in said.stdout.splitlines():
        if line in NAMES:
            under = line
        elif line:
            number, text = line.split(maxsplit=1)
            found.setdefault(under, []).append((int(number), text))
    expected = {
        each.name: [
            (k, line.strip()) for k, line in enumerate(each.text.splitlines(), 1) if "pending human" in line.lower()
        ]
        for each in pages()
        if "pending human" in each.text.lower()
    }
    assert found == {name: lines for name, lines in expected.items() if lines} and "policy-keys" in found


def test_search_in_one_page_and_for_what_is_not_there() -> None:
    assert run("limits", "--search", "folded").stdout.startswith("limits\n")
    said = run("--search", "\x1bquetzalcoatl")
    assert (
        said.returncode == 0 and said.stdout.startswith("No line of the guide contains") and "\x1b" not in said.stdout
    )
    assert run("--search", " ").returncode == 2


def test_the_html_file_is_written_once_and_for_its_owner(tmp_path: Path) -> None:
    target = tmp_path / "guide.html"
    said = run("-o", target)
    assert (said.returncode, said.stdout, said.stderr) == (0, f"written: {target}\n", "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    again = run("-o", target)
    assert again.returncode == 3 and "--force" in again.stderr and target.read_bytes() == before
    target.write_text("other")
    assert run("-o", target, "--force").returncode == 0 and target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["guide.html"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "guide.pdf"], 2, ".html"),
        (["report", "-o", "guide.html"], 2, "whole guide"),
        (["--search", "x", "-o", "guide.html"], 2, "whole guide"),
        (["--force"], 2, "-o"),
        (["-o", "nowhere/guide.html"], 3, "does not exist"),
        (["report", "order"], 2, "extra"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    said = run(*arguments, cwd=tmp_path)
    assert said.returncode == code and words in said.stderr and said.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_other_commands_do_not_wait_for_the_guide() -> None:
    code = (
        "import sys; import ivigcheck.cli\n"
        "print(sorted({'markdown_it', 'jinja2', 'rich.markdown', 'ivigcheck.guide'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


def test_it_needs_no_network(tmp_path: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('network')\n"
        "socket.socket = refuse; socket.create_connection = refuse; socket.getaddrinfo = refuse\n"
        f"sys.argv = ['ivigcheck', 'guide', '-o', {str(tmp_path / 'guide.html')!r}]\n"
        "from ivigcheck.cli import main\nmain()"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | SURROUNDINGS,
        cwd=ROOT,
        check=False,
    )
    assert said.returncode == 0, said.stderr
