"""Codex CLI (and its desktop app and editor extensions): rollouts, one file a session.

Format: openai/codex, codex-rs/protocol (RolloutLine, TokenCountEvent) and codex-rs/rollout. A file is
named by the LOCAL time of its session, in a folder of that day, also when it is resumed weeks later; it
moves to `archived_sessions` when archived and may be compressed with zstd when it is a week old.
All copies of a session say the same, so their records have the same keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tokentui.batch import Batch, Checkpoint

if TYPE_CHECKING:
    from tokentui.sources.logs.codex_replay import Siblings

PARSER_VERSION = 1


def roots(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the folders of active and archived sessions, each real one once, whether they exist or not.

    `CODEX_HOME` replaces `~/.codex`; it may be a comma list when it names no folder as a whole.
    """
    value = environ.get("CODEX_HOME", "").strip()
    named = [value] if value and _expanded(value, home).is_dir() else value.split(",")
    bases = [_expanded(part.strip(), home) for part in named if part.strip()] or [home / ".codex"]
    found = [base / folder for base in bases for folder in ("sessions", "archived_sessions")]
    return list({os.path.realpath(path): path for path in reversed(found)}.values())[::-1]


def wanted(path: str) -> bool:
    """Say whether a file below a root is a rollout, at any depth."""
    name = path.rsplit("/", 1)[-1]
    return name.startswith("rollout-") and name.endswith((".jsonl", ".jsonl.zst"))


def read(path: str, checkpoint: Checkpoint | None, *, siblings: Siblings | None = None) -> Iterator[Batch]:
    """Yield what a rollout says beyond its checkpoint; nothing when it is unchanged.

    A compressed one is read whole whenever it changed. `siblings` finds the parents of forks and
    sub-agents; without it what they repeat is told by its time alone. Raises OSError for a file that
    cannot be read, is no regular file or holds damaged zstd data.
    """
    # A start that finds nothing new needs no parser: 6 ms.
    from tokentui.sources.logs import lines
    from tokentui.sources.logs.codex_counter import SERVICE
    from tokentui.sources.logs.codex_parser import RolloutParser
    from tokentui.sources.logs.codex_zstd import decompression

    name = os.path.basename(path)
    return lines.read(
        path, checkpoint, source=SERVICE, parser_version=PARSER_VERSION, decompress=decompression(path),
        parser=lambda state: RolloutParser(state, name=name, siblings=siblings),
    )


def _expanded(path: str, home: Path) -> Path:
    """Return a path with its leading `~` replaced by the given home."""
    return home / path[2:] if path.startswith("~/") else home if path == "~" else Path(path)
