"""What a person has chosen to see on Trends, and how each key changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from tokentui.ui.trends_series import MEASURES, TOKEN_PARTS, Measure
from tokentui.ui.trends_span import BUCKETS, COUNTS, Span, span


@dataclass(frozen=True, slots=True)
class View:
    """Everything a key of the pane can change."""

    measured: str = "cost"
    """One of MEASURES."""
    by: str = "service"
    """One of `trends_series.DIMENSIONS` or TOKEN_PARTS."""
    bucket: str = "day"
    """One of `trends_span.BUCKETS`."""
    steps: int = 0
    """How many whole spans before today it ends."""
    compared: bool = False
    """Whether the span before is shown too."""
    hours: bool = False
    """Whether it is the heatmap of hours and weekdays."""
    running: bool = False
    """Whether it is a month added up day by day, to its end; `steps` counts months then."""
    cursor: int | None = None
    """Which bucket is read out; None for all of them."""
    hour: tuple[int, int] | None = None
    """Which row and which hour of the heatmap is read out."""

    @property
    def measure(self) -> Measure:
        """What the bars measure."""
        return MEASURES[self.measured]

    @property
    def name(self) -> str:
        """What is shown, without its span: `Cost a day by service`."""
        title = self.measure.title
        if self.running:
            return f"{title} of the month"
        if self.hours:
            return f"{title} by hour and weekday"
        if self.by == "direction":
            return f"{title} a {self.bucket}, input and output"
        return f"{title} a {self.bucket} by {self.by}"

    def span(self, today: date, week_start: str, earlier: int = 0) -> Span:
        """Return the span that is shown, or one so many spans earlier."""
        return span(self.bucket, today, self.steps + earlier, week_start)

    def measuring(self, measured: str) -> View:
        """Return the view of another measure. Only tokens can be split by their kinds."""
        by = "service" if measured != "tokens" and self.by in TOKEN_PARTS else self.by
        return replace(self, measured=measured, by=by)

    def added_up(self) -> View:
        """Return the running month with the one before, or the bars again."""
        if self.running:
            return self.as_bars()
        return replace(
            self, running=True, bucket="day", hours=False, compared=True, steps=0, cursor=None
        )  # fmt: skip

    def as_bars(self) -> View:
        """Return the view as bars."""
        if not self.running:
            return replace(self, hours=False)
        return replace(self, running=False, hours=False, compared=False, steps=0, cursor=None)

    def split(self, by: str) -> View:
        """Return the view split by something else; kinds of tokens are counted in tokens."""
        measured = "tokens" if by in TOKEN_PARTS else self.measured
        return replace(self.as_bars(), by=by, measured=measured)

    def in_buckets(self, bucket: str) -> View:
        """Return the view in days, weeks, months or, for `next`, in the next of these; it ends today."""
        if bucket == "next":
            bucket = BUCKETS[(BUCKETS.index(self.bucket) + 1) % len(BUCKETS)]
        shown = self.as_bars() if self.running else self
        return replace(shown, bucket=bucket, steps=0, cursor=None)

    def stepped(self, back: int, today: date, oldest: date | None, week_start: str) -> View:
        """Return the view so many spans further back, but not after today or before the oldest day."""
        steps = max(self.steps + back, 0)
        if steps > self.steps and (
            oldest is None or span(self.bucket, today, steps, week_start).last < oldest
        ):
            return self
        return replace(self, steps=steps, cursor=None)

    @property
    def places(self) -> tuple[int, int]:
        """How many places the cursor has among the bars, and where it appears."""
        return COUNTS[self.bucket], COUNTS[self.bucket] - 1

    def moved(self, across: int, down: int, places: tuple[int, int] | None = None) -> View:
        """Return the view with the cursor moved; it appears at the newest bucket, or at noon."""
        if self.hours:
            row, hour = self.hour or (0, 12)
            if self.hour is not None:
                row, hour = min(max(row + down, 0), 6), min(max(hour + across, 0), 23)
            return replace(self, hour=(row, hour))
        count, newest = places or self.places
        at = newest if self.cursor is None else min(max(self.cursor + across, 0), count - 1)
        return replace(self, cursor=at) if across else self

    def at_end(self, first: bool, places: tuple[int, int] | None = None) -> View:
        """Return the view with the cursor at the first or the last bucket, or hour of its weekday."""
        if self.hours:
            return replace(self, hour=(self.hour[0] if self.hour else 0, 0 if first else 23))
        return replace(self, cursor=0 if first else (places or self.places)[0] - 1)

    def without_cursor(self) -> View:
        """Return the view of the whole span."""
        return replace(self, cursor=None, hour=None)


PRESETS = {
    "cost": View(),
    "direction": View(measured="tokens", by="direction"),
    "calls": View(measured="requests"),
}
"""What people ask for most, one key each: cost by service, input against output, calls a day."""
