"""Small windows that ask for one thing: one of a few, a text, yes or no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tokentui import text
from tokentui.ui.commands import bindings, worded
from tokentui.ui.draw import Line, fit, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.ui.app import TokenTUI


class Choose(Window[str], inherit_bindings=False):
    """One of a few; a letter goes to what begins with it, enter takes it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("choose")

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], marked: str = "") -> None:
        """`choices` are pairs of what is returned and what is shown."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._marked = next((at for at, (value, _) in enumerate(choices) if value == marked), 0)
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, id="choose", classes="window -slim")

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous one."""
        self._marked = (self._marked + step) % len(self._choices)
        self._list.redraw()

    def action_go(self, to: int) -> None:
        """Mark the first (0) or the last one (-1)."""
        self._marked = to % len(self._choices)
        self._list.redraw()

    def action_take(self) -> None:
        """Take the marked one."""
        self.dismiss(self._choices[self._marked][0])

    def on_key(self, event: events.Key) -> None:
        """Go to the next one that begins with a letter."""
        if event.character and event.character.isalpha():
            order = [*range(self._marked + 1, len(self._choices)), *range(self._marked + 1)]
            letter = event.character.casefold()
            self._marked = next(
                (at for at in order if self._choices[at][1].casefold().startswith(letter)), self._marked
            )
            self._list.redraw()
            event.stop()

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [[(f" {self._title}", "strong")]]
        room = max(self.app.size.height - 7, 1)  # of a long list the part around the marked one
        first = max(min(self._marked - room // 2, len(self._choices) - room), 0)
        for number, (_, name) in list(enumerate(self._choices))[first : first + room]:
            here = number == self._marked
            drawn.append([(fit(f" {'▸' if here else ' '} {name}", width), "cursor" if here else "text")])
        keys = worded("   {take} takes it · {close} leaves", "choose", cast("TokenTUI", self.app).commands)
        return [*drawn, [(fit(keys, width), "muted")]]


class AskText(Window[str], inherit_bindings=False):
    """A text; it is asked for again while `wrong` says why it will not do."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bindings("ask")[:1]  # the field has the other keys

    def __init__(
        self, title: str, value: str = "", wrong: Callable[[str], str] = lambda _: "", longest: int = 200
    ) -> None:
        """`longest` is the most characters that can be typed."""
        super().__init__()
        self._longest = longest
        self._title, self._value, self._wrong = title, value, wrong
        self._why = ""
        self._said = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A title, the field, why it will not do."""
        field = Input(self._value, compact=True, max_length=self._longest)
        field.cursor_blink = False
        yield Vertical(
            Lines(lambda width, _height: [[(f" {line}", "strong")] for line in wrap(self._title, width - 2)]),
            field,
            self._said,
            id="ask-text",
            classes="window",
        )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take it, or say why not."""
        self._why = self._wrong(message.value.strip())
        if self._why:
            self._said.redraw()
        else:
            self.dismiss(message.value.strip())

    def _lines(self, width: int, _height: int) -> list[Line]:
        if not self._why:
            keys = worded(" enter takes it · {close} leaves", "ask", cast("TokenTUI", self.app).commands)
            return [[(keys, "muted")]]
        return [[(f" {line}", "crit")] for line in wrap(text.clean(self._why, 300), width - 2)]


class Confirm(Window[bool], inherit_bindings=False):
    """Yes or no; only `y` is yes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("confirm")

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question."""
        yield Vertical(Lines(self._lines), id="confirm", classes="window")

    def action_answer(self, yes: bool) -> None:
        """Answer it."""
        self.dismiss(yes)

    def _lines(self, width: int, _height: int) -> list[Line]:
        asked: list[Line] = [
            [(f" {line}", "strong")] for line in wrap(text.clean(self._question, 400), width - 2)
        ]
        yes, no = (
            worded(key, "confirm", cast("TokenTUI", self.app).commands) for key in ("{yes}", "{no}")
        )
        return [*asked, [(f" {yes}", "key"), (" yes  ", "text"), (no, "key"), (" no", "text")]]
