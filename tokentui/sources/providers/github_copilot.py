"""GitHub Copilot: AI credits and premium requests as GitHub bills them, and an organization's seats.

Format: github/rest-api-description 2026-03-10 (`…/settings/billing/{ai_credit,premium_request}/usage`,
`/orgs/{org}/copilot/billing`). Amounts are float dollars; days are asked for one at a time, in UTC. Since
2026-06-01 Copilot is billed by AI credits (a credit is $0.01), before by premium requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from tokentui.billing import Account, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources.providers import Span, copilot_allowance
from tokentui.sources.providers.errors import KeyRejected, NotOffered
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading, epoch_microseconds, moment

_DAY = 86_400_000_000
_CREDITS_SINCE = epoch_microseconds(datetime(2026, 6, 1, tzinfo=UTC))
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2026-03-10"}


def is_throttled(status: int, headers: Mapping[str, str]) -> bool:
    """Say whether GitHub was asked too often: it answers 403 as well, which is then no word on the key.

    docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return status == 429 or (status == 403 and told)


async def test(client: Client, account: Account) -> KeyReport:
    """Find out whose token it is, and whether it may read billing."""
    whose = Row(await client.get("user", headers=_HEADERS)).text("login", limit=60)
    try:
        where = _where(account, await _user(client, account), client.now)
        await client.get(where, _day(client.now), headers=_HEADERS)
    except (NotOffered, KeyRejected):  # its document knows both; that the token is good was seen above
        return KeyReport(
            f"{whose}'s token, but it may not read billing: it needs “Plan: read”"
            " (for an organization “Administration: read”)"
        )
    return KeyReport(f"{whose}'s token reads Copilot's billing", ("history", "cost", "limits"))


async def history(client: Client, account: Account, span: Span) -> Fetched:
    """Return requests or credits by day, model and product."""
    return await _billing(client, account, span, "history")


async def cost(client: Client, account: Account, span: Span) -> Fetched:
    """Return the net amounts by day, model and product."""
    return await _billing(client, account, span, "cost")


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return an organization's seats, as a limit that is full when all are in use."""
    if account.opted_in("copilot-internal"):
        return copilot_allowance.understood(await client.get("copilot_internal/user"), client, account)
    if not account.organization:
        return Fetched(notes=("GitHub tells a person's allowance to nobody but its own programs",))
    path = f"orgs/{quote(account.organization, safe='')}/copilot/billing"
    answer = Row(await client.get(path, headers=_HEADERS))
    seats = answer.row("seat_breakdown")
    total, active = seats.count("total"), seats.count("active_this_cycle", 0)
    used = 100.0 * active / total if total else 0.0
    reading = LimitReading(
        account.service, account.name, "seats", 0, min(used, 100.0), None, client.now,
        plan=answer.text("plan_type", "", limit=40), limit_name=f"seats in use, of {total:,}", origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,), plan=answer.text("plan_type", "", limit=40))


FETCHES = {"history": history, "cost": cost, "limits": limits}


async def _billing(client: Client, account: Account, span: Span, feature: Feature) -> Fetched:
    """Return a day at a time: a question for a whole month says nothing of its days."""
    end = min(span.end, (client.now // _DAY + 1) * _DAY)
    buckets: list[Bucket] = []
    user = await _user(client, account)
    for start in range(span.start, end, _DAY):
        answer = Row(await client.get(_where(account, user, start), _day(start), headers=_HEADERS))
        buckets += [_bucket(item, start, feature) for item in answer.rows("usageItems")]
    notes = (
        () if account.organization else ("only what this person bought; an organization's seats are its own",)
    )
    return Fetched(tuple(buckets), (Covered(feature, span.start, end),), notes=notes)


def _bucket(item: Row, start: int, feature: Feature) -> Bucket:
    unit = item.text("unitType", "requests", limit=40)
    dimensions = f"sku={_word(item, 'sku')};unit={_word(item, 'unitType')}"
    model, product = item.text("model", ""), item.text("product", "copilot", limit=60)
    if feature == "cost":
        amount = item.money("netAmount")
        return Bucket("cost", start, start + _DAY, model, product, dimensions, cost=amount)
    quantity = item.number("grossQuantity")
    whole = int(quantity.to_integral_value())
    if whole < 0:
        whole = 0
    requests = whole if "request" in unit.lower() else None
    return Bucket(
        "history", start, start + _DAY, model, product, dimensions,
        request_count=requests, quantity=None if requests is not None else whole,
        cost=item.money("netAmount"),
    )  # fmt: skip


async def _user(client: Client, account: Account) -> str:
    """Return whose billing is asked for; nobody's for an organization."""
    if account.organization:
        return ""
    return account.options.get("user") or Row(await client.get("user", headers=_HEADERS)).text(
        "login", limit=60
    )


def _where(account: Account, user: str, day: int) -> str:
    kind = "ai_credit" if day >= _CREDITS_SINCE else "premium_request"
    whose = f"users/{quote(user, safe='')}"
    if account.organization:
        whose = f"organizations/{quote(account.organization, safe='')}"
    return f"{whose}/settings/billing/{kind}/usage"


def _day(time: int) -> list[tuple[str, str]]:
    at = moment(time)
    return [("year", str(at.year)), ("month", str(at.month)), ("day", str(at.day))]


def _word(item: Row, name: str) -> str:
    return item.text(name, "", limit=60).replace(";", ",").replace("=", ":")
