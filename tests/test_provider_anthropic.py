"""Anthropic's figures are those of its console: cents are cents, and the cache is no part of the input."""

from __future__ import annotations

from tests import provider_fixtures as recorded
from tests.provider_fixtures import DAY, SPAN
from tokentui.billing import Covered

NAME = "anthropic-api"


async def test_tokens_come_by_day_model_and_tier() -> None:
    found = await recorded.fetched(NAME, "history")
    first, second = (bucket for bucket in found.buckets if bucket.operation == "messages")
    assert (first.start, first.end) == (SPAN.start, SPAN.start + DAY)
    assert (
        first.uncached_input_tokens, first.cache_read_input_tokens, first.cache_creation_5m_input_tokens,
        first.cache_creation_1h_input_tokens, first.output_tokens, first.quantity, first.request_count,
    ) == (1500, 200, 500, 1000, 500, 10, None)  # fmt: skip
    assert first.dimensions == "context_window=0-200k;service_tier=standard"
    assert second.dimensions == "context_window=0-200k;service_tier=batch;workspace_id=wrkspc_1"


async def test_amounts_are_cents_with_fractions() -> None:
    found = await recorded.fetched(NAME, "cost")
    assert [(bucket.operation, bucket.cost, bucket.currency) for bucket in found.buckets] == [
        ("Claude Opus 4.8 Usage - Input Tokens", 1_234_500_000, "USD"),
        ("Web Search Usage", 1_000, "USD"),
    ]
    assert found.covered == (Covered("cost", SPAN.start, SPAN.end),)


async def test_claude_codes_report_stands_beside_the_messages() -> None:
    found = await recorded.fetched(NAME, "history")
    (reported,) = (bucket for bucket in found.buckets if bucket.operation == "claude-code")
    assert (reported.uncached_input_tokens, reported.output_tokens, reported.cost) == (
        100_000, 35_000, 10_250_000_000,
    )  # fmt: skip
    assert reported.dimensions == "actor=kay@example.com;terminal=vscode"
    assert {each.operation for each in found.covered} == {"messages", "claude-code"}


async def test_configured_limits_are_told_in_words_and_never_as_a_percentage() -> None:
    found = await recorded.fetched(NAME, "limits")
    assert found.limits == ()
    assert found.notes == ("claude-opus-4-8: 4,000 requests per minute, 2,000,000 input tokens per minute",)


async def test_the_key_travels_in_the_header_anthropic_wants() -> None:
    seen: list[object] = []
    asking = recorded.client(NAME, seen=seen)  # type: ignore[arg-type]
    await asking.get("organizations/me")
    headers = seen[0].headers  # type: ignore[attr-defined]
    assert headers["x-api-key"] == recorded.CANARY
    assert headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in headers
