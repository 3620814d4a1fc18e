"""What a Codex rollout counts: each response once, with all its parts, at its time, under its model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codex_rollouts import CHILD, DAY_MS, OTHER, PARENT, Rollout, Usage, clock, collect, tokens
from tokentui.sources.logs.codex_parser import RolloutParser
from tokentui.usage import COUNT_REPAIRED, MODEL_UNKNOWN, TIME_BORROWED, TIME_IN_FUTURE, record_key

FIXTURE = next((Path(__file__).parent / "fixtures" / "codex").glob("rollout-*.jsonl"))


def read(rollout: Rollout, tmp_path: Path) -> Usage:
    return collect(rollout.write(tmp_path))


def session(thread: str = PARENT) -> Rollout:
    return Rollout(thread).meta().turn()


def test_a_real_session_counts_its_one_response_with_the_reasoning_inside_the_output() -> None:
    usage = collect(FIXTURE)
    record = usage.only
    assert usage.parts == (5000, 16000, 0, 0, 640)
    assert record.reasoning_output_tokens == 384
    assert (record.provider_name, record.model, record.flags) == ("openai", "gpt-5.6-terra", 0)
    assert record.moment.isoformat() == "2026-09-20T07:14:12.900000+00:00"
    context = usage.context
    assert (context.service, context.project, context.branch) == ("codex", "/home/ana/shop", "main")
    assert (context.tool_version, context.quality) == ("0.152.0", "exact")
    assert context.conversation_id == "01990a11-7c1e-7b52-9f6e-2a63b1f0c4c1"
    assert (usage.bad, usage.anomalies) == ([], 0)


@pytest.mark.parametrize(("written", "parts", "anomalies"), [
    (900, (4100, 16000, 900, 0, 640), 0),
    (9000, (0, 16000, 5000, 0, 640), 1),
])  # fmt: skip
def test_cache_writes_are_taken_out_of_the_uncached_input(
    tmp_path: Path, written: int, parts: tuple[int, ...], anomalies: int
) -> None:
    used = tokens(21000, 16000, 640, 384, written)
    usage = read(session().count(used, used), tmp_path)
    assert (usage.parts, usage.anomalies) == (parts, anomalies)
    assert bool(usage.only.flags & COUNT_REPAIRED) == bool(anomalies)


def test_a_response_told_again_counts_once(tmp_path: Path) -> None:
    first = tokens(100, 20, 10)
    rollout = session().count(first, first).count(first, first).count(tokens(130, 20, 12), tokens(30, 0, 2))
    usage = read(rollout, tmp_path)
    assert (usage.requests, usage.parts) == (2, (110, 20, 0, 0, 12))


def test_a_compaction_that_only_re_estimates_the_context_counts_nothing(tmp_path: Path) -> None:
    total = tokens(5000, 0, 300)
    usage = read(session().count(total, total).count(total, tokens(900)), tmp_path)
    assert (usage.requests, usage.parts) == (1, (5000, 0, 0, 0, 300))


@pytest.mark.parametrize(("rows", "requests", "used", "anomalies"), [
    pytest.param([(100, 100), (130, 100)], 2, 130, 0, id="a stale last adds no more than the total grew"),
    pytest.param([(200, 200), (300, 100), (2000, 70), (2100, 100)], 4, 470, 0, id="a jump counts its last"),
    pytest.param([(200, None), (300, None), (2000, None)], 3, 2000, 0, id="totals alone count by difference"),
    pytest.param([(None, 100), (None, 40)], 2, 140, 0, id="lasts alone count as they are"),
    pytest.param([(None, 40), (None, 40)], 2, 80, 0, id="equal lasts alone are two responses"),
    pytest.param(
        [(100_000, None), (5000, None), (101_000, None), (6000, None), (102_000, None)], 3, 102_000, 1,
        id="two lineages of totals count to the high-water mark",
    ),
    pytest.param(
        [(100_000, 100_000), (5000, 5000), (101_000, 1000), (6000, 1000), (102_000, 1000)], 5, 108_000, 0,
        id="two lineages with lasts count every last",
    ),
    pytest.param([(1000, 1000), (50, 50), (1000, 1000), (50, 50)], 2, 1050, 0, id="alternating repeats"),
    pytest.param([(0, 0), (100, 100)], 1, 100, 0, id="a first row of zeros"),
])  # fmt: skip
def test_counters_of_every_kind_add_up_to_what_was_used(
    tmp_path: Path, rows: list[tuple[int | None, int | None]], requests: int, used: int, anomalies: int
) -> None:
    usage = read(session().inputs(*rows), tmp_path)
    assert (usage.requests, usage.input, usage.anomalies) == (requests, used, anomalies)


def test_an_exceeded_context_window_is_no_usage_and_starts_the_counters_anew(tmp_path: Path) -> None:
    full = tokens(100_000, 80_000, 5000)
    rollout = session().count(full, full)
    rollout.count({"total_tokens": 258_400, "input_tokens": 0}, {"total_tokens": 153_400})
    rollout.count(tokens(9000, 0, 200), tokens(9000, 0, 200))
    rollout.count(tokens(21000, 8000, 500), tokens(12000, 8000, 300))
    usage = read(rollout, tmp_path)
    assert (usage.requests, usage.input, usage.parts[1], usage.parts[4]) == (3, 121_000, 88_000, 5500)


def test_behind_an_exceeded_context_window_totals_alone_count_from_zero(tmp_path: Path) -> None:
    rollout = session().inputs((100_000, None)).count({"total_tokens": 258_400}, None)
    assert read(rollout.inputs((9000, None), (21_000, None)), tmp_path).input == 121_000


def test_two_unrelated_sessions_with_an_equal_first_response_count_both(tmp_path: Path) -> None:
    paths = [session(thread).inputs((8000, 8000)).write(tmp_path) for thread in (PARENT, OTHER)]
    usage = collect(*paths)
    assert (usage.requests, usage.input) == (2, 16_000)


def test_a_response_with_a_usage_record_counts_once_and_with_its_cache_write(tmp_path: Path) -> None:
    used = tokens(21000, 16000, 640, 384)
    rollout = session().count(used, used)
    rollout.record({**used, "cache_write_input_tokens": 900}, "resp_1", at=rollout.now + 50)
    more = tokens(30000, 20000, 700, 400)
    rollout.record(tokens(9000, 4000, 60, 16), "resp_2").count(more, tokens(9000, 4000, 60, 16))
    usage = read(rollout, tmp_path)
    assert (usage.requests, usage.parts) == (2, (4100 + 5000, 20000, 900, 0, 700))


def test_two_usage_records_of_equal_counts_are_two_responses(tmp_path: Path) -> None:
    used = tokens(500, 100, 20)
    usage = read(session().record(used, "resp_1").record(used, "resp_2").record(used, "resp_2"), tmp_path)
    assert (usage.requests, usage.input) == (2, 1000)
    assert set(usage.records) == {record_key("codex", "resp:resp_1"), record_key("codex", "resp:resp_2")}


def test_a_usage_record_long_after_an_equal_token_count_is_another_response(tmp_path: Path) -> None:
    used = tokens(500, 100, 20)
    usage = read(session().count(used, used).record(used, "resp_9"), tmp_path)
    assert usage.requests == 2


def test_an_odd_usage_record_is_repaired_and_counts(tmp_path: Path) -> None:
    rollout = session().record({"input_tokens": "500", "output_tokens": -1}, "resp_1").record(None, "resp_2")
    rollout.lines[-2] = rollout.lines[-2].replace('"timestamp"', '"when"')
    usage = read(rollout, tmp_path)
    assert (usage.requests, usage.parts) == (1, (500, 0, 0, 0, 0))
    assert usage.only.flags == COUNT_REPAIRED | TIME_BORROWED


def test_usage_records_without_a_response_id_are_told_apart_by_their_totals(tmp_path: Path) -> None:
    used = tokens(500, 100, 20)
    rollout = session().record(used, None, thread_token_usage=tokens(500, 100, 20))
    rollout.record(used, None, thread_token_usage=tokens(1000, 200, 40)).record(used, None)
    assert read(rollout, tmp_path).requests == 3


def test_the_model_is_that_of_the_turn_never_of_the_instructions(tmp_path: Path) -> None:
    rollout = Rollout().meta(base_instructions={"text": '"model":"evil"', "model": "evil"}, model="evil")
    rollout.turn("gpt-5.6-terra").inputs((100, 100)).turn("gpt-5.6-luna").inputs((300, 200))
    by_model = {record.model: record.input_tokens for record in read(rollout, tmp_path).records.values()}
    assert by_model == {"gpt-5.6-terra": 100, "gpt-5.6-luna": 200}


def test_a_turn_with_a_blank_model_does_not_go_on_with_the_last_one(tmp_path: Path) -> None:
    rollout = session().inputs((100, 100)).turn("").inputs((300, 200))
    by_model = {record.model: record.input_tokens for record in read(rollout, tmp_path).records.values()}
    assert by_model == {"gpt-5.6-terra": 100, "unknown": 200}


def test_settings_changed_between_turns_hold_for_what_follows(tmp_path: Path) -> None:
    settings_ = {"model": "gpt-5.6-sol", "cwd": "/home/ana/other", "model_provider_id": "azure"}
    rollout = session().inputs((100, 100))
    for tier in ("priority", "default"):
        rollout.add("event_msg", {"type": "thread_settings_applied",
                                  "thread_settings": {**settings_, "service_tier": tier}})  # fmt: skip
        rollout.inputs((300, 200) if tier == "priority" else (400, 100))
    usage = read(rollout, tmp_path)
    found = sorted(
        (one.input_tokens, one.model, one.provider_name, one.service_tier, usage.contexts[key].project)
        for key, one in usage.records.items()
    )
    assert found == [
        (100, "gpt-5.6-sol", "azure.ai.openai", "", "/home/ana/other"),
        (100, "gpt-5.6-terra", "openai", "", "/home/ana/shop"),
        (200, "gpt-5.6-sol", "azure.ai.openai", "priority", "/home/ana/other"),
    ]


def test_without_a_model_the_usage_counts_flagged_as_unknown(tmp_path: Path) -> None:
    record = read(Rollout().meta().inputs((100, 100)), tmp_path).only
    assert (record.model, record.flags, record.input_tokens) == ("unknown", MODEL_UNKNOWN, 100)


def test_the_token_count_names_the_model_where_no_turn_does(tmp_path: Path) -> None:
    info = {"total_token_usage": tokens(10), "last_token_usage": tokens(10), "model": "gpt-5-codex"}
    rollout = Rollout().meta().add("event_msg", {"type": "token_count", "info": info})
    assert read(rollout, tmp_path).only.model == "gpt-5-codex"


@pytest.mark.parametrize(("value", "counts", "repaired"), [
    ("NaN", 0, True), ("Infinity", 0, True), ("-5", 0, True), ("true", 0, True), ('"12"', 12, False),
    ("1e3", 1000, False), (str(2**63), 10**12, True), ("null", 0, False), ("[1]", 0, True), ('"x"', 0, True),
])  # fmt: skip
def test_an_odd_count_is_repaired_and_the_rest_of_the_line_counts(
    tmp_path: Path, value: str, counts: int, repaired: bool
) -> None:
    marker = 987_654_321
    used = {"input_tokens": marker, "output_tokens": 7}
    rollout = session().count(None, used)
    rollout.lines[-1] = rollout.lines[-1].replace(str(marker), value)
    usage = read(rollout, tmp_path)
    assert usage.parts == (counts, 0, 0, 0, 7)
    assert (usage.anomalies > 0) == repaired == bool(usage.only.flags & COUNT_REPAIRED)
    assert usage.bad == []


def test_a_line_without_a_usable_time_has_its_neighbours_and_a_flag(tmp_path: Path) -> None:
    rollout = session().inputs((100, 100), (200, 100), (300, 100))
    before = json.loads(rollout.lines[2])["timestamp"]
    for stamp in ('"never"', "0", "null", '"1970-01-01T00:00:00.000Z"'):
        odd = Rollout(lines=list(rollout.lines))
        odd.lines[3] = odd.lines[3].replace(f'"{json.loads(odd.lines[3])["timestamp"]}"', stamp)
        usage = read(odd, tmp_path)
        (borrowed,) = [one for one in usage.records.values() if one.flags & TIME_BORROWED]
        assert borrowed.moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") == before
        assert (usage.requests, usage.anomalies) == (3, 1)
        assert read(odd, tmp_path).summary() == usage.summary()


def test_a_session_whose_lines_have_no_times_is_as_old_as_its_id(tmp_path: Path) -> None:
    rollout = Rollout().inputs((100, 100))
    rollout.lines[0] = rollout.lines[0].replace('"timestamp"', '"when"')
    record = read(rollout, tmp_path).only
    assert (record.time, record.flags & TIME_BORROWED) == (0x019E00000000 * 1000, TIME_BORROWED)


def test_a_time_in_the_future_is_kept_and_flagged() -> None:
    rollout = session().inputs((100, 100))
    now = (DAY_MS - 2 * 86_400_000) * 1000
    parser = RolloutParser(b"", name=rollout.name, now=now)
    parser.feed(rollout.content(), 0)
    (record,) = parser.findings.records.values()
    assert record.flags == TIME_IN_FUTURE
    assert record.time == (DAY_MS + rollout.now) * 1000
    assert clock(rollout.now)[11:16] == "10:00"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["2026-09-20T10:00:00.000Z", "gpt-5", CHILD, "token_count"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "input_tokens", "cached_input_tokens", "output_tokens", "id", "cwd", "git", "branch", "primary",
        "source", "subagent", "used_percent", "resets_at", "credits", "balance", "model", "forked_from_id",
    ]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(
        st.sampled_from(["session_meta", "turn_context", "event_msg", "token_usage_record", "world_state"]),
        st.dictionaries(st.sampled_from([
            "type", "info", "rate_limits", "id", "cwd", "model", "usage", "response_id", "source",
            "thread_settings",
        ]), _json, max_size=5),
        st.booleans(),
    ), max_size=4)
)  # fmt: skip
def test_whatever_a_log_holds_usage_stays_within_bounds(
    lines: list[tuple[str, dict[str, Any], bool]],
) -> None:
    parser = RolloutParser(b"", name="rollout-x.jsonl")
    for kind, payload, counting in lines:
        if counting:
            payload = {**payload, "type": "token_count", "info": {"last_token_usage": payload.get("usage")}}
        line = {"timestamp": "2026-09-20T10:00:00.000Z", "type": kind, "payload": payload}
        parser.feed(json.dumps(line).encode() + b"\n", 0)
        for record in parser.findings.records.values():
            assert 0 <= record.total_tokens <= 2 * 10**12
            assert record.reasoning_output_tokens <= record.output_tokens
            assert min(record.uncached_input_tokens, record.cache_read_input_tokens) >= 0
        assert parser.findings.bad == []
        parser = RolloutParser(parser.state(), name="rollout-x.jsonl")
