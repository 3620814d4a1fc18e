"""Records into the store: once, whatever order they come in, and every sum exact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_batches import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    at,
    batch,
    checkpoint,
    context,
    record,
    records_by_name,
    rows,
    sums_by_name,
)  # fmt: skip
from tokentui.batch import Batch
from tokentui.store import Writer, ingest, open_writer
from tokentui.usage import COUNT_REPAIRED, TIME_IN_FUTURE, BadLine, LimitReading, UsageRecord, merged


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A new database."""
    made = open_writer(tmp_path / "tokentui.db", "UTC")
    yield made
    made.close()


def totals(writer: Writer) -> tuple[int, int, int]:
    """Requests, output tokens and cost, from the records; and they are the same in every sum."""
    (found,) = rows(writer.connection, "SELECT count(*), sum(output_tokens), sum(cost) FROM usage_records")
    for table in ("usage_quarters", "usage_days"):
        query = f"SELECT sum(request_count), sum(output_tokens), sum(cost) FROM {table}"
        assert rows(writer.connection, query) == [found]
    return found


def test_the_same_batch_twice_counts_once(writer: Writer) -> None:
    first = batch([record("a", output=10), record("b", output=20)])
    result = writer.ingest([first], NOW)
    assert (result.records_seen, result.records_added, result.records_changed) == (2, 2, 0)
    assert (result.total_tokens, result.cost) == (2 * 1_100 + 30, 30 * 75_000)
    before = list(writer.connection.iterdump())
    again = writer.ingest([first], NOW)
    assert (again.records_added, again.records_changed, again.total_tokens, again.cost) == (0, 0, 0, 0)
    assert not again.changed
    assert totals(writer) == (2, 30, 30 * 75_000)
    tables = ("usage_records", "usage_quarters", "usage_days", "usage_contexts", "sessions", "models")
    wanted = tuple(f'INSERT INTO "{table}"' for table in tables)
    after = list(writer.connection.iterdump())
    assert [line for line in after if line.startswith(wanted)] == [
        line for line in before if line.startswith(wanted)
    ]


def test_a_growing_answer_is_counted_at_its_full_length(writer: Writer) -> None:
    writer.ingest([batch([record("a", NOW, output=1)])], NOW)
    later = [record("a", NOW + SECOND, output=500), record("a", NOW + 2, output=40)]
    result = writer.ingest([batch(later)], NOW)
    assert (result.records_added, result.records_changed, result.total_tokens) == (0, 1, 499)
    assert totals(writer) == (1, 500, 500 * 75_000)
    assert rows(writer.connection, "SELECT time FROM usage_records") == [(NOW,)]


