"""LM Studio: which models are there and loaded on this machine. No limits, no cost, no history.

Format: lmstudio.ai/docs (`/api/v0/models`: `state` is `loaded` or `not-loaded`).
"""

from __future__ import annotations

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """List the models."""
    models = sum(1 for _ in Row(await client.get("api/v0/models")).rows("data"))
    return KeyReport(f"LM Studio with {models} models, local: no usage limits", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what is there and loaded, as notes: there is no limit to be full."""
    models = list(Row(await client.get("api/v0/models")).rows("data"))
    loaded = [each.text("id", limit=60) for each in models if each.text("state", "") == "loaded"]
    return Fetched(notes=(f"{len(models)} models installed", f"loaded: {', '.join(loaded) or 'none'}"))


FETCHES = {"limits": limits}
