"""Where a month ends: the range around the figure, how often it holds, and when it warns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui import forecast

DOLLAR = 10**9
SPENT = st.integers(0, 10_000 * DOLLAR)
DAYS = st.lists(st.integers(0, 500 * DOLLAR), min_size=14, max_size=40)
LEFT = st.integers(0, 30)


@given(SPENT, DAYS, LEFT)
def test_the_range_holds_the_figure_and_nothing_below_what_is_spent(
    spent: int, days: list[int], left: int
) -> None:
    end, ends_in = forecast.month_end(spent, days, left), forecast.month_range(spent, days, left)
    assert end is not None
    if ends_in is None:
        assert sum(day > 0 for day in days[-28:]) < 5
    else:
        assert spent <= ends_in.low <= end <= ends_in.high


@given(SPENT, DAYS)
def test_on_the_last_day_of_a_month_the_range_is_what_is_spent(spent: int, days: list[int]) -> None:
    assert forecast.month_range(spent, days, 0) in (None, (spent, spent))


@given(SPENT, DAYS)
def test_the_further_the_end_the_wider_the_range(spent: int, days: list[int]) -> None:
    ranges = [forecast.month_range(spent, days, left) for left in range(31)]
    widths = [each.high - each.low for each in ranges if each]
    assert all(wide + 2 >= narrow for narrow, wide in pairwise(widths)), "but for what is rounded"


@given(SPENT, DAYS, LEFT, st.integers(2, 1_000))
def test_costs_in_another_unit_have_the_same_range(
    spent: int, days: list[int], left: int, times: int
) -> None:
    plain = forecast.month_range(spent, days, left)
    scaled = forecast.month_range(spent * times, [day * times for day in days], left)
    assert (plain is None) == (scaled is None)
    if plain and scaled:
        for one, many in zip(plain, scaled, strict=True):
            assert many == pytest.approx(one * times, rel=1e-9, abs=times + 1)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([5 * DOLLAR] * 13, False),
        ([5 * DOLLAR] * 14, True),
        ([0] * 24 + [5 * DOLLAR] * 4, False),
        ([0] * 23 + [5 * DOLLAR] * 5, True),
        ([5 * DOLLAR] * 30 + [0] * 28, False),
        ([], False),
    ],
)
def test_thin_evidence_has_no_range(days: list[int], told: bool) -> None:
    assert (forecast.month_range(DOLLAR, days, 10) is not None) == told


def test_the_formula_is_the_one_that_is_written_down() -> None:
    # Twenty-eight days of 0 and 20 in turn: mean 10, variance 2,800/27, the weeks 60 or 80: variance 400/3.
    days = [0, 20 * DOLLAR] * 14
    half = 1.3137 * (2_800 / 27 * (7 + 49 / 28)) ** 0.5  # t of 27 degrees, from a table
    ends_in = forecast.month_range(100 * DOLLAR, days, 7)
    assert ends_in is not None
    assert ends_in.high / DOLLAR == pytest.approx(170 + half, rel=1e-4)
    assert ends_in.low / DOLLAR == pytest.approx(170 - half, rel=1e-4)
    # Two weeks of nothing but 0 and two of nothing but 20: a week varies by 19,600/3, a seventh is more.
    half = 1.3137 * (19_600 / 3 / 7 * (7 + 49 / 28)) ** 0.5
    ends_in = forecast.month_range(0, [0] * 14 + [20 * DOLLAR] * 14, 7)
    assert ends_in is not None
    assert ends_in.high / DOLLAR == pytest.approx(70 + half, rel=1e-4)
    assert ends_in.low == 0


# ---------------------------------------------------------------- how often it holds


def _steady(chance: Random, _day: int, _state: list[float]) -> float:
    return max(chance.gauss(10, 3), 0)


def _by_chance(chance: Random, _day: int, _state: list[float]) -> float:
    return chance.lognormvariate(0, 0.8)


def _free_weekends(chance: Random, day: int, _state: list[float]) -> float:
    return 0.0 if day % 7 >= 5 and chance.random() < 0.8 else chance.lognormvariate(0, 0.9)


def _now_and_then(chance: Random, _day: int, _state: list[float]) -> float:
    return chance.lognormvariate(0, 1) if chance.random() < 0.3 else 0.0


def _projects(chance: Random, day: int, state: list[float]) -> float:
    if day % 7 == 0:
        state[0] = chance.gauss(0, 0.4)
    return exp(state[0] + chance.gauss(0, 0.5)) * (0.1 if day % 7 >= 5 else 1.0)


def _drifting(chance: Random, day: int, state: list[float]) -> float:
    state[0] = 0.7 * state[0] + chance.gauss(0, 0.5)
    return exp(state[0]) * (0.1 if day % 7 >= 5 else 1.0)


@pytest.mark.parametrize("known", [14, 28])
@pytest.mark.parametrize("left", [2, 8, 15, 25])
@pytest.mark.parametrize(
    ("habit", "least", "most"),
    [
        (_steady, 0.76, 0.90),
        (_by_chance, 0.74, 0.92),
        (_free_weekends, 0.74, 0.92),
        (_now_and_then, 0.68, 0.93),
        (_projects, 0.65, 0.90),
        (_drifting, 0.58, 0.90),
    ],
)
def test_about_four_of_five_months_end_in_their_range(
    habit: Callable[[Random, int, list[float]], float], least: float, most: float, left: int, known: int
) -> None:
    chance = Random(f"{habit.__name__} {left} {known}")
    held, months = 0, 300
    for _ in range(months):
        first, state = chance.randrange(7) + 63, [0.0]
        days = [round(habit(chance, day, state) * DOLLAR) for day in range(first + known + left)][first:]
        ends_in = forecast.month_range(7 * DOLLAR, days[:known], left)
        if ends_in is None:  # too few days with use: such a month has no range
            months -= 1
            continue
        held += ends_in.low <= 7 * DOLLAR + sum(days[known:]) <= ends_in.high
    assert least <= held / months <= most


# ---------------------------------------------------------------- against a budget


@pytest.mark.parametrize(
    ("spent", "end", "ends_in", "word"),
    [
        (412, 588, forecast.Range(541, 640), "WARN"),
        (412, 588, forecast.Range(541, 600), "OK"),
        (412, 640, forecast.Range(601, 700), "CRIT"),
        (601, 640, None, "CRIT"),
        (600, 600, forecast.Range(600, 600), "OK"),
        (412, 601, None, "WARN"),
        (412, 600, None, "OK"),
        (412, None, None, "OK"),
        (601, None, None, "CRIT"),
    ],
)
def test_a_month_warns_when_it_may_go_over_its_budget(
    spent: int, end: int | None, ends_in: forecast.Range | None, word: str
) -> None:
    assert forecast.standing(600, spent, end, ends_in) == word
