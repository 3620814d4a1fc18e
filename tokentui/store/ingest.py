"""Batches into the database: records merged by key, rollups moved along, exactly once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import astuple

from tokentui.batch import Batch
from tokentui.store import limits, log_files
from tokentui.store.days import Days
from tokentui.store.dimensions import Dimensions, storable
from tokentui.store.rollups import Deltas
from tokentui.store.rows import SELECT_KEYS, WRITE, Row, merged_rows, repaired
from tokentui.usage import UsageRecord


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one call of `Writer.ingest` did. Tokens and cost are what the totals grew by."""

    records_seen: int = 0
    records_added: int = 0
    records_changed: int = 0
    total_tokens: int = 0
    cost: int = 0
    """Nano-US-dollars."""
    unpriced: int = 0
    """How many more records have no price."""
    limits_added: int = 0
    bad_lines: int = 0
    anomalies: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything a screen shows has changed."""
        return bool(self.records_added or self.records_changed or self.limits_added or self.bad_lines)


def store_batches(
    connection: sqlite3.Connection, dimensions: Dimensions, days: Days, batches: Sequence[Batch], now: int
) -> Ingested:
    """Store everything that batches say; the caller holds the transaction."""
    rows = _folded(dimensions, batches)
    found = _stored(connection, rows)
    news, olds = _merged(dimensions, rows, found)
    deltas = Deltas()
    deltas.add(news)
    deltas.remove(olds)
    connection.executemany(WRITE, news)
    deltas.apply(connection, dimensions, days, now)
    readings = (reading for batch in batches for reading in batch.limits)
    totals = deltas.totals
    return Ingested(
        records_seen=sum(len(batch.records) for batch in batches),
        records_added=len(news) - len(olds),
        records_changed=len(olds),
        total_tokens=sum(totals[1:6]),
        cost=totals[7],
        unpriced=totals[8],
        limits_added=limits.store_readings(connection, readings, dimensions),
        bad_lines=log_files.store_progress(connection, batches, now),
        anomalies=sum(batch.anomalies for batch in batches),
    )


def _folded(dimensions: Dimensions, batches: Sequence[Batch]) -> dict[int, Row]:
    """Return one row for each request; copies within the batches are merged."""
    folded: dict[int, Row] = {}
    numbers = dimensions.contexts((batch.contexts, batch.checkpoint.mtime_ns) for batch in batches)
    for batch, contexts in zip(batches, numbers, strict=True):
        for row in _rows(dimensions, batch.records, contexts):
            key = row[0]
            known = folded.get(key)
            if known is not None:
                row = merged_rows(known, row, dimensions.elder, dimensions.model_names)
            folded[key] = row
    return folded


def _rows(dimensions: Dimensions, records: Iterable[UsageRecord], contexts: list[int]) -> Iterable[Row]:
    model_of, price_of = dimensions.model, dimensions.price
    for record in records:
        # One call and one unpacking: reading 21 attributes by name takes twice as long.
        (
            key, rank, time, context, provider, model, uncached, read, made_5m, made_1h, output, reasoning,
            searches, tier, flags, duration, error, recorded, cost, price,
        ) = astuple(record)  # fmt: skip
        row = (
            key, rank, time, contexts[context], model_of(provider, model), uncached, read, made_5m, made_1h,
            output, reasoning, searches, tier and storable(tier), flags, duration, error and storable(error),
            recorded, cost, price_of(price),
        )  # fmt: skip
        # One test for all numbers: a negative one has its high bits set, as one above 2**53 has.
        bits = (
            time | uncached | read | made_5m | made_1h | output | reasoning | searches | flags
            | (duration or 0) | (recorded or 0) | (cost or 0) | (rank if rank >= 0 else ~rank) >> 10
        )  # fmt: skip
        yield repaired(row) if bits >> 53 else row


def _stored(connection: sqlite3.Connection, rows: dict[int, Row]) -> dict[int, Row]:
    """Return the rows that are stored already, of those requests."""
    if not rows or connection.execute("SELECT 1 FROM usage_records LIMIT 1").fetchone() is None:
        return {}
    keys = "[" + ",".join(map(str, sorted(rows))) + "]"
    return {row[0]: row for row in connection.execute(SELECT_KEYS, (keys,))}


def _merged(
    dimensions: Dimensions, rows: dict[int, Row], found: dict[int, Row]
) -> tuple[list[Row], list[Row]]:
    """Return the rows to write, sorted by key, and the stored rows that they replace."""
    news, olds = [], []
    for key in sorted(rows):
        row = rows[key]
        old = found.get(key)
        if old is not None:
            row = merged_rows(old, row, dimensions.elder, dimensions.model_names)
            if row == old:
                continue
            olds.append(old)
        news.append(row)
    return news, olds
