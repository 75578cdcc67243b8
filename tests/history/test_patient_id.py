"""A patient's id is read from standard input, exactly and alone, and no message shows it."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from history_stores import CANARY

from ivigcheck.cli.patient_id import read_patient_id
from ivigcheck.errors import UsageError


class Input(io.TextIOWrapper):
    """Standard input, which may be a terminal."""

    def __init__(self, content: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding="ascii")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def reading(monkeypatch: pytest.MonkeyPatch, content: bytes, *, argument: str = "-", terminal: bool = False) -> str:
    monkeypatch.setattr(sys, "stdin", Input(content, terminal=terminal))
    return read_patient_id(argument)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("00123\n", "00123"),
        ("00123", "00123"),
        ("\r\n \t00123 \r\n\r\n", "00123"),
        ("\ufeff00123\n", "00123"),
        ("MRN 1-2/ü\n", "MRN 1-2/ü"),
        ("x" * 200, "x" * 200),
        ("-", "-"),
    ],
)
def test_one_line_is_the_id_exactly(monkeypatch: pytest.MonkeyPatch, content: str, wanted: str) -> None:
    assert reading(monkeypatch, content.encode()) == wanted


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no patient's id"),
        (b" \n\t\n", "no patient's id"),
        (f"{CANARY}\n{CANARY}".encode(), "several lines"),
        (f"{CANARY}\r{CANARY}".encode(), "several lines"),
        (f"{CANARY}\u2028{CANARY}".encode(), "several lines"),
        (CANARY.encode() * 20, "longer than 200"),
        (CANARY.encode() * 10_000, "far more than one line"),
        (f"{CANARY}\x00".encode(), "cannot be seen"),
        (f"{CANARY}\x1b[31m".encode(), "cannot be seen"),
        (f"{CANARY}\u200b1".encode(), "cannot be seen"),
        (f"{CANARY}\u202e1".encode(), "cannot be seen"),
        (f"{CANARY}１".encode(), "digits other than 0-9"),
        (f"{CANARY}ü".encode("cp1252"), "not UTF-8"),
        (CANARY.encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_is_no_single_id_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        reading(monkeypatch, content)
    assert CANARY not in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("argument", [CANARY, "", "--", "- "])
def test_an_id_on_the_command_line_is_refused(monkeypatch: pytest.MonkeyPatch, argument: str) -> None:
    with pytest.raises(UsageError, match=r"never stands on the command line.*echo") as caught:
        reading(monkeypatch, b"00123", argument=argument)
    assert CANARY not in str(caught.value)


def test_at_a_terminal_one_line_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reading(monkeypatch, b"00123\nnot read", terminal=True) == "00123"


@pytest.mark.parametrize("closed", [None, "closed"])
def test_a_closed_standard_input_is_said_to_be_closed(monkeypatch: pytest.MonkeyPatch, closed: Any) -> None:
    stream = Input(b"") if closed else None
    if stream:
        stream.close()
    monkeypatch.setattr(sys, "stdin", stream)
    with pytest.raises(UsageError, match="Standard input"):
        read_patient_id("-")
