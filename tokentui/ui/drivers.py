"""What drove today's cost: projects, models and sessions side by side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from tokentui import text
from tokentui.ui import figures
from tokentui.ui.draw import Line, beside, box, fit, gauge
from tokentui.usage import moment

if TYPE_CHECKING:
    from tokentui.store.snapshot import Driver, Snapshot, Usage

_GAP = 3
_MOST = 9
"""Eight drivers and the rest in one."""


def lines(snapshot: Snapshot | None, width: int, height: int, zone: tzinfo | None) -> list[Line]:
    """Return the tables in a frame: three beside each other from 105 cells on, two from 60, else one."""
    if snapshot is None or width < 20:
        return []
    tables = [
        ("project", snapshot.drivers.projects),
        ("model", snapshot.drivers.models),
        ("session", snapshot.drivers.sessions),
    ]
    count = 3 if width >= 105 else 2 if width >= 60 else 1
    rows = max((len(drivers) for _, drivers in tables), default=0)
    rows = min(rows, _MOST, max(height - 3, 3) if height else _MOST)
    inner = width - 4
    size = (inner - _GAP * (count - 1)) // count
    today = snapshot.totals_today
    columns = [(_table(name, drivers, today, size, rows, zone), size) for name, drivers in tables[:count]]
    drawn = [beside([(column[row], each) for column, each in columns], _GAP) for row in range(rows + 1)]
    if not rows:
        drawn = [[("nothing was used yet today", "muted")]]
    drawn += [[] for _ in range(height - 2 - len(drawn))]
    return box(
        drawn,
        width,
        [("What drove it", "strong"), (" · today", "text")],
        [],
        _unpriced(snapshot),
        "frame",
        heavy=False,
    )


def _table(
    name: str, drivers: tuple[Driver, ...], whole: Usage, width: int, rows: int, zone: tzinfo | None
) -> list[Line]:
    by_cost = bool(whole.cost)
    timed = any(driver.first_at is not None for driver in drivers) and width >= 34
    last = "when" if timed else "share"
    tail = 13 if timed else 7
    bar = 8 if not timed and width >= 38 else 0
    label = width - 10 - tail - bar
    head: Line = [(fit(name, label) + fit("cost" if by_cost else "tokens", 10, ">"), "muted")]
    head.append((fit(last if not timed else f"  {last}", tail, "<" if timed else ">"), "muted"))
    ending = _when(zone) if timed else _share(whole, by_cost, bar)
    drawn = [head]
    for driver in drivers[:rows]:
        figure = figures.cost(driver.usage) if by_cost else text.tokens(driver.usage.total_tokens)
        drawn.append(
            [
                (fit(text.clean(driver.label, 80), label), "text"),
                (fit(figure, 10, ">"), "strong"),
                *ending(driver),
            ]
        )
    return [*drawn, *([[]] * (rows + 1 - len(drawn)))]


def _when(zone: tzinfo | None) -> Callable[[Driver], Line]:
    def ending(driver: Driver) -> Line:
        if driver.first_at is None or driver.last_at is None:
            return []
        first, last = (moment(time).astimezone(zone) for time in (driver.first_at, driver.last_at))
        start, end = f"{first:%H:%M}", f"{last:%H:%M}"
        return [(f"  {start}" + (f"–{end}" if end != start else ""), "muted")]

    return ending


def _share(whole: Usage, by_cost: bool, bar: int) -> Callable[[Driver], Line]:
    def ending(driver: Driver) -> Line:
        part = driver.usage.known_cost if by_cost else driver.usage.total_tokens
        percent = figures.share(part, whole.cost if by_cost else whole.total_tokens)
        line: Line = [(fit(text.percent(percent), 7, ">"), "text")]
        return [*line, (" ", ""), *gauge(percent, bar - 1, "bar")] if bar else line

    return ending


def _unpriced(snapshot: Snapshot) -> Line:
    """`3 requests unpriced: model-x, model-y`: what the costs on this screen leave out."""
    if not snapshot.unpriced_models:
        return []
    count = snapshot.totals_month.unpriced_request_count
    names = ", ".join(text.clean(model, 40) for model in snapshot.unpriced_models[:3])
    more = len(snapshot.unpriced_models) - 3
    told = f"{text.tokens(count)} request{'s' if count != 1 else ''} unpriced" if count else "unpriced"
    return [(f"{told}: {names}" + (f" and {more} more" if more > 0 else ""), "warn")]
