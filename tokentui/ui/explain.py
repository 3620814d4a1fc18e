"""The window behind `x`: what is behind a figure, as `tokentui explain` tells it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from tokentui import config, periods, text
from tokentui.engine.command_line import explain_command
from tokentui.store.usage_table import NUMBER_FIELDS, UsageQuery, Where
from tokentui.ui.bars import Footer
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.selections import heading
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.explain_books import BooksExplained
    from tokentui.store import Reader
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.explain_lines import Answer
    from tokentui.ui.feed import Feed


@dataclass
class Told(Message):
    """The answer has come, or the reason why there is none."""

    answer: Answer | str


class Explain(Window[None], inherit_bindings=False):
    """The requests behind a figure, the prices put on them, and how sure that is."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("explain")

    def __init__(self, title: str, query: UsageQuery, feed: Feed, clock: Callable[[], float]) -> None:
        """`title` says what is explained; `clock` returns the time in UTC seconds."""
        super().__init__(id="explain")
        self._title = title
        # What is grouped by does not matter, and an explanation has one figure only.
        where = tuple(each for each in query.where if each.field not in NUMBER_FIELDS)
        self._query = replace(query, group_by=(), where=where)
        self._feed = feed
        self._clock = clock
        self._answer: Answer | str | None = None

    @property
    def command(self) -> str:
        """The command line that prints the same; of an account with a provider what it says comes first."""
        if self.answer is not None and self.answer.books is not None:
            from tokentui.engine.explain_account import command

            return command(self.answer.books)
        return self._log_command

    @property
    def _log_command(self) -> str:
        return explain_command(self._query, periods.local_zone_name(os.environ))

    @property
    def answer(self) -> Answer | None:
        """What was found out; None while the records are read, or when they cannot be."""
        return None if isinstance(self._answer, str) else self._answer

    def compose(self) -> ComposeResult:
        """One widget of lines that scrolls, and the keys."""
        with VerticalScroll(id="explain-room", can_focus=False):
            yield Lines(self._lines, id="explain-lines")
        yield Footer("explain")

    def on_mount(self) -> None:
        """Ask for the records, in another thread."""
        query, now = self._query, self._clock()
        self._feed.ask(
            "explain",
            lambda reader: _asked(reader, query, now),
            self._tell,
            lambda reason: self._tell(text.clean(reason)),
        )

    def _tell(self, answer: Answer | str) -> None:
        """Have the answer shown; called in the thread that found it."""
        self.post_message(Told(answer))

    def on_told(self, told: Told) -> None:
        """Show the answer."""
        self._answer = told.answer
        self.query_one("#explain-lines", Lines).redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.query_one("#explain-room").scroll_relative(y=rows, animate=False)

    def action_end(self, down: int) -> None:
        """Scroll to the top (0) or to the bottom (1)."""
        room = self.query_one("#explain-room")
        room.scroll_to(y=room.max_scroll_y if down else 0, animate=False)

    def action_copy(self) -> None:
        """Copy the command line that prints the same."""
        self.app.copy_to_clipboard(self.command)
        cast("TokenTUI", self.app).say(f"copied: {self.command}")

    def _lines(self, width: int, _height: int) -> list[Line]:
        if self.answer is not None:
            from tokentui.ui.explain_lines import lines  # imported by `_asked`, in the other thread

            zone = periods.zone(self._query.zone)
            # No command line takes out a single request.
            lead = "the same" if self._query.only is None else "all that are listed"
            said = f"{lead}: {self._log_command}"
            return lines(self.answer, self._title, said, zone, self._clock(), width)
        head: list[Line] = [heading(self._title, self._query), []]
        if self._answer is None:
            return [*head, [("The requests are being read …", "muted")]]
        return [*head, *([(row, "crit")] for row in wrap(f"It cannot be explained: {self._answer}", width))]


def _asked(reader: Reader, query: UsageQuery, now: float) -> Answer:
    """Return what is behind a selection; called in the thread that answers questions. `now`: UTC seconds.

    There the prices are imported as well, which takes 50 ms.
    """
    from tokentui.engine.explain import explained
    from tokentui.pricing import Prices
    from tokentui.ui.explain_lines import Answer, Copies

    paths = config.paths(os.environ)
    found = explained(reader.explanation(query), Prices.open(paths.price_overlay, paths.price_cache))
    copies = []
    for service, _ in found.explanation.services:
        read = sum(file.record_count for file in reader.files(service))
        kept = reader.usage(UsageQuery(zone=query.zone, where=(Where("service", "eq", (service,)),))).totals
        copies.append(Copies(service, read, kept.request_count))
    return Answer(found, tuple(copies), _books(reader, query, now))


def _books(reader: Reader, query: UsageQuery, now: float) -> BooksExplained | None:
    """Return what the provider says, where one account is selected that has one; of 30 days or more."""
    from tokentui.engine import explain_account

    account = explain_account.selected(query.where)
    if account is None:
        return None
    today = datetime.fromtimestamp(now, UTC).date()
    return explain_account.asked(reader, *account, *explain_account.widened(query.start, query.end, today))
