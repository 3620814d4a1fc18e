"""A collector that is killed at any moment loses nothing and counts nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def kill(home: Path, *options: str) -> dict[str, Any]:
    """Run the killing loop and return what it found."""
    command = [sys.executable, "-m", "tests.corpus.killing", "--home", str(home), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_five_hundred_kills_lose_nothing_and_double_nothing(home: Path, seed: int) -> None:
    outcome = kill(home, "--kills", "500", "--seed", str(seed))
    assert outcome["kills"] == sum(outcome["at"].values()) == 500
    assert outcome["at"]["storing"] >= 100  # about 240; and the rest at everything else
    assert set(outcome["at"]) == {"opening", "reading", "storing", "closing"}
    assert outcome["found"] == outcome["truth"]
    assert outcome["damage"] == []


@pytest.mark.slow
def test_the_loop_would_notice_a_collector_that_commits_its_checkpoint_first(home: Path) -> None:
    outcome = kill(home, "--kills", "100", "--checkpoint-first")
    assert outcome["found"] != outcome["truth"]
