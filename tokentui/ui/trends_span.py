"""Which days, weeks or months Trends shows, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tokentui import periods

BUCKETS = ("day", "week", "month")
COUNTS = {"day": 30, "week": 26, "month": 12}
"""How many of each are shown."""

RECENT = {"day": 7, "week": 4, "month": 3}
"""How many of them the table sums up beside the last one and all of them."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, weeks or months without a gap."""

    bucket: str
    """One of BUCKETS."""
    starts: tuple[date, ...]
    """The first day of each, oldest first."""
    last: date
    """The last day of all: today, or the day before the next span begins."""
    current: bool = True
    """Whether it ends today."""

    def bounds(self, at: int) -> tuple[date, date]:
        """Return the first and the last day of a bucket."""
        return self.starts[at], self.last if at + 1 == len(self.starts) else self.starts[at + 1] - _DAY

    @property
    def first(self) -> date:
        """The first day of all."""
        return self.starts[0]

    @property
    def places(self) -> dict[str, int]:
        """The key of each bucket in a `UsageTable` grouped by it, and its place here."""
        size = 7 if self.bucket == "month" else 10
        return {start.isoformat()[:size]: at for at, start in enumerate(self.starts)}

    @property
    def title(self) -> str:
        """All of it: `last 30 days`, `23 Sep – 22 Oct 2026`."""
        count = len(self.starts)
        if self.current:
            return f"last {count} {self.bucket}s"
        if self.bucket == "month":
            return f"{self.first:%b %Y} – {self.last:%b %Y}"
        begin = self.first
        year = f" {begin.year}" if begin.year != self.last.year else ""
        return f"{begin.day} {begin:%b}{year} – {self.last.day} {self.last:%b %Y}"

    def name(self, at: int) -> str:
        """Return a short name for the axis: `21 Nov`, `Nov`, with the year where that begins."""
        start = self.starts[at]
        if self.bucket == "month":
            return f"{start:%Y}" if start.month == 1 else f"{start:%b}"
        return f"{start.day} {start:%b}"

    def full_name(self, at: int) -> str:
        """Return the name of a bucket where it stands alone: `Sat 21 Nov 2026`, `16 – 22 Nov 2026`."""
        first, last = self.bounds(at)
        if self.bucket == "day":
            return f"{first:%a} {first.day} {first:%b %Y}"
        if self.bucket == "month":
            return f"{first:%B %Y}"
        begin = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
        return f"{begin} – {last.day} {last:%b %Y}" if first != last else f"{last.day} {last:%b %Y}"

    def head(self, at: int) -> str:
        """Return the name of a bucket as the head of a column: `Sat 21 Nov`, `w. 16 Nov`, `Nov 2026`."""
        start = self.starts[at]
        if self.bucket == "month":
            return f"{start:%b %Y}"
        return f"{'wk' if self.bucket == 'week' else format(start, '%a')} {start.day} {start:%b}"


def span(bucket: str, today: date, steps: int = 0, week_start: str = "monday") -> Span:
    """Return the span that ends today, or the one so many whole spans before it."""
    count = COUNTS[bucket]
    back = count * steps
    if bucket == "month":
        newest = _month(today, back)
        starts = tuple(_month(today, back + age) for age in range(count - 1, -1, -1))
        last = periods.month_of(newest)[1]
    else:
        size = 7 if bucket == "week" else 1
        begin = periods.week_of(today, week_start)[0] if bucket == "week" else today
        newest = begin - timedelta(days=back * size)
        starts = tuple(newest - timedelta(days=age * size) for age in range(count - 1, -1, -1))
        last = newest + timedelta(days=size - 1)
    return Span(bucket, starts, last if steps else today, not steps)


def every_day(first: date, last: date, *, current: bool) -> Span:
    """Return the span of some days."""
    starts = tuple(first + age * _DAY for age in range((last - first).days + 1))
    return Span("day", starts, last, current)


def short(day: date) -> str:
    """Return the name of a day: `21 Nov`."""
    return f"{day.day} {day:%b}"


def between(first: date, last: date) -> str:
    """Return the name of some days: `1 – 21 Nov 2026`."""
    if first == last:
        return f"{short(last)} {last:%Y}"
    begin = f"{first.day}" if (first.year, first.month) == (last.year, last.month) else short(first)
    return f"{begin} – {short(last)} {last:%Y}"


def month_name(first: date, last: date, *, brief: bool = False) -> str:
    """Return the name of a month: `Nov 2026`, or its days where it does not begin on the first."""
    if first.day == 1:
        return f"{first:%b %Y}"
    return f"{short(first)} – {short(last)}" if brief else between(first, last)


def _month(day: date, back: int) -> date:
    """Return the first day of the month so many months before that of `day`."""
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)
