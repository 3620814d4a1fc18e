"""Accounts that the user set up, and the providers' own book: buckets, balances, states, the audit log."""

from __future__ import annotations

from typing import Any

STATEMENTS = """
    ALTER TABLE accounts ADD COLUMN base_url TEXT NOT NULL DEFAULT '';

    ALTER TABLE accounts ADD COLUMN organization TEXT NOT NULL DEFAULT '';

    ALTER TABLE accounts ADD COLUMN project TEXT NOT NULL DEFAULT '';

    ALTER TABLE accounts ADD COLUMN interval_seconds INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE accounts ADD COLUMN options TEXT NOT NULL DEFAULT '';

    ALTER TABLE accounts ADD COLUMN created_at INTEGER;

    ALTER TABLE accounts ADD COLUMN key_changed_at INTEGER;

    CREATE TABLE billed_buckets (account_id INTEGER NOT NULL, feature TEXT NOT NULL, start INTEGER NOT NULL,
        end INTEGER NOT NULL, operation TEXT NOT NULL, model TEXT NOT NULL, dimensions TEXT NOT NULL,
        currency TEXT NOT NULL, request_count INTEGER, uncached_input_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL, cache_creation_5m_input_tokens INTEGER NOT NULL,
        cache_creation_1h_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, quantity INTEGER,
        cost INTEGER, computed_cost INTEGER, fetched_at INTEGER NOT NULL, PRIMARY KEY (account_id, feature,
        start, end, operation, model, dimensions, currency)) WITHOUT ROWID;

    CREATE TABLE balances (account_id INTEGER NOT NULL, name TEXT NOT NULL, currency TEXT NOT NULL,
        observed_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, amount INTEGER NOT NULL, granted INTEGER,
        PRIMARY KEY (account_id, name, currency, observed_at)) WITHOUT ROWID;

    CREATE TABLE account_states (account_id INTEGER NOT NULL, feature TEXT NOT NULL, status TEXT NOT NULL,
        failures INTEGER NOT NULL, next_due INTEGER NOT NULL, error_code TEXT NOT NULL, error TEXT NOT NULL,
        hint TEXT NOT NULL, last_success_at INTEGER, last_asked_at INTEGER, key_mark TEXT NOT NULL,
        filled_from INTEGER, notes TEXT NOT NULL, plan TEXT NOT NULL,
        PRIMARY KEY (account_id, feature)) WITHOUT ROWID;

    CREATE TABLE subscriptions (id INTEGER NOT NULL PRIMARY KEY, account_id INTEGER NOT NULL, name TEXT NOT
        NULL, price INTEGER NOT NULL, currency TEXT NOT NULL, first_day INTEGER NOT NULL, last_day INTEGER,
        FOREIGN KEY (account_id) REFERENCES accounts (id));

    CREATE TABLE audit_entries (id INTEGER NOT NULL PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL,
        action TEXT NOT NULL, subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL)
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    """Add them."""
    for statement in STATEMENTS.split(";"):
        db.execute_sql(statement)
