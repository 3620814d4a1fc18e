"""MiniMax: the windows of a coding plan, by model.

Format: platform.minimax.io (`…/coding_plan/remains`). `current_interval_usage_count` is what
remains, not what is used; errors come with status 200 and `base_resp.status_code` other than 0.
"""

from __future__ import annotations

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import KeyRejected, NotOffered, ProviderError
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading

_WRONG_KEY, _NO_PLAN = 1004, 2062


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Read the windows."""
    await _remains(client)
    return KeyReport("a key of a coding plan", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the window of each model."""
    answer = await _remains(client)
    return Fetched(limits=tuple(_reading(client, account, row) for row in answer.rows("model_remains")))


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
    if row.has("current_interval_remaining_percent"):
        used = min(max(100.0 - float(row.number("current_interval_remaining_percent")), 0.0), 100.0)
    else:
        total = row.number("current_interval_total_count")
        used = percent(total - row.number("current_interval_usage_count"), total)
    start, end = row.milliseconds("start_time"), row.milliseconds("end_time")
    minutes = max(0, min((end - start) // 60_000_000, 1_000_000))
    return LimitReading(
        account.service, account.name, f"plan-{model}", minutes, used, end if end > 0 else None, client.now,
        limit_name=model, origin="api",
    )  # fmt: skip
