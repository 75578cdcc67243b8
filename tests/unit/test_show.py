"""Numbers and texts as they are shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.show import CUT_MARK, against, cut, number, rounded_down, visible
from ivigcheck.units import exceeds


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (8.0, "8"),
        (0.5, "0.5"),
        (1e-7, "0.0000001"),
        (123456.0, "123456"),
        (0.1 + 0.2, "0.3"),
        (float("nan"), "unknown"),
        (0.0, "0"),
    ],
)
def test_a_number_has_no_exponent_no_trailing_zero_and_a_leading_zero(value: float, shown: str) -> None:
    assert number(value) == shown


@given(st.floats(1e-6, 1e6))
def test_every_number_reads_one_way(value: float) -> None:
    """H-32: no trailing zero after a point, no bare point, no exponent."""
    assert re.fullmatch(r"[0-9]+(\.[0-9]*[1-9])?", number(value))


LIMITS = st.sampled_from([8.0, 3.3, 4.0, 10 / 3, 25 / 3, 0.5, 6.0])
DISTANCE = st.one_of(st.floats(-1e-2, 1e-2), st.floats(-1e-8, 1e-8), st.floats(-0.9, 5))


@given(LIMITS, DISTANCE, st.booleans())
def test_a_shown_value_stands_to_its_limit_as_the_value_does(limit: float, distance: float, exclusive: bool) -> None:
    """H-30: rounding for display never makes a rate look within a limit that it breaks, nor the other way round."""
    value = limit * (1 + distance)
    shown = float(against(value, limit, exclusive=exclusive))
    shown_limit = float(number(limit))
    if not abs(distance) <= 1e-9:
        assert (shown > shown_limit) == (value > limit) or abs(limit - shown_limit) > abs(value - limit)
    assert bool(exceeds(shown, limit, exclusive)) == bool(exceeds(value, limit, exclusive)) or shown == shown_limit


def test_a_rate_just_over_its_limit_is_not_shown_as_the_limit() -> None:
    assert against(8.004, 8.0) == "8.004"
    assert against(8.0000001, 8.0) == "8.0000001"
    assert against(8.000000000000002, 8.0) == "8"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("O'NEIL Ñandú ×", "O'NEIL Ñandú ×"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\ud800", "\\ud800"),
        ("\ufffe", "\\ufffe"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_long_text_is_cut_to_its_length_and_marked() -> None:
    assert cut("x" * 60, 60) == "x" * 60
    assert cut("x" * 61, 60) == "x" * (60 - len(CUT_MARK)) + CUT_MARK


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (150 / 82, "1.82926"),
        (1.5, "1.5"),
        (2.0000001, "2"),
        (0.99999999, "0.999999"),
        (0.0, "0"),
        (1e-7 * 2 / 3, "0.0000000666666"),
    ],
)
def test_a_limit_is_never_shown_above_what_it_is(value: float, shown: str) -> None:
    assert rounded_down(value) == shown and float(shown) <= value
