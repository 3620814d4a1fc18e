"""Random keys and sizes end nothing. The long run is `python -m tests.bench.monkey`."""

from __future__ import annotations

from pathlib import Path

from tests.bench.monkey import play
from tests.ui_still_program import still_database

KEYS = 1_200
BUSY_MS = 1_000
"""The long run allows 200; here other tests run beside it, in one processor's caches."""


def test_random_keys_and_sizes_crash_no_pane_and_hang_nothing(tmp_path: Path) -> None:
    still_database(tmp_path, days=10)
    found = play(tmp_path, KEYS, seed=7)
    assert found.reports == []
    assert found.keys >= KEYS
    assert found.hardest.computing_ms < BUSY_MS
