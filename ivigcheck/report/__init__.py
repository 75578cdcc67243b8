"""The report: one model, one writer a format, published whole or not at all."""

from ivigcheck.report.model import Facts, counts, head, history_facts, order_facts, provenance, summary, worst_first
from ivigcheck.report.publish import check_outputs, publish, publishing
from ivigcheck.report.writers import BULK, FORMATS, Rendering, check_endings, render

__all__ = [
    "BULK",
    "FORMATS",
    "Facts",
    "Rendering",
    "check_endings",
    "check_outputs",
    "counts",
    "head",
    "history_facts",
    "order_facts",
    "provenance",
    "publish",
    "publishing",
    "render",
    "summary",
    "worst_first",
]
