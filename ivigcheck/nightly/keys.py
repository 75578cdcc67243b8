"""The keys of an unattended run's configuration: their defaults, their bounds, and what each means."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from ivigcheck.report import FORMATS
from ivigcheck.site import BUILT_IN


@dataclass(frozen=True, kw_only=True)
class NightlyConfig:
    """A configuration as it counts: every path is absolute, none need exist. What each means stands in MEANINGS.

    file: the configuration's own. archive: None where checked files stay in the inbox. policy: None for the built-in
    one. sheet, encoding: None where not said. formats: without their dots.
    """

    file: Path
    name: str = "nightly"
    inbox: Path
    patterns: tuple[str, ...] = ("*.csv", "*.tsv", "*.xlsx", "*.xlsm")
    archive: Path | None = None
    quarantine: Path
    reports: Path
    formats: tuple[str, ...] = ("html", "xlsx", "json")
    history: Path
    policy: Path | None
    sheet: str | None = None
    encoding: str | None = None
    fail_on: str = "stop"
    acknowledged_count: bool = True
    gone_after_days: int = 2
    min_orders: int = 1
    max_file_age_hours: int = 26
    settle_seconds: int = 10
    max_wait_seconds: int = 300
    status_hours: int = 26


class ConfigFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of the file. What is "" here has no default: it is needed, or is not set."""

    name: str = NightlyConfig.name
    inbox: str = ""
    patterns: tuple[str, ...] = NightlyConfig.patterns
    archive: str = ""
    quarantine: str = ""
    reports: str = ""
    formats: tuple[str, ...] = NightlyConfig.formats
    history: str = ""
    policy: str = ""
    sheet: str = ""
    encoding: str = ""
    fail_on: str = NightlyConfig.fail_on
    acknowledged_count: bool = NightlyConfig.acknowledged_count
    gone_after_days: int = NightlyConfig.gone_after_days
    min_orders: int = NightlyConfig.min_orders
    max_file_age_hours: int = NightlyConfig.max_file_age_hours
    settle_seconds: int = NightlyConfig.settle_seconds
    max_wait_seconds: int = NightlyConfig.max_wait_seconds
    status_hours: int = NightlyConfig.status_hours


FOLDERS: Final = ("inbox", "archive", "quarantine", "reports")
PATHS: Final = (*FOLDERS, "history", "policy")
REQUIRED: Final = ("inbox", "quarantine", "reports", "history", "policy")

FORMAT_NAMES: Final = tuple(ending.removeprefix(".") for ending in FORMATS)
FAIL_ON: Final = ("stop", "review", "never")
_A_DAY: Final = 86_400  # seconds
_A_CENTURY: Final = 876_600  # hours: as good as never, and still a date
BOUNDS: Final = {
    "gone_after_days": (0, 365),
    "min_orders": (0, 1_000_000),
    "max_file_age_hours": (1, _A_CENTURY),
    "settle_seconds": (0, 3600),
    "max_wait_seconds": (0, _A_DAY),
    "status_hours": (1, _A_CENTURY),
}
"""The least and the most that each whole number may be."""

MEANINGS: Final = {
    "name": "What messages and reports call this run: 1 to 40 of the letters a to z, digits, - and _.",
    "inbox": "The folder in which the files to check arrive.",
    "patterns": "Which of its files are checked, by their names; capital and small letters are the same.",
    "archive": "The folder to which checked files are moved. Without it they stay in the inbox.",
    "quarantine": "The folder to which a file is moved that cannot be read as orders.",
    "reports": "The folder in which the reports are written.",
    "formats": f"Which reports are written: {', '.join(FORMAT_NAMES)}.",
    "history": 'The history of reactions, findings and runs. "ivigcheck history init" begins one.',
    "policy": f"The site's policy file, or \"{BUILT_IN}\". Needed, for no variable and no folder of a user's is asked.",
    "sheet": "Which sheet of a workbook holds the orders. Without it the one that has their columns is read.",
    "encoding": "The encoding of text files. Without it they are in the policy's encoding, or in UTF-8.",
    "fail_on": "The status from which on an order makes the exit code 1: stop, review or never.",
    "acknowledged_count": "Whether an acknowledged finding counts in the exit code; the report counts it always.",
    "gone_after_days": "A finding whose order was in no file on so many days with a complete run is over. 0: the files "
    "of each run together hold every active order, so that it is over at once.",
    "min_orders": "With fewer orders than this a run fails, once its reports are out: an export that failed often "
    "leaves an empty file.",
    "max_file_age_hours": "When the newest file that ever came was written more hours ago, a run fails: the export "
    "does not seem to run.",
    "settle_seconds": "A file that was written within so many seconds may still grow, and is waited for.",
    "max_wait_seconds": "For how many seconds at most a run waits for files that may still grow.",
    "status_hours": '"ivigcheck status" fails when the last good run is more hours ago.',
}
"""What each key of the file means."""

_SAMPLES: Final = {
    "inbox": "inbox",
    "archive": "archive",
    "quarantine": "quarantine",
    "reports": "reports",
    "history": "history.sqlite",
    "policy": BUILT_IN,
    "sheet": "Orders",
    "encoding": "cp1252",
}
"""Of keys without a default, what the example has."""

_HEAD: Final = (
    "The configuration of an unattended run of ivigcheck.",
    'A folder or a file that is not written from / on lies where this file lies; "~" is not expanded.',
    f"Needed are {', '.join(REQUIRED[:-1])} and {REQUIRED[-1]}. Every other key is shown with its default, and may be "
    'left out; one that begins with "#" is not set.',
)


def example_config() -> str:
    """The text of a configuration with every key, what it means and its default; read, it gives the defaults."""
    paragraphs = [*map(_comment, _HEAD)]
    for name in ConfigFile.__struct_fields__:
        default = getattr(ConfigFile(), name)
        setting = f"{name} = {_toml(_SAMPLES.get(name, default))}"
        set_here = default != "" or name in REQUIRED
        paragraphs.append(f"{_comment(MEANINGS[name] + _bounds(name))}\n{'' if set_here else '# '}{setting}")
    return "\n\n".join(paragraphs) + "\n"


def _toml(value: Any) -> str:
    """A text, a yes or no, a whole number or a list of texts, of plain letters: TOML writes them as JSON does."""
    return json.dumps(value)


def _bounds(name: str) -> str:
    return " At least {}, at most {}.".format(*BOUNDS[name]) if name in BOUNDS else ""


def _comment(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
