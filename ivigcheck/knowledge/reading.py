"""How every knowledge file is read: its shape, its sources, its quantities, and how a refusal names its place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec
import tomli

from ivigcheck.errors import KnowledgeError
from ivigcheck.knowledge.model import Source
from ivigcheck.units import quantity_of

T = TypeVar("T")


class Where(msgspec.Struct, frozen=True):
    """Names the file, and the entry in it, that a refusal is about."""

    file: str
    entry: str = ""

    def refuse(self, why: str) -> KnowledgeError:
        entry = f", {self.entry}" if self.entry else ""
        return KnowledgeError(f"knowledge file {self.file}{entry}: {why}")


def parse(path: Path, shape: type[T]) -> T:
    """A TOML file in its shape. Raises KnowledgeError for anything that is not exactly that."""
    where = Where(path.name)
    try:
        return msgspec.convert(tomli.loads(path.read_text(encoding="utf-8")), shape)
    except tomli.TOMLDecodeError as error:
        raise where.refuse(f"is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise where.refuse(str(error)) from error


def check_sources(where: Where, named: Iterable[str], known: dict[str, Source]) -> None:
    """Raises KnowledgeError where an entry names no source, or one that is not known."""
    named = tuple(named)
    if not named:
        raise where.refuse("names no source")
    for source in named:
        if source not in known:
            raise where.refuse(f'source "{source}" is not in sources.toml')


def per_kg(where: Where, text: str, concentration: float) -> float:
    """A labelled rate in mg/kg/min; mL per kg and time through the product's concentration in mg/mL."""
    try:
        value, unit = quantity_of(text, "rate")
    except ValueError as error:
        raise where.refuse(str(error)) from error
    if unit.form == "mg/kg/min":
        return value * unit.factor
    if unit.form == "mL/kg/min" and concentration == concentration:
        return value * unit.factor * concentration
    raise where.refuse(f'"{text}" is no rate per kg, or the product has no concentration')


def amount(where: Where, text: str, quantity: str, form: str) -> float:
    """A stated quantity in the form that is wanted of it. Raises KnowledgeError where it has another."""
    try:
        value, unit = quantity_of(text, quantity)
    except ValueError as error:
        raise where.refuse(str(error)) from error
    if unit.form != form:
        raise where.refuse(f'"{text}" is no {quantity} in {form}')
    return value * unit.factor
