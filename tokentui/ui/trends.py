"""The second pane: cost or tokens of each of the last 30 days, stacked by service or model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import BindingType
from textual.containers import Vertical
from textual.reactive import reactive

from tokentui import periods, text
from tokentui.store.snapshot import Usage
from tokentui.ui import figures, plot
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, fit, gauge, length, spread
from tokentui.ui.widgets import Lines
from tokentui.usage import NANO

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.feed import Feed

DAYS = 30
"""How far back the axis reaches; it ends today."""

MOST_SERIES = 5
"""How many series have a colour of their own; the smaller ones are one series, `others`."""


class Series(NamedTuple):
    """What one service or model used, day by day, oldest first; None for a day without use."""

    name: str
    days: tuple[Usage | None, ...]
    quality: str = "exact"
    """`floor` when its logs leave something out."""

    @property
    def whole(self) -> Usage:
        """All days together."""
        return figures.total(day for day in self.days if day)


class Trends(Vertical, can_focus=True):
    """Stacked days, and the same in figures below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("trends")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)
    measured: reactive[str] = reactive("cost", repaint=False, init=False)
    """`cost` or `tokens`."""
    by: reactive[str] = reactive("service", repaint=False, init=False)
    """`service` or `model`."""

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="trends")
        self._feed = feed
        self._clock = clock
        self._series: list[Series] = []
        self._plotted: tuple[object, list[Line]] = (None, [])

    def compose(self) -> ComposeResult:
        """A title, the plot, the table."""
        yield Lines(self._title, id="trends-title")
        yield Lines(self._plot, id="trends-plot")
        yield Lines(self._table, id="trends-table")

    def on_mount(self) -> None:
        """Show what is known already."""
        self.tick()

    def tick(self) -> None:
        """Show the snapshot; only what differs is repainted."""
        if not self.is_mounted:
            return
        self._series = series(self.snapshot, self.by, self.measured) if self.snapshot else []
        for lines in self.query(Lines):
            lines.redraw()

    watch_snapshot = watch_measured = watch_by = tick

    def action_measure(self, measured: str) -> None:
        """Draw cost or tokens."""
        self.measured = measured

    def action_split(self, by: str) -> None:
        """Stack by service or by model."""
        self.by = by

    def _title(self, width: int, _height: int) -> list[Line]:
        name = "Cost a day" if self.measured == "cost" else "Tokens a day"
        left: Line = [(f" {name}", "strong"), (f" by {self.by} · last {DAYS} days", "text")]
        right: Line = (
            [("computed from list prices ", "muted")] if self.measured == "cost" and self._series else []
        )
        return [spread(left, right if length(left) + length(right) < width else [], width)]

    def _plot(self, width: int, height: int) -> list[Line]:
        if self.snapshot is None or not self._series:
            return _nothing(height, _why_empty(self.snapshot))
        shades = bool(self.app.no_color)
        key = (width, height, self.measured, self.snapshot.today, tuple(self._series), shades)
        if self._plotted[0] != key:
            values = [[_value(day, self.measured) for day in each.days] for each in self._series]
            label = _dollars if self.measured == "cost" else _tokens
            drawn = plot.stacked(self.snapshot.today, values, width - 2, height, label, shades=shades)
            if not drawn and self.measured == "cost" and height >= 4:
                drawn = _nothing(height, "no priced request in the last 30 days; press u for tokens")
            self._plotted = (key, [[(" ", ""), *line] for line in drawn])
        return self._plotted[1]

    def _table(self, width: int, _height: int) -> list[Line]:
        if not self._series:
            return []
        whole = Series("total", tuple(_sum_days(self._series)), self._quality())
        rows = (
            [*enumerate(self._series), (-1, whole)]
            if len(self._series) > 1
            else list(enumerate(self._series))
        )
        wide = width >= 70
        label = max(min(width - 4 - (12 * 3 + 10 if wide else 12 * 2), 40), 6)
        bar = max(min(width - 4 - label - 12 * 3 - 10, 30), 0) if wide else 0
        heads = ("today", "7 days", f"{DAYS} days") if wide else ("today", f"{DAYS} days")
        drawn: list[Line] = [
            [
                (" " * (label + 4), ""),
                ("".join(fit(head, 12, ">") for head in heads), "muted"),
                (fit("share", 8, ">") if wide else "", "muted"),
            ]
        ]
        for number, each in rows:
            drawn.append(self._row(number, each, whole, label, bar, wide=wide))
        return drawn

    def _quality(self) -> str:
        """Return the quality of all series together, which the models alone do not tell."""
        if self.snapshot is None:
            return "exact"
        first = self.snapshot.today.toordinal() - DAYS + 1
        days = [day for day in self.snapshot.days if day.day.toordinal() >= first]
        return figures.quality_of((name for day in days for name, _ in day.by_service), self.snapshot.cards)

    def _row(self, number: int, each: Series, whole: Series, label: int, bar: int, *, wide: bool) -> Line:
        spans = [each.days[-1:], each.days[-7:], each.days] if wide else [each.days[-1:], each.days]
        style = "strong" if number < 0 else "text"
        mark = plot.MARKS[number % len(plot.MARKS)] if self.app.no_color else "█"
        line: Line = [
            (f" {mark} " if number >= 0 else "   ", f"series-{max(number, 0)}"),
            (fit(each.name, label) + " ", style),
        ]
        line += [(fit(_figure(days, self.measured, each.quality), 12, ">"), style) for days in spans]
        if wide and number >= 0:
            percent = figures.share(_amount(each.whole, self.measured), _amount(whole.whole, self.measured))
            line += [
                (fit(text.percent(percent), 8, ">") + "  ", "text"),
                *gauge(percent, bar, f"series-{number}"),
            ]
        return line


