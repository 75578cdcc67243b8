"""Which ids are almost one another's."""

from __future__ import annotations

import pytest

from ivigcheck.history.near import near_keys


def near(one: str, other: str) -> bool:
    """Whether two different ids share their first key or their second."""
    return one != other and any(a == b for a, b in zip(near_keys(one), near_keys(other), strict=True))


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("00123", "123", True),
        ("P100", "P1-00", True),
        ("A1-02", "a1-2", True),
        ("123\u3164", "123", True),  # a letter by name, and a blank to the eye
        ("123\u200b", "123", True),
        ("123", "1234", False),
        ("0", "1", False),
        ("-", ".", False),  # of punctuation alone: near nothing
        ("?", "-", False),
        ("\u3164", "\u115f", False),
    ],
)
def test_ids_are_near_by_case_leading_zeros_and_punctuation_alone(one: str, other: str, are: bool) -> None:
    assert near(one, other) == near(other, one) == are
