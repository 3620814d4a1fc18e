"""Stacked bars on a true time axis, drawn by plotext, as lines of spans.

plotext numbers the colours; the stylesheet gives them theirs. So the plot follows the theme, stays on
the terminal's own background, and costs few bytes: a row's blanks take the colour beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from tokentui.ui.draw import Line, Span

_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
_TICKS = 4
"""How many steps the value axis has at most."""

MARKS = "█▓▒░▚▞"
"""Without colours each series has its own shade."""


def nice_step(most: float) -> float:
    """Return a round step (1, 2, 2.5 or 5 times a power of ten) of which at most `_TICKS` cover `most`."""
    if most <= 0:
        return 1.0
    power = 10.0**-12
    while True:
        for factor in (1.0, 2.0, 2.5, 5.0):
            if factor * power * _TICKS >= most:
                return factor * power
        power *= 10


def stacked(
    last: date,
    series: Sequence[Sequence[float]],
    width: int,
    height: int,
    label: Callable[[float, float], str],
    *,
    shades: bool = False,
) -> list[Line]:
    """Return stacked bars, one a day, the last one for `last`; each series gives the same number of days.

    `label(value, step)` writes a value of the axis, whose ticks are `step` apart; `shades` tells the
    series apart without colours.
    """
    days = len(series[0]) if series else 0
    most = max((sum(values) for values in zip(*series, strict=True)), default=0.0)
    step = nice_step(most)
    ticks = [step * number for number in range(int(most / step) + 1)]
    names = [label(tick, step) for tick in ticks]
    axis = max(map(len, names)) + 1
    shown = min(days, width - axis)
    if shown < 1 or height < 4 or most <= 0:
        return []
    cells = min((width - axis) // shown, 8)
    drawn = _plotext(last, [values[-shown:] for values in series], cells, height, ticks, names)
    return [_spans(row, shades=shades) for row in drawn.split("\n")[:height]]


def _plotext(
    last: date, series: list[Sequence[float]], cells: int, height: int, ticks: list[float], names: list[str]
) -> str:
    # 70 ms to import; only this pane needs it.
    from textual_plotext import Plot

    days = len(series[0])
    width = days * cells + max(map(len, names)) + 1
    plot = Plot()
    plot.plotsize(width, height)
    plot._set_size(width, height)  # plotsize alone keeps the size of the terminal it thinks it is in
    for paint in (plot.canvas_color, plot.axes_color, plot.ticks_color):
        paint("default")
    # In columns instead of days, so that every bar has the same width and no blank beside it.
    middles = [number * cells + (cells - 1) / 2 for number in range(days)]
    _draw_bars(plot, middles, series, (cells - 1) / 2 if cells > 1 else 0.0)
    plot.xlim(0, days * cells - 1)
    plot.ylim(0, max(sum(values) for values in zip(*series, strict=True)))
    plot.yticks(ticks, names)
    marked = _marked(days, cells)
    plot.xticks(
        [middles[at] for at in marked], [_name(last - timedelta(days=days - 1 - at)) for at in marked]
    )
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    return str(plot.build())


def _draw_bars(plot: Any, middles: list[float], series: list[Sequence[float]], reach: float) -> None:
    """Draw the bars, each as wide as `reach` on both sides of its middle.

    As rectangles, the highest first: plotext's stacked bars paint blanks over the lowest row of a day
    without the first series, so that its bar hangs in the air.
    """
    for day, middle in enumerate(middles):
        for number in range(len(series), 0, -1):
            if series[number - 1][day] > 0:
                top = sum(values[day] for values in series[:number])
                edges = [middle - reach, middle + reach]
                plot.rectangle(edges, [0, top], lines=True, marker="sd", color=number, fill=True)


def _marked(days: int, cells: int) -> list[int]:
    """Return which days have their date below them: today, and back in weeks as far as there is room."""
    every = 7 if cells * 7 >= 9 else 14
    return list(range(days - 1, -1, -every))


def _name(day: date) -> str:
    return f"{day.day} {day:%b}"


def _spans(row: str, *, shades: bool) -> Line:
    line: Line = []
    style = "muted"
    at = 0
    for match in _COLOUR.finditer(row):
        _add(line, row[at : match.start()], style, shades=shades)
        style = _style(match[1])
        at = match.end()
    _add(line, row[at:], style, shades=shades)
    return line


def _add(line: Line, text: str, style: str, *, shades: bool) -> None:
    if not text:
        return
    if shades and style.startswith("series-"):
        text = text.replace("█", MARKS[int(style[-1]) % len(MARKS)])
    span: Span = (text, style)
    line.append(span)


def _style(code: str) -> str:
    """Return the style for a colour sequence of plotext: the series it stands for, or the axes."""
    parts = code.split(";")
    return f"series-{int(parts[2]) - 1}" if parts[:2] == ["38", "5"] and parts[2:] else "muted"
