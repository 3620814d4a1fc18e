"""The hours of a week as shades, and the figures of one of them, as lines of spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tokentui import periods, text
from tokentui.store.snapshot import Usage
from tokentui.ui import figures
from tokentui.ui.draw import Line, fit, length

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.heatmap_query import Heatmap
    from tokentui.ui.trends_series import Measure
    from tokentui.ui.trends_span import Span

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHADES = "░▒▓█"
"""One for each level: a half, a quarter and an eighth of the busiest hour are where they change."""

_LABEL, _TOTAL = 5, 11
_MOST_CELL, _MOST_ROWS = 8, 3
_HOURS = 24
_NARROWEST = _LABEL + _HOURS


class HoursQuestion(NamedTuple):
    """What the heatmap asks the database."""

    span: Span
    zone: str

    def ask(self, reader: Reader) -> tuple[Heatmap, str]:
        """Return the hours and the weakest quality among them; raises PeriodError for an unknown zone."""
        from tokentui.store.usage_table import UsageQuery

        first, last = self.span.first, self.span.last
        quality = reader.usage(UsageQuery(first, last, self.zone)).quality
        return reader.heatmap(first, last, self.zone), quality


Hours = Sequence[Sequence[Usage | None]]


def in_order(found: Heatmap, week_start: str) -> tuple[list[str], Hours]:
    """Return the weekdays and their hours as a week begins."""
    first = periods.WEEK_STARTS[week_start]
    return [*WEEKDAYS[first:], *WEEKDAYS[:first]], [*found.hours[first:], *found.hours[:first]]


def name(at: tuple[int, int], week_start: str) -> str:
    """Return the name of a row and an hour: `Tue 14–15 h`."""
    weekday = WEEKDAYS[(periods.WEEK_STARTS[week_start] + at[0]) % 7]
    return f"{weekday[:3]} {_between(at[1])}"


def level(amount: int | None, most: int) -> int:
    """Return the level of an hour: 0 for no use, 1 up to an eighth of the busiest, 4 above a half."""
    if not amount or most <= 0:
        return 0
    return 1 + sum(amount * part > most for part in (8, 4, 2))


def lines(
    found: Heatmap,
    measure: Measure,
    width: int,
    height: int,
    week_start: str,
    cursor: tuple[int, int] | None,
    quality: str,
) -> list[Line]:
    """Return a row (or more) for each weekday, the hours above and what the shades mean below.

    `cursor` is a row and an hour.
    """
    if width < _NARROWEST:
        return [[(fit(f" needs {_NARROWEST} columns", width), "muted")]]
    names, hours = in_order(found, week_start)
    amounts = [[measure.amount(used) if used else None for used in row] for row in hours]
    most = max((amount or 0 for row in amounts for amount in row), default=0)
    cell = min((width - _LABEL) // _HOURS, _MOST_CELL)
    if width - _LABEL - cell * _HOURS < _TOTAL and (width - _LABEL - _TOTAL) // _HOURS >= 1:
        cell = (width - _LABEL - _TOTAL) // _HOURS
    totals = width - _LABEL - cell * _HOURS >= _TOTAL
    tall = max(min((height - 3) // 7, _MOST_ROWS), 1)
    drawn: list[Line] = [_clock(cell)]
    for row, weekday in enumerate(names):
        levels = [level(amount, most) for amount in amounts[row]]
        for part in range(tall):
            at = cursor[1] if cursor and cursor[0] == row else None
            line: Line = [(fit("" if part else f" {weekday[:3]}", _LABEL), "text")]
            line += _cells(levels, cell, at, first=not part)
            if totals and not part:
                used = [usage for usage in hours[row] if usage]
                figure = measure.figure(figures.total(used), quality) if used else text.UNKNOWN
                line.append((fit(figure, _TOTAL, ">"), "muted"))
            drawn.append(line)
    return [*drawn, [], _legend(measure, most, width)][:height]


def table(
    found: Heatmap,
    measures: Sequence[Measure],
    by: Measure,
    week_start: str,
    cursor: tuple[int, int] | None,
    quality: str,
    width: int,
) -> list[Line]:
    """Return the figures of an hour, its weekday, that hour of all days, and everything.

    Without a cursor it is the busiest hour.
    """
    names, hours = in_order(found, week_start)
    row, hour = cursor or busiest(hours, by)
    every = [used for each in hours for used in each if used]
    groups = [
        (f"{name((row, hour), week_start)}{'' if cursor else ', the busiest'}", [hours[row][hour]]),
        (f"{names[row]}s", hours[row]),
        (f"{_between(hour)} each day", [each[hour] for each in hours]),
        ("total", every),
    ]
    column = 12 if width >= 70 else 9
    shown = measures if width >= 60 else [by]
    label = max(min(width - 2 - column * len(shown) - 8, 36), 6)
    heads = "".join(fit(measure.title.lower(), column, ">") for measure in shown) + fit("share", 8, ">")
    drawn: list[Line] = [[(" " * (label + 1), ""), (heads, "muted")]]
    whole = by.amount(figures.total(every))
    for title, usages in groups:
        used = [usage for usage in usages if usage]
        sums = figures.total(used)
        cells = [measure.figure(sums, quality) if used else text.UNKNOWN for measure in shown]
        share = text.percent(figures.share(by.amount(sums), whole)) if used else text.UNKNOWN
        style = "strong" if title == "total" else "text"
        row_cells = "".join(fit(cell, column, ">") for cell in cells) + fit(share, 8, ">")
        drawn.append([(" " + fit(title, label), style), (row_cells, style)])
    return drawn


def busiest(hours: Hours, measure: Measure) -> tuple[int, int]:
    """Return the row and the hour with the largest amount."""
    amounts = {
        (row, hour): measure.amount(used) or 0
        for row, each in enumerate(hours)
        for hour, used in enumerate(each)
        if used
    }
    return max(amounts, key=lambda at: (amounts[at], -at[0], -at[1])) if amounts else (0, 12)


def _cells(levels: Sequence[int], cell: int, at: int | None, *, first: bool) -> Line:
    """Return a row of cells; the one under the cursor is in brackets, or a mark of its own.

    An hour without use has a dot in its `first` row.
    """
    line: Line = []
    for hour, each in enumerate(levels):
        block, style = (SHADES[each - 1] * cell, "series-0") if each else (" " * cell, "rest")
        if not each and first:
            block = f"{'·':^{cell}}"
        if hour == at:
            line += [("[", "key"), (block[1:-1], style), ("]", "key")] if cell > 1 else [("◆", "key")]
        else:
            line.append((block, style))
    return line


def _clock(cell: int) -> Line:
    every = next(step for step in (1, 2, 3, 4, 6) if step * cell >= 3)
    names = "".join(fit(f"{hour:02}", cell * every) for hour in range(0, _HOURS, every))
    return [(" " * _LABEL + names, "muted")]


def _legend(measure: Measure, most: int, width: int) -> Line:
    amounts = [_amount(measure, most // part) for part in (8, 4, 2, 1)]
    line: Line = [(" " * _LABEL, ""), ("·", "rest"), (" none", "muted")]
    gap, word = "   ", "to "
    if length(line) + sum(len(amount) + 9 for amount in amounts) > width:
        line, gap, word = [(" ", "")], " ", ""
    for shade, amount in zip(SHADES, amounts, strict=True):
        line += [(gap, ""), (shade * 2, "series-0"), (f" {word}{amount}", "muted")]
    return line


def _amount(measure: Measure, amount: int) -> str:
    return measure.label(amount / measure.scale * measure.rate(), 0.01)


def _between(hour: int) -> str:
    return f"{hour:02}–{hour + 1:02} h"
