"""The bar of an order's rates between its limits: what is drawn where, and what is told in words."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcheck.report.lines import limits_in_brief, over_in_brief, rate_beside
from ivigcheck.report.rate_bar import DRAWN, PLAIN, Glyphs, Limit, Ordered, rate_bar
from ivigcheck.units import exceeds

NAN = float("nan")
START, SOFT, HARD = "start limit", "soft maximum", "hard maximum"
FIRST, MOST = "ordered start", "ordered maximum"
SHORT = {name: name.replace("maximum", "max").replace("ordered", "ord.") for name in (START, SOFT, HARD, FIRST, MOST)}


def rows(
    start: float | None = 1.0,
    soft: float | None = 8.0,
    hard: float | None = 8.0,
    first: float | None = 0.5,
    most: float | None = 4.0,
    *,
    below: bool = False,
) -> list[Limit | Ordered]:
    return [
        Limit(START, start, start_only=True),
        Ordered(FIRST, first, "not ordered", is_start=True),
        Limit(SOFT, soft, exclusive=below and soft == hard),
        Limit(HARD, hard, exclusive=below),
        Ordered(MOST, most, "not drawn"),
    ]


def drawn(lines: list[str], name: str) -> str:
    """The row of a limit or rate."""
    (row,) = [line for line in lines if line.startswith((f"{name} ", f"{SHORT[name]} "))]
    return row


def cells(lines: list[str], glyphs: Glyphs = DRAWN) -> dict[str, int]:
    """The cell of each mark, by the name of its row; those without a mark are left out."""
    origin = lines[0].index("0")
    found = {}
    for name in SHORT:
        row = drawn(lines, name)[origin:]
        marks = glyphs.limit if name in (START, SOFT, HARD) else glyphs.rate + glyphs.cut
        at = [k for k, ch in enumerate(row) if ch in marks]
        if at:
            assert len(at) == 1, row
            found[name] = at[0]
    return found


def told(lines: list[str]) -> str:
    """The words below the bar, in one line."""
    origin = [k for k, line in enumerate(lines) if line.startswith((MOST, SHORT[MOST]))]
    return " ".join(" ".join(lines[origin[0] + 1 :]).split())


# Around a limit of 8: the rate, whether the limit is exclusive, whether it breaks it, the flag, and what is told.
AROUND = [
    (7.9, False, "<", ""),
    (8 * (1 - 2e-9), False, "<", ""),
    (8 * (1 - 0.5e-9), False, "=", "= ordered maximum 8 is equal to the hard maximum = soft maximum 8"),
    (8.0, False, "=", "= ordered maximum 8 is equal to the hard maximum = soft maximum 8"),
    (8 * (1 + 0.5e-9), False, "=", "= ordered maximum 8 is equal to the hard maximum = soft maximum 8"),
    (8 * (1 + 2e-9), False, ">", "! ordered maximum 8.00000002 is OVER the hard maximum = soft maximum 8"),
    (8.004, False, ">", "! ordered maximum 8.004 is OVER the hard maximum = soft maximum 8"),
    (8 * (1 - 2e-9), True, "<", ""),
    (8 * (1 - 0.5e-9), True, ">", "! ordered maximum 8 is NOT BELOW the hard maximum = soft maximum (below 8)"),
    (8.0, True, ">", "! ordered maximum 8 is NOT BELOW the hard maximum = soft maximum (below 8)"),
    (8.5, True, ">", "! ordered maximum 8.5 is OVER the hard maximum = soft maximum (below 8)"),
    (None, False, "", ""),
    (NAN, True, "", ""),
]


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("glyphs", [DRAWN, PLAIN])
@pytest.mark.parametrize(("rate", "below", "side", "words"), AROUND)
def test_a_rate_is_drawn_and_told_on_its_side_of_the_limit(
    rate: float | None, below: bool, side: str, words: str, glyphs: Glyphs, width: int
) -> None:
    lines = rate_bar(rows(most=rate, below=below), width, glyphs)
    at, row = cells(lines, glyphs), drawn(lines, MOST)
    assert told(lines) == words and max(map(len, lines)) <= width
    assert at[SOFT] == at[HARD]
    if not side:
        assert MOST not in at and row.endswith("not drawn")
        return
    assert {"<": at[MOST] < at[HARD], "=": at[MOST] == at[HARD], ">": at[MOST] > at[HARD]}[side]
    assert row.endswith({"<": tuple("0123456789"), "=": " =", ">": " !"}[side])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        # The start limit holds for the starting rate alone, the maxima for both.
        ({"first": 1.1, "most": 4.0}, "! ordered start 1.1 is OVER the start limit 1"),
        ({"first": 1.0, "most": 4.0}, "= ordered start 1 is equal to the start limit 1"),
        ({"first": 0.5, "most": 1.0}, ""),
        ({"first": 9.0, "most": 4.0}, "! ordered start 9 is OVER the hard maximum = soft maximum 8 and OVER the start limit 1"),
        # All three limits of one value.
        ({"start": 4.0, "soft": 4.0, "hard": 4.0, "first": 4.0, "most": 4.0},
         "= ordered start 4 is equal to the hard maximum = soft maximum = start limit 4 "
         "= ordered maximum 4 is equal to the hard maximum = soft maximum 4"),
        # Between soft and hard, on the hard one, and above both.
        ({"soft": 3.3, "most": 4.0}, "! ordered maximum 4 is OVER the soft maximum 3.3"),
        ({"soft": 3.3, "most": 8.0}, "! ordered maximum 8 is OVER the soft maximum 3.3 and equal to the hard maximum 8"),
        ({"soft": 3.3, "most": 9.0}, "! ordered maximum 9 is OVER the hard maximum 8 and OVER the soft maximum 3.3"),
        ({"soft": 3.3, "most": 8.0, "below": True},
         "! ordered maximum 8 is NOT BELOW the hard maximum (below 8) and OVER the soft maximum 3.3"),
        # Far over: the scale ends at twice the limits, rounded up, and says that it cuts.
        ({"most": 17.9}, "! ordered maximum 17.9 is OVER the hard maximum = soft maximum 8"),
        ({"most": 18.1}, "! ordered maximum 18.1 is OVER the hard maximum = soft maximum 8 and beyond this scale, where it is cut (»)"),
        ({"most": 999.0}, "! ordered maximum 999 is OVER the hard maximum = soft maximum 8 and beyond this scale, where it is cut (»)"),
        ({"most": math.inf}, "! ordered maximum more than can be shown is OVER the hard maximum = soft maximum 8 and beyond this scale, where it is cut (»)"),
        ({"soft": None, "hard": None, "most": 9.0}, "» ordered maximum 9 is beyond this scale, where it is cut (»)"),
        # Without limits nothing is compared, and that is said.
        ({"start": None, "soft": None, "hard": NAN, "most": 9.0}, "! no limit is known: the ordered rates are compared with nothing"),
        ({"first": None, "most": None}, ""),
    ],
)  # fmt: skip
def test_what_is_over_or_equal_is_told_in_words(given: dict, words: str) -> None:
    assert told(rate_bar(rows(**given), 80)) == words


def test_equal_limits_and_the_rates_on_them_share_a_cell() -> None:
    at = cells(rate_bar(rows(4.0, 4.0, 4.0, 4.0, 4.0), 80))
    assert len(at) == 5 and len(set(at.values())) == 1


def test_of_one_value_the_exclusive_limit_lies_left_of_the_inclusive_and_of_the_rate() -> None:
    at = cells(rate_bar(rows(8.0, 8.0, 8.0, 8.0, 8.0, below=True), 80))
    assert at[HARD] == at[SOFT] < at[START] == at[FIRST] == at[MOST]


def test_the_drawing_is_a_row_for_each_with_what_is_over_in_another_character() -> None:
    """Of 24 cells, which is what names and values leave: 4 ÷ 9.5 × 23 = 9.7 lies in the tenth, counted from 0."""
    lines = rate_bar(rows(1.0, 4.0, 6.0, 1.0, 9.0), 40, PLAIN)
    assert lines == [
        "mg/kg/min   0                    9.5",
        "start limit --|                      1",
        "ord. start  ==O       :    :         1 =",
        "soft max    ----------|              4",
        "hard max    ---------------|         6",
        "ord. max    ==========+####+######O  9 !",
        "= ordered start 1 is equal to the start",
        "  limit 1",
        "! ordered maximum 9 is OVER the hard",
        "  maximum 6 and OVER the soft maximum 4",
    ]


def test_a_limit_that_there_is_not_is_said_and_nothing_at_all_is_no_bar() -> None:
    assert drawn(rate_bar(rows(soft=None), 80), SOFT).endswith("none known")
    assert drawn(rate_bar(rows(first=None), 80), FIRST).endswith("not ordered")
    assert rate_bar(rows(None, NAN, None, NAN, None), 80) == []


@pytest.mark.parametrize(
    ("greatest", "end"), [(0.5, "0.55"), (1.0, "1.2"), (1.9, "2"), (2.0, "2.5"), (7.724, "8"), (8.0, "8.5"), (9.6, "10"), (10.0, "12"), (45.0, "50")]
)  # fmt: skip
def test_the_scale_ends_a_bit_over_the_greatest_value(greatest: float, end: str) -> None:
    lines = rate_bar(rows(start=greatest / 10, soft=greatest, hard=greatest, most=greatest / 3), 80)
    assert lines[0].split() == ["mg/kg/min", "0", end]
    assert rate_bar(rows(greatest / 10, greatest / 1.5, greatest / 1.5, None, greatest), 80)[0].split()[-1] == end


def test_the_scale_is_one_scale() -> None:
    """By a ruler: 0 in the first cell, the end of the scale in the last, and what lies between in proportion."""
    lines = rate_bar(rows(2.0, 4.0, 8.0, 1.0, 6.0), 80)
    first, last = lines[0].index("0"), len(lines[0]) - 1
    for name, value in ((START, 2.0), (SOFT, 4.0), (HARD, 8.0), (FIRST, 1.0), (MOST, 6.0)):
        assert cells(lines)[name] == round(value / 8.5 * (last - first))


def test_where_there_is_no_room_to_draw_only_the_words_are_left() -> None:
    lines = rate_bar(rows(most=9.0), 18)
    assert " ".join(" ".join(lines).split()) == "! ordered maximum 9 is OVER the hard maximum = soft maximum 8"
    assert max(map(len, lines)) <= 18


# -- laws -------------------------------------------------------------------------------------------------------------

LIMIT = st.sampled_from([0.5, 1.0, 2.0, 3.3, 10 / 3, 4.0, 8.0, 25 / 3])
NEAR = st.sampled_from([1.0, 1 + 1e-10, 1 - 1e-10, 1 + 1e-8, 1 - 1e-8, 1 + 1e-4, 0.5, 3.0])
SOME_LIMIT = st.one_of(st.none(), LIMIT, st.builds(lambda a, b: a * b, LIMIT, NEAR), st.floats(1e-3, 30))
SOME_RATE = st.one_of(SOME_LIMIT, st.just(NAN), st.floats(1e-3, 999))


@given(
    SOME_LIMIT,
    SOME_LIMIT,
    SOME_LIMIT,
    SOME_RATE,
    SOME_RATE,
    st.booleans(),
    st.booleans(),
    st.sampled_from([40, 47, 59, 60, 80, 132]),
    st.sampled_from([DRAWN, PLAIN]),
)
def test_marks_are_in_the_order_of_their_values_and_what_breaks_a_limit_is_right_of_it(
    start: float | None,
    soft: float | None,
    hard: float | None,
    first: float | None,
    most: float | None,
    soft_below: bool,
    hard_below: bool,
    width: int,
    glyphs: Glyphs,
) -> None:
    limits = [
        Limit(START, start, start_only=True),
        Limit(SOFT, soft, exclusive=soft_below),
        Limit(HARD, hard, exclusive=hard_below),
    ]
    rates = [Ordered(FIRST, first, is_start=True), Ordered(MOST, most)]
    lines = rate_bar([*limits, *rates], width, glyphs)
    known = {row.name: row.rate for row in (*limits, *rates) if row.rate is not None and not math.isnan(row.rate)}
    if not known:
        assert lines == []
        return
    assert all(len(line) <= width for line in lines)
    at = cells(lines, glyphs)
    assert at.keys() == known.keys() and all(0 <= cell < lines[0].rindex(lines[0].split()[-1]) for cell in at.values())
    exclusive = [limit.rate for limit in limits if limit.exclusive and limit.name in known]
    for (left, less), (right, more) in pairwise(sorted(known.items(), key=lambda each: each[1])):
        if more - less > 1e-9 * more:
            assert at[left] < at[right], (left, right)
        elif less == more and not any(abs(more - limit) <= 1e-9 * limit for limit in exclusive):
            assert at[left] == at[right], (left, right)
    for rate in rates:
        for limit in limits:
            if rate.name in known and limit.name in known:
                over = exceeds(known[rate.name], known[limit.name], limit.exclusive)
                assert (at[rate.name] > at[limit.name]) == over, (rate, limit)
                if over and (rate.is_start or not limit.start_only):
                    assert drawn(lines, rate.name).endswith(" !") and f"! {rate.name}" in told(lines)


# -- rates beside limits, in the other lines ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "limits", "shown"),
    [
        (8.0, [(1.0, False), (8.0, True)], "8"),
        (1.00001, [(8.0, False)], "1"),
        (1.00001, [(1.0, False), (8.0, False)], "1.00001"),
        (7.99999, [(1.0, False), (8.0, False)], "7.99999"),
        (7.9996, [(7.9999, False)], "7.9996"),
        (8 * (1 + 2e-9), [(8.0, False)], "8.00000002"),
        (8 * (1 + 0.5e-9), [(8.0, False)], "8"),
        (7.7236, [], "7.724"),
    ],
)
def test_a_rate_has_as_many_digits_as_it_takes_beside_each_of_its_limits(
    rate: float, limits: list[tuple[float, bool]], shown: str
) -> None:
    assert rate_beside(rate, limits) == shown


def order(
    start: float | None,
    soft: float | None,
    hard: float | None,
    first: float | None,
    most: float | None,
    *,
    mL_per_h: tuple[float | None, ...] = (None, None, None),
    hard_below: bool = False,
) -> dict:
    limits = {"start_mg_per_kg_min": start, "soft_max_mg_per_kg_min": soft, "hard_max_mg_per_kg_min": hard}
    names = ("start_mL_per_h", "soft_max_mL_per_h", "hard_max_mL_per_h")
    volumes = dict(zip(names, mL_per_h, strict=True))
    below = {"soft_max_exclusive": False, "hard_max_exclusive": hard_below}
    ordered = {"start_rate_mg_per_kg_min": first, "max_rate_mg_per_kg_min": most}
    return {"limits": {**limits, **volumes, **below}, "ordered": ordered}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (order(1.0, 8.0, 8.0, None, None), "limits mg/kg/min: start 1, soft = hard 8"),
        (order(1.0, 3.3, 8.0, None, None, hard_below=True, mL_per_h=(47.8, 161.0, 391.0)),
         "limits mg/kg/min (mL/h): start 1 (47.8), soft 3.3 (161), hard below 8 (391)"),
        (order(1.0, 8.0, 8.0, None, None, hard_below=True), "limits mg/kg/min: start 1, soft 8, hard below 8"),
        (order(None, None, 8.0, None, None), "limits mg/kg/min: hard 8"),
        (order(None, None, None, None, None), ""),
    ],
)  # fmt: skip
def test_limits_fit_in_one_line(given: dict, line: str) -> None:
    assert limits_in_brief(given) == line


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (order(1.0, 8.0, 8.0, 1.0, 8.0), ""),
        (order(1.0, 8.0, 8.0, 1.0, 9.5), "max 9.5 of hard 8 (118.8%)"),
        (order(1.0, 8.0, 8.0, None, 8.0001), "max 8.0001 of hard 8 (100.001%)"),
        (order(1.0, 8.0, 8.0, None, 8.0, hard_below=True), "max 8 of hard below 8 (100%)"),
        (order(1.0, 3.3, 8.0, 3.3, 4.0), "max 4 of soft 3.3 (121.2%), start 3.3 of start 1 (330%)"),
        (order(1.0, 3.3, 8.0, 9.0, None), "start 9 of hard 8 (112.5%)"),
        (order(None, None, None, 9.0, 9.0), ""),
        (order(1.0, None, 8.0, None, None), ""),
    ],
)
def test_how_far_a_rate_is_over_the_gravest_limit_that_it_breaks(given: dict, line: str) -> None:
    assert over_in_brief(given) == line
