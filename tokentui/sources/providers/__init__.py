"""The registry of providers: one row each. A new one is one file, one set of fixtures, one row here.

A provider's module has

    async def test(client: Client, account: Account) -> KeyReport
    FETCHES: Mapping[Feature, Fetch]       # Fetch = async (client, account, span: Span) -> Fetched
    async def probe(client: Client, account: Account, model: str) -> Probed      # where its row has one

and turns what `http.Client` decoded into the words of `tokentui.billing`. It knows no key, no clock, no
database and no retry: the client carries the key, the engine decides what is due.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tokentui.sources import third_party
from tokentui.sources.providers.provider import NOT_OFFERED, Option, Provider, Span
from tokentui.sources.providers.rows import PROVIDERS
from tokentui.sources.providers.written import written

__all__ = ["NOT_OFFERED", "PROVIDERS", "Option", "Provider", "Span", "find", "problems", "rows"]


def rows() -> Mapping[str, Provider]:
    """Return all providers by name: those above, of other packages, and of the user's providers.toml."""
    known = {row.name: row for row in (*PROVIDERS, *third_party.providers())}
    added = written(os.environ, frozenset(known)).rows
    return {**known, **{row.name: row for row in added}} if added else known


def problems() -> tuple[str, ...]:
    """Return a sentence for each provider or log reader of others that cannot be used."""
    taken = frozenset(row.name for row in (*PROVIDERS, *third_party.providers()))
    return (*third_party.problems(), *written(os.environ, taken).problems)


def find(name: str) -> Provider | None:
    """Return the provider that a person means by `name`, whatever its case; None when unknown."""
    wanted = name.strip().lower()
    return next((row for row in rows().values() if wanted in (row.name, row.title.lower())), None)
