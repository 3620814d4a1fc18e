"""The program on the screen: one snapshot, the panes, and how it all begins and ends."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import BindingType
from textual.containers import Container
from textual.driver import Driver
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget

from tokentui import text
from tokentui.ui import panes, terminal
from tokentui.ui.bars import Banner, Footer, Header
from tokentui.ui.commands import EVERYWHERE, Command, bindings
from tokentui.ui.feed import Inbox
from tokentui.ui.first_run import FirstRun, Pace
from tokentui.ui.keeping import Keeper
from tokentui.ui.overview import Overview, zone_of
from tokentui.ui.widgets import Ink, Lines

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.app import ComposeResult
    from textual.dom import DOMNode

    from tokentui.store.snapshot import ImportProgress, Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.feed import Feed

TICK_SECONDS = 30.0
"""How often ages and countdowns are looked at; they are coarse, so most looks repaint nothing."""


class Delivered(Message):
    """The feed has something new in the inbox."""


class MainScreen(Screen[None], inherit_bindings=False):
    """The screen below all windows."""


class TokenTUI(App[None], inherit_bindings=False):
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
    ]

    snapshot: var[Snapshot | None] = var(None)
    progress: var[ImportProgress | None] = var(None)
    failure: var[str] = var("")
    pane: var[str] = var("overview", init=False)
    """One of `panes.PANES`."""
    said: var[str] = var("", init=False)
    """What the last key did, where that cannot be seen; in place of the keys until the next one."""

    def __init__(
        self,
        feed: Feed,
        *,
        version: str,
        clock: Callable[[], float] = time.time,
        crash_folder: str = "",
        first: Callable[[], Snapshot | None] = lambda: None,
    ) -> None:
        """`clock` returns the time in UTC seconds; a crash report goes into `crash_folder`.

        `first` returns what is known before the feed starts: with it the first paint shows figures.
        """
        plain = _few_colours(os.environ)
        super().__init__(ansi_color=True if plain else None)
        self.animation_level = "none"
        if plain:
            self.theme = "ansi-dark"
        self.version = version
        self.clock = clock
        self.feed = feed
        self.on_leave: Callable[[int], None] = lambda code: self.exit(return_code=code)
        """What `q` does; the process skeleton adds a deadline."""
        self._crash_folder = crash_folder
        self._inbox = Inbox(lambda: self.post_message(Delivered()))
        self._pace = Pace(clock)
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._first = first
        self._keeper = Keeper(os.environ, clock, "reading…")

    def get_driver_class(self) -> type[Driver]:
        """Draw on standard output, so that `2> FILE` keeps the screen."""
        from tokentui.ui.driver import OutputDriver

        return OutputDriver

    def get_default_screen(self) -> Screen[None]:
        """The screen below all windows, with no keys but ours."""
        return MainScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Only the first pane; the others come when they are first opened."""
        first = self._inbox.snapshot = self._first()
        self.set_reactive(TokenTUI.snapshot, first)
        yield Ink()
        yield Header()
        yield Banner(self._pace)
        with Container(id="panes"):
            yield Overview(self.feed, self.clock).data_bind(TokenTUI.snapshot)
        yield Footer()

    async def on_mount(self) -> None:
        """Start the feed once there is a screen to show it on."""
        self._own_loop = asyncio.get_running_loop()
        self.set_interval(TICK_SECONDS, self._tick)
        await self._show()
        if self.snapshot is None:
            self._start_feed()
        else:
            self.call_after_refresh(self._start_feed)  # the first paint needs the processor for itself

    def _start_feed(self) -> None:
        if not gc.isenabled():
            gc.freeze()  # what a start has made stays: looking through it again and again finds nothing
            gc.enable()
        self.feed.start(self._inbox.put_snapshot, self._inbox.put_progress, self._inbox.put_failure)

    async def on_delivered(self) -> None:
        """Take what is new out of the inbox; an equal snapshot changes nothing."""
        self._inbox.opened()
        self.failure = text.clean(self._inbox.failure)
        self.progress = self._inbox.progress
        self.snapshot = self._inbox.snapshot
        await self._show()

    def on_resize(self) -> None:
        """A terminal that changed its size shows who knows what."""
        self._forget_screen()

    def action_redraw(self) -> None:
        """Paint the whole screen anew, after another program wrote on it."""
        self._forget_screen()
        self.screen.refresh(layout=True)

    def _forget_screen(self) -> None:
        forget = getattr(self._driver, "forget", None)
        if forget is not None:
            forget()

    def shown_pane(self) -> str:
        """Return the pane on the screen: `first-run` stands in for the Overview while that would be empty."""
        empty = self.snapshot is not None and not self.snapshot.record_count
        reading = self.snapshot is None and self.progress is not None
        return "first-run" if self.pane == "overview" and (empty or reading) else self.pane

    async def action_show_pane(self, pane: str) -> None:
        """Switch to a pane."""
        self._see()
        self.pane = pane
        await self._show()

    def action_refresh_now(self) -> None:
        """Have the logs looked at now, and what the pane asks for itself as well."""
        self.feed.refresh()
        for pane in self.screen_stack[0].query("#panes > *"):
            if pane.display and isinstance(pane, panes.Refreshable):
                pane.look_anew()

    def action_leave(self) -> None:
        """End the program."""
        self._keep_screen(leaving=True)
        self.on_leave(0)

    def action_explain(self) -> None:
        """Show what is behind the figure in focus, or say that there is none."""
        for pane in self.screen_stack[0].query("#panes > *"):
            if pane.display:
                asked = pane.explained() if isinstance(pane, panes.Explainable) else None
                if asked is None:
                    self.say("nothing here can be explained: go to a figure of Overview, Trends or Explore")
                else:
                    self.explain(*asked)

    def explain(self, title: str, query: UsageQuery) -> None:
        """Show what is behind a selection."""
        from tokentui.ui.explain import Explain

        self.push_screen(Explain(title, query, self.feed, self.clock))

    def say(self, said: str) -> None:
        """Tell in the last line what a key did, until the next key."""
        self.said = text.clean(said, 300)

    def watch_said(self) -> None:
        """Show it on whatever screen is on top."""
        for footer in self.screen.query(Footer):
            footer.redraw()

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run what a key stands for; what the last one did is told no longer."""
        self.said = ""
        return await super().run_action(action, default_namespace, namespaces)

    def action_open_help(self) -> None:
        """Show all keys."""
        from tokentui.ui.help import Help

        self.push_screen(Help())

    def action_open_palette(self) -> None:
        """Show all commands."""
        from tokentui.ui.palette import Palette

        self.push_screen(Palette(self.shown_pane()), self._run)

    async def _run(self, command: Command | None) -> None:
        if command is None:
            return
        if command.where in panes.PANES and command.where != self.pane:
            await self.action_show_pane(command.where)
        if command.where == EVERYWHERE:
            await self.run_action(command.action)
        for pane in self.query(f"#panes > #{command.where}"):
            if pane.display:
                await self.run_action(command.action, pane)

    def leave_soon(self, code: int) -> None:
        """End the program from any thread, or from a signal handler, which alone does not wake the loop."""
        if self._own_loop is None:
            terminal.leave(code)
        else:
            with suppress(RuntimeError):  # the loop has ended already
                self._own_loop.call_soon_threadsafe(lambda: self.exit(return_code=code))

    async def _show(self) -> None:
        """Bring the right pane to the front, in one frame, and redraw what surrounds it."""
        below = self.screen_stack[0]
        room = below.query_one("#panes")
        wanted = self.shown_pane()
        shown = next((pane for pane in room.children if pane.id == wanted), None)
        if shown is None or not shown.display:
            with self.batch_update():
                if shown is None:
                    shown = self._new_pane(wanted)
                    await room.mount(shown)
                for pane in room.children:
                    pane.display = pane is shown
        if isinstance(shown, FirstRun):
            shown.tick()
        if not below.focused or shown not in below.focused.ancestors_with_self:
            below.set_focus(shown)
        for bar in below.query(Lines):
            if bar.has_class("bar"):
                bar.redraw()

    def _new_pane(self, name: str) -> Widget:
        if name == "first-run":
            return FirstRun(self.feed.found, self._pace).data_bind(TokenTUI.progress)
        return panes.new(name, self.feed, self.clock).data_bind(TokenTUI.snapshot)

    def _see(self) -> None:
        """Remember the Overview for the next start, unless something hides it."""
        rows = getattr(self._driver, "rows", None)
        if rows and self.pane == "overview" and self.snapshot is not None and len(self.screen_stack) == 1:
            self._keeper.see(rows, zone_of(self.snapshot))

    def _keep_screen(self, *, leaving: bool = False) -> None:
        self._see()
        self._keeper.keep(leaving=leaving)

    def _tick(self) -> None:
        self._keep_screen()
        for pane in self.screen_stack[0].query("#panes > *"):
            if pane.display and isinstance(pane, panes.Ageing):
                pane.tick()

    def _fatal_error(self) -> None:
        """Say what went wrong in one line; the report is a file, and neither shows the values of variables.

        Textual's own crash screen prints them, keys and all.
        """
        error = self._exception or sys.exception()
        report = "".join(traceback.format_exception(error)) if error else "unknown\n"
        lines = "\n".join(text.clean(line, 1_000) for line in report.splitlines())
        path = (
            terminal.write_crash(self._crash_folder, f"tokentui {self.version}\n{lines}\n")
            if self._crash_folder
            else None
        )
        said = f"tokentui stopped: {type(error).__name__}: {text.clean(str(error), 200)}"
        where = f"What happened is in {path}" if path else "Its report could not be written."
        self._exit_renderables.append(Text(f"{said}\n{where}"))
        self._close_messages_no_wait()


def run(
    feed: Feed,
    *,
    mouse: bool = False,
    version: str,
    crash_folder: str = "",
    first: Callable[[], Snapshot | None] = lambda: None,
) -> int:
    """Show the dashboard until it ends; return the exit code: 0, 1 after a crash, 129 or 143 after a signal.

    The caller has asked `unfit` before. A blocked thread cannot keep the process: end it by `leave(code)`.
    """
    if not crash_folder:
        from tokentui import config

        crash_folder = str(config.paths(os.environ).state_dir)
    app = TokenTUI(feed, version=version, crash_folder=crash_folder, first=first)

    with terminal.Guard(app.leave_soon, feed.stop) as guard:
        app.on_leave = guard.end
        app.run(mouse=mouse)
        return guard.finish(app.return_code or 0)


def _few_colours(environ: Mapping[str, str]) -> bool:
    """Whether the terminal has, or the user wants, no more than its own 16 colours."""
    if environ.get("NO_COLOR"):
        return True
    many = ("256color", "truecolor", "direct", "kitty", "alacritty", "ghostty", "wezterm", "foot")
    return not environ.get("COLORTERM") and not any(word in environ.get("TERM", "") for word in many)
