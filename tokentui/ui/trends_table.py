"""The table below the plot of Trends: sums of the span, or what is under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tokentui import text
from tokentui.store.snapshot import Usage
from tokentui.ui import figures, plot
from tokentui.ui.draw import Line, fit, fit_end, gauge
from tokentui.ui.trends_series import Buckets, Measure, Series, together
from tokentui.ui.trends_span import RECENT, Span
from tokentui.ui.trends_view import View

_WIDE = 70
"""From this width on there is room for more than two columns."""

_ROOMY = 100

_MOST_LABEL, _LEAST_LABEL, _MOST_BAR = 40, 6, 30
_FIGURE = 12
"""Cells of a figure; one more where there is room, for `≥$12,345.67~` beside another one."""


class _Column(NamedTuple):
    head: str
    cell: Callable[[Series], str]
    width: int = _FIGURE


@dataclass(frozen=True, slots=True)
class Table:
    """What a table is drawn from."""

    view: View
    series: Sequence[Series]
    span: Span
    before: Span | None

    def lines(self, width: int, *, shades: bool) -> list[Line]:
        """Return a line of heads, one for each series, and their sum when there are several."""
        if not self.series:
            return []
        whole = together("total", self.series)
        columns: Sequence[_Column] = self._columns(whole, wide=width >= _WIDE)
        if width >= _ROOMY:
            columns = [
                column._replace(width=_FIGURE + 1) if column.width == _FIGURE else column
                for column in columns
            ]
        if 4 + _LEAST_LABEL + sum(column.width for column in columns) > width:
            columns = self._narrowed(columns, [*self.series, whole], width - 4 - _LEAST_LABEL)
        taken = sum(column.width for column in columns)
        label = max(min(width - 4 - taken, _MOST_LABEL), 2)
        bar = min(width - 6 - taken - label, _MOST_BAR) if self._gauged(width) else 0
        heads = "".join(fit(column.head, column.width, ">") for column in columns)
        drawn: list[Line] = [[(" " * (label + 4), ""), (heads, "muted")]]
        for number, each in enumerate(self.series):
            mark = plot.MARKS[number % len(plot.MARKS)] if shades else "█"
            line = [(f" {mark} ", f"series-{number}"), *_row(each, columns, label, "text")]
            if bar > 3:
                line += [("  ", ""), *gauge(self._share(each, whole), bar, f"series-{number}")]
            drawn.append(line)
        if len(self.series) > 1:
            drawn.append([("   ", ""), *_row(whole, columns, label, "strong")])
        return drawn

    def _gauged(self, width: int) -> bool:
        # With a cursor there are none: all of them would change with each step, 600 bytes.
        return width >= _WIDE and self.view.cursor is None

    def _columns(self, whole: Series, *, wide: bool) -> list[_Column]:
        at = self.view.cursor
        if at is None:
            columns = self._sums(wide=wide)
        else:
            here = slice(at, at + 1)
            columns = [_Column(self.span.head(at), lambda each: self._figure(each, here))]
            if self.before and (past := self.before):
                if wide:
                    columns.append(
                        _Column(past.head(at), lambda each: self._figure(each, here, before=True))
                    )
                columns.append(_Column("change", self._change, 10))
        if wide:
            columns.append(_Column("share", lambda each: text.percent(self._share(each, whole)), 8))
        if at is not None and (wide or not self.before):
            columns.append(_Column(self._all, lambda each: self._figure(each, slice(None))))
        return columns

    def _narrowed(self, columns: Sequence[_Column], series: Sequence[Series], room: int) -> Sequence[_Column]:
        """Return the columns no wider than they must be, as many as there is room for: a change stays."""
        found = [
            column._replace(width=1 + max(len(column.cell(each)) for each in series)) for column in columns
        ]
        while len(found) > 1 and sum(column.width for column in found) > room:
            found.pop(0 if self.before else -1)
        return [
            column._replace(head=column.head if len(column.head) < column.width else "") for column in found
        ]

    @property
    def _all(self) -> str:
        return f"{len(self.span.starts)} {self.span.bucket}s"

    def _sums(self, *, wide: bool) -> list[_Column]:
        """Return the columns of the whole span: its last bucket, the last few, all, and those before."""
        bucket, few = self.span.bucket, RECENT[self.span.bucket]
        newest = self.span.head(len(self.span.starts) - 1)
        if self.span.current:
            newest = "today" if bucket == "day" else f"this {bucket}"
        columns = [_Column(self._all, lambda each: self._figure(each, slice(None)))]
        if wide and not self.before:
            columns.insert(0, _Column(f"{few} {bucket}s", lambda each: self._figure(each, slice(-few, None))))
        if wide or not self.before:
            columns.insert(0, _Column(newest, lambda each: self._figure(each, slice(-1, None))))
        if self.before:
            if wide:
                past = f"{len(self.span.starts)} before"
                columns.append(_Column(past, lambda each: self._figure(each, slice(None), before=True)))
            columns.append(_Column("change", self._change, 10))
        return columns

    def _figure(self, each: Series, buckets: slice, *, before: bool = False) -> str:
        used = [usage for usage in (each.before if before else each.now)[buckets] if usage]
        quality = each.quality_of(buckets, before=before)
        return self._measure.figure(figures.total(used), quality) if used else text.UNKNOWN

    def _change(self, each: Series) -> str:
        now, past = self._picked(each.now), self._picked(each.before)
        return figures.change(self._measure.amount(now), self._measure.amount(past)) or text.UNKNOWN

    def _share(self, each: Series, whole: Series) -> float | None:
        amount, used = self._measure.amount, self._picked(each.now)
        part = amount(used) if used.request_count else None
        return figures.share(part, amount(self._picked(whole.now)))

    def _picked(self, buckets: Buckets) -> Usage:
        """Return what the cursor is on, or the sum of all buckets."""
        at = self.view.cursor
        return figures.total(usage for usage in (buckets if at is None else buckets[at : at + 1]) if usage)

    @property
    def _measure(self) -> Measure:
        return self.view.measure


def _row(each: Series, columns: Sequence[_Column], label: int, style: str) -> Line:
    name = fit_end(each.name, label) if "/" in each.name else each.name
    cells = "".join(fit(column.cell(each), column.width, ">") for column in columns)
    return [(fit(name, label) + " ", style), (cells, style)]
