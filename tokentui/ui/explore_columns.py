"""The columns of Explore: what each shows, what it sorts by, and which give way where room is short."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from tokentui import text
from tokentui.store.snapshot import Usage
from tokentui.ui import figures
from tokentui.ui.draw import Line, fit, fit_end, gauge
from tokentui.ui.explore_requests import ORDERS

PREFIX = 3
"""Cells before the first column: the cursor, a mark, a blank."""

SHARE_BAR = 10

_MOST_BAR = 40

_PERCENT = 7
"""Cells of a share as a number, with the blank after it."""

_LEAST_KEY = 12
"""Cells a key gets at least; below that figures give way."""

_MOST_KEY = 60

_LEAST_REST = 8
"""Cells that a day or a time leaves to another key."""

_TO_MIDDLE = timedelta(days=3)

_WIDE = 110
"""From here on a request is shown with its project."""

_REQUEST = ("time", "model", "project")
"""What names a request."""

_SHORT = {"day": 15, "week": 15, "month": 15, "time": 15}
"""Keys that need no more cells."""


class Column(NamedTuple):
    """A figure of each group."""

    name: str
    title: str
    width: int
    keep: int
    """How long it stays where room is short; the lowest goes first."""
    value: Callable[[Usage], int | None]


COLUMNS = (
    Column("requests", "Requests", 9, 6, lambda usage: usage.request_count),
    Column("input", "Input", 9, 3, lambda usage: usage.uncached_input_tokens),
    Column("cache_read", "Cache rd", 9, 2, lambda usage: usage.cache_read_input_tokens),
    Column(
        "cache_write", "Cache wr", 9, 1,
        lambda usage: usage.cache_creation_5m_input_tokens + usage.cache_creation_1h_input_tokens,
    ),
    Column("output", "Output", 9, 5, lambda usage: usage.output_tokens),
    Column("tokens", "Tokens", 9, 7, lambda usage: usage.total_tokens),
    Column("cost", "Cost", 12, 9, lambda usage: usage.known_cost),
    Column("share", "Share", _PERCENT + SHARE_BAR, 4, lambda usage: usage.known_cost),
)  # fmt: skip
"""Every figure, from left to right; `input` is the uncached part."""

NAMED = {column.name: column for column in COLUMNS}

TIGHT = {"Requests": "Reqs", "Cache rd": "Read", "Cache wr": "Write"}
"""Headings of columns that are as wide as their heading, where an arrow stands beside it."""

TITLES = {"tool_version": "Version", "operation": "Operation"}
"""Dimensions with another heading than their own name."""


def title(dimension: str) -> str:
    """Return the heading of a dimension."""
    return TITLES.get(dimension, dimension.replace("_", " ").capitalize())


class Layout(NamedTuple):
    """Which columns are drawn, and how wide the first ones are."""

    keys: tuple[tuple[str, int], ...]
    """What names a row, and in how many cells."""
    figures: tuple[Column, ...]


@lru_cache(maxsize=64)
def layout(width: int, group_by: tuple[str, ...], longest: tuple[int, ...] = ()) -> Layout:
    """Return what there is room for in so many cells; without a grouping a row is one request.

    `longest` is in how many cells each key could be shown whole; empty where that is not known.
    """
    names = group_by or (_REQUEST if width >= _WIDE else _REQUEST[:2])
    room = width - PREFIX - 1 - len(names) * (_LEAST_KEY + 1)
    kept: list[str] = []
    candidates = [column for column in COLUMNS if group_by or column.name not in ("requests", "share")]
    for column in sorted(candidates, key=lambda each: -each.keep):
        if column.width > room and kept:
            break
        kept.append(column.name)
        room -= column.width
    figures = [column for column in candidates if column.name in kept]
    left = width - PREFIX - 1 - sum(column.width for column in figures) - len(names)
    widths = _key_widths(names, max(left, len(names)), (*longest, *[_MOST_KEY] * len(names))[: len(names)])
    if figures[-1].name == "share":  # its bar takes what nothing else needs
        wider = min(max(left - sum(widths), 0), _MOST_BAR - SHARE_BAR)
        figures[-1] = figures[-1]._replace(width=figures[-1].width + wider)
    return Layout(tuple(zip(names, widths, strict=True)), tuple(figures))


def sortable(width: int, group_by: tuple[str, ...]) -> list[str]:
    """Return what the rows can be sorted by, from left to right."""
    if not group_by:
        return list(ORDERS)
    return [*group_by, *(column.name for column in layout(width, group_by).figures if column.name != "share")]


def _key_widths(names: tuple[str, ...], room: int, longest: tuple[int, ...]) -> list[int]:
    """Return how wide each key is drawn: what it needs, or a fair part where that is too much."""
    least = max(room - _LEAST_REST * (len(names) - 1), room // len(names))
    wanted = [
        min(_SHORT[name], least) if name in _SHORT else min(max(length, len(name) + 1), _MOST_KEY)
        for name, length in zip(names, longest, strict=True)
    ]
    widths = dict.fromkeys(range(len(names)), 1)
    for number, at in enumerate(sorted(widths, key=lambda each: (names[each] not in _SHORT, wanted[each]))):
        most = room if names[at] in _SHORT else room // (len(names) - number)
        widths[at] = max(min(wanted[at], most), 1)
        room -= widths[at]
    return [widths[at] for at in range(len(names))]


def among(group_by: tuple[str, ...], keys: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return for each key what the rows are called."""
    names = group_by or _REQUEST
    found: list[list[str]] = [[] for _ in names]
    for parts in keys:
        for each, name, value in zip(found, names, parts, strict=False):
            each.append(key(name, value))
    return tuple(map(tuple, found))


