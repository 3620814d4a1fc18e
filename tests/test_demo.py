"""The demo's history: always the same, read by the real readers, and alive up to now."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tokentui import demo
from tokentui.batch import Batch
from tokentui.engine.discovery import Siblings
from tokentui.sources import SOURCES

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def prints(home: Path) -> dict[str, str]:
    """The hash of every file below a home, and its time; the home's own name left out."""
    return {
        str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest() + str(path.stat().st_mtime_ns)
        for path in home.rglob("*") if path.is_file() and path.suffix == ".jsonl"
    }


def read(home: Path) -> list[Batch]:
    """Everything the three readers find."""
    batches: list[Batch] = []
    for source in SOURCES:
        reader = source.load()
        for root in reader.roots(home, {}):
            files = [path for path in root.rglob("*") if path.is_file()]
            found = [str(path) for path in files if reader.wanted(str(path.relative_to(root)))]
            for path in found:
                batches += reader.read(path, None, siblings=Siblings(found))
    return batches


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> list[Batch]:
    """The batches of one history."""
    home = tmp_path_factory.mktemp("demo")
    demo.write_history(home, 1, NOW)
    return read(home)


def days(history: list[Batch]) -> Counter[date]:
    """Tokens by UTC day."""
    used: Counter[date] = Counter()
    for batch in history:
        for record in batch.records:
            used[record.moment.date()] += record.total_tokens
    return used


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    written = []
    for seed in (7, 7, 8):
        demo.write_history(home, seed, NOW, days=12)
        written.append(prints(home))
        home.rename(tmp_path / f"demo-{len(written)}")
    assert written[0] == written[1]
    assert written[0].keys() & written[2].keys() == {".codex/session_index.jsonl"}
    assert not set(written[0].values()) & set(written[2].values())


def test_the_readers_understand_every_line(history: list[Batch]) -> None:
    assert [bad for batch in history for bad in batch.bad_lines] == []
    assert sum(batch.anomalies for batch in history) == 0
    found = Counter(batch.source for batch in history for _ in batch.records)
    assert found.keys() == {source.name for source in SOURCES}
    assert 10_000 < found.total() < 20_000
    assert min(found.values()) > 500


def test_work_is_done_up_to_now_and_never_after(history: list[Batch]) -> None:
    times = [record.moment for batch in history for record in batch.records]
    assert timedelta() <= NOW - max(times) < timedelta(minutes=1)
    assert NOW - min(times) > timedelta(days=100)


def test_every_recent_day_has_usage_and_one_day_stands_out(history: list[Batch]) -> None:
    used = days(history)
    assert [ago for ago in range(7) if not used[NOW.date() - timedelta(days=ago)]] == []
    spike = NOW.date() - timedelta(days=14)  # twelve days ago was a Sunday
    assert max(used, key=lambda day: used[day]) == spike
    monday = NOW.date() - timedelta(weeks=demo.HOLIDAY_WEEKS_AGO, days=NOW.weekday())
    assert [day for day in range(7) if used[monday + timedelta(days=day)]] == []


def test_the_history_has_what_the_screens_show(history: list[Batch]) -> None:
    contexts = [context for batch in history for context in batch.contexts]
    assert {Path(context.project).name for context in contexts} == demo.PROJECTS.keys()
    records = [record for batch in history for record in batch.records]
    models = {record.model for record in records}
    assert models >= {"claude-opus-4-8", "claude-sonnet-4-6", "gpt-5.5", "gpt-5.4-mini"}
    assert models >= {"gemini-3.1-pro-preview", demo.AGENT_MODEL}
    for field in ("cache_read", "cache_creation_5m", "cache_creation_1h"):
        assert any(getattr(record, f"{field}_input_tokens") for record in records)
    assert any(record.reasoning_output_tokens for record in records)


def test_the_limits_are_nearly_full_and_reset_soon(history: list[Batch]) -> None:
    readings = [limit for batch in history for limit in batch.limits]
    readings.sort(key=lambda limit: limit.observed_at)
    last = {limit.window_minutes: limit for limit in readings}
    now = NOW.timestamp()
    assert 90 <= last[300].used_percent <= 94
    assert 47 <= last[10_080].used_percent <= 50
    for minutes in (300, 10_080):
        resets_at = last[minutes].resets_at
        assert resets_at is not None
        assert 0 < resets_at / 1e6 - now < minutes * 60
    assert {limit.plan for limit in readings} == {"pro"}
    assert all(0 <= limit.used_percent <= 100 for limit in readings)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("hour", [0, 23])
def test_today_is_not_empty_at_any_hour_anywhere(tmp_path: Path, zone: str, hour: int) -> None:
    now = datetime(2026, 3, 8, hour, 5, 59, tzinfo=ZoneInfo(zone))  # clocks change in New York
    demo.write_history(tmp_path / "demo", 3, now, days=3)
    moments = [record.moment for batch in read(tmp_path / "demo") for record in batch.records]
    assert [moment for moment in moments if moment > now] == []
    assert any(moment.astimezone(now.tzinfo).date() == now.date() for moment in moments)


def test_a_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        demo.write_history(tmp_path / "demo", 1, datetime(2026, 1, 1))
    assert not (tmp_path / "demo").exists()
