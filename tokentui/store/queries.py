"""What everybody asks the database. Needs sqlite3 only, so that a report starts fast."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from tokentui.store import notes
from tokentui.store.connection import connect, reading
from tokentui.store.limit_questions import LimitQuestions

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable

    from tokentui.billing import Feature
    from tokentui.store.accounts import AuditEntry, Configured
    from tokentui.store.books import Books
    from tokentui.store.explain import Explanation, Request
    from tokentui.store.heatmap_query import Heatmap
    from tokentui.store.ledger import BilledSum, KnownBalance, StoredState
    from tokentui.store.retention import Expiring
    from tokentui.store.snapshot import Drivers, Snapshot
    from tokentui.store.usage_table import UsageQuery, UsageTable

TWIN_COLUMNS = (
    "time", "model_id", "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens",
)
"""Records that agree in all of these are probably one request that was counted twice."""


@dataclass(frozen=True, slots=True)
class FileState:
    """One log file, as far as it is known."""

    source: str
    path: str
    record_count: int
    """Records read from it since it was last read from its start, copies included."""
    offset: int
    size: int
    mtime_ns: int
    read_at: int | None
    """UTC epoch microseconds; None when it never could be read."""
    error: str
    """Why it cannot be read; empty when it can."""
    gone_at: int | None
    """When it was found missing; its records stay."""
    bad_line_count: int
    anomalies: int


@dataclass(frozen=True, slots=True)
class BadLineFound:
    """A line that could not be read."""

    source: str
    path: str
    line: int
    offset: int
    reason: str
    seen_at: int


class Reader(LimitQuestions):
    """Answers questions. Not safe to use from two threads."""

    def usage(self, query: UsageQuery) -> UsageTable:
        """Return the usage that a query asks for; raises PeriodError for an unknown zone."""
        from tokentui.store.usage_query import answer

        with reading(self.connection):
            return answer(self.connection, query)

    def snapshot(self, now: int, zone: str, billing_day: int = 1) -> Snapshot:
        """Return everything the first screens show, at `now` (UTC epoch µs) in `zone`."""
        from tokentui.store.snapshot_query import snapshot

        with reading(self.connection):
            return snapshot(self.connection, now, zone, billing_day)

    def drivers(
        self, start: date, end: date, zone: str, service: str | None = None, account: str = ""
    ) -> Drivers:
        """Return what drove the cost of some days: of one account of a service, or of all with None.

        Raises PeriodError for an unknown zone.
        """
        from tokentui.store.days import Days
        from tokentui.store.drivers import of_days

        with reading(self.connection):
            return of_days(self.connection, Days(zone), start, end, service, account)

    def explanation(self, query: UsageQuery, top: int = 10) -> Explanation:
        """Return what is behind the sums of a selection; raises PeriodError for an unknown zone."""
        from tokentui.store.explain_query import explanation

        with reading(self.connection):
            return explanation(self.connection, query, top)

    def heatmap(self, start: date, end: date, zone: str) -> Heatmap:
        """Return the usage of some days by weekday and hour; raises PeriodError for an unknown zone."""
        from tokentui.store.heatmap_query import heatmap

        with reading(self.connection):
            return heatmap(self.connection, start, end, zone)

    def requests(
        self,
        query: UsageQuery,
        order: str = "time",
        *,
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[Request, ...]:
        """Return a page of the single requests of a selection, by one of `requests.ORDERS`.

        Conditions on cost and tokens are held against each request.
        """
        from tokentui.store import requests

        with reading(self.connection):
            keys = requests.keys(self.connection, query, order, descending, limit, offset)
            return tuple(requests.by_key(self.connection, keys).values())

    def request_keys(
        self, query: UsageQuery, order: str = "time", *, descending: bool = True
    ) -> array[int]:
        """Return the keys of all requests of a selection in order, for `requests_by_key`; 8 bytes each."""
        from tokentui.store import requests

        return requests.keys(self.connection, query, order, descending)

    def requests_by_key(self, keys: Iterable[int]) -> tuple[Request, ...]:
        """Return requests in the order of their keys; what has been removed since is left out."""
        from tokentui.store import requests

        return tuple(requests.by_key(self.connection, keys).values())

    def request_count(self, query: UsageQuery) -> int:
        """Return how many single requests a selection has; older ones may be kept as sums only."""
        from tokentui.store import requests

        return requests.count(self.connection, query)

    def values(self, field: str, prefix: str = "", limit: int = 20) -> tuple[str, ...]:
        """Return the values of a text field that begin with a prefix, most requests first."""
        from tokentui.store.request_values import values

        with reading(self.connection):
            return values(self.connection, field, prefix, limit)

    def record_count(self) -> int:
        """Return how many records are stored, from their sums."""
        return int(self._one("SELECT coalesce(sum(request_count), 0) FROM models"))

    def data_version(self) -> int:
        """Return a number that changes when another connection has changed the database."""
        return int(self._one("PRAGMA data_version"))

    def schema_version(self) -> int:
        """Return the number of the last migration that was applied."""
        return int(self._one("PRAGMA user_version"))

    def journal_mode(self) -> str:
        """Return how the database is protected against a crash: `wal`, `truncate` …"""
        return str(self._one("PRAGMA journal_mode"))

    def files(self, source: str | None = None) -> list[FileState]:
        """Return what is known of the log files, sorted by source and path."""
        rows = self.connection.execute(
            "SELECT source, path, record_count, offset, size, mtime_ns, read_at, error, gone_at,"
            " bad_line_count, anomalies FROM log_files WHERE ?1 IS NULL OR source = ?1",
            (source,),
        )
        found = [FileState(source, os.fsdecode(path), *rest) for source, path, *rest in rows]
        return sorted(found, key=lambda file: (file.source, file.path))

    def bad_lines(self, limit: int = 100, source: str | None = None) -> list[BadLineFound]:
        """Return the lines that could not be read, newest first."""
        rows = self.connection.execute(
            "SELECT f.source, f.path, b.line, b.offset, b.reason, b.seen_at FROM bad_lines AS b"
            " JOIN log_files AS f ON f.id = b.file_id WHERE ?1 IS NULL OR f.source = ?1"
            " ORDER BY b.seen_at DESC, f.path, b.offset LIMIT ?2",
            (source, limit),
        )
        return [BadLineFound(source, os.fsdecode(path), *rest) for source, path, *rest in rows]

    def unpriced_models(self) -> list[tuple[str, str, int]]:
        """Return (provider_name, model, records) of the models with records without a price."""
        return notes.unpriced_models(self.connection)

    def newest_at(self) -> int | None:
        """Return when the newest request was, to a quarter of an hour (UTC epoch µs); None without any."""
        from tokentui.store.retention import newest_at

        return newest_at(self.connection)

    def expired_count(self) -> int:
        """Return of how many requests only the sums are left."""
        from tokentui.store.retention import expired_count

        return expired_count(self.connection)

    def expiring(self, before: int) -> Expiring:
        """Return what removing the requests before a moment (UTC epoch µs) would do. Reads every record."""
        from tokentui.store.retention import expiring

        return expiring(self.connection, before)

    def newest_record(self) -> str:
        """Return the newest record in words; empty when there is none. Reads every record once."""
        row = self.connection.execute(
            "SELECT r.time, s.name, m.name, r.uncached_input_tokens + r.cache_read_input_tokens"
            " + r.cache_creation_5m_input_tokens + r.cache_creation_1h_input_tokens, r.output_tokens"
            " FROM (SELECT *, max(time) FROM usage_records) AS r"
            " JOIN usage_contexts AS c ON c.id = r.context_id"
            " JOIN accounts AS a ON a.id = c.account_id JOIN services AS s ON s.id = a.service_id"
            " JOIN models AS m ON m.id = r.model_id"
        ).fetchone()
        if row is None:
            return ""
        time, service, model, input_tokens, output_tokens = row
        when = datetime.fromtimestamp(time // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{when}, {service}, {model}, {input_tokens:,} tokens in, {output_tokens:,} out"

    def duplicate_times(self) -> int:
        """Return how many records equal another one in time, model and all counts. Reads every record."""
        twins = ", ".join(TWIN_COLUMNS)
        return int(
            self._one(
                "SELECT coalesce(sum(n - 1), 0) FROM"
                f" (SELECT count(*) AS n FROM usage_records GROUP BY {twins} HAVING n > 1)"
            )
        )

    def zone(self) -> str | None:
        """Return the zone in which the stored days begin and end."""
        return notes.setting(self.connection, notes.ZONE)

    def meta(self, name: str) -> str | None:
        """Return a note of the writer's; None when there is none of that name."""
        return notes.note(self.connection, name)

    def configured_accounts(self) -> list[Configured]:
        """Return the accounts that the user set up."""
        from tokentui.store import accounts

        return accounts.configured(self.connection)

    def audit_log(self, limit: int = 1_000, subject: str | None = None) -> list[AuditEntry]:
        """Return the newest changes of accounts and limits, newest first."""
        from tokentui.store import accounts

        return accounts.audit_log(self.connection, limit, subject)

    def account_states(self) -> list[StoredState]:
        """Return how asking the providers goes, by account and feature."""
        from tokentui.store import ledger

        return ledger.states(self.connection)

    def balances(self) -> list[KnownBalance]:
        """Return what is left on each account."""
        from tokentui.store import ledger

        return ledger.balances(self.connection)

    def billed(self, start: int, end: int, feature: Feature | None = None) -> list[BilledSum]:
        """Return what providers say of a time (UTC epoch µs, end exclusive), by account and UTC day."""
        from tokentui.store import ledger

        return ledger.billed(self.connection, start, end, feature)

    def books(self, service: str, account: str, start: date, end: date) -> Books | None:
        """Return what provider and logs say of an account's UTC days; None when it is not set up."""
        from tokentui.store.books import books

        with reading(self.connection):
            return books(self.connection, service, account, start, end)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _one(self, query: str) -> Any:
        return self.connection.execute(query).fetchone()[0]


def open_reader(
    path: str | os.PathLike[str], *, immutable: bool = False, check_same_thread: bool = True
) -> Reader:
    """Open a database for reading; raises FileNotFoundError or sqlite3.Error."""
    return Reader(connect(path, read_only=True, immutable=immutable, check_same_thread=check_same_thread))
