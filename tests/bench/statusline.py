"""Measure `tokentui statusline` against a bare interpreter, call by call in turn.

    python -m tests.bench.statusline [--database PATH] [--pairs 40]

PATH is a database of a million records (`tests.bench.make_database`): it must make no difference. The
promise: at most 3x the time of `python -c pass`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST = 3.0
"""Times the bare interpreter."""

TOLD = json.dumps(
    {
        "model": {"display_name": "Opus 4.5"},
        "cost": {"total_cost_usd": 1.23},
        "rate_limits": {
            "five_hour": {"used_percentage": 42.5, "resets_at": 1_795_226_700},
            "seven_day": {"used_percentage": 81, "resets_at": 1_795_478_400},
        },
    }
).encode()


def ratio(home: Path, pairs: int) -> tuple[float, float, float]:
    """Return the medians in seconds, ours and the bare interpreter's, and the median of their ratios."""
    environ = {**os.environ, "HOME": str(home), "TOKENTUI_HOME": str(home)}

    def once(*arguments: str) -> float:
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments], input=TOLD, env=environ, stdout=subprocess.DEVNULL, check=True
        )
        return time.perf_counter() - started

    both = [(once("-m", "tokentui", "statusline"), once("-c", "pass")) for _ in range(pairs + 1)][1:]
    ours, bare = (statistics.median(pair[side] for pair in both) for side in (0, 1))
    return ours, bare, statistics.median(a / b for a, b in both)


def main() -> None:
    """Measure and say so; a missed promise is an exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", type=Path)
    parser.add_argument("--pairs", type=int, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.database:
            shutil.copy(given.database, Path(folder) / "tokentui.db")
        ours, bare, times = ratio(Path(folder), given.pairs)
    print(f"statusline / python -c pass: {ours * 1000:.1f} / {bare * 1000:.1f} ms = {times:.2f}x")
    sys.exit(times > MOST)


if __name__ == "__main__":
    main()
