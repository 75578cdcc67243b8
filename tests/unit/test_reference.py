"""The guide's generated parts are made from the declarations and from what the program prints, and are current."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "guide")]

import reference  # noqa: E402
from printed_examples import not_printed, with_examples  # noqa: E402


def test_the_guide_is_current() -> None:
    assert reference.stale(reference.PAGES) == [], "run make format"


def test_the_readme_is_short_and_holds_no_table_that_the_guide_has() -> None:
    text = reference.README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 220
    assert "generated -->" not in text and "| IVG101" not in text


def test_a_stale_page_is_noticed_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = tmp_path / "pages"
    shutil.copytree(reference.PAGES, pages)
    monkeypatch.setattr(reference, "WRITTEN", ())
    rules = pages / "rules.md"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("rate-above-ceiling", "rate-over-ceiling"), encoding="utf-8")
    assert reference.main(["--check"], pages) == 1
    assert reference.main(["--write"], pages) == 0 and rules.read_text(encoding="utf-8") == text
    assert reference.main(["--check"], pages) == 0
    assert reference.main(["README.md"], pages) == 2


PAGE = "Before.\n\n```console\n$ ivigcheck rules \\\n      IVG101\n{}```\n\nAfter.\n"
SAID = "IVG101 rate-above-ceiling (stop)\n\nAn ordered rate is over.\nWhy: because.\n"


def test_a_whole_example_is_made_anew() -> None:
    asked = []

    def printed(command: str) -> str:
        asked.append(command)
        return SAID

    assert with_examples(PAGE.format("old\n"), printed) == PAGE.format(SAID)
    assert with_examples(PAGE.format(""), printed) == PAGE.format(SAID)
    assert asked == ["ivigcheck rules \\\n      IVG101"] * 2


def test_an_excerpt_stays_and_must_be_printed() -> None:
    page = PAGE.format("…\nAn ordered rate is over.\n…\n")
    assert with_examples(page, lambda _: SAID) == page
    with pytest.raises(ValueError, match="An ordered rate is over"):
        with_examples(page, lambda _: "something else\n")


@pytest.mark.parametrize(
    ("excerpt", "missing"),
    [
        ("…\nAn ordered rate is over.\nWhy: because.", ""),
        ("IVG101 rate-above-ceiling (stop)\n…\nWhy: because.\n…", ""),
        ("IVG101 rate-above-ceiling (stop)\n\nAn ordered rate is over.", ""),
        ("An ordered rate is over.\n…", "An ordered rate is over."),  # it does not begin so
        ("IVG101 rate-above-ceiling (stop)\nWhy: because.", "Why: because."),  # without the gap that is there
        ("…\nWhy: because.\n…\nAn ordered rate is over.", "An ordered rate is over."),  # in another order
        ("…\nWhy: because", "Why: because"),
    ],
)
def test_lines_of_an_excerpt_are_found_in_their_order(excerpt: str, missing: str) -> None:
    assert not_printed(excerpt, SAID) == missing
