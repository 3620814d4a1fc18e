"""The third pane: any usage, grouped, filtered and sorted, down to the single request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Vertical
from textual.reactive import reactive

from tokentui import periods
from tokentui.engine.filters import EXAMPLE, FilterError
from tokentui.engine.selection import Selection
from tokentui.store.usage_table import UsageQuery
from tokentui.ui import drilling, explore_columns, explore_draw, explore_windows
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, length
from tokentui.ui.explore_answer import Answer, sort_of
from tokentui.ui.explore_questions import Answered, Ordered, Questions, Read, Suggested
from tokentui.ui.explore_table import ExploreTable
from tokentui.ui.filter_line import FilterBar, Hints
from tokentui.ui.rows import RowKeys
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed


class Explore(RowKeys, Vertical, can_focus=True, inherit_bindings=False):
    """A filter, what is selected, the table."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("explore")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="explore")
        self.feed = feed
        self._questions = Questions(feed, self.post_message)
        self._hints = Hints()
        self._clock = clock
        self.selection = Selection()
        self.trail: list[drilling.Step] = []
        self.failure = ""
        self.secret_filter = False
        """Whether the filter is of a view that was opened while names are hidden."""
        self._said = ""
        self._asking = self._again = False
        self._wanted: tuple[str, ...] | None = None
        """The row the cursor goes to with the next answer."""

    def compose(self) -> ComposeResult:
        """The filter, a title, the way here, the table; hints lie over it."""
        yield FilterBar(self._hints, self._check)
        yield Lines(self._title, id="explore-title")
        yield Lines(self._crumbs, id="explore-crumbs")
        yield ExploreTable(self._nothing)
        yield self._hints

    def on_mount(self) -> None:
        """Ask for what is shown first."""
        self._hints.display = False
        self.watch(self.app, "said", self._said_no_longer, init=False)

    def watch_snapshot(self) -> None:
        """Something was used: ask again, once what was asked for is answered."""
        if not self.is_mounted or not self.display:
            return
        if self.settled:
            self.ask()
        else:
            self._again = True

    @property
    def today(self) -> date:
        """The day it is where the days begin."""
        if self.snapshot is None:
            return datetime.fromtimestamp(self._clock(), UTC).date()
        return self.snapshot.today

    @property
    def zone(self) -> str:
        """Where days begin."""
        return self.snapshot.zone if self.snapshot else "UTC"

    @property
    def week_start(self) -> str:
        """Where weeks begin."""
        return cast("TokenTUI", self.app).settings.week_start

    def query_of(self, selection: Selection) -> UsageQuery:
        """Return the question a selection asks; raises FilterError."""
        return selection.query(self.zone, self.today, self.week_start)

    @property
    def table(self) -> ExploreTable:
        """The rows."""
        return self.query_one(ExploreTable)

    def open(self, selection: Selection, *, secret: bool = False) -> None:
        """Show what another pane or a view has chosen; a `secret` filter is not told."""
        self.trail.clear()
        self.secret_filter = secret
        self.show(selection)

    def show(self, selection: Selection, key: tuple[str, ...] | None = None) -> None:
        """Show another selection; the cursor goes to `key`, or to the first row."""
        before, self.selection = self.selection, selection
        self.query_one(FilterBar).use(selection.filter, secret=self.secret_filter)
        same = replace(selection, sort=before.sort, descending=before.descending) == before
        if same and selection.group_by and self.settled and (answer := self.table.answer):
            self._arrange(answer, None)
        else:
            self._wanted = key or ()
            self.query_one("#explore-title", Lines).redraw()
            self.ask()

    @property
    def settled(self) -> bool:
        """Whether what was asked for is shown."""
        return not self._asking

    def ask(self) -> None:
        """Have the database asked for what is selected; an older question is given up."""
        if self.snapshot is None:
            return
        try:
            query = self.query_of(self.selection)
        except FilterError as error:  # a saved one, from a time when it was right
            self.post_message(Answered(None, f"{error.why} ({EXAMPLE})"))
            return
        self._asking, self._again = True, False
        self._questions.groups(self.selection, query)

    on_show = look_anew = ask

    def on_answered(self, message: Answered) -> None:
        """Show the answer; after a failure the last table stays."""
        self._asking, self.failure = False, message.failure
        wanted, self._wanted = self._wanted, None
        if message.answer is not None:
            self._arrange(message.answer, wanted)
            requests = self.table.requests
            if requests and not requests.complete:
                order, back = sort_of(self.selection), self.selection.descending
                self._questions.order(message.answer, order, descending=back)
        else:
            self._redraw()
        if self._again:
            self.ask()

    def _arrange(self, answer: Answer, wanted: tuple[str, ...] | None) -> None:
        with suppress(periods.PeriodError):
            self.table.zone = periods.zone(self.zone)
        self.table.show(answer, self.selection, wanted)
        self._redraw()

    def on_ordered(self, message: Ordered) -> None:
        """Now every page can be read."""
        self.table.know(message.answer, message.keys)
        self._redraw()

    def on_explore_table_missing(self, message: ExploreTable.Missing) -> None:
        """Read the requests that came into sight."""
        if self.table.answer is not None:
            self._questions.page(self.table.answer, message.keys)

    def on_read(self, message: Read) -> None:
        """Draw them."""
        self.table.take(message.answer, message.keys, message.found)

    def _redraw(self) -> None:
        for lines in self.query(Lines):
            lines.redraw()

    def _days(self) -> tuple[date | None, date | None]:
        return self.selection.span(self.today, self.week_start)

    def _title(self, width: int, _height: int) -> list[Line]:
        counted = self.table.counted if self._wanted is None else "reading …"
        return [explore_draw.title(self.selection, self._days(), self.zone, counted, width)]

    def _crumbs(self, width: int, _height: int) -> list[Line]:
        failure = self.failure if self.table.count else ""
        return explore_draw.above([step.name for step in self.trail], failure, self._said, width)

    def _nothing(self) -> list[Line]:
        answered = self.table.answer is not None
        return explore_draw.nothing(self.selection, self._days(), failure=self.failure, answered=answered)

    def action_days(self, days: str) -> None:
        """Show a span of days up to today."""
        self.show(replace(self.selection, days=days, back=0, start=None, end=None))

    def action_step(self, by: int) -> None:
        """Show the span of days before or after."""
        self.show(self.selection.stepped(by, self.today))

    def action_sort(self, step: int) -> None:
        """Sort by another of the columns that are shown."""
        names = explore_columns.sortable(self.table.size.width - 1, self.selection.group_by)
        now = sort_of(self.selection)
        at = names.index(now) + step if now in names else 0
        self.show(replace(self.selection, sort=names[at % len(names)], descending=True))

    def action_turn(self) -> None:
        """Turn the order round."""
        self.show(replace(self.selection, descending=not self.selection.descending))

    def action_step_group(self, step: int) -> None:
        """Group by the next dimension."""
        self.show(self.selection.grouped_next(step))

    def action_drill(self) -> None:
        """Go into the row under the cursor."""
        key, answer = self.table.key, self.table.answer
        if key is None or answer is None or answer.selection.group_by != self.selection.group_by:
            return  # another table is about to come
        self.trail.append(drilling.step(self.selection, key, answer.titles))
        self.show(drilling.into(self.selection, key))

    def action_back(self) -> None:
        """Go back out."""
        if self.trail:
            step = self.trail.pop()
            self.show(step.selection, step.key)

    def action_mark(self) -> None:
        """Mark the row, to compare it with another."""
        self.table.mark()

    def action_group(self, at: int) -> None:
        """Choose the first (0) or the second (1) grouping."""
        explore_windows.choose_group(self, at)

    def action_views(self) -> None:
        """Show the saved views."""
        explore_windows.open_views(self)

    def action_compare(self) -> None:
        """Compare two rows, or two spans of days."""
        explore_windows.compare(self)

    def action_export(self) -> None:
        """Write what is shown into a file."""
        explore_windows.export(self)

    def action_copy(self) -> None:
        """Copy the command line that prints the same."""
        explore_windows.copy(self)

    def tell(self, said: str) -> None:
        """Say in the last line what a key did; what is too long for it is said whole above the table."""
        program = cast("TokenTUI", self.app)
        program.say(said)
        self._said = said if length([(said, "")]) >= self.size.width else ""
        self._redraw()

    def _said_no_longer(self, said: str) -> None:
        if self._said and not said:
            self._said = ""
            self._redraw()

    def explained(self) -> tuple[str, UsageQuery] | None:
        """Return what `x` explains."""
        return explore_windows.explained(self)

    def _check(self, filter_text: str) -> None:
        self.query_of(replace(self.selection, filter=filter_text))

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one(FilterBar).open()

    def on_filter_bar_typing(self, message: FilterBar.Typing) -> None:
        """Look for what may come there."""
        self._questions.completions(message.value, message.cursor)

    def on_suggested(self, message: Suggested) -> None:
        """Show it."""
        self.query_one(FilterBar).suggest(message.value, message.cursor, message.found)

    def on_filter_bar_closed(self) -> None:
        """The keys act on the table again."""
        self.focus()

    def on_filter_bar_applied(self, message: FilterBar.Applied) -> None:
        """Use another filter."""
        self.secret_filter = False
        self.show(replace(self.selection, filter=message.filter_text))
