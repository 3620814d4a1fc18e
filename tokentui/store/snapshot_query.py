"""Builds the `Snapshot`: one pass over the daily sums of the last 90 days, and a few look-ups."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from tokentui import periods
from tokentui.moments import epoch_microseconds, moment
from tokentui.store import drivers, notes
from tokentui.store.card_billing import billings
from tokentui.store.days import QUARTER, SPANS, Days, date_of, number_of
from tokentui.store.snapshot import Card, Day, Limit, Snapshot, Uncovered, Usage
from tokentui.store.subscriptions import subscriptions
from tokentui.store.usage_table import SUMS

TREND_DAYS = 90
CARD_DAYS = 30
_COST, _UNPRICED = (3 + SUMS.index(name) for name in ("cost", "unpriced_request_count"))
_MINUTE = 60_000_000
_LONGEST_WINDOW = 43_200
"""Minutes of a month: what a window of unknown length may have."""

_NEWEST_READINGS = f"""
    SELECT s.account_id, s.limit_id, s.window_minutes, r.last_seen_at, r.used_percent, r.resets_at, r.plan,
        r.limit_name, r.origin
    FROM limit_series AS s JOIN limit_readings AS r ON r.series_id = s.id AND r.observed_at = (
        SELECT n.observed_at FROM limit_readings AS n WHERE n.series_id = s.id AND n.observed_at >=
            (SELECT max(observed_at) / {QUARTER} * {QUARTER} FROM limit_readings WHERE series_id = s.id)
        ORDER BY n.last_seen_at DESC, n.observed_at DESC LIMIT 1)
    ORDER BY r.last_seen_at DESC, s.limit_id, s.window_minutes
