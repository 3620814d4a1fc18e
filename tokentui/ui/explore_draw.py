"""The lines of Explore: what is selected, the heading of the table, its rows and its totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from tokentui import text
from tokentui.engine.selection import DATES, Selection
from tokentui.store.snapshot import Usage
from tokentui.ui import explore_columns as columns
from tokentui.ui import figures
from tokentui.ui.draw import Line, cut, fit, length, spread, wrap
from tokentui.ui.explore_answer import sort_of

_WORDS = 60
"""From so many cells on a span has its name beside its days."""

_SPANS = {
    "today": ("today", "yesterday"),
    "week": ("this week", "last week"),
    "month": ("this month", "last month"),
    "all": ("all days", "all days"),
}


NO_USAGE = Usage()


class Shown(NamedTuple):
    """What the figures of a row are held against."""

    group_by: tuple[str, ...]
    totals: Usage
    most: int | None
    """What the dearest row costs, in nano-dollars."""
    longest: tuple[int, ...] = ()
    """In how many cells each key could be shown whole."""
    titles: Mapping[str, str] = {}
    """What sessions are called."""
    among: tuple[tuple[str, ...], ...] = ()
    """Of each key the names that a row's own stands among."""

    def named(self, dimension: str, value: str) -> str:
        """Return the name that is shown of a key."""
        return self.titles.get(value, value) if dimension == "session" else value

    def layout(self, width: int) -> columns.Layout:
        """Return what there is room for in so many cells."""
        return columns.layout(width, self.group_by, self.longest)


def title(
    selection: Selection, days: tuple[date | None, date | None], zone: str, counted: str, width: int
) -> Line:
    """Return what is shown, and on the right how much of it."""
    by = " › ".join(name.replace("_", " ") for name in selection.group_by)
    when = span(selection, days) if width >= _WORDS else written(*days)
    left: Line = [(f" by {by}" if by else " each request", "strong"), (f" · {when}", "text")]
    if width >= _WORDS:
        left.append((f" · {text.clean(zone, 40)}", "muted"))
    arrow = "▼" if selection.descending else "▲"
    right: Line = [(f"{counted} by {_name(sort_of(selection))} {arrow} " if by else f"{counted} ", "muted")]
    return spread(left, right if length(left) + length(right) < width else [(f"{counted} ", "muted")], width)


def span(selection: Selection, days: tuple[date | None, date | None]) -> str:
    """Return the days in words: `this month, 1 – 22 Nov 2026`."""
    first, last = days
    if selection.days == DATES:
        return written(first, last)
    if selection.days == "all":
        return "all days"
    words = _SPANS[selection.days]
    name = words[selection.back] if selection.back < 2 else f"{selection.back} {selection.days}s ago"
    name = name.replace("todays", "days")
    return f"{name}, {written(first, last)}"


def written(first: date | None, last: date | None) -> str:
    """Return days as a person writes them: `1 – 22 Nov 2026`."""
    if first is None or last is None:
        if first is None and last is None:
            return "all days"
        return f"since {_day(first)}" if first else f"until {_day(last)}"
    if first == last:
        return _day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {_day(last)}"
    return f"{first.day} {first:%b}{f' {first.year}' if first.year != last.year else ''} – {_day(last)}"


def above(trail: Sequence[str], failure: str, said: str, width: int) -> list[Line]:
    """Return what stands above the table: the way here, why an answer failed, what a key did."""
    drawn = crumbs(trail, width)
    for told, style in ((text.clean(failure, 300), "crit"), (text.clean(said, 2_000), "accent")):
        drawn += [[(f" {line}", style)] for line in wrap(told, width - 2) if line]
    return drawn


