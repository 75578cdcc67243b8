"""The workbook printed by LibreOffice: every sheet, every text, and no page for next to nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from xlsx_parts import MAIN, Book, book

SOFFICE, PDFTOTEXT = shutil.which("soffice"), shutil.which("pdftotext")
pytestmark = pytest.mark.skipif(not (SOFFICE and PDFTOTEXT), reason="needs soffice (LibreOffice) and pdftotext")
FULL = ("New and open", "Worklist", "Findings", "Not read")
"""Sheets with something in each of their columns; LibreOffice leaves out pages with nothing but the heads."""
LONGEST_WORD = 12  # a longer one may be broken where its cell ends, and each at a hyphen


def pages_of(said: Book, folder: Path) -> list[str]:
    """The text of each printed page."""
    path = folder / "report.xlsx"
    path.write_bytes(said.content)
    profile = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    command = [SOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, path]
    done = subprocess.run(command, capture_output=True, timeout=180, check=True)
    assert b"Error" not in done.stderr and (folder / "report.pdf").exists(), done.stderr
    text = subprocess.run(
        [PDFTOTEXT, "-layout", folder / "report.pdf", "-"], capture_output=True, timeout=60, check=True
    ).stdout
    return text.decode().split("\f")[:-1]


def sheet_of(page: str) -> str:
    """By its footer: what checked, the sheet, the page."""
    (name,) = re.findall(r"^ *ivigcheck .*, knowledge \S+ {2,}(\S.*\S) {2,}Page \d+ of \d+$", page, re.MULTILINE)
    return name


def words(text: str) -> set[str]:
    return {word for word in re.split(r"[\s-]+", text) if len(word) <= LONGEST_WORD}


@pytest.mark.parametrize("name", ["messy_batch.csv", "night", "empty"])
def test_every_sheet_is_printed_with_its_texts(name: str, tmp_path: Path) -> None:
    said = book(name)
    printed: dict[str, list[str]] = {}
    for page in pages_of(said, tmp_path):
        printed.setdefault(sheet_of(page), []).append(page)
    assert list(printed) == list(said.sheets)
    for title, sheet in said.sheets.items():
        pages_wide = len(sheet.tree.findall(f"{MAIN}colBreaks/{MAIN}brk")) + 1
        if title in FULL:
            assert len(printed[title]) % pages_wide == 0, f"{title}: a column stands on a page of its own"
        there = words(" ".join(printed[title]))
        texts = [text for text in sheet.cells.values() if isinstance(text, str)]
        wanted = set().union(*map(words, texts))
        assert wanted <= there, f"{title}: {sorted(wanted - there)[:10]}"
    if name != "empty":
        assert {"over", "reaches"} & words(" ".join(printed["Worklist"]))


def test_no_page_is_printed_for_next_to_nothing(tmp_path: Path) -> None:
    pages = pages_of(book("messy_batch.csv"), tmp_path)
    assert all(len(page.split()) > 30 for page in pages), [len(page.split()) for page in pages]
