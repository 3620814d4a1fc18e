"""An account's page: its history, its limits and what drove its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from tokentui import text
from tokentui.ui import account_lines, cards, plans, selections
from tokentui.ui.account_lines import Facts
from tokentui.ui.bars import Footer
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line
from tokentui.ui.drivers_panel import Account, DriversPanel
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.store.snapshot import Card, Snapshot
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed


@dataclass
class Found(Message):
    """An account's history is known, or the reason why it is not."""

    facts: Facts | str


class AccountPage(Window[None], inherit_bindings=False):
    """Everything of one account, over the whole screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("account")

    def __init__(self, account: Account, feed: Feed, clock: Callable[[], float]) -> None:
        """`account` is a service and one of its accounts; `clock` returns the time in UTC seconds."""
        super().__init__(id="account")
        self._account = account
        self._feed = feed
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._facts: Facts | None = None
        self._reason = ""

    @property
    def program(self) -> TokenTUI:
        """The program, typed."""
        return cast("TokenTUI", self.app)

    @property
    def panel(self) -> DriversPanel:
        """What drove the account's cost."""
        return self.query_one("#drivers", DriversPanel)

    @property
    def card(self) -> Card | None:
        """What the newest snapshot says of the account."""
        every = self._snapshot.cards if self._snapshot else ()
        return next((card for card in every if (card.service, card.account) == self._account), None)

    def compose(self) -> ComposeResult:
        """Frames that scroll, and the keys."""
        with VerticalScroll(id="account-room", can_focus=False):
            yield Lines(self._head)
            yield Lines(self._books)
            yield Lines(self._history)
            yield DriversPanel(self._feed, account=self._account, days="month")
        yield Footer("account")

    def on_mount(self) -> None:
        """Follow the snapshots."""
        self.watch(self.app, "snapshot", self._take)

    def on_found(self, told: Found) -> None:
        """Show the history."""
        if isinstance(told.facts, str):
            self._reason = told.facts
        else:
            self._facts, self._reason = told.facts, ""
        self._redraw()

    def action_days(self, days: str) -> None:
        """Show what drove today, this week or this month."""
        if not self._logs:
            self.program.say("no log on this machine knows this account: x shows what its provider says")
        self.panel.show(days)

    def action_step(self, by: int) -> None:
        """Show what drove the day, week or month before or after."""
        self.panel.step(by)

    def action_move(self, columns: int, rows: int) -> None:
        """Move through what drove the cost; above its first line the keys act on the account."""
        if not self.panel.display:
            self.action_scroll(3 * rows)
        elif not self.panel.has_focus:
            if rows > 0 or columns > 0:
                self.panel.enter()
            else:
                self.action_scroll(-3)
        elif not self.panel.move(columns, rows) and rows < 0:
            self.set_focus(None)
            self.query_one("#account-room").scroll_home(animate=False)

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.query_one("#account-room").scroll_relative(y=rows, animate=False)

    def action_open_dashboard(self) -> None:
        """Copy the address of the page where the provider shows the account's usage."""
        selections.copy_dashboard(self.program, self.card)

    def action_plans(self) -> None:
        """Show what is paid for each month; a new plan is one of this account."""
        self.program.action_plans("/".join(filter(None, self._account)))

    def action_explain(self) -> None:
        """Explain the line in focus, or the account."""
        card, snapshot, span = self.card, self._snapshot, self.panel.span
        if card is None or snapshot is None or span is None:
            return
        where = selections.of_account(card)
        if not self.panel.has_focus:
            self.program.explain(cards.name(card), selections.on_days(snapshot, span, *where))
        elif (found := self.panel.condition()) is None:
            self.program.say("this line stands for several: Explore lists each of them")
        else:
            title, more = found
            query = selections.on_days(snapshot, span, *where, more)
            self.program.explain(f"{cards.name(card)} · {title}", query)

    def _take(self, snapshot: Snapshot | None) -> None:
        """Show a new snapshot, and ask for the history that goes with it."""
        self._snapshot = snapshot
        card = self.card
        self.panel.display = self._panel_shown
        self.panel.take(snapshot)
        if snapshot is not None and card is not None:
            question = partial(
                account_lines.facts, service=card.service, account=card.account,
                where=selections.of_account(card), today=snapshot.today, zone=snapshot.zone,
                now=None if card.billing is None else self._clock(),
                limits_at=self._clock() if card.limits else None,
            )  # fmt: skip
            self._feed.ask("account", question, self._tell, lambda reason: self._tell(text.clean(reason)))
        self._redraw()

    def _tell(self, facts: Facts | str) -> None:
        """Have an answer shown; called in the thread that found it."""
        self.post_message(Found(facts))

    def _redraw(self) -> None:
        self.panel.display = self._panel_shown
        for lines in self.query(Lines):
            lines.redraw()

    def _head(self, width: int, _height: int) -> list[Line]:
        card = self.card
        if card is None:
            return [[("this account is not there any more", "muted")]]
        past = self._facts.limits if self._facts else None
        known = self._facts.insights if self._facts else None
        due = plans.due_of(card, self._snapshot) if self._snapshot else []
        return account_lines.head(card, past, width, self._clock(), zone_of(self._snapshot), known, due)

    def _books(self, width: int, _height: int) -> list[Line]:
        """Return what the provider says, of an account that has one."""
        if self.card is None or self.card.billing is None:
            return []
        if self._facts is None:
            return [[(self._reason or "reading …", "crit" if self._reason else "muted")]]
        if self._facts.told is None:
            return []
        from tokentui.ui import account_books  # imported by the question, in the other thread

        return account_books.books(self._facts.told, width, self._clock())

    def _history(self, width: int, _height: int) -> list[Line]:
        card = self.card
        if card is None or not self._logs or (card.billing is not None and self._facts is None):
            return []
        return account_lines.history(self._facts, self._reason, card.quality, width)

    @property
    def _panel_shown(self) -> bool:
        """Whether what drove the cost is shown; not before it is known how far down it stands."""
        card = self.card
        waiting = card is not None and card.billing is not None and not self._facts and not self._reason
        return self._logs and not waiting

    @property
    def _logs(self) -> bool:
        """Whether logs on this machine know the account."""
        card = self.card
        return card is None or card.billing is None or card.last_used_at is not None
