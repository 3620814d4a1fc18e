"""A report: what was asked of the usage, and the answer in the order it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from tokentui.frozen import dataclass
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import TIME_DIMENSIONS, UsageQuery, UsageTable

if TYPE_CHECKING:
    from tokentui.engine.paid import ToPay
    from tokentui.pricing.exchange import Rate

FIELDS = (
    "request_count", "uncached_input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens", "output_tokens", "reasoning_output_tokens", "input_tokens",
    "total_tokens",
)  # fmt: skip
"""The counts of a group, in the order of `show --json`."""

SORTS: dict[str, Callable[[Usage], int]] = {
    "cost": lambda usage: -1 if usage.known_cost is None else usage.known_cost,
    "tokens": lambda usage: usage.total_tokens,
    "requests": lambda usage: usage.request_count,
    "input": lambda usage: usage.input_tokens,
    "output": lambda usage: usage.output_tokens,
}
"""What groups can be sorted by, besides their key."""


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a report."""

    key: tuple[str, ...]
    usage: Usage
    quality: str = "exact"
    """The weakest quality of what is in it: the figures of a `floor` are lower bounds."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked for, and the answer."""

    group_by: tuple[str, ...]
    first: date | None
    last: date | None
    zone: str
    totals: Usage
    groups: tuple[Group, ...]
    """In the order they are shown."""
    currency: str = "USD"
    """What its costs are in."""
    rates: tuple[Rate, ...] = ()
    """The rates they were converted at, the oldest first."""
    quality: str = "exact"
    """That of the totals."""
    titles: tuple[tuple[str, str], ...] = ()
    """(conversation id, title) of sessions, where it is grouped by them."""
    due: ToPay | None = None
    """What is to pay for it; None where that was not asked, or no plan belongs to what was asked."""
    asked_due: bool = False
    """Whether `due` is said at all."""


def report(query: UsageQuery, answer: UsageTable, sort: str = "", order: str = "") -> Report:
    """Return the report of an answer, sorted as `arranged` does."""
    qualities = answer.qualities or ("exact",) * len(answer.groups)
    groups = [
        Group(key, usage, quality)
        for (key, usage), quality in zip(answer.groups, qualities, strict=True)
    ]
    return Report(
        query.group_by, query.start or answer.first_day, query.end or answer.last_day, query.zone,
        answer.totals, tuple(arranged(query.group_by, groups, sort, order)), quality=answer.quality,
        titles=answer.titles,
    )  # fmt: skip


def arranged(
    group_by: Sequence[str], groups: Sequence[Group], sort: str = "", order: str = ""
) -> list[Group]:
    """Return the groups in order: times by time, everything else the most expensive first.

    `sort` is empty, `key` or one of SORTS; `order` is empty, `asc` or `desc`.
    """
    by_key = sorted(groups, key=lambda group: group.key, reverse=order == "desc" and sort == "key")
    if sort == "key":
        return by_key
    if sort:
        return sorted(by_key, key=lambda group: SORTS[sort](group.usage), reverse=order != "asc")
    cost = SORTS["cost"]
    by_cost = sorted(by_key, key=lambda group: -cost(group.usage))
    if group_by and group_by[0] in TIME_DIMENSIONS:
        return sorted(by_cost, key=lambda group: group.key[0])
    if len(group_by) == 2 and group_by[1] in TIME_DIMENSIONS:
        whole: dict[str, int] = {}
        for group in groups:
            whole[group.key[0]] = whole.get(group.key[0], 0) + cost(group.usage)
        return sorted(by_key, key=lambda group: (-whole[group.key[0]], group.key))
    return by_cost
