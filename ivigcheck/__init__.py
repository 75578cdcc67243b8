"""Checks intravenous immunoglobulin infusion orders against rate limits, labels and contraindications.

``check_files``, ``check_order`` and ``check_tables`` give a `Checked` run; `ivigcheck.report` writes it, and
`ivigcheck.schedule` plans the infusion of one of its orders. `ivigcheck.site` reads a site's policy.
"""

from typing import TYPE_CHECKING

from ivigcheck.version import __version__

if TYPE_CHECKING:
    from ivigcheck.pipeline import Checked, check_files, check_order, check_tables

__all__ = ["Checked", "__version__", "check_files", "check_order", "check_tables"]


def __getattr__(name: str) -> object:
    """What checks is imported when it is asked for: the command line starts before it, and a help page without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ivigcheck import pipeline

    return getattr(pipeline, name)
