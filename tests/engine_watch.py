"""An engine at work on a home of its own, and a way to wait for what it says."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tokentui.config import Settings, paths
from tokentui.engine.collector import SourceResult
from tokentui.engine.database import now
from tokentui.engine.engine import Engine
from tokentui.engine.pace import Pace
from tokentui.store import UsageQuery, integrity, open_reader
from tokentui.store.snapshot import ImportProgress, Snapshot

DEADLINE = 20.0
"""Seconds until something that should have happened counts as missing; a busy machine is slow."""
QUICK = Pace(walk=0.2, walk_share=0, follow=0.1, retry=0.2, progress=0.0, shown=0.05)
SETTINGS = Settings(poll_seconds=0.2)


def request(name: str, output: int = 10, **fields: Any) -> bytes:
    """One line of a Claude Code transcript: a request that produced `output` tokens."""
    usage = {"input_tokens": 100, "output_tokens": output}
    message = {"id": f"msg_{name}", "role": "assistant", "model": "claude-sonnet-4-5", "usage": usage}
    line = {
        "type": "assistant", "timestamp": "2026-09-14T10:00:00.000Z", "sessionId": "s1",
        "requestId": f"req_{name}", "cwd": "/work/shop", "version": "2.3.41", "message": message, **fields,
    }  # fmt: skip
    return json.dumps(line).encode() + b"\n"


def log(home: Path, name: str = "-work-shop/s1.jsonl") -> Path:
    """Where a transcript lies; its folder is made."""
    path = home / ".claude" / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def append(path: Path, *lines: bytes) -> Path:
    """Write lines to the end of a file, as the tool does it."""
    with path.open("ab") as file:
        file.write(b"".join(lines))
    return path


def requests(first: int, count: int) -> list[bytes]:
    """Lines of some requests with different counts."""
    return [request(str(number), output=number) for number in range(first, first + count)]


def assert_stored(count: int) -> None:
    """The database is sound and holds the requests 0 to `count` - 1, each once."""
    path = paths(os.environ).database
    assert integrity.problems(str(path)) == []
    reader = open_reader(path)
    totals = reader.usage(UsageQuery()).totals
    reader.close()
    assert (totals.request_count, totals.output_tokens) == (count, count * (count - 1) // 2)


class Watch:
    """Everything an engine has said so far."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.snapshots: list[Snapshot] = []
        self.progress: list[ImportProgress | None] = []
        self.failures: list[str] = []
        self.troubles: list[str] = []
        self.collected: list[list[SourceResult]] = []
        self.turns = 0

    def told(self, into: list[Any]) -> Callable[[Any], None]:
        """Return a callback that keeps what it is told."""

        def keep(item: Any) -> None:
            with self._changed:
                into.append(item)
                self._changed.notify_all()

        return keep

    def turned(self) -> None:
        """Another pass is over."""
        with self._changed:
            self.turns += 1
            self._changed.notify_all()

    def wait(self, condition: Callable[[], object], seconds: float = DEADLINE) -> float:
        """Wait until a condition holds; return the seconds that took."""
        started = time.monotonic()
        with self._changed:
            assert self._changed.wait_for(condition, seconds), (self.snapshots[-1:], self.troubles)
        return time.monotonic() - started

    def more_turns(self, count: int = 3) -> None:
        """Wait until whatever was going to happen would have happened."""
        goal = self.turns + count
        self.wait(lambda: self.turns >= goal)

    @property
    def last(self) -> Snapshot:
        """The newest snapshot."""
        return self.snapshots[-1]

    def records(self, count: int, seconds: float = DEADLINE) -> float:
        """Wait for a snapshot of that many records; return the seconds it took."""
        return self.wait(lambda: self.snapshots and self.last.record_count == count, seconds)

    def notice(self, text: str) -> str:
        """Wait for a snapshot with a notice that has `text` in it; return the notice."""
        self.wait(lambda: self.snapshots and any(text in notice for notice in self.last.notices))
        return next(notice for notice in self.last.notices if text in notice)

    def no_notice(self) -> None:
        """Wait for a snapshot without notices."""
        self.wait(lambda: self.snapshots and not self.last.notices)


class WatchedEngine(Engine):
    """An engine that counts its passes."""

    watch: Watch

    async def _turn(self) -> float:
        pause = await super()._turn()
        self.watch.turned()
        return pause


@contextmanager
def engine(
    *, pace: Pace = QUICK, settings: Settings = SETTINGS, clock: Callable[[], int] = now
) -> Iterator[tuple[WatchedEngine, Watch]]:
    """An engine in this process on the home of the test; it must end well."""
    made = WatchedEngine(paths(os.environ), settings, clock=clock, pace=pace)
    made.watch = watch = Watch()
    made.start(
        watch.told(watch.snapshots), watch.told(watch.progress), watch.told(watch.failures),
        watch.told(watch.collected), watch.told(watch.troubles),
    )  # fmt: skip
    try:
        yield made, watch
    finally:
        assert made.stop(DEADLINE)
    assert watch.failures == []


class Program:
    """`tokentui` with some arguments, in a process of its own."""

    def __init__(self, *arguments: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tokentui", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environ},
        )  # fmt: skip
        self.text = ""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def fileno(self) -> int:
        """Its output, for `select`."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def read(self) -> bool:
        """Take what it has written; false once its output is closed."""
        data = os.read(self.fileno(), 1 << 16)
        self.text += data.decode()
        return bool(data)

    def said(self, text: str, seconds: float = DEADLINE) -> None:
        """Wait until it has said `text`, and forget what it said up to there."""
        assert first_to_say(text, [self], seconds) is self

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.communicate()


def first_to_say(text: str, programs: list[Program], seconds: float = DEADLINE) -> Program:
    """Wait until one of some programs says `text`; return it, what it said up to there forgotten."""
    deadline = time.monotonic() + seconds
    reading = list(programs)
    while True:
        for program in programs:
            if text in program.text:
                program.text = program.text.partition(text)[2]
                return program
        left = deadline - time.monotonic()
        ready = select.select(reading, [], [], left)[0] if left > 0 and reading else []
        assert ready, f"nobody said {text!r}: {[program.text for program in programs]}"
        for program in ready:
            if not program.read():
                reading.remove(program)


def children(parent: int) -> list[int]:
    """The processes that `parent` has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
