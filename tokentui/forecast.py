"""What follows from the figures so far: how fast a limit fills, and what a month comes to.

Straight lines only, and nothing at all while the evidence is thin: a guess that is wrong once an hour is
worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, sqrt
from typing import NamedTuple

LEAST_SHARE = 0.1
"""Of a window that must have passed before its pace is told."""

LEAST_USED = 5.0
"""Per cent of a limit that must be used before its pace is told."""

PROJECTED_DAYS = 28
"""Whole weeks, so that each day of the week weighs the same."""

LEAST_DAYS = 7
"""Days that must be known before a month is projected: a whole week."""

LEAST_RANGE_DAYS = 14
"""Days that must be known before a range is told: with one week nobody knows how weeks differ."""

LEAST_USED_DAYS = 5
"""Days with use among them: the spread of fewer says nothing."""

_MINUTE = 60_000_000


class Pace(NamedTuple):
    """How a limit is used up, compared with the clock."""

    ahead: float
    """Points by which the used share is ahead of the share of the window that has passed."""
    runs_out_at: int | None
    """When it is full at the window's rate so far (UTC epoch µs); None when it is reset before that."""


def pace(used_percent: float, window_minutes: int, resets_at: int | None, observed_at: int) -> Pace | None:
    """Return the pace of a limit when it was read (UTC epoch µs); None while the evidence is thin.

    It is the straight line from the start of the window, which is its length before its reset.
    """
    window = window_minutes * _MINUTE
    if resets_at is None or not window:
        return None
    passed = window - (resets_at - observed_at)
    if not LEAST_SHARE * window <= passed <= window or used_percent < LEAST_USED:
        return None
    full_at = observed_at + round(passed * max(100.0 - used_percent, 0.0) / used_percent)
    return Pace(used_percent - 100 * passed / window, full_at if full_at < resets_at else None)


def month_end(spent: int, complete_days: Sequence[int], days_left: int) -> int | None:
    """Return what a month comes to: what is spent, and for each day after today the mean of the last days.

    `complete_days` are the costs of the days before today, newest last, idle ones as 0, from the first day
    of all on; at most PROJECTED_DAYS of them count. None for fewer than LEAST_DAYS. Costs are nano-dollars.
    """
    known = complete_days[-PROJECTED_DAYS:]
    if len(known) < LEAST_DAYS:
        return None
    return spent + days_left * sum(known) // len(known)


class Range(NamedTuple):
    """Where a month ends, probably."""

    low: int
    high: int


def month_range(spent: int, complete_days: Sequence[int], days_left: int) -> Range | None:
    """Return the range around `month_end` in which four of five months end; None for thin evidence.

    It is the prediction interval for a sum: `spent + m·x̄ ± t·s·√(m + m²/n)`, with m days left, the mean x̄ of
    the n last days and t the 90 % quantile of Student's distribution with n - 1 degrees of freedom. s² is
    the variance of a day, or a seventh of that of a whole week where this is more: then good and bad days
    come in a row. What is spent stays spent, so nothing is below it.

    On made-up histories it held 75 to 92 % of the months where days, weekdays or weeks differ by chance, and
    64 to 89 % where the habit itself drifts, which no look back can tell (`tests/test_forecast.py`).
    """
    known = complete_days[-PROJECTED_DAYS:]
    count = len(known)
    if count < LEAST_RANGE_DAYS or sum(day > 0 for day in known) < LEAST_USED_DAYS:
        return None
    weeks = [sum(known[count - 7 * age - 7 : count - 7 * age]) for age in range(count // 7)]
    variance = max(_variance(known), _variance(weeks) / 7)
    half = _ninety_percent(count - 1) * sqrt(variance * (days_left + days_left * days_left / count))
    rest = days_left * sum(known) / count
    return Range(spent + max(floor(rest - half), 0), spent + ceil(rest + half))


class MonthEnd(NamedTuple):
    """Where a month ends."""

    amount: int | None
    """None while too little is known."""
    ends_in: Range | None
    word: str
    """CRIT, WARN or OK; empty without a budget."""


def ends(spent: int, complete_days: Sequence[int], days_left: int, budget: int | None) -> MonthEnd:
    """Return where a month ends, as `month_end` and `month_range` say, and what that means for its budget."""
    amount = month_end(spent, complete_days, days_left)
    ends_in = month_range(spent, complete_days, days_left)
    return MonthEnd(amount, ends_in, "" if budget is None else standing(budget, spent, amount, ends_in))


def standing(budget: int, spent: int, end: int | None, ends_in: Range | None) -> str:
    """Return CRIT when a month goes over its budget (or has), WARN when it may, else OK.

    It goes over when its whole range lies above, it may when a part of it does; without a range the single
    figure warns.
    """
    low, high = ends_in or (spent, spent if end is None else end)
    if max(spent, low) > budget:
        return "CRIT"
    return "WARN" if high > budget else "OK"


def _variance(values: Sequence[int]) -> float:
    """Return the variance of a population that some values are a sample of."""
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _ninety_percent(freedom: int) -> float:
    """Return the 90 % quantile of Student's distribution, within 0.001 from 6 degrees of freedom on.

    The expansion of Abramowitz and Stegun, 26.7.5, for the normal quantile 1.2816.
    """
    return 1.2816 + 0.8467 / freedom + 0.5709 / freedom**2
