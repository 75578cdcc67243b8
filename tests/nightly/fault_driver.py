"""Unattended runs in which one operation goes wrong, as processes of their own: run by test_faults.

Prints what it found as JSON. The runs are forked here, where no test's threads are in the way.
"""

from __future__ import annotations

import builtins
import errno
import gc
import hashlib
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from ivigcheck.cli.terminal import on_termination
from ivigcheck.errors import Stop
from ivigcheck.history import History
from ivigcheck.nightly import lock
from ivigcheck.nightly.config import read_config
from ivigcheck.nightly.log import Log
from ivigcheck.nightly.night import Outcome, run_night

DAY: Final = date(2026, 11, 22)
CANARY: Final = "ZZ-CANARY-PATIENT"
MODES: Final = ("kill", "kill-after", "half", "term", "full", "eio")
_RECORDED: Final = "COMMIT"
_AT_COMMIT: Final = "eio-after"  # what is reported as failed, and was done
_GROWING: Final = frozenset({"open", "write", "mkdir", "link", "symlink"})  # what a full disk refuses
_GONE: Final = frozenset({"unlink", "rmdir"})  # what it does not
_OF_OS: Final = {
    "fsync": "fsync",
    "rename": "rename",
    "replace": "rename",
    "link": "link",
    "symlink": "symlink",
    "mkdir": "mkdir",
    "unlink": "unlink",
    "remove": "unlink",
    "rmdir": "rmdir",
}
_FEWER: Final = {"sql-close": ("kill", "kill-after", "term", "full"), "sql-row": ("kill", "full")}
_RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+Z:\d]*")
_ASIDE: Final = re.compile(r"(\.ivigcheck-|openpyxl\.)[a-z0-9_]{8}(?=$|[./ ])")
_STUCK_S: Final = 30

CONFIG: Final = """\
inbox = "inbox"
archive = "archive"
quarantine = "quarantine"
reports = "reports"
history = "data/history.sqlite"
policy = "built-in"
formats = ["xlsx", "json", "csv"]
settle_seconds = 0
max_wait_seconds = 0
"""
_FOLDERS: Final = ("inbox", "archive", "quarantine", "reports", "temporary")


# Written out here: what the tests of the nights have in common is no business of a process that is killed.
_SCREENED: Final = (
    "hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion", "cardiovascular_risk", "diabetes",
    "renal_insufficiency",
)  # fmt: skip
GOOD: Final = {
    "order_id": "",
    "patient_id": CANARY,
    "indication": "PI",
    "weight": "80 kg",
    "age_years": "40",
    "product": "Gamunex-C 10%",
    "start_rate": "1 mg/kg/min",
    "max_rate": "240 mL/h",
    **dict.fromkeys(_SCREENED, "no"),
}


def orders(*changes: Mapping[str, str]) -> bytes:
    """A CSV file of good orders with some cells changed."""
    rows = [{**GOOD, **change} for change in changes]
    return "".join(",".join(row) + "\r\n" for row in ([*rows[0]], *(row.values() for row in rows))).encode()


BEFORE: Final = orders({"order_id": "A-0"}, {"order_id": "B-0", "patient_id": "another"})
NOW: Final = orders({"order_id": "A-1", "max_rate": "456 mL/h"}, {"order_id": "B-1", "patient_id": "another"})
"""456 mL/h x 100 mg/mL / 60 / 80 kg = 9.5 mg/kg/min, over the ceiling of 8: one STOP among two orders."""
BROKEN: Final = f"neither,orders\r\nnor,{CANARY}\r\n".encode()


# --- operations that go wrong


