"""Cuts every test off from this machine: its home, its settings, its clock's zone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import _wait

from tokentui import text
from tokentui.sources.providers.rows import PROVIDERS

_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 0.01, 0.001
# A pilot waits for two slices of time in which the process computed for less than 1 ms, at each key and
# each pause. Textual's slices have 20 ms: a third of the time of all tests of screens.

HOME_VARIABLES = (
    "TOKENTUI_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "CODEX_SQLITE_HOME", "GEMINI_CLI_HOME",
    "GEMINI_DATA_DIR", "NO_COLOR", "TOKENTUI_VAULT_PASSPHRASE",
    *(name for row in PROVIDERS for name in row.environment),  # keys are offered where they are found
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home directory of the test's own; the zone is UTC."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in HOME_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield folder
    monkeypatch.undo()
    text.show_money_in(text.DOLLARS)
    os.environ.setdefault("TZ", "UTC")
    time.tzset()
