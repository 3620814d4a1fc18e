"""Answers a `UsageQuery` from the smallest table that knows: days, quarters, or the records themselves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from tokentui.frozen import dataclass
from tokentui.periods import week_of
from tokentui.store.conditions import ACCOUNT_LABEL, SUCCEEDED, conditions, satisfied
from tokentui.store.days import QUARTER, SPANS, Days, date_of, number_of
from tokentui.store.notes import ZONE, setting
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import (
    NUMBER_FIELDS,
    QUALITIES,
    SUMS,
    TIME_DIMENSIONS,
    UsageQuery,
    UsageTable,
)

_DAYS_KNOW = frozenset(
    {*TIME_DIMENSIONS, *NUMBER_FIELDS, "service", "account", "provider", "model", "project"}
)
"""What the sums of the days are split by; the rest only contexts know, and `success` only records."""

_ALIGNED_SINCE = 737
"""1972-01-08 in days since the epoch: from then on every zone's days begin between two quarters."""

_COLUMNS = {
    "day": "day", "week": "day", "month": "day", "service": "account_id", "account": "account_id",
    "provider": "model_id", "model": "model_id", "project": "project_id", "branch": "branch",
    "session": "session_id", "user": "user", "machine": "machine", "tool_version": "tool_version",
    "operation": "operation_name", "success": "success", "provenance": "provenance", "quality": "quality",
}
_NAMED = frozenset(
    {"branch", "user", "machine", "tool_version", "operation", "success", "provenance", "quality"}
)
"""Dimensions whose columns hold the name itself."""

_CONTEXT = (
    "c.account_id, c.project_id, c.branch, c.session_id, c.user, c.machine, c.tool_version,"
    " c.operation_name, c.provenance, c.quality"
)
_JOIN = "JOIN usage_contexts AS c ON c.id = f.context_id"
_QUARTERS = (
    "FROM spans AS s CROSS JOIN usage_quarters AS f ON f.quarter BETWEEN s.first AND s.last"
    f" {_JOIN}"
)
_COUNTED = {"request_count": "1", "cost": "coalesce(cost, 0)", "unpriced_request_count": "cost IS NULL"}
_RECORD_SUMS = ", ".join(f"{_COUNTED.get(name, f'f.{name}')} AS {name}" for name in SUMS)
_FAILED = (
    f"{SPANS}, failed AS (SELECT f.time / {QUARTER} AS quarter, f.context_id, f.model_id,"
    f" {', '.join(f'sum({_COUNTED.get(name, name)}) AS {name}' for name in SUMS)}"
    " FROM usage_records AS f WHERE f.error <> '' GROUP BY 1, 2, 3)"
)
"""The spans, and beside them the sums of the requests that failed, split as the quarters are."""


def answer(connection: sqlite3.Connection, query: UsageQuery) -> UsageTable:
    """Return the usage that a query asks for. Raises periods.PeriodError for an unknown zone."""
    facts = _facts(connection, query)
    condition, more = conditions(query.where)
    columns = list(dict.fromkeys(_COLUMNS[name] for name in query.group_by))
    figures = ["min(day)", "max(day)", f"max({_weakness(connection, facts.of_days)})"]
    sql = (
        f"{facts.prefix} SELECT {', '.join([*columns, *figures, *(f'sum({name})' for name in SUMS)])}"
        f" FROM ({facts.table}) WHERE {condition}{' GROUP BY ' if columns else ''}{', '.join(columns)}"
    )
    at = len(columns)
    rows = [row for row in connection.execute(sql, (*facts.values, *more)) if row[at] is not None]
    if not rows:
        return UsageTable()
    groups = _groups(connection, query, columns, rows)
    if any(condition.field in NUMBER_FIELDS for condition in query.where):
        groups = {key: group for key, group in groups.items() if satisfied(group[0], query.where)}
    ordered = sorted(groups.items()) if query.group_by else []
    return UsageTable(
        totals=total(usage for usage, _ in groups.values()),
        groups=tuple((key, usage) for key, (usage, _) in ordered),
        first_day=date_of(min(row[at] for row in rows)),
        last_day=date_of(max(row[at + 1] for row in rows)),
        quality=QUALITIES[max((weakness for _, weakness in groups.values()), default=0)],
        qualities=tuple(QUALITIES[weakness] for _, (_, weakness) in ordered),
        titles=_titles(connection) if "session" in query.group_by else (),
    )


