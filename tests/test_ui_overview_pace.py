"""How fast a limit is used up, what a month comes to, and how both are said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui_program import TODAY, sample, usage
from tokentui import forecast
from tokentui.store.snapshot import Billing, Day, Limit, Snapshot
from tokentui.ui import cards, pace, totals

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC).timestamp()
MICRO = round(NOW * 1e6)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
WEEK = Limit("w", "", 10_080, 60.0, MICRO + 5 * 24 * HOUR, MICRO)
"""A week's window after two days."""


def five_hours(used: float, left: int, age: int = 0) -> Limit:
    """A window of five hours that so many microseconds are left of."""
    return Limit("p", "5 h", 300, used, MICRO + left, MICRO - age)


@pytest.mark.parametrize(
    ("used", "passed", "ahead", "runs_out"),
    [
        (60.0, 3 * HOUR, 0.0, None),
        (80.0, 3 * HOUR, 20.0, 45 * MINUTE),
        (50.0, HOUR, 30.0, HOUR),
        (10.0, 3 * HOUR, -50.0, None),
        (100.0, 4 * HOUR, 20.0, 0),
        (130.0, 4 * HOUR, 50.0, 0),
    ],
)
def test_a_pace_is_the_straight_line_from_the_windows_start(
    used: float, passed: int, ahead: float, runs_out: int | None
) -> None:
    found = forecast.pace(used, 300, MICRO + 5 * HOUR - passed, MICRO)
    assert found is not None
    assert found.ahead == pytest.approx(ahead)
    assert found.runs_out_at == (None if runs_out is None else MICRO + runs_out)


@pytest.mark.parametrize(
    ("used", "minutes", "resets_at"),
    [
        (90.0, 300, None),
        (90.0, 0, MICRO + HOUR),
        (4.0, 300, MICRO + HOUR),
        (30.0, 300, MICRO + 5 * HOUR - 29 * MINUTE),
        (30.0, 300, MICRO + 6 * HOUR),
        (30.0, 300, MICRO - 1),
    ],
    ids=["no reset", "no length", "hardly used", "just begun", "begins later", "over"],
)
def test_a_pace_is_not_told_while_the_evidence_is_thin(
    used: float, minutes: int, resets_at: int | None
) -> None:
    assert forecast.pace(used, minutes, resets_at, MICRO) is None


@given(st.floats(0, 200), st.integers(0, 50_000), st.integers(-(10**13), 10**13))
def test_a_limit_runs_out_between_its_reading_and_its_reset(used: float, minutes: int, left: int) -> None:
    found = forecast.pace(used, minutes, MICRO + left, MICRO)
    if found is not None and found.runs_out_at is not None:
        assert MICRO <= found.runs_out_at < MICRO + left


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (five_hours(80.0, 2 * HOUR), "20 % ahead, runs out 14:45 at this rate"),
        (five_hours(62.0, 2 * HOUR), "in step with the clock"),
        (five_hours(30.0, 2 * HOUR), "30 % behind"),
        (five_hours(12.0, 5 * HOUR - 10 * MINUTE), ""),
        (five_hours(80.0, -1), ""),
        (five_hours(80.0, 2 * HOUR, age=45 * MINUTE), "read 45 min ago"),
        (WEEK, "31 % ahead, runs out Sun 22:00 at this rate"),
    ],
)
def test_the_pace_in_words(limit: Limit, said: str) -> None:
    assert pace.words(limit, NOW, UTC)[0] == said


def test_a_run_out_that_has_passed_is_told_no_more() -> None:
    limit = five_hours(98.0, 2 * HOUR, age=20 * MINUTE)
    assert pace.words(limit, NOW, UTC)[0] == "45 % ahead"


def test_the_limit_that_runs_out_first_is_the_one_a_card_tells_of() -> None:
    soon, later = five_hours(80.0, 2 * HOUR), WEEK
    assert pace.most_urgent((later, soon), NOW) is soon
    assert pace.most_urgent((), NOW) is None
    assert pace.line((later, soon), NOW, UTC, 60) == [
        ("5 h: 20 % ahead, runs out 14:45 at this rate", "warn")
    ]
    assert pace.line((later, soon), NOW, UTC, 34) == [("5 h: 20 % ahead, runs out 14:45", "warn")]
    assert pace.line((later, soon), NOW, UTC, 20) == [("5 h: runs out 14:45", "warn")]
    assert pace.line((later, soon), NOW, UTC, 5) == []


