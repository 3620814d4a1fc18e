"""The first pane: the answer in one glance."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Grid, VerticalScroll
from textual.events import DescendantFocus
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tokentui import config, text
from tokentui.ui import cards, totals
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.drivers_panel import DriversPanel
from tokentui.ui.widgets import Lines
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store.snapshot import Card, Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.app import TokenTUI
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
        zone = zone_of(cast("TokenTUI", self.app).snapshot)
        drawn = cards.lines(self.card, width, rows, self._clock(), zone, focused=self.has_focus)
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
    """Totals, a card for each account, what drove the cost of some days, and in the room below the days."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("overview")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="overview")
        self._feed = feed
        self._clock = clock
        self._held: Widget | None = None
        """What had the keys last; it has them again when the pane comes back."""

    def compose(self) -> ComposeResult:
        """The cards come with the first snapshot."""
        yield Lines(self._totals, id="totals")
        yield Grid(id="cards")
        yield DriversPanel(self._feed)

    def _totals(self, width: int, height: int) -> list[Line]:
        return totals.lines(self.snapshot, width, height, cast("TokenTUI", self.app).settings.monthly_budget)

    def _show_days(self) -> None:
        """Use the room below, after the first paint, which would take 8 ms more."""
        if self.is_attached and not self.query("#days"):
            self.mount(Lines(self._days, id="days"))

    def _days(self, width: int, height: int) -> list[Line]:
        if self.snapshot is not None:
            from tokentui.ui import days

            return days.lines(self.snapshot, width, height)
        if cast("TokenTUI", self.app).failure:
            return []  # the line above says it
        doing = self._feed.doing() or "reading what is stored"
        return [[(f" {row}", "text")] for row in wrap(text.clean(f"{doing} …", 300), width - 2)]

    def on_mount(self) -> None:
        """Show what is known already."""
        self.call_after_refresh(self._show_days)
        self.watch_snapshot()

    def watch_snapshot(self) -> None:
        """Show a new snapshot, repainting only what differs from the last one."""
        if not self.children:  # not `is_mounted`, which is false until `on_mount` has ended
            return
        self.panel.take(self.snapshot)
        self.tick()
        self.call_after_refresh(self._look_at_pinned)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Remember what has the keys."""
        self._held = event.widget

    def on_focus(self) -> None:
        """Give the keys back to what had them."""
        if self._held is not None and self._held.is_attached:
            self._held.focus(scroll_visible=False)

    def on_show(self) -> None:
        """A view may have been pinned meanwhile."""
        self.call_after_refresh(self._look_at_pinned)

    def _look_at_pinned(self) -> None:
        """Show the pinned views; they are imported once there are views, as the first paint must not wait."""
        if self.snapshot is None or not self.display:
            return
        shown = self.query("#pinned")
        if not shown and not (config.paths(os.environ).config_dir / "views.json").exists():
            return
        from tokentui.ui.pinned import Pinned

        if not shown:
            self.mount(Pinned(self._feed, lambda: self.snapshot), after="#drivers")
        self.query_one(Pinned).look()

    def tick(self) -> None:
        """Show ages and countdowns anew, which change without a snapshot."""
        self._show_cards(cards.ordered(self.snapshot.cards, self._clock()) if self.snapshot else [])
        for lines in self.query(Lines):
            lines.redraw()

    @property
    def panel(self) -> DriversPanel:
        """What drove the cost."""
        return self.query_one("#drivers", DriversPanel)

    @property
    def card(self) -> Card | None:
        """The card that the keys act on."""
        return next((each.card for each in self.query(AccountCard) if each.has_focus), None)

    def explained(self) -> tuple[str, UsageQuery] | None:
        """Return what is behind the line or the card in focus, else behind all, on the days of the panel."""
        from tokentui.ui.selections import of_account, on_days

        span, snapshot = self.panel.span, self.snapshot
        if snapshot is None or span is None:
            return None
        if self.panel.has_focus:
            found = self.panel.condition()
            if found is None:
                return None
            title, where = found
            return title, on_days(snapshot, span, where)
        card = self.card
        if card is None:
            return "All accounts", on_days(snapshot, span)
        return cards.name(card), on_days(snapshot, span, *of_account(card))

    def action_days(self, days: str) -> None:
        """Show what drove today, this week or this month."""
        self.panel.show(days)

    def action_step(self, by: int) -> None:
        """Show what drove the day, week or month before or after."""
        self.panel.step(by)

    def action_open(self) -> None:
        """Open the account's page; explain a line of what drove the cost."""
        card = self.card
        program = cast("TokenTUI", self.app)
        if self.panel.has_focus:
            program.action_explain()
        elif card is None:
            program.say("the arrows go to an account, enter opens it")
        else:
            from tokentui.ui.account import AccountPage

            self.app.push_screen(AccountPage((card.service, card.account), self._feed, self._clock))

    def action_open_dashboard(self) -> None:
        """Copy the address of the page where the provider shows the account's usage."""
        from tokentui.ui.selections import copy_dashboard

        copy_dashboard(cast("TokenTUI", self.app), self.card)

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
                ("-three", len(wanted) == 3),
                ("-few", len(wanted) <= 3),
                ("-four", len(wanted) == 4),
                ("-five", len(wanted) == 5),
                ("-six", len(wanted) == 6),
                ("-dozen", MANY <= len(wanted) <= 12),
                ("-many", len(wanted) >= MANY),
            ):
                grid.set_class(applies, name)
        for widget in present:
            if focused and widget.key == focused and not widget.has_focus:
                widget.focus()

    def action_move(self, columns: int, rows: int) -> None:
        """Move the focus to a neighbouring card, or from the last ones to what drove the cost."""
        if self.panel.has_focus:
            if not self.panel.move(columns, rows) and rows < 0:
                self._leave_panel()
            return
        present = list(self.query_one("#cards", Grid).query_children(AccountCard))
        at = next((number for number, card in enumerate(present) if card.has_focus), None)
        if at is None:
            (present[0].focus if present else self.panel.enter)()
            return
        across = sum(card.region.y == present[0].region.y for card in present)
        to = at + columns + rows * across
        if 0 <= to < len(present):
            present[to].focus()
        elif rows > 0 and at // across < (len(present) - 1) // across:
            present[-1].focus()
        elif rows > 0 or columns > 0:
            self.panel.enter()
        elif rows:
            self.scroll_home(animate=False)

    def _leave_panel(self) -> None:
        present = list(self.query_one("#cards", Grid).query_children(AccountCard))
        if present:
            present[-1].focus()
        else:
            self.scroll_home(animate=False)
