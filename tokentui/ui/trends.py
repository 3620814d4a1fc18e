"""The second pane: cost, tokens or requests over time, stacked, with a cursor; or by hour and weekday."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive

from tokentui import text
from tokentui.ui import plot, totals, trends_month
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line
from tokentui.ui.heatmap import HoursQuestion
from tokentui.ui.trends_answers import Answers, Asked
from tokentui.ui.trends_picture import Picture, month_days, nothing, why_empty
from tokentui.ui.trends_series import TOKEN_PARTS, Question, named
from tokentui.ui.trends_view import PRESETS, View
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from tokentui.store.snapshot import Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

REST_SECONDS = 5.0
"""How long an answer stands at least while logs are being written; one costs up to 0.1 s of a thread."""


class Trends(Vertical, can_focus=True):
    """Stacked bars or a heatmap, and the same in figures below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("trends")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)
    view: reactive[View] = reactive(View(), repaint=False, init=False)
    """What the keys have chosen."""

    class Answered(Message):
        """The database has answered, or could not."""

        def __init__(self, question: Asked, answer: Any, failure: str = "") -> None:
            super().__init__()
            self.question = question
            self.answer = answer
            self.failure = failure

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:  # noqa: ARG002
        """No clock is needed: the days are those of the snapshot."""
        super().__init__(id="trends")
        self._feed = feed
        self._answers = Answers(self._ask)
        self._rest: Timer | None = None
        self._picture: Picture | None = None
        self._drawn: tuple[object, plot.Plot] = (None, plot.Plot())

    def compose(self) -> ComposeResult:
        """A title, the plot, the table."""
        yield Lines(self._title, id="trends-title")
        yield PlotLines(self._plot, id="trends-plot")
        yield Lines(self._table, id="trends-table")

    def on_mount(self) -> None:
        """Show what is known already."""
        self.tick()

    def on_show(self) -> None:
        """Show what has changed meanwhile: nothing is drawn while nobody sees it."""
        self.tick()

    def tick(self) -> None:
        """Show what is known, and ask for what is not; only what differs is repainted."""
        if not self.is_mounted or not self.display:
            return
        if self.snapshot is not None:
            found = self._answers.look(self._question(self.snapshot), self.snapshot)
            if found is not None:
                self._picture = self._pictured(found, self.snapshot)
        self._redraw()

    watch_view = tick

    def watch_snapshot(self) -> None:
        """Look what has changed."""
        self._answers.snapshot_changed()
        self.tick()

    def look_anew(self) -> None:
        """Ask again now."""
        self._answers.forget()
        self.tick()

    # ------------------------------------------------------------------ keys

    def action_measure(self, measured: str) -> None:
        """Draw the cost, tokens or requests."""
        self.view = self.view.measuring(measured)

    def action_split(self, by: str) -> None:
        """Stack by something."""
        self.view = self.view.split(by)

    def action_show_in(self, bucket: str) -> None:
        """Draw days, weeks or months."""
        self.view = self.view.in_buckets(bucket)

    def action_preset(self, name: str) -> None:
        """Show one of the views that are asked for most."""
        self.view = PRESETS[name]

    def action_compare(self) -> None:
        """Show or hide the period before."""
        self.view = replace(self.view, compared=not self.view.compared, hours=False)

    def action_show_hours(self) -> None:
        """Show the heatmap, or the bars again."""
        self.view = replace(self.view.as_bars(), hours=not self.view.hours)

    def action_add_up(self) -> None:
        """Show the month added up to its end, or the bars again."""
        self.view = self.view.added_up()

    def action_step(self, back: int) -> None:
        """Go back, or forward, by whole spans."""
        snapshot, start = self.snapshot, self._week_start
        if snapshot is not None and self.view.running:
            self.view = trends_month.stepped(self.view, back, snapshot, start)
        elif snapshot is not None:
            self.view = self.view.stepped(back, snapshot.today, snapshot.first_day, start)

    def action_move(self, across: int, down: int) -> None:
        """Move the cursor."""
        self.view = self.view.moved(across, down, self._places)

    def action_move_to_end(self, first: bool) -> None:
        """Move the cursor to the first or the last place."""
        self.view = self.view.at_end(first, self._places)

    def action_leave_cursor(self) -> None:
        """Show the sums of the whole span again."""
        self.view = self.view.without_cursor()

    def action_copy(self) -> None:
        """Copy the command line that prints the same by OSC 52, which also works over SSH; and show it."""
        program = cast("TokenTUI", self.app)
        if self.snapshot is None or self.view.hours:
            program.say("no command prints this")
            return
        command = self._wanted(self.snapshot).command(self.snapshot.zone)
        program.copy_to_clipboard(command)
        program.say(f"copied: {command}")

    async def action_open(self) -> None:
        """Show in Explore what the bucket under the cursor is made of, or the whole span."""
        if self.snapshot is not None:
            await cast("TokenTUI", self.app).explore(self._wanted(self.snapshot).selection())

    def explained(self) -> tuple[str, UsageQuery] | None:
        """Return what the figures are of: the bucket under the cursor, or the whole span."""
        from tokentui.store.usage_table import UsageQuery

        if self.snapshot is None:
            return None
        title, first, last = self._wanted(self.snapshot).selected()
        return title, UsageQuery(first, last, self.snapshot.zone, self._week_start)

    # ------------------------------------------------------------------ questions and answers

    @property
    def _week_start(self) -> str:
        return cast("TokenTUI", self.app).settings.week_start

    @property
    def _places(self) -> tuple[int, int]:
        """How many places the cursor has, and where it appears."""
        return self._wanted(self.snapshot).places if self.snapshot else self.view.places

    def _wanted(self, snapshot: Snapshot) -> Picture:
        """Return the view that the keys have chosen, without any data."""
        view, start = self.view, self._week_start
        budget = totals.budget(snapshot, cast("TokenTUI", self.app).settings.monthly_budget)
        if view.running:
            return trends_month.wanted(view, snapshot, budget, start)
        before = view.span(snapshot.today, start, 1) if view.compared and not view.hours else None
        return Picture(
            view, view.span(snapshot.today, start), before, week_start=start, budget=budget,
            month_days=month_days(snapshot),
        )  # fmt: skip

    def _question(self, snapshot: Snapshot) -> Asked:
        wanted = self._wanted(snapshot)
        if self.view.hours:
            return HoursQuestion(wanted.span, snapshot.zone)
        by = "" if self.view.running or self.view.by in TOKEN_PARTS else self.view.by
        return Question(wanted.span, wanted.before, by, snapshot.zone, wanted.week_start)

    def _pictured(self, found: Any, snapshot: Snapshot) -> Picture:
        """Return the view that the keys have chosen, with an answer to its question."""
        wanted = self._wanted(snapshot)
        if self.view.hours:
            return replace(wanted, hours=found[0], quality=found[1])
        return replace(wanted, series=tuple(named(found, self.view.by, self.view.measure, snapshot)))

    def _ask(self, question: Asked) -> None:
        if self._rest:
            self._rest.stop()
        self._answers.resting = True
        self._rest = self.set_timer(REST_SECONDS, self._rested)
        self._feed.ask(
            "trends",
            question.ask,
            lambda answer: self._told(question, answer),
            lambda reason: self._told(question, None, reason),
        )

    def _rested(self) -> None:
        self._answers.resting = False
        self.tick()

    def _told(self, question: Asked, answer: Any, failure: str = "") -> None:
        """Take an answer, in the thread of whoever found it."""
        with suppress(RuntimeError):  # the program has ended meanwhile
            self.post_message(self.Answered(question, answer, failure))

    def on_trends_answered(self, message: Answered) -> None:
        """Show an answer."""
        message.stop()
        self._answers.take(message.question, message.answer, message.failure)
        self.tick()

    # ------------------------------------------------------------------ drawing

    def _redraw(self) -> None:
        title, drawn, table = (
            self.query_one(f"#trends-{name}", Lines) for name in ("title", "plot", "table")
        )
        title.redraw()
        if table.display and table.size and len(table.lines(table.size.width, 0)) != table.size.height:
            table.refresh(layout=True)
            cast("PlotLines", drawn).redraw_after_layout()
            return
        table.redraw()
        drawn.redraw()

    @property
    def _shades(self) -> bool:
        return bool(self.app.no_color)

    def _title(self, width: int, _height: int) -> list[Line]:
        shown, note = self._picture, ""
        if self.snapshot is None:
            return [[(f" {self.view.name}", "strong")]]
        if self._answers.missing(self._question(self.snapshot)):
            note = "reading …"
        elif shown is not None and not shown.empty and self.view.measured == "cost":
            note = "computed from list prices"
        if shown is None or shown.view != self.view:
            shown = self._wanted(self.snapshot)
        return [shown.title(width, note=note)]

    def _plot(self, width: int, height: int) -> list[Line]:
        shown, snapshot = self._picture, self.snapshot
        if snapshot is None:
            return nothing(width, height, why_empty(None, None))
        if failure := self._answers.failure(self._question(snapshot)):
            return nothing(width, height, f"could not be read: {text.clean(failure)}; r asks again")
        if shown is None or shown.empty:
            return nothing(width, height, why_empty(snapshot, self._wanted(snapshot).span))
        if shown.hours is not None:
            return shown.heat(width - 1, height)
        key = (width, height, self._shades, replace(shown.view, cursor=None), shown.span, shown.series)
        if self._drawn[0] != key:
            self._drawn = (key, shown.drawn(width - 2, height, shades=self._shades))
        if not self._drawn[1].lines and self.view.measured == "cost" and height >= 4:
            return nothing(width, height, f"no priced request in the {shown.span.title}; press u for tokens")
        return [[(" ", ""), *line] for line in shown.marked(self._drawn[1]).lines]

    def _table(self, width: int, _height: int) -> list[Line]:
        return self._picture.table(width, shades=self._shades) if self._picture else []


class PlotLines(Lines):
    """The lines of the plot, which are drawn once when the table below changes its height."""

    def redraw_after_layout(self) -> None:
        """Forget what was drawn, so that it is drawn when its new size is known."""
        self._drawn_in = None
        self.refresh()
