"""From a group into what it is made of: month, week or anything else, day, session, request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from tokentui import periods
from tokentui.engine.selection import DATES, Selection
from tokentui.store.usage_table import TIME_DIMENSIONS
from tokentui.ui import explore_columns

_DAY = timedelta(days=1)


def into(selection: Selection, key: Sequence[str]) -> Selection:
    """Return what a group is made of: its condition joins the filter or the days."""
    found = selection
    for name, value in zip(selection.group_by, key, strict=True):
        if name in TIME_DIMENSIONS:
            first, last = days_of(name, value)
            found = replace(found, days=DATES, back=0, start=first, end=last)
        else:
            found = replace(found, filter=f"{found.filter} {name}:{quoted(value)}".strip())
    return replace(found, group_by=_below(selection.group_by, found), sort="", descending=True)


def _below(group_by: Sequence[str], found: Selection) -> tuple[str, ...]:
    if "session" in group_by:
        return ()
    one_day = (found.start is not None and found.start == found.end) or found.days == "today"
    if not one_day and "day" not in group_by:
        return ("day",)
    return ("session",) if "project" in group_by or "project:" in found.filter else ("session", "project")


def days_of(dimension: str, value: str) -> tuple[date, date]:
    """Return the first and the last day of a day, a week (named by its first day) or a month."""
    if dimension == "month":
        return periods.month_of(date.fromisoformat(f"{value}-01"))
    first = date.fromisoformat(value)
    return (first, first + 6 * _DAY) if dimension == "week" else (first, first)


def quoted(value: str) -> str:
    """Return a value as the filter language takes it literally."""
    if value and all(char.isalnum() or char in "/._-:@" for char in value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def name(group_by: Sequence[str], key: Sequence[str]) -> str:
    """Return a group's name for the breadcrumbs."""
    return " · ".join(
        explore_columns.key(dimension, value) if value else f"no {dimension}"
        for dimension, value in zip(group_by, key, strict=True)
    )
