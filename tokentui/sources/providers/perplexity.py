"""Perplexity: whether a key is valid. There is no usage and no balance for API keys.

Format: docs.perplexity.ai (`/async/chat/completions`, a list that costs nothing; `/v1/agent`, whose answer
says what it cost). It documents no header for its rate limits: those that come are read, without a window.
"""

from __future__ import annotations

from typing import Any

from tokentui.billing import Account, KeyReport
from tokentui.sources.providers.http import Client
from tokentui.sources.providers.rate_limits import Probed, Window, probed

WINDOWS = {"requests": Window("requests", 0), "tokens": Window("tokens", 0)}


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """List the asynchronous requests, which costs nothing."""
    await client.get("async/chat/completions")
    return KeyReport("the key is valid; Perplexity tells its use on its own page only")


async def probe(client: Client, account: Account, model: str) -> Probed:
    """Have one token written without a search, which is paid; its headers may tell the limits."""
    body = {"model": model, "input": "1", "max_output_tokens": 1, "store": False}
    return await probed(client, account, "v1/agent", body, WINDOWS)


FETCHES: dict[Any, Any] = {}
