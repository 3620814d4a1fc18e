"""Pinned views on the Overview: what each comes to, and its first rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.message import Message

from tokentui import config, text
from tokentui.engine import views
from tokentui.engine.filters import FilterError
from tokentui.engine.views import View, ViewsError
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import UsageQuery
from tokentui.ui import explore_columns, figures
from tokentui.ui.draw import Line, box, fit, length, spread
from tokentui.ui.explore_answer import Answer, Group, answer, ordered
from tokentui.ui.saved_views import described, named
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from tokentui.store import Reader
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.app import TokenTUI
    from tokentui.ui.feed import Feed

MOST_VIEWS = 4
MOST_ROWS = 3
"""Of each view that are shown."""


class Figures(NamedTuple):
    """What a pinned view shows."""

    view: View
    totals: Usage
    quality: str
    rows: tuple[tuple[str, Usage, str], ...]
    """Name, figures and quality of its first rows."""


class Pinned(Lines):
    """The pinned views; asks when it is shown and when something was used."""

    class Told(Message):
        """The figures have come."""

        def __init__(self, found: tuple[Figures, ...], failure: str = "") -> None:
            super().__init__()
            self.found = found
            self.failure = failure

    def __init__(self, feed: Feed, snapshot: Callable[[], Snapshot | None]) -> None:
        """`snapshot` returns what the pane shows: its day and zone are asked for."""
        super().__init__(id="pinned")
        self._feed, self._snapshot = feed, snapshot
        self._asked: object = None
        self._found: tuple[Figures, ...] = ()
        self._failure = ""

    def look(self) -> None:
        """Ask, unless neither the views nor the usage have changed since."""
        snapshot = self._snapshot()
        if snapshot is None:
            return
        try:
            pinned = _pinned()
        except ViewsError as error:
            self._show((), str(error))
            return
        asked = (pinned, snapshot)
        if asked == self._asked:
            return
        self._asked = asked
        if not pinned:
            self._show((), "")
            return
        questions = self._questions(pinned, snapshot)
        self._feed.ask(
            "pinned",
            lambda reader: tuple(_figures(reader, view, query) for view, query in questions),
            lambda found: self._tell(self.Told(found)),
            lambda reason: self._tell(self.Told((), reason)),
        )

    def _questions(self, pinned: tuple[View, ...], snapshot: Snapshot) -> list[tuple[View, UsageQuery]]:
        week_start = cast("TokenTUI", self.app).settings.week_start
        found = []
        for view in pinned:
            with suppress(FilterError):  # Explore says what is wrong with it when it is opened
                found.append((view, view.selection.query(snapshot.zone, snapshot.today, week_start)))
        return found

    def _tell(self, told: Told) -> None:
        with suppress(RuntimeError):  # the program has ended meanwhile
            self.post_message(told)

    def on_pinned_told(self, told: Told) -> None:
        """Show the figures; after a failure the last ones stay."""
        if told.failure:
            self._asked = None
        self._show(told.found or self._found, told.failure)

    def _show(self, found: tuple[Figures, ...], failure: str) -> None:
        self._found, self._failure = found, failure
        self.redraw()

    def lines(self, width: int, _height: int) -> list[Line]:
        """A box with a few lines for each view; nothing without any."""
        drawn: list[Line] = []
        if self._failure:
            drawn.append([(text.clean(text.tilde(self._failure), 400), "crit")])
        for number, each in enumerate(self._found, 1):
            drawn += _view(each, number, max(width - 4, 1))
        if not drawn:
            return []
        title: Line = [("Pinned", "strong"), (" · 3 then v opens them", "muted")]
        return box(drawn, width, title, [], [], "frame", heavy=False)


def _pinned() -> tuple[View, ...]:
    found = views.load(views.path_of(config.paths(os.environ).config_dir))
    return tuple(view for view in found if view.pinned)[:MOST_VIEWS]


def _figures(reader: Reader, view: View, query: UsageQuery) -> Figures:
    """Return what a view comes to; called in the thread that answers questions."""
    # Single requests are as many as there are; what they come to is told by their sum.
    grouped = replace(query, group_by=query.group_by or ("model",))
    selection = replace(view.selection, group_by=grouped.group_by)
    found: Answer = answer(reader, selection, grouped)
    first: list[Group] = ordered(found.groups, selection)[:MOST_ROWS]
    rows = tuple((_name(grouped.group_by, key), usage, found.quality(key)) for key, usage in first)
    return Figures(view, found.totals, found.whole, rows)


def _name(group_by: tuple[str, ...], key: tuple[str, ...]) -> str:
    return " · ".join(explore_columns.key(name, value) for name, value in zip(group_by, key, strict=True))


def _view(found: Figures, number: int, width: int) -> list[Line]:
    name = named(found.view, number)
    total: Line = [(f"  {figures.cost(found.totals, found.quality)}", "strong")]
    total += [(fit(figures.tokens(found.totals, found.quality), 9, ">"), "text")]
    left: Line = [(name, "strong")]
    about = f"  {described(found.view.selection)}"
    if length(left) + length(total) + len(about) <= width:
        left.append((about, "muted"))
    drawn = [spread(left, total, width)]
    for label, usage, quality in found.rows:
        figure: Line = [(f"  {figures.cost(usage, quality)}", "text")]
        figure += [(fit(figures.tokens(usage, quality), 9, ">"), "text")]
        drawn.append(spread([(f"  {label}", "text")], figure, width))
    return drawn
