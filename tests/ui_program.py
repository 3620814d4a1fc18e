"""A feed of made-up snapshots, and the dashboard on it as a program for tests in a pseudo-terminal.

`python -m tests.ui_program MODE FOLDER`: each press of `r` delivers the next snapshot of the mode.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TypeVar

from tokentui import config
from tokentui.engine.accounts import Accounts
from tokentui.engine.health import BadLineAt, DatabaseHealth, Health, SourceHealth
from tokentui.store import Reader, open_reader
from tokentui.store.place import Place
from tokentui.store.snapshot import Card, Day, Driver, Drivers, ImportProgress, Limit, Snapshot, Usage

T = TypeVar("T")

TODAY = date(2026, 11, 21)
HOSTILE = (
    "[@click=app.leave]x[/] [/] [/b] [link=https://x]d[/link] \x1b]52;c;aGFjaw==\x07 \x1b]0;PWNED\x07 "
    "\x1b[31mred \x9b2J \x9d0;t\x9c \u202eevil\u202c \u200b \x00\x08\x07\r\n\t "
    "e\u0301\u0301\u0301\u0301\u0301\u0301 \U0001f468\u200d\U0001f469 漢字"
)
"""Markup, escape sequences, control bytes, bidi, zero-width, stacked marks, wide characters."""


def usage(cost: float, tokens: int, requests: int = 10, unpriced: int = 0) -> Usage:
    """Usage of so many dollars and tokens, mostly read from a cache."""
    return Usage(
        request_count=requests,
        uncached_input_tokens=tokens // 10,
        cache_read_input_tokens=tokens - tokens // 10 - tokens // 20,
        output_tokens=tokens // 20,
        cost=round(cost * 1e9),
        unpriced_request_count=unpriced,
    )


def sample(cards: int = 3, *, name: str = "", now: float = 0.0) -> Snapshot:
    """A snapshot of a busy developer; every string holds `name` when one is given."""
    titles = ["Claude Code", "Codex", "Gemini CLI", *(f"Service {number}" for number in range(60))][:cards]
    series = tuple(None if day % 7 > 4 else (day + 1) * 100_000_000 for day in range(30))
    limits = (
        Limit("codex", name or "5 h", 300, 92.0, round((now + 1_900) * 1e6), round(now * 1e6), name or "pro"),
        Limit("codex_week", name or "week", 10_080, None, None, round(now * 1e6)),
    )
    shown = tuple(
        Card(
            service=f"service-{number}",
            title=name or title,
            account=name,
            plan=name or "Max",
            today=usage(10 - number, 1_000_000, unpriced=number == 2),
            month=usage(200 - number, 20_000_000, 900),
            daily_cost=series,
            daily_tokens=series,
            limits=limits if title == "Codex" or name else (),
            last_used_at=round(now * 1e6) if number != 2 else None,
            quality="floor" if number == 2 else "exact",
        )
        for number, title in enumerate(titles)
    )
    days = tuple(
        Day(
            TODAY - timedelta(days=age),
            tuple((card.service, usage(1 + age % 5, 100_000)) for card in shown),
            tuple((name or f"model-{number}", usage(1 + age % 3, 100_000)) for number in range(7)),
        )
        for age in range(60, -1, -1)
        if age % 7 not in (3, 4)
    )
    rows = tuple(
        Driver(name or f"thing {number}", usage(5 - number, 100_000), 0, 10**9, name or f"thing-{number}")
        for number in range(4)
    )
    return Snapshot(
        today=TODAY,
        zone=name or "UTC",
        totals_today=usage(27.0, 3_000_000, 30, 1),
        totals_yesterday=usage(20.0, 1_000_000),
        yesterday_so_far=usage(20.0, 1_000_000),
        yesterday_until=round(datetime(2026, 11, 20, 14, 15, tzinfo=UTC).timestamp() * 1e6),
        totals_month=usage(597.0, 60_000_000, 2_700),
        cards=shown,
        drivers=Drivers(rows, rows, rows, TODAY, TODAY, usage(27.0, 3_000_000, 30, 1), "floor"),
        days=days,
        record_count=2_700,
        first_day=TODAY - timedelta(days=60),
        unpriced_models=(name or "model-x",),
        notices=(name,) if name else (),
    )


@dataclass(frozen=True)
class Source:
    """What was found of one source."""

    name: str = "codex"
    title: str = "Codex"
    looked: tuple[str, ...] = ("/home/me/.codex",)
    files: int = 0


def healthy(name: str = "", now: float = 0.0) -> Health:
    """The findings of a day with some trouble; every string holds `name` when one is given."""
    plain = SourceHealth(
        name="service-0",
        title=name or "Claude Code",
        state="ok",
        roots=(name or "/home/me/.claude/projects",),
        files=12,
        files_gone=2,
        records=48_210,
        bad_line_count=7,
        bad_lines=tuple(BadLineAt(name or "/logs/s1.jsonl", 3 + row, name or "no JSON") for row in range(7)),
        anomalies=1,
        lag_seconds=0.0,
        unread_bytes=0,
        unfinished_bytes=0,
        last_read_at=round((now - 150) * 1e6),
        errors=(),
    )
    quiet = replace(plain, files_gone=0, bad_line_count=0, bad_lines=(), anomalies=0, name="service-9")
    sources = (
        plain,
        replace(quiet, title=name or "Codex", state="behind", unread_bytes=1_234, lag_seconds=300.0),
        replace(quiet, title=name or "Gemini", state="error", errors=(name or "/logs/x: Permission denied",)),
        replace(quiet, title=name or "Cursor", state="not found", files=0, records=0, last_read_at=None),
        replace(quiet, title=name or "Aider", state="off", unfinished_bytes=40),
    )
    database = DatabaseHealth(
        path=name or "/home/me/tokentui.db",
        size_bytes=12_400_000,
        records=48_210,
        bytes_per_record=257.2,
        integrity=name or "ok",
        sqlite_version="3.45.1",
        sqlite_note=name or "this SQLite has a bug",
        schema_version=1,
        journal_mode="wal",
        writable=not name,
        backups=3,
        last_backup_at=round((now - 5 * 3_600) * 1e6),
        unpriced_models=(name or "model-x", "model-y"),
        notices=(name or "restored from a backup",),
    )
    return Health(sources, database, name or "0.2.3")


class FakeFeed:
    """Delivers what a test gives it, from whatever thread the test likes."""

    def __init__(self, *snapshots: Snapshot, sources: tuple[Source, ...] = (Source(),)) -> None:
        self.coming = list(snapshots)
        self.sources = sources
        self.started = self.stopped = self.refreshed = self.asked = 0
        self.health: Health | str = healthy()
        self.database: Path | None = None
        self.busy = ""
        self.topics: list[str] = []
        self._newest: dict[str, int] = {}
        self._answering: list[Thread] = []
        self.deliver: Callable[[Snapshot], None]
        self.progress: Callable[[ImportProgress | None], None]
        self.fail: Callable[[str], None]

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Deliver the first snapshot."""
        self.started += 1
        self.deliver, self.progress, self.fail = listener, progress, failed
        self.next()

    def stop(self, timeout: float) -> None:  # noqa: ARG002
        """Count."""
        self.stopped += 1

    def refresh(self) -> None:
        """Deliver the next snapshot."""
        self.refreshed += 1
        self.next()

    def next(self) -> None:
        """Deliver the next snapshot, if there is one."""
        if self.coming:
            self.deliver(self.coming.pop(0))

    def found(self) -> tuple[Source, ...]:
        """What was found."""
        return self.sources

    def doing(self) -> str:
        """What the test has put into `busy`."""
        return self.busy

    def accounts(self) -> Accounts:
        """The accounts in `database`, else those of the test's own home."""
        place = None if self.database is None else partial(Place, str(self.database))
        return Accounts(config.paths(os.environ), config.Settings(), place=place)

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Ask the database the test has put into `database`, from another thread."""
        self.topics.append(topic)
        number = self._newest[topic] = self._newest.get(topic, 0) + 1

        def answer() -> None:
            if self.database is None:
                failed("this test has no database")
                return
            reader = open_reader(self.database)
            try:
                found = question(reader)
            except Exception as fault:  # as the engine does
                failed(f"{type(fault).__name__}: {fault}")
                return
            finally:
                reader.close()
            if self._newest[topic] == number:  # an older one of a topic is given up, as the engine does
                listener(found)

        self._answer(answer)

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Tell what the test has put into `health`, from another thread; a text is a failure."""
        self.asked += 1
        found = self.health
        answer = partial(failed, found) if isinstance(found, str) else partial(listener, found)
        self._answer(answer)

    @property
    def resting(self) -> bool:
        """Whether every question has been answered."""
        return not any(thread.is_alive() for thread in self._answering)

    def _answer(self, answer: Callable[[], object]) -> None:
        self._answering = [each for each in self._answering if each.is_alive()]
        thread = Thread(target=answer)
        self._answering.append(thread)
        thread.start()


