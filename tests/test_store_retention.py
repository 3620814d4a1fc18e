"""Retention: single requests go, every sum stays, and nothing that is read again counts twice."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.store_batches import HOUR, NOW, batch, context, record, rows
from tokentui import store
from tokentui.batch import Batch
from tokentui.config import Settings
from tokentui.engine import explain_words
from tokentui.engine.retention import Sweep, horizon
from tokentui.store import UsageQuery, Writer, retention
from tokentui.store.usage_table import DIMENSIONS

DAY = 24 * HOUR
BEFORE = NOW - 90 * DAY
FAILED = (5, 100, 200)
"""Requests that failed; those of them that are old enough to go stay."""
LEFT = 91 + 2


def history() -> list[Batch]:
    """Return a year of requests in four sessions, projects and branches, by two models; some are unpriced."""
    contexts = [context(f"s{n}", project=f"/p/{n % 2}", branch=f"b{n % 3}") for n in range(4)]
    records = [
        record(
            f"r{n}", NOW - n * DAY, output=n + 1, context=n % 4, model=f"model-{n % 2}",
            cost=None if n % 7 == 0 else n * 1_000, price="" if n % 7 == 0 else "p",
            error="overloaded" if n in FAILED else "",
        )
        for n in range(365)
    ]  # fmt: skip
    return [batch(records, contexts)]


def sums(writer: Writer, zone: str = "UTC") -> dict[str, object]:
    """Return the usage by every dimension there is."""
    reader = store.Reader(writer.connection)
    answers: dict[str, object] = {
        name: reader.usage(UsageQuery(zone=zone, group_by=(name,))) for name in DIMENSIONS
    }
    answers["records"] = reader.record_count()
    answers["unpriced"] = sorted(writer.unpriced())
    answers["screen"] = reader.snapshot(NOW, zone)
    return answers


def expire(writer: Writer, before: int = BEFORE) -> int:
    """Remove everything from before a moment."""
    total, after = writer.expire_piece(before, None)
    while after is not None:
        count, after = writer.expire_piece(before, after)
        total += count
    return total


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """A year of requests, of which 7 are looked at in one transaction."""
    monkeypatch.setattr(retention, "PIECE", 7)
    opened = store.open_writer(tmp_path / "t.db", "UTC")
    opened.ingest(history(), NOW)
    return opened


def stored(writer: Writer) -> int:
    """Return how many single requests there are."""
    return int(rows(writer.connection, "SELECT count(*) FROM usage_records")[0][0])


def test_every_sum_is_the_same_after_the_requests_are_gone(writer: Writer) -> None:
    before = sums(writer)
    assert expire(writer) == 365 - LEFT
    assert stored(writer) == LEFT
    assert sums(writer) == before
    assert expire(writer) == 0


def test_reading_all_logs_again_counts_nothing_twice(writer: Writer) -> None:
    before = sums(writer)
    expire(writer)
    writer.forget_files()
    again = writer.ingest(history(), NOW)
    assert (again.records_added, again.records_changed, again.total_tokens) == (0, 0, 0)
    assert stored(writer) == LEFT
    assert sums(writer) == before


def test_a_later_copy_with_other_counts_of_a_removed_request_brings_nothing(writer: Writer) -> None:
    expire(writer)
    before = sums(writer)
    writer.ingest([batch([record("r300", NOW, output=9_999)], path="/logs/copy.jsonl")], NOW)
    assert sums(writer) == before


def test_old_requests_that_were_never_seen_count_and_then_go_too(writer: Writer) -> None:
    expire(writer)
    before = store.Reader(writer.connection).record_count()
    late = [batch([record("found later", NOW - 200 * DAY)], path="/mnt/laptop/old.jsonl")]
    assert writer.ingest(late, NOW).records_added == 1
    with_it = sums(writer)
    assert with_it["records"] == before + 1
    assert expire(writer) == 1
    writer.ingest(late, NOW)
    assert sums(writer) == with_it


def test_sums_made_anew_keep_what_only_they_know(writer: Writer) -> None:
    expire(writer)
    before = sums(writer)
    writer.rebuild_rollups()
    assert sums(writer) == before
    writer.set_zone("America/New_York")
    assert store.Reader(writer.connection).usage(UsageQuery()).totals.request_count == 365


def test_new_prices_leave_the_sums_of_removed_requests_alone(writer: Writer) -> None:
    expire(writer)
    old = UsageQuery(end=horizon_day())
    before = store.Reader(writer.connection).usage(old).totals.cost
    writer.reprice(lambda _record, _service: (5, "other"))
    failed = sum(number * 1_000 - 5 for number in FAILED if number > 90)
    assert store.Reader(writer.connection).usage(old).totals.cost == before - failed


def test_an_explanation_says_of_how_many_requests_only_the_sums_are_kept(writer: Writer) -> None:
    expire(writer)
    reader = store.Reader(writer.connection)
    whole, old = reader.explanation(UsageQuery()), reader.explanation(UsageQuery(end=horizon_day()))
    assert (whole.expired, old.expired) == (365 - LEFT, 365 - LEFT)
    said = f"{365 - LEFT} requests from before 2026-08-23: only the sums are kept (retention_days)"
    assert said in list(explain_words.doubts(whole))
    assert not any("doctor" in words for words in explain_words.doubts(whole))
    assert reader.explanation(UsageQuery(start=horizon_day() + timedelta(days=1))).expired == 0


def test_what_would_go_is_told_and_nothing_is_changed(writer: Writer) -> None:
    seen = retention.expiring(writer.connection, BEFORE)
    assert (seen.requests, seen.expired, seen.before) == (365 - LEFT, 0, BEFORE)
    assert seen.size == (365 - LEFT) * retention.RECORD_BYTES
    assert stored(writer) == 365
    expire(writer)
    after = retention.expiring(writer.connection, BEFORE)
    assert (after.requests, after.expired) == (0, 365 - LEFT)


def test_a_sweep_goes_on_where_a_short_run_ended_and_rests_until_the_next_day(writer: Writer) -> None:
    settings, clock = Settings(retention_days=90), [NOW]
    gone = 0
    for _ in range(80):  # each of them the one step of a short run
        sweep = Sweep(settings, "UTC", lambda: clock[0])
        assert sweep.due
        gone += sweep.step(writer, seconds=0)
        if not sweep.step(writer, seconds=0) and not sweep.due:
            break
    assert gone > 100
    while sweep.due:
        gone += sweep.step(writer, seconds=0)
    assert stored(writer) == LEFT
    clock[0] += DAY
    writer.ingest([batch([record("the day after", clock[0])])], clock[0])
    assert Sweep(settings, "UTC", lambda: clock[0]).step(writer) == 1


def test_nothing_goes_by_a_retention_for_ever(writer: Writer) -> None:
    sweep = Sweep(Settings(retention_days=0), "UTC", lambda: NOW)
    assert not sweep.due
    assert sweep.step(writer) == 0
    assert stored(writer) == 365


def test_a_clock_years_ahead_removes_no_more_than_the_newest_request_says(writer: Writer) -> None:
    sweep = Sweep(Settings(retention_days=90), "UTC", lambda: NOW + 3_000 * DAY)
    while sweep.due:
        sweep.step(writer)
    assert stored(writer) == LEFT


def test_the_horizon_is_the_begin_of_a_day_of_the_zone() -> None:
    found = horizon(90, "Europe/Berlin", NOW, NOW + DAY)
    assert found is not None
    assert (NOW - found) // HOUR in (90 * 24, 90 * 24 + 1, 90 * 24 + 2)
    assert (found + 2 * HOUR) % DAY == 0  # midnight in summer


def horizon_day() -> date:
    """Return the last day of which all requests are removed."""
    from tokentui.periods import day_of, zone

    return day_of(BEFORE, zone("UTC")) - timedelta(days=1)
