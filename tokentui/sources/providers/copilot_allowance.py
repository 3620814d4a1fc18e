"""GitHub Copilot: a person's allowance, from an endpoint that GitHub does not document. Off by default.

`GET https://api.github.com/copilot_internal/user` (steipete/CodexBar docs/copilot.md): `quota_snapshots`
{premium_interactions, chat, completions} with `entitlement`, `remaining`, `percent_remaining`, `unlimited`;
an entitlement of 0 without `unlimited` is a place-holder of plans that an organization manages, -1 means no
limit. Free plans have `monthly_quotas` and `limited_user_quotas` (what is left of them), numbers or texts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tokentui.billing import Account, Fetched
from tokentui.sources.providers.errors import ChangedFormat
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading, epoch_microseconds

_MONTH_MINUTES = 43_200
_NAMES = {"premium_interactions": "premium requests", "chat": "chat", "completions": "completions"}


def understood(answer: object, client: Client, account: Account) -> Fetched:
    """Return how much of each allowance is used. Raises ChangedFormat."""
    said = Row(answer)
    plan, resets = said.text("copilot_plan", "", limit=40), _resets(said)
    found: list[LimitReading] = []
    notes: list[str] = []
    for name, used in (_paid(said, notes) if said.has("quota_snapshots") else _free(said)).items():
        found.append(
            LimitReading(
                account.service, account.name, name, _MONTH_MINUTES, used, resets, client.now, plan,
                _NAMES.get(name, name), origin="api",
            )
        )  # fmt: skip
    return Fetched(limits=tuple(found), notes=tuple(notes), plan=plan)


def _paid(said: Row, notes: list[str]) -> dict[str, float]:
    snapshots = said.row("quota_snapshots")
    found: dict[str, float] = {}
    for name in snapshots.names():
        if not snapshots.has(name):
            continue
        quota = snapshots.row(name)
        entitlement = quota.number("entitlement", Decimal(-1))
        if quota.flag("unlimited") or entitlement < 0:
            notes.append(f"{_NAMES.get(name, name)}: no limit")
        elif entitlement == 0:
            notes.append(f"{_NAMES.get(name, name)}: your organization manages the limit")
        else:
            found[name] = min(max(100.0 - float(quota.number("percent_remaining")), 0.0), 1_000.0)
    if not found and not notes:
        raise ChangedFormat("quota_snapshots", "is empty")
    return found


def _free(said: Row) -> dict[str, float]:
    whole, left = said.row("monthly_quotas"), said.row("limited_user_quotas")
    found: dict[str, float] = {}
    for name in whole.names():
        quota = whole.number(name)
        if quota > 0:
            share = float((quota - left.number(name, Decimal(0))) / quota * 100)
            found[name] = min(max(share, 0.0), 1_000.0)
    if not found:
        raise ChangedFormat("monthly_quotas", "is empty")
    return found


def _resets(said: Row) -> int | None:
    """Return the reset: a moment, or a date, which begins in UTC."""
    for name in ("quota_reset_date_utc", "quota_reset_date", "limited_user_reset_date"):
        if said.has(name):
            written = said.text(name, limit=40)
            try:
                found = datetime.fromisoformat(written.replace("Z", "+00:00"))
                return epoch_microseconds(found if found.tzinfo else found.replace(tzinfo=UTC))
            except (ValueError, OverflowError):
                raise ChangedFormat(name, "is no time") from None
    return None
