"""Text to typed columns, each with its problems.

Normalising annotates and judges nothing: a bad cell never raises and is never guessed.
"""

from ivigcheck.normalise.normaliser import normalise

__all__ = ["normalise"]
