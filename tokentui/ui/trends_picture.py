"""What Trends shows at one moment: a title, a plot or a heatmap, and a table below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tokentui import periods, text
from tokentui.ui import figures, heatmap, plot
from tokentui.ui.draw import Line, length, spread, wrap
from tokentui.ui.trends_series import MEASURES, TOKEN_PARTS, Series, together
from tokentui.ui.trends_table import Table

if TYPE_CHECKING:
    from tokentui.engine.selection import Selection
    from tokentui.store.heatmap_query import Heatmap
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.trends_span import Span
    from tokentui.ui.trends_view import View

_NEAR = 1.5
"""A budget so many times as high as the highest bar still has room above it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A view together with what is known for it."""

    view: View
    span: Span
    before: Span | None = None
    series: tuple[Series, ...] = ()
    hours: Heatmap | None = None
    quality: str = "exact"
    """Of the hours; each series has its own."""
    week_start: str = "monday"
    budget: int | None = None
    """What a month may cost, in nano-dollars."""
    month_days: int = 30
    """How many days the running month has."""

    @property
    def places(self) -> tuple[int, int]:
        """How many places the cursor has, and where it appears."""
        return self.view.places

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(map(any, self.hours.hours)) if self.hours else not self.series

    def title(self, width: int, *, note: str = "") -> Line:
        """Return what is shown and when; the date and the sum under the cursor where there is one."""
        read = self._read_out()
        figure: Line = [(f"  {read}", "key")] if read else []
        for when in self._when():
            left: Line = [(f" {self.view.name}", "strong"), (f" · {when}", "text"), *figure]
            if length(left) <= width:
                break
        else:  # the figure under a cursor is what it is there for
            if figure:
                left = [(f" {self.span.name(self.view.cursor or 0)}", "text"), (f" {read}", "key")]
        for said in self._notes(note):
            if length(left) + length(said) < width:
                return spread(left, said, width)
        return spread(left, [], width)

    def drawn(self, width: int, height: int, *, shades: bool) -> plot.Plot:
        """Return the stacked bars, without what the cursor and the period before put on them."""
        measure = self.view.measure
        values = [[measure.value(used) for used in each.now] for each in self.series]
        least = max(self._before(), default=0.0)
        if self._even <= _NEAR * max(map(sum, zip(*values, strict=True)), default=0.0):
            least = max(least, self._even)
        return plot.stacked(
            [self.span.name(at) for at in range(len(self.span.starts))],
            {"day": 7, "week": 4, "month": 1}[self.view.bucket],
            values,
            width,
            height,
            measure.label,
            least=least,
            whole=measure.scale == 1,
            shades=shades,
        )

    def marked(self, drawn: plot.Plot) -> plot.Plot:
        """Return the bars with where the period before ended, and with the cursor."""
        marked = plot.with_before(plot.with_level(drawn, self._even), self._before())
        at = self.view.cursor
        if at is None:
            return marked
        measure = self.view.measure
        return plot.with_cursor(marked, at, sum(measure.value(each.now[at]) for each in self.series))

    def heat(self, width: int, height: int) -> list[Line]:
        """Return the heatmap."""
        view = self.view
        return heatmap.lines(
            self._hours, view.measure, width, height, self.week_start, view.hour, self.quality
        )

    def table(self, width: int, *, shades: bool) -> list[Line]:
        """Return the same in figures."""
        if self.hours is None:
            return Table(self.view, self.series, self.span, self.before).lines(width, shades=shades)
        if self.empty:
            return []
        every = list(MEASURES.values())
        return heatmap.table(
            self._hours, every, self.view.measure, self.week_start, self.view.hour, self.quality, width
        )

    def selected(self) -> tuple[str, date, date]:
        """Return what the figures are of: its name, its first and its last day."""
        at = self.view.cursor
        if at is None or self.view.hours:
            return self.span.title, self.span.first, self.span.last
        return self.span.full_name(at), *self.span.bounds(at)

    def selection(self) -> Selection:
        """Return what Explore shows of it: the parts of the bucket under the cursor, or the whole span."""
        from tokentui.engine.selection import DATES, Selection

        _, first, last = self.selected()
        parts = "model" if self.view.by in TOKEN_PARTS else self.view.by
        group_by = "day" if self.view.hours else parts if self.view.cursor is not None else self.view.bucket
        sort = self.view.measured if group_by == parts else ""
        return Selection((group_by,), days=DATES, start=first, end=last, sort=sort)

    def command(self, zone: str) -> str:
        """Return the command line that prints the sums of the span, or of the bucket under the cursor."""
        import os

        from tokentui.engine.command_line import show_command

        _, first, last = self.selected()
        by = () if self.view.by in TOKEN_PARTS else (self.view.by,)
        group_by = by if self.view.cursor is not None else (self.view.bucket, *by)
        own = periods.local_zone_name(os.environ)
        return show_command(group_by, "", first, last, zone="" if own == zone else zone)

    @property
    def _hours(self) -> Heatmap:
        assert self.hours is not None
        return self.hours

    def _before(self) -> list[float]:
        """Return how high the bars of the period before are, in their places here."""
        if self.before is None or not self.series:
            return []
        measure = self.view.measure
        return [measure.value(used) for used in together("", self.series).before]

    @property
    def _even(self) -> float:
        """How high a bar is that spends the month's budget evenly; 0 without a budget."""
        if self.budget is None or self.view.measured != "cost":
            return 0.0
        days = {"day": 1, "week": 7, "month": self.month_days}[self.view.bucket]
        return self.budget / self.view.measure.scale * self.view.measure.rate() * days / self.month_days

    def _notes(self, note: str) -> list[Line]:
        """Return what stands at the end of the title, the fullest first."""
        said: list[Line] = [[(f"{note} ", "muted")]] if note else []
        if not self._even or self.view.hours or self.empty:
            return said
        bucket, every = self.view.bucket, self.month_days
        share = (self.budget or 0) * {"day": 1, "week": 7, "month": every}[bucket] // every
        level: Line = [(plot.LEVEL, "warn"), (f" budget {figures.money(share)} a {bucket} ", "muted")]
        return [[*level, ("· ", "muted"), *said[0]], level] if said else [level]

    def _when(self) -> tuple[str, ...]:
        """Return when it is, in full and as short as it gets."""
        at, hour = self.view.cursor, self.view.hour
        if self.view.hours and hour is not None:
            name = heatmap.name(hour, self.week_start)
            return f"{name} · {self.span.title}", name
        if at is None or self.view.hours:
            return (self.span.title,)
        return self.span.full_name(at), self.span.head(at)

    def _read_out(self) -> str:
        """Return the sum under the cursor."""
        at = self.view.cursor
        if self.view.hours or at is None or not self.series:
            return ""
        whole = together("", self.series)
        used = whole.now[at]
        return self.view.measure.figure(used, whole.quality_of(slice(at, at + 1))) if used else text.UNKNOWN


def month_days(snapshot: Snapshot) -> int:
    """Return how many days the running month has."""
    first, last = periods.billing_month(snapshot.today, snapshot.billing_day)
    return (last - first).days + 1


def nothing(width: int, height: int, reason: str) -> list[Line]:
    """Return a reason in the middle of where a plot would be."""
    rows: list[Line] = [[("  " + row, "muted")] for row in wrap(reason, width - 4)]
    return [*([[]] * max(0, (height - len(rows)) // 2)), *rows]


def why_empty(snapshot: Snapshot | None, span: Span | None) -> str:
    """Say whether there is no use at all, or only none in this span."""
    used = [card.last_used_at for card in snapshot.cards if card.last_used_at] if snapshot else []
    if snapshot is None or span is None or not used:
        return "nothing yet: no request was found"
    if not span.current:
        return f"no request from {span.title.replace(' – ', ' to ')}"
    newest = periods.day_of(max(used), periods.zone(snapshot.zone))
    return f"no request in the {span.title}; the newest is of {newest.day} {newest:%b %Y}"
