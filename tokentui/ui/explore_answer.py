"""What the database says to a selection, in the order it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from tokentui.engine.selection import Selection
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import NUMBER_FIELDS, TIME_DIMENSIONS, UsageQuery
from tokentui.ui.explore_columns import NAMED
from tokentui.ui.explore_requests import ORDERS, FirstLook, first_look, total

if TYPE_CHECKING:
    from tokentui.store import Reader

Group = tuple[tuple[str, ...], Usage]
"""A key and what belongs to it."""

_NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Answer:
    """Groups of usage."""

    selection: Selection
    query: UsageQuery
    totals: Usage = _NOTHING
    groups: tuple[Group, ...] = ()
    """In the order of the selection."""
    qualities: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """The weakest quality of what is in a group."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What sessions are called, where it is grouped by them."""
    whole: str = "exact"
    """The same of all together."""
    first_day: date | None = None
    last_day: date | None = None
    requests: FirstLook | None = None
    """Where it is not grouped."""

    def quality(self, key: tuple[str, ...]) -> str:
        """Return the weakest quality of what is in a group."""
        return self.qualities.get(key, "exact")


def answer(reader: Reader, selection: Selection, query: UsageQuery) -> Answer:
    """Return the groups, or the first of the requests where it is not grouped."""
    where = tuple(each for each in query.where if each.field not in NUMBER_FIELDS)
    table = reader.usage(query if query.group_by else replace(query, where=where))
    keys = (key for key, _ in table.groups)
    qualities = dict(zip(keys, table.qualities, strict=False))
    # Here, in the thread that asks: 30,000 groups take 0.1 s.
    groups = tuple(ordered(table.groups, selection))
    found = Answer(
        selection,
        query,
        table.totals,
        groups,
        qualities,
        dict(table.titles),
        table.quality,
        table.first_day,
        table.last_day,
    )
    if query.group_by:
        return found
    look = first_look(reader, query, sort_of(selection), descending=selection.descending)
    totals = table.totals
    if len(where) < len(query.where):  # here the conditions are those of each request
        totals = total(look.first) if look.count == len(look.first) else _NOTHING
    return replace(found, requests=look, totals=totals)


def sort_of(selection: Selection) -> str:
    """Return the column a selection is sorted by."""
    if (selection.group_by and selection.sort in NAMED) or selection.sort in selection.group_by:
        return selection.sort
    if not selection.group_by:
        return selection.sort if selection.sort in ORDERS else "time"
    first = selection.group_by[:1]
    return first[0] if first and first[0] in TIME_DIMENSIONS else "cost"


def ordered(groups: Iterable[Group], selection: Selection) -> list[Group]:
    """Return groups in the order of a selection; equal ones dearest first, what is unknown last."""
    found = sorted(groups, key=lambda group: (-(group[1].known_cost or 0), group[0]))
    name, back = sort_of(selection), selection.descending
    if name in selection.group_by:
        at = selection.group_by.index(name)
        # A slice: the groups on the screen may be of the last selection still, with fewer parts.
        return sorted(found, key=lambda group: group[0][at : at + 1], reverse=back)
    if name not in NAMED:
        return found
    value = NAMED[name].value
    known = [group for group in found if value(group[1]) is not None]
    known.sort(key=lambda group: value(group[1]) or 0, reverse=back)
    return known + [group for group in found if value(group[1]) is None]
