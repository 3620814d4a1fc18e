"""What a person looks at in Explore: grouping, filter, days and order, as plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tokentui import periods
from tokentui.engine import filters
from tokentui.frozen import dataclass
from tokentui.store.usage_table import DIMENSIONS, UsageQuery

PRESETS = ("today", "week", "month", "all")
"""The names of spans of days that move on with the calendar."""

DATES = "dates"
"""The name of a span with a first and a last day of its own."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which usage is shown, and how. Without a group it is one line a request."""

    group_by: tuple[str, ...] = ("day",)
    """At most two of `usage_table.DIMENSIONS`."""
    filter: str = ""
    """As it was typed (see `filters`)."""
    days: str = "month"
    """One of PRESETS, or DATES."""
    back: int = 0
    """How many spans before the present one."""
    start: date | None = None
    """The first day of DATES; None leaves that end open."""
    end: date | None = None
    """The last day of DATES, inclusive."""
    sort: str = ""
    """The column it is sorted by; empty for times by time and everything else by cost."""
    descending: bool = True

    def span(self, today: date, week_start: str = "monday") -> tuple[date | None, date | None]:
        """Return the first and the last day; a span that has begun ends today."""
        if self.days == DATES:
            return self.start, self.end
        if self.days == "all":
            return None, None
        first = last = today
        if self.days == "today":
            first = last = today - self.back * _DAY
        else:
            for number in range(self.back + 1):
                day = today if not number else first - _DAY
                first, last = (
                    periods.week_of(day, week_start) if self.days == "week" else periods.month_of(day)
                )
        return first, min(last, today) if not self.back else last

    def stepped(self, by: int, today: date) -> Selection:
        """Return the span `by` steps later (earlier when negative); never one after today."""
        if self.days in ("week", "month", "today"):
            return replace(self, back=max(self.back - by, 0))
        if self.days == "all" or self.start is None or self.end is None:
            return self
        length = (self.end - self.start + _DAY) * by
        if self.start + length > today:
            return self
        return replace(self, start=self.start + length, end=self.end + length)

    def grouped_next(self, by: int) -> Selection:
        """Return it grouped by the dimension `by` places after the first one now."""
        first, *rest = self.group_by or DIMENSIONS[:1]
        names = [name for name in DIMENSIONS if name not in rest]
        name = names[(names.index(first) + by) % len(names)]
        return replace(self, group_by=(name, *rest), sort="", descending=True)

    def before(self, today: date, week_start: str = "monday") -> Selection | None:
        """Return the same over the span before; a span that has begun is compared with as many days.

        None where there is nothing before: everything, or an open start.
        """
        first, last = self.span(today, week_start)
        if first is None or last is None:
            return None
        if self.days in ("week", "month") and not self.back:
            start, end = replace(self, back=1).span(today, week_start)
            if start and end:
                end = min(start + (last - first), end)
        elif self.days in PRESETS:
            start, end = replace(self, back=self.back + 1).span(today, week_start)
        else:
            start, end = first - (last - first) - _DAY, first - _DAY
        return replace(self, days=DATES, back=0, start=start, end=end)

    def query(self, zone: str, today: date, week_start: str = "monday") -> UsageQuery:
        """Return the question to the store; raises FilterError for a filter that is none.

        Days of the filter and of the span hold both, so the question may ask for no day at all.
        """
        asked = filters.parse(self.filter, today, week_start)
        first, last = self.span(today, week_start)
        return UsageQuery(
            _latest(first, asked.start),
            _earliest(last, asked.end),
            zone,
            week_start,
            self.group_by,
            asked.where,
        )


def _latest(one: date | None, other: date | None) -> date | None:
    return max(one, other) if one and other else one or other


def _earliest(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one and other else one or other
