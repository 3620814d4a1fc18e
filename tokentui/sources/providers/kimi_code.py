"""Kimi Code: the week's and the five hours' allowance of a coding plan.

Format: the vendor's own client (`/coding/v1/usages`): numbers as strings; a window names its length.
"""

from __future__ import annotations

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading

_MINUTES = {"TIME_UNIT_MINUTE": 1, "TIME_UNIT_HOUR": 60, "TIME_UNIT_DAY": 1440}
_WEEK = 10_080


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the allowance."""
    Row(await client.get("usages")).row("usage")
    return KeyReport("a key of a Kimi Code plan", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the week and the shorter windows."""
    answer = Row(await client.get("usages"))
    found = [_reading(client, account, "week", _WEEK, answer.row("usage"))]
    if answer.has("limits"):
        for limit in answer.rows("limits"):
            window = limit.row("window")
            minutes = window.count("duration") * _MINUTES.get(window.text("timeUnit"), 0)
            minutes = min(minutes, 1_000_000)
            found.append(_reading(client, account, f"window-{minutes}", minutes, limit.row("detail")))
    return Fetched(limits=tuple(found))


FETCHES = {"limits": limits}


def _reading(client: Client, account: Account, limit_id: str, minutes: int, detail: Row) -> LimitReading:
    return LimitReading(
        account.service, account.name, limit_id, minutes,
        percent(detail.number("used"), detail.number("limit")),
        detail.moment("resetTime") if detail.has("resetTime") else None, client.now, origin="api",
    )  # fmt: skip
