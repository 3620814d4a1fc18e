"""The first schema. Frozen: later migrations change tables, never this file."""

from __future__ import annotations

from typing import Any

TABLES = """
    CREATE TABLE services (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL DEFAULT
        '', pricing_model TEXT NOT NULL DEFAULT '', has_api INTEGER NOT NULL DEFAULT 0, has_logs INTEGER NOT
        NULL DEFAULT 1);

    CREATE UNIQUE INDEX services_name ON services (name);

    CREATE TABLE accounts (id INTEGER NOT NULL PRIMARY KEY, service_id INTEGER NOT NULL, name TEXT NOT NULL
        DEFAULT '', label TEXT NOT NULL DEFAULT '', secret_reference TEXT NOT NULL DEFAULT '', monthly_limit
        INTEGER, session_limit INTEGER, token_limit INTEGER, is_active INTEGER NOT NULL DEFAULT 1,
        last_sync_at INTEGER, last_used_at INTEGER, quality TEXT NOT NULL DEFAULT 'exact', FOREIGN KEY
        (service_id) REFERENCES services (id));

    CREATE UNIQUE INDEX accounts_service_id_name ON accounts (service_id, name);

    CREATE TABLE models (id INTEGER NOT NULL PRIMARY KEY, provider_name TEXT NOT NULL, name TEXT NOT NULL,
        request_count INTEGER NOT NULL DEFAULT 0, unpriced_request_count INTEGER NOT NULL DEFAULT 0);

    CREATE UNIQUE INDEX models_provider_name_name ON models (provider_name, name);

    CREATE TABLE projects (id INTEGER NOT NULL PRIMARY KEY, path TEXT NOT NULL);

    CREATE UNIQUE INDEX projects_path ON projects (path);

    CREATE TABLE prices (id INTEGER NOT NULL PRIMARY KEY, identity TEXT NOT NULL);

    CREATE UNIQUE INDEX prices_identity ON prices (identity);

    CREATE TABLE sessions (id INTEGER NOT NULL PRIMARY KEY, service_id INTEGER NOT NULL, conversation_id
        TEXT NOT NULL, born INTEGER NOT NULL);

    CREATE TABLE usage_contexts (id INTEGER NOT NULL PRIMARY KEY, account_id INTEGER NOT NULL, session_id
        INTEGER NOT NULL, project_id INTEGER NOT NULL, parent_conversation_id TEXT NOT NULL DEFAULT '',
        branch TEXT NOT NULL DEFAULT '', user TEXT NOT NULL DEFAULT '', machine TEXT NOT NULL DEFAULT '',
        tool_version TEXT NOT NULL DEFAULT '', operation_name TEXT NOT NULL DEFAULT '', quality TEXT NOT
        NULL DEFAULT '', provenance TEXT NOT NULL DEFAULT '');

    CREATE INDEX usage_contexts_session_id ON usage_contexts (session_id);

    CREATE TABLE usage_records (key INTEGER NOT NULL PRIMARY KEY, rank INTEGER NOT NULL, time INTEGER NOT
        NULL, context_id INTEGER NOT NULL, model_id INTEGER NOT NULL, uncached_input_tokens INTEGER NOT
        NULL, cache_read_input_tokens INTEGER NOT NULL, cache_creation_5m_input_tokens INTEGER NOT NULL,
        cache_creation_1h_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        reasoning_output_tokens INTEGER NOT NULL, web_search_count INTEGER NOT NULL, service_tier TEXT NOT
        NULL, flags INTEGER NOT NULL, duration_ms INTEGER, error TEXT NOT NULL, recorded_cost INTEGER, cost
        INTEGER, price_id INTEGER NOT NULL);

    CREATE TABLE usage_quarters (quarter INTEGER NOT NULL, context_id INTEGER NOT NULL, model_id INTEGER
        NOT NULL, request_count INTEGER NOT NULL, uncached_input_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL, cache_creation_5m_input_tokens INTEGER NOT NULL,
        cache_creation_1h_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        reasoning_output_tokens INTEGER NOT NULL, cost INTEGER NOT NULL, unpriced_request_count INTEGER NOT
        NULL, first_second INTEGER NOT NULL, last_second INTEGER NOT NULL, PRIMARY KEY (quarter, context_id,
        model_id)) WITHOUT ROWID;

    CREATE TABLE usage_days (day INTEGER NOT NULL, account_id INTEGER NOT NULL, model_id INTEGER NOT NULL,
        project_id INTEGER NOT NULL, request_count INTEGER NOT NULL, uncached_input_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL, cache_creation_5m_input_tokens INTEGER NOT NULL,
        cache_creation_1h_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        reasoning_output_tokens INTEGER NOT NULL, cost INTEGER NOT NULL, unpriced_request_count INTEGER NOT
        NULL, PRIMARY KEY (day, account_id, model_id, project_id)) WITHOUT ROWID;

    CREATE TABLE log_files (id INTEGER NOT NULL PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL,
        device INTEGER NOT NULL DEFAULT 0, inode INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL DEFAULT
        0, mtime_ns INTEGER NOT NULL DEFAULT 0, offset INTEGER NOT NULL DEFAULT 0, head BLOB NOT NULL
        DEFAULT x'', tail BLOB NOT NULL DEFAULT x'', generation INTEGER NOT NULL DEFAULT 0, parser_version
        INTEGER NOT NULL DEFAULT 0, state BLOB NOT NULL DEFAULT x'', read_at INTEGER, record_count INTEGER
        NOT NULL DEFAULT 0, bad_line_count INTEGER NOT NULL DEFAULT 0, anomalies INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '', error_at INTEGER, gone_at INTEGER);

    CREATE TABLE bad_lines (file_id INTEGER NOT NULL, offset INTEGER NOT NULL, line INTEGER NOT NULL, reason
        TEXT NOT NULL, seen_at INTEGER NOT NULL, PRIMARY KEY (file_id, offset)) WITHOUT ROWID;

    CREATE TABLE limit_series (id INTEGER NOT NULL PRIMARY KEY, account_id INTEGER NOT NULL, limit_id TEXT
        NOT NULL, window_minutes INTEGER NOT NULL);

    CREATE UNIQUE INDEX limit_series_account_id_limit_id_window_minutes ON limit_series (account_id,
        limit_id, window_minutes);

    CREATE TABLE limit_readings (series_id INTEGER NOT NULL, observed_at INTEGER NOT NULL, last_seen_at
        INTEGER NOT NULL, used_percent REAL NOT NULL, resets_at INTEGER, plan TEXT NOT NULL, limit_name TEXT
        NOT NULL, credits_balance TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (series_id, observed_at))
        WITHOUT ROWID;

    CREATE TABLE alerts (id INTEGER NOT NULL PRIMARY KEY, service_id INTEGER, account_id INTEGER, kind TEXT
        NOT NULL, threshold REAL NOT NULL, channel TEXT NOT NULL DEFAULT '', is_active INTEGER NOT NULL
        DEFAULT 1, last_triggered_at INTEGER, FOREIGN KEY (service_id) REFERENCES services (id), FOREIGN KEY
        (account_id) REFERENCES accounts (id));

    CREATE TABLE cost_projections (id INTEGER NOT NULL PRIMARY KEY, service_id INTEGER, account_id INTEGER,
        made_at INTEGER NOT NULL, period_start INTEGER NOT NULL, period_end INTEGER NOT NULL, projected_cost
        INTEGER NOT NULL, low_cost INTEGER, high_cost INTEGER, actual_cost INTEGER, confidence_score REAL,
        FOREIGN KEY (service_id) REFERENCES services (id), FOREIGN KEY (account_id) REFERENCES accounts
        (id));

    CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);

    CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    """Make every table."""
    for statement in TABLES.split(";"):
        db.execute_sql(statement)
