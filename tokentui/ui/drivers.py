"""What drove the cost of some days: projects, models and sessions, side by side where there is room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, NamedTuple

from tokentui import text
from tokentui.moments import moment
from tokentui.ui import figures
from tokentui.ui.draw import Line, beside, box, cut, fit, gauge

if TYPE_CHECKING:
    from tokentui.store.snapshot import Driver, Drivers

TABLES = ("project", "model", "session")
"""What a driver can be; also the field of a condition that selects it."""

Place = tuple[int, int]
"""The number of a table, and of a line in it."""

_GAP = 3
_MOVED = 4
"""Cells that the table of projects gives to that of sessions."""
_TITLE = 18
"""Cells that a title of a session should have before its end is told beside its beginning."""


class Look(NamedTuple):
    """How the tables are drawn, beyond what is in them."""

    days: str
    """The days in words: `today`."""
    foot: Line
    state: Line
    cursor: Place | None
    """The line the keys act on; None while they act on something else."""


def of(drivers: Drivers, table: int) -> tuple[Driver, ...]:
    """Return the lines of a table."""
    return (drivers.projects, drivers.models, drivers.sessions)[table]


def columns(width: int) -> int:
    """Return how many tables stand side by side: three from 105 cells on, two from 60, else one."""
    return 3 if width >= 105 else 2 if width >= 60 else 1


def row_of(drivers: Drivers, place: Place, width: int) -> int:
    """Return the row that a driver is drawn in, counted from the frame's top."""
    table, line = place
    count = columns(width)
    firsts = range(0, table // count * count, count)
    above = sum(_height(drivers, range(first, first + count)) + 1 for first in firsts)
    return 1 + above + 1 + line


def lines(drivers: Drivers | None, width: int, zone: tzinfo | None, look: Look) -> list[Line]:
    """Return the tables in a frame."""
    if drivers is None or width < 20:
        return []
    inner, count = width - 4, columns(width)
    drawn: list[Line] = []
    for first in range(0, len(TABLES), count):
        tables = range(first, min(first + count, len(TABLES)))
        sizes = _sizes(inner, tables)
        rows = _height(drivers, tables)
        drawn += [[]] if drawn else []
        made = [
            _table(drivers, table, size, rows, zone, look.cursor)
            for table, size in zip(tables, sizes, strict=True)
        ]
        drawn += [
            beside([(table[row], size) for table, size in zip(made, sizes, strict=True)], _GAP)
            for row in range(rows)
        ]
    if not any(of(drivers, table) for table in range(len(TABLES))):
        drawn = [[(f"nothing was used {look.days}", "muted")]]
    focused = look.cursor is not None
    title: Line = [("What drove it", "strong"), (f" · {look.days}", "text")]
    drawn = [cut(line, inner) for line in drawn]
    style = "focus" if focused else "frame"
    return box(drawn, width, title, look.state, look.foot, style, heavy=focused)


def _sizes(width: int, tables: range) -> list[int]:
    """Return the cells of each table: titles of sessions are longer than names of projects."""
    size = (width - _GAP * (len(tables) - 1)) // len(tables)
    return [size - _MOVED, size, size + _MOVED] if len(tables) == len(TABLES) else [size] * len(tables)


def _height(drivers: Drivers, tables: range) -> int:
    return 1 + max(len(of(drivers, table)) for table in tables)


def _table(
    drivers: Drivers, table: int, width: int, rows: int, zone: tzinfo | None, cursor: Place | None
) -> list[Line]:
    by_cost = bool(drivers.totals.cost)
    timed = TABLES[table] == "session" and width >= 34
    last = "when" if timed else "share"
    of_one_day = drivers.start == drivers.end
    begun_only = width < 11 + 13 + _TITLE
    tail = 7 if not timed else (7 if of_one_day else 8) if begun_only else 13 if of_one_day else 15
    bar = 8 if not timed and width >= 38 else 0
    label = width - 11 - tail - bar
    head: Line = [(fit(TABLES[table], label) + fit("cost" if by_cost else "tokens", 11, ">"), "muted")]
    head.append((fit(f"  {last}" if timed else last, tail, "<" if timed else ">"), "muted"))
    ending = _when(zone, of_one_day, begun_only) if timed else _share(drivers, by_cost, bar)
    drawn = [head]
    for at, driver in enumerate(of(drivers, table)):
        figure = (figures.cost if by_cost else figures.tokens)(driver.usage, driver.quality)
        here = cursor == (table, at)
        said = text.clean(driver.label, 80)
        if timed and driver.first_at is not None:  # the time stands in its own column
            said = said.removesuffix(f" {moment(driver.first_at).astimezone(zone):%H:%M}")
        name = fit(said, label)
        drawn.append(
            [(name, "cursor" if here else "text"), (fit(figure, 11, ">"), "strong"), *ending(driver)]
        )
    return [*drawn, *([[]] * (rows - len(drawn)))]


def _when(zone: tzinfo | None, of_one_day: bool, begun_only: bool) -> Callable[[Driver], Line]:
    def ending(driver: Driver) -> Line:
        if driver.first_at is None or driver.last_at is None:
            return []
        first, last = (moment(time).astimezone(zone) for time in (driver.first_at, driver.last_at))
        if not of_one_day:
            return [(f"  {first.day:2} {first:{'%b' if begun_only else '%b %H:%M'}}", "muted")]
        begun, ended = f"{first:%H:%M}", f"{last:%H:%M}"
        return [(f"  {begun}" + ("" if begun_only or ended == begun else f"–{ended}"), "muted")]

    return ending


def _share(drivers: Drivers, by_cost: bool, bar: int) -> Callable[[Driver], Line]:
    whole = drivers.totals.cost if by_cost else drivers.totals.total_tokens

    def ending(driver: Driver) -> Line:
        part = driver.usage.known_cost if by_cost else driver.usage.total_tokens
        percent = figures.share(part, whole)
        line: Line = [(fit(text.percent(percent), 7, ">"), "text")]
        return [*line, (" ", ""), *gauge(percent, bar - 1, "bar")] if bar else line

    return ending
