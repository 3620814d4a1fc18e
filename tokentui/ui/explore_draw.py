"""The lines of Explore: what is selected, the heading of the table, its rows and its totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from tokentui import text
from tokentui.engine.selection import DATES, Selection
from tokentui.ui import explore_columns as columns
from tokentui.ui import figures
from tokentui.ui.draw import Line, cut, fit, length, spread
from tokentui.ui.explore_answer import Answer, Group, sort_of

_SPANS = {
    "today": ("today", "yesterday"),
    "week": ("this week", "last week"),
    "month": ("this month", "last month"),
    "all": ("all days", "all days"),
}


def title(
    selection: Selection, days: tuple[date | None, date | None], zone: str, counted: str, width: int
) -> Line:
    """Return what is shown, and on the right how much of it."""
    by = " › ".join(name.replace("_", " ") for name in selection.group_by)
    left: Line = [(f" by {by}" if by else " each request", "strong"), (f" · {span(selection, days)}", "text")]
    if width >= 60:
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


def crumbs(trail: Sequence[str], width: int) -> list[Line]:
    """Return the way into the details, its newest part whole; nothing at the top."""
    if not trail:
        return []
    line: Line = [(" ", "")]
    for number, name in enumerate(trail):
        line += [(name, "text"), (" › ", "muted")] if number < len(trail) - 1 else [(name, "strong")]
    while length(line) > width and len(line) > 3:
        line = [(" … › ", "muted"), *line[3:]]
    return [cut([*line, ("   backspace goes back", "muted")], width)]


def head(selection: Selection, width: int) -> list[Line]:
    """Return the names of the columns; the one it is sorted by has an arrow."""
    figures_shown = columns.shown(width, len(selection.group_by))
    sorted_by, arrow = sort_of(selection), "▼" if selection.descending else "▲"
    line: Line = [(" " * columns.PREFIX, "")]
    for name, room in zip(
        selection.group_by, columns.key_widths(width, selection.group_by, figures_shown), strict=True
    ):
        marked = name == sorted_by
        line.append(
            (fit(columns.title(name) + (arrow if marked else ""), room + 1), "accent" if marked else "muted")
        )
    for column in figures_shown:
        marked = column.name == sorted_by
        name = column.title + (arrow if marked else "")
        if column.name == "share":
            line.append((fit("Share", 6, ">") + " " * (column.width - 6), "muted"))
        else:
            line.append((fit(name, column.width, ">"), "accent" if marked else "muted"))
    return [line]


def row(answer: Answer, group: Group, width: int, mark: str = "") -> Line:
    """Return a group: its key and its figures; `mark` stands before it."""
    key, usage = group
    group_by = answer.selection.group_by
    shown = columns.shown(width, len(group_by))
    line: Line = [(f" {mark or ' '} ", "accent")]
    for name, value, room in zip(group_by, key, columns.key_widths(width, group_by, shown), strict=True):
        line.append((columns.key_fit(name, value, room) + " ", "text" if value else "muted"))
    quality = answer.quality(key)
    for column in shown:
        if column.name == "share":
            line += columns.share(usage, answer.totals)
        else:
            line.append(_figure(column, columns.figure(column, usage, quality), "text"))
    return line


def foot(answer: Answer, count: int, width: int) -> list[Line]:
    """Return the totals below the table, and what they leave out."""
    group_by = answer.selection.group_by
    shown = columns.shown(width, len(group_by))
    room = sum(columns.key_widths(width, group_by, shown)) + len(group_by)
    line: Line = [(fit("   Total", columns.PREFIX + room), "strong")]
    for column in shown:
        if column.name == "share":
            line.append((fit("", column.width), ""))
        else:
            line.append(_figure(column, columns.figure(column, answer.totals, answer.quality()), "strong"))
    missing = figures.unpriced(answer.totals)
    note: Line = [(f"   {missing}: not in the cost", "warn")] if missing else []
    return [line, *([note] if note and count and width >= 40 else [])]


def nothing(
    selection: Selection, days: tuple[date | None, date | None], matching: Mapping[str, object]
) -> list[Line]:
    """Return why the table is empty, and which key helps."""
    if matching.get("failure"):
        return [[], [(f"   {text.clean(matching['failure'], 300)}", "crit")]]
    if not matching.get("answered"):
        return [[], [("   reading …", "muted")]]
    when = f" in {written(*days)}" if days != (None, None) else ""
    what = " that matches the filter" if selection.filter else ""
    help = "/ changes the filter, a shows all days" if selection.filter else "a shows all days, [ steps back"
    return [[], [(f"   no usage{when}{what}", "text")], [(f"   {help}", "muted")]]


def _figure(column: columns.Column, said: str, style: str) -> tuple[str, str]:
    if column.name == "cost" and (said == text.UNKNOWN or said.startswith("≥")):
        style = "warn"
    return (fit(said, column.width, ">"), "muted" if said == "0" else style)


def _name(column: str) -> str:
    return column.replace("_", " ")


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b} {day.year}" if day else ""