def test_an_answer_that_began_before_midnight_belongs_to_the_day_before(writer: Writer) -> None:
    writer.ingest([batch([record("a", NOW + SECOND, output=9)])], NOW)
    writer.ingest([batch([record("a", NOW - SECOND, output=2)])], NOW)
    assert rows(writer.connection, "SELECT day, request_count, output_tokens FROM usage_days") == [
        (NOW // (24 * HOUR) - 1, 1, 9)
    ]
    assert len(rows(writer.connection, "SELECT * FROM usage_quarters")) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_a_resumed_session_leaves_its_history_with_the_session_it_came_from(
    writer: Writer, order: tuple[int, int], together: bool
) -> None:
    history = [record(f"h{number}", NOW + number * MINUTE) for number in range(3)]
    original = batch(history, [context("zz-original")], path="/logs/zz.jsonl", mtime=1_000)
    resumed = batch(
        [*history, record("new", NOW + HOUR)], [context("aa-resumed")], path="/logs/aa.jsonl", mtime=2_000
    )
    batches = [(original, resumed)[number] for number in order]
    for part in [batches] if together else [[each] for each in batches]:
        writer.ingest(part, NOW)
    found = rows(
        writer.connection,
        "SELECT e.conversation_id, sum(q.request_count) FROM usage_quarters AS q JOIN usage_contexts AS c"
        " ON c.id = q.context_id JOIN sessions AS e ON e.id = c.session_id GROUP BY 1 ORDER BY 1",
    )
    assert found == [("aa-resumed", 1), ("zz-original", 3)]
    assert totals(writer)[0] == 4


def test_a_session_that_went_on_after_it_was_resumed_elsewhere_keeps_its_history(writer: Writer) -> None:
    writer.ingest([batch([record("h")], [context("zz-original")], path="/logs/zz", mtime=1_000)], NOW)
    went_on = batch([record("more", NOW + HOUR)], [context("zz-original")], path="/logs/zz", mtime=5_000)
    writer.ingest([went_on], NOW)
    writer.ingest([batch([record("h")], [context("aa-resumed")], path="/logs/aa", mtime=2_000)], NOW)
    assert {row[3] for row in records_by_name(writer)} == {"zz-original"}


def test_two_copies_of_equal_age_belong_to_the_smaller_session_id(writer: Writer) -> None:
    for session in ("b", "a", "c"):
        writer.ingest([batch([record("r")], [context(session)], path=f"/logs/{session}", mtime=5)], NOW)
    assert records_by_name(writer)[0][3] == "a"


def test_equal_ranks_with_different_counts_end_the_same_in_any_order(tmp_path: Path) -> None:
    copies = [
        record("r", NOW + 5, output=7, rank=1, uncached_input_tokens=3),
        record("r", NOW + 9, output=7, rank=1, uncached_input_tokens=4, model="claude-haiku"),
        record("r", NOW + 9, output=7, rank=1, uncached_input_tokens=4, model="claude-opus"),
        record("r", NOW + 1, output=6, rank=0),
    ]
    seen = set()
    for number, order in enumerate(permutations(copies)):
        made = open_writer(tmp_path / f"{number}.db", "UTC")
        for copy in order:
            made.ingest([batch([copy])], NOW)
        seen.add(tuple(records_by_name(made)))
        made.close()
    assert len(seen) == 1


_copies = st.builds(
    lambda output, uncached, fields: record(
        "r", NOW, output, rank=1, uncached_input_tokens=uncached, cost=None, price="", **fields
    ),
    st.integers(1, 2),
    st.integers(1, 2),
    st.fixed_dictionaries({}, optional={
        "cache_creation_5m_input_tokens": st.integers(0, 1),
        "cache_creation_1h_input_tokens": st.integers(0, 1), "web_search_count": st.integers(0, 1),
        "model": st.sampled_from(["claude-a", "claude-b"]),
        "provider_name": st.sampled_from(["anthropic", "aws.bedrock"]), "flags": st.sampled_from([0, 1, 4]),
        "service_tier": st.sampled_from(["", "fast"]), "error": st.sampled_from(["", "x"]),
        "duration_ms": st.sampled_from([None, 0, 1]), "recorded_cost": st.sampled_from([None, 0, 1]),
    }),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(_copies, _copies)
def test_copies_that_meet_in_one_reading_end_as_those_that_meet_in_the_database(
    one: UsageRecord, other: UsageRecord
) -> None:
    stored = []
    for copies in ([one, other], [other, one], [merged(one, other)]):
        with TemporaryDirectory() as folder:
            made = open_writer(Path(folder) / "tokentui.db", "UTC")
            for copy in copies:
                made.ingest([batch([copy])], NOW)
            stored.append(records_by_name(made))
            made.close()
    assert stored[0] == stored[1] == stored[2]


def test_a_price_that_is_there_stays_and_one_that_is_missing_arrives(writer: Writer) -> None:
    writer.ingest([batch([record("a", cost=None, price="")])], NOW)
    assert writer.unpriced() == [("anthropic", "claude-opus-4", 1)]
    result = writer.ingest([batch([record("a", cost=5, price="v1")])], NOW)
    assert (result.records_changed, result.cost, result.unpriced) == (1, 5, -1)
    assert writer.unpriced() == []
    writer.ingest([batch([record("a", cost=9, price="v2")])], NOW)
    assert rows(writer.connection, "SELECT cost FROM usage_records") == [(5,)]


def test_prices_that_appear_later_are_put_on_old_records(writer: Writer) -> None:
    unpriced = [record(f"u{n}", NOW + n, model="new-model", cost=None, price="") for n in range(4)]
    writer.ingest([batch([*unpriced, record("old", cost=7)])], NOW)
    asked: list[tuple[str, str]] = []

    def price(found: UsageRecord, service: str) -> tuple[int | None, str]:
        asked.append((found.model, service))
        return found.output_tokens * 3, "new@2026"

    assert writer.reprice(price, {"new-model"}) == 4
    assert asked == [("new-model", "claude-code")] * 4
    assert totals(writer) == (5, 50, 4 * 30 + 7)
    assert writer.unpriced() == []
    assert writer.reprice(price, {"new-model"}) == 0
    assert writer.reprice(lambda _record, _service: (1, "flat")) == 5
    assert writer.reprice(lambda _record, _service: (None, ""), unpriced_only=True) == 0
    assert totals(writer) == (5, 50, 5)


def test_counts_beyond_32_bits_are_exact(writer: Writer) -> None:
    many = 3 * 2**40 + 1
    writer.ingest([batch([record(str(n), output=many, rank=n, cost=2**45 + n) for n in range(5)])], NOW)
    assert totals(writer) == (5, 5 * many, 5 * 2**45 + 10)


def test_a_number_no_database_can_hold_is_cut_and_flagged(writer: Writer) -> None:
    hostile = [
        record("big", output=2**80, rank=2**90, cost=None), record("negative", output=-5, rank=-(2**70)),
        record("year 10000", time=2**61), record("fine", duration_ms=2**60),
    ]  # fmt: skip
    writer.ingest([batch(hostile)], NOW)
    found = rows(writer.connection, "SELECT output_tokens, flags FROM usage_records ORDER BY output_tokens")
    assert found == [(0, COUNT_REPAIRED), (10, COUNT_REPAIRED), (10, COUNT_REPAIRED), (2**43, COUNT_REPAIRED)]
    assert totals(writer)[0] == 4


@pytest.mark.parametrize("later", [False, True])
def test_what_no_request_can_cost_is_unpriced_and_never_breaks_a_sum(writer: Writer, later: bool) -> None:
    absurd = 2**53
    dear = [record(str(n), cost=None if later else absurd, price="" if later else "x") for n in range(1100)]
    writer.ingest([batch([*dear, record("fine", cost=7)])], NOW)
    if later:
        assert writer.reprice(lambda each, _: (absurd if each.cost is None else each.cost, "x")) == 1
    assert totals(writer) == (1101, 1101 * 10, 7)
    assert rows(writer.connection, "SELECT sum(unpriced_request_count) FROM usage_days") == [(1100,)]
    assert rows(writer.connection, "SELECT DISTINCT price_id FROM usage_records WHERE cost IS NULL") == [(0,)]
    writer.rebuild_rollups()
    assert totals(writer) == (1101, 1101 * 10, 7)


def test_text_that_utf8_cannot_carry_is_stored_and_found_again(writer: Writer) -> None:
    odd = context("s\ud800", branch="\udfff", project="/p\ud800")
    path = "/logs/\udcff.jsonl"
    for _ in range(2):
        writer.ingest([batch([record("a", model="m\ud800", error="\ud800")], [odd], path=path)], NOW)
    assert len(rows(writer.connection, "SELECT * FROM usage_contexts")) == 1
    assert list(writer.checkpoints()) == [path]
    assert totals(writer)[0] == 1


def test_a_transaction_that_fails_leaves_nothing(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.ingest([batch([record("a")])], NOW)
    before = list(writer.connection.iterdump())

    def broken(*_: object) -> int:
        raise OSError("disk on fire")

    later = batch([record("b", model="other")], [context("s2", project="/other")], path="/logs/s2.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr("tokentui.store.log_files.store_progress", broken)
        with pytest.raises(OSError, match="on fire"):
            writer.ingest([later], NOW)
    assert list(writer.connection.iterdump()) == before
    writer.ingest([later], NOW)  # what was remembered of the failed one must not be used
    assert {row[3] for row in records_by_name(writer)} == {"s1", "s2"}
    assert totals(writer) == (2, 20, 20 * 75_000)
    assert set(writer.checkpoints()) == {"/logs/s1.jsonl", "/logs/s2.jsonl"}


def test_forgotten_contexts_are_found_again(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentui.store.dimensions._CONTEXTS_KEPT", 0)
    for output in (1, 2):
        for session in ("s1", "s2"):
            writer.ingest([batch([record(session, output=output)], [context(session)])], NOW)
    assert rows(writer.connection, "SELECT count(*) FROM usage_contexts") == [(2,)]
    assert totals(writer)[:2] == (2, 4)


def test_a_checkpoint_comes_back_as_it_was_stored(writer: Writer) -> None:
    stored = checkpoint(inode=2**64 - 1, device=2**63, generation=3, parser_version=7, state=b"\x00\xff")
    writer.ingest([Batch("codex", stored, [], [], [], [])], NOW)
    assert writer.checkpoints() == {stored.path: stored}
    assert writer.checkpoints("codex") == {stored.path: stored}
    assert writer.checkpoints("claude-code") == {}
    writer.forget_files("claude-code")
    assert writer.checkpoints()
    writer.forget_files()
    assert writer.checkpoints() == {}


def test_a_full_read_again_changes_no_record(writer: Writer) -> None:
    first = batch([record("a"), record("b")], bad_lines=[BadLine(5, 1, "broken")])
    writer.ingest([first], NOW)
    before = records_by_name(writer)
    writer.forget_files()
    writer.ingest([first], NOW)
    assert records_by_name(writer) == before
    assert rows(writer.connection, "SELECT bad_line_count, record_count FROM log_files") == [(1, 2)]


def test_a_vanished_file_keeps_its_records(writer: Writer) -> None:
    writer.ingest([batch([record("a")])], NOW)
    assert writer.mark_gone(["/logs/s1.jsonl", "/never/seen"], NOW) == 1
    assert writer.mark_gone(["/logs/s1.jsonl"], NOW) == 0
    assert totals(writer)[0] == 1
    writer.ingest([batch([record("a")])], NOW)
    assert rows(writer.connection, "SELECT gone_at FROM log_files") == [(None,)]


def test_a_file_that_is_back_unchanged_is_gone_no_longer(writer: Writer) -> None:
    paths = ["/logs/s1.jsonl", "/logs/s2.jsonl"]
    writer.ingest([batch([record(path)], path=path) for path in paths], NOW)
    assert writer.mark_gone(paths, NOW) == 2
    assert writer.mark_gone(paths[1:], NOW + 5) == 1
    found = rows(writer.connection, "SELECT path, gone_at FROM log_files ORDER BY path")
    assert found == [("/logs/s1.jsonl", None), ("/logs/s2.jsonl", NOW)]
    assert writer.mark_gone([], NOW) == 1
    assert rows(writer.connection, "SELECT count(gone_at) FROM log_files") == [(0,)]


def test_errors_of_files_that_cause_none_any_more_are_void(writer: Writer) -> None:
    first, second = (("codex", f"/logs/{name}", "permission denied") for name in "ab")
    assert writer.file_errors([first, second], NOW) == 2
    assert writer.file_errors([second], NOW) == 0
    assert writer.file_errors([second], NOW, complete=True) == 1
    query = "SELECT path FROM log_files WHERE error <> ''"
    assert rows(writer.connection, query) == [("/logs/b",)]
    assert writer.file_errors([], NOW, complete=True) == 1
    assert rows(writer.connection, query) == []


def test_a_file_that_claims_to_be_of_a_year_no_database_can_hold_is_stored(writer: Writer) -> None:
    for mtime in (13_569_465_600 * 10**9, -(2**70)):
        odd = batch([record(str(mtime))], [context(str(mtime))], path=f"/{mtime}", mtime=mtime)
        writer.ingest([odd], NOW)
    assert totals(writer)[0] == 2
    assert {point.mtime_ns for point in writer.checkpoints().values()} == {2**63 - 1, -(2**63) + 1}


def test_a_file_that_cannot_be_read_is_told_until_it_can(writer: Writer) -> None:
    problem = ("claude-code", "/logs/s1.jsonl", "permission denied")
    assert writer.file_errors([problem], NOW) == 1
    assert writer.file_errors([problem], NOW) == 0
    assert writer.checkpoints() == {}
    writer.ingest([batch([record("a")])], NOW)
    assert rows(writer.connection, "SELECT error FROM log_files") == [("",)]
    assert set(writer.checkpoints()) == {"/logs/s1.jsonl"}


def test_bad_lines_are_void_once_their_file_is_read_anew(writer: Writer) -> None:
    bad = [BadLine(offset, offset + 1, "not JSON") for offset in range(1_200)]
    assert writer.ingest([batch(bad_lines=bad)], NOW).bad_lines == 1_200
    assert rows(writer.connection, "SELECT bad_line_count FROM log_files") == [(1_200,)]
    assert rows(writer.connection, "SELECT count(*) FROM bad_lines") == [(1_000,)]
    writer.ingest([batch(bad_lines=bad[:3], restarted=True), batch(bad_lines=[BadLine(7, 8, "torn")])], NOW)
    assert rows(writer.connection, "SELECT offset FROM bad_lines") == [(0,), (1,), (2,), (7,)]
    assert rows(writer.connection, "SELECT bad_line_count FROM log_files") == [(4,)]


def test_records_from_the_future_do_not_count_as_last_use(writer: Writer) -> None:
    late = record("late", NOW + 400 * 24 * HOUR, flags=TIME_IN_FUTURE)
    writer.ingest([batch([record("a", NOW), late])], NOW)
    assert rows(writer.connection, "SELECT last_used_at FROM accounts") == [(NOW,)]
    writer.rebuild_rollups()
    assert rows(writer.connection, "SELECT last_used_at FROM accounts") == [(NOW,)]


def test_the_weakest_quality_of_an_account_is_kept(writer: Writer) -> None:
    for quality in ("floor", "estimate", "exact"):
        writer.ingest([batch([record(quality)], [context(quality=quality)])], NOW)
    assert rows(writer.connection, "SELECT quality FROM accounts") == [("estimate",)]


def reading(time: int, used: float, resets: int | None = NOW + HOUR) -> LimitReading:
    """Return a reading of Codex's five hours."""
    return LimitReading("codex", "", "codex", 300, used, resets, time, plan="plus")


def test_limit_readings_that_say_the_same_share_a_row(writer: Writer) -> None:
    said = [reading(NOW + number * SECOND, 10.0, NOW + HOUR + number) for number in range(600)]
    said += [reading(NOW + 601 * SECOND, 11.0), reading(NOW + 20 * MINUTE, 11.0)]
    result = writer.ingest([batch(limits=said)], NOW)
    assert result.limits_added == 3
    query = "SELECT observed_at, last_seen_at, used_percent FROM limit_readings ORDER BY 1"
    expected = [
        (NOW, NOW + 599 * SECOND, 10), (NOW + 601 * SECOND, NOW + 601 * SECOND, 11),
        (NOW + 20 * MINUTE, NOW + 20 * MINUTE, 11),
    ]  # fmt: skip
    assert rows(writer.connection, query) == expected
    assert writer.ingest([batch(limits=said)], NOW).limits_added == 0
    assert writer.ingest([batch(limits=said[::-1])], NOW).limits_added == 0
    assert rows(writer.connection, query) == expected


def test_limit_readings_in_any_order_end_the_same(tmp_path: Path) -> None:
    said = [reading(NOW + n * MINUTE, used) for n, used in enumerate((1.0, 1.0, 2.0, 2.0))]
    seen = set()
    for number, order in enumerate(permutations(said)):
        made = open_writer(tmp_path / f"{number}.db", "UTC")
        for one in order:
            made.ingest([batch(limits=[one])], NOW)
        seen.add(tuple(rows(made.connection, "SELECT * FROM limit_readings ORDER BY observed_at")))
        made.close()
    assert len(seen) == 1


def test_a_limit_reading_that_makes_no_sense_is_dropped(writer: Writer) -> None:
    senseless = [reading(NOW, float("nan")), reading(2**70, 5.0), reading(NOW, -1.0)]
    senseless.append(reading(NOW, 1.0, 2**70))
    assert writer.ingest([batch([record("a")], limits=senseless)], NOW).limits_added == 0
    assert totals(writer)[0] == 1


@pytest.mark.parametrize("count", [0, 4_999, 5_000, 29_999, 123_456])
def test_every_key_is_in_one_span(count: int) -> None:
    spans = list(ingest._spans(count))
    assert len(spans) == 1 + count // ingest.SPAN_ROWS
    assert spans[0][0] == -(2**63)
    assert spans[-1][1] == 2**63 - 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(spans))


def test_rows_that_say_more_than_usual_are_stored_whole(writer: Writer) -> None:
    odd = [{"service_tier": "fast"}, {"duration_ms": 0}, {"error": "timeout"}, {"recorded_cost": 0}, {}]
    writer.ingest([batch([record(str(n), **more) for n, more in enumerate(odd)])], NOW)
    query = "SELECT service_tier, duration_ms, error, recorded_cost FROM usage_records WHERE key = ?"
    stored = [rows(writer.connection, query, record(str(n)).key) for n in range(5)]
    assert stored == [
        [("fast", None, "", None)], [("", 0, "", None)], [("", None, "timeout", None)], [("", None, "", 0)],
        [("", None, "", None)],
    ]  # fmt: skip


def test_a_database_that_was_filled_before_is_looked_into(tmp_path: Path) -> None:
    for output in (10, 30, 20):  # each time a new writer, of which only the first has seen nothing stored
        writer = open_writer(tmp_path / "tokentui.db", "UTC")
        writer.ingest([batch([record("a", output=output)])], NOW)
        writer.ingest([batch([record("a", output=output + 1)])], NOW)
        found = totals(writer)
        writer.close()
    assert found == (1, 31, 31 * 75_000)


def test_what_another_program_stored_meanwhile_is_looked_for(writer: Writer, tmp_path: Path) -> None:
    writer.ingest([batch([record("a")])], NOW)
    other = open_writer(tmp_path / "tokentui.db", "UTC")
    other.ingest([batch([record("b", output=5)])], NOW)
    other.close()
    writer.ingest([batch([record("b", output=7)])], NOW)
    assert totals(writer) == (2, 17, 17 * 75_000)


# ---------------------------------------------------------------------------------------------- any order

START = at("2026-10-24T20:00")
"""The evening before the clocks of Berlin go back."""

SESSIONS = {"old": 10, "resumed": 20, "twin": 20}
"""Sessions and the age of their files."""

Copy = tuple[str, str, int, int]

copies = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(sorted(SESSIONS)),
        st.integers(0, 2_000),
        st.integers(0, 3),
    ),
    max_size=14,
)
"""Copies of requests: (request, session, minute, output)."""


def as_batch(part: list[Copy]) -> list[Batch]:
    """Return copies of requests as one batch a session."""
    found = []
    for session, mtime in SESSIONS.items():
        mine = [
            record(name, START + minute * MINUTE, output, cost=output or None, model=f"m{output}")
            for name, owner, minute, output in part
            if owner == session
        ]
        if mine:
            found.append(batch(mine, [context(session)], path=f"/logs/{session}", mtime=mtime))
    return found


@settings(max_examples=60, deadline=None)
@given(one=copies, data=st.data())
def test_any_order_and_any_split_of_the_batches_give_the_same_tables(
    one: list[Copy], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(one))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(other)), max_size=3)))
    with TemporaryDirectory() as folder:
        first, second = (open_writer(Path(folder) / name, "Europe/Berlin") for name in ("1.db", "2.db"))
        first.ingest(as_batch(one), NOW)
        with pytest.MonkeyPatch.context() as patch:  # all keys at a time, or a few
            patch.setattr(ingest, "SPAN_ROWS", data.draw(st.sampled_from([1, 3, 10_000])))
            for start, end in zip([0, *cuts], [*cuts, len(other)], strict=True):
                second.ingest(as_batch(other[start:end]), NOW)
        try:
            assert records_by_name(first) == records_by_name(second)
            sums = sums_by_name(second)
            assert sums_by_name(first) == sums
            second.rebuild_rollups()
            assert sums_by_name(second) == sums
            zones = ["America/New_York", "Asia/Kathmandu", "Europe/Berlin"]
            for zone in zones:
                second.set_zone(zone)
                second.reprice(lambda found, _service: (found.output_tokens * 7, "seven"))
            second.ingest(as_batch(one), NOW)
            moved = sums_by_name(second)
            second.rebuild_rollups()
            assert sums_by_name(second) == moved
        finally:
            first.close()
            second.close()
