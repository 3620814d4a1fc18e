"""The providers' own book, as rows: it stands beside what was computed from logs and is never added to it.

A span that was fetched whole replaces what was known of it. A bucket that was fetched three days or more
after its end is closed: providers correct a day for as long, and no later answer changes it. A running sum,
such as that of a month, cannot be fetched after its end: it is closed once its provider has answered so late.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tokentui.billing import TO_DATE, Balance, Bucket, Covered, Feature, Fetched
from tokentui.store.dimensions import Dimensions, storable
from tokentui.store.limits import store_readings

SETTLED = 3 * 86_400_000_000
"""How long after its end a bucket may still change, in microseconds."""

_KEY = ("start", "end", "operation", "model", "dimensions", "currency")
_COUNTS = (
    "request_count", "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "quantity", "cost", "computed_cost",
)  # fmt: skip
_COLUMNS = (*_KEY, *_COUNTS)
_UNPRICED = (
    "b.feature = 'history' AND b.computed_cost IS NULL AND (coalesce(b.quantity, 0) > 0"
    " OR coalesce(b.request_count, 0) > 0 OR b.uncached_input_tokens + b.cache_read_input_tokens"
    " + b.cache_creation_5m_input_tokens + b.cache_creation_1h_input_tokens + b.output_tokens > 0)"
)
"""Something was used that has no list price."""


def closed(table: str = "billed_buckets", answered_at: str = "") -> str:
    """Return the SQL that tells whether a bucket of `table` is closed.

    `answered_at` is when its provider answered last; without it, as the account's states have it.
    """
    last = answered_at or (
        f"(SELECT t.last_success_at FROM account_states AS t WHERE t.account_id = {table}.account_id"
        f" AND t.feature = {table}.feature)"
    )
    return (
        f"({table}.fetched_at >= {table}.end + {SETTLED} OR ({table}.operation LIKE '%{TO_DATE}'"
        f" AND coalesce({last}, 0) >= {table}.end + {SETTLED}))"
    )


@dataclass(frozen=True, slots=True)
class Ledger:
    """What an answer changed."""

    buckets: int = 0
    limits: int = 0
    balances: int = 0


@dataclass(frozen=True, slots=True)
class KnownBalance:
    """What was left on an account."""

    service: str
    account: str
    balance: Balance
    observed_at: int
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class StoredState:
    """How asking an account for one feature goes: the columns of `engine.account_state.State`, and more."""

    service: str
    account: str
    feature: str
    status: str
    failures: int
    next_due: int
    error_code: str
    error: str
    hint: str
    last_success_at: int | None
    last_asked_at: int | None
    key_mark: str
    filled_from: int | None
    """How far back history was fetched, in UTC epoch microseconds."""
    notes: tuple[str, ...]
    plan: str


@dataclass(frozen=True, slots=True)
class BilledSum:
    """What a provider says of one account, summed up over some buckets."""

    service: str
    account: str
    feature: str
    day: int
    """UTC day, in days since 1970-01-01: providers' days begin at midnight UTC."""
    model: str
    operation: str
    currency: str
    request_count: int | None
    uncached_input_tokens: int
    cache_read_input_tokens: int
    cache_creation_5m_input_tokens: int
    cache_creation_1h_input_tokens: int
    output_tokens: int
    quantity: int | None
    cost: int | None
    """Nano-units of `currency`; None where the provider names no money."""
    computed_cost: int | None
    fetched_at: int
    """The oldest of its buckets."""
    closed: bool
    """No later answer changes it."""
    unpriced_count: int = 0
    """Buckets that have no list price; part of what was used is missing in `computed_cost` then."""
    day_count: int = 1
    """How many days its longest bucket covers: some providers tell a month in one figure."""


def put_fetched(
    connection: sqlite3.Connection,
    dimensions: Dimensions,
    service: str,
    name: str,
    fetched: Fetched,
    now: int,
) -> Ledger:
    """Store what a provider answered. The same answer again changes nothing but when it was fetched."""
    number = dimensions.account(service, name)
    for covered in fetched.covered:
        _clear(connection, number, covered, now)
    changed = _put_buckets(connection, number, fetched.buckets, now)
    limits = store_readings(connection, fetched.limits, dimensions, now)
    balances = sum(_put_balance(connection, number, balance, now) for balance in fetched.balances)
    return Ledger(changed, limits, balances)


def _clear(connection: sqlite3.Connection, number: int, covered: Covered, now: int) -> None:
    """Forget the open buckets of a span: what is not in the new answer is no longer so."""
    connection.execute(
        f"DELETE FROM billed_buckets WHERE account_id = ? AND feature = ? AND start >= ? AND end <= ?"
        f" AND (? = '' OR operation = ?) AND NOT {closed(answered_at='?')}",
        (number, covered.feature, covered.start, covered.end, covered.operation, covered.operation, now),
    )


def _put_buckets(connection: sqlite3.Connection, number: int, buckets: Iterable[Bucket], now: int) -> int:
    shut = _closed(connection, number, now)
    summed: dict[tuple[object, ...], list[int | None]] = {}
    for bucket in buckets:
        if _span(bucket.feature, bucket.start, bucket.end, bucket.operation) in shut:
            continue
        key = (bucket.feature, *(_storable(getattr(bucket, name)) for name in _KEY))
        counts = [getattr(bucket, name) for name in _COUNTS]
        known = summed.get(key)
        summed[key] = counts if known is None else [_plus(a, b) for a, b in zip(known, counts, strict=True)]
    before = connection.total_changes
    updates = ", ".join(f"{name} = excluded.{name}" for name in (*_COUNTS, "fetched_at"))
    connection.executemany(
        f"INSERT INTO billed_buckets (account_id, feature, {', '.join(_COLUMNS)}, fetched_at)"
        f" VALUES ({', '.join('?' * (len(_COLUMNS) + 3))})"
        f" ON CONFLICT (account_id, feature, {', '.join(_KEY)}) DO UPDATE SET {updates}"
        " WHERE excluded.fetched_at >= billed_buckets.fetched_at",
        [(number, *key, *counts, now) for key, counts in sorted(summed.items(), key=repr)],
    )
    return connection.total_changes - before


