"""The tables of what drove the cost: which days they are of, and the line that the keys act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.message import Message
from textual.widget import Widget

from tokentui import periods, text
from tokentui.ui import drivers
from tokentui.ui.draw import Line
from tokentui.ui.widgets import Lines
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.snapshot import Driver, Drivers, Snapshot
    from tokentui.store.usage_table import Where
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

Account = tuple[str, str]
"""A service, and one of its accounts."""


@dataclass
class Driven(Message):
    """What drove some days is known, or the reason why it is not."""

    drivers: Drivers | str


class DriversPanel(Lines, can_focus=True):
    """Projects, models and sessions of a day, a week or a month, of all accounts or of one."""

    def __init__(self, feed: Feed, *, account: Account | None = None, days: str = "today") -> None:
        """`days`: `today`, `week` or `month`."""
        super().__init__(id="drivers")
        self._feed = feed
        self._account = account
        self._days, self._back = days, 0
        self._snapshot: Snapshot | None = None
        self._drivers: Drivers | None = None
        self._reading = False
        self._reason = ""
        self._table = 0
        self._lines: list[tuple[str | None, int]] = [(None, 0)] * len(drivers.TABLES)
        """Of each table the driver that the keys act on, also when the order changes, and its line."""

    @property
    def span(self) -> tuple[date, date] | None:
        """The first and the last day that are wanted; None before the first snapshot."""
        if self._snapshot is None:
            return None
        today = self._snapshot.today
        if self._days == "today":
            return (day := today - timedelta(days=self._back)), day
        first, last = self._period(today)
        for _ in range(self._back):
            first, last = self._period(first - timedelta(days=1))
        return first, min(last, today)

    def take(self, snapshot: Snapshot | None) -> None:
        """Take a new snapshot; what is not in it is asked for."""
        self._snapshot = snapshot
        if snapshot is None:
            return
        if self._account is None and self.span == (snapshot.today, snapshot.today):
            self._drivers, self._reading, self._reason = snapshot.drivers, False, ""
            self.redraw()
        else:
            self._ask()

    def show(self, days: str, back: int = 0) -> None:
        """Show a day, a week or a month, so many before the present one."""
        self._days, self._back = days, back
        self.take(self._snapshot)

    def step(self, by: int) -> None:
        """Show the day, week or month before (-1) or after (1): from the first day of all to today."""
        first = self._snapshot.first_day if self._snapshot else None
        if self.span is not None and by < 0 and (first is None or self.span[0] <= first):
            return
        self.show(self._days, max(self._back - by, 0))

    def move(self, columns: int, rows: int) -> bool:
        """Move to a neighbouring line; False where there is none in that direction."""
        if self._drivers is None:
            return False
        table, row = self.place
        table, row = table + columns, row + rows
        if rows and not 0 <= row < len(drivers.of(self._drivers, self._table)):
            # The tables that stand below each other are gone through one after the other.
            table = self._table + rows * drivers.columns(self.size.width)
            row = 0 if rows > 0 else 10**6
        if not 0 <= table < len(drivers.TABLES) or not drivers.of(self._drivers, table):
            return False
        self._table = table
        there = drivers.of(self._drivers, table)
        row = min(row, len(there) - 1)
        self._lines[table] = there[row].key, row
        self.redraw()
        self._scroll_to_line()
        return True

    def enter(self) -> None:
        """Take the keys."""
        self.focus()
        self._scroll_to_line()

    @property
    def place(self) -> drivers.Place:
        """The line that the keys act on."""
        key, row = self._lines[self._table]
        keys = [driver.key for driver in drivers.of(self._drivers, self._table)] if self._drivers else []
        at = keys.index(key) if key is not None and key in keys else min(row, max(len(keys) - 1, 0))
        return self._table, at

    @property
    def driver(self) -> Driver | None:
        """The driver that the keys act on."""
        table, row = self.place
        lines = drivers.of(self._drivers, table) if self._drivers else ()
        return lines[row] if lines else None

    def condition(self) -> tuple[str, Where] | None:
        """Return the name of the driver in focus and what selects it; None for a line of several."""
        from tokentui.store.usage_table import Where

        driver = self.driver
        if driver is None or driver.key is None:
            return None
        name = text.clean(driver.label, 80)
        return name, Where(drivers.TABLES[self._table], "eq", (driver.key,))

    def days_in_words(self, span: tuple[date, date] | None = None) -> str:
        """Return the days that are shown, or some others: `today`, `Fri 20 Nov`, `1 – 22 Nov`."""
        shown = self._drivers
        start, end = span or ((shown.start, shown.end) if shown else (None, None))
        today = self._snapshot.today if self._snapshot else None
        if start is None or end is None or start == end == today:
            return "today"
        if start == end:
            return f"{start:%a} {start.day} {start:%b}"
        first = f"{start.day}" if start.month == end.month else f"{start.day} {start:%b}"
        return f"{first} – {end.day} {end:%b}"

    def lines(self, width: int, _height: int) -> list[Line]:
        """The tables, in as many rows as they take."""
        foot: Line = [(self._reason, "crit")] if self._reason else self._unpriced()
        wanted = self.span
        state: Line = []
        if self._reading and wanted is not None:
            state = [(f"reading {self.days_in_words(wanted)} …", "muted")]
        cursor = self.place if self.has_focus and self._drivers else None
        look = drivers.Look(self.days_in_words(), foot, state, cursor)
        return drivers.lines(self._drivers, width, zone_of(self._snapshot), look)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The frame shows where the keys go."""
        super().watch_has_focus(_has_focus)
        self.redraw()

    def on_driven(self, told: Driven) -> None:
        """Show what was asked for, unless something else is wanted by now."""
        told.stop()
        if isinstance(told.drivers, str):
            self._reading, self._reason = False, told.drivers
        elif (told.drivers.start, told.drivers.end) == self.span:
            self._drivers, self._reading, self._reason = told.drivers, False, ""
        self.redraw()

    def _ask(self) -> None:
        span, snapshot = self.span, self._snapshot
        if span is None or snapshot is None:
            return
        shown = self._drivers
        self._reading = shown is None or (shown.start, shown.end) != span
        question = partial(_asked, span=span, zone=snapshot.zone, account=self._account)
        topic = "overview" if self._account is None else "account drivers"
        self._feed.ask(topic, question, self._tell, lambda reason: self._tell(text.clean(reason)))
        self.redraw()

    def _tell(self, found: Drivers | str) -> None:
        """Have an answer shown; called in the thread that found it."""
        self.post_message(Driven(found))

    def _period(self, day: date) -> tuple[date, date]:
        """Return the week, or the month as the strip counts it, that a day lies in."""
        if self._days == "week":
            return periods.week_of(day, cast("TokenTUI", self.app).settings.week_start)
        return periods.billing_month(day, self._snapshot.billing_day if self._snapshot else 1)

    def _scroll_to_line(self) -> None:
        """Bring the line into view, where the tables are higher than the screen."""
        room = self.parent
        if not isinstance(room, Widget) or self._drivers is None:
            return
        row = self.virtual_region.y + drivers.row_of(self._drivers, self.place, self.size.width)
        top, height = round(room.scroll_y), room.size.height
        if not top < row < top + height - 1:
            room.scroll_to(y=row - height // 2, animate=False)

    def _unpriced(self) -> Line:
        """`3 requests unpriced: model-x, model-y`: what the costs on this screen leave out."""
        if self._snapshot is None or not self._snapshot.unpriced_models or self._account is not None:
            return []
        count = self._snapshot.totals_month.unpriced_request_count
        names = ", ".join(text.clean(model, 40) for model in self._snapshot.unpriced_models[:3])
        more = len(self._snapshot.unpriced_models) - 3
        told = f"{text.tokens(count)} request{'s' if count != 1 else ''} unpriced" if count else "unpriced"
        return [(f"{told}: {names}" + (f" and {more} more" if more > 0 else ""), "warn")]


def _asked(reader: Reader, span: tuple[date, date], zone: str, account: Account | None) -> Drivers:
    """Return what drove some days; called in the thread that answers questions."""
    return reader.drivers(*span, zone, *(account or ()))
