"""The providers' own book: what they say an account used, was billed, and has left."""

from __future__ import annotations

from peewee import BigIntegerField, CompositeKey, ForeignKeyField, IntegerField, TextField

from tokentui.store.models.table import Table
from tokentui.store.models.usage import Account


class BilledBucket(Table):
    """What one account used, or was billed, in one span of time. See `tokentui.billing.Bucket`."""

    account_id = IntegerField()
    feature = TextField()
    start = BigIntegerField()
    end = BigIntegerField()
    operation = TextField()
    model = TextField()
    dimensions = TextField()
    currency = TextField()
    request_count = BigIntegerField(null=True)
    uncached_input_tokens = BigIntegerField()
    cache_read_input_tokens = BigIntegerField()
    cache_creation_5m_input_tokens = BigIntegerField()
    cache_creation_1h_input_tokens = BigIntegerField()
    output_tokens = BigIntegerField()
    quantity = BigIntegerField(null=True)
    cost = BigIntegerField(null=True)
    computed_cost = BigIntegerField(null=True)
    fetched_at = BigIntegerField()

    class Meta:
        table_name = "billed_buckets"
        primary_key = CompositeKey(
            "account_id", "feature", "start", "end", "operation", "model", "dimensions", "currency"
        )
        without_rowid = True


class Balance(Table):
    """What was left on an account; the same amount again only moves `last_seen_at`."""

    account_id = IntegerField()
    name = TextField()
    currency = TextField()
    observed_at = BigIntegerField()
    last_seen_at = BigIntegerField()
    amount = BigIntegerField()
    granted = BigIntegerField(null=True)

    class Meta:
        table_name = "balances"
        primary_key = CompositeKey("account_id", "name", "currency", "observed_at")
        without_rowid = True


class AccountState(Table):
    """How asking an account for one feature goes, and when it is asked again."""

    account_id = IntegerField()
    feature = TextField()
    status = TextField()
    failures = IntegerField()
    next_due = BigIntegerField()
    error_code = TextField()
    error = TextField()
    hint = TextField()
    last_success_at = BigIntegerField(null=True)
    last_asked_at = BigIntegerField(null=True)
    key_mark = TextField()
    filled_from = BigIntegerField(null=True)
    """How far back its history was fetched."""
    notes = TextField()
    """JSON: what the provider's last answer must be read with."""
    plan = TextField()

    class Meta:
        table_name = "account_states"
        primary_key = CompositeKey("account_id", "feature")
        without_rowid = True


class Subscription(Table):
    """A plan that costs the same every month."""

    account = ForeignKeyField(Account, index=False)
    name = TextField()
    price = BigIntegerField()
    """Nano-units of its currency, a month."""
    currency = TextField()
    first_day = IntegerField()
    """Days since 1970-01-01; both ends are included."""
    last_day = IntegerField(null=True)

    class Meta:
        table_name = "subscriptions"


class AuditEntry(Table):
    """A change somebody made: never a key, only where it is."""

    at = BigIntegerField()
    actor = TextField()
    action = TextField()
    subject = TextField()
    before = TextField()
    after = TextField()

    class Meta:
        table_name = "audit_entries"
