"""Single requests of a selection, in order, a page at a time.

    rows = reader.requests(query, order="cost", limit=50)          # the first page
    rows = reader.requests(query, order="cost", limit=50, offset=50)
    keys = reader.request_keys(query)                              # the whole order, 8 bytes a request
    rows = reader.requests_by_key(keys[500_000:500_050])           # any page of it, in 1 ms
    count = reader.request_count(query)

A row is an `explain.Request`: `row.record` has time, model, counts, cost, price, error, duration, what the
tool recorded; `row.context` has service, account, session, project, branch, quality …. What a query is
grouped by does not matter. Its conditions on cost and tokens are held against each single request, so
who goes from a group to its requests leaves them out.

Requests that were removed after their time (see `retention`) are in the sums, but not here. No index leads
to the records (each would cost 18 bytes a record and a third of the speed of an import), so every
question looks at all of them once: at one million 0.07 s for a session, a day or the newest of everything.
The order of the whole million takes 1.5 s; its pages then cost nothing more.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable
from itertools import islice
from typing import Any

from tokentui import periods
from tokentui.store.conditions import SUCCEEDED, conditions
from tokentui.store.explain import Request
from tokentui.store.rows import COLUMNS, LATEST
from tokentui.store.usage_table import NUMBER_FIELDS, UsageQuery, Where
from tokentui.usage import UsageContext, UsageRecord

ORDERS = ("time", "cost", "tokens")
"""What requests can be sorted by."""

_TOKENS = (
    "uncached_input_tokens + cache_read_input_tokens + cache_creation_5m_input_tokens"
    " + cache_creation_1h_input_tokens + output_tokens"
)
_SORTED_BY = {"time": "time", "cost": "cost", "tokens": _TOKENS}
_RECORD_FIELDS = frozenset({"provider", "model", "success"})
"""Text fields that a record itself has; its context has the others."""

_FIRST = 10_000
"""So many are picked out while looking; to sort a million that way takes three times as long as whole."""

_BY_KEY = (
    f"SELECT {', '.join('r.' + name for name in COLUMNS)}, m.provider_name, m.name, coalesce(p.identity, ''),"
    " s.name, a.name, e.conversation_id, c.parent_conversation_id, j.path, c.branch, c.user, c.machine,"
    " c.tool_version, c.operation_name, c.quality, c.provenance"
    " FROM json_each(?) AS k CROSS JOIN usage_records AS r ON r.key = k.value"
    " JOIN usage_contexts AS c ON c.id = r.context_id JOIN accounts AS a ON a.id = c.account_id"
    " JOIN services AS s ON s.id = a.service_id JOIN sessions AS e ON e.id = c.session_id"
    " JOIN projects AS j ON j.id = c.project_id JOIN models AS m ON m.id = r.model_id"
    " LEFT JOIN prices AS p ON p.id = r.price_id"
)


def keys(
    connection: sqlite3.Connection,
    query: UsageQuery,
    order: str = "time",
    descending: bool = True,
    limit: int | None = None,
    offset: int = 0,
) -> array[int]:
    """Return the keys of the requests, in order; equal ones the newest first, without a cost last.

    `order` is one of ORDERS. Raises periods.PeriodError for an unknown zone.
    """
    chosen, values = _chosen(connection, query)
    # As few columns as tell two apart: each costs 0.5 s of sorting a million. NULL is SQLite's least.
    column = f"coalesce(cost, {2**62})" if order == "cost" and not descending else _SORTED_BY[order]
    later = "" if order == "time" else "time DESC, "
    sorting = f"{column} {'DESC' if descending else 'ASC'}, {later}key"
    sql = f"SELECT key {chosen} ORDER BY {sorting}"
    last = None if limit is None else offset + limit
    if last is not None and last <= _FIRST:
        sql += " LIMIT ?"
        values.append(last)
    rows = connection.execute(sql, values)
    return array("q", (key for (key,) in islice(rows, offset, last)))


def count(connection: sqlite3.Connection, query: UsageQuery) -> int:
    """Return how many requests there are. Raises periods.PeriodError for an unknown zone."""
    chosen, values = _chosen(connection, query)
    return int(connection.execute(f"SELECT count(*) {chosen}", values).fetchone()[0])


def by_key(connection: sqlite3.Connection, wanted: Iterable[int]) -> dict[int, Request]:
    """Return requests with their contexts, by key, in the order of the keys; what is gone is left out."""
    found = {}
    for row in connection.execute(_BY_KEY, (json.dumps(list(wanted)),)):
        key, rank, time, _, _, *counts, _ = row[: len(COLUMNS)]
        provider_name, model, identity, *names = row[len(COLUMNS) :]
        fields: tuple[Any, ...] = (key, rank, time, 0, provider_name, model, *counts, identity)
        found[key] = Request(UsageRecord(*fields), UsageContext(*names))
    return found


def moments(query: UsageQuery) -> tuple[int, int]:
    """Return the first and the last moment of a query's days (UTC epoch µs)."""
    zone = periods.zone(query.zone)
    first = 0 if query.start is None else periods.day_bounds(query.start, zone)[0]
    last = LATEST if query.end is None else periods.day_bounds(query.end, zone)[1] - 1
    return first, last


def _chosen(connection: sqlite3.Connection, query: UsageQuery) -> tuple[str, list[str | int]]:
    """Return the selected records as SQL, and its parameters.

    Contexts are looked up before, all at once: joined to each of a million records they cost 0.3 s more.
    """
    parts, values = ["1"], list[str | int]()
    first, last = moments(query)
    if query.start or query.end:
        parts, values = ["time BETWEEN ? AND ?"], [first, last]
    of_records = [each for each in query.where if each.field in _RECORD_FIELDS]
    of_contexts = [each for each in query.where if each.field not in (*_RECORD_FIELDS, *NUMBER_FIELDS)]
    if of_contexts:
        part, more = _of_contexts(connection, of_contexts)
        parts.append(part)
        values += more
    if of_records:
        condition, more = conditions(of_records)
        parts.append(condition)
        values += more
    for each in query.where:
        if each.field in NUMBER_FIELDS:
            parts.append(_compared(each))
            values.append(each.values[0])
    facts = f"SELECT *, {SUCCEEDED} AS success FROM usage_records"
    return f"FROM ({facts}) WHERE {' AND '.join(parts)}", values


def _of_contexts(connection: sqlite3.Connection, where: list[Where]) -> tuple[str, list[str | int]]:
    """Return which contexts a record may have.

    Those of a session follow each other, and a comparison with two numbers takes 5 ns a record where
    looking into a set takes 40.
    """
    condition, values = conditions(where)
    those = f"FROM usage_contexts WHERE {condition}"
    first, last, count = connection.execute(f"SELECT min(id), max(id), count(*) {those}", values).fetchone()
    if not count:
        return "0", []
    if count == last - first + 1:
        return "context_id BETWEEN ? AND ?", [first, last]
    return f"context_id BETWEEN ? AND ? AND context_id IN (SELECT id {those})", [first, last, *values]


def _compared(condition: Where) -> str:
    """Return a comparison of each request's cost or tokens; an unknown cost satisfies none."""
    column = _SORTED_BY[condition.field]
    test = f"({column}) {condition.op} ?"
    return f"({'NOT ' if condition.negated else ''}{test})"
