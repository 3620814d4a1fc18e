"""Claude Code: transcripts of main sessions, sub-agents and workflow runs, at any depth below `projects`.

The transcripts are a floor: the final count of a stream that was cut off is never written, so every
record has the quality `floor`. Claude Code deletes them after 30 days.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tokentui.batch import Batch, Checkpoint

PARSER_VERSION = 1

_DESKTOP = (".config/Claude", "Library/Application Support/Claude")
"""Where Claude Desktop keeps its data on Linux and on macOS."""


def roots(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the folders that may hold transcripts, each real folder once, existing or not.

    CLAUDE_CONFIG_DIR replaces the folders below `home`. It names one folder; a list with commas is
    understood where no folder has that name. An entry may be the `projects` folder itself.
    Claude Desktop's agent sessions have a place of their own, whatever the variable says.
    """
    configured = environ.get("CLAUDE_CONFIG_DIR", "").strip()
    if configured:
        folders = [_expanded(entry, home) for entry in _entries(configured, home)]
    else:
        folders = [home / ".claude", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "claude"]
    found = [folder if folder.name == "projects" else folder / "projects" for folder in folders]
    found += [home / place / "local-agent-mode-sessions" for place in _DESKTOP]
    return list(dict.fromkeys(Path(os.path.realpath(folder)) for folder in found))


def _entries(configured: str, home: Path) -> list[str]:
    if _expanded(configured, home).is_dir():
        return [configured]
    return [entry for part in configured.split(",") if (entry := part.strip())]


def _expanded(entry: str, home: Path) -> Path:
    return home / entry[2:] if entry.startswith("~/") else home if entry == "~" else Path(entry)


def wanted(path: str) -> bool:
    """Say whether a path below a root is a transcript.

    Claude Desktop puts an audit log beside the transcripts of its agent, which repeats their
    requests without their times: in its folders only what lies below `projects` counts.
    """
    if not path.endswith(".jsonl"):
        return False
    folders = path.split("/")[:-1]
    return "projects" in folders or not any(folder.startswith("local_") for folder in folders)


def read(path: str, checkpoint: Checkpoint | None, *, siblings: object = None) -> Iterator[Batch]:
    """Yield the requests of one transcript beyond its checkpoint (see `lines.read`)."""
    # A start that finds nothing new needs no parser: 6 ms.
    from tokentui.sources.logs import lines
    from tokentui.sources.logs.claude_limits import SERVICE
    from tokentui.sources.logs.claude_parser import Parser

    del siblings  # every request has an identity of its own: no other file is needed
    changed = os.lstat(path).st_mtime_ns // 1000
    return lines.read(
        path, checkpoint, source=SERVICE, parser_version=PARSER_VERSION,
        parser=lambda state: Parser(state, changed),
    )
