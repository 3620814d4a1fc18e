"""Which model a logged name means, and that no similar name ever stands in for it."""

from __future__ import annotations

import pytest

from tests.pricing_records import record
from tokentui.pricing import Prices, calculate_cost
from tokentui.usage import NANO

PRICES = Prices.load()


SAME = [
    ("anthropic", "anthropic/claude-opus-4-8", "anthropic/claude-opus-4-8"),
    ("anthropic", "claude-opus-4-8[1m]", "anthropic/claude-opus-4-8"),
    ("anthropic", "Claude-Opus-4-8-20260301", "anthropic/claude-opus-4-8"),
    ("anthropic", "claude-opus-4-8-high", "anthropic/claude-opus-4-8"),
    ("anthropic", "claude-opus-4-8-max", "anthropic/claude-opus-4-8"),
    ("aws.bedrock", "us.anthropic.claude-opus-4-8-v1:0", "aws/regional.anthropic.claude-opus-4-8-v1:0"),
    ("aws.bedrock", "global.anthropic.claude-opus-4-8-v1:0", "aws/global.anthropic.claude-opus-4-8-v1:0"),
    ("aws.bedrock", "us.anthropic.claude-2-v1:0", "anthropic/claude-2"),
    ("gcp.vertex_ai", "claude-opus-4-8@20260301", "google/claude-opus-4-8"),
    ("gcp.vertex_ai", "claude-sonnet-5@20260612", "anthropic/claude-sonnet-5"),
    ("gcp.vertex_ai", "publishers/google/models/gemini-2.5-flash", "google/gemini-2.5-flash"),
    ("gcp.gemini", "models/gemini-2.5-flash", "google/gemini-2.5-flash"),
    ("azure.ai.openai", "gpt-5.5", "openai/gpt-5.5"),
    ("openai", "openai/gpt-5.5", "openai/gpt-5.5"),
    ("openai", "gpt-5.5-xhigh", "openai/gpt-5.5"),
    ("openai", "gpt-5.3-codex-2026-02-05", "openai/gpt-5.3-codex"),
    ("openai", "gpt-5.2-20251211", "openai/gpt-5.2"),
    ("openai", "gpt-5.1-codex-max", "openai/gpt-5.1"),
    ("x_ai", "grok-4-fast", "x-ai/grok-4-fast-reasoning"),
    ("", "kimi-k2.5", "moonshotai/kimi-k2.5"),
    ("", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
    ("", "openai/gpt-5.5-2026-04-23", "openai/gpt-5.5"),
    ("", "z-ai/glm-4.7", "zai/GLM-4.7"),
    ("openrouter", "anthropic/claude-opus-4.6", "openrouter/anthropic/claude-opus-4.6"),
]


@pytest.mark.parametrize(("provider", "model", "row"), SAME)
def test_a_decorated_name_has_the_price_of_its_model(provider: str, model: str, row: str) -> None:
    assert PRICES.cost(record(provider, model, 10, 0, 0, 0, 1))[1].partition("@")[0] == row


UNPRICED = [
    ("openai", "gpt-5.4-foo", "", "no price is known for this model"),
    ("openai", "codex-auto-review", "", "no price is known for this model"),
    ("anthropic", "claude-opus-4-10", "", "no price is known for this model"),
    ("anthropic", "claude-opus-4-8-lite", "", "no price is known for this model"),
    ("anthropic", "claude-opus-9", "", "no price is known for this model"),
    ("gcp.gemini", "gemini-3.8-flash-lite", "", "no price is known for this model"),
    ("", "claude-opus-4-8-preview", "", "no price is known for this model"),
    ("", "glm-4.7", "", "no price is known for this model"),  # two makers, two prices
    ("ollama", "llama3.3", "", "no price is known for this model"),
    ("nobody", "gpt-4", "", "no price is known for this model"),
    ("openai", "unknown", "", "the log names no model"),
    ("anthropic", "<synthetic>", "", "the log names no model"),
    ("", "", "", "the log names no model"),
    ("anthropic", "claude-sonnet-4-6", "fast", "no price is known for its service tier fast"),
    ("openai", "gpt-4", "priority", "no price is known for its service tier priority"),
    ("gcp.gemini", "gemini-2.5-flash", "turbo", "no price is known for its service tier turbo"),
    ("openai", "text-embedding-3-small", "", "the model has no rate for one of the counts"),
    ("openai", "whisper-1", "", "no price is known for this model"),
]


@pytest.mark.parametrize(("provider", "model", "tier", "why"), UNPRICED)
def test_what_is_not_known_is_unpriced_and_says_why(provider: str, model: str, tier: str, why: str) -> None:
    asked = record(provider, model, 1000, 0, 0, 0, 1000, tier=tier)
    assert PRICES.cost(asked) == (None, "")
    assert PRICES.breakdown(asked) is None
    assert PRICES.why_unpriced(asked) == why
    assert calculate_cost(model, provider, 1000, 1000, prices=PRICES) is None or tier


def test_a_log_full_of_invented_names_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentui.pricing.prices.MOST_KEYS", 50)
    prices = Prices.load()
    for n in range(300):
        prices.cost(record("openai", f"invented-{n}", 1, 0, 0, 0, 1))
    assert max(len(prices._plans), len(prices._segments)) <= 50
    assert prices.cost(record("openai", "gpt-5.5", 200_000, 0, 0, 0, 0))[0] == NANO
