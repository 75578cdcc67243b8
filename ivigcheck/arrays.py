"""Structs of arrays: dataclasses whose fields are (n,) NumPy columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, field, fields
from typing import Any

import numpy as np


def column(default: float | bool, kind: type = float) -> Any:
    """A field that is a column; ``default`` is what it holds in an example that does not name it."""
    return field(metadata={"default": default, "kind": kind})


def columns_of(struct: type) -> Iterator[Field[Any]]:
    """The fields of a struct that are columns."""
    return (each for each in fields(struct) if each.metadata)


def example_columns(struct: type, given: dict[str, Any]) -> dict[str, Any]:
    """Columns of one row: the given values (taken out of ``given``), and every other column's default."""
    return {
        each.name: np.array([given.pop(each.name, each.metadata["default"])], each.metadata["kind"])
        for each in columns_of(struct)
    }
