"""Recordings of Gemini CLI as tests need them, and what a store would make of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs import gemini_cli
from tokentui.usage import UsageContext, UsageRecord, merged

FIXTURES = Path(__file__).parent / "fixtures" / "gemini_cli"
LOG = FIXTURES / "session-2026-05-03T10-11-7d2e0a11.jsonl"
DOCUMENT = FIXTURES / "session-2025-11-20T08-30-51c0ffee.json"
SESSION = "5e55-10"
HEADER = {"sessionId": SESSION, "projectHash": "shop", "startTime": "2026-05-03T10:00:00.000Z"}


class Known:
    """What a store would hold after some readings."""

    def __init__(self) -> None:
        self.records: dict[int, UsageRecord] = {}
        self.contexts: dict[int, UsageContext] = {}
        self.checkpoints: dict[str, Checkpoint] = {}
        self.bad: list[tuple[int, str]] = []
        self.anomalies = 0

    def read(self, *paths: Path) -> list[Batch]:
        """Read files beyond their checkpoints and take in what they say."""
        batches: list[Batch] = []
        for path in map(str, paths):
            for batch in gemini_cli.read(path, self.checkpoints.get(path), siblings=None):
                batches.append(batch)
                self.checkpoints[path] = batch.checkpoint
                self.bad = [] if batch.restarted else self.bad
                self.bad += [(bad.line, bad.reason) for bad in batch.bad_lines]
                self.anomalies += batch.anomalies
                for record in batch.records:
                    old = self.records.get(record.key)
                    self.records[record.key] = record if old is None else merged(old, record)
                    self.contexts.setdefault(record.key, batch.contexts[record.context])
        return batches

    @property
    def counts(self) -> list[tuple[int, int, int, int]]:
        """(uncached, cache read, output, reasoning) of each request, by time."""
        ordered = sorted(self.records.values(), key=lambda each: (each.time, each.output_tokens))
        return [
            (
                each.uncached_input_tokens, each.cache_read_input_tokens,
                each.output_tokens, each.reasoning_output_tokens,
            )
            for each in ordered
        ]

    @property
    def only(self) -> UsageRecord:
        """The one record there is."""
        (record,) = self.records.values()
        return record


def chats(home: Path, project: str = "shop") -> Path:
    """The folder of a project's recordings."""
    folder = home / ".gemini" / "tmp" / project / "chats"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def message(name: str | None, second: int, tokens: Any, **more: Any) -> dict[str, Any]:
    """One message as the tool writes it."""
    given = {"id": name, "timestamp": f"2026-05-03T10:{second // 60:02}:{second % 60:02}.000Z"}
    return given | {"type": "gemini", "model": "gemini-2.5-pro", "tokens": tokens} | more


def used(
    prompt: Any = 0, output: Any = 0, cached: Any = 0, thoughts: Any = 0, tool: Any = 0
) -> dict[str, Any]:
    """The tokens of a message as the tool writes them."""
    return {"input": prompt, "output": output, "cached": cached, "thoughts": thoughts, "tool": tool}


def write(path: Path, entries: Iterable[object]) -> Path:
    """Write a log; what is no string is dumped as JSON."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in entries]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
