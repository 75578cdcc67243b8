"""The generated parts of the user guide: ``--write`` makes them anew, ``--check`` compares.

Made are the pages of the commands, columns, rules, products and policy keys, whole, and in every other page and in the
README the blocks that show what a command prints.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "guide")]

from columns_page import columns_page  # noqa: E402
from commands_page import commands_page  # noqa: E402
from policy_page import policy_page  # noqa: E402
from printed_examples import with_examples  # noqa: E402
from products_page import products_page  # noqa: E402
from rules_page import rules_page  # noqa: E402

from ivigcheck.guide.contents import GENERATED, WRITTEN  # noqa: E402

PAGES = ROOT / "ivigcheck" / "guide" / "pages"
README = ROOT / "README.md"
MADE: Mapping[str, Callable[[], str]] = {
    "commands": commands_page,
    "columns": columns_page,
    "rules": rules_page,
    "products": products_page,
    "policy-keys": policy_page,
}


def current(folder: Path) -> dict[Path, str]:
    """Each file with the text that it should have."""
    assert tuple(MADE) == GENERATED
    texts = {folder / f"{name}.md": make() for name, make in MADE.items()}
    for path in (*(folder / f"{name}.md" for name in WRITTEN), README):
        texts[path] = with_examples(path.read_text(encoding="utf-8"))
    return texts


def stale(folder: Path) -> list[Path]:
    """The files that have another text than they should."""
    return [
        path for path, text in current(folder).items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str], folder: Path = PAGES) -> int:
    """0 where every file is current (or has been written), 1 where one is stale, 2 for anything else than a mode."""
    if arguments not in (["--write"], ["--check"]):
        print("usage: reference.py --write | --check")
        return 2
    try:
        if arguments == ["--write"]:
            for path, text in current(folder).items():
                path.write_text(text, encoding="utf-8")
            return 0
        found = stale(folder)
    except ValueError as error:
        print(f"an example of the guide is not what the program prints:\n{error}")
        return 1
    for path in found:
        print(f"{path} is stale: run make format")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