class CrashingFeed(FakeFeed):
    """Raises in the screen's own thread, with a secret among its variables."""

    def refresh(self) -> None:
        """Raise."""
        canary = os.environ["CANARY"]
        if canary:
            raise RuntimeError("boom [/] " + HOSTILE)


def changed(snapshot: Snapshot) -> Snapshot:
    """The same but for one figure: the tokens of the first card."""
    first = snapshot.cards[0]
    return replace(snapshot, cards=(replace(first, today=usage(10, 7_700_000)), *snapshot.cards[1:]))


def heavy() -> list[str]:
    """The heavy modules that were imported."""
    return [
        name for name in ("genai_prices", "httpx", "keyring", "plotext", "pydantic") if name in sys.modules
    ]


def main() -> int:
    """Run the dashboard as the command line would."""
    from tokentui.ui import run, unfit

    mode, folder = sys.argv[1:]
    if reason := unfit(os.environ, sys.stdin, sys.stdout):
        print(f"unfit: {reason}")
        return 2
    now = time.time()
    plain = sample(now=now)
    feeds = {
        "plain": lambda: FakeFeed(plain, replace(plain), changed(plain)),
        "hostile": lambda: FakeFeed(
            sample(name=HOSTILE, now=now), sources=(Source(HOSTILE, HOSTILE, (HOSTILE,)),)
        ),
        "empty": lambda: FakeFeed(Snapshot(TODAY, HOSTILE), sources=(Source(HOSTILE, HOSTILE, (HOSTILE,)),)),
        "crash": lambda: CrashingFeed(plain),
    }
    feed = feeds[mode]()
    feed.health = healthy("" if mode == "plain" else HOSTILE, now)
    code = run(feed, version="0.1.0", crash_folder=folder)
    with suppress(OSError):  # the terminal may be gone
        print(f"stopped {feed.stopped} heavy {heavy()}")
    return code


if __name__ == "__main__":
    from tokentui.ui.terminal import leave

    leave(main())
