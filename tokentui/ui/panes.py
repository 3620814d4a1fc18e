"""The panes there are. A new one is one row here, one file of commands, and one file of its own.

A pane is a widget with the id of its name, made as `Pane(feed, clock)`, with a reactive `snapshot` that
the program sets. It is imported and mounted when it is first opened, because an import of all of them
would take longer than the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from textual.widget import Widget

    from tokentui.engine.selection import Selection
    from tokentui.store.snapshot import Snapshot
    from tokentui.store.usage_table import UsageQuery
    from tokentui.ui.feed import Feed

PANES = {
    "overview": "tokentui.ui.overview:Overview",
    "trends": "tokentui.ui.trends:Trends",
    "explore": "tokentui.ui.explore:Explore",
    "limits": "tokentui.ui.limits:LimitsPane",
    "accounts": "tokentui.ui.accounts:AccountsPane",
    "health": "tokentui.ui.health:HealthPane",
    "settings": "tokentui.ui.settings:SettingsPane",
}
"""The name of each pane, and where its class is."""


@runtime_checkable
class Informed(Protocol):
    """A pane that shows the snapshot."""

    snapshot: Snapshot | None
    """Reactive; the program sets it before the pane is mounted, and whenever there is a new one."""


@runtime_checkable
class Jumpable(Protocol):
    """A pane with more to go to in jump mode than the widgets that take the focus."""

    def jump_targets(self) -> Iterable[tuple[int, int, Callable[[], object]]]:
        """Return column and row on the screen, and what goes there, for each thing one can choose."""


@runtime_checkable
class Ageing(Protocol):
    """A pane that shows ages."""

    def tick(self) -> None:
        """Look at the clock; only what differs is repainted."""


@runtime_checkable
class Refreshable(Protocol):
    """A pane that asks for more than the snapshot."""

    def look_anew(self) -> None:
        """Ask again."""


@runtime_checkable
class Explainable(Protocol):
    """A pane that can say what is behind its figures."""

    def explained(self) -> tuple[str, UsageQuery] | None:
        """Return a title and the selection behind the figure in focus; None where there is none."""


@runtime_checkable
class Exploring(Protocol):
    """A pane that shows any selection in full."""

    def open(self, selection: Selection) -> None:
        """Show a selection; there is no way back to the one before."""


def new(name: str, feed: Feed, clock: Callable[[], float]) -> Widget:
    """Return a new pane; `clock` returns the time in UTC seconds."""
    module, _, kind = PANES[name].partition(":")
    return cast("Widget", getattr(import_module(module), kind)(feed, clock))
