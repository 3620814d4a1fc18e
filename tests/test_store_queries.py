"""Answers of the store: by any two dimensions, in any zone, filtered; and the first screens' snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import HOUR, MINUTE, NOW, SECOND, at, batch, context, record
from tokentui.store import (
    Reader,
    UsageQuery,
    UsageTable,
    Where,
    Writer,
    holds_until,
    open_reader,
    open_writer,
)
from tokentui.store.migrate import SCHEMA_VERSION
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import DIMENSIONS, literal
from tokentui.usage import BadLine, LimitReading, UsageContext, UsageRecord

DAY = 24 * HOUR


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A new database whose days are those of Berlin."""
    made = open_writer(tmp_path / "tokentui.db", "Europe/Berlin")
    yield made
    made.close()


@pytest.fixture
def reader(writer: Writer, tmp_path: Path) -> Iterator[Reader]:
    """The same database, for reading."""
    assert writer.connection
    made = open_reader(tmp_path / "tokentui.db")
    yield made
    made.close()


def counts(table: UsageTable) -> dict[tuple[str, ...], int]:
    """Return the requests of each group."""
    return {key: usage.request_count for key, usage in table.groups}


def filled(writer: Writer) -> None:
    """Two services, three accounts, two projects of the same name, three models."""
    records = [
        record("1", at("2026-11-01T10:00"), cost=1_000_000_000),
        record("2", at("2026-11-02T10:00"), model="claude-haiku", cost=2_000_000_000),
        record("3", at("2026-11-09T10:00"), context=1, cost=None, price=""),
        record("4", at("2026-11-20T10:00"), context=2, provider_name="openai", model="gpt-5", cost=4 * 10**9),
        record("5", at("2026-11-20T11:00"), context=3, provider_name="aws.bedrock", cost=8_000_000_000),
    ]
    contexts = [
        context("s1", branch="main"), context("s2", branch="wip", project="/home/u/other"),
        context("s1", service="codex", account="work"), context("s3", project="/srv/shop", branch="main"),
    ]  # fmt: skip
    writer.ingest([batch(records, contexts)], NOW)


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        (("service",), {("claude-code",): 4, ("codex",): 1}),
        (("account",), {("claude-code",): 4, ("codex/work",): 1}),
        (("provider",), {("anthropic",): 3, ("aws.bedrock",): 1, ("openai",): 1}),
        (("model",), {("claude-haiku",): 1, ("claude-opus-4",): 3, ("gpt-5",): 1}),
        (("project",), {("/home/u/other",): 1, ("/home/u/shop",): 3, ("/srv/shop",): 1}),
        (("branch",), {("",): 1, ("main",): 3, ("wip",): 1}),
        (("session",), {("s1",): 3, ("s2",): 1, ("s3",): 1}),
        (("week",), {("2026-10-26",): 1, ("2026-11-02",): 1, ("2026-11-09",): 1, ("2026-11-16",): 2}),
        (("month",), {("2026-11",): 5}),
        (("month", "week"), {("2026-11", f"2026-{day}"): n for day, n in
                             (("10-26", 1), ("11-02", 1), ("11-09", 1), ("11-16", 2))}),
        (("model", "provider"), {("claude-haiku", "anthropic"): 1, ("claude-opus-4", "anthropic"): 2,
                                 ("claude-opus-4", "aws.bedrock"): 1, ("gpt-5", "openai"): 1}),
        (("session", "service"), {("s1", "claude-code"): 2, ("s1", "codex"): 1, ("s2", "claude-code"): 1,
                                  ("s3", "claude-code"): 1}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_usage_is_grouped_by_one_or_two_dimensions(
    writer: Writer, reader: Reader, group_by: tuple[str, ...], expected: dict[tuple[str, ...], int], zone: str
) -> None:
    filled(writer)
    table = reader.usage(UsageQuery(zone=zone, group_by=group_by))
    assert counts(table) == expected
    assert [key for key, _ in table.groups] == sorted(expected)
    assert (table.totals.request_count, table.totals.cost) == (5, 15_000_000_000)
    assert table.totals.unpriced_request_count == 1
    assert (table.first_day, table.last_day) == (date(2026, 11, 1), date(2026, 11, 20))


@pytest.mark.parametrize(
    ("week_start", "weeks"),
    [
        ("monday", {"2026-10-26": 1, "2026-11-02": 1, "2026-11-09": 1, "2026-11-16": 2}),
        ("sunday", {"2026-11-01": 2, "2026-11-08": 1, "2026-11-15": 2}),
    ],
)
def test_a_week_is_named_by_the_day_it_starts_on_for_the_user(
    writer: Writer, reader: Reader, week_start: str, weeks: dict[str, int]
) -> None:
    filled(writer)
    table = reader.usage(UsageQuery(group_by=("week",), week_start=week_start))
    assert counts(table) == {(week,): count for week, count in weeks.items()}


@pytest.mark.parametrize(
    ("where", "requests"),
    [
        ([Where("model", "eq", ("CLAUDE-haiku", "gpt-5"))], 2),
        ([Where("model", "glob", ("claude*",))], 4),
        ([Where("model", "glob", ("claude*",), negated=True)], 1),
        ([Where("model", "glob", ("claude*",)), Where("provider", "eq", ("anthropic",))], 3),
        ([Where("project", "eq", ("shop",))], 4),
        ([Where("project", "eq", ("/srv/shop",))], 1),
        ([Where("project", "glob", ("/home/*",))], 4),
        ([Where("service", "eq", ("codex",), negated=True)], 4),
        ([Where("account", "eq", ("work",))], 1),
        ([Where("account", "eq", ("claude-code",))], 4),
        ([Where("branch", "eq", ("main",))], 3),
        ([Where("branch", "glob", ("w?p",))], 1),
        ([Where("branch", "eq", ("main",), negated=True)], 2),
        ([Where("session", "glob", ("s[12]",))], 0),
        ([Where("session", "eq", ("s1",))], 3),
        ([Where("model", "eq", ("claude%'; DROP TABLE models; --",))], 0),
        ([Where("model", "eq", ())], 0),
    ],
)
def test_usage_is_filtered(writer: Writer, reader: Reader, where: list[Where], requests: int) -> None:
    filled(writer)
    for group_by in ((), ("day",), ("session",)):
        table = reader.usage(UsageQuery(zone="Europe/Berlin", group_by=group_by, where=tuple(where)))
        assert table.totals.request_count == requests
        assert sum(counts(table).values()) == (requests if group_by else 0)


@pytest.mark.parametrize(
    ("condition", "models"),
    [
        (Where("cost", ">", (2_000_000_000,)), ["claude-opus-4", "gpt-5"]),
        (Where("cost", ">=", (2_000_000_000,)), ["claude-haiku", "claude-opus-4", "gpt-5"]),
        (Where("cost", "<", (4_000_000_000,)), ["claude-haiku"]),
        (Where("cost", "=", (4_000_000_000,), negated=True), ["claude-haiku", "claude-opus-4"]),
        (Where("tokens", "<=", (1_110,)), ["claude-haiku", "gpt-5"]),
    ],
)
def test_groups_are_filtered_by_what_they_sum_up_to(
    writer: Writer, reader: Reader, condition: Where, models: list[str]
) -> None:
    filled(writer)
    table = reader.usage(UsageQuery(zone="Europe/Berlin", group_by=("model",), where=(condition,)))
    assert [key for (key,), _ in table.groups] == models
    assert table.totals.request_count == sum(usage.request_count for _, usage in table.groups)


def test_a_group_without_any_price_has_no_cost_to_compare(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("a", cost=None, price="")])], NOW)
    for condition in (Where("cost", "<", (1,)), Where("cost", "<", (1,), negated=True)):
        assert reader.usage(UsageQuery(group_by=("model",), where=(condition,))).groups == ()


