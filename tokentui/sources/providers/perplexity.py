"""Perplexity: whether a key is valid. There is no usage and no balance for API keys.

Format: docs.perplexity.ai (`/async/chat/completions`, a list that costs nothing).
"""

from __future__ import annotations

from typing import Any

from tokentui.billing import Account, KeyReport
from tokentui.sources.providers.http import Client


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """List the asynchronous requests, which costs nothing."""
    await client.get("async/chat/completions")
    return KeyReport("the key is valid; Perplexity tells its use on its own page only")


FETCHES: dict[Any, Any] = {}
