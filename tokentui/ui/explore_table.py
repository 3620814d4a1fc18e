"""The table of Explore: groups or single requests, with a cursor and marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from textual.message import Message

from tokentui.engine.selection import Selection
from tokentui.ui import explore_columns, explore_draw, explore_requests
from tokentui.ui.draw import Line
from tokentui.ui.explore_answer import Answer, Group, ordered, sort_of
from tokentui.ui.explore_draw import Shown
from tokentui.ui.explore_requests import Requests
from tokentui.ui.rows import Rows

if TYPE_CHECKING:
    from tokentui.store.explain import Request

MOST_MEASURED = 500
"""Rows whose names decide how wide the columns of names are; 30,000 would take 60 ms."""

MARKS = "AB"
"""The signs of the rows that are compared."""


class ExploreTable(Rows):
    """Shows an answer in the order of a selection."""

    class Missing(Message):
        """Requests came into sight that have not been read."""

        def __init__(self, keys: list[int]) -> None:
            super().__init__()
            self.keys = keys

    def __init__(self, nothing: Callable[[], list[Line]]) -> None:
        """`nothing` draws why there are no rows."""
        super().__init__(self._line, self._heading, self._totals, id="explore-rows")
        self._nothing = nothing
        self.answer: Answer | None = None
        self.selection = Selection()
        self.groups: list[Group] = []
        self.requests: Requests | None = None
        self.marks: list[tuple[str, ...]] = []
        self.zone: tzinfo = UTC
        self._shown = Shown((), explore_draw.NO_USAGE, None)

    def show(self, answer: Answer, selection: Selection, wanted: tuple[str, ...] | None) -> None:
        """Show an answer; the cursor goes to the row of a key, stays where it is for None."""
        keep, here = wanted is None, self.key
        same = self.answer is not None and self.answer.query == answer.query
        self.answer, self.selection = answer, selection
        if not same:
            self.marks = []
        self.requests = Requests(answer.requests) if answer.requests else None
        same_order = answer.selection == selection
        self.groups = list(answer.groups) if same_order else ordered(answer.groups, selection)
        most = max((usage.known_cost or 0 for _, usage in self.groups), default=None)
        group_by = answer.selection.group_by
        keys = (key for key, _ in self.groups[:MOST_MEASURED])
        if answer.requests:
            keys = (explore_requests.key(each, self.zone) for each in answer.requests.first)
        shown = Shown(group_by, answer.totals, most, titles=answer.titles)
        named = (tuple(map(shown.named, group_by, key)) if group_by else key for key in keys)
        among = explore_columns.among(group_by, named)
        self._shown = shown._replace(longest=explore_columns.longest(among), among=among)
        if self.requests:
            self.fill(self.requests.count, self.cursor if keep else 0)
            return
        key = here if keep else wanted
        at = next((number for number, (each, _) in enumerate(self.groups) if each == key), None)
        self.fill(len(self.groups), (self.cursor if keep else 0) if at is None else at)

    def know(self, answer: Answer, keys: Sequence[int]) -> None:
        """Take the order of all requests of an answer, unless another one is shown by now."""
        if self.requests and self.answer is answer:
            self.requests.know(keys)
            self.fill(self.requests.count, self.cursor)

    def take(self, answer: Answer, keys: Sequence[int], found: Sequence[Request]) -> None:
        """Draw requests of an answer that have been read."""
        if self.requests and self.answer is answer:
            self.requests.take(keys, found)
            self.anew()

    def mark(self) -> None:
        """Mark the group under the cursor, or no longer; of more than two the oldest goes."""
        key = self.key
        if key is None:
            return
        if key in self.marks:
            self.marks.remove(key)
        else:
            self.marks = [*self.marks, key][-len(MARKS) :]
        self.anew()

    @property
    def key(self) -> tuple[str, ...] | None:
        """The group under the cursor."""
        return self.groups[self.cursor][0] if self.cursor < len(self.groups) else None

    def redraw(self) -> None:
        """Draw what differs, and ask for requests that came into sight."""
        super().redraw()
        self._look()

    def on_resize(self) -> None:
        """More rows may be in sight."""
        self._look()

    def _look(self) -> None:
        if self.requests and self.size and (keys := self.requests.wanted(self.seen())):
            self.post_message(self.Missing(keys))

    def _heading(self, width: int) -> list[Line]:
        if not self.count:
            return self._nothing()
        return [explore_draw.head(self._shown, sort_of(self.selection), self.selection.descending, width)]

    def _line(self, number: int, width: int) -> Line:
        if self.answer is None:
            return []
        if self.requests is None:
            key, usage = self.groups[number]
            mark = MARKS[self.marks.index(key)] if key in self.marks else ""
            return explore_draw.row(
                self._shown, key, usage, width, quality=self.answer.quality(key), mark=mark
            )
        request = self.requests.at(number)
        if request is None:
            return [("   …", "muted")]
        named = explore_requests.key(request, self.zone)
        usage = explore_requests.usage(request)
        return explore_draw.row(self._shown, named, usage, width, quality=request.context.quality)

    def _totals(self, width: int) -> list[Line]:
        if self.answer is None or not self.count:
            return []
        drawn = explore_draw.foot(self._shown, width, quality=self.answer.whole)
        older = self.answer.totals.request_count - self.count if self.requests else 0
        if older > 0:
            drawn.append(
                [(f"   {older:,} older requests are kept as sums only; the total has them", "muted")]
            )
        return drawn

    @property
    def counted(self) -> str:
        """How many rows there are, in words."""
        noun = "request" if self.requests else "row"
        return f"{self.count:,} {noun}{'' if self.count == 1 else 's'}"
