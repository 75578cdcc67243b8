"""What the program prints in the guide: blocks that begin with ``$ ivigcheck …`` hold what that command prints.

A block without "…" between its lines holds all of it, and is made anew. Of a block with "…" each line must be printed, in
their order.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
GAP = "…"
_BLOCK = re.compile(r"^```console\n\$ (?P<command>.*?(?<!\\))\n(?P<printed>.*?)^```$", re.MULTILINE | re.DOTALL)


def printed(command: str) -> str:
    """What a command prints to whoever tries it in this folder, without a policy and a history of their own."""
    environment = os.environ | {
        "IVIGCHECK_POLICY": "built-in",
        "XDG_DATA_HOME": "/nonexistent",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
    environment.pop("IVIGCHECK_HISTORY", None)
    assert command.startswith("ivigcheck ")
    line = command.replace("ivigcheck", f"{sys.executable} -m ivigcheck", 1)
    run = subprocess.run(
        line, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    if run.returncode not in (0, 1, 4):
        raise ValueError(f"{command}\nends with {run.returncode}: {run.stderr}")
    return run.stdout


def with_examples(text: str, printed: Callable[[str], str] = printed) -> str:
    """The page with its examples as the program prints them. Raises ValueError where an excerpt is not printed."""

    def anew(block: re.Match[str]) -> str:
        said = printed(block["command"])
        if GAP in block["printed"].splitlines():
            missing = not_printed(block["printed"], said)
            if missing:
                raise ValueError(f"{block['command']}\ndoes not print, or not there: {missing}\nbut:\n{said}")
            return block[0]
        return f"```console\n$ {block['command']}\n{said}```"

    return _BLOCK.sub(anew, text)


def not_printed(excerpt: str, said: str) -> str:
    """The first line of an excerpt that is not printed after those before it; "" where all are.

    Lines without a gap between them follow each other, but for blank ones.
    """
    lines = [line for line in said.splitlines() if line.strip()]
    at, after_gap = 0, False
    for line in filter(str.strip, excerpt.splitlines()):
        if line == GAP:
            after_gap = True
            continue
        try:
            found = lines.index(line, at) if after_gap else at + (lines[at : at + 1] != [line]) * len(lines)
        except ValueError:
            return line
        if found >= len(lines):
            return line
        at, after_gap = found + 1, False
    return ""