def test_a_literal_pattern_matches_only_itself(writer: Writer, reader: Reader) -> None:
    names = ["a*b", "a[b", "a?b", "a\\b", "axb"]
    writer.ingest([batch([record(name, model=name) for name in names])], NOW)
    for name in names:
        only = Where("model", "glob", (literal(name),))
        found = reader.usage(UsageQuery(group_by=("model",), where=(only,)))
        assert counts(found) == {(name,): 1}
    everything = reader.usage(UsageQuery(group_by=("model",), where=(Where("model", "glob", ("a*",)),)))
    assert len(everything.groups) == 5


def test_a_question_that_makes_no_sense_is_refused() -> None:
    for group_by in (("day", "week", "month"), ("colour",), ("day", "day")):
        with pytest.raises(ValueError, match="grouped"):
            UsageQuery(group_by=group_by)
    for field, op in (("colour", "eq"), ("model", ">"), ("cost", "eq")):
        with pytest.raises(ValueError, match="no condition"):
            Where(field, op, ())


# ------------------------------------------------------------------------------------ days and zones


def days_of(
    reader: Reader, zone: str, start: date | None = None, end: date | None = None
) -> dict[str, int]:
    """Return the requests of each day."""
    table = reader.usage(UsageQuery(start, end, zone, group_by=("day",)))
    return {day: usage.request_count for (day,), usage in table.groups}


