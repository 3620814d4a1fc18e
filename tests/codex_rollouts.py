"""Builds Codex rollouts line by line, and adds up what the reader finds in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs import codex
from tokentui.usage import LimitReading, UsageContext, UsageRecord, merged

PARENT = "019e0000-0000-7000-8000-00000000aaaa"
CHILD = "019e0000-0000-7000-8000-00000000bbbb"
GRANDCHILD = "019e0000-0000-7000-8000-00000000cccc"
OTHER = "019e0000-0000-7000-8000-00000000dddd"

DAY_MS = 1_789_862_400_000
"""2026-09-20T00:00:00Z, in milliseconds."""


def clock(milliseconds: int) -> str:
    """A moment of 2026-09-20 as Codex writes it."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"2026-09-20T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}Z"


def tokens(*counts: int) -> dict[str, int]:
    """Input, cached, output, reasoning, cache write: as many as are given."""
    names = (
        "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens",
        "cache_write_input_tokens",
    )
    named = dict(zip(names, counts, strict=False))
    return {**named, "total_tokens": named.get("input_tokens", 0) + named.get("output_tokens", 0)}


@dataclass
class Rollout:
    """A file in the making. Each line comes ten seconds after the one before it, or at `at` (ms)."""

    thread: str = PARENT
    now: int = 10 * 3_600_000
    lines: list[str] = field(default_factory=list)

    def add(self, kind: str, payload: Any, *, at: int | None = None, **envelope: Any) -> Rollout:
        self.now = self.now + 10_000 if at is None else at
        line = {"timestamp": clock(self.now), **envelope, "type": kind, "payload": payload}
        self.lines.append(json.dumps(line, separators=(",", ":")))
        return self

    def meta(self, *, at: int | None = None, thread: str | None = None, **more: Any) -> Rollout:
        payload = {
            "id": thread or self.thread, "timestamp": clock(self.now), "cwd": "/home/ana/shop",
            "originator": "codex_cli_rs", "cli_version": "0.152.0", "source": "cli",
            "model_provider": "openai", "git": {"branch": "main", "commit_hash": "9f3"}, **more,
        }
        return self.add("session_meta", payload, at=self.now if at is None else at)

    def turn(self, model: Any = "gpt-5.6-terra", **more: Any) -> Rollout:
        return self.add("turn_context", {"cwd": "/home/ana/shop", "model": model, "effort": "medium", **more})

    def count(
        self,
        total: Any = None,
        last: Any = None,
        *,
        at: int | None = None,
        limits: Any = None,
        **envelope: Any,
    ) -> Rollout:
        """A token_count."""
        info = {"total_token_usage": total, "last_token_usage": last, "model_context_window": 258400}
        payload = {"type": "token_count", "info": info, "rate_limits": limits}
        return self.add("event_msg", payload, at=at, **envelope)

    def inputs(self, *pairs: tuple[int | None, int | None], step: int | None = None) -> Rollout:
        """Rows of (total, last) that hold input only, `step` ms apart."""
        for total, last in pairs:
            at = None if step is None else self.now + step
            self.count(
                None if total is None else tokens(total), None if last is None else tokens(last), at=at
            )
        return self

    def record(self, used: Any, response: str | None, *, at: int | None = None, **more: Any) -> Rollout:
        payload = {"thread_id": self.thread, "turn_id": "t1", "response_id": response, "usage": used, **more}
        return self.add("token_usage_record", payload, at=at)

    @property
    def name(self) -> str:
        return f"rollout-2026-09-20T10-00-00-{self.thread}.jsonl"

    def content(self) -> bytes:
        return "".join(line + "\n" for line in self.lines).encode()

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        path.write_bytes(self.content())
        return path


class Disk:
    """The rollouts a reader can look for parents in."""

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self.paths = [str(path) for path in paths]

    def find(self, part: str) -> list[str]:
        return [path for path in self.paths if part in Path(path).name]


@dataclass
class Usage:
    """What was found, merged by key as the store does it."""

    records: dict[int, UsageRecord] = field(default_factory=dict)
    contexts: dict[int, UsageContext] = field(default_factory=dict)
    limits: list[LimitReading] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    anomalies: int = 0

    def take(self, batch: Batch) -> None:
        for record in batch.records:
            old = self.records.get(record.key)
            winner = record if old is None else merged(old, record)
            if old is None or winner.time < old.time:
                self.contexts[record.key] = batch.contexts[record.context]
            self.records[record.key] = winner
        self.limits += batch.limits
        self.bad += [(line.line, line.reason) for line in batch.bad_lines]
        self.anomalies += batch.anomalies

    @property
    def requests(self) -> int:
        return len(self.records)

    @property
    def parts(self) -> tuple[int, int, int, int, int]:
        """Uncached, cache read, cache writes, output: the sum of all."""
        rows = [
            (
                one.uncached_input_tokens, one.cache_read_input_tokens, one.cache_creation_5m_input_tokens,
                one.cache_creation_1h_input_tokens, one.output_tokens,
            )
            for one in self.records.values()
        ]
        a, b, c, d, e = (sum(column) for column in zip(*rows, strict=True)) if rows else (0, 0, 0, 0, 0)
        return a, b, c, d, e

    @property
    def input(self) -> int:
        return sum(record.input_tokens for record in self.records.values())

    @property
    def only(self) -> UsageRecord:
        (record,) = self.records.values()
        return record

    @property
    def only_model(self) -> str:
        (model,) = {record.model for record in self.records.values()}
        return model

    @property
    def context(self) -> UsageContext:
        (context,) = set(self.contexts.values())
        return context

    def summary(self) -> list[Any]:
        """All that must not depend on how a file was cut: each record, with its context."""
        return sorted(
            (key, record.rank, record.time, record.model, record.flags, self.contexts[key],
             record.uncached_input_tokens, record.cache_read_input_tokens, record.output_tokens)
            for key, record in self.records.items()
        )  # fmt: skip


def collect(
    *paths: Path | str,
    disk: Sequence[Path | str] | None = None,
    checkpoints: dict[str, Checkpoint] | None = None,
    into: Usage | None = None,
) -> Usage:
    """Read files in this order; parents are looked for in `disk`, by default in all of them."""
    usage = Usage() if into is None else into
    known = {} if checkpoints is None else checkpoints
    siblings = Disk(paths if disk is None else disk)
    for path in map(str, paths):
        for batch in codex.read(path, known.get(path), siblings=siblings):
            known[path] = batch.checkpoint
            usage.take(batch)
    return usage
