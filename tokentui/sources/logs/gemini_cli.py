"""Gemini CLI: its chat recordings, `.jsonl` logs that are appended to and older `.json` documents.

Format: google-gemini/gemini-cli, packages/core/src/services/chatRecordingService.ts. A log starts
with a header that names the session; a message is written again, whole, each time it grows, at
first without its tokens. `$set` lines may repeat all messages; `$rewindTo` takes messages out of the
conversation, but they were paid for. A document is turned into a log when its session is resumed,
and both files stay. Retries and utility calls are never recorded, so the counts are a floor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from tokentui.batch import Batch, Checkpoint

PARSER_VERSION = 1


def roots(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the folders that hold a folder for each project, each real one once.

    `GEMINI_DATA_DIR` (a comma list of data folders) or `GEMINI_CLI_HOME` replaces the home
    directory's `.gemini`; on macOS the sandbox keeps its own below `.cache`.
    """
    parts = [part.strip() for part in environ.get("GEMINI_DATA_DIR", "").split(",")]
    listed = [_expanded(part, home) for part in parts if part]
    if own := environ.get("GEMINI_CLI_HOME", "").strip():
        data = [_expanded(own, home) / ".gemini"]
    else:
        data = [home / ".gemini", home / ".cache" / ".gemini"]
    found: dict[str, Path] = {}
    for folder in listed or data:
        root = folder if folder.name == "tmp" else folder / "tmp"
        found.setdefault(os.path.realpath(root), root)
    return list(found.values())


def wanted(path: str) -> bool:
    """Say whether a file below a root is a recording: anything below a `chats` folder, sub-agents too."""
    return path.endswith((".jsonl", ".json")) and "/chats/" in f"/{path}"


def read(path: str, checkpoint: Checkpoint | None, *, siblings: object) -> Iterator[Batch]:  # noqa: ARG001
    """Yield what a recording says beyond its checkpoint; nothing when it is unchanged.

    Raises OSError for a file that cannot be read or is no regular file.
    """
    # A start that finds nothing new needs no parser: 3 ms.
    from tokentui.sources.logs import document, lines
    from tokentui.sources.logs.gemini_parser import SOURCE, Parser, parsed
    from tokentui.sources.logs.gemini_projects import origin_of

    origin = origin_of(path)
    if path.endswith(".json"):
        return document.read(
            path, checkpoint, source=SOURCE, parser_version=PARSER_VERSION, parse=partial(parsed, origin)
        )
    return lines.read(
        path, checkpoint, source=SOURCE, parser_version=PARSER_VERSION, parser=partial(Parser, origin)
    )


def _expanded(path: str, home: Path) -> Path:
    return home / path[2:] if path.startswith("~/") else Path(path)
