"""xAI: what a team spent, its prepaid balance and its spending limit, with a management key.

Format: xai-org/xai-proto and docs.x.ai (`/v1/billing/teams/{team}/…`). The prepaid balance is a string of
cents with the sign turned round (negative is credit); usage is float dollars; an invoice's amounts are cents.
"""

from __future__ import annotations

from urllib.parse import quote

from tokentui.billing import Account, Balance, Bucket, Covered, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading, moment

_DAY = 86_400_000_000
_CENTS = 100


async def test(client: Client, account: Account) -> KeyReport:
    """Read the balance: an inference key is refused."""
    Row(await client.get(f"{_team(account)}/prepaid/balance")).row("total")
    return KeyReport("a management key that reads the team's billing", ("cost", "limits", "balance"))


async def cost(client: Client, account: Account, span: Span) -> Fetched:
    """Return what was spent by day and description."""
    question = {
        "analyticsRequest": {
            "timeRange": {"startTime": _time(span.start), "endTime": _time(span.end), "timezone": "Etc/UTC"},
            "timeUnit": "TIME_UNIT_DAY",
            "values": [{"name": "usd", "aggregation": "AGGREGATION_SUM"}],
            "groupBy": ["description"],
            "filters": [],
        }
    }
    answer = Row(await client.post(f"{_team(account)}/usage", question))
    buckets = []
    for series in answer.rows("timeSeries"):
        labels = " ".join(series.texts("groupLabels")) if series.has("groupLabels") else ""
        for point in series.rows("dataPoints"):
            day = point.moment("timestamp") // _DAY * _DAY
            amount = sum(point.amounts("values"))
            if span.start <= day < span.end and amount:
                buckets.append(Bucket("cost", day, day + _DAY, operation=labels, cost=amount))
    if answer.flag("limitReached"):
        note = ("xAI cut the answer short: some spending is missing",)
        return Fetched(tuple(buckets), (), notes=note)
    return Fetched(tuple(buckets), (Covered("cost", span.start, span.end),))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return how much of the month's spending limit the coming invoice takes."""
    preview = Row(await client.get(f"{_team(account)}/postpaid/invoice/preview"))
    if not preview.has("effectiveSpendingLimit"):
        return Fetched(notes=("no spending limit is set",))
    limit = preview.number("effectiveSpendingLimit")
    spent = preview.row("coreInvoice").number("amountAfterVat")
    used = percent(spent, limit)
    reading = LimitReading(
        account.service, account.name, "spend", 0, used, None, client.now,
        limit_name=f"month, of ${limit / _CENTS:,.2f}", origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,))


async def balance(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the prepaid credit: xAI writes it as a negative number of cents."""
    total = Row(await client.get(f"{_team(account)}/prepaid/balance")).row("total")
    note = "spending of the current cycle is not yet taken off"
    return Fetched(balances=(Balance(-total.money("val", _CENTS), name="prepaid"),), notes=(note,))


FETCHES = {"cost": cost, "limits": limits, "balance": balance}


def _team(account: Account) -> str:
    return f"billing/teams/{quote(account.options.get('team_id', ''), safe='')}"


def _time(time: int) -> str:
    return f"{moment(time):%Y-%m-%d %H:%M:%S}"
