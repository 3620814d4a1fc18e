"""The fourth pane: every window of every account, its pace, and what it was used for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive

from tokentui import text
from tokentui.engine import own_limits
from tokentui.engine.limit_insights import HISTORY_DAYS, Insights, insights
from tokentui.moments import moment
from tokentui.store.usage_table import Where
from tokentui.ui import card_billing, cards, limits_lines
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, spread, wrap
from tokentui.ui.limits_lines import Item
from tokentui.ui.selections import of_account, on_days
from tokentui.ui.widgets import Lines
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from textual.events import Click

    from tokentui.store.snapshot import Card, Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

ASK_SECONDS = 60.0
"""How often what no snapshot says is asked for while the pane is shown."""

OWN_LIMITS = ("monthly_limit", "session_limit", "token_limit")
"""What one sets oneself: it shows, and stops nothing."""


@dataclass
class Found(Message):
    """What no snapshot says is known, or the reason why it is not."""

    found: Insights | str


class LimitsPane(Lines, can_focus=True, inherit_bindings=False):
    """A list of limits by account, the most urgent account first."""

    DEFAULT_CSS = "LimitsPane { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings("limits")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="limits")
        self._feed, self._clock = feed, clock
        self._found: Insights | None = None
        self._wrong = ""
        self._marked: tuple[str, ...] = ()
        self._top = 0
        self._asked_at = 0.0

    @property
    def program(self) -> TokenTUI:
        """The program, typed."""
        return cast("TokenTUI", self.app)

    @property
    def items(self) -> list[Item]:
        """Everything that can be marked, in the order it is shown."""
        every = cards.ordered(self.snapshot.cards, self._clock()) if self.snapshot else []
        known = self._found or {}
        return [
            item
            for card in every
            for item in limits_lines.items(card, known.get((card.service, card.account)))
        ]

    @property
    def marked(self) -> Item | None:
        """What the keys act on."""
        items = self.items
        return next((item for item in items if item.key == self._marked), items[0] if items else None)

    # ------------------------------------------------------------------ what is known

    def on_show(self) -> None:
        """Ask when the pane is opened."""
        self.look_anew()

    def look_anew(self) -> None:
        """Ask for what no snapshot says, unless nobody sees it."""
        if self.snapshot is None or not self.display:
            return
        self._asked_at = self._clock()
        accounts = [(card.service, card.account) for card in self.snapshot.cards]
        question = partial(insights, now=round(self._clock() * 1e6), accounts=accounts)
        self._feed.ask("limits", question, self._tell, lambda reason: self._tell(text.clean(reason)))

    def _tell(self, found: Insights | str) -> None:
        """Have an answer shown; called in the thread that found it."""
        self.post_message(Found(found))

    def on_found(self, told: Found) -> None:
        """Show it."""
        if isinstance(told.found, str):
            self._wrong = told.found
        else:
            self._found, self._wrong = told.found, ""
        self.redraw()
        from tokentui.ui.limits_history import LimitHistoryPage

        if isinstance(self.app.screen, LimitHistoryPage):
            self.app.screen.look()

    def watch_snapshot(self) -> None:
        """Show newer readings; what else follows from them is asked for now and then."""
        if self.is_mounted:
            if self._clock() - self._asked_at >= ASK_SECONDS or self._found is None:
                self.look_anew()
            self.redraw()

    def tick(self) -> None:
        """Ages and countdowns have changed."""
        self.redraw()

    # ------------------------------------------------------------------ keys

    def action_mark(self, step: int) -> None:
        """Mark another limit."""
        items = self.items
        if items:
            at = next((number for number, item in enumerate(items) if item.key == self._marked), 0)
            self._marked = items[max(0, min(at + step, len(items) - 1))].key
            self.redraw()

    def on_click(self, event: Click) -> None:
        """Mark the limit that was clicked, where the mouse is used."""
        _, owners = self._laid(self.size.width)
        at = self._top + event.y
        if at < len(owners) and (key := owners[at]) is not None:
            self._marked = key
            self.redraw()

    def jump_targets(self) -> Iterable[tuple[int, int, Callable[[], object]]]:
        """The limits on the screen."""
        _, owners = self._laid(self.size.width)
        before: tuple[str, ...] | None = None
        for row, key in enumerate(owners[self._top : self._top + self.size.height]):
            if key is not None and key != before:
                yield self.region.x + 1, self.region.y + row, partial(self._mark_key, key)
            before = key

    def _mark_key(self, key: tuple[str, ...]) -> None:
        self._marked = key
        self.redraw()

    def action_history(self) -> None:
        """Show the past windows of the marked limit, and what took its points."""
        from tokentui.ui.limits_history import LimitHistoryPage

        item = self._of_marked()
        if item is not None and item.limit is None:
            self.program.say("this is no window: x explains what was used")
        elif item is not None:
            key = item.key
            known = lambda: next((each for each in self.items if each.key == key), None)  # noqa: E731
            self.app.push_screen(LimitHistoryPage(known, self._clock, zone_of(self.snapshot)))

    def action_edit(self) -> None:
        """Change the limits of one's own that the marked account has."""
        item = self._of_marked()
        if item is None:
            return
        accounts, card = self._feed.accounts(), item.card
        key = "/".join(filter(None, (card.service, self.program.veil.real(card.account))))
        aside(self, "edit", lambda: (accounts, own_limits.view(accounts, key)))

    def on_outcome(self, message: Outcome) -> None:
        """Show the account's own limits, which were read in another thread."""
        from tokentui.ui.accounts_form import EditAccount

        if message.problem is not None:
            self.program.say(str(message.problem))
            return
        accounts, view = message.answer
        change = partial(own_limits.change, accounts)
        self.app.push_screen(EditAccount(accounts, view, OWN_LIMITS, change), self._edited)

    def _edited(self, _: None) -> None:
        """Show what was changed."""
        self._feed.refresh()
        self.look_anew()

    def _of_marked(self) -> Item | None:
        item = self.marked
        if item is None:
            self.program.say("no limit is known yet")
        return item

    def explained(self) -> tuple[str, UsageQuery] | None:
        """Return the requests here on the days that the marked window lies on."""
        item, snapshot = self.marked, self.snapshot
        if item is None or snapshot is None:
            return None
        title = f"{cards.name(item.card)} · {item.name}"
        first = snapshot.today.replace(day=1)
        if item.kind == "session" and item.session:
            first = snapshot.today - timedelta(days=HISTORY_DAYS)
            session = Where("session", "eq", (item.session,))
            return title, on_days(snapshot, (first, snapshot.today), *of_account(item.card), session)
        limit = item.limit
        if limit is not None and limit.window_minutes:
            ends = limit.resets_at or limit.observed_at
            start = moment(ends - limit.window_minutes * 60_000_000).astimezone(zone_of(snapshot)).date()
            first = min(start, snapshot.today)
        return title, on_days(snapshot, (first, snapshot.today), *of_account(item.card))

    # ------------------------------------------------------------------ drawing

    def lines(self, width: int, height: int) -> list[Line]:
        """The limits around the marked one."""
        drawn, owners = self._laid(width)
        height = height or len(drawn)
        marked = self.marked
        rows = [row for row, key in enumerate(owners) if marked and key == marked.key]
        if rows:
            above = rows[0] - 1 if rows[0] <= 2 or owners[rows[0] - 1] is None else rows[0]
            self._top = max(0, min(self._top, above), rows[-1] - height + 1)
        self._top = max(0, min(self._top, len(drawn) - height))
        return drawn[self._top : self._top + height]

    def _laid(self, width: int) -> tuple[list[Line], list[tuple[str, ...] | None]]:
        """Return all lines, and for each the limit it belongs to."""
        drawn: list[Line] = []
        owners: list[tuple[str, ...] | None] = []
        if self._wrong:
            drawn += [
                [(f" {line}", "crit")]
                for line in wrap(f"the history cannot be read: {self._wrong}", width - 2)
            ]
        items, marked = self.items, self.marked
        if all(item.kind == "none" for item in items):
            drawn += limits_lines.nothing(width) if self.snapshot else [[(" reading …", "muted")]]
        owners = [None] * len(drawn)
        now, zone = self._clock(), zone_of(self.snapshot)
        last: Card | None = None
        for item in items:
            if last is None or (item.card.service, item.card.account) != (last.service, last.account):
                head = [*([[]] if drawn else []), self._head(item.card, width, now)]
                drawn, owners = drawn + head, owners + [None] * len(head)
                last = item.card
            here = marked is not None and item.key == marked.key
            for line in limits_lines.lines(item, width, now, zone):
                drawn.append(limits_lines.pointed(line, width) if here else line)
                owners.append(item.key)
        if items and self._lacks_status_line():
            hint = limits_lines.without_status_line(width)
            drawn, owners = drawn + hint, owners + [None] * len(hint)
        return drawn, owners

    def _lacks_status_line(self) -> bool:
        """Return whether Claude Code is used, and no window of it is known."""
        every = self.snapshot.cards if self.snapshot else ()
        return any(card.service == "claude-code" and not card.limits for card in every)

    def _head(self, card: Card, width: int, now: float) -> Line:
        state = card_billing.state(card, now)
        plan = text.clean(card.plan, 20)
        title: Line = [(f" {cards.name(card)}", "strong"), (f"  {plan}" if plan else "", "muted")]
        return spread(title, [(state, state.lower()), (" ", "")] if state else [], width)