class Fault:
    """Counts the operations of a process and lets one of them go wrong. at: which, 0 for none; say: is told of each
    operation while they are counted, and of the one that goes wrong."""

    def __init__(self, folder: Path, at: int, mode: str, say: Callable[[Mapping[str, Any]], None]) -> None:
        self._folder = folder
        self._at = at
        self._mode = mode
        self._say = say
        self._count = 0
        self._full = False
        self._statements = 0

    def __call__(self, kind: str, what: Sequence[Any], do: Callable[[], Any], half: Callable[[], Any] = str) -> Any:
        """Does an operation, or what becomes of it. half: does half of it."""
        self._count += 1
        if self._count == self._at or not self._at:
            self._say({"operation": [kind, " -> ".join(map(self._named, what))]})
        if self._full and kind in _GROWING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._count != self._at:
            return do()
        match self._mode:
            case "kill":
                self._die()
            case "half":
                half()
                self._die()
            case "kill-after":
                try:
                    do()
                finally:  # also where it fails without any help, as to remove what is not there does
                    self._die()
            case "term":
                os.kill(os.getpid(), signal.SIGTERM)
            case "full":
                self._fill()
                if kind not in _GONE and not kind.startswith("sql"):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            case _:
                if self._mode == _AT_COMMIT:
                    do()
                raise _sqlite_error() if kind == "sql" else OSError(errno.EIO, os.strerror(errno.EIO))
        return do()

    def statement(self, text: str, do: Callable[[], Any]) -> Any:
        """An SQL statement, or many of the same text."""

        def begun() -> Any:
            self._statements = 0
            return do()

        return self("sql", [text.split("(")[0][:60]], begun)

    def traced(self, text: str) -> None:
        """What SQLite begins to do. An exception would go no further from here, so no mode raises one."""
        self._statements += 1
        if self._statements > 1:  # the first was counted as the statement itself
            self("sql-row", [text.split("(")[0][:60]], lambda: None)

    def _fill(self) -> None:
        import resource  # which not every system has

        self._full = True
        # What SQLite writes is refused by the system itself.
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    @staticmethod
    def _die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _named(self, what: Any) -> str:
        text = str(Path(f"/proc/self/fd/{what}").readlink()) if isinstance(what, int) else os.fsdecode(what)
        text = text.removeprefix(f"{self._folder}/").removesuffix(" (deleted)")
        return _ASIDE.sub(r"\1…", _RUN_ID.sub("RUN", text))


def _sqlite_error() -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR, "SQLITE_IOERR"
    return error


