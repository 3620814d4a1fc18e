"""The third pane: any usage, grouped, filtered and sorted, down to the single request."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive

from tokentui import config
from tokentui.engine.filters import EXAMPLE, FilterError
from tokentui.engine.selection import Selection
from tokentui.store.usage_table import DIMENSIONS, UsageQuery
from tokentui.ui import drilling, explore_columns, explore_draw
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line
from tokentui.ui.explore_answer import Answer, Group, answer, ordered, sort_of
from tokentui.ui.filter_line import FilterLine, Hints
from tokentui.ui.rows import Rows
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store import Reader
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.feed import Feed


class Step(NamedTuple):
    """Where a person came from on the way into the details."""

    selection: Selection
    key: tuple[str, ...]
    """Of the row that was opened."""
    name: str
    """What it is called in the breadcrumbs."""


class Explore(Vertical, can_focus=True, inherit_bindings=False):
    """A filter, what is selected, the table."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("explore")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    class Answered(Message):
        """The database has answered, or could not."""

        def __init__(self, answer: Answer | None, failure: str = "") -> None:
            super().__init__()
            self.answer = answer
            self.failure = failure

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="explore")
        self._feed = feed
        self._clock = clock
        self._week_start = "monday"
        self.selection = Selection()
        self.trail: list[Step] = []
        self.answer: Answer | None = None
        self.groups: list[Group] = []
        self.failure = ""
        self._asking = self._again = False
        self._wanted: tuple[str, ...] | None = None
        """The row the cursor goes to with the next answer."""

    def compose(self) -> ComposeResult:
        """The filter, a title, the way here, the table; hints lie over it."""
        with Horizontal(id="explore-top"):
            yield Lines(lambda _width, _height: [[(" / ", "key")]], id="explore-sign")
            yield FilterLine()
        yield Lines(self._title, id="explore-title")
        yield Lines(self._crumbs, id="explore-crumbs")
        yield Rows(self._row, self._head, self._foot, id="explore-rows")
        yield Hints()

    def on_mount(self) -> None:
        """Ask for what is shown first."""
        with suppress(config.ConfigError):
            self._week_start = config.load(config.paths(os.environ).config_file).week_start
        self.query_one(Hints).display = False
        self._redraw()

    def on_show(self) -> None:
        """Ask when it is opened."""
        self.ask()

    def watch_snapshot(self) -> None:
        """Something was used: ask again, once what was asked for is answered."""
        if not self.is_mounted or not self.display:
            return
        if self._asking:
            self._again = True
        else:
            self.ask()

    def look_anew(self) -> None:
        """Ask now."""
        self.ask()

    # ------------------------------------------------------------------ asking

    @property
    def today(self) -> date:
        """The day it is where the days begin."""
        return self.snapshot.today if self.snapshot else date.today()

    @property
    def zone(self) -> str:
        """Where days begin."""
        return self.snapshot.zone if self.snapshot else "UTC"

    def query_of(self, selection: Selection) -> UsageQuery:
        """Return the question a selection asks; raises FilterError."""
        return selection.query(self.zone, self.today, self._week_start)

    def show(self, selection: Selection, key: tuple[str, ...] | None = None) -> None:
        """Show another selection; the cursor goes to `key`, or to the first row."""
        before, self.selection = self.selection, selection
        self.query_one(FilterLine).value = selection.filter
        if self.answer and replace(selection, sort=before.sort, descending=before.descending) == before:
            self._arrange(keep=True)
        else:
            self._wanted = key or ()
            self.ask()

    def ask(self) -> None:
        """Have the database asked for what is selected; an older question is given up."""
        if self.snapshot is None:
            return
        partial_services = [card.service for card in self.snapshot.cards if card.quality == "floor"]
        try:
            query = self.query_of(self.selection)
        except FilterError as error:  # a saved one, from a time when it was right
            self._answered(None, f"{error.why} ({EXAMPLE})")
            return
        self._asking, self._again = True, False
        selection = self.selection

        def question(reader: Reader) -> Answer:
            return answer(reader, selection, query, tuple(dict.fromkeys(partial_services)))

        self._feed.ask("explore", question, self._answered, partial(self._answered, None))

    def _answered(self, answer: Answer | None, failure: str = "") -> None:
        """Take an answer, in the thread of whoever gives it."""
        with suppress(RuntimeError):  # the program has ended meanwhile
            self.post_message(self.Answered(answer, failure))

    def on_explore_answered(self, message: Answered) -> None:
        """Show the answer; after a failure the last table stays."""
        self._asking = False
        self.failure = message.failure
        if message.answer is not None:
            self.answer = message.answer
            self._arrange(keep=self._wanted is None)
        else:
            self._redraw()
        if self._again:
            self.ask()

    def _arrange(self, *, keep: bool) -> None:
        """Sort the groups; the cursor stays on its group, or goes where it is wanted."""
        rows = self.query_one(Rows)
        wanted = self.key if keep else self._wanted
        self._wanted = None
        self.groups = ordered(self.answer.groups, self.selection) if self.answer else []
        at = next((number for number, (key, _) in enumerate(self.groups) if key == wanted), None)
        rows.fill(len(self.groups), rows.cursor if at is None and keep else at or 0)
        self._redraw()

    @property
    def key(self) -> tuple[str, ...] | None:
        """The group under the cursor."""
        at = self.query_one(Rows).cursor
        return self.groups[at][0] if at < len(self.groups) else None

    # ------------------------------------------------------------------ drawing

    def _redraw(self) -> None:
        for lines in self.query(Lines):
            lines.redraw()

    def _days(self) -> tuple[date | None, date | None]:
        return self.selection.span(self.today, self._week_start)

    def _title(self, width: int, _height: int) -> list[Line]:
        count = f"{len(self.groups):,} {'row' if len(self.groups) == 1 else 'rows'}"
        return [explore_draw.title(self.selection, self._days(), self.zone, count, width)]

    def _crumbs(self, width: int, _height: int) -> list[Line]:
        return explore_draw.crumbs([step.name for step in self.trail], width)

    def _head(self, width: int) -> list[Line]:
        if self.answer is None or not self.groups:
            matching = {"failure": self.failure, "answered": self.answer}
            return explore_draw.nothing(self.selection, self._days(), matching)
        return explore_draw.head(self.answer.selection, width)

    def _row(self, number: int, width: int) -> Line:
        assert self.answer is not None
        return explore_draw.row(self.answer, self.groups[number], width)

    def _foot(self, width: int) -> list[Line]:
        if self.answer is None or not self.groups:
            return []
        return explore_draw.foot(self.answer, len(self.groups), width)

    # ------------------------------------------------------------------ keys

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.query_one(Rows).move(by)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        rows = self.query_one(Rows)
        rows.move(pages * max(rows.page - 1, 1))

    def action_end(self, last: int) -> None:
        """Go to the first or the last row."""
        rows = self.query_one(Rows)
        rows.go(rows.count if last else 0)

    def action_days(self, days: str) -> None:
        """Show a span of days up to today."""
        self.show(replace(self.selection, days=days, back=0, start=None, end=None))

    def action_step(self, by: int) -> None:
        """Show the span of days before or after."""
        self.show(self.selection.stepped(by, self.today))

    def action_sort(self, step: int) -> None:
        """Sort by another of the columns that are shown."""
        selection = self.selection
        width = self.query_one(Rows).size.width - 1
        names = [
            *selection.group_by,
            *(column.name for column in explore_columns.shown(width, len(selection.group_by))),
        ]
        names.remove("share") if "share" in names else None
        now = sort_of(selection)
        at = names.index(now) + step if now in names else 0
        self.show(replace(selection, sort=names[at % len(names)], descending=True))

    def action_turn(self) -> None:
        """Turn the order round."""
        self.show(replace(self.selection, descending=not self.selection.descending))

    def action_step_group(self, step: int) -> None:
        """Group by the next dimension."""
        first, *rest = self.selection.group_by or ("day",)
        names = [name for name in DIMENSIONS if name not in rest]
        name = names[(names.index(first) + step) % len(names)]
        self.show(replace(self.selection, group_by=(name, *rest), sort=""))

    def action_drill(self) -> None:
        """Go into the row under the cursor."""
        key = self.key
        if key is None or self.answer is None:
            return
        self.trail.append(Step(self.selection, key, drilling.name(self.selection.group_by, key)))
        self.show(drilling.into(self.selection, key))

    def action_back(self) -> None:
        """Go back out."""
        if self.trail:
            step = self.trail.pop()
            self.show(step.selection, step.key)

    # ------------------------------------------------------------------ the filter

    def action_filter(self) -> None:
        """Go to the filter."""
        line = self.query_one(FilterLine)
        line.focus()
        line.cursor_position = len(line.value)

    def on_filter_line_left(self) -> None:
        """The filter stays what it was."""
        self.query_one(FilterLine).value = self.selection.filter
        self._leave_filter()

    def _leave_filter(self) -> None:
        self.query_one(Hints).say()
        self.focus()

    def on_filter_line_entered(self) -> None:
        """Use the filter, or say what is wrong with it."""
        line = self.query_one(FilterLine)
        wanted = replace(self.selection, filter=" ".join(line.value.split()))
        try:
            self.query_of(replace(wanted, filter=line.value))
        except FilterError as error:
            line.cursor_position = error.at
            self.query_one(Hints).say(wrong=(line.column(error.at), error.why, error.hint))
            return
        self._leave_filter()
        self.show(replace(wanted, filter=line.value.strip()))
