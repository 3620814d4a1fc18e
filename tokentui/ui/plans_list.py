"""The window of all plans: what is paid each month, entered, changed and removed here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.engine import plans as entered
from tokentui.ui import plans
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.choosing import Confirm
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, cut, fit, spread, wrap
from tokentui.ui.plan_form import EnterPlan
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.accounts import Accounts
    from tokentui.store.subscriptions import Subscription
    from tokentui.ui.app import TokenTUI

_NOTHING = (
    "No plan is entered. A plan is paid for each month, however much it is used; its account then counts with"
    " that price in what is to pay, and not with what its use would cost at API prices."
)


class Plans(Window[None], inherit_bindings=False):
    """A list of plans, the marked one in words below it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("plans")

    def __init__(
        self, accounts: Accounts, today: date, changed: Callable[[], object], account: str = ""
    ) -> None:
        """`changed` is called after each change; `account` (service/name) is what a new plan begins with."""
        super().__init__()
        self._accounts, self._today, self._told, self._account = accounts, today, changed, account
        self._plans: tuple[Subscription, ...] | None = None
        self._payers: list[str] = []
        self._marked = 0
        self._said, self._style = "", "ok"
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, classes="window")

    def on_mount(self) -> None:
        """Read them."""
        self._read()

    @property
    def _here(self) -> Subscription | None:
        every = self._plans or ()
        return every[min(self._marked, len(every) - 1)] if every else None

    def _read(self) -> None:
        accounts = self._accounts
        aside(self, "read", lambda: (entered.plans(accounts), entered.payers(accounts)))

    def on_outcome(self, message: Outcome) -> None:
        """Show what was read, or what a removal came to."""
        if message.problem is not None:
            self._said, self._style = str(message.problem), "crit"
        elif message.topic == "read":
            self._plans, self._payers = message.answer
            if self._account:  # the first look is for the account it was opened on
                keys = [plans.key_of(each) for each in self._plans]
                self._marked = keys.index(self._account) if self._account in keys else 0
            self._marked = max(0, min(self._marked, len(self._plans) - 1))
        else:
            self._done(f"removed: {self._words(message.answer)}")
        self._list.redraw()

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous one."""
        if self._plans:
            self._marked = (self._marked + step) % len(self._plans)
            self._said = ""
            self._list.redraw()

    def action_add(self) -> None:
        """Enter another one."""
        if self._plans is not None:
            window = EnterPlan(self._accounts, self._payers, self._today, account=self._account)
            self.app.push_screen(window, self._done)

    def action_edit(self) -> None:
        """Change the marked one; without any, enter the first."""
        if self._here is None:
            self.action_add()
        else:
            window = EnterPlan(self._accounts, self._payers, self._today, self._here)
            self.app.push_screen(window, self._done)

    def action_delete(self) -> None:
        """Say what would go, then ask."""
        plan = self._here
        if plan is None:
            return
        count = len(plan.charges(date.min, self._today))
        due = "nothing was due yet" if not count else f"{count} charge{'s' if count > 1 else ''} till today"
        question = (
            f"Remove {self._words(plan)}, as if it had never been paid for ({due})?"
            " Where it has only ended: n, then enter and its last day."
        )
        remove = partial(entered.unsubscribe, self._accounts, plan.number)
        self.app.push_screen(Confirm(question), lambda yes: aside(self, "remove", remove) if yes else None)

    def _done(self, said: str | None) -> None:
        """Show what has changed."""
        if said:
            self._said, self._style, self._account = said, "ok", ""
            self._told()
            self._read()
        self._list.redraw()

    def _words(self, plan: Subscription) -> str:
        name = f" {text.clean(plan.name, 40)}" if plan.name else ""
        return f"{plans.owner_of(cast('TokenTUI', self.app), plan)}{name}, {plans.words(plan)}"

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [[(" Plans", "strong"), ("  paid for each month", "muted")]]
        if self._plans is None:
            if self._said:
                return drawn + [[(f" {line}", self._style)] for line in wrap(self._said, width - 2)]
            return [*drawn, [(" reading …", "muted")]]
        plan = self._here
        keys = f"a adds one · {'enter changes it · d removes it · ' if plan else ''}esc closes"
        below: list[tuple[str, str]] = [(self._said, self._style)] if self._said else []
        below += [(self._words(plan), "text")] if plan else [(_NOTHING, "text")]
        below.append((keys, "muted"))
        foot: list[Line] = [
            [(f" {line}", style)] for words, style in below for line in wrap(words, width - 2)
        ]
        room = max(int(self.app.size.height * 0.9) - 4 - len(foot), 2)
        first = max(0, min(self._marked - room // 2, len(self._plans) - room))
        for number, each in list(enumerate(self._plans))[first : first + room]:
            drawn.append(self._row(each, width, here=number == self._marked))
        return [*drawn, [("─" * width, "frame")], *foot]

    def _row(self, plan: Subscription, width: int, *, here: bool) -> Line:
        ended = plan.last_day is not None and plan.last_day < self._today
        style = "cursor" if here else "muted" if ended else "text"
        who = plans.owner_of(cast("TokenTUI", self.app), plan)
        name = f" {text.clean(plan.name, 20)}" if plan.name else ""
        price = plans.amount(plan.price, plan.currency)
        until = str(plan.last_day) if plan.last_day else ""
        days = f"{plan.first_day} – {fit(until, 10)}" if width >= 70 else ("ended" if ended else "")
        row = spread([(f" {'▸' if here else ' '} {who}{name}", style)], [(f"{price}  {days} ", style)], width)
        return [(fit("".join(words for words, _ in row), width), style)] if here else cut(row, width)
