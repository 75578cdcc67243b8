"""Whole processes: their wall time, and the peak memory of each with all its children."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = sys.executable
YARDSTICKS: Final = Path(__file__).parent / "yardsticks"
PROGRAM: Final = (PYTHON, "-m", "ivigcheck")
_CHECKED: Final = (0, 1, 4)  # exit codes of a run of the program that did its work
_SAMPLED_EVERY_S: Final = 0.02
_PAGE_MIB: Final = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Command:
    """A command line. cores: how many it is held to, with all the threads and processes that it starts; 0: no limit."""

    words: Sequence[str]
    cores: int = 0


@dataclass(frozen=True)
class Run:
    """One run: seconds, and MiB at the peak, of the process and its children together."""

    seconds: float
    peak: float


@dataclass(frozen=True)
class Bench:
    """What all parts share: a folder for the data, the environment of the processes, and how often each is run."""

    folder: Path
    runs: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def timed(self, command: Command) -> Run:
        """Runs a command to its end. Ends the benchmark where it did not do its work."""
        cores = os.sched_getaffinity(0)
        if command.cores:  # which a process inherits from the thread that starts it
            os.sched_setaffinity(0, sorted(cores)[: command.cores])
        errors = self.folder / "errors.txt"
        try:
            with errors.open("wb") as stderr:
                begin = time.perf_counter()
                process = subprocess.Popen(
                    command.words, stdout=subprocess.DEVNULL, stderr=stderr, cwd=ROOT, env=self.environment
                )
        finally:
            os.sched_setaffinity(0, cores)
        try:
            with _Peak(process.pid) as sampled:
                _, status = os.waitpid(process.pid, 0)
                wall = time.perf_counter() - begin
        except KeyboardInterrupt:
            process.terminate()
            raise
        code = process.returncode = os.waitstatus_to_exitcode(status)
        said = errors.read_text(encoding="utf-8", errors="replace")
        ours = tuple(command.words[: len(PROGRAM)]) == PROGRAM
        # An interpreter that fails ends with 1 too, as does the program where it stopped an order.
        if code not in (_CHECKED if ours else (0,)) or "Traceback" in said:
            raise SystemExit(f"not measured, for it ended with {code}: {' '.join(command.words)}\n{said[-2000:]}")
        return Run(wall, sampled.mib)

    def rounds(
        self, commands: Mapping[str, Command], prepare: Callable[[], None] = lambda: None
    ) -> dict[str, list[Run]]:
        """Each command once a round, A B C A B C …, after a round that is not counted. prepare: called before each."""
        taken: dict[str, list[Run]] = {name: [] for name in commands}
        for k in range(self.runs + 1):
            prepare()
            for name, command in commands.items():
                run = self.timed(command)
                if k:
                    taken[name].append(run)
        return taken

    def compare(self, what: str, ours: Command, yardstick: Command, prepare: Callable[[], None] = lambda: None) -> None:
        """Prints the ratio of two commands, pair by pair."""
        taken = self.rounds({"ours": ours, "theirs": yardstick}, prepare)
        print_ratio(what, taken["ours"], taken["theirs"])


def print_ratio(what: str, ours: Sequence[Run], theirs: Sequence[Run], *, note: str = "") -> None:
    """The median of the ratios of runs that were made side by side, both medians, and both peaks."""
    ratios = [a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True)]
    print(
        f"{what}: ratio {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f}; {len(ratios)} "
        f"pairs), {seconds(ours):.2f} s against {seconds(theirs):.2f} s{note}, peak {peak(ours):.0f} MiB against "
        f"{peak(theirs):.0f} MiB",
        flush=True,
    )


def seconds(runs: Sequence[Run]) -> float:
    """The median."""
    return statistics.median(run.seconds for run in runs)


def peak(runs: Sequence[Run]) -> float:
    """The highest."""
    return max(run.peak for run in runs)


class _Peak:
    """The highest sum of the resident memory of a process and its children, looked at fifty times a second; of the
    process itself the system's own record too, which misses nothing in between.

    Pages that they share count once for each, so that it is rather too high than too low. (What the system reports of
    a process that has ended would not do: it begins with the memory of the one that started it, which is this one.)
    """

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_SAMPLED_EVERY_S):
            self.mib = max(self.mib, _record(self._pid), sum(map(_resident, _with_children(self._pid))))


def _with_children(pid: int) -> list[int]:
    found, rest = [], [pid]
    while rest:
        one = rest.pop()
        found.append(one)
        for listed in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                rest += map(int, listed.read_text().split())
            except OSError:  # it has ended meanwhile
                continue
    return found


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MIB
    except (OSError, IndexError):  # it has ended meanwhile
        return 0.0


def _record(pid: int) -> float:
    """The highest that a process has had so far."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
