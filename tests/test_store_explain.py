"""What is behind a figure: the same sums as a report, every record in one price row, doubts counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as renewed

from tests.store_batches import HOUR, NOW, SECOND, at, batch, context, record
from tokentui.store import Reader, UsageQuery, Where, Writer, open_reader, open_writer
from tokentui.store.explain import FLAGS, Recorded
from tokentui.store.snapshot import Usage
from tokentui.usage import COUNT_REPAIRED, SIDECHAIN, TIME_BORROWED, BadLine, UsageRecord

DAY = date(2026, 11, 20)
ONE_DAY = UsageQuery(DAY, DAY)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = open_writer(tmp_path / "tokentui.db", "UTC")
    yield made
    made.close()


@pytest.fixture
def reader(writer: Writer, tmp_path: Path) -> Iterator[Reader]:
    assert writer.connection
    made = open_reader(tmp_path / "tokentui.db")
    yield made
    made.close()


def summed(usages: list[Usage]) -> tuple[int, ...]:
    """Return requests, tokens of all kinds, nano-dollars, requests without a price."""
    return (
        sum(usage.request_count for usage in usages), sum(usage.total_tokens for usage in usages),
        sum(usage.cost for usage in usages), sum(usage.unpriced_request_count for usage in usages),
    )  # fmt: skip


RECORDS = st.lists(
    st.builds(
        record,
        st.uuids().map(str),
        time=st.integers(NOW - 72 * HOUR, NOW + 24 * HOUR),
        context=st.integers(0, 2),
        model=st.sampled_from(["opus", "haiku", "gpt"]),
        service_tier=st.sampled_from(["", "batch"]),
        flags=st.integers(0, 31),
        cost=st.none() | st.integers(0, 2**45),
        price=st.sampled_from(["p1", "p2"]),
        recorded_cost=st.none() | st.integers(0, 2**52),
        error=st.sampled_from(["", "overloaded"]),
        reasoning_output_tokens=st.integers(0, 10),
    ),
    max_size=30,
)
CONTEXTS = [
    context("s1", branch="main"), context("s2", project="/home/u/other", quality="floor"),
    context("s3", service="codex", account="work", provenance="billed"),
]  # fmt: skip
WHERES = st.sampled_from(
    [(), (Where("model", "glob", ("o*",)),), (Where("branch", "eq", ("main",), negated=True),),
     (Where("project", "eq", ("other",)), Where("model", "eq", ("haiku", "gpt"))),
     (Where("success", "eq", ("no",)),), (Where("success", "eq", ("no",), True), Where("user", "eq", ("",))),
     (Where("quality", "eq", ("floor",)), Where("operation", "eq", ("chat",))),
     (Where("account", "eq", ("work",)),), (Where("session", "eq", ("s1",)),)]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    records=RECORDS,
    where=WHERES,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia"]),
    first=st.none() | st.integers(-4, 2),
    days=st.none() | st.integers(0, 4),
)
def test_an_explanation_has_the_sums_of_a_report_and_each_record_once(
    records: list[UsageRecord], where: tuple[Where, ...], zone: str, first: int | None, days: int | None
) -> None:
    today = datetime.fromtimestamp(NOW / SECOND, UTC).date()
    start = None if first is None else today + timedelta(first)
    end = None if days is None else (start or today) + timedelta(days)
    query = UsageQuery(start, end, zone, where=where)
    with TemporaryDirectory() as folder:
        writer = open_writer(Path(folder) / "t.db", "Europe/Berlin")
        writer.ingest([batch(records, CONTEXTS)], NOW)
        reader = open_reader(Path(folder) / "t.db")
        found, shown = reader.explanation(query, top=1000), reader.usage(query).totals
        reader.close()
        writer.close()
    assert found.totals == shown == found.stored_sums
    assert summed([row.usage for row in found.price_rows]) == summed([shown])
    rows = found.price_rows
    names = [(row.price, row.model, row.service_tier, row.usage.known_cost is None) for row in rows]
    assert len(names) == len(set(names))
    chosen = [request.record for request in found.largest]
    assert len({each.key for each in chosen}) == len(chosen) == shown.request_count
    for row in found.price_rows:
        mine = [
            each for each in chosen
            if (each.price, each.model, each.service_tier) == (row.price, row.model, row.service_tier)
            and (each.cost is None) == (row.usage.known_cost is None)
        ]  # fmt: skip
        assert len(mine) == row.usage.request_count
        assert sum(each.cost or 0 for each in mine) == row.usage.cost
        assert row.sample in mine
    for flag, name in FLAGS.items():
        assert dict(found.flags).get(name, 0) == sum(bool(each.flags & flag) for each in chosen)
    written = [each.recorded_cost for each in chosen if each.recorded_cost is not None]
    assert (found.recorded.request_count, found.recorded.cost) == (len(written), sum(written))
    both = [each for each in chosen if each.recorded_cost is not None and each.cost is not None]
    assert found.recorded.gap == (
        sum((each.cost or 0) - (each.recorded_cost or 0) for each in both) if both else None
    )
    stored = {each.key: each for each in records}
    for each in chosen:
        assert renewed(each, context=stored[each.key].context) == stored[each.key]
    assert (found.elsewhere is None) == bool(chosen)


def test_the_largest_requests_come_first_and_unpriced_ones_by_length(writer: Writer, reader: Reader) -> None:
    when = at("2026-11-20T10:00")
    writer.ingest(
        [
            batch([
                record("cheap", when, cost=1), record("dear", when, cost=9), record("middle", when, cost=5),
                record("short", when, cost=None, price=""),
                record("long", when, cost=None, price="", uncached_input_tokens=9_999),
                record("yesterday", when - 24 * HOUR, cost=99),
            ])
        ],
        NOW,
    )  # fmt: skip
    largest = reader.explanation(ONE_DAY).largest
    assert [request.record.cost for request in largest] == [9, 5, 1, None, None]
    assert largest[3].record.uncached_input_tokens == 9_999
    assert [each.record.cost for each in reader.explanation(ONE_DAY, top=2).largest] == [9, 5]
    assert reader.explanation(ONE_DAY, top=0).largest == ()
    assert reader.explanation(ONE_DAY).largest[0].context == context()


def test_a_day_ends_before_midnight(writer: Writer, reader: Reader) -> None:
    midnight = at("2026-11-20T23:00")  # in Berlin
    writer.ingest([batch([record("last", midnight - 1, cost=1), record("first", midnight, cost=2)])], NOW)
    days = [UsageQuery(day, day, "Europe/Berlin") for day in (DAY, date(2026, 11, 21))]
    assert [reader.explanation(day).totals.cost for day in days] == [1, 2]
    assert [reader.usage(day).totals.cost for day in days] == [1, 2]


def test_doubts_are_counted_by_request(writer: Writer, reader: Reader) -> None:
    when = at("2026-11-20T10:00")
    writer.ingest(
        [
            batch(
                [
                    record("1", when, flags=TIME_BORROWED | SIDECHAIN, recorded_cost=5, cost=7),
                    record("2", when + HOUR, flags=SIDECHAIN, context=1, recorded_cost=8, cost=None),
                    record("3", when + 2 * HOUR, flags=COUNT_REPAIRED, context=1, cost=3),
                ],
                [context("s1"), context("s2", quality="floor")],
                bad_lines=[BadLine(7, 1, "torn")],
            )
        ],
        NOW,
    )
    found = reader.explanation(ONE_DAY)
    assert dict(found.flags) == {"time_borrowed": 1, "count_repaired": 1, "sidechain": 2}
    assert found.qualities == (("floor", 2), ("exact", 1))
    assert found.provenances == (("computed", 3),)
    assert found.services == (("claude-code", 3),)
    assert found.recorded == Recorded(2, 13, 1, 5, 7)
    assert found.recorded.gap == 2
    assert [(row.usage.request_count, row.floor_count) for row in found.price_rows] == [(2, 1), (1, 1)]
    assert [row.model for row in found.unpriced] == ["claude-opus-4"]
    assert (found.first_at, found.last_at) == (when, when + 2 * HOUR)
    [logs] = found.logs
    assert (logs.source, logs.files, logs.bad_lines, logs.gone, logs.read_at) == ("claude-code", 1, 1, 0, NOW)


def test_the_largest_recorded_costs_do_not_overflow(writer: Writer, reader: Reader) -> None:
    when = at("2026-11-20T10:00")
    many = 1_100
    writer.ingest(
        [batch([record(f"r{n}", when + n, cost=1, recorded_cost=2**53) for n in range(many)])], NOW
    )
    assert reader.explanation(ONE_DAY).recorded.cost == many * 2**53


def test_sums_that_differ_from_the_records_are_told(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("1", at("2026-11-20T10:00"), cost=7)])], NOW)
    assert reader.explanation(ONE_DAY).stored_sums == reader.explanation(ONE_DAY).totals
    writer.connection.execute("UPDATE usage_days SET cost = 8")
    found = reader.explanation(ONE_DAY)
    assert (found.totals.cost, found.stored_sums.cost) == (7, 8)


def test_an_empty_selection_says_where_there_is_something(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("1", at("2026-11-18T10:00")), record("2", at("2026-11-19T10:00"))])], NOW)
    found = reader.explanation(ONE_DAY)
    assert (found.totals, found.price_rows, found.largest, found.first_at) == (Usage(), (), (), None)
    assert found.elsewhere is not None
    assert (found.elsewhere.other_days.request_count, found.elsewhere.same_days) == (2, Usage())
    assert (found.elsewhere.first_day, found.elsewhere.last_day) == (date(2026, 11, 18), date(2026, 11, 19))
    assert [each.source for each in found.logs] == ["claude-code"]
    asked = replace(ONE_DAY, start=date(2026, 11, 19), where=(Where("model", "eq", ("none",)),))
    missed = reader.explanation(asked).elsewhere
    assert missed is not None
    assert (missed.other_days.request_count, missed.same_days.request_count) == (0, 1)
    assert missed.everything.request_count == 2


def test_conditions_on_the_sum_hold_for_the_whole_selection(writer: Writer, reader: Reader) -> None:
    when = at("2026-11-20T10:00")
    writer.ingest([batch([record("1", when, cost=6), record("2", when, cost=6)])], NOW)
    for limit, count in ((11, 2), (12, 0)):
        query = replace(ONE_DAY, where=(Where("cost", ">", (limit,)),), group_by=("model",))
        assert reader.explanation(query).totals.request_count == count
        assert reader.usage(replace(query, group_by=())).totals.request_count == count
