"""What drove the cost of some days, yesterday up to now, and the past windows of limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.store_batches import HOUR, MINUTE, NOW, at, batch, context, record
from tokentui.store import Reader, UsageQuery, Writer, open_reader, open_writer
from tokentui.store.snapshot import PastWindow, Usage
from tokentui.store.usage_table import Where
from tokentui.usage import LimitReading

DAY = 24 * HOUR
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A new database whose days are those of UTC."""
    made = open_writer(tmp_path / "tokentui.db", "UTC")
    yield made
    made.close()


@pytest.fixture
def reader(writer: Writer, tmp_path: Path) -> Iterator[Reader]:
    """The same database, for reading."""
    assert writer.connection
    made = open_reader(tmp_path / "tokentui.db")
    yield made
    made.close()


@pytest.fixture
def two_days(writer: Writer) -> None:
    """Two projects of two accounts on two days."""
    contexts = [
        context("s1", project="/w/shop", quality="floor"),
        context("s2", project="/w/infra"),
        context("s3", project="/w/shop", account="work"),
    ]
    records = [
        record("a", at("2026-11-20T10:00:00"), cost=5_000, context=0),
        record("b", at("2026-11-21T10:00:00"), cost=3_000, context=1, model="claude-sonnet-4"),
        record("c", at("2026-11-21T11:00:00"), cost=9_000, context=2),
    ]
    writer.ingest([batch(records, contexts)], NOW)


@pytest.mark.usefixtures("two_days")
def test_the_drivers_of_any_days_add_up_and_carry_their_quality(reader: Reader) -> None:
    both = reader.drivers(FRIDAY, SATURDAY, "UTC")
    assert [(each.label, each.usage.cost, each.quality) for each in both.projects] == [
        ("shop", 14_000, "floor"),
        ("infra", 3_000, "exact"),
    ]
    assert (both.start, both.end, both.quality) == (FRIDAY, SATURDAY, "floor")
    for drivers in (both.projects, both.models, both.sessions):
        assert sum(each.usage.cost for each in drivers) == both.totals.cost == 17_000
    saturday = reader.drivers(SATURDAY, SATURDAY, "UTC")
    assert [each.label for each in saturday.sessions] == ["shop 11:00", "infra 10:00"]
    assert saturday.quality == "exact"
    assert reader.drivers(date(2026, 1, 1), date(2026, 1, 2), "UTC").totals == Usage()


@pytest.mark.usefixtures("two_days")
def test_a_driver_says_what_selects_it(reader: Reader) -> None:
    drivers = reader.drivers(FRIDAY, SATURDAY, "UTC")
    for field, found in (
        ("project", drivers.projects), ("model", drivers.models), ("session", drivers.sessions),
    ):  # fmt: skip
        for driver in found:
            assert driver.key is not None
            where = (Where(field, "eq", (driver.key,)),)
            assert reader.usage(UsageQuery(FRIDAY, SATURDAY, where=where)).totals == driver.usage


@pytest.mark.usefixtures("two_days")
def test_the_drivers_of_one_account_leave_out_the_others(reader: Reader) -> None:
    assert reader.drivers(FRIDAY, SATURDAY, "UTC", "claude-code", "work").totals.cost == 9_000
    assert reader.drivers(FRIDAY, SATURDAY, "UTC", "claude-code").totals.cost == 8_000
    assert reader.drivers(FRIDAY, SATURDAY, "UTC", "codex").totals == Usage()


def test_what_is_left_after_eight_drivers_shares_a_line_without_a_key(writer: Writer, reader: Reader) -> None:
    qualities = ["exact"] * 11 + ["floor"]
    contexts = [context(f"s{n}", project=f"/w/p{n}", quality=each) for n, each in enumerate(qualities)]
    records = [record(f"r{n}", NOW + n * MINUTE, cost=(20 - n) * 1_000, context=n) for n in range(12)]
    writer.ingest([batch(records, contexts)], NOW)
    *first, rest = reader.drivers(SATURDAY, SATURDAY, "UTC").projects
    assert {each.quality for each in first} == {"exact"}
    assert (len(first), rest.label, rest.key, rest.quality) == (8, "4 more", None, "floor")


@pytest.mark.parametrize(
    ("now", "zone", "cost"),
    [
        ("2026-11-21T10:05:00", "UTC", 1),
        ("2026-11-21T10:08:00", "UTC", 3),
        ("2026-11-21T00:00:00", "UTC", 0),
        ("2026-11-21T23:59:00", "UTC", 7),
        ("2026-11-21T10:08:00", "Europe/Berlin", 3),
    ],
)
def test_yesterday_counts_up_to_the_same_time_of_day(
    writer: Writer, reader: Reader, now: str, zone: str, cost: int
) -> None:
    times = ("09:59:59", "10:00:00", "10:30:00")
    records = [record(f"r{n}", at(f"2026-11-20T{time}"), cost=2**n) for n, time in enumerate(times)]
    writer.ingest([batch(records)], NOW)
    assert reader.snapshot(at(now), zone).yesterday_so_far.cost == cost


def test_the_same_time_is_that_of_the_clocks_also_when_they_were_changed(
    writer: Writer, reader: Reader
) -> None:
    writer.ingest([batch([record("a", at("2026-10-24T09:00:00"), cost=1)])], NOW)
    found = reader.snapshot(at("2026-10-25T11:00:00"), "Europe/Berlin")  # 12:00, after summer time has ended
    assert found.yesterday_until == at("2026-10-24T10:00:00"), "12:00 the day before"


def test_the_past_windows_of_a_limit_keep_their_fullest_reading(writer: Writer, reader: Reader) -> None:
    def reading(time: int, used: float, resets_at: int | None, window: int = 300) -> LimitReading:
        return LimitReading("codex", "", "p", window, used, resets_at, time, plan="plus", limit_name="5 h")

    first, second = NOW - 5 * HOUR, NOW + HOUR
    said = [
        reading(NOW - 8 * HOUR, 20.0, first), reading(NOW - 6 * HOUR, 70.0, first + 40_000_000),
        reading(NOW - HOUR, 12.0, second), reading(NOW - HOUR, 33.0, NOW + DAY, 10_080),
        reading(NOW - HOUR, 5.0, None, 0),
    ]  # fmt: skip
    writer.ingest([batch(limits=said)], NOW)
    five_hours, week = reader.limit_history("codex", "")
    assert [each.used_percent for each in five_hours.windows] == [70.0, 12.0], "one reset"
    assert (five_hours.name, five_hours.window_minutes) == ("5 h", 300)
    assert week.windows == (PastWindow(NOW + DAY, 33.0),)
    assert reader.limit_history("codex", "other") == ()