"""
"""Rows that say the same stand for up to a quarter of an hour, so the newest is in the last quarter."""


class _Account(NamedTuple):
    service: str
    title: str
    name: str
    last_used_at: int | None
    quality: str
    monthly_limit: int | None


def snapshot(connection: sqlite3.Connection, now: int, zone: str, billing_day: int = 1) -> Snapshot:
    """Return everything the first screens show; the caller holds one read transaction.

    A month begins on `billing_day`. Raises periods.PeriodError for a zone that is not known.
    """
    days = Days(zone)
    today_date = periods.day_of(now, days.zone)
    today, month = number_of(today_date), number_of(periods.billing_month(today_date, billing_day)[0])
    stored = notes.setting(connection, notes.ZONE) == zone
    rows = _daily(connection, days, stored, date_of(min(today - TREND_DAYS + 1, month)), today_date)
    accounts = _accounts(connection)
    (count,) = connection.execute("SELECT coalesce(sum(request_count), 0) FROM models").fetchone()
    until = _same_time(days, now, date_of(today - 1))
    return Snapshot(
        today=today_date,
        zone=zone,
        totals_today=_usage(row[3:] for row in rows if row[0] == today),
        totals_yesterday=_usage(row[3:] for row in rows if row[0] == today - 1),
        yesterday_so_far=_until(connection, days, date_of(today - 1), until),
        yesterday_until=until,
        billing_day=billing_day,
        totals_month=_usage(row[3:] for row in rows if row[0] >= month),
        cards=_cards(connection, accounts, rows, today, month, now),
        drivers=drivers.of_days(connection, days, today_date, today_date),
        days=_trend(connection, accounts, [row for row in rows if row[0] > today - TREND_DAYS]),
        record_count=count,
        first_day=_first_day(connection, days, stored),
        unpriced_models=tuple(dict.fromkeys(name for _, name, _ in notes.unpriced_models(connection))),
    )


def holds_until(shown: Snapshot, now: int) -> int:
    """Return up to when a snapshot of `now` says what a new one would, if nothing is stored meanwhile.

    Both in UTC epoch microseconds. Days end, and yesterday is compared, at quarters of an hour or between
    two; and limits run out of their windows.
    """
    half = QUARTER // 2
    limits = [limit for card in shown.cards for limit in card.limits]
    resets = (_reset_at(each.observed_at, each.window_minutes, each.resets_at) for each in limits)
    return min([(now // half + 1) * half, *(at for at in resets if at > now)])


def _same_time(days: Days, now: int, day: date) -> int:
    """Return when the clocks showed on another day what they show now, to the nearest quarter (epoch µs)."""
    clock = moment(now).astimezone(days.zone).time()
    then = epoch_microseconds(datetime.combine(day, clock, days.zone))
    return (then + QUARTER // 2) // QUARTER * QUARTER


def _until(connection: sqlite3.Connection, days: Days, day: date, until: int) -> Usage:
    """Return the use of a day before a moment, which lies between two quarters."""
    sums = ", ".join(f"sum({name})" for name in SUMS)
    first, _ = days.quarters(day, day)
    query = f"SELECT {sums} FROM usage_quarters WHERE quarter >= ? AND quarter < ?"
    row = connection.execute(query, (first, until // QUARTER)).fetchone()
    return Usage() if row[0] is None else Usage(*row)


def _daily(
    connection: sqlite3.Connection, days: Days, stored: bool, first: date, last: date
) -> list[tuple[int, ...]]:
    """Return (day, account, model, *sums), sorted: from the daily sums, or in another zone from quarters."""
    if stored:
        return connection.execute(
            f"SELECT day, account_id, model_id, {', '.join(f'sum({name})' for name in SUMS)} FROM usage_days"
            " WHERE day BETWEEN ? AND ? GROUP BY 1, 2, 3",
            (number_of(first), number_of(last)),
        ).fetchall()
    spans, _ = days.spans(connection, first, last)
    return connection.execute(
        f"{SPANS} SELECT s.day, c.account_id, q.model_id, {', '.join(f'sum(q.{name})' for name in SUMS)}"
        " FROM spans AS s CROSS JOIN usage_quarters AS q ON q.quarter BETWEEN s.first AND s.last"
        " JOIN usage_contexts AS c ON c.id = q.context_id GROUP BY 1, 2, 3",
        (json.dumps(spans),),
    ).fetchall()


def _first_day(connection: sqlite3.Connection, days: Days, stored: bool) -> date | None:
    if stored:
        (first,) = connection.execute("SELECT min(day) FROM usage_days").fetchone()
        return None if first is None else date_of(first)
    (quarter,) = connection.execute("SELECT min(quarter) FROM usage_quarters").fetchone()
    return None if quarter is None else date_of(days.number(quarter))


def _accounts(connection: sqlite3.Connection) -> dict[int, _Account]:
    rows = connection.execute(
        "SELECT a.id, s.name, s.title, a.name, a.last_used_at, a.quality, a.monthly_limit"
        " FROM accounts AS a JOIN services AS s ON s.id = a.service_id ORDER BY s.name, a.name"
    )
    return {number: _Account(*rest) for number, *rest in rows}


def _trend(
    connection: sqlite3.Connection, accounts: dict[int, _Account], rows: Iterable[tuple[int, ...]]
) -> tuple[Day, ...]:
    """Return the days with use; rows come sorted by day."""
    models: dict[int, str] = dict(connection.execute("SELECT id, name FROM models"))
    found = []
    for number, group in groupby(rows, itemgetter(0)):
        services: dict[str, list[tuple[int, ...]]] = {}
        names: dict[str, list[tuple[int, ...]]] = {}
        for _, account, model, *sums in group:
            services.setdefault(accounts[account].service, []).append(tuple(sums))
            names.setdefault(models[model], []).append(tuple(sums))
        found.append(Day(date_of(number), _named(services), _named(names)))
    return tuple(found)


def _named(groups: dict[str, list[tuple[int, ...]]]) -> tuple[tuple[str, Usage], ...]:
    return tuple((name, _usage(groups[name])) for name in sorted(groups))


def _cards(
    connection: sqlite3.Connection,
    accounts: dict[int, _Account],
    rows: list[tuple[int, ...]],
    today: int,
    month: int,
    now: int,
) -> tuple[Card, ...]:
    """Return a card for each account that was ever used, the most expensive this month first."""
    by_account: dict[int, list[tuple[int, ...]]] = {number: [] for number in accounts}
    for row in rows:
        by_account[row[1]].append(row)
    limits = _limits(connection, now)
    told = billings(connection, now)
    plans = subscriptions(connection)
    beside: dict[tuple[str, str], tuple[Uncovered, ...]] = {}
    if plans:
        from tokentui.store.plan_costs import uncovered

        logs = ((row[0], row[1], row[_COST], row[_UNPRICED]) for row in rows)
        beside = uncovered(connection, plans, logs, month, today)
    cards = []
    for number, account in accounts.items():
        mine = by_account[number]
        daily = {day: _usage(row[3:] for row in group) for day, group in groupby(mine, itemgetter(0))}
        recent = [daily.get(day) for day in range(today - CARD_DAYS + 1, today + 1)]
        mine_is = account.service, account.name
        paid = tuple(plan for plan in plans if (plan.service, plan.account) == mine_is)
        if account.last_used_at is None and number not in limits and number not in told and not paid:
            continue
        cards.append(
            Card(
                service=account.service,
                title=account.title or account.service,
                account=account.name,
                plan=next((limit.plan for limit in limits.get(number, ()) if limit.plan), ""),
                today=daily.get(today, Usage()),
                month=_usage(row[3:] for row in mine if row[0] >= month),
                daily_cost=tuple(None if usage is None else usage.known_cost for usage in recent),
                daily_tokens=tuple(None if usage is None else usage.total_tokens for usage in recent),
                limits=tuple(sorted(limits.get(number, ()), key=_by_window)),
                last_used_at=account.last_used_at,
                quality=account.quality,
                billing=told.get(number),
                monthly_limit=account.monthly_limit,
                plans=paid,
                uncovered=beside.get(mine_is, ()),
            )
        )
    cards.sort(key=lambda card: (-card.month.cost, -card.month.total_tokens, card.service, card.account))
    return tuple(cards)


def _limits(connection: sqlite3.Connection, now: int) -> dict[int, list[Limit]]:
    """Return the newest reading of each limit by account, the newest of all first."""
    rows = connection.execute(_NEWEST_READINGS).fetchall()
    found: dict[int, list[Limit]] = {}
    for account, limit_id, window, last_seen, used, resets_at, plan, name, origin in rows:
        # Once the window was reset, what is used is not known until somebody says so again.
        percent = used if _reset_at(last_seen, window, resets_at) > now else None
        limit = Limit(limit_id, name or limit_id, window, percent, resets_at, last_seen, plan, origin)
        found.setdefault(account, []).append(limit)
    return found


def _reset_at(last_seen: int, window: int, resets_at: int | None) -> int:
    """Return when a window is reset; without a time it is at most its own length after it was last seen."""
    return last_seen + (window or _LONGEST_WINDOW) * _MINUTE if resets_at is None else resets_at


def _by_window(limit: Limit) -> tuple[str, int]:
    return limit.name, limit.window_minutes


def _usage(rows: Iterable[Sequence[int]]) -> Usage:
    """Return the sum of rows of sums."""
    columns = list(zip(*rows, strict=True))
    return Usage(*map(sum, columns)) if columns else Usage()