def series(snapshot: Snapshot, by: str, measured: str) -> list[Series]:
    """Return the largest series of the last days, largest first, and all others as one."""
    first = snapshot.today.toordinal() - DAYS + 1
    found: dict[str, list[Usage | None]] = {}
    for day in snapshot.days:
        at = day.day.toordinal() - first
        if 0 <= at < DAYS:
            for name, usage in day.by_service if by == "service" else day.by_model:
                days = found.setdefault(name, [None] * DAYS)
                before = days[at]
                days[at] = usage if before is None else figures.total((before, usage))
    titles = {card.service: card.title for card in snapshot.cards} if by == "service" else {}
    qualities = {card.service: card.quality for card in snapshot.cards} if by == "service" else {}
    named = [
        Series(
            text.clean(titles.get(name, name), 60) or "(unknown)", tuple(days), qualities.get(name, "exact")
        )
        for name, days in found.items()
    ]
    named.sort(key=lambda each: (-(_amount(each.whole, measured) or 0), each.name))
    if len(named) <= MOST_SERIES + 1:
        return named
    rest = named[MOST_SERIES:]
    quality = "floor" if any(each.quality == "floor" for each in rest) else "exact"
    return [*named[:MOST_SERIES], Series(f"{len(rest)} others", tuple(_sum_days(rest)), quality)]


def _sum_days(every: Sequence[Series]) -> list[Usage | None]:
    columns = zip(*(each.days for each in every), strict=True)
    return [figures.total(day for day in column if day) if any(column) else None for column in columns]


def _amount(usage: Usage, measured: str) -> int | None:
    return usage.known_cost if measured == "cost" else usage.total_tokens


def _value(usage: Usage | None, measured: str) -> float:
    if usage is None:
        return 0.0
    return (usage.known_cost or 0) / NANO if measured == "cost" else float(usage.total_tokens)


def _figure(days: Sequence[Usage | None], measured: str, quality: str) -> str:
    used = [day for day in days if day]
    if not used:
        return text.UNKNOWN
    whole = figures.total(used)
    return figures.cost(whole, quality) if measured == "cost" else figures.tokens(whole, quality)


def _dollars(value: float, step: float) -> str:
    return text.money(round(value * NANO), 0 if step >= 1 else 2 if step >= 0.01 else 4)


def _tokens(value: float, _step: float) -> str:
    return text.tokens(round(value))


def _why_empty(snapshot: Snapshot | None) -> str:
    """Say whether there is no use at all, or only none in these days."""
    used = [card.last_used_at for card in snapshot.cards if card.last_used_at] if snapshot else []
    if snapshot is None or not used:
        return f"nothing yet: no request in the last {DAYS} days"
    newest = periods.day_of(max(used), periods.zone(snapshot.zone))
    return f"no request in the last {DAYS} days; the newest is of {newest.day} {newest:%b %Y}"


def _nothing(height: int, reason: str) -> list[Line]:
    return [*([[]] * max(0, height // 2 - 1)), [("  " + reason, "muted")]]
