"""What of a settings file has the shape that is wanted of it, and under which name a file is spoken of."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Struct

from ivigcheck.errors import UsageError
from ivigcheck.settings_file import Problems, read_document, sound


class Shape(Struct):
    count: int = 7
    answer: bool = True
    names: tuple[str, ...] = ("a",)


def read(folder: Path, text: str) -> Shape:
    path = folder / "some.toml"
    path.write_text(text, encoding="utf-8")
    document = read_document(path, "example")
    problems = Problems("some.toml", document.lines)
    shape = sound(document.raw, Shape, problems)
    problems.stop()
    return shape


@pytest.mark.parametrize(
    ("text", "count"), [("", 7), ("count = 0", 0), ("count = -3", -3), ("count = 0x10", 16), ("count = 1_000", 1000)]
)
def test_a_whole_number_is_read_as_it_is(text: str, count: int, tmp_path: Path) -> None:
    assert read(tmp_path, text) == Shape(count=count)


WRONG = [
    ("count = true", "count: true is a yes or no; fix: write a whole number without quotes"),
    ("count = false", "count: false is a yes or no; fix: write a whole number without quotes"),
    ("count = 26.0", "count: 26 is written with a point or an exponent; fix: write a whole number without quotes"),
    ("count = 1e2", "count: 100 is written with a point or an exponent; fix: write a whole number without quotes"),
    ("count = 0.5", "count: 0.5 is written with a point or an exponent; fix: write a whole number without quotes"),
    ("count = inf", "count: inf is a number; fix: write a whole number without quotes"),
    ("count = '26'", 'count: "26" is a text; fix: write a whole number without quotes'),
    ("count = [26]", "count: is a list; fix: write a whole number without quotes"),
    ("count = 2026-11-22", "count: 2026-11-22 is a date or time; fix: write a whole number without quotes"),
    ("answer = 1", "answer: 1 is a number; fix: write true or false"),
    ("names = 'a'", 'names: "a" is a text; fix: write a list of texts in [ ]'),
    ("names = [1]", "names[1]: 1 is a number; fix: write a text in quotes"),
    ("cuont = 1", "cuont: is not known here (did you mean count?); fix: remove it, or write one of count, answer, names"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_has_another_shape_is_told_and_left_out(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, f"\n{text}\n")
    assert str(caught.value) == f"some.toml, line 2, {told}"


def test_a_wrong_value_leaves_the_default_and_the_right_ones_beside_it() -> None:
    assert sound({"count": True, "answer": False, "names": [1]}, Shape, Problems("some.toml", {})) == Shape(7, False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "The example file {path} does not exist."),
        (b"#" * (256 << 10) + b"\n", "{path}: has more than 256 KiB, and is no example; fix: name another file"),
    ],
)
def test_a_file_is_spoken_of_as_what_it_is(content: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_document(path, "example")
    assert str(caught.value) == words.format(path=path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"^The example file .* cannot be read: it is a folder\. Name the file in it\.$"
    ):
        read_document(tmp_path, "example")
