"""Single requests, and sums by what only contexts and records know: held against plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import HOUR, NOW, at, batch, context, record
from tests.test_store_queries import memory
from tokentui import periods
from tokentui.store import Reader, UsageQuery, Where, Writer, open_reader, open_writer
from tokentui.store.requests import ORDERS
from tokentui.store.usage_table import DIMENSIONS, PROVENANCES, QUALITIES, SUCCESS, TIME_DIMENSIONS
from tokentui.usage import Provenance, Quality, UsageContext, UsageRecord

CONTEXTS = [
    context("s1", branch="main", user="ada", machine="box", tool_version="2.1.0"),
    context("s2", branch="main", user="bob", tool_version="2.2.0", quality="floor",
            operation_name="embeddings"),
    context("s3", service="codex", account="work", project="/w/other", provenance="manual",
            quality="estimate"),
    context("s1", service="codex", account="work", project="/w/other"),
]  # fmt: skip
PLAIN: dict[str, Callable[[UsageRecord, UsageContext], str]] = {
    "service": lambda _, c: c.service,
    "account": lambda _, c: f"{c.service}/{c.account}" if c.account else c.service,
    "provider": lambda r, _: r.provider_name,
    "model": lambda r, _: r.model,
    "project": lambda _, c: c.project,
    "branch": lambda _, c: c.branch,
    "session": lambda _, c: c.conversation_id,
    "user": lambda _, c: c.user,
    "machine": lambda _, c: c.machine,
    "tool_version": lambda _, c: c.tool_version,
    "operation": lambda _, c: c.operation_name,
    "success": lambda r, _: "no" if r.error else "yes",
    "provenance": lambda _, c: c.provenance,
    "quality": lambda _, c: c.quality,
    "day": lambda r, _: str(periods.day_of(r.time, periods.zone("UTC"))),
    "week": lambda r, _: str(periods.week_of(periods.day_of(r.time, periods.zone("UTC")))[0]),
    "month": lambda r, _: str(periods.day_of(r.time, periods.zone("UTC")))[:7],
}
RECORDS = st.lists(
    st.builds(
        record,
        st.uuids().map(str),
        time=st.integers(NOW - 9 * HOUR, NOW + 20 * HOUR) | st.integers(NOW, NOW + 9),
        output=st.integers(0, 9),
        context=st.integers(0, 3),
        model=st.sampled_from(["opus", "gpt"]),
        error=st.sampled_from(["", "", "overloaded"]),
        cost=st.none() | st.integers(0, 50),
    ),
    max_size=25,
)
WHERES = [
    (),
    (Where("success", "eq", ("no",)),),
    (Where("success", "eq", ("no",), negated=True), Where("model", "eq", ("OPUS",))),
    (Where("user", "eq", ("ada", "")), Where("quality", "eq", ("floor",), negated=True)),
    (Where("tool_version", "glob", ("2.*",)),),
    (Where("operation", "eq", ("embeddings",)), Where("machine", "eq", ("",))),
    (Where("provenance", "eq", ("manual",)),),
]


def fits(where: tuple[Where, ...], one: UsageRecord, its: UsageContext) -> bool:
    """Whether a record satisfies conditions."""
    for each in where:
        value = PLAIN[each.field](one, its).lower()
        found = (
            value.startswith("2.") if each.op == "glob" else value in [str(v).lower() for v in each.values]
        )
        if found == each.negated:
            return False
    return True


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


def test_the_choices_of_a_filter_are_those_of_the_records() -> None:
    assert set(QUALITIES) == set(get_args(Quality))
    assert set(PROVENANCES) == set(get_args(Provenance))
    assert set(PLAIN) == set(DIMENSIONS)


@settings(max_examples=60, deadline=None)
@given(
    RECORDS,
    st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=2, unique=True),
    st.sampled_from(WHERES),
    st.sampled_from(["UTC", "Asia/Tokyo"]),
    st.booleans(),
)
def test_any_two_dimensions_add_up(
    records: list[UsageRecord], group_by: list[str], where: tuple[Where, ...], stored: str, one_day: bool
) -> None:
    connection = memory(stored, records, CONTEXTS)
    day = date(2026, 11, 21) if one_day else None
    chosen = [
        (each, CONTEXTS[each.context])
        for each in records
        if fits(where, each, CONTEXTS[each.context])
        and day in (None, periods.day_of(each.time, periods.zone("UTC")))
    ]
    expected: dict[tuple[str, ...], list[Any]] = {}
    for one, its in chosen:
        sums = expected.setdefault(tuple(PLAIN[name](one, its) for name in group_by), [0, 0, 0, 0, set()])
        sums[0] += 1
        sums[1] += one.output_tokens
        sums[2] += one.cost or 0
        sums[3] += one.cost is None
        sums[4].add(QUALITIES.index(its.quality))
    table = Reader(connection).usage(UsageQuery(day, day, group_by=tuple(group_by), where=where))
    found = {
        key: [usage.request_count, usage.output_tokens, usage.cost, usage.unpriced_request_count]
        for key, usage in table.groups
    }
    assert found == {key: sums[:4] for key, sums in expected.items()}
    days = sorted(PLAIN["day"](*each) for each in chosen)
    assert [str(each) for each in (table.first_day, table.last_day) if each] == days[:1] + days[-1:]
    weakest = {key: QUALITIES[max(sums[4])] for key, sums in expected.items()}
    told = dict(zip((key for key, _ in table.groups), table.qualities, strict=True))
    only_days_know = {*group_by, *(each.field for each in where)} <= {
        *TIME_DIMENSIONS, "service", "account", "provider", "model", "project",
    }  # fmt: skip
    if stored != "UTC" or not only_days_know:
        assert told == weakest
    for key, quality in told.items():  # of an account's sums it may be weaker, never better
        assert QUALITIES.index(quality) >= QUALITIES.index(weakest[key])
    assert QUALITIES.index(table.quality) == max(map(QUALITIES.index, told.values()), default=0)
    connection.close()


@settings(max_examples=60, deadline=None)
@given(
    RECORDS,
    st.sampled_from(WHERES),
    st.sampled_from(ORDERS),
    st.booleans(),
    st.sampled_from([(), (Where("cost", ">", (20,)),), (Where("tokens", "<=", (1_105,), negated=True),)]),
)
def test_requests_come_in_order_and_none_is_missing(
    records: list[UsageRecord], where: tuple[Where, ...], order: str, down: bool, limits: tuple[Where, ...]
) -> None:
    def rank(each: UsageRecord) -> tuple[Any, ...]:
        if order == "time":
            return -each.time if down else each.time, each.key
        figure = each.cost if order == "cost" else each.total_tokens
        return figure is None, (-(figure or 0) if down else figure or 0), -each.time, each.key

    connection = memory("UTC", records, CONTEXTS)
    reader, query = Reader(connection), UsageQuery(where=(*where, *limits))
    chosen = [
        each for each in records
        if fits(where, each, CONTEXTS[each.context])
        and all((each.cost or 0) > 20 if one.field == "cost" else each.total_tokens > 1_105 for one in limits)
    ]  # fmt: skip
    expected = [each.key for each in sorted(chosen, key=rank)]
    assert list(reader.request_keys(query, order, descending=down)) == expected
    assert reader.request_count(query) == len(expected)
    pages = [
        reader.requests(query, order, descending=down, limit=4, offset=start) for start in range(0, 28, 4)
    ]
    assert [each.record.key for page in pages for each in page] == expected
    by_key = {each.key: each for each in records}
    for each in reader.requests(query, order, descending=down):
        was = by_key[each.record.key]
        assert each.context == CONTEXTS[was.context]
        assert (each.record.time, each.record.error, each.record.cost) == (was.time, was.error, was.cost)
    connection.close()


def test_a_day_of_requests_is_a_day_of_the_zone(writer: Writer, reader: Reader) -> None:
    times = [at("2026-11-20T22:59"), at("2026-11-20T23:00"), at("2026-11-21T22:59"), at("2026-11-21T23:00")]
    writer.ingest([batch([record(str(number), time) for number, time in enumerate(times)])], NOW)
    day = date(2026, 11, 21)
    found = reader.requests(UsageQuery(day, day, "Europe/Berlin"))
    assert [each.record.time for each in found] == [times[2], times[1]]
    with pytest.raises(periods.PeriodError):
        reader.requests(UsageQuery(zone="Mars/Olympus"))


def test_a_request_that_went_meanwhile_is_left_out(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("a"), record("b", NOW + 1)])], NOW)
    keys = reader.request_keys(UsageQuery())
    writer.connection.execute("DELETE FROM usage_records WHERE key = ?", (keys[0],))
    assert [each.record.key for each in reader.requests_by_key(keys)] == [keys[1]]


def test_requests_are_found_again_when_removed_requests_still_count(writer: Writer, reader: Reader) -> None:
    writer.ingest([batch([record("a"), record("b", NOW + 1)])], NOW)
    writer.connection.execute("DELETE FROM usage_records WHERE time = ?", (NOW,))
    assert reader.request_count(UsageQuery()) == len(reader.requests(UsageQuery())) == 1
    assert reader.usage(UsageQuery()).totals.request_count == 2


@pytest.mark.parametrize(
    ("field", "prefix", "names"),
    [
        ("service", "", ("claude-code", "codex")),
        ("service", "CO", ("codex",)),
        ("account", "", ("claude-code", "codex/work")),
        ("provider", "", ("anthropic",)),
        ("model", "o", ("opus",)),
        ("project", "", ("/home/u/shop", "/w/other")),
        ("project", "/h", ("/home/u/shop",)),
        ("project", "oth", ("/w/other",)),
        ("branch", "", ("main",)),
        ("session", "s", ("s1", "s2")),
        ("user", "", ("ada", "bob")),
        ("machine", "", ("box",)),
        ("tool_version", "2.2", ("2.2.0",)),
        ("operation", "", ("chat", "embeddings")),
        ("success", "y", ("yes",)),
        ("provenance", "m", ("manual",)),
        ("quality", "", QUALITIES),
    ],
)
def test_values_are_offered_the_most_used_first(
    writer: Writer, reader: Reader, field: str, prefix: str, names: tuple[str, ...]
) -> None:
    used = [0, 0, 0, 1, 1, 3, 3]
    records = [record(str(number), context=its, model="opus") for number, its in enumerate(used)]
    writer.ingest([batch(records, CONTEXTS)], NOW)
    found = reader.values(field, prefix)
    assert found == names
    assert reader.values(field, prefix, 1) == names[:1]


def test_every_field_has_values_in_an_empty_database(reader: Reader) -> None:
    for field in DIMENSIONS[len(TIME_DIMENSIONS) :]:
        assert reader.values(field) == {
            "success": SUCCESS,
            "provenance": PROVENANCES,
            "quality": QUALITIES,
        }.get(field, ())
