"""Site policy files for tests: written, read, and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivigcheck.errors import Exit, UsageError
from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.site.reading import read_site_policy

HEAD = 'id = "st-elsewhere"\nversion = "2026.3"\n'
"""Two lines: what a test adds begins in line 3."""


def written(folder: Path, text: str, *, head: str = HEAD) -> Path:
    """The file site.toml."""
    path = folder / "site.toml"
    path.write_bytes((head + text).encode())
    return path


def read(folder: Path, text: str, *, head: str = HEAD) -> Knowledge:
    """The knowledge under a policy of this text."""
    return read_site_policy(written(folder, text, head=head), built_in())


def refusals(folder: Path, text: str, *, head: str = HEAD) -> list[str]:
    """The lines of the refusal, each without the folder."""
    with pytest.raises(UsageError) as caught:
        read(folder, text, head=head)
    assert caught.value.exit_code == Exit.USAGE
    return str(caught.value).replace(f"{folder}/", "").splitlines()
