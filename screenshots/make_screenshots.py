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

from textual.pilot import Pilot

from tokentui import __version__, config, demo
from tokentui.engine.accounts import Accounts
from tokentui.engine.collect import collect_once
from tokentui.engine.collector import Found
from tokentui.engine.database import Database
from tokentui.engine.demo_accounts import put_accounts
from tokentui.engine.health import Health, health
from tokentui.engine.session_titles import SessionTitles
from tokentui.store import Reader, open_reader
from tokentui.store.snapshot import ImportProgress, Snapshot
from tokentui.ui.app import TokenTUI
from tokentui.ui.commands import COMMANDS
from tokentui.ui.panes import PANES

T = TypeVar("T")

FOLDER = Path(__file__).parent
SIZE = (120, 36)
NOW = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
HOME = Path("/tmp/tokentui-demo")
"""Named in the pictures, so always the same; made for them and removed after."""

MORE = {
    "explain": ("overview", ("x",)), "help": ("overview", ("question_mark",)),
    "trends-month": ("trends", ("f",)),
}  # fmt: skip
"""Pictures of windows, and more of a pane: name -> the pane, and the keys pressed there."""

MONTHLY_BUDGET = 560.0
"""Dollars a month: in the range in which the demo's month ends."""

SETTLED_SECONDS = 0.5
"""Without a change for so long, a screen is done."""


class Still:
    """A feed that tells one snapshot and then nothing; questions are asked of the database."""

    def __init__(self, paths: config.Paths) -> None:
        self._paths = paths

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Tell it."""
        listener(self._asked(lambda reader: reader.snapshot(micros(), "UTC")))

    def stop(self, timeout: float) -> None:
        """Nothing runs."""

    def refresh(self) -> None:
        """Nothing changes."""

    def found(self) -> tuple[Found, ...]:
        """Nothing is looked for."""
        return ()

    def accounts(self) -> Accounts:
        """The accounts of the demo's home."""
        return Accounts(self._paths, config.Settings())

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Answer at once."""
        listener(self._asked(question))

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Answer at once."""
        listener(health(self._paths, config.Settings(), micros()))

    def _asked(self, question: Callable[[Reader], T]) -> T:
        reader = open_reader(self._paths.database)
        try:
            return question(reader)
        finally:
            reader.close()


def micros() -> int:
    """Return the time of the pictures in UTC epoch microseconds."""
    return int(NOW.timestamp() * 1e6)


def history() -> config.Paths:
    """Make the demo's history and collect it."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(mode=0o700)
    os.environ.update(HOME=str(HOME), TOKENTUI_HOME=f"{HOME}/tokentui", TZ="UTC", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    demo.write_history(HOME, seed=1, now=NOW)
    places = config.paths(os.environ)
    collect_once(places, config.Settings())
    database = Database(places, config.Settings())
    database.open_writer()
    SessionTitles(database, micros, time.monotonic).finish()
    database.close()
    put_accounts(places, config.Settings(), seed=1, now=NOW)
    return places


async def draw(paths: config.Paths) -> list[str]:
    """Open each pane, and each window of MORE, and save what it shows; return their names."""
    settings = config.Settings(theme="dark", monthly_budget=MONTHLY_BUDGET)
    app = TokenTUI(Still(paths), version=__version__, clock=NOW.timestamp, settings=settings)
    steps = {pane: (pane, ()) for pane in PANES} | MORE
    async with app.run_test(size=SIZE) as pilot:
        for name, (pane, keys) in steps.items():
            command = next(each for each in COMMANDS if each.action == f"show_pane('{pane}')")
            await pilot.press(command.keys.split(",")[0])
            await settle(pilot)
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="tokentui"))
            if keys:
                await pilot.press("escape")
    return list(steps)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the screen does not change any more."""
    last, since = "", time.monotonic()
    while time.monotonic() - since < SETTLED_SECONDS:
        await pilot.pause(0.05)
        now = pilot.app.export_screenshot(title="")
        if now != last:
            last, since = now, time.monotonic()


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
    try:
        names = asyncio.run(draw(history()))
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
    for name in names:
        if options.chromium:
            to_png(FOLDER / f"{name}.svg", options.chromium)


if __name__ == "__main__":
    main()
