"""What the providers say of the accounts, as the cards show it. Nothing is asked where none was set up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from tokentui.store.snapshot import Billing

DAY = 86_400_000_000
CARD_DAYS = 30

PART_OF_MESSAGES = "claude-code"
"""Claude Code's own report is a part of the messages that are told as well: it would count twice."""

_WORST_FIRST = ("key-rejected", "locked", "open", "degraded", "new", "off", "ok")
_TOKENS = (
    "uncached_input_tokens + cache_read_input_tokens + cache_creation_5m_input_tokens"
    " + cache_creation_1h_input_tokens + output_tokens"
)
_SUMS = f"""
    SELECT account_id, feature, start / {DAY} AS day, currency, sum(cost), sum(computed_cost), sum({_TOKENS}),
        sum(request_count)
    FROM billed_buckets WHERE account_id IN (SELECT id FROM accounts WHERE created_at IS NOT NULL)
        AND start >= ? AND NOT (feature = 'history' AND operation = '{PART_OF_MESSAGES}') GROUP BY 1, 2, 3, 4
"""


class _Sum(NamedTuple):
    account: int
    feature: str
    day: int
    currency: str
    cost: int | None
    computed: int | None
    tokens: int
    requests: int | None


def billings(connection: sqlite3.Connection, now: int) -> dict[int, Billing]:
    """Return what is known of the accounts that the user set up, by their number. `now` in UTC epoch µs."""
    accounts = connection.execute(
        "SELECT id, label, is_active, monthly_limit FROM accounts WHERE created_at IS NOT NULL"
    ).fetchall()
    if not accounts:
        return {}
    today = now // DAY
    month = _month_start(today)
    first = min(month, today - CARD_DAYS + 1)
    sums: dict[int, list[_Sum]] = {}
    for row in connection.execute(_SUMS, (first * DAY,)):
        sums.setdefault(row[0], []).append(_Sum(*row))
    states = _by_account(
        connection,
        "SELECT account_id, status, error, hint, next_due, last_success_at, notes FROM account_states"
        " ORDER BY feature",
    )
    left = _by_account(
        connection,
        "SELECT account_id, name, amount, currency, granted, max(observed_at) FROM balances"
        " GROUP BY account_id, name, currency ORDER BY name, currency",
    )
    return {
        number: _billing(
            (label, active, limit), states.get(number, []), left.get(number, []), sums.get(number, []),
            today, month,
        )
        for number, label, active, limit in accounts
    }  # fmt: skip


def _billing(
    account: tuple[str, int, int | None], states: list[Any], balances: list[Any], sums: list[_Sum],
    today: int, month: int,
) -> Billing:  # fmt: skip
    label, active, limit = account
    worst = min(
        states, key=lambda state: _WORST_FIRST.index(state[0]), default=("new", "", "", None, None, "")
    )
    if worst[0] == "off" and any(state[0] == "ok" for state in states):
        worst = next(state for state in states if state[0] == "ok")
    answered = [state[4] for state in states if state[4] is not None]
    notes = dict.fromkeys(note for state in states for note in json.loads(state[5] or "[]"))
    money, billed, currency = _money(sums)
    tokens = [row for row in sums if row.feature == "history"]
    return Billing(
        label=label,
        status=worst[0] if active else "paused",
        error=worst[1] if active else "",
        hint=worst[2] if active else "",
        next_due=worst[3] if worst[1] and active else None,
        answered_at=max(answered, default=None),
        currency=currency,
        billed=billed,
        today=money.get(today),
        month=_total(money[day] for day in money if day >= month),
        daily=tuple(money.get(day) for day in range(today - CARD_DAYS + 1, today + 1)) if money else (),
        today_tokens=_total(row.tokens for row in tokens if row.day == today),
        month_tokens=_total(row.tokens for row in tokens if row.day >= month),
        month_requests=_total(
            row.requests for row in tokens if row.day >= month and row.requests is not None
        ),
        balances=tuple((name, amount, unit, granted) for name, amount, unit, granted, _ in balances),
        notes=tuple(notes),
        monthly_limit=limit,
    )


def _money(sums: list[_Sum]) -> tuple[dict[int, int], bool, str]:
    """Return the money by day, whether it is billed, and its currency: the one with the most of it.

    Where a provider tells no cost, what it tells of tokens is taken at list prices.
    """
    billed = [row for row in sums if row.feature == "cost" and row.cost is not None]
    if not billed:
        computed = [row for row in sums if row.feature == "history" and row.computed is not None]
        return _days((row.day, row.computed or 0) for row in computed), not computed, "USD"
    by_currency: dict[str, int] = {}
    for row in billed:
        by_currency[row.currency] = by_currency.get(row.currency, 0) + (row.cost or 0)
    currency = max(by_currency, key=lambda name: by_currency[name])
    return _days((row.day, row.cost or 0) for row in billed if row.currency == currency), True, currency


def _days(amounts: Iterable[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for day, amount in amounts:
        found[day] = found.get(day, 0) + amount
    return found


def _total(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _month_start(day: int) -> int:
    from datetime import date, timedelta

    epoch = date(1970, 1, 1)
    return ((epoch + timedelta(days=day)).replace(day=1) - epoch).days


def _by_account(connection: sqlite3.Connection, query: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, *rest in connection.execute(query):
        found.setdefault(number, []).append(tuple(rest))
    return found
