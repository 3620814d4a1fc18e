"""The schema, as Peewee models: the definition that migrations must arrive at.

Peewee defines and migrates; records are written and summed with plain SQL on sqlite3, because
Peewee's `insert_many` stores 16 thousand records a second and `executemany` 210 thousand (13x), and
importing Peewee costs 80 ms that an up-to-date database need not pay.

The facts (`usage_records` and its sums) refer to the small tables by number without a FOREIGN KEY:
looking every parent up again costs a fifth of the time of an import. Times are UTC epoch
microseconds, money is nano-US-dollars.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DatabaseProxy,
    Field,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

database = DatabaseProxy()


def _count(**options: Any) -> Field:
    return BigIntegerField(constraints=[SQL("DEFAULT 0")], default=0, **options)


def _text() -> Field:
    return TextField(constraints=[SQL("DEFAULT ''")], default="")


class Table(Model):
    """A table of the database that the proxy points at."""

    class Meta:
        database = database
        legacy_table_names = False


class Service(Table):
    """What has a card: a tool or a provider's API."""

    name = TextField(unique=True)
    title = _text()
    pricing_model = _text()
    """JSON: per token, per request or per month; empty where prices come from the price list."""
    has_api = BooleanField(default=False, constraints=[SQL("DEFAULT 0")])
    has_logs = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])

    class Meta:
        table_name = "services"


class Account(Table):
    """One login or key at a service."""

    service = ForeignKeyField(Service, backref="accounts", index=False)
    name = _text()
    """Empty for a tool's only login."""
    label = _text()
    secret_reference = _text()
    """Where the key is (`env:`, `command:`, `file:`, `vault:`). The key itself is never stored here."""
    monthly_limit = BigIntegerField(null=True)
    session_limit = BigIntegerField(null=True)
    token_limit = BigIntegerField(null=True)
    is_active = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    last_sync_at = BigIntegerField(null=True)
    last_used_at = BigIntegerField(null=True)
    quality = TextField(default="exact", constraints=[SQL("DEFAULT 'exact'")])
    """The weakest quality among its contexts."""

    class Meta:
        table_name = "accounts"
        indexes = ((("service", "name"), True),)


class ModelName(Table):
    """A model as a provider names it. Its counts answer "how many records" and "what has no price"."""

    provider_name = TextField()
    name = TextField()
    request_count = _count()
    unpriced_request_count = _count()

    class Meta:
        table_name = "models"
        indexes = ((("provider_name", "name"), True),)


class Project(Table):
    """A git root, or a working directory outside of one."""

    path = TextField(unique=True)

    class Meta:
        table_name = "projects"


class Price(Table):
    """Identity of the price row(s) a cost was computed from."""

    identity = TextField(unique=True)

    class Meta:
        table_name = "prices"


class Session(Table):
    """One conversation. Its number is the hash of service and id: no second index on long ids."""

    id = IntegerField(primary_key=True)
    service_id = IntegerField()
    conversation_id = TextField()
    born = BigIntegerField()
    """Oldest mtime (ns) its files had when they were first seen: of two sessions that hold the same
    request, the older one made it."""

    class Meta:
        table_name = "sessions"


class UsageContext(Table):
    """What neighbouring requests share, once; a record refers to it by 1 to 3 bytes."""

    account_id = IntegerField()
    session_id = IntegerField(index=True)
    project_id = IntegerField()
    parent_conversation_id = _text()
    branch = _text()
    user = _text()
    machine = _text()
    tool_version = _text()
    operation_name = _text()
    quality = _text()
    provenance = _text()

    class Meta:
        table_name = "usage_contexts"


class UsageRecord(Table):
    """One billable request. No index but the key: each costs 18 bytes a record and a third of the speed."""

    key = IntegerField(primary_key=True)
    rank = BigIntegerField()
    time = BigIntegerField()
    context_id = IntegerField()
    model_id = IntegerField()
    uncached_input_tokens = BigIntegerField()
    cache_read_input_tokens = BigIntegerField()
    cache_creation_5m_input_tokens = BigIntegerField()
    cache_creation_1h_input_tokens = BigIntegerField()
    output_tokens = BigIntegerField()
    reasoning_output_tokens = BigIntegerField()
    web_search_count = BigIntegerField()
    service_tier = TextField()
    flags = IntegerField()
    duration_ms = BigIntegerField(null=True)
    error = TextField()
    recorded_cost = BigIntegerField(null=True)
    cost = BigIntegerField(null=True)
    price_id = IntegerField()

    class Meta:
        table_name = "usage_records"


class QuarterKey(Table):
    """What a sum of a quarter of an hour is of.

    Its columns stand before the sums, and so does the primary key in the table: SQLite before 3.41
    looks for NULL in the wrong columns of a WITHOUT ROWID table whose key comes last, and calls a
    sound database damaged.
    """

    quarter = IntegerField()
    """Quarters since the epoch."""
    context_id = IntegerField()
    model_id = IntegerField()


