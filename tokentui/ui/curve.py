"""What adds up over time, on a true time axis: an area, lines over it, a band ahead, and a level.

Of block elements and rules only, as the bars are: fonts that have those have no dots of braille. plotext
draws none of it: its lines are as thick as its bars, and cannot be dashed, shaded or put over one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil, floor
from typing import NamedTuple

from tokentui.ui.draw import BLOCKS, Line
from tokentui.ui.plot import Plot, overwritten
from tokentui.ui.ticks import value_axis

_LEAST_ROWS, _LEAST_CELLS = 2, 4

_THIN = "▁─▔"
"""A line at three heights of a cell."""

_GAP = "▆"
"""A cell of an area that a line goes through."""

Values = Sequence[float]
"""What has been reached at the end of each place; before the first one it is 0."""


class Stroke(NamedTuple):
    """An area, a line, or a band up to another line."""

    values: Values
    style: str
    kind: str = "line"
    """`area` (filled from below), `line` (the core of a band where there is one), `dashes` or `band`."""
    first: int = -1
    """The place at the end of which it begins; -1 for the beginning of all."""
    until: Values = ()
    """The upper edge of a band."""


class Level(NamedTuple):
    """A height that is marked all across, with its name."""

    value: float
    name: str
    style: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the strokes are drawn."""

    names: Sequence[str]
    """What stands below each place."""
    top: float
    """The highest value."""
    label: Callable[[float, float], str]
    """Writes a value of the axis, whose ticks are so far apart."""
    marked: Sequence[int] = ()
    """The places whose names get room before all others."""
    whole: bool = False
    """Whether the ticks have no fraction."""


def drawn(frame: Frame, strokes: Iterable[Stroke], level: Level | None, width: int, height: int) -> Plot:
    """Return strokes on axes, later ones over earlier ones; a plot without lines where there is no room."""
    ticks, labels = value_axis(frame.top, frame.label, whole=frame.whole)
    left = max(map(len, labels)) + 1
    rows, across = height - 2, width - left
    if rows < _LEAST_ROWS or across < _LEAST_CELLS or frame.top <= 0:
        return Plot()
    canvas = _Canvas(across, rows, frame.top, len(frame.names))
    for stroke in strokes:
        canvas.draw(stroke)
    if level is not None and level.value <= frame.top:
        canvas.mark(level)
    axis, words = ["│"] * rows, [""] * rows
    for tick, label in zip(ticks, labels, strict=True):
        row = canvas.row(tick)
        if not words[row]:  # a low plot has fewer rows than ticks
            axis[row], words[row] = "┤", label
    lines = [
        [(f"{word:>{left - 1}}{end}", "muted"), *canvas.line(row)]
        for row, (word, end) in enumerate(zip(words, axis, strict=True))
    ]
    lines += _time_axis(frame, left, across)
    return Plot(tuple(lines), left, 1, 1, 0, frame.top)


def with_cursor(plot: Plot, place: int, places: int, value: float) -> Plot:
    """Return a plot with a mark below the end of a place, and one above its value where there is room."""
    across = sum(len(text) for text, _ in plot.lines[-1]) - plot.left
    at = plot.left + _column(place, places, across)
    lines = list(plot.lines)
    lines[plot.rows] = overwritten(lines[plot.rows], at, "▲", "key")
    above = _row(value, plot.top, plot.rows) - 1
    if above >= 0:
        lines[above] = overwritten(lines[above], at, "▼", "key")
    return replace(plot, lines=tuple(lines))


