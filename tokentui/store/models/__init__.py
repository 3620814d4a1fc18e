"""The schema, as Peewee models: the definition that migrations must arrive at.

Peewee defines and migrates; records are written and summed with plain SQL on sqlite3, because
Peewee's `insert_many` stores 16 thousand records a second and `executemany` 210 thousand (13x), and
importing Peewee costs 80 ms that an up-to-date database need not pay.

The facts (`usage_records` and its sums) refer to the small tables by number without a FOREIGN KEY:
looking every parent up again costs a fifth of the time of an import. Times are UTC epoch
microseconds, money is nano-US-dollars.

What other trackers keep in one row stands where it is known:
* An API key or token: nowhere; `accounts.secret_reference` says where it is.
* The tokens or requests that remain: `limit_readings`, for they are an account's, not a request's.
* Active sessions: `sessions` with use in a span. Calls: each record is one; sums have `request_count`.
* The type of a request: `usage_contexts.operation_name`. A currency: all money is in US dollars.
* Free metadata: nowhere, so that nothing of a conversation is stored.
* Type, method and last trigger of an alert: `kind`, `channel`, `last_triggered_at`.
"""

from __future__ import annotations

from tokentui.store.models.around import (
    Alert,
    BadLine,
    CostProjection,
    LimitReading,
    LimitSeries,
    LogFile,
    Note,
    Setting,
)
from tokentui.store.models.ledger import AccountState, AuditEntry, Balance, BilledBucket, Subscription
from tokentui.store.models.table import Table, database
from tokentui.store.models.usage import (
    Account,
    ExpiredKey,
    ModelName,
    Price,
    Project,
    Service,
    Session,
    UsageContext,
    UsageDay,
    UsageQuarter,
    UsageRecord,
)

TABLES: tuple[type[Table], ...] = (
    Service, Account, ModelName, Project, Price, Session, UsageContext, UsageRecord, ExpiredKey,
    UsageQuarter, UsageDay, LogFile, BadLine, LimitSeries, LimitReading, Alert, CostProjection, Setting, Note,
    BilledBucket, Balance, AccountState, Subscription, AuditEntry,
)
"""Every table, parents first."""

__all__ = ["TABLES", "Table", "database"]
