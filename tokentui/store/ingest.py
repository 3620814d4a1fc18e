"""Batches into the database: records merged by key, rollups moved along, exactly once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import astuple

from tokentui.batch import Batch
from tokentui.store import compiled, limits, log_files, retention
from tokentui.store.connection import insert
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
    retention.drop_expired(connection, rows)
    keys = sorted(rows)
    olds = _merge_stored(connection, dimensions, rows, keys)
    deltas = Deltas()
    deltas.add(rows.values())
    deltas.remove(olds)
    insert(connection, WRITE, [rows[key] for key in keys if key in rows])
    deltas.apply(connection, dimensions, days, now)
    readings = (reading for batch in batches for reading in batch.limits)
    totals = deltas.totals
    return Ingested(
        records_seen=sum(len(batch.records) for batch in batches),
        records_added=len(rows) - len(olds),
        records_changed=len(olds),
        total_tokens=sum(totals[1:6]),
        cost=totals[7],
        unpriced=totals[8],
        limits_added=limits.store_readings(connection, readings, dimensions, now),
        bad_lines=log_files.store_progress(connection, [each for each in batches if each.source], now),
        anomalies=sum(batch.anomalies for batch in batches),
    )


def _folded(dimensions: Dimensions, batches: Sequence[Batch]) -> dict[int, Row]:
    """Return one row for each request; copies within the batches are merged."""
    folded: dict[int, Row] = {}
    numbers = dimensions.contexts((batch.contexts, batch.checkpoint.mtime_ns) for batch in batches)
    fold = compiled.fold or _fold
    for batch, contexts in zip(batches, numbers, strict=True):
        fold(folded, dimensions, batch.records, contexts)
    return folded


def _fold(
    folded: dict[int, Row], dimensions: Dimensions, records: list[UsageRecord], contexts: list[int]
) -> None:
    """Add a batch's records to the rows (see `rows_compiled.fold`): 1.3 µs each, so it is spelled out."""
    last_model, model_id = ("", ""), -1
    last_price, price_id = "", 0
    for (
        key, rank, time, context, provider, model, uncached, read, made_5m, made_1h, output, reasoning,
        searches, tier, flags, duration, error, recorded, cost, price,
    ) in map(astuple, records):  # fmt: skip
        if model_id < 0 or model != last_model[1] or provider != last_model[0]:
            last_model, model_id = (provider, model), dimensions.model(provider, model)
        if price != last_price:
            last_price, price_id = price, dimensions.price(price)
        if tier or error:
            tier, error = storable(tier), storable(error)
        row: Row = (
            key, rank, time, contexts[context], model_id, uncached, read, made_5m, made_1h, output, reasoning,
            searches, tier, flags, duration, error, recorded, cost, price_id,
        )  # fmt: skip
        # One test for all numbers (LARGEST, MOST_COST, LATEST): a negative one has its high bits set, too.
        if (
            (uncached | read | made_5m | made_1h | output | reasoning | searches | (duration or 0)) >> 43
            | (cost or 0) >> 46
            | (time | flags | (recorded or 0) | (rank if rank >= 0 else ~rank) >> 10) >> 53
        ):  # fmt: skip
            row = repaired(row)
        known = folded.setdefault(key, row)
        if known is not row:
            folded[key] = merged_rows(known, row, dimensions.elder, dimensions.model_names)


def _merge_stored(
    connection: sqlite3.Connection, dimensions: Dimensions, rows: dict[int, Row], keys: list[int]
) -> list[Row]:
    """Merge what is stored of these requests into their rows, and drop the rows that bring nothing new.

    Returns the stored rows that are replaced.
    """
    if not keys or connection.execute("SELECT 1 FROM usage_records LIMIT 1").fetchone() is None:
        return []
    olds = []
    for old in connection.execute(SELECT_KEYS, ("[" + ",".join(map(str, keys)) + "]",)).fetchall():
        key = old[0]
        row = merged_rows(old, rows[key], dimensions.elder, dimensions.model_names)
        if row == old:
            del rows[key]
        else:
            rows[key] = row
            olds.append(old)
    return olds
