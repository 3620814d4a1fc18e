"""LiteLLM proxy: a key's spending, its budget, and daily activity by model.

Format: docs.litellm.ai (`/key/info`, `/user/daily/activity`); the address is the user's own proxy. Dollars as
floats; entries of a breakdown are flat or below `metrics`, by version.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from tokentui.billing import Account, Balance, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import ChangedFormat, Refused
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading, moment

_DAY = 86_400_000_000
_MAX_PAGES = 200


async def test(client: Client, account: Account) -> KeyReport:
    """Read what the proxy knows of the key."""
    if not account.base_url:
        raise Refused("the proxy's address is missing", "set the base URL, such as: http://127.0.0.1:4000")
    info = await _info(client)
    name = info.text("key_alias", "", limit=60) or "a virtual key"
    return KeyReport(f"{name} of the proxy", ("history", "cost", "limits", "balance"))


async def history(client: Client, account: Account, span: Span) -> Fetched:
    """Return requests and tokens by day and model."""
    return await _activity(client, account, span, "history")


async def cost(client: Client, account: Account, span: Span) -> Fetched:
    """Return what was spent by day and model."""
    return await _activity(client, account, span, "cost")


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return how much of the key's budget is spent."""
    info = await _info(client)
    if not info.has("max_budget"):
        return Fetched(notes=("the key has no budget",))
    budget = info.number("max_budget")
    resets = info.moment("budget_reset_at") if info.has("budget_reset_at") else None
    reading = LimitReading(
        account.service, account.name, "budget", 0, percent(info.number("spend"), budget), resets, client.now,
        limit_name=f"budget, of ${budget:,.2f}", origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,))


async def balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what is left of the key's budget."""
    info = await _info(client)
    if not info.has("max_budget"):
        return Fetched(notes=("the key has no budget",))
    left = max(info.money("max_budget") - info.money("spend"), 0)
    return Fetched(balances=(Balance(left, name="budget", granted=info.money("max_budget")),))


# What any key may ask comes first: a rejection ends the round.
FETCHES = {"limits": limits, "balance": balance, "history": history, "cost": cost}


async def _info(client: Client) -> Row:
    return Row(await client.get("key/info")).row("info")


async def _activity(client: Client, account: Account, span: Span, feature: Feature) -> Fetched:
    buckets = []
    async for day in _days(client, account, span):
        start = day.moment("date") // _DAY * _DAY
        if not span.start <= start < span.end:
            continue
        models = day.row("breakdown").row("models") if day.has("breakdown") else Row({})
        for model, entry in models.named():
            used = entry.row("metrics") if entry.has("metrics") else entry
            buckets.append(_bucket(used, start, model, feature))
    return Fetched(tuple(buckets), (Covered(feature, span.start, span.end),))


async def _days(client: Client, account: Account, span: Span) -> AsyncIterator[Row]:
    asked = [
        ("start_date", f"{moment(span.start):%Y-%m-%d}"),
        ("end_date", f"{moment(span.end - 1):%Y-%m-%d}"),
        ("page_size", "1000"),
        *([("user_id", account.options["user_id"])] if account.options.get("user_id") else []),
    ]
    for page in range(1, _MAX_PAGES + 1):
        answer = Row(await client.get("user/daily/activity", [*asked, ("page", str(page))]))
        for day in answer.rows("results"):
            yield day
        if not answer.has("metadata") or not answer.row("metadata").flag("has_more"):
            return
    raise ChangedFormat("metadata.has_more", f"is still true after {_MAX_PAGES} pages")


def _bucket(used: Row, start: int, model: str, feature: Feature) -> Bucket:
    if feature == "cost":
        return Bucket("cost", start, start + _DAY, model, "spend", cost=used.money("spend"))
    read = used.count("cache_read_input_tokens", 0)
    written = used.count("cache_creation_input_tokens", 0)
    return Bucket(
        "history", start, start + _DAY, model, "chat", request_count=used.count("api_requests", 0),
        uncached_input_tokens=max(used.count("prompt_tokens", 0) - read - written, 0),
        cache_read_input_tokens=read, cache_creation_5m_input_tokens=written,
        output_tokens=used.count("completion_tokens", 0),
    )  # fmt: skip
