"""The columns of Explore: what each shows, what it sorts by, and which give way where room is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from tokentui import text
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import TIME_DIMENSIONS
from tokentui.ui import figures
from tokentui.ui.draw import Line, fit, fit_end, gauge

PREFIX = 3
"""Cells before the first column: the cursor, a mark, a blank."""

SHARE_BAR = 10

_LEAST_KEY = 12
"""Cells a key gets at least; below that figures give way."""


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
    Column("share", "Share", 7 + SHARE_BAR, 4, lambda usage: usage.known_cost),
)  # fmt: skip
"""Every figure, from left to right; `input` is the uncached part."""

NAMED = {column.name: column for column in COLUMNS}

TITLES = {"tool_version": "Version", "operation": "Operation"}
"""Dimensions with another heading than their own name."""


def title(dimension: str) -> str:
    """Return the heading of a dimension."""
    return TITLES.get(dimension, dimension.replace("_", " ").capitalize())


def shown(width: int, keys: int) -> list[Column]:
    """Return the columns for which there is room beside so many keys."""
    room = width - PREFIX - 1 - keys * (_LEAST_KEY + 1)
    kept: list[str] = []
    for column in sorted(COLUMNS, key=lambda each: -each.keep):
        if column.width > room and kept:
            break
        kept.append(column.name)
        room -= column.width
    return [column for column in COLUMNS if column.name in kept]


def key_widths(width: int, group_by: Sequence[str], columns: Sequence[Column]) -> list[int]:
    """Return how wide each key is drawn; times take what they need."""
    if not group_by:
        return []
    room = max(width - PREFIX - 1 - sum(column.width for column in columns) - len(group_by), 1)
    narrow = dict.fromkeys(TIME_DIMENSIONS, 15)
    if len(group_by) == 1:
        return [min(room, 60)]
    first, second = (min(narrow.get(name, 60), room) for name in group_by)
    if group_by[0] in narrow:
        first = min(first, room // 2)
        return [first, min(room - first, 60)]
    if group_by[1] in narrow:
        second = min(second, room // 2)
        return [min(room - second, 60), second]
    return [min(room // 2, 60), min(room - room // 2, 60)]


def key(dimension: str, value: str) -> str:
    """Return the name of a group as a person reads it, clean."""
    if not value:
        return "(default)" if dimension == "account" else "(none)"
    if dimension in ("day", "week"):
        day = date.fromisoformat(value)
        return f"{value} {day:%a}" if dimension == "day" else f"{value} W{day.isocalendar().week:02}"
    return text.clean(text.tilde(value) if dimension == "project" else value, 300)


def key_fit(dimension: str, value: str, width: int) -> str:
    """Return a group's name in exactly so many cells; of a path the end stays."""
    name = key(dimension, value)
    return fit(fit_end(name, width) if dimension == "project" else name, width)


def figure(column: Column, usage: Usage, quality: str = "exact") -> str:
    """Return a figure with its sign."""
    if column.name == "cost":
        return figures.cost(usage, quality)
    value = column.value(usage)
    return text.UNKNOWN if value is None else text.tokens(value)


def share(usage: Usage, whole: Usage) -> Line:
    """Return which part of the cost this is: a percentage and a bar, one blank before them."""
    percent = figures.share(usage.known_cost, whole.known_cost)
    bar = gauge(percent, SHARE_BAR, "bar") if percent is not None else [(" " * SHARE_BAR, "")]
    return [(fit(text.percent(percent), 6, ">") + " ", "text"), *bar]
