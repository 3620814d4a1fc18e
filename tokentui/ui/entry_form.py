"""The window in which something is entered by hand, field by field: a plan, or usage."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.ui.commands import bindings, worded
from tokentui.ui.draw import Line, fit, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

    from tokentui.ui.app import TokenTUI


class Field(NamedTuple):
    """One line of a form."""

    name: str
    title: str
    help: str


class EntryForm(Window[str], inherit_bindings=False):
    """All fields; enter changes the marked one, `s` stores them. Returns what was stored."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    COLUMN: ClassVar[int]
    """The cells of the titles."""

    def __init__(self, fields: Sequence[Field], typed: Mapping[str, str], marked: int = 0) -> None:
        """`typed` is what stands in each field at first, by its name."""
        super().__init__()
        self._fields, self._typed, self._marked = fields, dict(typed), marked
        self._said, self._style = "", "crit"
        self._storing = False
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, classes="window")

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous field."""
        self._marked = (self._marked + step) % len(self._fields)
        self._list.redraw()

    def action_edit(self) -> None:
        """Change the marked field."""
        field = self._fields[self._marked]
        self.app.push_screen(self.asking(field), partial(self._changed, field))

    def action_save(self) -> None:
        """Store it, unless a field is wrong."""
        if self._storing:
            return
        if self.is_right():
            self._storing, self._said, self._style = True, "storing …", "muted"
            self.store()
        self._list.redraw()

    @abstractmethod
    def asking(self, field: Field) -> Screen[str]:
        """Return the window that asks for a field."""

    @abstractmethod
    def is_right(self) -> bool:
        """Say what is wrong with the fields, if anything is; return whether they can be stored."""

    @abstractmethod
    def store(self) -> None:
        """Begin to store them; an Outcome follows."""

    def _changed(self, field: Field, typed: str | None) -> None:
        """Keep what was typed, and go on to the next field."""
        if typed is not None:
            self._typed[field.name], self._said = typed, ""
            self._marked = min(self._marked + 1, len(self._fields) - 1)
            self._list.redraw()

    def _mark(self, name: str) -> Field | None:
        """Mark a field by its name, where there is one; return it."""
        names = [each.name for each in self._fields]
        if name not in names:
            return None
        self._marked = names.index(name)
        return self._fields[self._marked]

    @abstractmethod
    def _head(self) -> Line:
        """Return what is entered."""

    def _shown(self, field: Field, value: str, *, here: bool) -> str:  # noqa: ARG002
        """Return what stands in a field; `value` is what was typed."""
        return value or "–"

    def _notes(self) -> list[tuple[str, str]]:
        """Return sentences below the fields, and their styles."""
        return [(self._said, self._style)] if self._said else []

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [self._head(), []]
        for number, field in enumerate(self._fields):
            here = number == self._marked
            value = text.clean(self._typed[field.name], 200)
            shown = fit(self._shown(field, value, here=here), max(width - self.COLUMN - 2, 4))
            drawn.append([
                ("▸" if here else " ", "accent"),
                (fit(field.title, self.COLUMN), "strong" if here else "text"),
                (shown, "text" if value else "muted"),
            ])  # fmt: skip
        keys = "{edit} changes it · {store} stores all · {close} closes"
        keys = worded(keys, "form", cast("TokenTUI", self.app).commands)
        drawn.append([])
        for words, style in [*self._notes(), (keys, "muted")]:
            drawn += [[(f" {line}", style)] for line in wrap(words, width - 2)]
        return drawn
