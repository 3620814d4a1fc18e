"""What surrounds the usage: log files, limits, alerts, projections, settings."""

from __future__ import annotations

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from tokentui.store.models.table import Table, count, text
from tokentui.store.models.usage import Account, Service


class LogFile(Table):
    """One log file: how far it was read, and how to recognise it. Its number is the hash of its path."""

    id = IntegerField(primary_key=True)
    source = TextField()
    path = TextField()
    device = count()
    inode = count()
    size = count()
    mtime_ns = count()
    offset = count()
    head = BlobField(constraints=[SQL("DEFAULT x''")])
    tail = BlobField(constraints=[SQL("DEFAULT x''")])
    generation = count()
    parser_version = count()
    state = BlobField(constraints=[SQL("DEFAULT x''")])
    read_at = BigIntegerField(null=True)
    record_count = count()
    bad_line_count = count()
    anomalies = count()
    error = text()
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
    channel = text()
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