def _titles(connection: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """Return what sessions are called: all of them, for few have a title and most are asked for."""
    return tuple(connection.execute("SELECT conversation_id, title FROM sessions WHERE title <> ''"))


def total(usages: Iterable[Usage]) -> Usage:
    """Return the sum of sums, exactly: Python's integers have no end."""
    sums = [0] * len(SUMS)
    for usage in usages:
        for at, name in enumerate(SUMS):
            sums[at] += getattr(usage, name)
    return Usage(*sums)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Where the sums come from."""

    prefix: str
    """What stands before the SELECT."""
    table: str
    """What to select from: a day, the numbers of the dimensions, and SUMS."""
    values: list[str | int]
    """The parameters of both."""
    of_days: bool = False
    """Whether it is the table that knows no contexts."""


def _facts(connection: sqlite3.Connection, query: UsageQuery) -> _Facts:
    used = {*query.group_by, *(condition.field for condition in query.where)}
    first = -(2**31) if query.start is None else number_of(query.start)
    last = 2**31 if query.end is None else number_of(query.end)
    if used <= _DAYS_KNOW and setting(connection, ZONE) == query.zone:
        (oldest,) = connection.execute("SELECT min(day) FROM usage_days WHERE day >= ?", (first,)).fetchone()
        if oldest is None or oldest >= _ALIGNED_SINCE:
            return _Facts("", "SELECT * FROM usage_days WHERE day BETWEEN ? AND ?", [first, last], True)
    days = Days(query.zone)
    spans, aligned = days.spans(connection, query.start, query.end)
    if not aligned:
        # The zone's days begin within a quarter: slow, and only for years before 1972.
        connection.create_function("day_number", 1, days.number_at, deterministic=True)
        return _Facts(
            "",
            f"SELECT * FROM (SELECT day_number(f.time) AS day, f.model_id, {_CONTEXT},"
            f" {SUCCEEDED} AS success, {_RECORD_SUMS} FROM usage_records AS f {_JOIN})"
            " WHERE day BETWEEN ? AND ?",
            [first, last],
        )
    if "success" in used:
        return _Facts(_FAILED, f"{_facts_of('yes')} UNION ALL {_facts_of('no')}", [json.dumps(spans)])
    sums = ", ".join(f"f.{name}" for name in SUMS)
    return _Facts(SPANS, f"SELECT s.day, f.model_id, {_CONTEXT}, {sums} {_QUARTERS}", [json.dumps(spans)])


def _facts_of(success: str) -> str:
    """Return the sums of the requests that failed, or of the others: what is left of each quarter.

    Only records know whether they failed; reading that of a million of them takes 0.1 s. What was removed
    after its time (see `retention`) counts among the others.
    """
    value = "x.{0}" if success == "no" else "f.{0} - coalesce(x.{0}, 0)"
    sums = ", ".join(f"{value.format(name)} AS {name}" for name in SUMS)
    join, condition = (
        ("JOIN", "1") if success == "no" else ("LEFT JOIN", "f.request_count > coalesce(x.request_count, 0)")
    )
    return (
        f"SELECT s.day, f.model_id, {_CONTEXT}, '{success}' AS success, {sums} {_QUARTERS} {join} failed AS x"
        " ON x.quarter = f.quarter AND x.context_id = f.context_id AND x.model_id = f.model_id"
        f" WHERE {condition}"
    )


def _weakness(connection: sqlite3.Connection, of_days: bool) -> str:
    """Return SQL for the place of a fact's quality in QUALITIES; of the days' sums, of its account's.

    An account's is the weakest of its contexts', so where all of them are exact nothing is looked up.
    """
    (doubts,) = connection.execute("SELECT count(*) FROM accounts WHERE quality <> 'exact'").fetchone()
    if not doubts:
        return "0"
    tests = (
        f"account_id IN (SELECT id FROM accounts WHERE quality = '{quality}')"
        if of_days
        else f"quality = '{quality}'"
        for quality in QUALITIES[1:]
    )
    cases = " ".join(f"WHEN {test} THEN {place}" for place, test in enumerate(tests, 1))
    return f"CASE {cases} ELSE 0 END"


def _groups(
    connection: sqlite3.Connection, query: UsageQuery, columns: list[str], rows: list[tuple[Any, ...]]
) -> dict[tuple[str, ...], tuple[Usage, int]]:
    """Return the sums and the weakness by the names of the groups: two numbers may have the same name."""
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
            sums[0] = max(sums[0], row[start])
            for at, value in enumerate(row[start + 1 :], 1):
                sums[at] += value
    return {key: (Usage(*sums), weakness) for key, (weakness, *sums) in found.items()}


def _labels(
    connection: sqlite3.Connection, dimension: str, values: set[Any], week_start: str
) -> Mapping[Any, str]:
    """Return the name of each value of a dimension."""
    if dimension in TIME_DIMENSIONS:
        return {value: _period(dimension, value, week_start) for value in values}
    if dimension in _NAMED:
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
