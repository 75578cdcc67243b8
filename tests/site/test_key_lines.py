"""On which line a key stands: read by a scanner of its own, held against the parser and against texts of known lines."""

from __future__ import annotations

import time
from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.settings_file.lines import key_lines

TEXT = '''\
# a comment with [brackets] and key = "value"
plain = 1

dotted . "key with # sign" = 'x = [1]'
[table]   # a comment
text = """
not = "a key"
[nor.a.table]
\\""" and "" quotes"""" # ends with a quote of its own
raw = \'\'\'
# no comment
it's = 1\'\'\'
list = [ # a comment, with ]
  "one]",
  { inner = 1, other = [2,
     3] },
]
  [table."sub.table"]
  "a\\u0062" = 1979-05-27 07:32:00
[[many]]
x = 1
[[many]]
x = 2
[after]
inline = { a.b = "}", c = "#" } # the end
last = true
'''
LINES = {
    ("plain",): 2, ("dotted",): 4, ("dotted", "key with # sign"): 4, ("table",): 5, ("table", "text"): 6,
    ("table", "raw"): 10, ("table", "list"): 13, ("table", "list", 0): 14, ("table", "list", 1): 15,
    ("table", "list", 1, "inner"): 15, ("table", "list", 1, "other"): 15, ("table", "list", 1, "other", 0): 15,
    ("table", "list", 1, "other", 1): 16, ("table", "sub.table"): 18, ("table", "sub.table", "ab"): 19,
    ("many",): 20, ("many", 0): 20, ("many", 0, "x"): 21, ("many", 1): 22, ("many", 1, "x"): 23, ("after",): 24,
    ("after", "inline"): 25, ("after", "inline", "a"): 25, ("after", "inline", "a", "b"): 25,
    ("after", "inline", "c"): 25, ("after", "last"): 26,
}  # fmt: skip


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every key and list item of what a parser gives."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return ({path} if path else set()).union(*(paths(item, (*path, key)) for key, item in inner))


def test_every_key_has_the_line_on_which_a_reader_finds_it() -> None:
    assert key_lines(TEXT) == LINES


def test_the_keys_are_those_that_the_parser_finds() -> None:
    assert set(key_lines(TEXT)) == paths(tomli.loads(TEXT))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a=1", "a = '''\n'''\nb = 2", 'a = ""\nb = ""'])
def test_short_texts_are_read_to_their_end(text: str) -> None:
    assert set(key_lines(text)) == paths(tomli.loads(text))


KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=8)
TEXTS = st.text(st.sampled_from("ab#[]{}=,.'\"\\\n"), max_size=12)


def basic(text: str) -> str:
    """A text as TOML writes it in one line."""
    return '"' + "".join(f"\\u{ord(ch):04x}" if ch in '"\\\n\x7f' else ch for ch in text) + '"'


@given(st.lists(st.tuples(KEYS, TEXTS, st.integers(0, 3)), max_size=8, unique_by=lambda each: each[0]))
def test_a_key_is_found_whatever_the_values_before_it_hold(entries: list[tuple[str, str, int]]) -> None:
    text, expected = "", {}
    for key, value, blanks in entries:
        text += "\n" * blanks
        expected[(key,)] = text.count("\n") + 1
        several = value.replace("\\", "\\\\").replace('"', '\\"')
        text += f'{basic(key)} = {{ v = {basic(value)}, w = """{several}""" }} # {basic(value)}\n'
    lines = key_lines(text)
    assert {path: line for path, line in lines.items() if len(path) == 1} == expected
    assert set(lines) == paths(tomli.loads(text))


REPEATED = ["[[a]]\n", "[[a]]\nb = 1\n", "[[a.b.c]]\n", '[["a"]]\n']
DEEP = "[" + ".".join("abcdefgh" * 100) + "]\n"


@pytest.mark.parametrize("text", [*(line * ((240 << 10) // len(line)) for line in REPEATED),
    "a = [" + "[],\n" * (60 << 10) + "]", DEEP + "".join(f"k{k} = 1\n" for k in range(20_000)),
])  # fmt: skip
def test_a_long_text_takes_time_in_proportion(text: str) -> None:
    began = time.process_time()
    key_lines(text)
    assert time.process_time() - began < 4  # measured: under 0.4; at the square of the length it would be a minute


def test_each_table_of_a_long_list_has_its_own_line() -> None:
    lines = key_lines("[[a]]\nx = 1\n" * 5000 + "[[b.c]]\n[[a]]\n")
    assert [lines["a", k] for k in range(5001)] == [*range(1, 10_000, 2), 10_002]
    assert (lines["a",], lines["b",], lines["b", "c"], lines["b", "c", 0]) == (1, 10_001, 10_001, 10_001)