def test_a_moment_belongs_to_different_days_in_different_zones(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("a", at("2026-03-29T00:30"))])], NOW)
    assert days_of(reader, "Europe/Berlin") == {"2026-03-29": 1}
    assert days_of(reader, "America/New_York") == {"2026-03-28": 1}
    assert writer.set_zone("America/New_York")
    assert not writer.set_zone("America/New_York")
    writer.ingest([batch([record("b", at("2026-03-29T00:45"))])], NOW)
    assert days_of(reader, "America/New_York") == {"2026-03-28": 2}
    assert days_of(reader, "Europe/Berlin") == {"2026-03-29": 2}
    assert reader.zone() == "America/New_York"


@pytest.mark.parametrize(
    ("zone", "day", "first", "last", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00", "2026-03-29T21:59:59", 23),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00", "2026-10-25T22:59:59", 25),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00", "2026-11-02T04:59:59", 25),
        ("Asia/Kathmandu", date(2026, 5, 5), "2026-05-04T18:15", "2026-05-05T18:14:59", 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30", "2026-10-04T12:59:59", 23),
    ],
)
@pytest.mark.parametrize("stored", [True, False])
def test_a_day_with_a_clock_change_is_as_long_as_it_is(
    tmp_path: Path, zone: str, day: date, first: str, last: str, hours: int, stored: bool
) -> None:
    writer = open_writer(tmp_path / "zone.db", zone if stored else "UTC")
    inside = [at(first), at(last)] + [at(first) + hour * HOUR for hour in range(1, hours)]
    times = [at(first) - SECOND, *inside, at(last) + SECOND]
    writer.ingest([batch([record(str(number), time) for number, time in enumerate(times)])], NOW)
    reader = Reader(writer.connection)
    before, after = (day + timedelta(days=step) for step in (-1, 1))
    assert days_of(reader, zone) == {str(before): 1, str(day): len(inside), str(after): 1}
    assert days_of(reader, zone, start=day, end=day) == {str(day): len(inside)}
    assert days_of(reader, zone, start=after) == {str(after): 1}
    assert days_of(reader, zone, end=before) == {str(before): 1}
    writer.close()


@pytest.mark.parametrize("stored", [True, False])
def test_a_zone_whose_days_begin_within_a_quarter_is_counted_from_the_records(
    tmp_path: Path, stored: bool
) -> None:
    zone = "Africa/Monrovia"  # UTC-0:44:30 until 1972
    writer = open_writer(tmp_path / "zone.db", zone if stored else "UTC")
    midnight = at("1971-06-02T00:44:30")
    times = [midnight - 20 * SECOND, midnight, midnight + DAY - SECOND, midnight + DAY]
    writer.ingest([batch([record(str(number), time) for number, time in enumerate(times)])], NOW)
    reader = Reader(writer.connection)
    assert days_of(reader, zone) == {"1971-06-01": 1, "1971-06-02": 2, "1971-06-03": 1}
    assert days_of(reader, zone, start=date(1971, 6, 2), end=date(1971, 6, 2)) == {"1971-06-02": 2}
    writer.close()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(at("2025-01-01"), at("2027-01-01")), min_size=1, max_size=12, unique=True),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Chatham", "America/Havana"]),
    st.sampled_from(["UTC", "Asia/Kathmandu", "Africa/Cairo"]),
)
def test_every_record_is_in_exactly_one_day_of_any_zone(times: list[int], zone: str, stored: str) -> None:
    from tokentui import periods

    connection = memory(stored, [record(str(time), time) for time in times])
    expected: dict[str, int] = {}
    for time in times:
        day = str(periods.day_of(time, periods.zone(zone)))
        expected[day] = expected.get(day, 0) + 1
    assert days_of(Reader(connection), zone) == expected
    connection.close()