class DayKey(Table):
    """What a sum of a day is of."""

    day = IntegerField()
    """Days since 1970-01-01."""
    account_id = IntegerField()
    model_id = IntegerField()
    project_id = IntegerField()


class UsageSums(Table):
    """The columns that every sum has."""

    request_count = BigIntegerField()
    uncached_input_tokens = BigIntegerField()
    cache_read_input_tokens = BigIntegerField()
    cache_creation_5m_input_tokens = BigIntegerField()
    cache_creation_1h_input_tokens = BigIntegerField()
    output_tokens = BigIntegerField()
    reasoning_output_tokens = BigIntegerField()
    cost = BigIntegerField()
    unpriced_request_count = BigIntegerField()


class UsageQuarter(QuarterKey, UsageSums):
    """Sums of a quarter of an hour in UTC: days of every zone are made of these."""

    first_second = IntegerField()
    """When its first record was, in seconds from its start."""
    last_second = IntegerField()

    class Meta:
        table_name = "usage_quarters"
        primary_key = CompositeKey("quarter", "context_id", "model_id")
        without_rowid = True


class UsageDay(DayKey, UsageSums):
    """Sums of a day in the zone that `settings` names: what every first screen is made of."""

    class Meta:
        table_name = "usage_days"
        primary_key = CompositeKey("day", "account_id", "model_id", "project_id")
        without_rowid = True


class LogFile(Table):
    """One log file: how far it was read, and how to recognise it. Its number is the hash of its path."""

    id = IntegerField(primary_key=True)
    source = TextField()
    path = TextField()
    device = _count()
    inode = _count()
    size = _count()
    mtime_ns = _count()
    offset = _count()
    head = BlobField(constraints=[SQL("DEFAULT x''")])
    tail = BlobField(constraints=[SQL("DEFAULT x''")])
    generation = _count()
    parser_version = _count()
    state = BlobField(constraints=[SQL("DEFAULT x''")])
    read_at = BigIntegerField(null=True)
    record_count = _count()
    bad_line_count = _count()
    anomalies = _count()
    error = _text()
    error_at = BigIntegerField(null=True)
    gone_at = BigIntegerField(null=True)

    class Meta:
        table_name = "log_files"


class BadLine(Table):
    """A line that could not be read."""

    file_id = IntegerField()
    offset = BigIntegerField()
    line = BigIntegerField()
    reason = TextField()
    seen_at = BigIntegerField()

    class Meta:
        table_name = "bad_lines"
        primary_key = CompositeKey("file_id", "offset")
        without_rowid = True


class LimitSeries(Table):
    """A window of an account that can be full; its newest reading is one look-up away."""

    account_id = IntegerField()
    limit_id = TextField()
    window_minutes = IntegerField()

    class Meta:
        table_name = "limit_series"
        indexes = ((("account_id", "limit_id", "window_minutes"), True),)


class LimitReading(Table):
    """How full a limit was said to be; the same answer again only moves `last_seen_at`."""

    series_id = IntegerField()
    observed_at = BigIntegerField()
    last_seen_at = BigIntegerField()
    used_percent = FloatField()
    resets_at = BigIntegerField(null=True)
    plan = TextField()
    limit_name = TextField()
    credits_balance = TextField()
    origin = TextField()

    class Meta:
        table_name = "limit_readings"
        primary_key = CompositeKey("series_id", "observed_at")
        without_rowid = True


class Alert(Table):
    """A rule that raises a hand when a figure passes its threshold."""

    service = ForeignKeyField(Service, null=True, index=False)
    account = ForeignKeyField(Account, null=True, index=False)
    kind = TextField()
    threshold = FloatField()
    channel = _text()
    is_active = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    last_triggered_at = BigIntegerField(null=True)

    class Meta:
        table_name = "alerts"


class CostProjection(Table):
    """What a period was expected to cost, and what it did."""

    service = ForeignKeyField(Service, null=True, index=False)
    account = ForeignKeyField(Account, null=True, index=False)
    made_at = BigIntegerField()
    period_start = IntegerField()
    """Days since 1970-01-01; both ends are included."""
    period_end = IntegerField()
    projected_cost = BigIntegerField()
    low_cost = BigIntegerField(null=True)
    high_cost = BigIntegerField(null=True)
    actual_cost = BigIntegerField(null=True)
    confidence_score = FloatField(null=True)
    """0 to 1."""

    class Meta:
        table_name = "cost_projections"


class Setting(Table):
    """What the stored sums depend on, such as the zone of the days."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "settings"


class Note(Table):
    """What the program remembers between runs."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"


TABLES: tuple[type[Model], ...] = (
    Service, Account, ModelName, Project, Price, Session, UsageContext, UsageRecord, UsageQuarter, UsageDay,
    LogFile, BadLine, LimitSeries, LimitReading, Alert, CostProjection, Setting, Note,
)
"""Every table, parents first."""
