"""Usage by weekday and hour, as the clocks of any zone showed them."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import NOW, at, batch, record
from tokentui.periods import PeriodError, day_bounds, day_of
from tokentui.store import Reader, UsageQuery, open_writer
from tokentui.store.heatmap_query import Heatmap
from tokentui.ui.figures import total


@contextmanager
def database(times: list[int]) -> Iterator[Reader]:
    """A database of one request at each time (epoch µs)."""
    with tempfile.TemporaryDirectory() as folder:
        writer = open_writer(Path(folder) / "tokentui.db", "UTC")
        writer.ingest([batch([record(str(number), time) for number, time in enumerate(times)])], NOW)
        yield Reader(writer.connection)
        writer.close()


def requests(found: Heatmap) -> Counter[tuple[int, int]]:
    """Return the requests by weekday (Monday is 0) and hour."""
    return Counter(
        {
            (weekday, hour): usage.request_count
            for weekday, hours in enumerate(found.hours)
            for hour, usage in enumerate(hours)
            if usage
        }
    )


def test_each_request_stands_where_the_clocks_of_the_zone_were() -> None:
    times = [at("2026-11-15T23:30"), at("2026-11-16T08:59"), at("2026-11-16T09:00"), at("2026-11-23T08:10")]
    with database(times) as reader:
        days = date(2026, 11, 16), date(2026, 11, 23)
        assert requests(reader.heatmap(*days, "Europe/Berlin")) == {(0, 0): 1, (0, 9): 2, (0, 10): 1}
        assert requests(reader.heatmap(*days, "UTC")) == {(0, 8): 2, (0, 9): 1}
        assert requests(reader.heatmap(*days, "Asia/Kathmandu")) == {(0, 5): 1, (0, 14): 2, (0, 13): 1}
        assert reader.heatmap(date(2026, 1, 1), date(2026, 2, 1), "UTC") == Heatmap()


def test_an_hour_that_the_clocks_show_twice_is_one_and_a_skipped_one_is_empty() -> None:
    spring = [at("2026-03-29T00:59"), at("2026-03-29T01:00")]  # 01:59, then 03:00 in Berlin
    autumn = [at("2026-10-25T00:30"), at("2026-10-25T01:30")]  # 02:30 twice
    with database(spring + autumn) as reader:
        found = requests(reader.heatmap(date(2026, 1, 1), date(2026, 12, 31), "Europe/Berlin"))
    assert found == {(6, 1): 1, (6, 3): 1, (6, 2): 2}


def test_no_database_yet_is_no_use_and_an_unknown_zone_is_an_error() -> None:
    with database([]) as reader:
        assert reader.heatmap(date(2026, 1, 1), date(2026, 2, 1), "UTC") == Heatmap()
        with pytest.raises(PeriodError):
            reader.heatmap(date(2026, 1, 1), date(2026, 2, 1), "Mars/Olympus")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(at("2024-12-20"), at("2026-12-31")), min_size=1, max_size=20),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_the_hours_sum_up_to_the_days(times: list[int], zone: str, back: int, length: int) -> None:
    end = day_of(max(times), ZoneInfo(zone)) - timedelta(days=back)
    start = end - timedelta(days=length)
    first, last = day_bounds(start, ZoneInfo(zone))[0], day_bounds(end, ZoneInfo(zone))[1]
    chosen = [time for time in times if first <= time < last]
    local = [datetime.fromtimestamp(time // 1_000_000, UTC).astimezone(ZoneInfo(zone)) for time in chosen]
    with database(times) as reader:
        found = reader.heatmap(start, end, zone)
        whole = reader.usage(UsageQuery(start=start, end=end, zone=zone)).totals
    assert total(usage for hours in found.hours for usage in hours if usage) == whole
    assert requests(found) == Counter((when.weekday(), when.hour) for when in local)
