"""Ollama: which models are installed and loaded on this machine. No limits, no cost, no history.

Format: ollama/ollama docs/openapi.yaml (`/api/version`, `/api/tags`, `/api/ps`).
"""

from __future__ import annotations

from tokentui.billing import Account, Fetched, KeyReport
from tokentui.sources.providers import Span
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client

_GIBIBYTE = 1 << 30


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """Ask for the version."""
    version = Row(await client.get("api/version")).text("version", limit=30)
    return KeyReport(f"Ollama {version}, local: no usage limits", ("limits",))


async def limits(client: Client, account: Account, span: Span) -> Fetched:  # noqa: ARG001
    """Return what is installed and loaded, as notes: there is no limit to be full."""
    installed = sum(1 for _ in Row(await client.get("api/tags")).rows("models"))
    loaded = [
        f"{model.text('name', limit=60)} ({model.count('size', 0) / _GIBIBYTE:.1f} GiB)"
        for model in Row(await client.get("api/ps")).rows("models")
    ]
    return Fetched(notes=(f"{installed} models installed", f"loaded: {', '.join(loaded) or 'none'}"))


FETCHES = {"limits": limits}
