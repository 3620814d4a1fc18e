"""A line to type a filter into, with what may follow below it, and what is wrong where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tokentui import text
from tokentui.ui.draw import Line, cut, fit, wrap
from tokentui.ui.widgets import Lines

MOST_SHOWN = 8
"""Suggestions on the screen at once."""

PLACEHOLDER = "press / to filter: project:shop model:*opus* since:-7d cost:>1"


class FilterLine(Input, inherit_bindings=True):
    """The line itself. It asks for suggestions as it is typed into, and says when it is done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take", "complete"),
        Binding("down", "mark(1)", "next"),
        Binding("up", "mark(-1)", "previous"),
        Binding("escape,ctrl+c", "leave", "leave"),
    ]

    class Typed(Message):
        """The text or the cursor is another one."""

    class Marked(Message):
        """Another suggestion is to be marked."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Taken(Message):
        """The marked suggestion is to be put in."""

    class Entered(Message):
        """The filter is to be used."""

    class Left(Message):
        """It was left without using it."""

    def __init__(self) -> None:
        super().__init__(placeholder=PLACEHOLDER, id="explore-filter", compact=True, select_on_focus=False)
        self.cursor_blink = False  # a blinking one writes 2 KB a second

    def column(self, at: int) -> int:
        """Return the cell of this widget in which a character of the filter is shown."""
        return cell_len(self.value[:at]) - round(self.scroll_offset.x)

    def watch_cursor_position(self) -> None:
        """What fits depends on the place."""
        if self.has_focus:
            self.post_message(self.Typed())

    def on_input_changed(self, message: Input.Changed) -> None:
        """Nobody else is told: typing is no answer yet."""
        message.stop()
        if self.has_focus:
            self.post_message(self.Typed())

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Use it."""
        message.stop()
        self.post_message(self.Entered())

    def action_mark(self, step: int) -> None:
        """Mark another suggestion."""
        self.post_message(self.Marked(step))

    def action_take(self) -> None:
        """Put in the marked suggestion."""
        self.post_message(self.Taken())

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.post_message(self.Left())


class Hints(Lines):
    """What may follow, or what is wrong, in a box below the line; over the table, which stays where it is."""

    def __init__(self) -> None:
        super().__init__(id="explore-hints")
        self.suggestions: Sequence[str] = ()
        self.marked = 0
        self.wrong: tuple[int, str, str] | None = None
        """Where, why, and an example of a right one."""

    def say(self, suggestions: Sequence[str] = (), wrong: tuple[int, str, str] | None = None) -> None:
        """Show suggestions, or what is wrong; without either nothing is shown."""
        self.suggestions, self.wrong, self.marked = tuple(suggestions), wrong, 0
        self.display = bool(suggestions or wrong)
        self.refresh(layout=True)

    def mark(self, step: int) -> None:
        """Mark another suggestion."""
        if self.suggestions:
            self.marked = (self.marked + step) % len(self.suggestions)
            self.redraw()

    def lines(self, width: int, _height: int) -> list[Line]:
        """The box."""
        if self.wrong:
            at, why, example = self.wrong
            indent = min(max(at, 0), max(width - 2, 0))
            told = [[(" " * indent + "^", "crit")]]
            told += [[(f" {line}", "crit")] for line in wrap(text.clean(why, 300), width - 2)]
            told += [[(f" {line}", "muted")] for line in wrap(text.clean(example, 300), width - 2)]
            return [cut(line, width) for line in told]
        first = max(0, min(self.marked - MOST_SHOWN // 2, len(self.suggestions) - MOST_SHOWN))
        drawn: list[Line] = []
        for number in range(first, min(first + MOST_SHOWN, len(self.suggestions))):
            marked = number == self.marked
            said = fit(f" {'▸' if marked else ' '} {text.clean(self.suggestions[number], 200)}", width)
            drawn.append([(said, "cursor" if marked else "text")])
        return [*drawn, [(fit("   tab completes · enter applies · esc leaves", width), "muted")]]
