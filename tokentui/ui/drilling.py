"""From a group into what it is made of: month, week or anything else, day, session, request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from tokentui import periods
from tokentui.engine import completions, filters
from tokentui.engine.selection import DATES, Selection
from tokentui.store.usage_table import TIME_DIMENSIONS
from tokentui.ui import explore_columns

_DAY = timedelta(days=1)
_NO_TITLES: Mapping[str, str] = {}


class Step(NamedTuple):
    """Where a person came from on the way into the details."""

    selection: Selection
    key: tuple[str, ...]
    """Of the row that was opened."""
    name: str
    """What it is called in the breadcrumbs."""


def step(selection: Selection, key: tuple[str, ...], titles: Mapping[str, str]) -> Step:
    """Return the step from a selection into one of its rows."""
    return Step(selection, key, name(selection.group_by, key, titles))


def into(selection: Selection, key: Sequence[str]) -> Selection:
    """Return what a group is made of: its condition joins the filter or the days."""
    found = selection
    for name, value in zip(selection.group_by, key, strict=True):
        if name in TIME_DIMENSIONS:
            first, last = days_of(name, value)
            found = replace(found, days=DATES, back=0, start=first, end=last)
        else:
            found = replace(found, filter=_with(found.filter, f"{name}:{completions.quoted(value)}"))
    found = replace(found, filter=without_sums(found.filter))
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


def without_sums(filter_text: str) -> str:
    """Return a filter without what it asks of sums: `cost:>1` of a day says nothing about its sessions."""
    return " ".join(said for key, said in _terms(filter_text) if key not in filters.NUMBER_KEYS)


def _with(filter_text: str, term: str) -> str:
    known = [said for _, said in _terms(filter_text)]
    return filter_text if term in known else f"{filter_text} {term}".strip()


def _terms(filter_text: str) -> list[tuple[str, str]]:
    """Return the terms of a filter as (key, what was typed)."""
    terms = filters.terms(filter_text)
    ends = [*(term.at for term in terms[1:]), len(filter_text)]
    return [(term.key, filter_text[term.at : end].strip()) for term, end in zip(terms, ends, strict=False)]


def name(group_by: Sequence[str], key: Sequence[str], titles: Mapping[str, str] = _NO_TITLES) -> str:
    """Return a group's name for the breadcrumbs; `titles` are those of sessions, by their ids."""
    return " · ".join(
        explore_columns.key(dimension, titles.get(value, value) if dimension == "session" else value)
        if value
        else f"no {dimension}"
        for dimension, value in zip(group_by, key, strict=True)
    )
