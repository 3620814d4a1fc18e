"""The dashboard on a database of names and costs that can be told from everything else.

`python -m tests.ui_manners_program FOLDER SETTINGS`, with the settings as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.store_batches import batch, context, record
from tests.ui_program import FakeFeed, Source, healthy
from tokentui import store
from tokentui.config import Settings
from tokentui.store.snapshot import Billing
from tokentui.ui.commands import COMMANDS
from tokentui.usage import LimitReading

CANARY = "CNRY"
"""Is in every name that privacy hides, and in nothing else."""

PANE_KEYS = tuple(command.keys.split(",")[0] for command in COMMANDS if command.id.startswith("pane."))

NAMED: dict[str, Any] = {
    "account": f"{CANARY}-account", "project": f"/home/{CANARY}-user/{CANARY}-project",
    "branch": f"{CANARY}-branch", "user": f"{CANARY}-person", "machine": f"{CANARY}-box",
}  # fmt: skip


def made(path: Path, now: float) -> Path:
    """Make a database with use of today and of some days before; return its path. `now`: UTC seconds."""
    contexts = [context(f"{CANARY}-session-{at}", **NAMED | {"branch": f"{CANARY}-{at}"}) for at in range(3)]
    records = [
        record(f"r{at}", round((now - at * 7_000) * 1e6), 2_000 + at, context=at % 3, cost=123_456_700_000)
        for at in range(60)
    ]
    reading = LimitReading(
        service="claude-code", account=NAMED["account"], limit_id="five_hour", limit_name="5 h",
        window_minutes=300, used_percent=92.0, resets_at=round((now + 4_000) * 1e6),
        observed_at=round(now * 1e6),
    )  # fmt: skip
    writer = store.open_writer(path, "UTC")
    writer.ingest(
        [batch(records, contexts, path=f"/home/{CANARY}-user/.claude/projects/x.jsonl", limits=[reading])],
        round(now * 1e6),
    )
    writer.close()
    return path


def feed_of(folder: Path, now: float) -> FakeFeed:
    """A feed on such a database."""
    path = made(folder / "t.db", now)
    reader = store.open_reader(path)
    snapshot = reader.snapshot(round(now * 1e6), "UTC")
    reader.close()
    notice = f"restored from /home/{CANARY}-user/backups/x.db"
    told = Billing(
        label=NAMED["account"], status="degraded",
        error=f"{CANARY.lower()}.example cannot be asked: no answer",
        notes=(f"{CANARY.lower()}.example says nothing",),
    )  # fmt: skip
    cards = tuple(replace(card, billing=told) for card in snapshot.cards)
    snapshot = replace(snapshot, cards=cards, notices=(notice,))
    feed = FakeFeed(snapshot, sources=(Source(looked=(f"/{CANARY}",)),))
    found = healthy(now=now)
    sources = tuple(
        replace(source, roots=(f"/home/{CANARY}/x",), errors=(f"/home/{CANARY}/y: Permission denied",))
        for source in found.sources
    )
    feed.health = replace(found, sources=sources, database=replace(found.database, path=f"/{CANARY}/t.db"))
    feed.database = path
    return feed


def main() -> int:
    """Run the dashboard as the command line would."""
    from tokentui.ui import run

    folder, given = Path(sys.argv[1]), json.loads(sys.argv[2])
    mouse = given.pop("mouse", False)
    os.makedirs(folder, exist_ok=True)
    return run(
        feed_of(folder, time.time()),
        version="0",
        crash_folder=str(folder),
        mouse=mouse,
        settings=Settings(**given),
    )


if __name__ == "__main__":
    from tokentui.ui.terminal import leave

    leave(main())