def _closed(connection: sqlite3.Connection, number: int, now: int) -> set[tuple[str, int, int, str]]:
    """Return the spans of an account that no later answer changes."""
    rows = connection.execute(
        "SELECT DISTINCT feature, start, end, operation FROM billed_buckets"
        f" WHERE account_id = ? AND {closed(answered_at='?')}",
        (number, now),
    )
    return {_span(*row) for row in rows}


def _span(feature: str, start: int, end: int, operation: str) -> tuple[str, int, int, str]:
    """Return what closes together: usage is asked for one kind at a time, a bill comes with all its items."""
    return (feature, start, end, operation if feature == "history" else "")


def _put_balance(connection: sqlite3.Connection, number: int, balance: Balance, now: int) -> int:
    """Store a balance; the same as the last one only moves when that was last seen. Returns 1 for news."""
    key = (number, storable(balance.name), balance.currency)
    row = connection.execute(
        "SELECT observed_at, amount, granted FROM balances WHERE account_id = ? AND name = ? AND currency = ?"
        " ORDER BY observed_at DESC LIMIT 1",
        key,
    ).fetchone()
    if row is not None and (row[0] >= now or (row[1], row[2]) == (balance.amount, balance.granted)):
        connection.execute(
            "UPDATE balances SET last_seen_at = max(last_seen_at, ?)"
            " WHERE account_id = ? AND name = ? AND currency = ? AND observed_at = ?",
            (now, *key, row[0]),
        )
        return 0
    connection.execute(
        "INSERT INTO balances (account_id, name, currency, observed_at, last_seen_at, amount, granted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*key, now, now, balance.amount, balance.granted),
    )
    return 1


def put_state(connection: sqlite3.Connection, dimensions: Dimensions, state: StoredState) -> None:
    """Store how asking an account goes, so that a restart hammers nobody."""
    connection.execute(
        "INSERT OR REPLACE INTO account_states (account_id, feature, status, failures, next_due, error_code,"
        " error, hint, last_success_at, last_asked_at, key_mark, filled_from, notes, plan)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            dimensions.account(state.service, state.account), state.feature, state.status, state.failures,
            state.next_due, state.error_code, storable(state.error), storable(state.hint),
            state.last_success_at, state.last_asked_at, state.key_mark, state.filled_from,
            json.dumps(state.notes), storable(state.plan),
        ),
    )  # fmt: skip


def states(connection: sqlite3.Connection) -> list[StoredState]:
    """Return how asking goes, by account and feature."""
    rows = connection.execute(
        "SELECT s.name, a.name, t.feature, t.status, t.failures, t.next_due, t.error_code, t.error, t.hint,"
        " t.last_success_at, t.last_asked_at, t.key_mark, t.filled_from, t.notes, t.plan"
        " FROM account_states AS t JOIN accounts AS a ON a.id = t.account_id"
        " JOIN services AS s ON s.id = a.service_id ORDER BY s.name, a.name, t.feature"
    )
    return [replace(StoredState(*row), notes=tuple(json.loads(row[13]))) for row in rows]


def balances(connection: sqlite3.Connection) -> list[KnownBalance]:
    """Return the newest balance of each kind of each account."""
    rows = connection.execute(
        "SELECT s.name, a.name, b.amount, b.currency, b.name, b.granted, max(b.observed_at), b.last_seen_at"
        " FROM balances AS b JOIN accounts AS a ON a.id = b.account_id"
        " JOIN services AS s ON s.id = a.service_id GROUP BY b.account_id, b.name, b.currency"
        " ORDER BY s.name, a.name, b.name, b.currency"
    )
    return [
        KnownBalance(service, account, Balance(amount, currency, name, granted), observed_at, last_seen_at)
        for service, account, amount, currency, name, granted, observed_at, last_seen_at in rows
    ]


def billed(
    connection: sqlite3.Connection, start: int, end: int, feature: Feature | None = None,
    *, account: tuple[str, str] | None = None,
) -> list[BilledSum]:  # fmt: skip
    """Return what providers say of the time from `start` to `end` (UTC epoch µs, exclusive), by UTC day.

    `account` is a service and the name of one of its accounts; None for all.
    """
    sums = ", ".join(f"sum(b.{name})" for name in _COUNTS)
    rows = connection.execute(
        f"SELECT s.name, a.name, b.feature, b.start / 86400000000 AS day, b.model, b.operation, b.currency,"
        f" {sums}, min(b.fetched_at), min({closed('b')}), sum({_UNPRICED}),"
        " max((b.end - b.start + 86399999999) / 86400000000)"
        " FROM billed_buckets AS b JOIN accounts AS a ON a.id = b.account_id"
        " JOIN services AS s ON s.id = a.service_id"
        " WHERE b.start >= ?1 AND b.start < ?2 AND (?3 IS NULL OR b.feature = ?3)"
        " AND (?4 IS NULL OR (s.name = ?4 AND a.name = ?5))"
        " GROUP BY a.id, b.feature, day, b.model, b.operation, b.currency"
        " ORDER BY s.name, a.name, b.feature, day, b.model, b.operation, b.currency",
        (start, end, feature, *(account or (None, None))),
    )
    return [replace(BilledSum(*row), closed=bool(row[-3])) for row in rows]


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _storable(value: object) -> object:
    return storable(value) if isinstance(value, str) else value
