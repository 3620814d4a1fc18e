"""Both books of one account: what its provider says of each UTC day, and what logs here say of the same.

Nothing is added up across them, nor across currencies.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta

from tokentui.billing import Account
from tokentui.store import accounts, ledger
from tokentui.store.ledger import SETTLED, BilledSum, StoredState
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import UsageQuery, Where

DAY = 86_400_000_000
EPOCH = date(1970, 1, 1)

_MOST_BALANCES = 400
"""Past amounts of one balance that are read, the newest."""


@dataclass(frozen=True, slots=True)
class PastBalance:
    """What was left on an account, as it went."""

    kind: str
    currency: str
    granted: int | None
    """What there was at first, where the provider says so."""
    amounts: tuple[tuple[int, int], ...]
    """(when it was first seen, in UTC epoch µs; nano-units of the currency), oldest first."""
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """The limits that the user set, in nano-dollars and tokens a month."""

    monthly: int | None = None
    session: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """What is known of an account that the user set up, from `start` to `end` (UTC days, both included)."""

    service: str
    account: str
    start: date
    end: date
    is_active: bool
    allowed: Allowed
    sums: tuple[BilledSum, ...]
    """What the provider says, by feature, day, model, operation and currency."""
    here: tuple[tuple[date, Usage], ...]
    """What logs here say of the same account, by UTC day; empty where no log knows it."""
    balances: tuple[PastBalance, ...]
    states: tuple[StoredState, ...]
    longest_days: int = 1
    """How many days the longest figure of its bill covers; of more than one, silent days mean nothing."""
    quality: str = "exact"
    """That of what logs say: the figures of a `floor` are lower bounds."""

    @property
    def key(self) -> str:
        """The account as people write it: `openai-api/work`."""
        return f"{self.service}/{self.account}" if self.account else self.service


def books(connection: sqlite3.Connection, service: str, name: str, start: date, end: date) -> Books | None:
    """Return both books of an account; None when the user has not set it up."""
    found = next(
        (each.account for each in accounts.configured(connection)
         if (each.account.service, each.account.name) == (service, name)), None,
    )  # fmt: skip
    if found is None:
        return None
    first, last = (start - EPOCH).days * DAY, ((end - EPOCH).days + 1) * DAY
    sums = ledger.billed(connection, first, last, account=(service, name))
    here, quality = _here(connection, service, name, start, end)
    own = [each for each in ledger.states(connection) if (each.service, each.account) == (service, name)]
    return Books(
        service, name, start, end, found.is_active, _allowed(found), tuple(sums), here,
        _balances(connection, service, name), tuple(own), _longest(connection, service, name), quality,
    )  # fmt: skip


def closed(state: StoredState | None, day: date) -> bool:
    """Whether a day of which the provider said nothing will stay like that: it was asked late enough."""
    end = ((day - EPOCH).days + 1) * DAY
    return answered(state, day) and state is not None and (state.last_success_at or 0) >= end + SETTLED


def answered(state: StoredState | None, day: date) -> bool:
    """Whether the provider was asked for the whole of a day: then silence means that there was nothing."""
    if state is None or state.filled_from is None or state.last_success_at is None:
        return False
    start = (day - EPOCH).days * DAY
    return state.filled_from <= start and start + DAY <= state.last_success_at


def account_where(service: str, name: str) -> tuple[Where, ...]:
    """Return the conditions that select an account among what logs say."""
    if not name:
        return (Where("account", "eq", (service,)),)
    return Where("service", "eq", (service,)), Where("account", "eq", (name,))


def _allowed(account: Account) -> Allowed:
    return Allowed(account.monthly_limit, account.session_limit, account.token_limit)


def _here(
    connection: sqlite3.Connection, service: str, name: str, start: date, end: date
) -> tuple[tuple[tuple[date, Usage], ...], str]:
    from tokentui.store.usage_query import answer

    query = UsageQuery(start, end, "UTC", group_by=("day",), where=account_where(service, name))
    table = answer(connection, query)
    return tuple((date.fromisoformat(day), usage) for (day,), usage in table.groups), table.quality


def _longest(connection: sqlite3.Connection, service: str, name: str) -> int:
    (longest,) = connection.execute(
        f"SELECT max((end - start + {DAY - 1}) / {DAY}) FROM billed_buckets"
        " WHERE account_id = ? AND feature = 'cost'",
        (accounts.number_of(connection, service, name),),
    ).fetchone()
    return longest or 1


def _balances(connection: sqlite3.Connection, service: str, name: str) -> tuple[PastBalance, ...]:
    number = accounts.number_of(connection, service, name)
    rows = connection.execute(
        "SELECT name, currency, granted, observed_at, amount, last_seen_at FROM balances"
        " WHERE account_id = ? ORDER BY name, currency, observed_at",
        (number,),
    )
    kinds: dict[tuple[str, str], list[tuple[int | None, int, int, int]]] = {}
    for kind, currency, *rest in rows:
        kinds.setdefault((kind, currency), []).append((rest[0], rest[1], rest[2], rest[3]))
    return tuple(
        PastBalance(
            kind, currency, past[-1][0], tuple((at, amount) for _, at, amount, _ in past[-_MOST_BALANCES:]),
            past[-1][3],
        )
        for (kind, currency), past in kinds.items()
    )  # fmt: skip


def day_of(number: int) -> date:
    """Return the date of a day that is counted since 1970-01-01."""
    return EPOCH + timedelta(days=number)
