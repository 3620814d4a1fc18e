"""What the tokens in providers' buckets come to at list prices, after the prices changed.

Closed buckets, too: only what a provider said of them is final.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence

from tokentui.billing import Bucket
from tokentui.store.connection import writing

Worth = Callable[[str, str, Sequence[Bucket]], Sequence[Bucket]]
"""Takes a service, an account (`service` or `service/name`) and buckets; returns these priced anew."""

_KEY = ("feature", "start", "end", "model", "operation", "dimensions")
_COUNTS = (
    "request_count", "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "quantity",
)  # fmt: skip
_BUCKET = (*_KEY, *_COUNTS, "currency", "computed_cost")


def reprice(
    connection: sqlite3.Connection, worth: Worth, only_accounts: Collection[str] | None, unpriced_only: bool
) -> int:
    """Price buckets of usage anew, each account in one transaction; returns how many changed.

    `only_accounts` are in lower case; None means all.
    """
    accounts = connection.execute(
        "SELECT a.id, s.name, a.name FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
        " WHERE a.id IN (SELECT DISTINCT account_id FROM billed_buckets) ORDER BY a.id"
    ).fetchall()
    changed = 0
    for number, service, name in accounts:
        key = f"{service}/{name}" if name else service
        if only_accounts is None or key.lower() in only_accounts:
            with writing(connection):
                olds = _buckets(connection, number, unpriced_only)
                news = [new for old, new in zip(olds, worth(service, key, olds), strict=True) if new != old]
                _put(connection, number, news)
            changed += len(news)
    return changed


def _buckets(connection: sqlite3.Connection, number: int, unpriced_only: bool) -> list[Bucket]:
    rows = connection.execute(
        f"SELECT {', '.join(_BUCKET)} FROM billed_buckets WHERE account_id = ? AND feature = 'history'"
        f"{' AND computed_cost IS NULL' if unpriced_only else ''}",
        (number,),
    )
    return [Bucket(**dict(zip(_BUCKET, row, strict=True))) for row in rows]


def _put(connection: sqlite3.Connection, number: int, buckets: Sequence[Bucket]) -> None:
    key = (*_KEY, "currency")
    connection.executemany(
        "UPDATE billed_buckets SET computed_cost = ?"
        f" WHERE account_id = ? AND {' AND '.join(f'{name} = ?' for name in key)}",
        [(each.computed_cost, number, *(getattr(each, name) for name in key)) for each in buckets],
    )
