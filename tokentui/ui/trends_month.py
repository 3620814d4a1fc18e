"""A month added up day by day: what is spent, where it ends, its budget and the month before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from tokentui import forecast, text
from tokentui.periods import billing_month
from tokentui.ui import curve, figures, plot, privacy
from tokentui.ui.draw import Line, length, spread
from tokentui.ui.trends_month_table import Row, lines
from tokentui.ui.trends_picture import Picture
from tokentui.ui.trends_series import Buckets, Series
from tokentui.ui.trends_span import between, every_day, month_name, short

if TYPE_CHECKING:
    from tokentui.forecast import MonthEnd, Range
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.trends_view import View

_DAY = timedelta(days=1)

_FAR = 2.0
"""A budget so many times as high as all else would flatten it: then only the figures tell it."""

_OVER = {"CRIT": "ends above it", "WARN": "may end above it", "OK": "holds"}
_ENDED = {"CRIT": "ended above it", "OK": "held"}


@dataclass(frozen=True, slots=True)
class Month(Picture):
    """A month, from its first day to its last one; what is left of it is foreseen."""

    last: date = date.max
    """Its last day; `span` has the days so far."""
    first_day: date | None = None
    """The first day that anything is known of."""

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.span.first).days + 1

    @property
    def places(self) -> tuple[int, int]:
        """How many places the cursor has, and where it appears: on the newest day."""
        return self.days, self._newest

    @property
    def ends(self) -> MonthEnd:
        """Where it ends; where it ended when it is over."""
        return self._foreseen(self.days - 1)

    def title(self, width: int, *, note: str = "") -> Line:
        """Return which month it is, and what it comes to, or what is under the cursor."""
        at, name = self._at, f" {self.view.name}"
        heads: list[Line] = [[(name, "strong"), (f" · {self.name}", "text")]]
        if at is None:
            if self.series:
                spent, ends = self._outlook()
                brief: Line = [(f" {self.name}", "strong")]
                heads = [[*heads[0], *spent, *ends], [*brief, *spent, *ends], [*brief, *(ends or spent)]]
                heads.append([part for part in ends or spent if part[1] != "text"])  # without the range
        else:
            read = [(f"  {self._figure(at)}", "key"), *self._likely(self._foreseen(at))]
            heads = [[(name, "strong"), (f" · until {self._day(at)}", "text"), *read]]
            heads.append([(f" until {self._day(at)}", "text"), *read])
            heads.append(
                [(f" {short(self.span.first + at * _DAY)}", "text"), (f" {self._figure(at)}", "key")]
            )
        left = next((head for head in heads if length(head) <= width), heads[-1])
        right: Line = [(f"{note} ", "muted")] if note else []
        return spread(left, right if length(left) + length(right) < width else [], width)

    def drawn(self, width: int, height: int, *, shades: bool) -> plot.Plot:  # noqa: ARG002
        """Return the lines; they need no shades, as each has its own dots."""
        if not self.series:
            return plot.Plot()
        measure = self.view.measure
        reached = self._values(self._rising)
        ahead = [self._foreseen(at) for at in range(self._newest + 1, self.days)]
        expected = reached + self._values([each.amount for each in ahead if each.amount is not None])
        strokes = [curve.Stroke(reached, "bar", "area")]
        highs = reached
        if all(each.ends_in for each in ahead):
            lows = reached + self._values([each.ends_in.low for each in ahead if each.ends_in])
            highs = reached + self._values([each.ends_in.high for each in ahead if each.ends_in])
            strokes.append(curve.Stroke(lows, "bar", "band", self._newest, until=highs))
        strokes.append(curve.Stroke(expected, "strong", "line", self._newest))
        if self.view.compared and self._past_from is None:
            past = self._values(self._past)[: self.days]
            strokes.append(curve.Stroke(past, "muted", "dashes"))
        top = max(highs[-1], *(each.values[-1] for each in strokes if each.values))
        level = None
        if self.budget is not None and measure.scale != 1:
            (value,) = self._values([self.budget])
            level = curve.Level(value, f"budget {figures.money(self.budget, 0)}", "warn")
            top = max(top, value) if value <= _FAR * top else top
        names = [short(self.span.first + at * _DAY) for at in range(self.days)]
        marked = (self.days - 1,) if len(reached) == self.days else (self.days - 1, self._newest)
        if self.span.current:
            names[self._newest] = "today"
        frame = curve.Frame(names, top, measure.label, marked, whole=measure.scale == 1)
        return curve.drawn(frame, strokes, level, width, height)

    def marked(self, drawn: plot.Plot) -> plot.Plot:
        """Return the lines with the cursor."""
        if self._at is None or not drawn.lines:
            return drawn
        (value,) = self._values([self._foreseen(self._at).amount or 0])
        return curve.with_cursor(drawn, self._at, self.days, value)

    def table(self, width: int, *, shades: bool) -> list[Line]:  # noqa: ARG002
        """Return the same in figures: until the day under the cursor, or until today, and at the end."""
        if not self.series:
            return []
        at = self._newest if self._at is None else self._at
        now, end = self._foreseen(at), self.ends
        going = self._newest < self.days - 1
        rows = [
            Row("█", "bar", month_name(self.span.first, self.last, brief=True), self._figure(at),
                self._range(now), self._figure(self.days - 1), self._range(end) if going else ""),
            self._month_before(at, now, end),
        ]  # fmt: skip
        if self.budget is not None and self.view.measure.scale != 1:
            even = self.budget * (at + 1) // self.days
            said = _OVER if self.span.current else _ENDED
            rows += [
                Row("─", "warn", "budget", figures.money(even), "evenly spent", figures.money(self.budget),
                    f"{end.word} {said[end.word]}", end.word.lower()),
                self._left(now, end, self.budget, going=going),
            ]  # fmt: skip
        sure = "4 of 5 months" if rows[0].beside_end else ""
        return lines(rows, f"until {short(self.span.first + at * _DAY)}", "at its end", sure, width)

    def selected(self) -> tuple[str, date, date]:
        """Return what the figures are of: the days until the cursor, or all there are."""
        if self.view.cursor is None:
            return self.name, self.span.first, self.span.last
        last = min(self.span.first + self.view.cursor * _DAY, self.span.last)
        return between(self.span.first, last), self.span.first, last

    @property
    def name(self) -> str:
        """What it is called: `November 2026`, or its days where it does not begin on the first."""
        return month_name(self.span.first, self.last)

    # ------------------------------------------------------------------ amounts

    @property
    def _at(self) -> int | None:
        """The day under the cursor; a month that has begun meanwhile may be shorter."""
        return None if self.view.cursor is None else min(self.view.cursor, self.days - 1)

    @property
    def _newest(self) -> int:
        return len(self.span.starts) - 1

    def _amounts(self, buckets: Buckets) -> list[int]:
        return [self.view.measure.amount(used) or 0 if used else 0 for used in buckets]

    @property
    def _whole(self) -> Series:
        """Everything together, as it is asked for."""
        return self.series[0] if self.series else Series("", ())

    @property
    def _rising(self) -> list[int]:
        return list(accumulate(self._amounts(self._whole.now)))

    @property
    def _past(self) -> list[int]:
        return list(accumulate(self._amounts(self._whole.before)))

    @property
    def _past_from(self) -> date | None:
        """The day from which on the month before is known; None where all of it is."""
        if self.before is None or self.first_day is None:
            return date.max
        return self.first_day if self.first_day > self.before.first else None

    def _foreseen(self, at: int) -> MonthEnd:
        """Return what there is, or will be, at the end of a day."""
        rising = self._rising
        if not rising:
            return forecast.MonthEnd(None, None, "")
        if at <= self._newest:
            return forecast.ends(rising[at], (0,) * forecast.LEAST_DAYS, 0, self.budget)
        whole = self._whole
        amounts = self._amounts((*whole.before, *whole.now))[:-1]
        lived = (self.span.last - self.first_day).days if self.first_day else 0
        known = amounts[len(amounts) - min(lived, len(amounts)) :]
        return forecast.ends(rising[-1], known, at - self._newest, self.budget)

    def _values(self, amounts: Sequence[int]) -> list[float]:
        measure = self.view.measure
        return [amount / measure.scale * measure.rate() for amount in amounts]

    # ------------------------------------------------------------------ words

    def _said(self, amount: int | None, *, foreseen: bool = False, past: bool = False) -> str:
        if amount is None:
            return text.UNKNOWN
        whole = self._whole
        parts = whole.before if past else (*whole.before, *whole.now) if foreseen else whole.now
        unpriced = any(used and used.unpriced_request_count for used in parts)
        if self.view.measure.scale == 1:
            sign = "≥" if whole.quality == "floor" and amount else ""
            return f"{sign}{text.tokens(amount)}{'~' if foreseen else ''}"
        if unpriced and not amount:
            return text.UNKNOWN
        sign = "≥" if (whole.quality == "floor" or unpriced) and amount else ""
        return privacy.HIDDEN if privacy.hidden() else f"{sign}{figures.money(amount)}{'~' if amount else ''}"

    def _figure(self, at: int) -> str:
        return self._said(self._foreseen(at).amount, foreseen=at > self._newest)

    def _range(self, end: MonthEnd) -> str:
        if end.ends_in is None or end.ends_in.low == end.ends_in.high:
            return ""
        if self.view.measure.scale == 1:
            return f"({' – '.join(text.tokens(each) for each in end.ends_in)})"
        likely = figures.between(end.ends_in)
        return f"({likely})" if likely else ""

    def _likely(self, end: MonthEnd) -> Line:
        likely = self._range(end)
        return [(f" {likely}", "text")] if likely else []

    def _outlook(self) -> tuple[Line, Line]:
        """Return what is spent, and what the month comes to with what that means for its budget."""
        end, over = self.ends, []
        if end.word in ("CRIT", "WARN"):
            over.append((f" {end.word}", end.word.lower()))
        spent: Line = [(f"  {self._figure(self._newest)}", "key")]
        if self._newest == self.days - 1 or end.amount is None:
            return [*spent, *over], []
        return spent, [(" → ", "muted"), (self._figure(self.days - 1), "key"), *self._likely(end), *over]

    def _month_before(self, at: int, now: MonthEnd, end: MonthEnd) -> Row:
        past, since = self._past, self._past_from
        then = past[min(at, len(past) - 1)] if past else None  # the shorter month had ended by then
        name = month_name(self.before.first, self.before.last, brief=True) if self.before else ""
        if since is not None:  # a part of a month compares with nothing
            some = self.before is not None and since <= self.before.last
            total = self._said(past[-1], past=True) if some else text.UNKNOWN
            return Row("┄", "muted", name, text.UNKNOWN, "", total, f"since {short(since)}" if some else "")
        return Row(
            "┄", "muted", name, self._said(then, past=True), figures.change(now.amount, then),
            self._said(past[-1], past=True), figures.change(end.amount, past[-1]),
        )  # fmt: skip

    def _left(self, now: MonthEnd, end: MonthEnd, budget: int, *, going: bool) -> Row:
        """Return what is left of the budget, and what of it for each day to come."""
        left = None if now.amount is None else budget - now.amount
        at_end = None if end.amount is None else budget - end.amount
        beside = ""
        if now.ends_in and now.ends_in.low < now.ends_in.high:
            beside = self._rest(budget, now.ends_in)
        elif left is not None and left > 0 and going and self.view.cursor is None:
            beside = f"{figures.money(left // (self.days - 1 - self._newest))} a day"
        likely = self._rest(budget, end.ends_in) if end.ends_in and going else ""
        return Row(" ", "", "left of it", figures.money(left), beside, figures.money(at_end), likely)

    def _rest(self, budget: int, ends_in: Range) -> str:
        """Return what a range leaves of the budget: `(-$54 – $55)`."""
        rest = (budget - ends_in.high, budget - ends_in.low)
        return "" if privacy.hidden() else f"({' – '.join(figures.money(nano, 0) for nano in rest)})"

    def _day(self, at: int) -> str:
        day = self.span.first + at * _DAY
        return f"{day:%a} {day.day} {day:%b}"


def wanted(view: View, snapshot: Snapshot, budget: int | None, week_start: str) -> Month:
    """Return the month that is shown, without any data."""
    first, last = billing_month(snapshot.today, snapshot.billing_day)
    for _ in range(view.steps):
        first, last = billing_month(first - _DAY, snapshot.billing_day)
    past, before = billing_month(first - _DAY, snapshot.billing_day)
    until = min(last, snapshot.today)
    span, earlier = every_day(first, until, current=not view.steps), every_day(past, before, current=False)
    return Month(
        view, span, earlier, week_start=week_start, last=last, first_day=snapshot.first_day, budget=budget
    )  # fmt: skip


def stepped(view: View, back: int, snapshot: Snapshot, week_start: str) -> View:
    """Return the view so many months further back, but not after today or before the oldest day."""
    there = replace(view, steps=max(view.steps + back, 0), cursor=None)
    last = wanted(there, snapshot, None, week_start).last
    known = snapshot.first_day is not None and last >= snapshot.first_day
    return there if back < 0 or known else view
