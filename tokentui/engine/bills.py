"""What providers billed, grouped: their own book, which is never mixed with what logs come to.

Days are UTC days, weeks and months are made of them. Amounts stay in the currency they are billed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tokentui import periods
from tokentui.engine.explain_books import Money, money
from tokentui.store.books import day_of
from tokentui.store.ledger import BilledSum
from tokentui.store.usage_table import Where

DIMENSIONS = ("day", "week", "month", "service", "account", "model", "operation")
"""What bills can be grouped by; `operation` is a line of the bill."""

FIELDS = DIMENSIONS[3:]
"""What bills can be filtered by."""

SORTS = ("key", "cost")


@dataclass(frozen=True, slots=True)
class BillGroup:
    """One line of a report."""

    key: tuple[str, ...]
    billed: Money
    billed_closed: Money
    """The part that no later answer changes."""
    is_closed: bool
    """Whether that is all of it."""
    fetched_at: int
    """UTC epoch microseconds, the oldest of its figures."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What was asked for, and the answer."""

    group_by: tuple[str, ...]
    first: date | None
    last: date | None
    groups: tuple[BillGroup, ...]
    totals: Money
    closed_totals: Money
    longest_days: int
    """How many days the longest of its figures covers; it stands on the first of them."""


def bill(
    rows: Iterable[BilledSum], group_by: Sequence[str], *, start: date | None = None, end: date | None = None,
    week_start: str = "monday", where: Sequence[Where] = (), sort: str = "", order: str = "",
) -> Bill:  # fmt: skip
    """Return what was billed from `start` to `end`, both included; `group_by` are one or two of DIMENSIONS.

    `sort` is empty or one of SORTS, `order` empty, `asc` or `desc`: times by time, all else dearest first.
    """
    chosen = [
        row for row in rows
        if row.feature == "cost" and row.cost is not None and _matches(row, where)
        and (start is None or start <= day_of(row.day)) and (end is None or day_of(row.day) <= end)
    ]  # fmt: skip
    found: dict[tuple[str, ...], list[BilledSum]] = {}
    for row in chosen:
        key = tuple(_value(row, name, week_start) for name in group_by)
        found.setdefault(key, []).append(row)
    groups = [
        BillGroup(
            key, money(own), money(row for row in own if row.closed), all(row.closed for row in own),
            min(row.fetched_at for row in own),
        )
        for key, own in found.items()
    ]  # fmt: skip
    days = [day_of(row.day) for row in chosen]
    return Bill(
        tuple(group_by), start or min(days, default=None), end or max(days, default=None),
        tuple(_arranged(groups, group_by, sort, order)), money(chosen),
        money(row for row in chosen if row.closed), max((row.day_count for row in chosen), default=1),
    )  # fmt: skip


def _value(row: BilledSum, dimension: str, week_start: str = "monday") -> str:
    if dimension == "account":
        return f"{row.service}/{row.account}" if row.account else row.service
    if dimension in FIELDS:
        return str(getattr(row, dimension))
    day = day_of(row.day)
    if dimension == "week":
        day = periods.week_of(day, week_start)[0]
    return day.isoformat()[:7] if dimension == "month" else day.isoformat()


def _matches(row: BilledSum, where: Iterable[Where]) -> bool:
    return all(_match(row, each) != each.negated for each in where)


def _match(row: BilledSum, condition: Where) -> bool:
    values = [_value(row, condition.field)]
    if condition.field == "account":  # as with logs: `work` or `openai-api/work`
        values.append(row.account)
    texts = [str(value) for value in condition.values]
    patterns = texts if condition.op == "glob" else [None] * len(texts)
    return any(
        re.fullmatch(_pattern(pattern), value, re.IGNORECASE | re.DOTALL) is not None
        if pattern is not None
        else value.lower() == text.lower()
        for text, pattern in zip(texts, patterns, strict=True)
        for value in values
    )


def _pattern(text: str) -> str:
    """Return a pattern with `*` and `?` as a regular expression; a backslash takes their meaning away."""
    found, characters = [], iter(text)
    for character in characters:
        if character == "\\":
            found.append(re.escape(next(characters, "\\")))
        else:
            found.append({"*": ".*", "?": "."}.get(character) or re.escape(character))
    return "".join(found)


def _arranged(groups: Sequence[BillGroup], group_by: Sequence[str], sort: str, order: str) -> list[BillGroup]:
    by_key = sorted(groups, key=lambda group: group.key, reverse=sort == "key" and order == "desc")
    if sort == "key" or (not sort and group_by and group_by[0] in DIMENSIONS[:3]):
        return by_key
    return sorted(by_key, key=_largest, reverse=order != "asc")


def _largest(group: BillGroup) -> int:
    return max((nano for _, nano in group.billed), default=0)
