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
from tokentui.ui import plot
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.heatmap import HoursQuestion
from tokentui.ui.trends_picture import Picture, why_empty
from tokentui.ui.trends_series import TOKEN_PARTS, Part, Question, named
from tokentui.ui.trends_view import PRESETS, View
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from tokentui.store.heatmap_query import Heatmap
    from tokentui.store.snapshot import Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

REST_SECONDS = 5.0
"""How long an answer stands at least while logs are being written; one costs up to 0.1 s of a thread."""

Asked = Question | HoursQuestion


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
        self._known: dict[Asked, Any] = {}
        """Answers that hold for the present snapshot."""
        self._held: tuple[Asked | None, Any] = (None, None)
        """The answer that is shown, which may be of an earlier snapshot."""
        self._waiting: Asked | None = None
        self._outdated = False
        """Whether there is a newer snapshot than the question that is waited for."""
        self._asked: Asked | None = None
        self._rest: Timer | None = None
        self._failure: tuple[Asked | None, str] = (None, "")
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
        question = self._question()
        if question is not None and not self._answered(question):
            self._ask(question)
        self._redraw()

    watch_view = tick

    def watch_snapshot(self) -> None:
        """No answer holds any longer; what is on the screen stays until there is a new one."""
        self._known.clear()
        self._failure = (None, "")
        self._outdated = True
        self.tick()

    def look_anew(self) -> None:
        """Ask again now."""
        self._asked = None
        self.watch_snapshot()

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
        self.view = replace(self.view, hours=not self.view.hours)

    def action_step(self, back: int) -> None:
        """Go back, or forward, by whole spans."""
        if self.snapshot is not None:
            snapshot = self.snapshot
            self.view = self.view.stepped(back, snapshot.today, snapshot.first_day, self._week_start)

    def action_move(self, across: int, down: int) -> None:
        """Move the cursor."""
        self.view = self.view.moved(across, down)

    def action_move_to_end(self, first: bool) -> None:
        """Move the cursor to the first or the last place."""
        self.view = self.view.at_end(first)

    def action_leave_cursor(self) -> None:
        """Show the sums of the whole span again."""
        self.view = self.view.without_cursor()

    def explained(self) -> tuple[str, UsageQuery] | None:
        """Return what the figures are of: the bucket under the cursor, or the whole span."""
        from tokentui.store.usage_table import UsageQuery

        wanted = self._wanted()
        if wanted is None or self.snapshot is None:
            return None
        title, first, last = wanted.selected()
        return title, UsageQuery(first, last, self.snapshot.zone, self._week_start)

    # ------------------------------------------------------------------ questions and answers

    @property
    def _week_start(self) -> str:
        return cast("TokenTUI", self.app).settings.week_start

    def _wanted(self) -> Picture | None:
        """Return the view that the keys have chosen, without any data."""
        if self.snapshot is None:
            return None
        view, today, start = self.view, self.snapshot.today, self._week_start
        before = view.span(today, start, 1) if view.compared and not view.hours else None
        return Picture(view, view.span(today, start), before, week_start=start)

    def _question(self) -> Asked | None:
        wanted = self._wanted()
        if wanted is None or self.snapshot is None:
            return None
        if self.view.hours:
            return HoursQuestion(wanted.span, self.snapshot.zone)
        by = "" if self.view.by in TOKEN_PARTS else self.view.by
        return Question(wanted.span, wanted.before, by, self.snapshot.zone, wanted.week_start)

    def _answered(self, question: Asked) -> bool:
        """Show what is known; return whether nothing is left to be asked."""
        if question in self._known:
            self._show(question, self._known[question])
            return True
        quick = self._from_snapshot(question)
        # A bound stands at all models until the database tells which it belongs to.
        sure = quick is not None and (
            self.view.by != "model" or all(part.quality == "exact" for part in quick)
        )
        if self._held[0] == question and not sure:
            self._show(question, self._held[1])
        elif quick is not None:
            self._show(question, quick)
        return sure

    def _from_snapshot(self, question: Asked) -> tuple[Part, ...] | None:
        if self.snapshot is None or not isinstance(question, Question):
            return None
        return question.answer_from(self.snapshot)

    def _ask(self, question: Asked) -> None:
        if question in (self._waiting, self._failure[0]) or (question == self._asked and self._rest):
            return
        self._asked = self._waiting = question
        self._outdated = False
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self._rested)
        self._feed.ask(
            "trends", question.ask,
            lambda answer: self._told(question, answer), lambda reason: self._told(question, None, reason),
        )  # fmt: skip

    def _rested(self) -> None:
        self._rest = None
        self.tick()

    def _told(self, question: Asked, answer: Any, failure: str = "") -> None:
        """Take an answer, in the thread of whoever found it."""
        with suppress(RuntimeError):  # the program has ended meanwhile
            self.post_message(self.Answered(question, answer, failure))

    def on_trends_answered(self, message: Answered) -> None:
        """Show an answer; it is not kept when there is a newer snapshot already."""
        message.stop()
        if message.question == self._waiting:
            self._waiting = None
        if message.failure:
            self._failure = (message.question, message.failure)
        elif not self._outdated:
            self._known[message.question] = message.answer
        elif message.question == self._question():
            self._show(message.question, message.answer)
        self.tick()

    def _show(self, question: Asked, answer: Any) -> None:
        wanted = self._wanted()
        if wanted is None or self.snapshot is None:
            return
        self._held = (question, answer)
        if self.view.hours:
            hours: Heatmap = answer[0]
            self._picture = replace(wanted, hours=hours, quality=answer[1])
        else:
            parts: tuple[Part, ...] = answer
            series = tuple(named(parts, self.view.by, self.view.measure, self.snapshot))
            self._picture = replace(wanted, series=series)

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
        shown, wanted, note = self._picture, self._wanted(), ""
        if wanted is None:
            return [[(f" {self.view.name}", "strong")]]
        if self._waiting is not None and (shown is None or shown.span != wanted.span):
            note = "reading …"
        elif shown is not None and not shown.empty and self.view.measured == "cost":
            note = "computed from list prices"
        if shown is not None and shown.view == self.view:
            wanted = shown
        return [wanted.title(width, note=note)]

    def _plot(self, width: int, height: int) -> list[Line]:
        shown, wanted = self._picture, self._wanted()
        if (
            self._failure[1]
            and self._failure[0] == self._question()
            and (not shown or shown.view != self.view)
        ):
            return _nothing(width, height, f"could not be read: {text.clean(self._failure[1])}; r asks again")
        if wanted is None or shown is None or shown.empty:
            return _nothing(width, height, why_empty(self.snapshot, wanted.span if wanted else None))
        if shown.hours is not None:
            return shown.heat(width - 1, height)
        key = (width, height, self._shades, replace(shown.view, cursor=None), shown.span, shown.series)
        if self._drawn[0] != key:
            self._drawn = (key, shown.drawn(width - 2, height, shades=self._shades))
        if not self._drawn[1].lines and self.view.measured == "cost" and height >= 4:
            return _nothing(width, height, f"no priced request in the {shown.span.title}; press u for tokens")
        return [[(" ", ""), *line] for line in shown.marked(self._drawn[1]).lines]

    def _table(self, width: int, _height: int) -> list[Line]:
        return self._picture.table(width, shades=self._shades) if self._picture else []


class PlotLines(Lines):
    """The lines of the plot, which are drawn once when the table below changes its height."""

    def redraw_after_layout(self) -> None:
        """Forget what was drawn, so that it is drawn when its new size is known."""
        self._drawn_in = None
        self.refresh()


def _nothing(width: int, height: int, reason: str) -> list[Line]:
    rows: list[Line] = [[("  " + row, "muted")] for row in wrap(reason, width - 4)]
    return [*([[]] * max(0, (height - len(rows)) // 2)), *rows]
