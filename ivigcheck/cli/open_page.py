"""``--open``: a report's HTML page in the default browser."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ivigcheck.cli.terminal import complain
from ivigcheck.errors import UsageError
from ivigcheck.show import visible

ENDING: Final = ".html"
_PATIENCE_S: Final = 3.0  # a browser that has not failed by then is taken to run
# A process of its own: what a browser prints goes nowhere, and whatever it waits for, nobody here waits with it.
# Isolated (-I): no file of the working folder is taken for the library's module.
_STARTER: Final = (
    sys.executable,
    "-I",
    "-c",
    "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))",
)


def page_to_open(outputs: Sequence[Path]) -> Path:
    """The output that a browser shows: the first HTML page. Raises UsageError where none is written."""
    for path in outputs:
        if path.suffix.lower() == ENDING:
            return path
    raise UsageError("--open shows the HTML page, and none is written: name one, such as -o report.html --open.")


def open_page(path: Path, *, quiet: bool) -> None:
    """Shows a page in the default browser, and waits for no browser; where none can be started it says so on stderr.

    quiet: nothing is said.
    """
    why_not = _why_no_browser() or _why_not_started(path.absolute().as_uri())
    if why_not and not quiet:
        complain(f"{visible(str(path))}: {why_not}: open the file by hand.")


def _why_no_browser() -> str:
    """Why no browser could show itself; "" where one could. BROWSER names one that may need no display."""
    if sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))):
        return ""
    return "there is no display here that a browser could open on"


def _why_not_started(uri: str) -> str:
    """Starts the browser; why it could not be, "" where it was."""
    import subprocess  # which every other command can spare

    nowhere = subprocess.DEVNULL
    try:
        starter = subprocess.Popen(
            [*_STARTER, uri], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
        failed = starter.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return ""
    except OSError as error:
        return f"no browser could be started ({error.strerror})"
    return "no browser could be started" if failed else ""
