"""A line to type a filter into, with what may follow below it, and what is wrong where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from tokentui import text
from tokentui.engine.filters import FilterError
from tokentui.ui.commands import bindings, worded
from tokentui.ui.draw import Line, cut, fit, wrap
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.completions import Completion
    from tokentui.ui.app import TokenTUI

SIGN = 3
"""Cells of the sign before the field."""

MOST_SHOWN = 8
"""Suggestions on the screen at once."""

PLACEHOLDER = "press / to filter: project:shop model:*opus* since:-7d cost:>1"


class Hints(Lines):
    """What may follow, or what is wrong, in a box below the line; over the table, which stays where it is."""

    def __init__(self) -> None:
        super().__init__(id="explore-hints")
        self.suggestions: Sequence[Completion] = ()
        self.place = ("", 0)
        """The text they are for, and the place in it."""
        self.marked = 0
        self.wrong: tuple[int, str, str] | None = None
        """The cell it is at, why, and an example of a right one."""

    def say(self, suggestions: Sequence[Completion] = (), wrong: tuple[int, str, str] | None = None) -> None:
        """Show suggestions, or what is wrong; without either only the keys."""
        self.suggestions, self.wrong, self.marked = tuple(suggestions), wrong, 0
        self.display = True
        self.redraw()

    def leave(self) -> None:
        """Nothing is typed any more."""
        self.suggestions, self.wrong, self.display = (), None, False

    def mark(self, step: int) -> None:
        """Mark another suggestion."""
        if self.suggestions:
            self.marked = (self.marked + step) % len(self.suggestions)
            self.redraw()

    def lines(self, width: int, _height: int) -> list[Line]:
        """The box."""
        return [[(" " * SIGN, ""), *line] for line in self._box(max(width - SIGN, 1))]

    def _box(self, width: int) -> list[Line]:
        if self.wrong:
            at, why, example = self.wrong
            told: list[Line] = [[(" " * min(max(at, 0), max(width - 1, 0)) + "^", "crit")]]
            told += [[(line, "crit")] for line in wrap(text.clean(why, 300), width)]
            told += [[(line, "muted")] for line in wrap(text.clean(example, 300), width)]
            return [cut(line, width) for line in told]
        first = max(0, min(self.marked - MOST_SHOWN // 2, len(self.suggestions) - MOST_SHOWN))
        drawn: list[Line] = []
        for number in range(first, min(first + MOST_SHOWN, len(self.suggestions))):
            here = number == self.marked
            said = fit(f"{'▸' if here else ' '} {text.clean(self.suggestions[number].shown, 200)}", width)
            drawn.append([(said, "cursor" if here else "text")])
        keys = "{complete} completes · enter applies" if drawn else "enter applies"
        keys = worded(f"  {keys} · {{leave}} leaves", "filter", cast("TokenTUI", self.app).commands)
        return [*drawn, [(fit(keys, width), "muted")]]


class FilterLine(Input):
    """The field."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("filter")

    class Moved(Message):
        """The text or the place in it is another one."""

    class Left(Message):
        """It is to be left as it was."""

    def __init__(self, hints: Hints) -> None:
        super().__init__(placeholder=PLACEHOLDER, id="explore-filter", compact=True, select_on_focus=False)
        self.cursor_blink = False  # a blinking one writes 2 KB a second
        self._hints = hints
        self.waiting: tuple[str, int] | None = None
        """The text and the place for which a suggestion is to be put in as soon as it comes."""

    @property
    def place(self) -> tuple[str, int]:
        """The text, and where the cursor is in it."""
        return self.value, self.cursor_position

    def on_unmount(self) -> None:
        """Let go of the screen: it would keep every field there was, as Textual's own stays subscribed."""
        self.app.screen_stack[0].text_selection_started_signal.unsubscribe(self)

    def watch_selection(self) -> None:
        """What fits depends on the place."""
        if self.has_focus:
            self.post_message(self.Moved())

    def column(self, at: int) -> int:
        """Return the cell of this widget in which a character of the filter is shown."""
        return cell_len(self.value[:at]) - round(self.scroll_offset.x)

    def action_mark(self, step: int) -> None:
        """Mark another suggestion."""
        self._hints.mark(step)

    def action_take(self) -> None:
        """Put in the marked suggestion."""
        hints = self._hints
        fresh = hints.suggestions and hints.place == self.place
        self.waiting = None if fresh else self.place
        if fresh:
            taken = hints.suggestions[hints.marked]
            self.value = taken.text
            self.cursor_position = taken.cursor

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.post_message(self.Left())


class FilterBar(Horizontal):
    """The field with its sign, and how it is come to and left."""

    class Applied(Message):
        """The filter is to be used; it can be understood."""

        def __init__(self, filter_text: str) -> None:
            super().__init__()
            self.filter_text = filter_text

    class Closed(Message):
        """The keys go elsewhere again."""

    class Typing(Message):
        """Suggestions are wanted for a place in a text; `suggest` takes them."""

        def __init__(self, value: str, cursor: int) -> None:
            super().__init__()
            self.value = value
            self.cursor = cursor

        def can_replace(self, message: Message) -> bool:
            """Only the newest matters."""
            return isinstance(message, FilterBar.Typing)

    def __init__(self, hints: Hints, check: Callable[[str], object]) -> None:
        """`check` raises FilterError for a text that cannot be understood."""
        super().__init__(id="explore-top")
        self._hints, self._check = hints, check
        self._field = FilterLine(hints)
        self._used = ""
        self._refused: str | None = None
        """What could not be understood, until it is changed."""

    def compose(self) -> ComposeResult:
        """A sign and the field."""
        yield Lines(lambda _width, _height: [[(" / ", "key")]], id="explore-sign")
        yield self._field

    def use(self, filter_text: str, *, secret: bool = False) -> None:
        """Show the filter that is used now, as dots where it is `secret`."""
        self._field.password = secret
        self._used = self._field.value = filter_text

    def open(self) -> None:
        """Let a person type."""
        self._field.focus()
        self._field.cursor_position = len(self._field.value)
        self._ask()

    def suggest(self, value: str, cursor: int, suggestions: Sequence[Completion]) -> None:
        """Show what may come at a place, unless a person has typed on meanwhile."""
        if self._field.has_focus and self._field.place == (value, cursor):
            self._hints.say(suggestions)
            self._hints.place = value, cursor
            if self._field.waiting == (value, cursor):
                self._field.action_take()

    def _ask(self) -> None:
        self.post_message(self.Typing(*self._field.place))

    def on_filter_line_moved(self, message: FilterLine.Moved) -> None:
        """Ask for suggestions; what was wrong is not any more."""
        message.stop()
        if self._field.value == self._refused:
            return  # the cursor was put where it is wrong
        self._refused = None
        if self._hints.wrong:
            self._hints.say()
        self._ask()

    def on_filter_line_left(self, message: FilterLine.Left) -> None:
        """The filter stays what it was."""
        message.stop()
        self._field.value = self._used
        self._close()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Typing is no answer yet."""
        message.stop()
        self._field.watch_selection()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Use the filter, or say what is wrong with it."""
        message.stop()
        try:
            self._check(self._field.value)
        except FilterError as error:
            self._refused = self._field.value
            self._field.cursor_position = error.at
            self.call_after_refresh(self._wrong, error)
            return
        self._close()
        self.post_message(self.Applied(self._field.value.strip()))

    def _wrong(self, error: FilterError) -> None:
        self._hints.say(wrong=(self._field.column(error.at), error.why, error.hint))

    def _close(self) -> None:
        self._refused = None
        self._hints.leave()
        self.post_message(self.Closed())
