"""What everybody asks the database of limits and plans."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tokentui.billing import Account
    from tokentui.store.limit_tracks import LocalUse, SessionName, Track
    from tokentui.store.snapshot import LimitHistory, Uncovered
    from tokentui.store.subscriptions import Subscription
    from tokentui.store.usage_table import Where


class LimitQuestions:
    """The part of a `Reader` that tells of limits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def limit_history(self, service: str, account: str) -> tuple[LimitHistory, ...]:
        """Return what the past windows of an account's limits came to."""
        from tokentui.store.limit_history import limit_history

        return limit_history(self.connection, service, account)

    def limit_tracks(self, service: str, account: str, since: int) -> tuple[Track, ...]:
        """Return the readings of an account's limits since a moment (UTC epoch µs), shortest window first."""
        from tokentui.store import limit_tracks

        return limit_tracks.tracks(self.connection, service, account, since)

    def local_use(self, service: str, account: str, since: int) -> tuple[LocalUse, ...]:
        """Return what an account's logs here say was used since a moment, by session and quarter."""
        from tokentui.store import limit_tracks

        return limit_tracks.local_use(self.connection, service, account, since)

    def first_use(self, service: str, account: str) -> int | None:
        """Return the first day (since 1970-01-01) with use of an account; None without any."""
        from tokentui.store import limit_tracks

        return limit_tracks.first_use(self.connection, service, account)

    def session_names(self, numbers: tuple[int, ...]) -> tuple[SessionName, ...]:
        """Return what sessions are called."""
        from tokentui.store import limit_tracks

        return limit_tracks.session_names(self.connection, numbers)

    def limited_accounts(self) -> list[Account]:
        """Return the accounts that only logs tell of and for which the user has set limits."""
        from tokentui.store import accounts

        return accounts.limited(self.connection)

    def account_names(self, where: Sequence[Where] = ()) -> list[tuple[str, str]]:
        """Return (service, name) of all accounts there are, from logs or set up.

        `where` are conditions on `service` and `account`.
        """
        from tokentui.store.conditions import conditions

        condition, values = conditions(where)
        rows = self.connection.execute(
            "SELECT s.name, a.name FROM (SELECT id AS account_id, service_id, name FROM accounts) AS a"
            f" JOIN services AS s ON s.id = a.service_id WHERE {condition} ORDER BY 1, 2",
            values,
        )
        return [(service, name) for service, name in rows]

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return the plans that are paid for each month."""
        from tokentui.store import subscriptions

        return subscriptions.subscriptions(self.connection)

    def plan_costs(
        self, plans: Sequence[Subscription], first: date | None, last: date | None, zone: str
    ) -> tuple[dict[tuple[str, str], tuple[Uncovered, ...]], date | None]:
        """Return what accounts cost on the days that no plan covers, and the first day known of anything.

        Raises PeriodError for an unknown zone.
        """
        from tokentui.store.plan_costs import reader_costs

        return reader_costs(self.connection, plans, first, last, zone)