class _Canvas:
    """Rows of cells behind the value axis."""

    def __init__(self, across: int, rows: int, top: float, places: int) -> None:
        self._across, self._rows, self._top, self._places = across, rows, top, places
        self._cells: list[list[tuple[str, str]]] = [[(" ", "")] * across for _ in range(rows)]

    def draw(self, stroke: Stroke) -> None:
        """Draw a stroke over what is there."""
        begin = 0 if stroke.first < 0 else _column(stroke.first, self._places, self._across) + 1
        for at in range(begin, _column(len(stroke.values) - 1, self._places, self._across) + 1):
            value = self._at(stroke.values, at)
            if stroke.kind == "band":
                for row in range(self.row(self._at(stroke.until, at)), self.row(value) + 1):
                    self._cells[row][at] = "░", stroke.style
            elif stroke.kind == "area":
                self._fill(at, value, stroke.style)
            else:
                self._line(at, value, stroke)

    def mark(self, level: Level) -> None:
        """Draw a level all across, and its name where nothing else is in the way."""
        row = self._cells[self.row(level.value)]
        name = f"{level.name} "
        free = len(name) < self._across and all(sign == " " for sign, _ in row[: len(name)])
        row[len(name) if free else 0 :] = [("─", level.style)] * (self._across - len(name) * free)
        if free:
            row[: len(name)] = [(letter, level.style) for letter in name]

    def row(self, value: float) -> int:
        """Return the row that a value is in, counted from above."""
        return _row(value, self._top, self._rows)

    def line(self, row: int) -> Iterator[tuple[str, str]]:
        """Return a row as spans."""
        for style, cells in groupby(self._cells[row], key=lambda cell: cell[1]):
            yield "".join(sign for sign, _ in cells), style

    def _line(self, at: int, value: float, stroke: Stroke) -> None:
        third = min(floor(self._part(value) * self._rows * 3), self._rows * 3 - 1)
        row = self._cells[self._rows - 1 - third // 3]
        if row[at][0] == BLOCKS[-1]:  # a thin line over an area would need a hole around it
            row[at] = _GAP, row[at][1]
        elif row[at][0] == "░" and stroke.kind == "line":
            row[at] = "▓", row[at][1]
        elif row[at][0] == " " and (stroke.kind == "line" or at % 2 == 0):
            row[at] = _THIN[third % 3], stroke.style

    def _fill(self, at: int, value: float, style: str) -> None:
        eighths = round(self._part(value) * self._rows * len(BLOCKS))
        eighths = max(eighths, 1) if value > 0 else 0
        full, rest = divmod(eighths, len(BLOCKS))
        for row in range(full):
            self._cells[self._rows - 1 - row][at] = BLOCKS[-1], style
        if rest:
            self._cells[self._rows - 1 - full][at] = BLOCKS[rest - 1], style

    def _at(self, values: Values, at: int) -> float:
        """Return the value at the end of a cell, between the ends of two places."""
        place = min((at + 1) * self._places / self._across - 1, len(values) - 1.0)
        low = floor(place)
        below = values[low] if low >= 0 else 0.0
        return below + (values[min(low + 1, len(values) - 1)] - below) * (place - low)

    def _part(self, value: float) -> float:
        return min(max(value / self._top, 0.0), 1.0)


def _row(value: float, top: float, rows: int) -> int:
    return rows - 1 - min(floor(min(max(value / top, 0.0), 1.0) * rows), rows - 1)


def _column(place: int, places: int, across: int) -> int:
    """Return the cell in which a place ends."""
    return ceil((place + 1) * across / places) - 1


def _time_axis(frame: Frame, left: int, across: int) -> list[Line]:
    """Return the axis with a tick where each place ends that is named, and the names: marked ones first."""
    places = len(frame.names)
    axis, below = ["─"] * across, [" "] * (left + across)
    for place in (*frame.marked, *range(places - 1, -1, -7)):
        at, name = _column(place, places, across), frame.names[place]
        start = min(max(left + at - (len(name) - 1) // 2, 0), len(below) - len(name))
        if start >= 0 and not "".join(below[max(start - 1, 0) : start + len(name) + 1]).strip():
            axis[at] = "┬"
            below[start : start + len(name)] = name
    return [[(" " * (left - 1) + "└" + "".join(axis), "muted")], [("".join(below), "muted")]]