def crumbs(trail: Sequence[str], width: int) -> list[Line]:
    """Return the way into the details, its newest part whole; nothing at the top."""
    if not trail:
        return []
    line: Line = [(" ", "")]
    for number, name in enumerate(trail):
        line += [(name, "text"), (" › ", "muted")] if number < len(trail) - 1 else [(name, "strong")]
    while length(line) > width and len(line) > 3:
        line = [(" … › ", "muted"), *line[3:]]
    hint: Line = [("   backspace goes back", "muted")]
    return [cut([*line, *(hint if length([*line, *hint]) <= width else [])], width)]


def head(shown: Shown, sorted_by: str, descending: bool, width: int) -> Line:
    """Return the names of the columns; the one it is sorted by has an arrow."""
    layout = shown.layout(width)
    arrow = "▼" if descending else "▲"
    line: Line = [(" " * columns.PREFIX, "")]
    for name, room in layout.keys:
        marked = name == sorted_by
        said = _headed(columns.title(name), arrow, room) if marked else columns.title(name)
        line.append((fit(said, room + 1), "accent" if marked else "muted"))
    for column in layout.figures:
        marked = column.name == sorted_by
        if column.name == "share":
            line.append((fit("Share", 6, ">") + " " * (column.width - 6), "muted"))
        else:
            said = _headed(column.title, arrow, column.width - 1) if marked else column.title
            line.append((fit(said, column.width, ">"), "accent" if marked else "muted"))
    return line


def _headed(title: str, arrow: str, room: int) -> str:
    """Return a heading with its arrow apart from it: in ASCII the arrow is a letter."""
    if len(title) + 2 > room:
        title = columns.TIGHT.get(title, title)
    return f"{title} {arrow}"


def row(shown: Shown, key: Sequence[str], usage: Usage, width: int, *, quality: str, mark: str = "") -> Line:
    """Return one row: its key and its figures; `mark` stands before it."""
    layout = shown.layout(width)
    line: Line = [(f" {mark or ' '} ", "accent")]
    for at, ((name, room), value) in enumerate(zip(layout.keys, key, strict=False)):
        said = columns.key_fit(name, shown.named(name, value), room, *shown.among[at : at + 1])
        line.append((f"{said} ", "text" if value else "muted"))
    for column in layout.figures:
        if column.name == "share":
            line += columns.share(usage, shown.totals, shown.most, column.width)
        else:
            line.append(_figure(column, columns.figure(column, usage, quality), "text"))
    return line


def foot(shown: Shown, width: int, *, quality: str) -> list[Line]:
    """Return the totals below the table, and what they leave out."""
    layout = shown.layout(width)
    room = sum(room + 1 for _, room in layout.keys)
    line: Line = [(fit("   Total", columns.PREFIX + room), "strong")]
    for column in layout.figures:
        if column.name == "share":
            line.append((fit("", column.width), ""))
        else:
            line.append(_figure(column, columns.figure(column, shown.totals, quality), "strong"))
    missing = figures.unpriced(shown.totals)
    return [line, [(f"   {missing}: not in the cost", "warn")]] if missing else [line]


def nothing(
    selection: Selection, days: tuple[date | None, date | None], *, failure: str, answered: bool
) -> list[Line]:
    """Return why the table is empty, and which key helps."""
    if failure:
        return [[], [(f"   {text.clean(failure, 300)}", "crit")]]
    if not answered:
        return [[], [("   reading …", "muted")]]
    when = f" in {written(*days)}" if days != (None, None) else ""
    what = " that matches the filter" if selection.filter else ""
    help = "/ changes the filter, a shows all days" if selection.filter else "a shows all days, [ steps back"
    return [[], [(f"   no usage{when}{what}", "text")], [(f"   {help}", "muted")]]


def _figure(column: columns.Column, said: str, style: str) -> tuple[str, str]:
    if column.name == "cost" and said == text.UNKNOWN:  # a bound says so itself, as everywhere
        style = "warn"
    return (fit(said, column.width, ">"), "muted" if said == "0" else style)


def _name(column: str) -> str:
    return column.replace("_", " ")


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b} {day.year}" if day else ""
