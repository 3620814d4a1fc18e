"""The numbers are right to the token, whatever happens on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.expected import Corpus, found, make

TOOLS = "claude,codex,gemini"
DIMENSIONS = ("model", "day", "project")


def run(corpus: Corpus, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the program as its user would, in the corpus's home."""
    environ = {
        **os.environ, "HOME": str(corpus.home), "TOKENTUI_HOME": str(corpus.home / "tokentui"), "TZ": "UTC",
    }
    command = [sys.executable, "-m", "tokentui", *arguments]
    return subprocess.run(command, env=environ, text=True, capture_output=True, check=check)


def show(corpus: Corpus, dimension: str) -> dict[str, Any]:
    """What `show --json` says by one dimension, from the database alone."""
    shown = run(corpus, "show", "--no-collect", "--json", "--by", dimension)
    document: dict[str, Any] = json.loads(shown.stdout)
    return document


def assert_exact(corpus: Corpus) -> None:
    """Compare everything that is known of a corpus with what the program says."""
    for dimension in DIMENSIONS:
        document = show(corpus, dimension)
        assert found(document, dimension) == corpus.expected(dimension)
        assert document["totals"]["request_count"] == corpus.records()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_totals_by_model_day_and_project_are_exact(tmp_path: Path, seed: int) -> None:
    corpus = make(tmp_path / "corpus", seed, "--sessions", "70", "--tools", TOOLS)
    run(corpus, "collect", "--once")
    assert_exact(corpus)


def test_totals_stay_exact_while_sessions_grow(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 4, "--sessions", "40", "--tools", TOOLS)
    run(corpus, "collect", "--once")
    for _ in range(5):
        corpus.grow(4)
        run(corpus, "collect", "--once")
    assert_exact(corpus)


def test_worker_processes_count_the_same(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 5, "--mb", "45", "--tools", TOOLS)
    run(corpus, "collect", "--once", "--workers", "2")
    assert_exact(corpus)


def test_a_full_second_reading_changes_nothing(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 6, "--sessions", "40", "--tools", TOOLS)
    run(corpus, "collect", "--once")
    before = [show(corpus, dimension) for dimension in DIMENSIONS]
    for path in corpus.home.rglob("*.json*"):
        os.utime(path)
    run(corpus, "collect", "--once")
    assert [show(corpus, dimension) for dimension in DIMENSIONS] == before
    assert_exact(corpus)


def test_two_collectors_at_once_count_everything_once(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 7, "--sessions", "60", "--tools", TOOLS)
    environ = {**os.environ, "HOME": str(corpus.home), "TOKENTUI_HOME": str(corpus.home / "tokentui")}
    command = [sys.executable, "-m", "tokentui", "collect", "--once"]
    both = [subprocess.Popen(command, env=environ) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    run(corpus, "collect", "--once")
    assert_exact(corpus)


def test_logs_that_vanish_leave_their_records(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 8, "--sessions", "20", "--tools", TOOLS)
    run(corpus, "collect", "--once")
    for path in list(corpus.home.rglob("*.jsonl")):
        path.unlink()
    run(corpus, "collect", "--once", check=False)
    assert_exact(corpus)


def test_a_wrong_total_would_be_noticed(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", 9, "--sessions", "12", "--tools", TOOLS)
    run(corpus, "collect", "--once")
    largest = max(corpus.home.rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    largest.unlink()
    corpus.grow(1)
    with pytest.raises(AssertionError):
        assert_exact(corpus)
