"""The way around: which pane is in front, the windows over it, and what the last line says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import var

from tokentui import text
from tokentui.moments import moment
from tokentui.ui import panes
from tokentui.ui.bars import Footer, Header
from tokentui.ui.commands import EVERYWHERE, Command
from tokentui.ui.manners import Manners
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from textual.actions import ActionParseResult
    from textual.dom import DOMNode

    from tokentui.engine.selection import Selection
    from tokentui.store.snapshot import ImportProgress, Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.privacy import VeiledFeed


class Navigation(Manners, inherit_bindings=False):
    """An app of panes and windows."""

    feed: VeiledFeed
    clock: Callable[[], float]

    snapshot: var[Snapshot | None] = var(None)
    progress: var[ImportProgress | None] = var(None)
    failure: var[str] = var("")
    pane: var[str] = var("overview", init=False)
    """One of `panes.PANES`."""
    said: var[str] = var("", init=False)
    """What the last key did, where that cannot be seen; in place of the keys until the next one."""

    def shown_pane(self) -> str:
        """Return the pane on the screen: `first-run` stands in for the Overview while that would be empty."""
        empty = self.snapshot is not None and not self.snapshot.record_count and not self.snapshot.cards
        reading = self.snapshot is None and self.progress is not None
        return "first-run" if self.pane == "overview" and (empty or reading) else self.pane

    async def action_show_pane(self, pane: str) -> None:
        """Switch to a pane."""
        self.see()
        self.pane = pane
        await self.show_now()

    async def show_now(self) -> None:
        """Bring the right pane to the front, in one frame, and redraw what surrounds it."""
        below = self.screen_stack[0]
        shown = await self.room.show(self.shown_pane())
        if not below.focused or shown not in below.focused.ancestors_with_self:
            below.set_focus(shown)
        for bar in below.query(Lines):
            if bar.has_class("bar"):
                bar.redraw()

    def action_explain(self) -> None:
        """Show what is behind the figure in focus, or say that there is none."""
        pane = self.room.shown
        asked = pane.explained() if isinstance(pane, panes.Explainable) else None
        if asked is None:
            self.say("nothing here can be explained: go to a figure of Overview, Trends or Explore")
        else:
            self.explain(*asked)

    def explain(self, title: str, query: UsageQuery) -> None:
        """Show what is behind a selection."""
        from tokentui.ui.explain import Explain

        self.push_screen(Explain(title, query, self.feed, self.clock))

    async def explore(self, selection: Selection) -> None:
        """Show a selection in Explore."""
        await self.action_show_pane("explore")
        pane = self.room.shown
        if isinstance(pane, panes.Exploring):
            pane.open(selection)

    def action_add_account(self, service: str = "", reference: str = "") -> None:
        """Add an account at a provider; a key that was found already is not asked for."""
        from tokentui.ui.accounts_add import AddAccount

        def added(key: str | None) -> None:
            if key is not None:
                self.say(f"added {key}; its figures come within seconds")
                self.feed.refresh()
                self.room.look_anew()

        self.push_screen(AddAccount(self.feed.accounts(), service, reference), added)

    def action_track(self) -> None:
        """Enter usage that no log and no API tells of."""
        from tokentui.ui.tracking import TrackUsage

        def noted(said: str | None) -> None:
            if said:
                self.say(said)
                self.feed.refresh()

        self.push_screen(TrackUsage(self.feed.accounts()), noted)

    def action_plans(self, account: str = "") -> None:
        """Show what is paid for each month; `account` (service/name) is what a new plan begins with."""
        from tokentui.ui.plans_list import Plans

        def changed() -> None:
            self.feed.refresh()
            self.room.look_anew()

        snapshot = self.snapshot
        today = snapshot.today if snapshot else moment(round(self.clock() * 1e6)).date()
        self.push_screen(Plans(self.feed.accounts(), today, changed, account))

    def see(self) -> None:
        """Look at the screen before it changes."""

    def say(self, said: str) -> None:
        """Tell in the last line what a key did, until the next key."""
        self.said = text.clean(said, 300)

    def watch_said(self) -> None:
        """Show it on whatever screen is on top."""
        for footer in self.screen.query(Footer):
            footer.redraw()

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run what a key stands for; what the last one did is told no longer."""
        if self._exit:
            return True  # keys after the one that left: there are no panes any more
        self.said = ""
        return await super().run_action(action, default_namespace, namespaces)

    def action_open_help(self) -> None:
        """Show all keys."""
        from tokentui.ui.help import Help

        self.push_screen(Help(self.shown_pane(), self.commands))

    def action_open_palette(self) -> None:
        """Show all commands."""
        from tokentui.ui.palette import Palette

        self.push_screen(Palette(self.shown_pane(), self.commands), self._run)

    def action_jump(self) -> None:
        """Show a letter on everything one can go to."""
        from tokentui.ui.jump import Jump, Target, targets

        tabs = [
            Target(x, 0, lambda name=name: self.call_later(self.action_show_pane, name))  # type: ignore[misc]
            for x, name in self.screen.query_one(Header).places()
        ]
        self.push_screen(Jump([*tabs, *targets(self.room.shown)]), lambda target: target and target.go())

    def action_focus_pane(self) -> Awaitable[None]:
        """Give the keys to the pane in front."""
        return self.show_now()

    async def _run(self, command: Command | None) -> None:
        if command is None:
            return
        if command.where in panes.PANES and command.where != self.pane:
            await self.action_show_pane(command.where)
        if command.where == EVERYWHERE:
            await self.run_action(command.action)
        elif (pane := self.room.shown) is not None and pane.id == command.where:
            await self.run_action(command.action, pane)
