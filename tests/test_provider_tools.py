"""Mistral, Cursor, LiteLLM, Vercel, Groq, Perplexity, Ollama and LM Studio, to the last unit."""

from __future__ import annotations

import pytest

from tests import provider_fixtures as recorded
from tests.provider_fixtures import DAY, SPAN
from tokentui.billing import Balance
from tokentui.sources.providers import rows

FIRST = SPAN.start


async def test_mistrals_month_is_one_bucket_in_its_own_currency() -> None:
    (bucket,) = (await recorded.fetched("mistral", "cost")).buckets
    assert (bucket.cost, bucket.currency) == (12_500_000_000, "EUR")
    assert (bucket.end - bucket.start) // DAY == 30
    (limit,) = (await recorded.fetched("mistral", "limits")).limits
    assert (limit.used_percent, limit.limit_name) == (25.0, "month, of 50.00 EUR")


async def test_cursors_events_fall_into_utc_days_by_their_own_milliseconds() -> None:
    found = await recorded.fetched("cursor", "history")
    assert [((bucket.start - FIRST) // DAY, bucket.model) for bucket in found.buckets] == [
        (0, "claude-4.5-sonnet"), (0, "claude-4.5-sonnet"), (2, "gpt-5.5"),
    ]  # fmt: skip
    first = found.buckets[0]
    assert (
        first.uncached_input_tokens, first.cache_read_input_tokens, first.cache_creation_5m_input_tokens,
        first.output_tokens, first.request_count,
    ) == (126, 11_964, 6_112, 450, 1)  # fmt: skip


async def test_cursors_charge_counts_and_the_tokens_price_where_there_is_none() -> None:
    found = await recorded.fetched("cursor", "cost")
    assert [bucket.cost for bucket in found.buckets] == [213_623_200, 5_000_000, 0]


async def test_cursors_key_is_the_user_of_basic_authentication() -> None:
    headers = rows()["cursor"].load().authorize("key_1")
    assert headers == {"Authorization": "Basic a2V5XzE6"}


async def test_litellms_entries_are_read_flat_or_below_metrics() -> None:
    found = await recorded.fetched("litellm", "cost")
    assert [((bucket.start - FIRST) // DAY, bucket.model, bucket.cost) for bucket in found.buckets] == [
        (1, "gpt-5.5", 17_707_200), (0, "gpt-5.5-mini", 1_000_000_000),
    ]  # fmt: skip
    (first, _) = (await recorded.fetched("litellm", "history")).buckets
    assert (first.uncached_input_tokens, first.cache_read_input_tokens, first.output_tokens) == (
        100,
        10,
        1711,
    )


async def test_litellms_budget_is_a_limit_and_what_is_left_a_balance() -> None:
    (limit,) = (await recorded.fetched("litellm", "limits")).limits
    assert (limit.used_percent, limit.resets_at) == (25.0, FIRST + 12 * DAY)
    found = await recorded.fetched("litellm", "balance")
    assert found.balances == (Balance(7_500_000_000, name="budget", granted=10 * 10**9),)


async def test_vercels_credits_are_strings_of_dollars() -> None:
    found = await recorded.fetched("vercel", "balance")
    assert found.balances == (Balance(95_500_000_000, name="credits", granted=100 * 10**9),)


@pytest.mark.parametrize("name", ["groq", "perplexity"])
async def test_a_service_without_figures_says_whether_the_key_is_valid(name: str) -> None:
    asking = recorded.client(name)
    report = await rows()[name].load().test(asking, asking.account)
    assert "valid" in report.summary
    assert report.features == ()


async def test_local_engines_tell_what_is_loaded_and_have_no_limit() -> None:
    ollama = await recorded.fetched("ollama", "limits")
    assert ollama.notes == ("1 models installed", "loaded: gemma3 (6.1 GiB)")
    studio = await recorded.fetched("lm-studio", "limits")
    assert studio.notes == ("2 models installed", "loaded: meta-llama-3.1-8b-instruct")
    assert ollama.limits == studio.limits == ()
