"""Mistral: the month's spending and its limit, with an admin key (a preview, Enterprise organizations only).

Format: docs.mistral.ai, Admin API (`/v1/admin/spend-limit`), key in the header `x-api-key`. Amounts are in
the currency the answer names, mostly EUR; only the running month is told.
"""

from __future__ import annotations

from datetime import timedelta

from tokentui.billing import TO_DATE, Account, Bucket, Covered, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import KeyRejected
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client, bearer
from tokentui.usage import LimitReading, epoch_microseconds, moment


def authorize(key: str) -> dict[str, str]:
    """Return both headers: the admin API wants the one, the check of an ordinary key the other."""
    return {"x-api-key": key, **bearer(key)}


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Find out whether it is an admin key."""
    try:
        await client.get("admin/spend-limit")
    except KeyRejected:
        await client.get("models")
        return KeyReport("the key is valid, but no admin key: Mistral shows its use on its own page only")
    warning = "an admin key can also change the organization's limits"
    return KeyReport("an admin key of the organization", ("cost", "limits"), (warning,))


async def cost(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what the running month came to so far, as one bucket."""
    limits = await _limits(client)
    month = _month(client.now)
    spent = limits.row("completion").money("total_usage")
    bucket = Bucket(
        "cost", month.start, month.end, operation=f"month{TO_DATE}", cost=spent, currency=_currency(limits)
    )
    return Fetched((bucket,), (Covered("cost", month.start, month.end),), notes=("by month, not by day",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return how much of the month's limit is spent."""
    found = await _limits(client)
    completion = found.row("completion")
    if completion.flag("no_monthly_limit") or not completion.has("usage_limit"):
        return Fetched(notes=("no monthly limit is set",))
    limit = completion.number("usage_limit")
    reading = LimitReading(
        account.service, account.name, "spend", 0, percent(completion.number("total_usage"), limit),
        _month(client.now).end, client.now, limit_name=f"month, of {limit:,.2f} {_currency(found)}",
        origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,))


FETCHES = {"cost": cost, "limits": limits}


async def _limits(client: Client) -> Row:
    return Row(await client.get("admin/spend-limit")).row("limits")


def _currency(limits: Row) -> str:
    return limits.text("currency", "EUR", limit=10).upper()


def _month(now: int) -> Span:
    first = moment(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return Span(epoch_microseconds(first), epoch_microseconds(following))
