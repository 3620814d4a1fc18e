"""OpenAI: usage of ten kinds, costs and the spend limit of an organization, with an admin key.

Format: openai/openai-openapi (`/organization/usage/*`, `/organization/costs`, `/organization/spend_limit`).
`input_tokens` includes what was read from a cache; costs are dollars, limits are cents; days are UTC days,
their end exclusive. The older `/v1/usage?date=` with a project key is read, too: sparse, without cost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tokentui.billing import Account, Bucket, Covered, Feature, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.errors import KeyRejected, NotOffered
from tokentui.sources.providers.fields import Row, percent
from tokentui.sources.providers.http import Client
from tokentui.sources.providers.paging import pages
from tokentui.usage import LimitReading, moment

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND

KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "completions": (("model", "batch", "service_tier", "project_id"), ""),
    "embeddings": (("model", "project_id"), ""),
    "moderations": (("model", "project_id"), ""),
    "images": (("model", "size", "source", "project_id"), "images"),
    "audio_speeches": (("model", "project_id"), "characters"),
    "audio_transcriptions": (("model", "project_id"), "seconds"),
    "vector_stores": (("project_id",), "usage_bytes"),
    "code_interpreter_sessions": (("project_id",), "num_sessions"),
    "file_search_calls": (("project_id",), "num_requests"),
    "web_search_calls": (("model", "context_level", "project_id"), "num_requests"),
}
"""Kind of usage -> what it is grouped by, and what is counted beside tokens."""

USAGE_BUCKETS, COST_BUCKETS = "31", "180"
"""The most days a page may have."""


async def test(client: Client, account: Account) -> KeyReport:
    """Find out what the key may do."""
    if _is_legacy(account):
        await client.get("usage", [("date", f"{moment(client.now):%Y-%m-%d}")])
        return KeyReport("the key is valid; only the legacy usage is read", ("history",))
    today = client.now // _DAY * 86_400
    try:
        await client.get("organization/costs", [("start_time", str(today)), ("limit", "1")])
    except KeyRejected as refusal:
        if refusal.status != 403:
            raise
        await client.get("models")
        return KeyReport(
            "the key is valid, but no admin key: usage and costs cannot be read with it",
            warnings=("this key can make requests that cost money; tokentui never does",),
        )
    warning = "an admin key can also create keys and members; a restricted one (api.usage.read) is safer"
    return KeyReport("an admin key of the organization", ("history", "cost", "limits"), (warning,))


async def history(client: Client, account: Account, span: Span) -> Fetched:
    """Return the usage of all kinds by day."""
    if _is_legacy(account):
        return await _legacy(client, span)
    buckets: list[Bucket] = []
    covered: list[Covered] = []
    notes: list[str] = []
    for kind in KINDS:
        try:
            buckets += [bucket async for bucket in _usage(client, account, kind, span)]
        except NotOffered:  # older gateways know fewer kinds
            notes.append(f"usage of the kind {kind} is not offered")
            continue
        covered.append(Covered("history", span.start, span.end, kind))
    return Fetched(tuple(buckets), tuple(covered), notes=tuple(notes))


async def costs(client: Client, account: Account, span: Span) -> Fetched:
    """Return what was billed by day, line item and project."""
    params = [*_times(span), ("bucket_width", "1d"), ("limit", COST_BUCKETS)]
    params += [("group_by[]", "line_item"), ("group_by[]", "project_id"), *_projects(account)]
    buckets: list[Bucket] = []
    async for page in pages(client, "organization/costs", params):
        for day in page.rows("data"):
            for row in day.rows("results", "result"):
                if not row.has("amount"):  # the specification requires nothing but `object`
                    continue
                amount = row.row("amount")
                buckets.append(
                    Bucket(
                        "cost", day.seconds("start_time"), day.seconds("end_time"),
                        operation=row.text("line_item", ""), dimensions=_dimensions(row, ("project_id",)),
                        cost=amount.money("value"), currency=amount.text("currency", "usd").upper(),
                    )
                )  # fmt: skip
    return Fetched(tuple(buckets), (Covered("cost", span.start, span.end),))


async def limits(client: Client, account: Account, span: Span) -> Fetched:
    """Return how much of the month's spend limit is used."""
    first = moment(client.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    where = (
        f"organization/projects/{account.project}/spend_limit"
        if account.project
        else "organization/spend_limit"
    )
    limit = Row(await client.get(where))
    if not limit.has("threshold_amount"):
        return Fetched(notes=("no spend limit is set",))
    cents = limit.number("threshold_amount")
    month = Span(int(first.timestamp()) * _SECOND, span.end)
    spent = sum(bucket.cost or 0 for bucket in (await costs(client, account, month)).buckets)
    following = (first + timedelta(days=32)).replace(day=1)
    used = percent(Decimal(spent), cents * 10_000_000)
    reading = LimitReading(
        account.service, account.name, "spend", 0, used, int(following.timestamp()) * _SECOND, client.now,
        limit_name=f"month, of ${cents / 100:,.2f}", origin="api",
    )  # fmt: skip
    return Fetched(limits=(reading,))


FETCHES = {"history": history, "cost": costs, "limits": limits}


async def _usage(client: Client, account: Account, kind: str, span: Span) -> AsyncIterator[Bucket]:
    grouped, counted = KINDS[kind]
    params = [*_times(span), ("bucket_width", "1d"), ("limit", USAGE_BUCKETS)]
    params += [("group_by[]", name) for name in grouped] + _projects(account)
    async for page in pages(client, f"organization/usage/{kind}", params):
        for day in page.rows("data"):
            for row in day.rows("results", "result"):
                yield _bucket(kind, day, row, grouped, counted)


def _bucket(kind: str, day: Row, row: Row, grouped: tuple[str, ...], counted: str) -> Bucket:
    cached = row.count("input_cached_tokens", 0)
    written = row.count("input_cache_write_tokens", 0)
    kept_long = row.count("input_cache_write_12h_tokens", 0)  # kept for 12 hours, the others for 30 minutes
    uncached = max(row.count("input_tokens", 0) - cached - written - kept_long, 0)
    requests = "num_model_requests" if row.has("num_model_requests") else "num_requests"
    feature: Feature = "history"
    return Bucket(
        feature, day.seconds("start_time"), day.seconds("end_time"), row.text("model", ""), kind,
        _dimensions(row, tuple(name for name in grouped if name != "model")),
        request_count=row.count(requests) if row.has(requests) else None,
        uncached_input_tokens=uncached, cache_read_input_tokens=cached,
        cache_creation_5m_input_tokens=written, cache_creation_1h_input_tokens=kept_long,
        output_tokens=row.count("output_tokens", 0),
        quantity=row.count(counted) if counted and row.has(counted) else None,
    )  # fmt: skip


async def _legacy(client: Client, span: Span) -> Fetched:
    """Return what `/v1/usage` knows: requests and tokens by model and kind, a day at a time."""
    buckets = []
    for start in range(span.start, min(span.end, client.now + 1), _DAY):
        day = datetime.fromtimestamp(start // _SECOND, UTC)
        answer = Row(await client.get("usage", [("date", f"{day:%Y-%m-%d}")]))
        buckets += [
            Bucket(
                "history", start, start + _DAY, row.text("snapshot_id"), row.text("operation", "completions"),
                f"at={row.count('aggregation_timestamp')};legacy=true",
                request_count=row.count("n_requests"),
                uncached_input_tokens=row.count("n_context_tokens_total"),
                output_tokens=row.count("n_generated_tokens_total"),
            )
            for row in answer.rows("data")
        ]  # fmt: skip
    note = "legacy usage of a project key: sparse, late and without cost; an admin key shows all of it"
    return Fetched(tuple(buckets), (Covered("history", span.start, span.end),), notes=(note,))


def _is_legacy(account: Account) -> bool:
    return account.options.get("legacy", "").lower() in ("yes", "true", "1")


def _times(span: Span) -> list[tuple[str, str]]:
    return [("start_time", str(span.start // _SECOND)), ("end_time", str(span.end // _SECOND))]


def _projects(account: Account) -> list[tuple[str, str]]:
    return [("project_ids[]", account.project)] if account.project else []


def _dimensions(row: Row, names: tuple[str, ...]) -> str:
    found = {name: _word(row, name) for name in names if row.has(name)}
    return ";".join(f"{name}={found[name]}" for name in sorted(found))


def _word(row: Row, name: str) -> str:
    if name == "batch":
        return "true" if row.flag("batch") else "false"
    return row.text(name).replace(";", ",").replace("=", ":")
