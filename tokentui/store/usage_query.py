"""Answers a `UsageQuery` from the smallest table that knows: days, quarters, or the records themselves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from tokentui.periods import week_of
from tokentui.store.conditions import ACCOUNT_LABEL, conditions, satisfied
from tokentui.store.days import SPANS, Days, date_of, number_of
from tokentui.store.notes import ZONE, setting
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import NUMBER_FIELDS, SUMS, TIME_DIMENSIONS, UsageQuery, UsageTable

_ONLY_CONTEXTS_KNOW = frozenset({"branch", "session"})

_ALIGNED_SINCE = 737
"""1972-01-08 in days since the epoch: from then on every zone's days begin between two quarters."""

_COLUMNS = {
    "day": "day", "week": "day", "month": "day", "service": "account_id", "account": "account_id",
    "provider": "model_id", "model": "model_id", "project": "project_id", "branch": "branch",
    "session": "session_id",
}

_CONTEXT = "c.account_id, c.project_id, c.branch, c.session_id"
_JOIN = "JOIN usage_contexts AS c ON c.id = f.context_id"
_COUNTED = {"request_count": "1", "cost": "coalesce(cost, 0)", "unpriced_request_count": "cost IS NULL"}
_RECORD_SUMS = ", ".join(f"{_COUNTED.get(name, f'f.{name}')} AS {name}" for name in SUMS)


def answer(connection: sqlite3.Connection, query: UsageQuery) -> UsageTable:
    """Return the usage that a query asks for. Raises periods.PeriodError for an unknown zone."""
    prefix, facts, values = _facts(connection, query)
    condition, more = conditions(query.where)
    columns = list(dict.fromkeys(_COLUMNS[name] for name in query.group_by))
    sql = (
        f"{prefix} SELECT {', '.join([*columns, 'min(day)', 'max(day)', *(f'sum({name})' for name in SUMS)])}"
        f" FROM ({facts}) WHERE {condition}{' GROUP BY ' if columns else ''}{', '.join(columns)}"
    )
    rows = [row for row in connection.execute(sql, (*values, *more)) if row[len(columns)] is not None]
    if not rows:
        return UsageTable()
    groups = _groups(connection, query, columns, rows)
    if any(condition.field in NUMBER_FIELDS for condition in query.where):
        groups = {key: usage for key, usage in groups.items() if satisfied(usage, query.where)}
    at = len(columns)
    return UsageTable(
        totals=total(groups.values()),
        groups=tuple(sorted(groups.items())) if query.group_by else (),
        first_day=date_of(min(row[at] for row in rows)),
        last_day=date_of(max(row[at + 1] for row in rows)),
    )


def total(usages: Iterable[Usage]) -> Usage:
    """Return the sum of sums, exactly: Python's integers have no end."""
    sums = [0] * len(SUMS)
    for usage in usages:
        for at, name in enumerate(SUMS):
            sums[at] += getattr(usage, name)
    return Usage(*sums)


def _facts(connection: sqlite3.Connection, query: UsageQuery) -> tuple[str, str, list[str | int]]:
    """Return what stands before the SELECT, the table to select from, and their parameters."""
    used = {*query.group_by, *(condition.field for condition in query.where)}
    first = -(2**31) if query.start is None else number_of(query.start)
    last = 2**31 if query.end is None else number_of(query.end)
    if not used & _ONLY_CONTEXTS_KNOW and setting(connection, ZONE) == query.zone:
        (oldest,) = connection.execute("SELECT min(day) FROM usage_days WHERE day >= ?", (first,)).fetchone()
        if oldest is None or oldest >= _ALIGNED_SINCE:
            return "", "SELECT * FROM usage_days WHERE day BETWEEN ? AND ?", [first, last]
    days = Days(query.zone)
    spans, aligned = days.spans(connection, query.start, query.end)
    sums = ", ".join(f"f.{name}" for name in SUMS)
    if aligned:
        return (
            SPANS,
            f"SELECT s.day, f.model_id, {_CONTEXT}, {sums} FROM spans AS s CROSS JOIN usage_quarters AS f"
            f" ON f.quarter BETWEEN s.first AND s.last {_JOIN}",
            [json.dumps(spans)],
        )
    # The zone's days begin within a quarter: slow, and only for years before 1972.
    connection.create_function("day_number", 1, days.number_at, deterministic=True)
    return (
        "",
        f"SELECT * FROM (SELECT day_number(f.time) AS day, f.model_id, {_CONTEXT}, {_RECORD_SUMS}"
        f" FROM usage_records AS f {_JOIN}) WHERE day BETWEEN ? AND ?",
        [first, last],
    )


def _groups(
    connection: sqlite3.Connection, query: UsageQuery, columns: list[str], rows: list[tuple[Any, ...]]
) -> dict[tuple[str, ...], Usage]:
    """Return the sums by the names of their groups: two numbers may have the same name."""
    places = [columns.index(_COLUMNS[name]) for name in query.group_by]
    labels = [
        _labels(connection, name, {row[at] for row in rows}, query.week_start)
        for name, at in zip(query.group_by, places, strict=True)
    ]
    found: dict[tuple[str, ...], list[int]] = {}
    start = len(columns) + 2
    for row in rows:
        key = tuple(names[row[at]] for names, at in zip(labels, places, strict=True))
        sums = found.get(key)
        if sums is None:
            found[key] = list(row[start:])
        else:
            for at, value in enumerate(row[start:]):
                sums[at] += value
    return {key: Usage(*sums) for key, sums in found.items()}


def _labels(
    connection: sqlite3.Connection, dimension: str, values: set[Any], week_start: str
) -> Mapping[Any, str]:
    """Return the name of each value of a dimension."""
    if dimension in TIME_DIMENSIONS:
        return {value: _period(dimension, value, week_start) for value in values}
    if dimension == "branch":
        return {value: value for value in values}
    accounts = "FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
    source = {
        "service": f"SELECT a.id, s.name {accounts}",
        "account": f"SELECT a.id, {ACCOUNT_LABEL} {accounts}",
        "provider": "SELECT id, provider_name FROM models",
        "model": "SELECT id, name FROM models",
        "project": "SELECT id, path FROM projects",
        "session": "SELECT id, conversation_id FROM sessions",
    }[dimension]
    wanted = json.dumps(list(values))
    identity = "a.id" if accounts in source else "id"
    query = f"{source} WHERE {identity} IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (wanted,)))


def _period(dimension: str, number: int, week_start: str) -> str:
    day = date_of(number)
    if dimension == "week":
        day = week_of(day, week_start)[0]
    return day.isoformat()[:7] if dimension == "month" else day.isoformat()
