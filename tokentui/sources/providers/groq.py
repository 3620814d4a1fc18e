"""Groq: whether a key is valid. Usage is on its own page only; limits are headers of paid requests.

Format: console.groq.com/docs (`/openai/v1/models`, `/openai/v1/chat/completions`, its rate limits). Of the
two limits in the headers the requests are those of a day, the tokens those of a minute.
"""

from __future__ import annotations

from typing import Any

from tokentui.billing import Account, KeyReport
from tokentui.sources.providers.fields import Row
from tokentui.sources.providers.http import Client
from tokentui.sources.providers.rate_limits import Probed, Window, probed

WINDOWS = {"requests": Window("req/day", 1440), "tokens": Window("tok/min", 1)}


async def test(client: Client, account: Account) -> KeyReport:  # noqa: ARG001
    """List the models."""
    models = sum(1 for _ in Row(await client.get("models")).rows("data"))
    return KeyReport(f"the key is valid ({models} models); Groq tells its use on its own page only")


async def probe(client: Client, account: Account, model: str) -> Probed:
    """Have one token written, which is paid: the headers of the answer tell the limits."""
    body = {"model": model, "messages": [{"role": "user", "content": "1"}], "max_completion_tokens": 1}
    return await probed(client, account, "chat/completions", body, WINDOWS)


FETCHES: dict[Any, Any] = {}
