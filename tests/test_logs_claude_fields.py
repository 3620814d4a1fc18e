"""Claude Code: what a record says: counts, lifetimes, tier, provider, project, limits."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.claude_transcripts import (
    MODEL,
    START,
    assistant,
    batches,
    counted,
    encoded,
    only,
    requests,
    seen,
    usage,
    write,
)
from tokentui.usage import (
    COUNT_REPAIRED,
    MODEL_UNKNOWN,
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "projects" / "-home-ana-shop" / "S1.jsonl"


WRITES = {
    "no split": ({"cache_creation_input_tokens": 500}, (500, 0)),
    "split of zeros": ({"cache_creation_input_tokens": 500, "cache_creation": (0, 0)}, (500, 0)),
    "whole split": ({"cache_creation_input_tokens": 500, "cache_creation": (100, 400)}, (100, 400)),
    "only the hour": ({"cache_creation_input_tokens": 500, "cache_creation": (None, 400)}, (100, 400)),
    "only the split": ({"cache_creation": (30, 70)}, (30, 70)),
    "split beyond the sum": ({"cache_creation_input_tokens": 50, "cache_creation": (30, 70)}, (30, 70)),
    "null split": ({"cache_creation_input_tokens": 500, "cache_creation": None}, (500, 0)),
}


@pytest.mark.parametrize(("written", "expected"), WRITES.values(), ids=WRITES)
def test_cache_writes_are_divided_by_lifetime(
    log: Path, written: dict[str, Any], expected: tuple[int, int]
) -> None:
    counts: dict[str, Any] = {"input_tokens": 1, "output_tokens": 1, **written}
    if counts.get("cache_creation"):
        minutes, hour = counts["cache_creation"]
        split = {"ephemeral_5m_input_tokens": minutes, "ephemeral_1h_input_tokens": hour}
        counts["cache_creation"] = {name: count for name, count in split.items() if count is not None}
    assert only(seen(log, assistant("A", counts))).counts[2:4] == expected


def test_a_request_costs_what_its_counts_cost(log: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 10_000, "ephemeral_1h_input_tokens": 20_000}
    tools = {"web_search_requests": 3, "web_fetch_requests": 4}
    record = only(
        seen(
            log,
            assistant("A", usage(1000, 100_000, 30_000, 500, cache_creation=split, server_tool_use=tools)),
        )
    ).record
    rates = [
        (record.uncached_input_tokens, "3"),
        (record.cache_read_input_tokens, "0.30"),
        (record.cache_creation_5m_input_tokens, "3.75"),
        (record.cache_creation_1h_input_tokens, "6.00"),
        (record.output_tokens, "15"),
        (record.web_search_count, "10000"),
    ]
    assert sum(count * Decimal(rate) for count, rate in rates) / 10**6 == Decimal("0.228")


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"speed": "fast"}, "fast"),
        ({"speed": "fast", "service_tier": "priority"}, "fast"),
        ({"speed": "standard", "service_tier": "standard"}, ""),
        ({"service_tier": "batch"}, "batch"),
        ({"speed": None, "service_tier": None}, ""),
        ({}, ""),
    ],
)
def test_the_tier_that_decides_the_price_is_kept(log: Path, said: dict[str, Any], tier: str) -> None:
    assert only(seen(log, assistant("A", usage(1000, 0, 0, 1000, **said)))).record.service_tier == tier


def test_a_long_prompt_stays_one_request_so_that_its_tier_can_be_found(log: Path) -> None:
    long = assistant("A", usage(10_000, 240_000, 0, 1000))
    short = [assistant(f"s{number}", usage(30_000, 0, 0, 1), number) for number in range(10)]
    prompts = [request.record.input_tokens for request in seen(log, long, *short)]
    assert sorted(prompts) == [30_000] * 10 + [250_000]


def test_a_cost_the_tool_wrote_is_kept_beside(log: Path) -> None:
    lines = [
        assistant("A", usage(1, 0, 0, 2), costUSD=0.0123),
        assistant("B", usage(1, 0, 0, 2), 1, costUSD=0),
    ]
    lines += [assistant("C", usage(1, 0, 0, 2), 2), assistant("D", usage(1, 0, 0, 2), 3, costUSD=-1)]
    records = [request.record for request in seen(log, *lines)]
    assert [record.recorded_cost for record in records] == [12_300_000, 0, None, None]
    assert [record.cost for record in records] == [None] * 4


def test_the_project_is_where_each_request_was_made(log: Path) -> None:
    lines = [
        assistant("A", usage(1, 0, 0, 2), cwd="/home/ana/my.app"),
        assistant("B", usage(1, 0, 0, 2), 1, cwd="/home/ana/my-app", gitBranch="main"),
    ]
    found = seen(log, *lines)
    assert [request.context.project for request in found] == ["/home/ana/my.app", "/home/ana/my-app"]
    assert [request.context.branch for request in found] == ["feat/cart", "main"]
    assert {(request.context.tool_version, request.context.quality) for request in found} == {
        ("2.3.41", "floor")
    }


@pytest.mark.parametrize(
    ("written", "expected", "repaired"),
    [
        (b"NaN", 0, True),
        (b"Infinity", 0, True),
        (b"-5", 0, True),
        (b"true", 0, True),
        (b'"12"', 12, False),
        (b"1e3", 1000, False),
        (b"%d" % 2**63, 10**12, True),
        (b"9" * 5000, 0, True),
        (b"{}", 0, True),
        (b"5000000000", 5_000_000_000, False),
    ],
)
def test_a_count_of_any_kind_harms_nothing(log: Path, written: bytes, expected: int, repaired: bool) -> None:
    line = encoded([assistant("A", usage(4242, 0, 0, 7))]).replace(b"4242", written)[:-1]
    found = batches(write(log, line, assistant("B", usage(1, 0, 0, 2), 1)))
    records = [request.record for request in requests(found)]
    assert [record.uncached_input_tokens for record in records] == [expected, 1]
    assert [record.flags for record in records] == [COUNT_REPAIRED if repaired else 0, 0]
    assert (found[0].anomalies, found[0].bad_lines) == (int(repaired), [])


def test_more_thinking_than_output_is_repaired(log: Path) -> None:
    details = [{"thinking_tokens": count} for count in (300, 900)]
    lines = [
        assistant(str(at), usage(1, 0, 0, 500, output_tokens_details=detail))
        for at, detail in enumerate(details)
    ]
    found = {(request.record.reasoning_output_tokens, request.record.flags) for request in seen(log, *lines)}
    assert found == {(300, 0), (500, COUNT_REPAIRED)}


PROVIDERS = [
    (MODEL, "msg_01abcdefghijklmnop", "anthropic"),
    ("claude-opus-4-6[1m]", "msg_01abcdefghijklmnop", "anthropic"),
    (MODEL, "msg_vrtx_01abcdefghijkl", "gcp.vertex_ai"),
    (MODEL, "msg_bdrk_01abcdefghijkl", "aws.bedrock"),
    ("claude-sonnet-4@20250514", "msg_01abcdefghijklmnop", "gcp.vertex_ai"),
    ("us.anthropic.claude-sonnet-4-v1:0", "msg_01abcdefghijklmnop", "aws.bedrock"),
    ("glm-4.7", "msg_01abcdefghijklmnop", ""),
]


@pytest.mark.parametrize(("model", "identity", "provider"), PROVIDERS)
def test_the_provider_shows_in_the_names_it_gives(
    log: Path, model: str, identity: str, provider: str
) -> None:
    line = assistant("A", usage(1, 0, 0, 2), model=model)
    line["message"]["id"] = identity
    record = only(seen(log, line)).record
    assert (record.provider_name, record.model) == (provider, model)


@pytest.mark.parametrize("model", [None, 5, "", {}])
def test_a_request_of_an_unknown_model_counts_and_says_so(log: Path, model: Any) -> None:
    record = only(seen(log, assistant("A", usage(1, 0, 0, 2), model=model))).record
    assert (record.model, record.flags) == ("", MODEL_UNKNOWN)


def test_null_counts_are_zero(log: Path) -> None:
    line = assistant(
        "A", {"input_tokens": None, "output_tokens": 7, "cache_creation": None, "iterations": None}
    )
    request = only(seen(log, line))
    assert (request.counts, request.record.flags) == ((0, 0, 0, 0, 7), 0)


def test_an_api_error_is_no_request_but_tells_the_limit(log: Path) -> None:
    quota = {"status": "rejected", "resetsAt": 1_789_430_400, "rateLimitType": "five_hour"}
    line = assistant(
        None,
        usage(0, 0, 0, 0),
        5,
        model="<synthetic>",
        isApiErrorMessage=True,
        error="rate_limit",
        apiErrorStatus=429,
        quotaLimits=quota,
    )
    found = batches(write(log, line))
    assert requests(found) == []
    [limit] = [limit for batch in found for limit in batch.limits]
    assert (limit.limit_id, limit.window_minutes, limit.used_percent) == ("five_hour", 300, 100.0)
    assert (limit.resets_at, limit.observed_at) == (1_789_430_400 * 10**6, START + 5 * 10**6)


@pytest.mark.parametrize("said", [{"isApiErrorMessage": True}, {"model": "<synthetic>"}])
@pytest.mark.parametrize("name", ["A", None])
def test_what_the_program_wrote_itself_is_no_request_whatever_it_counts(
    log: Path, said: dict[str, Any], name: str | None
) -> None:
    assert seen(log, assistant(name, usage(9, 9, 9, 9), **said)) == []


LIMITS = {
    "a week": (
        {"quotaLimits": {"status": "rejected", "resetsAt": 1, "rateLimitType": "seven_day_opus"}},
        "",
        "seven_day_opus",
        10_080,
    ),
    "old text": ({}, "Claude AI usage limit reached|1789430400", "five_hour", 300),
    "old text, far away": ({}, "Claude AI usage limit reached|1789830400", "seven_day", 10_080),
    "unknown name": ({"quotaLimits": {"status": "rejected", "rateLimitType": "\x1b[31mnew"}}, "", "new", 0),
}


@pytest.mark.parametrize(("extra", "text", "limit_id", "minutes"), LIMITS.values(), ids=LIMITS)
def test_a_limit_is_read_however_it_is_told(
    log: Path, extra: dict[str, Any], text: str, limit_id: str, minutes: int
) -> None:
    line = assistant(None, usage(0, 0, 0, 0), model="<synthetic>", isApiErrorMessage=True, **extra)
    line["message"]["content"] = [None, {"type": "text", "text": text}]
    [limit] = [limit for batch in batches(write(log, line)) for limit in batch.limits]
    assert (limit.limit_id, limit.window_minutes) == (limit_id, minutes)


def test_a_limit_is_read_from_a_line_without_usage(log: Path) -> None:
    quota = {"status": "rejected", "rateLimitType": "five_hour"}
    line = assistant(None, None, model="<synthetic>", isApiErrorMessage=True, quotaLimits=quota)
    [batch] = batches(write(log, line))
    assert [limit.limit_id for limit in batch.limits] == ["five_hour"]


def test_an_error_without_a_limit_says_nothing(log: Path) -> None:
    allowed = {"status": "allowed_warning", "rateLimitType": "five_hour"}
    line = assistant(
        None, usage(0, 0, 0, 0), model="<synthetic>", isApiErrorMessage=True, quotaLimits=allowed
    )
    assert [(batch.limits, batch.records) for batch in batches(write(log, line))] == [([], [])]


def test_a_thousand_small_requests_add_up_to_the_token(log: Path) -> None:
    lines = [assistant(str(number), usage(2**33, 1, 0, 3), number / 1000) for number in range(1000)]
    totals = [sum(counts) for counts in zip(*counted(write(log, *lines)), strict=True)]
    assert totals == [1000 * 2**33, 1000, 0, 0, 3000]


def test_no_control_byte_of_a_log_reaches_a_record(log: Path) -> None:
    hostile = "\x1b]52;c;aGk=\x07x\u202e\x9b31m\ud800"
    names: dict[str, Any] = dict.fromkeys(("cwd", "gitBranch", "version", "sessionId"), hostile)
    line = assistant("A", usage(1, 0, 0, 2, service_tier=hostile), model=hostile, **names)
    request = only(seen(log, line))
    context = request.context
    shown = (
        request.record.model,
        request.record.service_tier,
        context.project,
        context.branch,
        context.tool_version,
        context.conversation_id,
    )
    assert set(shown) == {"x"}


def test_fields_of_wrong_types_lose_themselves_only(log: Path) -> None:
    line = assistant(
        "A", usage(1, 0, 0, 2), cwd={"a": 1}, gitBranch=7, version=[], sessionId=5, isSidechain="x"
    )
    request = only(seen(log, {**line, "session_id": "S9", "costUSD": "x", "forkedFrom": "y"}))
    assert (request.counts, request.record.recorded_cost) == ((1, 0, 0, 0, 2), None)
    assert (request.context.project, request.context.conversation_id) == ("", "S9")
