"""The requests that a user's script printed (see `sources.providers.script`), read like a log.

What a script printed last is kept whole, one file an account, so that a bad line can be looked up in it;
each request counts once, by the `id` its script gave it, however often it is printed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tokentui import folders
from tokentui.batch import Batch, Checkpoint

PARSER_VERSION = 1
FOLDER = "scripts"


def folder(environ: Mapping[str, str]) -> str:
    """Return where the output of scripts is kept."""
    return os.path.join(folders.state(environ), FOLDER)


def file_name(service: str, account: str) -> str:
    """Return the file of an account's output."""
    return f"{service}@{account}.jsonl"


def roots(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the folder of the outputs."""
    return [Path(folder({"HOME": str(home), **environ}))]


def wanted(path: str) -> bool:
    """Say whether a path below the folder is an output."""
    return path.endswith(".jsonl") and "@" in path and "/" not in path


def read(path: str, checkpoint: Checkpoint | None, *, siblings: object = None) -> Iterator[Batch]:
    """Yield the requests beyond the checkpoint (see `lines.read`)."""
    # A start that finds nothing new needs no parser.
    from tokentui.sources.logs import lines
    from tokentui.sources.logs.script_parser import Parser

    del siblings
    service, _, account = os.path.basename(path).removesuffix(".jsonl").partition("@")
    return lines.read(
        path, checkpoint, source="scripts", parser_version=PARSER_VERSION,
        parser=lambda _: Parser(service, account),
    )  # fmt: skip
