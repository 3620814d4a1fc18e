"""Cursor: the usage events and spending of a team, with an admin key.

Format: docs.cursor.com, Admin API (`/teams/filtered-usage-events`, `/teams/spend`, `/teams/members`), Basic
authentication with the key as the user. Times are epoch milliseconds, both ends included, an event's own
one is a string; amounts are float cents.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator

from tokentui.billing import Account, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import ChangedFormat
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client

_DAY = 86_400_000_000
_PER_PAGE = 1_000
_MAX_PAGES = 200


def authorize(key: str) -> dict[str, str]:
    """Return the header of Basic authentication without a password."""
    return {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the team's members."""
    members = sum(1 for _ in Row(await client.get("teams/members")).rows("teamMembers"))
    warning = "a read-only admin key is enough"
    return KeyReport(f"an admin key of a team of {members}", ("history", "cost"), (warning,))


async def history(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return requests and tokens by day, model and kind."""
    return await _events(client, span, "history")


async def cost(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what was charged by day, model and kind."""
    return await _events(client, span, "cost")


FETCHES = {"history": history, "cost": cost}


async def _events(client: Client, span: Span, feature: Feature) -> Fetched:
    buckets = []
    async for event in _pages(client, span):
        day = event.milliseconds("timestamp") // _DAY * _DAY
        if span.start <= day < span.end:
            buckets.append(_bucket(event, day, feature))
    return Fetched(tuple(buckets), (Covered(feature, span.start, span.end),))


async def _pages(client: Client, span: Span) -> AsyncIterator[Row]:
    for page in range(1, _MAX_PAGES + 1):
        question = {
            "startDate": span.start // 1000, "endDate": span.end // 1000 - 1, "page": page,
            "pageSize": _PER_PAGE,
        }  # fmt: skip
        answer = Row(await client.post("teams/filtered-usage-events", question))
        for event in answer.rows("usageEvents"):
            yield event
        if not answer.row("pagination").flag("hasNextPage"):
            return
    raise ChangedFormat("pagination.hasNextPage", f"is still true after {_MAX_PAGES} pages")


def _bucket(event: Row, day: int, feature: Feature) -> Bucket:
    model, kind = event.text("model", ""), event.text("kind", "", limit=60)
    tokens = event.row("tokenUsage") if event.has("tokenUsage") else Row({})
    if feature == "cost":
        name = "chargedCents" if event.has("chargedCents") else "totalCents"
        where = event if name == "chargedCents" else tokens
        amount = where.money(name, per_unit=100) if where.has(name) else None
        return Bucket("cost", day, day + _DAY, model, kind, cost=amount)
    return Bucket(
        "history", day, day + _DAY, model, kind, request_count=1,
        uncached_input_tokens=tokens.count("inputTokens", 0),
        cache_read_input_tokens=tokens.count("cacheReadTokens", 0),
        cache_creation_5m_input_tokens=tokens.count("cacheWriteTokens", 0),
        output_tokens=tokens.count("outputTokens", 0),
    )  # fmt: skip
