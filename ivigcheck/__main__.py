"""``python -m ivigcheck``."""

from ivigcheck.cli import main

main()
