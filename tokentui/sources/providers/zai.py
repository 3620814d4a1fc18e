"""Z.AI: the windows of a GLM coding plan, on the international or the Chinese platform.

Format: the vendor's plugin zai-org/zai-coding-plugins (`/api/monitor/usage/quota/limit`). `usage` is the cap
and `currentValue` what is used; errors come with status 200 and `success: false`. The key travels without
the word Bearer, as the vendor's plugin sends it.
"""

from __future__ import annotations

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import KeyRejected, ProviderError
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading

_UNIT_MINUTES = {1: 1440, 3: 60, 5: 43_200, 6: 10_080}
"""`unit` of a window: day, hour, month, week."""
_NAMES = {"TOKENS_LIMIT": "tokens", "CREDIT_LIMIT": "credits", "TIME_LIMIT": "tool calls"}
_AUTHENTICATION = range(1000, 1006)
"""Codes of a key that is missing, wrong or expired."""


def authorize(key: str) -> dict[str, str]:
    """Return the header the vendor's plugin sends."""
    return {"Authorization": key, "Accept-Language": "en-US,en"}


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the windows."""
    plan = _plan(await _quota(client))
    return KeyReport(f"a key of a coding plan{f' ({plan})' if plan else ''}", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return all windows of the plan."""
    data = await _quota(client)
    plan = _plan(data)
    return Fetched(
        limits=tuple(_reading(client, account, row, plan) for row in data.rows("limits")), plan=plan
    )


FETCHES = {"limits": limits}


async def _quota(client: Client) -> Row:
    answer = Row(await client.get("api/monitor/usage/quota/limit"))
    code = answer.count("code", 200)
    if code in (401, 403) or code in _AUTHENTICATION:
        raise KeyRejected(f"Z.AI rejected the key (code {code})", "it needs a coding-plan key")
    if code != 200 or not answer.flag("success", True):
        raise ProviderError(f"Z.AI refused the question (code {code})")
    return answer.row("data")


def _reading(client: Client, account: Account, row: Row, plan: str) -> LimitReading:
    kind = row.text("type", limit=40)
    minutes = _UNIT_MINUTES.get(row.count("unit", 0), 0) * row.count("number", 1)
    if row.has("percentage"):
        used = max(float(row.number("percentage")), 0.0)
    else:
        used = percent(row.number("currentValue"), row.number("usage"))
    return LimitReading(
        account.service, account.name, f"{kind.lower()}-{minutes}", min(minutes, 1_000_000), used,
        row.milliseconds("nextResetTime") if row.has("nextResetTime") else None, client.now, plan,
        _NAMES.get(kind, kind.lower()), origin="api",
    )  # fmt: skip


def _plan(data: Row) -> str:
    return data.text("planName", "", limit=40) or data.text("level", "", limit=40)
