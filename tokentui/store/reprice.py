"""Prices that changed or appeared later, put on the records that are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from typing import Any

from tokentui.store.connection import writing
from tokentui.store.days import Days
from tokentui.store.dimensions import Dimensions
from tokentui.store.rollups import Deltas
from tokentui.store.rows import COLUMNS, COST, KEY, Row, possible_cost
from tokentui.usage import UsageRecord

Pricer = Callable[[UsageRecord, str], tuple[int | None, str]]
"""Returns (cost in nano-dollars or None, identity of the price) of a record of an account.

The account is `service`, or `service/name`.
"""

CHUNK = 5_000
"""Records priced in one transaction: 0.05 s in which nothing else is written."""
STRETCH = 50_000
"""About how many records one transaction looks at: the same time, where few are to be priced."""

_FIRST = -(2**63)
"""The smallest key there can be."""
_ACCOUNT = "CASE a.name WHEN '' THEN s.name ELSE s.name || '/' || a.name END"


def reprice(
    connection: sqlite3.Connection,
    dimensions: Dimensions,
    days: Days,
    price: Pricer,
    only_models: Collection[str] | None,
    only_accounts: Collection[str] | None,
    unpriced_only: bool,
) -> int:
    """Price records anew, chunk by chunk; returns how many changed. Sums stay exact throughout."""
    chosen = _chosen(connection, dimensions, only_models, only_accounts)
    if chosen is None:
        return 0
    query = (
        f"SELECT {_ACCOUNT}, p.identity, {', '.join('r.' + name for name in COLUMNS)} FROM usage_records AS r"
        " JOIN usage_contexts AS c ON c.id = r.context_id JOIN accounts AS a ON a.id = c.account_id"
        " JOIN services AS s ON s.id = a.service_id LEFT JOIN prices AS p ON p.id = r.price_id"
        f" WHERE r.key BETWEEN ? AND ? AND {chosen}"
        f"{' AND r.cost IS NULL' if unpriced_only else ''} ORDER BY r.key LIMIT {CHUNK}"
    )
    changed = 0
    for first, last in _stretches(connection):
        while True:
            with writing(connection):
                found = connection.execute(query, (first, last)).fetchall()
                changed += _reprice_rows(connection, dimensions, days, price, found)
            if len(found) < CHUNK:
                break
            first = found[-1][2] + 1
    return changed


def _chosen(
    connection: sqlite3.Connection,
    dimensions: Dimensions,
    only_models: Collection[str] | None,
    only_accounts: Collection[str] | None,
) -> str | None:
    """Return the condition on the records to look at; None when there are none."""
    names = dimensions.model_names.items()
    models = {number for number, (_, name) in names if only_models is None or name in only_models}
    if only_accounts is None:
        return f"r.model_id IN ({_listed(models)})" if models else None
    query = f"SELECT a.id, {_ACCOUNT} FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
    accounts = {number for number, key in connection.execute(query) if key.lower() in only_accounts}
    used = connection.execute(
        f"SELECT DISTINCT model_id FROM usage_days WHERE account_id IN ({_listed(accounts)})"
    )
    models &= {number for (number,) in used}
    if not models:
        return None
    # The models first: they are in the record itself.
    contexts = f"SELECT id FROM usage_contexts WHERE account_id IN ({_listed(accounts)})"
    return f"r.model_id IN ({_listed(models)}) AND r.context_id IN ({contexts})"


def _stretches(connection: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Cut the keys, which are hashes, into stretches of about as many records each."""
    (records,) = connection.execute("SELECT coalesce(sum(request_count), 0) FROM models").fetchone()
    parts = records // STRETCH + 1
    for part in range(parts):
        yield _FIRST + 2**64 * part // parts, _FIRST + 2**64 * (part + 1) // parts - 1


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _reprice_rows(
    connection: sqlite3.Connection,
    dimensions: Dimensions,
    days: Days,
    price: Pricer,
    found: list[tuple[Any, ...]],
) -> int:
    olds: list[Row] = []
    news: list[Row] = []
    for account, identity, *fields in found:
        old = tuple(fields)
        cost, new_identity = price(_record(old, dimensions, identity or ""), account)
        new = (*old[:COST], *possible_cost(cost, dimensions.price(new_identity)))
        if new != old:
            olds.append(old)
            news.append(new)
    deltas = Deltas()
    deltas.add(news)
    deltas.remove(olds)
    update = "UPDATE usage_records SET cost = ?, price_id = ? WHERE key = ?"
    connection.executemany(update, [(*row[COST:], row[KEY]) for row in news])
    deltas.apply(connection, dimensions, days)
    return len(news)


def _record(row: Row, dimensions: Dimensions, identity: str) -> UsageRecord:
    key, rank, time, context, model, *counts, _ = row
    provider_name, name = dimensions.model_names[model]
    fields: tuple[Any, ...] = (key, rank, time, context, provider_name, name, *counts, identity)
    return UsageRecord(*fields)
