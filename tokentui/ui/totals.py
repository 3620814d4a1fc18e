"""The strip on top of the Overview: today, the month, tokens, cache, 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentui import text
from tokentui.store.snapshot import Usage
from tokentui.ui import figures
from tokentui.ui.draw import Line, bars, beside, cut, length

if TYPE_CHECKING:
    from tokentui.store.snapshot import Snapshot


class Total(NamedTuple):
    """One figure of the strip."""

    label: str
    short: str
    """The label where there is little room."""
    value: Line
    detail: Line


def lines(snapshot: Snapshot | None, width: int, rows: int) -> list[Line]:
    """Return the strip in three rows, two, or (below 60 cells) as running text."""
    totals = of(snapshot)
    if width < 60:
        return _running(totals, width, rows)
    if rows < 3:
        totals = [total._replace(detail=[]) for total in totals[:4]]
    gap, room = 2, width - 3
    least = [max(length(total.value), len(total.label), length(total.detail)) for total in totals]
    while len(least) > 2 and sum(least) + gap * (len(least) - 1) > room:  # the last ones give way
        least.pop()
    totals = totals[: len(least)]
    spare = max(0, room - sum(least) - gap * (len(least) - 1)) // len(least)
    widths = [size + spare for size in least]
    strip = [
        beside([([(total.label, "muted")], size) for total, size in zip(totals, widths, strict=True)], gap),
        beside([(total.value, size) for total, size in zip(totals, widths, strict=True)], gap),
    ]
    if rows > 2:
        strip.append(beside([(total.detail, size) for total, size in zip(totals, widths, strict=True)], gap))
    return [cut([("  ", ""), *line], width) for line in strip]


def of(snapshot: Snapshot | None) -> list[Total]:
    """Return the totals of a snapshot; before the first one nothing is known."""
    if snapshot is None:
        unknown: Line = [(text.UNKNOWN, "muted")]
        return [Total(label, short, unknown, []) for label, short in _LABELS]
    today, before, month = snapshot.totals_today, snapshot.totals_yesterday, snapshot.totals_month
    change = figures.change(today.known_cost, before.known_cost)
    days = _days(snapshot)
    # A sum is a lower bound as soon as one of its parts is.
    floors = [card for card in snapshot.cards if card.quality == "floor"]
    now = "floor" if any(card.today.request_count for card in floors) else "exact"
    month_long = "floor" if any(card.month.request_count for card in floors) else "exact"
    past = figures.quality_of(_services(snapshot, range(1, 2)), snapshot.cards)
    lately = figures.quality_of(_services(snapshot, range(30)), snapshot.cards)
    parts: list[tuple[Line, Line]] = [
        (
            [
                (figures.cost(today, now), "strong"),
                (f"  {change}", "accent" if change.startswith("▲") else "muted"),
            ],
            [(f"yesterday {figures.cost(before, past)}", "muted")],
        ),
        (
            [(figures.cost(month, month_long), "strong")],
            [
                (
                    f"{snapshot.today:%b} 1–{snapshot.today.day} · {figures.requests(month.request_count)}",
                    "muted",
                )
            ],
        ),
        (
            [(figures.tokens(today, now), "strong"), (f"  {figures.requests(today.request_count)}", "text")],
            [(f"{text.tokens(today.input_tokens)} in · {text.tokens(today.output_tokens)} out", "muted")],
        ),
        ([(figures.cache_read(today), "strong")], [("of today's input", "muted")]),
        (
            [(figures.cost(figures.total(day for day in days if day), lately), "strong")],
            [("".join(bars([day.cost if day else None for day in days])), "bar")],
        ),
    ]
    return [
        Total(label, short, value, detail)
        for (label, short), (value, detail) in zip(_LABELS, parts, strict=True)
    ]


_LABELS = (
    ("Today", "Today"),
    ("This month", "Month"),
    ("Tokens today", "Tokens"),
    ("Cache read", "Cache"),
    ("Last 30 days", "30 days"),
)


def _days(snapshot: Snapshot) -> list[Usage | None]:
    """Return the use of each of the last 30 days, oldest first; None for an idle one."""
    by_age = {
        (snapshot.today - day.day).days: figures.total(usage for _, usage in day.by_service)
        for day in snapshot.days
    }
    return [by_age.get(age) for age in reversed(range(30))]


def _services(snapshot: Snapshot, ages: range) -> set[str]:
    """Return the services that were used on the days so long ago."""
    days = [day for day in snapshot.days if (snapshot.today - day.day).days in ages]
    return {service for day in days for service, _ in day.by_service}


def _running(totals: list[Total], width: int, rows: int) -> list[Line]:
    today, month, used, cache, _ = totals
    pairs = [(today, month), (used, cache)]
    strip: list[Line] = []
    for left, right in pairs:
        line: Line = [(f" {left.short} ", "muted"), *left.value]
        more: Line = [(f"  {right.short} ", "muted"), *right.value]
        strip.append(cut([*line, *more] if length(line) + length(more) <= width else line, width))
    return strip[:rows]
