"""Which days a selection covers, and what lies before them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui.engine.filters import FilterError
from tokentui.engine.selection import DATES, PRESETS, Selection
from tokentui.store.usage_table import Where

TODAY = date(2026, 11, 20)
DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("days", "back", "first", "last"),
    [
        ("today", 0, TODAY, TODAY),
        ("today", 3, date(2026, 11, 17), date(2026, 11, 17)),
        ("week", 0, date(2026, 11, 16), TODAY),
        ("week", 1, date(2026, 11, 9), date(2026, 11, 15)),
        ("month", 0, date(2026, 11, 1), TODAY),
        ("month", 2, date(2026, 9, 1), date(2026, 9, 30)),
        ("all", 0, None, None),
    ],
)
def test_a_span_ends_today_or_is_whole(days: str, back: int, first: date | None, last: date | None) -> None:
    assert Selection(days=days, back=back).span(TODAY) == (first, last)


def test_weeks_begin_where_the_users_do() -> None:
    assert Selection(days="week").span(TODAY, "sunday") == (date(2026, 11, 15), TODAY)


@pytest.mark.parametrize(
    ("selection", "first", "last"),
    [
        (Selection(days="today"), date(2026, 11, 19), date(2026, 11, 19)),
        (Selection(days="week"), date(2026, 11, 9), date(2026, 11, 13)),
        (Selection(days="month"), date(2026, 10, 1), TODAY.replace(month=10)),
        (Selection(days="month", back=1), date(2026, 9, 1), date(2026, 9, 30)),
        (
            Selection(days=DATES, start=date(2026, 11, 3), end=date(2026, 11, 5)),
            date(2026, 10, 31),
            date(2026, 11, 2),
        ),
    ],
)
def test_what_lies_before_is_as_long(selection: Selection, first: date, last: date) -> None:
    before = selection.before(TODAY)
    assert before is not None
    assert before.span(TODAY) == (first, last)


def test_nothing_lies_before_everything() -> None:
    assert Selection(days="all").before(TODAY) is None
    assert Selection(days=DATES, end=TODAY).before(TODAY) is None


@given(st.sampled_from(PRESETS), st.integers(0, 60), DAYS, st.sampled_from(["monday", "sunday", "saturday"]))
def test_a_span_before_ends_before_this_one_begins(
    days: str, back: int, today: date, week_start: str
) -> None:
    selection = Selection(days=days, back=back)
    before = selection.before(today, week_start)
    first, last = selection.span(today, week_start)
    if before is None or first is None or last is None:
        assert days == "all"
        return
    start, end = before.span(today, week_start)
    assert start is not None
    assert end is not None
    assert start <= end < first <= last <= today


@given(st.sampled_from(PRESETS[:3]), st.integers(0, 40), st.integers(-5, 5), DAYS)
def test_steps_lead_back_and_never_beyond_today(days: str, back: int, by: int, today: date) -> None:
    selection = Selection(days=days, back=back)
    stepped = selection.stepped(by, today)
    last = stepped.span(today)[1]
    assert last is not None
    assert last <= today
    if by <= 0:
        assert stepped.stepped(-by, today) == selection


def test_dates_step_by_their_own_length() -> None:
    three = Selection(days=DATES, start=date(2026, 11, 3), end=date(2026, 11, 5))
    assert three.stepped(-1, TODAY).span(TODAY) == (date(2026, 10, 31), date(2026, 11, 2))
    assert three.stepped(1, TODAY).span(TODAY) == (date(2026, 11, 6), date(2026, 11, 8))
    assert three.stepped(9, TODAY) == three, "never beyond today"


def test_the_days_of_the_filter_and_of_the_span_hold_both() -> None:
    query = Selection(filter="since:2026-11-10 model:x", days="month").query("UTC", TODAY)
    assert (query.start, query.end) == (date(2026, 11, 10), TODAY)
    assert query.where == (Where("model", "eq", ("x",)),)
    assert query.group_by == ("day",)
    with pytest.raises(FilterError):
        Selection(filter="cst:1").query("UTC", TODAY)
