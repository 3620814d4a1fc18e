"""MiniMax: the windows of a coding plan, by model: the short one, and the week where the answer has it.

Format: platform.minimax.io (`…/coding_plan/remains`). `current_interval_usage_count` is what
remains, not what is used, and so is `current_weekly_usage_count`; errors come with status 200 and
`base_resp.status_code` other than 0. Since 2026 the counts are often 0 and the percentages alone tell.
"""

from __future__ import annotations

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import KeyRejected, NotOffered, ProviderError
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading

_WRONG_KEY, _NO_PLAN = 1004, 2062
_WEEK = 10_080


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the windows."""
    await _remains(client)
    return KeyReport("a key of a coding plan", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the windows of each model."""
    answer = await _remains(client)
    found: list[LimitReading] = []
    for row in answer.rows("model_remains"):
        found += [_reading(client, account, row), *_week(client, account, row)]
    return Fetched(limits=tuple(found))


FETCHES = {"limits": limits}


async def _remains(client: Client) -> Row:
    answer = Row(await client.get("v1/api/openplatform/coding_plan/remains"))
    code = answer.row("base_resp").count("status_code", 0)
    if code == _WRONG_KEY:
        raise KeyRejected("MiniMax rejected the key (1004)", "it needs a coding-plan key, sk-cp-…")
    if code == _NO_PLAN:
        raise NotOffered("this account has no coding plan (2062)")
    if code:
        raise ProviderError(f"MiniMax refused the question (code {code})")
    return answer


def _reading(client: Client, account: Account, row: Row) -> LimitReading:
    model = row.text("model_name", "all models", limit=60)
    used = _used(row, "current_interval")
    start, end = row.milliseconds("start_time"), row.milliseconds("end_time")
    minutes = max(0, min((end - start) // 60_000_000, 1_000_000))
    return LimitReading(
        account.service, account.name, f"plan-{model}", minutes, used, end if end > 0 else None, client.now,
        limit_name=model, origin="api",
    )  # fmt: skip


def _week(client: Client, account: Account, row: Row) -> tuple[LimitReading, ...]:
    """Return a model's week; nothing where the answer has none, as for plans without a weekly limit."""
    if not row.has("current_weekly_remaining_percent") and not row.count("current_weekly_total_count", 0):
        return ()
    model = row.text("model_name", "all models", limit=60)
    resets = row.milliseconds("weekly_end_time") if row.has("weekly_end_time") else 0
    return (
        LimitReading(
            account.service, account.name, f"week-{model}", _WEEK, _used(row, "current_weekly"),
            resets if resets > 0 else None, client.now, limit_name=f"week, {model}", origin="api",
        ),
    )  # fmt: skip


def _used(row: Row, window: str) -> float:
    """Return how full a window is, in percent: both fields tell what remains."""
    if row.has(f"{window}_remaining_percent"):
        return min(max(100.0 - float(row.number(f"{window}_remaining_percent")), 0.0), 100.0)
    total = row.number(f"{window}_total_count")
    return percent(total - row.number(f"{window}_usage_count"), total)
