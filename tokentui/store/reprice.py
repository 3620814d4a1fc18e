"""Prices that changed or appeared later, put on the records that are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from typing import Any

from tokentui.store.connection import writing
from tokentui.store.days import Days
from tokentui.store.dimensions import Dimensions
from tokentui.store.rollups import Deltas
from tokentui.store.rows import COLUMNS, COST, KEY, Row, possible_cost
from tokentui.usage import UsageRecord

Pricer = Callable[[UsageRecord, str], tuple[int | None, str]]
"""Returns (cost in nano-dollars or None, identity of the price) of a record of a service."""

CHUNK = 5_000
"""Records priced in one transaction: 0.05 s in which nothing else is written."""


def reprice(
    connection: sqlite3.Connection,
    dimensions: Dimensions,
    days: Days,
    price: Pricer,
    only_models: Collection[str] | None,
    unpriced_only: bool,
) -> int:
    """Price records anew, chunk by chunk; returns how many changed. Sums stay exact throughout."""
    names = dimensions.model_names.items()
    wanted = [number for number, (_, name) in names if only_models is None or name in only_models]
    query = (
        f"SELECT s.name, p.identity, {', '.join('r.' + name for name in COLUMNS)} FROM usage_records AS r"
        " JOIN usage_contexts AS c ON c.id = r.context_id JOIN accounts AS a ON a.id = c.account_id"
        " JOIN services AS s ON s.id = a.service_id LEFT JOIN prices AS p ON p.id = r.price_id"
        f" WHERE r.key > ? AND r.model_id IN ({', '.join(map(str, wanted))})"
        f"{' AND r.cost IS NULL' if unpriced_only else ''} ORDER BY r.key LIMIT {CHUNK}"
    )
    changed, last = 0, -(2**63) - 1
    while wanted:
        with writing(connection):
            found = connection.execute(query, (max(last, -(2**63)),)).fetchall()
            changed += _reprice_rows(connection, dimensions, days, price, found)
        if len(found) < CHUNK:
            break
        last = found[-1][2]
    return changed


def _reprice_rows(
    connection: sqlite3.Connection,
    dimensions: Dimensions,
    days: Days,
    price: Pricer,
    found: list[tuple[Any, ...]],
) -> int:
    olds: list[Row] = []
    news: list[Row] = []
    for service, identity, *fields in found:
        old = tuple(fields)
        cost, new_identity = price(_record(old, dimensions, identity or ""), service)
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
