"""The same work on a Dask cluster: the user's, or one on this machine.

Each worker reads its parts itself, so the inputs must have the same paths on all machines. What is kept of the orders
stays with the workers, and is dealt among them by patient and by order id; this process is told only which orders must
be seen together, and writes the lines as they come.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

from distributed import Client, LocalCluster

from ivigcheck.errors import UsageError
from ivigcheck.knowledge import Knowledge
from ivigcheck.scale.engines import cores, in_order
from ivigcheck.scale.parts import Part
from ivigcheck.scale.piece import Piece, Run, Task, check_part
from ivigcheck.scale.survey import Outline, Surveyed, survey
from ivigcheck.scale.together import KINDS, By, Groups, deal, group

_AHEAD = 2
"""Parts that are begun for each worker, so that none waits."""
_LOTS_EACH = 2
_CONNECT_S = 30


class Cluster:
    """The workers of a Dask cluster. They have no history to ask."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._orders: list[Any] = []  # futures of what is kept of each part's orders

    @classmethod
    @contextlib.contextmanager
    def opened(cls, scheduler: str | None) -> Iterator[Cluster]:
        """Connected to the scheduler at this address; where None, with a worker for each core of this machine, gone
        when the block ends. Raises UsageError where nobody answers at the address."""
        with contextlib.ExitStack() as stack:
            address: Any = scheduler
            # Of this machine alone, and only for who began it: without keys any user could run code in the workers.
            if scheduler is None:
                address = stack.enter_context(
                    LocalCluster(
                        n_workers=cores(),
                        threads_per_worker=1,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",
                        security=True,
                        silence_logs=logging.CRITICAL,
                    )
                )
            try:
                client = stack.enter_context(Client(address, timeout=_CONNECT_S, set_as_default=False))
            except (OSError, ValueError) as error:
                raise UsageError(
                    f"--scheduler: nobody answers at {scheduler} ({type(error).__name__}). Give the address that the "
                    "scheduler prints when it starts, such as tcp://10.0.0.5:8786."
                ) from None
            yield cls(client)

    def look(self, parts: Sequence[Part], knowledge: Knowledge, as_of: date) -> Iterator[Outline]:
        shared = self._client.scatter(knowledge, broadcast=True)
        found = [self._submit(survey, part, shared, as_of) for part in parts]
        self._orders = [self._submit(_second, each) for each in found]
        outlines = [self._submit(_first, each) for each in found]
        del found
        return (outline.result() for outline in outlines)

    def group(self, knowledge: Knowledge) -> list[Groups]:
        lots = max(1, _LOTS_EACH * len(self._client.nthreads()))
        found = [self._grouped(lot, lots, by, knowledge) for by, lot in itertools.product(KINDS, range(lots))]
        groups: list[Groups] = self._client.gather(found)
        self._orders = []
        return groups if groups and groups[0] is not None else []

    def _grouped(self, lot: int, lots: int, by: By, knowledge: Knowledge) -> Any:
        dealt = [self._submit(deal, orders, part, lot, lots, by) for part, orders in enumerate(self._orders)]
        return self._submit(_group, dealt, by, knowledge)

    def check(self, tasks: Iterable[Task], run: Run) -> Iterator[Piece]:
        shared = self._client.scatter(run, broadcast=True)
        starts = (partial(self._submit, check_part, task, shared) for task in tasks)
        return in_order(starts, _AHEAD * max(1, len(self._client.nthreads())))

    def _submit(self, work: Any, *what: Any) -> Any:
        # A name of its own: to make one of what is handed over would read all of it.
        return self._client.submit(work, *what, key=f"ivigcheck-{work.__name__}-{uuid.uuid4().hex}", pure=False)


def _first(found: tuple[Outline, Surveyed]) -> Outline:
    return found[0]


def _second(found: tuple[Outline, Surveyed]) -> Surveyed:
    return found[1]


def _group(dealt: Sequence[Any], by: By, knowledge: Knowledge) -> Groups | None:
    return group(dealt, by, knowledge) if dealt else None
