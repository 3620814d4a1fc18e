"""What accounts cost each month whatever they are used for: plans, as the user entered them."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import TYPE_CHECKING

from tokentui.frozen import dataclass
from tokentui.periods import on_day
from tokentui.store.days import date_of, number_of

if TYPE_CHECKING:
    from tokentui.store.dimensions import Dimensions


@dataclass(frozen=True, slots=True)
class Subscription:
    """A plan that is paid for each month."""

    number: int
    """Tells it apart; 0 for one that is not stored yet."""
    service: str
    account: str
    name: str
    """`Max`, `Plus` …; may be empty."""
    price: int
    """Nano-units of the currency, a month."""
    currency: str
    first_day: date
    last_day: date | None = None
    """None while it goes on."""

    def runs(self, first: date, last: date) -> bool:
        """Return whether it is paid for on any of some days."""
        return self.first_day <= last and (self.last_day is None or first <= self.last_day)

    def charges(self, first: date, last: date) -> list[date]:
        """Return on which of some days its price is due: each month on the day that it began on.

        In a month without such a day it is the last one.
        """
        start = max(first, self.first_day)
        end = last if self.last_day is None else min(last, self.last_day)
        months = range(12 * start.year + start.month - 1, 12 * end.year + end.month)
        due = (on_day(date(month // 12, month % 12 + 1, 1), self.first_day.day) for month in months)
        return [day for day in due if start <= day <= end]


def put(connection: sqlite3.Connection, dimensions: Dimensions, plan: Subscription) -> int:
    """Store a plan, a new one or one that has a number already; returns its number."""
    from tokentui.store.dimensions import storable  # 20 ms, and the first screen reads plans

    number = dimensions.account(plan.service, plan.account)
    last = None if plan.last_day is None else number_of(plan.last_day)
    cursor = connection.execute(
        "INSERT OR REPLACE INTO subscriptions (id, account_id, name, price, currency, first_day, last_day)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            plan.number or None, number, storable(plan.name), plan.price, plan.currency,
            number_of(plan.first_day), last,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def remove(connection: sqlite3.Connection, number: int) -> None:
    """Forget a plan, as if it had never been paid for."""
    connection.execute("DELETE FROM subscriptions WHERE id = ?", (number,))


def subscriptions(connection: sqlite3.Connection) -> tuple[Subscription, ...]:
    """Return all plans, by service, account and first day."""
    rows = connection.execute(
        "SELECT p.id, s.name, a.name, p.name, p.price, p.currency, p.first_day, p.last_day"
        " FROM subscriptions AS p JOIN accounts AS a ON a.id = p.account_id"
        " JOIN services AS s ON s.id = a.service_id ORDER BY s.name, a.name, p.first_day, p.id"
    )
    return tuple(
        Subscription(
            number, service, account, name, price, currency, date_of(first),
            None if last is None else date_of(last),
        )
        for number, service, account, name, price, currency, first, last in rows
    )  # fmt: skip