def test_a_card_tells_the_pace_and_a_small_one_its_fullest_limit() -> None:
    week = Limit("w", "", 10_080, 83.0, MICRO + 24 * HOUR, MICRO)
    card = replace(sample(now=NOW).cards[1], service="codex", limits=(five_hours(12.0, HOUR), week))
    shown = text_of(cards.lines(card, 44, 10, NOW, UTC, focused=False))
    assert "week: in step with the clock" in shown
    assert "logs · now" in shown, "the source and its age"
    small = text_of(cards.lines(card, 44, 5, NOW, UTC, focused=False))
    assert "WARN" in small
    assert "83 %" in small
    assert "12 %" not in small


@pytest.mark.parametrize(
    ("spent", "days", "left", "end"),
    [
        (100, [10] * 28, 9, 190),
        (100, [0] * 21 + [10] * 7, 4, 110),
        (100, [1_000] * 5 + [10] * 28, 1, 110),
        (100, [7] * 7, 10, 170),
        (100, [7] * 6, 10, None),
        (100, [], 0, None),
        (100, [5] * 28, 0, 100),
    ],
)
def test_a_month_comes_to_what_is_spent_and_the_mean_of_28_days_for_each_left(
    spent: int, days: list[int], left: int, end: int | None
) -> None:
    assert forecast.month_end(spent, days, left) == end


def test_the_strip_tells_what_the_month_comes_to_once_a_week_is_known() -> None:
    snapshot = sample(2, now=NOW)
    used = tuple((TODAY.replace(day=day), usage(7.0, 100)) for day in range(14, 21))
    week = tuple(Day(day, (("service-0", each),), (("m", each),)) for day, each in used)
    known = replace(snapshot, days=week, first_day=TODAY.replace(day=14))
    assert "$660.00~" in text_of(totals.lines(known, 120, 3)), "597 and nine days of 7"
    assert "(" not in text_of(totals.lines(known, 120, 3)), "a week has no range yet"
    young = replace(known, first_day=TODAY.replace(day=15))
    assert "Month end" not in text_of(totals.lines(young, 120, 3))


def month_of(*costs: float) -> Snapshot:
    """A month of which $597 are spent, and what the last days before today cost."""
    first = TODAY - timedelta(days=len(costs))
    used = [(first + timedelta(days=age), usage(cost, 100)) for age, cost in enumerate(costs)]
    days = tuple(Day(day, (("service-0", each),), (("m", each),)) for day, each in used)
    return replace(sample(2, now=NOW), days=days, first_day=first)


def test_the_strip_tells_the_range_of_the_month_end_and_what_it_means_for_the_budget() -> None:
    month = month_of(*[5, 9] * 14)
    said = text_of(totals.lines(month, 120, 3))
    assert "$660.00~ (651 – 669)" in said, "nine days of 7, ± 1.314 · √(4·28/27 · (9 + 81/28))"
    assert "at the rate of 28 days" in said
    assert "(651 – 669)" in text_of(totals.lines(month, 80, 2))
    assert "$660.00~ (651 – 669)" in text_of(totals.lines(month, 38, 2)), "where tokens have no room"
    for budget, word in ((700, ""), (670, ""), (669, "WARN"), (651, "WARN"), (640, "CRIT"), (500, "CRIT")):
        said = text_of(totals.lines(month, 120, 3, budget))
        assert f"$660.00~ (651 – 669) {word}".rstrip() in said
        assert ("WARN" in said, "CRIT" in said) == (word == "WARN", word == "CRIT")
        assert f"{59_700 / budget:.0f} % of ${budget} spent" in said
        assert word in text_of(totals.lines(month, 38, 2, budget))


def test_the_limits_of_the_accounts_are_the_budget() -> None:
    month = month_of(*[5, 9] * 14)
    limited = tuple(replace(card, billing=Billing(monthly_limit=325 * 10**9)) for card in month.cards)
    assert "92 % of $650 spent" in text_of(totals.lines(replace(month, cards=limited), 120, 3))
    assert "CRIT" in text_of(totals.lines(replace(month, cards=limited), 80, 2))


def test_today_is_compared_with_yesterday_at_the_same_time() -> None:
    snapshot = replace(sample(2, now=NOW), yesterday_so_far=usage(13.5, 1_000))
    shown = text_of(totals.lines(snapshot, 120, 3))
    assert "▲ 100 %" in shown
    assert "$13.50~ yesterday by 14:15" in shown
    assert text_of(totals.lines(snapshot, 20, 2)).split("\n")[0].split() == ["Today", "≥$27.00~"], "not cut"
    nothing = replace(snapshot, yesterday_so_far=usage(0, 0, 0))
    assert "▲" not in text_of(totals.lines(nothing, 120, 3))


def text_of(lines: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)
