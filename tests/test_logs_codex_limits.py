"""The limits Codex logs with its responses: which pool, which window, how full, and when it starts anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.codex_rollouts import DAY_MS, OTHER, Rollout, collect, tokens
from tokentui.usage import LimitReading

TEN = 10 * 3_600_000


def window(percent: Any, minutes: Any = 10080, **more: Any) -> dict[str, Any]:
    return {"used_percent": percent, "window_minutes": minutes, "resets_at": 1_790_380_800, **more}


def told(rollout: Rollout, limits: Any, at: int) -> Rollout:
    return rollout.add("event_msg", {"type": "token_count", "info": None, "rate_limits": limits}, at=at)


def read(tmp_path: Path, *told_: tuple[int, Any]) -> list[LimitReading]:
    rollout = Rollout().meta().turn()
    for at, limits in told_:
        told(rollout, limits, TEN + at)
    return collect(rollout.write(tmp_path)).limits


def test_limits_without_usage_are_read_and_count_nothing(tmp_path: Path) -> None:
    rollout = told(Rollout().meta(), {"primary": window(12.0, 300), "plan_type": "plus"}, TEN)
    usage = collect(rollout.write(tmp_path))
    assert usage.requests == 0
    (reading,) = usage.limits
    assert (reading.limit_id, reading.window_minutes, reading.used_percent) == ("codex", 300, 12.0)
    assert (reading.plan, reading.origin, reading.service) == ("plus", "log", "codex")
    assert reading.resets_at == 1_790_380_800 * 10**6
    assert reading.observed_at == (DAY_MS + TEN) * 1000


def test_windows_are_known_by_their_length_and_pools_are_kept_apart(tmp_path: Path) -> None:
    week = told(Rollout().meta(), {"primary": window(40.0), "secondary": None}, TEN).write(tmp_path)
    spark = {"limit_id": "codex_spark", "limit_name": "Spark", "primary": window(90.0)}
    paths = [week, told(Rollout(OTHER).meta(), spark, TEN + 300_000).write(tmp_path)]
    found = {(one.limit_id, one.window_minutes): one.used_percent for one in collect(*paths).limits}
    assert found == {("codex", 10080): 40.0, ("codex_spark", 10080): 90.0}


def test_the_slots_of_the_windows_mean_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, (0, {"primary": window(5.0, 43200), "secondary": window(7.0, 299)}))
    assert {one.window_minutes: one.used_percent for one in found} == {43200: 5.0, 300: 7.0}


@pytest.mark.parametrize(("more", "resets_at"), [
    ({"resets_at": None, "resets_in_seconds": 600}, (DAY_MS + TEN + 600_000) * 1000),
    ({"resets_at": None}, None),
    ({"resets_at": 1_790_380_800_000}, 1_790_380_800_000_000),
    ({"resets_at": 1_790_380_800.5}, 1_790_380_800_000_000),
    ({"resets_at": "1790380800"}, 1_790_380_800_000_000),
    ({"resets_at": 0}, None),
    ({"resets_at": 10**30}, None),
])  # fmt: skip
def test_a_reset_is_read_in_every_form(tmp_path: Path, more: dict[str, Any], resets_at: int | None) -> None:
    (reading,) = read(tmp_path, (0, {"primary": window(1.0, 300, **more)}))
    assert reading.resets_at == resets_at


@pytest.mark.parametrize(("credits_", "balance"), [
    ({"balance": "12.5"}, "12.5"), ({"balance": 12.5}, "12.5"), ({"balance": None}, ""), ({}, ""),
    (None, ""), ("x", ""),
])  # fmt: skip
def test_the_balance_of_credits_is_read_where_there_is_one(
    tmp_path: Path, credits_: Any, balance: str
) -> None:
    (reading,) = read(tmp_path, (0, {"primary": window(1.0), "credits": credits_}))
    assert reading.credits_balance == balance


@pytest.mark.parametrize("limits", [
    5, [], "full", {"primary": 7}, {"primary": {"used_percent": "much"}}, {"primary": {"used_percent": None}},
    {"primary": {"window_minutes": 300}}, {"secondary": [], "credits": {"balance": []}, "plan_type": {}},
])  # fmt: skip
def test_limits_that_make_no_sense_do_not_lose_the_usage(tmp_path: Path, limits: Any) -> None:
    usage = collect(Rollout().meta().turn().count(tokens(10), tokens(10), limits=limits).write(tmp_path))
    assert (usage.input, usage.limits, usage.bad, usage.anomalies) == (10, [], [], 0)


def test_a_percentage_stays_one(tmp_path: Path) -> None:
    found = read(tmp_path, (0, {"primary": window(130), "secondary": window("-3", 300)}))
    assert sorted(one.used_percent for one in found) == [0.0, 100.0]


def test_of_equal_readings_the_first_and_the_newest_are_kept(tmp_path: Path) -> None:
    limits = {"primary": window(12.2, 300), "plan_type": "plus"}
    jitter = {"primary": window(12.9, 300, resets_at=1_790_380_801), "plan_type": "plus"}
    found = read(tmp_path, *((n * 90_000, limits if n % 2 else jitter) for n in range(40)))
    assert [one.observed_at for one in found] == [(DAY_MS + TEN + n * 90_000) * 1000 for n in (0, 39)]


@pytest.mark.parametrize("change", [{"plan_type": "pro"}, {"primary": window(13.0, 300)}])
def test_a_reading_that_says_something_new_is_kept(tmp_path: Path, change: dict[str, Any]) -> None:
    limits = {"primary": window(12.0, 300), "plan_type": "plus"}
    found = read(tmp_path, (0, limits), (90_000, {**limits, **change}), (180_000, {**limits, **change}))
    assert [one.observed_at // 10**6 - DAY_MS // 1000 - TEN // 1000 for one in found] == [0, 90, 180]


def test_a_reading_is_not_told_after_a_newer_one(tmp_path: Path) -> None:
    old, new = {"primary": window(12.0, 300)}, {"primary": window(15.0, 300)}
    found = read(tmp_path, (0, old), (30_000, old), (90_000, new))
    assert [one.used_percent for one in found] == [12.0, 15.0]


def test_the_newest_reading_is_never_behind_the_log(tmp_path: Path) -> None:
    found = read(tmp_path, *((n * 1000, {"primary": window(10.0 + n, 300)}) for n in range(30)))
    assert found[-1].used_percent == 39.0
    assert len(found) < 5


def test_foreign_names_of_limits_come_in_harmless(tmp_path: Path) -> None:
    evil = {"limit_id": "a\x1b[31m", "limit_name": "b\x07", "plan_type": "c\x9b2J"}
    (reading,) = read(tmp_path, (0, {"primary": window(1.0), "credits": {"balance": "1\x1b]0;x"}, **evil}))
    found = (reading.limit_id, reading.limit_name, reading.plan, reading.credits_balance)
    assert found == ("a", "b", "c", "1")
