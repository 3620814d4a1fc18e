"""The program on the screen: one snapshot, the panes, and how it all begins and ends."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.driver import Driver
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message

from tokentui import text
from tokentui.config import Settings, paths
from tokentui.ui import glyphs, terminal
from tokentui.ui.bars import Banner, Footer, Header
from tokentui.ui.commands import bindings
from tokentui.ui.feed import Inbox
from tokentui.ui.first_run import Pace
from tokentui.ui.keeping import Keeper
from tokentui.ui.manners import GuardedScreen
from tokentui.ui.navigation import Navigation
from tokentui.ui.privacy import VeiledFeed, prose
from tokentui.ui.room import Room
from tokentui.ui.settings_live import LiveSettings
from tokentui.ui.widgets import Ink
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.feed import Feed

TICK_SECONDS = 30.0
"""How often ages and countdowns are looked at; they are coarse, so most looks repaint nothing."""

SETTLED_SECONDS = 0.05
"""After a change of the size until everything is painted again; what stands there by then costs no byte."""

SWITCH_SECONDS = 0.001
"""How long a thread of the engine computes on while the screen has something to do. With Python's 5 ms the
loop is late by 7 to 8 ms in the 95th percentile of 3 GB, with this by 3 to 4; the import takes as long."""


class Delivered(Message):
    """The feed has something new in the inbox."""


class TokenTUI(Navigation, inherit_bindings=False):
    """The dashboard. It owns the snapshot, the way around the panes, and the feed's lifetime."""

    CSS_PATH = "tokentui.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere")
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-phone"),
        (60, "-narrow"),
        (110, "-wide"),
        (160, "-broad"),
        (230, "-huge"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 (the base class declares no ClassVar)
        (0, "-tiny"),
        (12, "-short"),
        (30, "-tall"),
        (46, "-high"),
    ]

    def __init__(
        self,
        feed: Feed,
        *,
        version: str,
        clock: Callable[[], float] = time.time,
        crash_folder: str = "",
        first: Callable[[], Snapshot | None] = lambda: None,
        settings: Settings | None = None,
    ) -> None:
        """`clock` returns the time in UTC seconds; a crash report goes into `crash_folder`.

        `first` returns what is known before the feed starts: with it the first paint shows figures.
        """
        super().__init__(settings or Settings(), clock, version, crash_folder)
        self.clock = clock
        self.feed = VeiledFeed(feed, self.veil, lambda: self.veiled)
        self.on_leave: Callable[[int], None] = lambda code: self.exit(return_code=code)
        """What `q` does; the process skeleton adds a deadline."""
        self._inbox = Inbox(lambda: self.post_message(Delivered()))
        self._pace = Pace(clock)
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._first = first
        self._keeper = Keeper(os.environ, clock)
        self.ascii_asked = False
        """Whether the command line wants ASCII, for this once: the next start may not."""
        self.room = Room(self.feed, clock, self._pace, self.pane_failed, self.reported)
        self.live = LiveSettings(self, paths(os.environ).config_file)

    def get_driver_class(self) -> type[Driver]:
        """Draw on standard output, so that `2> FILE` keeps the screen."""
        from tokentui.ui.driver import OutputDriver

        return OutputDriver

    def get_default_screen(self) -> Screen[None]:
        """The screen below all windows, with no keys but ours."""
        return GuardedScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Only the first pane; the others come when they are first opened."""
        self._inbox.snapshot = self._first()
        self.set_reactive(TokenTUI.snapshot, self._shown_snapshot())
        self.room.deliver(self.snapshot, self.progress)
        yield Ink()
        yield Header()
        yield Banner(self._pace)
        yield self.room
        yield Footer()

    async def on_mount(self) -> None:
        """Start the feed once there is a screen to show it on."""
        self._own_loop = asyncio.get_running_loop()
        self.set_interval(TICK_SECONDS, self._tick)
        self._watch_idleness()
        self.live.begin()
        await self.show_now()
        if self.snapshot is None:
            self._start_feed()
        else:
            self.call_after_refresh(self._start_feed)  # the first paint needs the processor for itself

    def _start_feed(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        if not gc.isenabled():
            gc.freeze()  # what a start has made stays: looking through it again and again finds nothing
            # What is new is little, so it is looked through often: closed windows are cycles, 1 MB each.
            gc.set_threshold(5_000, 5, 2)
            gc.enable()
        self.feed.start(self._inbox.put_snapshot, self._inbox.put_progress, self._inbox.put_failure)

    async def on_delivered(self) -> None:
        """Take what is new out of the inbox; an equal snapshot changes nothing."""
        self._inbox.opened()
        failure = text.clean(self._inbox.failure)
        self.failure = prose(failure) if self.veiled else failure
        self.progress = self._inbox.progress
        self.snapshot = self._shown_snapshot()
        if self.snapshot is None:
            self.room.tick()  # what it waits for may be another thing by now
        await self.show_now()

    def watch_snapshot(self) -> None:
        """Hand the panes what is new."""
        self.room.deliver(self.snapshot, self.progress)

    watch_progress = watch_snapshot

    def _shown_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot as it may be shown."""
        snapshot = self._inbox.snapshot
        return self.veil.snapshot(snapshot) if snapshot and self.veiled else snapshot

    async def action_privacy(self) -> None:
        """Hide names, paths and costs, or show them again. The panes begin anew and remember nothing."""
        self.veiled = not self.veiled
        if self.veiled:
            self._keeper.forget()
        with self.batch_update():
            await self.room.empty()
            await self.on_delivered()
        self.say("names, paths and costs are hidden" if self.veiled else "names, paths and costs are shown")

    def on_resize(self) -> None:
        """A terminal that changed its size shows who knows what, also when it has its old size again."""
        if getattr(self._driver, "rows", None):
            # Textual waits 8 ms for more sizes; after the old one nothing moves, and so nothing is painted.
            self.set_timer(SETTLED_SECONDS, self._settle)
        self._forget_screen()

    def _settle(self) -> None:
        """Paint in the size that the terminal has: of two signals in a moment the first may be told last."""
        if not self.screen_stack:  # the program ends
            return
        window = Size(*getattr(self._driver, "window", self.size))
        if window != self.size:
            self.post_message(Resize(window, window))
        self.screen.refresh(layout=True)

    def action_redraw(self) -> None:
        """Paint the whole screen anew, after another program wrote on it."""
        self._forget_screen()
        self.screen.refresh(layout=True)

    def _forget_screen(self) -> None:
        forget = getattr(self._driver, "forget", None)
        if forget is not None:
            forget()

    def action_refresh_now(self) -> None:
        """Have the logs looked at now, and what the pane asks for itself as well."""
        self.feed.refresh()
        self.room.look_anew()

    def action_leave(self) -> None:
        """End the program."""
        self._keep_screen(leaving=True)
        self.on_leave(0)

    def leave_soon(self, code: int) -> None:
        """End the program from any thread, or from a signal handler, which alone does not wake the loop."""
        if self._own_loop is None:
            terminal.leave(code)
        else:
            with suppress(RuntimeError):  # the loop has ended already
                self._own_loop.call_soon_threadsafe(self._told_to_leave, code)

    def _told_to_leave(self, code: int) -> None:
        self._keep_screen(leaving=True)
        self.exit(return_code=code)

    def see(self) -> None:
        """Remember the Overview for the next start, unless something hides it."""
        rows = getattr(self._driver, "rows", None)
        if self.concealed or self.pane != "overview" or len(self.screen_stack) > 1:
            return
        if rows and self.snapshot is not None:
            self._keeper.see(rows, zone_of(self.snapshot))

    def unsee(self) -> None:
        """Keep nothing for the next start of what was seen until now."""
        self._keeper.unsee()

    def _keep_screen(self, *, leaving: bool = False) -> None:
        if self.concealed or self.ascii_asked:
            return
        self.see()
        self._keeper.keep("reading..." if self.ascii_only else "reading…", leaving=leaving)

    def _tick(self) -> None:
        self._keep_screen()
        self.room.tick()


def run(
    feed: Feed,
    *,
    mouse: bool = False,
    ascii_only: bool = False,
    version: str,
    crash_folder: str = "",
    first: Callable[[], Snapshot | None] = lambda: None,
    settings: Settings | None = None,
) -> int:
    """Show the dashboard until it ends; return the exit code: 0, 1 after a crash, 129 or 143 after a signal.

    The caller has asked `unfit` before. A blocked thread cannot keep the process: end it by `leave(code)`.
    """
    crash_folder = crash_folder or str(paths(os.environ).state_dir)
    app = TokenTUI(feed, version=version, crash_folder=crash_folder, first=first, settings=settings)
    app.ascii_asked, app.ascii_forced = ascii_only, ascii_only or glyphs.needed(os.environ, sys.__stdout__)

    with terminal.Guard(app.leave_soon, feed.stop) as guard:
        app.on_leave = guard.end
        try:
            app.run(mouse=mouse or app.settings.mouse)
        except OSError:
            if not guard.gone():  # else it is the last frame, for which there is no terminal any more
                raise
        return guard.finish(app.return_code or 0)
