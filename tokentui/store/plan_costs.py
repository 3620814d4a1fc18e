"""What each account costs beside its plans: the days that no plan covers.

For each day stands what an account's page shows of it: what is billed where the provider's day is closed,
else what logs here come to, else the provider's own tokens at list prices, else what is billed so far.
A provider's days are UTC days. Currencies are not converted, books are not mixed within a day.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from tokentui.store.card_billing import DAY, PART_OF_MESSAGES
from tokentui.store.days import SPANS, Days, date_of, number_of
from tokentui.store.snapshot import Uncovered

if TYPE_CHECKING:
    from tokentui.store.subscriptions import Subscription

_LONGEST = 31
"""Days before the first one in which a figure for several days may begin."""

_ACCOUNTS = (
    "SELECT a.id, s.name, a.name, a.quality FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
)


class _Row(NamedTuple):
    """What a provider says of one day, or of some that begin with it."""

    feature: str
    day: int
    days: int
    currency: str
    nano: int
    closed: bool


def uncovered(
    connection: sqlite3.Connection, plans: Iterable[Subscription], rows: Iterable[tuple[int, int, int, int]],
    first: int | None, last: int | None,
) -> dict[tuple[str, str], tuple[Uncovered, ...]]:  # fmt: skip
    """Return what accounts, by service and name, cost on the days that none of their plans covers.

    `rows` are (day, account, cost, requests without a price) of logs; days count since 1970-01-01, None is an
    open end.
    """
    accounts = connection.execute(_ACCOUNTS).fetchall()
    names = {number: (service, name) for number, service, name, _ in accounts}
    floors = {number for number, *_, quality in accounts if quality == "floor"}
    logs: dict[int, dict[int, list[int]]] = {}
    for day, number, cost, unpriced in rows:
        if _inside(day, first, last):
            sums = logs.setdefault(number, {}).setdefault(day, [0, 0])
            sums[0] += cost
            sums[1] += unpriced
    told = _told(connection, first, last)
    silent = _silent(connection, names) if told else {}
    own: dict[tuple[str, str], list[Subscription]] = {}
    for plan in plans:
        own.setdefault((plan.service, plan.account), []).append(plan)
    found = {}
    for number in sorted(logs.keys() | told.keys(), key=lambda number: names[number]):
        spans = [_span(plan) for plan in own.get(names[number], ())]
        days = _by_day(logs.get(number, {}), told.get(number, []), silent.get(number))
        sums_by: dict[tuple[str, str], list[int]] = {}
        for day, parts in days.items():
            if _inside(day, first, last) and not any(begin <= day <= end for begin, end in spans):
                for currency, book, nano, unpriced in parts:
                    sums = sums_by.setdefault((currency, book), [0, 0])
                    sums[0] += nano
                    sums[1] += unpriced
        if sums_by:
            found[names[number]] = tuple(
                Uncovered(currency, book, nano, bool(unpriced) or (book == "logs" and number in floors))
                for (currency, book), (nano, unpriced) in sorted(sums_by.items())
            )
    return found


_Part = tuple[str, str, int, int]
"""Currency, book, nano-units, requests without a price."""


def _by_day(
    logs: Mapping[int, Sequence[int]], told: Iterable[_Row], silent: tuple[int, int] | None
) -> dict[int, list[_Part]]:
    """Return what stands for each day."""
    bills: dict[int, list[_Row]] = {}
    listed: dict[int, int] = {}
    spanned: set[int] = set()
    for row in told:
        if row.feature == "cost":
            bills.setdefault(row.day, []).append(row)
            spanned.update(range(row.day + 1, row.day + row.days))
        else:
            listed[row.day] = listed.get(row.day, 0) + row.nano
    lone = not spanned  # of figures for several days the silent ones say nothing
    days: dict[int, list[_Part]] = {}
    for day in sorted(logs.keys() | bills.keys() | listed.keys()):
        bill = bills.get(day, [])
        foreign = any(row.currency != "USD" for row in bill)
        if bill and (foreign or all(row.closed for row in bill)):
            days[day] = [(row.currency, "billed", row.nano, 0) for row in bill]
        elif not bill and (day in spanned or (lone and silent and silent[0] <= day <= silent[1])):
            days[day] = []  # within an earlier figure, or its provider billed nothing
        elif day in logs:
            cost, unpriced = logs[day]
            days[day] = [("USD", "logs", cost, unpriced)]
        elif day in listed:
            days[day] = [("USD", "listed", listed[day], 0)]
        else:
            days[day] = [(row.currency, "so far", row.nano, 0) for row in bill]
    return days


def _told(connection: sqlite3.Connection, first: int | None, last: int | None) -> dict[int, list[_Row]]:
    """Return what providers say of the accounts that are set up, by account."""
    if connection.execute("SELECT 1 FROM billed_buckets LIMIT 1").fetchone() is None:
        return {}
    from tokentui.store.ledger import closed as closed_when  # 20 ms with msgspec: only where there are bills

    since = 0 if first is None else (first - _LONGEST) * DAY
    until = 2**62 if last is None else (last + 1) * DAY
    query = (
        f"SELECT account_id, feature, start / {DAY} AS day, max((end - start + {DAY - 1}) / {DAY}), currency,"
        f" sum(CASE feature WHEN 'cost' THEN cost ELSE computed_cost END), min({closed_when()})"
        " FROM billed_buckets WHERE account_id IN (SELECT id FROM accounts WHERE created_at IS NOT NULL)"
        " AND start >= ? AND start < ? AND ((feature = 'cost' AND cost IS NOT NULL) OR (feature = 'history'"
        f" AND operation <> '{PART_OF_MESSAGES}' AND computed_cost IS NOT NULL)) GROUP BY 1, 2, 3, 5"
    )
    found: dict[int, list[_Row]] = {}
    for number, feature, day, days, currency, nano, closed in connection.execute(query, (since, until)):
        found.setdefault(number, []).append(_Row(feature, day, days, currency, nano, bool(closed)))
    return found


def _silent(
    connection: sqlite3.Connection, names: Mapping[int, tuple[str, str]]
) -> dict[int, tuple[int, int]]:
    """Return from when to when silence of an account's provider means that nothing was billed."""
    from tokentui.store import ledger

    numbers = {name: number for number, name in names.items()}
    found = {}
    for state in ledger.states(connection):
        number = numbers.get((state.service, state.account))
        if number is None or state.feature != "cost":
            continue
        if state.filled_from is not None and state.last_success_at is not None:
            begins = -(-state.filled_from // DAY)
            found[number] = begins, (state.last_success_at - ledger.SETTLED) // DAY - 1
    return found


def _span(plan: Subscription) -> tuple[int, int]:
    end = number_of(plan.last_day or date.max)
    return number_of(plan.first_day), end


def _inside(day: int, first: int | None, last: int | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def reader_costs(
    connection: sqlite3.Connection, plans: Sequence[Subscription], first: date | None, last: date | None,
    zone: str,
) -> tuple[dict[tuple[str, str], tuple[Uncovered, ...]], date | None]:  # fmt: skip
    """Return that for some days of a zone, and the first of them that anything is known of.

    Raises PeriodError for an unknown zone.
    """
    rows = _logs(connection, first, last, zone)
    ends = (None if day is None else number_of(day) for day in (first, last))
    found = uncovered(connection, plans, rows, *ends)
    known = [min(row[0] for row in rows)] if rows else []
    (bill,) = connection.execute("SELECT min(start) FROM billed_buckets").fetchone()
    known += [bill // DAY] if bill is not None else []
    return found, first or (date_of(min(known)) if known else None)


def _logs(
    connection: sqlite3.Connection, first: date | None, last: date | None, zone: str
) -> list[tuple[int, int, int, int]]:
    from tokentui.store import notes

    if notes.setting(connection, notes.ZONE) == zone:
        return connection.execute(
            "SELECT day, account_id, sum(cost), sum(unpriced_request_count) FROM usage_days"
            " WHERE day BETWEEN ? AND ? GROUP BY 1, 2",
            (number_of(first or date.min), number_of(last or date.max)),
        ).fetchall()
    spans, _ = Days(zone).spans(connection, first, last)
    return connection.execute(
        f"{SPANS} SELECT s.day, c.account_id, sum(q.cost), sum(q.unpriced_request_count) FROM spans AS s"
        " CROSS JOIN usage_quarters AS q ON q.quarter BETWEEN s.first AND s.last"
        " JOIN usage_contexts AS c ON c.id = q.context_id GROUP BY 1, 2",
        (json.dumps(spans),),
    ).fetchall()
