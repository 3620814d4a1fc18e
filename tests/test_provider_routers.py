"""OpenRouter, GitHub Copilot and xAI: units and signs become dollars, completed days become days."""

from __future__ import annotations

import pytest

from tests import provider_fixtures as recorded
from tests.provider_fixtures import DAY, SPAN
from tokentui.billing import Balance, Covered
from tokentui.sources.providers import github_copilot

FIRST = SPAN.start
COPILOT = recorded.answers("github-copilot")


async def test_openrouters_activity_covers_completed_days_only() -> None:
    found = await recorded.fetched("openrouter", "cost")
    assert [((bucket.start - FIRST) // DAY, bucket.model, bucket.cost) for bucket in found.buckets] == [
        (0, "openai/gpt-5.5", 15_000_000), (1, "anthropic/claude-opus-4-8", 1_250_000_000),
    ]  # fmt: skip
    assert found.covered == (Covered("cost", FIRST, FIRST + 2 * DAY),)


async def test_openrouters_tokens_and_requests_are_read() -> None:
    found = await recorded.fetched("openrouter", "history")
    first = found.buckets[0]
    assert (first.request_count, first.uncached_input_tokens, first.output_tokens) == (5, 50, 125)


async def test_openrouters_credits_are_what_was_bought_less_what_was_used() -> None:
    found = await recorded.fetched("openrouter", "balance")
    assert found.balances == (Balance(74_750_000_000, name="credits", granted=100_500_000_000),)


async def test_openrouters_key_limit_begins_anew_with_the_month() -> None:
    (reading,) = (await recorded.fetched("openrouter", "limits")).limits
    assert reading.used_percent == pytest.approx(25.5)
    assert reading.resets_at == FIRST + 12 * DAY  # 1 December


async def test_a_key_without_a_limit_says_so() -> None:
    given = recorded.answers("openrouter")
    given[0]["body"]["data"]["limit"] = None
    found = await recorded.fetched("openrouter", "limits", given)
    assert (found.limits, found.notes) == ((), ("the key has no limit",))


async def test_copilots_net_amounts_are_dollars_by_day_and_model() -> None:
    found = await recorded.fetched("github-copilot", "cost")
    assert [((bucket.start - FIRST) // DAY, bucket.model, bucket.cost) for bucket in found.buckets] == [
        (0, "Claude Opus 4.8", 200_000_000), (0, "GPT-5.5", 280_000_000), (2, "Claude Opus 4.8", 0),
    ]  # fmt: skip


async def test_copilots_credits_are_no_requests() -> None:
    credits, requests, _ = (await recorded.fetched("github-copilot", "history")).buckets
    assert (credits.request_count, credits.quantity) == (None, 120)
    assert (requests.request_count, requests.quantity) == (7, None)


async def test_copilots_seats_are_a_limit() -> None:
    found = await recorded.fetched("github-copilot", "limits")
    assert found.limits[0].used_percent == 75.0
    assert found.plan == "business"


@pytest.mark.parametrize("status", [403, 404])
async def test_a_good_github_token_that_may_not_read_billing_is_told_so(status: int) -> None:
    given = [{**each, "status": 200 if each["path"] == "/user" else status} for each in COPILOT]
    asking = recorded.client("github-copilot", given)
    report = await github_copilot.test(asking, asking.account)
    assert "kay's token, but it may not read billing" in report.summary


async def test_xais_negative_cents_are_credit() -> None:
    found = await recorded.fetched("xai", "balance")
    assert found.balances == (Balance(12_345_000_000, name="prepaid"),)


async def test_xais_spending_comes_by_day_and_idle_days_are_none() -> None:
    found = await recorded.fetched("xai", "cost")
    assert [((bucket.start - FIRST) // DAY, bucket.operation, bucket.cost) for bucket in found.buckets] == [
        (0, "grok-4 output tokens", 1_250_000_000), (2, "grok-4 output tokens", 1_000),
    ]  # fmt: skip


async def test_an_answer_xai_cut_short_replaces_nothing() -> None:
    given = recorded.answers("xai")
    given[1]["body"]["limitReached"] = True
    found = await recorded.fetched("xai", "cost", given)
    assert found.covered == ()
    assert "missing" in found.notes[0]


async def test_xais_spending_limit_is_in_cents() -> None:
    (reading,) = (await recorded.fetched("xai", "limits")).limits
    assert (reading.used_percent, reading.limit_name) == (18.0, "month, of $100.00")


async def test_what_a_model_of_litellm_with_a_hostile_name_cost_is_not_lost() -> None:
    changed = recorded.answers("litellm")
    for each in changed:
        for day in each["body"].get("results", []):
            models = day["breakdown"]["models"]
            day["breakdown"]["models"] = {f"{name}\x1b]0;PWN\x07\u202e": models[name] for name in models}
    plain = await recorded.fetched("litellm", "cost")
    hostile = await recorded.fetched("litellm", "cost", changed)
    assert [each.cost for each in hostile.buckets] == [each.cost for each in plain.buckets]
    assert [each.model for each in hostile.buckets] == [each.model for each in plain.buckets]
