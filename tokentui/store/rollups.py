"""The sums that screens are made of, moved along with the records and never counted anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from tokentui.store import compiled, retention
from tokentui.store.days import QUARTER, SPANS, Days
from tokentui.store.dimensions import Dimensions
from tokentui.store.rows import Row
from tokentui.store.usage_table import SUMS
from tokentui.usage import TIME_IN_FUTURE

_REQUESTS, _COST, _UNPRICED = 0, 7, 8
_FIRST, _LAST = 9, 10
_SECOND = 1_000_000
_DAY = 86_400_000_000

Bucket = list[int]

_ADDED = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
_UPSERT_QUARTERS = (
    f"INSERT INTO usage_quarters ({', '.join(SUMS)},"
    " first_second, last_second, quarter, context_id, model_id)"
    f" VALUES ({', '.join('?' * 14)}) ON CONFLICT (quarter, context_id, model_id) DO UPDATE SET {_ADDED},"
    " first_second = min(first_second, excluded.first_second),"
    " last_second = max(last_second, excluded.last_second)"
)
_UPSERT_DAYS = (
    f"INSERT INTO usage_days ({', '.join(SUMS)}, day, account_id, model_id, project_id)"
    f" VALUES ({', '.join('?' * 13)})"
    f" ON CONFLICT (day, account_id, model_id, project_id) DO UPDATE SET {_ADDED}"
)
_SUMMED_RECORDS = (
    "count(*), sum(uncached_input_tokens), sum(cache_read_input_tokens), sum(cache_creation_5m_input_tokens),"
    " sum(cache_creation_1h_input_tokens), sum(output_tokens), sum(reasoning_output_tokens),"
    " coalesce(sum(cost), 0), sum(cost IS NULL)"
)


class Deltas:
    """What a set of changed records changes in the sums."""

    def __init__(self) -> None:
        self.buckets: dict[tuple[int, int, int], Bucket] = {}
        """By (quarter, context, model): the sums, and the first and last time that was added."""

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows in. Neighbours mostly share a bucket, so sums are kept in locals until it changes."""
        if compiled.add is not None:
            compiled.add(rows, self._bucket)
            return
        bucket, ends = [0] * (_LAST + 1), -1
        last_context = last_model = -1
        for (
            _, _, time, context, model, uncached, read, made_5m, made_1h, output, reasoning,
            _, _, _, _, _, _, cost, _,
        ) in rows:  # fmt: skip
            if not ends - QUARTER <= time < ends or context != last_context or model != last_model:
                quarter = time // QUARTER
                ends, last_context, last_model = (quarter + 1) * QUARTER, context, model
                bucket = self._bucket((quarter, context, model))
            bucket[0] += 1
            bucket[1] += uncached
            bucket[2] += read
            bucket[3] += made_5m
            bucket[4] += made_1h
            bucket[5] += output
            bucket[6] += reasoning
            if cost is None:
                bucket[8] += 1
            else:
                bucket[7] += cost
            if time < bucket[9]:
                bucket[9] = time
            if time > bucket[10]:
                bucket[10] = time

    def remove(self, rows: Iterable[Row]) -> None:
        """Count rows out. First and last seconds stay as they are: at worst a quarter too wide."""
        for row in rows:
            bucket = self._bucket((row[2] // QUARTER, row[3], row[4]))
            bucket[0] -= 1
            for at in range(1, 7):
                bucket[at] -= row[at + 4]
            bucket[_COST] -= row[-2] or 0
            bucket[_UNPRICED] -= row[-2] is None

    def _bucket(self, key: tuple[int, int, int]) -> Bucket:
        bucket = self.buckets.get(key)
        if bucket is None:
            # No first and no last time yet: just outside the quarter, so that they change nothing.
            bucket = self.buckets[key] = [0] * _FIRST + [(key[0] + 1) * QUARTER, key[0] * QUARTER - 1]
        return bucket

    def _stored(self, key: tuple[int, int, int]) -> tuple[int, ...]:
        bucket, start = self.buckets[key], key[0] * QUARTER
        return (*bucket[:_FIRST], *((bucket[at] - start) // _SECOND for at in (_FIRST, _LAST)), *key)

    @property
    def totals(self) -> list[int]:
        """By how much each of SUMS changes over all."""
        return [sum(bucket[at] for bucket in self.buckets.values()) for at in range(_FIRST)]

    def apply(
        self, connection: sqlite3.Connection, dimensions: Dimensions, days: Days, now: int = -_DAY
    ) -> None:
        """Move the sums in the database; the caller holds the transaction.

        Accounts count as used by records up to a day after `now`, the clock's error.
        """
        if not self.buckets:
            return
        facets = dimensions.facets(context for _, context, _ in self.buckets)
        by_day: dict[tuple[int, int, int, int], Bucket] = {}
        by_model: dict[int, list[int]] = {}
        last_used: dict[int, int] = {}
        for (quarter, context, model), bucket in self.buckets.items():
            account, project = facets[context]
            _accumulate(by_day, (days.number(quarter), account, model, project), bucket)
            counts = by_model.setdefault(model, [0, 0])
            counts[0] += bucket[_REQUESTS]
            counts[1] += bucket[_UNPRICED]
            if last_used.get(account, -1) < bucket[_LAST] <= now + _DAY:
                last_used[account] = bucket[_LAST]
        ordered = sorted(self.buckets)
        connection.executemany(_UPSERT_QUARTERS, [self._stored(key) for key in ordered])
        connection.executemany(_UPSERT_DAYS, [(*by_day[key], *key) for key in sorted(by_day)])
        connection.executemany(
            "DELETE FROM usage_quarters WHERE quarter = ? AND context_id = ? AND model_id = ?"
            " AND request_count = 0",
            [key for key in ordered if self.buckets[key][_REQUESTS] <= 0],
        )
        connection.executemany(
            "DELETE FROM usage_days WHERE day = ? AND account_id = ? AND model_id = ? AND project_id = ?"
            " AND request_count = 0",
            [key for key in sorted(by_day) if by_day[key][_REQUESTS] <= 0],
        )
        connection.executemany(
            "UPDATE models SET request_count = request_count + ?,"
            " unpriced_request_count = unpriced_request_count + ? WHERE id = ?",
            [(*counts, model) for model, counts in by_model.items() if any(counts)],
        )
        connection.executemany(
            "UPDATE accounts SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, -1) < ?",
            [(used, account, used) for account, used in last_used.items()],
        )


def _accumulate(
    sums: dict[tuple[int, int, int, int], Bucket], key: tuple[int, int, int, int], bucket: Bucket
) -> None:
    known = sums.get(key)
    if known is None:
        sums[key] = bucket[:_FIRST]
    else:
        for at in range(_FIRST):
            known[at] += bucket[at]


def rebuild(connection: sqlite3.Connection, days: Days) -> None:
    """Compute every sum anew from the records; the caller holds the transaction."""
    # Of requests that were removed only the sums know: those stay as they are.
    first = retention.expired_before(connection)
    connection.execute("DELETE FROM usage_quarters WHERE quarter >= ?", (first // QUARTER,))
    connection.execute(
        f"INSERT INTO usage_quarters (quarter, context_id, model_id, {', '.join(SUMS)},"
        " first_second, last_second)"
        f" SELECT time / {QUARTER}, context_id, model_id, {_SUMMED_RECORDS},"
        f" min(time % {QUARTER} / 1000000), max(time % {QUARTER} / 1000000)"
        " FROM usage_records WHERE time >= ? GROUP BY 1, 2, 3",
        (first,),
    )
    connection.execute(
        "UPDATE models SET request_count = coalesce(s.n, 0), unpriced_request_count = coalesce(s.u, 0)"
        " FROM models AS m LEFT JOIN"
        " (SELECT model_id, sum(request_count) AS n, sum(unpriced_request_count) AS u"
        " FROM usage_quarters GROUP BY model_id) AS s ON s.model_id = m.id WHERE models.id = m.id"
    )
    connection.execute(
        "UPDATE accounts SET last_used_at = s.last FROM"
        " (SELECT c.account_id AS account, max(r.time) AS last"
        " FROM usage_records AS r JOIN usage_contexts AS c ON c.id = r.context_id"
        f" WHERE NOT r.flags & {TIME_IN_FUTURE}"
        " GROUP BY 1) AS s WHERE accounts.id = s.account"
    )
    rebuild_days(connection, days)


def rebuild_days(connection: sqlite3.Connection, days: Days) -> None:
    """Compute the daily sums anew from the quarters, in another zone perhaps."""
    spans, _ = days.spans(connection)
    connection.execute("DELETE FROM usage_days")
    connection.execute(
        f"{SPANS} INSERT INTO usage_days (day, account_id, model_id, project_id, {', '.join(SUMS)})"
        " SELECT s.day, c.account_id, q.model_id, c.project_id,"
        f" {', '.join(f'sum(q.{name})' for name in SUMS)}"
        " FROM spans AS s CROSS JOIN usage_quarters AS q ON q.quarter BETWEEN s.first AND s.last"
        " JOIN usage_contexts AS c ON c.id = q.context_id GROUP BY 1, 2, 3, 4",
        (json.dumps(spans),),
    )
