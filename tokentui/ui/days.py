"""Day by day: what each of the last days came to, and what most of it went to, where there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tokentui import text
from tokentui.ui import figures
from tokentui.ui.draw import Line, box, fit, gauge, length

if TYPE_CHECKING:
    from tokentui.store.snapshot import Day, Snapshot, Usage

LEAST_ROWS = 6
"""Below this nothing is shown: two days below a frame and a heading say too little."""

_DAY, _COST, _TOKENS, _REQUESTS = 12, 11, 9, 11
_LEAST_BAR, _MOST_BAR = 8, 60
_SERVICES, _MODELS = 24, 33
"""Cells of the narrowest columns that say what a day went to."""


class _Columns(NamedTuple):
    """How wide the columns are; 0 for those without room."""

    requests: int
    bar: int
    services: int
    models: int


class _Scale(NamedTuple):
    """What bars and shares are measured by."""

    amount: Callable[[Usage], int]
    remark: str
    """What the title says of it."""
    most: int
    """Of all days that are shown."""


def lines(snapshot: Snapshot | None, width: int, height: int) -> list[Line]:
    """Return the days up to today, newest first, in a frame of at most so many rows; idle days as well."""
    if snapshot is None or not snapshot.days or height < LEAST_ROWS or width < 40:
        return []
    known = {day.day: day for day in snapshot.days}
    back = (snapshot.today - min(known)).days
    dates = [snapshot.today - timedelta(days=age) for age in range(min(height - 3, back + 1))]
    shown = [(each, known.get(each)) for each in dates]
    scale = _scale([_total(day) for _, day in shown if day is not None])
    columns = _columns(width - 4)
    titles = {card.service: card.title for card in snapshot.cards}
    drawn = [_heading(columns)]
    for each, day in shown:
        name = "today" if each == snapshot.today else f"{each:%a} {each.day:2} {each:%b}"
        drawn.append(_idle(name) if day is None else _used(name, day, snapshot, scale, columns, titles))
    title: Line = [("Day by day", "strong"), (scale.remark, "muted")]
    return box(drawn, width, title, [], [], "frame", heavy=False)


def _total(day: Day) -> Usage:
    return figures.total(usage for _, usage in day.by_service)


def _scale(totals: list[Usage]) -> _Scale:
    """By cost; by tokens where nothing has one."""
    if any(total.cost for total in totals):
        return _Scale(lambda usage: usage.cost, "", max(total.cost for total in totals))
    most = max((total.total_tokens for total in totals), default=0)
    return _Scale(lambda usage: usage.total_tokens, " · by tokens", most)


def _columns(width: int) -> _Columns:
    """Share out a width: the bar comes first, then services, then models, which take what is left."""
    left = width - _DAY - _COST - _TOKENS
    requests = _REQUESTS if left >= _REQUESTS else 0
    left -= requests
    services = _SERVICES if left >= _SERVICES + _LEAST_BAR else 0
    models = _MODELS if services and left >= services + _MODELS + _LEAST_BAR else 0
    left -= services + models
    bar = min(left - 3, _MOST_BAR)
    if bar < _LEAST_BAR:
        return _Columns(requests, 0, services, models)
    left -= bar + 3
    more = left // 2 if models else 0
    return _Columns(requests, bar, services + more, models + (left - more if models else 0))


def _heading(columns: _Columns) -> Line:
    head = fit("day", _DAY) + fit("cost", _COST, ">") + fit("tokens", _TOKENS, ">")
    head += fit("requests", columns.requests, ">") + " " * (columns.bar and columns.bar + 3)
    head += fit("   service", columns.services) + fit("   model", columns.models)
    return [(head, "muted")]


def _idle(name: str) -> Line:
    return [(fit(name, _DAY) + fit(text.UNKNOWN, _COST, ">"), "muted")]


def _used(
    name: str, day: Day, snapshot: Snapshot, scale: _Scale, columns: _Columns, titles: dict[str, str]
) -> Line:
    total = _total(day)
    quality = figures.quality_of((service for service, _ in day.by_service), snapshot.cards)
    line: Line = [
        (fit(name, _DAY), "text"),
        (fit(figures.cost(total, quality), _COST, ">"), "strong"),
        (fit(figures.tokens(total, quality), _TOKENS, ">"), "text"),
        (fit(text.tokens(total.request_count), columns.requests, ">"), "text"),
    ]
    if columns.bar:
        part = figures.share(scale.amount(total), scale.most)
        line += [("   ", ""), *gauge(part, columns.bar, "bar")]
    services = ((text.clean(titles.get(service, service), 40), usage) for service, usage in day.by_service)
    models = ((text.clean(model, 60), usage) for model, usage in day.by_model)
    line.append((_parts(services, scale.amount, columns.services), "text"))
    line.append((_parts(models, scale.amount, columns.models), "muted"))
    return line


def _parts(parts: Iterable[tuple[str, Usage]], amount: Callable[[Usage], int], width: int) -> str:
    """Return as many parts as there is room for, the largest first: `gpt-5.5 62 %, o3 21 %`."""
    if not width:
        return ""
    ranked = sorted(((amount(usage), name) for name, usage in parts), key=lambda part: (-part[0], part[1]))
    whole = sum(part for part, _ in ranked)
    said = ""
    for part, name in ranked:
        share = f" {text.percent(figures.share(part, whole))}"
        if said and length([(f"   {said}, {name}{share}", "")]) > width:
            break
        room = width - 3 - len(share)
        said += f", {name}{share}" if said else f"{fit(name, room).rstrip()}{share}"
    return fit(f"   {said}", width)
