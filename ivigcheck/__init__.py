"""Checks intravenous immunoglobulin infusion orders against rate limits, labels and contraindications.

``check_files``, ``check_order`` and ``check_tables`` give a `Checked` run; `ivigcheck.report` writes it, and
`ivigcheck.schedule` plans the infusion of one of its orders. `ivigcheck.site` reads a site's policy.
"""

from ivigcheck.pipeline import Checked, check_files, check_order, check_tables
from ivigcheck.version import __version__

__all__ = ["Checked", "__version__", "check_files", "check_order", "check_tables"]
