"""The window in which usage is entered by hand, as `tokentui track` has it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.engine import tracking_entry
from tokentui.ui import figures
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.choosing import AskText
from tokentui.ui.commands import bindings, worded
from tokentui.ui.draw import Line, fit, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.accounts import Accounts
    from tokentui.engine.tracking_entry import Noted
    from tokentui.ui.app import TokenTUI


class Field(NamedTuple):
    """One line of the form."""

    name: str
    title: str
    help: str


FIELDS = (
    Field("service", "service", "any name, such as: ChatGPT web"),
    Field("model", "model", "as its provider calls it; the price follows from it"),
    Field("input", "input tokens", "that no cache held: 1200, 12k, 1.5M"),
    Field("output", "output tokens", "with reasoning"),
    Field("cache_read", "cache read", "input tokens read from a cache"),
    Field("cost", "cost", "dollars; empty: computed from the tokens"),
    Field("time", "time", "2026-07-29 14:30, or a date; empty: now"),
    Field("session", "session", "what belongs together"),
    Field("project", "project", "the folder it was for"),
    Field("error", "error", "why it failed; empty: it did not"),
)

_COLUMN = 14


class TrackUsage(Window[str], inherit_bindings=False):
    """All fields of an entry; enter changes the marked one, `s` stores them. Returns what was stored."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(self, accounts: Accounts) -> None:
        super().__init__()
        self._accounts = accounts
        self._typed = dict.fromkeys((field.name for field in FIELDS), "")
        self._marked = 0
        self._said, self._style = "", "crit"
        self._storing = False
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, classes="window")

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous field."""
        self._marked = (self._marked + step) % len(FIELDS)
        self._list.redraw()

    def action_edit(self) -> None:
        """Change the marked field."""
        field = FIELDS[self._marked]
        window = AskText(f"{field.title}: {field.help}", self._typed[field.name], partial(_wrong, field))
        self.app.push_screen(window, lambda typed: self._changed(field, typed))

    def _changed(self, field: Field, typed: str | None) -> None:
        """Keep what was typed, and go on to the next field."""
        if typed is not None:
            self._typed[field.name], self._said = typed, ""
            self._marked = min(self._marked + 1, len(FIELDS) - 1)
            self._list.redraw()

    def action_save(self) -> None:
        """Store it, unless a field is wrong."""
        if self._storing:
            return
        try:
            tracking_entry.parse(self._typed, _now(), "UTC")
        except tracking_entry.EntryProblem as problem:
            self._say(problem)
        else:
            self._storing, self._said, self._style = True, "storing …", "muted"
            accounts, typed = self._accounts, dict(self._typed)
            aside(self, "track", lambda: tracking_entry.note(accounts, typed))
        self._list.redraw()

    def on_outcome(self, message: Outcome) -> None:
        """Say what was stored, or why it was not."""
        self._storing = False
        if message.problem is not None:
            self._said, self._style = str(message.problem), "crit"
            self._list.redraw()
            return
        noted = cast("Noted", message.answer)
        cost = noted.entry.record.cost
        self.dismiss(f"noted {tracking_entry.words(noted)}, {figures.money(cost) if cost else 'no cost'}")

    def _say(self, problem: tracking_entry.EntryProblem) -> None:
        self._said = _words(problem)
        self._style = "crit"
        names = [field.name for field in FIELDS]
        if problem.field in names:
            self._marked = names.index(problem.field)

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [[(" Enter usage by hand", "strong")], []]
        for number, field in enumerate(FIELDS):
            here = number == self._marked
            value = text.clean(self._typed[field.name], 200)
            shown = value or (field.help if here else "")
            drawn.append([
                ("▸" if here else " ", "accent"), (fit(field.title, _COLUMN), "strong" if here else "text"),
                (fit(shown, max(width - _COLUMN - 2, 4)), "text" if value else "muted"),
            ])  # fmt: skip
        drawn.append([])
        if self._said:
            drawn += [[(f" {line}", self._style)] for line in wrap(self._said, width - 2)]
        keys = "{edit} changes it · {store} stores all · {close} closes"
        keys = worded(keys, "form", cast("TokenTUI", self.app).commands)
        return [*drawn, *([(f" {line}", "muted")] for line in wrap(keys, width - 2))]


def _wrong(field: Field, typed: str) -> str:
    """Return why a text will not do in a field; empty when it will."""
    try:
        tracking_entry.parse({"service": "x", "input": "1", field.name: typed}, _now(), "UTC")
    except tracking_entry.EntryProblem as problem:
        return _words(problem)
    return ""


def _words(problem: tracking_entry.EntryProblem) -> str:
    return f"{problem}; {problem.hint}" if problem.hint else str(problem)


def _now() -> int:
    return time.time_ns() // 1000
