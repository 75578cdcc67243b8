"""The report: one model, one writer a format, published whole or not at all."""

from ivigcheck.report.model import Facts, counts, head, order_facts, summary, worst_first
from ivigcheck.report.publish import check_outputs, publish
from ivigcheck.report.writers import FORMATS, Rendering, check_endings, render

__all__ = [
    "FORMATS",
    "Facts",
    "Rendering",
    "check_endings",
    "check_outputs",
    "counts",
    "head",
    "order_facts",
    "publish",
    "render",
    "summary",
    "worst_first",
]
