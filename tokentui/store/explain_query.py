"""Reads what is behind a figure from the records themselves, which also checks the stored sums.

No index leads from a time to its records (it would cost 20 of the 120 bytes a record may take), so the
table is scanned: at one million records 0.2 s for a day, 3 s for everything there is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from tokentui.store.conditions import SUCCEEDED, conditions, satisfied
from tokentui.store.explain import (
    FLAGS,
    Counted,
    Elsewhere,
    Explanation,
    Logs,
    PriceRow,
    Recorded,
    Request,
)
from tokentui.store.requests import by_key, moments
from tokentui.store.retention import expired_before
from tokentui.store.snapshot import Usage
from tokentui.store.usage_query import answer, total
from tokentui.store.usage_table import SUMS, UsageQuery

_CHUNK = 2**61
"""The keys are gone through in eight stretches: what SQLite sorts then fits its cache (half the time)."""

_LOW_BITS = 26
"""Recorded costs are summed in two halves: 1,024 of the largest (2**53) would not fit into 64 bits."""

# CROSS JOIN keeps the order: from contexts to records SQLite would first have to sort all records.
_FACTS = (
    f"SELECT r.*, {SUCCEEDED} AS success, c.account_id, c.session_id, c.project_id,"
    " c.parent_conversation_id, c.branch, c.user, c.machine, c.tool_version, c.operation_name, c.quality,"
    " c.provenance"
    " FROM usage_records AS r CROSS JOIN usage_contexts AS c ON c.id = r.context_id"
    " WHERE r.time BETWEEN ? AND ?"
)

_GROUP = (
    "price_id", "model_id", "service_tier", "cost IS NULL", "flags", "account_id", "quality", "provenance",
)  # fmt: skip
_PRICE_GROUP = 4
_FLAGS, _ACCOUNT, _QUALITY, _PROVENANCE = range(_PRICE_GROUP, len(_GROUP))

_COUNTED = {"request_count": "count(*)", "unpriced_request_count": "sum(cost IS NULL)"}
_BOTH = "FILTER (WHERE recorded_cost IS NOT NULL AND cost IS NOT NULL)"
_HIGH, _LOW = f"recorded_cost >> {_LOW_BITS}", f"recorded_cost & {2**_LOW_BITS - 1}"
_SUMMED = (
    *(_COUNTED.get(name, f"sum({name})") for name in SUMS),
    "sum(web_search_count)",
    "count(recorded_cost)", f"sum({_HIGH})", f"sum({_LOW})",
    f"count(*) {_BOTH}", f"sum({_HIGH}) {_BOTH}", f"sum({_LOW}) {_BOTH}", f"sum(cost) {_BOTH}",
)  # fmt: skip
_WEB_SEARCHES = len(SUMS)
_KEY, _FIRST, _LAST = range(len(_SUMMED), len(_SUMMED) + 3)

Key = tuple[Any, ...]
Groups = dict[Key, list[int]]
"""Sums of the records that agree in all of _GROUP."""


def explanation(connection: sqlite3.Connection, query: UsageQuery, top: int = 10) -> Explanation:
    """Return what is behind the sums of a selection, with its `top` largest records.

    What it is grouped by does not matter; conditions on cost and tokens are held against the sum.
    Raises periods.PeriodError for an unknown zone.
    """
    query = replace(query, group_by=())
    groups = _groups(connection, query)
    totals = total(Usage(*sums[: len(SUMS)]) for sums in groups.values())
    stored_sums = totals if query.only is not None else answer(connection, query).totals
    if not groups or not satisfied(totals, query.where):
        where_else = _elsewhere(connection, query)
        return Explanation(
            query, Usage(), stored_sums, logs=_logs(connection, None), elsewhere=where_else,
            expired_before=expired_before(connection),
        )  # fmt: skip
    services = _services(connection, groups)
    return Explanation(
        query,
        totals,
        stored_sums,
        price_rows=_price_rows(connection, groups),
        flags=tuple((name, count) for flag, name in FLAGS.items() if (count := _flagged(groups, flag))),
        qualities=_counted(groups, lambda key: key[_QUALITY]),
        provenances=_counted(groups, lambda key: key[_PROVENANCE]),
        services=services,
        recorded=_recorded(groups),
        logs=_logs(connection, [name for name, _ in services]),
        first_at=min(sums[_FIRST] for sums in groups.values()),
        last_at=max(sums[_LAST] for sums in groups.values()),
        largest=_largest(connection, query, top),
        expired_before=expired_before(connection),
    )


def _chosen(query: UsageQuery) -> tuple[str, list[str | int]]:
    """Return the selected records as SQL, and its parameters."""
    condition, values = conditions(query.where)
    if query.only is not None:
        condition, values = f"{condition} AND key = ?", [*values, query.only]
    return f"FROM ({_FACTS}) WHERE {condition}", [*moments(query), *values]


def _groups(connection: sqlite3.Connection, query: UsageQuery) -> Groups:
    chosen, values = _chosen(query)
    names = ", ".join(_GROUP)
    sql = (
        f"SELECT {names}, {', '.join(_SUMMED)}, min(key), min(time), max(time) {chosen}"
        f" AND key BETWEEN ? AND ? GROUP BY {names}"
    )
    found: Groups = {}
    for start in range(-(2**63), 2**63, _CHUNK):
        for row in connection.execute(sql, (*values, start, start + _CHUNK - 1)):
            key, sums = row[: len(_GROUP)], [each or 0 for each in row[len(_GROUP) :]]
            known = found.get(key)
            found[key] = sums if known is None else _added(known, sums)
    return found


def _added(one: list[int], other: list[int]) -> list[int]:
    summed = [a + b for a, b in zip(one[:_KEY], other, strict=False)]
    return [*summed, one[_KEY], min(one[_FIRST], other[_FIRST]), max(one[_LAST], other[_LAST])]


def _flagged(groups: Groups, flag: int) -> int:
    return sum(sums[0] for key, sums in groups.items() if key[_FLAGS] & flag)


def _counted(groups: Groups, name_of: Callable[[Key], str]) -> Counted:
    found: dict[str, int] = {}
    for key, sums in groups.items():
        name = name_of(key)
        found[name] = found.get(name, 0) + sums[0]
    return tuple(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _services(connection: sqlite3.Connection, groups: Groups) -> Counted:
    query = "SELECT a.id, s.name FROM accounts AS a JOIN services AS s ON s.id = a.service_id"
    names = dict(connection.execute(query))
    return _counted(groups, lambda key: names[key[_ACCOUNT]])


def _recorded(groups: Groups) -> Recorded:
    columns = zip(*(sums[_WEB_SEARCHES + 1 : _KEY] for sums in groups.values()), strict=True)
    count, high, low, both, both_high, both_low, computed = map(sum, columns)
    return Recorded(count, (high << _LOW_BITS) + low, both, (both_high << _LOW_BITS) + both_low, computed)


def _price_rows(connection: sqlite3.Connection, groups: Groups) -> tuple[PriceRow, ...]:
    sums: Groups = {}
    floors: dict[Key, int] = {}
    for key, each in groups.items():
        price = key[:_PRICE_GROUP]
        sums[price] = _added(sums[price], each) if price in sums else each
        floors[price] = floors.get(price, 0) + (each[0] if key[_QUALITY] == "floor" else 0)
    samples = by_key(connection, [each[_KEY] for each in sums.values()])
    rows = []
    for price, each in sums.items():
        sample = samples[each[_KEY]].record
        usage = Usage(*each[: len(SUMS)])
        names = (sample.price, sample.provider_name, sample.model, sample.service_tier)
        rows.append(PriceRow(*names, usage, each[_WEB_SEARCHES], floors[price], sample))
    return tuple(sorted(rows, key=_by_cost))


def _by_cost(row: PriceRow) -> tuple[object, ...]:
    cost = row.usage.known_cost
    names = (row.price, row.provider_name, row.model, row.service_tier)
    return cost is None, -(cost or 0), -row.usage.total_tokens, names


def _largest(connection: sqlite3.Connection, query: UsageQuery, top: int) -> tuple[Request, ...]:
    chosen, values = _chosen(query)
    counts = "uncached_input_tokens + cache_read_input_tokens + cache_creation_5m_input_tokens"
    order = f"cost DESC NULLS LAST, {counts} + cache_creation_1h_input_tokens + output_tokens DESC, time, key"
    sql = f"SELECT key {chosen} ORDER BY {order} LIMIT ?"
    keys = [key for (key,) in connection.execute(sql, (*values, top))]
    found = by_key(connection, keys)
    return tuple(found[key] for key in keys)


def _logs(connection: sqlite3.Connection, sources: Collection[str] | None) -> tuple[Logs, ...]:
    """Return the state of the log files of some sources; of all with None."""
    rows = connection.execute(
        "SELECT source, count(*), count(gone_at), sum(error <> ''), sum(bad_line_count), sum(anomalies),"
        " max(read_at) FROM log_files WHERE ?1 IS NULL OR source IN (SELECT value FROM json_each(?1))"
        " GROUP BY source ORDER BY source",
        (None if sources is None else json.dumps(list(sources)),),
    )
    return tuple(Logs(*row) for row in rows)


def _elsewhere(connection: sqlite3.Connection, query: UsageQuery) -> Elsewhere:
    other_days = answer(connection, replace(query, start=None, end=None))
    return Elsewhere(
        other_days.totals,
        other_days.first_day,
        other_days.last_day,
        answer(connection, replace(query, where=())).totals,
        answer(connection, replace(query, start=None, end=None, where=())).totals,
    )
