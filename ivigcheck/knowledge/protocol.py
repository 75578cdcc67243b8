"""The bedside protocol for a reaction during the infusion: what each step says, and its figures, with their sources.

It is read when it is needed: checking orders does not wait for it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from ivigcheck.knowledge.loader import FOLDER
from ivigcheck.knowledge.model import Range, Source
from ivigcheck.knowledge.reading import Where, check_sources, parse

FILE: Final = "reaction.toml"


class Adult(Struct, frozen=True, forbid_unknown_fields=True):
    """From which age (completed years) and body weight (kg) on the steps' figures are printed."""

    from_years: float
    from_kg: float
    sources: tuple[str, ...]
    note: str = ""


class Hypotension(Struct, frozen=True, forbid_unknown_fields=True):
    """In adults, mmHg: a systolic pressure of at most this, or a drop of at least that."""

    systolic_at_most: float
    systolic_drop: float
    sources: tuple[str, ...]
    note: str = ""


class PlausibleObservations(Struct, frozen=True, forbid_unknown_fields=True):
    """Ranges outside which an observation is taken for a slip of the pen."""

    systolic: Range
    volume: Range
    minutes_from_start: Range
    sources: tuple[str, ...]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One step. otherwise: what it says to those for whom adult figures do not hold, where it has any."""

    text: str
    sources: tuple[str, ...]
    otherwise: str = ""


Steps = tuple[Step, ...]


class ProtocolFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole protocol. Each list of steps is for one conclusion, in the order in which they are to be done."""

    adult: Adult
    hypotension: Hypotension
    plausible: PlausibleObservations
    first: Steps
    examine: Steps
    stroke: Steps
    anaphylaxis: Steps
    hypotensive: Steps
    hypersensitivity: Steps
    if_hypotensive: Steps
    aseptic_meningitis: Steps
    severe: Steps
    mild: Steps
    recurrence: Steps
    session: Steps
    workup: Steps
    brain_imaging: Steps
    lumbar_puncture: Steps
    afterwards: Steps
    later_orders: Steps


def read_protocol(folder: Path) -> ProtocolFile:
    """The protocol of one knowledge folder. Raises KnowledgeError on anything that is not whole."""
    sources = parse(folder / "sources.toml", dict[str, Source])
    protocol = parse(folder / FILE, ProtocolFile)
    for name in protocol.__struct_fields__:
        part = getattr(protocol, name)
        where = Where(FILE, name)
        for entry in part if isinstance(part, tuple) else (part,):
            check_sources(where, entry.sources, sources)
        if part == ():
            raise where.refuse("has no step")
    return protocol


@lru_cache(maxsize=1)
def built_in_protocol() -> ProtocolFile:
    """The protocol that the program comes with."""
    return read_protocol(FOLDER)
