"""The registry of providers: one row each. A new one is one file, one set of fixtures, one row here.

A provider's module has

    async def test(client: Client, account: Account) -> KeyReport
    FETCHES: Mapping[Feature, Fetch]       # Fetch = async (client, account, span: Span) -> Fetched

and turns what `http.Client` decoded into the words of `tokentui.billing`. It knows no key, no clock, no
database and no retry: the client carries the key, the engine decides what is due.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokentui.sources.providers.provider import NOT_OFFERED, Option, Provider, Span
from tokentui.sources.providers.rows import PROVIDERS

__all__ = ["NOT_OFFERED", "PROVIDERS", "Option", "Provider", "Span", "find", "rows"]


def rows() -> Mapping[str, Provider]:
    """Return all providers by name."""
    return {row.name: row for row in PROVIDERS}


def find(name: str) -> Provider | None:
    """Return the provider that a person means by `name`, whatever its case; None when unknown."""
    wanted = name.strip().lower()
    return next((row for row in PROVIDERS if wanted in (row.name, row.title.lower())), None)
