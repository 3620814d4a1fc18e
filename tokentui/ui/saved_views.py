"""The window of saved views: open, save, pin, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Vertical

from tokentui import text
from tokentui.engine import views
from tokentui.engine.selection import DATES, Selection
from tokentui.engine.views import View, ViewsError
from tokentui.ui import privacy
from tokentui.ui.choosing import AskText, Confirm
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line, fit, wrap
from tokentui.ui.explore_draw import written
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult


class SavedViews(Window[View], inherit_bindings=False):
    """All saved views; what it returns is opened."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("views")

    def __init__(self, path: Path, current: Selection) -> None:
        """`path` is where they are kept; `current` is what `a` saves."""
        super().__init__()
        self._path, self._current = path, current
        self._views: tuple[View, ...] = ()
        self._wrong = ""
        self._marked = 0
        self._list = Lines(self._lines)
        self._try(lambda: views.load(path))

    def compose(self) -> ComposeResult:
        """A list."""
        yield Vertical(self._list, id="saved-views", classes="window")

    def action_mark(self, step: int) -> None:
        """Mark the next or the previous one."""
        self._marked = (self._marked + step) % max(len(self._views), 1)
        self._list.redraw()

    def action_open(self) -> None:
        """Open the marked one."""
        if self._views:
            self.dismiss(self._views[self._marked])

    def action_pin(self) -> None:
        """Show the marked one on the Overview, or no longer."""
        if self._views:
            name = self._views[self._marked].name
            self._change(
                lambda found: (replace(each, pinned=each.pinned ^ (each.name == name)) for each in found)
            )

    def action_delete(self) -> None:
        """Delete the marked one, after asking."""
        if self._views:
            name = self._views[self._marked].name
            question = f"Delete the view “{named(self._views[self._marked], self._marked + 1)}”?"
            self.app.push_screen(Confirm(question), lambda yes: self._delete(name) if yes else None)

    def action_add(self) -> None:
        """Save what is shown under a name."""
        if self._wrong:
            return  # the file cannot be read, and is not to be overwritten

        def wrong(name: str) -> str:
            return (
                "" if 0 < len(name) <= views.LONGEST_NAME else f"1 to {views.LONGEST_NAME} characters, please"
            )

        self.app.push_screen(AskText("Save this view as", wrong=wrong), self._named)

    def _named(self, name: str | None) -> None:
        if name is None:
            return
        if any(view.name == name for view in self._views):
            question = f"There is a view “{text.clean(name, views.LONGEST_NAME)}” already. Replace it?"
            self.app.push_screen(Confirm(question), lambda yes: self._add(name) if yes else None)
        else:
            self._add(name)

    def _add(self, name: str) -> None:
        self._change(lambda found: views.added(found, View(name, self._current)))
        self._marked = next((at for at, view in enumerate(self._views) if view.name == name), 0)
        self._list.redraw()

    def _delete(self, name: str) -> None:
        self._change(lambda found: (view for view in found if view.name != name))

    def _change(self, how: Callable[[tuple[View, ...]], Iterable[View]]) -> None:
        self._try(lambda: views.change(self._path, how))

    def _try(self, read: Callable[[], tuple[View, ...]]) -> None:
        """Show what is in the file now, or what is wrong with it; then the last views stay."""
        try:
            self._views, self._wrong = read(), ""
        except ViewsError as error:
            self._wrong = str(error)
        self._marked = max(0, min(self._marked, len(self._views) - 1))
        if self.is_mounted:
            self._list.redraw()

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [[(" Saved views", "strong")]]
        for number, view in enumerate(self._views):
            here = number == self._marked
            name = fit(named(view, number + 1), max(min(width // 2, 30), 8))
            said = f" {'▸' if here else ' '} {'●' if view.pinned else ' '} {name} {described(view.selection)}"
            drawn.append([(fit(said, width), "cursor" if here else "text")])
        if not self._views and not self._wrong:
            drawn.append([(" none yet", "muted")])
        told = text.clean(text.tilde(self._wrong), 400)
        drawn += [[(f" {line}", "crit")] for line in wrap(told, width - 2)] if told else []
        keys = "enter opens · a saves what is shown · p pins (●) · d deletes · esc closes"
        return [*drawn, *([(f" {line}", "muted")] for line in wrap(keys, width - 2))]


def named(view: View, number: int) -> str:
    """Return the name of a view; while names are hidden only its number, as it may hold a project's."""
    return f"view {number}" if privacy.hidden() else text.clean(view.name, views.LONGEST_NAME)


def described(selection: Selection) -> str:
    """Return a selection in a few words: `day, model · this month · model:*opus*`."""
    by = ", ".join(selection.group_by) or "each request"
    when = {"today": "today", "week": "this week", "month": "this month", "all": "all days"}.get(
        selection.days, ""
    )
    if selection.days == DATES:
        when = written(selection.start, selection.end)
    elif selection.back:
        unit = "day" if selection.days == "today" else selection.days
        when = f"{selection.back} {unit}{'s' if selection.back > 1 else ''} ago"
    filtered = "filtered" if selection.filter and privacy.hidden() else text.clean(selection.filter, 200)
    return " · ".join(part for part in (by, when, filtered) if part)
