"""Groq: whether a key is valid. Usage is on its own page only; limits are headers of paid requests.

Format: console.groq.com/docs (`/openai/v1/models`).
"""

from __future__ import annotations

from typing import Any

from tokentui.billing import Account, KeyReport
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """List the models."""
    models = sum(1 for _ in Row(await client.get("models")).rows("data"))
    return KeyReport(f"the key is valid ({models} models); Groq tells its use on its own page only")


FETCHES: dict[Any, Any] = {}