def longest(names: Iterable[tuple[str, ...]]) -> tuple[int, ...]:
    """Return in how many cells each key could be shown whole, in steps of four: few layouts."""
    return tuple(-(-max(map(cell_len, each), default=0) // 4) * 4 for each in names)


def key(dimension: str, value: str) -> str:
    """Return the name of a group as a person reads it, clean."""
    if not value:
        return "(default)" if dimension == "account" else "(none)"
    if dimension in ("day", "week"):
        day = date.fromisoformat(value)
        # Of a week that does not begin on Monday: the number of the one that most of its days are in.
        number = (day + _TO_MIDDLE).isocalendar().week
        return f"{value} {day:%a}" if dimension == "day" else f"{value} W{number:02}"
    return text.clean(text.tilde(value) if dimension == "project" else value, 300)


def key_fit(dimension: str, value: str, width: int, names: tuple[str, ...] = ()) -> str:
    """Return a group's name in exactly so many cells; of a path the end stays.

    `names` are those it stands among: where a cut would make two of them look alike, their ends stay.
    """
    name = key(dimension, value)
    if dimension == "project":
        return fit(fit_end(name, width), width)
    return fit(told_apart(names, width).get(name, name) if names else name, width)


@lru_cache(maxsize=64)
def told_apart(names: tuple[str, ...], width: int) -> dict[str, str]:
    """Return the names of which a cut leaves only what others have as well, cut in the middle instead."""
    alike: dict[str, set[str]] = {}
    for name in names:
        if cell_len(name) > width:
            alike.setdefault(fit(name, width), set()).add(name)
    found: dict[str, str] = {}
    for group in alike.values():
        if len(group) > 1:
            differ = (at for at, each in enumerate(zip(*group, strict=False)) if len(set(each)) > 1)
            common = next(differ, min(map(len, group)))
            for name in group:
                tail = min(max(len(name) - common, 2), width * 2 // 3)
                found[name] = f"{name[: width - tail - 1]}…{name[len(name) - tail :]}"
    return found


def figure(column: Column, usage: Usage, quality: str = "exact") -> str:
    """Return a figure with its sign."""
    if column.name == "cost":
        return figures.cost(usage, quality)
    if column.name == "tokens":
        return figures.tokens(usage, quality)
    value = column.value(usage)
    return text.UNKNOWN if value is None else text.tokens(value)


def share(usage: Usage, whole: Usage, most: int | None, width: int) -> Line:
    """Return which part of the cost this is: a percentage, and a bar that the dearest group fills."""
    percent = figures.share(usage.known_cost, whole.known_cost)
    full = figures.share(usage.known_cost, most)
    room = width - _PERCENT
    bar = gauge(full, room, "bar") if percent is not None else [(" " * room, "")]
    return [(fit(text.percent(percent), _PERCENT - 1, ">") + " ", "text"), *bar]
