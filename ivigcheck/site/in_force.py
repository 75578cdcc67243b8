"""Which policy is in force."""

from __future__ import annotations

from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.site.files import policy_path


def knowledge_in_force(option: str | None) -> Knowledge:
    """The knowledge under the policy in force: the site's where a file is named or found, else the built-in one.

    option: the file of --policy, or None. Raises UsageError where the file cannot be read or is not right.
    """
    path = policy_path(option)
    if path is None:
        return built_in()
    from ivigcheck.site.reading import read_site_policy  # a run under the built-in policy need not wait for it

    return read_site_policy(path, built_in())
