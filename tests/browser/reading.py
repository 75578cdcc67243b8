"""What a page shows, read back."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from playwright.sync_api import Page

Path = tuple[str | int, ...]
LONGEST = 2000

READ = """([root, kind]) => [...document.querySelector(root).querySelectorAll(`[data-${kind}]`)]
  .map((element) => ({
    path: element.dataset[kind], value: element.dataset.value, length: element.dataset.length,
    text: element.textContent, seen: element.checkVisibility(), folded: element.closest('details') !== null,
  }))"""


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf of a JSON value with its path, but empty texts, lists and objects."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from leaves(each, (*at, name))
    elif isinstance(value, list):
        for k, each in enumerate(value):
            yield from leaves(each, (*at, k))
    elif value != "":
        yield at, value


def read(page: Page, root: str, kind: str = "fact") -> list[dict[str, Any]]:
    """The facts under an element: each with its path, its value or the length of its list, and its text.

    kind: "fact" for an order's, "head" for the report's.
    """
    found = page.evaluate(READ, [root, kind])
    for each in found:
        each["path"] = tuple(json.loads(each["path"]))
        each["value"] = None if each["value"] is None else (json.loads(each["value"]),)  # in a tuple: null is a value
    return found


def at(value: Any, path: Path) -> Any:
    """What stands at a path. Raises KeyError or IndexError where there is nothing."""
    for step in path:
        value = value[step]
    return value


def exactly(one: Any, other: Any) -> bool:
    """Equality for which true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def visible(text: str) -> str:
    """A text with an escape for each character that nobody would see."""
    shown = ""
    for each in text:
        code = ord(each)
        if each == " " or unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            shown += each
        else:
            shown += f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return shown


def minutes(text: str) -> int:
    hours, rest = re.fullmatch(r"(?:(\d+) h )?(\d+) min", text).groups()
    return int(hours or 0) * 60 + int(rest)


TIMES = ("at", "until", "total_minutes", "close_watch_until")
WORDS = ("at_risk", "undocumented", "not_assessed")
MARKS = {"STOP": "■ STOP", "UNCHECKED": "▲ UNCHECKED", "REVIEW": "◆ REVIEW", "PASS": "✓ PASS", "INFO": "i INFO"}
STATES = {
    "new": "New", "changed": "Changed", "reopened": "Reopened", "still_open": "Still open", "acknowledged": "Acknowledged",
}  # fmt: skip


def says(path: Path, value: Any, text: str) -> bool:
    """Whether a shown text says what the fact is."""
    name = path[-1]
    if value is None:
        return text in ("not known", "not ordered", "", f"(no {name})".replace("_", " "), str(name).replace("_", " "))
    if path == ("history", "asked"):
        return text == ("asked: " if value else "not asked: ")
    if isinstance(value, bool):
        return text == (("below " if value else "") if str(name).endswith("_exclusive") else "yes" if value else "no")
    if isinstance(value, str):
        if path[0] in WORDS:
            return text == value.replace("_", " ")
        if (path[0] == "findings" and name == "severity") or path == ("status",):
            return text == MARKS[value.upper()]
        if name == "state" or path == ("delta",):
            return text == STATES[value]
        whole = visible(value)
        text = text.removeprefix("as ordered: ")
        return text == whole or (text.endswith("…(cut)") and whole.startswith(text.removesuffix("…(cut)")))
    if text == "":
        return name == "ends_at" or (path[0] == "delta" and value == 0)  # which total_minutes says too; nothing
    if name in TIMES and path[0] == "schedule":
        return abs(minutes(text) - value) <= 0.5
    shown = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?: [A-Za-z/]+)?", text)
    digits = 4 if path[0] == "schedule" or str(name).endswith("_rate_mg_per_kg_min") else 6
    return shown is not None and abs(float(shown[1]) - value) <= 10.0 ** (1 - digits) * abs(value)


def differences(said: Any, facts: list[dict[str, Any]]) -> list[str]:
    """How the facts on a page differ from what the report says: nothing is missing, otherwise, or made up."""
    wrong, there = [], set()
    for fact in facts:
        path, name = fact["path"], ".".join(map(str, fact["path"]))
        try:
            known = at(said, path)
        except (KeyError, IndexError, TypeError):
            wrong.append(f"{name} is no fact of the report")
            continue
        if fact["length"] is not None:
            if not isinstance(known, list) or len(known) != int(fact["length"]):
                wrong.append(f"{name} is a list of {fact['length']}, not of {len(known)}")
            continue
        (value,) = fact["value"]
        there.add(path)
        if not exactly(value, known):
            wrong.append(f"{name} is {known!r}, not {value!r}")
        elif not says(path, known, fact["text"]):
            wrong.append(f"{name} is {known!r}, and is shown as {fact['text']!r}")
        elif fact["text"] and not fact["seen"] and not fact["folded"]:
            wrong.append(f"{name} is not to be seen")
    wrong += [
        f"{'.'.join(map(str, path))} is not there ({value!r})" for path, value in leaves(said) if path not in there
    ]
    return wrong
