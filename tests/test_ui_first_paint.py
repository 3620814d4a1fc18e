"""What may be imported before the first paint: each module more is seen by everyone at every start."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui_program import sample
from tests.ui_still_program import NOW, still_database
from tokentui.ui import panes

ELSEWHERE = (
    "cryptography", "genai_prices", "hashlib", "http", "httpx", "keyring", "msgspec", "peewee", "plotext",
    "pydantic", "sqlite3", "tomllib", "unittest", "urllib.request", "zipfile",
)  # fmt: skip
"""What Textual does not import itself and the first screen has no use for."""

LOOK_ELSEWHERE = (
    *(name for name in ELSEWHERE if name != "sqlite3"),
    "textual",
    "asyncio",
    "platform",
    "uuid",
)

OWN = 73
"""Modules of ours that a first screen may take; each costs 0.15 ms to open, before it does anything."""

PAINTS = """
import asyncio, json, pickle, sys
from tokentui import config, last_screen
from tokentui.sources import SOURCES
from tokentui.ui.opening import open_dashboard
from tokentui.ui.app import TokenTUI

snapshot = pickle.load(open(sys.argv[1], "rb"))
program = TokenTUI(object(), version="0", first=lambda: snapshot)
program.get_driver_class()
program._start_feed = lambda: (print(json.dumps(sorted(sys.modules))), program.exit())
asyncio.run(program.run_async(headless=True, size=(120, 36)))
"""
"""The dashboard up to the moment at which it has painted itself and would start the engine."""

LOOKS = """
import json, sys, time
from tokentui import config
from tokentui.engine.opening import _stored
import os
before = set(sys.modules)
assert _stored(config.paths(os.environ), config.Settings(), time.time_ns() // 1000) is not None
print(json.dumps(sorted(set(sys.modules) - before)))
"""
"""What is read beside that, in a process of its own."""


def modules(program: str, *arguments: str, **environ: str) -> set[str]:
    """Return the modules that a program tells on its last line."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environ})
    return set(json.loads(done.stdout.strip().splitlines()[-1]))


def test_nothing_is_imported_before_the_first_paint_that_it_does_not_need(tmp_path: Path) -> None:
    kept = tmp_path / "snapshot"
    kept.write_bytes(pickle.dumps(sample(4, now=NOW.timestamp())))
    loaded = modules(PAINTS, str(kept))
    others = {where.partition(":")[0] for name, where in panes.PANES.items() if name != "overview"}
    assert "tokentui.ui.overview" in loaded
    assert not loaded & {*ELSEWHERE, *others}
    own = {name for name in loaded if name.startswith("tokentui")}
    assert {name for name in own if name.startswith("tokentui.engine")} == {
        "tokentui.engine", "tokentui.engine.opening",
    }  # fmt: skip
    assert {name for name in own if name.startswith("tokentui.store")} <= {
        "tokentui.store", "tokentui.store.snapshot", "tokentui.store.usage_table",
    }  # fmt: skip
    assert len(own) <= OWN, sorted(own)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a database."""
    folder = tmp_path_factory.mktemp("home")
    still_database(folder, days=3)
    return folder


def test_the_first_look_at_the_database_imports_no_more_than_it_reads_with(home: Path) -> None:
    loaded = modules(LOOKS, HOME=str(home), TOKENTUI_HOME=str(home), TZ="UTC")
    assert "tokentui.store.snapshot_query" in loaded
    assert not loaded & {*LOOK_ELSEWHERE, "tokentui.usage", "tokentui.store.dimensions"}
