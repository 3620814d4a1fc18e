"""Kill a collector at random points, again and again, while logs are written; then compare.

    python -m tests.corpus.killing --kills 1000 --home DIR [--checkpoint-first]

Prints one JSON object: what the database holds, what the logs said, and at what the collector was when it
was killed. Every other kill waits until it stores. `--checkpoint-first` is the negative control: a
collector that commits how far it has read before what it has read. It must lose.
"""

from __future__ import annotations

import argparse
import gc
import json
import mmap
import os
import random
import select
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tokentui.config import Paths, Settings, paths
from tokentui.engine.collector import Collector
from tokentui.engine.database import Database
from tokentui.store import UsageQuery, integrity, open_reader

LINES_A_ROUND = 12
SESSIONS = 12
FIELDS = ("input_tokens", "output_tokens", "cache_read_input_tokens")
STAGES = ("opening", "reading", "storing", "closing")
"""What a collection is at, one after the other."""
STORING = STAGES.index("storing")


class Sessions:
    """Some sessions that are written to, torn, copied and moved while they are read."""

    def __init__(self, home: Path, dice: random.Random) -> None:
        self._folder = home / ".claude" / "projects" / "-work-shop"
        self._folder.mkdir(parents=True)
        self._dice = dice
        self._count = 0
        self._torn: dict[Path, bytes] = {}
        self.truth: dict[str, tuple[int, ...]] = {}

    def write(self) -> None:
        """Append to some sessions; leave a torn line now and then; copy or rewrite a file."""
        for _ in range(LINES_A_ROUND):
            path = self._folder / f"{self._dice.randrange(SESSIONS):08d}.jsonl"
            line = self._torn.pop(path, b"") + self._line(path.stem)
            cut = len(line)
            if self._dice.random() < 0.1:
                cut = self._dice.randrange(1, len(line))
                self._torn[path] = line[cut:]
            with path.open("ab") as file:
                file.write(line[:cut])
        chance = self._dice.random()
        victim = self._dice.choice(sorted(self._folder.glob("0*.jsonl")))
        if chance < 0.05:  # a fork: the history under another session
            shutil.copy(victim, self._folder / f"copy-{self._count:08d}.jsonl")
        elif chance < 0.1:  # an atomic rewrite of the same content
            shutil.copy(victim, self._folder / "rewritten")
            os.replace(self._folder / "rewritten", victim)
        elif chance < 0.13 and victim not in self._torn:  # rotated away; a new file takes the name
            os.replace(victim, self._folder / f"old-{self._count:08d}.jsonl")

    def finish(self) -> None:
        """Complete what is torn."""
        for path, rest in self._torn.items():
            with path.open("ab") as file:
                file.write(rest)
        self._torn = {}

    def _line(self, session: str) -> bytes:
        repeat = self.truth and self._dice.random() < 0.3
        if repeat:
            key = f"msg_{self._count:012d}"
            sums = self.truth[key]
            counts = (sums[0], sums[1] + self._dice.randrange(50), sums[2])
        else:
            self._count += 1
            key = f"msg_{self._count:012d}"
            counts = tuple(self._dice.randrange(1, 5000) for _ in FIELDS)
        self.truth[key] = counts
        usage = dict(zip(FIELDS, counts, strict=True))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_790_000_000 + self._count))
        record = {
            "type": "assistant", "timestamp": stamp, "sessionId": session, "uuid": f"u{self._count}",
            "requestId": f"req_{key}", "cwd": "/work/shop", "version": "2.1.0",
            "message": {"role": "assistant", "id": key, "model": "claude-sonnet-4-5", "usage": usage},
        }  # fmt: skip
        return json.dumps(record).encode() + b"\n"


def collect(places: Paths) -> None:
    """One collection in this process."""
    database = Database(places, Settings())
    if database.open_writer():
        collector = Collector(places, Settings(), database, workers=1)
        collector.open()
        collector.collect()
        database.close()


class Victim:
    """A child that collects and tells what it is at; it is killed."""

    def __init__(self) -> None:
        self._at = mmap.mmap(-1, 1)
        self._began = -1
        """A pipe the child closes once it begins to store."""
        _tell(Collector, "collect", lambda: self._enter("reading"))
        _tell(Collector, "_store", lambda: self._enter("storing"))
        _tell(Database, "close", lambda: self._enter("closing"))

    def killed(self, places: Paths, seconds: float, *, storing: bool) -> str:
        """Kill one after `seconds`, from its start or from when it stores; return what it was at.

        Empty when it had ended before.
        """
        reading, self._began = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(reading)
                self._enter("opening")
                collect(places)
            finally:
                os._exit(0)
        os.close(self._began)
        self._began = -1
        if storing:
            select.select([reading], [], [])
        handle = os.pidfd_open(pid)
        select.select([handle], [], [], seconds)
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
        os.close(reading)
        was_killed = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
        return STAGES[self._at[0]] if was_killed else ""

    def _enter(self, stage: str) -> None:
        self._at[0] = STAGES.index(stage)
        if self._at[0] >= STORING and self._began >= 0:
            os.close(self._began)
            self._began = -1


def _tell(owner: type, name: str, what: Callable[[], None]) -> None:
    """Have `what` called first whenever a method is."""
    right = getattr(owner, name)

    def telling(self: Any, *arguments: Any, **named: Any) -> Any:
        what()
        return right(self, *arguments, **named)

    setattr(owner, name, telling)


def checkpoint_first() -> None:
    """Make the collector wrong: the checkpoint is committed before the records are."""
    right = Collector._store

    def wrong(self: Collector) -> None:
        empty = {"contexts": [], "rows": b"", "words": []}
        for batches in self._pending.values():
            told = [msgspec.structs.replace(batch, **empty) for batch in batches]
            self._database.writer.ingest_each([told], 0)
        right(self)

    Collector._store = wrong  # type: ignore[method-assign]


def main() -> int:
    """Run the loop and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint-first", action="store_true")
    options = parser.parse_args()
    os.environ["HOME"] = str(options.home)
    os.environ["TOKENTUI_HOME"] = str(options.home / "tokentui")
    places = paths(os.environ)
    dice = random.Random(options.seed)
    sessions = Sessions(options.home, dice)
    sessions.write()
    collect(places)
    sessions.write()
    started = time.monotonic()
    collect(places)
    usual = time.monotonic() - started
    if options.checkpoint_first:
        checkpoint_first()
    victim = Victim()
    gc.collect()
    gc.freeze()  # or each child's first collection would copy every page it shares with this process
    at: Counter[str] = Counter()
    windows = {False: usual, True: usual / 4}
    while at.total() < options.kills:
        sessions.write()
        storing = at.total() % 2 == 1
        stage = victim.killed(places, dice.uniform(0, windows[storing]), storing=storing)
        if stage:
            at[stage] += 1
        # About a tenth gets through, however busy the machine: so kills fall on the whole of a run.
        windows[storing] *= 1.03 if stage else 0.77
    sessions.finish()
    collect(places)
    reader = open_reader(places.database)
    totals = reader.usage(UsageQuery()).totals
    reader.close()
    damage = integrity.problems(str(places.database))
    found = [totals.request_count, totals.uncached_input_tokens, totals.output_tokens]
    found.append(totals.cache_read_input_tokens)
    truth = [len(sessions.truth), *(sum(counts[i] for counts in sessions.truth.values()) for i in range(3))]
    json.dump({"kills": at.total(), "at": at, "found": found, "truth": truth, "damage": damage}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
