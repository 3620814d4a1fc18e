"""How fast the dashboard shows itself and answers, on a database of a million records.

    python -m tests.bench.make_database DATABASE 1000000
    python -m tests.bench.screen DATABASE [--pairs 15] [--logs HOME]

Everything runs in a pseudo-terminal of 120x36. Starts are measured from exec to a marker on the screen,
in turn with what they are compared with; a ratio is the median of the ratios of the pairs. With `--logs`
keys are also pressed while the logs below HOME (`tests/corpus/make_corpus.py` makes some) are imported.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.ui_terminal import Terminal

FIGURE = "What drove it"
"""On the Overview as soon as it shows figures."""

ONE_LINE = """
from textual.app import App
from textual.widgets import Static
class One(App):
    def compose(self):
        yield Static("marker-line")
One().run()
"""
"""The least a Textual program can be: the yardstick of a start."""

KEYS = (("2", "Trends"), ("1", "Overview"))
IDLE_SECONDS = 20.0
IMPORT_SECONDS = 120.0


def dashboard(home: Path, own: Path) -> Terminal:
    """Start the dashboard."""
    return Terminal("tokentui", HOME=str(home), TOKENTUI_HOME=str(own))


def seconds_until(start: Callable[[], Terminal], marker: bytes) -> float:
    """Return how long after its exec a program has written a marker."""
    started = time.perf_counter()
    with start() as terminal:
        while marker not in terminal.raw:
            assert terminal.status is None, bytes(terminal.raw)
            terminal.read(1.0, show=False)
        return time.perf_counter() - started


def bare() -> float:
    """Return how long `python -c pass` takes, in seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], pairs: int) -> None:
    """Print the medians of both sides and of their ratios."""
    both = [(ours(), theirs()) for _ in range(pairs)]
    a, b = (statistics.median(pair[side] for pair in both) * 1000 for side in (0, 1))
    ratio = statistics.median(one / other for one, other in both)
    print(f"  {name:52} {a:.0f} / {b:.0f} ms = {ratio:.2f}x", flush=True)


def starts(home: Path, own: Path, program: Path, pairs: int) -> None:
    """The first live paint, without a kept screen before it, and the kept screen."""

    def fresh() -> float:
        shutil.rmtree(own / "cache" / "screens", ignore_errors=True)
        return seconds_until(lambda: dashboard(home, own), FIGURE.encode())

    def one_line() -> float:
        return seconds_until(lambda: Terminal(str(program), file=True), b"marker-line")

    fresh(), one_line()
    compare("first paint with figures / one line by Textual", fresh, one_line, pairs)
    with dashboard(home, own) as terminal:
        terminal.wait(FIGURE)
        terminal.quiet()
        terminal.press("q")
        terminal.ended(reading=True)
    compare(
        "the last screen / python -c pass",
        lambda: seconds_until(lambda: dashboard(home, own), b"as of "), bare, pairs * 2,
    )  # fmt: skip


def delays(terminal: Terminal, enough: Callable[[int], bool]) -> list[float]:
    """Press the keys of two panes in turn; return how long each took to show it, in seconds."""
    found: list[float] = []
    while not enough(len(found)):
        key, title = KEYS[len(found) % 2]
        terminal.quiet(0.05)
        before = len(terminal.raw)
        started = time.perf_counter()
        terminal.press(key)
        while len(terminal.raw) == before:
            assert terminal.status is None, terminal.text()
            if not terminal.read(5.0):
                raise SystemExit(f"{key} ({title}) shows nothing")
        found.append(time.perf_counter() - started)
        time.sleep(0.05)
    return found


def told(name: str, found: list[float]) -> None:
    """Print median and 99th percentile."""
    cuts = statistics.quantiles(found, n=100)
    print(f"  {name:52} {cuts[49] * 1000:.0f} ms (median), {cuts[98] * 1000:.0f} ms (99th percentile)"
          f" of {len(found)}", flush=True)  # fmt: skip


def of_process(pid: int) -> tuple[float, float]:
    """Return CPU seconds and resident MB of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def resting(home: Path, own: Path) -> None:
    """Keys while nothing else happens; then what a dashboard costs that nobody looks at."""
    with dashboard(home, own) as terminal:
        terminal.wait(FIGURE)
        terminal.quiet(1.0)
        told("key to effect, at rest", delays(terminal, lambda count: count >= 200))
        terminal.quiet(2.0)
        cpu, bytes_before = of_process(terminal.pid)[0], len(terminal.raw)
        until = time.monotonic() + IDLE_SECONDS
        while time.monotonic() < until:
            terminal.read(until - time.monotonic())
        spent, resident = of_process(terminal.pid)
        rate = (len(terminal.raw) - bytes_before) / IDLE_SECONDS
        share = (spent - cpu) / IDLE_SECONDS
        print(f"  {'at rest':52} {share:.2%} of a core, {rate:.0f} B/s, {resident:.0f} MB", flush=True)


def importing(logs: Path, own: Path) -> None:
    """Keys while a first import runs into a new database."""
    with dashboard(logs, own) as terminal:
        terminal.wait("tokentui")
        deadline = time.monotonic() + IMPORT_SECONDS
        found: list[float] = []
        while time.monotonic() < deadline:
            found += delays(terminal, lambda count: count >= 4)
            if len(found) > 8 and not working(own):
                break
        told("key to effect, during an import", found)


def working(own: Path) -> bool:
    """Whether logs are being imported: the database was written a moment ago."""
    files = [path.stat().st_mtime for path in own.glob("tokentui.db*")]
    return bool(files) and time.time() - max(files) < 1.0


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("database", type=Path)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--logs", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, own = Path(folder, "home"), Path(folder, "own")
        home.mkdir(), own.mkdir()
        for part in options.database.parent.glob(f"{options.database.name}*"):
            shutil.copy(part, own / part.name.replace(options.database.name, "tokentui.db"))
        program = Path(folder, "one_line.py")
        program.write_text(ONE_LINE)
        starts(home, own, program, options.pairs)
        resting(home, own)
        if options.logs:
            importing(options.logs.resolve(), Path(folder, "new"))


if __name__ == "__main__":
    main()
