"""Where the panes stand, one of them in front. A pane that fails is replaced by a word of why."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.containers import Container
from textual.widget import Widget

from tokentui.ui import panes
from tokentui.ui.first_run import FirstRun, Pace

if TYPE_CHECKING:
    from types import TracebackType

    from textual.app import ComposeResult
    from textual.message_pump import MessagePump

    from tokentui.store.snapshot import ImportProgress, Snapshot
    from tokentui.ui.crash import Failure
    from tokentui.ui.feed import Feed


class Room(Container):
    """Makes each pane when it is first opened, hands it what is new, keeps its trouble from others."""

    def __init__(
        self,
        feed: Feed,
        clock: Callable[[], float],
        pace: Pace,
        failed: Callable[[Exception, Widget], None],
        reported: Callable[[Exception, str], Failure],
    ) -> None:
        """`failed(error, pane)` is told of what a pane raised while something was handed to it.

        `reported(error, name)` writes a report of a pane that could not even be made.
        """
        self._feed, self._clock, self._pace = feed, clock, pace
        self._failed, self._reported = failed, reported
        self._snapshot: Snapshot | None = None
        self._progress: ImportProgress | None = None
        super().__init__(id="panes")

    def compose(self) -> ComposeResult:
        """The first pane, which may have been handed a snapshot by now."""
        yield self._new("overview")

    @property
    def shown(self) -> Widget | None:
        """The pane in front."""
        return next((pane for pane in self.children if pane.display), None)

    async def show(self, name: str) -> Widget:
        """Bring a pane to the front, in one frame; return it."""
        pane = next((pane for pane in self.children if pane.id == name), None)
        if pane is None or not pane.display:
            with self.app.batch_update():
                if pane is None:
                    pane = self._new_or_broken(name)
                    await self.mount(pane)
                    self._guarded(pane, _told_again)
                for each in self.children:
                    each.display = each is pane
        return pane

    def deliver(self, snapshot: Snapshot | None, progress: ImportProgress | None) -> None:
        """Hand every pane what is new; equal data changes nothing."""
        self._snapshot, self._progress = snapshot, progress
        for pane in list(self.children):
            self._guarded(pane, self._hand)

    def tick(self) -> None:
        """Have the pane in front look at the clock."""
        if isinstance(self.shown, panes.Ageing):
            self._guarded(self.shown, lambda pane: pane.tick())

    def look_anew(self) -> None:
        """Have the pane in front ask again for what it asks itself."""
        if isinstance(self.shown, panes.Refreshable):
            self._guarded(self.shown, lambda pane: pane.look_anew())

    async def empty(self) -> None:
        """Forget every pane with all it shows; the next one to be shown begins anew."""
        for pane in list(self.children):
            await self._take_out(pane)

    async def replace(self, pane: Widget, failure: Failure) -> None:
        """Put a word of why in the place of a pane that failed."""
        name, display = pane.id or "", pane.display
        with self.app.batch_update():
            pane.display = False
            await self._take_out(pane)
            broken = self._broken(name, failure)
            broken.display = display
            await self.mount(broken)

    async def _take_out(self, pane: Widget) -> None:
        await pane.remove()
        if pane in self.children:
            # A widget that failed in `compose` or `on_mount` has no loop to take it out of the tree.
            with suppress(Exception):  # it may fail once more while it is told to go
                await pane._message_loop_exit()
        if pane in self.children:
            self._nodes._remove(pane)

    async def reopen(self, name: str) -> None:
        """Make a pane that failed anew."""
        for pane in self.query_children(f"#{name}"):
            await self._take_out(pane)

    def pane_of(self, node: object) -> Widget | None:
        """Return the pane that a node belongs to; None for what is no part of a pane."""
        if not isinstance(node, Widget):
            return None
        return next((each for each in node.ancestors_with_self if each.parent is self), None)  # type: ignore[return-value]

    def culprit(self, error: BaseException, pump: MessagePump | None = None) -> Widget | None:
        """Return the pane that raised an error: whose loop it ended, or the innermost in its traceback."""
        if (pane := self.pane_of(pump)) is not None:
            return pane
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            pane = self.pane_of(trace.tb_frame.f_locals.get("self")) or pane
            trace = trace.tb_next
        return pane

    def _broken(self, name: str, failure: Failure) -> Widget:
        from tokentui.ui.panel import Broken  # nothing fails on the first screen

        return Broken(name, failure, self.reopen)

    def _new_or_broken(self, name: str) -> Widget:
        try:
            return self._new(name)
        except Exception as error:  # whatever a pane does wrong, the others go on
            return self._broken(name, self._reported(error, name))

    def _new(self, name: str) -> Widget:
        if name == "first-run":
            pane: Widget = FirstRun(self._feed.found, self._pace)
        else:
            pane = panes.new(name, self._feed, self._clock)
        self._hand(pane)
        return pane

    def _hand(self, pane: Widget) -> None:
        if isinstance(pane, panes.Informed):
            pane.snapshot = self._snapshot
        elif isinstance(pane, FirstRun):
            pane.progress = self._progress
            pane.tick()

    def _guarded(self, pane: Widget, act: Callable[..., object]) -> None:
        try:
            act(pane)
        except Exception as error:  # whatever a pane does wrong, the others go on
            self._failed(error, pane)


def _told_again(pane: Widget) -> None:
    """Have a pane look at its snapshot once it has children to show it on."""
    if isinstance(pane, panes.Informed):
        pane.mutate_reactive(type(pane).snapshot)  # type: ignore[arg-type]
