"""Stacked bars on a true time axis, drawn by plotext, as lines of spans.

plotext numbers the colours; the stylesheet gives them theirs. So the plot follows the theme, stays on
the terminal's own background, and costs few bytes: a row's blanks take the colour beside them. plotext
draws each bar one cell wide and the cells are repeated here: its time grows with the cells it fills
(360 ms at 300x80 with bars as wide as they are shown, 40 ms so).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from tokentui.ui.draw import BLOCKS, Line, length
from tokentui.ui.ticks import value_axis

_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
_BLANKS = re.compile(" +")
_MOST_CELLS = 24
"""How wide a bar gets at most: twelve months across 300 columns."""

MARKS = "█▓▒░▚▞"
"""Without colours each series has its own shade."""

LEVEL = "╌"
"""A height that is marked all across."""

BEFORE = "━"
"""Where a bar of the period before would end."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn plot, and where its bars are, so that marks can be put on it without drawing it anew."""

    lines: tuple[Line, ...] = ()
    """All of equal length: the rows of the bars, the axis, the names below it."""
    left: int = 0
    """Cells before the first bar."""
    cells: int = 1
    """Cells from one bar to the next."""
    bar: int = 1
    """Cells that a bar is wide."""
    skipped: int = 0
    """Bars at the beginning for which there is no room."""
    top: float = 0.0
    """The value of the highest row."""

    @property
    def rows(self) -> int:
        """How many rows the bars have."""
        return len(self.lines) - 2

    def row(self, value: float) -> int:
        """Return the row, counted from above, in which a bar of this value ends."""
        return self.rows - max(ceil(value / self.top * self.rows), 1)

    def column(self, bucket: int) -> int | None:
        """Return where a bar begins; None when it is not shown."""
        return self.left + (bucket - self.skipped) * self.cells if bucket >= self.skipped else None


