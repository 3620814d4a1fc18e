"""Times, counts and damaged lines of logs: what is usable is used, the rest is said to be none."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentui.sources.logs.counts import LARGEST, count
from tokentui.sources.logs.recovery import recover
from tokentui.sources.logs.timestamps import microseconds

TIMES = [
    ("2026-09-14T22:58:01.120Z", 1_789_426_681_120_000),
    ("2026-09-14T22:58:01Z", 1_789_426_681_000_000),
    ("2026-09-14T22:58:01.123456Z", 1_789_426_681_123_456),
    ("2026-09-15T00:58:01.120+02:00", 1_789_426_681_120_000),
    ("2026-09-14 22:58:01.120", 1_789_426_681_120_000),
    (" 2026-09-14t22:58:01.120z ", 1_789_426_681_120_000),
    (1_789_426_681, 1_789_426_681_000_000),
    (1_789_426_681_120, 1_789_426_681_120_000),
    (1_789_426_681_120_000, 1_789_426_681_120_000),
    (1_789_426_681.5, 1_789_426_681_500_000),
]
NO_TIMES: list[object] = [
    None, "", "yesterday", "2026-13-01T00:00:00.000Z", "2026-09-14T22:61:01.120Z", "2026-09-14T22:58:61.120Z",
    "2026-09-14T22:58:0x.120Z", "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59-14:00", 0, -5, True, {}, [],
    float("nan"), float("inf"), 10**400, "2" * 1000,
]


@pytest.mark.parametrize(("value", "expected"), TIMES)
def test_a_time_is_understood_however_it_is_written(value: object, expected: int) -> None:
    assert microseconds("2026-09-14T22:58:00.000Z") is not None  # the fast way knows this minute now
    assert microseconds(value) == expected


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_is_none(value: object) -> None:
    assert microseconds(value) is None


@given(st.datetimes(min_value=datetime(2015, 1, 1)))
def test_the_fast_way_to_a_time_agrees_with_the_slow_one(when: datetime) -> None:
    text = when.isoformat(timespec="milliseconds")
    assert microseconds(text + "Z") == microseconds(text + "Z") == microseconds(text + "+00:00")


COUNTS: list[tuple[object, int, bool]] = [
    (None, 0, False), (7, 7, False), (0, 0, False), ("12", 12, False), (1e3, 1000, False),
    ("1e3", 1000, False), ("nan", 0, True),
    (5_000_000_000, 5_000_000_000, False), (float("nan"), 0, True), (float("inf"), 0, True), (-5, 0, True),
    ("-5", 0, True), (True, 0, True), (2**63, LARGEST, True), (7.5, 7, True), ("many", 0, True),
    ({}, 0, True), ([], 0, True), ("9" * 5000, 0, True),
]


@pytest.mark.parametrize(("value", "expected", "repaired"), COUNTS)
def test_a_count_is_whole_whatever_the_log_says(value: object, expected: int, repaired: bool) -> None:
    assert count(value) == (expected, repaired)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_line_makes_recovery_fail(line: bytes) -> None:
    found, _ = recover(line)
    assert all(isinstance(item.object, dict) for item in found)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9)), max_size=4))
def test_glued_objects_all_count(objects: list[dict[str, object]]) -> None:
    found, reason = recover("".join(json.dumps(item) for item in objects).encode())
    assert ([item.object for item in found], reason) == (objects, "")
