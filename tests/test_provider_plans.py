"""Balances keep their currency; a plan's windows say how much is used, whatever the vendor counts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import provider_fixtures as recorded
from tokentui.billing import Account, Balance
from tokentui.sources.providers import moonshot, rows
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, NotOffered, ProviderError, Throttled
from tokentui.sources.providers.http import Client


async def test_deepseeks_balances_stay_in_their_currencies() -> None:
    found = await recorded.fetched("deepseek", "balance")
    assert found.balances == (Balance(110 * 10**9, "CNY"), Balance(3_070_000_000, "USD"))


async def test_an_empty_deepseek_account_says_so() -> None:
    given = recorded.answers("deepseek")
    given[0]["body"]["is_available"] = False
    assert "not enough" in (await recorded.fetched("deepseek", "balance", given)).notes[0]


@pytest.mark.parametrize(
    ("service", "field"),
    [("deepseek", "balance_infos"), ("kimi-code", "usage"), ("vercel", "balance"), ("xai", "total")],
)
async def test_an_answer_of_another_service_says_nothing_of_the_key(service: str, field: str) -> None:
    row, account = rows()[service], Account(service, options={"team_id": "t1"})
    client = Client.for_test(lambda _: httpx.Response(200, json={"status": "up"}), row, account)
    with pytest.raises(ChangedFormat, match=field):
        await row.load().test(client, account)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"retry-after": "60"}, Throttled), ({"x-ratelimit-remaining": "0"}, Throttled),
        ({"x-ratelimit-remaining": "4999"}, KeyRejected), ({}, KeyRejected),
    ],
)
async def test_githubs_403_of_too_many_questions_does_not_condemn_the_key(
    headers: dict[str, str], kind: type[ProviderError]
) -> None:
    row, account = rows()["github-copilot"], Account("github-copilot")
    client = Client.for_test(lambda _: httpx.Response(403, headers=headers, json={}), row, account)
    with pytest.raises(ProviderError) as caught:
        await client.get("user")
    assert type(caught.value) is kind
    assert getattr(caught.value, "retry_after", None) == (60.0 if "retry-after" in headers else None)


async def test_moonshots_balance_is_dollars_on_one_platform_and_yuan_on_the_other() -> None:
    found = await recorded.fetched("moonshot", "balance")
    assert found.balances[0] == Balance(49_588_940_000, "USD")
    chinese = Account("moonshot", base_url="https://api.moonshot.cn/v1")
    row = rows()["moonshot"]
    asking = Client.for_test(recorded.handler(recorded.answers("moonshot"), row, chinese), row, chinese)
    assert (await moonshot.balance(asking, chinese, recorded.SPAN)).balances[0].currency == "CNY"


async def test_kimis_windows_are_told_apart_by_their_length() -> None:
    week, short = (await recorded.fetched("kimi-code", "limits")).limits
    assert (week.window_minutes, week.used_percent) == (10_080, 25.0)
    assert (short.window_minutes, short.used_percent) == (300, 69.5)


async def test_zais_usage_is_the_cap_and_the_current_value_what_is_used() -> None:
    found = await recorded.fetched("zai", "limits")
    tokens, tools = found.limits
    assert (tokens.window_minutes, tokens.used_percent, tokens.limit_name) == (300, 23.0, "tokens")
    assert tokens.resets_at == 1_795_230_000_000_000
    assert (tools.used_percent, tools.resets_at, found.plan) == (25.0, None, "pro")


async def test_minimaxs_usage_count_is_what_remains() -> None:
    counted, _, named, _, _ = (await recorded.fetched("minimax", "limits")).limits
    assert (counted.used_percent, counted.window_minutes) == (25.0, 300)
    assert named.used_percent == 60.0


async def test_minimaxs_week_is_shown_where_there_is_one() -> None:
    found = {each.limit_id: each for each in (await recorded.fetched("minimax", "limits")).limits}
    assert list(found) == [
        "plan-MiniMax-M2", "week-MiniMax-M2", "plan-MiniMax-M3", "week-MiniMax-M3", "plan-video",
    ]  # fmt: skip
    week = found["week-MiniMax-M2"]
    assert (week.used_percent, week.window_minutes, week.resets_at) == (20.0, 10_080, 1_795_392_000_000_000)
    assert week.limit_name == "week, MiniMax-M2"
    named = found["week-MiniMax-M3"]
    assert (named.used_percent, named.resets_at) == (3.0, None), "the counts are 0, the percentage tells"


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("zai", {"code": 1001, "msg": "x", "success": False}, KeyRejected),
        ("zai", {"code": 401, "msg": "x", "success": False}, KeyRejected),
        ("zai", {"code": 500, "msg": "x", "success": False}, ProviderError),
        ("minimax", {"base_resp": {"status_code": 1004}}, KeyRejected),
        ("minimax", {"base_resp": {"status_code": 2062}}, NotOffered),
        ("minimax", {"base_resp": {"status_code": 1000}}, ProviderError),
    ],
)
async def test_an_error_within_a_good_status_is_an_error(
    name: str, body: dict[str, Any], kind: type[ProviderError]
) -> None:
    given = [{**each, "body": body} for each in recorded.answers(name)]
    with pytest.raises(kind):
        await recorded.fetched(name, "limits", given)