def stacked(
    names: Sequence[str],
    every: int,
    series: Sequence[Sequence[float]],
    width: int,
    height: int,
    label: Callable[[float, float], str],
    *,
    least: float = 0.0,
    whole: bool = False,
    shades: bool = False,
) -> Plot:
    """Return stacked bars, one for each name; each series gives as many values.

    Each `every`-th name stands below its bar, counted from the last, or a multiple where there is no room.
    `label(value, step)` writes a value of the other axis, whose ticks are `step` apart (without a
    fraction if `whole`) and which reaches `least` at least. `shades` tells the series apart without
    colours. A plot without lines is the answer where there is no room, or nothing to draw.
    """
    most = max([sum(values) for values in zip(*series, strict=True)] or [0.0])
    top = max(most, least)
    ticks, labels = value_axis(top, label, whole=whole)
    left = max(map(len, labels)) + 1
    shown = min(len(names), width - left)
    if shown < 1 or height < 4 or most <= 0:
        return Plot()
    cells = min((width - left) // shown, _MOST_CELLS)
    skipped = len(names) - shown
    bar = cells - 1 if cells >= 3 else cells
    rows = height - 2
    stacks = [
        _stack([each[at] for each in series], top, rows, whole=shades) for at in range(skipped, len(names))
    ]
    drawn = _bars(stacks, len(series), rows, top, ticks, labels)
    lines = [_widened(row, left, cells, bar, shades=shades) for row in drawn]
    for at, stack in enumerate(stacks):
        if stack.cap:
            row = rows - 1 - len(stack.cells)
            lines[row] = overwritten(lines[row], left + at * cells, stack.cap * bar, f"series-{stack.last}")
    lines += _time_axis(names[skipped:], every, left, cells, bar)
    return Plot(tuple(lines), left, cells, bar, skipped, top)


def with_before(plot: Plot, values: Sequence[float]) -> Plot:
    """Return a plot with a mark on each bar where it ended in the period before; none for nothing."""
    lines = list(plot.lines)
    for bucket, value in enumerate(values):
        column = plot.column(bucket)
        if column is not None and value > 0 and lines:
            row = plot.row(min(value, plot.top))
            lines[row] = overwritten(lines[row], column, BEFORE * plot.bar, "strong")
    return replace(plot, lines=tuple(lines))


def with_level(plot: Plot, value: float) -> Plot:
    """Return a plot with a height marked wherever no bar is; a height above all bars is not marked."""
    if not plot.lines or not 0 < value <= plot.top:
        return plot
    lines, row = list(plot.lines), plot.row(value)
    for blank in _BLANKS.finditer("".join(text for text, _ in lines[row]), plot.left):
        lines[row] = overwritten(lines[row], blank.start(), LEVEL * len(blank[0]), "warn")
    return replace(plot, lines=tuple(lines))


def with_cursor(plot: Plot, bucket: int, value: float) -> Plot:
    """Return a plot with a mark below one of its bars, and one above where there is room.

    Two marks and no line between them: moving a line over 24 rows costs 1 KB.
    """
    column = plot.column(bucket)
    if column is None or not plot.lines:
        return plot
    lines = list(plot.lines)
    middle = (plot.bar - 1) // 2
    foot = "━" * middle + "▲" + "━" * (plot.bar - 1 - middle)
    lines[plot.rows] = overwritten(lines[plot.rows], column, foot, "key")
    above = plot.row(value) - 1
    if above >= 0:
        lines[above] = overwritten(lines[above], column + middle, "▼", "key")
    return replace(plot, lines=tuple(lines))


def overwritten(line: Line, at: int, text: str, style: str) -> Line:
    """Return a line with text in place of the cells from `at` on. Both hold only narrow characters."""
    end = at + len(text)
    return [*_cut(line, 0, at), (text, style), *_cut(line, end, length(line))]


def _cut(line: Line, start: int, end: int) -> Iterator[tuple[str, str]]:
    at = 0
    for text, style in line:
        part = text[max(start - at, 0) : max(end - at, 0)]
        if part:
            yield part, style
        at += len(text)


class _Stack(NamedTuple):
    """One bar, from below."""

    cells: list[int]
    """The series of each full cell."""
    cap: str = ""
    """The part of a cell above them."""
    last: int = 0
    """The series of that part."""


def _stack(values: Sequence[float], top: float, rows: int, *, whole: bool) -> _Stack:
    """Return the bar of some values, `rows` cells high where they are `top` together.

    Whatever is not nothing shows. `whole` asks for full cells only.
    """
    ends = list(accumulate(value / top * rows for value in values))
    if not ends or ends[-1] <= 0:
        return _Stack([])
    height = ends[-1]
    full = max(round(height), 1) if whole else int(height)
    eighths = round((height - full) * len(BLOCKS))
    if eighths == len(BLOCKS):
        full, eighths = full + 1, 0
    # Each cell is of the series in its middle, so that a thin one does not colour what is not its own.
    cells = [_at(ends, row + 0.5) for row in range(full)]
    cap = "" if whole or (full and eighths <= 0) else BLOCKS[max(eighths - 1, 0)]
    return _Stack(cells, cap, _at(ends, (full + height) / 2))


def _at(ends: Sequence[float], height: float) -> int:
    """Return which series is at a height; the topmost one above them all."""
    number = bisect_left(ends, min(height, ends[-1]))
    return number if number < len(ends) else len(ends) - 1


def _bars(
    stacks: list[_Stack], series: int, height: int, top: float, ticks: list[float], labels: list[str]
) -> list[str]:
    """Return rows as plotext draws them: the value axis, then one cell for each bar."""
    # 70 ms to import; only this pane needs it.
    from textual_plotext import Plot as Figure

    count = len(stacks)
    width = count + max(map(len, labels)) + 1
    figure = Figure()
    figure.plotsize(width, height)
    figure._set_size(width, height)  # plotsize alone keeps the size of the terminal it thinks it is in
    for paint in (figure.canvas_color, figure.axes_color, figure.ticks_color):
        paint("default")
    # As points, all of a series at once: a filled rectangle a bar takes twice as long, and plotext's own
    # stacked bars paint blanks over the lowest row of a day without the first series.
    for number in range(series):
        points = [
            (at, row * top / (height - 1))
            for at, stack in enumerate(stacks)
            for row, each in enumerate(stack.cells)
            if each == number
        ]
        if points:
            xs, ys = zip(*points, strict=True)
            figure.scatter(xs, ys, marker="sd", color=number + 1)
    figure.xlim(0, max(count - 1, 1))
    figure.ylim(0, top)
    figure.yticks(ticks, labels)
    figure.xticks([], [])
    figure.xaxes(False, False)
    figure.yaxes(True, False)
    return str(figure.build()).split("\n")[:height]


def _widened(row: str, left: int, cells: int, bar: int, *, shades: bool) -> Line:
    """Return a row as spans, the cells behind the value axis as wide as the bars."""
    line: Line = []
    at = 0
    for text, style in _spans(row):
        axis, bars = text[: max(left - at, 0)], text[max(left - at, 0) :]
        at += len(text)
        if axis:
            line.append((axis, style))
        if bars and shades and style.startswith("series-"):
            bars = bars.replace("█", MARKS[int(style[-1]) % len(MARKS)])
        if bars:
            line.append(("".join(cell * bar + " " * (cells - bar) for cell in bars), style))
    return line


def _spans(row: str) -> Iterator[tuple[str, str]]:
    style, at = "muted", 0
    for match in _COLOUR.finditer(row):
        if match.start() > at:
            yield row[at : match.start()], style
        style, at = _style(match[1]), match.end()
    if at < len(row):
        yield row[at:], style


def _style(code: str) -> str:
    """Return the style for a colour sequence of plotext: the series it stands for, or the axes."""
    parts = code.split(";")
    return f"series-{int(parts[2]) - 1}" if parts[:2] == ["38", "5"] and parts[2:] else "muted"


def _time_axis(names: Sequence[str], every: int, left: int, cells: int, bar: int) -> list[Line]:
    """Return the axis with its ticks, and the names below: the last one, and back from it."""
    width = cells * len(names)
    room = max(map(len, names)) + 2
    step = every
    while step * cells < room:
        step += every
    axis, below = ["─"] * width, [" "] * (left + width)
    for bucket in range(len(names) - 1, -1, -step):
        middle = bucket * cells + (bar - 1) // 2
        name = names[bucket]
        start = min(left + middle - (len(name) - 1) // 2, len(below) - len(name))
        if start >= 0:
            axis[middle] = "┬"
            below[start : start + len(name)] = name
    return [[(" " * (left - 1) + "└" + "".join(axis), "muted")], [("".join(below), "muted")]]
