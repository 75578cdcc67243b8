"""The site policy: one file by which a pharmacy runs its own committee's rules.

The file sets what it names; everything else stays as built in. Whatever is wrong with it stops the program before it
judges anything, naming line, key and fix.
"""

from ivigcheck.site.files import BUILT_IN, VARIABLE, policy_path
from ivigcheck.site.in_force import knowledge_in_force

__all__ = ["BUILT_IN", "VARIABLE", "knowledge_in_force", "policy_path"]
