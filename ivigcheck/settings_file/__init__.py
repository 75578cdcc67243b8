"""A TOML file of settings, read strictly: every mistake is told with its line, its key and its fix, all at once."""

from ivigcheck.settings_file.document import Document, as_sentence, read_document, readable, unreadable
from ivigcheck.settings_file.lines import KeyPath
from ivigcheck.settings_file.problems import Problems
from ivigcheck.settings_file.shape import sound

__all__ = ["Document", "KeyPath", "Problems", "as_sentence", "read_document", "readable", "sound", "unreadable"]
