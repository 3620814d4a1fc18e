"""Prism, a program for Node that checks questions and answers against an OpenAPI document as they pass."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.contracts import documents

START_SECONDS = 60
"""It takes 2 to 3 on an idle machine."""


def program() -> Path | None:
    """Return where Prism is: in the folder that TOKENTUI_PRISM names, or in PATH. None without Node, too."""
    if shutil.which("node") is None:
        return None
    folder = os.environ.get("TOKENTUI_PRISM", "")
    inside = Path(folder) / "node_modules" / ".bin" / "prism"
    if folder and inside.exists():
        return inside
    found = shutil.which("prism")
    # Other programs have that name, too.
    return Path(found) if found and "@stoplight" in str(Path(found).resolve()) else None


@contextmanager
def checking(prism: Path, upstream: str, folder: Path) -> Iterator[str]:
    """Let Prism stand before a server; yield its address. Whatever the document forbids is an error there."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(documents.document()))
    command = [str(prism), "proxy", "--errors", "-h", "127.0.0.1", "-p", "0", str(document), upstream]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"}
    with subprocess.Popen(
        command, env=environment, cwd=folder, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        patience = threading.Timer(START_SECONDS, running.kill)
        patience.start()
        told = ""
        address = None
        for line in running.stdout:
            told += line
            if address := re.search(r"listening on (http://127\.0\.0\.1:[0-9]+)", line):
                break
        patience.cancel()
        # Its log must be read, or it stops at a full pipe.
        reader = threading.Thread(target=running.stdout.read, daemon=True)
        reader.start()
        try:
            assert address, f"Prism did not start:\n{told}"
            yield address[1]
        finally:
            with suppress(ProcessLookupError):
                running.kill()
            reader.join(10)
