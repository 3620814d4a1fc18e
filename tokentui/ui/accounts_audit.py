"""The window of who changed which account, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType
from textual.containers import VerticalScroll

from tokentui import text
from tokentui.engine.account_words import change_words
from tokentui.ui.aside import Outcome, aside
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.accounts import Accounts
    from tokentui.store.accounts import AuditEntry
    from tokentui.ui.accounts_list import Moment
    from tokentui.ui.app import TokenTUI


class AuditLog(Window[None], inherit_bindings=False):
    """Every change, newest first; never a key, of which only the place is known here."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("log")

    def __init__(self, accounts: Accounts, at: Moment) -> None:
        """`at` says what the clock shows."""
        super().__init__()
        self._accounts, self._at = accounts, at
        self._entries: list[AuditEntry] | None = None
        self._wrong = ""
        self._list = Lines(self._lines)

    def compose(self) -> ComposeResult:
        """One widget of lines."""
        yield VerticalScroll(self._list, classes="window", can_focus=False)

    def on_mount(self) -> None:
        """Read it."""
        accounts = self._accounts
        aside(self, "audit", accounts.audit_log)

    def on_outcome(self, message: Outcome) -> None:
        """Show it."""
        self._entries = cast("Any", message.answer) or []
        self._wrong = str(message.problem or "")
        self._list.redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [[(" Who changed what", "strong")]]
        if self._wrong:
            return drawn + [[(f" {line}", "crit")] for line in wrap(self._wrong, width - 2)]
        if self._entries is None:
            return [*drawn, [(" reading …", "muted")]]
        if not self._entries:
            return [*drawn, [(" nothing was changed yet", "muted")]]
        for entry in self._entries:
            drawn += self._entry(entry, width)
        return drawn

    def _entry(self, entry: AuditEntry, width: int) -> list[Line]:
        program = cast("TokenTUI", self.app)
        subject, actor = entry.subject, entry.actor
        if program.veiled:
            subject = program.veil.name("account", subject) if "/" in subject else subject
            actor = program.veil.name("user", actor)
        head: Line = [
            (f" {self._at.clock(entry.at)}", "muted"),
            (f" {text.clean(entry.action, 20)} ", "strong"),
            (text.clean(subject, 60), "text"),
            (f" by {text.clean(actor, 40)}", "muted"),
        ]
        changed = "" if program.veiled else text.clean(text.tilde(change_words(entry)), 400)
        more = wrap(changed, width - 4) if changed else []
        return [head, *([(f"   {line}", "muted")] for line in more)]
