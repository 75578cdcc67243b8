"""What a run in parts is to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Inputs:
    """What to read, and how. encoding: of text files, where they are not in the usual one."""

    paths: Sequence[Path]
    sheet: str | None = None
    encoding: str | None = None
