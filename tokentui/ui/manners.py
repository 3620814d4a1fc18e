"""How the program behaves whatever it shows: colours, keys, privacy, the lock, and trouble in one pane."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from textual.app import App
from textual.reactive import var
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from tokentui.config import Settings
from tokentui.ui import crash, strips, themes
from tokentui.ui.commands import COMMANDS, Command, remapped
from tokentui.ui.lock import Idleness
from tokentui.ui.privacy import Veil

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.events import Event
    from textual.message import Message
    from textual.timer import Timer

    from tokentui.ui.room import Room

log = logging.getLogger("tokentui.ui")


class GuardedScreen(Screen[None], inherit_bindings=False):
    """The screen below all windows; what a pane raises while it is drawn does not end it."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not (isinstance(self.app, Manners) and self.app.survives(error)):
                raise


class Manners(App[None], inherit_bindings=False):
    """An app with settings that can be changed while it runs."""

    room: Room
    """Where the panes stand."""
    veiled: var[bool] = var(False, init=False)
    """Whether names, paths and costs are hidden."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], version: str, crash_folder: str
    ) -> None:
        """`clock` returns seconds; reports of trouble go into `crash_folder`."""
        strips.without_caches()
        self.settings = settings
        self.commands: tuple[Command, ...] = COMMANDS
        self.ascii_forced = False
        """Whether the terminal, or the command line, wants ASCII whatever the settings say."""
        self.version = version
        self.veil = Veil()
        self._crash_folder = crash_folder
        self._idleness = Idleness(clock, settings.idle_lock_minutes)
        self._idle_timer: Timer | None = None
        self._failing: set[Widget] = set()
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.animation_level = "none"
        self._wear(themes.chosen(settings.theme, os.environ))
        self.set_reactive(Manners.veiled, settings.privacy)
        self._remap()

    # ------------------------------------------------------------ settings

    def apply(self, settings: Settings) -> None:
        """Take over settings that were changed; what needs a new start waits for it."""
        before, self.settings = self.settings, settings
        if settings != before:
            self.unsee()
        if settings.theme != before.theme:
            self._wear(themes.chosen(settings.theme, os.environ))
        if settings.keys != before.keys:
            self._remap()
        if settings.ascii != before.ascii:
            self.call_later(self.run_action, "redraw")
        if settings.idle_lock_minutes != before.idle_lock_minutes:
            self._idleness.minutes = settings.idle_lock_minutes
            self._idleness.touch()
            self._watch_idleness()
        if settings.privacy != before.privacy and settings.privacy != self.veiled:
            self.call_later(self.run_action, "privacy")

    def action_theme(self, name: str) -> None:
        """Show other colours, until the program ends."""
        self._wear(themes.chosen(name, os.environ))

    def action_next_theme(self) -> None:
        """Show the next colours."""
        self._wear(themes.chosen(themes.after(self.theme), os.environ))
        self.say(f"theme: {self.theme}")

    def say(self, said: str) -> None:
        """Tell what a key did."""

    def unsee(self) -> None:
        """Keep nothing for the next start of what was seen until now."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The styles of spans, for themes that do not name them."""
        return super().get_theme_variable_defaults() | themes.inks("dark")

    def _wear(self, name: str) -> None:
        if name not in self.available_themes or name in themes.NAMES:
            self.register_theme(themes.theme(name))
        if self._running:
            self.theme = name
        else:
            self._begin_with(name)

    def _begin_with(self, name: str) -> None:
        """Start with a theme, as if it were Textual's own: a change parses all styles twice (10 ms)."""
        self.set_reactive(App.theme, name)
        dark = self.current_theme.dark
        classes = {f"-theme-{name}": True, "-dark-mode": dark, "-light-mode": not dark}
        self.update_classes(classes, update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self._watch_ansi_color(self.ansi_color)
        self.stylesheet.set_variables(self.get_css_variables())

    def _remap(self) -> None:
        keys = self.settings.keys
        self.commands = remapped(keys)
        self.set_keymap({name: ",".join(mapped) for name, mapped in keys.items() if mapped})

    @property
    def ascii_only(self) -> bool:
        """Whether everything is drawn with ASCII characters."""
        return self.ascii_forced or self.settings.ascii

    # ------------------------------------------------------------ lock

    @property
    def locked(self) -> bool:
        """Whether nothing is shown until a key is pressed."""
        return self._running and bool(self.screen_stack) and self.screen.id == "locked"

    @property
    def concealed(self) -> bool:
        """Whether what is on the screen is for nobody's eyes: nothing of it may be kept."""
        return self.veiled or self.settings.privacy or self.locked

    async def on_event(self, event: Event) -> None:
        """Notice that somebody is there."""
        if event.__class__.__name__ in ("Key", "MouseDown", "Paste"):
            self._idleness.touch()
        await super().on_event(event)

    def lock_when_idle(self) -> None:
        """Lock the screen when there was no key for as long as the settings say."""
        left = self._idleness.left()
        if left is not None and left <= 0 and not self.locked:
            from tokentui.ui.lock import Locked

            self.push_screen(Locked(id="locked"), lambda _: self._watch_idleness())

    def _watch_idleness(self) -> None:
        """Look again when the time is up; one timer, and none while it is never locked."""
        if self._idle_timer is not None:
            self._idle_timer.stop()
            self._idle_timer = None
        left = self._idleness.left()
        if left is None:
            return
        if left <= 0:
            self.lock_when_idle()
        else:
            self._idle_timer = self.set_timer(left + 0.05, self._watch_idleness, name="idle")

    # ------------------------------------------------------------ trouble

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.survives(error):
                raise

    def _handle_exception(self, error: Exception) -> None:
        """What Textual calls for any error of any widget: only an error of our own ends the program."""
        if not self.survives(error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Say what ended the program in one line; the report is a file, and neither shows variables.

        Textual's own crash screen prints their values, keys and all.
        """
        from rich.text import Text

        failure = crash.report(self._crash_folder, self.version, self._exception or sys.exception())
        self._exit_renderables.append(Text(f"tokentui stopped: {failure.error}\n{crash.where(failure)}"))
        self._close_messages_no_wait()

    def survives(self, error: Exception) -> bool:
        """Return whether an error is that of one pane or window, which is then replaced or closed."""
        from textual._context import active_message_pump

        from tokentui.ui.panel import Broken

        pump = active_message_pump.get(None)
        pane = self.room.culprit(error, pump)
        if isinstance(pane, Broken):
            return False
        if pane is not None:
            self.pane_failed(error, pane)
            return True
        window = _window_of(error, pump)
        if window is None or len(self.screen_stack) < 2 or window in self._failing:
            return False
        failure = self.reported(error, type(window).__name__)
        self._failing.add(window)
        self.call_later(self._close_failed, window, failure)
        return True

    def pane_failed(self, error: Exception, pane: Widget) -> None:
        """Put a word of why in the place of a pane that failed."""
        if pane in self._failing:
            return
        self._failing.add(pane)
        self.call_later(self._replace_failed, pane, self.reported(error, pane.id or ""))

    def reported(self, error: Exception, what: str) -> crash.Failure:
        """Write a report of what failed; return what to say of it."""
        log.error("%s failed: %s", what, crash.trace(error))
        return crash.report(self._crash_folder, self.version, error, what)

    async def _replace_failed(self, pane: Widget, failure: crash.Failure) -> None:
        await self.room.replace(pane, failure)
        self._failing.discard(pane)
        await self.run_action("focus_pane")

    async def _close_failed(self, window: Screen[object], failure: crash.Failure) -> None:
        while len(self.screen_stack) > 1 and window in self.screen_stack:
            await self.pop_screen()
        self._failing.discard(window)
        self.say(f"{failure.what} failed: {failure.error}. {crash.where(failure)}")


def _window_of(error: BaseException, pump: object) -> Screen[object] | None:
    """Return the window whose loop an error ended, or in whose code it was raised."""
    if isinstance(pump, Widget) and isinstance(pump.screen, ModalScreen):
        return pump.screen
    trace, window = error.__traceback__, None
    while trace is not None:
        node = trace.tb_frame.f_locals.get("self")
        if isinstance(node, Widget) and node.is_attached and isinstance(node.screen, ModalScreen):
            window = node.screen
        trace = trace.tb_next
    return window
