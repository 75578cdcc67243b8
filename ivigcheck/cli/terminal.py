"""Printing: reports to standard output, diagnostics and progress to standard error, and nothing else anywhere."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from ivigcheck.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console

_PATIENCE_S = 1.0  # shorter work shows no progress


def emit(content: str | bytes) -> None:
    """Writes all of it to standard output and flushes it. Raises OutputError where that cannot be done."""
    try:
        if sys.stdout is None:
            raise OutputError("Standard output is closed: the report could not be written.")
        sys.stdout.flush()
        if isinstance(content, str):
            content = content.encode(sys.stdout.encoding, sys.stdout.errors or "backslashreplace")
        rest = memoryview(content)
        while rest:  # an unbuffered stream may take a part only
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        silence(sys.stdout)  # the reader has gone: the interpreter must not complain of it again on its way out
        raise OutputError("") from error
    except OSError as error:
        silence(sys.stdout)
        raise OutputError(f"Standard output could not be written to: {error.strerror}.") from error


def silence(stream: TextIO) -> None:
    """Sends whatever is still buffered for a broken stream nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())


def complain(message: str) -> None:
    """One message on standard error; none where it cannot be written, for the exit code says the same."""
    if message:
        with diagnostics() as stream:
            stream.write(f"ivigcheck: {message}\n")


@contextlib.contextmanager
def diagnostics() -> Iterator[TextIO]:
    """Standard error, flushed in the end; a full disk behind it does not change what the program exits with."""
    if sys.stderr is None:
        yield io.StringIO()
        return
    try:
        yield sys.stderr
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)  # else the interpreter tries again on its way out, and exits with a code of its own


@contextlib.contextmanager
def captured() -> Iterator[Console]:
    """A console whose output is emitted as one piece when the block ends.

    Colours at a terminal, plain text elsewhere and with NO_COLOR; text is never taken for markup.
    """
    from rich.console import Console

    text = io.StringIO()
    # NO_COLOR means plain text: with it alone the console would still print bold.
    at_terminal = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    yield Console(file=text, force_terminal=at_terminal, highlight=False, markup=False, emoji=False)
    emit("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()))


@contextlib.contextmanager
def on_termination() -> Iterator[None]:
    """Inside, being asked to end (SIGTERM) is an interruption like Ctrl-C: what was begun is undone or finished."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's: whoever calls from another one sees to them
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Progress:
    """Which stage a run is in, on standard error at a terminal, for work that takes more than a second."""

    def __init__(self, *, shown: bool) -> None:
        self._started = time.monotonic()
        self._shown = shown and sys.stderr is not None and sys.stderr.isatty()
        self._status: contextlib.AbstractContextManager[object] | None = None
        self._update: Callable[[str], None] | None = None

    def __call__(self, stage: str, orders: int) -> None:
        if not self._shown or time.monotonic() - self._started < _PATIENCE_S:
            return
        if self._status is None:
            from rich.console import Console

            status = Console(stderr=True).status("")
            self._status, self._update = status, status.update
            status.start()
        if self._update is not None:
            self._update(f"{stage}: {orders:,} orders")

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._status is not None:
            self._status.__exit__(None, None, None)
