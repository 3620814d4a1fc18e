"""OpenRouter: what a key has used of its limit; with a management key also credits and daily activity.

Format: OpenRouter's OpenAPI document (`/key`, `/credits`, `/activity`). Dollars as floats; activity covers
the last 30 completed UTC days; a key's month is the UTC month, its week begins on Monday.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tokentui.billing import Account, Balance, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading, epoch_microseconds, moment

_DAY = 86_400_000_000
_WINDOWS = {"daily": 1440, "weekly": 10080, "monthly": 0}


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Find out whether it is a management key."""
    key = await _key(client)
    name = key.text("label", "a key", limit=60)
    if key.flag("is_management_key"):
        warning = "a management key can also create keys; tokentui only reads"
        return KeyReport(f"management key {name}", ("history", "cost", "limits", "balance"), (warning,))
    return KeyReport(
        f"key {name}: its own limit and use; credits and activity need a management key", ("limits",)
    )


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return how much of the key's limit is used."""
    key = await _key(client)
    if not key.has("limit"):
        return Fetched(notes=("the key has no limit",))
    limit, left = key.number("limit"), key.number("limit_remaining")
    reset = key.text("limit_reset", "").lower()
    used = percent(limit - left, limit)
    reading = LimitReading(
        account.service, account.name, "key", _WINDOWS.get(reset, 0), used, _next(reset, client.now),
        client.now, limit_name=f"{reset or 'key'}, of ${limit:,.2f}", origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,))


async def balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the credits that are left."""
    credits = Row(await client.get("credits")).row("data")
    bought, used = credits.money("total_credits"), credits.money("total_usage")
    return Fetched(balances=(Balance(bought - used, name="credits", granted=bought),))


async def history(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return requests and tokens by day and model."""
    return await _activity(client, span, "history")


async def cost(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what was charged by day and model."""
    return await _activity(client, span, "cost")


# What any key may ask comes first: a rejection ends the round.
FETCHES = {"limits": limits, "history": history, "cost": cost, "balance": balance}


async def _activity(client: Client, span: Span, feature: Feature) -> Fetched:
    """Return the completed days of a span: today is told when it is over."""
    today = client.now // _DAY * _DAY
    start, end = max(span.start, today - 30 * _DAY), min(span.end, today)
    if start >= end:
        return Fetched(notes=("OpenRouter tells of the last 30 completed days",))
    buckets = []
    for row in Row(await client.get("activity")).rows("data"):
        day = row.moment("date") // _DAY * _DAY
        if start <= day < end:
            buckets.append(_bucket(row, day, feature))
    note = "today's activity is told tomorrow"
    return Fetched(tuple(buckets), (Covered(feature, start, end),), notes=(note,))


def _bucket(row: Row, day: int, feature: Feature) -> Bucket:
    provider = row.text("provider_name", "", limit=60).replace(";", ",").replace("=", ":")
    dimensions = f"provider={provider}" if provider else ""
    if feature == "cost":
        amount = row.money("usage")
        return Bucket("cost", day, day + _DAY, row.text("model"), "usage", dimensions, cost=amount)
    return Bucket(
        "history", day, day + _DAY, row.text("model"), "chat", dimensions,
        request_count=row.count("requests"), uncached_input_tokens=row.count("prompt_tokens"),
        output_tokens=row.count("completion_tokens"), cost=row.money("usage"),
    )  # fmt: skip


async def _key(client: Client) -> Row:
    return Row(await client.get("key")).row("data")


def _next(reset: str, now: int) -> int | None:
    """Return when a limit begins anew."""
    at = moment(now).replace(hour=0, minute=0, second=0, microsecond=0)
    following: datetime
    if reset == "daily":
        following = at + timedelta(days=1)
    elif reset == "weekly":
        following = at + timedelta(days=7 - at.weekday())
    elif reset == "monthly":
        following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        return None
    return epoch_microseconds(following)
