"""Accounts as the user set them up, and the log of who changed what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from tokentui.billing import Account
from tokentui.store.dimensions import Dimensions, storable

_FIELDS = (
    "label", "secret_reference", "base_url", "organization", "project", "interval_seconds", "options",
    "monthly_limit", "session_limit", "token_limit", "is_active",
)  # fmt: skip

LIMITS = ("monthly_limit", "session_limit", "token_limit")
"""What one sets oneself: also of an account that only logs tell of."""

_OWN = ("billed_buckets", "balances", "account_states", "subscriptions")
"""What goes with an account that is removed; what was read from logs stays."""

_TOLD = (
    "origin NOT IN ('log', 'status-line') AND series_id IN"
    " (SELECT id FROM limit_series WHERE account_id = ?)"
)
"""Readings of limits that go with it: those that its provider told."""


@dataclass(frozen=True, slots=True)
class Configured:
    """An account that the user set up."""

    account: Account
    created_at: int
    """UTC epoch microseconds."""
    key_changed_at: int | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change somebody made."""

    at: int
    actor: str
    action: str
    """`add`, `edit`, `rotate`, `pause`, `resume`, `remove` …"""
    subject: str
    before: Mapping[str, object]
    after: Mapping[str, object]


def number_of(connection: sqlite3.Connection, service: str, name: str) -> int | None:
    """Return the number of an account; None when there is none."""
    row = connection.execute(
        "SELECT a.id FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
        " WHERE s.name = ? AND a.name = ?",
        (service, name),
    ).fetchone()
    return None if row is None else int(row[0])


def put(
    connection: sqlite3.Connection, dimensions: Dimensions, account: Account, title: str, now: int,
    *, key_changed: bool,
) -> int:  # fmt: skip
    """Store an account, new or changed; return its number. `title` is what its service is called.

    Limits that it had while only logs told of it stay, unless it brings its own.
    """
    number = dimensions.account(account.service, account.name)
    connection.execute(
        "UPDATE services SET has_api = 1, title = CASE title WHEN '' THEN ? ELSE title END WHERE name = ?",
        (storable(title), account.service),
    )
    values = [_value(account, name) for name in _FIELDS]
    had = "coalesce(?, CASE WHEN created_at IS NULL THEN {} END)"
    sets = (f"{name} = {had.format(name) if name in LIMITS else '?'}" for name in _FIELDS)
    connection.execute(
        f"UPDATE accounts SET {', '.join(sets)},"
        " created_at = coalesce(created_at, ?),"
        " key_changed_at = CASE WHEN ? THEN ? ELSE key_changed_at END WHERE id = ?",
        (*values, now, key_changed, now, number),
    )
    return number


def put_limits(connection: sqlite3.Connection, dimensions: Dimensions, account: Account) -> None:
    """Store the limits of an account that only logs tell of: nobody is asked because of that."""
    number = dimensions.account(account.service, account.name)
    connection.execute(
        f"UPDATE accounts SET {', '.join(f'{name} = ?' for name in LIMITS)} WHERE id = ?",
        (*(getattr(account, name) for name in LIMITS), number),
    )


def limited(connection: sqlite3.Connection) -> list[Account]:
    """Return the accounts that only logs tell of and that have limits."""
    rows = connection.execute(
        f"SELECT s.name, a.name, {', '.join('a.' + name for name in LIMITS)} FROM accounts AS a"
        " JOIN services AS s ON s.id = a.service_id WHERE a.created_at IS NULL"
        f" AND coalesce({', '.join('a.' + name for name in LIMITS)}) IS NOT NULL ORDER BY s.name, a.name"
    )
    return [Account(service, name, **dict(zip(LIMITS, own, strict=True))) for service, name, *own in rows]


def configured(connection: sqlite3.Connection) -> list[Configured]:
    """Return the accounts that the user set up, by service and name."""
    rows = connection.execute(
        f"SELECT s.name, a.name, a.created_at, a.key_changed_at, {', '.join('a.' + name for name in _FIELDS)}"
        " FROM accounts AS a JOIN services AS s ON s.id = a.service_id WHERE a.created_at IS NOT NULL"
        " ORDER BY s.name, a.name"
    )
    found = []
    for service, name, created_at, key_changed_at, *values in rows:
        fields = dict(zip(_FIELDS, values, strict=True))
        fields["options"] = json.loads(fields["options"] or "{}")
        fields["is_active"] = bool(fields["is_active"])
        found.append(Configured(Account(service, name, **fields), created_at, key_changed_at))
    return found


def removal(connection: sqlite3.Connection, number: int) -> dict[str, int]:
    """Return how many rows of each kind would go with an account, and `requests`, which would stay."""
    found = {
        table: int(
            connection.execute(f"SELECT count(*) FROM {table} WHERE account_id = ?", (number,)).fetchone()[0]
        )
        for table in _OWN
    }
    (readings,) = connection.execute(
        f"SELECT count(*) FROM limit_readings WHERE {_TOLD}", (number,)
    ).fetchone()
    (requests,) = connection.execute(
        "SELECT coalesce(sum(request_count), 0) FROM usage_days WHERE account_id = ?", (number,)
    ).fetchone()
    return {**found, "limit_readings": int(readings), "requests": int(requests)}


def remove(connection: sqlite3.Connection, number: int) -> None:
    """Remove an account with what its provider said of it; requests that were read from logs stay."""
    for table in _OWN:
        connection.execute(f"DELETE FROM {table} WHERE account_id = ?", (number,))
    connection.execute(f"DELETE FROM limit_readings WHERE {_TOLD}", (number,))
    blank = Account("", "")
    connection.execute(
        f"UPDATE accounts SET {', '.join(f'{name} = ?' for name in _FIELDS)}, created_at = NULL,"
        " key_changed_at = NULL WHERE id = ?",
        (*(_value(blank, name) for name in _FIELDS), number),
    )


def audit(
    connection: sqlite3.Connection, now: int, actor: str, action: str, subject: str,
    before: Mapping[str, object], after: Mapping[str, object],
) -> None:  # fmt: skip
    """Note a change; entries are only ever added."""
    connection.execute(
        "INSERT INTO audit_entries (at, actor, action, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)",
        (now, storable(actor), action, storable(subject), _json(before), _json(after)),
    )


def audit_log(
    connection: sqlite3.Connection, limit: int = 1_000, subject: str | None = None
) -> list[AuditEntry]:
    """Return the newest changes, newest first; of one account, or of all."""
    rows = connection.execute(
        "SELECT at, actor, action, subject, before, after FROM audit_entries"
        " WHERE ?1 IS NULL OR subject = ?1 ORDER BY id DESC LIMIT ?2",
        (subject, limit),
    )
    return [
        AuditEntry(at, actor, action, about, json.loads(before), json.loads(after))
        for at, actor, action, about, before, after in rows
    ]


def _value(account: Account, name: str) -> object:
    value = getattr(account, name)
    if name == "options":
        return _json(value) if value else ""
    return storable(value) if isinstance(value, str) else value


def _json(fields: Mapping[str, object]) -> str:
    return storable(json.dumps(dict(fields), sort_keys=True, ensure_ascii=False))
