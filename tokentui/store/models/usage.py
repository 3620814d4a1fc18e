"""Who used what: services, accounts, models, sessions, the records and their sums."""

from __future__ import annotations

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from tokentui.store.models.table import Table, count, text


class Service(Table):
    """What has a card: a tool or a provider's API."""

    name = TextField(unique=True)
    title = text()
    pricing_model = text()
    """JSON: per token, per request or per month; empty where prices come from the price list."""
    has_api = BooleanField(default=False, constraints=[SQL("DEFAULT 0")])
    has_logs = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])

    class Meta:
        table_name = "services"


class Account(Table):
    """One login or key at a service."""

    service = ForeignKeyField(Service, backref="accounts", index=False)
    name = text()
    """Empty for a tool's only login."""
    label = text()
    secret_reference = text()
    """Where the key is (`env:`, `command:`, `file:`, `vault:`). The key itself is never stored here."""
    monthly_limit = BigIntegerField(null=True)
    session_limit = BigIntegerField(null=True)
    token_limit = BigIntegerField(null=True)
    is_active = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    last_sync_at = BigIntegerField(null=True)
    last_used_at = BigIntegerField(null=True)
    quality = TextField(default="exact", constraints=[SQL("DEFAULT 'exact'")])
    """The weakest quality among its contexts."""
    base_url = text()
    organization = text()
    project = text()
    interval_seconds = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    options = text()
    """JSON: what only this provider is told."""
    created_at = BigIntegerField(null=True)
    """When the user set it up; null for one that was found in logs."""
    key_changed_at = BigIntegerField(null=True)

    class Meta:
        table_name = "accounts"
        indexes = ((("service", "name"), True),)


class ModelName(Table):
    """A model as a provider names it. Its counts answer "how many records" and "what has no price"."""

    provider_name = TextField()
    name = TextField()
    request_count = count()
    unpriced_request_count = count()

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
    title = text()
    """What the user or the tool calls it; empty while nobody has."""

    class Meta:
        table_name = "sessions"


class UsageContext(Table):
    """What neighbouring requests share, once; a record refers to it by 1 to 3 bytes."""

    account_id = IntegerField()
    session_id = IntegerField(index=True)
    project_id = IntegerField()
    parent_conversation_id = text()
    branch = text()
    user = text()
    machine = text()
    tool_version = text()
    operation_name = text()
    quality = text()
    provenance = text()

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


class ExpiredKey(Table):
    """The key of a request that was removed after `retention_days`. Its counts stay in the sums."""

    key = IntegerField(primary_key=True)

    class Meta:
        table_name = "expired_keys"


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
