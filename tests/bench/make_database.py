"""Makes a large database to measure queries with: `python -m tests.bench.make_database PATH RECORDS`.

Three years, 2 services, 14 models, 40 projects; sessions of about 33 requests half a minute apart, on
weekdays more than on weekends. The records go in by bulk SQL in the order of their keys, the sums are
then computed from them, so ten million take minutes and not an hour.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tokentui.batch import Batch, Checkpoint
from tokentui.store import Writer, open_writer
from tokentui.store.connection import writing
from tokentui.store.rows import COLUMNS
from tokentui.usage import UsageContext

END = 1_795_219_200_000_000
"""2026-11-21 00:00 UTC in microseconds."""

YEARS = 3
DAY = 86_400_000_000
SERVICES = ("claude-code", "codex")
MODELS = tuple(
    (provider, f"{family}-{number}")
    for provider, family in (("anthropic", "claude"), ("openai", "gpt"))
    for number in range(7)
)
PROJECTS = 40
SESSION_REQUESTS = 33


def make(path: Path, records: int, seed: int = 1) -> None:
    """Write a database of about `records` records."""
    rng = random.Random(seed)
    writer = open_writer(path, "UTC")
    _names(writer)
    sessions = max(records // SESSION_REQUESTS, 1)
    connection = writer.connection
    connection.execute("PRAGMA synchronous=OFF")
    with writing(connection):
        connection.executemany(
            "INSERT INTO sessions (id, service_id, conversation_id, born) VALUES (?, ?, ?, ?)",
            (
                (number, number % 2 + 1, f"{number:08x}-0000-4000-8000-{number:012x}", 0)
                for number in range(sessions)
            ),
        )
        connection.executemany(
            "INSERT INTO usage_contexts (id, account_id, session_id, project_id, branch, operation_name,"
            " quality, provenance) VALUES (?, ?, ?, ?, 'main', 'chat', 'exact', 'computed')",
            ((number + 1, number % 2 + 1, number, rng.randrange(PROJECTS) + 1) for number in range(sessions)),
        )
    marks = ", ".join("?" * len(COLUMNS))
    insert = f"INSERT INTO usage_records ({', '.join(COLUMNS)}) VALUES ({marks})"
    step = 2**64 // (sessions * SESSION_REQUESTS + 1)
    with writing(connection):
        connection.executemany(insert, _rows(rng, sessions, step))
    writer.rebuild_rollups()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.close()


def _names(writer: Writer) -> None:
    """Make accounts, models and projects the way any batch does."""
    contexts = [
        UsageContext(SERVICES[number % 2], project=f"/home/user/project-{number:02}")
        for number in range(PROJECTS)
    ]
    checkpoint = Checkpoint("/synthetic", 0, 0, 0, 0, 0, b"", b"")
    writer.ingest([Batch("synthetic", checkpoint, contexts, [], [], [])], END)
    with writing(writer.connection):
        writer.connection.execute("DELETE FROM usage_contexts")
        writer.connection.execute("DELETE FROM sessions")
        writer.connection.executemany("INSERT INTO models (provider_name, name) VALUES (?, ?)", MODELS)


def _rows(rng: random.Random, sessions: int, step: int) -> Iterator[tuple[object, ...]]:
    """Yield rows in the order of their keys; which session a key belongs to is as good as random."""
    starts = [_start(rng) for _ in range(sessions)]
    order = list(range(sessions))
    key = -(2**63)
    for turn in range(SESSION_REQUESTS):
        rng.shuffle(order)
        for session in order:
            key += step
            output = int(rng.paretovariate(1.2) * 80)
            model = session % 2 * 7 + (session // 2 + (turn % 8 == 7)) % 7 + 1
            yield (
                key, output, starts[session] + turn * 30_000_000 + rng.randrange(20_000_000), session + 1,
                model, rng.randrange(40), rng.randrange(160_000), rng.randrange(9_000), 0, output, 0,
                0, "", 0, None, "", None, rng.randrange(200_000_000), 0,
            )  # fmt: skip


def _start(rng: random.Random) -> int:
    while True:
        day = rng.randrange(YEARS * 365)
        if day % 7 < 5 or rng.random() < 0.2:
            return END - (day + 1) * DAY + rng.randrange(7, 20) * 3_600_000_000 + rng.randrange(3_600_000_000)


if __name__ == "__main__":
    target, count = Path(sys.argv[1]), int(sys.argv[2])
    started = time.perf_counter()
    make(target, count)
    size = target.stat().st_size
    print(f"{target}: {size:,} bytes, {size / count:.1f} a record, {time.perf_counter() - started:.0f} s")
