"""A monkey at the keyboard: random keys into the dashboard in a pseudo-terminal, the window resized at whim.

    python -m tests.bench.monkey [--keys 100000] [--seed 1]

The same seed presses the same keys. It fails when the program ends by anything but its own key, when a
pane has failed (there is a crash report), or when its loop computed for longer than 200 ms at a stretch.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.ui_still_program import still_database
from tests.ui_terminal import Terminal
from tokentui.ui.commands import COMMANDS

LETTERS = "".join(map(chr, range(33, 127))).translate({ord(each): None for each in "q/~"}) + " äß漢字"
"""What is typed. Not the key that ends the program, nor what leads out of the folder for exports."""

SEQUENCES = (
    "\r", "\t", "\x1b", "\x7f", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F",
    "\x1b[5~", "\x1b[6~", "\x1b[Z", "\x1bOP", "\x1b[15~",
    "\x1b[1;5C", "\x1b[3~", "\x01", "\x0b", "\x0c", "\x10", "\x15", "\x17",
    "\x1b\x1b/", "\x1b[200~paste\n\x1b[31m\x1b[201~", "\x1b[I", "\x1b[O",
)  # fmt: skip
"""Keys that are more than a letter, pasted text, and reports of the focus."""

BURST = 6
"""Keys at once: more than are handled between two frames."""

STEADY = 400
"""Keys between two changes of the window's size."""

LARGEST = (300, 80)
QUITE_BUSY_MS = 200


class Stretch(NamedTuple):
    """A time in which the loop answered nobody."""

    late_ms: float = 0.0
    """By the clock; on a busy machine it may have waited for the processor."""
    computing_ms: float = 0.0
    """What it computed of that time."""


class Found(NamedTuple):
    """What came of it."""

    keys: int
    seconds: float
    reports: list[str]
    """The crash reports."""
    longest: Stretch
    """The longest stretch by the clock."""
    hardest: Stretch
    """The one it computed most in."""


def moves(rng: random.Random) -> str:
    """Return a few random keys."""
    own = [command.keys.split(",")[0] for command in COMMANDS]
    plain = [key for key in own if len(key) == 1 and key != "q"]
    kinds = (plain, LETTERS, SEQUENCES)
    return "".join(rng.choice(kinds[rng.choices((0, 1, 2), (5, 2, 4))[0]]) for _ in range(BURST))


def size(rng: random.Random) -> tuple[int, int]:
    """Return a size of the window: now and then an extreme, mostly what people have."""
    columns, rows = LARGEST
    any_size = (rng.randint(1, columns), rng.randint(1, rows))
    return rng.choice([(120, 36), (80, 24), (45, 20), (1, 1), (20, 5), LARGEST, any_size])


def play(folder: Path, keys: int, seed: int) -> Found:
    """Press so many keys; the database of `still_database` lies in `folder`."""
    rng = random.Random(seed)
    started = time.monotonic()
    pressed = 0
    longest = hardest = Stretch()
    while pressed < keys:
        with Terminal("tests.ui_still_program", str(folder), cwd=folder, HOME=str(folder)) as terminal:
            while b"What drove it" not in terminal.raw:
                assert terminal.read(20.0, show=False), bytes(terminal.raw)
            while pressed < keys and terminal.status is None:
                if pressed % STEADY < BURST:
                    terminal.resize(*size(rng), show=False)
                terminal.press(moves(rng))
                pressed += BURST
                while terminal.read(0.03, show=False):
                    pass
            if terminal.status is None:  # else it was left by the palette
                terminal.press("\x1b" * 3)
                terminal.quiet(0.3, show=False)
                os.kill(terminal.pid, 15)
            code = terminal.ended(reading=True)
            said = re.search(rb"code \S+ stretches (\d+) (\d+) (\d+) (\d+) ms", terminal.raw)
            if code not in (0, 143) or not said:
                ended = [*reports(folder), f"ended with {code}"]
                return Found(pressed, time.monotonic() - started, ended, longest, hardest)
            told = [float(each) for each in said.groups()]
            longest = max(longest, Stretch(*told[:2]))
            hardest = max(hardest, Stretch(*told[2:]), key=lambda each: each.computing_ms)
    return Found(pressed, time.monotonic() - started, reports(folder), longest, hardest)


def reports(folder: Path) -> list[str]:
    """Return the crash reports there are."""
    return [path.read_text(errors="replace") for path in folder.rglob("crash*.txt")]


def main() -> int:
    """Play and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        still_database(folder)
        found = play(folder, options.keys, options.seed)
    print(
        f"{found.keys:,} keys in {found.seconds:.0f} s, {len(found.reports)} crash reports, load "
        f"{os.getloadavg()[1]:.1f}; longest stretch {found.longest.late_ms:.0f} ms, computing "
        f"{found.longest.computing_ms:.0f} ms of it; most computed at a stretch "
        f"{found.hardest.computing_ms:.0f} ms, in {found.hardest.late_ms:.0f} ms"
    )
    print("\n".join(found.reports))
    return 1 if found.reports or found.hardest.computing_ms > QUITE_BUSY_MS else 0


if __name__ == "__main__":
    sys.exit(main())
