"""The one connection that writes. Whoever holds the lease has one of these."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentui.batch import Batch, Checkpoint
from tokentui.packed import Packed, pack
from tokentui.store import log_files, notes, retention, rollups
from tokentui.store.connection import writing
from tokentui.store.days import Days
from tokentui.store.dimensions import Dimensions, storable
from tokentui.store.ingest import Ingested, store_batches
from tokentui.store.migrate import open_migrated
from tokentui.store.reprice import Pricer, reprice

if TYPE_CHECKING:
    from tokentui.billing import Account, Fetched
    from tokentui.store.bucket_costs import Worth
    from tokentui.store.ledger import Ledger, StoredState
    from tokentui.store.subscriptions import Subscription
    from tokentui.usage import LimitReading, UsageContext, UsageRecord


class Writer:
    """Everything that changes the database. Each call is one transaction (`reprice`: several).

    Not safe to use from two threads. A call that raises has changed nothing.
    """

    def __init__(self, connection: sqlite3.Connection, zone: str) -> None:
        self.connection = connection
        self._dimensions: Dimensions | None = None
        self._days = Days(zone)
        self.set_zone(zone)

    def checkpoints(self, source: str | None = None) -> dict[str, Checkpoint]:
        """Return how far each file was read, by path."""
        return log_files.checkpoints(self.connection, source)

    def ingest(self, batches: Sequence[Batch], now: int) -> Ingested:
        """Store records, rollups, limits, bad lines and checkpoints in one transaction.

        `now` is in UTC epoch µs. Batches of one file must come in the order in which it was read;
        apart from that, order and repetition make no difference.
        """
        return self.ingest_each([list(map(pack, batches))], now)[0] if batches else Ingested()

    def ingest_each(self, groups: Iterable[Sequence[Packed]], now: int) -> list[Ingested]:
        """Store several groups of batches, all in one transaction, and say what came of each."""
        with self._writing() as dimensions:
            return [store_batches(self.connection, dimensions, self._days, each, now) for each in groups]

    def put_record(self, context: UsageContext, record: UsageRecord, now: int) -> Ingested:
        """Store one request that no log tells of; under the same key the larger rank counts, once."""
        nowhere = Checkpoint("", 0, 0, 0, now * 1000, 0, b"", b"")
        return self.ingest([Batch("", nowhere, [context], [record], [], [])], now)

    def mark_gone(self, paths: Iterable[str], now: int) -> int:
        """Note which files are gone: these, and no others; records stay. Returns how many were news."""
        paths = tuple(paths)
        if not paths and not log_files.any_marked(self.connection):
            return 0  # the usual case, for which nobody is kept waiting
        with self._writing():
            return log_files.mark_gone(self.connection, paths, now)

    def file_errors(
        self, errors: Iterable[tuple[str, str, str]], now: int, *, complete: bool = False
    ) -> int:
        """Note (source, path, error) of files that cannot be read; with `complete` all others can.

        Returns how many were news.
        """
        errors = tuple(errors)
        if not errors and not (complete and log_files.any_marked(self.connection)):
            return 0
        with self._writing():
            return log_files.store_errors(self.connection, errors, now, complete=complete)

    def forget_files(self, source: str | None = None) -> None:
        """Drop the checkpoints, so that every file is read anew; the records stay."""
        with self._writing():
            log_files.forget(self.connection, source)

    def set_zone(self, zone: str) -> bool:
        """Let days begin and end in `zone`; rebuilds the daily sums. False when it is the zone already.

        Raises PeriodError for a zone that is not known.
        """
        if notes.setting(self.connection, notes.ZONE) == zone:
            return False
        days = Days(zone)
        with self._writing():
            rollups.rebuild_days(self.connection, days)
            notes.set_setting(self.connection, notes.ZONE, zone)
        self._days = days
        return True

    def unpriced(self) -> list[tuple[str, str, int]]:
        """Return (provider_name, model, records) of the models with records without a price."""
        return notes.unpriced_models(self.connection)

    def reprice(
        self, price: Pricer, only_models: Collection[str] | None = None,
        only_accounts: Collection[str] | None = None, *, unpriced_only: bool = False,
    ) -> int:  # fmt: skip
        """Price records anew with `price(record, account)`; returns how many changed.

        Accounts are `service` or `service/name`, those in `only_accounts` in lower case.
        """
        try:
            return reprice(
                self.connection, self._known_dimensions(), self._days, price, only_models, only_accounts,
                unpriced_only,
            )  # fmt: skip
        except BaseException:
            self._dimensions = None
            raise

    def reprice_buckets(
        self, worth: Worth, only_accounts: Collection[str] | None = None, *, unpriced_only: bool = False
    ) -> int:
        """Price providers' buckets anew with `worth(service, account, buckets)`; returns how many changed."""
        from tokentui.store import bucket_costs

        return bucket_costs.reprice(self.connection, worth, only_accounts, unpriced_only)

    def newest_at(self) -> int | None:
        """Return when the newest request was, to a quarter of an hour (UTC epoch µs); None without any."""
        return retention.newest_at(self.connection)

    def expire_piece(self, before: int, after_key: int | None) -> tuple[int, int | None]:
        """Remove the next requests from before a moment (UTC epoch µs); their sums stay.

        Returns how many went, and the key to go on after; None at the end. Begin with None.
        """
        return retention.expire_piece(self.connection, before, after_key)

    def rebuild_rollups(self) -> None:
        """Compute every sum anew from the records; those of removed requests stay."""
        with self._writing():
            rollups.rebuild(self.connection, self._days)

    def describe_services(self, titles: Mapping[str, str]) -> None:
        """Give services (by name) the titles that cards show."""
        news = [(name, storable(title)) for name, title in sorted(titles.items())]
        known = dict(self.connection.execute("SELECT name, title FROM services"))
        if all(known.get(name) == title for name, title in news):
            return
        with self._writing():
            self.connection.executemany(
                "INSERT INTO services (name, title) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET title = excluded.title",
                news,
            )
        self._dimensions = None

    def known_service(self, name: str) -> bool:
        """Return whether a service is stored already, and so has a title."""
        found = self.connection.execute("SELECT 1 FROM services WHERE name = ? AND title <> ''", (name,))
        return found.fetchone() is not None

    def put_account(self, account: Account, title: str, now: int, *, key_changed: bool = False) -> None:
        """Store an account that the user set up, new or changed; `now` is in UTC epoch µs."""
        from tokentui.store import accounts

        with self._writing() as dimensions:
            accounts.put(self.connection, dimensions, account, title, now, key_changed=key_changed)

    def put_own_limits(self, account: Account) -> None:
        """Store the limits that the user sets for an account that only logs tell of."""
        from tokentui.store import accounts

        with self._writing() as dimensions:
            accounts.put_limits(self.connection, dimensions, account)

    def removal(self, account: Account) -> dict[str, int]:
        """Return how many rows of each kind would go with an account, and `requests`, which would stay."""
        from tokentui.store import accounts

        number = accounts.number_of(self.connection, account.service, account.name)
        return {} if number is None else accounts.removal(self.connection, number)

    def remove_account(self, account: Account) -> None:
        """Remove an account with all its provider said of it; requests from logs stay."""
        from tokentui.store import accounts

        number = accounts.number_of(self.connection, account.service, account.name)
        if number is not None:
            with self._writing():
                accounts.remove(self.connection, number)

    def put_fetched(self, account: Account, fetched: Fetched, now: int) -> Ledger:
        """Store what a provider answered, in one transaction; `now` is in UTC epoch µs."""
        from tokentui.store import ledger

        with self._writing() as dimensions:
            return ledger.put_fetched(
                self.connection, dimensions, account.service, account.name, fetched, now
            )

    def put_limits(self, readings: Iterable[LimitReading], now: int) -> int:
        """Store readings of limits; returns how many rows are new."""
        from tokentui.store.limits import store_readings

        with self._writing() as dimensions:
            return store_readings(self.connection, readings, dimensions, now)

    def put_states(self, states: Iterable[StoredState]) -> None:
        """Store how asking the providers goes."""
        from tokentui.store import ledger

        with self._writing() as dimensions:
            for state in states:
                ledger.put_state(self.connection, dimensions, state)

    def put_subscription(self, plan: Subscription) -> int:
        """Store a plan that is paid for each month; returns its number."""
        from tokentui.store import subscriptions

        with self._writing() as dimensions:
            return subscriptions.put(self.connection, dimensions, plan)

    def remove_subscription(self, number: int) -> None:
        """Forget a plan, as if it had never been paid for."""
        from tokentui.store import subscriptions

        with self._writing():
            subscriptions.remove(self.connection, number)

    def audit(
        self, now: int, actor: str, action: str, subject: str, before: Mapping[str, object],
        after: Mapping[str, object],
    ) -> None:  # fmt: skip
        """Note who changed what; never a key."""
        from tokentui.store import accounts

        with self._writing():
            accounts.audit(self.connection, now, actor, action, subject, before, after)

    def meta(self, name: str) -> str | None:
        """Return a note; None when there is none of that name."""
        return notes.note(self.connection, name)

    def set_meta(self, name: str, value: str | None) -> None:
        """Keep a note, or drop it with None."""
        with self._writing():
            notes.set_note(self.connection, name, value)

    def put_titles(self, titles: Mapping[str, Mapping[str, str]]) -> int:
        """Name sessions, by service and conversation id; returns how many have a new name."""
        from tokentui.store.titles import put

        if not titles:
            return 0
        with self._writing():
            return sum(put(self.connection, service, found) for service, found in titles.items())

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _known_dimensions(self) -> Dimensions:
        if self._dimensions is None:
            self._dimensions = Dimensions(self.connection)
        return self._dimensions

    @contextmanager
    def _writing(self) -> Iterator[Dimensions]:
        """One transaction; what was remembered of a failed one is forgotten with it."""
        try:
            with writing(self.connection):
                yield self._known_dimensions()
        except BaseException:
            self._dimensions = None
            raise


def open_writer(
    path: str | os.PathLike[str], zone: str, *, journal_mode: str = "wal", synchronous: str = "NORMAL",
    locking_mode: str | None = None, check_same_thread: bool = True,
) -> Writer:  # fmt: skip
    """Open the database for writing: made when missing, migrated when behind, days in `zone`.

    Raises NewerDatabase when a newer version made it, PeriodError for an unknown zone, sqlite3.Error.
    """
    connection = open_migrated(
        path, journal_mode=journal_mode, synchronous=synchronous, locking_mode=locking_mode,
        check_same_thread=check_same_thread,
    )  # fmt: skip
    try:
        return Writer(connection, zone)
    except BaseException:
        connection.close()
        raise
