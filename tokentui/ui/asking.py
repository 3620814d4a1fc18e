"""A window that asks for one thing after the other, in one place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.ui.aside import Outcome
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.plain_field import PlainField
from tokentui.ui.secret_field import SecretField
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from tokentui.ui.app import TokenTUI


class Asking(Window[str], inherit_bindings=False):
    """A title, a field where one is needed, and lines below it. Returns what was done; None for nothing.

    A subclass has for each step a `_lines_STEP(width)`, and `_given_STEP(secret)` or `_typed_STEP(text)`
    where there is a field, else `_enter_STEP()`; for work in another thread `_after_TOPIC(answer, problem)`.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("ask")

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title_line = title
        self.step = ""
        self.wrong = ""
        """Why what was given will not do."""
        self.hint = ""
        """What would."""
        self._field: Widget | None = None
        self._stood: str | None = None
        """What is in the field while nobody has typed there."""
        self._slot = Vertical(classes="slot")
        self._head = Lines(lambda width, _: self.headline(width))
        self._body = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """Three parts, one above the other."""
        yield Vertical(self._head, self._slot, self._body, classes="window")

    @property
    def field(self) -> Widget | None:
        """What is typed into now."""
        return self._field

    def headline(self, width: int) -> list[Line]:  # noqa: ARG002
        """Return the title."""
        return [[(f" {self.title_line}", "strong")]]

    async def go(self, step: str, field: Widget | None = None, wrong: str = "", hint: str = "") -> None:
        """Ask for the next thing."""
        if not self.is_attached:
            return
        self.step, self.wrong, self.hint = step, wrong, hint
        with self.app.batch_update():
            old, self._field = self._field, field
            self._stood = field.value if isinstance(field, PlainField) else None
            if old is not None:
                await old.remove()
            if field is not None:
                await self._slot.mount(field)
                field.focus()
            self.show()

    def show(self) -> None:
        """Draw what has changed."""
        self._head.redraw()
        self._body.redraw()

    def refuse(self, wrong: str, hint: str = "") -> None:
        """Say why what was given will not do; it is asked for again."""
        self.wrong, self.hint = wrong, hint
        self.show()

    # ------------------------------------------------------------------ what comes in

    async def on_secret_field_given(self, message: SecretField.Given) -> None:
        """A key or passphrase was typed or pasted."""
        if message._sender is self._field:  # not one that was typed ahead into the field before
            await getattr(self, f"_given_{self.step}")(message.secret)

    async def on_input_submitted(self, message: PlainField.Submitted) -> None:
        """A text was typed."""
        if message.input is self._field:
            await getattr(self, f"_typed_{self.step}")(message.value.strip())

    def on_secret_field_typing(self) -> None:
        """What was wrong is being mended."""
        if self.wrong:
            self.refuse("")

    def on_input_changed(self, message: PlainField.Changed) -> None:
        """What was wrong is being mended; a list may narrow."""
        if message.input is not self._field or message.value == self._stood:
            return  # a field also tells of what stands in it at first
        self._stood = None
        self.wrong = self.hint = ""
        self.changed()
        self.show()

    def on_plain_field_refused(self) -> None:
        """A key was pasted where it would be shown."""
        self.call_later(self.refuse, "this looks like a key; it is not taken in a field that shows it")

    async def action_enter(self) -> None:
        """Go on, at a step without a field."""
        go_on = getattr(self, f"_enter_{self.step}", None)
        if go_on is not None:
            await go_on()

    def action_mark(self, step: int) -> None:
        """Mark another line, where there is a list."""

    def changed(self) -> None:
        """The text in the field is another one."""

    async def on_outcome(self, message: Outcome) -> None:
        """Work in another thread is over."""
        if self.is_attached:  # also below the lock of a screen that nobody sits at
            await getattr(self, f"_after_{message.topic}")(message.answer, message.problem)

    # ------------------------------------------------------------------ drawing

    def said(self, words: str, style: str, width: int) -> list[Line]:
        """Return a sentence in as many lines as it takes."""
        return [[(f" {line}", style)] for line in wrap(text.clean(words, 600), width - 2)]

    def keys(self, words: str, width: int) -> list[Line]:
        """Return the keys that work here; `enter` and `esc` in words stand for what does the same."""
        commands = {each.id: each.first_key for each in cast("TokenTUI", self.app).commands}
        for key, name in (("enter", "ask.go_on"), ("esc", "ask.close")):
            words = re.sub(rf"\b{key}\b", lambda _, name=name: commands[name], words)  # type: ignore[misc]
        return self.said(words, "muted", width)

    def _lines(self, width: int, _height: int) -> list[Line]:
        if not self.step:
            return [[(" one moment …", "muted")]]
        drawn: list[Line] = self.said(self.wrong, "crit", width) if self.wrong else []
        drawn += self.said(self.hint, "text", width) if self.hint else []
        lines: list[Line] = getattr(self, f"_lines_{self.step}")(width)
        return drawn + lines
