"""Runs too large to be held at once: the same pipeline over parts of the inputs, here or on other machines."""
