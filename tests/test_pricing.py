"""What a request costs: components, dates, long contexts, tiers, names, and what stays unpriced."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from threading import Thread
from typing import Any

import msgspec
import pytest

from tests.pricing_records import at, record
from tokentui.pricing import Prices, calculate_cost
from tokentui.pricing.rates import rounded
from tokentui.usage import NANO, UsageRecord

PRICES = Prices.load()
M = 1_000_000


def dollars(each: UsageRecord) -> Decimal | None:
    cost, label = PRICES.cost(each)
    assert (cost is None) == (label == "")
    return None if cost is None else Decimal(cost) / NANO


@pytest.mark.parametrize(
    ("provider", "model", "prompt", "completion"),
    [
        ("openai", "gpt-4-turbo", "10", "30"),
        ("openai", "gpt-4", "30", "60"),
        ("openai", "gpt-3.5-turbo", "0.50", "1.50"),
        ("anthropic", "claude-3-opus", "15", "75"),
        ("anthropic", "claude-3-opus-20240229", "15", "75"),
        ("anthropic", "claude-3-5-sonnet", "3", "15"),
        ("anthropic", "claude-3-5-sonnet-20241022", "3", "15"),
        ("anthropic", "claude-3-haiku", "0.25", "1.25"),
        ("anthropic", "claude-3-haiku-20240307", "0.25", "1.25"),
        ("openai", "text-embedding-3-small", "0.02", None),
        ("openai", "text-embedding-3-large", "0.13", None),
        ("openai", "text-embedding-ada-002", "0.10", None),
    ],
)
@pytest.mark.parametrize("served_by", ["", "named"])
def test_the_classic_models_have_the_prices_of_their_day(
    provider: str, model: str, prompt: str, completion: str | None, served_by: str
) -> None:
    out = 0 if completion is None else M
    when = datetime(2024, 7, 1, tzinfo=UTC)
    cost = calculate_cost(model, provider if served_by else "", M, out, at=when, prices=PRICES)
    assert cost is not None
    assert (cost.prompt, cost.completion) == (Decimal(prompt), Decimal(completion or 0))
    assert cost.total == cost.prompt + cost.completion


@pytest.mark.parametrize(
    ("provider", "models"),
    [
        ("openai", "gpt-4 gpt-4-turbo gpt-3.5-turbo gpt-4o gpt-4o-mini"),
        ("anthropic", "claude-3-opus claude-3-sonnet claude-3-haiku claude-3-5-sonnet claude-3-5-haiku"),
        ("gcp.gemini", "gemini-pro gemini-1.0-pro gemini-pro-vision gemini-1.0-pro-vision gemini-1.5-pro"),
        ("anthropic", "claude-opus-4-5-20251101 claude-opus-4-6 claude-opus-4-7 claude-opus-4-8"),
        ("anthropic", "claude-sonnet-4-6 claude-haiku-4-5-20251001 claude-sonnet-5 claude-sonnet-5-20260612"),
        ("openai", "gpt-5-codex gpt-5.1-codex-mini gpt-5.2-codex gpt-5.3-codex gpt-5.4 gpt-5.5"),
        ("openai", "gpt-5.6-terra gpt-5.6-luna gpt-5.6-sol"),
        ("gcp.gemini", "gemini-2.5-pro gemini-2.5-flash gemini-3-flash-preview gemini-3.1-pro-preview"),
    ],
)
def test_the_models_of_the_coding_tools_have_prices(provider: str, models: str) -> None:
    for model in models.split():
        assert dollars(record(provider, model, 1000, 0, 0, 0, 10)), model


FAST, BATCH, PRIORITY = {"tier": "fast"}, {"tier": "batch"}, {"tier": "priority"}
BEFORE, NOW = {"when": "2026-03-01"}, {"when": "2026-11-01"}

CLAUDE: list[tuple[str, str, str, tuple[int, ...], dict[str, Any]]] = [
    ("cache writes by lifetime", "0.198", "claude-sonnet-4-6", (1000, 100_000, 10_000, 20_000, 500), {}),
    ("web searches on top", "0.228", "claude-sonnet-4-6", (1000, 100_000, 10_000, 20_000, 500), {"web": 3}),
    ("fast: six times", "0.18", "claude-opus-4-6", (1000, 0, 0, 0, 1000), FAST),
    ("and on 4.7", "0.18", "claude-opus-4-7", (1000, 0, 0, 0, 1000), FAST),
    ("twice on 4.8", "0.06", "claude-opus-4-8", (1000, 0, 0, 0, 1000), FAST),
    ("of the cache too", "0.0375", "claude-opus-4-6", (0, 0, 1000, 0, 0), FAST),
    ("standard", "0.03", "claude-opus-4-6", (1000, 0, 0, 0, 1000), {"tier": "standard"}),
    ("fast by name", "0.18", "claude-opus-4-6-fast", (1000, 0, 0, 0, 1000), {}),
    ("a batch is half", "0.015", "claude-opus-4-6", (1000, 0, 0, 0, 1000), BATCH),
    ("searches in it are not", "0.025", "claude-opus-4-6", (1000, 0, 0, 0, 1000), BATCH | {"web": 1}),
    ("priority, paid before", "0.03", "claude-opus-4-6", (1000, 0, 0, 0, 1000), PRIORITY),
    ("a long request, all of it", "0.2265", "claude-sonnet-4-5", (10_000, 240_000, 0, 0, 1000), {}),
    ("exactly the limit", "0.105", "claude-sonnet-4-5", (10_000, 190_000, 0, 0, 1200), {}),
    ("one above the limit", "0.210006", "claude-sonnet-4-5", (10_001, 190_000, 0, 0, 1600), {}),
    ("writes count to the limit", "2.4075", "claude-sonnet-4-5", (0, 0, 1000, 200_000, 0), {}),
    ("fast and long", "4.2", "claude-opus-4-6", (50_000, 200_000, 0, 0, 0), FAST | BEFORE),
    ("flat since 13 March", "0.35", "claude-opus-4-6", (50_000, 200_000, 0, 0, 0), {"when": "2026-03-14"}),
    ("a row without cache rates", "0.0348", "claude-2.1", (1000, 1000, 1000, 1000, 0), {}),
]


@pytest.mark.parametrize(
    ("expected", "model", "u", "more"), [row[1:] for row in CLAUDE], ids=[row[0] for row in CLAUDE]
)
def test_a_claude_request_costs(expected: str, model: str, u: tuple[int, ...], more: dict[str, Any]) -> None:
    searches = more.get("web", 0)
    rest = {key: value for key, value in more.items() if key != "web"}
    assert dollars(record("anthropic", model, *u, web_search_count=searches, **rest)) == Decimal(expected)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("gcp.vertex_ai", "claude-sonnet-4@20250514"),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("anthropic", "claude-sonnet-4-6"),
    ],
)
def test_a_claude_from_a_cloud_pays_for_an_hour_of_cache_and_for_searches_too(
    provider: str, model: str
) -> None:
    u = (1000, 100_000, 10_000, 20_000, 500)
    assert dollars(record(provider, model, *u)) == Decimal("0.198")
    assert dollars(record(provider, model, *u, web_search_count=3)) == Decimal("0.228")


OPENAI: list[tuple[str, str, str, tuple[int, ...], dict[str, Any]]] = [
    ("reasoning is inside the output", "0.01465", "gpt-5-codex", (5000, 16_000, 0, 0, 640), {}),
    ("a cache write without a rate", "0.00575", "gpt-5", (4100, 0, 500, 0, 0), {}),
    ("a cached token without a rate", "0.02", "gpt-4-turbo", (1000, 1000, 0, 0, 0), {}),
    ("priority", "0.53", "gpt-5.4", (100_000, 0, 0, 0, 1000), PRIORITY),
    ("priority of 5.5", "1.325", "gpt-5.5", (100_000, 0, 0, 0, 1000), PRIORITY),
    ("priority of 5.3-codex", "0.063", "gpt-5.3-codex", (10_000, 0, 0, 0, 1000), PRIORITY),
    ("not when long", "1.5225", "gpt-5.4", (300_000, 0, 0, 0, 1000), PRIORITY),
    ("nor today", "1.5225", "gpt-5.4", (300_000, 0, 0, 0, 1000), PRIORITY | NOW),
    ("but short today", "0.53", "gpt-5.4", (100_000, 0, 0, 0, 1000), PRIORITY | NOW),
    ("flex", "0.1325", "gpt-5.4", (100_000, 0, 0, 0, 1000), {"tier": "flex"}),
    ("flex is flex when long", "0.76125", "gpt-5.4", (300_000, 0, 0, 0, 1000), {"tier": "flex"}),
    ("batch", "0.1325", "gpt-5.4", (100_000, 0, 0, 0, 1000), {"tier": "batch"}),
    ("Terra the day before", "0.25", "gpt-5.6-terra", (100_000, 0, 0, 0, 0), {"when": "2026-07-29T23:59:59"}),
    ("Terra on the day", "0.20", "gpt-5.6-terra", (100_000, 0, 0, 0, 0), {"when": "2026-07-30T00:00"}),
]


@pytest.mark.parametrize(
    ("expected", "model", "u", "more"), [row[1:] for row in OPENAI], ids=[row[0] for row in OPENAI]
)
def test_an_openai_request_costs(expected: str, model: str, u: tuple[int, ...], more: dict[str, Any]) -> None:
    assert dollars(record("openai", model, *u, **more)) == Decimal(expected)


def test_ten_short_requests_a_day_never_reach_the_long_context_price() -> None:
    each = dollars(record("anthropic", "claude-sonnet-4-5", 30_000, 0, 0, 0, 0))
    assert each is not None
    assert each * 10 == Decimal("0.9")


def test_deepseek_is_cheaper_at_night() -> None:
    def price(clock: str) -> Decimal | None:
        return dollars(record("deepseek", "deepseek-chat", M, 0, 0, 0, 0, when=f"2026-06-01T{clock}"))

    day, night = Decimal("0.27"), Decimal("0.135")
    clocks = ("00:00", "00:29:59", "00:30", "12:00", "16:29:59", "16:30", "23:59:59")
    assert [price(clock) for clock in clocks] == [night, night, day, day, day, night, night]


def test_the_order_of_the_questions_does_not_change_the_answers() -> None:
    names = [("deepseek", "deepseek-v4-flash"), ("openai", "gpt-5.6-luna"), ("anthropic", "claude-opus-4-6")]
    asked = [
        record(*name, 300_000, 0, 0, 0, 77, when=at("2026-03-01") + hours * 3_600_000_000)
        for name in names
        for hours in range(0, 6000, 7)
    ]
    fresh = [Prices.load().cost(each) for each in asked[::100]]
    shuffled = sorted(asked, key=lambda each: hash((each.time * 7919) % 10_007))
    answers = {(each.model, each.time): PRICES.cost(each) for each in shuffled}
    assert [answers[each.model, each.time] for each in asked[::100]] == fresh
    assert {answers[each.model, each.time] for each in asked} == {PRICES.cost(each) for each in asked}


def test_several_threads_get_the_same_prices() -> None:
    asked = [
        record("deepseek", "deepseek-v4-flash", 1000, 0, 0, 0, 77, when=at("2026-09-01") + n * 1_800_000_000)
        for n in range(1000)
    ]
    expected = [PRICES.cost(each) for each in asked]
    prices = Prices.load()
    answers: list[list[object]] = [[], []]

    def ask(n: int) -> None:
        answers[n] = [prices.cost(each) for each in asked]

    threads = [Thread(target=ask, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected, expected]


def test_reasoning_and_requests_with_rates_of_their_own_are_parts_of_the_cost() -> None:
    deep = record("perplexity", "sonar-deep-research", M, 0, 0, 0, M, reasoning_output_tokens=M // 4)
    found = PRICES.breakdown(deep)
    assert found is not None
    assert [part.cost for part in found.components] == [2, 6 + Decimal("0.75")]
    found = PRICES.breakdown(record("perplexity", "sonar", 1000, 0, 0, 0, 0))
    assert found is not None
    assert [(part.name, part.cost) for part in found.components] == [
        ("uncached_input_tokens", Decimal("0.001")),
        ("request", Decimal("0.012")),
    ]
    assert Decimal(found.cost) / NANO == found.total == Decimal("0.013")


def test_a_search_without_a_rate_leaves_the_request_unpriced() -> None:
    asked = record("openai", "gpt-5.3-codex", 1000, 0, 0, 0, 10)
    assert dollars(asked) is not None
    assert dollars(msgspec.structs.replace(asked, web_search_count=1)) is None


def test_a_thousand_requests_of_a_twenty_fifth_of_a_cent_are_forty_cents() -> None:
    each = record("anthropic", "claude-haiku-4-5", 400, 0, 0, 0, 0)
    total = sum(PRICES.cost(each)[0] or 0 for _ in range(1000))
    assert total == NANO * 40 // 100


@pytest.mark.parametrize(
    ("total", "scale", "expected"), [(5, 10, 0), (15, 10, 2), (25, 10, 2), (26, 10, 3), (24, 10, 2)]
)
def test_fractions_of_a_nano_dollar_are_rounded_half_to_even(total: int, scale: int, expected: int) -> None:
    assert rounded(total, scale) == expected


def test_the_calculator_takes_no_negative_counts() -> None:
    with pytest.raises(ValueError, match="not negative"):
        calculate_cost("gpt-4", "openai", -1, 0)
