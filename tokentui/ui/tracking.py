"""The window in which usage is entered by hand, as `tokentui track` has it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, cast

from tokentui.engine import tracking_entry
from tokentui.ui import figures
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.choosing import AskText
from tokentui.ui.draw import Line
from tokentui.ui.entry_form import EntryForm, Field

if TYPE_CHECKING:
    from textual.screen import Screen

    from tokentui.engine.accounts import Accounts
    from tokentui.engine.tracking_entry import Noted


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


class TrackUsage(EntryForm):
    """All fields of an entry. Returns what was stored."""

    COLUMN = 14

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(FIELDS, dict.fromkeys((field.name for field in FIELDS), ""))
        self._accounts = accounts

    def asking(self, field: Field) -> Screen[str]:
        """Return the window that asks for a field."""
        return AskText(f"{field.title}: {field.help}", self._typed[field.name], partial(_wrong, field))

    def is_right(self) -> bool:
        """Say what is wrong with the fields, if anything is; return whether they can be stored."""
        try:
            tracking_entry.parse(self._typed, _now(), "UTC")
        except tracking_entry.EntryProblem as problem:
            self._said, self._style = _words(problem), "crit"
            self._mark(problem.field)
            return False
        return True

    def store(self) -> None:
        """Begin to store them; an Outcome follows."""
        aside(self, "track", partial(tracking_entry.note, self._accounts, dict(self._typed)))

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

    def _head(self) -> Line:
        return [(" Enter usage by hand", "strong")]

    def _shown(self, field: Field, value: str, *, here: bool) -> str:
        return value or (field.help if here else "")


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
