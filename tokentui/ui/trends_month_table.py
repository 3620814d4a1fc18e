"""The table below the month: each line until a day, and at the month's end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tokentui.ui.draw import Line, cut, fit

_FIGURE = 12
"""Cells of a figure."""

_BESIDE, _BROAD_BESIDE, _BROAD = 13, 20, 100
"""Cells of what stands beside a figure, a range or a change; more from so many cells on."""

_LABEL, _LEAST_LABEL = 23, 10
"""Cells of a name at most, and with two figures at least."""


class Row(NamedTuple):
    """One line."""

    mark: str
    """What its line in the plot looks like."""
    mark_style: str
    label: str
    now: str
    beside_now: str
    end: str
    beside_end: str
    style: str = "muted"
    """Of what stands beside the end."""


def lines(rows: Sequence[Row], now: str, end: str, sure: str, width: int) -> list[Line]:
    """Return a head and the rows; what stands beside the figures gives way first, the first of them last."""
    if width < 3 + _LEAST_LABEL + 2 * _FIGURE:
        return [cut(line, width) for line in _narrow(rows, now, width)]
    last = 1 + max(len(row.beside_end) for row in rows)
    beside = _BROAD_BESIDE if width >= _BROAD else _BESIDE
    least = 3 + _LEAST_LABEL + 2 * _FIGURE
    with_last = width >= least + last
    with_both = width >= least + beside + last
    taken = (beside if with_both else 0) + (last if with_last else 0)
    label = min(width - 3 - 2 * _FIGURE - taken, _LABEL)
    head: Line = [(" " * (label + 3), ""), (fit(now, _FIGURE, ">"), "muted")]
    head += [(" " * (beside if with_both else 0), ""), (fit(end, _FIGURE, ">"), "muted")]
    drawn = [cut([*head, (f" {sure}", "muted")], width)] if with_last else [cut(head, width)]
    for row in rows:
        line: Line = [(f" {row.mark} ", row.mark_style), (fit(row.label, label), "text")]
        line.append((fit(row.now, _FIGURE, ">"), "strong"))
        if with_both:
            line.append((fit(f" {row.beside_now}", beside), "muted"))
        line.append((fit(row.end, _FIGURE, ">"), "strong"))
        if with_last:
            line.append((f" {row.beside_end}", row.style))
        drawn.append(cut(line, width))
    return drawn


def _narrow(rows: Sequence[Row], now: str, width: int) -> Iterator[Line]:
    """Return the rows with the first figure only; its end stands in the title."""
    figure = max(len(row.now) for row in rows) + 1
    label = max(width - 3 - figure, 2)
    yield [(fit(now, label + 3 + figure, ">"), "muted")]
    for row in rows:
        name = (fit(row.label, label), "text")
        yield [(f" {row.mark} ", row.mark_style), name, (fit(row.now, figure, ">"), "strong")]
