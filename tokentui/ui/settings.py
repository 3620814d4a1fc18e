"""The settings: each with its value and meaning, changed in place, saved at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive

from tokentui import text
from tokentui.config import Documented, documented
from tokentui.engine.retention import described, horizon
from tokentui.ui import settings_values as values
from tokentui.ui.choosing import AskText, Choose, Confirm
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, cut, fit, fit_end, spread, wrap
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.retention import Expiring
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

_NAME = 20
"""Cells of the names: the longest, `idle_lock_minutes`, and a mark."""


class SettingsPane(Lines, can_focus=True, inherit_bindings=False):
    """A list of all settings, and below it everything about the marked one."""

    DEFAULT_CSS = "SettingsPane { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings("settings")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    class Foreseen(Message):
        """It is known what a retention would remove: the value that was asked about, and the answer."""

        def __init__(self, days: int, found: Expiring | None, failure: str = "", *, asked: bool) -> None:
            super().__init__()
            self.days, self.found, self.failure, self.asked = days, found, failure, asked

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="settings")
        self._feed, self._clock = feed, clock
        self._all = documented()
        self._top = 0
        self._said = ""
        """What the last key could not do."""
        self._foreseen = ""
        """What retention would remove now."""

    @property
    def program(self) -> TokenTUI:
        """The program, typed."""
        return cast("TokenTUI", self.app)

    @property
    def _marked(self) -> int:
        return self.program.live.marked

    @property
    def marked(self) -> Documented:
        """The setting that the keys act on."""
        return self._all[self._marked]

    def on_show(self) -> None:
        """Find out what retention would remove."""
        self._foresee(self.program.live.settings.retention_days, asked=False)

    def look_anew(self) -> None:
        """Find it out again."""
        self.on_show()

    # ------------------------------------------------------------------ keys

    def action_mark(self, step: int) -> None:
        """Mark another one."""
        self._go(self._marked + step)

    def on_click(self, event: Click) -> None:
        """Mark the one that was clicked, where the mouse is used."""
        if 2 <= event.y < 2 + self._rows(self.size.height):
            self._go(self._top + event.y - 2)

    def jump_targets(self) -> Iterable[tuple[int, int, Callable[[], object]]]:
        """The settings on the screen."""
        for row in range(min(self._rows(self.size.height), len(self._all) - self._top)):
            at = self._top + row
            yield self.region.x + 1, self.region.y + 2 + row, lambda at=at: self._go(at)  # type: ignore[misc]

    async def action_edit(self) -> None:
        """Change the marked one: switch it, choose, or type."""
        about, value = self.marked, self._value(self.marked)
        if isinstance(value, bool):
            await self._set(about, not value)
        elif about.choices:
            choices = [(each, values.shown(about, each)) for each in about.choices]
            window = Choose(about.name, choices, value)
            self.app.push_screen(window, lambda chosen: self._chosen(about, chosen))
        else:
            title = f"{about.name}, such as: {about.example.partition('= ')[2]}"
            window_of_text = AskText(title, values.typed(value), lambda words: values.wrong(about, words))
            self.app.push_screen(window_of_text, lambda words: self._typed(about, words))

    async def action_default(self) -> None:
        """Put the default back."""
        if self.marked.name == "retention_days" and self._value(self.marked) != self.marked.default:
            self._foresee(self.marked.default, asked=True)
        else:
            await self._set(self.marked, None)

    def _go(self, at: int) -> None:
        self.program.live.marked = max(0, min(at, len(self._all) - 1))
        self._said = ""
        self.redraw()

    def _chosen(self, about: Documented, chosen: str | None) -> None:
        if chosen is not None:
            self.call_later(self._set, about, chosen)

    def _typed(self, about: Documented, words: str | None) -> None:
        if words is None:
            return
        value = values.parsed(about, words)
        if about.name == "retention_days" and value and value != self._value(about):
            self._foresee(value, asked=True)
        else:
            self.call_later(self._set, about, value)

    async def _set(self, about: Documented, value: object) -> None:
        self._said = await self.program.live.change(about.name, value)
        if about.name == "retention_days":
            self.on_show()
        if not self._said:
            waits = " after a restart" if self.program.live.waits(about) else ""
            shown = values.shown(about, self._value(about))
            # After what the change itself sets going: an action wipes what was said before it.
            self.program.call_later(self.program.say, f"{about.name}: {shown}{waits}, saved")
        self.redraw()

    # ------------------------------------------------------------------ retention

    def _foresee(self, days: int, *, asked: bool) -> None:
        """Ask what keeping requests for so many days would remove; `asked` by who wants to set it."""

        def told(found: Expiring | None, failure: str = "") -> None:
            with suppress(RuntimeError):  # the program has ended meanwhile
                self.post_message(self.Foreseen(days, found, failure, asked=asked))

        snapshot = self.snapshot
        zone = snapshot.zone if snapshot else "UTC"
        now = round(self._clock() * 1e6)

        def question(reader: Reader) -> Expiring:
            return reader.expiring(horizon(days, zone, now, reader.newest_at()) or 0)

        self._feed.ask("settings", question, told, lambda reason: told(None, reason))

    async def on_settings_pane_foreseen(self, message: Foreseen) -> None:
        """Show it, or ask before requests are removed."""
        if not message.asked:
            self._foreseen = described(message.found) if message.found else text.clean(message.failure, 200)
            self.redraw()
            return
        about = self.marked if self.marked.name == "retention_days" else None
        if about is None:
            return  # the mark went on meanwhile
        if message.found is not None and not message.found.requests:
            await self._set(about, message.days)
            return
        said = described(message.found) if message.found else text.clean(message.failure, 200)
        question = f"Keep single requests for {message.days:,} days? {said}"
        self.app.push_screen(Confirm(question), lambda yes: self._chosen_days(about, message.days, yes))

    def _chosen_days(self, about: Documented, days: int, yes: bool | None) -> None:
        if yes:
            self.call_later(self._set, about, days)

    # ------------------------------------------------------------------ drawing

    def _value(self, about: Documented) -> Any:
        return getattr(self.program.live.settings, about.name)

    def _rows(self, height: int) -> int:
        """Return how many settings fit above the words on the marked one."""
        return max(min(len(self._all), height - 8), min(height - 3, 3), 1)

    def lines(self, width: int, height: int) -> list[Line]:
        """The list, and everything about the marked one."""
        height = height or 24
        rows = self._rows(height)
        self._top = max(min(self._top, self._marked), self._marked - rows + 1, 0)
        path = text.clean(text.tilde(str(self.program.live.path)), 300)
        path = "(path hidden)" if self.program.veiled else path
        head = " Settings" if width < 60 else " Settings · saved at once"
        room = max(width - len(head) - 4, 4)
        drawn: list[Line] = [
            spread([(head, "strong")], [(fit_end(path, room) + " ", "muted")], width),
            [],
        ]
        drawn += [self._row(at, width) for at in range(self._top, min(self._top + rows, len(self._all)))]
        return [*drawn, [("─" * width, "frame")], *self._about(self.marked, width)]

    def _row(self, at: int, width: int) -> Line:
        about = self._all[at]
        value, here = self._value(about), at == self._marked
        own = value != about.default
        name = fit(f" {'▸' if here else ' '} {about.name}", _NAME + 2)
        room = width - _NAME - 4 if width < 90 else 26
        shown = values.shown(about, value)
        if self.program.veiled and about.name == "extra_roots" and value:
            shown = "(hidden)"
        shown = fit(f"{'●' if own else ' '} {shown}", max(room, 4))
        if here:
            return [(fit(f"{name}{shown} {self._doc(about, width)}", width), "cursor")]
        doc = " " + self._doc(about, width)
        return cut([(name, "text"), (shown, "strong" if own else "muted"), (doc, "muted")], width)

    def _doc(self, about: Documented, width: int) -> str:
        return fit(values.plain(about.doc), max(width - _NAME - 31, 0)) if width >= 90 else ""

    def _about(self, about: Documented, width: int) -> list[Line]:
        """Return everything about a setting."""
        said: list[tuple[str, str]] = []
        if self._said:
            said.append((text.clean(text.tilde(self._said), 500), "crit"))
        elif self.program.live.problem:
            said.append((text.clean(text.tilde(self.program.live.problem), 500), "warn"))
        said.append((values.plain(about.doc), "text"))
        if about.name == "retention_days" and self._foreseen:
            said.append((self._foreseen, "text"))
        if about.name == "currency" and text.shown_currency().note:
            said.append((f"{text.shown_currency().note}; all figures here have this rate", "text"))
        if self.program.live.waits(about):
            said.append(("changed: takes effect after a restart", "accent"))
        elif not about.live:
            said.append(("a change takes effect after a restart", "muted"))
        default = values.shown(about, about.default)
        said.append((f"default: {default} · in the file, such as: {about.example}", "muted"))
        if about.name == "keys":
            said.append(("the names of all commands stand at the end of the list of keys", "muted"))
        return [[(f" {line}", style)] for words, style in said for line in wrap(words, width - 2)]