@cache
def tables() -> str:
    """Return the SQL that makes an empty database."""
    with TemporaryDirectory() as folder:
        writer = open_writer(Path(folder) / "empty.db", "UTC")
        script = ";".join(
            sql for (sql,) in writer.connection.execute("SELECT sql FROM sqlite_master WHERE sql <> ''")
        )
        writer.close()
    return script


def memory(
    zone: str, records: list[UsageRecord], contexts: Sequence[UsageContext] = ()
) -> sqlite3.Connection:
    """Return a database in memory that holds records."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(tables())
    Writer(connection, zone).ingest([batch(records, contexts)], NOW)
    return connection


def test_one_record_with_an_absurd_date_costs_no_time(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("a", 0), record("b", NOW), record("c", 2**53)])], NOW)
    assert list(days_of(reader, "Asia/Tokyo")) == ["1970-01-01", "2026-11-21", "2255-06-06"]
    assert reader.snapshot(NOW, "Asia/Tokyo").record_count == 3
    assert writer.set_zone("Asia/Tokyo")


def test_sums_below_a_cent_are_exact(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record(str(number), NOW + number, cost=100_000_001) for number in range(10)])], NOW)
    totals = reader.usage(UsageQuery(zone="Europe/Berlin", group_by=("day",))).totals
    assert totals.cost == 1_000_000_010
    assert totals == reader.usage(UsageQuery(zone="Asia/Tokyo")).totals


def test_an_empty_database_has_answers_too(reader: Reader) -> None:
    for zone in ("Europe/Berlin", "UTC"):
        for dimension in DIMENSIONS:
            assert reader.usage(UsageQuery(zone=zone, group_by=(dimension,))) == UsageTable()
        snapshot = reader.snapshot(NOW, zone)
        assert (snapshot.cards, snapshot.days, snapshot.record_count, snapshot.first_day) == ((), (), 0, None)
        assert snapshot.totals_today == Usage()
    assert (reader.newest_record(), reader.duplicate_times(), reader.files()) == ("", 0, [])


# ------------------------------------------------------------------------------------ the first screens


@pytest.mark.parametrize("stored", ["Europe/Berlin", "UTC"])
def test_the_snapshot_shows_today_the_month_cards_and_trends(
    writer: Writer, reader: Reader, stored: str
) -> None:
    writer.set_zone(stored)
    now = at("2026-11-20T12:00")
    filled(writer)
    days_back = [record(f"-{days}", now - days * DAY) for days in (1, 89, 90)]
    writer.ingest([batch(days_back)], now)
    writer.describe_services({"claude-code": "Claude Code"})
    shown = reader.snapshot(now, "Europe/Berlin")
    assert (shown.today, shown.zone, shown.record_count) == (date(2026, 11, 20), "Europe/Berlin", 8)
    assert (shown.totals_today.request_count, shown.totals_today.cost) == (2, 12_000_000_000)
    assert shown.totals_yesterday.request_count == 1
    assert (shown.totals_month.request_count, shown.totals_month.unpriced_request_count) == (6, 1)
    assert shown.first_day == date(2026, 8, 22)
    assert shown.unpriced_models == ("claude-opus-4",)
    claude, codex = shown.cards
    assert (claude.service, claude.title, claude.account) == ("claude-code", "Claude Code", "")
    assert (codex.service, codex.title, codex.account) == ("codex", "codex", "work")
    assert (claude.today.request_count, claude.month.request_count) == (1, 5)
    assert claude.last_used_at == at("2026-11-20T11:00")
    assert len(claude.daily_cost) == len(claude.daily_tokens) == 30
    assert claude.daily_cost[-1] == 8_000_000_000
    assert codex.daily_cost[-2] is None
    unpriced_day = (date(2026, 11, 9) - date(2026, 10, 22)).days
    assert (claude.daily_cost[unpriced_day], claude.daily_tokens[unpriced_day]) == (None, 1_110)
    assert [str(day.day) for day in shown.days] == [
        "2026-08-23", "2026-11-01", "2026-11-02", "2026-11-09", "2026-11-19", "2026-11-20"
    ]  # fmt: skip
    last = shown.days[-1]
    services = [(name, usage.request_count) for name, usage in last.by_service]
    assert services == [("claude-code", 1), ("codex", 1)]
    assert [(name, usage.cost) for name, usage in last.by_model] == [
        ("claude-opus-4", 8_000_000_000), ("gpt-5", 4_000_000_000)
    ]  # fmt: skip
    assert shown == reader.snapshot(now, "Europe/Berlin")


def test_the_most_expensive_drivers_come_first_and_the_rest_shares_a_line(
    writer: Writer, reader: Reader
) -> None:
    now, start = at("2026-11-20T20:00"), at("2026-11-20T08:07:33")
    contexts = [context(f"s{n}", project=f"/home/u/p{n}") for n in range(12)]
    contexts += [context("twin", project="/srv/p0"), context("none", project="")]
    records = [
        record(f"r{n}", start + n * MINUTE, context=n, cost=(20 - n) * 1_000_000, model=f"m{n % 3}")
        for n in range(14)
    ]
    records.append(record("later", at("2026-11-20T09:30:00"), context=0, model="m0", cost=1))
    records.append(record("yesterday", now - DAY, context=5, cost=10**12))
    writer.ingest([batch(records, contexts)], now)
    drivers = reader.snapshot(now, "Europe/Berlin").drivers
    assert [driver.label for driver in drivers.projects] == [
        "u/p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "6 more"
    ]  # fmt: skip
    assert sum(driver.usage.request_count for driver in drivers.projects) == 15
    assert [driver.label for driver in drivers.models] == ["m0", "m1", "m2"]
    first = drivers.sessions[0]
    assert (first.label, first.usage.request_count) == ("u/p0 09:07", 2)
    assert (first.first_at, first.last_at) == (start, at("2026-11-20T09:30"))
    assert len(drivers.sessions) == 9


def limit(
    time: int, used: float, resets_at: int | None, window: int = 300, limit_id: str = "codex"
) -> LimitReading:
    """Return a reading of Codex."""
    return LimitReading("codex", "", limit_id, window, used, resets_at, time, plan="plus", limit_name="5 h")


def test_a_limit_is_the_newest_reading_until_its_window_is_reset(writer: Writer, reader: Reader) -> None:
    said = [
        limit(NOW - 2 * HOUR, 80.0, NOW - HOUR), limit(NOW - 30 * MINUTE, 12.0, NOW + HOUR),
        limit(NOW - 29 * MINUTE, 12.0, NOW + HOUR), limit(NOW - DAY, 55.0, NOW - 1, 10_080),
        limit(NOW - DAY, 5.0, None, 0, "spark"),
    ]  # fmt: skip
    for one in (said[1], said[0], *said[2:]):
        writer.ingest([batch(limits=[one])], NOW)
    (card,) = reader.snapshot(NOW, "Europe/Berlin").cards
    assert (card.service, card.plan, card.last_used_at) == ("codex", "plus", None)
    found = {(one.limit_id, one.window_minutes): (one.used_percent, one.observed_at) for one in card.limits}
    assert found == {
        ("codex", 300): (12.0, NOW - 29 * MINUTE),
        ("codex", 10_080): (None, NOW - DAY),
        ("spark", 0): (5.0, NOW - DAY),
    }
    (later,) = reader.snapshot(NOW + HOUR, "Europe/Berlin").cards
    assert [one.used_percent for one in later.limits if one.window_minutes == 300] == [None]


def test_a_limit_without_a_reset_is_known_for_its_windows_length(writer: Writer, reader: Reader) -> None:
    said = [limit(NOW, 40.0, None), limit(NOW, 50.0, None, 10_080), limit(NOW, 60.0, None, 0)]
    writer.ingest([batch(limits=said)], NOW)

    def known(after: int) -> list[float | None]:
        (card,) = reader.snapshot(NOW + after, "UTC").cards
        return [one.used_percent for one in sorted(card.limits, key=lambda one: one.window_minutes)]

    assert known(5 * HOUR - 1) == [60.0, 40.0, 50.0]
    assert known(5 * HOUR) == [60.0, None, 50.0]
    assert known(7 * DAY) == [60.0, None, None]
    assert known(30 * DAY) == [None, None, None]


def test_a_snapshot_is_true_for_as_long_as_it_says(writer: Writer, reader: Reader) -> None:
    resets = NOW + 3 * HOUR + 7 * MINUTE + 3 * SECOND
    limits = [limit(NOW, 40.0, resets), limit(NOW, 50.0, None, 60), limit(NOW, 60.0, NOW - 1, 10_080)]
    records = [record(str(number), NOW - number * 3 * MINUTE) for number in range(600)]
    writer.ingest([batch(records, [context("s1")], limits=limits)], NOW)
    for zone in ("UTC", "Asia/Kathmandu"):
        moment, steps, last = NOW + 1, 0, NOW + 26 * HOUR
        while moment < last:
            until = holds_until(shown := reader.snapshot(moment, zone), moment)
            assert moment < until
            assert reader.snapshot(min(until, last) - 1, zone) == shown
            moment, steps = until, steps + 1
        assert steps <= 26 * 8 + 3, "it is read more often than once in seven minutes"


def test_a_limit_from_the_future_does_not_hide_todays(writer: Writer, reader: Reader) -> None:
    said = [limit(NOW + 400 * DAY, 99.0, None), limit(NOW, 12.0, NOW + HOUR), limit(NOW + HOUR, 13.0, None)]
    assert writer.ingest([batch(limits=said)], NOW).limits_added == 2
    (card,) = reader.snapshot(NOW + HOUR, "UTC").cards
    assert [one.used_percent for one in card.limits] == [13.0]


# ------------------------------------------------------------------------------------ the doctor


def test_the_doctor_sees_files_bad_lines_and_versions(writer: Writer, reader: Reader) -> None:
    version = reader.data_version()
    assert reader.data_version() == version
    writer.ingest([batch([record("a")], bad_lines=[BadLine(70, 3, "not JSON")], path="/logs/b.jsonl")], NOW)
    writer.ingest([batch(bad_lines=[BadLine(5, 1, "NUL bytes")], path="/logs/\udcff.jsonl")], NOW + 1)
    writer.file_errors([("codex", "/logs/c.jsonl", "permission denied")], NOW)
    writer.mark_gone(["/logs/b.jsonl"], NOW + 2)
    assert reader.data_version() != version
    files = {file.path: file for file in reader.files()}
    assert (files["/logs/b.jsonl"].record_count, files["/logs/b.jsonl"].gone_at) == (1, NOW + 2)
    assert (files["/logs/c.jsonl"].read_at, files["/logs/c.jsonl"].error) == (None, "permission denied")
    assert [file.path for file in reader.files("codex")] == ["/logs/c.jsonl"]
    lines = [(line.path, line.line, line.reason) for line in reader.bad_lines()]
    assert lines == [("/logs/\udcff.jsonl", 1, "NUL bytes"), ("/logs/b.jsonl", 3, "not JSON")]
    assert reader.bad_lines(source="codex") == []
    assert len(reader.bad_lines(1)) == 1
    assert (reader.schema_version(), reader.journal_mode()) == (SCHEMA_VERSION, "wal")


def test_the_newest_record_and_twins_are_told(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("a"), record("b"), record("c", NOW + SECOND, output=1_200)])], NOW)
    assert reader.newest_record() == (
        "2026-11-21 00:00:01 UTC, claude-code, claude-opus-4, 1,100 tokens in, 1,200 out"
    )
    assert reader.duplicate_times() == 1


def test_a_reader_cannot_write(reader: Reader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.connection.execute("DELETE FROM usage_records")


def test_notes_are_kept_between_runs(writer: Writer, reader: Reader) -> None:
    writer.set_meta("price data", "2026-11")
    assert (writer.meta("price data"), reader.meta("price data")) == ("2026-11", "2026-11")
    writer.set_meta("price data", None)
    assert reader.meta("price data") is None


def test_a_month_begins_on_the_billing_day(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "t.db", "UTC")
    days = ("2026-10-14", "2026-10-15", "2026-11-01", "2026-11-14")
    writer.ingest([batch([record(day, at(f"{day}T12:00")) for day in days])], NOW)
    reader = Reader(writer.connection)
    now = at("2026-11-14T13:00")
    counts = {day: reader.snapshot(now, "UTC", day).totals_month.request_count for day in (1, 14, 15, 31)}
    assert counts == {1: 2, 14: 1, 15: 3, 31: 2}
    assert reader.snapshot(now, "UTC", 15).cards[0].month.request_count == 3
    assert reader.snapshot(now, "UTC", 15).billing_day == 15
