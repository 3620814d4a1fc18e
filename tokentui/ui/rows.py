"""Rows that scroll: however many there are, only those on the screen are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from tokentui.ui.draw import Line, cut
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual import events
    from textual.dom import DOMNode

MOST_KEPT = 2_000
"""Drawn rows that are remembered, so that scrolling back draws nothing twice."""


class RowKeys:
    """The keys that move the cursor of some rows, for the pane or the window they are in."""

    @property
    def rows(self) -> Rows:
        """The rows."""
        return cast("DOMNode", self).query_one(Rows)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.rows.move(by)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        self.rows.move(pages * max(self.rows.page - 1, 1))

    def action_end(self, last: int) -> None:
        """Go to the first (0) or the last row (1)."""
        self.rows.go(self.rows.count if last else 0)

    def jump_targets(self) -> Iterable[tuple[int, int, Callable[[], object]]]:
        """The rows on the screen."""
        return self.rows.places()


class Rows(Lines):
    """A heading, the rows around a cursor, a foot, and where they lie among all on the right."""

    DEFAULT_CSS = "Rows { height: 1fr; }"

    def __init__(
        self,
        row: Callable[[int, int], Line],
        head: Callable[[int], list[Line]],
        foot: Callable[[int], list[Line]],
        *,
        id: str | None = None,
    ) -> None:
        """`row(number, width)` draws one; `head` and `foot` are drawn above and below, as wide as a row."""
        super().__init__(id=id)
        self._row, self._head, self._foot = row, head, foot
        self._kept: dict[tuple[int, int], Line] = {}
        self.count = 0
        self.cursor = 0
        self.top = 0

    def fill(self, count: int, cursor: int = 0) -> None:
        """Show other rows."""
        self.count = count
        self.cursor = max(0, min(cursor, count - 1))
        self.anew()

    def anew(self) -> None:
        """Draw the same rows again, which look different now."""
        self._kept.clear()
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor by some rows."""
        self.go(self.cursor + by)

    def go(self, to: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        self.cursor = max(0, min(to, self.count - 1))
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked, where the mouse is on."""
        at = event.y - len(self._head(max(self.size.width - 1, 1)))
        if 0 <= at < min(self.page, self.count):
            self.go(self.top + at)

    def on_mouse_scroll_down(self) -> None:
        """Go down with the wheel."""
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        """Go up with the wheel."""
        self.move(-3)

    @property
    def page(self) -> int:
        """How many rows are on the screen."""
        return self._room(self.size.width, self.size.height)

    def places(self) -> Iterable[tuple[int, int, Callable[[], object]]]:
        """Return where each row is on the screen, and what puts the cursor on it."""
        first = self.region.y + len(self._head(max(self.size.width - 1, 1)))
        for at, number in enumerate(self.seen()):
            yield self.region.x, first + at, partial(self.go, number)

    def seen(self) -> range:
        """Return the numbers of the rows on the screen."""
        return range(self.top, min(self.top + self.page, self.count))

    def lines(self, width: int, height: int) -> list[Line]:
        """The rows around the cursor."""
        inner = max(width - 1, 1)
        page = self._room(width, height)
        self.top = max(0, min(self.top, self.cursor, self.count - page))
        self.top = max(self.top, self.cursor - page + 1)
        thumb = self._thumb(page)
        drawn: list[Line] = list(self._head(inner))
        for at in range(min(page, self.count)):
            line = self._drawn_row(self.top + at, inner)
            sign = [("┃" if at in thumb else "│", "frame")] if thumb else []
            drawn.append([*cut(line, inner), *sign])
        drawn += self._foot(inner)
        return drawn + [[]] * (height - len(drawn))

    def _drawn_row(self, number: int, width: int) -> Line:
        if number == self.cursor:
            text = "".join(text for text, _ in cut(self._row(number, width), width))
            return [("▸" + text[1:], "cursor")]
        found = self._kept.get((number, width))
        if found is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            found = self._kept[number, width] = self._row(number, width)
        return found

    def _room(self, width: int, height: int) -> int:
        inner = max(width - 1, 1)
        return max(height - len(self._head(inner)) - len(self._foot(inner)), 1)

    def _thumb(self, page: int) -> range:
        """Return the rows of the bar on the right that are drawn thick; none when everything is shown."""
        if self.count <= page:
            return range(0)
        length = max(page * page // self.count, 1)
        start = (page - length) * self.top // (self.count - page)
        return range(start, start + length)
