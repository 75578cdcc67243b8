"""Who does the work on the parts of a run: this process, or one for each core."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from datetime import date
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any, Final, Protocol, TypeVar

import pyarrow as pa

from ivigcheck.errors import RunError
from ivigcheck.knowledge import Knowledge
from ivigcheck.past import Memory
from ivigcheck.scale.parts import Part
from ivigcheck.scale.piece import Piece, Run, Task, check_part
from ivigcheck.scale.survey import Outline, Surveyed, survey
from ivigcheck.scale.together import KINDS, Groups, deal, group

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)

LOTS: Final = 16
"""Into so many lots orders are dealt, so that what sorting one takes stays small."""
_AHEAD: Final = 1
"""Parts that are begun beyond one for each worker, so that none waits."""


class Engine(Protocol):
    """Does a run's work on its parts. It gives what it finds in the order of the parts, as it comes."""

    def look(self, parts: Sequence[Part], knowledge: Knowledge, as_of: date) -> Iterator[Outline]:
        """Looks at each part once, and keeps what must be kept of its orders."""

    def group(self, knowledge: Knowledge) -> list[Groups]:
        """The orders that must be seen together, of the parts that were looked at."""

    def check(self, tasks: Iterable[Task], run: Run) -> Iterator[Piece]:
        """Checks each part."""


class _Keeping:
    """An engine that keeps what must be kept of the orders in this process."""

    def __init__(self) -> None:
        self._orders: list[Surveyed] = []

    def _kept(self, found: Iterator[tuple[Outline, Surveyed]]) -> Iterator[Outline]:
        self._orders = []
        for outline, orders in found:
            self._orders.append(orders)
            yield outline

    def group(self, knowledge: Knowledge) -> list[Groups]:
        """The orders that must be seen together, one lot at a time; what was kept is let go."""
        kept, self._orders = self._orders, []
        lots = LOTS if len(kept) > 1 else 1
        return [
            group([deal(orders, part, lot, lots, by) for part, orders in enumerate(kept)], by, knowledge)
            for by in KINDS
            for lot in range(lots)
            if kept
        ]


class Here(_Keeping):
    """This process. memory: the history of the patients, where it is asked."""

    def __init__(self, memory: Memory | None = None) -> None:
        super().__init__()
        self._memory = memory

    def look(self, parts: Sequence[Part], knowledge: Knowledge, as_of: date) -> Iterator[Outline]:
        return self._kept(survey(part, knowledge, as_of) for part in parts)

    def check(self, tasks: Iterable[Task], run: Run) -> Iterator[Piece]:
        return (check_part(task, run, self._memory) for task in tasks)


class Cores(_Keeping):
    """A process for each core. They have no history to ask."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        super().__init__()
        self._pool = pool
        self._workers = workers

    @classmethod
    @contextlib.contextmanager
    def opened(cls, workers: int) -> Iterator[Cores]:
        """The processes, gone when the block ends."""
        # Started anew, not forked: the libraries have threads, which a fork would leave behind half-way.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
            try:
                yield cls(pool, workers)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for child in active_children():  # what they are at is for nobody any more
                    child.terminate()
                raise

    def look(self, parts: Sequence[Part], knowledge: Knowledge, as_of: date) -> Iterator[Outline]:
        return self._kept(self._in_order(survey, ((part, knowledge, as_of) for part in parts)))

    def check(self, tasks: Iterable[Task], run: Run) -> Iterator[Piece]:
        return self._in_order(check_part, ((task, run) for task in tasks))

    def _in_order(self, work: Callable[..., _R], calls: Iterable[tuple[Any, ...]]) -> Iterator[_R]:
        starts = (partial(self._pool.submit, work, *call) for call in calls)
        try:
            yield from in_order(starts, self._workers + _AHEAD)
        except BrokenExecutor:
            raise RunError(
                "A process that checked a part of the orders was ended from outside, for want of memory perhaps. "
                "Nothing was published; run again."
            ) from None


class Promise(Protocol[_R_co]):
    """What somebody is working on."""

    def result(self) -> _R_co:
        """Waits for it."""


def in_order(begin: Iterable[Callable[[], Promise[_R]]], most: int) -> Iterator[_R]:
    """The results of work that others do, in order. At most so many are begun, so that none piles up: a part's lines
    are large."""
    begun: deque[Promise[_R]] = deque()
    for start in begin:
        if len(begun) >= most:
            yield begun.popleft().result()
        begun.append(start())
    while begun:
        yield begun.popleft().result()


def _begin_worker() -> None:
    """A worker leaves interruptions to the process that began it, and goes when that one does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    give_memory_back()
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()


def _end_with(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)


def give_memory_back() -> None:
    """Lets Arrow take its memory where everything else does, which gives back what is not used; its own pool keeps
    it."""
    pa.set_memory_pool(pa.system_memory_pool())


def cores() -> int:
    """How many processes this one may run at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
