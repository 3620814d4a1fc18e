"""Vercel AI Gateway: the credits that are left.

Format: vercel.com/docs/ai-gateway (`/v1/credits`): decimal strings of dollars. Its report costs money with
each question, so it is never asked.
"""

from __future__ import annotations

from tokentui.billing import Account, Balance, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the credits."""
    Row(await client.get("credits")).money("balance")
    return KeyReport("a key of the gateway", ("balance",))


async def balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the credits that are left, and how many there were."""
    answer = Row(await client.get("credits"))
    left, used = answer.money("balance"), answer.money("total_used")
    return Fetched(balances=(Balance(left, name="credits", granted=left + used),))


FETCHES = {"balance": balance}
