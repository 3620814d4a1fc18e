"""Days, weeks and months begin and end where a person in their own time zone says they do."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentui import periods
from tokentui.periods import PeriodError, billing_month, day_bounds, day_of, month_of, parse_range, zone

TODAY = date(2026, 11, 21)  # a Saturday, in 2026-W47
ZONES = sorted(name for name in available_timezones() if not name.startswith(("posix", "right", "System")))
HOUR = 3_600_000_000
DATES = st.dates(date(1971, 1, 1), date(2037, 12, 31))
# Days on which clocks went back or forward over midnight, or that a zone left out.
ODD_DAYS = [
    ("Europe/Berlin", date(2026, 3, 29), 23), ("Europe/Berlin", date(2026, 10, 25), 25),
    ("Europe/Berlin", date(2026, 11, 21), 24), ("America/New_York", date(2026, 11, 1), 25),
    ("America/Sao_Paulo", date(2017, 10, 15), 23), ("America/Sao_Paulo", date(2018, 2, 17), 25),
    ("America/Havana", date(2026, 11, 1), 25), ("America/Havana", date(2026, 3, 8), 23),
    ("Asia/Beirut", date(2026, 3, 29), 23), ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("America/St_Johns", date(2006, 10, 29), 25), ("Pacific/Apia", date(2011, 12, 30), 0),
    ("Pacific/Apia", date(2011, 12, 29), 24), ("Pacific/Apia", date(2011, 12, 31), 24),
    ("Asia/Kathmandu", date(2026, 5, 5), 24), ("UTC", date(2026, 3, 29), 24),
]


def micro(when: datetime) -> int:
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(("name", "day", "hours"), ODD_DAYS)
def test_a_day_is_as_long_as_it_was(name: str, day: date, hours: float) -> None:
    start, end = day_bounds(day, zone(name))
    assert (end - start) / HOUR == hours


@pytest.mark.parametrize("day", [date.min, date(1, 1, 3), date(9999, 12, 29), date(9999, 12, 30), date.max])
@pytest.mark.parametrize("name", ["UTC", "Asia/Kathmandu", "Etc/GMT+12", "Pacific/Kiritimati"])
def test_the_calendar_has_ends_that_can_be_asked_for(name: str, day: date) -> None:
    start, end = day_bounds(day, zone(name))
    assert (end - start) / HOUR == 24
    assert abs(start / HOUR - (day.toordinal() - date(1970, 1, 1).toordinal()) * 24) <= 16


@given(st.sampled_from(ZONES), DATES, st.floats(0, 1, exclude_max=True))
def test_every_moment_lies_in_exactly_one_day(name: str, day: date, part: float) -> None:
    local = zone(name)
    start, end = day_bounds(day, local)
    assert start == day_bounds(day - timedelta(days=1), local)[1]
    assert end >= start
    inside = start + int((end - start) * part)
    if end > start:
        assert day_of(inside, local) == day
        assert day_of(end - 1, local) == day
        assert day_of(start, local) == day
        assert day_of(start - 1, local) < day


@given(st.sampled_from(ZONES), st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)))
def test_a_moment_is_shown_on_the_day_of_the_clock_on_the_wall(name: str, when: datetime) -> None:
    moment = when.replace(tzinfo=UTC)
    wall = moment.astimezone(ZoneInfo(name))
    shown = day_of(micro(moment), zone(name))
    # Only the evening that clocks show twice may count to the day that had already begun.
    evening_again = wall.hour >= 21 and wall.fold == 1
    assert shown == wall.date() or (evening_again and shown == wall.date() + timedelta(days=1))


@pytest.mark.parametrize(
    ("from_text", "to_text", "first", "last"),
    [
        (None, None, None, None), ("", " ", None, None),
        ("2026-11-01", None, "2026-11-01", None), (None, "2026-11-21", None, "2026-11-21"),
        ("2026-11-01", "2026-11-21", "2026-11-01", "2026-11-21"),
        ("today", "today", "2026-11-21", "2026-11-21"), (" Yesterday ", None, "2026-11-20", None),
        ("-7d", None, "2026-11-14", None),
        ("-7d", "-1d", "2026-11-14", "2026-11-20"), ("-7 days", None, "2026-11-14", None),
        ("-2w", None, "2026-11-07", None), ("-3m", None, "2026-08-21", None),
        ("-9m", None, "2026-02-21", None),
        ("last month", None, "2026-10-01", "2026-10-31"), ("last month", "today", "2026-10-01", "2026-11-21"),
        ("this month", None, "2026-11-01", "2026-11-30"), (None, "last month", None, "2026-10-31"),
        ("last week", None, "2026-11-09", "2026-11-15"), ("this-week", None, "2026-11-16", "2026-11-22"),
        ("2026-W46", None, "2026-11-09", "2026-11-15"), ("2026-w46", "2026-W47", "2026-11-09", "2026-11-22"),
        ("2026-11", None, "2026-11-01", "2026-11-30"), ("2024-02", None, "2024-02-01", "2024-02-29"),
        ("2026-09", "2026-10", "2026-09-01", "2026-10-31"), ("2026-W53", None, "2026-12-28", "2027-01-03"),
    ],
)
def test_a_range_can_be_named_in_many_ways(
    from_text: str | None, to_text: str | None, first: str | None, last: str | None
) -> None:
    found = parse_range(from_text, to_text, TODAY, "monday")
    assert [day and day.isoformat() for day in found] == [first, last]


@pytest.mark.parametrize(
    ("start", "first", "last"),
    [
        ("monday", "2026-11-09", "2026-11-15"), ("sunday", "2026-11-08", "2026-11-14"),
        ("saturday", "2026-11-14", "2026-11-20"),
    ],
)
def test_last_week_starts_on_the_day_the_settings_say(start: str, first: str, last: str) -> None:
    found = parse_range("last week", None, TODAY, start)
    assert [day and day.isoformat() for day in found] == [first, last]


def test_months_back_from_a_31st_stay_in_the_month() -> None:
    assert parse_range("-1m", None, date(2026, 3, 31))[0] == date(2026, 2, 28)
    assert parse_range("-1m", None, date(2026, 1, 5))[0] == date(2025, 12, 5)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("2026-02-30", "2026-02-28"), ("2026/11/3", "2026-11-03"), ("20261103", "2026-11-03"),
        ("2026-11-03T10:00Z", "2026-11-03"), ("2026-13", periods.EXAMPLES), ("2025-W53", periods.EXAMPLES),
        ("2026-13-01", periods.EXAMPLES), ("0000-01-01", periods.EXAMPLES), ("-99999m", periods.EXAMPLES),
        ("gestern", periods.EXAMPLES), ("7d", periods.EXAMPLES), ("2026-00-10", periods.EXAMPLES),
    ],
)
@pytest.mark.parametrize("end", ["from", "to"])
def test_a_malformed_date_is_answered_with_one_that_works(wrong: str, right: str, end: str) -> None:
    with pytest.raises(PeriodError, match="is not a date or a period") as caught:
        parse_range(wrong if end == "from" else None, wrong if end == "to" else None, TODAY)
    assert caught.value.hint == right
    if right is not periods.EXAMPLES:
        parse_range(right, None, TODAY)


def test_each_example_of_a_date_works() -> None:
    words = periods.EXAMPLES.replace(" or ", ", ").split(", ")
    assert len(words) == 10
    for word in words:
        assert parse_range(word, None, TODAY)[0] is not None


def test_an_inverted_range_is_answered_with_the_right_one() -> None:
    with pytest.raises(PeriodError, match="ends before it starts") as caught:
        parse_range("2026-11-21", "2026-11-01", TODAY)
    assert caught.value.hint == "--from 2026-11-01 --to 2026-11-21"


def test_what_a_terminal_would_obey_is_not_repeated() -> None:
    with pytest.raises(PeriodError) as caught:
        parse_range("\x1b]0;x\x07" + "y" * 500, None, TODAY)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 120


@given(st.text(max_size=30))
def test_any_text_is_a_range_or_an_error_with_an_example(text: str) -> None:
    try:
        first, last = parse_range(text, None, TODAY)
    except PeriodError as error:
        hint = error.hint
    else:
        hint = "none needed"
        assert (first is None) == (text.strip() == "")
        assert last is None or (first is not None and first < last)
    assert hint


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 31))
def test_billing_months_follow_each_other_without_gap(day: date, first_day: int) -> None:
    first, last = billing_month(day, first_day)
    assert first <= day <= last
    assert billing_month(last, first_day) == (first, last)
    assert billing_month(last + timedelta(days=1), first_day)[0] == last + timedelta(days=1)
    assert first.day == min(first_day, month_of(first)[1].day)


@pytest.mark.parametrize(
    ("day", "first_day", "first", "last"),
    [
        ("2026-11-21", 1, "2026-11-01", "2026-11-30"), ("2026-11-21", 15, "2026-11-15", "2026-12-14"),
        ("2026-11-14", 15, "2026-10-15", "2026-11-14"), ("2026-02-28", 31, "2026-02-28", "2026-03-30"),
        ("2026-03-30", 30, "2026-03-30", "2026-04-29"), ("2026-01-02", 31, "2025-12-31", "2026-01-30"),
    ],
)
def test_a_billing_month_starts_on_its_day(day: str, first_day: int, first: str, last: str) -> None:
    found = billing_month(date.fromisoformat(day), first_day)
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("wrong", [0, 32])
def test_a_billing_month_needs_a_possible_day(wrong: int) -> None:
    with pytest.raises(PeriodError):
        billing_month(TODAY, wrong)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from(sorted(periods.WEEK_STARTS)))
def test_a_week_has_seven_days_and_holds_its_day(day: date, start: str) -> None:
    first, last = periods.week_of(day, start)
    assert first <= day <= last
    assert (last - first).days == 6
    assert first.weekday() == periods.WEEK_STARTS[start]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/group", "Europe", "a\0", "ä"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(PeriodError, match="is not a time zone"):
        zone(name)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("America/New_York", "America/New_York"), (":Europe/Berlin", "Europe/Berlin"),
        ("", "UTC"), ("UTC", "UTC"),
        ("<+0530>-05", "Etc/GMT-5"), ("EST5", "Etc/GMT+5"), ("UTC0", "UTC"), ("EST5EDT", "EST5EDT"),
        ("/somewhere/zoneinfo/posix/Asia/Tokyo", "Asia/Tokyo"), ("/somewhere/zoneinfo/Etc/UTC", "UTC"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Asia/Kolkata"), ("nonsense", "Asia/Kolkata"),
        ("EST99", "Asia/Kolkata"),
    ],
)
def test_the_zone_is_what_tz_says_or_else_the_system(tmp_path: Path, value: str, name: str) -> None:
    (tmp_path / "localtime").symlink_to("/somewhere/zoneinfo/Asia/Kolkata")
    assert periods.local_zone_name({"TZ": value}, str(tmp_path / "localtime"), str(tmp_path / "none")) == name


def test_the_zone_is_found_where_localtime_is_a_copy(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_bytes(b"TZif2")
    (tmp_path / "timezone").write_text("Europe/Paris\n")
    places = str(tmp_path / "localtime"), str(tmp_path / "timezone")
    assert periods.local_zone_name({}, *places) == "Europe/Paris"
    (tmp_path / "timezone").write_bytes(b"\xff\xfe")
    assert periods.local_zone_name({}, *places) == "UTC"


def test_importing_it_does_not_read_a_time_zone() -> None:
    program = "import sys, tokentui.periods; print({'zoneinfo', 'calendar', 'locale'} & {*sys.modules} or '')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
