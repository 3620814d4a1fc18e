"""The first pane: the answer in one glance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Grid, VerticalScroll
from textual.geometry import Size
from textual.reactive import reactive

from tokentui.ui import cards, drivers, totals
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store.snapshot import Card, Snapshot
    from tokentui.ui.feed import Feed

MANY = 7
"""From this many accounts on the cards are drawn smaller."""


class AccountCard(Lines, can_focus=True):
    """One account; the arrows move from card to card."""

    def __init__(self, card: Card, clock: Callable[[], float]) -> None:
        super().__init__()
        self.card = card
        self._clock = clock

    @property
    def key(self) -> tuple[str, str]:
        """Whose card it is."""
        return self.card.service, self.card.account

    def lines(self, width: int, height: int) -> list[Line]:
        """The card in its present size."""
        rows = height or self.size.height
        drawn = cards.lines(self.card, width, rows, self._clock(), focused=self.has_focus)
        return drawn + [[]] * (rows - len(drawn))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """The stylesheet says how high cards are; a card uses what it gets."""
        return 1

    def show(self, card: Card) -> None:
        """Show an account, which may be another one than before."""
        self.card = card
        self.redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The frame shows where the keys go."""
        super().watch_has_focus(_has_focus)
        self.redraw()


class Overview(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Totals, a card for each account, and what drove today's cost."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("overview")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="overview")
        self._feed = feed
        self._clock = clock

    def compose(self) -> ComposeResult:
        """The cards come with the first snapshot."""
        yield Lines(lambda width, height: totals.lines(self.snapshot, width, height), id="totals")
        yield Grid(id="cards")
        yield Lines(
            lambda width, height: drivers.lines(self.snapshot, width, height, zone_of(self.snapshot)),
            id="drivers",
        )

    def on_mount(self) -> None:
        """Show what is known already."""
        self.watch_snapshot()

    def watch_snapshot(self) -> None:
        """Show a new snapshot, repainting only what differs from the last one."""
        if not self.is_mounted:
            return
        self._show_cards(cards.ordered(self.snapshot.cards, self._clock()) if self.snapshot else [])
        for lines in self.query(Lines):
            lines.redraw()

    def tick(self) -> None:
        """Show ages and countdowns anew, which change without a snapshot."""
        self.watch_snapshot()

    def _show_cards(self, wanted: list[Card]) -> None:
        """Fill the cards there are in order, add and remove at the end; the focus stays with its account."""
        grid = self.query_one("#cards", Grid)
        present = list(grid.query_children(AccountCard))
        focused = next((card.key for card in present if card.has_focus), None)
        for widget, card in zip(present, wanted, strict=False):
            widget.card = card
        added = [AccountCard(card, self._clock) for card in wanted[len(present) :]]
        if added:
            grid.mount(*added)
        for widget in present[len(wanted) :]:
            widget.remove()
        if len(present) != len(wanted):
            for name, applies in (
                ("-one", len(wanted) == 1),
                ("-two", len(wanted) == 2),
                ("-few", len(wanted) <= 3),
                ("-four", len(wanted) == 4),
                ("-many", len(wanted) >= MANY),
            ):
                grid.set_class(applies, name)
        for widget in present:
            if focused and widget.key == focused and not widget.has_focus:
                widget.focus()

    def action_move(self, columns: int, rows: int) -> None:
        """Move the focus to a neighbouring card; without any card, scroll."""
        grid = self.query_one("#cards", Grid)
        present = list(grid.query_children(AccountCard))
        if not present:
            self.scroll_relative(y=rows, animate=False)
            return
        at = next((number for number, card in enumerate(present) if card.has_focus), None)
        if at is None:
            present[0].focus()
            return
        across = sum(card.region.y == present[0].region.y for card in present)
        to = at + columns + rows * across
        if 0 <= to < len(present):
            present[to].focus()
        elif rows:
            self.scroll_relative(y=4 * rows, animate=False)


def zone_of(snapshot: Snapshot | None) -> tzinfo | None:
    """Return the zone a snapshot's days begin in; None, for the system's, when its name says nothing."""
    if snapshot is None:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(snapshot.zone)
    except (OSError, ValueError, KeyError):  # an unknown name is a KeyError
        return None