def watch(fault: Fault) -> None:
    """Puts itself between this process and the system, for good."""
    for name, kind in _OF_OS.items():
        setattr(os, name, _watched(fault, kind, getattr(os, name)))
    os_open, os_write, io_open, connect = os.open, os.write, io.open, sqlite3.connect

    def opening(path: Any, flags: int, *more: Any, **options: Any) -> int:
        def do() -> int:
            return os_open(path, flags, *more, **options)

        written = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return int(fault("open", [path], do)) if written else do()

    def writing(descriptor: int, content: Any) -> int:
        half = content[: len(content) // 2]
        done = fault("write", [descriptor], lambda: os_write(descriptor, content), lambda: os_write(descriptor, half))
        return int(done)

    class Raw(io.FileIO):
        def write(self, content: Any) -> int:
            half, write = content[: len(content) // 2], io.FileIO.write
            return int(fault("write", [self.fileno()], lambda: write(self, content), lambda: write(self, half)))

    def opening_file(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wxa+") or isinstance(file, int):
            return io_open(file, mode, buffering, encoding, errors, newline, closefd, opener)

        def do() -> Raw:
            return Raw(file, mode.replace("b", "").replace("t", ""), opener=opener)

        raw = do() if opener else fault("open", [file], do)  # an opener asks the system itself
        buffer = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

    class Connection(sqlite3.Connection):
        def execute(self, text: str, *values: Any) -> Any:
            return fault.statement(text, lambda: sqlite3.Connection.execute(self, text, *values))

        def executemany(self, text: str, *values: Any) -> Any:
            return fault.statement(text, lambda: sqlite3.Connection.executemany(self, text, *values))

        def executescript(self, text: str) -> Any:
            return fault.statement(text, lambda: sqlite3.Connection.executescript(self, text))

        def close(self) -> None:
            fault("sql-close", [], lambda: sqlite3.Connection.close(self))

    def connecting(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, factory=Connection, **options)
        connection.set_trace_callback(fault.traced)
        return connection

    os.open, os.write, sqlite3.connect = opening, writing, connecting  # type: ignore[assignment]
    io.open = builtins.open = opening_file


def _watched(fault: Fault, kind: str, do: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*arguments: Any, **options: Any) -> Any:
        what = arguments[: 2 if kind in ("rename", "link", "symlink") else 1]
        return fault(kind, what, lambda: do(*arguments, **options))

    return operation


def put_on_another_disk(folder: Path) -> None:
    """Lets archive and quarantine of a case be on a disk of their own, for this process."""
    rename = os.rename

    def renaming(source: Any, target: Any, **options: Any) -> None:
        if Path(source).parent != Path(target).parent and Path(target).parent.name in ("archive", "quarantine"):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename(source, target, **options)

    os.rename = renaming  # type: ignore[assignment]


# --- runs


@dataclass(frozen=True)
class Variant:
    """What a case is made of. files: of the inbox; code: of an undisturbed run; differs_at: what of its operations first
    matters to it; another_disk: archive and quarantine are on one; interrupted: a run was killed before, once recorded.
    """

    name: str
    files: Mapping[str, bytes]
    code: int
    differs_at: str
    another_disk: bool = False
    interrupted: bool = False


VARIANTS: Final = (
    Variant("reports", {"orders.csv": NOW}, 1, _RECORDED),
    Variant("quarantine", {"orders.csv": NOW, "broken.csv": BROKEN}, 3, _RECORDED),
    Variant("another-disk", {"orders.csv": NOW, "broken.csv": BROKEN}, 3, "archive/", another_disk=True),
    Variant("interrupted", {"orders.csv": NOW}, 1, "reports/RUN", interrupted=True),
)


@dataclass
class Ended:
    """What a forked run said: the operations it told of, its log, what it told its user, and how it ended. code: 0 or
    more, or the signal; line: of its outcome, or what went wrong."""

    operations: list[list[str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    tellings: list[str] = field(default_factory=list)
    code: int = 0
    line: str = ""
    error: str = ""
    trace: str = ""

    @property
    def told(self) -> bool:
        """Whether somebody was told of the STOP, and not with a code that says that all is well."""
        return any("1 STOP" in line and line[:2] in ("1 ", "3 ") for line in self.tellings)


def begun(
    folder: Path, variant: Variant, *, at: int = 0, mode: str = "", count: bool = False, gate: int | None = None
) -> tuple[int, int]:
    """Forks a run. Returns its process id and the end of a pipe to read from what it says.

    at, mode: which operation goes wrong, and how. count: it tells of its operations. gate: it waits there for a byte.
    """
    reader, writer = os.pipe()
    process = os.fork()
    if process:
        os.close(writer)
        return process, reader
    code = 1
    try:
        os.close(reader)
        say = _speaker(writer)
        signal.alarm(_STUCK_S)
        os.environ["TMPDIR"], tempfile.tempdir = str(folder / "temporary"), None
        if variant.another_disk:
            put_on_another_disk(folder)
        config = read_config(folder / "nightly.toml")
        if gate is not None:
            os.read(gate, 1)
        if at or count:
            watch(Fault(folder, at, mode, say))
        say(_one_run(config, say))
        code = 0
    finally:
        os._exit(code)


def _speaker(writer: int) -> Callable[[Mapping[str, Any]], None]:
    write = os.write  # as it is before anything stands in between

    def say(what: Mapping[str, Any]) -> None:
        write(writer, f"{json.dumps(what)}\n".encode())

    return say


def _one_run(config: Any, say: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
    def log(run_id: str) -> Log:
        return Log(lambda line: say({"log": line}), "text", run_id)

    def tell(outcome: Outcome) -> None:
        say({"told": f"{int(outcome.code)} {outcome.line}"})

    try:
        with on_termination():
            outcome = run_night(config, day=DAY, log=log, tell=tell)
        return {"code": int(outcome.code), "line": outcome.line}
    except Stop as stop:
        return {"code": int(stop.exit_code), "error": type(stop).__name__, "line": str(stop)}
    except BaseException as error:  # as the command line does
        code = 130 if isinstance(error, KeyboardInterrupt) else 70
        return {"code": code, "error": type(error).__name__, "trace": traceback.format_exc()}


def ended(process: int, reader: int) -> Ended:
    """Waits for a forked run."""
    with os.fdopen(reader) as stream:
        lines = [json.loads(line) for line in stream]
    _, status = os.waitpid(process, 0)
    end = Ended(code=os.waitstatus_to_exitcode(status))
    for line in lines:
        if "operation" in line:
            end.operations.append(line["operation"])
        elif "log" in line:
            end.log.append(line["log"])
        elif "told" in line:
            end.tellings.append(line["told"])
        else:
            vars(end).update(line)
    return end


def run(folder: Path, variant: Variant, **options: Any) -> Ended:
    """Forks a run and waits for it."""
    return ended(*begun(folder, variant, **options))


def prepared(folder: Path) -> str:
    """Makes a folder in which a first run has published its reports. Returns the run's id."""
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    (folder / "nightly.toml").write_text(CONFIG)
    History.recording(folder / "data" / "history.sqlite").close()
    (folder / "inbox" / "before.csv").write_bytes(BEFORE)
    # Not forked: what a run imports is then imported before any other run is forked.
    config = read_config(folder / "nightly.toml")
    outcome = run_night(config, day=DAY, log=lambda _: Log(lambda _: None, "text", ""), tell=lambda _: None)
    assert outcome.code == 0, outcome.line
    return outcome.run_id


# --- what has to hold


@dataclass(frozen=True)
class Expected:
    """What is known of every case of a variant. status: what the status file says before; old: the first run's id;
    files: of its folder; new: the files of the second run's, with whatever two runs differ in replaced; orders: in
    them; members: of the workbook."""

    variant: Variant
    status: bytes
    old: str
    files: Mapping[str, bytes]
    new: Mapping[str, str]
    orders: int
    members: Sequence[str]

    def whole(self, folder: Path) -> list[str]:
        """Why the folder of a run's reports, in its place or aside, is not a whole set."""
        found = files_of(folder)
        run_id = _RUN_ID.findall(folder.name)[0]
        if found.keys() != {*self.new, "orders.xlsx"}:
            return [f"{folder.name} holds {sorted(found)}"]
        changed = [name for name, text in self.new.items() if neutral(found[name], folder, run_id) != text]
        with zipfile.ZipFile(io.BytesIO(found["orders.xlsx"])) as book:
            if book.testzip() is not None or book.namelist() != self.members:
                changed.append("orders.xlsx")
        if len(json.loads(found["orders.json"])["orders"]) != self.orders:
            changed.append("orders.json, by its orders")
        return [f"{folder.name} is not whole: {', '.join(changed)}"] if changed else []


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*")}


def neutral(content: bytes, folder: Path, run_id: str) -> str:
    """A report's text without what differs between two runs that find the same."""
    text = re.sub(rf"{re.escape(str(folder.parents[2]))}/[^/]+", "FOLDER", content.decode())
    return _TIME.sub("TIME", text.replace(run_id, "RUN"))


def expected(template: Path, folder: Path, variant: Variant, old: str) -> tuple[Expected, list[list[str]]]:
    """What an undisturbed run of a variant publishes, and its operations."""
    filled(template, folder, variant)
    end = run(folder, variant, count=True)
    assert end.code == variant.code and end.told and end.tellings == [f"{end.code} {end.line}"], end
    place = (folder / "reports" / "latest").resolve()
    found = files_of(place)
    report = json.loads(found["orders.json"])
    stops = [each["code"] for order in report["orders"] for each in order["findings"] if each["severity"] == "stop"]
    assert "IVG101" in stops and report["run"]["id"] == place.name, (stops, place.name)
    assert set(found) == {f"orders.{x}" for x in ("xlsx", "json", "csv")} | {"worklist.txt", "mail.txt", "mail.html"}
    with zipfile.ZipFile(io.BytesIO(found["orders.xlsx"])) as book:
        members = book.namelist()
    new = {name: neutral(content, place, place.name) for name, content in found.items() if name != "orders.xlsx"}
    status = (template / "reports" / "status.json").read_bytes()
    whole = Expected(variant, status, old, files_of(template / "reports" / old), new, 2, members)
    assert (after := after_all(folder, whole)) == [], after
    return whole, end.operations


def filled(template: Path, folder: Path, variant: Variant) -> None:
    """A copy of the prepared folder with new files in its inbox; of an interrupted one, they are there."""
    shutil.copytree(template, folder, symlinks=True)
    for name, content in variant.files.items():
        if not variant.interrupted:
            (folder / "inbox" / name).write_bytes(content)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def runs_that_took(folder: Path, content: bytes) -> list[str]:
    """The ids of the runs that took a file, by the history."""
    with History.reading(folder / "data" / "history.sqlite") as history:
        return [
            str(entry.facts["id"])
            for entry in history.entries()
            if entry.kind == "run" and sha256(content) in {each["sha256"] for each in entry.facts["inputs"]}
        ]


def latest_of(folder: Path) -> str:
    """Where latest leads to; "" where it is no link."""
    latest = folder / "reports" / "latest"
    return str(latest.readlink()) if latest.is_symlink() else ""


def hidden(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob(".*") if each.name != lock.NAME)


def always(folder: Path, known: Expected) -> Iterator[str]:
    """What has to hold at any time: of the reports, and of the history."""
    reports = folder / "reports"
    places = {each.name: each for each in reports.iterdir() if each.is_dir() and not each.is_symlink()}
    if latest_of(folder) not in places or latest_of(folder).startswith("."):
        yield "a: latest leads to no run's reports"
    if known.old not in places or files_of(places[known.old]) != known.files:
        yield "a: the reports of the run before are not what they were"
    for name, place in places.items():
        if name != known.old and not name.startswith("."):
            yield from (f"a: {why}" for why in known.whole(place))
    with History.reading(folder / "data" / "history.sqlite") as history:
        yield from (f"b: {problem}" for problem in history.problems())


def after_failure(folder: Path, known: Expected, end: Ended, mode: str) -> Iterator[str]:
    """What has to hold after a run that failed and was not killed."""
    recorded = runs_that_took(folder, NOW)
    for name in (each for each in hidden(folder / "reports") if "/" not in each):
        run_id = name.removeprefix(".ivigcheck-run-")
        if run_id == name:
            yield f"d: {name} is left in the folder of reports"
        elif run_id not in recorded:
            yield "d: a folder of reports is left aside, and its run was not recorded"
        else:
            yield from (f"d: {why}" for why in known.whole(folder / "reports" / name))
    if any((folder / "temporary").iterdir()):
        yield "d: something is left among the temporary files"
    if not end.error:
        return
    code = 130 if mode == "term" else 3
    if end.code != code:
        yield f"d: the run ended with {end.code} ({end.error}), not {code}"
    status = status_of(folder)
    if not status:
        yield "d: the status is no whole JSON"
    elif not end.log:  # it never came to hold the lock
        if (folder / "reports" / "status.json").read_bytes() != known.status:
            yield "d: the status is not what it was"
    elif mode == "term" or (mode == "eio" and "status.json" not in end.operations[-1][1]):  # else it cannot be written
        said = status["state"], status.get("exit_code")
        if said != ("ended", code):
            yield f"d: the status says {said}, not {('ended', code)}"


def status_of(folder: Path) -> dict[str, Any]:
    """What the status file says; nothing where it is not whole."""
    try:
        status: dict[str, Any] = json.loads((folder / "reports" / "status.json").read_bytes())
    except ValueError:
        return {}
    return status


def after_all(folder: Path, known: Expected) -> list[str]:
    """What has to hold after the next run."""
    found = [*always(folder, known)]
    for name in ("reports", "archive", "quarantine", "inbox"):
        found += [f"c: {name} still holds {each}" for each in hidden(folder / name)]
    found += [f"c: {each.name} is left among the temporary files" for each in (folder / "temporary").iterdir()]
    found += [f"c: {each.name} is still in the inbox" for each in (folder / "inbox").glob("[!.]*")]
    runs = runs_that_took(folder, NOW)
    if len(runs) != 1:
        found.append(f"c: {len(runs)} runs took the file")
    elif latest_of(folder) != runs[0]:
        found.append("c: latest does not lead to the reports of the run that took the file")
    archived = {sha256(each.read_bytes()) for each in (folder / "archive").glob("[!.]*")}
    if archived != {sha256(BEFORE), sha256(NOW)}:
        found.append("c: the archive does not hold the files that were checked, and them alone")
    if "broken.csv" in known.variant.files:
        kept = {sha256(each.read_bytes()) for each in (folder / "quarantine").glob("[!.]*.csv")}
        if kept != {sha256(BROKEN)}:
            found.append("c: the quarantine folder does not hold the file that could not be read")
    return found


def named_patient(folder: Path, *ends: Ended) -> Iterator[str]:
    """Where the patient is named who must not be."""
    places = [folder / "reports" / "status.json", *(folder / "reports").glob("**/mail.*")]
    yield from (
        f"e: {each.relative_to(folder)} names the patient" for each in places if CANARY.encode() in each.read_bytes()
    )
    for end in ends:
        if any(CANARY in text for text in (*end.log, *end.tellings, end.line)):
            yield "e: the log names the patient"


def case(template: Path, folder: Path, known: Expected, at: int, mode: str) -> dict[str, Any]:
    """One run in which the operation of this number goes wrong, the next run, and what did not hold."""
    variant = known.variant
    filled(template, folder, variant)
    end = run(folder, variant, at=at, mode=mode)
    killed = mode in ("kill", "kill-after", "half")
    violated = [] if end.operations else ["there was no such operation"]
    if killed != (end.code == -signal.SIGKILL):
        violated.append(f"the run ended with {end.code}")
    violated += always(folder, known)
    if not killed and end.operations:
        violated += after_failure(folder, known, end, mode)
    unread = (folder / "inbox" / "broken.csv").exists()
    after = run(folder, variant)
    allowed = {3 if unread else 0} if end.told else set()
    if end.code < 0 or end.error or not end.told:  # what did not come to its end may be told again
        allowed.add(variant.code)
    if after.code not in allowed:
        violated.append(f"c: the next run ended with {after.code}, not {' or '.join(map(str, sorted(allowed)))}")
    if not end.told and not after.told:
        violated.append("c: nobody was told of the STOP")
    violated += after_all(folder, known)
    violated += named_patient(folder, end, after)
    return {
        "variant": variant.name,
        "at": at,
        "mode": mode,
        "operation": end.operations[-1] if end.operations else None,
        "code": end.code,
        "error": end.error,
        "trace": end.trace if end.code == 70 else "",
        "line": end.line,
        "next": [after.code, after.error, after.line, after.trace],
        "violated": violated,
    }


def modes_of(kind: str, what: str) -> tuple[str, ...]:
    """The ways in which an operation can go wrong."""
    most = _FEWER.get(kind, tuple(mode for mode in MODES if mode != "half" or kind == "write"))
    return (*most, _AT_COMMIT) if what == _RECORDED else most


def chosen(variant: Variant, operations: Sequence[Sequence[str]], stride: int) -> Iterator[tuple[int, str]]:
    """Which operations go wrong, and how: everything from where it matters to the variant. Before that, variants are
    alike but for what a run finds: every killing and all that can become of a write, a flush or a renaming. Of the rest
    one of so many, and of the killings after an operation, which are much like those before the next one."""
    differs = [at for at, (_, what) in enumerate(operations, start=1) if variant.differs_at in what]
    start = differs[-1] if variant.differs_at == _RECORDED else differs[0]  # before it, a schema is made in memory
    for at, (kind, what) in enumerate(operations, start=1):
        for k, mode in enumerate(modes_of(kind, what)):
            early = variant.name in ("reports", "interrupted")
            every = at >= start or (early and (mode == "kill" or kind in ("write", "fsync", "rename")))
            if (every and mode != "kill-after") or ((early or at >= start) and (at + k) % stride == 0):
                yield at, mode


def faults(place: Path, stride: int, workers: int = 2) -> dict[str, Any]:
    """The chosen cases of every variant, shared among so many processes. stride: 1 for every case that there is."""
    template, interrupted = place / "template", place / "template-interrupted"
    old = prepared(template)
    cases: list[tuple[Path, Expected, int, str]] = []
    for variant in VARIANTS:
        start = interrupted if variant.interrupted else template
        known, operations = expected(start, place / variant.name, variant, old)
        cases += [(start, known, *each) for each in chosen(variant, operations, stride)]
        if not interrupted.exists():
            filled(template, interrupted, variant)
            recorded = max(at for at, (_, what) in enumerate(operations, start=1) if what == _RECORDED)
            run(interrupted, variant, at=recorded, mode="kill-after")
    gc.freeze()  # else a fork's collector would touch, and so copy, all that the runs share
    began = time.monotonic()
    children = []
    for k in range(workers):
        process = os.fork()
        if process == 0:
            code = 1
            try:
                found = []
                for number, (start, known, at, mode) in enumerate(cases[k::workers]):
                    folder = place / f"case-{k}-{number}"
                    found.append(case(start, folder, known, at, mode))
                    if not found[-1]["violated"]:
                        shutil.rmtree(folder)
                (place / f"found-{k}.json").write_text(json.dumps(found))
                code = 0
            finally:
                os._exit(code)
        children.append(process)
    codes = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children]
    assert codes == [0] * workers, codes
    found = [each for k in range(workers) for each in json.loads((place / f"found-{k}.json").read_text())]
    return {"cases": found, "seconds": round(time.monotonic() - began, 1)}


def crowd(place: Path, rounds: int, size: int = 20) -> dict[str, Any]:
    """Many runs begin at once, and one file is new."""
    template, variant = place / "template", VARIANTS[0]
    known, _ = expected(template, place / "alone", variant, prepared(template))
    found: list[dict[str, Any]] = []
    for k in range(rounds):
        folder = place / f"round-{k}"
        filled(template, folder, variant)
        waiting, starter = os.pipe()
        children = [begun(folder, variant, gate=waiting) for _ in range(size)]
        os.write(starter, bytes(size))
        ends = [ended(*each) for each in children]
        os.close(waiting)
        os.close(starter)
        ran = [each for each in ends if each.told]
        refused = [each for each in ends if each.code == 3 and "holds the lock" in each.line]
        too_late = [each for each in ends if each.code == 0 and each.line.endswith("no new file")]
        found.append(
            {
                "ran": [each.code for each in ran],
                "refused": len(refused),
                "too_late": len(too_late),
                "others": [vars(each) for each in ends if each not in (*ran, *refused, *too_late)],
                "violated": [*after_all(folder, known), *named_patient(folder, *ends)],
            }
        )
    return {"rounds": found}


if __name__ == "__main__":
    os.umask(0o077)  # as the command line does
    gc.disable()
    name, where, number = sys.argv[1:]
    commands: dict[str, Callable[[], dict[str, Any]]] = {
        "faults": lambda: faults(Path(where), int(number)),
        "crowd": lambda: crowd(Path(where), int(number)),
    }
    print(json.dumps(commands[name]()))
