"""Batches into the database: records merged by key, rollups moved along, exactly once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from tokentui.packed import ABSENT, ROW, Packed, Words
from tokentui.store import compiled, limits, log_files, retention
from tokentui.store.connection import insert
from tokentui.store.days import Days
from tokentui.store.dimensions import Dimensions, storable
from tokentui.store.rollups import Deltas
from tokentui.store.rows import (
    ADD,
    COLUMNS,
    KEY,
    REPLACE,
    SELECT_KEYS,
    USUAL,
    USUAL_ROW,
    Row,
    merged_rows,
    repaired,
)

SPAN_ROWS = 5_000
"""Requests that are rows at a time, of about 600 bytes; packed they are 128."""
_FIRST_KEY = -(2**63)

_told = itemgetter(*(at for at in range(len(COLUMNS)) if at not in USUAL))
_rest = itemgetter(*USUAL)
_usual = tuple(USUAL.values())

Numbered = tuple[int, str, str, int]
"""Model, tier, error and price of a request, as they are stored."""
Part = tuple[bytes, list[Numbered], list[int]]
"""A batch's packed requests, and what they refer to, as it is stored."""


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
    connection: sqlite3.Connection, dimensions: Dimensions, days: Days, batches: Sequence[Packed], now: int
) -> Ingested:
    """Store everything that batches say; the caller holds the transaction."""
    seen = sum(batch.count for batch in batches)
    numbers = dimensions.contexts((batch.contexts, batch.checkpoint.mtime_ns) for batch in batches)
    parts = [
        (batch.rows, _numbered(dimensions, batch.words), contexts)
        for batch, contexts in zip(batches, numbers, strict=True)
        if batch.rows
    ]
    deltas = Deltas()
    added = changed = 0
    for first, last in _spans(seen):
        more, other = _store_rows(connection, dimensions, deltas, _folded(dimensions, parts, first, last))
        added += more
        changed += other
    deltas.apply(connection, dimensions, days, now)
    readings = (reading for batch in batches for reading in batch.limits)
    totals = deltas.totals
    return Ingested(
        records_seen=seen,
        records_added=added,
        records_changed=changed,
        total_tokens=sum(totals[1:6]),
        cost=totals[7],
        unpriced=totals[8],
        limits_added=limits.store_readings(connection, readings, dimensions, now),
        bad_lines=log_files.store_progress(connection, [each for each in batches if each.source], now),
        anomalies=sum(batch.anomalies for batch in batches),
    )


def _spans(count: int) -> Iterator[tuple[int, int]]:
    """Cut all keys into spans (both ends included) of about `SPAN_ROWS` of so many."""
    spans = 1 + count // SPAN_ROWS
    size = 2**64 // spans
    first = _FIRST_KEY
    for _ in range(spans - 1):
        yield first, first + size - 1
        first += size
    yield first, -_FIRST_KEY - 1


def _store_rows(
    connection: sqlite3.Connection, dimensions: Dimensions, deltas: Deltas, rows: dict[int, Row]
) -> tuple[int, int]:
    """Store rows of keys that differ; returns how many are new, and how many replace stored ones."""
    retention.drop_expired(connection, rows)
    olds = _merge_stored(connection, dimensions, rows)
    deltas.add(rows.values())
    deltas.remove(olds)
    insert(connection, REPLACE, [rows.pop(old[KEY]) for old in olds])
    usual, others = (compiled.sort or _sort)(rows)
    insert(connection, ADD, usual, row=USUAL_ROW)
    insert(connection, ADD, others)
    return len(rows), len(olds)


def _sort(rows: dict[int, Row]) -> tuple[list[tuple[Any, ...]], list[Row]]:
    """Return rows by their keys: what is given of usual ones (see `rows.USUAL`), and the others whole."""
    usual, others = [], []
    for key in sorted(rows):
        row = rows[key]
        if _rest(row) == _usual:
            usual.append(_told(row))
        else:
            others.append(row)
    return usual, others


def _folded(dimensions: Dimensions, parts: Iterable[Part], first: int, last: int) -> dict[int, Row]:
    """Return one row for each request with a key from `first` to `last`; copies among them are merged."""
    folded: dict[int, Row] = {}
    fold = compiled.fold or _fold
    for packed, words, contexts in parts:
        fold(folded, dimensions, packed, words, contexts, first, last)
    return folded


def _numbered(dimensions: Dimensions, words: Iterable[Words]) -> list[Numbered]:
    """Return the texts of a batch's requests as they are stored."""
    return [
        (dimensions.model(provider, model), storable(tier), storable(error), dimensions.price(price))
        for provider, model, tier, error, price in words
    ]


def _fold(
    folded: dict[int, Row], dimensions: Dimensions, packed: bytes, words: list[Numbered],
    contexts: list[int], first: int, last: int,
) -> None:  # fmt: skip
    """Add a batch's requests of some keys to the rows (see `rows_compiled.fold`)."""
    for (
        key, rank, time, context, said, uncached, read, made_5m, made_1h, output, reasoning, searches,
        flags, duration, recorded, cost,
    ) in ROW.iter_unpack(packed):  # fmt: skip
        if not first <= key <= last:
            continue
        model, tier, error, price = words[said]
        if duration == ABSENT:
            duration = None
        if recorded == ABSENT:
            recorded = None
        if cost == ABSENT:
            cost = None
        row: Row = (
            key, rank, time, contexts[context], model, uncached, read, made_5m, made_1h, output, reasoning,
            searches, tier, flags, duration, error, recorded, cost, price,
        )  # fmt: skip
        # One test for all numbers (LARGEST, MOST_COST, LATEST): a negative one has its high bits set, too.
        if (
            (uncached | read | made_5m | made_1h | output | reasoning | searches | (duration or 0)) >> 43
            | (cost or 0) >> 46
            | (time | flags | (recorded or 0)) >> 53
        ):  # fmt: skip
            row = repaired(row)
        known = folded.setdefault(key, row)
        if known is not row:
            folded[key] = merged_rows(known, row, dimensions.elder, dimensions.model_names)


def _merge_stored(
    connection: sqlite3.Connection, dimensions: Dimensions, rows: dict[int, Row]
) -> list[Row]:
    """Merge what is stored of these requests into their rows, and drop the rows that bring nothing new.

    Returns the stored rows that are replaced.
    """
    keys = sorted(dimensions.met(rows))
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
