"""Draw the screenshots of the README from the demo's history.

    python screenshots/make_screenshots.py [--chromium PATH]

Writes one SVG a pane into this folder, and a PNG of it where chromium and the font Fira Code
(Debian: chromium, fonts-firacode) are installed. The same day's history gives the same pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tokentui import __version__, config, demo
from tokentui.engine.collect import collect_once
from tokentui.engine.collector import Found
from tokentui.engine.health import Health
from tokentui.store import Reader, open_reader
from tokentui.store.snapshot import ImportProgress, Snapshot
from tokentui.ui.app import TokenTUI

T = TypeVar("T")

FOLDER = Path(__file__).parent
SIZE = (120, 36)
NOW = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
PANES = {"overview": "1", "trends": "2"}
"""File name -> the key that opens the pane."""


class Still:
    """A feed that tells one snapshot and then nothing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Tell it."""
        listener(self._snapshot)

    def stop(self, timeout: float) -> None:
        """Nothing runs."""

    def refresh(self) -> None:
        """Nothing changes."""

    def found(self) -> tuple[Found, ...]:
        """Nothing is looked for."""
        return ()

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Nobody answers."""

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Nobody answers."""


def history() -> Snapshot:
    """Make the demo's history, collect it and read the snapshot of its last moment."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, TOKENTUI_HOME=f"{home}/tokentui", TZ="UTC", COLORTERM="truecolor")
        demo.write_history(Path(home), seed=1, now=NOW)
        places = config.paths(os.environ)
        collect_once(places, config.Settings())
        reader = open_reader(places.database)
        try:
            return reader.snapshot(int(NOW.timestamp() * 1e6), "UTC")
        finally:
            reader.close()


async def draw(snapshot: Snapshot) -> None:
    """Open each pane and save what it shows."""
    app = TokenTUI(Still(snapshot), version=__version__, clock=NOW.timestamp)
    async with app.run_test(size=SIZE) as pilot:
        deadline = time.monotonic() + 20
        while app.snapshot is None and time.monotonic() < deadline:
            await pilot.pause(0.05)
        for name, key in PANES.items():
            await pilot.press(key)
            await pilot.pause(0.5)
            (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="tokentui"))


def to_png(svg: Path, chromium: str) -> None:
    """Let a browser draw an SVG exactly as large as it is."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text())
    if box is None:
        raise SystemExit(f"{svg} has no viewBox")
    size = ",".join(str(round(float(side))) for side in box.groups())
    options = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--no-first-run"]
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [chromium, *options, "--disable-background-networking", f"--user-data-dir={profile}",
             f"--window-size={size}", f"--screenshot={svg.with_suffix('.png')}", svg.resolve().as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip


def main() -> None:
    """Draw all."""
    parser = argparse.ArgumentParser(description="Draw the README's screenshots.")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "")
    options = parser.parse_args()
    asyncio.run(draw(history()))
    for name in PANES:
        if options.chromium:
            to_png(FOLDER / f"{name}.svg", options.chromium)


if __name__ == "__main__":
    main()
