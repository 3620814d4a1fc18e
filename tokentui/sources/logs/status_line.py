"""What `tokentui statusline` noted of Claude Code's official limits: one spool a UTC day.

An entry: {"v":1,"at":<UTC epoch microseconds>,"limits":{"five_hour":[<percent used>,<Unix seconds|null>]}}.
Several sessions append to one spool; a line that was torn by a crash is told as a bad line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tokentui import statusline
from tokentui.batch import Batch, Checkpoint

PARSER_VERSION = 1


def roots(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the folder of the spools."""
    return [Path(statusline.folder({"HOME": str(home), **environ}))]


def wanted(path: str) -> bool:
    """Say whether a path below the folder is a spool."""
    return path.endswith(".jsonl") and "/" not in path


def read(path: str, checkpoint: Checkpoint | None, *, siblings: object = None) -> Iterator[Batch]:
    """Yield the readings beyond the checkpoint (see `lines.read`)."""
    # A start that finds nothing new needs no parser.
    from tokentui.sources.logs import lines
    from tokentui.sources.logs.status_line_parser import Parser

    del siblings
    return lines.read(
        path, checkpoint, source="status-line", parser_version=PARSER_VERSION, parser=lambda _: Parser()
    )
