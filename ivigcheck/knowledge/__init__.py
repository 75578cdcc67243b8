"""Clinical knowledge as dated, cited data, and the strict loader that reads it."""

from ivigcheck.knowledge.facts import (
    Deviation,
    DoseRange,
    Figure,
    Knowledge,
    LabelRow,
    PolicyInForce,
    Product,
    Site,
    fold,
    publishers,
    sizes_mg,
)
from ivigcheck.knowledge.loader import built_in, read_knowledge
from ivigcheck.knowledge.model import Question

__all__ = [
    "Deviation",
    "DoseRange",
    "Figure",
    "Knowledge",
    "LabelRow",
    "PolicyInForce",
    "Product",
    "Question",
    "Site",
    "built_in",
    "fold",
    "publishers",
    "read_knowledge",
    "sizes_mg",
]
