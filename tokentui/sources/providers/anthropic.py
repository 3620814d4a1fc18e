"""Anthropic: usage, costs, Claude Code's report and configured limits of an organization, with an admin key.

Format: Usage and Cost Admin API, platform.claude.com/docs (`/v1/organizations/usage_report/messages`,
`/cost_report`, `/usage_report/claude_code`, `/rate_limits`). `uncached_input_tokens` excludes the cache;
amounts of the cost report are decimal strings of cents; days are UTC days, their end exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokentui.billing import Account, Bucket, Covered, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import NotOffered
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client
from tokentui.sources.providers.paging import pages
from tokentui.usage import moment

_DAY = 86_400_000_000
_MESSAGES = ("model", "service_tier", "workspace_id", "context_window")
_PER_PAGE = "31"


def authorize(key: str) -> dict[str, str]:
    """Return the headers an admin key travels in."""
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


async def test(client: Client, account: Account) -> KeyReport:
    """Find out whose key it is."""
    try:
        whose = Row(await client.get("organizations/me")).text("name", "an organization")
    except NotOffered:
        await client.get("organizations/cost_report", [*_times(_today(client)), ("limit", "1")])
        whose = "an organization"
    warnings: tuple[str, ...] = ("an admin key can also create keys and members: keep it in the vault",)
    if account.project:
        warnings = (*warnings, f"only the workspace {account.project} is counted")
    return KeyReport(f"an admin key of {whose}", ("history", "cost", "limits"), warnings)


async def history(client: Client, account: Account, span: Span) -> Fetched:
    """Return tokens by day, model, tier and workspace; Claude Code's own report where it is turned on."""
    params = [*_times(span), ("bucket_width", "1d"), ("limit", _PER_PAGE), *_workspaces(account)]
    params += [("group_by[]", name) for name in _MESSAGES]
    buckets: list[Bucket] = []
    async for page in pages(client, "organizations/usage_report/messages", params):
        for day in page.rows("data"):
            buckets += [_usage(day, row) for row in day.rows("results")]
    covered = [Covered("history", span.start, span.end, "messages")]
    notes = ["Anthropic counts no requests"]
    if account.opted_in("claude_code"):
        reported, ended = await _claude_code(client, span)
        buckets += reported
        covered.append(Covered("history", span.start, ended, "claude-code"))
        notes.append(
            "Claude Code's report is about an hour late; its tokens are part of the messages as well"
        )
    return Fetched(tuple(buckets), tuple(covered), notes=tuple(notes))


async def costs(client: Client, account: Account, span: Span) -> Fetched:
    """Return what was billed by day, description and workspace."""
    params = [*_times(span), ("bucket_width", "1d"), ("limit", _PER_PAGE), *_workspaces(account)]
    params += [("group_by[]", "description"), ("group_by[]", "workspace_id")]
    buckets: list[Bucket] = []
    async for page in pages(client, "organizations/cost_report", params):
        for day in page.rows("data"):
            buckets += [
                Bucket(
                    "cost", day.moment("starting_at"), day.moment("ending_at"), row.text("model", ""),
                    row.text("description", "") or row.text("cost_type", ""),
                    _dimensions(row, ("workspace_id", "token_type", "service_tier", "context_window")),
                    cost=row.money("amount", per_unit=100), currency=row.text("currency", "USD").upper(),
                )
                for row in day.rows("results")
            ]  # fmt: skip
    covered = (Covered("cost", span.start, span.end),)
    return Fetched(tuple(buckets), covered, notes=("without Priority Tier, which is billed apart",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return the configured rate limits as notes: what is left of them, no API says."""
    where = f"workspaces/{account.project}/rate_limits" if account.project else "rate_limits"
    notes = []
    async for page in pages(client, f"organizations/{where}", [("limit", "1000")]):
        for group in page.rows("data"):
            named = _models(group) or group.text("group_type", "")
            limits = ", ".join(
                f"{each.count('value'):,} {each.text('type').replace('_', ' ')}"
                for each in group.rows("limits")
            )
            notes.append(f"{named}: {limits}")
    return Fetched(notes=tuple(notes) or ("no rate limits are configured",))


FETCHES = {"history": history, "cost": costs, "limits": limits}


def _usage(day: Row, row: Row) -> Bucket:
    written = row.row("cache_creation") if row.has("cache_creation") else Row({})
    tools = row.row("server_tool_use") if row.has("server_tool_use") else Row({})
    return Bucket(
        "history", day.moment("starting_at"), day.moment("ending_at"), row.text("model", ""), "messages",
        _dimensions(row, ("service_tier", "workspace_id", "context_window", "speed")),
        uncached_input_tokens=row.count("uncached_input_tokens"),
        cache_read_input_tokens=row.count("cache_read_input_tokens", 0),
        cache_creation_5m_input_tokens=written.count("ephemeral_5m_input_tokens", 0),
        cache_creation_1h_input_tokens=written.count("ephemeral_1h_input_tokens", 0),
        output_tokens=row.count("output_tokens"), quantity=tools.count("web_search_requests", 0) or None,
    )  # fmt: skip


async def _claude_code(client: Client, span: Span) -> tuple[list[Bucket], int]:
    """Return Claude Code's report, a UTC day a question, and where it ends."""
    buckets: list[Bucket] = []
    end = min(span.end, (client.now // _DAY + 1) * _DAY)
    for start in range(span.start, end, _DAY):
        params = [("starting_at", f"{moment(start):%Y-%m-%d}"), ("limit", "1000")]
        async for page in pages(client, "organizations/usage_report/claude_code", params):
            for row in page.rows("data"):
                buckets += [_reported(start, row, used) for used in row.rows("model_breakdown")]
    return buckets, end


def _reported(start: int, row: Row, used: Row) -> Bucket:
    actor, tokens = row.row("actor"), used.row("tokens")
    who = actor.text("email_address", "") or actor.text("api_key_name", "")
    cost = used.row("estimated_cost") if used.has("estimated_cost") else None
    return Bucket(
        "history", start, start + _DAY, used.text("model"), "claude-code",
        f"actor={_word(who)};terminal={_word(row.text('terminal_type', ''))}",
        uncached_input_tokens=tokens.count("input"), cache_read_input_tokens=tokens.count("cache_read", 0),
        cache_creation_5m_input_tokens=tokens.count("cache_creation", 0),
        output_tokens=tokens.count("output"),
        quantity=row.row("core_metrics").count("num_sessions", 0) if row.has("core_metrics") else None,
        cost=cost.money("amount", per_unit=100) if cost else None,
        currency=cost.text("currency", "USD").upper() if cost else "USD",
    )  # fmt: skip


def _models(group: Row) -> str:
    return ", ".join(group.texts("models")) if group.has("models") else ""


def _today(client: Client) -> Span:
    start = client.now // _DAY * _DAY
    return Span(start, start + _DAY)


def _times(span: Span) -> list[tuple[str, str]]:
    return [
        ("starting_at", f"{moment(span.start):%Y-%m-%dT%H:%M:%SZ}"),
        ("ending_at", f"{moment(span.end):%Y-%m-%dT%H:%M:%SZ}"),
    ]


def _workspaces(account: Account) -> list[tuple[str, str]]:
    return [("workspace_ids[]", account.project)] if account.project else []


def _dimensions(row: Row, names: Sequence[str]) -> str:
    return ";".join(f"{name}={_word(row.text(name))}" for name in sorted(names) if row.has(name))


def _word(text: str) -> str:
    return text.replace(";", ",").replace("=", ":")
