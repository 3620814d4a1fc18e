"""Claude Code: the limits of a subscription, from an undocumented endpoint. Off by default.

`GET https://api.anthropic.com/api/oauth/usage` with the login of Claude Code, as seen in its own traffic
(steipete/CodexBar docs/claude.md): windows {utilization 0-100, resets_at RFC 3339 or null}, newer answers
also `limits[]` {kind, percent, resets_at, scope.model.display_name}. Unknown names are passed over.
`tokentui statusline` gets the two main windows without any of this.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.borrowed import Login, renew_hint
from tokentui.sources.providers.errors import ChangedFormat, KeyRejected, Unavailable
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client
from tokentui.usage import LimitReading

_WINDOWS = {
    "five_hour": (300, ""), "seven_day": (10_080, ""), "seven_day_opus": (10_080, "Opus"),
    "seven_day_sonnet": (10_080, "Sonnet"),
}  # fmt: skip
"""Name -> minutes, and the model it is for."""
_BETA = "oauth-2025-04-20"


async def test(client: Client, account: Account) -> KeyReport:
    """Read the windows once."""
    found = _understood(Row(await _asked(client, account)), client, account)
    windows = ", ".join(f"{limit.limit_id} {limit.used_percent:.0f} %" for limit in found)
    return KeyReport(f"Claude Code's login shows {windows}", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return all windows of the subscription."""
    return Fetched(limits=_understood(Row(await _asked(client, account)), client, account))


FETCHES = {"limits": limits}


async def _asked(client: Client, account: Account) -> object:
    headers = {"anthropic-beta": _BETA}
    if not account.secret_reference:
        headers["Authorization"] = f"Bearer {_token(client.now)}"
    if agent := account.options.get("user_agent"):
        headers["User-Agent"] = agent
    try:
        found: object = await client.get("api/oauth/usage", headers=headers)
    except KeyRejected as error:
        if account.secret_reference:
            raise
        # Not the state that ends all asking: the login renews itself whenever Claude Code is used.
        message = "Anthropic does not accept the login of Claude Code"
        raise Unavailable(message, renew_hint("claude"), status=error.status) from None
    return found


def _token(now: int) -> str:
    folder = os.environ.get("CLAUDE_CONFIG_DIR", "").strip() or os.path.expanduser("~/.claude")
    login = Login(Path(folder) / ".credentials.json", "claude")
    expires = login.number("claudeAiOauth", "expiresAt")  # milliseconds
    if expires is not None and expires * 1_000 <= now:
        raise Unavailable("the login of claude has expired", renew_hint("claude"))
    return login.token("claudeAiOauth", "accessToken")


def _understood(answer: Row, client: Client, account: Account) -> tuple[LimitReading, ...]:
    found: dict[str, LimitReading] = {}
    for name, (minutes, model) in _WINDOWS.items():
        if answer.has(name):
            window = answer.row(name)
            found[name] = _reading(client, account, name, minutes, window, "utilization", model)
    if answer.has("limits"):
        for window in answer.rows("limits"):
            if window.text("kind", "") != "weekly_scoped" or not window.has("scope"):
                continue
            scope = window.row("scope")
            model = scope.row("model").text("display_name", "", limit=40) if scope.has("model") else ""
            name = f"seven_day_{re.sub('[^a-z0-9]+', '_', model.lower()).strip('_')}"
            if model and name not in found:
                found[name] = _reading(client, account, name, 10_080, window, "percent", model)
    if not found:
        raise ChangedFormat("five_hour")
    return tuple(found.values())


def _reading(
    client: Client, account: Account, name: str, minutes: int, window: Row, percent: str, model: str
) -> LimitReading:
    used = float(max(window.number(percent), Decimal(0)))
    if used > 1_000:
        raise ChangedFormat(f"{name}.{percent}", "is no percentage")
    resets = window.moment("resets_at") if window.has("resets_at") else None
    return LimitReading(
        account.service, account.name, name, minutes, used, resets, client.now, limit_name=model, origin="api"
    )
