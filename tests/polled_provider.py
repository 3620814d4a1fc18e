"""A provider for the tests of polling: cost and balance from whatever server the account names."""

from __future__ import annotations

from tokentui.billing import Account, Balance, Bucket, Capability, Covered, Fetched, KeyReport
from tokentui.sources.providers import Provider, Span
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client

ROW = Provider(
    "polled", "Polled", "tests.polled_provider", "", None, "any key",
    {"cost": Capability("yes", "", 300), "balance": Capability("yes", "", 600)}, history_days=10,
)  # fmt: skip


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Say that it works."""
    await client.get("ok")
    return KeyReport("works")


async def _cost(client: Client, account: Account, span: Span) -> Fetched:
    path = account.options.get("cost_path") or account.options.get("path", "ok")
    await client.get(path, [("from", str(span.start)), ("to", str(span.end))])
    day = 86_400_000_000
    buckets = tuple(
        Bucket("cost", start, start + day, cost=10**9) for start in range(span.start, span.end, day)
    )
    return Fetched(buckets, (Covered("cost", span.start, span.end),))


async def _balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    answer = Row(await client.get(account.options.get("path", "ok")))
    return Fetched(balances=(Balance(answer.money("x")),))


FETCHES = {"cost": _cost, "balance": _balance}
