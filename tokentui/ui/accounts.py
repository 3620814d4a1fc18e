"""The sixth pane: the accounts at providers, keys that were found, tools that need no account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType
from textual.reactive import reactive

from tokentui.engine import account_words as words
from tokentui.engine.accounts import AccountView, FoundKey
from tokentui.ui import accounts_list as listing
from tokentui.ui.accounts_lines import about
from tokentui.ui.accounts_probe import decide, propose
from tokentui.ui.aside import Outcome, Problem, aside
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.zones import zone_of

if TYPE_CHECKING:
    from textual.events import Click

    from tokentui.billing import KeyReport
    from tokentui.engine.accounts import Accounts
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.accounts_list import Row
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

LOOK_SECONDS = 2.0
"""How often the accounts are read while the pane is shown: 3 ms of another thread."""

_TOP = 2
"""Lines above the list."""

class AccountsPane(Lines, can_focus=True, inherit_bindings=False):
    """A list of accounts, and below it everything about the marked one."""

    DEFAULT_CSS = "AccountsPane { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings("accounts")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="accounts")
        self._feed, self._clock = feed, clock
        self._accounts: Accounts | None = None
        self._views: list[AccountView] | None = None
        self._offers: list[FoundKey] = []
        self._marked = self._top = 0
        self._wrong = ""
        """Why the accounts could not be read."""
        self._looking = False
        self._tested: dict[str, KeyReport | Problem | None] = {}
        """What the last test of an account found; None while it goes on."""

    @property
    def program(self) -> TokenTUI:
        """The program, typed."""
        return cast("TokenTUI", self.app)

    @property
    def accounts(self) -> Accounts:
        """The use cases."""
        self._accounts = self._accounts or self._feed.accounts()
        return self._accounts

    @property
    def rows(self) -> list[Row]:
        """All lines that can be marked."""
        tools: list[Row] = [tool for tool in self._feed.found() if tool.files]
        return [*(self._views or ()), *self._offers, *tools]

    @property
    def marked(self) -> Row | None:
        """What the keys act on."""
        rows = self.rows
        return rows[min(self._marked, len(rows) - 1)] if rows else None

    def mark(self, key: str) -> None:
        """Mark an account."""
        for number, view in enumerate(self._views or ()):
            if view.account.key == key:
                self._marked = number

    # ------------------------------------------------------------------ what is known

    def on_mount(self) -> None:
        """Look now and then, for what the collector has found out."""
        self.set_interval(LOOK_SECONDS, self.look)

    def on_show(self) -> None:
        """Look when the pane is opened."""
        self.look()

    def look(self) -> None:
        """Read the accounts anew, unless nobody sees it."""
        if self.display and not self._looking:
            self._looking = True
            accounts = self.accounts
            aside(self, "accounts", lambda: (accounts.listed(), accounts.offered()))

    look_anew = look

    def tick(self) -> None:
        """Ages have changed."""
        self.redraw()

    def watch_snapshot(self) -> None:
        """Something was written."""
        if self.is_mounted:
            self.look()

    async def on_outcome(self, message: Outcome) -> None:
        """Take what came of work in another thread."""
        topic, _, key = message.topic.partition(" ")
        await getattr(self, f"_after_{topic}")(key, message.answer, message.problem)
        self.redraw()

    async def _after_accounts(self, _key: str, answer: Any, problem: Problem | None) -> None:
        self._looking = False
        self._wrong = str(problem) if problem else ""
        if problem is None:
            marked = self.marked
            self._views, self._offers = answer
            if isinstance(marked, AccountView):
                self.mark(marked.account.key)
            self._marked = max(0, min(self._marked, len(self.rows) - 1))

    async def _after_change(self, said: str, answer: Any, problem: Problem | None) -> None:
        self.program.say(str(problem) if problem else said + (answer if isinstance(answer, str) else ""))
        self._looking = False
        self.look()

    async def _after_test(self, key: str, answer: Any, problem: Problem | None) -> None:
        self._tested[key] = problem or answer

    async def _after_proposal(self, key: str, answer: Any, problem: Problem | None) -> None:
        decide(self, key, answer, problem)

    async def _after_removal(self, key: str, answer: Any, problem: Problem | None) -> None:
        from tokentui.ui.choosing import Confirm

        view = next((each for each in self._views or () if each.account.key == key), None)
        if problem or view is None:
            self.program.say(str(problem or "it is gone already"))
            return
        said = words.removal_words(view, answer)
        if self.program.veiled:
            said = said.replace(key, self._look.name(view))
        question = f"Remove {said}?"
        self.app.push_screen(Confirm(question), lambda yes: self._remove(key) if yes else None)

    def _remove(self, key: str) -> None:
        self._do(f"removed {key}", lambda: (left := self.accounts.remove(key)) and f"; {left}")

    def _do(self, said: str, work: Callable[[], object]) -> None:
        """Change something in another thread; say so when it is done."""
        aside(self, f"change {said}", work)

    # ------------------------------------------------------------------ keys

    def action_mark(self, step: int) -> None:
        """Mark another line."""
        self._marked = max(0, min(self._marked + step, len(self.rows) - 1))
        self.redraw()

    def on_click(self, event: Click) -> None:
        """Mark the line that was clicked, where the mouse is used."""
        if _TOP <= event.y < _TOP + self._room(self.size.height):
            self.action_mark(self._top + event.y - _TOP - self._marked)

    def jump_targets(self) -> Iterable[tuple[int, int, Callable[[], object]]]:
        """The lines on the screen."""
        for line in range(min(self._room(self.size.height), len(self.rows) - self._top)):
            to = self._top + line
            where = self.region.x + 1, self.region.y + _TOP + line
            yield *where, lambda to=to: self.action_mark(to - self._marked)  # type: ignore[misc]

    def action_edit(self) -> None:
        """Change the marked account, or add one with the key that was found."""
        marked = self.marked
        if isinstance(marked, FoundKey):
            self.program.action_add_account(marked.provider.name, marked.reference)
        elif (view := self._account()) is not None:
            from tokentui.ui.accounts_form import EditAccount

            self.app.push_screen(EditAccount(self.accounts, view), lambda _: self.look())

    def action_test(self) -> None:
        """Ask the provider what the key may do."""
        if (view := self._account()) is not None:
            account, accounts = view.account, self.accounts
            self.ask_provider(account.key, lambda: accounts.test(account))

    def ask_provider(self, key: str, question: Callable[[], object]) -> None:
        """Ask something of an account's provider and show the answer, unless it is being asked already."""
        if self._tested.get(key, "") is not None:
            self._tested[key] = None
            aside(self, f"test {key}", question)
            self.redraw()

    def action_probe(self) -> None:
        """Look up what a paid request for the live rate limits costs, then ask."""
        if (view := self._account()) is not None:
            propose(self, view.account.key)

    def action_pause(self) -> None:
        """Stop asking for the marked account, or go on."""
        if (view := self._account()) is not None:
            key, active = view.account.key, not view.account.is_active
            said = f"{'resumed' if active else 'paused'} {self._look.name(view)}"
            self._do(said, lambda: self.accounts.pause(key, active=active))

    def action_rotate(self) -> None:
        """Replace the key of the marked account."""
        if (view := self._account()) is not None:
            from tokentui.ui.accounts_keys import ReplaceKey

            self.app.push_screen(ReplaceKey(self.accounts, view), self._said)

    def action_delete(self) -> None:
        """Look up what would go with the marked account, then ask."""
        if (view := self._account()) is not None:
            key = view.account.key
            aside(self, f"removal {key}", lambda: self.accounts.removal(key))

    def action_open_dashboard(self) -> None:
        """Copy the address of the provider's own page by OSC 52, which also works over SSH."""
        url = listing.page_of(self.marked)
        if url is None:
            self.program.say("no page of this service is known")
        else:
            self.program.copy_to_clipboard(url)
            self.program.say(f"copied: {url}")

    def action_unlock(self) -> None:
        """Open the vault."""
        from tokentui.ui.accounts_keys import Unlock

        self.app.push_screen(Unlock(self.accounts), self._said)

    def action_audit(self) -> None:
        """Show who changed what."""
        from tokentui.ui.accounts_audit import AuditLog

        self.app.push_screen(AuditLog(self.accounts, self._look.at))

    def _said(self, said: str | None) -> None:
        """Tell what a window has done; the collector asks whoever has a new key."""
        if said:
            self.program.say(said)
            self._feed.refresh()
        self.look()

    def _account(self) -> AccountView | None:
        """Return the marked account; say so where there is none."""
        if isinstance(self.marked, AccountView):
            return self.marked
        none = "no account is marked: a adds one" if self._views is not None else "reading …"
        self.program.say(none if self.marked is None else listing.NOT_SET_UP)
        return None

    # ------------------------------------------------------------------ drawing

    @property
    def _look(self) -> listing.Look:
        veil = self.program.veil if self.program.veiled else None
        return listing.Look(listing.Moment(self._clock(), zone_of(self.snapshot)), veil)

    def _room(self, height: int) -> int:
        """Return how many lines of the list are shown above the words on the marked one."""
        return max(min(len(self.rows), height - _TOP - 11), min(4, height - _TOP - 1), 1)

    def lines(self, width: int, height: int) -> list[Line]:
        """The list, and everything about the marked line."""
        height = height or 24
        rows, room = self.rows, self._room(height)
        self._marked = max(0, min(self._marked, len(rows) - 1))
        self._top = max(0, min(self._top, self._marked, len(rows) - room), self._marked - room + 1)
        look = self._look
        drawn: list[Line] = [self._head(), listing.head(width) if self._views else []]
        for number in range(self._top, min(self._top + room, len(rows))):
            drawn.append(listing.row(rows[number], look, width, here=number == self._marked))
        if self._wrong:
            drawn += [[(f" {line}", "crit")] for line in wrap(self._wrong, width - 2)]
        elif self._views == []:
            drawn += [[], *listing.invitation(width)]
        if rows:
            drawn += [[("─" * width, "frame")], *about(rows[self._marked], self._tested, look, width)]
        return drawn

    def _head(self) -> Line:
        if self._views is None:
            return [(" Accounts", "strong"), ("  reading …", "muted")]
        count = len(self._views)
        return [(" Accounts", "strong"), (f"  {count}" if count else "", "muted")]
