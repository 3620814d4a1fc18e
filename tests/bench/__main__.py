"""Measure tokentui against other counters on the same logs, pair by pair, in one run.

    python -m tests.bench --mb 500 --ccusage PATH [--tokscale PATH] [--pairs 5] [--folder DIR]

PATH is the native binary (npm: `ccusage` and `@tokscale/cli` bring one for each platform). Every
figure is a whole process, page cache warm, user + system time over all its processes; a ratio is the
median of the ratios of the pairs A B A B …, so that what else the machine does meets both.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.corpus.expected import Corpus, make


class Cost(NamedTuple):
    """What one run of a program took."""

    wall: float
    cpu: float
    peak_mb: float


class Bench:
    """One corpus and the programs that count it."""

    def __init__(self, corpus: Corpus, pairs: int) -> None:
        self.corpus = corpus
        self._pairs = pairs
        self._own_home = corpus.home / "tokentui"

    def run(self, command: list[str], **environ: str) -> Cost:
        """Run a program in the corpus's home and measure it."""
        home = {"HOME": str(self.corpus.home), "TOKENTUI_HOME": str(self._own_home), "TZ": "UTC"}
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **home, **environ},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def cold(self, workers: int) -> Cost:
        """Collect everything into a new database."""
        shutil.rmtree(self._own_home, ignore_errors=True)
        return self.own("collect", "--once", "--workers", str(workers))

    def own(self, *arguments: str) -> Cost:
        """Run tokentui."""
        return self.run([sys.executable, "-m", "tokentui", *arguments])

    def pairs(self, name: str, ours: Callable[[], Cost], theirs: Callable[[], Cost]) -> None:
        """Print the medians of both sides and of their ratios."""
        both = [(ours(), theirs()) for _ in range(self._pairs)]
        parts = []
        for index, unit in enumerate(Cost._fields):
            a = statistics.median(pair[0][index] for pair in both)
            b = statistics.median(pair[1][index] for pair in both)
            ratio = statistics.median(pair[0][index] / max(pair[1][index], 1e-9) for pair in both)
            scale = 1 if unit == "peak_mb" else 1000
            parts.append(f"{unit.removesuffix('_mb')} {a * scale:.0f} / {b * scale:.0f} = {ratio:.2f}x")
        print(f"  {name:44} " + " · ".join(parts), flush=True)


def measure(bench: Bench, ccusage: str, tokscale: str) -> None:
    """All promises on one corpus."""

    def peer() -> Cost:
        return bench.run([ccusage, "daily", "--json", "--offline"])

    def bare() -> Cost:
        return bench.run([sys.executable, "-c", "pass"])

    if ccusage:
        bench.pairs("cold, two workers / ccusage", lambda: bench.cold(2), peer)
        bench.pairs("cold, one process / ccusage", lambda: bench.cold(1), peer)
        bench.pairs("warm collect --once / ccusage", lambda: bench.own("collect", "--once"), peer)
        shown = ("show", "--by", "day", "--json")
        bench.pairs("warm show --by day --json / ccusage", lambda: bench.own(*shown), peer)
    if tokscale:
        fresh = bench.corpus.home / "tokscale"

        def cold_peer() -> Cost:
            shutil.rmtree(fresh, ignore_errors=True)
            places = {"XDG_CONFIG_HOME": str(fresh), "XDG_CACHE_HOME": str(fresh)}
            return bench.run(
                [tokscale, "graph", "--no-spinner"], TOKSCALE_PRICING_CACHE_ONLY="1", **places
            )

        bench.pairs("cold, two workers / tokscale cold", lambda: bench.cold(2), cold_peer)

    def appended() -> Cost:
        bench.corpus.grow(1)
        return bench.own("collect", "--once")

    bench.own("collect", "--once")
    bench.pairs("one file appended / nothing changed", appended, lambda: bench.own("collect", "--once"))
    bench.pairs("--version / python -c pass", lambda: bench.own("--version"), bare)
    size = sum(path.stat().st_size for path in (bench.corpus.home / "tokentui").glob("tokentui.db*"))
    print(f"  {'database, bytes a record':44} {size / bench.corpus.records():.1f}")


def main() -> None:
    """Make the corpora and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mb", default="500", help="sizes of the corpora, comma-separated (default 500)")
    parser.add_argument("--ccusage", default=shutil.which("ccusage") or "")
    parser.add_argument("--tokscale", default=shutil.which("tokscale") or "")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("bench-corpora"))
    options = parser.parse_args()
    cpus: list[tuple[int, float]] = []
    for text in options.mb.split(","):
        home = options.folder / f"{text}mb"
        if home.exists():
            corpus = Corpus(home.resolve(), home.resolve().with_suffix(".expected.json"), 1)
        else:
            home.parent.mkdir(parents=True, exist_ok=True)
            corpus = make(home.resolve(), 1, "--mb", text)
        print(f"{text} MB, {corpus.records():,} requests", flush=True)
        bench = Bench(corpus, options.pairs)
        measure(bench, options.ccusage, options.tokscale)
        alone = statistics.median(bench.cold(1).cpu for _ in range(3))
        cpus.append((int(text), alone))
    if len(cpus) > 1:
        print("CPU of a cold collection: " + ", ".join(f"{mb} MB {cpu:.2f} s" for mb, cpu in cpus))


if __name__ == "__main__":
    main()
